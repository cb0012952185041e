"""What the primitive boxes do with memory: each as the torch backend writes it."""

from __future__ import annotations

from collections.abc import Callable

from diagrammar.backends.cost import grids
from diagrammar.backends.cost.call import Call, is_pair, rank
from diagrammar.backends.cost.einsum import einsum
from diagrammar.backends.cost.kernels import pairs as as_pairs
from diagrammar.backends.cost.patterns import rearrange
from diagrammar.backends.cost.spectra import corners, from_corners, low, spread
from diagrammar.backends.cost.tensors import Shape
from diagrammar.types import Field, Tensor

Made = Shape | tuple[Shape, ...]

ENTRYWISE = frozenset(
    [
        "abs", "add", "both", "cos", "div", "either", "equal", "erf", "exp", "gelu", "less", "log", "max", "maximum",
        "min", "minimum", "mul", "neg", "negate", "pow", "relu", "select", "sigmoid", "sign", "silu", "sin", "softplus",
        "sqrt", "sub", "tanh",
    ]
)  # fmt: skip


def entrywise(c: Call) -> Shape:
    """An elementwise box."""
    name = c.box.origin.removeprefix("std:")
    wire = c.box.cod[0]
    if any(map(is_pair, c.box.dom)):
        return _pairs(c, name)
    xs = [c.view(at) for at in range(len(c.values))]
    tensors = [x for x in xs if x is not None]
    sizes = (*((c.batch,) if c.batched else ()), *c.shape(wire))
    if name in ("max", "min", "maximum", "minimum") and len(tensors) == 1 and tensors[0].sizes == sizes:
        name = "clamp"
    elif name == "div" and xs[0] is None and tensors:
        # a number over a tensor is its reciprocal, times the number
        made = c.k.pointwise("sqrt", *tensors)
        return c.k.pointwise("mul", made)
    elif name == "pow" and xs[0] is None and tensors:
        name = "power"
    elif name == "select":
        name = "where"
        tensors = [x if x is not None else c.bare(at) for at, x in enumerate(xs) if x is not None or at == 0]
        if len(tensors) == 2:
            # a number becomes a tensor of one entry
            tensors.append(c.k.new((), False))
    if not tensors or all(x.sizes != sizes for x in tensors):
        tensors = [c.bare(0), *tensors[1:]]
    return c.k.pointwise(name, *tensors, item=c.item(wire), sizes=sizes)


def _pairs(c: Call, name: str) -> Shape:
    k = c.k
    if name in ("mul", "div") and c.values[1].slot is None:
        return k.pointwise(name, c.bare(0))
    if name == "mul" and c.values[0].slot is None:
        return k.pointwise(name, c.bare(1))
    xs = [c.bare(at) for at in range(len(c.values))]
    if name in ("add", "sub", "neg"):
        return k.pointwise(name, *xs)
    if name == "select":
        return k.pointwise("where", xs[0].unsqueeze(-1), *xs[1:], item=k.memory.width)
    if name == "mul":
        a, b = (x.select(-1) for x in xs)
        real = k.pointwise("sub", k.pointwise("mul", a, b), k.pointwise("mul", a, b))
        return k.stack((real, k.pointwise("add", k.pointwise("mul", a, b), k.pointwise("mul", a, b))), -1)
    if name == "div":
        a, b = (x.select(-1) for x in xs)
        size = k.pointwise("add", k.pointwise("mul", b, b), k.pointwise("mul", b, b))
        parts = [
            k.pointwise("div", k.pointwise("add", k.pointwise("mul", a, b), k.pointwise("mul", a, b)), size)
            for _ in range(2)
        ]
        return k.stack(parts, -1)
    if name == "abs":
        part = xs[0].select(-1)
        made = k.new(part.sizes, part.grad)
        if made.grad:
            k.keep(xs[0], made)
        return k.stack((made, k.new(made.sizes, False)), -1)
    return k.pointwise(name, *map(k.contiguous, xs))


