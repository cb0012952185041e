"""How long diagrams take to build: `>>` and `@` in a loop, with the flat form read at the end, beside DisCoPy 1.2.2."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from diagrammar.diagram import Box, Diagram
from diagrammar.types import Tensor

# what was measured, ours, the bar, whether it holds
Row = tuple[str, str, str, bool]

X = Tensor("R", (2,))
F = Box("f", (X,), (X,)).diagram()
LOOPS: dict[str, Callable[[Any, Any], Any]] = {
    "d = d >> f": lambda d, f: d >> f,
    "d = f >> d": lambda d, f: f >> d,
    "d = d @ f": lambda d, f: d @ f,
}


def ours(grow: Callable[[Any, Any], Any], count: int) -> float:
    """Seconds for so many boxes, flat form included: the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        d: Diagram = F
        for _ in range(count - 1):
            d = grow(d, F)
        assert len(d.flat.nodes) == count
        best = min(best, time.perf_counter() - start)
    return best


def discopy(grow: Callable[[Any, Any], Any], count: int) -> float | None:
    """Seconds for the same in DisCoPy, or None where it is not installed."""
    try:
        from discopy.markov import Box as Theirs
        from discopy.markov import Ty
    except ImportError:
        return None
    x = Ty("x")
    f = Theirs("f", x, x)
    start = time.perf_counter()
    d = f
    for _ in range(count - 1):
        d = grow(d, f)
    return time.perf_counter() - start


def main() -> list[Row]:
    """The table."""
    rows: list[Row] = []
    for name, grow in LOOPS.items():
        for count, bar in ((1_000, 0.020), (10_000, 0.200)):
            seconds = ours(grow, count)
            rows.append(
                (f"build, {name}, {count:,} boxes", f"{1000 * seconds:.1f} ms", f"< {1000 * bar:.0f} ms", seconds < bar)
            )
        count = 60 if "@" in name else 1_000
        theirs = discopy(grow, count)
        if theirs is not None:
            seconds = ours(grow, count)
            what = f"build, {name}, {count:,} boxes, DisCoPy {1000 * theirs:.1f} ms"
            rows.append((what, f"{1000 * seconds:.2f} ms", "faster", seconds < theirs))
    return rows
