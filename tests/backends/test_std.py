"""The standard library as the torch backend means it: fused composites against their insides, peers of torch, and every
primitive through text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import diagrammar as dg
from diagrammar.backends.torch.meanings.arithmetic import REAL
from diagrammar.backends.torch.meanings.table import FUSED
from diagrammar.catalogue import boxes_of, diagrams_of
from diagrammar.diagram import Diagram, Node, definitions
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
    weights = list(net.parameters())
    torch.manual_seed(7)
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
        again = as_tuple(inside(*args))
        assert all(map(near, outs, again)), (d.dom, batch)
        wanted = gradients(again, leaves + list(inside.parameters()))
        assert all(near(a, b, 1e-11) for a, b in zip(found, wanted, strict=True)), (d.dom, batch)
        # FFTs of torch refuse an empty batch
        if peer is not None and 0 not in batch:
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
    # a mask of keys is one for all queries
    keys = diagram(f"({ports}, mask : Bool[{m}]) -> {out}", "attend(q, k, v, mask)")
    agree(keys)
    net = make(masked, dtype=torch.float64)
    q, k, v = (torch.randn(3, h, size, d, dtype=torch.float64) for size in (n, m, m))
    mask = torch.rand(3, n, m) > 0.5
    mask[..., 0] = True
    assert near(net(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, mask.unsqueeze(1)))
    there = mask[:, 0]
    assert near(make(keys, dtype=torch.float64)(q, k, v, there), net(q, k, v, there.unsqueeze(1).expand(3, n, m)))
    unseen = torch.zeros(3, n, m, dtype=torch.bool)
    with torch.no_grad():
        assert near(net(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, mask.unsqueeze(1)))
        assert near(net(q, k, v, unseen), v.mean(2, keepdim=True).expand(-1, -1, n, -1))
    assert near(net(q, k, v, unseen), v.mean(2, keepdim=True).expand(-1, -1, n, -1))


@pytest.mark.parametrize(
    ("ports", "body"),
    [("u : C[3]) -> C", "sum(u)"), ("u : C[3], v : C[3]) -> C", "dot(u, v)"),
     ("u : Field[X2[5, 6], 3]) -> R[3]", "integrate(u)"), ("u : R[3]) -> R", "norm(u)"),
     ("u : Field[X2[4, 5], 2]) -> Field[X2[4, 5], 2]", "soft_gate(u)"),
     ("u : Field[X2[4, 5], 2]) -> Field[X2[4, 5], 3]", "project[3, 4](u)"),
     ("u : Field[X2[4, 5], 2]) -> Field[X2[4, 5], 3]", "channel_mlp[5](u)"),
     ("u : Field[X2[4, 5], 3]) -> Field[X2[4, 5], 3]", "map[layer_norm](u)"),
     ("u : Field[X2[4, 5], 3]) -> Field[X2[4, 5], 4]", "map[linear](u)"),
     ("u : Field[X2[4, 5], 3]) -> Field[X2[4, 5], 3]", "map[softmax](u)"),
     ("t : Tokens[7, 4]) -> R[4, 3]", "embed(t)"), ("u : R[4, 6]) -> R[4, 6]", "attention[2](u, u, u)"),
     ("u : R[4, 6], m : Bool[4, 4]) -> R[4, 6]", "attention[3](u, u, u, m)"),
     ("u : R[3]) -> R[2]", "mlp[[3, 4, 2]](u)"), ("u : R[3]) -> R[3]", "residual[f = linear](u)")],
)  # fmt: skip
def test_other_composites(ports: str, body: str) -> None:
    """What contains fused composites, also mapped over a field, is its inside."""
    agree(diagram(f"({ports}", body))


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_composites_between_grids(dim: int) -> None:
    """`upsample`, `prolong`, `restrict`, `with_coordinates` on odd grids; `prolong` of a cube is F.interpolate."""
    fine = ", ".join(str(2 * int(n)) for n in AXES[dim].split(","))
    mode = ("linear", "bilinear", "trilinear")[dim - 1]
    for space in (f"X{dim}", f"Y{dim}"):
        low, high = f"Field[{space}[{AXES[dim]}], 2]", f"Field[{space}[{fine}], 2]"
        peer = (lambda u: F.interpolate(u, scale_factor=2, mode=mode)) if space[0] == "Y" else None
        agree(diagram(f"(u : {low}) -> {high}", "prolong(u)"), peer)
        agree(diagram(f"(u : {low}) -> {high}", "upsample(u)"))
        agree(diagram(f"(u : {high}) -> {low}", "restrict(u)"))
        agree(diagram(f"(u : {low}) -> Field[{space}[{AXES[dim]}], {2 + dim}]", "with_coordinates(u)"))
    # the interpolant goes through the points, and a free grid is as good as a known one
    net = make(diagram(f"(u : Field[X{dim}, 2]) -> Field[2 * X{dim}, 2]", "upsample(u)"), dtype=torch.float64)
    u = torch.randn(3, 2, *map(int, AXES[dim].split(",")), dtype=torch.float64)
    if all(n % 2 for n in u.shape[2:]):
        assert near(net(u)[(..., *[slice(None, None, 2)] * dim)], u)
    mean = make(diagram(f"(u : Field[X{dim}, 2]) -> R[2]", "mean(u)"), dtype=torch.float64)
    assert near(mean(u), u.flatten(2).mean(2))


def test_every_fused_composite_has_a_test() -> None:
    """A diagram of `std` that the backend means by one operation is compared with its inside above."""
    composites = {header.split()[1].split("[")[0].split("(")[0] for header, _ in diagrams_of()}
    tested = {
        "relu", "gelu", "silu", "sigmoid", "softplus", "softmax", "linear", "pointwise", "conv", "conv_transpose",
        "fourier", "layer_norm", "rms_norm", "group_norm", "attend",
    }  # fmt: skip
    assert {name for name in composites if f"std:{name}" in {*FUSED, *REAL}} == tested


# ----------------------------------------------------------------------------------------------------- primitives

_V, _W = "u : R[3]", "u : R[3], v : R[3]"
_FIELD = "u : Field[X2[5, 6], 2]"


def _complex(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function of complex tensors, of pairs."""

    def on_pairs(*args: Tensor) -> Tensor:
        return torch.view_as_real(function(*map(torch.view_as_complex, args)).resolve_conj())

    return on_pairs


