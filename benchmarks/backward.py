"""Forward and backward of modules that have a backward of their own, beside torch's reverse mode on the same forward."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

import diagrammar as dg
from diagrammar.diagram import Diagram

# what was measured, ours, the bar, whether it holds
Row = tuple[str, str, str, bool]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
RESIDUAL = """
diagram block : R[32] -> R[32] = residual[linear >> tanh]
diagram net : R[32] -> R[32] = repeat 64 { block }
"""


def nets() -> list[tuple[str, Diagram, tuple[int, ...]]]:
    """What is timed: a name, a diagram, the shape of a batch."""
    return [
        ("MLP 784-128-10, batch 64", dg.load(EXAMPLES / "mlp.dg")["mlp"], (64, 784)),
        ("64 residual blocks of 32, batch 64", dg.loads(RESIDUAL)["net"], (64, 32)),
        ("FNO 64 x 64, batch 4", dg.load(EXAMPLES / "fno.dg")["fno"], (4, 1, 64, 64)),
        ("MgNO 64 x 64, batch 4", dg.load(EXAMPLES / "mgno.dg")["mgno"], (4, 1, 64, 64)),
    ]


def step(net: torch.nn.Module, x: torch.Tensor, seed: torch.Tensor) -> Callable[[], object]:
    """One training step without the optimiser."""
    weights = list(net.parameters())

    def call() -> object:
        return torch.autograd.grad(net(x), weights, seed)

    return call


def ratio(ours: Callable[[], object], theirs: Callable[[], object], seconds: float = 6.0) -> tuple[float, float, float]:
    """The median ratio of times taken in turn, and the best time of each in milliseconds."""
    for _ in range(3):
        ours()
        theirs()
    start, found = time.perf_counter(), []
    while time.perf_counter() - start < seconds or len(found) < 7:
        a = time.process_time()
        ours()
        b = time.process_time()
        theirs()
        found.append((b - a, time.process_time() - b))
    best = [1000 * min(column) for column in zip(*found, strict=True)]
    return statistics.median(a / b for a, b in found), best[0], best[1]


def main() -> list[Row]:
    """The table."""
    torch.set_num_threads(1)
    rows: list[Row] = []
    for name, diagram, shape in nets():
        plain, own = dg.compile(diagram), dg.compile(diagram, memory="store")
        x = torch.randn(shape)
        seed = torch.randn_like(plain(x))
        found, ours, theirs = ratio(step(own, x, seed), step(plain, x, seed))
        what = f'{name}, memory="store": {ours:.2f} ms, torch.autograd {theirs:.2f} ms'
        rows.append((what, f"{found:.3f}", "<= 1.05", found <= 1.05))
    return rows


if __name__ == "__main__":
    for each in main():
        print(*each, sep="  ")
