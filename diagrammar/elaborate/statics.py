"""Static values: exact arithmetic, comparisons, and the static functions of the language."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from diagrammar import sizes
from diagrammar.elaborate import flipped
from diagrammar.elaborate.holes import BundleHole, Mismatch, SpaceHole, SpaceProduct, Waiting, WireHole
from diagrammar.elaborate.values import StaticFunction, TypeValue
from diagrammar.errors import DiagramTypeError, DiagramValueError
from diagrammar.sizes import Poly, Size, whole
from diagrammar.source import Span
from diagrammar.types import Field, Rigid, Space, Tensor, Tokens, sizes_of


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


# ------------------------------------------------------------------------------------------------- functions


def _number(value: Any, what: str) -> Any:
    if not is_number(value):
        raise BadStatic(f"{what} of {describe(value)}")
    return value


def _each(function: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(apply, value))
        value = _number(value, name)
        try:
            return function(value)
        except (ValueError, OverflowError):
            raise BadStatic(f"{name}({show(value)}) is not a number") from None

    return apply


def _real(function: Callable[[float], float]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if isinstance(value, Poly):
            raise NeedsConcrete
        return function(float(value))

    return apply


def _root(value: Any) -> Any:
    return arithmetic("^", value, Fraction(1, 2))


def _absolute(value: Any) -> Any:
    if isinstance(value, Poly):
        raise NeedsConcrete
    return abs(value)


def _extreme(symbolic: Callable[..., Size], concrete: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], tuple):
            values = values[0]
        if not values:
            raise BadStatic("min and max of nothing")
        for value in values:
            _number(value, "min or max")
        if any(isinstance(value, Poly) for value in values):
            if any(isinstance(value, float) for value in values):
                raise NeedsConcrete
            return symbolic(*values)
        return concrete(values)

    return apply


def _len(value: Any) -> int:
    if not isinstance(value, tuple):
        raise BadStatic(f"len of {describe(value)}")
    return len(value)


def _known(space: Any) -> Space:
    if isinstance(space, SpaceHole):
        raise Waiting
    if not isinstance(space, Space):
        raise BadStatic(f"a space is wanted, this is {describe(space)}")
    return space


def _per_axis(value: Any, space: Any) -> tuple[Any, ...]:
    """One number for every axis of a space."""
    if isinstance(value, tuple):
        if not isinstance(space, SpaceHole) and len(value) != _known(space).dim:
            raise BadStatic(f"a list of {len(value)} for a space of {_known(space).dim} axes")
        return value
    return (value,) * _known(space).dim


def _half(value: Any) -> tuple[Any, ...]:
    """The sizes of a block of real-input Fourier modes: the last axis keeps `floor(k / 2) + 1` of k."""
    if not isinstance(value, tuple) or not value:
        raise BadStatic("half wants a list of numbers")
    return (*value[:-1], sizes.floor(arithmetic("/", value[-1], 2)) + 1)


def _types(value: Any) -> Sequence[Any]:
    if isinstance(value, BundleHole):
        raise Waiting
    if not isinstance(value, TypeValue):
        raise BadStatic(f"a type is wanted, this is {describe(value)}")
    if any(isinstance(item, BundleHole | WireHole) for item in value.items):
        raise Waiting
    return value.items


def _truth(value: Any) -> TypeValue:
    """The truth values entry by entry: `Bool[n]` for `R[n]`, `Bool[c, grid(X)]` for `Field[X, c]`."""
    result = []
    for item in _types(value):
        if isinstance(item, Tensor):
            result.append(Tensor("Bool", item.sizes))
        elif isinstance(item, Tokens):
            result.append(Tensor("Bool", (item.length,)))
        elif isinstance(item, Rigid):
            raise NeedsConcrete
        elif item.kind == "Field":
            result.append(Tensor("Bool", (item.channels, *_known(item.space).axes)))
        else:
            raise BadStatic(f"truth values of {item}: cut it to modes by `low` first")
    return TypeValue(tuple(result))


def _totals(value: Any) -> TypeValue:
    """What is left of a type after a sum over everything: `R` of a tensor, `R[c]` of a `Field[X, c]`; `C` of complex
    ones."""
    result = []
    for item in _types(value):
        if isinstance(item, Rigid):
            raise NeedsConcrete
        kind = "C" if isinstance(item, Tensor | Field) and item.kind in ("C", "Spectrum") else "R"
        result.append(Tensor(kind, (item.channels,)) if isinstance(item, Field) else Tensor(kind))
    return TypeValue(tuple(result))


def _complex(value: Any) -> bool:
    """Whether any wire of a type is of complex numbers."""
    types = _types(value)
    if any(isinstance(item, Rigid) for item in types):
        raise NeedsConcrete
    return any(isinstance(item, Tensor | Field) and item.kind in ("C", "Spectrum") for item in types)


def _wire(value: Any, at: Any) -> TypeValue:
    """The type of one wire of several."""
    return TypeValue((_types(value)[at],))


def _whole_modes(value: Any) -> tuple[Any, ...]:
    """The modes of which `half` leaves so many: of the last axis, an odd number."""
    if not isinstance(value, tuple) or not value:
        raise BadStatic("whole_modes wants a list of numbers")
    return (*value[:-1], arithmetic("-", arithmetic("*", 2, value[-1]), 1))


def _wires(value: Any) -> int:
    """How many wires a type is."""
    types = _types(value)
    if any(isinstance(item, Rigid) for item in types):
        raise NeedsConcrete
    return len(types)


def _fail(text: Any) -> Any:
    """An error of the file's own: `if n > 3 then ... else fail("n is to be larger")`."""
    raise BadStatic(text if isinstance(text, str) else f"fail takes a text, this is {describe(text)}")


