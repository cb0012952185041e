"""How fast laws are held to cases, and well-typed random diagrams over the whole library are drawn, as Hypothesis runs
a test."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from diagrammar.diagram import Diagram
from diagrammar.laws.judge import Terms
from diagrammar.laws.runner import File, run_files
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


SMALL = """
law sums[n](u : R[n], v : R[n]) : sum(a * u + v) == a * sum(u) + sum(v) for a in -3.0 .. 3.0
law turned[n, m](u : R[n, m], v : R[m]) : einsum["n m, m -> n"](u, v) == reduce["n m -> n"](map[row -> row * v](u))
law affine[d](u : R[d], v : R[d]) : linear[b = 3]((u + v) / 2) == (linear[b = 3](u) + linear[b = 3](v)) / 2
law moved[X : space](u : Field[X, 2]) : pool[2, "mean"](translate[[2]](u)) == translate[[1]](pool[2, "mean"](u))
  for X in grids(torus(1), 4, 4)
"""


def cases_a_second() -> float:
    """Cases of small laws in a second on two spawned processes, with what these need to start."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "small.dg")
        file.write_text(SMALL, encoding="utf-8")
        work = [(File(str(file), {}), name) for name in ("sums", "turned", "affine", "moved")]
        start = time.perf_counter()
        outcomes = run_files(work, Terms(examples=2_000, proofs=False), 2)
        seconds = time.perf_counter() - start
    assert all(each.status == "passed" for each in outcomes), outcomes
    return sum(each.examples for each in outcomes) / seconds


def example() -> float:
    """Seconds of `diagrammar check examples/fno.dg`, with 100 cases of each law."""
    start = time.perf_counter()
    file = Path(__file__).parents[1] / "examples" / "fno.dg"
    subprocess.run(
        [sys.executable, "-m", "diagrammar", "check", str(file), "--no-save"], check=True, capture_output=True
    )
    return time.perf_counter() - start


def main() -> list[Row]:
    """Rows (what, measured, bar, ok)."""
    cases, seconds = max(cases_a_second() for _ in range(2)), example()
    std = signature_of("std")
    # what a generator is on which wires is elaborated when it is first drawn there
    first, _ = drawn(std, COUNT)
    speed, size = max(drawn(std, COUNT) for _ in range(7))
    few, of_few = max(drawn(signature_of("sin", "add", "linear", "fourier[2]", "gelu"), COUNT) for _ in range(3))
    return [
        ("cases of small laws on two processes", f"{cases:.0f} a second", "> 300", cases > 300),
        ("check examples/fno.dg, 100 cases a law", f"{seconds:.1f} s", "< 30", seconds < 30),
        (f"diagrams of {size:.0f} boxes over std, the first {COUNT:,}", f"{first:.0f} a second", "> 50", first > 50),
        (f"diagrams of {size:.0f} boxes over std, after them", f"{speed:.0f} a second", "> 300", speed > 300),
        (f"diagrams of {of_few:.0f} boxes over five names", f"{few:.0f} a second", "> 300", few > 300),
    ]


if __name__ == "__main__":
    for row in main():
        print(*row, sep="  ")
