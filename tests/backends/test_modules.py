"""What is made is an ordinary module: it is saved, copied, moved, traced, differentiated like any other."""

from __future__ import annotations

import copy
import io
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from diagrammar.backends.torch import emit
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.errors import BackendError

from .build import (
    C,
    F,
    R,
    alone,
    chain,
    fourier,
    frame,
    free,
    gelu,
    linear,
    make,
    pointwise,
    prim,
    renamed,
    repeat,
    weight,
)  # fmt: skip


def operator(width: int = 4) -> Diagram:
    """A small neural operator on a free grid."""
    X = free(2)
    b = Builder([F(X, width)])
    (s,) = b.add(fourier(X, width, width, (3, 3)), [0])
    (p,) = b.add(pointwise(X, width, width), [0])
    (y,) = b.add(prim("add", [F(X, width)] * 2, [F(X, width)]), [s, p])
    layer = frame("layer", b.build(b.add(gelu(F(X, width)), [y])))
    return chain(pointwise(X, 1, width, key="lift"), repeat(3, alone(layer)), pointwise(X, width, 1, key="project"))


def test_state_dict() -> None:
    """Keys are the paths; a strict load brings the values back; torch.save and load with weights only."""
    a, b = make(operator(), seed=1), make(operator(), seed=2)
    assert list(a.state_dict())[:3] == ["lift.W", "lift.c", "layer.0.fourier.W"]
    x = torch.randn(2, 1, 9, 8)
    assert not torch.equal(a(x), b(x))
    file = io.BytesIO()
    torch.save(a.state_dict(), file)
    file.seek(0)
    b.load_state_dict(torch.load(file, weights_only=True), strict=True)
    assert torch.equal(a(x), b(x))


def test_copies() -> None:
    """deepcopy and pickle give modules with weights of their own."""
    module = make(operator())
    x = torch.randn(2, 1, 9, 8)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), copy.deepcopy(module.layer)):
        assert all(p.data_ptr() != q.data_ptr() for p, q in zip(other.parameters(), module.parameters(), strict=False))
    other = pickle.loads(pickle.dumps(module))
    assert torch.equal(other(x), module(x))
    assert torch.equal(
        pickle.loads(pickle.dumps(module.layer[0]))(x.expand(2, 4, 9, 8)), module.layer[0](x.expand(2, 4, 9, 8))
    )


