"""Measures every number that the project promises, and prints them in one table.

A benchmark is a module in this folder with a `main` that returns rows `(what, measured, bar, ok)`. Each runs in a
process of its own, so that none warms caches or fills memory for the next. The exit status is 1 if a row misses its
bar, or if a benchmark fails. `python benchmarks/run.py build` runs those that are named.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

HERE = Path(__file__).resolve().parent

# in the process of one benchmark: its own output stays readable, the rows go to a file
CHILD = """
import importlib.util, json, sys
path, answer = sys.argv[1:]
sys.path.insert(0, path.rpartition("/")[0])
spec = importlib.util.spec_from_file_location(path.rpartition("/")[2].removesuffix(".py"), path)
module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
with open(answer, "w", encoding="utf-8") as file:
    json.dump([(str(what), str(measured), str(bar), bool(ok)) for what, measured, bar, ok in module.main()], file)
"""


@dataclass(frozen=True)
class Row:
    """One number: what it is of, what it is now, what it has to be."""

    benchmark: str
    what: str
    measured: str
    bar: str
    ok: bool


def benchmarks(folder: Path = HERE) -> list[Path]:
    """The modules of a folder that define `main`, in the order of their names; this one is not one."""
    found = []
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        defines = any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
        if defines and path.name != Path(__file__).name:
            found.append(path)
    return found


def measure(path: Path) -> list[Row]:
    """The rows of one benchmark; a benchmark that fails is a row that misses its bar."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "rows.json"
        done = subprocess.run([sys.executable, "-c", CHILD, path.as_posix(), str(answer)], check=False)
        if done.returncode or not answer.exists():
            return [Row(path.stem, "runs to its end", f"exit status {done.returncode}", "0", False)]
        return [Row(path.stem, *row) for row in json.loads(answer.read_text(encoding="utf-8"))]


def show(console: Console, rows: Sequence[Row]) -> None:
    """One table of all rows."""
    table = Table(box=None, pad_edge=False)
    for name in ("benchmark", "what", "measured", "bar", ""):
        table.add_column(name, overflow="fold")
    before = None
    for row in rows:
        mark = Text("ok", style="green") if row.ok else Text("MISSED", style="bold red")
        first = row.benchmark if row.benchmark != before else ""
        # as text: brackets in a row are not markup
        table.add_row(*(Text(cell) for cell in (first, row.what, row.measured, row.bar)), mark)
        before = row.benchmark
    console.print(table)


def main(names: Sequence[str]) -> int:
    """Runs the benchmarks of these names, or all; gives the exit status."""
    console = Console(highlight=False)
    paths = [path for path in benchmarks() if not names or path.stem in names]
    unknown = set(names) - {path.stem for path in paths}
    if unknown:
        console.print(f"no benchmark is called {', '.join(sorted(unknown))}")
        return 2
    rows = []
    for path in paths:
        console.print(f"{path.stem} ...", style="dim")
        rows += measure(path)
    show(console, rows)
    missed = sum(not row.ok for row in rows)
    console.print(f"\n{len(rows)} numbers, {missed} missed" if missed else f"\n{len(rows)} numbers, all at their bars")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
