"""Sizes as Python expressions over whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from diagrammar.errors import BackendError
from diagrammar.sizes import Atom, Monomial, Poly, Size, variables
from diagrammar.types import Type, shape_of


def size_text(value: Size, name: Callable[[str], str]) -> str:
    """A size as an expression; `name` says how a variable is called in the code.

    >>> from diagrammar.sizes import var, floor
    >>> size_text(floor(var("n") / 2) * 3 + 1, lambda n: n)
    '((n // 2) * 3 + 1)'
    """
    if not isinstance(value, Poly):
        if Fraction(value).denominator != 1:
            raise BackendError(f"the size {value} is not whole")
        return repr(int(value))
    above, below = _ratio(value, name)
    return f"({above} // {below})" if below != 1 else above


def _ratio(value: Size, name: Callable[[str], str]) -> tuple[str, int]:
    """A numerator as text and a whole denominator."""
    if not isinstance(value, Poly):
        number = Fraction(value)
        return repr(number.numerator), number.denominator
    below = math.lcm(*(c.denominator for c in value.terms.values()))
    terms = [_term(m, int(c * below), name) for m, c in sorted(value.terms.items(), key=lambda item: not item[0])]
    return (terms[0] if len(terms) == 1 else "(" + " + ".join(terms) + ")"), below


def _term(monomial: Monomial, coefficient: int, name: Callable[[str], str]) -> str:
    factors = [_atom(atom, name) for atom, exponent in monomial for _ in range(exponent)]
    if coefficient != 1 or not factors:
        factors.append(repr(coefficient) if coefficient >= 0 else f"({coefficient})")
    return " * ".join(factors)


def _atom(atom: Atom, name: Callable[[str], str]) -> str:
    args = [arg for arg in atom.args if isinstance(arg, int | Fraction | Poly)]
    match atom.kind:
        case "var":
            return name(str(atom.args[0]))
        case "floor":
            above, below = _ratio(args[0], name)
            return f"({above} // {below})"
        case "round":
            # halves to the even one, in whole numbers: floor(x + 1/2), one less at a half above an odd floor
            above, below = _ratio(args[0], name)
            up = f"((2 * {above} + {below}) // {2 * below})"
            return f"({up} - ((2 * {above} + {below}) % {2 * below} == 0 and {up} % 2 == 1))"
        case "min" | "max":
            return f"{atom.kind}({', '.join(size_text(arg, name) for arg in args)})"
        case "pow":
            return f"({size_text(args[0], name)} ** {size_text(args[1], name)})"
        case _:
            raise BackendError(f"the size {atom} is not known")


def solve(types: list[tuple[Type, int]]) -> dict[str, tuple[int, int, int, int]]:
    """Where free sizes can be read: `types` are input types with the number of their batch axes; the result says for a
    variable (input, axis, offset, factor), the size being (shape[axis] - offset) // factor. Plain occurrences first."""
    found: dict[str, tuple[int, int, int, int]] = {}
    for number, (wire, lead) in enumerate(types):
        for axis, size in enumerate(shape_of(wire)):
            known = _linear(size)
            if known is None:
                continue
            name, offset, factor = known
            if name not in found or (found[name][2:] != (0, 1) and (offset, factor) == (0, 1)):
                found[name] = (number, axis + lead, offset, factor)
    return found


def _linear(size: Size) -> tuple[str, int, int] | None:
    if not isinstance(size, Poly) or len(variables(size)) != 1:
        return None
    offset, factor, name = Fraction(0), Fraction(0), ""
    for monomial, coefficient in size.terms.items():
        if monomial == ():
            offset = coefficient
        elif len(monomial) == 1 and monomial[0][1] == 1 and monomial[0][0].kind == "var":
            factor, name = coefficient, str(monomial[0][0].args[0])
        else:
            return None
    if factor.denominator != 1 or offset.denominator != 1 or factor <= 0:
        # n / k fixes n too: n = k (size - offset)
        if factor.numerator == 1 and factor > 0 and offset == 0:
            return name, 0, -factor.denominator
        return None
    return name, int(offset), int(factor)


def solved_text(shape: str, axis: int, offset: int, factor: int) -> str:
    """The expression of a variable that `solve` found."""
    text = f"{shape}[{axis}]"
    if factor < 0:
        return f"({text} * {-factor})"
    if offset:
        text = f"({text} - {offset})"
    return text if factor == 1 else f"({text} // {factor})"
