"""Checks a proof step by step, from its data alone.

A step is right when its context, filled with what was before, is the diagram so far; when what is after follows from
what was before by the rule that it names; and the next diagram is the context filled with what is after. Diagrams are
compared by their exact cartesian form, in which equal keys are one instance. Rules are tried on the filler alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from diagrammar.diagram import Diagram, definitions
from diagrammar.equality import Canonical, cartesian
from diagrammar.proof.derivation import EQUATION, Step, one_output, plugged
from diagrammar.proof.equation import Equation
from diagrammar.proof.kinds import every
from diagrammar.proof.normal import ARITHMETIC, ENTRYWISE, LINEARITY, Axioms
from diagrammar.proof.terms import Store, is_pure
from diagrammar.sizes import Poly, Size
from diagrammar.types import sizes_of


def form(diagram: Diagram) -> Canonical:
    """What diagrams are compared by."""
    return cartesian(diagram, exact=True)


def leads(left: Diagram, right: Diagram, steps: Sequence[Step], equations: Sequence[Equation]) -> bool:
    """Whether right steps lead from one diagram to the other."""
    known = {equation.name: equation for equation in equations}
    if len(known) != len(equations) or (steps and not (is_pure(left) and is_pure(right))):
        return False
    here = form(left)
    for step in steps:
        if form(plugged(step.context, step.before)) != here or not holds(step, known.get(step.name)):
            return False
        here = form(plugged(step.context, step.after))
    return here == form(right)


def holds(step: Step, equation: Equation | None = None) -> bool:
    """Whether what is after a step follows from what was before by its rule."""
    before, after = (step.before, step.after) if step.forward else (step.after, step.before)
    if before.dom != after.dom or before.cod != after.cod or len(before.cod) != 1:
        return False
    if step.rule == EQUATION:
        return equation is not None and _is_instance(step, equation)
    axioms = Axioms(Store())
    store, ring = axioms.store, axioms.ring
    wires = store.inputs(tuple(before.dom), "hole")
    (start,), (end,) = store.load(before, wires, closed=every), store.load(after, wires, closed=every)
    term = store.owner[start]
    if step.rule == LINEARITY:
        ports = step.ports
        groups = axioms.kinds.groups(term)
        within = ports and all(0 <= port < len(term.ins) for port in ports)
        inside = within and term.box.is_frame and axioms.kinds.linear(term.bodies[0], ports)
        if not (ports in groups or inside):
            return False
        start = axioms.distributed(start, ports)
    elif step.rule == ENTRYWISE:
        moved = axioms.moved(start)
        if moved is None:
            return False
        start = moved
    elif step.rule != ARITHMETIC:
        return False
    return start == end or ring.value(start) == ring.value(end)


def _is_instance(step: Step, equation: Equation) -> bool:
    """Whether both fillers are the sides of an instance of an equation."""
    kinds = [[(kind, dim) for kind, dim, _ in base] for pair in step.instance.spaces for base in pair]
    if kinds[::2] != kinds[1::2]:
        return False
    for filler, forward in ((step.before, step.forward), (step.after, not step.forward)):
        side = equation.at(forward, step.instance)
        if any(not isinstance(size, Poly) and Fraction(size).denominator != 1 for size in _sizes(side)):
            return False
        if not 0 <= step.output < len(side.cod) or form(filler) != form(one_output(side, step.output)):
            return False
    return True


def _sizes(diagram: Diagram) -> Iterator[Size]:
    """The sizes of all wires, inside too."""
    return (size for level in definitions(diagram) for wire in level.flat.types for size in sizes_of(wire))


def merged(steps: Sequence[Step]) -> list[Step]:
    """The steps with what arithmetic does at one place in several of them done in one."""
    result: list[Step] = []
    for step in steps:
        last = result[-1] if result else None
        if last is not None and last.rule == step.rule == ARITHMETIC and form(last.context) == form(step.context):
            result[-1] = last._replace(after=step.after, shown=(last.shown[0], step.shown[1]))
        else:
            result.append(step)
    return result
