"""A module with a backward of its own is an ordinary module."""

from __future__ import annotations

import copy
import gc
import pickle
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import diagrammar as dg
from diagrammar.diagram import Diagram
from diagrammar.errors import DerivativeError, DiagramValueError
from tests.backends.measure import Live, products

from .agree import agree, apart, grads, pair

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = "space X = torus(2)\nspace Y = cube(2)\n"
F64 = torch.float64


def example(name: str, diagram: str, **parameters: Any) -> Diagram:
    """A diagram of an example."""
    return dg.load(EXAMPLES / f"{name}.dg", **parameters)[diagram]


CASES: dict[str, tuple[Diagram, tuple[tuple[int, ...], ...]]] = {
    "mlp": (example("mlp", "mlp"), ((784,),)),
    "deep": (example("mlp", "deep"), ((784,),)),
    "fno": (example("fno", "fno", width=6), ((1, 24, 26),)),
    "fno on a coarse grid": (example("fno", "fno", width=6), ((1, 7, 9),)),
    "fno on a long grid": (example("fno", "fno", width=4, modes=[30, 30]), ((1, 40, 33),)),
    "neuraloperator": (example("fno", "neuraloperator", width=6), ((1, 24, 25),)),
    "neuraloperator in one dimension": (example("fno", "neuraloperator", width=6, modes=[8]), ((1, 33),)),
    "neuraloperator in three": (example("fno", "neuraloperator", width=2, modes=[3, 4, 2]), ((1, 6, 7, 8),)),
    "mgno": (example("mgno", "mgno", widths=[4, 5, 6, 5, 4]), ((1, 32, 32),)),
    "unet": (example("unet", "unet"), ((1, 16, 16),)),
    "transformer": (example("transformer", "transformer", width=16, hidden=24), ((7, 16),)),
    "looped": (example("looped", "looped"), ((5, 64),)),
    "deeponet": (example("deeponet", "deeponet"), ((100,), (6, 2))),
    "hypernetwork": (example("hypernetwork", "hypernetwork"), ((100,), (6, 2))),
}


@pytest.mark.parametrize("memory", ["store", "recompute"])
@pytest.mark.parametrize("name", CASES)
def test_examples(name: str, memory: str) -> None:
    """Gradients of whole operators are those of torch's reverse mode."""
    diagram, shapes = CASES[name]
    plain, own = pair(diagram, memory)
    for net in (plain, own):
        for weight in net.parameters():
            weight.data *= 0.3
    inputs = [torch.randn(2, *shape, dtype=F64, requires_grad=True) for shape in shapes]
    (one, da), (other, db) = grads(plain, inputs), grads(own, inputs)
    assert torch.allclose(one[0], other[0], rtol=1e-12, atol=1e-12)
    for a, b in zip(da, db, strict=True):
        assert apart(a, b) < 1e-10


# ---------------------------------------------------------------------------------------- what asks for gradients

NET = "diagram f : R[4] -> R[3] = linear[b = 5] >> gelu >> linear[b = 3]"


def net(memory: Any = "store", text: str = NET) -> torch.nn.Module:
    """The module of a text, in float64."""
    return dg.compile(dg.loads(text)["f"], memory=memory, dtype=F64)


def text_of(module: torch.nn.Module) -> str:
    """The source of a module."""
    return str(module.source)


@pytest.mark.parametrize("of_input", [True, False])
@pytest.mark.parametrize("frozen", [(), ("linear.W",), ("linear.W", "linear.c", "linear_2.W", "linear_2.c")])
def test_any_part_may_ask(of_input: bool, frozen: tuple[str, ...]) -> None:
    """Gradients of an input, of some weights, of none: each that is asked for is there, and no other."""
    plain, own = pair(dg.loads(NET)["f"], "store")
    for module in (plain, own):
        for name in frozen:
            module.get_parameter(name).requires_grad_(False)
    x = torch.randn(2, 4, dtype=F64, requires_grad=of_input)
    for module in (plain, own):
        y = module(x).square().sum()
        assert y.requires_grad == (of_input or len(frozen) < 4)
        if y.requires_grad:
            y.backward()
    for name, weight in own.named_parameters():
        mine, other = weight.grad, plain.get_parameter(name).grad
        assert (mine is None) == (other is None) == (name in frozen)
        if mine is not None and other is not None:
            assert torch.allclose(mine, other, rtol=1e-10, atol=1e-12)