def _einsum(c: Call) -> Shape:
    left, _, right = c.text("pattern").partition("->")
    terms = [term.split() for term in left.split(",")]
    out = right.split()
    special = _matrix(c, terms, out)
    if special is not None:
        return special
    pairs = [at for at, wire in enumerate(c.box.dom) if is_pair(wire)]
    xs = [c.bare(at) for at in range(len(terms))]
    dots = max(
        rank(wire) - is_pair(wire) - len(term) + 1 for wire, term in zip(c.box.dom, terms, strict=True) if "..." in term
    ) if any("..." in term for term in terms) else 0  # fmt: skip
    spelt = [
        (*(("batch",) if value.batched else ()), *_spelt(term, dots), *(("pair",) if at in pairs else ()))
        for at, (value, term) in enumerate(zip(c.values, terms, strict=True))
    ]
    head = ("batch",) if c.batched else ()
    if len(pairs) <= 1:
        return einsum(c.k, spelt, (*head, *_spelt(out, dots), *(("pair",) if pairs else ())), xs)
    spelt = [term[:-1] if at in pairs else term for at, term in enumerate(spelt)]
    result = (*head, *_spelt(out, dots))
    if len(pairs) > 2:
        width = 2 * c.k.memory.width
        full = [c.k.complex(x) if at in pairs else c.k.new(x.sizes, x.grad, width) for at, x in enumerate(xs)]
        return as_pairs(einsum(c.k, spelt, result, full))

    def part() -> Shape:
        return einsum(c.k, spelt, result, [x.select(-1) if at in pairs else x for at, x in enumerate(xs)])

    real = c.k.pointwise("sub", part(), part())
    return c.k.stack((real, c.k.pointwise("add", part(), part())), -1)


def _spelt(term: list[str], dots: int) -> tuple[str, ...]:
    return tuple(name for word in term for name in ([f"...{at}" for at in range(dots)] if word == "..." else [word]))


def _matrix(c: Call, terms: list[list[str]], out: list[str]) -> Shape | None:
    """A matrix without the batch axis, on the last axis of the other operand or on the channels of a field."""
    if len(terms) != 2 or any(map(is_pair, c.box.dom)):
        return None
    for x, w in ((0, 1), (1, 0)):
        matrix, word = terms[w], terms[x]
        if not c.values[x].batched or c.values[w].batched or len(set(matrix)) != 2 or "..." in matrix:
            continue
        if isinstance(c.box.dom[x], Field) and word == [matrix[1], "..."] and out == [matrix[0], "..."]:
            return on_channels(c, c.arg(x), c.bare(w), False)
        if "..." in word or len(set(word)) != len(word) or len(matrix) != 2:
            continue
        for first, last in ((0, 1), (1, 0)):
            if word and word[-1] == matrix[last] and out == [*word[:-1], matrix[first]] and matrix[first] not in word:
                table = c.bare(w)
                return c.k.linear(c.arg(x), table if first == 0 else table.transpose())
    return None


def on_channels(c: Call, x: Shape, w: Shape, bias: bool) -> Shape:
    """A matrix on the channels at each point."""
    flat = c.k.flatten(x, 2)
    made = c.k.bmm(w.unsqueeze(0).expand((x.sizes[0], *w.sizes)), flat)
    made.grad = made.grad or bias
    sizes = (x.sizes[0], w.sizes[0], *x.sizes[2:])
    found = made.refit(sizes)
    assert found is not None
    return found


def _concat(c: Call) -> Shape:
    wire = c.box.dom[0]
    axis = c.whole("axis", 0) % max(rank(wire) - is_pair(wire), 1)
    if not c.batched:
        return c.k.cat([c.bare(at) for at in range(len(c.values))], axis)
    return c.k.cat([c.arg(at) for at in range(len(c.values))], axis + 1)


def _stack(c: Call) -> Shape:
    axis = c.whole("axis", 0) % (rank(c.box.dom[0]) + 1)
    if not c.batched:
        return c.k.stack([c.bare(at) for at in range(len(c.values))], axis)
    return c.k.stack([c.arg(at) for at in range(len(c.values))], axis + 1)


def _split(c: Call) -> Made:
    wire = c.box.dom[0]
    axis = c.whole("axis", 0) % max(rank(wire) - is_pair(wire), 1)
    return tuple(c.done(c.arg().narrow(axis + 1, c.shape(each)[axis])) for each in c.box.cod)


def _index(c: Call) -> Shape:
    return c.done(c.arg().narrow(1, 1) if isinstance(c.box.dom[0], Field) else c.arg().select(1))


