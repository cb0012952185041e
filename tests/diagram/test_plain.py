"""Names of types and plain values: what goes into files and other libraries comes back as it was."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagrammar.box import Bundle, Value
from diagrammar.errors import DiagramValueError
from diagrammar.plain import from_plain, to_plain
from diagrammar.sizes import Poly, Size, floor, greatest, least, nearest, over, power, var
from diagrammar.typename import (
    read_size,
    read_space,
    read_type,
    read_types,
    size_name,
    space_name,
    type_name,
    types_name,
)
from diagrammar.types import Field, Rigid, Space, Tensor, Tokens, Type, free_axes

NAMES = st.sampled_from(["n", "m'", "X.0", "α", "a b", "floor", "I", "R", '"'])
NUMBERS = st.fractions(min_value=-9, max_value=9, max_denominator=6)


def combined(sizes: st.SearchStrategy[Size]) -> st.SearchStrategy[Size]:
    """Larger sizes of smaller ones."""
    two = st.tuples(sizes, sizes)
    return st.one_of(
        two.map(lambda pair: pair[0] + pair[1]),
        two.map(lambda pair: pair[0] * pair[1]),
        st.tuples(sizes, NUMBERS).map(lambda pair: pair[0] * pair[1]),
        sizes.map(floor),
        sizes.map(nearest),
        two.map(lambda pair: least(*pair)),
        two.map(lambda pair: greatest(*pair, 3)),
        NAMES.map(lambda name: power(2, var(name))),
    )


SIZES: st.SearchStrategy[Size] = st.recursive(st.one_of(st.integers(0, 99), NAMES.map(var)), combined, max_leaves=6)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Spaces of one or two factors on their own grid, a finer or a coarser one, or any."""
    kinds = st.sampled_from(["torus", "cube", "interval(0, 1)", "interval(-1/2, 3)", "mesh(2)", "odd kind"])
    base = tuple(draw(st.lists(st.tuples(kinds, st.integers(1, 3), NAMES), min_size=1, max_size=2)))
    own = free_axes(base)
    if draw(st.booleans()):
        return Space(base, tuple(draw(SIZES) for _ in own))
    ratio = draw(st.fractions(min_value=Fraction(1, 5), max_value=5, max_denominator=5))
    return Space(base, tuple(ratio * axis for axis in own))


WIRES: st.SearchStrategy[Type] = st.one_of(
    st.builds(Tensor, st.sampled_from(["R", "C", "Bool"]), st.lists(SIZES, max_size=3).map(tuple)),
    st.builds(Tokens, SIZES, SIZES),
    st.builds(Field, st.sampled_from(["Field", "Spectrum"]), spaces(), SIZES),
    st.builds(Rigid, st.one_of(NAMES, st.text(max_size=4))),
)


@settings(deadline=None)
@given(SIZES)
def test_sizes_have_names(size: Size) -> None:
    """A size is read back from its name, and has the same name again."""
    assert read_size(size_name(size)) == size
    assert size_name(read_size(size_name(size))) == size_name(size)


@settings(deadline=None)
@given(spaces())
def test_spaces_have_names(space: Space) -> None:
    """With their kinds and their grids."""
    assert read_space(space_name(space)) == space


@settings(deadline=None)
@given(st.lists(WIRES, max_size=3).map(tuple))
def test_types_have_names(wires: tuple[Type, ...]) -> None:
    """One by one, and several beside each other."""
    assert read_types(types_name(wires)) == wires
    assert [read_type(type_name(wire)) for wire in wires] == list(wires)


def test_names_are_those_of_the_language_where_these_are_whole() -> None:
    """A tensor is written as in a program; a space says what it is."""
    torus = (("torus", 2, "X"),)
    half = Space(torus, tuple(over(axis, 2) for axis in free_axes(torus)))
    assert type_name(Tensor("R", (var("n") + 1, 4))) == "R[n + 1, 4]"
    assert type_name(Field("Field", half, 3)) == "Field[X / 2 : torus^2, 3]"
    assert types_name(()) == "I"


@pytest.mark.parametrize(
    "text",
    [
        "", "R[", "R[8]]", "R[8] @ R", "R[]", "Field[X, 4]", "Tokens[3]", "I", "R[1/0]", "R[n^0]", "R[n^99999]", "]",
        "R[floor(3)]", "R[floor(n, m)]", "R[" + "9" * 5000 + "]", "Field[X / 0 : torus, 3]", "Field[X : t^999999, 3]",
        "Field[X * Y : torus, 3]", "Field[X[3] : torus^2, 3]", '"a', r'"\q"', "[" * 100_000,
        "R[" + "floor(" * 100_000, "R[n +]", "R[2 n]", "R[?]",
    ],
)  # fmt: skip
def test_other_texts_are_no_types(text: str) -> None:
    """Whatever it is, the answer is a DiagramValueError."""
    with pytest.raises(DiagramValueError):
        read_type(text)


def test_what_has_no_name() -> None:
    """A tensor of another kind, and a size nested past the bound."""
    with pytest.raises(DiagramValueError, match="kind of tensor"):
        type_name(Tensor("Q", (3,)))
    size: Size = var("n")
    for _ in range(60):
        size = floor(over(size, 2) + var("m"))
    with pytest.raises(DiagramValueError, match="nested deeper"):
        size_name(size)


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(["tuple", "fraction", "float", "size", "space", "types"]),
    st.fractions().filter(lambda value: value.denominator != 1),
    SIZES.filter(lambda size: isinstance(size, Poly)),
    spaces(),
    st.lists(WIRES, max_size=2).map(lambda wires: Bundle(tuple(wires))),
)


def nested(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """These values, and lists of them."""
    return st.one_of(values, st.lists(values, max_size=4).map(tuple))


VALUES = nested(nested(PLAIN))


@settings(deadline=None)
@given(VALUES)
def test_values_have_plain_forms(value: object) -> None:
    """A static value is read back from its plain form, which is of the kinds that files know."""
    plain = to_plain(value)  # type: ignore[arg-type]  # drawn
    assert from_plain(plain) == value and type(from_plain(plain)) is type(value)
    stack: list[object] = [plain]
    while stack:
        part = stack.pop()
        assert part is None or type(part) in (str, int, float, bool, tuple)
        stack += part if isinstance(part, tuple) else ()


@pytest.mark.parametrize(
    "given", [{}, object(), b"x", ("fraction", 1, 0), ("fraction", 1), ("float", "1"), ("size", 3), ("size", "n +"), 1j]
)
def test_other_values_are_not_plain(given: object) -> None:
    """Nothing but what `to_plain` makes, lists for tuples apart."""
    with pytest.raises(DiagramValueError):
        from_plain(given)
    assert from_plain([1, ["size", "n"]]) == (1, var("n"))
