"""The standard library as the torch backend means it: fused composites against their insides, peers of torch, and every
primitive through text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import diagrammar as dg
from diagrammar.backends.torch.meanings.arithmetic import REAL
from diagrammar.backends.torch.meanings.table import FUSED
from diagrammar.catalogue import boxes_of, diagrams_of
from diagrammar.diagram import Box, Diagram, Node, definitions
from diagrammar.types import Tokens, Type, shape_of

from .build import make, plain

Tensor = torch.Tensor
BATCHES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (3,))


def diagram(ports: str, body: str, head: str = "") -> Diagram:
    """`diagram f(ports) { return body }` of a text, over spaces X (torus) and Y (cube) of 1 to 3 axes."""
    spaces = "".join(f"space X{n} = torus({n})\nspace Y{n} = cube({n})\n" for n in (1, 2, 3))
    return dg.loads(f"{spaces}{head}\ndiagram f{ports} {{ return {body} }}\n")["f"]


def laid_open(root: Diagram) -> Diagram:
    """The same diagram, its frames of `std` under names that no backend knows."""
    made: dict[int, Diagram] = {}
    for level in definitions(root):
        nodes = []
        for node in level.flat.nodes:
            box = node.box
            if box.insides:
                box = box.with_(insides=tuple(made[id(inside)] for inside in box.insides))
                box = plain(box) if box.key is not None else box
            nodes.append(Node(box, node.ins, node.outs))
        flat = level.flat
        made[id(level)] = Diagram(type(flat)(flat.types, flat.inputs, nodes, flat.outputs), level.name)
    return made[id(root)]


def values(wires: Any, batch: tuple[int, ...]) -> list[Tensor]:
    """Random inputs of these types, all sizes known."""
    return [value(wire, batch) for wire in wires]


def value(wire: Type, batch: tuple[int, ...]) -> Tensor:
    """A random value of a type."""
    shape = (*batch, *(int(str(size)) for size in shape_of(wire)))
    if isinstance(wire, Tokens):
        return torch.randint(0, int(str(wire.vocab)), shape)
    if str(wire).startswith("Bool"):
        return torch.rand(shape) > 0.4
    return torch.randn(shape, dtype=torch.float64, requires_grad=True)


def gradients(outs: tuple[Tensor, ...], leaves: list[Tensor], salt: int = 5) -> list[Tensor]:
    """Gradients of a random weighted sum of outputs."""
    draw = torch.Generator().manual_seed(salt)
    total = sum((out * torch.randn(out.shape, dtype=out.dtype, generator=draw)).sum() for out in outs)
    assert isinstance(total, Tensor)
    return list(torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True))


def as_tuple(found: Any) -> tuple[Tensor, ...]:
    """Results of a module as a tuple."""
    return found if isinstance(found, tuple) else (found,)


def near(a: Tensor, b: Tensor, tolerance: float = 1e-12) -> bool:
    """Equal up to rounding."""
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def agree(d: Diagram, peer: Callable[..., Any] | None = None) -> None:
    """Outputs and all gradients of the compiled diagram are those of its inside, and of a peer, at every batch."""
    net, inside = make(d, dtype=torch.float64, seed=1), make(laid_open(d), dtype=torch.float64, seed=1)
    assert list(net.state_dict()) == list(inside.state_dict())
    others: list[Callable[..., Any]] = [inside]
    weights = list(net.parameters())
    with torch.no_grad():
        # no weight keeps a value at which an error would not be seen
        for one, other in zip(weights, inside.parameters(), strict=True):
            one.add_(torch.randn_like(one) * 0.3)
            other.copy_(one)
    for batch in BATCHES:
        args = values(d.dom, batch)
        leaves = [arg for arg in args if arg.requires_grad]
        outs = as_tuple(net(*args))
        found = gradients(outs, leaves + weights)
        for other in others:
            again = as_tuple(other(*args))
            assert all(map(near, outs, again)), (d.dom, batch, [(a - b).abs().max() for a, b in zip(outs, again)])  # noqa: B905
            wanted = gradients(again, leaves + list(inside.parameters()))
            assert all(near(a, b, 1e-11) for a, b in zip(found, wanted, strict=True)), (d.dom, batch)
        if peer is not None:
            state = {key.rpartition(".")[2]: weight for key, weight in net.named_parameters()}
            wanted_outs = as_tuple(peer(*[arg[None] if not batch else arg for arg in args], **state))
            for out, want in zip(outs, wanted_outs, strict=True):
                assert near(out, want[0] if not batch else want), (d.dom, batch)


# ---------------------------------------------------------------------------------------- composites, one by one

AXES = {1: "7", 2: "6, 5", 3: "4, 3, 6"}
EVEN = {1: "8", 2: "4, 6", 3: "4, 2, 6"}


@pytest.mark.parametrize("wire", ["R", "R[5]", "R[3, 4]", "Field[X2[4, 5], 2]"])
@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "sigmoid", "softplus"])
def test_activations(name: str, wire: str) -> None:
    """Activations are their definitions, and torch's."""
    peers: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": torch.sigmoid}
    agree(diagram(f"(u : {wire}) -> {wire}", f"{name}(u)"), peers.get(name) or getattr(F, name))