def _one_of(value: Any, choices: Any) -> Any:
    """A value that is one of a list."""
    if not isinstance(choices, tuple):
        raise BadStatic("one_of takes a value and a list")
    if value not in choices:
        near = difflib.get_close_matches(value, choices, 1) if isinstance(value, str) else []
        meant = f"; did you mean {show(near[0])}?" if near else ""
        raise BadStatic(f"{show(value)} is not one of {', '.join(map(show, choices))}{meant}")
    return value


def _entries(value: Any) -> Any:
    """How many numbers a wire holds."""
    (item,) = _types(value)
    count: Size = 1
    for size in sizes_of(item):
        count = count * size
    return count


def _opposite(norm: Any) -> str:
    """The norm of a transform with which its transpose is scaled."""
    return {"forward": "backward", "backward": "forward"}.get(norm, norm)


def _sizes_along(value: Any, axis: Any) -> tuple[Any, ...]:
    """The size along an axis of each wire of a type; of a field, its channels."""
    return tuple(item.channels if isinstance(item, Field) else item.sizes[axis] for item in _types(value))


def _count(value: Any) -> Any:
    """How many entries such a sum has."""
    count: Size = 1
    (item,) = _types(value)
    if isinstance(item, Field):
        parts: Sequence[Size] = item.space.axes
    elif isinstance(item, Tensor):
        parts = item.sizes
    else:
        raise NeedsConcrete
    for size in parts:
        count = count * size
    return count


def _space(kind: str, fixed: int | None = None) -> Callable[..., Space]:
    def make(*args: Any) -> Space:
        if kind == "interval":
            if len(args) not in (0, 2) or any(not is_number(a) or isinstance(a, Poly) for a in args):
                raise BadStatic("interval takes its two ends, or nothing: interval(0, 1)")
            if args and not args[0] < args[1]:
                raise BadStatic("interval(a, b) with a >= b")
            name = f"interval({show(args[0])}, {show(args[1])})" if args else "interval"
            return _free(((name, 1, name),))
        if len(args) != 1 or not isinstance(args[0], int) or isinstance(args[0], bool) or not 1 <= args[0] <= 16:
            raise BadStatic(f"{kind} takes its dimension, 1 to 16: {kind}(2)")
        axes = 1 if kind in ("mesh", "points") else args[0]
        name = f"{kind}({args[0]})"
        return _free(((kind if axes == args[0] else name, axes, name),))

    return make


def _free(base: tuple[tuple[str, int, str], ...]) -> Space:
    from diagrammar.types import free_axes

    return Space(base, free_axes(base))


def _edge(space: Any) -> str:
    """How a field goes on beyond the edge of its grid: periodically on a torus, by zeros elsewhere."""
    return "circular" if all(kind == "torus" for kind, _ in _known(space).kinds) else "zeros"


_TABLE: dict[str, Callable[..., Any]] = {
    "floor": _each(sizes.floor, "floor"),
    "ceil": _each(sizes.ceil, "ceil"),
    "round": _each(sizes.nearest, "round"),
    "min": _extreme(sizes.least, min),
    "max": _extreme(sizes.greatest, max),
    "abs": _each(_absolute, "abs"),
    "sqrt": _each(_root, "sqrt"),
    "log": _each(_real(math.log), "log"),
    "exp": _each(_real(math.exp), "exp"),
    "sin": _each(_real(math.sin), "sin"),
    "cos": _each(_real(math.cos), "cos"),
    "len": _len,
    "torus": _space("torus"),
    "cube": _space("cube"),
    "interval": _space("interval"),
    "sphere": _space("sphere"),
    "mesh": _space("mesh"),
    "points": _space("points"),
    "grid": lambda space: _known(space).axes,
    "dim": lambda space: _known(space).dim,
    "per_axis": _per_axis,
    "half": _half,
    "edge": _edge,
    "truth": _truth,
    "totals": _totals,
    "wires": _wires,
    "fail": _fail,
    "one_of": _one_of,
    "count": _count,
    "complex": _complex,
    "wire": _wire,
    "whole_modes": _whole_modes,
    "opposite": _opposite,
    "sizes_along": _sizes_along,
    "entries": _entries,
    **flipped.FUNCTIONS,
}
FUNCTIONS = {name: StaticFunction(name, function) for name, function in _TABLE.items()}
# names that are boxes of std too: a call on numbers is static, a call on wires is the box
BOTH = frozenset({"min", "max", "abs", "sqrt", "log", "exp", "sin", "cos"})
CONSTANTS: dict[str, Any] = {"pi": math.pi, "true": True, "false": False}
