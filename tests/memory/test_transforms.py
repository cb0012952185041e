"""Every transform of torch that holds for the plain module holds for one with a backward of its own."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import func
from torch.autograd import forward_ad

import diagrammar as dg

from .agree import pair

# torch's own decompositions are made by torch.jit
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

Net = torch.nn.Module
Use = Callable[[Net, torch.Tensor], Any]

TEXT = "diagram f : R[4] -> R[4] = residual[linear >> gelu] >> linear >> tanh"


def loss(net: Net) -> Callable[[torch.Tensor], torch.Tensor]:
    """A number of what comes out."""
    return lambda x: (net(x) ** 2).sum()


def backward(net: Net, x: torch.Tensor) -> Any:
    """Gradients by the input and by all weights."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(loss(net)(x), [x, *net.parameters()])


def double(net: Net, x: torch.Tensor) -> Any:
    """Gradients of the squares of the gradients."""
    x = x.clone().requires_grad_()
    first = torch.autograd.grad(loss(net)(x), [x, *net.parameters()], create_graph=True)
    return torch.autograd.grad(torch.stack([(each**2).sum() for each in first]).sum(), [x, *net.parameters()])


def forward_mode(net: Net, x: torch.Tensor) -> Any:
    """A tangent by dual numbers."""
    # torch leaves dual numbers untyped
    ad: Any = forward_ad
    with ad.dual_level():
        return ad.unpack_dual(net(ad.make_dual(x, torch.ones_like(x)))).tangent


def tangent(net: Callable[[torch.Tensor], Any], x: torch.Tensor) -> Any:
    """The result and its tangent along ones."""
    return func.jvp(net, (x,), (torch.ones_like(x),))


# what is compiled is the module, or the whole transform
OF_MODULE: dict[str, Use] = {"backward": backward, "double backward": double}
WHOLE: dict[str, Use] = {
    "grad": lambda net, x: func.grad(loss(net))(x),
    "vjp": lambda net, x: func.vjp(net, x)[1](torch.ones_like(x)),
    "jvp": tangent,
    "jvp of jvp": lambda net, x: tangent(lambda y: tangent(net, y)[1], x),
    "hessian": lambda net, x: func.hessian(loss(net))(x),
    "vmap(grad)": lambda net, x: func.vmap(func.grad(loss(net)))(x),
}
ONLY_EAGER: dict[str, Use] = {"forward mode": forward_mode}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """What was compiled before is forgotten."""
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def tensors(value: Any) -> list[torch.Tensor]:
    """All tensors of a nest of tuples."""
    return [value] if isinstance(value, torch.Tensor) else [x for part in value for x in tensors(part)]


def alike(one: Any, other: Any) -> None:
    """All numbers agree to 1e-10."""
    for a, b in zip(tensors(one), tensors(other), strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-10)


def modules(memory: str = "store") -> tuple[Net, Net, torch.Tensor]:
    """The two modules and an input."""
    plain, own = pair(dg.loads(TEXT)["f"], memory)
    return plain, own, torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("memory", ["store", "recompute"])
@pytest.mark.parametrize("name", [*OF_MODULE, *WHOLE, *ONLY_EAGER])
def test_eager(name: str, memory: str) -> None:
    """Each transform gives what it gives for the plain module."""
    use = {**OF_MODULE, **WHOLE, **ONLY_EAGER}[name]
    plain, own, x = modules(memory)
    alike(use(plain, x), use(own, x))


@pytest.mark.parametrize("name", WHOLE)
def test_compiled_transform(name: str) -> None:
    """Each transform compiles as one graph, and gives the same."""
    plain, own, x = modules()
    use = WHOLE[name]
    compiled = torch.compile(lambda y: use(own, y), fullgraph=True, backend="aot_eager")
    alike(use(plain, x), compiled(x))


def test_compiled_backward() -> None:
    """The module compiles as one graph, whose backward is torch's own."""
    plain, own, x = modules()
    alike(backward(plain, x), backward(torch.compile(own, fullgraph=True, backend="aot_eager"), x))  # type: ignore[arg-type]  # a module too


def _is_able() -> bool:
    """Whether torch's default compiler can build what it writes: it needs a C++ compiler and Python's headers."""
    home = sysconfig.get_paths()["include"]
    compiler = os.environ.get("CXX") or next(filter(shutil.which, ("g++", "clang++")), "")
    return sys.platform == "linux" and bool(shutil.which(compiler)) and Path(home, "Python.h").exists()


@pytest.mark.skipif(not _is_able(), reason="torch's default compiler needs a C++ compiler and Python's headers")
# its own lowering of `diagonal` calls what it has deprecated itself
@pytest.mark.filterwarnings("ignore:.*torch._prims_common.check.*:FutureWarning")
@pytest.mark.parametrize("name", ["backward", *WHOLE])
def test_with_the_default_compiler(name: str) -> None:
    """The same through torch's own code generator: one graph, the same numbers."""
    plain, own, x = modules()
    if name in OF_MODULE:
        alike(OF_MODULE[name](plain, x), OF_MODULE[name](torch.compile(own, fullgraph=True), x))  # type: ignore[arg-type]  # a module too
    else:
        alike(WHOLE[name](plain, x), torch.compile(lambda y: WHOLE[name](own, y), fullgraph=True)(x))


def test_only_the_double_backward_of_what_is_compiled_fails() -> None:
    """torch refuses it, for the plain module too, and says so itself."""
    plain, own, x = modules()
    for net in (plain, own):
        compiled = torch.compile(net, fullgraph=True, backend="aot_eager")
        with pytest.raises(RuntimeError, match=r"create_graph|double backward"):
            double(compiled, x)  # type: ignore[arg-type]  # a module too
        torch.compiler.reset()


def test_export() -> None:
    """An exported module has the boxes in its graph, and no function of its own."""
    plain, own, x = modules()
    exported = torch.export.export(own, (x,), strict=False)
    alike(plain(x), exported.module()(x))
    assert "linear" in str(exported.graph)


def test_autocast_sees_the_boxes() -> None:
    """Under autocast torch's own reverse mode goes through the boxes, in the dtypes that it chose."""
    plain, own, x = modules()
    plain, own, x = plain.float(), own.float(), x.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ends = [loss(net)(x) for net in (plain, own)]
    one, other = (torch.autograd.grad(y, list(net.parameters())) for y, net in zip(ends, (plain, own), strict=True))
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)


def test_derivatives_of_a_composite() -> None:
    """An input that came of another one: the second derivative by the first counts each way once."""
    text = "diagram f(u : R[3], v : R[3]) -> R[3] { return sin(u) * v + tanh(v) }"
    plain, own = pair(dg.loads(text)["f"], "store")
    x = torch.randn(2, 3, dtype=torch.float64)

    def second(net: Net) -> torch.Tensor:
        u = x.clone().requires_grad_()
        v = u**2
        (first,) = torch.autograd.grad(net(u, v).sum(), u, create_graph=True)
        return torch.autograd.grad((first**2).sum(), u)[0]

    alike(second(plain), second(own))
