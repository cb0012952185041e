"""What a training step keeps and what it computes again: schedules for diagrams, by the figures of the cost backend."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from diagrammar.backends.cost import cost
from diagrammar.backends.cost.boxes import value
from diagrammar.derivative import Deriver
from diagrammar.diagram import Box, Diagram
from diagrammar.divisibility import named_sizes
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.schedule.plan import Figures, Plan, plan
from diagrammar.schedule.storage import Measure

# a number that is read or written takes as long as so many operations: products run at the speed of the processor,
# what is done entry by entry at that of memory
MOVED = 16


def planned(
    diagram: Diagram,
    memory: str | int,
    *,
    at: Mapping[str, int] | None = None,
    batch: int = 1,
    bytes_per_number: int = 4,
    inputs: bool = True,
) -> Plan:
    """The plan of a diagram: what the forward keeps, and the order of the backward.

    A number of bytes is for a batch of so many samples, at sizes `at`. Raises DiagramValueError where a size is missing
    that bytes depend on, or where nothing fits.
    """
    return plan(
        diagram, memory, Deriver(DeclaredRules()), figures(diagram, at or {}, batch, bytes_per_number), inputs
    )  # fmt: skip


def figures(diagram: Diagram, at: Mapping[str, int], batch: int, width: int) -> Figures:
    """The bytes and the work of boxes at these sizes."""
    measure = Measure(named_sizes(diagram, at), batch, width)
    known: dict[int, tuple[Box, float]] = {}

    def work(box: Box) -> float:
        if id(box) not in known:
            known[id(box)] = (box, flops(box, measure) + MOVED * _moved(box, measure))
        return known[id(box)][1]

    return Figures(measure, work)


def flops(box: Box, measure: Measure) -> int:
    """The operations of a forward box for a batch."""
    of = box.derived.of if box.derived is not None else box
    return ceil(value(cost(Diagram.of(of), batch=measure.batch).flops, dict(measure.sizes)))  # type: ignore[arg-type]  # a number at these sizes


def _moved(box: Box, measure: Measure) -> float:
    return sum(measure.bytes_of(wire, True) for wire in (*box.dom, *box.cod)) / measure.width
