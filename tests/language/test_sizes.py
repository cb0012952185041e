"""What the checker says of sizes against numbers put in for the names: it never accepts what is not so.

Sizes are drawn with `floor`, `ceil`, `min`, `max`, powers and several names; numbers are odd and even, 1 and large.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import diagrammar as dg
from diagrammar.sizes import (
    Poly,
    Size,
    ceil,
    evaluate,
    floor,
    greatest,
    least,
    power,
    provably_equal,
    provably_whole,
    var,
)
from diagrammar.types import Tensor

NAMES = ("n", "m")
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 30, 97, 1024, 1_000_003)
PROFILE = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)

Number = Callable[[dict[str, int]], Fraction]


class Expression:
    """One size three times: as text, as what the checker computes with, and as a plain function of numbers."""

    def __init__(self, text: str, size: Size, number: Number) -> None:
        self.text = text
        self.size = size
        self.number = number

    def __repr__(self) -> str:
        return self.text


def leaf(name: str) -> Expression:
    """A free size."""
    return Expression(name, var(name), lambda at: Fraction(at[name]))


def number(value: int) -> Expression:
    """A number."""
    return Expression(str(value), value, lambda at: Fraction(value))


def plus(a: Expression, b: Expression) -> Expression:
    """a + b."""
    return Expression(f"({a} + {b})", a.size + b.size, lambda at: a.number(at) + b.number(at))


def minus(a: Expression, b: Expression) -> Expression:
    """a - b."""
    return Expression(f"({a} - {b})", a.size - b.size, lambda at: a.number(at) - b.number(at))


def times(a: Expression, b: Expression) -> Expression:
    """a b."""
    return Expression(f"({a} * {b})", a.size * b.size, lambda at: a.number(at) * b.number(at))


def over(a: Expression, k: int) -> Expression:
    """a / k for a number k."""
    return Expression(f"({a} / {k})", a.size * Fraction(1, k), lambda at: a.number(at) / k)


def low(a: Expression) -> Expression:
    """The whole number below."""
    return Expression(f"floor({a})", floor(a.size), lambda at: Fraction(math.floor(a.number(at))))


def high(a: Expression) -> Expression:
    """The whole number above."""
    return Expression(f"ceil({a})", ceil(a.size), lambda at: Fraction(math.ceil(a.number(at))))


def smaller(a: Expression, b: Expression) -> Expression:
    """min(a, b)."""
    return Expression(f"min({a}, {b})", least(a.size, b.size), lambda at: min(a.number(at), b.number(at)))


def larger(a: Expression, b: Expression) -> Expression:
    """max(a, b)."""
    return Expression(f"max({a}, {b})", greatest(a.size, b.size), lambda at: max(a.number(at), b.number(at)))


def squared(a: Expression, k: int) -> Expression:
    """a^k for a number k."""
    return Expression(f"({a}^{k})", power(a.size, k), lambda at: a.number(at) ** k)


leaves = st.one_of(st.sampled_from(NAMES).map(leaf), st.integers(0, 5).map(number))
polynomials = st.recursive(
    leaves,
    lambda e: st.one_of(
        st.builds(plus, e, e), st.builds(minus, e, e), st.builds(times, e, e), st.builds(squared, e, st.integers(0, 3))
    ),
    max_leaves=6,
)
expressions = st.recursive(
    leaves,
    lambda e: st.one_of(
        st.builds(plus, e, e),
        st.builds(minus, e, e),
        st.builds(times, e, e),
        st.builds(over, e, st.integers(1, 4)),
        st.builds(low, st.builds(over, e, st.integers(2, 4))),
        st.builds(high, st.builds(over, e, st.integers(2, 4))),
        st.builds(smaller, e, e),
        st.builds(larger, e, e),
        st.builds(squared, e, st.integers(0, 2)),
    ),
    max_leaves=6,
)
places = st.fixed_dictionaries({name: st.sampled_from(NUMBERS) for name in NAMES})


def rewritten(e: Expression) -> st.SearchStrategy[Expression]:
    """Expressions that are equal to this one, or nearly: what an author might write for it."""
    k = st.integers(2, 4)
    return st.one_of(
        st.just(plus(e, number(0))),
        k.map(lambda k: low(over(plus(times(number(k), e), number(k - 1)), k))),
        k.map(lambda k: times(number(k), low(over(e, k)))),
        k.map(lambda k: plus(low(over(e, k)), high(over(times(e, number(k - 1)), k)))),
        k.map(lambda k: high(over(minus(times(number(k), e), number(1)), k))),
        k.map(lambda k: minus(high(over(plus(e, number(1)), k)), low(over(e, k)))),
        st.just(larger(e, e)),
        leaves.map(lambda o: minus(plus(e, o), o)),
        leaves.map(lambda o: plus(smaller(e, o), minus(larger(e, o), o))),
    )


@PROFILE
@given(a=expressions, at=places)
def test_normal_forms_keep_the_value(a: Expression, at: dict[str, int]) -> None:
    """A size has the value of the text that it was written as."""
    assert evaluate(a.size, at) == a.number(at)


@PROFILE
@given(data=st.data())
def test_equal_sizes_are_equal(data: st.DataObject) -> None:
    """What is accepted as equal is equal for all numbers: small ones, odd, even, and large."""
    a = data.draw(expressions)
    b = data.draw(st.one_of(rewritten(a), expressions))
    if provably_equal(a.size, b.size):
        for n in NUMBERS:
            for m in NUMBERS[:9]:
                at = {"n": n, "m": m}
                assert a.number(at) == b.number(at), (a, b, at)


@PROFILE
@given(a=expressions)
def test_whole_sizes_are_whole(a: Expression) -> None:
    """What is taken for a whole number is one for all numbers."""
    if provably_whole(a.size):
        for n in NUMBERS:
            for m in NUMBERS[:9]:
                assert a.number({"n": n, "m": m}).denominator == 1, (a, n, m)


@PROFILE
@given(a=polynomials, b=polynomials, c=polynomials)
def test_polynomials_are_decided(a: Expression, b: Expression, c: Expression) -> None:
    """Polynomials that agree by the laws of a ring are accepted, and those that differ somewhere are not."""
    assert provably_equal(times(a, plus(b, c)).size, plus(times(c, a), times(b, a)).size)
    assert provably_equal(squared(plus(a, b), 2).size, (a.size + b.size) * (b.size + a.size))
    points = [{"n": n, "m": m} for n in range(1, 10) for m in range(1, 10)]
    # of degree at most 8 in each name here, so nine points on each axis decide
    assume(all(len(text) < 60 for text in (a.text, b.text)) and "^3" not in a.text + b.text)
    if provably_equal(a.size, b.size):
        assert all(a.number(at) == b.number(at) for at in points)
    elif all(a.number(at) == b.number(at) for at in points):
        assert degree(a.size) > 8 or degree(b.size) > 8, (a, b)


def degree(size: Size) -> int:
    """The degree of a polynomial."""
    if not isinstance(size, Poly):
        return 0
    return max(sum(exponent for _, exponent in monomial) for monomial in size.terms)


@PROFILE
@given(p=polynomials, k=st.integers(2, 5))
def test_floors_of_constants_are_decided(p: Expression, k: int) -> None:
    """Floor and ceiling of p / k: every identity of residues mod k is accepted (Hermite's among them)."""
    floors: Size = 0
    for i in range(k):
        floors = floors + floor((p.size + i) * Fraction(1, k))
    assert provably_equal(floors, p.size)
    assert provably_equal(ceil(p.size * Fraction(1, k)), floor((p.size + (k - 1)) * Fraction(1, k)))


# -------------------------------------------------------------------------------------------------- whole files


def sound(text: str, a: Expression, b: Expression) -> bool:
    """Whether a file is accepted; if it is, the two sizes agree wherever both are sizes."""
    try:
        dg.loads(text)
    except dg.DiagrammarError:
        return False
    for n in NUMBERS:
        for m in NUMBERS[:9]:
            at = {"n": n, "m": m}
            left, right = a.number(at), b.number(at)
            if left > 0 and right > 0 and left.denominator == right.denominator == 1:
                assert left == right, (text, at)
    return True


@settings(PROFILE, max_examples=200)
@given(data=st.data())
def test_accepted_files_have_equal_sizes(data: st.DataObject) -> None:
    """`R[a] -> R[b] = sin` is accepted only where a and b are the same number."""
    a = data.draw(expressions)
    b = data.draw(st.one_of(rewritten(a), expressions))
    sound(f"dim n, m\ndiagram f : R[{a}] -> R[{b}] = sin", a, b)


@settings(PROFILE, max_examples=150)
@given(data=st.data())
def test_accepted_sums_have_equal_sizes(data: st.DataObject) -> None:
    """`u + v` of R[a] and R[b], and their concatenation, are accepted only where the sizes are the same number."""
    a = data.draw(expressions)
    b = data.draw(st.one_of(rewritten(a), expressions))
    sound(f"dim n, m\ndiagram f(u : R[{a}], v : R[{b}]) -> R[{b}] {{ return u + v }}", a, b)
    c = plus(a, a)
    sound(f"dim n, m\ndiagram f(u : R[{a}]) -> R[{b}] {{ return concat(u, u) }}", c, b)


@settings(PROFILE, max_examples=100)
@given(p=st.integers(1, 4), q=st.integers(0, 3), k=st.integers(1, 4), n=st.sampled_from([1, 2, 3, 4, 7, 8, 12, 15, 64]))
def test_conditions_say_where_sizes_are_whole(p: int, q: int, k: int, n: int) -> None:
    """The conditions of a diagram hold of exactly those sizes for which all its wires are whole."""
    text = f"dim n\ndiagram f(u : R[{p} * n + {q}]) -> R[{k}, ({p} * n + {q}) / {k}] {{\n"
    text += f'  return rearrange["(k i) -> k i", k = {k}](u)\n}}'
    found = dg.conditions(dg.loads(text)["f"])
    met = all(evaluate(size, {"n": n}) % divisor == 0 for size, divisor in found)
    assert met == ((p * n + q) % k == 0), (text, found)


@settings(PROFILE, max_examples=60)
@given(n=st.integers(1, 40), k=st.integers(1, 6), strides=st.lists(st.sampled_from([2, 3]), max_size=3))
def test_grids_that_are_not_whole_are_refused(n: int, k: int, strides: list[int]) -> None:
    """Coarsening a grid of n points is accepted just where every stride divides."""
    body = " >> ".join(["id", *(f"conv[3, stride = {s}, bias = false]" for s in strides)])
    ends = Fraction(n, math.prod(strides))
    text = f"space X = torus(1)\ndiagram f : Field[X[{n}], {k}] -> Field[X[{n}] / {math.prod(strides)}, {k}] = {body}"
    try:
        dg.loads(text)
        accepted = True
    except dg.DiagrammarError:
        accepted = False
    assert accepted == (ends.denominator == 1), text


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("floor(n / 2) + ceil(n / 2)", "n", True),
        ("floor((n + 1) / 2)", "ceil(n / 2)", True),
        ("2 * floor(n / 2)", "n", False),
        ("2 * floor((2 * n + 1) / 2)", "2 * n", True),
        ("floor(n / 2) + 1", "n / 2 + 1", False),
        ("floor(floor(n / 2) / 3)", "floor(n / 6)", True),
        ("floor(n * m / 2)", "n * floor(m / 2)", False),
        ("min(n, m) + max(n, m)", "m + n", False),  # true, and not proved: it is refused
        ("max(n, m)", "max(m, n)", True),
        ("2^n * 2", "2^(n + 1)", False),  # true, and not proved
        ("(n + m)^2", "n^2 + 2 * n * m + m^2", True),
        ("(n + m)^2", "n^2 + m^2", False),
        ("(n^2 - 1) / (n - 1)", "n + 1", False),
    ],
)
def test_what_is_decided(a: str, b: str, equal: bool) -> None:
    """Floors are decided on residues, `min`, `max` and powers of names are equal when their arguments are."""
    text = f"dim n, m\ndiagram f : R[{a}] -> R[{b}] = sin"
    if equal:
        assert len(dg.loads(text)["f"].dom) == 1
    else:
        with pytest.raises(dg.DiagrammarError):
            dg.loads(text)


def test_a_minimum_with_a_fraction_is_not_whole() -> None:
    """`min(n, 1 / 2)` is one half, and no size is made of it."""
    assert not provably_whole(least(var("n"), Fraction(1, 2)))
    assert not provably_equal(floor(least(var("n"), Fraction(1, 2)) + 2), least(var("n"), Fraction(1, 2)) + 2)


def test_a_free_size_is_no_number() -> None:
    """Two names are two sizes, and a name is no number."""
    for text in ("dim n, m\ndiagram f : R[n] -> R[m] = id", "dim n\ndiagram f : R[n] -> R[3] = id"):
        with pytest.raises(dg.DiagramTypeError, match="other wires"):
            dg.loads(text)
    assert dg.loads("dim n\ndiagram f : R[n] -> R[n] = id")["f"].dom == (Tensor("R", (var("n"),)),)
