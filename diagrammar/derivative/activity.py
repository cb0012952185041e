"""Which boxes of a diagram have to do with a derivative, and what each of them does backward, all of its inputs told.

The linear pass decides this on the way; a functor is told of one box at a time, so it is decided beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagrammar.derivative.pruning import Ownership
from diagrammar.derivative.wiring import lay, zero
from diagrammar.diagram import Box, Builder, Diagram, Flat, Node
from diagrammar.steps import run
from diagrammar.tangent import Mask, has_tangent, tangents

if TYPE_CHECKING:
    from diagrammar.derivative.deriver import Deriver


class Activity:
    """A diagram in which each box is an object of its own, and what each of them does backward.

    `diagram` has no dead boxes, but for those that own weights, and nothing that sets states. `back(box)` is the
    reverse derivative of a box, `A @ TB -> TA`: zero for inputs that no input of the diagram moves, and zero altogether
    where nothing asks for the box.
    """

    __slots__ = ("_active", "_backs", "_deriver", "diagram")

    def __init__(self, deriver: Deriver, diagram: Diagram) -> None:
        flat = diagram.flat
        owned = Ownership()
        alive = [Node(_again(node.box), node.ins, node.outs) for node in _alive(flat, owned)]
        self._deriver = deriver
        self._active = dict(_active(flat, alive))
        self._backs: dict[int, Diagram] = {}
        self.diagram = Diagram(Flat(flat.types, flat.inputs, alive, flat.outputs), diagram.name, diagram.origin)

    def back(self, box: Box) -> Diagram:
        """The reverse derivative of a box of the diagram."""
        if id(box) not in self._backs:
            self._backs[id(box)] = self._back(box)
        return self._backs[id(box)]

    def _back(self, box: Box) -> Diagram:
        build = Builder((*box.dom, *tangents(box.cod)))
        mask = self._active.get(id(box), ())
        found: Iterator[int] = iter(())
        if any(mask):
            image, _ = run(self._deriver.image("vjp", box, mask))
            found = iter(lay(build, image, build.inputs))
        ends = []
        for at, wire in enumerate(box.dom):
            if has_tangent(wire):
                ends.append(next(found) if mask and mask[at] else zero(build, wire))
        return build.build(ends)


def _again(box: Box) -> Box:
    """The same box as another object."""
    again = box.with_()
    again.derived = box.derived
    return again


def _alive(flat: Flat, owned: Ownership) -> list[Node]:
    needed = set(flat.outputs)
    alive = []
    for node in reversed(flat.nodes):
        if node.box.origin == "next":
            continue
        if not needed.isdisjoint(node.outs) or owned.keys(node.box):
            alive.append(node)
            needed.update(node.ins)
    return alive[::-1]


def _active(flat: Flat, nodes: list[Node]) -> Iterator[tuple[int, Mask]]:
    """The boxes that a tangent goes through on its way to an output, and by which inputs."""
    moving = {wire for wire in flat.inputs if has_tangent(flat.types[wire])}
    masks: list[Mask] = []
    for node in nodes:
        mask = tuple(wire in moving for wire in node.ins)
        masks.append(mask)
        if any(mask):
            moving.update(wire for wire in node.outs if has_tangent(flat.types[wire]))
    asked = {wire for wire in flat.outputs if has_tangent(flat.types[wire])}
    for node, mask in zip(reversed(nodes), reversed(masks), strict=True):
        if any(mask) and any(wire in asked and has_tangent(flat.types[wire]) for wire in node.outs):
            asked.update(wire for wire, on in zip(node.ins, mask, strict=True) if on)
            yield id(node.box), mask
