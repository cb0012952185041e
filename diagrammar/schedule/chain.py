"""The least recomputation of a chain under a bound on its memory, by dynamic programming (Beaumont et al., 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf


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
    as the segments times the square of the places times the parts. `room` is what a schedule takes, not rounded."""

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

    def room(self, m: int) -> int:
        """The memory that the schedule for m slots takes, not rounded."""
        most = 0
        stack = [(0, len(self.chain) - 1, m, 0)]
        while stack:
            s, t, m, before = stack.pop()
            chosen = self._best[s, t][1][m]
            most = max(most, before + (self._forward(s, t, chosen) if chosen else self._backward(s)))
            if s == t:
                continue
            if chosen == 0:
                held = self.chain.residual[s]
                stack.append((s + 1, t, m - self._slots(held), before + held))
                continue
            assert chosen is not None
            held = self.chain.start[s][chosen]
            stack += [(chosen, t, m - self._slots(held), before + held), (s, chosen - 1, m, before)]
        return most

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
