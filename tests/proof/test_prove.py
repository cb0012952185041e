"""What is proved, what is not, and how proofs read."""

from __future__ import annotations

import random

import pytest

import diagrammar as dg
from diagrammar.diagram import Box, Builder, Copy, Diagram, Discard, Id, Swap
from diagrammar.proof import Budget, Equation, Proof, check_proof, prove
from diagrammar.sizes import var
from diagrammar.types import Field, Space, Tensor
from tests.diagram.signature import NOISE, F, G, X, following, random_diagram, reordered, repeat, state, weight
from tests.proof.laws import BEYOND, FALSE, HEAD, ONE, TRUE, TWO, sides


def proof(header: str, left: str, right: str, *equations: Equation) -> Proof | None:
    """The proof of a law, checked, if there is one."""
    found = prove(*sides(header, left, right), equations=equations)
    assert found is None or check_proof(found)
    return found


@pytest.mark.parametrize("law", TRUE)
def test_true_laws_are_proved(law: str) -> None:
    """By canonical forms, by linearity, by arithmetic, and by what moves entries."""
    assert proof(*TRUE[law]) is not None


@pytest.mark.parametrize("law", FALSE)
def test_false_laws_are_not_proved(law: str) -> None:
    """Nothing that is wrong for some input has a proof."""
    assert proof(*FALSE[law]) is None


@pytest.mark.parametrize("law", BEYOND)
def test_no_proof_says_nothing(law: str) -> None:
    """There are laws that hold and are not proved."""
    assert proof(*BEYOND[law]) is None


# ------------------------------------------------------------------------------------------- keys, and what is impure


def test_keys_are_names_and_not_only_a_pattern() -> None:
    """The same diagram with other keys is another one, though `==` calls the two equal; inside frames too."""
    f, g = (Diagram.of(weight(key)) for key in "WV")
    assert f == g
    assert prove(f, g) is None
    assert prove(f, f) is not None
    one, other = (Diagram.of(f.frame("layer", key=key)) for key in ("layer", "layer_2"))
    assert prove(one, other) is None


def test_an_absolute_key_is_another_instance_than_a_relative_one() -> None:
    """`/W` lies at the root of the file, `W` in the diagram."""
    assert prove(Diagram.of(weight("/W")), Diagram.of(weight("W"))) is None


def test_a_step_of_a_loop_has_instances_of_its_own() -> None:
    """A loop of a fresh box is not that box twice, a loop of a share is."""
    fresh, shared = (Diagram.of(Box("f", (X,), (X,), key=key)) for key in ("f", "~f"))
    assert prove(Diagram.of(repeat(2, fresh).boxes[0]), fresh >> fresh) is None
    found = prove(repeat(2, shared), Diagram.of(shared.boxes[0]) >> Diagram.of(shared.boxes[0]))
    assert found is not None and found.unrolled and check_proof(found)


def test_what_owns_something_does_not_act_alike_on_all_entries() -> None:
    """A box of the caller that is elementwise commutes with a permutation of axes only if it has no weights."""
    square = Tensor("R", (3, 3))
    pattern = (("pattern", "a b -> b a"), ("sizes", ()))
    turn = Box("rearrange", (square,), (square,), origin="std:rearrange", params=pattern)
    for key in (None, "prelu"):
        act = Box("prelu", (square,), (square,), key=key, kinds=frozenset({"elementwise"}))
        assert (prove(act >> turn, turn >> act) is None) == (key is not None)


def test_random_boxes_are_not_merged() -> None:
    """Twice one draw is not the sum of two draws; the same draws are the same."""
    noise = Diagram.of(NOISE)
    assert prove(noise >> Copy(X), noise @ noise) is None
    assert prove(noise @ noise, noise @ noise) is not None


def test_states_are_compared_as_they_are() -> None:
    """What is written to a buffer counts, though no output needs it."""
    read = Diagram.of(state())
    write = Diagram.of(state()) >> Copy(X) >> Id(X) @ Diagram.of(following())
    assert prove(read, write) is None
    assert prove(write, write) is not None


