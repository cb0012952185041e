"""The laws of `std` as judges of mutants: which of them a wrong box breaks.

A law is held to cases that are drawn once for it, as `diagrammar check std` draws them, and compiled anew for each
mutant.
"""

from __future__ import annotations

from functools import cache

from hypothesis import HealthCheck, Phase, given, seed, settings

from diagrammar.checking import check_law
from diagrammar.diagram import definitions
from diagrammar.elaborate.laws import Statement, statements
from diagrammar.laws.draw import cases
from diagrammar.laws.search import Raised, Refuted, judged
from diagrammar.laws.subject import Case, Subject
from diagrammar.modules import std

EXAMPLES = 60


def kill(origin: str, drawn: int) -> str | None:
    """The first law that is refuted, or of which a side raises; those that put the box on their wires come first."""
    for law in laws_of(origin):
        subject, found = prepared(law, drawn)
        subject.compiled_anew()
        for case in found:
            if isinstance(judged(subject, case), Refuted | Raised):
                return law.name
    return None


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
def prepared(law: Statement, drawn: int) -> tuple[Subject, tuple[Case, ...]]:
    """A law with the cases that it is held to."""
    subject = Subject(law)
    found: list[Case] = []

    def keep(case: Case) -> None:
        found.append(case)

    asked = settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    seed(drawn)(asked(given(cases(subject))(keep)))()
    return subject, tuple(found)
