"""Floating point operations of each primitive, for one sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from diagrammar.diagram import Box
from diagrammar.sizes import Atom, Poly, Size, rewrite, substitute
from diagrammar.types import Field, Tensor, Type, shape_of

# no arithmetic: moving, cutting, joining, reading
_FREE = frozenset(
    [
        "const",
        "broadcast",
        "rearrange",
        "concat",
        "split",
        "index",
        "stack",
        "sample",
        "field",
        "translate",
        "pad",
        "crop",
        "low",
        "spread",
        "corners",
        "from_corners",
        "as_complex",
        "as_real",
        "conj",
        "lookup",
        "expand",
        "insert",
        "flip",
        "unpool",
    ]
)
_ONE = frozenset(
    [
        "add",
        "sub",
        "div",
        "pow",
        "max",
        "min",
        "maximum",
        "minimum",
        "neg",
        "abs",
        "sign",
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tanh",
        "erf",
        "less",
        "equal",
        "select",
        "both",
        "either",
        "negate",
        "gaussian",
        "uniform",
        "coordinates",
        "relu",
        "gelu",
        "silu",
        "sigmoid",
        "softplus",
    ]
)
_HELD = frozenset(["weight", "state", "next"])


def numbers(wire: Type) -> Size:
    """How many numbers one sample of a wire holds; a complex one is two."""
    total: Size = 1
    for size in shape_of(wire):
        total = total * size
    return total


def _name(box: Box) -> str:
    return box.origin.removeprefix("std:")


def known(box: Box) -> bool:
    """Whether the operations of a box are known."""
    return bool(box.insides) or _name(box) in _FREE | _ONE | _HELD | _SPECIAL.keys()


def flops_of(box: Box) -> Size:
    """Operations of a primitive; none for what is not known."""
    name = _name(box)
    if name in _ONE:
        return numbers(box.cod[0])
    rule = _SPECIAL.get(name)
    return rule(box) if rule is not None else 0


def _pair(wire: Type) -> bool:
    return isinstance(wire, Tensor | Field) and wire.kind in ("C", "Spectrum")


def _mul(box: Box) -> Size:
    # (a + bi)(c + di): four products, two sums, for two numbers
    return numbers(box.cod[0]) * (3 if _pair(box.cod[0]) else 1)


def _einsum(box: Box) -> Size:
    left, _, right = str(box.param("pattern")).partition("->")
    sizes: dict[str, Size] = {}
    for term, wire in zip(left.split(","), box.dom, strict=True):
        names = term.split()
        shape = list(shape_of(wire)[:-1] if _pair(wire) else shape_of(wire))
        dots = len(shape) - sum(1 for name in names if name != "...")
        for name in names:
            if name == "...":
                for at in range(dots):
                    sizes[f"...{at}"] = shape.pop(0)
            else:
                sizes[name] = shape.pop(0)
    total: Size = 1
    for size in sizes.values():
        total = total * size
    kept = set(right.split())
    summed = any(name not in kept and not ("..." in kept and name.startswith("...")) for name in sizes)
    complex_operands = sum(map(_pair, box.dom))
    steps = max(len(box.dom) - 1, 0)
    if steps == 0:
        return total * (2 if complex_operands else 1) if summed else 0
    # a complex product with its sum is eight operations, a real one two
    each = {0: 2, 1: 4}.get(complex_operands, 8) if summed else {0: 1, 1: 2}.get(complex_operands, 6)
    return total * each * steps


def _grid(wire: Type) -> Size:
    total: Size = 1
    for axis in wire.space.axes if isinstance(wire, Field) else ():
        total = total * axis
    return total


def _convolution(box: Box) -> Size:
    return numbers(box.dom[1]) * _grid(box.cod[0]) * 2


def _transposed(box: Box) -> Size:
    return numbers(box.dom[1]) * _grid(box.dom[0]) * 2


def _inputs(box: Box) -> Size:
    total: Size = 0
    for wire in box.dom:
        total = total + numbers(wire)
    return total


def _pool(box: Box) -> Size:
    return 0 if box.param("op") == "sample" else _inputs(box)


def _moments(box: Box) -> Size:
    return _inputs(box) * 4


def _resample(box: Box) -> Size:
    taps = {"nearest": 0, "linear": 2, "cubic": 4}[str(box.param("mode", "linear")).removeprefix("aligned_")]
    field = box.cod[0]
    return numbers(field) * 2 * taps * (field.space.dim if isinstance(field, Field) else 1)


def _resample_transpose(box: Box) -> Size:
    taps = {"nearest": 1, "linear": 2, "cubic": 4}[str(box.param("mode", "linear")).removeprefix("aligned_")]
    field = box.dom[0]
    return numbers(field) * 2 * taps * (field.space.dim if isinstance(field, Field) else 1)


def _correlation(box: Box) -> Size:
    return numbers(box.cod[0]) * _grid(box.dom[1]) * 2


def _fft(box: Box) -> Size:
    field = next(wire for wire in (*box.dom, *box.cod) if isinstance(wire, Field) and wire.kind == "Field")
    total: Size = 0
    for axis in field.space.axes:
        total = total + log2(axis)
    return numbers(field) * total * Fraction(5, 2)


def log2(size: Size) -> Size:
    """ceil(log2 n); it stays as it is where n is free."""
    if isinstance(size, Poly):
        return Poly({((Atom("log2", (size,)), 1),): Fraction(1)})
    return max(math.ceil(Fraction(size)) - 1, 0).bit_length()


def value(size: Size, at: Mapping[str, int]) -> Size:
    """A size with values for free ones; `log2(..)` follows."""

    def image(atom: Atom) -> Size | None:
        if atom.kind == "log2":
            (inner,) = atom.args
            assert isinstance(inner, int | Fraction | Poly)
            return log2(substitute(inner, at))
        return at.get(str(atom.args[0])) if atom.kind == "var" else None

    return rewrite(size, image) if at else size


_SPECIAL = {
    "mul": _mul,
    "einsum": _einsum,
    "convolution": _convolution,
    "convolution_transpose": _transposed,
    "reduce": _inputs,
    "sum": _inputs,
    "pool": _pool,
    "batch_moments": _moments,
    "batch_sum": _inputs,
    "lookup_transpose": lambda box: numbers(box.dom[1]),
    "pad_transpose": _inputs,
    "scale_pairs": _inputs,
    "correlation": _correlation,
    "resample": _resample,
    "resample_transpose": _resample_transpose,
    "rfft": _fft,
    "irfft": _fft,
}

__all__ = ["flops_of", "known", "log2", "numbers", "value"]
