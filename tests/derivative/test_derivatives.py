"""Derivatives of diagrams are those that torch finds, to second order, and they are diagrams like any other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, note, settings

import diagrammar as dg
from diagrammar.calculus import derivative
from diagrammar.diagram import Diagram, definitions
from diagrammar.strategies import diagrams
from diagrammar.tangent import has_tangent
from diagrammar.types import Tensor, Type, shape_of
from tests.derivative.boxes import TOTAL, function_of

# torch takes tangents by functions that it has written in TorchScript
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

Tensors = list[torch.Tensor]

# torch leaves these untyped
FUNC: Any = torch.func

CASES = {
    "polynomial": "diagram f(u : R[3], v : R[3]) -> R[3] { return sin(u) * v + exp(u) / (2 + v^2) }",
    "repeat": "diagram g(x : R[3]) -> R[3] { return tanh(linear(x)) * x }\ndiagram f : R[3] -> R[3] = repeat 3 { g }",
    "repeat as": "diagram g(x : R[3]) -> R[3] { return tanh(linear(x)) * x }\n"
    "diagram f : R[3] -> R[3] = repeat 3 as i { if i == 1 then g else (g >> sin) }",
    "repeat captures": "diagram f(u : R[3], k : R[3]) -> R[3] { return repeat 3 { x -> sin(x) * k + x }(u) }",
    "repeat widens": "diagram f : R[2] -> R[4] = repeat 2 as i { linear[2 + i, 3 + i] >> tanh }",
    "map": "diagram f(u : R[4, 3], k : R[3], s : R) -> R[4, 3] { return map[x -> sin(x) * k * s](u) }",
    "map over a grid": "space X = torus(2)\ndiagram f(u : Field[X[3, 4], 2], k : R[2], M : R[2, 2], s : R)"
    ' -> Field[X[3, 4], 2] { return map[x -> sin(einsum["i, i j -> j"](x, M)) * k * s](u) }',
    "fold": "diagram f(a : R[2], x : R[4, 2], k : R[2]) -> R[2] { return fold[(s, y) -> sin(s * y) + k * s](a, x) }",
    "scan": "diagram f(a : R[2], x : R[4, 2], k : R) -> R[2] @ R[4, 2] {\n"
    "return scan[(s, y) -> (sin(s * y) + k * s, s * y)](a, x) }",
    "fold of a field": "space X = torus(1)\n"
    "diagram f(u : Field[X[5], 2], w : R[3]) -> Field[X[5], 2] {\n"
    "return fold[(s, g) -> tanh(fourier[2](s)) + g * s](u, w) }",
    "scan of a field": "space X = torus(2)\n"
    "diagram f(u : Field[X[3, 4], 1], w : R[3], k : R) -> Field[X[3, 4], 1] @ R[3, 1] {\n"
    "return scan[(s, g) -> (sin(s) * g + k * s, mean(s * s))](u, w) }",
    "tree": "diagram f(x : R[5], k : R) -> R { return tree[(a, b) -> sin(a) * b + k](x) }",
    "nested": "diagram h(x : R[3]) -> R[3] { return sin(linear(x)) }\n"
    "diagram g(x : R[3]) -> R[3] { return repeat 2 { h }(x) * x }\ndiagram f : R[3] -> R[3] = repeat 2 { g }",
    "marks": "diagram g(x : R[3]) -> R[3] { return tanh(linear(x)) * x }\n"
    "diagram f(u : R[3]) -> R[3] {\nweight k : R[3] = normal\n"
    "v = repeat 2 { recompute { g >> store { sin } } }(u)\n"
    "return store { x -> g(x) * k + v }(u) + recompute { x -> g(x) * k }(v) }",
    "share": "diagram f(u : R[3]) -> R[3] {\nshare c = linear\nreturn repeat 3 { c >> tanh }(u) + c(u) }",
    "attention": "diagram f(u : R[3, 4]) -> R[3, 4] { return attention[2](u, u, u) }",
    "norms": "diagram f(u : R[4]) -> R[4] { return layer_norm(u) * softmax(u) }",
    "fourier layer": "space X = torus(2)\n"
    "diagram f(u : Field[X[5, 6], 2]) -> Field[X[5, 6], 2] { return gelu(fourier[3](u) + pointwise(u)) }",
    "multigrid": "import std.multigrid (vcycle)\nspace X = cube(2)\n"
    "diagram f(u : Field[X[4, 4], 2]) -> Field[X[4, 4], 2] { return vcycle[1](tanh(u)) }",
    "complex": "diagram f(u : C[3], v : C[3]) -> C[3] { return sin(u) * v + exp(u) / (v * v + 3) }",
    "a bundle": "diagram f(u : R[3], v : R) -> R @ R[3] { return v * sum(u), u * u }",
    "symbols": "diagram f(x : Tokens[5, 3], u : R[3, 2]) -> R[3, 2] { return embed[d = 2](x) * u }",
    "random inside": "diagram noisy(u : R[3]) -> R[3] { return u * gaussian[R[3]]() }\n"
    "diagram f(u : R[3]) -> R[3] { return sin(noisy(u)) * u }",
    "random": "diagram f(u : R[3]) -> R[3] { return u * gaussian[R[3]]() + sin(u) }",
}


def _drawn(wire: Type, draw: torch.Generator) -> torch.Tensor:
    shape = (2, *(int(str(size)) for size in shape_of(wire)))
    if str(wire).startswith("Tokens"):
        return torch.randint(0, 5, shape, generator=draw)
    if isinstance(wire, Tensor) and wire.kind == "Bool":
        return torch.rand(shape, generator=draw) > 0.5
    return torch.randn(shape, generator=draw, dtype=torch.float64) * 0.7


def _several(found: Any) -> Tensors:
    return list(found) if isinstance(found, tuple) else [found]


def _net(diagram: Diagram, like: torch.nn.Module | None = None) -> torch.nn.Module:
    net = dg.compile(diagram, dtype=torch.float64)
    if like is not None:
        net.load_state_dict(like.state_dict())
    return net


def movable(
    diagram: Diagram, net: torch.nn.Module, inputs: Tensors
) -> tuple[list[int], Callable[..., tuple[torch.Tensor, ...]]]:
    """The inputs that can change a little, and the results that can as a function of these."""
    on = [at for at, wire in enumerate(diagram.dom) if has_tangent(wire)]
    return on, function_of(diagram, net, inputs, on)


def _wanted(diagram: Diagram, net: torch.nn.Module, inputs: Tensors, draw: torch.Generator) -> dict[str, Any]:
    """Tangents and cotangents of a module, with what torch makes of them."""
    on, function = movable(diagram, net, inputs)
    args = tuple(inputs[at] for at in on)
    tangents = [_drawn(diagram.dom[at], draw) for at in on]
    # boxes that draw draw the same again
    torch.manual_seed(0)
    outputs, along = FUNC.jvp(function, args, tuple(tangents))
    cotangents = [torch.randn(out.shape, generator=draw, dtype=torch.float64) for out in outputs]
    torch.manual_seed(0)
    _, pull = FUNC.vjp(function, *args)
    return {"jvp": (tangents, along), "vjp": (cotangents, pull(tuple(cotangents)))}


def _check(diagram: Diagram, net: torch.nn.Module, inputs: Tensors, orders: int, draw: torch.Generator) -> None:
    wanted = _wanted(diagram, net, inputs, draw)
    for kind, (given_wires, right) in wanted.items():
        made = dg.jvp(diagram) if kind == "jvp" else dg.vjp(diagram)
        dg.verify(made)
        assert dg.same(dg.loads(str(made))[made.name or "main"], made), str(made)
        back = _net(made, net)
        torch.manual_seed(0)
        found = _several(back(*inputs, *given_wires))
        for one, other in zip(found, right, strict=True):
            slack = 1e-10 * (1 + float(other.detach().abs().max()))
            torch.testing.assert_close(one.expand_as(other), other, rtol=1e-10, atol=slack)
        if orders > 1:
            _check(made, back, [*inputs, *given_wires], orders - 1, draw)


@pytest.mark.parametrize("name", CASES)
def test_to_second_order(name: str) -> None:
    """Tangents, cotangents, and both of both: the numbers are those of torch.func, the weights those of the diagram,
    and the text reads back."""
    diagram = dg.loads(CASES[name])["f"]
    draw = torch.Generator().manual_seed(1)
    _check(diagram, _net(diagram), [_drawn(wire, draw) for wire in diagram.dom], 2, draw)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(diagrams(TOTAL, boxes=8, random=False, states=False))
def test_of_random_diagrams(diagram: Diagram) -> None:
    """Of well-typed random diagrams over the whole library, but for the boxes that are not defined for all numbers."""
    note(str(diagram))
    draw = torch.Generator().manual_seed(2)
    inputs = [_drawn(wire, draw) for wire in diagram.dom]
    # of a field on one space the value on another one is not defined
    if not any(map(has_tangent, diagram.dom)) or not any(map(has_tangent, diagram.cod)) or _resampled(diagram):
        return
    net = _net(diagram)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _several(net(*inputs))
    # the mean of truth values is no derivative's matter, and in torch's own precision
    real = [value for value in found if value.is_floating_point()]
    if all(value.dtype == torch.float64 and bool(torch.isfinite(value).all()) for value in real):
        _check(diagram, net, inputs, 1, draw)


def _resampled(diagram: Diagram) -> bool:
    boxes = (box for level in definitions(diagram) for box in level.boxes if "resample" in box.origin)
    return any(box.dom[0].space.kinds != box.cod[0].space.kinds for box in boxes)  # type: ignore[union-attr]  # fields


OPERATORS: dict[str, tuple[str, str, Any]] = {
    "grad": ("R", "sum(sin(x) * x)", lambda f, x: FUNC.grad(f)(x)),
    "hessian": ("R", "sum(sin(x) * x) * x[0]", lambda f, x: FUNC.hessian(f)(x)),
    "jacobian": ("R[2]", "linear[b = 2](sin(x) * x)", lambda f, x: FUNC.jacrev(f)(x)),
    "laplacian": ("R", "sum(sin(x) * x) * x[1]", lambda f, x: FUNC.hessian(f)(x).trace()),
    "divergence": ("R[3]", "tanh(linear(x)) * x", lambda f, x: FUNC.jacrev(f)(x).trace()),
}


@pytest.mark.parametrize("kind", OPERATORS)
def test_operators(kind: str) -> None:
    """Gradients, Hessians, Jacobians, Laplacians and divergences, in a file and in Python, for each sample."""
    cod, body, right = OPERATORS[kind]
    text = f"diagram f(x : R[3]) -> {cod} {{ return {body} }}\n"
    diagram = dg.loads(text)["f"]
    made = derivative(kind, diagram)
    ends = " @ ".join(map(str, made.cod))
    written = dg.loads(f"{text}diagram g(x : R[3]) -> {ends} {{ return {kind}[f](x) }}")["g"]
    net, x = _net(diagram), torch.randn(4, 3, dtype=torch.float64)
    wanted = torch.stack([right(net, sample) for sample in x])
    torch.testing.assert_close(_net(made, net)(x), wanted, rtol=1e-11, atol=1e-11)
    state = {f"f.{path}" if path else path: value for path, value in net.state_dict().items()}
    again = _net(written)
    again.load_state_dict(state)
    torch.testing.assert_close(again(x), wanted, rtol=1e-11, atol=1e-11)


# what a random diagram ends in, put into a number, a vector or a matrix
_READINGS = dg.loads(
    "diagram number(x : R[4], y : R[3], z : R) -> R { return sum(sin(x) * x) + z * sum(tanh(y)) + sum(x) * sum(y * y) }"
    "\ndiagram matrix(x : R[4], y : R[3], z : R) -> R[4, 3] {"
    ' return einsum["i, j -> i j"](sin(x) * x, y + tanh(y)) * z }'
    "\ndiagram vector(x : R[4], y : R[3], z : R) -> R[4] { return sin(x) * x + (z + sum(y * y)) * x }"
)
RANDOM_OPERATORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "grad": ("number", lambda f, x: FUNC.grad(f)(x)),
    "hessian": ("number", lambda f, x: FUNC.hessian(f)(x)),
    "laplacian": ("number", lambda f, x: FUNC.hessian(f)(x).trace()),
    "jacobian": ("matrix", lambda f, x: FUNC.jacrev(f)(x)),
    "divergence": ("vector", lambda f, x: FUNC.jacrev(f)(x).trace()),
}


@pytest.mark.parametrize("kind", RANDOM_OPERATORS)
def test_operators_of_random_diagrams(kind: str) -> None:
    """By one wire of well-typed random diagrams over the whole library, what torch.func finds."""
    name, right = RANDOM_OPERATORS[kind]
    reading = _READINGS[name]
    drawn = diagrams(TOTAL, dom=reading.dom, cod=reading.dom, boxes=8, least=4, random=False, states=False)
    moved: list[bool] = []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(drawn)
    def agree(start: Diagram) -> None:
        diagram = start >> reading
        note(str(diagram))
        draw = torch.Generator().manual_seed(3)
        inputs = [_drawn(wire, draw)[:1] for wire in diagram.dom]
        net = _net(diagram)

        def function(x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = net(x[None], *inputs[1:])
            return found.expand(1, *found.shape[1:])[0]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = right(function, inputs[0][0])
        if _resampled(diagram) or wanted.dtype != torch.float64 or not bool(torch.isfinite(wanted).all()):
            return
        made = derivative(kind, diagram, 0)
        dg.verify(made)
        found = _net(made, net)(*inputs)[0]
        slack = 1e-10 * (1 + float(wanted.detach().abs().max()))
        torch.testing.assert_close(found.expand_as(wanted), wanted, rtol=1e-10, atol=slack)
        moved.append(bool((wanted != 0).any()))

    agree()
    # most of what is drawn depends on the wire
    assert sum(moved) > len(moved) / 2 > 5


FREE = """
dim n
space X = cube(2)
diagram rows(x : R[n, 3]) -> R[3] { return reduce["a b -> b", "mean"](x * x) }
diagram grid(u : Field[X, 3]) -> R[3] { return mean(u * u) }
"""


@pytest.mark.parametrize(("name", "shape"), [("rows", (2, 5, 3)), ("grid", (2, 3, 4, 7))])
def test_means_over_what_is_counted_at_last(name: str, shape: tuple[int, ...]) -> None:
    """The cotangent of a mean over a free size is divided by what is there."""
    diagram = dg.loads(FREE)[name]
    net = _net(diagram)
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    dy = torch.randn(2, 3, dtype=torch.float64)
    (wanted,) = torch.autograd.grad(net(x), x, dy)
    torch.testing.assert_close(_net(dg.vjp(diagram))(x.detach(), dy), wanted, rtol=1e-12, atol=1e-14)


def test_by_some_wires() -> None:
    """`wrt` chooses: in a file, in Python; and the choice reads back."""
    text = "diagram f(u : R[3], v : R[3]) -> R[3] { return sin(u) * v }\n"
    text += "diagram g(u : R[3], v : R[3], dy : R[3]) -> R[3] { return vjp[f, wrt = [1]](u, v, dy) }"
    module = dg.loads(text)
    made = dg.vjp(module["f"], wrt=1)
    u, v, dy = torch.randn(3, 2, 3, dtype=torch.float64)
    for diagram in (made, module["g"], dg.loads(str(module["g"]))["g"]):
        torch.testing.assert_close(_net(diagram)(u, v, dy), torch.sin(u) * dy, rtol=1e-14, atol=0)


def test_names_are_kept() -> None:
    """The derivative of a named block is a named block of the same instance; of a `repeat` it is a repeat unwound."""
    module = dg.loads(
        "diagram g(x : R[3]) -> R[3] { return tanh(linear(x)) }\ndiagram f : R[3] -> R[3] = repeat 4 { g }"
    )
    back, along = dg.vjp(module["f"]), dg.jvp(module["f"])
    assert [box.name for box in along.boxes] == ["repeat"] and along.boxes[0].param("count") == 4
    assert str(back).splitlines()[-1] == "diagram f_vjp : R[3] @ R[3] -> R[3] = vjp[repeat 4 { g }]"
    names = {box.name for level in definitions(back) for box in level.boxes}
    assert {"g", "vjp[g]", "vjp[linear]"} <= names
    assert list(_net(back).state_dict()) == list(_net(module["f"]).state_dict())


def test_a_weight_that_is_not_needed_is_owned() -> None:
    """The bias of an affine map does not matter to its derivative, which takes its weights all the same."""
    diagram = dg.loads("diagram f : R[3] -> R[2] = linear")["f"]
    back = dg.vjp(diagram)
    _net(back, _net(diagram))
    _net(dg.loads(str(back))["f_vjp"], _net(diagram))


ERRORS = [
    ("diagram f(u : R[3]) -> R[3] { return vjp[f](u, u) }", "contains itself"),
    ("box g : R[3] -> R[3]\ndiagram f(u : R[3]) -> R[3] { return grad[x -> sum(g(x))](u) }", "`g` has no derivative"),
    (
        "diagram noisy(u : R[3]) -> R[3] { return linear(u) * gaussian[R[3]]() }\n"
        "diagram f(u : R[3], v : R[3]) -> R[3] { return vjp[noisy >> sin](u, v) }",
        "`noisy` draws inside",
    ),
    ("diagram f(u : R[3]) -> R[3] { return grad[sin](u) }", "a gradient is of a diagram that ends in a number"),
    ("diagram f(u : R[3], v : R[2]) -> R[3] { return jvp[sin](u, v) }", "is another wire than what it is a tangent of"),
    ("diagram f(u : R[3]) -> R[3] { return vjp[sin, wrt = [1]](u, u) }", "by wire 1 of a diagram of 1"),
    ("diagram f(m : Bool[3]) -> Bool[3] { return jvp[negate, wrt = [0]](m, m) }", "cannot change a little"),
    ("diagram f(u : R[3]) -> R[3] { return vjp[3](u, u) }", "takes a diagram"),
    ("diagram f(u : R[3]) -> R[3] { return vjp[sin, by = 3](u, u) }", "has no parameter `by`"),
    ("diagram f(u : R[3]) -> R[3] { return vjp[sin](u) }", "1 cotangents are wanted"),
    ("dim n\ndiagram f(u : R[n]) -> R[n, n] { return hessian[x -> sum(x * x)](u) }", "need to know how many there are"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS, ids=[message for _, message in ERRORS])
def test_errors(text: str, message: str) -> None:
    """What has no derivative, or is asked for wrongly, is told at its place."""
    with pytest.raises(dg.DiagrammarError, match=message.replace("[", r"\[")) as caught:
        dg.loads(text)
    assert caught.value.span is not None
