"""How long the reverse derivative of a diagram takes to make, and how much it grows: `dg.vjp` of networks of primitive
boxes, each an object of its own as in a text, and of named layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import diagrammar as dg
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.types import Tensor

# what was measured, ours, the bar, whether it holds
Row = tuple[str, str, str, bool]

X = Tensor("R", (2,))
KINDS = frozenset({"elementwise"})


def residual(count: int) -> Diagram:
    """x tanh(x), again and again."""
    build = Builder((X,))
    (wire,) = build.inputs
    for _ in range(count // 2):
        (bent,) = build.add(Box("tanh", (X,), (X,), origin="std:tanh", kinds=KINDS), (wire,))
        (wire,) = build.add(Box("mul", (X, X), (X,), origin="std:mul", kinds=KINDS), (wire, bent))
    return build.build((wire,))


def layers(count: int) -> Diagram:
    """Named layers, one after the other."""
    layer = dg.loads("diagram layer : R[2] -> R[2] = linear >> gelu")["layer"]
    build = Builder((X,))
    (wire,) = build.inputs
    for at in range(count):
        (wire,) = build.add(layer.frame(key=f"layer_{at}"), (wire,))
    return build.build((wire,))


def seconds(diagram: Diagram) -> tuple[float, int]:
    """The best of three, with everything derived anew, and how many boxes there are."""
    best, boxes = float("inf"), 0
    for _ in range(3):
        start = time.perf_counter()
        boxes = len(dg.vjp(diagram).flat.nodes)
        best = min(best, time.perf_counter() - start)
    return best, boxes


def main() -> list[Row]:
    """The table."""
    kinds: dict[str, Callable[[int], Diagram]] = {"boxes": residual, "named layers": layers}
    rows: list[Row] = []
    for name, make in kinds.items():
        dg.vjp(make(10))
        for count, bar in ((1_000, 0.1), (2_000, 0.2), (10_000, 1.0)):
            taken, boxes = seconds(make(count))
            what = f"vjp of {count:,} {name}"
            rows.append((what, f"{1000 * taken:.0f} ms", f"< {1000 * bar:.0f} ms", taken < bar))
            rows.append((f"{what}, size", f"{boxes / count:.2f} of it", "<= 3", boxes <= 3 * count))
    return rows
