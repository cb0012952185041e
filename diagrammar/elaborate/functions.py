"""The static functions of the language, by name: of numbers and lists, spaces, types and patterns."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from diagrammar import sizes
from diagrammar.elaborate import flipped
from diagrammar.elaborate.holes import BundleHole, SpaceHole, Waiting, WireHole
from diagrammar.elaborate.statics import BadStatic, NeedsConcrete, arithmetic, describe, is_number, show
from diagrammar.elaborate.values import StaticFunction, TypeValue
from diagrammar.sizes import Poly, Size
from diagrammar.types import Field, Rigid, Space, Tensor, Tokens, free_axes, sizes_of


def _number(value: Any, what: str) -> Any:
    if not is_number(value):
        raise BadStatic(f"{what} of {describe(value)}")
    return value


def _each(function: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(apply, value))
        value = _number(value, name)
        try:
            return function(value)
        except (ValueError, OverflowError):
            raise BadStatic(f"{name}({show(value)}) is not a number") from None

    return apply


def _real(function: Callable[[float], float]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if isinstance(value, Poly):
            raise NeedsConcrete
        return function(float(value))

    return apply


def _root(value: Any) -> Any:
    return arithmetic("^", value, Fraction(1, 2))


def _absolute(value: Any) -> Any:
    if isinstance(value, Poly):
        raise NeedsConcrete
    return abs(value)


def _extreme(symbolic: Callable[..., Size], concrete: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], tuple):
            values = values[0]
        if not values:
            raise BadStatic("min and max of nothing")
        for value in values:
            _number(value, "min or max")
        if any(isinstance(value, Poly) for value in values):
            if any(isinstance(value, float) for value in values):
                raise NeedsConcrete
            return symbolic(*values)
        return concrete(values)

    return apply


def _len(value: Any) -> int:
    if not isinstance(value, tuple):
        raise BadStatic(f"len of {describe(value)}")
    return len(value)


def _known(space: Any) -> Space:
    if isinstance(space, SpaceHole):
        raise Waiting
    if not isinstance(space, Space):
        raise BadStatic(f"a space is wanted, this is {describe(space)}")
    return space


def _per_axis(value: Any, space: Any) -> tuple[Any, ...]:
    """One number for every axis of a space."""
    if isinstance(value, tuple):
        if not isinstance(space, SpaceHole) and len(value) != _known(space).dim:
            raise BadStatic(f"a list of {len(value)} for a space of {_known(space).dim} axes")
        return value
    return (value,) * _known(space).dim


def _half(value: Any) -> tuple[Any, ...]:
    """The sizes of a block of real-input Fourier modes: the last axis keeps `floor(k / 2) + 1` of k."""
    if not isinstance(value, tuple) or not value:
        raise BadStatic("half wants a list of numbers")
    return (*value[:-1], sizes.floor(arithmetic("/", value[-1], 2)) + 1)


def _types(value: Any) -> Sequence[Any]:
    if isinstance(value, BundleHole):
        raise Waiting
    if not isinstance(value, TypeValue):
        raise BadStatic(f"a type is wanted, this is {describe(value)}")
    if any(isinstance(item, BundleHole | WireHole) for item in value.items):
        raise Waiting
    return value.items


def _truth(value: Any) -> TypeValue:
    """The truth values entry by entry: `Bool[n]` for `R[n]`, `Bool[c, grid(X)]` for `Field[X, c]`."""
    result = []
    for item in _types(value):
        if isinstance(item, Tensor):
            result.append(Tensor("Bool", item.sizes))
        elif isinstance(item, Tokens):
            result.append(Tensor("Bool", (item.length,)))
        elif isinstance(item, Rigid):
            raise NeedsConcrete
        elif item.kind == "Field":
            result.append(Tensor("Bool", (item.channels, *_known(item.space).axes)))
        else:
            raise BadStatic(f"truth values of {item}: cut it to modes by `low` first")
    return TypeValue(tuple(result))


def _totals(value: Any) -> TypeValue:
    """What is left of a type after a sum over everything: `R` of a tensor, `R[c]` of a `Field[X, c]`; `C` of complex
    ones."""
    result = []
    for item in _types(value):
        if isinstance(item, Rigid):
            raise NeedsConcrete
        kind = "C" if isinstance(item, Tensor | Field) and item.kind in ("C", "Spectrum") else "R"
        result.append(Tensor(kind, (item.channels,)) if isinstance(item, Field) else Tensor(kind))
    return TypeValue(tuple(result))


def _complex(value: Any) -> bool:
    """Whether any wire of a type is of complex numbers."""
    types = _types(value)
    if any(isinstance(item, Rigid) for item in types):
        raise NeedsConcrete
    return any(isinstance(item, Tensor | Field) and item.kind in ("C", "Spectrum") for item in types)


def _wire(value: Any, at: Any) -> TypeValue:
    """The type of one wire of several."""
    return TypeValue((_types(value)[at],))


def _whole_modes(value: Any) -> tuple[Any, ...]:
    """The modes of which `half` leaves so many: of the last axis, an odd number."""
    if not isinstance(value, tuple) or not value:
        raise BadStatic("whole_modes wants a list of numbers")
    return (*value[:-1], arithmetic("-", arithmetic("*", 2, value[-1]), 1))


def _wires(value: Any) -> int:
    """How many wires a type is."""
    types = _types(value)
    if any(isinstance(item, Rigid) for item in types):
        raise NeedsConcrete
    return len(types)


def _fail(text: Any) -> Any:
    """An error of the file's own: `if n > 3 then ... else fail("n is to be larger")`."""
    raise BadStatic(text if isinstance(text, str) else f"fail takes a text, this is {describe(text)}")