def test_without_gradients_nothing_is_kept() -> None:
    """A module whose weights are all frozen gives results without a history."""
    module = net().requires_grad_(False)
    assert module(torch.randn(2, 4, dtype=F64)).grad_fn is None
    with torch.no_grad():
        assert net()(torch.randn(2, 4, dtype=F64)).grad_fn is None


def test_the_backward_is_code() -> None:
    """The gradient of a batch is one node of torch's graph, and its code has no call of torch's reverse mode."""
    module = net()
    y = module(torch.randn(2, 4, dtype=F64))
    assert "Optic" in type(y.grad_fn).__name__
    back = text_of(module).split("def _back(")[1].split("def _run(")[0]
    assert "autograd" not in back and "func." not in back and "_gelu_backward" in back


def test_weights_alone_need_no_cotangent_of_the_input() -> None:
    """The backward for weights alone has one product less."""
    source = text_of(net())
    full = source.split("def _back(")[1].split("def ")[0]
    weights = source.split("def _back_weights(")[1].split("def ")[0]
    assert full.count("torch.mm") == weights.count("torch.mm") + 1


# --------------------------------------------------------------------------------------------- torch's own rules


def test_a_second_backward() -> None:
    """With `retain_graph` a backward can be done again, and gives the same; without, torch refuses it."""
    module = net()
    y = module(torch.randn(2, 4, dtype=F64)).square().sum()
    weights = list(module.parameters())
    one, other = (torch.autograd.grad(y, weights, retain_graph=True) for _ in range(2))
    assert all(map(torch.equal, one, other))
    torch.autograd.grad(y, weights)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, weights)


def test_a_weight_that_was_changed_is_an_error() -> None:
    """What the backward reads must be as it was, as for torch's own."""
    module = net()
    y = module(torch.randn(2, 4, dtype=F64)).sum()
    with torch.no_grad():
        module.get_parameter("linear_2.W").mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_what_is_kept_goes_with_the_result() -> None:
    """No cycle keeps the residual alive: tensors of a forward without a backward are gone at once."""
    module = net(text="diagram f(u : R[4]) -> R[4] @ R[4] { v = relu(u)\n return v, tanh(v) }")
    x = torch.randn(2, 4, dtype=F64, requires_grad=True)
    with Live():
        # the first call of a mode leaves objects of torch's own behind
        module(x)
    gc.collect()
    live = Live()
    live.know(x)
    gc.disable()
    try:
        with live:
            module(x)
        assert live.peak > 0
        assert live.now == 0
    finally:
        gc.enable()


def test_it_is_copied_and_kept() -> None:
    """deepcopy and pickle keep the backward, a state_dict goes over to the plain module."""
    module = net()
    x = torch.randn(2, 4, dtype=F64)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(x), module(x)) and "Optic" in type(other(x).grad_fn).__name__
    plain = net(None)
    plain.load_state_dict(module.state_dict())
    assert torch.equal(plain(x), module(x))


def test_the_source_runs_alone(tmp_path: Path) -> None:
    """The file imports torch alone and has the backward."""
    from diagrammar.backends import torch as backend

    text = backend.emit(dg.loads(NET)["f"], memory="store")
    assert "diagrammar" not in text
    space: dict[str, Any] = {"__name__": "alone"}
    exec(compile(text, "alone.py", "exec"), space)
    module = space["Main"](seed=0)
    module(torch.randn(2, 4)).sum().backward()
    assert all(weight.grad is not None for weight in module.parameters())


