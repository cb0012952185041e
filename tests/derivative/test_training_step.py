"""A training step as a diagram is the step that torch takes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch

import diagrammar as dg
from examples import training_step


def theirs(name: str, weights: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser of torch."""
    if name == "sgd":
        return torch.optim.SGD(weights, lr=0.05, momentum=0.9)
    return torch.optim.Adam(weights, lr=0.05, betas=(0.9, 0.999), eps=1e-8)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_hundred_steps_are_those_of_torch(name: str) -> None:
    """Loss, gradient by the weights and update, one compiled diagram: after 100 steps the weights are those that
    torch.optim with torch.autograd arrives at, and the loss has gone down."""
    module = dg.load(training_step.HERE / "training_step.dg")
    step = dg.compile(module[f"{name}_step"], dtype=torch.float64)
    assert list(step.parameters()) == [] and "autograd" not in str(step.source)
    x, y = training_step.batch()
    start = training_step.starting(module)
    found = training_step.train(module, name, start, x, y, 100)
    net = dg.compile(module["net"], seed=0, dtype=torch.float64)
    optimiser = theirs(name, net.parameters())
    for _ in range(100):
        optimiser.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        optimiser.step()
    for weight, mine in zip(net.parameters(), found, strict=True):
        torch.testing.assert_close(mine, weight.detach(), rtol=1e-10, atol=1e-10)
    evaluated = dg.compile(module["loss"], dtype=torch.float64)
    assert float(evaluated(*found, x, y)) < 0.3 * float(evaluated(*start, x, y))
