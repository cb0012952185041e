"""Where the two sides of a refuted law part: the first box of each side that makes of wires which both sides have one
that only its own side has."""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.backends.torch.trial import matches, values
from diagrammar.box import Box, Flat
from diagrammar.diagram import Diagram
from diagrammar.errors import DiagrammarError
from diagrammar.laws.subject import Case, Subject


@dataclass(frozen=True)
class Parting:
    """The box of each side at which it leaves the other; None where a side has only wires that the other has too."""

    left: Box | None
    right: Box | None

    def lines(self) -> list[str]:
        """For a report."""
        parts = [f"{word} at {_named(box)}" for word, box in (("left", self.left), ("right", self.right)) if box]
        return [f"the sides part: {', '.join(parts)}"] if parts else []


def _named(box: Box) -> str:
    place = f" ({str(box.span).rpartition('/')[2]})" if box.span is not None else ""
    return f"`{box.name}`{place}"


def parting(subject: Subject, case: Case, tolerance: float) -> Parting | None:
    """Where the sides part in a case; None where the wires inside cannot be looked at."""
    made, inputs, weights = subject.numbers(case)
    sides = (made.sides.left, made.sides.right)
    try:
        seen = [
            values(_open(side), made.sides.conditions, subject.boxes, made.dtype, weights, inputs) for side in sides
        ]
    except (DiagrammarError, RuntimeError, ValueError, KeyError):
        return None
    found = []
    for k, side in enumerate(sides):
        others = seen[1 - k]
        mine = dict(zip(range(len(side.flat.types)), seen[k], strict=True))
        common = set(side.flat.inputs)
        parted: Box | None = None
        for node in side.flat.nodes:
            if all(matches(mine[out], others, tolerance) for out in node.outs):
                common.update(node.outs)
            elif common.issuperset(node.ins):
                parted = node.box
                break
        found.append(parted)
    return Parting(found[0], found[1])


def _open(side: Diagram) -> Diagram:
    """The side with every wire as an output."""
    flat = side.flat
    return Diagram(Flat(flat.types, flat.inputs, flat.nodes, tuple(range(len(flat.types)))))
