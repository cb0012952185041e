"""The search for a case that refutes a law, and the smallest one near it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable

from diagrammar.backends.torch.numbers import smaller
from diagrammar.backends.torch.trial import Gap
from diagrammar.errors import DiagrammarError
from diagrammar.laws.draw import cases
from diagrammar.laws.subject import Case, Subject

# inputs and weights of more numbers are not made smaller entry by entry
ENTRIES = 4096
TRIES = 400


@dataclass(frozen=True)
class Refuted:
    """A case that refutes a law."""

    case: Case
    gap: Gap
    tolerance: float


@dataclass(frozen=True)
class Raised:
    """A case in which a side raises."""

    case: Case | None
    error: Exception


@dataclass(frozen=True)
class Found:
    """What a search found, after so many examples."""

    examples: int
    what: Refuted | Raised | None


class _Refutation(Exception):
    """Ends a search: carries the case to Hypothesis, which makes it smaller."""


class _Mishap(Exception):
    """The same, for a side that raises."""


def judged(subject: Subject, case: Case) -> Refuted | Raised | None:
    """What a case says of a law."""
    try:
        gap = subject.gap(case)
        tolerance = subject.tolerance(case)
    except Exception as error:
        return Raised(case, error)
    return Refuted(case, gap, tolerance) if gap.defect > tolerance else None


def search(subject: Subject, examples: int, seed_: int, first: Case | None = None, shrink: bool = True) -> Found:
    """Looks for a case that refutes a law; `first` is one that did before."""
    if first is not None:
        again = judged(subject, first)
        if again is not None:
            return Found(1, again)
    count = 0
    last: list[Refuted | Raised] = []

    def one(case: Case) -> None:
        nonlocal count
        count += 1
        found = judged(subject, case)
        if isinstance(found, Refuted):
            last[:] = [found]
            raise _Refutation
        if isinstance(found, Raised):
            last[:] = [found]
            raise _Mishap

    asked = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    test: Callable[[], None] = seed(seed_)(asked(given(cases(subject))(one)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test()
    except (_Refutation, _Mishap):
        (what,) = last
        if isinstance(what, Refuted) and shrink:
            what = smallest(subject, what)
        return Found(count, what)
    except Unsatisfiable:
        error = DiagrammarError("no sizes meet the conditions of this law", subject.law.span)
        return Found(count, Raised(None, error))
    except DiagrammarError as wrong:
        return Found(count, Raised(None, wrong))
    return Found(count, None)


def smallest(subject: Subject, found: Refuted) -> Refuted:
    """The same refutation with as few and as simple numbers as a greedy search finds."""
    _, inputs, weights = subject.numbers(found.case)
    total = sum(each.numel() for each in (*inputs, *weights.values()))
    if total > ENTRIES:
        return found
    scalars = len(inputs) - len(subject.wire_names(found.case))
    best = replace(found, case=replace(found.case, inputs=tuple(inputs), weights=weights))
    tries = 0
    # what `for` draws from a set stays in it
    bound = subject.law.sets
    free = [k for k, name in enumerate(subject.wire_names(found.case), scalars) if name not in bound]
    names: list[Any] = [*free, *(name for name in weights if name not in subject.states(found.case))]
    moved = True
    while moved and tries < TRIES:
        moved = False
        for name in names:
            for value in _simpler(best.case, name):
                tries += 1
                if tries > TRIES:
                    return best
                again = judged(subject, _put(best.case, name, value))
                if isinstance(again, Refuted):
                    best, moved = again, True
                    break
    return best


def _simpler(case: Case, name: Any) -> Iterator[Any]:
    assert case.inputs is not None and case.weights is not None
    yield from smaller(case.inputs[name] if isinstance(name, int) else case.weights[name], isinstance(name, int))


def _put(case: Case, name: Any, value: Any) -> Case:
    assert case.inputs is not None and case.weights is not None
    if isinstance(name, int):
        return replace(case, inputs=(*case.inputs[:name], value, *case.inputs[name + 1 :]))
    return replace(case, weights={**case.weights, name: value})
