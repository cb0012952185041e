"""All laws of files, in processes of their own: the same outcomes for one seed, however many processes there are."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagrammar import modules
from diagrammar.elaborate.laws import Statement, statements
from diagrammar.errors import DiagramNameError
from diagrammar.laws.judge import Terms, judge
from diagrammar.outcome import Outcome


@dataclass(frozen=True)
class File:
    """A file with the values of its parameters, as a process of its own can read it again."""

    path: str
    parameters: Mapping[str, Any]


def chosen(found: Sequence[Statement], names: Sequence[str] | None, file: str) -> list[Statement]:
    """The laws of these names. Raises DiagramNameError for a name that no law has."""
    if not names:
        return list(found)
    have = {law.name: law for law in found}
    for name in names:
        if name not in have:
            listed = ", ".join(have) or "none"
            raise DiagramNameError(f"`{file}` has no law `{name}`", None, [f"its laws: {listed}"])
    return [have[name] for name in names]


def run(laws: Sequence[Statement], terms: Terms) -> Iterator[Outcome]:
    """The outcome of each law, one after the other, in this process."""
    for k, law in enumerate(laws):
        yield judge(law, terms, laws[:k])


def run_files(
    work: Sequence[tuple[File, str]], terms: Terms, jobs: int, done: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """The outcomes of laws of files, in the order asked for. Processes are spawned: torch's threads do not survive a
    fork. `done` hears of each as it ends."""
    if jobs <= 1 or len(work) == 1:
        found = []
        for file, name in work:
            found.append(_one(file, name, terms))
            if done is not None:
                done(found[-1])
        return found
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(work)), context, _start) as pool:
        asked: dict[Future[Outcome], int] = {
            pool.submit(_one, file, name, terms): k for k, (file, name) in enumerate(work)
        }
        outcomes: dict[int, Outcome] = {}
        for future in as_completed(asked):
            outcomes[asked[future]] = future.result()
            if done is not None:
                done(outcomes[asked[future]])
    return [outcomes[k] for k in range(len(work))]


def _start() -> None:
    # each process has one core: more threads than cores would wait for each other
    os.environ["OMP_NUM_THREADS"] = "1"
    from diagrammar.backends.torch.numbers import one_thread

    one_thread()


_read: dict[tuple[str, str, int], dict[str, Statement]] = {}


def _one(file: File, name: str, terms: Terms) -> Outcome:
    changed = os.stat(file.path).st_mtime_ns if file.path != "std" else 0
    key = (file.path, repr(sorted(file.parameters.items())), changed)
    if key not in _read:
        _read[key] = {law.name: law for law in statements(read(file))}
    laws = list(_read[key].values())
    at = next(k for k, law in enumerate(laws) if law.name == name)
    return judge(laws[at], terms, laws[:at])


def read(file: File) -> modules.Module:
    """The module of a file."""
    if file.path == "std":
        return modules.std()
    from diagrammar import reading
    from diagrammar.elaborate.elaborator import Elaborator
    from diagrammar.source import Source

    limits = reading.Limits()
    path = Path(file.path)
    here = path.resolve()
    loader = modules.Loader(here.parent, Elaborator(), limits)
    loader.opening.append(str(here))
    text = reading.read(path, limits.size, shown=file.path)
    made = loader.module(path.stem, Source(file.path, text), here.parent)
    modules.override(made, file.parameters)
    return made
