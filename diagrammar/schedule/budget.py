"""A schedule for a bound on the bytes that live at once: the best over ranges of boxes, for each order of branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import isqrt

from diagrammar.errors import DiagramValueError
from diagrammar.schedule.branches import Load, orders
from diagrammar.schedule.flattened import Mark, Region
from diagrammar.schedule.line import Cut, Reads, Work, cut, line, reads_of
from diagrammar.schedule.optic import FREE, Optic, Step, split, store
from diagrammar.schedule.parts import decomposed
from diagrammar.schedule.ranges import Point, Table
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.spared import spared
from diagrammar.schedule.storage import Bytes, peak

# so many segments at most, so many of them from which a range may be run again, fewer where there are many segments,
# and so many points of memory for each range
_SEGMENTS = 240
_PLACES, _RUNS = 50, 280_000
_POINTS = 8_000
# so many schedules are counted that seem to take a little too much, and so many for needless recomputation, of so many
# boxes in all
_ABOVE = 4
_TRIES = 100
_COUNTED = 40_000
# all orders of branches where there are no more
_ORDERS = 12
# ranges that are computed again are put together where there are more
_SPANS = 32


@dataclass(frozen=True)
class Found:
    """A schedule: the order of the forward and the steps of the backward, their optic, the most bytes that live at
    once, and the work that is done again."""

    order: Sequence[int]
    steps: tuple[Step, ...]
    optic: Optic
    peak: int
    work: float


@dataclass(frozen=True)
class Task:
    """What is to be scheduled: a joint pass, the bytes of its wires, what its boxes read, the work of each, and its
    marks; `pinned` are the wires that are held from the first forward on."""

    joint: Joint
    sizes: Bytes
    reads: Reads
    work: Work
    marks: Sequence[Mark | None]
    regions: Sequence[Region]
    pinned: frozenset[int]

    def found(self, steps: Sequence[Step], order: Sequence[int]) -> Found:
        """A schedule, counted wire by wire."""
        optic = split(self.joint, steps, order, self.pinned)
        most, _ = peak(self.joint, optic, self.sizes)
        return Found(order, tuple(steps), optic, most, sum(map(self.cost, optic.again)))

    def cost(self, box: int) -> float:
        """The work of a forward box."""
        return self.work(self.joint.forward[box].box)


def within(
    joint: Joint,
    budget: int,
    sizes: Bytes,
    work: Work,
    marks: Sequence[Mark | None] = (),
    regions: Sequence[Region] = (),
) -> tuple[list[Step], Optic]:
    """The schedule of least recomputation, in the units of `work`, whose peak is at most `budget` bytes, and its optic.

    The schedules are those of `Table`, with the boxes in the order of the text and with the branches of parallel parts
    in other orders (`arrangements`), less the recomputation that `spared` finds needless. The peak is that of the boxes
    in their order, counted wire by wire. What a box marked `store` makes for a backward is kept from the forward on;
    what boxes marked `recompute` make is not: their backward begins where the mark does.

    Raises DiagramValueError, with the least that is possible, where nothing fits.
    """
    task = _task(joint, sizes, work, marks, regions)
    count = len(joint.forward)
    if not _spans(task, range(count)):
        once = cut(joint, task.reads, sizes, range(count), (0, count), task.pinned)
        for steps in (store(joint), [("backward", each) for each in once.groups[0]]):
            plain = task.found(steps, range(count))
            if plain.peak <= budget:
                return list(plain.steps), plain.optic
    ways = arrangements(task)
    tried = (_solved(task, order, budget) for order in ways)
    found = min((each for each in tried if each is not None), key=lambda each: each.work, default=None)
    if found is None:
        found = min((_least(task, order) for order in ways), key=lambda each: each.peak)
        if found.peak > budget:
            what = "a training step with these marks" if any(marks) else "a training step"
            raise DiagramValueError(f"{what} needs {found.peak:,} bytes at least, memory={budget:,} is less")
    found = _spared(task, found, budget)
    return list(found.steps), found.optic


def _task(
    joint: Joint, sizes: Bytes, work: Work, marks: Sequence[Mark | None], regions: Sequence[Region]
) -> Task:  # fmt: skip
    """What marks say in terms of wires and boxes."""
    reads = reads_of(joint, sizes.root)
    kinds = [mark.kind if mark is not None else "" for mark in marks] or [""] * len(joint.forward)
    ends = {sizes.root.get(wire, wire) for wire in joint.results} & reads.maker.keys()
    read = {wire for wires in reads.backward for wire in wires}
    stored = {wire for wire in read if kinds[reads.maker[wire]] == "store"}
    # a box that makes one of them is not run again: what others may read of it is kept too
    sealed = {reads.maker[wire] for wire in stored}
    asked = {wire for box, wires in enumerate(reads.forward) if box not in sealed for wire in wires}
    stored |= {wire for box in sealed for wire in reads.makes[box] if wire in asked}
    return Task(joint, sizes, reads, work, marks, regions, frozenset(ends | stored))


def arrangements(task: Task) -> list[tuple[int, ...]]:
    """Orders of the boxes, that of the text first; those in which what is marked lies apart are left out."""
    joint, reads, size = task.joint, task.reads, task.sizes.size
    solid = [box for box, node in enumerate(joint.forward) if node.box.origin not in FREE]
    number = {box: at for at, box in enumerate(solid)}
    part = decomposed([{number[reads.maker[wire]] for wire in reads.forward[box]} for box in solid])
    read = {wire for wires in reads.backward for wire in wires}
    ends = {task.sizes.root.get(wire, wire) for wire in joint.gradients if wire is not None}
    loads = []
    freed = [0] * len(joint.forward)
    for node, owner, wires in zip(joint.backward, joint.owners, reads.cotangents, strict=True):
        freed[owner] += sum(size[wire] for wire in wires) - sum(size[wire] for wire in node.outs)
    for box in solid:
        made = sum(size[wire] for wire in reads.makes[box])
        kept = sum(size[wire] for wire in reads.makes[box] if wire in read and wire not in ends)
        loads.append(Load(made + task.sizes.scratch(joint.forward[box].box), made, kept, freed[box]))
    text = tuple(range(len(joint.forward)))
    ways = [_with_views(joint, [solid[at] for at in each]) for each in orders(part, loads, _ORDERS)]
    found = [text, *(each for each in ways if each != text)]
    whole = [stop - start for start, stop in _regions(task, text)]
    return [each for each in found if [stop - start for start, stop in _regions(task, each)] == whole]


def _with_views(joint: Joint, order: Sequence[int]) -> tuple[int, ...]:
    """All boxes in an order: views and numbers before the first box that reads them, the others as they are."""
    views = {w: box for box, node in enumerate(joint.forward) if node.box.origin in FREE for w in node.outs}
    found: dict[int, None] = {}
    for first in (*order, *sorted(set(views.values()))):
        stack = [first]
        while stack:
            missing = [views[w] for w in joint.forward[stack[-1]].ins if w in views and views[w] not in found]
            if missing:
                stack += missing
            else:
                found[stack.pop()] = None
    return tuple(found)


def _solved(task: Task, order: Sequence[int], budget: int) -> Found | None:
    """The best schedule for an order of the boxes, None where none is found that fits."""
    cuts, places, spans = _cuts(task, order)
    parts = cut(task.joint, task.reads, task.sizes, order, cuts, task.pinned)
    # what is rounded, or held for longer than it lives, may be a little less in truth
    table = _table(task, parts, places, spans, budget + budget // 32)
    above = [m for m, _ in table.points() if m > budget]
    for m in (*above[:_ABOVE][::-1], *_descending(table.points(), budget)):
        found = task.found(_written(parts, table, m), order)
        if found.peak <= budget:
            return found
    return None


def _table(
    task: Task, parts: Cut, places: Sequence[int], spans: Sequence[tuple[int, int]], limit: int
) -> Table:  # fmt: skip
    """The table of the segments up to a memory."""
    most = max(48, min(256, _POINTS // max(len(parts.groups), 1)))
    return Table(line(parts, task.work, places, spans), limit, most)


def _descending(points: Sequence[Point], budget: int) -> Iterator[int]:
    """Memories up to a budget in which there is a schedule, the most first."""
    least = [m for m, _ in points if m <= budget]
    if least:
        yield budget
        yield from reversed(least)


def _spared(task: Task, found: Found, budget: int) -> Found:
    """The schedule with less recomputation where that fits too."""
    order = found.order
    tries = min(_TRIES, _COUNTED // (len(order) + len(found.steps)))
    marked = {box for box, mark in enumerate(task.marks) if mark is not None and mark.kind == "recompute"}

    def fits(steps: Sequence[Step]) -> bool:
        return task.found(steps, order).peak <= budget

    held, never = task.pinned, marked.__contains__
    steps = spared(
        task.joint, task.reads, task.sizes, found.steps, held, never, budget, task.cost, fits, tries
    )  # fmt: skip
    return task.found(steps, order)


def _least(task: Task, order: Sequence[int]) -> Found:
    """The schedule that takes the least memory."""
    again: list[Step] = [("forward", box) for box in order]
    found = task.found([*again, *store(task.joint)], order)
    cuts, places, spans = _cuts(task, order)
    parts = cut(task.joint, task.reads, task.sizes, order, cuts, task.pinned)
    table = _table(task, parts, places, spans, 4 * found.peak)
    for m, _ in table.points()[:_ABOVE]:
        found = min(found, task.found(_written(parts, table, m), order), key=lambda each: each.peak)
    # what a search with that bound finds is found for it too
    while (less := _solved(task, order, found.peak - 1)) is not None:
        found = less
    return found


def _written(parts: Cut, table: Table, memory: int) -> list[Step]:
    """The steps of a schedule of segments as steps of boxes."""
    steps: list[Step] = []
    for what, segments in table.steps(memory):
        for s in segments:
            if what == "forward":
                steps += [("forward", box) for box in parts.order[parts.cuts[s] : parts.cuts[s + 1]]]
            else:
                steps += [("backward", at) for at in parts.groups[s]]
    return steps


def boundaries(task: Task, order: Sequence[int]) -> list[int]:
    """For each place between boxes, the bytes of the wires that are made before it and read by a box after it."""
    at = [0] * len(order)
    for place, box in enumerate(order):
        at[box] = place
    last: dict[int, int] = {}
    for box, wires in enumerate(task.reads.forward):
        for wire in wires:
            last[wire] = max(last.get(wire, 0), at[box])
    change = [0] * (len(order) + 2)
    for wire, place in last.items():
        if wire not in task.pinned:
            change[at[task.reads.maker[wire]] + 1] += task.sizes.size[wire]
            change[place + 1] -= task.sizes.size[wire]
    for place in range(len(order)):
        change[place + 1] += change[place]
    return change[: len(order) + 1]


def _cuts(task: Task, order: Sequence[int]) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Where the body is cut: after every box, or in parts of like work; the segments whose start may be kept: where
    least is held all around, and then after the boxes that are most work to do again; the ranges that are marked."""
    held, count = boundaries(task, order), len(order)
    done = [0.0]
    for box in order:
        done.append(done[-1] + task.cost(box))
    spans = _spans(task, order)
    edges = {at for start, stop in spans for at in (start, stop)} - {0, count}
    low = [at for at in range(1, count) if (at == 1 or held[at] <= held[at - 1]) and held[at] <= held[at + 1]]
    most = min(_PLACES, isqrt(_RUNS // min(max(count, 1), _SEGMENTS)))
    places = thinned(low, done, most)
    rest = sorted(set(range(1, count)) - set(places), key=lambda at: (done[at - 1] - done[at], at))
    places = sorted({*edges, *[*places, *rest][: max(0, most - len(edges))]})
    cuts = sorted({0, count, *places, *thinned(list(range(1, count)), done, _SEGMENTS)})
    number = {at: segment for segment, at in enumerate(cuts)}
    return cuts, [number[at] for at in places], [(number[start], number[stop] - 1) for start, stop in spans]


def _regions(task: Task, order: Sequence[int]) -> list[tuple[int, int]]:
    """From where to where each region that is marked `recompute` goes in an order, with all that stands in it."""
    ends: dict[int, tuple[int, int]] = {}
    for at, box in enumerate(order):
        mark = task.marks[box] if task.marks else None
        if mark is not None:
            ends[mark.region] = ends.get(mark.region, (at, at))[0], at + 1
    # a region has a larger number than the one round it
    for number in range(len(task.regions) - 1, -1, -1):
        outer = task.regions[number].outer
        if outer is not None and number in ends:
            start, stop = ends.get(outer, ends[number])
            ends[outer] = min(start, ends[number][0]), max(stop, ends[number][1])
    return [ends[number] for number in sorted(ends) if task.regions[number].kind == "recompute"]


def _spans(task: Task, order: Sequence[int]) -> list[tuple[int, int]]:
    """The regions as ranges of boxes, in order; neighbours are put together where there are many."""
    found = sorted(_regions(task, order))
    each = max(1, -(-len(found) // _SPANS))
    groups = [found[first : first + each] for first in range(0, len(found), each)]
    return [(group[0][0], max(stop for _, stop in group)) for group in groups]


def thinned(places: list[int], done: list[float], most: int) -> list[int]:
    """At most so many of the places, with like work between them."""
    if len(places) <= most:
        return places
    wanted = [done[-1] * k / (most + 1) for k in range(1, most + 1)]
    return sorted({min(places, key=partial(_apart, done, want)) for want in wanted})


def _apart(done: list[float], want: float, at: int) -> float:
    return abs(done[at] - want)
