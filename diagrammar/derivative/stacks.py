"""Stacks of wires, as the derivatives of `map`, `fold`, `scan` and `tree` need them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from diagrammar.derivative.wiring import lay
from diagrammar.diagram import Box, Builder, Diagram, Value
from diagrammar.errors import BudgetError, DerivativeError
from diagrammar.sizes import Size
from diagrammar.types import Field, Space, Tensor, Type

_LINEAR = frozenset({"linear"})
# a tree is written out box by box
_ROWS = 100_000


def grid_of(box: Box) -> Space | None:
    """The space over whose grid a `map` goes; None where it goes over stacks."""
    if box.param("size") is not None:
        return None
    return next((wire.space for wire in (*box.dom, *box.cod) if isinstance(wire, Field)), None)


def stack_of(wire: Type, count: Value, grid: Space | None, box: Box | None = None) -> Type:
    """The type of so many wires of this one, or of a field over a grid of them."""
    if isinstance(wire, Tensor):
        if grid is not None:
            return Field("Field", grid, wire.sizes[0] if wire.sizes else 1)
        return Tensor(wire.kind, (count, *wire.sizes))  # type: ignore[arg-type]  # a size, as `map` has it
    name, span = ("a derivative", None) if box is None else (f"the derivative of `{box.name}`", box.span)
    raise DerivativeError(f"{name} keeps {wire} at each step, and wires of this type have no stacks", span)


def stackable(back: Diagram, count: int, box: Box) -> Diagram:
    """A diagram whose first outputs have stacks: fields as the values on their grid, and for a map over a grid tensors
    as vectors."""
    grid = grid_of(box)
    flat = back.flat
    if not any(_changes(flat.types[wire], grid) for wire in flat.outputs[:count]):
        return back
    build = Builder(back.dom)
    outs = list(lay(build, back, build.inputs))
    for at in range(count):
        outs[at] = sampled(build, outs[at])
        if grid is not None:
            outs[at] = _vector(build, outs[at], box)
    return build.build(outs)


def sample_of(wire: Type) -> Type:
    """What there are stacks of: of a field its values on the grid, else the wire."""
    if isinstance(wire, Field) and wire.kind == "Field":
        return Tensor("R", (wire.channels, *wire.space.axes))
    return wire


def sampled(build: Builder, wire: int) -> int:
    """A wire as one that there are stacks of."""
    what = build.types[wire]
    values = sample_of(what)
    if not isinstance(what, Field) or values == what:
        return wire
    return build.add(_between("sample", what, values, what), [wire])[0]


def as_field(build: Builder, wire: int, wanted: Type) -> int:
    """The wire that `sampled` was given."""
    what = build.types[wire]
    if not isinstance(wanted, Field) or what == wanted:
        return wire
    return build.add(_between("field", what, wanted, wanted), [wire])[0]


def _between(name: str, dom: Type, cod: Type, field: Field) -> Box:
    """`sample` or `field`, with the static arguments that it would have in a file."""
    params: tuple[tuple[str, Value], ...] = (("X", field.space), ("c", field.channels))
    return Box(name, (dom,), (cod,), origin=f"std:{name}", params=params, kinds=_LINEAR)


def _changes(wire: Type, grid: Space | None) -> bool:
    return isinstance(wire, Field) or (grid is not None and isinstance(wire, Tensor) and len(wire.sizes) != 1)


def _letters(count: int) -> list[str]:
    return [f"a{at}" for at in range(count)]


def _vector(build: Builder, wire: int, box: Box) -> int:
    what = build.types[wire]
    if not isinstance(what, Tensor) or what.kind != "R":
        raise DerivativeError(f"the derivative of `{box.name}` sums {what} over a grid: not known", box.span)
    if len(what.sizes) == 1:
        return wire
    names = _letters(len(what.sizes))
    flat = Tensor("R", (prod(what.sizes, start=1),))
    pattern = f"{' '.join(names)} -> ({' '.join(names)})" if names else "-> 1"
    return rearranged(build, wire, pattern, names, what.sizes, flat)


def rearranged(
    build: Builder, wire: int, pattern: str, names: Sequence[str], sizes: Sequence[Size], cod: Tensor
) -> int:
    """A wire with its axes split, merged or permuted; `names` and `sizes` are those of the pattern."""
    # of axes that are split or merged the sizes are kept
    grouped = sorted({name for group in re.findall(r"\(([^)]*)\)", pattern) for name in group.split()})
    known = dict(zip(names, sizes, strict=True))
    params: tuple[tuple[str, Value], ...] = (
        ("pattern", pattern),
        ("sizes", tuple((name, known[name]) for name in grouped)),
    )
    box = Box("rearrange", (build.types[wire],), (cod,), origin="std:rearrange", params=params, kinds=_LINEAR)
    return build.add(box, [wire])[0]


def summed(build: Builder, wire: int, wanted: Type) -> int:
    """The sum of a stack, or of a field over its grid, as the wire that there is one of for each entry."""
    what = build.types[wire]
    if isinstance(what, Field):
        vector = Tensor("R", (what.channels,))
        (total,) = build.add(Box("sum", (what,), (vector,), origin="std:sum", kinds=_LINEAR), [wire])
        assert isinstance(wanted, Tensor)
        names = _letters(len(wanted.sizes))
        if len(names) == 1:
            return total
        pattern = f"({' '.join(names)}) -> {' '.join(names)}" if names else "1 ->"
        return rearranged(build, total, pattern, names, wanted.sizes, wanted)
    assert isinstance(what, Tensor)
    one = Tensor(what.kind, what.sizes[1:])
    names = _letters(len(one.sizes))
    params: tuple[tuple[str, Value], ...] = (("pattern", f"n {' '.join(names)} -> {' '.join(names)}"),)
    (total,) = build.add(Box("einsum", (what,), (one,), origin="std:einsum", params=params), [wire])
    return as_field(build, total, wanted)


def flipped(build: Builder, wire: int) -> int:
    """A stack from its end to its start."""
    what = build.types[wire]
    return build.add(Box("flip", (what,), (what,), origin="std:flip", kinds=_LINEAR), [wire])[0]


def _entry(build: Builder, wire: int, at: int, one: Type) -> int:
    box = Box("index", (build.types[wire],), (one,), origin="std:index", params=(("at", at),), kinds=_LINEAR)
    return build.add(box, [wire])[0]


def written_out(box: Box) -> Diagram:
    """A `tree` as the boxes that it stands for."""
    (inside,) = box.insides
    held, count = box.param("captures", 0), box.param("size")
    assert isinstance(held, int)
    if not isinstance(count, int):
        raise DerivativeError(f"the derivative of a `{box.name}` needs to know its size, this is {count}", box.span)
    if count > _ROWS:
        raise BudgetError(f"the derivative of a tree of {count:,} rows is past the budget of {_ROWS:,}", box.span)
    build = Builder(box.dom)
    rows = [
        [_entry(build, wire, at, one) for wire, one in zip(build.inputs[held:], box.cod, strict=True)]
        for at in range(count)
    ]
    while len(rows) > 1:
        pairs = [
            list(lay(build, inside, [*build.inputs[:held], *rows[at], *rows[at + 1]]))
            for at in range(0, len(rows) - 1, 2)
        ]
        rows = pairs + ([rows[-1]] if len(rows) % 2 else [])
    return build.build(rows[0])
