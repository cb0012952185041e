"""Static values and the facts of boxes as plain values: str, int, float, bool, None and tuples of these.

What other libraries keep for us, and what files hold, is in this form. A number, a text, a truth value and None are
themselves, and so is a tuple; what has no plain form starts with a word: `("fraction", 1, 2)`, `("float", "inf")`,
`("size", "n + 4")`, `("space", "X : torus^2")`, `("types", "R[8] @ R")`. A tuple that starts with such a word itself
comes after one more, `"tuple"`.

>>> from diagrammar.sizes import var
>>> to_plain((Fraction(1, 2), var("n") + 4, "size")), to_plain(("size",))
((('fraction', 1, 2), ('size', 'n + 4'), 'size'), ('tuple', 'size'))
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from diagrammar.box import Box, Bundle, Value
from diagrammar.diagram import Diagram
from diagrammar.errors import DiagramValueError
from diagrammar.sizes import Poly
from diagrammar.source import Span
from diagrammar.typename import read_size, read_space, read_types, size_name, space_name, types_name
from diagrammar.types import Space, Types

Plain = str | int | float | bool | None | tuple[Any, ...]

_WORDS = ("tuple", "fraction", "float", "size", "space", "types")


def to_plain(value: Value) -> Plain:
    """A static value as a plain one. Raises DiagramValueError for what is no static value."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else ("float", repr(value))
        case Fraction():
            return ("fraction", value.numerator, value.denominator)
        case Poly():
            return ("size", size_name(value))
        case Space():
            return ("space", space_name(value))
        case Bundle():
            return ("types", types_name(value.types))
        case tuple():
            parts = tuple(map(to_plain, value))
            return ("tuple", *parts) if parts and isinstance(parts[0], str) and parts[0] in _WORDS else parts
        case _:
            raise DiagramValueError(f"a value of the type {type(value).__name__} is no static value")


def from_plain(value: Any) -> Value:
    """The static value of a plain one; a list counts as a tuple. Raises DiagramValueError for anything else."""
    match value:
        case None | bool() | int() | str() | float():
            return value
        case ["fraction", int(above), int(below)] if below:
            return Fraction(above, below)
        case ["float", "inf" | "-inf" | "nan" as text]:
            return float(text)
        case ["size", str(text)]:
            return read_size(text)
        case ["space", str(text)]:
            return read_space(text)
        case ["types", str(text)]:
            return Bundle(read_types(text))
        case ["tuple", *parts]:
            return tuple(map(from_plain, parts))
        case [str(word), *_] if word in _WORDS:
            raise DiagramValueError(f"`{word}` goes with other values than these")
        case list() | tuple():
            return tuple(map(from_plain, value))
        case _:
            raise DiagramValueError(f"a value of the type {type(value).__name__} is no plain value")


def facts(box: Box) -> dict[str, Any]:
    """What a box is apart from its name, its wires and what is inside, as plain values; what is empty is left out.

    `insides` are the names and the origins of the diagrams inside, where they are not what the box lets expect.

    >>> facts(Box("f", (), (), origin="std:f", params=(("n", 3),)))
    {'origin': 'std:f', 'params': (('n', 3),)}
    """
    found: dict[str, Any] = {}
    if box.origin:
        found["origin"] = box.origin
    if box.key is not None:
        found["key"] = box.key
    if box.kinds:
        found["kinds"] = tuple(sorted(box.kinds))
    if box.params:
        try:
            found["params"] = tuple((name, to_plain(value)) for name, value in box.params)
        except DiagramValueError as error:
            raise DiagramValueError(f"`{box.name}`: {error.message}", box.span, error.notes) from None
    names = tuple((inside.name, inside.origin) for inside in box.insides)
    if names != (_usual(box.name, found),) * len(names):
        found["insides"] = names
    return found


def _usual(name: str, given: Mapping[str, Any]) -> tuple[str, str]:
    """The name and the origin of a diagram inside a box of which nothing else is said."""
    origin = given.get("origin", "")
    return (origin.rpartition(":")[2] or name, origin) if "key" in given else ("", "")


def made(
    name: str,
    dom: Types,
    cod: Types,
    given: Mapping[str, Any],
    insides: Sequence[Diagram] = (),
    span: Span | None = None,
) -> Box:
    """The box of these facts. Raises DiagramValueError where they are none."""
    taken: dict[str, Any] = {}
    names = [_usual(name, given)] * len(insides)
    for fact, value in given.items():
        match fact, value:
            case "origin" | "key", str():
                taken[fact] = value
            case "kinds", list() | tuple() if all(isinstance(kind, str) for kind in value):
                taken[fact] = frozenset(value)
            case "params", list() | tuple() if all(map(_is_pair, value)):
                taken[fact] = tuple((label, from_plain(each)) for label, each in value)
            case "insides", list() | tuple() if all(map(_is_pair, value)) and len(value) == len(insides):
                names = [(str(own), str(origin)) for own, origin in value]
            case _:
                raise DiagramValueError(f"`{name}`: its `{fact}` is no fact of a box")
    taken["insides"] = tuple(
        inside if (inside.name, inside.origin) == called else inside.named(*called)
        for inside, called in zip(insides, names, strict=True)
    )
    return Box(name, dom, cod, span=span, **taken)


def is_facts(data: object) -> bool:
    """Whether a value is facts of a box as a tuple of pairs, in their order."""
    if not (isinstance(data, tuple) and data and all(map(_is_pair, data))):
        return False
    names = [name for name, _ in data]
    if names != [name for name in ("origin", "key", "kinds", "params", "insides") if name in names]:
        return False
    try:
        made("", (), (), {name: value for name, value in data if name != "insides"})
    except DiagramValueError:
        return False
    return True


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str)
