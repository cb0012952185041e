"""Finding a way from one side to the other: by normal forms, and by equations from both ends.

A state is the outputs of a diagram in normal form. Its neighbours are what an equation makes of it, at any place and in
either direction. Both sides are searched, the smaller states first, until they meet. Nothing here depends on time or
chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from diagrammar.proof.derivation import Step, Use, Writer
from diagrammar.proof.equation import Equation
from diagrammar.proof.matching import Found, Rule, matches, pattern
from diagrammar.proof.normal import Axioms, Normal
from diagrammar.proof.terms import Store

Outputs = tuple[int, ...]


class Move(NamedTuple):
    """How a state is reached: from a state whose normal form is `start`, by an equation at a place of it."""

    start: Outputs
    before: int
    after: int
    use: Use


class Search:
    """A search between two sides in one store; `states` is how many states of each side are looked at."""

    def __init__(self, axioms: Axioms, equations: Sequence[Equation], closed: bool, states: int) -> None:
        self.axioms = axioms
        self.store: Store = axioms.store
        self.normal = Normal(axioms)
        self.closed = closed
        self.states = states
        self.rules: list[Rule] = []
        for equation in equations:
            for forward in (True, False):
                self._rules(equation, forward)

    def _rules(self, equation: Equation, forward: bool) -> None:
        inputs, ends = pattern(self.store, equation, forward, self.closed)
        for output, root in enumerate(ends):
            # what is written in the equation, and what a normal form of it looks like
            for one in dict.fromkeys((root, *self.normal.of((root,)))):
                if one not in inputs:
                    self.rules.append(Rule(equation, forward, output, one, inputs))

    def between(self, left: Outputs, right: Outputs) -> tuple[list[Move], list[Move]] | None:
        """The moves from each side to a state that both reach."""
        sides = [_Side(), _Side()]
        for side, start in zip(sides, (left, right), strict=True):
            self._put(side, self.normal.of(start), None)
        met = self._met(sides)
        for _ in range(self.states):
            if met is not None or not self.rules or not any(side.queue for side in sides):
                break
            for side in sides:
                if met is None and side.queue:
                    state = heappop(side.queue)[2]
                    for move, after in self._moves(state):
                        self._put(side, after, (state, move))
                    met = self._met(sides)
        if met is None:
            return None
        return sides[0].path(met), sides[1].path(met)

    def _put(self, side: _Side, state: Outputs, came: tuple[Outputs, Move] | None) -> None:
        if state not in side.came:
            side.came[state] = came
            side.fresh.append(state)
            heappush(side.queue, (len(self.store.below(state)), len(side.came), state))

    def _met(self, sides: Sequence[_Side]) -> Outputs | None:
        for one, other in (sides, sides[::-1]):
            for state in one.fresh:
                if state in other.came:
                    return state
        for side in sides:
            side.fresh.clear()
        return None

    def _moves(self, state: Outputs) -> Iterator[tuple[Move, Outputs]]:
        """What the equations make of a state."""
        for wire in self.store.below(state):
            for rule in self.rules:
                for found in matches(self.store, rule, wire):
                    made = self._made(rule, found, wire)
                    if made is None:
                        continue
                    before, after, use = made
                    # the equation is used where its own side stands, of which the wire is a normal form
                    start = self.store.rebuilt(state, {wire: before}) if before != wire else state
                    yield Move(start, before, after, use), self.normal.of(self.store.rebuilt(start, {before: after}))

    def _made(self, rule: Rule, found: Found, wire: int) -> tuple[int, int, Use] | None:
        """Both sides of an equation where it was found; None if the other side needs more than was found."""
        store, equation = self.store, rule.equation
        # inputs that do not occur are any wires
        free = store.inputs(tuple(equation.at(True, found.instance).dom), "any")
        wires = [found.wires.get(ours, other) for ours, other in zip(rule.inputs, free, strict=True)]
        ends = []
        for forward in (rule.forward, not rule.forward):
            side = equation.at(forward, found.instance)
            if not all(type(a) is type(store.types[w]) for a, w in zip(side.dom, wires, strict=True)):
                return None
            ends.append(store.load(side, wires, closed=self.closed)[rule.output])
        before, after = ends
        if set(store.below(ends)) & set(free):
            return None
        if before != wire and self.normal.of((before,)) != self.normal.of((wire,)):
            return None
        taken = tuple(at for at, ours in enumerate(rule.inputs) if ours in found.wires)
        cut = tuple(wires[at] for at in taken)
        return before, after, Use(equation.name, rule.forward, rule.output, cut, taken, found.instance)


class _Side:
    """What is reached from one side, and how."""

    def __init__(self) -> None:
        self.came: dict[Outputs, tuple[Outputs, Move] | None] = {}
        self.queue: list[tuple[int, int, Outputs]] = []
        self.fresh: list[Outputs] = []

    def path(self, state: Outputs) -> list[Move]:
        """The moves that lead to a state."""
        moves: list[Move] = []
        while (came := self.came[state]) is not None:
            state, move = came
            moves.append(move)
        return moves[::-1]


def steps(writer: Writer, start: Outputs, moves: Sequence[Move]) -> tuple[list[Step], Outputs]:
    """The steps from a side to the state where the sides meet."""
    found, state = writer.normalised(start)
    for move in moves:
        # back to where the equation is written out, if its normal form is another
        back, _ = writer.normalised(move.start) if move.start != state else ([], state)
        found += [step.reversed() for step in reversed(back)]
        found.append(writer.used(move.start, move.before, move.after, move.use))
        after, state = writer.normalised(writer.store.rebuilt(move.start, {move.before: move.after}))
        found += after
    return found, state
