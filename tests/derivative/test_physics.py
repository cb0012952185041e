"""Losses of physics: derivatives by points inside of gradients by weights, all of them diagrams."""

from __future__ import annotations

import torch

import diagrammar as dg
from examples import pinn
from tests.derivative.test_opening import trained


def test_the_residual_of_poisson() -> None:
    """The residual of pinn.dg is the Laplacian that torch finds and the right-hand side, and the gradient of the loss
    by the weights is torch's, third derivatives and all."""
    module = dg.load(pinn.HERE / "pinn.dg")
    net = dg.compile(module["u"], dtype=torch.float64)
    weights = trained(net)
    x = pinn.points(4)
    source = dg.compile(module["source"], dtype=torch.float64)(x)

    def laplacian(point: torch.Tensor) -> torch.Tensor:
        point = point.clone().requires_grad_()
        (slope,) = torch.autograd.grad(net(point), point, create_graph=True)
        second = [torch.autograd.grad(slope[k], point, create_graph=True)[0][k] for k in range(2)]
        return second[0] + second[1]

    residual = torch.stack([laplacian(point) for point in x]) + source
    given = [weight.detach() for weight in weights.values()]
    found = dg.compile(module["residual"], dtype=torch.float64)(*given, x)
    torch.testing.assert_close(found, residual.detach(), rtol=1e-10, atol=1e-10)
    (residual**2).mean().backward()
    count = len(given)
    slope = dg.compile(dg.grad(module["loss"], wrt=range(count)), dtype=torch.float64)
    for mine, weight in zip(slope(*given, x), weights.values(), strict=True):
        torch.testing.assert_close(mine, weight.grad, rtol=1e-10, atol=1e-10)


def test_poisson_is_solved() -> None:
    """Steps that are diagrams, without a derivative by torch, come within one per cent of the solution."""
    before, after = pinn.solve()
    assert before > 0.9 and after < 0.01


def test_an_operator_learns_to_integrate() -> None:
    """The DeepONet that never sees a solution: the derivative of its output is torch's, and after 150 steps the
    operator takes cosines nearer to their integrals than before."""
    module = dg.load(pinn.HERE / "deeponet_physics.dg", sensors=8, width=12)
    net = dg.compile(module["operator"], seed=0, dtype=torch.float64)
    given = [weight.detach() for weight in trained(net).values()]
    draw = torch.Generator().manual_seed(0)
    rates = 3 * torch.rand(24, 1, generator=draw, dtype=torch.float64)
    u = torch.cos(rates * torch.linspace(0, 1, 8, dtype=torch.float64))
    y = torch.rand(24, 6, generator=draw, dtype=torch.float64)
    at = y[:, 0].clone().requires_grad_()
    (wanted,) = torch.autograd.grad(net(u, at).sum(), at)
    found = dg.compile(module["slope"], dtype=torch.float64)(*given, u, y[:, 0])
    torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)
    step = dg.compile(module["step"], dtype=torch.float64)
    operator = dg.compile(dg.open(module["operator"]), dtype=torch.float64)

    def error(weights: list[torch.Tensor]) -> float:
        points = torch.linspace(0, 1, 21, dtype=torch.float64)
        right = torch.sin(rates * points) / rates
        values = torch.stack([operator(*weights, each, points) for each in u])
        return float((values - right).norm() / right.norm())

    zeros = [torch.zeros_like(weight) for weight in given]
    now = [*given, *zeros, *zeros, torch.zeros((), dtype=torch.float64)]
    with torch.no_grad():
        for _ in range(150):
            now = list(step(*now, u, y, torch.cos(rates * y)))
        assert error(now[: len(given)]) < 0.1 < error(given)
