"""Compiled diagrams against hand-written modules of the same mathematics, forward and backward.

Each row is the median over interleaved pairs of the ratio (compiled / by hand); beside it stands the same figure of
hand against hand, which is the noise of the machine. `python benchmarks/modules.py` prints the rows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import nn

from diagrammar.backends.torch import compile as compile_torch
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.types import Tensor, Types

Row = tuple[str, str, str, bool]
PAIRS = 30


def _r(*sizes: int) -> Tensor:
    return Tensor("R", sizes)


def _prim(name: str, dom: Types, cod: Types, **params: str) -> Box:
    return Box(name, dom, cod, origin=f"std:{name}", params=tuple(params.items()))


def _weight(name: str, wire: Tensor, std: float) -> Box:
    params = (("init", "normal"), ("args", (("std", Fraction(std)),)))
    return Box("weight", (), (wire,), origin="weight", key=name, params=params)


def _frame(name: str, origin: str, inside: Diagram, key: str) -> Box:
    return Box(name, inside.dom, inside.cod, origin=origin, key=key, insides=(inside,))


def _matrix(b: Builder, wire: int, key: str, a: int, o: int) -> int:
    (w,) = b.add(_weight(key, _r(o, a), a**-0.5), [])
    (y,) = b.add(_prim("einsum", (_r(a), _r(o, a)), (_r(o),), pattern="a, b a -> b"), [wire, w])
    return y


def _linear(a: int, o: int, key: str) -> Box:
    b = Builder([_r(a)])
    y = _matrix(b, 0, "W", a, o)
    (c,) = b.add(_weight("c", _r(o), 0.1), [])
    return _frame("linear", "std:linear", b.build(b.add(_prim("add", (_r(o),) * 2, (_r(o),)), [y, c])), key)


def mlp() -> tuple[nn.Module, nn.Module, torch.Tensor]:
    """784-128-10 with GELU, batch 64."""
    b = Builder([_r(784)])
    (h,) = b.add(_linear(784, 128, "first"), [0])
    (h,) = b.add(_prim("gelu", (_r(128),), (_r(128),)), [h])
    ours = compile_torch(b.build(b.add(_linear(128, 10, "second"), [h])))

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
    b = Builder([_r(32)])
    h = _matrix(b, 0, "W1", 32, 32)
    (h,) = b.add(_prim("tanh", (_r(32),), (_r(32),)), [h])
    h = _matrix(b, h, "W2", 32, 32)
    block = _frame("block", "bench:block", b.build(b.add(_prim("add", (_r(32),) * 2, (_r(32),)), [0, h])), "block")
    inner = Builder([_r(32)])
    step = inner.build(inner.add(block, [0]))
    outer = Builder([_r(32)])
    repeat = Box("repeat", (_r(32),), (_r(32),), origin="repeat", params=(("count", 64),), insides=(step,))
    ours = compile_torch(outer.build(outer.add(repeat, [0])))

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
    b = Builder([_r(4)])
    wire = 0
    for number in range(1000):
        if number % 2:
            (wire,) = b.add(_prim("add", (_r(4), _r(4)), (_r(4),)), [wire, wire])
        else:
            (wire,) = b.add(_prim("sin", (_r(4),), (_r(4),)), [wire])

    class Loop(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(500):
                x = torch.sin(x)
                x = x + x
            return x

    return compile_torch(b.build([wire])), Loop(), torch.randn(1, 4)


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
        rows.append((what, f"{ours_ratio:.3f} (by hand / by hand {noise:.3f})", f"<= {bar}", ours_ratio <= bar))
        with torch.no_grad():
            value = ratio(_forward(ours, x, 3 * times), _forward(hand, x, 3 * times))
        rows.append((f"{what.split(' forward')[0]} forward only", f"{value:.3f}", f"<= {bar}", value <= bar))
    return rows


def _forward(module: nn.Module, x: torch.Tensor, times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            module(x)

    return run


if __name__ == "__main__":
    for row in main():
        print(*row, sep=" | ")
