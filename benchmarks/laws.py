"""How fast well-typed random diagrams over the whole library are drawn, as Hypothesis runs a test."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, Phase, given, settings

from diagrammar.diagram import Diagram
from diagrammar.strategies import Signature, diagrams, signature_of

Row = tuple[str, str, str, bool]

COUNT = 1_000


def drawn(signature: Signature, count: int) -> tuple[float, float]:
    """Diagrams in a second of the processor, and boxes in a diagram."""
    boxes: list[int] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(diagrams(signature, least=20, boxes=20))
    def draw(diagram: Diagram) -> None:
        boxes.append(len(diagram.boxes))

    start = time.process_time()
    draw()
    return len(boxes) / (time.process_time() - start), sum(boxes) / len(boxes)


def main() -> list[Row]:
    """Rows (what, measured, bar, ok)."""
    std = signature_of("std")
    # what a generator is on which wires is elaborated when it is first drawn there
    first, _ = drawn(std, COUNT)
    speed, size = max(drawn(std, COUNT) for _ in range(7))
    few, of_few = max(drawn(signature_of("sin", "add", "linear", "fourier[2]", "gelu"), COUNT) for _ in range(3))
    return [
        (f"diagrams of {size:.0f} boxes over std, the first {COUNT:,}", f"{first:.0f} a second", "> 50", first > 50),
        (f"diagrams of {size:.0f} boxes over std, after them", f"{speed:.0f} a second", "> 300", speed > 300),
        (f"diagrams of {of_few:.0f} boxes over five names", f"{few:.0f} a second", "> 300", few > 300),
    ]


if __name__ == "__main__":
    for row in main():
        print(*row, sep="  ")
