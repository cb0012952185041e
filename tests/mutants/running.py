"""The work of `make mutants`: boxes in processes of their own, a row of figures for each."""

from __future__ import annotations

import difflib
import multiprocessing
import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mutants import oracle


@dataclass(frozen=True)
class Answer:
    """The law that a mutant breaks, or None, and the laws that it does not break though they are written otherwise."""

    law: str | None
    met: tuple[str, ...] = ()


# asked of a box, with the seed that its cases are drawn from, while a mutant of it is in the backend
Kill = Callable[[str, int], Answer]

# a box is judged in so many parts, so that processes end together
PARTS = 4


@dataclass(frozen=True)
class Task:
    """A part of the mutants of a box: those with `number % PARTS == part`, or these numbers alone."""

    origin: str
    part: int
    operators: frozenset[str] = frozenset()
    chosen: frozenset[int] | None = None
    laws: str = ""
    seed: int = 0


@dataclass
class Row:
    """The figures of a box. `suspects` are mutants that nothing tells from the box, `survivors` those that no law
    refutes though the oracle does; each with its diff. `laws` says how often a law was the one that killed."""

    mutants: int = 0
    stillborn: int = 0
    equivalent: int = 0
    killed: int = 0
    laws: dict[str, int] = field(default_factory=dict)
    suspects: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)

    @property
    def alive(self) -> int:
        """Mutants that compute, and something else."""
        return self.mutants - self.stillborn - self.equivalent

    def add(self, other: Row) -> None:
        """Counts another part in."""
        self.mutants += other.mutants
        self.stillborn += other.stillborn
        self.equivalent += other.equivalent
        self.killed += other.killed
        for law, count in other.laws.items():
            self.laws[law] = self.laws.get(law, 0) + count
        self.suspects += other.suspects
        self.survivors += other.survivors


def killer(name: str) -> Kill | None:
    """The function that a `module:function` names; None for no name."""
    if not name:
        return None
    module, _, function = name.partition(":")
    found: Kill = getattr(import_module(module), function)
    return found


def work(task: Task) -> tuple[str, Row]:
    """Judges the mutants of a task."""
    # torch is imported in the process that runs it, and has one thread there
    import torch

    from tests.mutants import hook, oracle

    torch.set_num_threads(1)
    kill = killer(task.laws)
    found = oracle.subjects(task.origin)
    row = Row()
    for number, (mutant, (before, after)) in enumerate(oracle.mutants(task.origin, found).items()):
        chosen = number % PARTS == task.part if task.chosen is None else number in task.chosen
        if not chosen or (task.operators and mutant.edit[0] not in task.operators):
            continue
        row.mutants += 1
        verdict = oracle.judge(mutant, found)
        row.stillborn += verdict == "stillborn"
        row.equivalent += verdict == "equivalent"
        if verdict == "equivalent":
            row.suspects.append(shown(str(mutant), before, after))
        if verdict != "different" or kill is None:
            continue
        with hook.mutated(mutant), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = kill(task.origin, task.seed)
        if answer.law is None:
            why = reason(oracle.difference(mutant, found), task.origin, answer.met)
            row.survivors.append(f"{shown(str(mutant), before, after)}\n    {why}")
        else:
            row.killed += 1
            row.laws[answer.law] = row.laws.get(answer.law, 0) + 1
    return task.origin, row


def reason(difference: oracle.Difference, origin: str, met: tuple[str, ...]) -> str:
    """Why no law sees a mutant, as far as the interpreter and the laws tell."""
    from diagrammar.laws.subject import TOLERANCE
    from tests.mutants import oracle

    seen = f"differs by {difference.most:.1g} of the largest number, most on {difference.at},"
    seen += f" on {difference.wrong} of {difference.of} specimens"
    if origin.removeprefix("std:") in oracle.RANDOM:
        return f"{seen}: laws see how draws are distributed, and not each of them"
    if difference.most <= TOLERANCE:
        return f"{seen}: less than the {TOLERANCE:.0g} that laws allow"
    if not met:
        return f"{seen}: no law has it written so"
    return f"{seen}: what it does keeps {', '.join(met[:5])}{f' and {len(met) - 5} more' if len(met) > 5 else ''}"


def shown(title: str, before: str, after: str) -> str:
    """A mutant with what changes, as a diff without its context."""
    import ast

    opens = before.rstrip().endswith(":") and "\n" not in before
    plain = before if opens else ast.unparse(ast.parse(before))
    lines = difflib.unified_diff(plain.split("\n"), after.split("\n"), lineterm="", n=0)
    return "\n    ".join([title, *(line for line in lines if not line.startswith(("---", "+++", "@@")))])


def sampled(count: int, seed: int, tasks: Iterable[Task]) -> list[Task]:
    """So many mutants of all the boxes of these tasks, drawn from a seed; each box is looked at once for how many it
    has."""
    from tests.mutants import oracle

    origins = list(dict.fromkeys(task.origin for task in tasks))
    places = [
        (origin, number) for origin in origins for number in range(len(oracle.mutants(origin, oracle.subjects(origin))))
    ]
    drawn: dict[str, set[int]] = {}
    for origin, number in random.Random(seed).sample(places, min(count, len(places))):
        drawn.setdefault(origin, set()).add(number)
    first = next(iter(tasks))
    return [
        Task(origin, 0, first.operators, frozenset(numbers), first.laws, first.seed)
        for origin, numbers in drawn.items()
    ]


def run(tasks: list[Task], jobs: int) -> Iterator[tuple[str, Row]]:
    """The rows of the tasks, as they end."""
    if jobs == 1:
        yield from map(work, tasks)
        return
    # a process that is forked after torch has started its threads hangs in them
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(work, task) for task in tasks]):
            yield done.result()