def test_pickle_in_another_process(tmp_path: Path) -> None:
    """A pickle carries the source: another process makes the classes anew."""
    module = make(operator())
    (tmp_path / "m.pkl").write_bytes(pickle.dumps((module, module(torch.ones(1, 1, 5, 5)))))
    code = (
        "import pickle, torch\n"
        f"module, y = pickle.load(open({str(tmp_path / 'm.pkl')!r}, 'rb'))\n"
        "assert torch.equal(module(torch.ones(1, 1, 5, 5)), y)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_standalone_source(tmp_path: Path) -> None:
    """The emitted file runs without diagrammar and makes the same module."""
    module = make(operator(), seed=5)
    text = emit(operator())
    assert text == module.source
    assert "diagrammar" not in text
    (tmp_path / "net.py").write_text(text)
    torch.save((module.state_dict(), module(torch.ones(1, 1, 5, 5))), tmp_path / "y.pt")
    code = (
        "import sys; sys.modules['diagrammar'] = None\n"
        "import torch, net, pickle\n"
        "state, y = torch.load('y.pt')\n"
        "module = net.Main(seed=5)\n"
        "assert all(torch.equal(state[k], v) for k, v in module.state_dict().items())\n"
        "assert torch.equal(pickle.loads(pickle.dumps(module))(torch.ones(1, 1, 5, 5)), y)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_dtypes_and_devices() -> None:
    """`.double()`, `.half()`, `.to`, the meta device; a float64 module agrees with the float32 one."""
    module = make(operator())
    x = torch.randn(2, 1, 9, 8)
    double = copy.deepcopy(module).double()
    assert torch.allclose(double(x.double()).float(), module(x), atol=1e-5)
    assert torch.equal(module(x), module(x))
    mlp = make(chain(linear(3, 4), gelu(R(4))))
    assert mlp.half()(torch.randn(2, 3).half()).dtype == torch.float16
    meta = make(operator(), device="meta")
    assert meta(x.to("meta")).shape == (2, 1, 9, 8)
    assert all(p.is_meta for p in meta.parameters())
    assert make(operator(), dtype=torch.float64)(x.double()).dtype == torch.float64


def test_seeds() -> None:
    """One seed gives one set of weights; a weight depends on the seed and its own path alone."""
    a, b = make(operator(), seed=3), make(operator(), seed=3)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    one = make(chain(linear(3, 3)), seed=3)
    two = make(chain(linear(3, 3, key="first"), linear(3, 3)), seed=3)
    assert torch.equal(one.linear.W, two.linear.W)
    assert not torch.equal(two.first.W, two.linear.W)
    assert not torch.equal(one.linear.W, make(chain(linear(3, 3)), seed=4).linear.W)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    make(operator())
    assert torch.equal(before, torch.get_rng_state())


def weights(wire: Any, init: str, where: Any = (), **args: Any) -> Any:
    """A module that gives its one weight."""
    b = Builder([])
    return make(b.build(b.add(weight("W", wire, init, where, **args), [])), dtype=torch.float64)


def test_initialisers() -> None:
    """Initialisers have the distributions of their names; complex normal(std) has E|w|^2 = std^2."""
    n = 20000
    assert torch.equal(weights(R(3), "zeros")(), torch.zeros(3, dtype=torch.float64))
    assert torch.equal(weights(R(3), "ones")(), torch.ones(3, dtype=torch.float64))
    assert torch.equal(weights(R(3), "constant", value=2.5)(), torch.full((3,), 2.5, dtype=torch.float64))
    w = weights(R(n), "normal", std=2, mean=1)()
    assert abs(w.std().item() - 2) < 0.05
    assert abs(w.mean().item() - 1) < 0.05
    w = weights(R(n), "uniform", low=-1, high=3)()
    assert -1 <= w.min() < -0.99
    assert 2.99 < w.max() <= 3
    assert abs(weights(R(n), "exponential", rate=4)().mean().item() - 0.25) < 0.01
    q = weights(R(5, 3), "orthogonal")()
    assert torch.allclose(q.T @ q, torch.eye(3, dtype=torch.float64), atol=1e-12)
    assert torch.equal(weights(R(3, 3), "identity")(), torch.eye(3, dtype=torch.float64))
    w = weights(C(n), "normal", std=2)()
    assert w.shape == (n, 2)
    assert abs(w.square().sum(-1).mean().item() - 4) < 0.1
    assert torch.equal(weights(C(2), "ones")(), torch.tensor([[1.0, 0], [1, 0]], dtype=torch.float64))


def constrained(where: str, shape: tuple[int, ...], init: str, **args: Any) -> Any:
    """A box whose weight is multiplied with its input."""
    b = Builder([R(*shape)])
    (w,) = b.add(weight("W", R(*shape), init, (where,), **args), [])
    return make(chain(frame("box", b.build(b.add(prim("mul", [R(*shape)] * 2, [R(*shape)]), [0, w])))))


@pytest.mark.parametrize(
    ("where", "shape", "init"),
    [("nonneg", (5,), "uniform"), ("simplex", (3, 4), "uniform"), ("orthogonal", (4, 4), "orthogonal"),
     ("stiefel", (5, 3), "normal"), ("stiefel", (3, 5), "orthogonal"), ("nonneg", (2,), "zeros")],
)  # fmt: skip
def test_constraints(where: str, shape: tuple[int, ...], init: str) -> None:
    """A constraint holds at first, after every step of an optimiser, in copies and pickles."""
    module = constrained(where, shape, init)
    assert list(module.state_dict()) == ["box.parametrizations.W.original"]
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5)
    v = torch.randn(shape)
    for step in range(5):
        w = module.box.W
        if where == "nonneg":
            assert (w >= 0).all()
        elif where == "simplex":
            assert torch.allclose(w.sum(-1), torch.ones(shape[:-1]), atol=1e-5)
            assert (w >= 0).all()
        else:
            q = w if shape[0] >= shape[1] else w.T
            assert torch.allclose(q.T @ q, torch.eye(q.shape[1]), atol=1e-5), step
        optimiser.zero_grad()
        (module(v) ** 2 + module(v)).sum().backward()
        assert module.box.parametrizations.W.original.grad.abs().sum() > 0
        optimiser.step()
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(v), module(v))
        other.load_state_dict(module.state_dict(), strict=True)


