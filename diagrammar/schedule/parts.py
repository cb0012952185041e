"""The series-parallel parts of a body (Valdes, Tarjan and Lawler, 1982)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from diagrammar.steps import Steps, run


@dataclass(frozen=True, eq=False)
class Series:
    """Parts one after the other: what one makes the next one reads, and no other does."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Parallel:
    """Parts side by side, between one fork and one join; `direct`: wires go from the fork to the join besides."""

    parts: tuple[Part, ...]
    direct: bool


@dataclass(frozen=True, eq=False)
class Knot:
    """Boxes between one fork and one join that are not series-parallel, by their numbers in order."""

    boxes: tuple[int, ...]


# a box by its number, or a part of several
Part = int | Series | Parallel | Knot


@dataclass(eq=False)
class _Edge:
    """What lies between two boxes: nothing but wires, or a part."""

    tail: int
    head: int
    part: Part | None


def decomposed(reads: Sequence[Collection[int]]) -> Part:
    """The parts of a body in which box k reads what the boxes `reads[k]` make, all of them before it.

    A box with one wire in and one out joins what is round it in a series, and edges between the same two boxes are put
    in parallel, in linear time. Where neither goes on, the smallest part between one fork and one join becomes a knot.

    >>> print(shown(decomposed([[], [0], [1], [0, 2]])))        # a residual block
    (0 > ((1 > 2) | .) > 3)
    >>> print(shown(decomposed([[], [0], [0], [1, 2], [1, 2], [3, 4]])))
    (0 > {1 2 3 4} > 5)
    """
    return _Reduction(reads).part()


def shown(part: Part) -> str:
    """A part as text: `>` is a series, `|` side by side, `.` wires alone, braces are knots."""
    return str(run(_shown(part)))


def _shown(part: Part) -> Steps:
    match part:
        case int():
            return str(part)
        case Knot(boxes):
            return "{" + " ".join(map(str, boxes)) + "}"
        case Series(parts):
            texts = []
            for each in parts:
                texts.append((yield _shown(each)))
            return "(" + " > ".join(texts) + ")"
        case Parallel(parts, direct):
            texts = []
            for each in parts:
                texts.append((yield _shown(each)))
            return "(" + " | ".join([*texts, *(["."] if direct else [])]) + ")"


