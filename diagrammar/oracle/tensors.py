"""Arithmetic and tensors: what primitive boxes do with arrays of any numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from diagrammar.oracle.call import Call, Wire, largest
from diagrammar.oracle.numbers import Growth, growth_of
from diagrammar.sizes import Poly
from diagrammar.types import Field

Meaning = Callable[[Call], list[Wire]]

_POWERS = 64


def _add(c: Call) -> list[Wire]:
    a, b = c.args
    return c.made(a.array + b.array, a.growth.plus(b.growth))


def _sub(c: Call) -> list[Wire]:
    a, b = c.args
    return c.made(a.array - b.array, a.growth.plus(b.growth))


def _neg(c: Call) -> list[Wire]:
    return c.made(-c.args[0].array, c.args[0].growth)


def _mul(c: Call) -> list[Wire]:
    a, b = c.args
    return c.made(a.array * b.array, a.growth.times(b.growth))


def _div(c: Call) -> list[Wire]:
    a, b = c.args
    return c.made(a.array * c.system.inverse(b.array), a.growth.times(b.growth.inverse()))


def _pow(c: Call) -> list[Wire]:
    a, b = c.args
    if b.number is None or b.number.denominator != 1 or abs(b.number) > _POWERS:
        if c.system.exact:
            raise c.fail()
        return c.made(a.array**b.array, Growth())
    array, growth = (a.array, a.growth) if b.number >= 0 else (c.system.inverse(a.array), a.growth.inverse())
    result, total = c.numpy.ones_like(array), Growth()
    for _ in range(abs(int(b.number))):
        result, total = c.system.reduced(result * array), total.times(growth)
    return c.made(result, total)


def _const(c: Call) -> list[Wire]:
    value = c.box.param("value")
    shape = c.shape(c.box.cod[0])
    if isinstance(value, tuple):
        numbers = [_rational(c, item) for item in value]
        if shape != (len(numbers),):
            raise c.fail()
    else:
        numbers = [_rational(c, value)]
    array = c.numpy.empty((len(numbers),), dtype=object if c.system.exact else float)
    array[:] = [c.system.number(number) for number in numbers]
    growth = Growth()
    for number in numbers:
        growth = growth.largest(growth_of(number))
    if isinstance(value, tuple):
        return [Wire(array, growth)]
    return [Wire(c.numpy.broadcast_to(array.reshape(()), shape), growth, numbers[0])]


def _rational(c: Call, value: object) -> Fraction:
    """A number as it is written."""
    match value:
        case bool():
            raise c.fail()
        case int() | Fraction():
            return Fraction(value)
        case float() if abs(value) < math.inf:
            return Fraction(repr(value))
        case Poly():
            return Fraction(c.size(value))
        case _:
            raise c.fail()


def _broadcast(c: Call) -> list[Wire]:
    array, shape = c.args[0].array, c.shape(c.box.cod[0])
    # a number, or one for each channel of a field
    spread = array.reshape(array.shape + (1,) * (len(shape) - array.ndim)) if array.ndim else array
    return [Wire(c.numpy.broadcast_to(spread, shape), c.args[0].growth, c.args[0].number)]


def _einsum(c: Call) -> list[Wire]:
    left, _, right = c.text("pattern").partition("->")
    letters: dict[str, str] = {"...": "..."}
    sides = [*left.split(","), right]
    for name in " ".join(sides).split():
        letters.setdefault(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[len(letters) - 1])
    words = ["".join(letters[name] for name in side.split()) for side in sides]
    arrays = [wire.array for wire in c.args]
    growth, count = Growth(), 1
    for wire in c.args:
        growth = growth.times(wire.growth)
    lengths: dict[str, int] = {}
    for side, array in zip(sides, arrays, strict=False):
        names = side.split()
        where = names.index("...") if "..." in names else len(names)
        lengths.update(zip(names[:where], array.shape, strict=False))
        lengths.update(zip(names[:where:-1], array.shape[::-1], strict=False))
    for name in set(lengths) - set(right.split()):
        count *= lengths[name]
    array = c.numpy.einsum(f"{','.join(words[:-1])}->{words[-1]}", *arrays)
    return c.made(array, growth.summed(count))


def _concat(c: Call) -> list[Wire]:
    return c.made(c.numpy.concatenate([wire.array for wire in c.args], c.whole("axis")), largest(c.args))


def _stack(c: Call) -> list[Wire]:
    return c.made(c.numpy.stack([wire.array for wire in c.args], c.whole("axis")), largest(c.args))


def _split(c: Call) -> list[Wire]:
    axis = c.whole("axis")
    lengths = [c.shape(wire)[axis] for wire in c.box.cod]
    ends = [sum(lengths[: at + 1]) for at in range(len(lengths) - 1)]
    return [Wire(part, c.args[0].growth) for part in c.numpy.split(c.args[0].array, ends, axis)]


def _index(c: Call) -> list[Wire]:
    at, array = c.whole("at"), c.args[0].array
    if isinstance(c.box.dom[0], Field):
        return c.moved(array[at : at + 1])
    return c.made(array[at], c.args[0].growth)


def _sum(c: Call) -> list[Wire]:
    array = c.args[0].array
    axes = tuple(range(1 if isinstance(c.box.dom[0], Field) else 0, array.ndim))
    count = math.prod(array.shape[axis] for axis in axes)
    return c.made(array.sum(axes) if axes else array, c.args[0].growth.summed(count))


# ----------------------------------------------------------------------------------------------------- patterns

Groups = list[list[str]]


def _groups(text: str, dots: int) -> Groups:
    """The axes of one side of a pattern, each a list of names; `...` is so many axes."""
    groups: Groups = []
    inside = False
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        names = [f"...{at}" for at in range(dots)] if word == "..." else [] if word in "()1" else [word]
        if word == "(":
            groups.append([])
        elif inside and word != ")":
            groups[-1] += names
        elif word != ")":
            groups += [[name] for name in names] or ([[]] if word == "1" else [])
        inside = word == "(" or (inside and word != ")")
    return groups


def _rearranged(c: Call, op: str) -> list[Wire]:
    array, growth = c.args[0].array, c.args[0].growth
    left, _, right = c.text("pattern").partition("->")
    dots = array.ndim - len(_groups(left, 0))
    source, target = _groups(left, dots), _groups(right, dots)
    given = c.box.param("sizes", ())
    lengths: dict[str, int] = {}
    for item in given if isinstance(given, tuple) else ():
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], int | Fraction | Poly):
            lengths[str(item[0])] = c.size(item[1])
    for group, length in zip(source, array.shape, strict=True):
        known = math.prod(lengths.get(name, 1) for name in group)
        lengths.update({name: length // known for name in group if name not in lengths})
    names = [name for group in source for name in group]
    kept = [name for group in target for name in group]
    array = array.reshape([lengths[name] for name in names])
    gone = tuple(at for at, name in enumerate(names) if name not in kept)
    count = math.prod(array.shape[at] for at in gone)
    if gone and op == "prod":
        for at in reversed(gone):
            array = c.system.reduced(array.prod(at))
        for _ in range(count - 1):
            growth = growth.times(c.args[0].growth)
    elif gone and op in ("sum", "mean"):
        array, growth = array.sum(gone), growth.summed(count)
        if op == "mean":
            part = Fraction(1, count)
            array, growth = array * c.system.number(part), growth.times(growth_of(part))
    elif gone and not c.system.exact and op in ("max", "min"):
        array = array.max(gone) if op == "max" else array.min(gone)
    elif gone:
        raise c.fail()
    left_over = [name for name in names if name in kept]
    array = c.numpy.asarray(array).transpose([left_over.index(name) for name in kept])
    shape = [math.prod(lengths[name] for name in group) for group in target]
    return c.made(array.reshape(shape), growth)


MEANINGS: dict[str, Meaning] = {
    "std:add": _add,
    "std:sub": _sub,
    "std:neg": _neg,
    "std:mul": _mul,
    "std:div": _div,
    "std:pow": _pow,
    "std:const": _const,
    "std:broadcast": _broadcast,
    "std:einsum": _einsum,
    "std:rearrange": lambda c: _rearranged(c, ""),
    "std:reduce": lambda c: _rearranged(c, c.text("op", "sum")),
    "std:concat": _concat,
    "std:stack": _stack,
    "std:split": _split,
    "std:index": _index,
    "std:sum": _sum,
}
