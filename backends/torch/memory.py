"""What the backward of a module keeps: the schedule that a user chose."""

from __future__ import annotations

from diagrammar.derivative import Deriver
from diagrammar.diagram import Diagram
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.schedule.plan import Plan, plan

# None, "store", "recompute", or a plan that was made for a budget
Memory = str | Plan | None


def planned(diagram: Diagram, memory: Memory) -> Plan | None:
    """The reverse mode of a diagram under a schedule; None for torch's own, and where nothing depends on a sample."""
    if memory is None or not diagram.dom:
        return None
    return memory if isinstance(memory, Plan) else plan(diagram, memory, Deriver(DeclaredRules()))
