"""A law while training: as a loss term, and as a constraint.

A network on 16 points of a circle learns a shift-invariant map from few examples. Nothing in it makes it commute with
shifts, so the law `moves_along` is broken; its defect is added to the loss, or kept under a bound.

    python examples/laws_in_training.py
"""

from __future__ import annotations

from collections.abc import Callable

import torch

import diagrammar as dg
from diagrammar.laws.bound import Bound

POINTS = 16
TEXT = f"""
diagram net : R[{POINTS}] -> R[{POINTS}] = linear[b = 48] >> gelu >> linear

diagram rolled[s : int](u : R[{POINTS}]) -> R[{POINTS}] {{
  a, b = split[{POINTS} - s, s](u)
  return concat(b, a)
}}

law moves_along(u : R[{POINTS}]) : net(rolled[s](u)) == rolled[s](net(u)) for s in 1 .. {POINTS - 1}
"""


def train(extra: Callable[[torch.Tensor], torch.Tensor], steps: int = 300) -> tuple[float, float]:
    """The error on new functions and the defect of the law, after training with `extra(defect)` added to the loss."""
    module = dg.loads(TEXT)
    law = module.laws["moves_along"]
    net = dg.compile(module["net"], seed=0)
    draw = torch.Generator().manual_seed(0)
    seen, new = torch.randn(24, POINTS, generator=draw), torch.randn(256, POINTS, generator=draw)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(steps):
        loss = (net(seen) - target(seen)).square().mean()
        loss = loss + extra(law.defect(net, torch.randn(24, POINTS, generator=draw), s=1 + step % (POINTS - 1)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        error = (net(new) - target(new)).square().mean() / target(new).square().mean()
        defects = [law.defect(net, new, s=s) for s in range(1, POINTS)]
    return float(error), float(torch.stack(defects).mean())


def target(u: torch.Tensor) -> torch.Tensor:
    """What is learned: a difference of neighbours, bent."""
    return torch.tanh(u.roll(1, -1) - u.roll(-1, -1))


def main() -> None:
    """Trains without the law, with it as a loss term, and with its defect under a bound."""
    bound = Bound(0.1, stiffness=1.0, rate=0.02)
    ways: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "without the law": lambda defect: 0.0 * defect,
        "the law as a loss term": lambda defect: 0.3 * defect,
        f"its defect under {bound.bound}": bound.term,
    }
    print(f"{'':26} error on new data   defect")
    for name, extra in ways.items():
        error, defect = train(extra)
        print(f"{name:26} {error:17.3f} {defect:8.3f}")


if __name__ == "__main__":
    main()
