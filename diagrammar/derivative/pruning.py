"""Boxes that nothing needs are taken out of a derivative, but for those that own what nothing else in it owns."""

from __future__ import annotations

from diagrammar.diagram import Box, Diagram, Flat, definitions

_OWNED = ("weight", "state")


class Ownership:
    """The keys in a body of what owns weights or states; each definition is looked at once."""

    __slots__ = ("_held", "_owns")

    def __init__(self) -> None:
        # by identity, with the diagrams, which have to stay alive for that
        self._owns: dict[int, bool] = {}
        self._held: list[Diagram] = []

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
            for level in definitions(inside, lambda inner: inner.key is None):
                for inner in level.boxes:
                    if inner.key is not None:
                        found |= self.keys(inner)
        return found

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


def pruned(diagram: Diagram, ownership: Ownership, name: str = "") -> Diagram:
    """The diagram without its dead boxes. A derivative owns the weights of what it is the derivative of, used or not,
    so that the paths of one are those of the other."""
    flat = diagram.flat
    needed = set(flat.outputs)
    keep = bytearray(len(flat.nodes))
    held: set[str] = set()
    for at in range(len(flat.nodes) - 1, -1, -1):
        node = flat.nodes[at]
        if any(wire in needed for wire in node.outs):
            needed.update(node.ins)
            keep[at] = 1
            held |= ownership.keys(node.box)
    for at in range(len(flat.nodes) - 1, -1, -1):
        node = flat.nodes[at]
        if keep[at]:
            continue
        keys = ownership.keys(node.box)
        if any(wire in needed for wire in node.outs) or not keys <= held:
            needed.update(node.ins)
            held |= keys
            keep[at] = 1
    if all(keep):
        return diagram.named(name) if name else diagram
    nodes = [node for node, live in zip(flat.nodes, keep, strict=True) if live]
    return Diagram(Flat(flat.types, flat.inputs, nodes, flat.outputs), name)
