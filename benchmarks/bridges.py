"""How long the bridges take: 2,000 boxes to DisCoPy beside its own composition, and what twice as many cost."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial

import diagrammar as dg
from diagrammar.diagram import Box, Diagram, Id
from diagrammar.types import Tensor

# what was measured, ours, the bar, whether it holds
Row = tuple[str, str, str, bool]

X = Tensor("R", (2,))


def seconds(run: Callable[[], object]) -> float:
    """Processor time, the least of three runs."""
    times = []
    for _ in range(3):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def chain(count: int) -> Diagram:
    """Boxes one after the other, each with a static argument of its own."""
    made = Id(X).then(*(Box("f", (X,), (X,), params=(("n", number),)) for number in range(count)))
    assert len(made.boxes) == count
    return made


def composed(count: int) -> object:
    """The same in DisCoPy, by its operator."""
    from discopy import markov

    x = markov.Ty("R[2]")
    made = markov.Id(x)
    for number in range(count):
        made = made >> markov.Box("f", x, x, data=(("params", (("n", number),)),))
    return made


def both_ways(there: Callable[[Diagram], object], back: Callable[[object], object], diagram: Diagram) -> object:
    """A diagram over a bridge and back."""
    return back(there(diagram))


def main() -> list[Row]:
    """The rows of this benchmark."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = seconds(lambda: composed(2000))
    small, large = chain(2000), chain(4000)
    rows = []
    ours = seconds(lambda: dg.to_discopy(small))
    rows.append(("to DisCoPy, beside composing there by `>>`", f"{ours / theirs:.2f}", "<= 1", ours <= theirs))
    ways: dict[str, tuple[Callable[[Diagram], object], Callable[[object], object]]] = {
        "DisCoPy": (dg.to_discopy, dg.from_discopy),
        "networkx": (dg.to_networkx, dg.from_networkx),
    }
    for name, (there, back) in ways.items():
        once, twice = (seconds(partial(both_ways, there, back, each)) for each in (small, large))
        ratio = twice / once
        rows.append((f"{name}, there and back: 4,000 boxes beside 2,000", f"{ratio:.2f}", "<= 2.6", ratio <= 2.6))
    return rows
