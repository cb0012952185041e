"""From text to checked diagram to generated source: 10,000 boxes as statements, as one chain, as 100 definitions of
100; and 100,000 boxes through compiled code, by peak memory.

Each case runs in a process of its own: `python benchmarks/text.py CASE N` prints seconds and peak bytes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

Row = tuple[str, str, str, bool]

BOXES = ("sin", "cos", "tanh")


def text(case: str, n: int) -> str:
    """A file of n boxes, all written out."""
    names = [BOXES[k % 3] for k in range(n)]
    if case == "statements":
        lines = [f"  x{k + 1} = {name}(x{k})" for k, name in enumerate(names)]
        return "diagram main(x0 : R[4]) -> R[4] {\n" + "\n".join(lines) + f"\n  return x{n}\n}}\n"
    if case == "chain":
        return "diagram main : R[4] -> R[4] = " + "\n  >> ".join(names) + "\n"
    parts = []
    for d in range(n // 100):
        parts.append(f"diagram f{d} : R[4] -> R[4] = " + " >> ".join(names[100 * d : 100 * d + 100]))
    parts.append("diagram main : R[4] -> R[4] = " + " >> ".join(f"f{d}" for d in range(n // 100)))
    return "\n".join(parts) + "\n"


def measure(case: str, n: int, through: str) -> dict[str, float]:
    """Seconds from text to source (torch already imported), and the peak resident bytes of the process."""
    import torch

    import diagrammar as dg

    given = text(case, n)
    dg.compile(dg.loads(text(case, 100))["main"])
    start = time.perf_counter()
    diagram = dg.loads(given, budget=max(100_000, 2 * n))["main"]
    if through == "source":
        dg.emit(diagram)
    else:
        net = dg.compile(diagram)
        net(torch.zeros(2, 4))
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _run(case: str, n: int, through: str = "source") -> dict[str, float]:
    command = [sys.executable, str(Path(__file__)), case, str(n), through]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> list[Row]:
    """Rows (what, measured, bar, ok)."""
    rows: list[Row] = []
    for case in ("statements", "chain", "definitions"):
        large = min(_run(case, 10_000)["seconds"] for _ in range(3))
        small = min(_run(case, 1_000)["seconds"] for _ in range(3))
        rows.append((f"10,000 boxes as {case}: text to source", f"{large:.2f} s", "2 s", large < 2))
        ratio = large / small
        rows.append((f"{case}: time at 10,000 over time at 1,000", f"{ratio:.1f}", "13", ratio <= 13))
    peak = _run("statements", 100_000, "compiled")["peak"] / 2**20
    rows.append(("100,000 boxes through compiled code: peak memory", f"{peak:.0f} MiB", "1024 MiB", peak < 1024))
    return rows


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
