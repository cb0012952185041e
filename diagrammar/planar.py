"""A diagram drawn in the plane: which box, copy or crossing comes next, and at which place of the wires side by side.

Wires that a box takes are brought together by crossing neighbours. A wire is copied where it is first needed, and what
remains is kept for later, on the side on which it will be taken; a wire that nothing needs ends where it starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from typing import Literal, NamedTuple

from diagrammar.box import Flat, Node


class Step(NamedTuple):
    """What happens to `taken` neighbours, the first of them at the place `at`: they become the wires `given`."""

    kind: Literal["box", "copy", "swap"]
    at: int
    taken: int
    given: tuple[int, ...]
    node: Node | None = None


Steps = Generator[Step, None, None]


class Plane:
    """The wires of a flat form side by side, while its steps are taken; each is taken when the next is asked for.

    >>> from diagrammar.box import Box
    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> mul = Node(Box("mul", (x, x), (x,)), (0, 0), (1,))
    >>> plane = Plane(Flat((x, x), (0,), (mul,), (1,)))
    >>> [(step.kind, list(plane.places)) for step in plane.steps()], plane.places
    ([('copy', [0]), ('box', [0, 0])], [1])
    """

    __slots__ = ("flat", "left", "places", "sides")

    def __init__(self, flat: Flat) -> None:
        self.flat = flat
        self.places: list[int] = list(flat.inputs)
        # how often each wire is still to be taken
        self.left = [0] * len(flat.types)
        # and whether as the first wire, by each box and by the end, the next one last
        self.sides: list[list[bool]] = [[] for _ in flat.types]
        for wires in (flat.outputs, *(node.ins for node in reversed(flat.nodes))):
            for wire in wires:
                self.left[wire] += 1
            for wire in set(wires):
                self.sides[wire].append(wire == wires[0])

    def steps(self) -> Steps:
        """The steps; while one is looked at, `places` are the wires before it."""
        yield from self._ends(self.flat.inputs)
        for node in self.flat.nodes:
            at = yield from self._meet(node.ins)
            yield from self._take(Step("box", at, len(node.ins), node.outs, node))
            yield from self._ends(node.outs)
        yield from self._meet(self.flat.outputs)

    def _take(self, step: Step) -> Steps:
        yield step
        self.places[step.at : step.at + step.taken] = step.given

    def _ends(self, wires: Sequence[int]) -> Steps:
        for wire in wires:
            if not self.left[wire]:
                yield from self._take(Step("copy", self.places.index(wire), 1, ()))

    def _meet(self, wires: Sequence[int]) -> Generator[Step, None, int]:
        """Brings wires side by side, in their order; says at which place."""
        for wire, count in Counter(wires).items():
            self.left[wire] -= count
            self.sides[wire].pop()
            count += self.left[wire] > 0
            if count > 1:
                yield from self._take(Step("copy", self.places.index(wire), 1, (wire,) * count))
        if not wires:
            return len(self.places)
        first = self._first(wires)
        for number in range(1, len(wires)):
            goal = first + number
            at = self._nearest(wires[number], first, goal)
            if at > goal:
                yield from self._cross(range(at - 1, goal - 1, -1))
            elif at < first:
                # those that have met move one place to the left when it passes them
                yield from self._cross(range(at, goal - 1))
                first -= 1
        return first

    def _first(self, wires: Sequence[int]) -> int:
        """Where the first wire is taken: of its copies, the one nearest to the second wire; if there is none, the last
        where the copy that is kept will be the first wire of a box, on the left of what comes of this one."""
        first = self.places.index(wires[0])
        last = first
        while self.places[last + 1 : last + 2] == [wires[0]]:
            last += 1
        others = [wire for wire in wires if wire != wires[0]]
        if others:
            return last if wires[1] != wires[0] and self.places.index(wires[1]) > first else first
        sides = self.sides[wires[0]]
        return last - len(wires) + 1 if sides and sides[-1] else first

    def _nearest(self, wire: int, first: int, goal: int) -> int:
        """The place of a wire nearest to a goal, not among those that have met."""
        found = -1
        start = 0
        places = self.places
        for _ in range(places.count(wire)):
            at = places.index(wire, start)
            start = at + 1
            if not first <= at < goal and (found < 0 or abs(at - goal) < abs(found - goal)):
                found = at
        return found

    def _cross(self, way: Sequence[int]) -> Steps:
        for at in way:
            left, right = self.places[at], self.places[at + 1]
            if left != right:
                yield from self._take(Step("swap", at, 2, (right, left)))
