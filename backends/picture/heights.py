"""How high each slot stands: wires as straight as the order allows, and nothing closer than it may be.

Each column in turn takes the heights that its neighbours ask for, as nearly as its slots leave room: least squares
under an order, which pooling adjacent violators solves exactly in linear time. A few sweeps, to the right, to the left
and to both sides, settle the picture; then wires that are nearly straight are made so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SWEEPS = 6
# wires that miss each other by less than this are made straight, for which slots may come closer: to this part of the
# room between them
NEARLY, CLOSER = 16.0, 0.7


@dataclass(frozen=True)
class Joint:
    """A wire between neighbouring columns: from an offset in a slot to an offset in one further right. `pull` is how
    much it is to be straight, and `back` how much the slot on the left is asked for that."""

    left: int
    left_offset: float
    right: int
    right_offset: float
    pull: float
    back: float


Column = Sequence[tuple[float, float]]


def heights(columns: Sequence[Column], gaps: Sequence[Sequence[Joint]]) -> list[list[float]]:
    """The top of each slot. A column lists its slots as `(height, room)`, where `room` is kept free above."""
    tops = [_stacked(column) for column in columns]
    for sweep in range(SWEEPS):
        both = sweep >= SWEEPS - 2
        for k in range(1, len(columns)):
            _settle(columns[k], tops, k, gaps, True, both)
        for k in reversed(range(len(columns) - 1)):
            _settle(columns[k], tops, k, gaps, both, True)
    _straighten(columns, tops, gaps)
    return tops


def _stacked(column: Column) -> list[float]:
    tops, end = [], 0.0
    for height, room in column:
        tops.append(end + room)
        end += room + height
    return [top - end / 2 for top in tops]


def _settle(
    column: Column, tops: list[list[float]], k: int, gaps: Sequence[Sequence[Joint]], leftward: bool, rightward: bool
) -> None:
    wish = [0.0] * len(column)
    force = [0.0] * len(column)
    if leftward and k > 0:
        for joint in gaps[k - 1]:
            wish[joint.right] += joint.pull * (tops[k - 1][joint.left] + joint.left_offset - joint.right_offset)
            force[joint.right] += joint.pull
    if rightward and k < len(gaps):
        for joint in gaps[k]:
            wish[joint.left] += joint.back * (tops[k + 1][joint.right] + joint.right_offset - joint.left_offset)
            force[joint.left] += joint.back
    tops[k] = nearest(
        column,
        [w / f if f else old for w, f, old in zip(wish, force, tops[k], strict=True)],
        [f if f else 0.01 for f in force],
    )


def nearest(column: Column, wish: Sequence[float], force: Sequence[float]) -> list[float]:
    """The tops nearest to those wished for that keep the order and the room between slots.

    >>> nearest([(10, 0), (10, 5)], [0.0, 0.0], [1.0, 1.0])
    [-7.5, 7.5]
    """
    shifts, shift = [], 0.0
    pools: list[tuple[float, float, int]] = []
    for number, (height, room) in enumerate(column):
        shift += room if number else 0.0
        shifts.append(shift)
        mean, weight, count = wish[number] - shift, force[number], 1
        while pools and pools[-1][0] > mean:
            other, other_weight, other_count = pools.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight += other_weight
            count += other_count
        pools.append((mean, weight, count))
        shift += height
    level = [mean for mean, _, count in pools for _ in range(count)]
    return [base + shift for base, shift in zip(level, shifts, strict=True)]


class _Blocks:
    """Slots that are moved as one, since straight wires join them."""

    __slots__ = ("columns", "members", "of", "tops")

    def __init__(self, columns: Sequence[Column], tops: list[list[float]]) -> None:
        self.columns = columns
        self.tops = tops
        self.of = [[(k, at) for at in range(len(column))] for k, column in enumerate(tops)]
        self.members = {(k, at): [(k, at)] for k, column in enumerate(tops) for at in range(len(column))}

    def room(self, block: tuple[int, int], move: float) -> bool:
        """Whether a block can be moved down by so much."""
        for k, at in self.members[block]:
            column, tops = self.columns[k], self.tops[k]
            if move < 0 and at > 0 and self.of[k][at - 1] != block:
                nearest = tops[at - 1] + column[at - 1][0] + CLOSER * column[at][1]
                free = tops[at] + move >= nearest - 1e-9
            elif move > 0 and at + 1 < len(column) and self.of[k][at + 1] != block:
                end = tops[at] + move + column[at][0] + CLOSER * column[at + 1][1]
                free = end <= tops[at + 1] + 1e-9
            else:
                free = True
            if not free:
                return False
        return True

    def shift(self, block: tuple[int, int], move: float) -> None:
        """Moves it."""
        for k, at in self.members[block]:
            self.tops[k][at] += move

    def merge(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        """Makes one of two."""
        small, large = sorted((one, other), key=lambda block: len(self.members[block]))
        for k, at in self.members[small]:
            self.of[k][at] = large
        self.members[large] += self.members.pop(small)


def _straighten(columns: Sequence[Column], tops: list[list[float]], gaps: Sequence[Sequence[Joint]]) -> None:
    blocks = _Blocks(columns, tops)
    for k, gap in enumerate(gaps):
        for joint in sorted(gap, key=lambda joint: -joint.pull):
            one, other = blocks.of[k][joint.left], blocks.of[k + 1][joint.right]
            if one == other:
                continue
            miss = tops[k][joint.left] + joint.left_offset - tops[k + 1][joint.right] - joint.right_offset
            if abs(miss) > NEARLY:
                continue
            # only the smaller block moves: what is settled stays where it is
            small, move = (other, miss) if len(blocks.members[other]) <= len(blocks.members[one]) else (one, -miss)
            if not blocks.room(small, move):
                continue
            blocks.shift(small, move)
            blocks.merge(one, other)
