"""The examples that ship no reference are held to their definitions, written out in torch by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import diagrammar as dg

EXAMPLES = Path(__file__).parents[2] / "examples"
Tensor = torch.Tensor
Weights = dict[str, Tensor]


def compiled(name: str, diagram: str = "", **parameters: Any) -> tuple[torch.nn.Module, Weights]:
    """An example in float64 with random weights, and those by their paths."""
    net = dg.compile(dg.load(EXAMPLES / f"{name}.dg", **parameters)[diagram or name], dtype=torch.float64)
    torch.manual_seed(len(parameters))
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn_like(weight) * 0.4)
    return net, dict(net.named_parameters())


def agree(net: torch.nn.Module, peer: Callable[..., Tensor], *inputs: Tensor) -> None:
    """Outputs, and the gradients of all weights and inputs, are those of the peer to 1e-10."""
    inputs = tuple(x.requires_grad_() for x in inputs)
    leaves = [*net.parameters(), *inputs]
    y, want = net(*inputs), peer(*inputs)
    torch.testing.assert_close(y, want, rtol=0, atol=1e-10)
    slope = torch.randn_like(want)
    for ours, theirs in zip(
        torch.autograd.grad(y, leaves, slope), torch.autograd.grad(want, leaves, slope), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("dimension", "depth", "groups", "padding", "grid"),
    [
        (2, 2, 1, "zeros", (8, 12)),
        (1, 3, 2, "zeros", (16,)),
        (3, 1, 1, "zeros", (4, 2, 6)),
        (2, 1, 4, "circular", (6, 4)),
    ],
)
def test_unet(dimension: int, depth: int, groups: int, padding: str, grid: tuple[int, ...]) -> None:
    """The U-Net is two convolutions on each level, down by maxima, up by transposed convolutions, joined by skips."""
    net, w = compiled(
        "unet", dimension=dimension, depth=depth, groups=groups, padding=padding, width=4, inputs=2, outputs=3
    )
    conv = (F.conv1d, F.conv2d, F.conv3d)[dimension - 1]
    back = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[dimension - 1]
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[dimension - 1]

    def block(u: Tensor, path: str) -> Tensor:
        for step in ("convolved", "convolved_2"):
            here = f"{path}.{step}"
            u = F.pad(u, (1, 1) * dimension, mode="constant" if padding == "zeros" else padding)
            u = conv(u, w[f"{here}.conv.W"])
            u = F.group_norm(u, groups, w[f"{here}.group_norm.scale"], w[f"{here}.group_norm.shift"])
            u = F.gelu(u)
        return u

    def level(u: Tensor, left: int, path: str) -> Tensor:
        if left == 0:
            return u
        v = level(block(pool(u, 2), f"{path}.below.block"), left - 1, f"{path}.below.level")
        up = f"{path}.below.conv_transpose"
        return block(torch.cat((u, back(v, w[f"{up}.W"], w[f"{up}.c"], stride=2)), 1), f"{path}.block")

    def peer(u: Tensor) -> Tensor:
        y = level(block(u, "block"), depth, "level")
        return torch.einsum("zi...,oi->zo...", y, w["pointwise.W"]) + w["pointwise.c"].view(-1, *[1] * dimension)

    agree(net, peer, torch.randn(2, 2, *grid, dtype=torch.float64))


def one_block(w: Weights, path: str, heads: int) -> Callable[[Tensor], Tensor]:
    """A transformer block that normalises first."""

    def run(x: Tensor) -> Tensor:
        def part(name: str) -> tuple[Tensor, Tensor]:
            return w[f"{path}.{name}.W"], w[f"{path}.{name}.c"]

        def norm(x: Tensor, name: str) -> Tensor:
            here = f"{path}.{name}.f.layer_norm"
            return F.layer_norm(x, x.shape[-1:], w[f"{here}.scale"], w[f"{here}.shift"])

        h = norm(x, "residual")
        q, k, v = (
            F.linear(h, *part(f"residual.f.attention.{name}")).reshape(*x.shape[:2], heads, -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        y = torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v
        x = x + F.linear(y.transpose(1, 2).flatten(2), *part("residual.f.attention.out"))
        h = F.gelu(F.linear(norm(x, "residual_2"), *part("residual_2.f.linear")))
        return x + F.linear(h, *part("residual_2.f.linear_2"))

    return run


@pytest.mark.parametrize(("steps", "heads", "n"), [(1, 1, 3), (4, 2, 5), (7, 4, 1)])
def test_looped(steps: int, heads: int, n: int) -> None:
    """The looped transformer is y <- cell(y + x) from zero, with one cell; AlgoFormer has a block before and after."""
    sizes = {"width": 8, "hidden": 12, "heads": heads, "steps": steps}
    for name in ("looped", "algoformer"):
        net, w = compiled("looped", name, **sizes)
        path = "looped.cell" if name == "algoformer" else "cell"

        def peer(x: Tensor, name: str = name, path: str = path, w: Weights = w) -> Tensor:
            x = one_block(w, "before", heads)(x) if name == "algoformer" else x
            y = torch.zeros_like(x)
            for _ in range(steps):
                y = one_block(w, path, heads)(y + x)
            return one_block(w, "after", heads)(y) if name == "algoformer" else y

        agree(net, peer, torch.randn(2, n, 8, dtype=torch.float64))


@pytest.mark.parametrize("target", [[2, 5, 6, 1], [1, 3], [3, 4, 2]])
def test_hypernetwork(target: list[int]) -> None:
    """Every weight of the network that is made is an affine function of the code."""
    net, w = compiled("hypernetwork", branch=[7, 6, 5], target=target)

    def peer(u: Tensor, y: Tensor) -> Tensor:
        for layer in range(2):
            u = torch.relu(F.linear(u, w[f"mlp.linear.{layer}.W"], w[f"mlp.linear.{layer}.c"]))
        for layer, (a, b) in enumerate(pairwise(target)):
            here = f"step.{layer}.made"
            matrix = F.linear(u, w[f"{here}.matrix.W"], w[f"{here}.matrix.c"]).reshape(-1, b, a)
            y = y @ matrix.mT + F.linear(u, w[f"{here}.shift.W"], w[f"{here}.shift.c"]).unsqueeze(1)
            y = torch.tanh(y) if layer < len(target) - 2 else y
        return y

    agree(net, peer, torch.randn(3, 7, dtype=torch.float64), torch.randn(3, 4, target[0], dtype=torch.float64))
