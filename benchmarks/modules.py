"""Compiled diagrams against hand-written modules of the same mathematics, forward and backward.

Each row is the median over interleaved pairs of the ratio (compiled / by hand); beside it stands the same figure of
hand against hand, which is the noise of the machine. `python benchmarks/run.py modules` prints the rows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import diagrammar as dg

Row = tuple[str, str, str, bool]
PAIRS = 30
# what a busy machine moves a median by; hand against hand stands beside each figure
NOISE = 0.03
ROOT = Path(__file__).parents[1]


def mlp() -> tuple[nn.Module, nn.Module, torch.Tensor]:
    """784-128-10 with GELU, batch 64."""
    ours = dg.compile(dg.load(ROOT / "examples" / "mlp.dg")["mlp"])

    class Hand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(784, 128)
            self.second = nn.Linear(128, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.second(F.gelu(self.first(x)))
            return y

    hand = Hand()
    hand.load_state_dict(_renamed(ours, hand))
    return ours, hand, torch.randn(64, 784)


def residual() -> tuple[nn.Module, nn.Module, torch.Tensor]:
    """64 blocks x + W2 tanh(W1 x), d = 32, batch 64."""
    text = """
diagram block : R[32] -> R[32] = id + (linear[bias = false] >> tanh >> linear[bias = false])
diagram stack : R[32] -> R[32] = repeat 64 { block }
"""
    ours = dg.compile(dg.loads(text)["stack"])

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.W1 = nn.Parameter(torch.empty(32, 32))
            self.W2 = nn.Parameter(torch.empty(32, 32))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + F.linear(torch.tanh(F.linear(x, self.W1)), self.W2)

    class Hand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.ModuleList(Block() for _ in range(64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for block in self.block:
                x = block(x)
            return x

    hand = Hand()
    hand.load_state_dict(_renamed(ours, hand))
    return ours, hand, torch.randn(64, 32)


def tiny() -> tuple[nn.Module, nn.Module, torch.Tensor]:
    """1,000 boxes on 4 numbers, sin and add by turns, against a loop of the same calls."""
    lines = [f"  x{k + 1} = {f'x{k} + x{k}' if k % 2 else f'sin(x{k})'}" for k in range(1000)]
    text = "\n".join(["diagram row(x0 : R[4]) -> R[4] {", *lines, "  return x1000", "}", ""])
    ours = dg.compile(dg.loads(text)["row"])

    class Loop(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(500):
                x = torch.sin(x)
                x = x + x
            return x

    return ours, Loop(), torch.randn(1, 4)


def _renamed(ours: nn.Module, hand: nn.Module) -> dict[str, torch.Tensor]:
    return dict(zip(hand.state_dict(), ours.state_dict().values(), strict=True))


def _training(module: nn.Module, x: torch.Tensor, times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            for p in module.parameters():
                p.grad = None
            module(x).sum().backward()

    return run


def _timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(first: Callable[[], None], second: Callable[[], None]) -> float:
    """The median over pairs, each in both orders by turns, of the ratio of the two times."""
    first()
    second()
    ratios = []
    for number in range(PAIRS):
        if number % 2:
            a = _timed(first)
            ratios.append(a / _timed(second))
        else:
            b = _timed(second)
            ratios.append(_timed(first) / b)
    return statistics.median(ratios)


def main() -> list[Row]:
    """Rows (what, ours, bar, whether it is met)."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows: list[Row] = []
    for make, bar, times in ((mlp, 1.02, 40), (residual, 1.05, 6), (tiny, 1.15, 6)):
        ours, hand, x = make()
        x.requires_grad_(not list(ours.parameters()))
        difference = (ours(x) - hand(x)).abs().max().item()
        assert difference < 1e-5, difference
        noise = ratio(_training(hand, x, times), _training(hand, x, times))
        ours_ratio = ratio(_training(ours, x, times), _training(hand, x, times))
        what = f"{(make.__doc__ or '').splitlines()[0]} forward and backward, compiled / by hand"
        rows.append((what, f"{ours_ratio:.3f} (by hand / by hand {noise:.3f})", f"<= {bar}", ours_ratio <= bar + NOISE))
        with torch.no_grad():
            value = ratio(_forward(ours, x, 3 * times), _forward(hand, x, 3 * times))
        rows.append((f"{what.split(' forward')[0]} forward only", f"{value:.3f}", f"<= {bar}", value <= bar + NOISE))
    return [*rows, entrance()]


def entrance() -> Row:
    """What checking and shaping one input costs over the call of the module's own code."""
    module = dg.compile(dg.loads("diagram minus(x : R[3]) -> R[3] { return -x }")["minus"])
    x = torch.randn(2, 3)
    times = 2000

    def timed(run: Callable[[torch.Tensor], object]) -> float:
        def loop() -> None:
            for _ in range(times):
                run(x)

        return _timed(loop) / times * 1e6

    with torch.no_grad():
        run: Callable[[torch.Tensor], object] = module._run  # type: ignore[assignment]  # nn.Module promises tensors
        costs = [timed(module.forward) - timed(run) for _ in range(PAIRS)]
    cost, noise = statistics.median(costs), statistics.pstdev(costs)
    return "entrance of a compiled module, one input", f"{cost:.2f} us (+- {noise:.2f})", "<= 5 us", cost <= 5


def _forward(module: nn.Module, x: torch.Tensor, times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            module(x)

    return run
