"""The rules of all boxes of `std`: jvp and vjp are those of torch.func, and consist of boxes that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import diagrammar as dg
from diagrammar.box import Box
from diagrammar.derivative import Deriver
from diagrammar.diagram import Diagram
from diagrammar.elaborate.derivatives import declaration, jvp_rule, vjp_rule
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.errors import DerivativeError, DiagrammarError
from diagrammar.tangent import has_tangent, tangents
from diagrammar.types import Tensor

from .boxes import actives, boxes, compiled, function_of, primitives, values

# the first forward derivative of torch loads what torch itself calls outdated
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

# roots, logarithms and powers of what is positive; quotients by what is not near zero
POSITIVE = ("log", "pow", "sqrt", "div")


def several(made: Any) -> tuple[torch.Tensor, ...]:
    """The results of a module, one or several."""
    return made if isinstance(made, tuple) else (made,)


def close(got: Any, want: Any) -> bool:
    """Whether results agree to 1e-10, relatively."""
    pairs = list(zip(several(got), several(want), strict=True))
    return all(a.shape == b.shape and torch.allclose(a, b, rtol=1e-10, atol=1e-10) for a, b in pairs)


def of_active(
    diagram: Diagram, inputs: list[torch.Tensor], active: tuple[bool, ...]
) -> tuple[Callable[..., Any], tuple[torch.Tensor, ...]]:
    """A diagram as a function of its active inputs, to its differentiable outputs; and these inputs."""
    at = [k for k, on in enumerate(active) if on]
    return function_of(diagram, compiled(diagram), inputs, at), tuple(inputs[k] for k in at)


def check(diagram: Diagram, active: tuple[bool, ...], jvp: Diagram, vjp: Diagram, *, positive: bool) -> None:
    """Both diagrams are what torch.func says, of a batch."""
    batch = (3,)
    inputs = values(tuple(diagram.dom), batch, 1, positive)
    call, primals = of_active(diagram, inputs, active)
    along = values(tuple(wire for wire, on in zip(diagram.dom, active, strict=True) if on), batch, 2)
    want = torch.func.jvp(call, primals, tuple(along))[1]
    assert close(compiled(jvp)(*inputs, *along), want)
    above = values(tangents(tuple(diagram.cod)), batch, 3)
    back = torch.func.vjp(call, *primals)[1]
    assert close(compiled(vjp)(*inputs, *above), back(tuple(above)))


# what is differentiable nowhere: results without tangents
DISCRETE = ("less", "equal", "both", "either", "negate")
# nothing goes in
SOURCES = ("const", "gaussian", "uniform", "coordinates")


@pytest.mark.heavy
@pytest.mark.parametrize("name", [name for name in primitives() if name not in (*DISCRETE, *SOURCES)])
def test_rules_are_the_derivatives_of_torch(name: str) -> None:
    """Of every specimen of a box: along all inputs at once, and along each alone."""
    found = boxes(name)
    assert found
    for box in found:
        for active in actives(box):
            jvp, vjp = jvp_rule(box, active), vjp_rule(box, active)
            check(box.diagram(), active, jvp, vjp, positive=name in POSITIVE)


@pytest.mark.parametrize("name", primitives())
def test_rules_consist_of_boxes_that_have_rules(name: str) -> None:
    """So derivatives can be taken again: every box of a rule gives both of its own."""
    for box in boxes(name):
        for active in actives(box):
            for rule in (jvp_rule(box, active), vjp_rule(box, active)):
                for inner in rule.boxes:
                    for again in actives(inner):
                        assert isinstance(jvp_rule(inner, again), Diagram)
                        assert isinstance(vjp_rule(inner, again), Diagram)


@pytest.mark.parametrize("name", [name for name in primitives() if name not in (*DISCRETE, *SOURCES)])
def test_second_derivatives_are_those_of_torch(name: str) -> None:
    """The vjp of the vjp, and the jvp of it, by the rules of its boxes."""
    for box in boxes(name)[:: max(1, len(boxes(name)) // 4)]:
        if not actives(box):
            continue
        first = vjp_rule(box, actives(box)[0])
        active = tuple(has_tangent(wire) for wire in first.dom)
        deriver = Deriver(DeclaredRules())
        check(first, active, deriver.jvp(first, active), deriver.vjp(first, active), positive=name in POSITIVE)


def test_boxes_without_a_derivative_are_the_discrete_ones() -> None:
    """Those that declare nothing have no result with a tangent, or no input; each other box declares a rule."""
    silent = {name for name in primitives() if not declaration(Box(name, (), (), origin=f"std:{name}")).ast.rules}
    assert silent == {*DISCRETE, *SOURCES}
    for name in DISCRETE:
        for box in boxes(name):
            assert tangents(box.cod) == ()


def test_inactive_inputs_leave_nothing_behind() -> None:
    """Zeros are not multiplied and not added: one active input of a product is one box, of a sum a plain wire."""

    def shown(box: Box, active: tuple[bool, ...]) -> list[str]:
        return [each.name for each in jvp_rule(box, active).boxes]

    x = Tensor("R", (3,))

    def binary(name: str) -> Box:
        return dg.loads(f"diagram f(u : R[3], v : R[3]) -> R[3] {{ return {name}(u, v) }}")["f"].boxes[0]

    assert shown(binary("mul"), (True, False)) == shown(binary("mul"), (False, True)) == ["mul"]
    assert shown(binary("mul"), (True, True)) == ["mul", "mul", "add"]
    assert shown(binary("add"), (True, False)) == shown(binary("sub"), (True, False)) == []
    assert shown(binary("sub"), (False, True)) == ["neg"]
    assert shown(binary("div"), (True, False)) == ["div"]
    assert [box.name for box in vjp_rule(binary("mul"), (True, False)).boxes] == ["mul"]
    assert jvp_rule(binary("add"), (True, False)).dom == (x, x, x)


def test_a_rule_is_made_once() -> None:
    """Equal boxes have one diagram for each set of active inputs."""
    x = Tensor("R", (3,))
    first, second = (Box("sin", (x,), (x,), origin="std:sin") for _ in range(2))
    assert jvp_rule(first, (True,)) is jvp_rule(second, (True,))
    assert jvp_rule(first, (True,)) is not vjp_rule(first, (True,))


def test_ties_go_to_the_second() -> None:
    """The derivative of max(u, 0) is 0 at 0."""
    box = dg.loads("diagram f(u : R[3], v : R[3]) -> R[3] { return max(u, v) }")["f"].boxes[0]
    u, v, dy = torch.tensor([[0.0, 1.0, -1.0]]).double(), torch.zeros(1, 3).double(), torch.ones(1, 3).double()
    du, dv = compiled(vjp_rule(box, (True, True)))(u, v, dy)
    assert du.tolist() == [[0.0, 1.0, 0.0]] and dv.tolist() == [[1.0, 0.0, 1.0]]


def test_ties_of_many_are_shared() -> None:
    """Among equal largest ones the derivative of a maximum is divided evenly."""
    box = dg.loads('diagram f(u : R[4]) -> R { return reduce["a ->", "max"](u) }')["f"].boxes[0]
    u = torch.tensor([[2.0, 1.0, 2.0, 0.0]]).double()
    assert compiled(vjp_rule(box, (True,)))(u, torch.ones(1).double()).tolist() == [[0.5, 0.0, 0.5, 0.0]]


def test_products_with_zeros() -> None:
    """The derivative of a product is the product of the others, with one zero and with two."""
    box = dg.loads('diagram f(u : R[3]) -> R { return reduce["a ->", "prod"](u) }')["f"].boxes[0]
    rule = compiled(vjp_rule(box, (True,)))
    u = torch.tensor([[2.0, 0.0, 3.0], [0.0, 0.0, 3.0]]).double()
    assert rule(u, torch.ones(2).double()).tolist() == [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0]]


# ----------------------------------------------------------------------------------------------- boxes of a file

HEAD = "diagram f(u : R[3]) -> R[3] { return sine(u) }\n"


def of_file(text: str) -> Box:
    """The box `sine` of a file with this declaration of it."""
    return dg.loads(f"{text}\n{HEAD}")["f"].boxes[0]


def test_boxes_of_a_file_have_rules() -> None:
    """A box of a user's file gives a jvp; its vjp is the transpose of that."""
    box = of_file("box sine[A] : A -> A is elementwise { jvp(x, dx) = cos(x) * dx }")
    assert [each.name for each in jvp_rule(box, (True,)).boxes] == ["cos", "mul"]
    assert [each.name for each in vjp_rule(box, (True,)).boxes] == ["cos", "mul"]


