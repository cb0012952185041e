"""What is known to be wrong: each test states how it should be, and turns red when that has come true."""

from __future__ import annotations

import pytest

import diagrammar as dg


def report(text: str) -> str:
    """What is reported of a text."""
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.loads(text)
    return caught.value.render()


@pytest.mark.xfail(strict=True, reason="a mismatch found when a body is settled has no place")
def test_every_error_has_a_place() -> None:
    """Heads that do not divide the channels are reported where `attention` stands."""
    text = "diagram net(q : R[7, 10]) -> R[7, 10] { return attention[heads = 3](q, q, q) }"
    assert report(text).startswith("text.dg:1:48: ")


@pytest.mark.xfail(strict=True, reason="a body with an unused wire is not read further")
def test_a_slip_in_a_name_is_reported() -> None:
    """Where a name is misspelt, the misspelling is reported: not (only) that the right one is not used."""
    assert "nothing here is called `w`" in report("diagram net(u : R[3]) -> R[3] { return w }")


@pytest.mark.xfail(strict=True, reason="a body with an unused wire is not read further")
def test_a_missing_return_is_reported() -> None:
    """A block without `return` is reported as one."""
    assert "ends without `return`" in report("diagram net(u : R[3]) -> R[3] {\n  v = sin(u)\n}")


@pytest.mark.xfail(strict=True, reason="`activate` ends in `else id`")
def test_activations_are_known() -> None:
    """An activation that does not exist is not the identity."""
    report('diagram net : R[3] -> R[3] = activate["gelo"]')


@pytest.mark.xfail(strict=True, reason="the words after `is` are not looked at")
def test_marks_of_boxes_are_known() -> None:
    """A misspelt mark of a box is an error."""
    report("box f : R[3] -> R[3] is linaer")


@pytest.mark.xfail(strict=True, reason="types that need each other run into the limit of nesting")
def test_types_that_need_each_other() -> None:
    """A type that is declared by itself is reported like a number that is."""
    assert "declared by itself" in report("type A = B\ntype B = A\ndiagram f : A -> A = sin")


@pytest.mark.xfail(strict=True, reason="what is thrown inside of a box of the library is put at the whole declaration")
def test_padding_of_another_space_has_its_place() -> None:
    """A list of the wrong length is reported where it is given, not at the start of the diagram."""
    text = "space X = cube(2)\ndiagram net(v : Field[X, 1]) -> Field[X, 1] { return pad[[1], [1]](v) }"
    assert report(text).startswith("text.dg:2:55: ")


@pytest.mark.xfail(strict=True, reason="grids are shown by the inner name of an axis")
def test_inner_names_are_not_shown() -> None:
    """A report about grids speaks of X and 2 * X, not of X.0."""
    text = "space X = torus(2)\ndiagram net : Field[X, 3] -> Field[X, 3] = id + upsample[2]"
    assert "X.0" not in report(text)


@pytest.mark.xfail(strict=True, reason="ports whose type is not known yet are left out of the note")
def test_what_select_wants_is_shown() -> None:
    """A report about `select` shows the truth values that it wants."""
    assert "wanted Bool[3]" in report("diagram net(m : R[3], u : R[3]) -> R[3] { return select(m, u, u) }")


@pytest.mark.xfail(strict=True, reason="the kind of a parameter may speak only of parameters before it")
def test_kinds_speak_of_any_parameter() -> None:
    """`f : R[dim(X)] -> B` before `X : space`, as `tabulate` of the library has it, is right."""
    dg.loads("diagram table[f : R[dim(X)] -> B, X : space, c, B] : I -> Field[X, c] = coordinates[X] >> map[f]")
