"""Programs are run: a compiled diagram computes what its flat form does."""

from __future__ import annotations

import torch

import diagrammar as dg
from diagrammar.types import Field, Tensor

N, SIDE = 3, 8


def agree(diagram: dg.Diagram) -> None:
    """The module with frames and the one without give the same numbers, on a batch of two."""
    free = dict.fromkeys(_free(diagram), N)
    modules = [dg.compile(diagram, seed=0, dtype=torch.float64, flat=flat) for flat in (False, True)]
    draw = torch.Generator().manual_seed(0)
    inputs = [torch.rand((2, *_shape(wire, free)), generator=draw, dtype=torch.float64) for wire in diagram.dom]
    with torch.no_grad():
        one, two = (_listed(module(*inputs)) for module in modules)
    assert len(one) == len(two) == len(diagram.cod)
    for left, right, wire in zip(one, two, diagram.cod, strict=True):
        assert left.shape == (2, *_shape(wire, free))
        torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10, equal_nan=True)


def _free(diagram: dg.Diagram) -> list[str]:
    from diagrammar.divisibility import free_sizes

    return list(free_sizes(diagram))


def _shape(wire: object, free: dict[str, int]) -> list[int]:
    def size(value: object) -> int:
        return value if isinstance(value, int) else SIDE if "." in str(value) else free[str(value)]

    match wire:
        case Tensor():
            return [size(each) for each in wire.sizes]
        case Field():
            return [size(wire.channels), *map(size, wire.space.axes)]
        case _:
            raise AssertionError(wire)


def _listed(found: object) -> list[torch.Tensor]:
    return [found] if isinstance(found, torch.Tensor) else list(found)  # type: ignore[call-overload]  # a tuple