def test_unused_pure_boxes_do_not_count() -> None:
    """A pure box that nothing needs may be left out, and equal boxes on equal wires are one."""
    f = Diagram.of(F)
    assert prove(Copy(X) >> f @ (f >> Discard(X)), f) is not None
    assert prove(Copy(X) >> f @ f, f >> Copy(X)) is not None
    assert prove(Swap(X, X) >> Swap(X, X), Id((X, X))) is not None
    assert prove(Copy(X) >> Swap(X, X), Copy(X)) is not None


def test_inputs_of_a_box_have_an_order() -> None:
    """A box without a declaration is not commutative."""
    assert prove(Swap(X, X) >> G, G.diagram()) is None


@pytest.mark.parametrize("seed", range(50))
def test_the_order_of_boxes_does_not_count(seed: int) -> None:
    """The same graph with its boxes in another order has a proof without steps."""
    diagram = random_diagram(seed, 12)
    found = prove(diagram, reordered(diagram, seed))
    assert found is not None and found.steps == ()


def test_sides_of_two_types_are_an_error() -> None:
    """Equality is asked of diagrams of one type."""
    with pytest.raises(dg.DiagramTypeError, match="the two sides give other wires"):
        prove(Copy(X), Id(X))


# ---------------------------------------------------------------------------------------------------------- equations

N, SHIFT = var("c"), var("s")


def space(name: str = "X", kind: str = "torus") -> Space:
    """A space whose grid is free."""
    return Space(((kind, 1, name),), (var(f"{name}.0"),))


def shift(by: object, on: Space, channels: object = N) -> Box:
    """The translation by so many points."""
    wire = Field("Field", on, channels)  # type: ignore[arg-type]  # a size
    params = (("shift", (by,)), ("X", on), ("c", channels))
    return Box("translate", (wire,), (wire,), origin="std:translate", params=params, kinds=frozenset({"linear"}))  # type: ignore[arg-type]


BACK = Equation(
    "there and back", shift(SHIFT, space("Y")) >> shift(-SHIFT, space("Y")), Id(Field("Field", space("Y"), N))
)


@pytest.mark.parametrize("by", [3, -2, 0])
def test_an_equation_holds_for_all_sizes_and_spaces(by: int) -> None:
    """There and back again, on another space, with numbers for what is free."""
    wire = Field("Field", space(), 2)
    there = shift(by, space(), 2) >> shift(-by, space(), 2)
    assert prove(there, Id(wire)) is None
    found = prove(there, Id(wire), equations=[BACK])
    assert found is not None and check_proof(found)
    assert prove(shift(by, space(), 2) >> shift(1 - by, space(), 2), Id(wire), equations=[BACK]) is None


def test_an_equation_holds_on_its_kind_of_space_alone() -> None:
    """What is stated on a torus says nothing of a cube."""
    cube = space("Q", "cube")
    there = shift(1, cube, 2) >> shift(-1, cube, 2)
    assert prove(there, Id(Field("Field", cube, 2)), equations=[BACK]) is None


def test_sizes_may_be_held_fixed() -> None:
    """An equation for one size only does not fit another."""
    half = Equation("for c", BACK.left, BACK.right, sizes=["s", "Y.0"])
    there = shift(1, space(), 2) >> shift(-1, space(), 2)
    assert prove(there, Id(there.dom), equations=[half]) is None
    same = shift(1, space(), N) >> shift(-1, space(), N)
    assert prove(same, Id(same.dom), equations=[half]) is not None


def arrow(name: str, *wires: Tensor) -> Box:
    """A box without a meaning, from these wires to R[2]."""
    return Box(name, wires or (X,), (X,))


def test_equations_are_used_both_ways_and_one_after_the_other() -> None:
    """f = g and h = g give f = h; a chain of rewrites goes through five layers."""
    f, g, h = arrow("f"), arrow("g"), arrow("h")
    equations = [Equation("one", f.diagram(), g.diagram()), Equation("two", h.diagram(), g.diagram())]
    found = prove(f >> f, h >> h, equations=equations)
    assert found is not None and check_proof(found)
    assert {(step.name, step.direction) for step in found.steps} == {("one", "->"), ("two", "<-")}
    back = [Equation("one", g.diagram(), f.diagram()), Equation("two", g.diagram(), h.diagram())]
    found = prove(f.diagram(), h.diagram(), equations=back)
    assert found is not None and check_proof(found)
    assert [step.direction for step in found.steps] == ["<-", "->"]
    through = [Equation("through", f >> g, g >> f)]
    five = Id(X).then(*[f] * 5)
    assert prove(five >> g, Diagram.of(g) >> five, equations=through) is not None
    assert prove(five >> g, Diagram.of(g) >> five >> f, equations=through) is None


