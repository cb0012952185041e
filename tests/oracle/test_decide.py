"""The algebraic oracle: what it decides, how sure it is, and what it leaves to floats."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

import diagrammar as dg
from diagrammar.diagram import Box, Diagram, Id
from diagrammar.oracle import Verdict, decide
from diagrammar.oracle.numbers import random_prime
from diagrammar.types import Tensor
from tests.proof.laws import BEYOND, FALSE, HEAD, ONE, ROUGH, TRUE, TWO, sides


def verdict(law: tuple[str, str, str], seed: int = 0, points: int = 3) -> Verdict:
    """What the oracle says of a law."""
    return decide(*sides(*law), seed=seed, points=points)


@pytest.mark.parametrize("law", [*TRUE, *BEYOND])
def test_true_laws_are_equal(law: str) -> None:
    """Exactly where all boxes are polynomials, else in floats, and it says why; the oracle knows no axioms."""
    found = verdict({**TRUE, **BEYOND}[law])
    assert found.equal
    assert (found.exact, found.reason) == (law not in ROUGH, ROUGH.get(law, ""))
    assert found.error < 1e-45 if found.exact else found.error == 1


@pytest.mark.parametrize("law", FALSE)
def test_false_laws_are_different(law: str) -> None:
    """With a witness: an output, an entry of it, and both values."""
    found = verdict(FALSE[law])
    assert found.equal is False and found.witness is not None
    output, entry, left, right = found.witness
    left_side, _ = sides(*FALSE[law])
    assert 0 <= output < len(left_side.cod) and left != right and all(at >= 0 for at in entry)


def test_the_chance_of_an_error_is_bounded_by_the_degree() -> None:
    """Degree over prime for each point, and the chance that a prime divides what is not zero."""
    two = verdict((TWO, "(u + v)^2", "u^2 + 2 * u * v + v^2"), points=1)
    assert two.degree == 2 and 2 / 2**61 < two.error < 8 / 2**61
    many = verdict((TWO, "(u + v)^2", "u^2 + 2 * u * v + v^2"), points=4)
    assert many.error == pytest.approx(two.error**4) and many.points == 4
    deep = verdict((ONE, "((u^8)^8)^8", "u^64 * (u^56)^8"), points=1)
    assert deep.degree == 512 and deep.error > 512 / 2**61
    quotient = verdict((TWO, "(u / v + v / u) * (u * v)", "u * u + v * v"), points=1)
    assert quotient.equal and quotient.degree >= 4


@pytest.mark.parametrize("number", [2**61 - 1, 2**31 - 1, (2**61 - 1) * (2**31 - 1)])
def test_no_fixed_prime_is_fooled(number: int) -> None:
    """A factor that is a famous prime is not zero."""
    assert verdict((ONE, f"{number} * u", "0 * u")).equal is False


def test_small_differences_are_seen() -> None:
    """There is no tolerance: floats would call these equal."""
    assert verdict((ONE, "u + 1e-30 * u", "u")).equal is False
    assert verdict((ONE, "(u + 1)^40 - u^40", "(u + 1)^40 - u^40 + 1e-9")).equal is False
    assert verdict((ONE, "0.1 * u + 0.2 * u", "0.3 * u")).equal is True


def test_division_by_zero_everywhere_is_not_decided() -> None:
    """Exactly there is no point to evaluate at; floats have no numbers there either, and are alike."""
    found = verdict((ONE, "u / (u - u)", "u / (u - u)"))
    assert not found.exact and found.reason == "something divides by zero everywhere"


def test_the_same_seed_says_the_same() -> None:
    """Sizes, primes and values are drawn from it."""
    law = (TWO, "u - v", "v - u")
    assert verdict(law, seed=4) == verdict(law, seed=4)
    assert verdict(law, seed=4) != verdict(law, seed=5)


def test_sizes_meet_the_conditions() -> None:
    """Grids that must divide are drawn so."""
    found = verdict(("(u : V) -> Field[X / 4, 4]", "restrict[4](u)", "restrict(restrict(u)) + 1"))
    assert found.sizes is not None and all(size % 4 == 0 for size in found.sizes.values())


def test_equal_keys_are_one_weight() -> None:
    """And other keys are others."""
    one, other = (dg.loads(HEAD + f"diagram f(u : V) -> V {{ return {name}(u) }}")["f"] for name in ("cell", "other"))
    assert decide(one, one).equal and decide(one, other).equal is False


def test_weights_that_are_bound_by_a_condition() -> None:
    """W W^T is the identity for what is orthogonal alone: neither different, nor sure in floats."""
    text = """
    diagram f(x : R[3]) -> R[3] {
      weight W : R[3, 3] = orthogonal where orthogonal
      return einsum["a b, c b, c -> a"](W, W, x)
    }
    """
    f = dg.loads(text)["f"]
    found = decide(f, Id(f.dom))
    assert not found.exact and found.reason == "the values of the weight `W` are bound by a condition"
    assert found.equal is None
    assert decide(f, f).exact


def test_a_box_of_the_caller_is_not_decided() -> None:
    """It has no meaning here, and the verdict names it."""
    x = Tensor("R", (2,))
    box = Diagram.of(Box("mine", (x,), (x,)))
    found = decide(box, Id(x))
    assert found.equal is None and found.box is not None and found.box.name == "mine"
    assert str(found) == "not decided: `mine` has no meaning here"


def test_the_place_of_a_box_that_is_no_polynomial() -> None:
    """The verdict points into the text."""
    made = dg.loads("diagram f(x : R) -> R {\n  return x + sin(x)\n}", name="law.dg")["f"]
    found = decide(made, made)
    assert found.equal and not found.exact and str(found.span) == "law.dg:2:14"
    assert str(found) == "equal in float64 at 3 points; `sin` is no polynomial, so this is no proof"


def test_sides_of_two_types_are_an_error() -> None:
    """As for a proof."""
    x, y = Tensor("R", (2,)), Tensor("R", (3,))
    with pytest.raises(dg.DiagramTypeError, match="the two sides have other wires"):
        decide(Id(x), Id(y))


def test_primes_are_primes() -> None:
    """Fermat's test with other bases than those they were found by, and their size."""
    draw = random.Random(3)
    for _ in range(50):
        prime = random_prime(draw)
        assert 2**61 < prime < 2**62
        assert all(pow(base, prime - 1, prime) == 1 for base in (41, 43, 47, 53, 59, 61))


def test_without_numpy_there_is_a_clear_error() -> None:
    """The oracle is the one thing that needs it."""
    code = """
import sys
sys.modules["numpy"] = None
import diagrammar as dg
from diagrammar.oracle import decide
f = dg.loads("diagram f : R -> R = sin")["f"]
try:
    decide(f, f)
except dg.BackendError as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "the oracle needs numpy, which is not installed: pip install numpy\n"
