"""The tangent and the cotangent of a diagram, box by box: forward mode along its wires, reverse mode against them.

For f : A -> B the tangent is jvp[f] : A @ TA -> TB and the cotangent vjp[f] : A @ TB -> TA (Cockett et al., 2020,
reverse derivative categories: D[f] and R[f]). A copy is a sum on the way back, a discard a zero. Both are linear in the
boxes of a level; what is inside a named box is done once for each set of active inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from diagrammar.box import Derivative
from diagrammar.derivative import combinators
from diagrammar.derivative.draws import Draws
from diagrammar.derivative.marks import opened
from diagrammar.derivative.pruning import Ownership, pruned
from diagrammar.derivative.wiring import lay, total, zero
from diagrammar.diagram import Box, Builder, Diagram, Node
from diagrammar.pause import pausing
from diagrammar.steps import Steps, run
from diagrammar.tangent import Mask, differentiable, has_tangent, tangents
from diagrammar.types import Type

STORED = frozenset({"store"})
# what is put in place for a box: a diagram, and whether it also gives the results of the box, first
Image = tuple[Diagram, bool]


class Rules(Protocol):
    """What declarations say of the derivatives of primitive boxes."""

    def jvp(self, box: Box, active: Mask) -> Diagram:
        """From the inputs of a box and tangents of the active ones to tangents of its differentiable outputs."""

    def vjp(self, box: Box, active: Mask) -> Diagram:
        """From the inputs of a box and cotangents of its differentiable outputs to cotangents of the active inputs."""


class Deriver:
    """Derivatives by these rules. What was derived once is known: the derivative of a diagram is one object."""

    __slots__ = ("_bodies", "_boxes", "_draws", "_ownership", "rules")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        # by identity, each with what must stay alive for that
        self._bodies: dict[tuple[str, int, Mask], tuple[Diagram, Diagram]] = {}
        self._ownership = Ownership()
        self._draws = Draws()
        self._boxes: dict[tuple[str, int, Mask], tuple[Box, Diagram]] = {}

    @pausing
    def jvp(self, diagram: Diagram, active: Mask | None = None) -> Diagram:
        """The tangent: from the inputs and the tangents of the active ones to tangents of the differentiable outputs.
        By default all inputs are active that can be."""
        result: Diagram = run(self.body("jvp", diagram, self._mask(diagram, active)))
        return result

    @pausing
    def vjp(self, diagram: Diagram, active: Mask | None = None) -> Diagram:
        """The cotangent: from the inputs and cotangents of the differentiable outputs to cotangents of the active
        inputs."""
        result: Diagram = run(self.body("vjp", diagram, self._mask(diagram, active)))
        return result

    @staticmethod
    def _mask(diagram: Diagram, active: Mask | None) -> Mask:
        known = differentiable(diagram.dom)
        if active is None:
            return known
        return tuple(on and able for on, able in zip(active, known, strict=True))

    def body(self, kind: str, diagram: Diagram, active: Mask) -> Steps:
        """The derivative of a body: `jvp`, `vjp`, or `both`, the diagram beside its tangent."""
        known = self._bodies.get((kind, id(diagram), active))
        if known is None:
            whole = self._draws.opened(diagram)
            if kind == "vjp":
                # an optic: what is inside `store` is done once, forward, and its cotangents read it there
                whole = opened(whole, STORED)
                made = yield _reverse(self, whole, active)
            else:
                made = yield _forward(self, whole, active, kind == "both")
            name = f"{diagram.name}_{kind}" if diagram.name and kind != "both" else ""
            made = pruned(made, self._ownership, name)
            known = self._bodies[kind, id(diagram), active] = (diagram, made)
        return known[1]

    def read(self, diagram: Diagram) -> Diagram:
        """A derivative that reads those of its inputs alone that matter to it."""
        return pruned(diagram, self._ownership, inputs=True)

    def image(self, kind: str, box: Box, active: Mask) -> Steps:
        """What stands for a box in a derivative: a diagram, and whether it gives the results of the box too."""
        self._draws.refuse(box)
        if box.insides and box.key is None:
            return (yield combinators.derivative(self, kind, box, active))
        known = self._boxes.get((kind, id(box), active))
        if known is None:
            if box.insides:
                inner = yield self.body(kind, box.insides[0], active)
            else:
                inner = self.rules.jvp(box, active) if kind == "jvp" else self.rules.vjp(box, active)
            # one box, or wires alone, say what they are; more are a derivative with a name
            plain = not box.insides and len(inner.flat.nodes) <= 1
            image = inner if plain or not inner.flat.nodes else _framed(kind, box, active, inner)
            known = self._boxes[kind, id(box), active] = (box, image)
        return known[1], False


def _framed(kind: str, box: Box, active: Mask, inner: Diagram) -> Diagram:
    """A derivative as a frame: of the same instance as the box, so that it owns the same weights."""
    frame = Box(
        f"{kind}[{box.name}]",
        tuple(inner.dom),
        tuple(inner.cod),
        origin=f"{kind}:{box.origin}",
        params=box.params,
        key=box.key or f"{kind}_{box.name}",
        insides=(inner,),
        span=box.span,
        derived=Derivative(kind, active, box),
    )
    return Diagram.of(frame)


# what a step of either mode is given: where the wires of the diagram are now
At = dict[int, int]


def _forward(deriver: Deriver, diagram: Diagram, active: Mask, both: bool) -> Steps:
    flat = diagram.flat
    build = Builder((*diagram.dom, *tangents(diagram.dom, active)))
    at: At = dict(zip(flat.inputs, build.inputs, strict=False))
    moving = [wire for wire, on in zip(flat.inputs, active, strict=True) if on]
    dot: At = dict(zip(moving, build.inputs[len(flat.inputs) :], strict=True))
    for node in flat.nodes:
        if node.box.origin == "next":
            continue
        mask = tuple(wire in dot for wire in node.ins)
        if not any(mask) or not any(map(has_tangent, node.box.cod)):
            _put(build, node, at)
            continue
        image, gives = yield deriver.image("jvp", node.box, mask)
        if not gives:
            _put(build, node, at)
        ins = [at[wire] for wire in node.ins] + [dot[wire] for wire, on in zip(node.ins, mask, strict=True) if on]
        ends = lay(build, image, ins)
        if gives:
            at.update(zip(node.outs, ends, strict=False))
            ends = ends[len(node.outs) :]
        dot.update(zip(_moving(flat.types, node.outs), ends, strict=True))
    dots = [dot[wire] if wire in dot else zero(build, flat.types[wire]) for wire in _moving(flat.types, flat.outputs)]
    return build.build([*(at[wire] for wire in flat.outputs), *dots] if both else dots)


def _reverse(deriver: Deriver, diagram: Diagram, active: Mask) -> Steps:
    flat = diagram.flat
    build = Builder((*diagram.dom, *tangents(diagram.cod)))
    at: At = dict(zip(flat.inputs, build.inputs, strict=False))
    seeds = list(build.inputs[len(flat.inputs) :])
    moving = {wire for wire, on in zip(flat.inputs, active, strict=True) if on}
    asked: list[tuple[Node, Mask]] = []
    for node in flat.nodes:
        if node.box.origin == "next":
            continue
        _put(build, node, at)
        mask = tuple(wire in moving for wire in node.ins)
        if any(mask):
            outs = _moving(flat.types, node.outs)
            moving.update(outs)
            if outs:
                asked.append((node, mask))
    # the cotangents that have come to a wire from those that read it
    parts: dict[int, list[int]] = {}
    for wire, seed in zip(_moving(flat.types, flat.outputs), seeds, strict=True):
        parts.setdefault(wire, []).append(seed)
    for node, mask in reversed(asked):
        outs = _moving(flat.types, node.outs)
        if not any(wire in parts for wire in outs):
            continue
        image, _ = yield deriver.image("vjp", node.box, mask)
        ins = [at[wire] for wire in node.ins] + [_summed(build, parts, wire, flat.types[wire]) for wire in outs]
        found = lay(build, image, ins)
        for wire, end in zip([w for w, on in zip(node.ins, mask, strict=True) if on], found, strict=True):
            parts.setdefault(wire, []).append(end)
    ends = [wire for wire, on in zip(flat.inputs, active, strict=True) if on]
    return build.build([_summed(build, parts, wire, flat.types[wire]) for wire in ends])


def _put(build: Builder, node: Node, at: At) -> None:
    at.update(zip(node.outs, build.add(node.box, [at[wire] for wire in node.ins]), strict=True))


def _moving(types: Sequence[Type], wires: Sequence[int]) -> list[int]:
    return [wire for wire in wires if has_tangent(types[wire])]


def _summed(build: Builder, parts: dict[int, list[int]], wire: int, what: Type) -> int:
    """The whole cotangent of a wire of the diagram: the sum over those that read it, zero where nobody does."""
    found = total(build, parts.get(wire, ()))
    return zero(build, what) if found is None else found