def test_files_of_one_name_have_rules_of_their_own() -> None:
    """Two files of one name declare two boxes of one origin: each instance finds its own, without its module."""
    first = of_file("box sine[A] : A -> A { jvp(x, dx) = cos(x) * dx }")
    second = of_file("box sine[A] : A -> A { jvp(_x, dx) = 2 * dx }")
    assert first.origin == second.origin
    assert [each.name for each in jvp_rule(first, (True,)).boxes] == ["cos", "mul"]
    assert [each.name for each in jvp_rule(second, (True,)).boxes] == ["const", "mul"]


def test_symbols_and_truth_values_have_no_tangents() -> None:
    """A rule names the tangents of the other inputs alone."""
    text = "box sine(m : Bool[3], u : R[3]) -> R[3] { jvp(m, _u, du) = select(m, du, 0) }\n"
    box = dg.loads(f"{text}diagram f(m : Bool[3], u : R[3]) -> R[3] {{ return sine(m, u) }}")["f"].boxes[0]
    rule = vjp_rule(box, (False, True))
    assert [str(wire) for wire in (*rule.dom, *rule.cod)] == ["Bool[3]", "R[3]", "R[3]", "R[3]"]
    with pytest.raises(ValueError, match="has no tangent"):
        jvp_rule(box, (True, True))


