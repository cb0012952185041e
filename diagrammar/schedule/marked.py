"""Schedules that marks say: what stands in `recompute { f }` is run again, what stands in `store { f }` is kept."""

from __future__ import annotations

from collections.abc import Iterator

from diagrammar.errors import BudgetError
from diagrammar.schedule.flattened import Flattened
from diagrammar.schedule.optic import FREE, Step
from diagrammar.schedule.reverse import Joint

# marks in one another run what is in them once for each
_STEPS = 1_000_000
# the word for the whole is the mark round all others
_ROOT = -1


def marked(joint: Joint, flat: Flattened, word: str) -> list[Step]:
    """The schedule in which `word`, "store" or "recompute", is the mark round the whole body.

    What a `recompute` holds is run again right before its backward, from the inputs of the mark: those are kept, or are
    made by what runs again around it. Of what a `store` in it holds nothing is run again. So a lens may stand in an
    optic and an optic in a lens, and nested marks are nested lenses: n of them in one another run the innermost box n
    times.

    Raises BudgetError where marks in one another ask for more than a million steps.
    """
    regions = _Regions(flat, word)
    reading = _Reading(joint)
    steps: list[Step] = []
    for at, owner in enumerate(joint.owners):
        for region in regions.entered(owner):
            for number in regions.again(region):
                if region == _ROOT or not reading.waits(number, regions.last[region]):
                    steps.append(("forward", number))
                    reading.run(joint.forward[number].ins, joint.forward[number].outs)
            if len(steps) > _STEPS:
                span = joint.forward[regions.first[region]].box.span
                raise BudgetError(f"marks in one another run more than {_STEPS:,} boxes again", span)
        steps.append(("backward", at))
        reading.run(joint.backward[at].ins, joint.backward[at].outs)
    return steps


class _Regions:
    """The occurrences of marks, and the whole body as one more: which boxes they hold, from `first` to before `last`,
    and how deep they stand."""

    def __init__(self, flat: Flattened, word: str) -> None:
        count = len(flat.marks)
        self.kinds = {_ROOT: word, **{number: one.kind for number, one in enumerate(flat.regions)}}
        self.outer = {number: _ROOT if one.outer is None else one.outer for number, one in enumerate(flat.regions)}
        self.inner = [_ROOT if mark is None else mark.region for mark in flat.marks]
        self.depth = {_ROOT: 0}
        # how deep the innermost `store` round each mark stands, itself counted
        self.kept = {_ROOT: 0 if word == "store" else -1}
        for number, outer in self.outer.items():
            self.depth[number] = self.depth[outer] + 1
            self.kept[number] = self.depth[number] if self.kinds[number] == "store" else self.kept[outer]
        self.first = dict.fromkeys(self.outer, count) | {_ROOT: 0}
        self.last = dict.fromkeys(self.outer, 0) | {_ROOT: count}
        for at, number in enumerate(self.inner):
            self.first[number] = min(self.first[number], at)
            self.last[number] = max(self.last[number], at + 1)
        # a mark has a larger number than the one round it
        for number in sorted(self.outer, reverse=True):
            outer = self.outer[number]
            self.first[outer] = min(self.first[outer], self.first[number])
            self.last[outer] = max(self.last[outer], self.last[number])
        self._done: set[int] = set()

    def entered(self, box: int) -> list[int]:
        """The marks round a box that the backward enters with it, from the outermost, and that run something again."""
        found = []
        number = self.inner[box] if self.inner else _ROOT
        while number not in self._done:
            self._done.add(number)
            if self.kinds[number] == "recompute" and not self._alike(number):
                found.append(number)
            if number == _ROOT:
                break
            number = self.outer[number]
        return found[::-1]

    def _alike(self, number: int) -> bool:
        """Whether the mark round a mark holds the same and runs it again already."""
        outer = self.outer.get(number, number)
        same = (self.first[number], self.last[number]) == (self.first[outer], self.last[outer])
        return number != _ROOT and same and self.kinds[outer] == "recompute"

    def again(self, region: int) -> Iterator[int]:
        """The boxes that a mark runs again: those in it that no `store` in it holds."""
        for at in range(self.first[region], self.last[region]):
            if self.kept[self.inner[at]] < self.depth[region]:
                yield at


class _Reading:
    """Which wires a backward has, while it is written: those that it made, and those that it asked of the forward."""

    def __init__(self, joint: Joint) -> None:
        self._have = {*joint.inputs, *joint.seeds}
        self._free = {wire: node for node in joint.forward if node.box.origin in FREE for wire in node.outs}
        self._outs = [node.outs for node in joint.forward]
        self._last: dict[int, int] = {}
        for at, node in enumerate(joint.forward):
            self._last.update(dict.fromkeys(node.ins, at))

    def waits(self, number: int, last: int) -> bool:
        """Whether all that a box gives is there already, as it is where the boxes after its mark, from `last` on, have
        read it."""
        return all(wire in self._have and self._last.get(wire, 0) >= last for wire in self._outs[number])

    def run(self, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        """Notes that a box is run."""
        stack = list(ins)
        while stack:
            wire = stack.pop()
            if wire in self._have:
                continue
            node = self._free.get(wire)
            if node is None:
                self._have.add(wire)
            else:
                # a view is made again of what it looks at
                self._have.update(node.outs)
                stack += node.ins
        self._have.update(outs)
