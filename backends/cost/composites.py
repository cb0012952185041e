"""Frames of the library that the torch backend carries out by one call, with its conditions for that."""

from __future__ import annotations

from collections.abc import Callable

from diagrammar.backends.cost.call import Call, rank
from diagrammar.backends.cost.grids import convolve, transpose
from diagrammar.backends.cost.meanings import on_channels
from diagrammar.backends.cost.spectra import fourier
from diagrammar.backends.cost.tensors import Shape
from diagrammar.diagram import Box
from diagrammar.types import Field, Tensor, sizes_of


def _inner(c: Call, origin: str) -> Box | None:
    found = [node.box for node in c.box.insides[0].flat.nodes if node.box.origin == origin]
    return found[0] if len(found) == 1 else None


def _fits(c: Call) -> bool:
    """A matrix `W`, perhaps a shift `c`, and one operand."""
    return {"W"} <= set(c.owned()) <= {"W", "c"} and len(c.values) == 1


def _bias(c: Call) -> bool:
    return "c" in c.owned()


def _linear(c: Call) -> Shape | None:
    product = _inner(c, "std:einsum")
    if product is None or not _fits(c) or not isinstance(c.box.dom[0], Tensor):
        return None
    if "".join(str(product.param("pattern")).split()) != "a,ba->b":
        return None
    return c.done(c.k.linear(c.arg(), c.weight("W")))


def _pointwise(c: Call) -> Shape | None:
    if not _fits(c) or not isinstance(c.box.dom[0], Field) or len(sizes_of(c.owned()["W"].cod[0])) != 2:
        return None
    return c.done(on_channels(c, c.arg(), c.weight("W"), _bias(c)))


def _conv(c: Call) -> Shape | None:
    return _convolved(c, "std:convolution")


def _conv_transpose(c: Call) -> Shape | None:
    return _convolved(c, "std:convolution_transpose")


def _convolved(c: Call, origin: str) -> Shape | None:
    box = _inner(c, origin)
    if box is None or not _fits(c):
        return None
    own = Box(c.box.name, c.box.dom, c.box.cod, params=box.params)
    call = Call(c.k, own, c.values, c.batch, c.fixed, c.weights)
    write = convolve if origin == "std:convolution" else transpose
    return c.done(write(call, c.arg(), c.weight("W"), _bias(c)))


def _fourier(c: Call) -> Shape | None:
    low, there, back = _inner(c, "std:low"), _inner(c, "std:rfft"), _inner(c, "std:irfft")
    start, end = c.box.dom[0], c.box.cod[0]
    if low is None or there is None or back is None or not _fits(c):
        return None
    if {there.param("norm"), back.param("norm")} != {"forward"} or not isinstance(start, Field):
        return None
    if not isinstance(end, Field) or start.space != end.space:
        return None
    modes = low.param("modes")
    kept = [int(str(size)) for size in (modes if isinstance(modes, tuple) else (modes,))]
    return c.done(fourier(c.k, c.arg(), c.weight("W"), _bias(c), kept))


def _softmax(c: Call) -> Shape | None:
    wire = c.box.dom[0]
    if isinstance(wire, Tensor) and (wire.kind != "R" or not wire.sizes):
        return None
    return c.done(c.k.pointwise("softmax", c.arg()))


def _layer_norm(c: Call) -> Shape | None:
    wire, owned = c.box.dom[0], c.owned()
    if set(owned) != {"scale", "shift"} or not isinstance(wire, Tensor) or wire.kind != "R":
        return None
    shape = sizes_of(owned["scale"].cod[0])
    if not shape or wire.sizes[-len(shape) :] != shape:
        return None
    x = c.k.contiguous(c.arg())
    rows = x.sizes[: len(x.sizes) - len(shape)]
    return c.done(c.k.normalise(x, rows, True))


def _rms_norm(c: Call) -> Shape | None:
    wire, owned = c.box.dom[0], c.owned()
    if set(owned) != {"scale"} or not isinstance(wire, Tensor) or wire.kind != "R":
        return None
    shape = sizes_of(owned["scale"].cod[0])
    if not shape or wire.sizes[-len(shape) :] != shape:
        return None
    x = c.arg()
    axes = range(len(x.sizes) - len(shape), len(x.sizes))
    mean = c.k.reduce("mean", c.k.pointwise("pow", x), axes)
    root = c.k.pointwise("rsqrt", mean)
    del mean
    for _ in axes:
        root = root.unsqueeze(len(root.sizes))
    return c.done(c.k.pointwise("mul", c.k.pointwise("mul", x, root), c.weight("scale")))


def _group_norm(c: Call) -> Shape | None:
    if set(c.owned()) != {"scale", "shift"} or not isinstance(c.box.dom[0], Field):
        return None
    x = c.k.contiguous(c.arg())
    return c.done(c.k.normalise(x, (x.sizes[0], c.whole("groups", 1)), True))


def _attend(c: Call) -> Shape | None:
    if not 3 <= len(c.values) <= 4 or rank(c.box.dom[0]) != 3:
        return None
    k = c.k
    q, key, v = (c.arg(at) for at in range(3))
    mask = c.arg(3) if len(c.values) == 4 else None
    made = _attended(c, q, key, v, mask) if k.memory.training else _at_once(c, q, key, v, mask)
    return c.done(made)


def _attended(c: Call, q: Shape, key: Shape, v: Shape, mask: Shape | None) -> Shape:
    """Step by step, for the backward."""
    k = c.k
    scaled = k.pointwise("mul", q)
    scores = k.matmul(scaled, key.transpose())
    del scaled
    if mask is not None:
        scores = k.masked(scores, k.pointwise("negate", mask, item=1))
    return k.matmul(k.pointwise("softmax", scores), v)


def _at_once(c: Call, q: Shape, key: Shape, v: Shape, mask: Shape | None) -> Shape:
    """By the fused kernel: its result lies by positions, and it gives the logarithm of each sum."""
    k = c.k
    if mask is not None:
        mask = _numbers(c, mask)
    k.memory.products = k.memory.products + 4 * q.sizes[1] * q.sizes[2] * key.sizes[2] * q.sizes[3] * q.sizes[0]
    batch, heads, n, d = q.sizes
    made = k.new((batch, n, heads, d), False).permute(0, 2, 1, 3)
    k.new((batch, n, heads), False)
    return made


def _numbers(c: Call, mask: Shape) -> Shape:
    """The mask as numbers that are added to the scores."""
    zeros = c.k.new(mask.sizes, False)
    hidden = c.k.pointwise("negate", mask, item=1)
    made = c.k.new(zeros.sizes, False)
    del zeros, hidden
    return made


MEANINGS: dict[str, Callable[[Call], Shape | None]] = {
    "linear": _linear,
    "pointwise": _pointwise,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "fourier": _fourier,
    "softmax": _softmax,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "attend": _attend,
}
