"""The laws of this folder in numbers: those that are proved hold, those that must not be do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

import diagrammar as dg
from diagrammar.sizes import Size, evaluate
from diagrammar.types import Field, Tensor, Tokens, Type, shape_of, sizes_of
from tests.proof.laws import BEYOND, FALSE, TRUE, sides

# free sizes of the grids
GRID = {"X.0": 8, "X.1": 6}


def whole(size: Size) -> int:
    """A size as a number."""
    return int(evaluate(size, GRID))


def draw(wire: Type, generator: torch.Generator) -> torch.Tensor:
    """A random value of a wire, in a batch of two."""
    shape = (2, *(whole(size) for size in shape_of(wire)))
    match wire:
        case Tensor(kind="Bool"):
            return torch.rand(shape, generator=generator) < 0.5
        case Tokens():
            return torch.randint(whole(sizes_of(wire)[0]), shape, generator=generator)
        case Tensor() | Field():
            return torch.randn(shape, generator=generator, dtype=torch.float64)
        case _:
            raise AssertionError(wire)


def apart(law: tuple[str, str, str]) -> float:
    """How far apart the sides of a law are, as a part of their size."""
    left, right = sides(*law)
    generator = torch.Generator().manual_seed(5)
    inputs = [draw(wire, generator) for wire in left.dom]
    nets = (dg.compile(side, seed=3, dtype=torch.float64) for side in (left, right))
    with torch.no_grad():
        ends = [_wires(net(*inputs)) for net in nets]
    return max(float((x - y).norm() / (1 + x.norm() + y.norm())) for x, y in zip(*ends, strict=True))


def _wires(ends: object) -> Iterator[torch.Tensor]:
    found = ends if isinstance(ends, tuple) else (ends,)
    for one in found:
        assert isinstance(one, torch.Tensor)
        yield one


@pytest.mark.parametrize("law", [*TRUE, *BEYOND])
def test_true_laws_hold_in_numbers(law: str) -> None:
    """To rounding, in float64, with weights and inputs drawn at random."""
    assert apart({**TRUE, **BEYOND}[law]) < 1e-12


@pytest.mark.parametrize("law", FALSE)
def test_false_laws_fail_in_numbers(law: str) -> None:
    """So that no law here is false only in name."""
    assert not apart(FALSE[law]) < 1e-3
