"""Static values: exact arithmetic, comparisons, and the static functions of the language."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from diagrammar import sizes
from diagrammar.elaborate.holes import BundleHole, Mismatch, SpaceHole, SpaceProduct, Waiting
from diagrammar.elaborate.values import TypeValue
from diagrammar.errors import DiagramTypeError, DiagramValueError
from diagrammar.sizes import Poly, Size, whole
from diagrammar.source import Span
from diagrammar.types import Space


class NeedsConcrete(Exception):
    """A static value must be known here, but depends on a free size or on a parameter without a value.

    In the check of a declaration for all its parameters at once that ends the check; elsewhere it is an error at
    `span`.
    """

    def __init__(self, span: Span | None = None) -> None:
        super().__init__()
        self.span = span


class Placed:
    """Turns what is wrong with static values in its block into errors at a place."""

    def __init__(self, span: Span) -> None:
        self.span = span

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        match error:
            case BadStatic():
                raise DiagramValueError(str(error), self.span) from None
            case Mismatch():
                raise DiagramTypeError(str(error), self.span) from None
            case NeedsConcrete() if error.span is None:
                raise NeedsConcrete(self.span) from None


class BadStatic(Exception):
    """A static value is wrong; says how, in the user's words."""


_BITS = 16384


def arithmetic(op: str, a: Any, b: Any) -> Any:
    """`+ - * / ^` of static values: numbers, spaces (`X / 2`, `2 * X`, `X * T`), and lists entry by entry."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        return _entrywise(op, a, b)
    if isinstance(a, Space | SpaceHole) or isinstance(b, Space | SpaceHole):
        return _of_spaces(op, a, b)
    if not is_number(a) or not is_number(b):
        raise BadStatic(f"`{op}` of {describe(a)} and {describe(b)}")
    try:
        return _of_numbers(op, a, b)
    except ZeroDivisionError:
        raise BadStatic(f"{show(a)} {op} {show(b)}: division by zero") from None
    except OverflowError:
        raise BadStatic(f"{show(a)} {op} {show(b)} is too large") from None
    except ValueError as error:
        if isinstance(a, Poly) or isinstance(b, Poly):
            raise NeedsConcrete from None
        raise BadStatic(str(error)) from None


def _of_numbers(op: str, a: Any, b: Any) -> Any:
    if op == "^":
        return _power(a, b)
    if isinstance(a, Poly) or isinstance(b, Poly):
        if isinstance(a, float) or isinstance(b, float):
            raise NeedsConcrete
    elif isinstance(a, int | Fraction) and isinstance(b, int | Fraction) and max(_bits(a), _bits(b)) > _BITS:
        raise BadStatic("a number of more than 16,384 bits")
    match op:
        case "+":
            return whole(a + b)
        case "-":
            return whole(a - b)
        case "*":
            return whole(a * b)
        case _:
            return whole(Fraction(a) / b if isinstance(a, int) and not isinstance(b, float) else a / b)


def _bits(value: int | Fraction) -> int:
    return (
        value.bit_length() if isinstance(value, int) else value.numerator.bit_length() + value.denominator.bit_length()
    )


def _power(a: Any, b: Any) -> Any:
    if isinstance(a, Poly) or isinstance(b, Poly):
        if isinstance(a, float) or isinstance(b, float):
            raise NeedsConcrete
        return sizes.power(a, b)
    if isinstance(a, int | Fraction) and isinstance(b, int):
        if a == 0 and b < 0:
            raise BadStatic("0 to a negative power")
        if _bits(a) * abs(b) > _BITS:
            raise BadStatic(f"{show(a)} ^ {show(b)} is too large")
        return whole(Fraction(a) ** b)
    if a < 0:
        raise BadStatic(f"{show(a)} ^ {show(b)}: a root of a negative number")
    if a == 0 and b < 0:
        raise BadStatic("0 to a negative power")
    if isinstance(a, int | Fraction) and isinstance(b, Fraction) and b.denominator < 64 and abs(b.numerator) < 64:
        # 4 ^ 0.5 is 2, exactly, and (1/4) ^ 0.5 is 1/2
        raised = Fraction(a) ** b.numerator
        above, below = _whole_root(raised.numerator, b.denominator), _whole_root(raised.denominator, b.denominator)
        if above is not None and below is not None:
            return whole(Fraction(above, below))
    return float(a) ** float(b)


def _whole_root(value: int, degree: int) -> int | None:
    """The root of a whole number, where that is a whole number."""
    if value.bit_length() > 1000:
        return None
    guess = math.isqrt(value) if degree == 2 else round(value ** (1 / degree))
    return guess if guess**degree == value else None


def _entrywise(op: str, a: Any, b: Any) -> tuple[Any, ...]:
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            raise BadStatic(f"`{op}` of lists of {len(a)} and of {len(b)} entries")
        return tuple(arithmetic(op, x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, tuple):
        return tuple(arithmetic(op, x, b) for x in a)
    return tuple(arithmetic(op, a, y) for y in b)


def _of_spaces(op: str, a: Any, b: Any) -> Any:
    if op == "*" and isinstance(a, Space) and isinstance(b, Space):
        return Space(a.base + b.base, a.axes + b.axes)
    if op == "*" and isinstance(b, Space | SpaceHole) and is_number(a):
        return _scaled(b, a)
    if op in "*/" and isinstance(a, Space | SpaceHole) and is_number(b):
        if isinstance(b, Poly) and sizes.unknowns(b):
            raise Waiting
        if b == 0:
            raise BadStatic("a space divided by zero")
        return _scaled(a, b if op == "*" else arithmetic("/", 1, b))
    if op == "*" and isinstance(a, Space | SpaceHole) and isinstance(b, Space | SpaceHole):
        parts = tuple(part for each in (a, b) for part in (each.parts if isinstance(each, SpaceProduct) else (each,)))
        if all(part.kinds is not None for part in parts):
            return SpaceProduct(parts)
    if isinstance(a, SpaceHole) or isinstance(b, SpaceHole):
        raise Waiting
    raise BadStatic(f"`{op}` of {describe(a)} and {describe(b)}; spaces know `X / k`, `k * X` and `X * Y`")


def _scaled(space: Space | SpaceHole, factor: Any) -> Space | SpaceHole:
    if isinstance(factor, float):
        raise BadStatic("a space is scaled by a rational number")
    if isinstance(factor, int | Fraction) and factor <= 0:
        raise BadStatic("a space is scaled by a positive number")
    if isinstance(space, SpaceHole):
        if isinstance(factor, Poly):
            raise Waiting if sizes.unknowns(factor) else NeedsConcrete
        return space.scaled(factor)
    return space.on(whole(factor * axis) for axis in space.axes)


def compare(op: str, a: Any, b: Any) -> bool:
    """`== != < <= > >=` of static values."""
    if op in ("==", "!="):
        return _equal(a, b) == (op == "==")
    if not is_number(a) or not is_number(b):
        raise BadStatic(f"`{op}` of {describe(a)} and {describe(b)}")
    if isinstance(a, Poly) or isinstance(b, Poly):
        difference = a - b
        if isinstance(difference, Poly):
            raise NeedsConcrete
        a, b = difference, 0
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op])


def _equal(a: Any, b: Any) -> bool:
    if is_number(a) and is_number(b):
        if isinstance(a, Poly) or isinstance(b, Poly):
            if isinstance(a, float) or isinstance(b, float):
                raise NeedsConcrete
            difference: Size = a - b
            if not isinstance(difference, Poly):
                return bool(difference == 0)
            if sizes.is_zero(difference):
                return True
            raise NeedsConcrete
        return bool(a == b)
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, TypeValue):
        return bool(a.items == b.items)
    return bool(a == b)


def is_number(value: Any) -> bool:
    """Whether a static value is a number (a truth value is not)."""
    return isinstance(value, int | Fraction | float | Poly) and not isinstance(value, bool)


def show(value: Any) -> str:
    """A static value as the text would write it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case tuple():
            return "[" + ", ".join(map(show, value)) + "]"
        case TypeValue():
            return " @ ".join(map(str, value.items)) or "I"
        case _:
            return str(value)


def describe(value: Any) -> str:
    """What kind of thing a value is, for errors."""
    match value:
        case bool():
            return f"the truth value {show(value)}"
        case str():
            return f"the text {show(value)}"
        case tuple():
            return "a list"
        case TypeValue() | BundleHole():
            return "a type"
        case Space() | SpaceHole():
            return "a space"
        case _ if is_number(value):
            return f"the number {show(value)}"
        case _:
            return {
                "Wires": "a wire",
                "StaticFunction": "a static function",
                "Family": "a family of types",
                "TypeHead": "a type constructor",
                "ModuleRef": "a module",
            }.get(type(value).__name__, "a diagram")


# names that are boxes of std too: a call on numbers is static, a call on wires is the box
BOTH = frozenset({"min", "max", "abs", "sqrt", "log", "exp", "sin", "cos"})
CONSTANTS: dict[str, Any] = {"pi": math.pi, "true": True, "false": False}
