"""`open[f]` is f with its weights as wires: it computes the same and owns nothing that is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from torch import nn

import diagrammar as dg
from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.sizes import evaluate, variables
from diagrammar.strategies import diagrams, signature_of
from diagrammar.types import Tensor, Tokens, Type, shape_of, sizes_of
from tests.derivative.boxes import WIRES
from tests.diagram.signature import random_diagram

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.dg"))

HEAD = "type V = R[3]\ndiagram g(x : V) -> V { return tanh(linear(x)) * x }\n"
CASES = {
    "loops": "diagram f : V -> V = repeat 3 { g >> linear >> g }",
    "loops in loops": "diagram f : V -> V = repeat 2 { g >> repeat 3 { linear >> g } >> linear }",
    "steps of their own": "diagram f : R[2] -> R[4] = repeat 2 as i { linear[2 + i, 3 + i] >> tanh }",
    "one step": "diagram f : V -> V = repeat 1 { g }",
    "a loop in a frame": "diagram h : V -> V = repeat 2 { g }\ndiagram f : V -> V = repeat 2 { h } >> h",
    "one instance": "diagram f(u : V) -> V {\nshare c = g\nreturn repeat 3 { c >> linear }(u) + c(u) }",
    "an instance further out": "diagram h[k : V -> V] : V -> V = linear >> residual[k] >> k\n"
    "diagram f(u : V) -> V {\nshare c = linear\nreturn h[c](h[c >> sin](u)) + c(u) }",
    "an instance of the file": "share tie = g\ndiagram f : V -> V = tie >> linear >> repeat 2 { tie >> linear }",
    "captured": "diagram f(u : V, x : R[4, 3]) -> R[4, 3] @ V @ V {\nweight k : V\n"
    "return map[x -> k * linear(x) + g(u)](x), fold[(s, y) -> g(s) * y + k](u, x),\n"
    "tree[(a, b) -> linear(a) + g(b)](x)\n}",
    "scanned": "diagram f(u : V, x : R[4, 3]) -> V @ R[4, 3] {\nreturn scan[(s, y) -> copy(g(s) + linear(y))](u, x) }",
    "constrained": "diagram f(u : V) -> V {\nweight p : V = ones where nonneg\n"
    "weight q : R[3, 3] = orthogonal where orthogonal\n"
    "weight r : V\nweight s : V = uniform(0, 1) where simplex\n"
    'return linear(r * einsum["i, o i -> o"](p * u, q)) + s }',
    "frozen": "diagram h(u : V) -> V {\nweight p : V = ones where frozen\n"
    "weight q : V = ones\nreturn linear(p * u) + q }\n"
    "diagram f : V -> V = h >> repeat 2 { h }",
    "states": "diagram h(u : V) -> V {\nstate m : V = ones\nweight q : V = ones\nnext m = m + q\nreturn m * u }\n"
    "diagram f : V -> V = h >> repeat 2 { h }",
    "training": "diagram f(u : V) -> V { return if training then linear(u) else g(u) + linear(u) }",
    "drawn": "diagram f(u : V) -> V { return linear(u) + gaussian[V]() }",
    "unused": "diagram h(u : V) -> V {\nweight q : V = ones\n_z = linear(u)\nreturn q * u }\n"
    "diagram f : V -> V = h >> g",
    "not in the order of the text": "diagram f(u : V) -> V {\nweight a : V\nx = linear(u)\nweight b : V\n"
    "return map[y -> b * y](stack(x, a * x))[0] }",
    "of a derivative": "diagram h : V -> V = repeat 3 { g }\n"
    "diagram f(u : V, du : V, dv : V) -> V @ V { return vjp[h](u, dv), jvp[h](u, du) }",
}


def several(found: Any) -> list[torch.Tensor]:
    """The results of a module, one or many."""
    return list(found) if isinstance(found, tuple) else [found]


def drawn(wire: Type, batch: tuple[int, ...], draw: torch.Generator, grid: int = 16) -> torch.Tensor:
    """A value of a wire; free sizes are `grid`."""
    names = {name: grid for size in sizes_of(wire) for name in variables(size)}
    shape = (*batch, *(int(evaluate(size, names)) for size in shape_of(wire)))
    if isinstance(wire, Tokens):
        return torch.randint(0, int(str(wire.vocab)), shape, generator=draw)
    if isinstance(wire, Tensor) and wire.kind == "Bool":
        return torch.rand(shape, generator=draw) < 0.8
    return torch.randn(shape, generator=draw, dtype=torch.float64) * 0.5


def trained(net: nn.Module) -> dict[str, torch.Tensor]:
    """The values of trainable weights by their paths, in the order of the `state_dict`."""
    found = {}
    for key, weight in net.named_parameters():
        if weight.requires_grad:
            path = key.replace("parametrizations.", "").removesuffix(".original")
            value: Any = net
            for name in path.split("."):
                value = getattr(value, name)
            found[path] = value
    return found


def check(diagram: Diagram) -> Diagram:
    """Holds the law for one diagram."""
    made = dg.open(diagram)
    dg.verify(made)
    net = dg.compile(diagram, dtype=torch.float64)
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        # starting at zero would hide what is wrong
        for weight in net.parameters():
            weight.add_(torch.randn(weight.shape, generator=draw, dtype=torch.float64), alpha=0.3)
    weights = trained(net)
    paths = dg.weights(diagram)
    if any(box.origin == "unwind" for level in definitions(diagram) for box in level.boxes):
        # a module may meet the steps of a loop on the way back; their weights are in the order of the loop
        assert set(paths) == set(weights)
        weights = {path: weights[path] for path in paths}
    assert list(paths) == list(weights)
    assert tuple(made.dom) == (*paths.values(), *diagram.dom)
    again = dg.compile(made, dtype=torch.float64)
    assert trained(again) == {}
    again.load_state_dict(net.state_dict(), strict=False)
    assert set(again.state_dict()) <= set(net.state_dict())
    inputs = [drawn(wire, (2,), draw) for wire in diagram.dom]
    for mode in (False, True):
        torch.manual_seed(0)
        right = several(net.train(mode)(*inputs))
        torch.manual_seed(0)
        found = several(again.train(mode)(*weights.values(), *inputs))
        for one, other in zip(found, right, strict=True):
            slack = 1e-12 * (1 + float(other.detach().double().abs().nan_to_num(0, 0).max()))
            torch.testing.assert_close(one, other, rtol=0, atol=slack, equal_nan=True)
    return made


def reads_back(made: Diagram) -> None:
    """The text of an opened diagram mentions `open[f]` and reads back."""
    again = dg.loads(str(made))[made.name or "main"]
    assert dg.same(again, made), str(made)
    assert str(again) == str(made)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    """Every diagram of every example, with its weights as wires, computes the same, and reads back."""
    module = dg.load(path)
    for name in module:
        reads_back(check(module[name]))


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    """Loops, shares, captured wires, constraints, states, modes: the weights are those of the `state_dict`, each
    once, and what remains inside is what is not trained."""
    reads_back(check(dg.loads(HEAD + CASES[name])["f"]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(diagrams(signature_of("std", types=WIRES), boxes=8, random=False, states=False))
def test_random_diagrams(diagram: Diagram) -> None:
    """Well-typed random diagrams over the whole library compute the same with their weights as wires."""
    note(str(diagram))
    boxes = [box for level in definitions(diagram) for box in level.boxes]
    # of a field on one space the value on another one is not defined; a box that sees the batch sees a weight that is
    # a wire in each sample
    if not any("resample" in box.origin or "batch" in box.kinds for box in boxes):
        check(diagram)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_of_any_shape(seed: int, boxes: int) -> None:
    """Diagrams with frames, loops and shares of every shape: one wire for each weight, none left inside."""
    diagram = random_diagram(seed, boxes)
    made = dg.open(diagram)
    dg.verify(made)
    weights = dg.weights(diagram)
    assert tuple(made.dom) == (*weights.values(), *diagram.dom)
    assert not any(box.origin == "weight" for level in definitions(made) for box in level.boxes)
    bound = {box.name: nn.Identity for level in definitions(diagram) for box in level.boxes if not box.origin}
    state = dg.compile(diagram, boxes=bound).state_dict()
    assert list(weights) == [key for key in state if key in weights]
    assert len(weights) == sum(isinstance(value, nn.Parameter) for value in state.values())


def test_each_definition_is_opened_once() -> None:
    """Twenty doublings of one block are twenty bodies, not a million; a tower of frames is no deep recursion."""
    x = Tensor("R", (2,))
    weight = Box("weight", (), (x,), origin="weight", key="w")
    tower = Diagram.of(weight).named("base")
    for level in range(3000):
        tower = Diagram.of(tower.frame(f"a{level % 7}")).named(f"a{level % 7}")
    made = dg.open(tower)
    assert list(dg.weights(tower).values()) == [x] and tuple(made.dom) == (x,)
    build = Builder((x,))
    cell = build.build(build.add(Box("mul", (x, x), (x,), origin="std:mul"), [0, *build.add(weight, [])])).named("cell")
    share = cell.frame(key="~cell")
    twice: Diagram = Diagram.of(share)
    for level in range(20):
        twice = Diagram.of((twice >> twice).named(f"d{level}").frame(key="~d"))
    assert len(definitions(dg.open(twice))) < 30
    assert len(dg.weights(twice)) == 1


def test_gradients_by_weights_are_those_of_torch() -> None:
    """`vjp[open[f]]` gives the gradient by each weight for each sample: their sum is what torch's backward gives."""
    module = dg.loads("diagram f : R[3] -> R[2] = repeat 2 { linear >> tanh } >> linear")
    diagram = module["f"]
    net = dg.compile(diagram, dtype=torch.float64)
    weights = trained(net)
    back = dg.compile(dg.vjp(dg.open(diagram), wrt=range(len(weights))), dtype=torch.float64)
    x, dy = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    net(x).backward(dy)
    found = back(*(weight.detach() for weight in weights.values()), x, dy)
    for (path, weight), gradient in zip(weights.items(), found, strict=True):
        assert gradient.shape == (5, *weight.shape), path
        torch.testing.assert_close(gradient.sum(0), weight.grad, rtol=1e-12, atol=1e-12)
        for k in range(5):
            (alone,) = torch.autograd.grad(net(x[k]), weight, dy[k])
            torch.testing.assert_close(gradient[k], alone, rtol=1e-12, atol=1e-12)