def test_constraints_start_at_the_initial_value() -> None:
    """A value that meets the constraint is kept."""
    assert torch.allclose(constrained("nonneg", (5,), "constant", value=0.75).box.W, torch.full((5,), 0.75), atol=1e-6)
    w = constrained("simplex", (4,), "constant", value=0.25).box.W
    assert torch.allclose(w, torch.full((4,), 0.25), atol=1e-6)
    module = constrained("orthogonal", (3, 3), "orthogonal")
    assert torch.allclose(module.box.W, module.box.parametrizations.W.original, atol=1e-6)


def test_frozen() -> None:
    """A frozen weight is saved and not trained."""
    module = constrained("frozen", (3,), "ones")
    assert list(module.state_dict()) == ["box.W"]
    assert not module.box.W.requires_grad


def test_functional_call_and_parametrize() -> None:
    """Weights are read by attribute at each call, so functional_call and parametrize reach them."""
    module = make(chain(linear(3, 4), gelu(R(4))))
    x = torch.randn(2, 3)
    zero = {k: torch.zeros_like(v) for k, v in module.state_dict().items()}
    assert torch.equal(torch.func.functional_call(module, zero, (x,)), torch.zeros(2, 4))
    double = {k: v.double() for k, v in module.state_dict().items()}
    assert torch.func.functional_call(module, double, (x.double(),)).dtype == torch.float64

    class Twice(nn.Module):
        def forward(self, w: torch.Tensor) -> torch.Tensor:
            return 2 * w

    want = torch.nn.functional.gelu(torch.nn.functional.linear(x, 2 * module.linear.W, module.linear.c))
    torch.nn.utils.parametrize.register_parametrization(module.linear, "W", Twice())
    assert torch.allclose(module(x), want)


def test_hooks() -> None:
    """Frames with weights are called as modules: forward hooks see them."""
    module = make(operator())
    seen: list[torch.Size] = []
    for layer in module.layer:
        layer.register_forward_hook(lambda m, args, out: seen.append(out.shape))
    module(torch.randn(2, 1, 9, 8))
    assert seen == [torch.Size([2, 4, 9, 8])] * 3


# torch itself warns of its own torch.jit
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_derivatives() -> None:
    """Gradients, double backward, jvp and vmap."""
    module = make(operator(2), dtype=torch.float64)
    x = torch.randn(2, 1, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,))
    assert torch.autograd.gradgradcheck(module, (x,), nondet_tol=1e-9)
    v = torch.randn_like(x)
    tangent = torch.func.jvp(module, (x.detach(),), (v,))[1]
    h = 1e-6
    assert torch.allclose(tangent, (module(x + h * v) - module(x - h * v)) / (2 * h), atol=1e-6)
    assert torch.allclose(torch.func.vmap(module)(x), module(x), atol=1e-12)
    weights_now = dict(module.named_parameters())
    grads = torch.func.vmap(
        torch.func.grad(lambda w, u: torch.func.functional_call(module, w, (u,)).sum()), in_dims=(None, 0)
    )(weights_now, x.detach())
    assert grads["lift.W"].shape == (2, 2, 1)


@pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("c++") is None, reason="torch.compile wants a C++ compiler"
)
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_torch_compile() -> None:
    """torch.compile takes the module as one graph, forward and backward."""
    small = make(chain(linear(3, 4), linear(4, 2, key="second")))
    # each kernel costs the compiler of C++ seconds, so the large graph is captured without it
    _compiled(small, torch.randn(5, 3, requires_grad=True), "inductor")
    _compiled(make(operator(2)), torch.randn(2, 1, 9, 8, requires_grad=True), "aot_eager")