# ---------------------------------------------------------------------------------------------------- kinds of wires

KINDS = {
    "two results": "diagram f(u : R[3]) -> R[3] @ R { v = linear(u)\n return v, sum(v) }",
    "a result twice": "diagram f(u : R[3]) -> R[3] @ R[3] { v = linear(u)\n return v, v }",
    "an input as a result": "diagram f(u : R[3]) -> R[3] @ R[3] { return u, linear(u) }",
    "a result that is read": "diagram f(u : R[3]) -> R[3] @ R[3] { v = tanh(linear(u))\n return v, v * v }",
    "a truth value": "diagram f(u : R[3]) -> Bool[3] @ R[3] { return less(u, 0), linear(u) }",
    "complex numbers": "diagram f(u : C[3], w : C[3]) -> C[3] { return u * w + conj(u) }",
    "an unused input": "diagram f(u : R[3], _v : R[3]) -> R[3] { return linear(u) }",
    "a result of weights alone": (
        "diagram f(u : R[3]) -> R[3] @ R[3] {\n weight w : R[3] = ones\n return u * w, tanh(w) }"
    ),
    "weights as wires": 'diagram f(u : R[3], w : R[2, 3]) -> R[2] { return einsum["a, b a -> b"](u, w) }',
    "a shared box": "diagram f(u : R[3]) -> R[3] { share a = linear[3, 3]\n return a(tanh(a(u))) }",
    "a constrained weight": "diagram f(u : R[3]) -> R[3] { weight w : R[3] = ones where nonneg\n return w * u }",
    "a frozen weight": "diagram f(u : R[3]) -> R[3] { weight w : R[3] = ones where frozen\n return w * linear(u) }",
    "a weight in a loop": (
        "diagram s(u : R[3]) -> R[3] { weight w : R[3] = ones\n return w * tanh(u) }\n"
        "diagram f(u : R[3]) -> R[3] { return (repeat 3 { s })(u) }"
    ),
    "weights in a map": "diagram f(u : R[4, 3]) -> R[4, 2] { return map[linear[3, 2] >> gelu](u) }",
    "weights in a map over a grid": (
        HEAD + "diagram f(u : Field[X[4, 5], 3]) -> Field[X[4, 5], 2] { return map[linear[3, 2] >> gelu](u) }"
    ),
    "maps in a map": (
        "diagram f(u : R[2, 4, 3]) -> R[2, 4, 3] { return map[map[layer_norm >> linear[3, 5] >> tanh >> linear]](u) }"
    ),
    "a map whose residual is no field": (
        HEAD + "diagram g(x : R[2]) -> R[2] {\n"
        ' y = exp(sin(einsum["a, b -> a b"](x, x)))\n return einsum["a b -> a"](y * y) }\n'
        "diagram f(u : Field[X[4, 5], 2]) -> Field[X[4, 5], 2] { return map[g](u) }"
    ),
    "a map that gives numbers and truth values": (
        "diagram g(x : R[3]) -> R @ Bool[3] { return sum(tanh(linear(x))), less(x, 0) }\n"
        "diagram f(u : R[4, 3]) -> R[4] @ R[4, 3] { a, b = map[g](u)\n return a, select(b, tanh(u), u) }"
    ),
    "a map beside what it takes from outside": (
        "diagram f(a : R[3], u : R[4, 3]) -> R[4, 3] { return map[(x : R[3]) -> a * linear(x)](u) }"
    ),
    "a query that sees nothing": (
        "diagram f(q : R[2, 3, 4], k : R[2, 5, 4], v : R[2, 5, 4]) -> R[2, 3, 4] {\n"
        ' return attend(q, k, v, less(einsum["a b c -> b"](k), -1000)) }'
    ),
    "queries that are weights": (
        "diagram f(k : R[2, 5, 4], v : R[2, 5, 4]) -> R[2, 3, 4] {\n"
        " weight q : R[2, 3, 4] = normal\n return attend(q, k, v) }"
    ),
    "weights in a scan": (
        "diagram f(a : R[3], u : R[4, 3]) -> R[3] @ R[4, 3] {\n"
        " return scan[(s : R[3], x : R[3]) -> copy(tanh(linear(s) + x))](a, u) }"
    ),
    "soft gates": HEAD + "diagram f(u : Field[X[4, 5], 3]) -> Field[X[4, 5], 3] { return soft_gate(u) + gelu(u) }",
}


