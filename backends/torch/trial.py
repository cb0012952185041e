"""Both sides of a law as modules, and what they give on one case: the numbers that a law is judged by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from diagrammar.backends import torch as backend
from diagrammar.diagram import Diagram, definitions
from diagrammar.law import Sides
from diagrammar.types import Type

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Gap:
    """How far the sides are apart: `defect` is the largest difference against the law, relative to `scale`, the largest
    number in sight; `wire` and `at` say where; `batched` that it is no difference of the sides: a sample differs from
    itself in a batch, or a box of batches is not alike for a batch in another order, taken twice."""

    defect: float
    scale: float
    wire: int
    at: tuple[int, ...]
    left: Tensors
    right: Tensors
    batched: bool = False


class Trial:
    """The two sides of a law in float64 (or another `dtype`), in evaluation mode, ready for cases.

    Weights of one path are one weight. `boxes` binds boxes without a body; modules given there keep their weights.
    """

    def __init__(self, sides: Sides, boxes: Mapping[str, Any] | None = None, dtype: torch.dtype | None = None) -> None:
        self.sides = sides
        self.dtype = dtype or torch.float64
        fixed = {id(each) for box in (boxes or {}).values() if isinstance(box, nn.Module) for each in _tensors(box)}
        self.modules = tuple(
            backend.compile(side, dtype=self.dtype, boxes=boxes, conditions=sides.conditions).eval()
            for side in (sides.left, sides.right)
        )
        self.weights: dict[str, list[torch.Tensor]] = {}
        self.buffers = {name for module in self.modules for name, _ in module.named_buffers()}
        for module in self.modules:
            for name, each in module.state_dict(keep_vars=True).items():
                if each.is_floating_point() and id(each) not in fixed:
                    self.weights.setdefault(name, []).append(each.detach())
        levels = [level for side in (sides.left, sides.right) for level in definitions(side)]
        kinds = {kind for level in levels for box in level.boxes for kind in box.kinds}
        self.random = "random" in kinds
        self.stateful = "state" in kinds
        self.pooled = "batch" in kinds
        self.inputs: tuple[Type, ...] = tuple(sides.left.dom)

    @torch.no_grad()
    def set(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Puts these weights into both sides."""
        for name, places in self.weights.items():
            for place in places:
                place.copy_(weights[name])

    def gap(self, inputs: Sequence[torch.Tensor], seed: int = 0) -> Gap:
        """The sides on inputs with one batch axis. Raises what a side raises."""
        with torch.no_grad():
            left, right = (self._run(module, inputs, seed) for module in self.modules)
            numbers = [*inputs, *(places[0] for places in self.weights.values())]
            found = measure(left, right, self.sides.relation, numbers)
            if self.random or self.stateful or found.defect > 0.5 or not inputs:
                return found
            other = _again(inputs) if self.pooled else [each[:1] for each in inputs]
            for module, values in zip(self.modules, (left, right), strict=True):
                found = max(found, self._against(module, values, other, len(inputs[0]), numbers, seed), key=_defect)
        return found

    def _against(
        self, module: nn.Module, values: Tensors, other: Sequence[torch.Tensor], batch: int, numbers: Any, seed: int
    ) -> Gap:
        """What a module gave, against what it gives for other batches of the same samples, now with gradients kept: one
        of them alone; where boxes see the batch as a whole, the batch from its end and then once more."""
        with torch.enable_grad():
            found = tuple(each.detach() for each in self._run(module, other, seed))
        if self.pooled:
            pairs = [(_again([a])[0] if a.shape != b.shape else a, b) for a, b in zip(values, found, strict=True)]
        elif any(value.shape[:1] != (batch,) for value in values):
            pairs = []
        else:
            pairs = [(a[:1], b) for a, b in zip(values, found, strict=True)]
        apart = measure([a for a, _ in pairs], [b for _, b in pairs], "==", numbers)
        return replace(apart, batched=True)

    def _run(self, module: nn.Module, inputs: Sequence[torch.Tensor], seed: int) -> Tensors:
        state = {name: each.clone() for name, each in module.named_buffers()} if self.stateful else {}
        if self.random:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                out = module(*inputs)
        else:
            out = module(*inputs)
        for name, each in state.items():
            module.get_buffer(name).copy_(each)
        return out if isinstance(out, tuple) else (out,)


