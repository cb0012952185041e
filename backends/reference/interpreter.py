"""The interpreter: box by box, each on every sample, frames always opened.

All samples go through a box before the next one is met, so that a box marked `batch` finds them together. What is
inside a frame runs on more samples (`map`, `tree`), or again and again (`repeat`, `fold`, `scan`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from diagrammar.backends.reference import arithmetic, axes, grids, spectra
from diagrammar.backends.reference.arithmetic import dtype_of
from diagrammar.backends.reference.place import Array, Place
from diagrammar.backends.reference.samples import Samples, as_wire
from diagrammar.canonical import NONE, TOP, Instances, Scope
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError
from diagrammar.tangent import tangents
from diagrammar.types import Field, Type

PRIMITIVES: dict[str, Callable[..., Any]] = {
    **arithmetic.MEANINGS,
    **axes.MEANINGS,
    **grids.MEANINGS,
    **spectra.MEANINGS,
}
FRAMES = ("store", "recompute", "repeat", "unwind", "training", "std:map", "std:fold", "std:scan", "std:tree")
# what is written below: boxes that own or draw something, and the one that sees all samples
OTHERS = ("weight", "state", "next", "std:gaussian", "std:uniform", "std:batch_moments", "std:batch_sum")

Columns = list[Samples]
Task = Generator[Any, Any, Columns]


@dataclass(frozen=True)
class Run:
    """What holds in a whole run: sizes, weights by their paths, functions of bound boxes, the source of draws."""

    sizes: Mapping[str, int]
    weights: Mapping[str, Any]
    boxes: Mapping[str, Callable[..., Any]]
    draw: np.random.Generator
    instances: Instances = field(default_factory=Instances)


@dataclass(frozen=True)
class Where:
    """A place in the hierarchy: the keyed box that is open, the indices of `repeat` round it, how many samples."""

    scope: Scope
    index: int
    count: int

    def inside(self, run: Run, key: str) -> Where:
        """Inside a box with this key."""
        entered = run.instances.resolve(key, self.scope, self.index)
        return Where((entered, self.scope), run.instances.index_of(entered), self.count)

    def step(self, run: Run, number: int) -> Where:
        """In a step of a `repeat`."""
        return Where(self.scope, run.instances.index(self.index, number), self.count)

    def of(self, count: int) -> Where:
        """The same place with so many samples."""
        return Where(self.scope, self.index, count)


def start(count: int) -> Where:
    """The outermost place."""
    return Where(TOP, NONE, count)


def body(run: Run, diagram: Diagram, inputs: Columns, where: Where) -> Task:
    """The outputs of a diagram, from its inputs."""
    flat = diagram.flat
    env: list[Samples] = [[] for _ in flat.types]
    for wire, column in zip(flat.inputs, inputs, strict=True):
        env[wire] = column
    for node in flat.nodes:
        box = node.box
        given = [env[wire] for wire in node.ins]
        if not box.insides:
            made = leaf(run, box, given, where)
        elif box.key is not None:
            made = yield body(run, box.insides[0], given, where.inside(run, box.key))
        else:
            made = yield _FRAMES[_frame(box)](run, box, given, where)
        for wire, column, kind in zip(node.outs, made, box.cod, strict=True):
            _check(run, box, column, kind)
            env[wire] = column
    return [env[wire] for wire in flat.outputs]


def _frame(box: Box) -> str:
    if box.origin not in FRAMES:
        raise BackendError(f"reference: the frame `{box.name}` ({box.origin}) has no meaning", box.span)
    return box.origin


def _check(run: Run, box: Box, column: Samples, wire: Type) -> None:
    """What a box gives is of its type: a meaning that is wrong about shapes is not taken for one of them."""
    if column:
        shape = Place(box, run.sizes).shape(wire)
        if column[0].shape != shape or column[0].dtype != dtype_of(wire):
            found = f"{column[0].dtype} of shape {column[0].shape}"
            raise BackendError(f"reference: `{box.name}` gave {found} for {wire} of shape {shape}", box.span)


# ------------------------------------------------------------------------------------------------------ leaves


def leaf(run: Run, box: Box, given: Columns, where: Where) -> Columns:
    """The results of a box without an inside."""
    place = Place(box, run.sizes)
    match box.origin:
        case "weight" | "state":
            return [[_owned(run, box, where)] * where.count]
        case "next":
            # the value for the next call: this one gives nothing
            return []
        case "std:gaussian":
            return [[run.draw.standard_normal(place.result) for _ in range(where.count)]]
        case "std:uniform":
            return [[run.draw.random(place.result) for _ in range(where.count)]]
        case "std:batch_moments":
            return [[each] * where.count for each in axes.moments(given[0])]
        case "std:batch_sum":
            return [[np.sum(given[0], axis=0)] * where.count]
    meaning = PRIMITIVES.get(box.origin)
    if meaning is not None:
        results = [meaning(place, *[column[at] for column in given]) for at in range(where.count)]
    elif box.name in run.boxes and not box.origin.startswith("std:"):
        results = [run.boxes[box.name](*[column[at] for column in given]) for at in range(where.count)]
    else:
        raise BackendError(f"reference: the box `{box.name}` has no meaning; bind it with boxes=", box.span)
    several = [result if isinstance(result, tuple) else (result,) for result in results]
    return [[as_wire(each[at], wire, box.name) for each in several] for at, wire in enumerate(box.cod)]


def _owned(run: Run, box: Box, where: Where) -> Array:
    """The value of a weight, or of a state before this call."""
    assert box.key is not None
    path = run.instances.dotted(run.instances.resolve(box.key, where.scope, where.index))
    if path not in run.weights:
        raise BackendError(f"reference: the {box.origin} {path!r} is not given", box.span)
    wire = box.cod[0]
    value = as_wire(run.weights[path], wire, path)
    shape = Place(box, run.sizes).shape(wire)
    if value.shape != shape:
        raise BackendError(f"reference: the {box.origin} {path!r} has the shape {value.shape}, not {shape}", box.span)
    return value


# ------------------------------------------------------------------------------------------------------ frames


def _count(box: Box, name: str, default: int = 0) -> int:
    value = box.param(name, default)
    assert isinstance(value, int)
    return value


def _training(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """Not in training: the second inside."""
    return cast(Columns, (yield body(run, box.insides[1], given, where)))


def _mark(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """What a mark computes is its inside."""
    return cast(Columns, (yield body(run, box.insides[0], given, where)))


def _repeat(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """One inside again and again, or each of several in its turn; the weights of a step have its number."""
    held = _count(box, "captures")
    captured, state = given[:held], given[held:]
    for number in range(_count(box, "count")):
        inside = box.insides[number if len(box.insides) > 1 else 0]
        state = yield body(run, inside, [*captured, *state], where.step(run, _count(box, "first") + number))
    return state


def _unwind(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """The steps forward, then their cotangents from the last to the first, each at the state that its step began in;
    those of captured wires are summed."""
    held, count, half = _count(box, "captures"), _count(box, "count"), len(box.insides) // 2
    width = len(box.insides[0].dom) - held
    captured, state, cotangents = given[:held], given[held : held + width], given[held + width :]
    begun = []
    for number in range(count):
        begun.append(state)
        state = yield body(run, box.insides[number % half], [*captured, *state], where.step(run, number))
    sums: Columns = []
    for number in range(count - 1, -1, -1):
        back = box.insides[half + number % half]
        results = yield body(run, back, [*captured, *begun[number], *cotangents], where.step(run, number))
        first = len(results) - len(tangents(tuple(back.dom)[held : held + width]))
        parts = results[:first]
        sums = [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(sums, parts, strict=True)] if sums else parts
        cotangents = results[first:]
    return [*sums, *cotangents]


def _points(run: Run, box: Box, wire: Type) -> list[tuple[Any, ...]]:
    """Where a wire is taken apart: at each point of a grid, or along the first axis."""
    shape = Place(box, run.sizes).shape(wire)
    if isinstance(wire, Field):
        return [(slice(None), *point) for point in np.ndindex(*shape[1:])]
    return [(number,) for number in range(shape[0])]


def _map(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """The inside on each part of each sample."""
    held = _count(box, "captures")
    (inside,) = box.insides
    place = Place(box, run.sizes)
    wires = (*box.dom[held:], *box.cod)
    if not wires:
        raise BackendError(f"reference: `{box.name}` maps no wire", box.span)
    many = len(_points(run, box, wires[0]))
    inputs = [[value for value in column for _ in range(many)] for column in given[:held]]
    for column, wire, part in zip(given[held:], box.dom[held:], inside.dom[held:], strict=True):
        points = _points(run, box, wire)
        inputs.append([value[point].reshape(place.shape(part)) for value in column for point in points])
    results = yield body(run, inside, inputs, where.of(where.count * many))
    made = []
    for column, wire in zip(results, box.cod, strict=True):
        whole = [np.empty(place.shape(wire), dtype_of(wire)) for _ in range(where.count)]
        points = _points(run, box, wire)
        for at, value in enumerate(column):
            # a formula that ends in a scalar is a field of one channel
            whole[at // many][points[at % many]] = value
        made.append(whole)
    return made


def _scan(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """The inside on a state and one row after the other; `scan` keeps what each step gives beside the state."""
    held = _count(box, "captures")
    (inside,) = box.insides
    carried = _count(box, "state", len(box.cod) if box.origin == "std:fold" else 0)
    captured, state, rows = given[:held], given[held : held + carried], given[held + carried :]
    place = Place(box, run.sizes)
    firsts = [place.shape(wire)[0] for wire in box.dom[held + carried :]]
    kept: list[list[Samples]] = [[] for _ in box.cod[carried:]]
    for number in range(firsts[0] if firsts else place.whole("size", 0)):
        row = [[value[number] for value in column] for column in rows]
        results = yield body(run, inside, [*captured, *state, *row], where)
        state = results[:carried]
        for column, result in zip(kept, results[carried:], strict=True):
            column.append(result)
    made = []
    for column, wire in zip(kept, box.cod[carried:], strict=True):
        shape, dtype = place.shape(wire), dtype_of(wire)
        made.append([np.array([step[at] for step in column], dtype).reshape(shape) for at in range(where.count)])
    return [*state, *made]


def _tree(run: Run, box: Box, given: Columns, where: Where) -> Task:
    """Neighbours combined, level by level; an odd last one goes up as it is."""
    held = _count(box, "captures")
    (inside,) = box.insides
    # rows[wire][sample] is the list of what is left
    rows = [[list(value) for value in column] for column in given[held:]]
    left = Place(box, run.sizes).shape(box.dom[held])[0]
    while left > 1:
        half = left // 2
        inputs = [[value for value in column for _ in range(half)] for column in given[:held]]
        for first in (0, 1):
            inputs += [[row[2 * at + first] for row in column for at in range(half)] for column in rows]
        results = yield body(run, inside, inputs, where.of(where.count * half))
        rows = [
            [made[at * half : (at + 1) * half] + row[2 * half :] for at, row in enumerate(column)]
            for made, column in zip(results, rows, strict=True)
        ]
        left = half + left % 2
    return [[row[0] for row in column] for column in rows]


_FRAMES: dict[str, Callable[[Run, Box, Columns, Where], Task]] = {
    "store": _mark,
    "recompute": _mark,
    "repeat": _repeat,
    "unwind": _unwind,
    "training": _training,
    "std:map": _map,
    "std:fold": _scan,
    "std:scan": _scan,
    "std:tree": _tree,
}
