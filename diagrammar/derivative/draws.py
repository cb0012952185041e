"""Boxes that draw: a derivative takes a value where the diagram took it, so a draw stands once for both."""

from __future__ import annotations

from diagrammar.derivative.wiring import lay
from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.errors import DerivativeError


class Draws:
    """Which boxes draw, themselves or inside; each definition is looked at once."""

    __slots__ = ("_held", "_known")

    def __init__(self) -> None:
        # by identity, with the diagrams, which have to stay alive for that
        self._known: dict[int, bool] = {}
        self._held: list[Diagram] = []

    def inside(self, box: Box) -> bool:
        """Whether anything inside a box draws."""
        return any(self._of(inside) for inside in box.insides)

    def _of(self, diagram: Diagram) -> bool:
        if id(diagram) not in self._known:
            for level in definitions(diagram, lambda box: any(id(one) not in self._known for one in box.insides)):
                self._held.append(level)
                self._known[id(level)] = any(
                    "random" in box.kinds or any(self._known[id(one)] for one in box.insides) for box in level.boxes
                )
        return self._known[id(diagram)]

    def opened(self, diagram: Diagram) -> Diagram:
        """The diagram with its named boxes and marks laid open that draw inside: what they draw, they draw in this
        body, once for them and for their derivatives."""
        while any(map(self._opens, diagram.boxes)):
            flat = diagram.flat
            build = Builder(diagram.dom)
            at = dict(zip(flat.inputs, build.inputs, strict=True))
            for node in flat.nodes:
                ins = [at[wire] for wire in node.ins]
                box = node.box
                outs = lay(build, box.insides[0], ins) if self._opens(box) else build.add(box, ins)
                at.update(zip(node.outs, outs, strict=True))
            diagram = build.build([at[wire] for wire in flat.outputs], diagram.name)
        return diagram

    def _opens(self, box: Box) -> bool:
        return self.inside(box) and (box.is_mark or (box.key is not None and not _owns(box)))

    def refuse(self, box: Box) -> None:
        """Raises DerivativeError for a box that cannot be laid open and draws inside."""
        if self.inside(box):
            raise DerivativeError(
                f"`{box.name}` draws inside, and its derivative would draw again",
                box.span,
                hint="draw outside of it, and give it what is drawn as a wire",
            )


def _owns(box: Box) -> bool:
    # a key inside is told by the keyed box around it: laid open, a weight would have another path
    return any(
        inner.key is not None and not inner.insides for inside in box.insides for level in definitions(inside)
        for inner in level.boxes
    )  # fmt: skip
