"""Finding a way from one side to the other: by normal forms, and by equations from both ends.

A state is the outputs of a diagram in normal form. Its neighbours are what an equation makes of it, at any place and in
either direction. Both sides are searched, the smaller states first, until they meet. Nothing here depends on time or
chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from itertools import product
from typing import NamedTuple

from diagrammar.proof.derivation import Step, Use, Writer
from diagrammar.proof.equation import Equation
from diagrammar.proof.kinds import is_number
from diagrammar.proof.matching import Found, Rule, matches, pattern
from diagrammar.proof.normal import Axioms, Normal
from diagrammar.proof.terms import Closed, Store

Outputs = tuple[int, ...]

# of so many equations each is tried in both directions by itself
_FEW = 3
# a chain may become twice as large, and by so many boxes larger
_GROWTH = 20


class Move(NamedTuple):
    """How a state is reached: from a state whose normal form is `start`, by an equation at a place of it."""

    start: Outputs
    before: int
    after: int
    use: Use


class Search:
    """A search between two sides in one store; `states` is how many are reached, and half as many in each chain."""

    def __init__(self, axioms: Axioms, equations: Sequence[Equation], closed: Closed, states: int) -> None:
        self.axioms = axioms
        self.store: Store = axioms.store
        self.normal = Normal(axioms)
        self.closed = closed
        self.states = states
        self.most = states // 2
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
        if met is None:
            met = self._chains(sides, (left, right))
        while met is None and self.rules and self.states > 0 and any(side.queue for side in sides):
            for side in sides:
                if met is None and side.queue:
                    state = heappop(side.queue)[2]
                    for move, after in self._moves(state, self.rules):
                        self._put(side, after, (state, move))
                        self.states -= 1
                        if self.states <= 0:
                            break
                    met = self._met(sides)
        if met is None:
            return None
        return sides[0].path(met), sides[1].path(met)

    def _chains(self, sides: Sequence[_Side], starts: Sequence[Outputs]) -> Outputs | None:
        """Each equation in one direction, wherever it fits, for as long as it does: a completion would end there.

        All pairs of directions are tried for few equations, else all of them forward and all backward.
        """
        names = list(dict.fromkeys(rule.equation.name for rule in self.rules))
        uniform = [(way,) * len(names) for way in (True, False)]
        for way in product((True, False), repeat=len(names)) if len(names) <= _FEW else uniform:
            directions = dict(zip(names, way, strict=True))
            rules = [rule for rule in self.rules if rule.forward == directions[rule.equation.name]]
            for side, start in zip(sides, starts, strict=True):
                self._chain(side, self.normal.of(start), rules)
            met = self._met(sides)
            if met is not None:
                return met
        return None

    def _chain(self, side: _Side, state: Outputs, rules: Sequence[Rule]) -> None:
        seen = {state}
        most = 2 * len(self.store.below(state)) + _GROWTH
        # what grows and grows has no end
        while len(seen) <= self.most and len(self.store.below(state)) <= most:
            found = next((one for one in self._moves(state, rules) if one[1] not in seen), None)
            if found is None:
                return
            move, after = found
            self._put(side, after, (state, move))
            state = after
            seen.add(state)

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

    def _moves(self, state: Outputs, rules: Sequence[Rule]) -> Iterator[tuple[Move, Outputs]]:
        """What the equations make of a state."""
        heads: dict[str, list[Rule]] = {}
        for rule in rules:
            heads.setdefault(_head(self.store, rule.root), []).append(rule)
        for wire in self.store.below(state):
            for rule in heads.get(_head(self.store, wire), ()):
                for found in matches(self.store, rule, wire):
                    made = self._made(rule, found, wire)
                    if made is None:
                        continue
                    before, after, use = made
                    # the equation is used where its own side stands, of which the wire is a normal form
                    start = self.store.rebuilt(state, {wire: before}) if before != wire else state
                    yield Move(start, before, after, use), self.normal.of(self.store.rebuilt(start, {before: after}))

    def _made(self, rule: Rule, found: Found, wire: int) -> tuple[int, int, Use] | None:
        """Both sides of an equation where it was found; None if it says nothing there."""
        store, equation = self.store, rule.equation
        sides = [equation.at(forward, found.instance) for forward in (rule.forward, not rule.forward)]
        wires = []
        for ours, kind in zip(rule.inputs, sides[0].dom, strict=True):
            at = found.wires.get(ours)
            if at is None:
                # an input that does not occur is whatever one likes
                if not is_number(kind):
                    return None
                at = self.axioms.ring.number(Fraction(0), kind)
            wires.append(at)
        before, after = (store.load(side, wires, closed=self.closed)[rule.output] for side in sides)
        if before != wire and self.normal.of((before,)) != self.normal.of((wire,)):
            return None
        use = Use(equation, rule.forward, rule.output, tuple(wires), found.instance)
        return before, after, use


def _head(store: Store, wire: int) -> str:
    """What the box of a wire is called, frames alike: a pattern fits only where this is the same."""
    box = store.owner[wire].box
    return "frame" if box.is_frame else box.origin or f"own:{box.name}"


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