def _points(count: int) -> Tensor:
    return torch.arange(count, dtype=torch.float64) / count


def _rolled(u: Tensor) -> Tensor:
    return torch.roll(u, (1, -2), (-2, -1))


def _fold(a: Tensor, u: Tensor) -> Tensor:
    for k in range(4):
        a = torch.tanh(a) + u[:, k]
    return a


def _scan(a: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    outs = []
    for k in range(4):
        a = a * u[:, k]
        outs.append(a)
    return a, torch.stack(outs, 1)


# name: (ports, body, peer on a batch)
CASES: dict[str, tuple[str, str, Callable[..., Any] | None]] = {
    "add": (f"{_W}) -> R[3]", "u + v", torch.add),
    "sub": (f"{_W}) -> R[3]", "u - v", torch.sub),
    "mul": ("u : C[3], v : C[3]) -> C[3]", "u * v", _complex(torch.mul)),
    "div": ("u : C[3], v : C[3]) -> C[3]", "u / v", _complex(torch.div)),
    "pow": (f"{_V}) -> R[3]", "u^2 + u^-1 + 2^u", lambda u: u**2 + 1 / u + 2**u),
    "neg": (f"{_V}) -> R[3]", "-u", torch.neg),
    "abs": (f"{_V}) -> R[3]", "abs(u)", torch.abs),
    "sign": (f"{_V}) -> R[3]", "u * sign(u)", torch.abs),
    "exp": ("u : C[3]) -> C[3]", "exp(u)", _complex(torch.exp)),
    "log": (f"{_V}) -> R[3]", "log(1 + u^2)", lambda u: torch.log(1 + u**2)),
    "sqrt": (f"{_V}) -> R[3]", "sqrt(1 + u^2)", lambda u: torch.sqrt(1 + u**2)),
    "sin": (f"{_V}) -> R[3]", "sin(u)", torch.sin),
    "cos": (f"{_V}) -> R[3]", "cos(u)", torch.cos),
    "tanh": ("u : C[3]) -> C[3]", "tanh(u)", _complex(torch.tanh)),
    "erf": (f"{_V}) -> R[3]", "erf(u)", torch.erf),
    "max": (f"{_W}) -> R[3]", "max(max(u, v), 0)", lambda u, v: torch.maximum(u, v).clamp(min=0)),
    "min": (f"{_W}) -> R[3]", "min(1, min(u, v))", lambda u, v: torch.minimum(u, v).clamp(max=1)),
    "less": (f"{_W}) -> R[3]", "select(less(u, 0), v, 1)", lambda u, v: torch.where(u < 0, v, 1.0)),
    "equal": (f"{_W}) -> R[3]", "select(equal(u, u), v, 1)", lambda u, v: v),
    "select": (f"{_W}) -> R[3]", "u + select(less(u, v), 1, -1)", lambda u, v: u + torch.where(u < v, 1.0, -1.0)),
    "both": (
        f"{_W}) -> R[3]",
        "select(both(less(u, v), less(0, u)), u, v)",
        lambda u, v: torch.where((u < v) & (u > 0), u, v),
    ),
    "either": (
        f"{_W}) -> R[3]",
        "select(either(less(u, v), less(0, u)), u, v)",
        lambda u, v: torch.where((u < v) | (u > 0), u, v),
    ),
    "negate": (f"{_W}) -> R[3]", "select(negate(less(u, v)), u, v)", torch.maximum),
    "const": (
        "u : R[2, 2]) -> R[2, 2]",
        "u * const[[1, 2], [3, 4.5]]() + const[0.5]()",
        lambda u: u * torch.tensor([[1.0, 2.0], [3.0, 4.5]]) + 0.5,
    ),
    "einsum": ("u : C[3, 2], v : C[2, 4]) -> C[3, 4]", 'einsum["a b, b c -> a c"](u, v)', _complex(torch.matmul)),
    "rearrange": (
        "u : R[6, 2]) -> R[2, 2, 3]",
        'rearrange["(a b) c -> c b a", a = 3](u)',
        lambda u: u.reshape(-1, 3, 2, 2).permute(0, 3, 2, 1),
    ),
    "reduce": ("u : R[6, 2]) -> R[2]", 'reduce["a b -> b", "max"](u)', lambda u: u.amax(1)),
    "broadcast": (
        "a : R, c : R[2], u : Field[X2[3, 4], 2]) -> Field[X2[3, 4], 2]",
        "a * (c + u)",
        lambda a, c, u: a[:, None, None, None] * (c[..., None, None] + u),
    ),
    "concat": (f"{_W}) -> R[6]", "concat(u, v)", lambda u, v: torch.cat((u, v), -1)),
    "split": ("u : R[5]) -> R[2] @ R[3]", "split[2, 3](u)", lambda u: torch.split(u, [2, 3], -1)),
    "stack": (f"{_W}) -> R[2, 3]", "stack(u, v)", lambda u, v: torch.stack((u, v), 1)),
    "index": ("u : R[4, 3]) -> R[3]", "u[2]", lambda u: u[:, 2]),
    "sum": ("u : R[4, 3]) -> R", "sum(u)", lambda u: u.sum((1, 2))),
    "sample": (f"{_FIELD}) -> R[2, 5, 6]", "sample(u)", lambda u: u),
    "field": ("u : R[2, 5, 6]) -> Field[X2[5, 6], 2]", "field(u)", lambda u: u),
    "coordinates": (
        f"{_FIELD}) -> Field[X2[5, 6], 2]",
        "u + coordinates[X2[5, 6]]()",
        lambda u: u + torch.stack(torch.meshgrid(*map(_points, (5, 6)), indexing="ij")),
    ),
    "convolution": (f"{_FIELD}, W : R[3, 2, 3, 3]) -> Field[X2[5, 6], 3]", "convolution[3](u, W)", None),
    "convolution_transpose": (
        "u : Field[X2[5, 6], 2], W : R[2, 3, 4, 4]) -> Field[X2[10, 12], 3]",
        "convolution_transpose[4, 2](u, W)",
        None,
    ),
    "pool": (
        "u : Field[Y2[4, 6], 2]) -> Field[Y2[2, 3], 2]",
        'pool[2](u) + pool[2, "mean"](u)',
        lambda u: F.max_pool2d(u, 2) + F.avg_pool2d(u, 2),
    ),
    "resample": (
        "u : Field[Y2[5, 6], 2]) -> Field[Y2[7, 4], 2]",
        'resample[Y2[7, 4], "cubic"](u)',
        lambda u: F.interpolate(u, (7, 4), mode="bicubic"),
    ),
    "translate": (f"{_FIELD}) -> Field[X2[5, 6], 2]", "translate[[1, -2]](u)", _rolled),
    "pad": (
        "u : Field[Y2[5, 6], 2]) -> Field[Y2[8, 8], 2]",
        'pad[[1, 0], [2, 2], "reflect"](u)',
        lambda u: F.pad(u, (0, 2, 1, 2), mode="reflect"),
    ),
    "crop": ("u : Field[Y2[5, 6], 2]) -> Field[Y2[2, 4], 2]", "crop[[1, 0], [2, 2]](u)", lambda u: u[..., 1:3, :4]),
    "rfft": (f"{_FIELD}) -> Spectrum[X2[5, 6], 2]", "rfft(u)", lambda u: torch.view_as_real(torch.fft.rfft2(u))),
    "irfft": (
        "u : Spectrum[X2[5, 7], 2]) -> Field[X2[5, 7], 2]",
        "irfft(u)",
        lambda u: torch.fft.irfft2(torch.view_as_complex(u), s=(5, 7)),
    ),
    "low": (
        f"{_FIELD}) -> C[2, 3, 2]",
        "low[[3, 3]](rfft(u))",
        lambda u: torch.view_as_real(torch.fft.fftshift(torch.fft.rfft2(u), -2)[..., 1:4, :2]),
    ),
    "spread": (f"{_FIELD}) -> Field[X2[5, 6], 2]", "irfft(spread[X2[5, 6]](low[[5, 6]](rfft(u))))", lambda u: u),
    "corners": (
        "u : Field[X2[6, 6], 1]) -> C[2, 1, 2, 2]",
        "corners[[2, 2]](rfft(u))",
        lambda u: torch.view_as_real(
            torch.stack((torch.fft.rfft2(u)[..., :2, :2], torch.fft.rfft2(u)[..., -2:, :2]), 1)
        ),
    ),
    "from_corners": (
        "u : Field[X2[4, 6], 1]) -> Field[X2[4, 6], 1]",
        "irfft(from_corners[X2[4, 6]](corners[[2, 4]](rfft(u))))",
        lambda u: u,
    ),
    "as_complex": ("u : R[3, 2], v : R[3, 2]) -> C[3]", "as_complex(u) * as_complex(v)", _complex(torch.mul)),
    "as_real": ("u : C[3]) -> R[3, 2]", "as_real(u)", lambda u: u),
    "conj": ("u : C[3]) -> C[3]", "conj(u)", _complex(torch.conj)),
    "lookup": (
        "table : R[7, 3], t : Tokens[7, 4]) -> R[4, 3]",
        "lookup(table)(t)",
        lambda table, t: torch.stack([a[b] for a, b in zip(table, t, strict=True)]),
    ),
    "expand": ("u : R[3]) -> R[2, 3]", 'expand["a -> b a", b = 2](u)', lambda u: torch.stack((u, u), 1)),
    "flip": ("u : R[3, 2]) -> R[3, 2]", "flip(u)", lambda u: u.flip(1)),
    "insert": ("u : R[3]) -> R[2, 3]", "insert[1, 2](u)", lambda u: torch.stack((0 * u, u), 1)),
    "correlation": (
        "u : Field[X2[5, 6], 2], v : Field[X2[5, 6], 3]) -> R[3, 2, 1, 1]",
        "correlation[1](u, v)",
        lambda u, v: torch.einsum("bixy,boxy->boi", u, v)[..., None, None],
    ),
    "unpool": (
        "u : Field[Y2[2, 3], 2]) -> Field[Y2[4, 6], 2]",
        "unpool[2](u)",
        lambda u: F.interpolate(u, scale_factor=2, mode="nearest"),
    ),
    "resample_transpose": (
        "u : Field[Y2[4, 6], 2]) -> Field[Y2[2, 3], 2]",
        'resample_transpose[Y2[2, 3], "nearest"](u)',
        lambda u: 4 * F.avg_pool2d(u, 2),
    ),
    "pad_transpose": (
        "u : Field[Y2[5, 6], 2]) -> Field[Y2[3, 6], 2]",
        'pad_transpose[[1, 0], [1, 0], "replicate"](u)',
        lambda u: torch.stack((u[..., 0, :] + u[..., 1, :], u[..., 2, :], u[..., 3, :] + u[..., 4, :]), -2),
    ),
    "scale_pairs": (
        "u : Spectrum[X2[5, 6], 2]) -> Spectrum[X2[5, 6], 2]",
        "scale_pairs[2](u)",
        lambda u: u * torch.tensor([1.0, 2.0, 2.0, 1.0])[:, None],
    ),
    "lookup_transpose": (
        "t : Tokens[7, 4], y : R[4, 3]) -> R[7, 3]",
        "lookup_transpose(t, y)",
        lambda t, y: F.one_hot(t, 7).to(y.dtype).mT @ y,
    ),
    "map": (f"{_FIELD}) -> Field[X2[5, 6], 1]", "map[(x : R[2]) -> dot(x, x)](u)", lambda u: (u * u).sum(1, True)),
    "fold": ("a : R[3], u : R[4, 3]) -> R[3]", "fold[(s : R[3], x : R[3]) -> tanh(s) + x](a, u)", _fold),
    "scan": ("a : R[3], u : R[4, 3]) -> R[3] @ R[4, 3]", "scan[(s : R[3], x : R[3]) -> copy(s * x)](a, u)", _scan),
    "tree": ("u : R[5, 2]) -> R[2]", "tree[(a : R[2], b : R[2]) -> a + b](u)", lambda u: u.sum(1)),
}
# what is random, or about a batch, is tested by what it draws and by `batch_norm`
OTHER_CASES = {"gaussian", "uniform", "batch_moments", "batch_sum"}


@pytest.mark.parametrize("name", CASES)
def test_primitive(name: str) -> None:
    """A primitive written in text is what torch, or a formula, says."""
    ports, body, peer = CASES[name]
    agree(diagram(f"({ports}", body), peer)


def test_random_primitives() -> None:
    """`gaussian` and `uniform` draw anew for each sample, with their moments; `batch_moments` are over all."""
    net = make(diagram("(u : R[1000]) -> R[1000] @ R[1000]", "u + gaussian[R[1000]](), u + uniform[R[1000]]()"))
    torch.manual_seed(0)
    a, b = net(torch.zeros(3, 1000))
    assert abs(a.mean()) < 0.1 and abs(a.std() - 1) < 0.1
    assert abs(b.mean() - 0.5) < 0.05 and b.min() >= 0 and b.max() < 1
    moments = make(diagram("(u : Field[X2[5, 6], 2]) -> R[2] @ R[2]", "batch_moments(u)"), dtype=torch.float64)
    u = torch.randn(3, 2, 5, 6, dtype=torch.float64)
    mean, variance = moments(u)
    assert near(mean, u.mean((0, 2, 3)).expand(3, 2))
    assert near(variance, u.var((0, 2, 3), correction=0).expand(3, 2))
    total = make(diagram("(u : R[2]) -> R[2]", "batch_sum(u) + 0 * u"), dtype=torch.float64)
    assert near(total(u[:, 0, 0, :2]), u[:, 0, 0, :2].sum(0).expand(3, 2))


def test_every_primitive_has_a_case() -> None:
    """A primitive that is added to `std` needs a case here."""
    names = {header.split()[1].split("[")[0].split("(")[0] for header, _ in boxes_of()}
    assert names == CASES.keys() | OTHER_CASES
