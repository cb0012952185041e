"""The laws of `std` as judges of mutants: which of them a wrong box breaks.

A law is held to cases that are drawn once for it, as `diagrammar check std` draws them, and compiled anew for each
mutant. A case whose modules are written as they are without the mutant is passed over: it says nothing new.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from hypothesis import HealthCheck, Phase, given, seed, settings

from diagrammar.checking import check_law
from diagrammar.diagram import definitions
from diagrammar.elaborate.laws import Statement, statements
from diagrammar.laws.draw import cases
from diagrammar.laws.search import Raised, Refuted, judged
from diagrammar.laws.subject import Case, Subject
from diagrammar.modules import std
from tests.mutants.hook import right
from tests.mutants.oracle import Late, time_limit
from tests.mutants.running import Answer

# so many cases of each law, and where none of them refutes anything so many more: most mutants need few
STAGES = (8, 60)
# a loop may have lost its end: so much of the process's own time for a case
SECONDS = 5.0

# how often each law has refuted a mutant of a box in this process: such laws are asked first. It decides which law is
# named, not whether there is one
_KILLS: Counter[tuple[str, str]] = Counter()


@dataclass(frozen=True)
class Prepared:
    """A law, the cases that it is held to, and the sources of both sides in each as they are without a mutant."""

    subject: Subject
    cases: tuple[Case, ...]
    sources: tuple[tuple[str, ...], ...]


def kill(origin: str, drawn: int) -> Answer:
    """The first law that is refuted, or of which a side raises; those that put the box on their wires come first."""
    laws = sorted(laws_of(origin), key=lambda law: -_KILLS[origin, law.name])
    met: dict[str, None] = {}
    for examples in STAGES:
        for law in laws:
            with right():
                found = prepared(law, drawn, examples)
            found.subject.compiled_anew()
            for case, source in zip(found.cases, found.sources, strict=True):
                touched, broken = _judged(found.subject, case, source)
                if broken:
                    _KILLS[origin, law.name] += 1
                    return Answer(law.name)
                if touched:
                    met[law.name] = None
    return Answer(None, tuple(met))


def _judged(subject: Subject, case: Case, source: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether a case is written otherwise than it was, and whether it refutes its law; also if it does not end."""
    try:
        with time_limit(SECONDS):
            if _sources(subject, case) == source:
                return False, False
            return True, isinstance(judged(subject, case), Refuted | Raised)
    except Late:
        return True, True


def _sources(subject: Subject, case: Case) -> tuple[str, ...]:
    """What both sides are compiled to; empty where they are not."""
    try:
        made, _ = subject.trial(case.values, case.sizes)
    except Exception:
        return ()
    return tuple(str(module.source) for module in made.modules)


@cache
def laws_of(origin: str) -> tuple[Statement, ...]:
    """The laws whose sides hold a box: at the top, then deeper."""
    near, far = [], []
    for law in statements(std()):
        if law.ast.fails:
            continue
        top, deep = _origins(law)
        if origin in top:
            near.append(law)
        elif origin in deep:
            far.append(law)
    return (*near, *far)


@cache
def _origins(law: Statement) -> tuple[frozenset[str], frozenset[str]]:
    sides = check_law(law)
    both = (sides.left, sides.right)
    top = {box.origin for side in both for box in side.boxes}
    deep = {box.origin for side in both for level in definitions(side) for box in level.boxes}
    return frozenset(top), frozenset(deep)


@cache
def prepared(law: Statement, drawn: int, examples: int) -> Prepared:
    """A law with so many cases that it is held to, of a right backend."""
    subject = Subject(law)
    found: list[tuple[Case, tuple[str, ...]]] = []

    def keep(case: Case) -> None:
        found.append((case, _sources(subject, case)))

    asked = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    seed(drawn + examples)(asked(given(cases(subject))(keep)))()
    return Prepared(subject, tuple(case for case, _ in found), tuple(source for _, source in found))
