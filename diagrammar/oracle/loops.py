"""Boxes with an inside: what is inside is run for each of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagrammar.oracle.call import Call, Wire, largest
from diagrammar.oracle.tensors import Meaning
from diagrammar.types import Field


def _held(c: Call) -> tuple[list[Wire], list[Wire]]:
    """The wires that every step takes as they are, and the others."""
    count = c.box.param("captures", 0)
    assert isinstance(count, int)
    return list(c.args[:count]), list(c.args[count:])


def _rows(c: Call, wires: Sequence[Wire], at: int) -> list[Wire]:
    # an entry of a vector is no array yet
    return [Wire(c.system.reduced(wire.array[at]), wire.growth) for wire in wires]


def _stacked(c: Call, steps: Sequence[Sequence[Wire]], ports: int, cod: int = 0) -> list[Wire]:
    """The results of the steps, stacked."""
    result = []
    for port in range(ports):
        column = [step[port] for step in steps]
        if column:
            array = c.numpy.stack([wire.array for wire in column])
        else:
            array = c.numpy.zeros(c.shape(c.box.cod[cod + port]), dtype=object if c.system.exact else float)
        result.append(Wire(array, largest(column)))
    return result


def _map(c: Call) -> list[Wire]:
    held, moving = _held(c)
    over = next((wire for wire in (*c.box.dom[len(held) :], *c.box.cod)), None)
    if isinstance(over, Field):
        return _map_points(c, held, moving, [c.size(axis) for axis in over.space.axes])
    count = c.size(c.box.param("size", 0)) if not moving else moving[0].array.shape[0]  # type: ignore[arg-type]  # a size
    steps = [c.place.run([*held, *_rows(c, moving, at)]) for at in range(count)]
    return _stacked(c, steps, len(c.box.cod))


def _map_points(c: Call, held: list[Wire], moving: list[Wire], grid: list[int]) -> list[Wire]:
    """A diagram at each point of a grid; one that ends in a number makes a channel."""
    results: list[list[Wire]] = []
    for point in c.numpy.ndindex(*grid):
        args = [Wire(c.system.reduced(wire.array[(slice(None), *point)]), wire.growth) for wire in moving]
        results.append(list(c.place.run([*held, *args])))
    made = []
    for port in range(len(c.box.cod)):
        columns = [result[port] for result in results]
        array = c.numpy.stack([c.numpy.atleast_1d(wire.array) for wire in columns], -1)
        made.append(Wire(array.reshape(*array.shape[:-1], *grid), largest(columns)))
    return made


def _scan(c: Call) -> list[Wire]:
    held, moving = _held(c)
    fold = c.box.origin == "std:fold"
    state = c.box.param("state", len(c.box.cod) if fold else 0)
    assert isinstance(state, int)
    carried: list[Wire] = moving[:state]
    rows = moving[state:]
    size: Any = c.box.param("size", 0)
    steps = []
    for at in range(rows[0].array.shape[0] if rows else c.size(size)):
        ends = list(c.place.run([*held, *carried, *_rows(c, rows, at)]))
        carried = ends[:state]
        steps.append(ends[state:])
    return [*carried, *_stacked(c, steps, len(c.box.cod) - state, state)]


def _tree(c: Call) -> list[Wire]:
    held, rows = _held(c)
    level = [_rows(c, rows, at) for at in range(rows[0].array.shape[0])]
    while len(level) > 1:
        pairs = [list(c.place.run([*held, *a, *b])) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[2 * len(pairs) :]
    return level[0]


def _training(c: Call) -> list[Wire]:
    # what a trained diagram does
    return list(c.place.run(c.args, 1))


MEANINGS: dict[str, Meaning] = {
    "std:map": _map,
    "std:fold": _scan,
    "std:scan": _scan,
    "std:tree": _tree,
    "training": _training,
}
