"""Free sizes of a law by name: `n` for a dim, `X.0` for an axis of the grid of X."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from diagrammar.sizes import Poly, Size, substitute, var

# the most along an axis of a grid with so many axes, and of what is no grid
GRIDS = {1: 33, 2: 17, 3: 8}
DIMS = 16
# of a size that something divides there are at least so many
MULTIPLES = 4


def divisor(name: str, conditions: Iterable[tuple[Size, int]]) -> int:
    """What has to divide a free size by itself."""
    return math.lcm(*(by for size, by in conditions if size == var(name)))


def most(name: str, axes: Mapping[str, int], step: int) -> int:
    """The largest size that a free name is drawn at; `axes` says how many axes each grid has."""
    space, dot, _ = name.rpartition(".")
    return max(GRIDS[min(axes.get(space, 1), 3)] if dot else DIMS, MULTIPLES * step)


def met(conditions: Iterable[tuple[Size, int]], sizes: Mapping[str, int]) -> bool:
    """Whether every condition holds at these sizes."""
    for size, by in conditions:
        there = substitute(size, sizes)
        if isinstance(there, Poly) or there % by:
            return False
    return True


def grid_axes(names: Iterable[str]) -> dict[str, int]:
    """How many axes each grid has, from the names of its axes."""
    found: dict[str, int] = {}
    for name in names:
        space, dot, axis = name.rpartition(".")
        if dot:
            found[space] = max(found.get(space, 0), int(axis) + 1)
    return found