def test_an_equation_of_wires_used_twice() -> None:
    """A pattern with one input twice fits only where both wires are one."""
    g, f = arrow("g", X, X), arrow("f")
    diagonal = Equation("diagonal", Copy(X) >> g, f.diagram())
    assert prove(Diagram.of(f) >> Copy(X) >> g, f >> f, equations=[diagonal]) is not None
    first = Builder([X, X])
    apart = first.build(first.add(g, (0, 1)))
    one = Id(X) @ Discard(X) >> f
    assert prove(apart, one, equations=[diagonal]) is None


def test_an_equation_of_two_wires_that_are_one() -> None:
    """Its inputs may be the same wire, and one that does not occur may be anything."""
    g, h, f = arrow("g", X, X), arrow("h", X, X), arrow("f")
    found = prove(Copy(X) >> g, Copy(X) >> h, equations=[Equation("gh", g.diagram(), h.diagram())])
    assert found is not None and check_proof(found)
    text = "diagram e(u : R[2], v : R[2]) -> R[2] {{ return {} + 0 * v }}"
    left, right = (dg.loads(text.format(side))["e"] for side in ("sin(u + 0 * v)", "cos(u)"))
    known = Equation("known", left, right)
    sine, cosine = (dg.loads(f"diagram e : R[2] -> R[2] = {e}")["e"] for e in ("sin", "cos"))
    found = prove(sine, cosine, equations=[known])
    assert found is not None and check_proof(found)
    assert prove(f.diagram(), sine, equations=[known]) is None


def test_an_equation_of_one_output_of_two() -> None:
    """The other output of the box stays as it is, before it and after it."""
    both, f = Box("both", (X,), (X, X)), arrow("f")
    for at, keep in enumerate((Id(X) @ Discard(X), Discard(X) @ Id(X))):
        known = Equation("one", Diagram.of(both) >> keep, f.diagram())
        other = Diagram.of(both) >> (Discard(X) @ Id(X), Id(X) @ Discard(X))[at]
        apart = Copy(X) >> (f @ other if at == 0 else other @ f)
        found = prove(both.diagram(), apart, equations=[known])
        assert found is not None and check_proof(found) and len(found.steps) == 1


def test_an_equation_inside_linear_boxes() -> None:
    """Equations fit what is left after sums are drawn out."""
    double = "diagram two(u : V) -> V { return sin(cos(u)) }\ndiagram one(u : V) -> V { return tanh(u) }"
    made = dg.loads(HEAD + double)
    known = Equation("sc", made["two"], made["one"])
    assert proof(TWO, "four(v + sin(cos(u)))", "four(v) + four(tanh(u))", known) is not None
    assert proof(TWO, "four(v + cos(sin(u)))", "four(v) + four(tanh(u))", known) is None


def test_a_step_at_one_place_changes_those_above() -> None:
    """A sum that is written otherwise below is read otherwise above."""
    law = (TWO, "four(v + u) + sin(2 * (v + u)) + cos(four(v + u) - u)", "sin(2 * u + 2 * v) + four(u) + four(v)")
    assert proof(*law) is None
    full = f"{law[2]} + cos(four(v) - u + four(u))"
    assert proof(TWO, law[1], full) is not None


