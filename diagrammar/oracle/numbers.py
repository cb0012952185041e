"""The numbers that a diagram is evaluated in: residues modulo a prime, or floating-point numbers.

Arrays of residues hold Python's own integers, so nothing overflows.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

# primes are drawn between 2 to this power and the next one
BITS = 61
# there are more than so many: below x there are x / (ln x - 1) to x / (ln x - 1.1) primes (Dusart, 2010)
PRIMES = 5e16


class NoInverse(Exception):
    """Something divides by zero at this point: another one has to be drawn."""


class NotPolynomial(Exception):
    """A box that is no quotient of polynomials, or that has no meaning here."""


class Growth(NamedTuple):
    """How large a quotient of polynomials may be: degrees of both, and logarithms of the sums of their coefficients.

    Both polynomials have whole coefficients.
    """

    degree: int = 0
    below: int = 0
    bits: float = 0.0
    bits_below: float = 0.0

    def plus(self, other: Growth) -> Growth:
        """Of a sum, over the product of what is below."""
        return Growth(
            max(self.degree + other.below, other.degree + self.below),
            self.below + other.below,
            max(self.bits + other.bits_below, other.bits + self.bits_below) + 1,
            self.bits_below + other.bits_below,
        )

    def times(self, other: Growth) -> Growth:
        """Of a product."""
        return Growth(
            self.degree + other.degree,
            self.below + other.below,
            self.bits + other.bits,
            self.bits_below + other.bits_below,
        )

    def inverse(self) -> Growth:
        """Of one over it."""
        return Growth(self.below, self.degree, self.bits_below, self.bits)

    def summed(self, count: int) -> Growth:
        """Of a sum of so many like it."""
        if count <= 1:
            return self
        if self.below == 0 and self.bits_below == 0:
            return self._replace(bits=self.bits + math.log2(count) + 1e-9)
        others = count - 1
        return Growth(
            self.degree + others * self.below,
            count * self.below,
            self.bits + others * self.bits_below + math.log2(count) + 1e-9,
            count * self.bits_below,
        )

    def largest(self, other: Growth) -> Growth:
        """Of either."""
        return Growth(
            max(self.degree, other.degree),
            max(self.below, other.below),
            max(self.bits, other.bits),
            max(self.bits_below, other.bits_below),
        )


def growth_of(number: Fraction) -> Growth:
    """Of a number."""
    return Growth(0, 0, math.log2(max(1, abs(number.numerator))) + 1e-9, math.log2(number.denominator))


class System(Protocol):
    """Numbers to evaluate in."""

    exact: bool

    def random(self, shape: tuple[int, ...]) -> Any:
        """An array of random numbers."""

    def number(self, number: Fraction) -> Any:
        """A rational number."""

    def reduced(self, array: Any) -> Any:
        """An array in normal form."""

    def inverse(self, array: Any) -> Any:
        """One over each entry. Raises NoInverse where one is zero."""


class Residues:
    """The numbers modulo a prime."""

    exact = True

    def __init__(self, numpy: Any, draw: random.Random) -> None:
        self.numpy = numpy
        self.draw = draw
        self.prime = random_prime(draw)

    def random(self, shape: tuple[int, ...]) -> Any:
        """Residues, all alike likely."""
        array = self.numpy.empty(shape, dtype=object)
        for at in self.numpy.ndindex(*shape):
            array[at] = self.draw.randrange(self.prime)
        return array

    def number(self, number: Fraction) -> Any:
        """The residue of a rational number."""
        if number.denominator % self.prime == 0:
            raise NoInverse
        return number.numerator * pow(number.denominator, -1, self.prime) % self.prime

    def reduced(self, array: Any) -> Any:
        """Each entry between 0 and the prime, also that of a scalar."""
        made = self.numpy.empty(self.numpy.shape(array), dtype=object)
        made[...] = array
        return made % self.prime if made.shape else self._scalar(int(made.item()) % self.prime)

    def _scalar(self, value: int) -> Any:
        made = self.numpy.empty((), dtype=object)
        made[()] = value
        return made

    def inverse(self, array: Any) -> Any:
        """Inverses modulo the prime."""
        flat = [int(entry) for entry in self.numpy.ravel(array)]
        if not all(flat):
            raise NoInverse
        made = self.numpy.empty(len(flat), dtype=object)
        made[:] = [pow(entry, -1, self.prime) for entry in flat]
        return made.reshape(self.numpy.shape(array))


class Floats:
    """Floating-point numbers of 64 bits."""

    exact = False
    prime = 0

    def __init__(self, numpy: Any, draw: random.Random) -> None:
        self.numpy = numpy
        self.draw = draw

    def random(self, shape: tuple[int, ...]) -> Any:
        """Numbers of the standard normal distribution."""
        count = math.prod(shape)
        return self.numpy.array([self.draw.gauss(0, 1) for _ in range(count)], dtype=float).reshape(shape)

    def number(self, number: Fraction) -> Any:
        """The nearest float."""
        return float(number)

    def reduced(self, array: Any) -> Any:
        """The array as it is."""
        return self.numpy.asarray(array)

    def inverse(self, array: Any) -> Any:
        """One over each entry."""
        return 1 / array


def random_prime(draw: random.Random) -> int:
    """A prime between 2^61 and 2^62, each as likely as any other.

    >>> random_prime(random.Random(0)) >> BITS
    1
    """
    while True:
        number = (1 << BITS) + draw.getrandbits(BITS)
        if _is_prime(number):
            return number


def _is_prime(number: int) -> bool:
    """By Miller and Rabin; with the first twelve primes as bases exact below 2^78 (Sorenson and Webster, 2015)."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if any(number % base == 0 for base in bases):
        return number in bases
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, base, odd, twos) for base in bases)


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
