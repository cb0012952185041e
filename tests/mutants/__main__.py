"""`python -m tests.mutants`: every box of the torch backend, wrong in every way of a fixed catalogue, and whether the
laws of `std` notice.

The reference interpreter says first which mutants compute something else at all. Exits with 1 where the laws refute
fewer than 95 % of those.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.mutants.running import PARTS, Row, Task, run, sampled

LEAST = 0.95


def main() -> int:
    """Runs the mutants asked for."""
    from tests.mutants.operators import NAMES
    from tests.mutants.oracle import origins

    known = [origin.removeprefix("std:") for origin in origins()]
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=known, metavar="BOX", help="this box alone, as often as one likes"
    )
    parser.add_argument(
        "--operator", action="append", choices=NAMES, metavar="OPERATOR", help=f"one of {', '.join(NAMES)}"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="so many mutants, not all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample, and of what laws draw")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--laws",
        default="tests.mutants.laws:kill",
        metavar="MODULE:FUNCTION",
        help="(origin, seed) -> name of a law, or None",
    )
    parser.add_argument("--oracle", action="store_true", help="ask no laws")
    parser.add_argument("--suspects", action="store_true", help="show the mutants that nothing tells from the box")
    options = parser.parse_args()
    laws = "" if options.oracle else options.laws
    tasks = [
        Task(f"std:{name}", part, frozenset(options.operator or ()), None, laws, options.seed)
        for name in options.only or known
        for part in range(PARTS)
    ]
    if options.sample is not None:
        tasks = sampled(options.sample, options.seed, tasks)
    start = time.monotonic()
    rows = {task.origin: Row() for task in tasks}
    for origin, row in run(tasks, options.jobs):
        rows[origin].add(row)
    return report(rows, bool(laws), options.suspects, time.monotonic() - start)


def report(rows: dict[str, Row], asked: bool, suspects: bool, seconds: float) -> int:
    """Prints the table, what survived, and the total; 1 where too much did."""
    total = Row()
    titles = ("mutants", "stillborn", "equivalent", "alive", "killed", "survivors")
    print(f"{'':22}" + "".join(f"{title:>12}" for title in (titles if asked else titles[:4])))
    for origin, row in rows.items():
        print(_line(origin.removeprefix("std:"), row, asked))
        total.add(row)
    print(_line("all", total, asked))
    for title, found in (
        ("nothing tells from the box", total.suspects if suspects else []),
        ("survives", total.survivors),
    ):
        for each in found:
            print(f"\n{title}: {each}")
    print(f"\n{len(rows)} boxes, {seconds:.0f} s")
    if not asked:
        print("no laws were asked")
        return 0
    share = total.killed / total.alive if total.alive else 1.0
    print(f"laws refute {share:.1%} of the mutants that compute something else; {LEAST:.0%} are wanted")
    for law, count in sorted(total.laws.items(), key=lambda item: -item[1]):
        print(f"{count:8} {law}")
    return 1 if share < LEAST else 0


def _line(name: str, row: Row, asked: bool) -> str:
    figures = [row.mutants, row.stillborn, row.equivalent, row.alive]
    if asked:
        figures += [row.killed, len(row.survivors)]
    return f"{name:22}" + "".join(f"{figure:12,}" for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
