"""Sizes for the free names of a law: small ones first, odd and even and prime, one, and as large as is quick."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from diagrammar.sizes import Poly, Size, substitute, variables

# along one axis of a grid with so many axes
GRIDS = {
    1: (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 19, 24, 27, 31, 32, 33),
    2: (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17),
    3: (1, 2, 3, 4, 5, 6, 7, 8),
}
DIMS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16)
PARAMETERS = (1, 2, 3, 4, 5, 6, 7, 8)
# how many multiples of a divisor are tried
MULTIPLES = 4


def pool(name: str, axes: Mapping[str, int], conditions: Iterable[tuple[Size, int]]) -> Sequence[int]:
    """The sizes that a free name is drawn from: `X.0` is an axis of the grid of X. Divisors that speak of it alone are
    met; `axes` says how many axes each grid has."""
    space, dot, _ = name.rpartition(".")
    found: Sequence[int] = GRIDS[min(axes.get(space, 1), 3)] if dot else DIMS
    needs = [(size, by) for size, by in conditions if isinstance(size, Poly) and variables(size) == {name}]
    if not needs:
        return found
    step = math.lcm(*(by for _, by in needs))
    tried = sorted({*found, *(step * k for k in range(1, MULTIPLES + 1))})
    return [n for n in tried if met(needs, {name: n})]


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
