"""Cases in processes of their own, with an eye on them: what hangs or dies is a failure like any other."""

from __future__ import annotations

import multiprocessing
import resource
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from tests.fuzz import cases

# of its own time a case may take so many seconds, and of the clock so many: a machine may be busy
SECONDS, HANG = 2.0, 30.0
MEBIBYTES = 2048
Task = tuple[str, int, int, int]  # the kind, the seed, the first number and the number after the last


@dataclass
class Figures:
    """What came of the cases of a kind."""

    texts: int = 0
    read: int = 0
    slowest: float = 0.0
    peak: int = 0
    failures: list[tuple[int, bytes, str]] = field(default_factory=list)


def run(tasks: Iterable[Task], jobs: int) -> Iterator[tuple[str, Figures]]:
    """The figures of each task as it ends."""
    context = multiprocessing.get_context("fork")
    waiting = iter(tasks)
    busy: dict[Connection, tuple[Any, Any, Task]] = {}

    def start(task: Task | None) -> None:
        if task is not None:
            ours, theirs = context.Pipe(duplex=False)
            now = context.Array("d", len(_NOW))
            now[0] = task[2]
            process = context.Process(target=_work, args=(task, theirs, now), daemon=True)
            with warnings.catch_warnings():
                # newer Pythons warn of threads, and torch has some; the child uses none of them
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            theirs.close()
            busy[ours] = process, now, task

    for _ in range(jobs):
        start(next(waiting, None))
    last = time.monotonic()
    ages: dict[Any, tuple[float, float]] = {}
    while busy:
        for pipe in wait(list(busy), timeout=1.0):
            assert isinstance(pipe, Connection)
            process, now, task = busy.pop(pipe)
            try:
                figures: Figures = pipe.recv()
            except EOFError:
                process.join()
                figures = _lost(task, list(now), f"the process ended with {process.exitcode}")
                number = int(now[0]) + 1
                start((*task[:2], number, task[3]) if number < task[3] else None)
            process.join()
            ages.pop(process, None)
            yield task[0], figures
            if len(busy) < jobs:
                start(next(waiting, None))
        # a machine that sleeps is not a case that hangs: a look is worth at most two seconds
        passed, last = min(time.monotonic() - last, 2.0), time.monotonic()
        for process, now, _ in busy.values():
            since = now[1]
            known, age = ages.get(process, (0.0, 0.0))
            ages[process] = since, age + passed if since and since == known else 0.0
            if ages[process][1] > HANG:
                process.kill()  # its pipe closes, and the case is lost


# what a process says of itself while it works: its case, since when, and the figures of those before
_NOW = ("number", "since", "texts", "read", "slowest", "part")


def _lost(task: Task, now: list[float], why: str) -> Figures:
    """The figures of a process that died: those up to its last case, which is a failure."""
    kind, seed, _, _ = task
    number, part = int(now[0]), int(now[5])
    text = cases.as_bytes(cases.kinds()[kind].make(seed, number)[part])
    return Figures(int(now[2]) + 1, int(now[3]), now[4], 0, [(number, text, why)])


def _work(task: Task, pipe: Connection, now: Any) -> None:
    kind, seed, first, last = task
    limit = MEBIBYTES << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    figures = Figures()
    for number in range(first, last):
        for part, text in enumerate(cases.kinds()[kind].make(seed, number)):
            now[:] = [number, time.monotonic(), figures.texts, figures.read, figures.slowest, part]
            _ask(cases.kinds()[kind].ask, text, number, figures)
            now[1] = 0.0
    figures.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pipe.send(figures)
    pipe.close()


def _ask(ask: Callable[[cases.Text], bool], text: cases.Text, number: int, figures: Figures) -> None:
    """Puts one case: what gets out of it, and what takes too long three times, is a failure."""
    figures.texts += 1
    seconds = float("inf")
    try:
        for _ in range(3):
            start = time.process_time()
            read = ask(text)
            seconds = min(seconds, time.process_time() - start)
            if seconds < SECONDS:
                figures.read += read
                figures.slowest = max(figures.slowest, seconds)
                return
        why = f"it took {seconds:.1f} s"
    except Exception:
        why = traceback.format_exc()
    figures.failures.append((number, cases.as_bytes(text), why))
