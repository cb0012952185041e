"""Trains the network of training_step.dg by diagrams alone: torch computes, and differentiates nothing.

python examples/training_step.py              # 100 steps of each optimiser, the loss before and after
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

import diagrammar as dg

HERE = Path(__file__).resolve().parent
Tensors = list[torch.Tensor]


def batch(samples: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Points of the square, and sin(3 a) b at each."""
    draw = torch.Generator().manual_seed(1)
    x = 2 * torch.rand(samples, 2, generator=draw, dtype=torch.float64) - 1
    return x, (torch.sin(3 * x[:, :1]) * x[:, 1:])


def starting(module: dg.Module, seed: int = 0) -> Tensors:
    """The weights that the network starts with, in the order of `Weights[net]`."""
    state = dg.compile(module["net"], seed=seed, dtype=torch.float64).state_dict()
    return [state[path] for path in dg.weights(module["net"])]


def train(
    module: dg.Module, optimiser: str, weights: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor, steps: int
) -> Tensors:
    """The weights after so many steps of `sgd` or `adam`."""
    step = dg.compile(module[f"{optimiser}_step"], dtype=torch.float64)
    zeros = [torch.zeros_like(weight) for weight in weights]
    state = [*weights, *zeros] if optimiser == "sgd" else [*weights, *zeros, *zeros, torch.zeros((), dtype=x.dtype)]
    with torch.no_grad():
        for _ in range(steps):
            state = list(step(*state, x, y))
    return state[: len(weights)]


def main() -> None:
    """Prints the loss before and after 100 steps of each optimiser."""
    module = dg.load(HERE / "training_step.dg")
    loss = dg.compile(module["loss"], dtype=torch.float64)
    x, y = batch()
    for optimiser in ("sgd", "adam"):
        weights = starting(module)
        trained = train(module, optimiser, weights, x, y, 100)
        with torch.no_grad():
            print(f"{optimiser:5} loss {float(loss(*weights, x, y)):.4f} -> {float(loss(*trained, x, y)):.4f}")


if __name__ == "__main__":
    main()