def arranged(part: Part, choice: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """The boxes of a part with its branches in a chosen order, by the identity of a parallel part: that of the text
    where none is chosen."""
    found: list[int] = []
    stack: list[Part] = [part]
    while stack:
        match stack.pop():
            case int(box):
                found.append(box)
            case Knot(boxes):
                found.extend(boxes)
            case Series(parts):
                stack.extend(reversed(parts))
            case Parallel(parts) as each:
                way = choice.get(id(each), range(len(parts)))
                stack.extend(parts[at] for at in reversed(way))
    return tuple(found)


def boxes_of(part: Part) -> list[int]:
    """The boxes of a part, in the order of its parts."""
    return list(arranged(part, {}))


@dataclass(eq=False)
class _Vertex:
    """A box with the edges that end and that start there, by the box at their other end."""

    into: dict[int, _Edge] = field(default_factory=dict)
    out: dict[int, _Edge] = field(default_factory=dict)


class _Reduction:
    """A body that is being reduced; the two ends are vertices before and after all boxes."""

    def __init__(self, reads: Sequence[Collection[int]]) -> None:
        count = len(reads)
        self.source, self.sink = 0, count + 1
        # vertex k + 1 is box k
        self.at = [_Vertex() for _ in range(count + 2)]
        read = {maker for makers in reads for maker in makers}
        for box, makers in enumerate(reads):
            for maker in sorted(set(makers)) or [-1]:
                self._join(_Edge(maker + 1, box + 1, None))
            if box not in read:
                self._join(_Edge(box + 1, self.sink, None))
        if not count:
            self._join(_Edge(self.source, self.sink, None))

    def _join(self, edge: _Edge) -> None:
        """Puts an edge beside another one between the same two."""
        other = self.at[edge.tail].out.get(edge.head)
        if other is not None:
            edge = _Edge(edge.tail, edge.head, _beside(other.part, edge.part))
        self.at[edge.tail].out[edge.head] = edge
        self.at[edge.head].into[edge.tail] = edge

    def _series(self, start: Iterator[int]) -> None:
        """Takes out boxes with one edge in and one out, as long as there are any."""
        stack = list(start)
        while stack:
            box = stack.pop()
            here = self.at[box]
            if box in (self.source, self.sink) or len(here.into) != 1 or len(here.out) != 1:
                continue
            ((tail, one),), ((head, other),) = here.into.items(), here.out.items()
            del self.at[tail].out[box], self.at[head].into[box]
            here.into, here.out = {}, {}
            self._join(_Edge(tail, head, _after(_after(one.part, box - 1), other.part)))
            # only these two may have become like it
            stack += [tail, head]

    def part(self) -> Part:
        """The whole body."""
        self._series(iter(range(self.sink, -1, -1)))
        if len(self.at[self.source].out) > 1 or self.sink not in self.at[self.source].out:
            self._knots()
        whole = self.at[self.source].out[self.sink].part
        return _flat(Series(()) if whole is None else whole)

    def _knots(self) -> None:
        """Makes knots of what is left, the innermost forks first."""
        left = [at for at, vertex in enumerate(self.at) if vertex.into or vertex.out]
        joins = _dominators(left[::-1], {at: tuple(self.at[at].out) for at in left})
        forks = _dominators(left, {at: tuple(self.at[at].into) for at in left})
        for fork in reversed(left):
            join = joins[fork]
            # a fork whose paths meet again, and nothing else joins them; the ends always are
            if len(self.at[fork].out) < 2 or forks.get(join) != fork:
                continue
            self._tie(fork, join)
            self._series(iter((fork, join)))

    def _tie(self, fork: int, join: int) -> None:
        """What lies between two boxes in edges between them: each of the pieces that hang together by itself."""
        for start in list(self.at[fork].out):
            if start == join or start not in self.at[fork].out:
                continue
            seen, stack = {start}, [start]
            while stack:
                here = self.at[stack.pop()]
                fresh = ({*here.into, *here.out} - {fork, join}) - seen
                seen |= fresh
                stack += fresh
            boxes = [box - 1 for box in seen]
            for box in seen:
                for edge in self.at[box].out.values():
                    boxes += boxes_of(edge.part) if edge.part is not None else []
            for edge in [each for head, each in self.at[fork].out.items() if head in seen]:
                boxes += boxes_of(edge.part) if edge.part is not None else []
                del self.at[fork].out[edge.head]
            for box in seen:
                self.at[join].into.pop(box, None)
                self.at[box] = _Vertex()
            self._join(_Edge(fork, join, Knot(tuple(sorted(boxes)))))


def _dominators(order: Sequence[int], before: dict[int, tuple[int, ...]]) -> dict[int, int]:
    """The immediate dominator of each vertex of an acyclic graph, in an order from the root on (Cooper, Harvey and
    Kennedy, 2001)."""
    number = {vertex: at for at, vertex in enumerate(order)}
    found: dict[int, int] = {order[0]: order[0]}
    for vertex in order[1:]:
        found[vertex] = _meet(before[vertex], found, number)
    return found


def _meet(vertices: Sequence[int], found: dict[int, int], number: dict[int, int]) -> int:
    """The last vertex that dominates all of these."""
    here = vertices[0]
    for other in vertices[1:]:
        while here != other:
            if number[here] > number[other]:
                here = found[here]
            else:
                other = found[other]
    return here


def _after(one: Part | None, other: Part | None) -> Part | None:
    if one is None or other is None:
        return one if other is None else other
    return Series((one, other))


def _beside(one: Part | None, other: Part | None) -> Part:
    parts = tuple(each for each in (one, other) if each is not None)
    return Parallel(parts, len(parts) < 2)


def _flat(part: Part) -> Part:
    """Series of series as one series, and likewise what is side by side, in the order of the text."""
    made: Part = run(_flattening(part))
    return made


def _flattening(part: Part) -> Steps:
    if not isinstance(part, Series | Parallel):
        return part
    kind = type(part)
    inner: list[Part] = []
    direct = False
    stack: list[Part] = [part]
    while stack:
        each = stack.pop()
        if isinstance(each, Series | Parallel) and type(each) is kind:
            direct = direct or (isinstance(each, Parallel) and each.direct)
            stack.extend(reversed(each.parts))
        else:
            inner.append((yield _flattening(each)))
    if isinstance(part, Series):
        return inner[0] if len(inner) == 1 else Series(tuple(inner))
    return Parallel(tuple(sorted(inner, key=_first)), direct)


def _first(part: Part) -> int:
    """The first box of a part."""
    while isinstance(part, Series | Parallel):
        part = part.parts[0]
    return part if isinstance(part, int) else part.boxes[0]
