"""Solves Poisson's equation on the square by pinn.dg, with steps that are diagrams, and compares with the solution.

python examples/pinn.py              # half a minute on one core
"""

from __future__ import annotations

from pathlib import Path

import torch

import diagrammar as dg

HERE = Path(__file__).resolve().parent


def points(count: int) -> torch.Tensor:
    """The middles of count x count cells of the unit square."""
    at = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.cartesian_prod(at, at)


def error(module: dg.Module, weights: list[torch.Tensor]) -> float:
    """The relative L2 error of u on a finer grid than the one it was trained on."""
    x = points(50)
    with torch.no_grad():
        found = dg.compile(dg.open(module["u"]), dtype=torch.float64)(*weights, x)
        right = dg.compile(module["exact"], dtype=torch.float64)(x)
    return float((found - right).norm() / right.norm())


def solve(steps: int = 800, samples: int = 10, seed: int = 0) -> tuple[float, float]:
    """Trains; gives the error of the solution before and after."""
    module = dg.load(HERE / "pinn.dg")
    state = dg.compile(module["u"], seed=seed, dtype=torch.float64).state_dict()
    weights = [state[path] for path in dg.weights(module["u"])]
    before = error(module, weights)
    step = dg.compile(module["step"], dtype=torch.float64)
    zeros = [torch.zeros_like(weight) for weight in weights]
    now = [*weights, *zeros, *zeros, torch.zeros((), dtype=torch.float64)]
    x = points(samples)
    with torch.no_grad():
        for _ in range(steps):
            now = list(step(*now, x))
    return before, error(module, now[: len(weights)])


def main() -> None:
    """Prints the error before and after."""
    before, after = solve()
    print(f"relative error of the solution: {before:.1%} -> {after:.2%}")


if __name__ == "__main__":
    main()
