"""Conditions on free sizes: what must divide for the sizes of a diagram to be whole."""

from __future__ import annotations

import math
from collections.abc import Mapping

from diagrammar.diagram import Diagram, definitions
from diagrammar.errors import DiagramNameError, DiagramValueError
from diagrammar.sizes import Poly, Size, denominator, provably_whole, substitute, variables
from diagrammar.types import sizes_of

Condition = tuple[Size, int]


def conditions(diagram: Diagram) -> tuple[Condition, ...]:
    """Pairs (p, k): the diagram has whole sizes exactly where every k divides its p.

    They are read off the types of all wires, inside of frames too, and each p is listed once.
    """
    found: dict[Size, int] = {}
    for each in definitions(diagram):
        for wire in each.flat.types:
            for size in sizes_of(wire):
                if isinstance(size, Poly):
                    _note(size, found)
    return tuple(found.items())


def free_sizes(diagram: Diagram) -> list[str]:
    """Names of the free sizes of the wires that go in and out: dims, and axes of grids (`X.0`)."""
    found: dict[str, None] = {}
    for wire in (*diagram.dom, *diagram.cod):
        for size in sizes_of(wire):
            found.update(dict.fromkeys(sorted(variables(size))))
    return list(found)


def named_sizes(diagram: Diagram, given: Mapping[str, int]) -> dict[str, int]:
    """Values of free sizes by their names; the name of a space gives all axes of its grid. Raises DiagramNameError, and
    DiagramValueError where a value is no size of the diagram."""
    found: dict[str, int] = {}
    known = free_sizes(diagram)
    for name, value in given.items():
        names = [each for each in known if each == name or each.rpartition(".")[0] == name]
        if not names:
            have = f"its free sizes: {', '.join(known) or 'none'}"
            raise DiagramNameError(f"the diagram has no free size `{name}`", None, [have])
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise DiagramValueError(f"the size `{name}` is to be a positive whole number, not {value!r}")
        found.update(dict.fromkeys(names, value))
    for size, divisor in conditions(diagram) if found else ():
        there = substitute(size, found)
        if not isinstance(there, Poly) and there % divisor:
            raise DiagramValueError(f"{called(size)} has to be divisible by {divisor}; here it is {there}")
    return found


def _note(size: Poly, found: dict[Size, int]) -> None:
    if provably_whole(size):
        return
    divisor = denominator(size)
    whole = size * divisor
    found[whole] = math.lcm(found.get(whole, 1), divisor)


def show_conditions(found: tuple[Condition, ...]) -> list[str]:
    """`n divisible by 4`, `the grid of X divisible by 8`."""
    return list(dict.fromkeys(f"{called(size)} divisible by {divisor}" for size, divisor in found))


def called(size: Size) -> str:
    """A size as the text knows it: an axis of a free grid has no name there."""
    text = str(size)
    space, dot, axis = text.partition(".")
    return f"the grid of {space}" if dot and axis.isdigit() else text
