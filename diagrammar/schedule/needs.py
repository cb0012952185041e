"""What ranges of a line of segments need, and what lives while they run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# so many of the wires that may be let go or not are told apart, the others are held
_DOUBTS = 5
# a range s .. t, and which of its `doubtful` wires may be let go, as bits
State = tuple[int, int, int]


@dataclass(frozen=True)
class Held:
    """A wire that is read after the segment that makes it, or by the backward of that: its bytes, the segment, and the
    segments whose forward and whose backward read it, each in order."""

    size: int
    made: int
    forward: tuple[int, ...]
    backward: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """Segments in the order in which they run, in any unit of memory and of work.

    For each segment: `work` of its forward, and `own` of that part of it which its own backward reads; `passing`, the
    most that lives while its forward runs, besides what was there before; `keeping`, the same where it keeps what its
    backward reads, and `alone`, where that part alone runs; `turning`, the most while its backward reads the forward,
    besides what waited for it; `after`, the most while the rest of its backward runs. `before[s]` is what lives in the
    first forward whatever the schedule, `waiting[t]` what does while the backward of segment t is the next one to run:
    cotangents, gradients, results. `places` are the segments from which a range may be run again; `spans` are ranges of
    which nothing is kept from before their own backward.
    """

    work: Sequence[float]
    own: Sequence[float]
    wires: Sequence[Held]
    passing: Sequence[int]
    keeping: Sequence[int]
    alone: Sequence[int]
    turning: Sequence[int]
    after: Sequence[int]
    before: Sequence[int]
    waiting: Sequence[int]
    places: Sequence[int]
    spans: Sequence[tuple[int, int]] = ()

    def __len__(self) -> int:
        return len(self.work)


@dataclass(frozen=True)
class Forward:
    """Segments up to k are run and nothing is kept but what the rest of a range reads: the most memory that this takes,
    what is `held` then, and the work."""

    k: int
    need: int
    held: int
    work: float


class Ranges:
    """What the ranges of a line need.

    The need of a range s .. t are the wires that are made before s and read in it, by a forward or a backward. A wire
    of it that is also read before s may be needed by a range that waits: it is let go only where that range makes it
    again.
    """

    __slots__ = ("_crossing", "_doubtful", "_from", "_keep", "_made", "_reads", "_within", "line")

    def __init__(self, line: Line) -> None:
        self.line = line
        count = len(line)
        self._reads = [tuple(sorted({*wire.forward, *wire.backward})) for wire in line.wires]
        self._made: list[list[int]] = [[] for _ in range(count)]
        self._crossing: list[list[int]] = [[] for _ in range(count + 1)]
        self._from = [1 << at for at in range(count)]
        asked: list[set[int]] = [set() for _ in range(count)]
        for number, wire in enumerate(line.wires):
            self._made[wire.made].append(number)
            for at in wire.forward:
                asked[at].add(wire.made)
            for at in range(wire.made + 1, self._reads[number][-1] + 1):
                self._crossing[at].append(number)
        for at in range(count):
            for maker in asked[at]:
                if maker < at:
                    self._from[at] |= self._from[maker]
        self._keep = [min((b for a, b in line.spans if a <= s <= b), default=count) for s in range(count)]
        inner = [[(a, b) for a, b in line.spans if a < k <= b] for k in range(count + 1)]
        self._within = [
            (max((a for a, _ in each), default=0), min((b for _, b in each), default=count)) for each in inner
        ]
        self._doubtful: dict[tuple[int, int], dict[int, int]] = {}

    def next_read(self, wire: int, at: int) -> int:
        """The first segment from `at` on that reads a wire; one past the end of the line where none does."""
        reads = self._reads[wire]
        found = bisect_left(reads, at)
        return reads[found] if found < len(reads) else len(self.line) + 1

    def need(self, s: int, t: int) -> list[int]:
        """The wires that a range needs."""
        if s > len(self.line):
            return []
        return [wire for wire in self._crossing[s] if self.next_read(wire, s) <= t]

    def doubtful(self, s: int, t: int) -> dict[int, int]:
        """Those of them that a range before may need too, the largest ones, each with a bit."""
        found = self._doubtful.get((s, t))
        if found is None:
            wires = [wire for wire in self.need(s, t) if self.next_read(wire, self.line.wires[wire].made) < s]
            wires.sort(key=lambda wire: (-self.line.wires[wire].size, wire))
            found = self._doubtful[s, t] = {wire: 1 << at for at, wire in enumerate(wires[:_DOUBTS])}
        return found

    def lets_go(self, state: State, wire: int) -> bool:
        """Whether nothing but the range needs a wire that it needs."""
        s, t, mask = state
        if self.next_read(wire, self.line.wires[wire].made) >= s:
            return True
        return bool(self.doubtful(s, t).get(wire, 0) & mask)

    def may_keep(self, s: int, t: int) -> bool:
        """Whether segment s may keep what its backward reads while the rest of s .. t is done."""
        return t <= self._keep[s]

    def may_split(self, s: int, k: int, t: int) -> bool:
        """Whether s .. t may be done as k .. t and then s .. k - 1."""
        low, high = self._within[k]
        return s >= low and t <= high

    def chosen(self, k: int, t: int) -> int:
        """The segments before k that make what k .. t needs, as bits; all of them in the first forward."""
        if t == len(self.line):
            return (1 << k) - 1
        found = 0
        for wire in self.need(k, t):
            found |= self._from[self.line.wires[wire].made]
        return found

    def forwards(self, k: int, t: int, starts: Sequence[int]) -> Iterator[tuple[int, Forward]]:
        """For those of the starts that are before k, the last first: the run from there to k, for k .. t."""
        line, first = self.line, t == len(self.line)
        chosen, wanted = self.chosen(k, t), set(self.need(k, t))
        live = [0 if first else line.waiting[t]] * (k + 1)
        if first:
            live[:k] = line.before[:k]
        most = held = 0
        work = 0.0
        asked = set(starts)
        for s in range(k - 1, -1, -1):
            if chosen >> s & 1:
                work += 0.0 if first else line.work[s]
                most = max(most, live[s] + line.passing[s])
                for number in self._made[s]:
                    wire = line.wires[number]
                    last = k - 1
                    if number in wanted:
                        held += wire.size
                    else:
                        last = next((at for at in reversed(wire.forward) if at < k and chosen >> at & 1), s)
                    for at in range(s + 1, last + 1):
                        live[at] += wire.size
                        if chosen >> at & 1 and live[at] + line.passing[at] > most:
                            most = live[at] + line.passing[at]
            if s in asked and self.may_split(s, k, t):
                yield s, Forward(k, most, held, work)

    def own(self, s: int, t: int) -> tuple[int, bool]:
        """The bytes of what segment s makes that its backward or the rest of s .. t reads; whether the rest does."""
        held, rest = 0, False
        for number in self._made[s]:
            wire = self.line.wires[number]
            later = self.next_read(number, s + 1) <= t
            rest = rest or later
            if later or s in wire.backward:
                held += wire.size
        return held, rest

    def freed(self, state: State) -> tuple[int, int, int]:
        """The bytes of the need of a range that are let go once its first segment has run, where that keeps what its
        backward reads; those let go when only that backward is left; and when that has read the forward."""
        s, t, _ = state
        now = later = last = 0
        for number in self.need(s, t):
            wire = self.line.wires[number]
            if self.lets_go(state, number):
                last += wire.size
                if s not in wire.backward:
                    later += wire.size
                    now += wire.size if self.next_read(number, s + 1) > t else 0
        return now, later, last

    def gains(self, state: State, ks: Sequence[int]) -> list[int]:
        """For each k, the bytes of the need of s .. t that are let go when s .. k - 1 alone is left."""
        s, t, _ = state
        found = [0] * (len(ks) + 1)
        for number in self.need(s, t):
            if self.lets_go(state, number):
                read = self.next_read(number, s)
                found[bisect_left(ks, read + 1)] += self.line.wires[number].size
        # those first read at `read` or later are not needed by s .. k - 1 for k up to that
        total, gains = 0, [0] * len(ks)
        for at in range(len(ks) - 1, -1, -1):
            total += found[at + 1]
            gains[at] = total
        return gains

    def rest(self, state: State, k: int) -> State:
        """The state of k .. t where s .. k - 1 waits with its start."""
        s, t, _ = state
        mask = 0
        for wire, bit in self.doubtful(k, t).items():
            if self.line.wires[wire].made >= s or (self.next_read(wire, s) >= k and self.lets_go(state, wire)):
                mask |= bit
        return k, t, mask

    def start(self, state: State, k: int) -> State:
        """The state of s .. k - 1 when k .. t is done."""
        s, _, _ = state
        found = self.doubtful(s, k - 1).items()
        return s, k - 1, sum(bit for wire, bit in found if self.lets_go(state, wire))

    def after(self, state: State) -> State:
        """The state of s + 1 .. t where segment s keeps what its backward reads."""
        s, t, _ = state
        mask = 0
        for wire, bit in self.doubtful(s + 1, t).items():
            if s not in self.line.wires[wire].backward and self.lets_go(state, wire):
                mask |= bit
        return s + 1, t, mask
