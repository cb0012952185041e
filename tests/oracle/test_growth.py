"""The bounds on degrees and coefficients, from which the chance of an error is told."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest

import diagrammar as dg
from diagrammar.box import Box
from diagrammar.oracle.call import Wire
from diagrammar.oracle.decide import values
from diagrammar.oracle.numbers import Growth, NoInverse, Residues, growth_of
from tests.proof.laws import HEAD

# functions of one vector, with the degree of what is above and of what is below along a line through the origin
CASES = {
    "x": (1, 0),
    "x * x - 3 * x": (2, 0),
    "(x + 1)^5": (5, 0),
    "x * x^4 * (x - x^2)": (7, 0),
    "(x - 1) / 3": (1, 0),
    "x / (x + 1)": (1, 1),
    "(x + 1)^-2": (0, 2),
    "1 / (x + 1) + 1 / (x + 2)": (1, 2),
    'einsum["a, b a -> b"](x, einsum["a, b -> b a"](x, x))': (3, 0),
    'reduce["a b -> a", "prod"](einsum["a, b -> a b"](x, x))': (6, 0),
    "x * mean(x^2)": (3, 0),
    'einsum["a, b -> b"](1 / (x + 1), x)': (3, 3),
    "fold[(s, y) -> s * y](x[0], x) * x": (5, 0),
    "repeat 3 { y -> y * y + 1 }(x)": (8, 0),
}


def along(case: str, system: Residues, points: range) -> list[Wire]:
    """A function at multiples of one vector."""
    diagram = dg.loads(f"{HEAD}diagram f(x : R[3]) -> R[3] {{ return {case} }}")["f"]
    line = np.array([2, 3, 5], dtype=object)

    def weight(box: Box, path: str) -> Wire:
        raise AssertionError(path)

    return [values(np, diagram, system, {}, [Wire(line * at, Growth(1))], weight)[0] for at in points]


@pytest.mark.parametrize("case", CASES)
def test_degrees_are_bounded(case: str) -> None:
    """By finite differences modulo a prime: those of an order above the degree vanish, and no bound is below it."""
    degree, below = CASES[case]
    system = Residues(np, Random(4))
    count = degree + below + 2
    ends = along(case, system, range(1, count + 1))
    growth = ends[0].growth
    assert growth.degree >= degree and growth.below >= below
    if below == 0:
        differences = [wire.array for wire in ends]
        for order in range(degree + 1):
            assert any(int(entry) for entry in differences[0]), f"the degree is {order - 1}"
            differences = [(b - a) % system.prime for a, b in itertools.pairwise(differences)]
        assert not any(int(entry) for entry in differences[0])
        # sums and products alone: the bound is the degree
        assert growth.degree == degree and growth.below == 0


@pytest.mark.parametrize("seed", range(200))
def test_coefficients_are_bounded(seed: int) -> None:
    """Numbers are polynomials of degree nought: numerators and denominators stay below what is told of them."""
    draw = Random(seed)

    def number() -> Fraction:
        return Fraction(draw.randint(-9, 9), draw.randint(1, 9))

    value, growth = number(), Growth()
    growth = growth_of(value)
    for _ in range(draw.randint(1, 8)):
        other = number()
        match draw.choice("+-*/ns"):
            case "+":
                value, growth = value + other, growth.plus(growth_of(other))
            case "-":
                value, growth = other - value, growth_of(other).plus(growth)
            case "*":
                value, growth = value * other, growth.times(growth_of(other))
            case "/" if other:
                value, growth = value / other, growth.times(growth_of(other).inverse())
            case "n" if value:
                value, growth = 1 / value, growth.inverse()
            case "s":
                others = [number() for _ in range(draw.randint(0, 4))]
                for one in others:
                    growth = growth.largest(growth_of(one))
                value, growth = value + sum(others), growth.summed(1 + len(others))
    assert math.log2(max(1, abs(value.numerator))) <= growth.bits + 1e-6
    assert math.log2(value.denominator) <= growth.bits_below + 1e-6


def test_no_inverse_of_zero() -> None:
    """Modulo a prime, as over the rationals."""
    system = Residues(np, Random(0))
    with pytest.raises(NoInverse):
        system.inverse(np.array([1, 0], dtype=object))
    with pytest.raises(NoInverse):
        system.number(Fraction(1, system.prime))
    assert system.reduced(system.inverse(np.array([3], dtype=object)) * 3)[0] == 1