def _sum(c: Call) -> Shape:
    wire = c.box.dom[0]
    axes = range(2 if isinstance(wire, Field) else 1, rank(wire) + 1 - is_pair(wire))
    return c.done(c.k.reduce("sum", c.arg(), axes) if axes else c.arg())


def _lookup(c: Call) -> Shape:
    table, index = c.bare(0), c.bare(1)
    made = c.made(grad=table.grad)
    if table.grad:
        # a table for each sample is gathered from, which keeps it too
        c.k.keep(index, *([table] if c.values[0].batched else []))
    return made


def _moments(c: Call) -> Made:
    x = c.arg()
    axes = [0, *range(2, len(x.sizes))] if isinstance(c.box.dom[0], Field) else [0]
    return c.k.reduce("mean", x, axes), c.k.reduce("var", x, axes)


def _low(c: Call) -> Shape:
    return c.done(low(c.k, c.arg(), c.sizes(c.box.param("modes")), c.grid(c.box.dom[0])))


def _spread(c: Call) -> Shape:
    modes = c.box.param("modes")
    wire = c.box.dom[0]
    if modes is None and isinstance(wire, Tensor):
        modes = (*wire.sizes[1:-1], 2 * wire.sizes[-1] - 1)
    return c.done(spread(c.k, c.arg(), c.sizes(modes), c.grid(c.box.cod[0])))


def _insert(c: Call) -> Shape:
    x = c.arg() if isinstance(c.box.dom[0], Field) else c.arg().unsqueeze(1)
    size = c.sizes(c.box.param("size"))[0]
    return c.done(c.k.pad(x, (x.sizes[0], size, *x.sizes[2:])) if size != 1 else x)


def _scale_pairs(c: Call) -> Shape:
    z = c.arg()
    _waves, factor = c.k.new((z.sizes[-2],), False, 8), c.k.new((z.sizes[-2],), False)
    if z.grad:
        c.k.keep(factor)
    return c.done(c.k.new(z.sizes, z.grad))


def _lookup_transpose(c: Call) -> Shape:
    index, rows = c.arg(0), c.arg(1)
    sizes = (c.batch if c.batched else 1, *c.shape(c.box.cod[0]))
    _zeros = c.k.new(sizes, False)
    made = c.k.new(sizes, rows.grad)
    if rows.grad:
        c.k.keep(index)
    return c.done(made)


def _batch_sum(c: Call) -> Shape:
    x = c.bare(0)
    return c.k.reduce("sum", x, [0]) if c.batched else c.k.pointwise("mul", x)


def _conj(c: Call) -> Shape:
    if not is_pair(c.box.dom[0]):
        return c.bare(0)
    part = c.bare(0).select(-1)
    return c.k.stack((part, c.k.pointwise("neg", part)), -1)


def _drawn(c: Call) -> Shape:
    return c.k.new((c.batch, *c.shape(c.box.cod[0])), False)


MEANINGS: dict[str, Callable[[Call], Made]] = {
    **grids.MEANINGS,
    **dict.fromkeys(ENTRYWISE, entrywise),
    "einsum": _einsum,
    "rearrange": lambda c: c.done(rearrange(c, None)),
    "reduce": lambda c: c.done(rearrange(c, c.text("op", "sum"))),
    "concat": _concat,
    "stack": _stack,
    "split": _split,
    "expand": lambda c: c.done(rearrange(c, None)),
    "insert": _insert,
    "flip": lambda c: c.done(c.k.pointwise("flip", c.arg())),
    "lookup_transpose": _lookup_transpose,
    "batch_sum": _batch_sum,
    "scale_pairs": _scale_pairs,
    "index": _index,
    "sum": _sum,
    "lookup": _lookup,
    "batch_moments": _moments,
    "rfft": lambda c: c.done(c.k.rfft(c.arg())),
    "irfft": lambda c: c.done(c.k.irfft(c.arg(), c.grid(c.box.cod[0]))),
    "low": _low,
    "spread": _spread,
    "corners": lambda c: c.done(corners(c.k, c.arg(), c.sizes(c.box.param("modes")))),
    "from_corners": lambda c: c.done(from_corners(c.k, c.arg(), c.grid(c.box.cod[0]))),
    "conj": _conj,
    "gaussian": _drawn,
    "uniform": _drawn,
}