def _compiled(module: Any, x: torch.Tensor, backend: str) -> None:
    fast: Any = torch.compile(module, fullgraph=True, backend=backend)
    a, b = fast(x), module(x)
    assert torch.allclose(a, b, atol=1e-5)
    (ga,) = torch.autograd.grad(a.square().sum(), x)
    (gb,) = torch.autograd.grad(b.square().sum(), x)
    assert torch.allclose(ga, gb, atol=1e-4)


def test_torch_compile_is_one_graph() -> None:
    """Also without a compiler: dynamo captures states, constraints, loops and any batch axes in one graph."""
    from .test_frames import counter

    d = chain(frame("norm", counter()), repeat(3, alone(frame("layer", chain(linear(3, 3))))))
    module = make(d)
    fast: Any = torch.compile(copy.deepcopy(module), fullgraph=True, backend="aot_eager")
    for shape in ((4, 3), (2, 2, 3), (3,)):
        x = torch.randn(shape)
        assert torch.allclose(fast(x), module(x), atol=1e-6)
    fast = torch.compile(constrained("orthogonal", (3, 3), "orthogonal"), fullgraph=True, backend="aot_eager")
    fast(torch.randn(3, 3)).sum().backward()


def test_torch_export() -> None:
    """torch.export, with a dynamic batch axis too."""
    module = make(operator(2))
    x = torch.randn(2, 1, 9, 8)
    assert torch.allclose(torch.export.export(module, (x,)).module()(x), module(x), atol=1e-5)
    batch = torch.export.Dim("batch", min=2)
    program = torch.export.export(module, (x,), dynamic_shapes=({0: batch},))
    y = torch.randn(5, 1, 9, 8)
    assert torch.allclose(program.module()(y), module(y), atol=1e-5)


def test_boxes_of_the_caller() -> None:
    """A box without a meaning is bound to a module (one for all), a class (one for each mention) or a function."""
    box = Box("mine", (R(3),), (R(3),), origin="test:mine", key="mine")
    d = chain(box, renamed(box, "mine_2"))
    with pytest.raises(BackendError, match="mine"):
        make(d)
    one = make(d, boxes={"mine": nn.Linear(3, 3)})
    assert one.mine is one.mine_2
    assert list(one.state_dict()) == ["mine.weight", "mine.bias", "mine_2.weight", "mine_2.bias"]

    class Shift(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.by = nn.Parameter(torch.randn(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.by

    two = make(d, boxes={"mine": Shift})
    x = torch.randn(2, 3)
    assert torch.allclose(two(x), x + two.mine.by + two.mine_2.by, atol=1e-6)
    assert not torch.equal(two.mine.by, two.mine_2.by)
    assert torch.equal(make(d, boxes={"mine": torch.sin})(x), torch.sin(torch.sin(x)))


def test_one_instance_with_two_insides() -> None:
    """A frame and another frame of one key (its derivative, say) own the same weights."""
    b = Builder([R(3)])
    (w,) = b.add(weight("W", R(3)), [])
    f = frame("f", b.build(b.add(prim("mul", [R(3)] * 2, [R(3)]), [0, w])))
    b = Builder([R(3), R(3)])
    (w,) = b.add(weight("W", R(3)), [])
    df = frame("df", b.build(b.add(prim("mul", [R(3)] * 2, [R(3)]), [1, w])), key="f")
    o = Builder([R(3), R(3)])
    y = o.add(f, [0])
    dy = o.add(df, [0, 1])
    module = make(o.build([*y, *dy]))
    assert list(module.state_dict()) == ["f.W"]
    x, dx = torch.randn(2, 4, 3)
    got = module(x, dx)
    assert torch.equal(got[0], x * module.f.W)
    assert torch.equal(got[1], dx * module.f.W)


def test_unused_weights_are_owned() -> None:
    """A weight that nothing reads is in the state_dict all the same."""
    b = Builder([R(3)])
    b.add(linear(3, 3), [0])
    b.add(weight("W", R(2)), [])
    module = make(b.build([0]))
    assert list(module.state_dict()) == ["W", "linear.W", "linear.c"]
    assert "F.linear" not in module.source.split("def _run")[1]
