"""The ring of real numbers: wires as polynomials with rational coefficients in the wires that are not sums or products.

`add sub neg mul`, division, powers by a natural number, numbers, and scalars spread over a type are ring boxes. A
quotient is a product with an inverse, and inverses are not simplified: `x / x` is no 1. Equal polynomials are equal for
all real numbers, not for floating-point ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from diagrammar.diagram import Box
from diagrammar.errors import BudgetError
from diagrammar.proof.kinds import constant, is_number, is_scalar
from diagrammar.proof.terms import Store, Term
from diagrammar.sizes import whole
from diagrammar.types import Type

# wires with their exponents, in order
Monomial = tuple[tuple[int, int], ...]
Polynomial = dict[Monomial, Fraction]
ONE: Monomial = ()

_RING = frozenset({"std:add", "std:sub", "std:neg", "std:mul", "std:div"})
_POWERS = 64
_LINEAR, _POINTWISE = frozenset({"linear"}), frozenset({"elementwise"})
_BOTH = _LINEAR | _POINTWISE


class Ring:
    """Wires of a store as polynomials, each read once. Raises BudgetError past `most` monomials."""

    def __init__(self, store: Store, most: int = 1_000) -> None:
        self.store = store
        self.most = most
        self._known: dict[int, Polynomial] = {}

    # ----------------------------------------------------------------------------------------------- reading

    def is_ring(self, term: Term) -> bool:
        """Whether a box only adds, multiplies and spreads numbers."""
        box = term.box
        if len(box.cod) != 1 or not is_number(box.cod[0]) or not all(map(is_number, box.dom)):
            return False
        match box.origin:
            case "std:const":
                return constant(box) is not None
            case "std:broadcast":
                return is_scalar(box.dom[0])
            case "std:pow":
                return self._exponent(term) is not None
            case _:
                return box.origin in _RING

    def _exponent(self, term: Term) -> int | None:
        power = constant(self.store.owner[term.ins[1]].box)
        if power is None or power.denominator != 1 or not 0 <= power <= _POWERS:
            return None
        return int(power)

    def value(self, wire: int) -> Polynomial:
        """The polynomial of a wire."""
        known = self._known
        stack = [wire]
        while stack:
            last = stack[-1]
            term = self.store.owner[last]
            if last not in known:
                if not self.is_ring(term):
                    known[last] = {((last, 1),): Fraction(1)}
                else:
                    deeper = [w for w in term.ins if w not in known]
                    if deeper:
                        stack += deeper
                        continue
                    known[last] = self._of(last, term)
            stack.pop()
        return known[wire]

    def _of(self, wire: int, term: Term) -> Polynomial:
        values = [self._known[w] for w in term.ins]
        match term.box.origin:
            case "std:const":
                number = constant(term.box)
                return {ONE: number} if number else {}
            case "std:broadcast":
                return values[0]
            case "std:add":
                return self._sum(values[0], values[1], 1)
            case "std:sub":
                return self._sum(values[0], values[1], -1)
            case "std:neg":
                return self._sum({}, values[0], -1)
            case "std:mul":
                return self._product(values[0], values[1])
            case "std:pow":
                result: Polynomial = {ONE: Fraction(1)}
                for _ in range(self._exponent(term) or 0):
                    result = self._product(result, values[0])
                return result
            case _:
                return self._quotient(wire, term, values[0], values[1])

    def _sum(self, left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
        result = dict(left)
        for monomial, number in right.items():
            total = result.get(monomial, 0) + sign * number
            if total:
                result[monomial] = total
            else:
                result.pop(monomial, None)
        return self._counted(result)

    def _product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        if len(left) * len(right) > self.most:
            raise BudgetError(f"more than {self.most:,} products of sums")
        result: Polynomial = {}
        for a, x in left.items():
            for b, y in right.items():
                monomial = _joined(a, b)
                total = result.get(monomial, 0) + x * y
                if total:
                    result[monomial] = total
                else:
                    del result[monomial]
        return self._counted(result)

    def _counted(self, result: Polynomial) -> Polynomial:
        if len(result) > self.most:
            raise BudgetError(f"more than {self.most:,} summands")
        return result

    def _quotient(self, wire: int, term: Term, above: Polynomial, below: Polynomial) -> Polynomial:
        if set(below) == {ONE}:
            return {monomial: number / below[ONE] for monomial, number in above.items()}
        kind = term.box.cod[0]
        one, divisor = self.number(Fraction(1), kind), self.standard(below, kind)
        (inverse,) = self.store.add(_box("div", kind, _POINTWISE), (one, divisor))
        if inverse == wire:
            return {((wire, 1),): Fraction(1)}
        return self._product(above, self._known.setdefault(inverse, {((inverse, 1),): Fraction(1)}))

    # ----------------------------------------------------------------------------------------------- writing

    def standard(self, value: Polynomial, kind: Type) -> int:
        """The wire of a polynomial: a sum, from left to right, of products of a factor and a tensor."""
        total: int | None = None
        for monomial in sorted(value):
            number = value[monomial]
            scalars, tensor = self.parts(monomial, kind)
            wire = self.scaled(number, scalars, self.product(tensor), kind)
            total = wire if total is None else self.plus(total, wire, kind)
        return self.number(Fraction(0), kind) if total is None else total

    def plus(self, left: int, right: int, kind: Type) -> int:
        """The sum of two wires of a type."""
        return self.store.add(_box("add", kind, _BOTH), (left, right))[0]

    def parts(self, monomial: Monomial, kind: Type) -> tuple[list[int], list[int]]:
        """The scalars and the tensors of a product of this type, each as often as it is a factor."""
        scalars: list[int] = []
        tensors: list[int] = []
        for wire, exponent in monomial:
            side = scalars if is_scalar(self.store.types[wire]) else tensors
            side += [wire] * exponent
        return scalars, tensors

    def product(self, wires: Sequence[int]) -> int | None:
        """The product of wires of one type, from left to right."""
        result: int | None = None
        for wire in wires:
            if result is None:
                result = wire
            else:
                kind = self.store.types[wire]
                result = self.store.add(_box("mul", kind, _POINTWISE), (result, wire))[0]
        return result

    def scaled(self, number: Fraction, scalars: Sequence[int], tensor: int | None, kind: Type) -> int:
        """A wire times a number and scalars; without a wire the factor itself, spread over the type."""
        factors = [] if number == 1 else [self.number(number, kind)]
        factors += [self.spread(scalar, kind) for scalar in scalars]
        factor = self.product(factors)
        if factor is None:
            return self.number(Fraction(1), kind) if tensor is None else tensor
        return factor if tensor is None else self.product((factor, tensor)) or 0

    def number(self, number: Fraction, kind: Type) -> int:
        """A number, as every entry of a type."""
        box = Box("const", (), (kind,), origin="std:const", params=(("value", whole(number)),))
        return self.store.add(box, ())[0]

    def spread(self, scalar: int, kind: Type) -> int:
        """A scalar, as every entry of a type."""
        if is_scalar(kind):
            return scalar
        box = Box("broadcast", (self.store.types[scalar],), (kind,), origin="std:broadcast", kinds=_LINEAR)
        return self.store.add(box, (scalar,))[0]

    def leaves(self, wires: Sequence[int]) -> list[int]:
        """The wires from which ring boxes make these."""
        seen = set(wires)
        stack = list(wires)
        found: list[int] = []
        while stack:
            wire = stack.pop()
            term = self.store.owner[wire]
            if self.is_ring(term):
                fresh = [w for w in term.ins if w not in seen]
                seen.update(fresh)
                stack += fresh
            else:
                found.append(wire)
        return sorted(found)


def _box(name: str, kind: Type, kinds: frozenset[str]) -> Box:
    return Box(name, (kind, kind), (kind,), origin=f"std:{name}", kinds=kinds)


def _joined(left: Monomial, right: Monomial) -> Monomial:
    exponents: Mapping[int, int] = dict(left)
    total = dict(exponents)
    for wire, exponent in right:
        total[wire] = total.get(wire, 0) + exponent
    return tuple(sorted(total.items()))
