"""`python -m tests.fuzz`: hostile texts in bulk. Prints a table, keeps each text that fails, and exits with 1 if any
does."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.fuzz import cases
from tests.fuzz.judge import judge
from tests.fuzz.workers import Figures, Task, run

CHUNK = 500


def main() -> int:
    """Runs the kinds asked for."""
    names = list(cases.kinds())
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--count", type=int, help="so many cases of each kind, not all (one of the grammar is a hundred texts)"
    )
    parser.add_argument("--only", choices=names, action="append", help="this kind alone, as often as one likes")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"), help="the folder for texts that fail")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="ask the same of this text, and do nothing else")
    options = parser.parse_args()
    if options.replay:
        print("read" if judge(options.replay.read_bytes()) else "refused")
        return 0
    # every process would import them
    import tests.fuzz.grammar_texts
    import tests.fuzz.running  # noqa: F401

    for name in options.only or names:
        cases.kinds()[name].make(options.seed, 0)  # what is made once is made before the processes part
    total = {name: Figures() for name in options.only or names}
    start = time.monotonic()
    for kind, figures in run(_tasks(list(total), options.seed, options.count), options.jobs):
        _add(total[kind], figures)
        for number, text, why in figures.failures:
            _keep(options.keep, kind, number, text, why)
    return _table(total, options.seed, time.monotonic() - start)


def _tasks(names: list[str], seed: int, count: int | None) -> list[Task]:
    tasks: list[Task] = []
    for name in names:
        every = cases.kinds()[name].count
        asked = every if count is None else min(count, every)
        # fewer cases than there are lie evenly among them
        step = 1 if count is None else max(1, every // asked)
        chunk = 1 if step > 1 else min(CHUNK, max(1, every // 50))
        tasks += [(name, seed, first, min(first + chunk, every)) for first in range(0, asked * step, step * chunk)]
    return tasks


def _add(total: Figures, more: Figures) -> None:
    total.texts += more.texts
    total.read += more.read
    total.slowest = max(total.slowest, more.slowest)
    total.peak = max(total.peak, more.peak)
    total.failures += more.failures


def _keep(folder: Path, kind: str, number: int, text: bytes, why: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{number}.dg"
    path.write_bytes(text)
    path.with_suffix(".txt").write_text(why, encoding="utf-8", errors="replace")
    print(f"{kind} {number}: {why.strip().splitlines()[-1][:100]}\n    python -m tests.fuzz --replay {path}")


def _table(total: dict[str, Figures], seed: int, seconds: float) -> int:
    print(f"{'':10} {'texts':>8} {'refused':>8} {'read':>8} {'slowest':>9} {'peak':>9} {'failures':>9}")
    wrong = 0
    for name, each in total.items():
        least = cases.kinds()[name].least
        few = each.read < least * each.texts
        wrong += len(each.failures) + few
        print(
            f"{name:10} {each.texts:8,} {each.texts - each.read - len(each.failures):8,} {each.read:8,} "
            f"{each.slowest * 1000:6.0f} ms {each.peak:5} MiB {len(each.failures):9,}"
            + (f"  fewer than {least:.0%} were read" if few else "")
        )
    print(f"seed {seed}, {seconds:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
