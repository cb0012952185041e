"""Modules that have a backward of their own, beside torch's reverse mode and its checkpoints on the same forward."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint

import diagrammar as dg
from diagrammar.derivative import Deriver
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.schedule.plan import plan as dg_plan
from diagrammar.types import Tensor

# what was measured, ours, the bar, whether it holds
Row = tuple[str, str, str, bool]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
BLOCKS = """
space X = cube(2)
type V = Field[X, 32]
diagram block : V -> V = residual[group_norm[8] >> conv[3] >> gelu >> pointwise]
diagram net : V -> V = repeat 24 { block }
"""
# bytes that a step on 24 blocks may take
BUDGET = 34_500_000
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
        ("transformer 32 x 64, batch 8", dg.load(EXAMPLES / "transformer.dg")["transformer"], (8, 32, 64)),
    ]


def step(net: torch.nn.Module, x: torch.Tensor, seed: torch.Tensor) -> Callable[[], object]:
    """One training step without the optimiser."""
    weights = list(net.parameters())

    def call() -> object:
        return torch.autograd.grad(net(x), weights, seed)

    return call


def ratio(ours: Callable[[], object], theirs: Callable[[], object], seconds: float = 6.0) -> tuple[float, float, float]:
    """The best times of both, taken in turn: their ratio, and each in milliseconds."""
    for _ in range(3):
        ours()
        theirs()
    start = time.perf_counter()
    found: list[tuple[float, float]] = []
    while time.perf_counter() - start < seconds or len(found) < 7:
        a = time.process_time()
        ours()
        b = time.process_time()
        theirs()
        found.append((b - a, time.process_time() - b))
    best = [1000 * min(column) for column in zip(*found, strict=True)]
    return best[0] / best[1], best[0], best[1]


class Live(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Bytes of the storages that are made while it is on and not yet freed; `peak` is the most at once."""

    def __init__(self, before: list[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.now = self.peak = 0
        self.known = {x.untyped_storage()._cdata: 0 for x in before}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for x in tree_leaves(result):
            if isinstance(x, torch.Tensor) and x.untyped_storage()._cdata not in self.known:
                storage = x.untyped_storage()
                self.known[storage._cdata] = storage.nbytes()
                self.now += storage.nbytes()
                weakref.finalize(storage, self._gone, storage._cdata)
        self.peak = max(self.peak, self.now)
        return result

    def _gone(self, key: int) -> None:
        self.now -= self.known.pop(key)


class Checkpointed(torch.nn.Module):
    """Blocks with a checkpoint before every five of them, as `torch.utils.checkpoint` does it."""

    def __init__(self, block: Diagram, count: int, every: int) -> None:
        super().__init__()
        blocks = [dg.compile(block) for _ in range(count)]
        self.parts = torch.nn.ModuleList(torch.nn.Sequential(*blocks[at : at + every]) for at in range(0, count, every))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """All blocks, part by part."""
        for part in self.parts:
            x = checkpoint(part, x, use_reentrant=False)
        return x


def peak_of(net: torch.nn.Module, x: torch.Tensor, seed: torch.Tensor) -> int:
    """The most bytes of storages that live at once in a step."""
    call = step(net, x, seed)
    call()
    live = Live([x, seed, *net.parameters(), *net.buffers()])
    with live:
        call()
    return live.peak


def blocks() -> list[Row]:
    """24 residual blocks under a budget, beside a checkpoint every five of them."""
    m = dg.loads(BLOCKS)
    x = torch.randn(4, 32, 64, 64)
    seed = torch.randn_like(x)
    theirs = Checkpointed(m["block"], 24, 5)
    ours = dg.compile(m["net"], memory=BUDGET, at={"X": 64}, batch=4)
    a, b = peak_of(ours, x, seed), peak_of(theirs, x, seed)
    found, best, other = ratio(step(ours, x, seed), step(theirs, x, seed), 30.0)
    what = f"24 blocks, peak at a budget of {BUDGET / 1e6:.1f} MB: {a / 1e6:.1f} MB, checkpoints {b / 1e6:.1f} MB"
    return [
        (what, f"{a / b:.3f}", "<= 0.62", a <= 0.62 * b),
        ("24 blocks, peak beside the budget", f"{a / BUDGET:.3f}", "<= 1", a <= BUDGET),
        (f"24 blocks, time of that: {best:.0f} ms, checkpoints {other:.0f} ms", f"{found:.3f}", "<= 1", found <= 1),
    ]


def chain(count: int) -> Diagram:
    """So many boxes, one after the other: products, sums and functions of numbers."""
    x = Tensor("R", (3,))
    build = Builder([x, x])
    a, b = build.inputs
    for at in range(count):
        name = ("mul", "sin", "add", "tanh", "exp")[at % 5]
        two = name in ("mul", "add")
        box = Box(name, (x, x) if two else (x,), (x,), origin=f"std:{name}")
        (a,) = build.add(box, [a, b] if two else [a])
    return build.build([a])


def reversing() -> list[Row]:
    """How large the reverse diagram of a long one is, and how long it takes."""
    d = chain(10_000)
    start = time.process_time()
    made = dg_plan(d, "store", Deriver(DeclaredRules())).joint
    seconds = time.process_time() - start
    boxes = len(made.forward) + len(made.backward)
    return [
        ("reverse diagram of 10,000 boxes", f"{seconds:.2f} s", "< 1 s", seconds < 1),
        ("boxes of it, to each box", f"{boxes / 10_000:.2f}", "<= 3", boxes <= 30_000),
    ]


# a batch is an axis of the diagram, so that gradients are those of the batch
MAPPED = """
dim n
type W = Weights[net]
diagram all(w : W, x : R[n, {a}]) -> R[n, {b}] {{ return map[open[net](w)](x) }}
"""
MLP = 'diagram net : R[784] -> R[10] = mlp[[784, 128, 10], "relu"]\n'


def pulled(name: str, diagram: Diagram, shape: tuple[int, ...]) -> Row:
    """The compiled cotangent by the input, beside torch's reverse mode of the compiled forward."""
    net, back = dg.compile(diagram), dg.compile(dg.vjp(diagram))
    back.load_state_dict(net.state_dict())
    net.requires_grad_(False)
    x = torch.randn(shape, requires_grad=True)
    seed = torch.randn_like(net(x))
    held = x.detach()

    def ours() -> object:
        with torch.no_grad():
            return back(held, seed)

    found, one, other = ratio(ours, lambda: torch.autograd.grad(net(x), x, seed))
    what = f"{name}, vjp: {one:.2f} ms, torch.autograd {other:.2f} ms"
    return what, f"{found:.3f}", "<= 1.05", found <= 1.05


def opened(name: str, diagram: Diagram, shape: tuple[int, ...], mapped: str = "") -> Row:
    """The compiled cotangent by weights and input, for one sample, or for a batch that is an axis of the diagram."""
    net = dg.compile(diagram)
    back = dg.compile(dg.vjp(dg.loads(mapped)["all"] if mapped else dg.open(diagram)))
    weights = list(net.parameters())
    x = torch.randn(shape if mapped else (1, *shape[1:]), requires_grad=True)
    seed = torch.randn_like(net(x))
    held = [each.detach() if mapped else each.detach()[0] for each in (x, seed)]
    own = [each.detach() for each in weights]

    def ours() -> object:
        with torch.no_grad():
            return back(*own, *held)

    found, one, other = ratio(ours, lambda: torch.autograd.grad(net(x), [*weights, x], seed))
    what = f"{name}, vjp of open: {one:.2f} ms, torch.autograd {other:.2f} ms"
    return what, f"{found:.3f}", "<= 1.05", found <= 1.05


def steps() -> list[Row]:
    """A training step that is a diagram, beside torch's modules, reverse mode and optimisers."""
    rows: list[Row] = []
    m = dg.load(EXAMPLES / "training_step.dg", widths=[64, 256, 256, 8])
    x, y = torch.randn(256, 64), torch.randn(256, 8)
    for name, memories in (("sgd_step", 1), ("adam_step", 2)):
        net = dg.compile(m["net"])
        weights = [each.detach().clone() for each in net.parameters()]
        zeros = [torch.zeros_like(each) for _ in range(memories) for each in weights]
        given = [*weights, *zeros, *([torch.zeros(())] if memories == 2 else []), x, y]
        made = dg.compile(m[name])
        rule: torch.optim.Optimizer = torch.optim.Adam(net.parameters(), 0.05)
        if memories == 1:
            rule = torch.optim.SGD(net.parameters(), 0.05, 0.9)
        found, one, other = ratio(partial(_step, made, given), partial(_trained, net, rule, x, y))
        what = f"{name} of a network 64-256-256-8, batch 256: {one:.2f} ms, torch.optim {other:.2f} ms"
        rows.append((what, f"{found:.3f}", "<= 1.05", found <= 1.05))
    return rows


def _step(made: torch.nn.Module, given: list[torch.Tensor]) -> object:
    with torch.no_grad():
        return made(*given)


def _trained(net: torch.nn.Module, rule: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor) -> None:
    rule.zero_grad()
    ((net(x) - y) ** 2).mean().backward()
    rule.step()


def main() -> list[Row]:
    """The table."""
    torch.set_num_threads(1)
    rows: list[Row] = [*reversing(), *blocks(), *steps()]
    for name, diagram, shape in nets():
        rows.append(pulled(name, diagram, shape))
        mapped = {"MLP": (MLP, 784, 10), "64 ": (RESIDUAL, 32, 32)}.get(name[:3])
        text = mapped[0] + MAPPED.format(a=mapped[1], b=mapped[2]) if mapped else ""
        rows.append(opened(name if mapped else f"{name.partition(', batch')[0]}, one sample", diagram, shape, text))
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