def _again(wires: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Batches in which each sample stands twice."""
    return [torch.cat((each.flip(0), each)) for each in wires]


def _defect(gap: Gap) -> float:
    return gap.defect


def _tensors(module: nn.Module) -> list[torch.Tensor]:
    return [*module.parameters(), *module.buffers()]


def measure(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor], relation: str, numbers: Any = ()) -> Gap:
    """The largest difference of two bundles against a relation, relative to the largest number in them or in `numbers`.

    One of two values may lack a batch axis that it does not depend on. Numbers that are infinite or undefined on both
    sides in the same way agree; on one side alone they are infinitely far apart.
    """
    scale = 0.0
    for each in (*left, *right, *numbers):
        scale = max(scale, _largest(each))
    worst, wire = 0.0, 0
    at: tuple[int, ...] = ()
    for k, (a, b) in enumerate(zip(left, right, strict=True)):
        gaps = _gaps(a, b, relation)
        if gaps.numel() == 0:
            continue
        largest = float(gaps.max())
        if largest > worst:
            worst, wire = largest, k
            at = tuple(int(n) for n in torch.unravel_index(gaps.argmax(), gaps.shape))
    defect = worst / scale if scale > 0 and math.isfinite(worst) else worst
    return Gap(defect, scale, wire, at, tuple(left), tuple(right))


def _largest(value: torch.Tensor) -> float:
    if not value.is_floating_point() or value.numel() == 0:
        return 0.0
    low, high = value.aminmax()
    found = max(-float(low), float(high))
    if math.isfinite(found):
        return found
    finite = value[torch.isfinite(value)]
    return float(finite.abs().max()) if finite.numel() else 0.0


def _gaps(a: torch.Tensor, b: torch.Tensor, relation: str) -> torch.Tensor:
    if not a.is_floating_point():
        wrong = {"==": a != b, "<=": a > b, ">=": a < b}[relation]
        return wrong.double() * math.inf if wrong.any() else wrong.double()
    gaps = apart(a, b, relation).abs()
    if bool(torch.isfinite(gaps).all()):
        return gaps
    alike = (a == b) | (a.isnan() & b.isnan())
    return torch.where(alike, 0.0, torch.where(torch.isfinite(gaps), gaps, math.inf))


def apart(a: torch.Tensor, b: torch.Tensor, relation: str) -> torch.Tensor:
    """By how much two values break a relation, entry by entry."""
    match relation:
        case "==":
            return a - b
        case "<=":
            return (a - b).clamp(min=0)
        case _:
            return (b - a).clamp(min=0)


def called_with(module: nn.Module, weights: Mapping[str, torch.Tensor], inputs: Sequence[torch.Tensor]) -> Tensors:
    """What a module gives with these weights in place of its own, differentiable in them."""
    out = torch.func.functional_call(module, dict(weights), tuple(inputs))
    return out if isinstance(out, tuple) else (out,)


def defect(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor], relation: str) -> torch.Tensor:
    """The mean square by which two bundles break a relation, relative to their mean square: differentiable, 0 where the
    law holds."""
    total = left[0].new_zeros(())
    size = left[0].new_zeros(())
    for a, b in zip(left, right, strict=True):
        total = total + apart(a, b, relation).square().sum()
        size = size + a.square().sum() / 2 + b.square().sum() / 2
    return total / size.clamp(min=torch.finfo(total.dtype).tiny)


def values(
    diagram: Diagram,
    conditions: Any,
    boxes: Mapping[str, Any] | None,
    dtype: torch.dtype,
    weights: Mapping[str, torch.Tensor],
    inputs: Sequence[torch.Tensor],
) -> Tensors:
    """What a diagram gives with these weights."""
    module = backend.compile(diagram, dtype=dtype, boxes=boxes, conditions=conditions).eval()
    with torch.no_grad():
        for name, place in module.state_dict(keep_vars=True).items():
            if name in weights:
                place.copy_(weights[name])
        out = module(*inputs)
    return out if isinstance(out, tuple) else (out,)


def matches(value: torch.Tensor, others: Sequence[torch.Tensor], tolerance: float) -> bool:
    """Whether one of the others is this value, up to a relative tolerance."""
    return any(
        other.shape == value.shape
        and other.dtype == value.dtype
        and measure([value], [other], "==").defect <= max(tolerance, 1e-12)
        for other in others
    )
