"""Schedules for a budget, held to an exhaustive search and to the linear chain."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path

import pytest

import diagrammar as dg
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import DiagramValueError
from diagrammar.planning import figures
from diagrammar.schedule.budget import within
from diagrammar.schedule.optic import Optic
from diagrammar.schedule.plan import plan
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.storage import Bytes, Measure, peak

from . import linear
from .bodies import chain, series_parallel
from .exhaustive import Search
from .test_schedules import deriver

EXAMPLES = Path(__file__).parents[2] / "examples"
BRANCHES = """
space X = cube(2)
type V = Field[X, 8]
diagram one : V -> V = repeat 5 { conv[3] >> gelu }
diagram other : V -> V = repeat 5 { conv[3, bias = false] >> tanh }
diagram net : V -> V = conv[3] >> gelu >> (one + other) >> conv[3] >> gelu
"""
MARKED = """
space X = cube(2)
type V = Field[X, 8]
diagram block : V -> V = residual[group_norm[2] >> conv[3] >> gelu >> pointwise]
diagram net : V -> V = repeat 2 { block } >> MARK { repeat 2 { block } } >> repeat 2 { block }
"""


@dataclass(frozen=True)
class Case:
    """A joint pass with its bytes, and the work of its boxes."""

    joint: Joint
    sizes: Bytes
    work: Callable[[Box], float]

    def forwards(self, optic: Optic) -> float:
        """The work of all forward boxes that a step runs."""
        return sum(self.work(self.joint.forward[at].box) for at in (*range(len(self.joint.forward)), *optic.again))

    def least(self) -> int:
        """The least bytes that a schedule is found for."""
        with pytest.raises(DiagramValueError) as caught:
            within(self.joint, 1, self.sizes, self.work)
        return needed(caught.value)

    def whole(self) -> int:
        """The bytes of a schedule that computes nothing again."""
        _, optic = within(self.joint, 10**12, self.sizes, self.work)
        return peak(self.joint, optic, self.sizes)[0]


def needed(error: DiagramValueError) -> int:
    """The least that an error tells."""
    return int(str(error).split("needs ")[1].split(" ")[0].replace(",", ""))


def drawn(kind: Callable[[random.Random, int], str], seed: int) -> Case:
    """A body of 5 to 8 boxes or some more, with random bytes and works."""
    draw = random.Random(seed)
    joint = plan(dg.loads(kind(draw, draw.randint(5, 8)))["f"], "store", deriver()).joint
    sizes = Bytes(joint, Measure({}, draw.choice((10, 100, 400))))
    works = {id(node.box): float(draw.randint(1, 20)) for node in joint.forward}
    return Case(joint, sizes, lambda box: works[id(box)])


def least_of(search: Search, enough: int) -> int:
    """The least bytes in which the exhaustive search finds a way, by bisection."""
    low, high = 0, enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if search.least(middle) == inf else (low, middle)
    return high


# chains, and series-parallel bodies: how much more work at most, and how much more memory at least; the first seeds and
# those of 250 on which most is left
KINDS = {
    "chain": (chain, (*range(25), 26), 0.05, 1.0),
    "series-parallel": (series_parallel, (*range(25), 63, 145, 237), 0.15, 1.1),
}


@pytest.mark.parametrize("name", KINDS)
def test_nothing_much_better_exists(name: str) -> None:
    """No order of computing, dropping and computing again has less work in the same memory, by much: for chains 5 % of a
    step at most, where a backward is two forwards, for series-parallel bodies 15 %; it is the same on 19 of 20. A chain
    is scheduled in the least memory in which that can be done at all, other bodies in 10 % more."""
    kind, seeds, more, room = KINDS[name]
    same = count = 0
    for seed in seeds:
        case = drawn(kind, seed)
        search = Search(case.joint, case.sizes, case.work)
        least, whole = case.least(), case.whole()
        assert least_of(search, least) <= least <= room * least_of(search, least)
        once = case.forwards(within(case.joint, whole, case.sizes, case.work)[1])
        for share in (0.0, 0.25, 0.6, 0.95):
            budget = int(least + share * (whole - least))
            _, optic = within(case.joint, budget, case.sizes, case.work)
            assert peak(case.joint, optic, case.sizes)[0] <= budget
            best, found = search.least(budget), case.forwards(optic)
            assert best <= found <= best + more * (2 * once + best)
            same, count = same + (found == best), count + 1
    assert same >= 0.9 * count


@cache
def bodies() -> dict[str, tuple[Diagram, dict[str, int], int, tuple[int, ...]]]:
    """Bodies with parts side by side: free sizes, a batch, and the shape of a sample."""
    return {
        "branches": (dg.loads(BRANCHES)["net"], {"X": 16}, 3, (8, 16, 16)),
        "unet": (dg.load(EXAMPLES / "unet.dg", depth=2, width=8)["unet"], {"X": 32}, 2, (1, 32, 32)),
        "fno": (dg.load(EXAMPLES / "fno.dg", width=8, depth=3)["fno"], {"X": 32}, 2, (1, 32, 32)),
        "transformer": (dg.load(EXAMPLES / "transformer.dg")["encoder"], {"n": 8}, 2, ()),
        "mgno": (dg.load(EXAMPLES / "mgno.dg", widths=[8, 8, 8, 8, 8], depth=1)["mgno"], {"X": 32}, 2, (1, 32, 32)),
    }


@pytest.mark.parametrize("name", ["branches", "unet", "fno", "transformer", "mgno"])
def test_never_more_work_than_the_linear_chain(name: str) -> None:
    """What branches let go leaves room: at no budget is more done again than on one chain of all boxes, and less where
    that chain holds, or runs again, what lies beside the range at hand."""
    diagram, at, batch, _ = bodies()[name]
    told = figures(diagram, at, batch, 4)
    joint = plan(diagram, "store", deriver()).joint
    case = Case(joint, Bytes(joint, told.measure), told.work)
    with pytest.raises(DiagramValueError) as caught:
        linear.within(joint, 1, case.sizes, case.work)
    least, whole = needed(caught.value), case.whole()
    assert case.least() <= least
    for share in (0.0, 0.15, 0.4):
        budget = int(least + share * (whole - least))
        _, ours = within(joint, budget, case.sizes, case.work)
        _, theirs = linear.within(joint, budget, case.sizes, case.work)
        assert peak(joint, ours, case.sizes)[0] <= budget
        assert case.forwards(ours) <= case.forwards(theirs)
        if name in ("branches", "unet"):
            assert case.forwards(ours) < case.forwards(theirs)
