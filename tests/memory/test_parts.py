"""Series-parallel parts of bodies, and the orders of their branches."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from diagrammar.schedule.branches import Load, orders
from diagrammar.schedule.parts import Knot, Parallel, Part, Series, boxes_of, decomposed, shown

Reads = list[list[int]]


def grown(draw: random.Random, count: int, start: int, reads: Reads) -> int:
    """Puts about so many boxes after one: in series, or side by side between a fork and a join; gives the last."""
    if count <= 2:
        for _ in range(count):
            reads.append([start])
            start = len(reads) - 1
        return start
    if draw.random() < 0.5:
        middle = draw.randint(1, count - 1)
        return grown(draw, count - middle, grown(draw, middle, start, reads), reads)
    reads.append([start])
    fork, left = len(reads) - 1, count - 2
    ends = [fork] if draw.random() < 0.4 else []
    while left > 0:
        each = draw.randint(1, left)
        ends.append(grown(draw, each, fork, reads))
        left -= each
    reads.append(ends)
    return len(reads) - 1


def topological(order: list[int] | tuple[int, ...], reads: Reads) -> bool:
    """Whether each box comes once, after those that it reads."""
    at = {box: place for place, box in enumerate(order)}
    return len(at) == len(order) == len(reads) and all(at[r] < at[box] for box, each in enumerate(reads) for r in each)


def knots(part: Part) -> list[Knot]:
    """The knots in a part."""
    if isinstance(part, Series | Parallel):
        return [knot for each in part.parts for knot in knots(each)]
    return [part] if isinstance(part, Knot) else []


@pytest.mark.parametrize("seed", range(30))
def test_series_parallel_bodies_have_no_knots(seed: int) -> None:
    """A body that was put together in series, and side by side between a fork and a join, falls into such parts again,
    down to boxes."""
    reads: Reads = [[]]
    grown(random.Random(seed), 30, 0, reads)
    found = decomposed(reads)
    assert topological(boxes_of(found), reads)
    assert knots(found) == []


@pytest.mark.parametrize("seed", range(30))
def test_every_order_of_branches_can_run(seed: int) -> None:
    """Whatever reads what, each box is in one part, and comes after what it reads in each order of branches."""
    draw = random.Random(seed)
    count = draw.randint(1, 16)
    reads = [
        [draw.randrange(max(0, at - 5), at) for _ in range(draw.randint(0, 2))] if at else [] for at in range(count)
    ]
    part = decomposed(reads)
    loads = [
        Load(draw.randint(0, 9), draw.randint(0, 9), draw.randint(0, 9), draw.randint(-9, 9)) for _ in range(count)
    ]
    for all_of in (1, 24):
        found = orders(part, loads, all_of)
        assert len(set(found)) == len(found)
        assert all(topological(order, reads) for order in found)


def test_a_knot_is_as_small_as_it_can_be() -> None:
    """What is not series-parallel is tied between the fork and the join round it; what lies beside, before and after
    stays as it is."""
    crossed = [[], [0], [0], [1, 2], [1, 2], [0], [5], [3, 4, 6], [7]]
    assert shown(decomposed(crossed)) == "(0 > ({1 2 3 4} | (5 > 6)) > 7 > 8)"
    # a U: what goes down is met on the way up
    skips = [[], [0], [1], [2], [1, 3], [0, 4], [5]]
    assert shown(decomposed(skips)) == "(0 > ((1 > ((2 > 3) | .) > 4) | .) > 5 > 6)"


def test_deep_nests_are_taken_apart() -> None:
    """Forks in forks, thousands deep, each with its join."""
    deep = 5000
    reads = [[at - 1] if at else [] for at in range(deep)] + [[deep + at - 1, deep - 1 - at] for at in range(deep)]
    part = decomposed(reads)
    assert boxes_of(part) == list(range(2 * deep))
    assert len(orders(part, [Load(1, 1, 1, 0)] * (2 * deep), 6)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_branches_has_a_lower_forward(seed: int) -> None:
    """The branches that need the most besides what they leave come first: among all orders there is none in which less
    lives at once (Liu, 1987)."""
    draw = random.Random(seed)
    loads = [Load(left + draw.randint(0, 9), left, 0, 0) for left in (draw.randint(0, 9) for _ in range(5))]
    fork = Series((Parallel(tuple(range(5)), False), 5))

    def most(order: tuple[int, ...]) -> int:
        live = peak = 0
        for box in order[:5]:
            peak, live = max(peak, live + loads[box].peak), live + loads[box].left
        return peak

    ruled = orders(fork, [*loads, Load(0, 0, 0, 0)], 1)
    assert min(map(most, ruled)) == min(most(each) for each in permutations(range(5)))