def test_a_gradient_by_weights_is_written_as_in_the_paper() -> None:
    """`grad[w -> loss(open[f](w)(x), y)](w)`: a bundle of wires is one name, and arithmetic goes wire by wire."""
    module = dg.loads(
        "diagram f : R[3] -> R[2] = linear[b = 4] >> tanh >> linear\ntype W = Weights[f]\n"
        "diagram loss(y : R[2], z : R[2]) -> R = sum((y - z)^2)\n"
        "diagram step(w : W, x : R[3], y : R[2]) -> W { return w - 0.1 * grad[w -> loss(open[f](w)(x), y)](w) }"
    )
    net = dg.compile(module["f"], dtype=torch.float64)
    x, y = torch.randn(3, dtype=torch.float64), torch.randn(2, dtype=torch.float64)
    ((net(x) - y) ** 2).sum().backward()
    before = [weight.detach().clone() for weight in net.parameters()]
    found = dg.compile(module["step"], dtype=torch.float64)(*before, x, y)
    for weight, start, after in zip(net.parameters(), before, found, strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(after, start - 0.1 * weight.grad, rtol=1e-13, atol=1e-13)


SAID = {
    "diagram f : R[3] -> R[2] = linear\ndiagram g(w : Weights[f], x : R[3]) -> R[2] { return open[f](x, w)(x) }": (
        "2:54: type error: `open` wants the 2 weights of its diagram",
        "given  R[3] @ R[2, 3] @ R[2]",
    ),
    "diagram f : R[3] -> R[2] = linear\n"
    "diagram g(w : R[3, 2], c : R[2], x : R[3]) -> R[2] { return open[f](w, c)(x) }": (
        "weight f.linear.W is R[2, 3], not R[3, 2]",
    ),
    "diagram f : R[3] -> R[2] = linear\ndiagram g(x : R[3]) -> R[2] { return open[f](1)(x) }": (
        "weight f.linear.W is R[2, 3], not R",
    ),
    "diagram g(w : Weights[3]) -> R { return w }": (
        "1:23: type error: `Weights` takes a diagram, this is the number 3",
    ),
    "diagram g(w : Weights[linear]) -> R { return w }": ("nothing decides the size `a` of `linear`",),
    "diagram f(w : Weights[f]) -> R { return w }": (
        "1:23: name error: `f` is declared by the type of its own weights",
    ),
}


@pytest.mark.parametrize("text", SAID, ids=range(len(SAID)))
def test_errors(text: str) -> None:
    """What does not fit is said, with the weights that are wanted."""
    with pytest.raises(dg.DiagrammarError) as error:
        dg.loads(text)
    for part in SAID[text]:
        assert part in str(error.value)


def test_weights_stand_in_headers() -> None:
    """`Weights[f]` is as many wires as f has weights: of a parameter, beside other wires, over free sizes and grids."""
    module = dg.loads(
        "space X = torus(2)\ntype V = R[3]\ndim n\n"
        "diagram f : V -> V = linear >> sin\n"
        "diagram g(w : Weights[f], x : V) -> V { return open[f](w)(x) }\n"
        "diagram beside : Weights[f] @ V @ V -> V @ V = g @ sin\n"
        "diagram opened_beside : Weights[f] @ V @ V -> V @ V = open[f] @ sin\n"
        "diagram given[p : V -> V](w : Weights[p], x : V) -> V { return open[p](w)(x) }\n"
        "diagram gives(w : Weights[f], x : V) -> V { return given[f](w, x) }\n"
        "diagram rows(x : R[n, 3]) -> R[n, 3] = map[f](x)\n"
        "diagram many(w : Weights[rows], x : R[n, 3]) -> R[n, 3] { return open[rows](w)(x) }\n"
        "diagram part(w : Weights[f], x : R[n, 3]) -> R[n, 3] { return map[open[f](w)](x) }\n"
        "diagram over(u : Field[X, 1]) -> Field[X, 2] = pointwise(u)\n"
        "diagram field(w : Weights[over], u : Field[X, 1]) -> Field[X, 2] { return open[over](w)(u) }"
    )
    row = "R[3, 3] @ R[3] @ "
    doms = {"g": "R[3]", "beside": "R[3] @ R[3]", "opened_beside": "R[3] @ R[3]", "gives": "R[3]", "many": "R[n, 3]"}
    for name, dom in (doms | {"part": "R[n, 3]"}).items():
        assert str(module[name].dom) == row + dom, name
        reads_back(module[name])
    assert str(module["field"].dom) == "R[2, 1] @ R[2] @ Field[X, 1]"
    assert module["many"] == module["part"]
