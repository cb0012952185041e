"""The linear chain, a peer of the schedules for a budget: the body is cut into one chain in the order of its text, so
that branches are wider boundaries, and dynamic programming finds the best of its schedules (Beaumont et al., 2019)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isqrt

from diagrammar.diagram import Box
from diagrammar.errors import DiagramValueError
from diagrammar.schedule.budget import thinned
from diagrammar.schedule.optic import FREE, Optic, Step, split, store
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.storage import Bytes, Run, peak

# so many segments at most, and as many places where nothing but the start of one is kept as their squares, times the
# segments, allow
_SEGMENTS = 240
_TRIED = 300_000

Work = Callable[[Box], float]


@dataclass(frozen=True)
class Chain:
    """A chain of segments, in any unit of memory and of work.

    For each segment: `work` of its forward; `start[s][t]`, what is held for the start of segment t besides what is held
    for the start of segment s; `residual`, what its backward reads of its own forward, with the start of the next
    segment; `passing`, the most that lives while its forward runs and keeps nothing; `backward`, the most while its
    forward that keeps all and then its backward run. `end[t]` are the cotangents that wait at the end of segment t
    while what is before it is computed again. `places` are the segments whose start alone may be kept.
    """

    work: Sequence[float]
    start: Sequence[Sequence[int]]
    residual: Sequence[int]
    passing: Sequence[int]
    backward: Sequence[int]
    end: Sequence[int]
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.work)


# how segments s .. t are done: None for one segment, which keeps its residual till its backward; 0 where the first one
# keeps its residual while the others are done; else the segment whose start is kept, and up to which nothing else is
Choice = int | None


def _part(chain: Chain, about: int) -> int:
    """The memory of a slot: nearly this, and such that what is mostly held for a segment is a whole number of them."""
    common = sorted(size for size in chain.residual if size > about)
    if not common:
        return max(1, about)
    middle = max(size for size in common if size <= 1.02 * common[len(common) // 2])
    return max(1, -(-middle // max(1, round(middle / about))))


class Table:
    """For segments s .. t and a memory m beside the start of s: the least work of all forwards, and the first choice.
    Memory is counted in about `slots` equal parts of `most`, rounded up; more of them for short chains, since time is
    as the segments times the square of the places times the parts."""

    __slots__ = ("_best", "_part", "chain", "slots")

    def __init__(self, chain: Chain, most: int, slots: int | None = None) -> None:
        self.chain = chain
        count, many = len(chain), len(chain.places) + 1
        slots = slots or max(160, min(4000, 24_000_000 // (count * many * many)))
        self._part = _part(chain, -(-most // slots))
        self.slots = -(-most // self._part)
        self._best: dict[tuple[int, int], tuple[list[float], list[Choice]]] = {}
        for t in sorted({count - 1, *(k - 1 for k in chain.places)}):
            for s in range(t, -1, -1):
                self._best[s, t] = self._fill(s, t)

    def work(self, m: int) -> float:
        """The least work of the whole chain in m slots; infinite where it does not fit."""
        return self._best[0, len(self.chain) - 1][0][m]

    def _backward(self, s: int) -> int:
        return max(self.chain.backward[s], self.chain.passing[s])

    def _forward(self, s: int, t: int, k: int) -> int:
        """The most while segments s .. k - 1 run, of which nothing stays but the start of k."""
        chain = self.chain
        through = max(chain.start[s][j] + chain.passing[j] for j in range(s, k))
        return max(through + chain.end[t], chain.start[s][k])

    def _slots(self, size: int) -> int:
        return -(-size // self._part)

    def _fill(self, s: int, t: int) -> tuple[list[float], list[Choice]]:
        chain, slots = self.chain, self.slots
        width = slots + 1
        best: list[float] = [inf] * width
        choice: list[Choice] = [None] * width
        if s == t:
            need = self._slots(self._backward(s))
            if need <= slots:
                best[need:] = [chain.work[s]] * (width - need)
            return best, choice
        # the residual of s waits while the rest is done; its own backward needs room too
        held, need = self._slots(chain.residual[s]), self._slots(self._backward(s))
        rest, own = self._best[s + 1, t][0], chain.work[s]
        for m in range(max(held, need), width):
            cost = own + rest[m - held]
            if cost < best[m]:
                best[m], choice[m] = cost, 0
        for k, forward, room in self._forwards(s, t):
            held = self._slots(chain.start[s][k])
            need = max(held, self._slots(room + chain.end[t]))
            later, before = self._best[k, t][0], self._best[s, k - 1][0]
            for m, (a, b) in enumerate(zip(later[need - held : width - held], before[need:], strict=True), need):
                cost = forward + a + b
                if cost < best[m]:
                    best[m], choice[m] = cost, k
        return best, choice

    def _forwards(self, s: int, t: int) -> Iterator[tuple[int, float, int]]:
        """For each place between s and t: the work up to it, and the most memory that this takes."""
        chain = self.chain
        work, room, j = 0.0, 0, s
        for k in chain.places:
            if not s < k <= t:
                continue
            while j < k:
                work += chain.work[j]
                room = max(room, chain.start[s][j] + chain.passing[j])
                j += 1
            yield k, work, room

    def steps(self, m: int) -> Iterator[tuple[str, int, int]]:
        """What is done after the first forward: ("forward", s, t) are segments s .. t - 1 again, ("backward", s, s)
        the backward of a segment."""
        stack: list[tuple[str, int, int, int, bool]] = [("solve", 0, len(self.chain) - 1, m, True)]
        while stack:
            what, s, t, m, first = stack.pop()
            if what != "solve":
                yield what, s, t
                continue
            chosen = self._best[s, t][1][m]
            if s == t or chosen == 0:
                if not first:
                    yield "forward", s, s + 1
                stack.append(("backward", s, s, 0, False))
                if s < t:
                    stack.append(("solve", s + 1, t, m - self._slots(self.chain.residual[s]), first))
                continue
            assert chosen is not None
            if not first:
                yield "forward", s, chosen
            stack.append(("solve", s, chosen - 1, m, False))
            stack.append(("solve", chosen, t, m - self._slots(self.chain.start[s][chosen]), first))


def within(joint: Joint, budget: int, sizes: Bytes, work: Work) -> tuple[list[Step], Optic]:
    """The schedule of least recomputation, in the units of `work`, whose peak is at most `budget` bytes, and its optic.

    The body is cut where least is held, into a chain of segments: each keeps what its backward reads, or its start
    alone. The peak is that of the boxes in their order, counted wire by wire. Raises DiagramValueError, with the least
    that is possible, where nothing fits.
    """
    steps = store(joint)
    optic = split(joint, steps)
    most, _ = peak(joint, optic, sizes)
    if most <= budget:
        return steps, optic
    cuts, places = _cuts(joint, sizes, work)
    # what is rounded may be a little more than all
    table = Table(_chain(joint, cuts, places, sizes, work), most + most // 16)
    least, known = most, inf
    # from the least work on: more slots never cost more work, but what the chain does not see may cost memory
    for m in range(table.slots, -1, -1):
        if table.work(m) == inf:
            break
        if table.work(m) == known:
            # the same work in less memory: the last of its row is the best of it
            continue
        steps = _written(joint, cuts, table, _last(table, m))
        optic = split(joint, steps)
        found, _ = peak(joint, optic, sizes)
        known = table.work(m)
        least = min(least, found)
        if found <= budget:
            return steps, optic
    raise DiagramValueError(f"a training step needs {least:,} bytes at least, memory={budget:,} is less")


def _last(table: Table, m: int) -> int:
    """The smallest memory in which the work is the same."""
    while m > 0 and table.work(m - 1) == table.work(m):
        m -= 1
    return m


def _written(joint: Joint, cuts: list[int], table: Table, m: int) -> list[Step]:
    """The steps of a schedule of segments as steps of boxes."""
    segment = _segments(cuts, len(joint.forward))
    groups: list[list[int]] = [[] for _ in cuts[1:]]
    for at, owner in enumerate(joint.owners):
        groups[segment[owner]].append(at)
    steps: list[Step] = []
    for what, s, t in table.steps(m):
        if what == "forward":
            steps += [("forward", at) for at in range(cuts[s], cuts[t])]
        else:
            steps += [("backward", at) for at in groups[s]]
    return steps


def _segments(cuts: list[int], count: int) -> list[int]:
    found = [0] * max(count, 1)
    for number, (start, stop) in enumerate(pairwise(cuts)):
        found[start:stop] = [number] * (stop - start)
    return found


def boundaries(joint: Joint) -> list[frozenset[int]]:
    """For each place between boxes of the forward, the wires that are made before it and read after it."""
    made = {wire: at for at, node in enumerate(joint.forward) for wire in node.outs}
    free = {wire: node for node in joint.forward if node.box.origin in FREE for wire in node.outs}
    last: dict[int, int] = {}
    for at, node in enumerate(joint.forward):
        for wire in node.ins:
            stack = [wire]
            while stack:
                each = stack.pop()
                # a view is made again where it is read: what it looks at has to be there
                if each in free:
                    stack.extend(free[each].ins)
                elif each in made:
                    last[each] = max(last.get(each, 0), at)
    ends: list[set[int]] = [set() for _ in range(len(joint.forward) + 1)]
    for wire, at in last.items():
        for place in (made[wire] + 1, at + 1):
            ends[place].symmetric_difference_update({wire})
    found, now = [], frozenset[int]()
    for change in ends:
        now = now ^ change
        found.append(now)
    return found


def _cuts(joint: Joint, sizes: Bytes, work: Work) -> tuple[list[int], list[int]]:
    """Where the body is cut: after every box, or in parts of like work; and the segments whose start may be kept: where
    least is held all around, and then after the boxes that are most work to do again."""
    held = [sum(sizes.size[wire] for wire in wires) for wires in boundaries(joint)]
    count = len(joint.forward)
    done = [0.0]
    for node in joint.forward:
        done.append(done[-1] + work(node.box))
    low = [at for at in range(1, count) if (at == 1 or held[at] <= held[at - 1]) and held[at] <= held[at + 1]]
    most = max(8, isqrt(_TRIED // min(count, _SEGMENTS)))
    places = thinned(low, done, most)
    rest = sorted(set(range(1, count)) - set(places), key=lambda at: (done[at - 1] - done[at], at))
    places = sorted([*places, *rest[: most - len(places)]])
    cuts = sorted({0, count, *places, *thinned(list(range(1, count)), done, _SEGMENTS)})
    return cuts, [number for number, at in enumerate(cuts) if at in set(places)]


def _chain(joint: Joint, cuts: list[int], places: list[int], sizes: Bytes, work: Work) -> Chain:
    """The figures of the segments."""
    held = boundaries(joint)
    starts = [held[at] for at in cuts[:-1]]
    results = set(joint.results) | set(joint.inputs)
    segment = _segments(cuts, len(joint.forward))
    groups: list[list[int]] = [[] for _ in starts]
    for at, owner in enumerate(joint.owners):
        groups[segment[owner]].append(at)

    def weigh(wires: set[int] | frozenset[int]) -> int:
        return sum(sizes.size[wire] for wire in wires)

    residual, passing, backward, ends = [], [], [], []
    for number, (start, stop) in enumerate(pairwise(cuts)):
        nodes = joint.forward[start:stop]
        back = [joint.backward[at] for at in groups[number]]
        own = {sizes.root.get(wire, wire) for node in nodes for wire in node.outs}
        read = {sizes.root.get(wire, wire) for node in back for wire in node.ins}
        keep = (own & read) - results
        after = held[stop] if stop < len(joint.forward) else frozenset()
        made = {wire for node in back for wire in node.outs}
        given = {wire for node in back for wire in node.ins} - made - own - set(starts[number]) - set(joint.inputs)
        waiting = weigh({wire for wire in given if wire >= len(joint.inputs)})
        base = set(joint.inputs) | set(starts[number])
        run = Run(sizes.size, sizes.root, base)
        run.run(nodes, set(after), sizes.scratch)
        passing.append(run.peak)
        run = Run(sizes.size, sizes.root, base)
        run.run(nodes, set(after) | keep, sizes.scratch)
        turned = Run(sizes.size, sizes.root, base)
        for wire in (*keep, *given):
            turned.make(wire)
        last = {wire for node in back for wire in node.outs} - {wire for node in back for wire in node.ins}
        turned.run(back, last, sizes.scratch)
        residual.append(weigh((keep | set(after)) - set(starts[number])))
        backward.append(max(run.peak + waiting, turned.peak))
        ends.append(waiting)
    start_bytes = [[weigh(later - first) for later in starts] for first in starts]
    works = [sum(work(node.box) for node in joint.forward[a:b]) for a, b in pairwise(cuts)]
    return Chain(works, start_bytes, residual, passing, backward, ends, places)
