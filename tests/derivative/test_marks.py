"""Derivatives of marks: `recompute` is a lens, `store` an optic, also between diagrams."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import diagrammar as dg
from diagrammar.category import Place, interpret
from diagrammar.derivative.marks import unmarked
from diagrammar.diagram import Box, Diagram

BLOCK = "diagram block : R[3] -> R[3] = linear >> tanh >> sin\n"


def one(text: str, head: str = BLOCK) -> Diagram:
    """The diagram of an expression."""
    return dg.loads(f"{head}diagram f : R[3] -> R[3] = {text}")["f"]


def runs(diagram: Diagram) -> Counter[str]:
    """How often each primitive box runs, loops and frames laid out."""
    found: Counter[str] = Counter()

    def meaning(box: Box, args: tuple[Any, ...], place: Place) -> list[None]:
        found[box.name] += 1
        return [None] * len(box.cod)

    interpret(diagram, meaning, [None] * len(diagram.dom))
    return found


def test_the_tangent_of_a_mark_is_the_mark_of_the_tangent() -> None:
    """With what it needs to read, and no more."""
    for kind in ("store", "recompute"):
        (box,) = dg.jvp(one(f"{kind} {{ block }}")).boxes
        assert box.origin == kind and box.key is None
        assert dg.same(box.insides[0], dg.jvp(one("block")))
        (linear,) = dg.jvp(one(f"{kind} {{ linear[bias = false] }}")).boxes
        assert len(linear.dom) == 1


def test_the_cotangent_of_recompute_is_one_frame() -> None:
    """Nothing of the inside goes from the forward to the backward: its cotangent is f once more, in the mark."""
    back = dg.vjp(one("recompute { sin >> tanh } >> recompute { exp >> cos }"))
    assert [box.origin for box in back.boxes] == ["recompute"] * 3
    first, later, last = back.boxes
    assert dg.same(first.insides[0], one("sin >> tanh"))
    assert dg.same(later.insides[0], dg.vjp(one("exp >> cos")))
    assert dg.same(last.insides[0], dg.vjp(one("sin >> tanh")))


def test_the_cotangent_of_store_is_laid_open() -> None:
    """Its boxes stand in the derivative one by one, so that each runs forward once."""
    back = dg.vjp(one("store { sin >> store { tanh } } >> store { exp >> cos }"))
    assert not any(box.is_mark for box in back.boxes)
    assert dg.same(back, dg.vjp(one("sin >> tanh >> exp >> cos")))


@pytest.mark.parametrize(
    ("text", "forward"),
    [
        # f1 .. f4, of which the backward asks for the inputs: f4 itself is not run
        ("sin >> sin >> sin >> sin", 3),
        ("store { sin >> sin >> sin >> sin }", 3),
        ("recompute { sin >> sin >> sin >> sin }", 3),
        ("recompute { sin >> sin } >> recompute { sin >> sin }", 2 + 1 + 1),
        ("store { sin >> sin } >> recompute { sin >> sin }", 2 + 1),
        ("recompute { recompute { recompute { sin } >> sin } >> sin } >> sin", 3 + 2 + 1),
        ("recompute { store { recompute { sin } >> sin } >> sin } >> sin", 3 + 2),
    ],
)
def test_how_often_boxes_run(text: str, forward: int) -> None:
    """Once under `store`, once more for each `recompute` around: nested marks are nested lenses."""
    back = dg.vjp(one(text))
    assert runs(back)["sin"] == forward, str(back)


@pytest.mark.parametrize("kind", ["store", "recompute"])
@pytest.mark.parametrize(
    "text",
    [
        "{} {{ block }} >> {} {{ sin >> block }}",
        "repeat 2 {{ {} {{ block }} }} >> residual[{} {{ block }}]",
        "block >> {} {{ block >> sin }} >> {} {{ sin }} >> sin",
        "x -> {} {{ y -> block(x) * y }}(x) + {} {{ y -> x * y }}(sin(x))",
    ],
)
def test_lenses_and_optics_go_through_marks(text: str, kind: str) -> None:
    """All three realisations are the derivative without marks, and so is the tangent of that; each reads back."""
    diagram = one(text.format(kind, kind))
    plain = dg.vjp(unmarked(diagram))
    for back in (dg.vjp(diagram), dg.lens(diagram).vjp(), dg.optic(diagram).vjp()):
        dg.verify(back)
        assert dg.additive(back) == dg.additive(plain)
        again = back.named("g")
        assert dg.same(dg.loads(str(again))["g"], back), str(again)
    assert dg.additive(dg.jvp(dg.vjp(diagram))) == dg.additive(dg.jvp(plain))


def test_what_an_optic_stores() -> None:
    """Of `store { f }` the wires inside, of `recompute { f }` its inputs."""
    kept, again = (dg.optic(one(f"{kind} {{ sin >> tanh >> exp }}")) for kind in ("store", "recompute"))
    assert (len(kept.residual), len(again.residual)) == (3, 1)


def test_what_draws_inside_a_mark_draws_once() -> None:
    """A derivative takes the number that the diagram took."""
    head = "diagram noisy(u : R[3]) -> R[3] { return sin(u * gaussian[R[3]]()) }\n"
    for kind in ("store", "recompute"):
        back = dg.vjp(one(f"{kind} {{ noisy >> exp }}", head))
        assert runs(back)["gaussian"] == 1


def test_a_derivative_owns_what_a_mark_holds() -> None:
    """Also where nothing is made of that: the paths of a diagram are those of its derivatives."""
    for kind in ("store", "recompute"):
        text = (
            f"diagram f(u : R[3]) -> R[3] {{\n  _v = {kind} {{ block >> {kind} {{ block }} }}(u)\n  return sin(u)\n}}"
        )
        diagram = dg.loads(BLOCK + text)["f"]
        paths = set(dg.compile(diagram).state_dict())
        assert len(paths) == 4
        assert set(dg.compile(dg.vjp(diagram)).state_dict()) == set(dg.compile(dg.jvp(diagram)).state_dict()) == paths


def test_weights_as_wires() -> None:
    """`open` takes weights into a mark as captured wires, in the order of the `state_dict`."""
    diagram = one("block >> recompute { block >> store { block } }")
    opened = dg.open(diagram)
    assert opened.boxes[-1].origin == "recompute" and opened.boxes[-1].param("captures") == 4
    assert list(dg.weights(diagram)) == list(dg.compile(diagram).state_dict())
    assert dg.same(dg.loads(str(opened.named("g")))["g"], opened)