ERRORS = {
    "no rule": (
        "box sine[A] : A -> A",
        "2:38: derivative error: `sine` has no derivative: it declares none",
    ),
    "a rule of one wire too few": (
        "box sine[A] : A -> A { jvp(x) = cos(x) }",
        "1:24: type error: `jvp` of `sine` takes 2 wires, 1 named",
    ),
    "a rule that ends in another wire": (
        "box sine[A] : A -> A { jvp(x, dx) = sum(x * dx) }",
        "1:37: type error: the `jvp` of `sine` ends in other wires than its derivative has",
    ),
    "a rule of two wires for one": (
        "box sine[A] : A -> A { vjp(x, dy) = (x, dy) }",
        "1:37: type error: the `vjp` of `sine` ends in other wires than its derivative has",
    ),
    "a name that is not there": (
        "box sine[A] : A -> A { jvp(x, dx) = cos(y) * dx }",
        "1:41: name error: nothing here is called `y`",
    ),
    "a jvp that is not linear": (
        "box sine[A] : A -> A { jvp(_x, dx) = dx * dx }",
        "1:1: derivative error: the `jvp` of `sine` is not linear in its tangents",
    ),
    "a weight in a rule": (
        "box sine[A] : A -> A { jvp(_x, dx) {\nweight w : R\nreturn w * dx } }",
        "2:1: type error: this cannot stand in a rule: it names wires and static values alone",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_have_their_place(name: str) -> None:
    """What is wrong with a rule is said at its place in the text."""
    text, message = ERRORS[name]
    with pytest.raises(DiagrammarError) as caught:
        box = of_file(text)
        vjp_rule(box, (True,))
    place, *_ = str(caught.value).splitlines()
    assert place == f"text.dg:{message}"


def test_a_box_without_a_declaration() -> None:
    """A box made in Python has no rules."""
    x = Tensor("R", (3,))
    with pytest.raises(DerivativeError, match="`g` has no derivative: no box is declared for it"):
        jvp_rule(Box("g", (x,), (x,), origin="file:g"), (True,))