OPERATOR = """
space X = torus(2)
type A = Field[X, 1]
type V = Field[X, 4]
dim a, b, s, t
diagram layer : V -> V = (fourier[3] + pointwise) >> gelu
diagram fno : A -> A = lift[4] >> repeat 2 { layer } >> project[1, 8]
share F = fno
diagram left (u : A) -> A { return F(translate[[1, 0]](u)) }
diagram right(u : A) -> A { return translate[[1, 0]](F(u)) }

diagram spectral(u : Field[X, a], W : C[a, b, 3, 2]) -> Field[X, b] {
  z = low[[3, 3]](rfft[norm = "forward"](u))
  return irfft[norm = "forward"](spread[X](einsum["i ..., i o ... -> o ..."](z, W)))
}
diagram one_left (u : Field[X, a], W : C[a, b, 3, 2]) -> Field[X, b] { return spectral(translate[[s, t]](u), W) }
diagram one_right(u : Field[X, a], W : C[a, b, 3, 2]) -> Field[X, b] { return translate[[s, t]](spectral(u, W)) }
diagram mixed(u : Field[X, a], W : R[b, a]) -> Field[X, b] { return einsum["a ..., b a -> b ..."](u, W) }
diagram two_left (u : Field[X, a], W : R[b, a]) -> Field[X, b] { return mixed(translate[[s, t]](u), W) }
diagram two_right(u : Field[X, a], W : R[b, a]) -> Field[X, b] { return translate[[s, t]](mixed(u, W)) }
diagram three_left (u : Field[X, a], c : R[a]) -> Field[X, a] { return translate[[s, t]](0 * u + c) }
diagram three_right(u : Field[X, a], c : R[a]) -> Field[X, a] { return 0 * u + c }
"""


def test_an_operator_commutes_with_shifts_as_its_parts_do() -> None:
    """The Fourier neural operator, from three facts on shifts; two of them are too few."""
    made = dg.loads(OPERATOR)
    facts = [Equation(name, made[f"{name}_left"], made[f"{name}_right"]) for name in ("one", "two", "three")]
    found = prove(made["left"], made["right"], equations=facts)
    assert found is not None and check_proof(found)
    assert {step.name for step in found.steps} >= {"one", "two", "three"}
    assert prove(made["left"], made["right"], equations=facts[:2], budget=Budget(states=60)) is None


def test_two_equations_of_one_name_are_an_error() -> None:
    """Steps name the equation that they use."""
    with pytest.raises(dg.DiagramValueError, match="two equations are called `there and back`"):
        prove(BACK.left, BACK.right, equations=[BACK, BACK])


def test_equations_are_of_pure_boxes() -> None:
    """A random box is not rewritten."""
    with pytest.raises(dg.DiagramValueError, match="an equation is of pure boxes"):
        Equation("no", Diagram.of(NOISE), Diagram.of(NOISE))


# ------------------------------------------------------------------------------------------------- budgets, and texts


def test_large_diagrams_end() -> None:
    """Ten thousand boxes in one canonical form are proved; in two they are given up, and so is a square of squares."""
    draw = random.Random(1)
    layers = [draw.choice([F.diagram(), Copy(X) >> F @ Id(X) >> G]) for _ in range(6_000)]
    chain, again = Id(X).then(*layers), Id(X).then(*layers)
    assert len(chain.boxes) > 8_000
    assert prove(chain, again) is not None
    assert prove(chain, Id(X).then(*layers[:3_000], F, *layers[3_001:])) is None or layers[3_000].boxes == [F]
    left, right = sides(ONE, "((u + sin(u))^60 + cos(u))^60", "u")
    assert prove(left, right) is None


def test_equations_that_grow_end() -> None:
    """A search is given up after so many states, though an equation makes ever larger ones."""
    f, g = arrow("f"), arrow("g")
    grow = Equation("grow", f.diagram(), Diagram.of(g) >> f >> g)
    assert prove(f.diagram(), g.diagram(), equations=[grow], budget=Budget(states=20)) is None


def test_the_text_is_a_derivation() -> None:
    """Each line has what was, what is, and why."""
    left, right = sides("(a : R, u : V, v : V) -> V", "four(a * u + v)", "a * four(u) + four(v)")
    found = prove(left, right, names=("a", "u", "v"))
    assert found is not None and found.over_the_reals
    assert found.text().splitlines() == [
        "four(a * u + v)  =  a * four(u) + four(v) over the reals",
        f"  four(a * u + v)  =  a * four(u) + four(v)   by linearity of four   at {found.steps[0].span}",
    ]


def test_a_proof_of_canonical_forms_says_so() -> None:
    """Without steps there is nothing else to say."""
    found = prove(*sides(ONE, "residual[cell](u)", "u + cell(u)"), names="u")
    assert found is not None and not found.over_the_reals
    assert found.text() == "residual(u)  =  u + cell(u)   have one canonical form\n"
