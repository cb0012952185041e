"""Cold starts: `diagrammar check --types examples/fno.dg` and `import diagrammar`, each in a fresh process."""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

import diagrammar

Row = tuple[str, str, str, bool]

ROOT = Path(__file__).parents[1]
REPEATS = 20


def _median(arguments: list[str]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _frameworks(arguments: str) -> set[str]:
    """Frameworks that a start imports; there should be none."""
    code = f"{arguments}; import sys; print(*({{'torch', 'numpy', 'lark'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def main() -> list[Row]:
    """Rows (what, measured, bar, ok)."""
    compileall.compile_dir(str(Path(diagrammar.__file__).parent), quiet=1)
    check = _median(["-m", "diagrammar", "check", "--types", "examples/fno.dg"])
    load = _median(["-c", "import diagrammar"])
    bare = _median(["-c", "pass"])
    call = "from diagrammar.__main__ import main; main(['check', '--types', 'examples/fno.dg'])"
    loaded = _frameworks(call)
    return [
        ("diagrammar check --types examples/fno.dg, cold", f"{check * 1e3:.0f} ms", "150 ms", check < 0.150),
        ("frameworks that it imports", " ".join(sorted(loaded)) or "none", "none", not loaded),
        ("import diagrammar, cold", f"{load * 1e3:.0f} ms", "100 ms", load < 0.100),
        ("python alone, beside them", f"{bare * 1e3:.0f} ms", "", True),
    ]
