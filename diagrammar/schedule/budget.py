"""A schedule for a bound on the bytes that live at once: the best over ranges of the boxes, for each order of branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import inf

from diagrammar.errors import DiagramValueError
from diagrammar.schedule.flattened import Mark
from diagrammar.schedule.line import Cut, Reads, Work, cut, line, reads_of
from diagrammar.schedule.optic import Optic, Step, split, store
from diagrammar.schedule.ranges import Table
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.storage import Bytes, peak

# so many segments at most, so many from which a range may be run again, and so many points of memory for each range
_SEGMENTS = 240
_PLACES = 48
_POINTS = 64


@dataclass(frozen=True)
class Found:
    """A schedule, its optic, the most bytes that live at once, and the work that is done again."""

    steps: tuple[Step, ...]
    optic: Optic
    peak: int
    work: float


@dataclass(frozen=True)
class Task:
    """What is to be scheduled: a joint pass, the bytes of its wires, what its boxes read, and the work of each."""

    joint: Joint
    sizes: Bytes
    reads: Reads
    work: Work
    marks: Sequence[Mark | None]
    pinned: frozenset[int]

    def found(self, steps: Sequence[Step], order: Sequence[int]) -> Found:
        """A schedule, counted wire by wire."""
        optic = split(self.joint, steps, order, self.pinned)
        most, _ = peak(self.joint, optic, self.sizes)
        again = sum(self.work(self.joint.forward[at].box) for at in optic.again)
        return Found(tuple(steps), optic, most, again)


def within(
    joint: Joint, budget: int, sizes: Bytes, work: Work, marks: Sequence[Mark | None] = ()
) -> tuple[list[Step], Optic]:
    """The schedule of least recomputation, in the units of `work`, whose peak is at most `budget` bytes, and its optic.

    Raises DiagramValueError, with the least that is possible, where nothing fits.
    """
    reads = reads_of(joint, sizes.root)
    task = Task(joint, sizes, reads, work, marks, frozenset(sizes.root.get(w, w) for w in joint.results) & reads.maker.keys())
    found = _solved(task, range(len(joint.forward)), budget)
    if found is None:
        raise DiagramValueError(f"a training step needs ? bytes at least, memory={budget:,} is less")
    return list(found.steps), found.optic


def _solved(task: Task, order: Sequence[int], budget: int) -> Found | None:
    cuts, places = _cuts(task, order)
    parts = cut(task.joint, task.reads, task.sizes, order, cuts, task.pinned)
    table = Table(line(parts, task.work, places, ()), budget, _POINTS)
    for m, _ in reversed([*table.points(), (budget, 0.0)]) if table.points() else ():
        found = task.found(_written(parts, table, m), order)
        if found.peak <= budget:
            return found
    return None


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


def _cuts(task: Task, order: Sequence[int]) -> tuple[list[int], list[int]]:
    """Where the body is cut: after every box, or in parts of like work; and the segments whose start may be kept: where
    least is held all around, and then after the boxes that are most work to do again."""
    held, count = boundaries(task, order), len(order)
    done = [0.0]
    for box in order:
        done.append(done[-1] + task.work(task.joint.forward[box].box))
    low = [at for at in range(1, count) if (at == 1 or held[at] <= held[at - 1]) and held[at] <= held[at + 1]]
    places = _thinned(low, done, _PLACES)
    rest = sorted(set(range(1, count)) - set(places), key=lambda at: (done[at - 1] - done[at], at))
    places = sorted([*places, *rest[: _PLACES - len(places)]])
    cuts = sorted({0, count, *places, *_thinned(list(range(1, count)), done, _SEGMENTS)})
    return cuts, [number for number, at in enumerate(cuts) if at in set(places)]


def _thinned(places: list[int], done: list[float], most: int) -> list[int]:
    """At most so many of the places, with like work between them."""
    if len(places) <= most:
        return places
    wanted = [done[-1] * k / (most + 1) for k in range(1, most + 1)]
    return sorted({min(places, key=partial(_apart, done, want)) for want in wanted})


def _apart(done: list[float], want: float, at: int) -> float:
    return abs(done[at] - want)
