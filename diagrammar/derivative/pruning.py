"""Boxes that nothing needs are taken out of a derivative, but for those that own what nothing else in it owns."""

from __future__ import annotations

from diagrammar.derivative.wiring import zero
from diagrammar.diagram import Box, Builder, Diagram, Flat, Node, definitions
from diagrammar.tangent import has_tangent
from diagrammar.types import Type

_OWNED = ("weight", "state")


class Ownership:
    """The keys in a body of what owns weights or states; each definition is looked at once."""

    __slots__ = ("_held", "_keys", "_owns")

    def __init__(self) -> None:
        # by identity, with the diagrams, which have to stay alive for that
        self._owns: dict[int, bool] = {}
        self._held: list[Diagram] = []
        self._keys: dict[int, frozenset[str]] = {}

    def keys(self, box: Box) -> set[str]:
        """The keys that a box brings into its body."""
        if box.origin in _OWNED or (box.key is not None and not box.insides and not box.origin.startswith("std:")):
            # a box that the caller binds may own anything
            return {box.key or ""}
        found: set[str] = set()
        if not box.insides:
            return found
        if box.key is not None:
            return {box.key} if self._inside(box.insides[0]) else found
        for inside in box.insides:
            found |= self._lifted(inside)
        return found

    def _lifted(self, diagram: Diagram) -> frozenset[str]:
        """The keys that a diagram brings into the body around the combinator that it is in."""
        if id(diagram) not in self._keys:
            for level in definitions(diagram, lambda box: box.key is None and not self._is_lifted(box)):
                self._held.append(level)
                keys: set[str] = set()
                for box in level.boxes:
                    if box.key is not None:
                        keys |= self.keys(box)
                    else:
                        keys = keys.union(*(self._keys[id(inside)] for inside in box.insides))
                self._keys[id(level)] = frozenset(keys)
        return self._keys[id(diagram)]

    def _is_lifted(self, box: Box) -> bool:
        return all(id(inside) in self._keys for inside in box.insides)

    def _inside(self, diagram: Diagram) -> bool:
        if id(diagram) not in self._owns:
            for level in definitions(diagram, lambda inner: not self._known(inner)):
                self._held.append(level)
                self._owns[id(level)] = any(
                    box.origin in _OWNED
                    or (not box.insides and box.key is not None)
                    or any(self._owns.get(id(inside), False) for inside in box.insides)
                    for box in level.boxes
                )
        return self._owns[id(diagram)]

    def _known(self, box: Box) -> bool:
        return all(id(inside) in self._owns for inside in box.insides)


def pruned(diagram: Diagram, ownership: Ownership, name: str = "", inputs: bool = False) -> Diagram:
    """The diagram without its dead boxes. A derivative owns the weights of what it is the derivative of, used or not,
    so that the paths of one are those of the other.

    What only goes where it does not matter is zero: the derivative of a linear box is the same everywhere, so nothing
    has to be computed to know where it is taken. `inputs`: inputs too are not read where they do not matter.
    """
    flat = diagram.flat
    keep, needed = _live(flat, ownership)
    spare = {
        wire
        for node, live in zip(flat.nodes, keep, strict=True)
        if live and node.box.derived is not None
        for wire, idle in zip(node.ins, _idle(node.box), strict=True)
        if idle and wire not in needed and has_tangent(flat.types[wire])
    }
    if not inputs:
        spare -= set(flat.inputs)
    if all(keep) and not spare:
        return diagram.named(name) if name else diagram
    build = Builder(diagram.dom)
    at = {wire: here for wire, here in zip(flat.inputs, build.inputs, strict=True) if wire not in spare}
    zeros: dict[Type, int] = {}
    for node, live in zip(flat.nodes, keep, strict=True):
        if not live:
            continue
        for wire in node.ins:
            if wire in spare and wire not in at:
                what = flat.types[wire]
                if what not in zeros:
                    zeros[what] = zero(build, what)
                at[wire] = zeros[what]
        at.update(zip(node.outs, build.add(node.box, [at[wire] for wire in node.ins]), strict=True))
    made = build.build(at[wire] for wire in flat.outputs)
    return made.named(name) if name else made


def _live(flat: Flat, ownership: Ownership) -> tuple[bytearray, set[int]]:
    """Which boxes are needed, or own what no box that is needed owns; and the wires that matter to them."""
    needed = set(flat.outputs)
    keep = bytearray(len(flat.nodes))
    held: set[str] = set()
    for at in range(len(flat.nodes) - 1, -1, -1):
        node = flat.nodes[at]
        if any(wire in needed for wire in node.outs):
            _need(node, needed)
            keep[at] = 1
            held |= ownership.keys(node.box)
    for at in range(len(flat.nodes) - 1, -1, -1):
        node = flat.nodes[at]
        if keep[at]:
            continue
        keys = ownership.keys(node.box)
        if any(wire in needed for wire in node.outs) or not keys <= held:
            _need(node, needed)
            held |= keys
            keep[at] = 1
    return keep, needed


def _need(node: Node, needed: set[int]) -> None:
    if node.box.derived is None:
        needed.update(node.ins)
        return
    for wire, what, idle in zip(node.ins, node.box.dom, _idle(node.box), strict=True):
        if not (idle and has_tangent(what)):
            needed.add(wire)


def _idle(box: Box) -> list[bool]:
    """Which inputs of a derivative its inside discards."""
    if box.derived is None or box.key is None:
        return [False] * len(box.dom)
    flat = box.insides[0].flat
    used = {wire for node in flat.nodes for wire in node.ins}.union(flat.outputs)
    return [wire not in used for wire in flat.inputs]
