"""Orders in which the branches of a body may run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product
from math import factorial, prod

from diagrammar.schedule.parts import Knot, Parallel, Part, Series, arranged
from diagrammar.steps import Steps, run


@dataclass(frozen=True)
class Load:
    """Bytes of a box or a part: `peak` while it runs and `left` after it; `back` while its backward runs, and `freed`
    by that in the end, what it leaves taken off."""

    peak: int
    left: int
    back: int
    freed: int


Orders = list[tuple[int, ...]]
# by the identity of a parallel part, the order of its branches
Choice = dict[int, Sequence[int]]


def orders(part: Part, loads: Sequence[Load], all_of: int) -> Orders:
    """Orders of the boxes in which branches run one after the other, that of the text first.

    With at most `all_of` orders of branches there are all of them. Else there are two more. Branches that need the most
    besides what they leave come first in the one: no order of the branches has a forward of less memory (Liu, 1987).
    The other one is the same for the backward: those that free something run backward before those that do not, by the
    least that they need, and the others by the most that they need besides what they leave.

    >>> load = [Load(4, 1, 0, 0), Load(9, 1, 0, 0), Load(1, 1, 0, 0)]
    >>> orders(Series((Parallel((0, 1), False), 2)), load, 1)
    [(0, 1, 2), (1, 0, 2)]
    >>> orders(Series((Parallel((0, 1), False), 2)), load, 2)
    [(0, 1, 2), (1, 0, 2)]
    """
    forks = _forks(part)
    if prod(factorial(min(len(fork.parts), 10)) for fork in islice(forks, 20)) <= all_of:
        ways = product(*(permutations(range(len(fork.parts))) for fork in forks))
        choices: list[Choice] = [{id(fork): way for fork, way in zip(forks, each, strict=True)} for each in ways]
    else:
        forward: Choice = {}
        backward: Choice = {}
        run(_loaded(part, loads, forward, backward))
        choices = [{}, forward, backward]
    return list(dict.fromkeys(arranged(part, each) for each in choices))


def _forks(part: Part) -> list[Parallel]:
    """The parts with several branches."""
    found: list[Parallel] = []
    stack: list[Part] = [part]
    while stack:
        each = stack.pop()
        if isinstance(each, Series | Parallel):
            stack.extend(each.parts)
            if isinstance(each, Parallel) and len(each.parts) > 1:
                found.append(each)
    return found


def _loaded(part: Part, loads: Sequence[Load], forward: Choice, backward: Choice) -> Steps:
    """The load of a part; the orders of its branches are put into the choices."""
    match part:
        case int(box):
            return loads[box]
        case Knot(boxes):
            return _series([loads[box] for box in boxes])
        case Series(parts):
            inner = []
            for each in parts:
                inner.append((yield _loaded(each, loads, forward, backward)))
            return _series(inner)
        case Parallel(parts):
            inner = []
            for each in parts:
                inner.append((yield _loaded(each, loads, forward, backward)))
            if len(parts) > 1:
                forward[id(part)] = sorted(range(len(inner)), key=lambda at: (inner[at].left - inner[at].peak, at))
                backward[id(part)] = sorted(range(len(inner)), key=lambda at: (_last(inner[at]), -at), reverse=True)
            return _beside(inner)


def _last(load: Load) -> tuple[bool, int]:
    """Where the backward of a branch comes, the smallest first."""
    return (False, load.back) if load.freed >= 0 else (True, -(load.back + load.freed))


def _series(loads: Sequence[Load]) -> Load:
    peak, left, kept = 0, 0, 0
    for load in loads:
        peak, left = max(peak, left + load.peak), load.left
        kept += load.back
    return Load(peak, left, kept, sum(load.freed for load in loads))


def _beside(loads: Sequence[Load]) -> Load:
    peak = left = 0
    for load in sorted(loads, key=lambda load: load.left - load.peak):
        peak, left = max(peak, left + load.peak), left + load.left
    return Load(peak, left, sum(load.back for load in loads), sum(load.freed for load in loads))
