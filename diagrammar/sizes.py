"""Sizes: exact polynomials with rational coefficients, in free sizes, `floor`, `min`, `max` and powers.

A size is a plain `int` where it is known (a `Fraction` while it is computed with), else a `Poly`. Two sizes are equal
only when that is provable for every value of their variables: normal forms coincide, or, where `floor(p / k)` occurs,
they coincide on all residues mod k. Nothing is ever unified on a guess.

>>> n = var("n")
>>> n * 2 - n == n, provably_equal(floor((n + 1) / 2) + floor(n / 2), n)
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import product
from typing import Union


class Atom:
    """What a polynomial is a polynomial in: a variable, an unknown, or a function of sizes that stays as it is.

    kinds: `var` (name), `unknown` (number), `floor`, `round` (size), `min`, `max` (sizes), `pow` (base, exponent).
    """

    __slots__ = ("_hash", "args", "kind")

    def __init__(self, kind: str, args: tuple[object, ...]) -> None:
        self.kind = kind
        self.args = args
        self._hash = hash((kind, args))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self.kind == other.kind and self.args == other.args)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Atom], tuple[str, tuple[object, ...]]]:
        return Atom, (self.kind, self.args)

    def __str__(self) -> str:
        match self.kind:
            case "var":
                return str(self.args[0])
            case "unknown":
                return "?"
            case "pow":
                base, exponent = self.args
                return f"{_wrap(base)}^{_wrap(exponent)}"
            case _:
                return f"{self.kind}({', '.join(map(str, self.args))})"

    __repr__ = __str__

    def order(self) -> tuple[str, str]:
        """A total order of atoms, for printing and normal forms."""
        return self.kind, str(self.args) if self.kind == "unknown" else str(self)


Monomial = tuple[tuple[Atom, int], ...]
Size = Union[int, Fraction, "Poly"]


class Poly:
    """A polynomial that is not a constant: a map from monomials to rational coefficients, none zero."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: dict[Monomial, Fraction]) -> None:
        self.terms = terms
        self._hash: int | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Poly) and self.terms == other.terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __reduce__(self) -> tuple[type[Poly], tuple[dict[Monomial, Fraction]]]:
        return Poly, (self.terms,)

    def __add__(self, other: Size) -> Size:
        terms = dict(self.terms)
        for monomial, coefficient in _terms(other).items():
            total = terms.get(monomial, Fraction(0)) + coefficient
            if total:
                terms[monomial] = total
            else:
                terms.pop(monomial, None)
        return _poly(terms)

    __radd__ = __add__

    def __neg__(self) -> Size:
        return Poly({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __sub__(self, other: Size) -> Size:
        return self + (-other)

    def __rsub__(self, other: Size) -> Size:
        return (-self) + other

    def __mul__(self, other: Size) -> Size:
        terms: dict[Monomial, Fraction] = {}
        for left, a in self.terms.items():
            for right, b in _terms(other).items():
                monomial = _join(left, right)
                total = terms.get(monomial, Fraction(0)) + a * b
                if total:
                    terms[monomial] = total
                else:
                    terms.pop(monomial, None)
        return _poly(terms)

    __rmul__ = __mul__

    def __truediv__(self, other: Size) -> Size:
        """Division by a constant, or by a monomial that divides every term; else ValueError."""
        if not isinstance(other, Poly):
            return self * (1 / Fraction(other))
        if len(other.terms) == 1:
            ((below, scale),) = other.terms.items()
            terms = {}
            for monomial, coefficient in self.terms.items():
                quotient = _cancel(monomial, below)
                if quotient is None:
                    break
                terms[quotient] = coefficient / scale
            else:
                return _poly(terms)
        raise ValueError(f"{self} is not divisible by {other} for all sizes")

    def __rtruediv__(self, other: Size) -> Size:
        raise ValueError(f"{other} is not divisible by {self} for all sizes")

    def __str__(self) -> str:
        return _show(self)

    __repr__ = __str__


def whole(value: Size) -> Size:
    """A rational without a denominator as `int`."""
    if type(value) is Fraction and value.denominator == 1:
        return int(value)
    return value


def over(value: Size, divisor: Size) -> Size:
    """The exact quotient: that of two whole numbers would be a float. ValueError as for `/` of polynomials."""
    if isinstance(value, Poly) or isinstance(divisor, Poly):
        above = value if isinstance(value, Poly) else Fraction(value)
        return whole(above / divisor)
    return whole(Fraction(value) / divisor)


def var(name: str) -> Poly:
    """The free size of this name; it stands for any positive whole number."""
    return Poly({((Atom("var", (name,)), 1),): Fraction(1)})


def unknown(number: int) -> Poly:
    """A size that inference is to find."""
    return Poly({((Atom("unknown", (number,)), 1),): Fraction(1)})


def power(base: Size, exponent: Size) -> Size:
    """`base ^ exponent`; a polynomial to a whole power is expanded, other powers stay.

    >>> power(2, 10), str(power(2, var("l")))
    (1024, '2^l')
    """
    if isinstance(exponent, int | Fraction):
        exponent = whole(exponent)
        if isinstance(exponent, int):
            if not isinstance(base, Poly):
                if base in (0, 1, -1) or abs(exponent) <= 4096:
                    return whole(Fraction(base) ** exponent)
                raise ValueError(f"{base}^{exponent} is too large")
            if 0 <= exponent <= 64:
                result: Size = 1
                for _ in range(exponent):
                    result = result * base
                return result
        elif not isinstance(base, Poly):
            raise ValueError(f"{base}^{exponent} is not a rational number")
    return _atom("pow", base, exponent)


def floor(value: Size) -> Size:
    """The greatest whole number that is not greater; whole summands are taken out."""
    if not isinstance(value, Poly):
        return math.floor(value)
    outside: dict[Monomial, Fraction] = {}
    inside: dict[Monomial, Fraction] = {}
    for monomial, coefficient in value.terms.items():
        # floor(q n + r) with whole q n is q n + floor(r)
        low = math.floor(coefficient) if not monomial else (coefficient if coefficient.denominator == 1 else 0)
        if low and _is_whole_monomial(monomial):
            outside[monomial] = Fraction(low)
        else:
            low = 0
        if coefficient - low:
            inside[monomial] = coefficient - low
    rest = _poly(inside)
    if not isinstance(rest, Poly):
        return _poly(outside) + math.floor(rest)
    return _poly(outside) + _atom("floor", rest)


def ceil(value: Size) -> Size:
    """The least whole number that is not smaller."""
    return -floor(-value)


def nearest(value: Size) -> Size:
    """Rounded to the nearest whole number, halves to the even one (as Python's `round`)."""
    if not isinstance(value, Poly):
        return round(Fraction(value))
    if all(c.denominator == 1 and _is_whole_monomial(m) for m, c in value.terms.items()):
        return value
    return _atom("round", value)


def least(*values: Size) -> Size:
    """The smallest of them; constants are folded."""
    return _extreme("min", min, values)


def greatest(*values: Size) -> Size:
    """The largest of them; constants are folded."""
    return _extreme("max", max, values)


def provably_equal(a: Size, b: Size) -> bool:
    """Whether a and b are equal for every value of their variables, as far as that can be decided here.

    False means "not proved", never "different".
    """
    if a is b or a == b:
        return True
    return is_zero(a - b)


def is_zero(difference: Size) -> bool:
    """Whether a size is zero for all values of its variables: by normal form, then on all residues of its floors."""
    if not isinstance(difference, Poly):
        return difference == 0
    names = sorted(variables(difference))
    modulus = _modulus(difference)
    if modulus == 1 or not names or modulus ** len(names) > _RESIDUES:
        return False
    for residues in product(range(modulus), repeat=len(names)):
        at: dict[str, Size] = {name: var(name) * modulus + r for name, r in zip(names, residues, strict=True)}
        if substitute(difference, at) != 0:
            return False
    return True


def provably_whole(value: Size) -> bool:
    """Whether a size is a whole number for all values of its variables."""
    if not isinstance(value, Poly):
        return Fraction(value).denominator == 1
    if all(c.denominator == 1 and _is_whole_monomial(m) for m, c in value.terms.items()):
        return True
    return provably_equal(floor(value), value)


def substitute(value: Size, at: Mapping[str, Size]) -> Size:
    """The size with variables replaced."""
    return rewrite(value, lambda atom: at.get(str(atom.args[0])) if atom.kind == "var" else None)


def rewrite(value: Size, image: Callable[[Atom], Size | None]) -> Size:
    """The size with each atom replaced by its image, inside functions too; None leaves an atom as it is."""
    if not isinstance(value, Poly):
        return value
    result: Size = 0
    for monomial, coefficient in value.terms.items():
        term: Size = coefficient
        for atom, exponent in monomial:
            factor = image(atom)
            if factor is None:
                factor = _rebuild(atom, image)
            for _ in range(exponent):
                term = factor * term
        result = term + result
    return whole(result)


def atoms(value: Size) -> Iterable[Atom]:
    """All atoms of a size, those inside functions too."""
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Poly):
            for monomial in item.terms:
                for atom, _ in monomial:
                    yield atom
                    stack.extend(atom.args)


def variables(value: Size) -> set[str]:
    """Names of the free sizes that occur."""
    return {str(atom.args[0]) for atom in atoms(value) if atom.kind == "var"}


def unknowns(value: Size) -> set[int]:
    """Numbers of the unknowns that occur."""
    return {int(str(atom.args[0])) for atom in atoms(value) if atom.kind == "unknown"}


def evaluate(value: Size, at: Mapping[str, int]) -> Fraction:
    """The number that a size is, at these values of its variables."""
    result = substitute(value, at)
    if isinstance(result, Poly):
        missing = ", ".join(sorted(variables(result)))
        raise ValueError(f"{value} needs a value for {missing}")
    return Fraction(result)


def denominator(value: Size) -> int:
    """The least common denominator of the coefficients."""
    return math.lcm(*(c.denominator for c in _terms(value).values())) if not _is_nil(value) else 1


# ----------------------------------------------------------------------------------------------------- inside

_RESIDUES = 4096


def _is_nil(value: Size) -> bool:
    return not isinstance(value, Poly) and value == 0


def _terms(value: Size) -> dict[Monomial, Fraction]:
    if isinstance(value, Poly):
        return value.terms
    return {(): Fraction(value)} if value else {}


def _poly(terms: dict[Monomial, Fraction]) -> Size:
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return whole(terms[()])
    return Poly(terms)


def _atom(kind: str, *args: Size) -> Size:
    return Poly({((Atom(kind, tuple(whole(arg) for arg in args)), 1),): Fraction(1)})


def _join(left: Monomial, right: Monomial) -> Monomial:
    if not left:
        return right
    if not right:
        return left
    exponents = dict(left)
    for atom, exponent in right:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return tuple(sorted(exponents.items(), key=lambda item: item[0].order()))


def _cancel(above: Monomial, below: Monomial) -> Monomial | None:
    exponents = dict(above)
    for atom, exponent in below:
        left = exponents.get(atom, 0) - exponent
        if left < 0:
            return None
        if left:
            exponents[atom] = left
        else:
            del exponents[atom]
    return tuple(sorted(exponents.items(), key=lambda item: item[0].order()))


def _is_whole_monomial(monomial: Monomial) -> bool:
    return all(_is_whole_atom(atom) for atom, _ in monomial)


def _is_whole_atom(atom: Atom) -> bool:
    match atom.kind:
        case "var" | "unknown" | "floor" | "round":
            return True
        case "pow":
            base, exponent = atom.args
            # 2^l is whole only where l is not negative; levels are counted from 0
            return isinstance(base, int) and isinstance(exponent, Poly) and all(c > 0 for c in exponent.terms.values())
        case _:
            return all(isinstance(a, int | Poly) and provably_whole(a) for a in atom.args)


def _extreme(kind: str, choose: Callable[[list[Fraction]], Fraction], values: tuple[Size, ...]) -> Size:
    numbers = [Fraction(v) for v in values if not isinstance(v, Poly)]
    others = list(dict.fromkeys(v for v in values if isinstance(v, Poly)))
    if not others:
        return whole(choose(numbers))
    if len(others) == 1 and not numbers:
        return others[0]
    rest: list[Size] = sorted(others, key=str)
    if numbers:
        rest.append(whole(choose(numbers)))
    return _atom(kind, *rest)


_FUNCTIONS: dict[str, Callable[..., Size]] = {
    "floor": floor,
    "round": nearest,
    "min": least,
    "max": greatest,
    "pow": power,
}


def _rebuild(atom: Atom, image: Callable[[Atom], Size | None]) -> Size:
    if atom.kind in _FUNCTIONS:
        args = [rewrite(arg, image) for arg in atom.args if isinstance(arg, int | Fraction | Poly)]
        return _FUNCTIONS[atom.kind](*args)
    return Poly({((atom, 1),): Fraction(1)})


def _modulus(value: Size) -> int:
    """A number mod which every floor inside is decided: products of the denominators along nested floors."""
    result = 1
    for atom in atoms(value):
        if atom.kind in ("floor", "round"):
            (inner,) = atom.args
            assert isinstance(inner, int | Fraction | Poly)
            # halves round to even, so their parity matters too
            here = denominator(inner) * (2 if atom.kind == "round" else 1)
            result = math.lcm(result, here * _modulus(inner))
    return result


def _wrap(value: object) -> str:
    text = str(value)
    plain = not isinstance(value, Poly) or (len(value.terms) == 1 and not any(c in text for c in "*/^ "))
    return text if plain and not text.startswith("-") and "/" not in text else f"({text})"


def _show(value: Poly) -> str:
    def rank(item: tuple[Monomial, Fraction]) -> tuple[int, list[tuple[str, str]]]:
        return -sum(e for _, e in item[0]), [atom.order() for atom, _ in item[0]]

    text = ""
    for monomial, coefficient in sorted(value.terms.items(), key=rank):
        sign = "-" if coefficient < 0 else "+"
        size = abs(coefficient)
        factors = [f"{_wrap_atom(atom)}^{e}" if e > 1 else str(atom) for atom, e in monomial]
        if not monomial:
            body = str(size)
        else:
            if size.numerator != 1:
                factors.insert(0, str(size.numerator))
            body = " * ".join(factors)
            if size.denominator != 1:
                body += f" / {size.denominator}"
        text += (f" {sign} " if text else ("-" if sign == "-" else "")) + body
    return text


def _wrap_atom(atom: Atom) -> str:
    return f"({atom})" if atom.kind == "pow" else str(atom)
