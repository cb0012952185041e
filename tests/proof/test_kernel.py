"""Proofs are checked from their data: what was tampered with is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagrammar.diagram import Box, Diagram, Id
from diagrammar.proof import Equation, Instance, Proof, Step, check_proof, prove
from diagrammar.types import Tensor
from tests.proof.laws import THREE, TRUE, TWO, sides

X = Tensor("R", (2,))


def proved(header: str, left: str, right: str) -> Proof:
    """The proof of a law."""
    found = prove(*sides(header, left, right))
    assert found is not None
    return found


def changed(proof: Proof, steps: tuple[Step, ...]) -> Proof:
    """The proof with other steps."""
    return Proof(proof.left, proof.right, steps, proof.equations, proof.unrolled, proof.sides)


LINEAR = proved(THREE, "four(a * u + v)", "a * four(u) + four(v)")
LONG = proved(TWO, "four(stencil(u - v)) + translate[[1, 0]](u * sin(v))",
              "four(stencil(u)) - four(stencil(v)) + translate[[1, 0]](u) * sin(translate[[1, 0]](v))")  # fmt: skip


def test_right_proofs_are_right() -> None:
    """As they are found; the steps use all three axioms."""
    assert check_proof(LINEAR) and check_proof(LONG)
    assert {step.rule for step in LONG.steps} == {"arithmetic", "linearity", "entry by entry"}


@pytest.mark.parametrize("at", range(len(LONG.steps)))
def test_no_step_may_be_left_out(at: int) -> None:
    """The next one goes on from where the last one ended."""
    assert not check_proof(changed(LONG, LONG.steps[:at] + LONG.steps[at + 1 :]))


@pytest.mark.parametrize("rule", ["arithmetic", "linearity", "entry by entry", "equation", "trust me"])
def test_a_step_holds_by_its_own_rule_alone(rule: str) -> None:
    """Another rule does not say the same."""
    for at, step in enumerate(LONG.steps):
        if step.rule != rule:
            steps = (*LONG.steps[:at], step._replace(rule=rule), *LONG.steps[at + 1 :])
            assert not check_proof(changed(LONG, steps)), step


def test_a_step_has_a_direction() -> None:
    """Sums are drawn out from left to right."""
    steps = tuple(step._replace(forward=not step.forward) for step in LINEAR.steps)
    assert not check_proof(changed(LINEAR, steps))


@pytest.mark.parametrize("ports", [(), (1,), (0, 1)])
def test_a_box_is_linear_only_in_its_own_inputs(ports: tuple[int, ...]) -> None:
    """Not in inputs that it does not have, nor in none."""
    steps = tuple(step._replace(ports=ports) for step in LINEAR.steps)
    assert not check_proof(changed(LINEAR, steps))


def test_both_ends_are_the_sides() -> None:
    """A proof of one law is none of another."""
    left, right = sides(THREE, "four(a * v + u)", "a * four(u) + four(v)")
    assert not check_proof(Proof(left, LINEAR.right, LINEAR.steps, (), False, LINEAR.sides))
    assert not check_proof(Proof(LINEAR.left, left, LINEAR.steps, (), False, LINEAR.sides))
    assert not check_proof(Proof(right, left, (), (), False, LINEAR.sides))


def test_a_filler_is_not_anything() -> None:
    """A product is not what a sum is made of."""
    (step,) = LINEAR.steps
    wrong = [step._replace(after=step.before), step._replace(before=step.after)]
    for other in sides(THREE, "a * four(v) + four(u)", "a * four(u) - four(v)"):
        hole = Diagram.of(Box("hole", other.dom, other.cod, origin="proof:hole"))
        wrong.append(step._replace(context=hole, after=other))
    for one in wrong:
        assert not check_proof(changed(LINEAR, (one,)))


# ---------------------------------------------------------------------------------------------------------- equations

F, G, H = (Box(name, (X,), (X,)) for name in "fgh")
EQUATION = Equation("fg", F >> F, G.diagram())


def rewritten() -> Proof:
    """A proof of one step by an equation."""
    found = prove(H >> F >> F, H >> G, equations=[EQUATION])
    assert found is not None and check_proof(found)
    return found


@pytest.mark.parametrize(
    "equation",
    [
        Equation("another", EQUATION.left, EQUATION.right),
        Equation("fg", F >> G, G.diagram()),
        Equation("fg", EQUATION.left, Id(X)),
    ],
)
def test_a_step_names_its_equation(equation: Equation) -> None:
    """It holds by that one alone."""
    proof = rewritten()
    assert not check_proof(Proof(proof.left, proof.right, proof.steps, (equation,), False, proof.sides))


Change = Callable[[Step], Step]


@pytest.mark.parametrize(
    "change",
    [
        lambda step: step._replace(forward=False),
        lambda step: step._replace(output=1),
        lambda step: step._replace(output=-1),
        lambda step: step._replace(instance=Instance((), (((("torus", 1, "X"),), (("cube", 1, "X"),)),))),
    ],
)
def test_an_instance_is_one_of_the_equation(change: Change) -> None:
    """With its output, and spaces of its kinds."""
    proof = rewritten()
    (step,) = proof.steps
    assert not check_proof(changed(proof, (change(step),)))


def test_every_law_that_is_proved_is_checked() -> None:
    """And is refused when its sides are swapped, unless nothing had to be done or both are the same then."""
    for law in TRUE.values():
        found = proved(*law)
        assert check_proof(found)
        if found.steps:
            assert not check_proof(Proof(found.right, found.left, found.steps, (), found.unrolled, found.sides))
