"""The least recomputation of a line of segments under a bound on its memory, by dynamic programming over ranges."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

# memory and work: what a schedule takes at least, and what it does again in so much
Point = tuple[int, float]
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
    backward reads, and `alone`, where that part alone runs; `turning`, the most while its backward reads the forward, besides what waited for it; `after`, the
    most while the rest of its backward runs. `before[s]` is what lives in
    the first forward whatever the schedule, `waiting[t]` what does while the backward of segment t is the next one to
    run: cotangents, gradients, results. `places` are the segments from which a range may be run again; `spans` are
    ranges of which nothing is kept from before their own backward.
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

    The need of a range s .. t are the wires that are made before s and read in it, by a forward or a backward. A wire of
    it that is also read before s may be needed by a range that waits: it is let go only where that range makes it again.
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


# so many of the wires that may be let go or not are told apart, the others are held
_DOUBTS = 5


class Table:
    """For each range and each memory the least work of all forwards that are run again; `most` points for each."""

    __slots__ = ("_best", "_children", "_forwards", "_most", "_ranges", "limit", "line")

    def __init__(self, line: Line, limit: int, most: int) -> None:
        self.line, self.limit, self._most = line, limit, most
        self._ranges = Ranges(line)
        self._best: dict[State, list[Point]] = {}
        self._forwards: dict[tuple[int, int], list[Forward]] = {}
        self._children: dict[tuple[State, int], tuple[State, State]] = {}
        count = len(line)
        places = sorted({*line.places, count} - {0})
        starts = [0, *places[:-1]]
        for t in sorted({count, *(k - 1 for k in places)}):
            for k in places:
                if k <= t:
                    for s, forward in self._ranges.forwards(k, t, starts):
                        self._forwards.setdefault((s, t), []).append(forward)
        for state in self._reached():
            self._best[state] = _thinned(_frontier(self._options(state), limit), most)

    def _reached(self) -> list[State]:
        """The states that a choice leads to, each after those that its own choices lead to."""
        found: set[State] = set()
        stack: list[State] = [(0, len(self.line), 0)]
        while stack:
            state = stack.pop()
            s, t, _ = state
            if state in found:
                continue
            found.add(state)
            if s == t:
                continue
            if self._ranges.may_keep(s, t):
                stack.append(self._ranges.after(state))
            for each in self._forwards.get((s, t), ()):
                self._children[state, each.k] = self._ranges.rest(state, each.k), self._ranges.start(state, each.k)
                stack += self._children[state, each.k]
        return sorted(found, key=lambda state: (state[1], -state[0]))

    def points(self) -> list[Point]:
        """For the whole line: memory, and the work that is done again in so much, the least memory first."""
        return self._best[0, len(self.line), 0]

    def work(self, memory: int) -> float:
        """The least work that is done again in so much memory; infinite where it does not fit."""
        return _value(self.points(), memory)

    def _options(self, state: State) -> list[Point]:
        """What all first choices of a state come to."""
        s, t, _ = state
        line, ranges = self.line, self._ranges
        if s == len(line):
            return [(0, 0.0)]
        if s == t:
            return [(max(line.waiting[s] + line.alone[s], self._turning(state)), line.own[s])]
        found: list[Point] = []
        if ranges.may_keep(s, t):
            need, beside, cost = self._keeping(state)
            found += [(max(need, m + beside), w + cost) for m, w in self._best[ranges.after(state)]]
        forwards = self._forwards.get((s, t), ())
        kept = _frontier(found, self.limit)
        gains = ranges.gains(state, [each.k for each in forwards])
        for each, gain in zip(forwards, gains, strict=True):
            rest, start = self._children[state, each.k]
            later, before = self._best[rest], self._best[start]
            if each.need > self.limit or not later or not before:
                continue
            # no better than what keeping comes to in as little memory
            low = max(each.need, later[0][0] + each.held, before[0][0] - gain)
            if _value(kept, low) > each.work + later[-1][1] + before[-1][1]:
                found += _joined(later, each.held, before, -gain, each, self.limit)
        return found

    def _keeping(self, state: State) -> tuple[int, int, float]:
        """The first segment keeps what its backward reads: the most that it takes, what it leaves less for the rest, and
        its work."""
        s, t, _ = state
        line, first = self.line, t == len(self.line)
        held, rest = self._ranges.own(s, t)
        now, _, _ = self._ranges.freed(state)
        there = line.before[s] if first else line.waiting[t]
        run = line.keeping[s] if first or rest else line.alone[s]
        need = max(there + run, self._turning(state))
        return need, held - now, 0.0 if first else line.work[s] if rest else line.own[s]

    def _turning(self, state: State) -> int:
        """The most while the backward of the first segment runs, when those of the others are done."""
        line, s = self.line, state[0]
        _, later, last = self._ranges.freed(state)
        return line.waiting[s] + max(line.turning[s] - later, line.after[s] - last)

    def steps(self, memory: int) -> Iterator[tuple[str, Sequence[int]]]:
        """What is done after the first forward: ("forward", segments) again, ("backward", (s,)) of a segment."""
        stack: list[tuple[str, State, int]] = [("solve", (0, len(self.line), 0), memory)]
        while stack:
            what, state, m = stack.pop()
            s, t, _ = state
            first = t == len(self.line)
            if what == "backward":
                yield what, (s,)
            if what == "backward" or s == len(self.line):
                continue
            each, gain = self._choice(state, m) if s < t else (None, 0)
            if each is None:
                if not first:
                    yield "forward", (s,)
                stack.append(("backward", state, 0))
                if s < t:
                    stack.append(("solve", self._ranges.after(state), m - self._keeping(state)[1]))
                continue
            if not first:
                chosen = self._ranges.chosen(each.k, t)
                yield "forward", tuple(at for at in range(s, each.k) if chosen >> at & 1)
            rest, start = self._children[state, each.k]
            stack += [("solve", start, m + gain), ("solve", rest, m - each.held)]

    def _choice(self, state: State, m: int) -> tuple[Forward | None, int]:
        """The best first choice in so much memory, None for keeping, and what is let go by it."""
        s, t, _ = state
        ranges = self._ranges
        best, choice = inf, None
        gained = 0
        if ranges.may_keep(s, t):
            need, beside, cost = self._keeping(state)
            if need <= m:
                best = cost + _value(self._best[ranges.after(state)], m - beside)
        forwards = self._forwards.get((s, t), ())
        gains = ranges.gains(state, [each.k for each in forwards])
        for each, gain in zip(forwards, gains, strict=True):
            if each.need > m:
                continue
            later, before = (self._best[child] for child in self._children[state, each.k])
            cost = each.work + _value(later, m - each.held) + _value(before, m + gain)
            if cost < best:
                best, choice, gained = cost, each, gain
        return choice, gained


def _value(points: list[Point], memory: int) -> float:
    found = bisect_left(points, (memory + 1, -inf))
    return points[found - 1][1] if found else inf


def _joined(one: list[Point], beside: int, other: list[Point], less: int, forward: Forward, limit: int) -> list[Point]:
    """The points of the sum of two step functions of memory, of which each has so much less than there is."""
    need, work = forward.need, forward.work
    found: list[Point] = []
    i, j, last, end = 0, 0, len(one), len(other)
    v = w = inf
    a, b = one[0][0] + beside, other[0][0] + less
    m = a if a > b else b
    while m <= limit:
        # both as far as this memory goes
        while a <= m:
            v = one[i][1]
            i += 1
            a = one[i][0] + beside if i < last else limit + 1
        while b <= m:
            w = other[j][1]
            j += 1
            b = other[j][0] + less if j < end else limit + 1
        found.append((m if m > need else need, v + w + work))
        m = a if a < b else b
    return found


def _frontier(points: list[Point], limit: int) -> list[Point]:
    """Those that no other one is better than."""
    found: list[Point] = []
    least = inf
    for m, w in sorted(points):
        if w < least and m <= limit:
            found.append((m, w))
            least = w
    return found


def _thinned(points: list[Point], most: int) -> list[Point]:
    """At most so many of them, evenly along the curve, with both ends."""
    if len(points) <= most:
        return points
    (low, high), (top, least) = points[0], points[-1]
    found, reached = [points[0]], 0.0
    for m, w in points[1:-1]:
        along = (m - low) / (top - low) + (high - w) / (high - least)
        if along >= reached + 2 / (most - 1):
            found.append((m, w))
            reached = along
    return [*found, points[-1]]