def _one_of(value: Any, choices: Any) -> Any:
    """A value that is one of a list."""
    if not isinstance(choices, tuple):
        raise BadStatic("one_of takes a value and a list")
    if value not in choices:
        near = difflib.get_close_matches(value, choices, 1) if isinstance(value, str) else []
        meant = f"; did you mean {show(near[0])}?" if near else ""
        raise BadStatic(f"{show(value)} is not one of {', '.join(map(show, choices))}{meant}")
    return value


def _entries(value: Any) -> Any:
    """How many numbers a wire holds."""
    (item,) = _types(value)
    count: Size = 1
    for size in sizes_of(item):
        count = count * size
    return count


def _fixed(value: Any) -> bool:
    """Whether the sizes of a wire are numbers: none is free."""
    (item,) = _types(value)
    return not any(isinstance(size, Poly) for size in sizes_of(item))


def _opposite(norm: Any) -> str:
    """The norm of a transform with which its transpose is scaled."""
    norms = {"forward": "backward", "backward": "forward", "ortho": "ortho"}
    if norm not in norms:
        raise BadStatic(f"a norm is one of {', '.join(map(show, norms))}, this is {describe(norm)}")
    return norms[norm]


def _sizes_along(value: Any, axis: Any) -> tuple[Any, ...]:
    """The size along an axis of each wire of a type; of a field, its channels."""
    return tuple(item.channels if isinstance(item, Field) else item.sizes[axis] for item in _types(value))


def _count(value: Any) -> Any:
    """How many entries such a sum has."""
    count: Size = 1
    (item,) = _types(value)
    if isinstance(item, Field):
        parts: Sequence[Size] = item.space.axes
    elif isinstance(item, Tensor):
        parts = item.sizes
    else:
        raise NeedsConcrete
    for size in parts:
        count = count * size
    return count


def _space(kind: str, fixed: int | None = None) -> Callable[..., Space]:
    def make(*args: Any) -> Space:
        if kind == "interval":
            if len(args) not in (0, 2) or any(not is_number(a) or isinstance(a, Poly) for a in args):
                raise BadStatic("interval takes its two ends, or nothing: interval(0, 1)")
            if args and not args[0] < args[1]:
                raise BadStatic("interval(a, b) with a >= b")
            name = f"interval({show(args[0])}, {show(args[1])})" if args else "interval"
            return _free(((name, 1, name),))
        if len(args) != 1 or not isinstance(args[0], int) or isinstance(args[0], bool) or not 1 <= args[0] <= 16:
            raise BadStatic(f"{kind} takes its dimension, 1 to 16: {kind}(2)")
        axes = 1 if kind in ("mesh", "points") else args[0]
        name = f"{kind}({args[0]})"
        return _free(((kind if axes == args[0] else name, axes, name),))

    return make


def _free(base: tuple[tuple[str, int, str], ...]) -> Space:
    return Space(base, free_axes(base))


def _edge(space: Any) -> str:
    """How a field goes on beyond the edge of its grid: periodically on a torus, by zeros elsewhere."""
    return "circular" if all(kind == "torus" for kind, _ in _known(space).kinds) else "zeros"


_TABLE: dict[str, Callable[..., Any]] = {
    "floor": _each(sizes.floor, "floor"),
    "ceil": _each(sizes.ceil, "ceil"),
    "round": _each(sizes.nearest, "round"),
    "min": _extreme(sizes.least, min),
    "max": _extreme(sizes.greatest, max),
    "abs": _each(_absolute, "abs"),
    "sqrt": _each(_root, "sqrt"),
    "log": _each(_real(math.log), "log"),
    "exp": _each(_real(math.exp), "exp"),
    "sin": _each(_real(math.sin), "sin"),
    "cos": _each(_real(math.cos), "cos"),
    "len": _len,
    "torus": _space("torus"),
    "cube": _space("cube"),
    "interval": _space("interval"),
    "sphere": _space("sphere"),
    "mesh": _space("mesh"),
    "points": _space("points"),
    "grid": lambda space: _known(space).axes,
    "dim": lambda space: _known(space).dim,
    "per_axis": _per_axis,
    "half": _half,
    "edge": _edge,
    "truth": _truth,
    "totals": _totals,
    "wires": _wires,
    "fail": _fail,
    "one_of": _one_of,
    "count": _count,
    "complex": _complex,
    "wire": _wire,
    "whole_modes": _whole_modes,
    "opposite": _opposite,
    "sizes_along": _sizes_along,
    "entries": _entries,
    "fixed": _fixed,
    **flipped.FUNCTIONS,
}
FUNCTIONS = {name: StaticFunction(name, function) for name, function in _TABLE.items()}