@pytest.mark.parametrize("memory", ["store", "recompute"])
@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_wires(name: str, memory: str) -> None:
    """Results and gradients are those of the plain module."""
    agree(dg.loads(KINDS[name])["f"], memory, (3,))


def test_inputs_for_all_samples() -> None:
    """An input without a batch axis, or of one sample, stands for all samples of the others."""
    text = "diagram f(u : R[3], v : R[3]) -> R[3] { return linear(u) * linear(v) }"
    plain, own = pair(dg.loads(text)["f"], "store")
    u = torch.randn(4, 3, dtype=F64, requires_grad=True)
    for shape in ((3,), (1, 3), (2, 1, 3)):
        v = torch.randn(*shape, dtype=F64, requires_grad=True)
        (_, da), (_, db) = grads(plain, [u, v]), grads(own, [u, v])
        assert all(apart(a, b) < 1e-10 for a, b in zip(da, db, strict=True))


def test_an_empty_batch() -> None:
    """Gradients of nothing are zero."""
    module = net()
    module(torch.zeros(0, 4, dtype=F64)).sum().backward()
    assert all(not weight.grad.any() for weight in module.parameters())  # type: ignore[union-attr]  # they are there


def test_weights_in_a_map_are_contracted() -> None:
    """The cotangent of a weight that every entry shares is one product over all entries of all samples: no product of
    one entry lives."""
    net = dg.compile(
        dg.loads("diagram f(u : R[50, 20]) -> R[50, 20] { return map[linear[20, 20]](u) }")["f"], memory="store"
    )
    x = torch.randn(8, 50, 20)
    live = Live()
    y = net(x).sum()
    live.know([x, y, *net.parameters()])
    with live:
        y.backward()
    assert live.peak < 4 * x.nbytes


def _pulled(net: torch.nn.Module, x: torch.Tensor) -> None:
    y = net(x).sum()
    if y.requires_grad:
        y.backward()


@pytest.mark.parametrize("inputs", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_a_map_computes_nothing_twice(inputs: bool, weights: bool) -> None:
    """The backward of a map reads what its forward left: it multiplies as often as torch's own, whatever is asked."""
    text = "diagram f(u : R[5, 4]) -> R[5, 4] {\n"
    text += "return map[layer_norm >> linear[4, 6] >> gelu >> linear[6, 4] >> tanh](u) }"
    x = torch.randn(3, 5, 4, dtype=F64, requires_grad=inputs)
    found = []
    for net in pair(dg.loads(text)["f"], "store"):
        net.requires_grad_(weights)
        found.append(products(partial(_pulled, net, x)))
    assert found[0] == found[1] > 0


# -------------------------------------------------------------------------------------------------------- refusals


def test_other_words_are_refused() -> None:
    """A word that is no schedule is an error that says which there are."""
    with pytest.raises(DiagramValueError, match='"store", "recompute" or a number of bytes'):
        net("most")


def test_a_bound_box_is_refused() -> None:
    """What a caller binds has no cotangent that is known."""
    text = "box g : R[3] -> R[3]\ndiagram f : R[3] -> R[3] = g"
    with pytest.raises(DerivativeError, match="bound by the caller"):
        dg.compile(dg.loads(text)["f"], memory="store", boxes={"g": torch.nn.Linear(3, 3)})
