"""What the backward of a module keeps: the schedule that a user chose."""

from __future__ import annotations

from diagrammar.backends.torch.reverse import Reverse
from diagrammar.derivative import Deriver
from diagrammar.diagram import Diagram
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.errors import BackendError
from diagrammar.schedule import flattened, joint, split
from diagrammar.schedule.optic import recompute, store
from diagrammar.schedule.residuals import is_kept
from diagrammar.tangent import differentiable

# None, "store", "recompute", or the bytes that a training step may take
Memory = str | int | None


def reversed_by(diagram: Diagram, memory: Memory) -> Reverse | None:
    """The reverse mode of a diagram under a schedule; None for torch's own, and where nothing depends on a sample."""
    if memory is None or not diagram.dom:
        return None
    flat = flattened(diagram, is_kept)
    able = differentiable(flat.diagram.dom)
    frozen = (*(False for _ in range(flat.inputs)), *(_frozen(weight.box) for weight in flat.weights))
    active = tuple(on and not held for on, held in zip(able, frozen, strict=True))
    batched = tuple(at < flat.inputs for at in range(len(able)))
    made = joint(flat.diagram, active, batched, Deriver(DeclaredRules()))
    match memory:
        case "store":
            steps = store(made)
        case "recompute":
            steps = recompute(made)
        case _:
            raise BackendError(f'memory is "store", "recompute" or a number of bytes, not {memory!r}')
    return Reverse(flat, split(made, steps), active)


def _frozen(box: object) -> bool:
    where = box.param("where", ())  # type: ignore[attr-defined]
    return "frozen" in (where if isinstance(where, tuple) else (where,))
