"""Derivations: one term made of another by axioms and equations, one place after the other.

A step is a context with a hole, and what is in the hole before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from diagrammar.diagram import Builder, Diagram, Flat
from diagrammar.errors import BudgetError
from diagrammar.proof.equation import Equation, Instance
from diagrammar.proof.kinds import Ports
from diagrammar.proof.normal import ARITHMETIC, ENTRYWISE, LINEARITY, Axioms, Event
from diagrammar.proof.show import expression
from diagrammar.proof.terms import HOLE, Store, Term
from diagrammar.source import Span

EQUATION = "equation"


class Step(NamedTuple):
    """A step of a proof: in `context`, where its hole is, `before` becomes `after`.

    `rule` is `arithmetic`, `linearity`, `entry by entry` or `equation`; `name` is that of the equation, or of the box
    that is linear or that moves entries; `forward` says whether the rule is read from left to right. `ports` are the
    inputs in which the box is linear; `output` is that of the equation, whose inputs the hole takes, and `instance` its
    sizes. `span` is the place in the text. `shown` is what is before and after, as expressions.
    """

    rule: str
    name: str
    context: Diagram
    before: Diagram
    after: Diagram
    shown: tuple[str, str]
    span: Span | None
    forward: bool = True
    ports: Ports = ()
    output: int = 0
    instance: Instance = Instance()

    @property
    def direction(self) -> str:
        """`->` where the rule is read from left to right, else `<-`."""
        return "->" if self.forward else "<-"

    @property
    def reason(self) -> str:
        """Why the step holds: `linearity of fourier`."""
        if self.rule == LINEARITY:
            return f"linearity of {self.name}"
        if self.rule == ENTRYWISE:
            return f"{self.name} moves entries"
        if self.rule == EQUATION:
            return self.name if self.forward else f"{self.name}, from right to left"
        return self.rule

    def reversed(self) -> Step:
        """The step back."""
        return self._replace(
            before=self.after, after=self.before, shown=(self.shown[1], self.shown[0]), forward=not self.forward
        )

    def __repr__(self) -> str:
        return f"<{self.shown[0]} = {self.shown[1]} by {self.reason}>"


def plugged(context: Diagram, filler: Diagram) -> Diagram:
    """The context with a diagram in its hole."""
    flat = context.flat
    build = Builder([flat.types[w] for w in flat.inputs])
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    for node in flat.nodes:
        ins = [at[w] for w in node.ins]
        if node.box.origin != HOLE:
            at.update(zip(node.outs, build.add(node.box, ins), strict=True))
            continue
        inner = filler.flat
        inside = dict(zip(inner.inputs, ins, strict=True))
        for deep in inner.nodes:
            inside.update(zip(deep.outs, build.add(deep.box, [inside[w] for w in deep.ins]), strict=True))
        at.update(zip(node.outs, [inside[w] for w in inner.outputs], strict=True))
    return build.build([at[w] for w in flat.outputs])


def one_output(diagram: Diagram, output: int) -> Diagram:
    """The diagram with one of its outputs alone."""
    flat = diagram.flat
    return Diagram(Flat(flat.types, flat.inputs, flat.nodes, (flat.outputs[output],)))


class Use(NamedTuple):
    """An equation used in a store: one output of it, on these wires."""

    equation: Equation
    forward: bool
    output: int
    wires: tuple[int, ...]
    instance: Instance


class Writer:
    """Writes the steps from one state to another; a state is the outputs of a diagram. `inputs` are its inputs."""

    def __init__(self, axioms: Axioms, inputs: tuple[int, ...], names: Sequence[str], most: int) -> None:
        self.axioms = axioms
        self.store: Store = axioms.store
        self.inputs = inputs
        self.names = dict(zip(inputs, names, strict=False))
        self.most = most
        self.written = 0

    def normalised(self, state: tuple[int, ...]) -> tuple[list[Step], tuple[int, ...]]:
        """The steps to the normal form, and the normal form. Raises BudgetError past the budget of steps."""
        steps: list[Step] = []
        done: set[int] = set()
        while (found := self.axioms.first(state, done)) is not None:
            steps.append(self._axiom(state, found))
            state = self.store.rebuilt(state, {found.before: found.after})
        return steps, state

    def used(self, state: tuple[int, ...], before: int, after: int, use: Use) -> Step:
        """The step that an equation is."""
        self._count()
        context = self.store.diagram(state, self.inputs, (before, use.wires))
        first, second = (
            one_output(use.equation.at(forward, use.instance), use.output) for forward in (use.forward, not use.forward)
        )
        shown = expression(self.store, before, self.names), expression(self.store, after, self.names)
        span = self.store.owner[before].box.span
        name, forward = use.equation.name, use.forward
        return Step(EQUATION, name, context, first, second, shown, span, forward, (), use.output, use.instance)

    def _axiom(self, state: tuple[int, ...], use: Event) -> Step:
        store, ring = self.store, self.axioms.ring
        rule, before, after, ports = use
        term = store.owner[before]
        name = term.box.name
        cut: list[int] = []
        if rule == ARITHMETIC:
            cut, name = ring.leaves((before, after)), ""
        elif rule == LINEARITY:
            for port, wire in enumerate(term.ins):
                cut += self._parts(wire) if port in ports else [wire]
        else:
            # a box that acts entry by entry, or a product
            inner = store.owner[term.ins[0]]
            cut = ring.leaves(term.ins) if inner.box.origin == "std:mul" else list(inner.ins)
        if rule != ARITHMETIC:
            cut = self._opened(term, cut)
        return self._step(state, before, after, sorted(set(cut)), rule, name)._replace(ports=ports)

    def _opened(self, term: Term, cut: Sequence[int]) -> list[int]:
        """Wires from which a box and what becomes of it are made: not those that the same box makes of others, since in
        f(x + f(x)) = f(x) + f(f(x)) there is one f(x) on both sides."""
        found: list[int] = []
        stack = list(cut)
        while stack:
            wire = stack.pop()
            other = self.store.owner[wire]
            same = len(other.ins) == len(term.ins) and self.store.again(term, other.ins).start == other.first
            if same and other.ins:
                stack += other.ins
            else:
                found.append(wire)
        return found

    def _parts(self, wire: int) -> list[int]:
        """The tensors and the scalars that a sum is made of."""
        ring, kind = self.axioms.ring, self.store.types[wire]
        found: list[int] = []
        for monomial in ring.value(wire):
            scalars, tensors = ring.parts(monomial, kind)
            product = ring.product(tensors)
            found += scalars if product is None else [*scalars, product]
        return found

    def _count(self) -> None:
        self.written += 1
        if self.written > self.most:
            raise BudgetError(f"more than {self.most:,} steps")

    def _step(self, state: tuple[int, ...], before: int, after: int, cut: Sequence[int], rule: str, name: str) -> Step:
        self._count()
        store = self.store
        context = store.diagram(state, self.inputs, (before, cut))
        first, second = store.diagram((before,), cut), store.diagram((after,), cut)
        shown = expression(store, before, self.names), expression(store, after, self.names)
        return Step(rule, name, context, first, second, shown, store.owner[before].box.span)
