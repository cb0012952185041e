"""Normal forms: sums drawn out of linear boxes, boxes that move entries drawn in to what they move.

Three axioms, each used from left to right where it applies, from the inputs on:

* `arithmetic`: what ring boxes make of wires is written as a sum of products;
* `linearity`: f(c x + d y) = c f(x) + d f(y), where f is linear in that input;
* `entry by entry`: r(g(x, y)) = g(r(x), r(y)), where r only moves entries about and g acts on each alone.

Wires with one normal form are equal for all real numbers. The converse does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from diagrammar.diagram import Box
from diagrammar.errors import BudgetError
from diagrammar.proof.arithmetic import ONE, Ring
from diagrammar.proof.kinds import Kinds, Ports, is_number, moves
from diagrammar.proof.terms import Store, Term

ARITHMETIC, LINEARITY, ENTRYWISE = "arithmetic", "linearity", "entry by entry"


class Event(NamedTuple):
    """An axiom at a place: one wire is another. `ports` are those in which the box at the place is linear."""

    rule: str
    before: int
    after: int
    ports: Ports = ()


class Axioms:
    """What the axioms say about the terms of a store, one place at a time."""

    def __init__(self, store: Store, most: int = 1_000) -> None:
        self.store = store
        self.kinds = Kinds(store)
        self.ring = Ring(store, most)

    def summed(self, wire: int) -> int:
        """A wire as a sum of products."""
        kind = self.store.types[wire]
        return self.ring.standard(self.ring.value(wire), kind) if is_number(kind) else wire

    def distributed(self, wire: int, ports: Ports) -> int:
        """The output of a box that is linear in these inputs, as a sum over their summands."""
        store, ring = self.store, self.ring
        term = store.owner[wire]
        kind = store.types[wire]
        total: int | None = None
        for port, number, scalars, tensor in self._summands(term, ports):
            ins = list(term.ins)
            for other in ports:
                ins[other] = ring.number(Fraction(0), term.box.dom[other])
            ins[port] = ring.number(Fraction(1), term.box.dom[port]) if tensor is None else tensor
            image = store.again(term, ins)[wire - term.first]
            part = ring.scaled(number, scalars, image, kind)
            total = part if total is None else ring.plus(total, part, kind)
        return ring.number(Fraction(0), kind) if total is None else total

    def _summands(self, term: Term, ports: Ports) -> list[tuple[int, Fraction, list[int], int | None]]:
        """Of each summand: the input where it is, its number, its scalars and its tensor."""
        found = []
        for port in ports:
            kind = term.box.dom[port]
            value = self.ring.value(term.ins[port])
            for monomial in sorted(value):
                scalars, tensors = self.ring.parts(monomial, kind)
                found.append((port, value[monomial], scalars, self.ring.product(tensors)))
        return found

    def wants_distribution(self, term: Term) -> Ports | None:
        """The first inputs in which a box is linear and that are sums, or carry a factor."""
        for ports in self.kinds.groups(term):
            summands = self._summands(term, ports)
            if len(summands) != 1 or summands[0][1] != 1 or summands[0][2]:
                return ports
        return None

    def moved(self, wire: int) -> int | None:
        """The output of a box that moves entries about, with what acts on each entry alone done afterwards."""
        store, ring = self.store, self.ring
        term = store.owner[wire]
        if not moves(term.box):
            return None
        kind = store.types[wire]
        value = ring.value(term.ins[0])
        if value == {ONE: 1}:
            return ring.number(Fraction(1), kind)
        if len(value) != 1:
            return None
        ((monomial, number),) = value.items()
        scalars, tensors = ring.parts(monomial, term.box.dom[0])
        if number != 1 or scalars:
            return None
        if len(tensors) > 1:
            return ring.product([self._after(term, wire, tensor) for tensor in tensors])
        inner = store.owner[tensors[0]]
        if not self.kinds.pointwise(inner):
            return None
        box = inner.box
        ins = [self._after(term, wire, w) for w in inner.ins]
        if box.cod == (kind,):
            return store.again(inner, ins)[0]
        if box.insides:
            return None
        retyped = Box(box.name, (kind,) * len(box.dom), (kind,), origin=box.origin, kinds=box.kinds, span=box.span)
        return store.add(retyped, ins)[0]

    def _after(self, term: Term, wire: int, argument: int) -> int:
        return self.store.again(term, (argument,))[wire - term.first]

    def first(self, outputs: Sequence[int], done: set[int]) -> Event | None:
        """The first place below some outputs where an axiom is to be used; None where they are in normal form.

        `done` are wires that are in it already, with all that they need; those that are found so are added.
        """
        for wire in self.store.below(outputs):
            if wire in done:
                continue
            found = self._at(wire)
            if found is not None:
                return found
            done.add(wire)
        for wire in outputs:
            if (after := self.summed(wire)) != wire:
                return Event(ARITHMETIC, wire, after)
        return None

    def _at(self, wire: int) -> Event | None:
        term = self.store.owner[wire]
        if self.ring.is_ring(term):
            return None
        for argument in term.ins:
            if (after := self.summed(argument)) != argument:
                return Event(ARITHMETIC, argument, after)
        return self.used(wire, term)

    def used(self, wire: int, term: Term) -> Event | None:
        """The axiom that is used for a box that is none of the ring, and whose inputs are sums of products."""
        if not is_number(self.store.types[wire]):
            return None
        ports = self.wants_distribution(term)
        if ports is not None:
            return Event(LINEARITY, wire, self.distributed(wire, ports), ports)
        moved = self.moved(wire)
        return None if moved is None or moved == wire else Event(ENTRYWISE, wire, moved)


class Normal:
    """Wires in normal form, each looked at once.

    Raises BudgetError past the budgets of the store and of the ring.
    """

    def __init__(self, axioms: Axioms) -> None:
        self.axioms = axioms
        self.store = axioms.store
        self.image: dict[int, int] = {}
        self.uses = 0

    def of(self, wires: Sequence[int]) -> tuple[int, ...]:
        """The normal forms of outputs."""
        for wire in wires:
            self._visit(wire)
        return tuple(self.axioms.summed(self.image[wire]) for wire in wires)

    def _visit(self, root: int) -> None:
        image, store = self.image, self.store
        # a wire, and the wire whose image it takes when that has one
        stack: list[tuple[int, int | None]] = [(root, None)]
        while stack:
            wire, same = stack[-1]
            if wire in image:
                stack.pop()
            elif same is not None:
                image[wire] = image[same]
                stack.pop()
            else:
                term = store.owner[wire]
                fresh = [w for w in term.ins if w not in image]
                if fresh:
                    stack += [(w, None) for w in reversed(fresh)]
                    continue
                here, then = self._settle(wire, term)
                if then is None:
                    image[wire] = image[here] = here
                    stack.pop()
                else:
                    stack[-1] = (wire, here)
                    stack += [(here, then), (then, None)]
                    self.uses += 1
                    if self.uses > store.budget:
                        raise BudgetError(f"axioms used more than {store.budget:,} times")

    def _settle(self, wire: int, term: Term) -> tuple[int, int | None]:
        """A wire whose box has inputs in normal form, and what an axiom makes of it."""
        store, axioms = self.store, self.axioms
        ins = [self.image[w] for w in term.ins]
        ring = axioms.ring.is_ring(term)
        if not ring:
            ins = [axioms.summed(w) for w in ins]
        here = store.again(term, ins)[wire - term.first] if term.ins else wire
        use = None if ring else axioms.used(here, store.owner[here])
        return here, None if use is None else use.after
