"""Sizes of wires and grids of spaces: the numbers at which laws break."""

from __future__ import annotations

from hypothesis import strategies as st

from diagrammar.types import Space

_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)


def sizes(*, least: int = 1, most: int = 32, divisor: int = 1) -> st.SearchStrategy[int]:
    """Sizes from `least` to `most`, multiples of `divisor`: the least, odd and even ones, primes, powers of two, large
    ones. It shrinks to the least.

    Raises ValueError where there is no such size.

    >>> from hypothesis import find, settings
    >>> fresh = settings(database=None)
    >>> find(sizes(), lambda n: n > 4 and n % 2 == 1, settings=fresh)
    5
    >>> find(sizes(divisor=4), lambda n: n > 5, settings=fresh)
    8
    """
    every = range(-(-least // divisor) * divisor, most + 1, divisor)
    if least < 0 or divisor < 1 or not every:
        raise ValueError(f"there is no size from {least} to {most} that {divisor} divides")
    telling = {n for n in (1, *_PRIMES, *(2**k for k in range(12)), *(n * n for n in range(3, 12))) if n in every}
    # an index into one sorted list shrinks downward, and is one choice; large ones are as many again as telling ones
    spread = sorted({*telling, *every[:8], *every[-2:], *every[:: max(1, len(every) // 8)]})
    return st.integers(0, len(spread) - 1).map(spread.__getitem__)


def grids(
    space: Space | int, *, least: int = 1, most: int = 12, divisor: int = 1
) -> st.SearchStrategy[tuple[int, ...]]:
    """Sizes of the grid of a space, or of one with so many axes: odd, even and prime, the axes mostly unequal.

    `least`, `most` and `divisor` are those of each axis. `space.on(grid)` is the space on such a grid.

    >>> from hypothesis import find, settings
    >>> fresh = settings(database=None)
    >>> find(grids(2), lambda grid: grid[0] > grid[1], settings=fresh)
    (2, 1)
    """
    count = space.dim if isinstance(space, Space) else space
    one = sizes(least=least, most=most, divisor=divisor)
    return st.tuples(*[one] * count)
