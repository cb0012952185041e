"""A diagram with the schedule of its backward."""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.derivative import Deriver
from diagrammar.derivative.unwinding import written_out
from diagrammar.diagram import Diagram
from diagrammar.errors import DiagramValueError
from diagrammar.pause import pausing
from diagrammar.schedule.budget import within
from diagrammar.schedule.flattened import Flattened, Weight, flattened
from diagrammar.schedule.line import Work
from diagrammar.schedule.marked import marked
from diagrammar.schedule.optic import Optic, Step, split
from diagrammar.schedule.residuals import is_kept
from diagrammar.schedule.reverse import Joint, joint
from diagrammar.schedule.storage import Bytes, Measure
from diagrammar.tangent import differentiable


@dataclass(frozen=True)
class Plan:
    """The flat body of a diagram, its reverse pass, and the optic that a schedule makes of it."""

    flat: Flattened
    joint: Joint
    steps: tuple[Step, ...]
    optic: Optic


@dataclass(frozen=True)
class Figures:
    """What a schedule for a budget goes by: the sizes for which bytes are counted, and the work of each box."""

    measure: Measure
    work: Work


@pausing
def plan(
    diagram: Diagram, memory: str | int, deriver: Deriver, figures: Figures | None = None, inputs: bool = True
) -> Plan:
    """The plan of a diagram: "store" keeps what the backward reads, "recompute" nothing, and a number of bytes is the
    most that may live at once, with the least work that this allows by `figures`. `inputs`: whether inputs have
    gradients too.

    Raises DerivativeError for a box that cannot be computed again, DiagramValueError where a budget is too small.
    """
    flat = flattened(written_out(diagram), is_kept)
    able = differentiable(flat.diagram.dom)
    held = (*(not inputs for _ in range(flat.inputs)), *(_frozen(weight) for weight in flat.weights))
    active = tuple(on and not frozen for on, frozen in zip(able, held, strict=True))
    made = joint(flat.diagram, active, tuple(at < flat.inputs for at in range(len(able))), deriver)
    match memory:
        case "store" | "recompute":
            steps = marked(made, flat, memory)
        case int() if not isinstance(memory, bool) and figures is not None:
            steps, optic = within(
                made, memory, Bytes(made, figures.measure), figures.work, flat.marks, flat.regions
            )  # fmt: skip
            return Plan(flat, made, tuple(steps), optic)
        case _:
            raise DiagramValueError(f'memory is "store", "recompute" or a number of bytes, not {memory!r}')
    return Plan(flat, made, tuple(steps), split(made, steps))


def _frozen(weight: Weight) -> bool:
    where = weight.box.param("where", ())
    return "frozen" in (where if isinstance(where, tuple) else (where,))
