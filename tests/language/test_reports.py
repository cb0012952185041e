"""Errors that once said the wrong thing, or said it in the wrong place."""

from __future__ import annotations

import pytest

import diagrammar as dg


def report(text: str) -> str:
    """What is reported of a text."""
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.loads(text)
    return caught.value.render()


def test_every_error_has_a_place() -> None:
    """Heads that do not divide the channels are reported where `attention` stands."""
    text = "diagram net(q : R[7, 10]) -> R[7, 10] { return attention[heads = 3](q, q, q) }"
    assert report(text).startswith("text.dg:1:48: ")


def test_a_slip_in_a_name_is_reported() -> None:
    """Where a name is misspelt, the misspelling is reported: not (only) that the right one is not used."""
    assert "nothing here is called `w`" in report("diagram net(u : R[3]) -> R[3] { return w }")


def test_a_missing_return_is_reported() -> None:
    """A block without `return` is reported as one."""
    assert "ends without `return`" in report("diagram net(u : R[3]) -> R[3] {\n  v = sin(u)\n}")


def test_activations_are_known() -> None:
    """An activation that does not exist is not the identity."""
    report('diagram net : R[3] -> R[3] = activate["gelo"]')


def test_marks_of_boxes_are_known() -> None:
    """A misspelt mark of a box is an error."""
    report("box f : R[3] -> R[3] is linaer")


def test_types_that_need_each_other() -> None:
    """A type that is declared by itself is reported like a number that is."""
    assert "declared by itself" in report("type A = B\ntype B = A\ndiagram f : A -> A = sin")


def test_padding_of_another_space_has_its_place() -> None:
    """A list of the wrong length is reported where it is given, not at the start of the diagram."""
    text = "space X = cube(2)\ndiagram net(v : Field[X, 1]) -> Field[X, 1] { return pad[[1], [1]](v) }"
    assert report(text).startswith("text.dg:2:54: ")


def test_inner_names_are_not_shown() -> None:
    """A report about grids speaks of X and 2 * X, not of X.0."""
    text = "space X = torus(2)\ndiagram net : Field[X, 3] -> Field[X, 3] = id + upsample[2]"
    assert "X.0" not in report(text)


def test_what_select_wants_is_shown() -> None:
    """A report about `select` shows the truth values that it wants."""
    assert "wanted Bool[3]" in report("diagram net(m : R[3], u : R[3]) -> R[3] { return select(m, u, u) }")


def test_kinds_speak_of_any_parameter() -> None:
    """`f : R[dim(X)] -> B` before `X : space`, as `tabulate` of the library has it, is right."""
    dg.loads("diagram table[f : R[dim(X)] -> B, X : space, c, B] : I -> Field[X, c] = coordinates[X] >> map[f]")
