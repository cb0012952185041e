"""Laws as data: two diagrams of one type and how they are related, and the sets that quantified names come from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diagrammar.diagram import Diagram
from diagrammar.sizes import Size

# what `for u in bandlimited(4)` may name: for wires, for static parameters, for spaces
WIRE_SETS = frozenset({"bandlimited", "ball", "box", "constant", "spikes", "positive", "simplex", "distinct", "mask"})
STATIC_SETS = frozenset({"shifts", "permutations"})
SPACE_SETS = frozenset({"grids"})


@dataclass(frozen=True)
class Range:
    """`low .. high`, the ends included; real if an end is written as a decimal, or the name is a real one."""

    low: Fraction | float | int
    high: Fraction | float | int
    real: bool


@dataclass(frozen=True)
class OneOf:
    """The entries of a list."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Named:
    """A set by its name: `shifts(X)`, `bandlimited(4)`."""

    name: str
    args: tuple[Any, ...]


Choice = Range | OneOf | Named


@dataclass(frozen=True)
class Sides:
    """What a law says at its static arguments: `left` and `right` from the wires called `names`.

    A mention of one name with the same arguments is one instance: on both sides its boxes have one key, at the root
    (`/layer`), so that modules compiled from the two sides have weights of the same paths. `conditions` are the
    pairs (p, k) of sizes p that k has to divide.
    """

    names: tuple[str, ...]
    left: Diagram
    right: Diagram
    relation: str
    conditions: tuple[tuple[Size, int], ...]
