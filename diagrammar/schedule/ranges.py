"""The least recomputation of a line of segments under a bound on its memory, by dynamic programming over ranges."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import inf

from diagrammar.schedule.needs import Forward, Line, Ranges, State

# memory and work: what a schedule takes at least, and what it does again in so much
Point = tuple[int, float]


class Table:
    """For each range and each memory the least work of all forwards that are run again, as at most `most` points.

    The schedules are those of nested ranges. A range s .. t starts when what it needs is live and the backward of the
    segments after it is done. Either segment s runs and keeps what its backward reads, s + 1 .. t is done, and then the
    backward of s. Or, from a place s to a later place k, those segments run that make what k .. t needs, of which
    nothing else is kept; k .. t is done, and then s .. k - 1 from the start that it needs, which is live still. What
    none of the ranges that wait needs is let go. The whole is the range from the first segment to the end of the line,
    whose forward is the first one. (Beaumont et al., Optimal checkpointing for heterogeneous chains, 2019, have such
    schedules for chains, where a range needs one wire.)

    Of these it has the least work for every memory up to `limit`, as long as no range has more than `most` points, and
    no more than five wires are needed by a range and, perhaps, by one that waits.
    """

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
        """The first segment keeps what its backward reads: the most that it takes, what it leaves less for the rest,
        and its work."""
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
