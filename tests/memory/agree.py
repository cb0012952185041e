"""A module with a backward of its own beside the plain one: the same results, the same gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from diagrammar.backends import torch as backend
from diagrammar.diagram import Diagram
from tests.backends.test_reference import generic
from tests.backends.test_std import as_tuple
from tests.backends.test_std import value as drawn

Tensors = Sequence[torch.Tensor]


def pair(diagram: Diagram, memory: Any, **options: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The plain module and the other one, in float64, with the same weights."""
    plain, own = (backend.compile(diagram, dtype=torch.float64, memory=each, **options) for each in (None, memory))
    generic(plain)
    own.load_state_dict(plain.state_dict())
    return plain, own


def inputs_of(diagram: Diagram, batch: tuple[int, ...]) -> list[torch.Tensor]:
    """Random inputs; numbers ask for gradients."""
    made = [drawn(wire, batch).detach() for wire in diagram.dom]
    return [x.requires_grad_(x.is_floating_point()) for x in made]


def grads(net: torch.nn.Module, inputs: Tensors) -> tuple[list[torch.Tensor], list[torch.Tensor | None]]:
    """Results, and the gradients of a fixed combination of them by inputs and weights."""
    outs = list(as_tuple(net(*inputs)))
    asked = [x for x in (*inputs, *net.parameters()) if x.requires_grad]
    draw = torch.Generator().manual_seed(5)
    ends = [y for y in outs if y.requires_grad]
    if not ends or not asked:
        return outs, []
    seeds = [torch.randn(y.shape, generator=draw, dtype=torch.float64) for y in ends]
    return outs, list(torch.autograd.grad(ends, asked, seeds, allow_unused=True))


def apart(one: torch.Tensor | None, other: torch.Tensor | None) -> float:
    """How far two gradients are apart, relative to the larger; none at all is zero."""
    if one is None or other is None or one.numel() == 0:
        left = next((x for x in (one, other) if x is not None), None)
        return 0.0 if left is None or left.numel() == 0 else float(left.abs().max())
    assert one.shape == other.shape
    assert torch.equal(torch.isfinite(one), torch.isfinite(other))
    one, other = (torch.nan_to_num(each, posinf=0.0, neginf=0.0) for each in (one, other))
    scale = max(float(one.abs().max()), float(other.abs().max()), 1e-3)
    return float((one - other).abs().max()) / scale


def agree(diagram: Diagram, memory: Any, batch: tuple[int, ...] = (2,), **options: Any) -> None:
    """Results to 1e-12, gradients to 1e-10."""
    plain, own = pair(diagram, memory, **options)
    inputs = inputs_of(diagram, batch)
    (a, da), (b, db) = grads(plain, inputs), grads(own, inputs)
    for one, other in zip(a, b, strict=True):
        assert one.requires_grad == other.requires_grad
        assert (
            torch.allclose(one, other, rtol=1e-12, atol=1e-12, equal_nan=True)
            if one.is_floating_point()
            else torch.equal(one, other)
        )
    for mine, theirs in zip(da, db, strict=True):
        assert apart(mine, theirs) < 1e-10
