"""Training an operator on pairs of functions: normalisation, the relative L2 loss, one cycle of AdamW."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.linalg import vector_norm


@dataclass(frozen=True)
class Scales:
    """Means and deviations of the training fields: one number each, so they mean the same at every resolution."""

    a_mean: float
    a_deviation: float
    u_mean: float
    u_deviation: float

    @classmethod
    def of(cls, a: Tensor, u: Tensor) -> Scales:
        """The scales of coefficients and solutions."""
        return cls(a.mean().item(), a.std().item(), u.mean().item(), u.std().item())


class Surrogate(nn.Module):
    """The solution operator a -> u: a network between normalised fields, [B, 1, n, n] to [B, 1, n, n]."""

    def __init__(self, net: nn.Module, scales: Scales) -> None:
        super().__init__()
        self.net = net
        self.scales = scales

    def forward(self, a: Tensor) -> Tensor:
        """Solutions for coefficients, both in the units of the problem."""
        s = self.scales
        u: Tensor = self.net((a - s.a_mean) / s.a_deviation)
        return u * s.u_deviation + s.u_mean


def relative_l2(guess: Tensor, truth: Tensor) -> Tensor:
    """|guess - truth| / |truth| in L2, sample by sample: [B, 1, n, n] twice to [B]. On one grid the cells cancel."""
    errors: Tensor = vector_norm(guess - truth, dim=(1, 2, 3)) / vector_norm(truth, dim=(1, 2, 3))
    return errors


def predict(model: nn.Module, a: Tensor, batch: int = 20) -> Tensor:
    """The model's solutions, without gradients."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part) for part in torch.split(a, batch)])


@dataclass
class Curves:
    """Mean relative L2 errors, one a epoch: in training, on the test grid n, on the grid 2n."""

    train: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)
    fine: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How to train. The learning rate rises to `rate` over the first third and falls to nothing (Smith 2018)."""

    epochs: int = 12
    batch: int = 20
    rate: float = 4e-3
    decay: float = 1e-4
    seed: int = 0


def train(
    model: Surrogate, plan: Plan, a: Tensor, u: Tensor, after: Callable[[int, float], None], step: Callable[[], None]
) -> None:
    """Trains in place; calls `step` after each batch and `after(epoch, mean training error)` after each epoch."""
    shuffle = torch.Generator().manual_seed(plan.seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=plan.decay)
    batches = -(-len(a) // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=plan.epochs * batches)
    for epoch in range(plan.epochs):
        model.train()
        total = 0.0
        for part in torch.split(torch.randperm(len(a), generator=shuffle), plan.batch):
            optimiser.zero_grad()
            errors = relative_l2(model(a[part]), u[part])
            errors.mean().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
            schedule.step()
            total += errors.detach().sum().item()
            step()
        after(epoch, total / len(a))