@pytest.mark.parametrize("wire", ["R[5]", "R[3, 4]", "R[2, 3, 4]"])
def test_softmax(wire: str) -> None:
    """`softmax` is along the last axis."""
    agree(diagram(f"(u : {wire}) -> {wire}", "softmax(u)"), lambda u: F.softmax(u, -1))


@pytest.mark.parametrize("bias", ["true", "false"])
def test_linear(bias: str) -> None:
    """`linear` is F.linear; mapped over an axis it is the same."""
    agree(diagram("(u : R[5]) -> R[3]", f"linear[bias = {bias}](u)"), lambda u, W, c=None: F.linear(u, W, c))
    agree(diagram("(u : R[4, 5]) -> R[4, 3]", f"map[linear[bias = {bias}]](u)"), lambda u, W, c=None: F.linear(u, W, c))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("bias", ["true", "false"])
def test_pointwise(dim: int, bias: str) -> None:
    """`pointwise` is a convolution with a kernel of one point."""
    d = diagram(f"(u : Field[X{dim}[{AXES[dim]}], 2]) -> Field[X{dim}[{AXES[dim]}], 3]", f"pointwise[bias = {bias}](u)")
    convolve = getattr(F, f"conv{dim}d")
    agree(d, lambda u, W, c=None: convolve(u, W.reshape(*W.shape, *[1] * dim), c))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [(3, 1, "zeros"), (3, 1, "circular"), (3, 1, "reflect"), (3, 1, "replicate"), (4, 2, "zeros"), (4, 2, "circular"),
     (3, 2, "replicate"), (2, 2, "zeros"), (1, 2, "zeros"), (1, 1, "circular"), (2, 1, "circular")],
)  # fmt: skip
def test_convolutions(dim: int, kernel: int, stride: int, padding: str) -> None:
    """`conv` and `conv_transpose` are their insides; without asymmetric padding they are torch's."""
    grid, groups = EVEN[dim] if stride == 2 or dim == 3 else AXES[dim], 2 if kernel == 3 else 1
    args = f'[{kernel}, {stride}, {groups}, "{padding}"]'
    for space in (f"X{dim}[{grid}]", f"Y{dim}[{grid}]"):
        after = f"{space.partition('[')[0]}[{', '.join(str(int(n) // stride) for n in grid.split(','))}]"
        d = diagram(f"(u : Field[{space}, 2]) -> Field[{after}, 4]", f"conv{args}(u)")
        even = (kernel - stride) % 2 == 0 and kernel >= stride and padding == "zeros"
        pad = (kernel - stride) // 2
        convolve, back = getattr(F, f"conv{dim}d"), getattr(F, f"conv_transpose{dim}d")
        options: dict[str, Any] = {"stride": stride, "padding": pad, "groups": groups}
        agree(d, (lambda u, W, c, f=convolve, o=options: f(u, W, c, **o)) if even else None)
        if padding in ("zeros", "circular"):
            d = diagram(f"(u : Field[{after}, 2]) -> Field[{space}, 4]", f"conv_transpose{args}(u)")
            agree(d, (lambda u, W, c, f=back, o=options: f(u, W, c, **o)) if even else None)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("modes", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("bias", ["true", "false"])
def test_fourier(dim: int, modes: int, bias: str) -> None:
    """`fourier` is transform, cut, mix, spread, transform: on odd and even grids, and where modes are lacking."""
    for grid in (AXES[dim], EVEN[dim]):
        space = f"X{dim}[{grid}]"
        agree(diagram(f"(u : Field[{space}, 2]) -> Field[{space}, 3]", f"fourier[{modes}, bias = {bias}](u)"))


def test_norms() -> None:
    """`layer_norm`, `rms_norm`, `group_norm` are torch's, with gains and shifts."""
    agree(diagram("(u : R[5]) -> R[5]", "layer_norm(u)"), lambda u, scale, shift: F.layer_norm(u, (5,), scale, shift))
    agree(diagram("(u : R[5]) -> R[5]", "rms_norm(u)"), lambda u, scale: F.rms_norm(u, (5,), scale, eps=1e-5))
    agree(
        diagram("(u : R[3, 5]) -> R[3, 5]", "map[layer_norm[eps = 0.001]](u)"),
        lambda u, scale, shift: F.layer_norm(u, (5,), scale, shift, 1e-3),
    )
    for dim, grid in AXES.items():
        space = f"X{dim}[{grid}]"
        for groups in (1, 2, 6):
            agree(
                diagram(f"(u : Field[{space}, 6]) -> Field[{space}, 6]", f"group_norm[{groups}](u)"),
                lambda u, scale, shift, g=groups: F.group_norm(u, g, scale, shift),
            )


def test_batch_norm() -> None:
    """`batch_norm` is nn.BatchNorm2d while training and after; its running variance is the biased one."""
    net = make(diagram("(u : Field[X2[5, 4], 3]) -> Field[X2[5, 4], 3]", "batch_norm(u)"), dtype=torch.float64)
    ours, theirs = net.batch_norm, torch.nn.BatchNorm2d(3, dtype=torch.float64)
    variance = torch.ones(3, dtype=torch.float64)
    mean = torch.zeros(3, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(ours.scale.normal_())
        theirs.bias.copy_(ours.shift.normal_())
    for _ in range(3):
        x = torch.randn(4, 3, 5, 4, dtype=torch.float64, requires_grad=True)
        a, b = net(x), theirs(x)
        assert near(a, b)
        assert near(gradients((a,), [x])[0], gradients((b,), [x])[0], 1e-11)
        mean = 0.9 * mean + 0.1 * x.detach().mean((0, 2, 3))
        variance = 0.9 * variance + 0.1 * x.detach().var((0, 2, 3), correction=0)
        assert near(ours.running_mean, mean)
        assert near(ours.running_var, variance)
    net.eval()
    theirs.eval()
    with torch.no_grad():
        assert theirs.running_var is not None
        theirs.running_var.copy_(ours.running_var)
    for batch in ((), (0,), (1,), (3,), (2, 3)):
        x = torch.randn(*batch, 3, 5, 4, dtype=torch.float64)
        assert near(net(x), theirs(x.reshape(-1, 3, 5, 4)).reshape(x.shape))


@pytest.mark.parametrize(("h", "n", "m", "d"), [(1, 1, 1, 1), (2, 3, 5, 4)])
def test_attend(h: int, n: int, m: int, d: int) -> None:
    """`attend` is scaled dot-product attention, with and without a mask; a row that sees nothing sees all alike."""
    ports = f"q : R[{h}, {n}, {d}], k : R[{h}, {m}, {d}], v : R[{h}, {m}, {d}]"
    out = f"R[{h}, {n}, {d}]"
    agree(diagram(f"({ports}) -> {out}", "attend(q, k, v)"), F.scaled_dot_product_attention)
    masked = diagram(f"({ports}, mask : Bool[{n}, {m}]) -> {out}", "attend(q, k, v, mask)")
    agree(masked)
    net = make(masked, dtype=torch.float64)
    q, k, v = (torch.randn(3, h, size, d, dtype=torch.float64) for size in (n, m, m))
    mask = torch.rand(3, n, m) > 0.5
    mask[..., 0] = True
    assert near(net(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, mask.unsqueeze(1)))
    nothing = net(q, k, v, torch.zeros(3, n, m, dtype=torch.bool))
    assert near(nothing, v.mean(2, keepdim=True).expand(-1, -1, n, -1))


def test_every_fused_composite_has_a_test() -> None:
    """A diagram of `std` that the backend means by one operation is compared with its inside above."""
    composites = {header.split()[1].split("[")[0].split("(")[0] for header, _ in diagrams_of()}
    tested = {
        "relu", "gelu", "silu", "sigmoid", "softplus", "softmax", "linear", "pointwise", "conv", "conv_transpose",
        "fourier", "layer_norm", "rms_norm", "group_norm", "attend",
    }  # fmt: skip
    assert {name for name in composites if f"std:{name}" in {*FUSED, *REAL}} == tested
