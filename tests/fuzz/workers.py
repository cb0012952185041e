"""Cases in processes of their own, with an eye on them: what hangs or dies is a failure like any other."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from tests.fuzz import cases

# of its own time a case may take so many seconds, and of the clock so many: a machine may be busy
SECONDS, HANG = 2.0, 60.0
MEBIBYTES = 4096
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
            now = context.Array("d", [-1.0, 0.0])
            process = context.Process(target=_work, args=(task, theirs, now), daemon=True)
            process.start()
            theirs.close()
            busy[ours] = process, now, task

    for _ in range(jobs):
        start(next(waiting, None))
    while busy:
        for pipe in wait(list(busy), timeout=1.0):
            assert isinstance(pipe, Connection)
            process, now, (kind, seed, _, last) = busy.pop(pipe)
            number = int(now[0])
            try:
                figures: Figures = pipe.recv()
            except EOFError:
                process.join()
                figures = _lost(kind, seed, number, f"the process ended with {process.exitcode}")
                start((kind, seed, number + 1, last) if number + 1 < last else None)
            process.join()
            yield kind, figures
            if len(busy) < jobs:
                start(next(waiting, None))
        for process, now, _ in busy.values():
            if now[1] and time.monotonic() - now[1] > HANG:
                process.kill()  # its pipe closes, and the case is lost


def _lost(kind: str, seed: int, number: int, why: str) -> Figures:
    figures = Figures(texts=1)
    text: bytes | str = "" if kind == "grammar" else cases.kinds()[kind].make(seed, number)
    figures.failures.append((number, _bytes(text), why))
    return figures


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _work(task: Task, pipe: Connection, now: Any) -> None:
    kind, seed, first, last = task
    resource.setrlimit(resource.RLIMIT_DATA, (MEBIBYTES << 20, MEBIBYTES << 20))
    os.environ["OMP_NUM_THREADS"] = "1"
    figures = Figures()
    for number in range(first, last):
        now[0], now[1] = number, time.monotonic()
        if kind == "grammar":
            made: Iterable[bytes | str] = cases.of_grammar(seed, number)
            ask = cases.kinds()["mutants"].ask
        else:
            made, ask = [cases.kinds()[kind].make(seed, number)], cases.kinds()[kind].ask
        for part, text in enumerate(made):
            now[1] = time.monotonic()
            _ask(ask, text, number if kind != "grammar" else part * 7 % 49, number, figures)
    now[1] = 0.0
    figures.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pipe.send(figures)
    pipe.close()


def _ask(ask: Any, text: bytes | str, case: int, number: int, figures: Figures) -> None:
    figures.texts += 1
    try:
        seconds = SECONDS + 1
        for _ in range(3):
            start = time.process_time()
            read = ask(text, case)
            seconds = min(seconds, time.process_time() - start)
            if seconds < SECONDS:
                break
        else:
            figures.failures.append((number, _bytes(text), f"it took {seconds:.1f} s"))
        figures.read += read
        figures.slowest = max(figures.slowest, seconds)
    except Exception:
        figures.failures.append((number, _bytes(text), traceback.format_exc()))
