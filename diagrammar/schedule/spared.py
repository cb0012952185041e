"""A schedule with less recomputation: what still fits is kept for its next reader instead of being made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from diagrammar.schedule.line import Reads
from diagrammar.schedule.optic import Step
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.storage import Bytes

# a wire, and the step that made it here: -1 for the first forward
Copy = tuple[int, int]


@dataclass(frozen=True)
class Again:
    """A step that runs a forward box again: the bytes of what it makes, and the step up to which what the box made
    before is there, -1 where it is not kept from the forward."""

    step: int
    box: int
    size: int
    until: int


@dataclass(frozen=True)
class Lives:
    """What lives at each step, and the steps that run a forward box again."""

    bytes: list[int]
    again: list[Again]


def needed(joint: Joint, reads: Reads, steps: Sequence[Step], held: frozenset[int]) -> list[Step]:
    """The steps without forward boxes of whose results nothing is read before they are made again."""
    wanted: set[int] = set()
    found: list[Step] = []
    for which, at in reversed(steps):
        if which == "forward":
            makes = wanted.intersection(reads.makes[at]) - held
            if not makes:
                continue
            wanted -= makes
            wanted.update(reads.forward[at])
        else:
            wanted.update(reads.backward[at])
        found.append((which, at))
    found.reverse()
    return found


def lives(joint: Joint, reads: Reads, sizes: Bytes, steps: Sequence[Step], held: frozenset[int]) -> Lives:
    """What lives at each of the needed steps of a schedule; what is `held` is there throughout."""
    last: dict[Copy, int] = {}
    before: dict[Copy, int] = {}
    now: dict[int, int] = {}
    made: dict[int, int] = {}
    ended: dict[int, int] = {}
    for place, (which, at) in enumerate(steps):
        for wire in reads.forward[at] if which == "forward" else reads.backward[at]:
            last[wire, now.get(wire, -1)] = place
        if which == "forward":
            for wire in reads.makes[at]:
                if wire not in held:
                    before[wire, place] = now.get(wire, -1)
                    now[wire] = place
        else:
            ended.update(dict.fromkeys(reads.cotangents[at], place))
            made.update(dict.fromkeys(joint.backward[at].outs, place))
    forever = {sizes.root.get(wire, wire) for wire in joint.gradients if wire is not None} | set(joint.seeds)
    made.update(dict.fromkeys(joint.seeds, 0))
    change = [0] * (len(steps) + 1)
    whole = sum(sizes.size[wire] for wire in held)
    for (wire, start), end in last.items():
        if wire not in held:
            change[max(start, 0)] += sizes.size[wire]
            change[end + 1] -= sizes.size[wire]
    for wire, start in made.items():
        change[start] += sizes.size[wire]
        if wire not in forever:
            change[ended.get(wire, start) + 1] -= sizes.size[wire]
    found, live = [], whole
    for place, (which, at) in enumerate(steps):
        live += change[place]
        node = joint.forward[at] if which == "forward" else joint.backward[at]
        found.append(live + sizes.scratch(node.box))
    return Lives(found, list(_again(reads, sizes, steps, last, before)))


def _again(
    reads: Reads, sizes: Bytes, steps: Sequence[Step], last: dict[Copy, int], before: dict[Copy, int]
) -> Iterator[Again]:
    for place, (which, at) in enumerate(steps):
        if which == "forward":
            used = [wire for wire in reads.makes[at] if (wire, place) in last]
            until = min((last.get((wire, before[wire, place]), before[wire, place]) for wire in used), default=-1)
            yield Again(place, at, sum(sizes.size[wire] for wire in used), until)


def spared(
    joint: Joint,
    reads: Reads,
    sizes: Bytes,
    steps: Sequence[Step],
    held: frozenset[int],
    never: Callable[[int], bool],
    budget: int,
    work: Callable[[int], float],
    fits: Callable[[Sequence[Step]], bool],
    tries: int,
) -> list[Step]:
    """The schedule without those runs of forward boxes, the most work first, without which it fits too; `never` says of
    which boxes nothing may be kept, `fits` counts a schedule exactly, at most so often."""
    now = needed(joint, reads, steps, held)
    refused: set[tuple[int, int]] = set()
    while tries > 0:
        there = lives(joint, reads, sizes, now, held)
        for each in sorted(there.again, key=lambda again: (-work(again.box), again.step)):
            # the how many-th step from the end: what is left out comes before or after it
            mark = (each.box, sum(step == ("forward", each.box) for step in now[each.step :]))
            between = there.bytes[each.until + 1 : each.step]
            if mark in refused or never(each.box) or max(between, default=0) + each.size > budget:
                continue
            fewer = needed(joint, reads, [*now[: each.step], *now[each.step + 1 :]], held)
            tries -= 1
            if fits(fewer):
                now = fewer
                break
            refused.add(mark)
            if tries == 0:
                break
        else:
            break
    return now
