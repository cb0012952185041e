"""The boxes of a joint pass in an order, cut into segments: what a dynamic program over ranges of them goes by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diagrammar.diagram import Box
from diagrammar.schedule.needs import Held, Line
from diagrammar.schedule.optic import FREE
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.storage import Bytes, Run

Work = Callable[[Box], float]


@dataclass(frozen=True)
class Reads:
    """What the boxes of a joint pass read and make, views aside: for each forward box the wires of other forward boxes
    that it reads, and those that it makes; the same for each backward box, and the cotangents that it reads; and
    which box makes a forward wire."""

    forward: tuple[tuple[int, ...], ...]
    makes: tuple[tuple[int, ...], ...]
    backward: tuple[tuple[int, ...], ...]
    cotangents: tuple[tuple[int, ...], ...]
    maker: dict[int, int]


def reads_of(joint: Joint, root: dict[int, int]) -> Reads:
    """What is read, by the wires that views look at."""
    makes = tuple(() if node.box.origin in FREE else tuple(node.outs) for node in joint.forward)
    maker = {wire: at for at, wires in enumerate(makes) for wire in wires}
    made = {wire for node in joint.backward if node.box.origin not in FREE for wire in node.outs} | set(joint.seeds)

    def known(wires: Iterable[int], among: dict[int, int] | set[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(wire for each in wires if (wire := root.get(each, each)) in among))

    return Reads(
        tuple(known(node.ins, maker) for node in joint.forward),
        makes,
        tuple(known(node.ins, maker) for node in joint.backward),
        tuple(known(node.ins, made) for node in joint.backward),
        maker,
    )


@dataclass(frozen=True)
class Cut:
    """Forward boxes in an order, cut into segments: `cuts` are their ends, from 0 on. `groups` are the backward boxes
    of each segment in an order in which they run, the last segment first. `pinned` are the wires that are held from the
    first forward on."""

    joint: Joint
    reads: Reads
    sizes: Bytes
    order: tuple[int, ...]
    cuts: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    pinned: frozenset[int]

    def segments(self) -> list[int]:
        """The segment of each forward box."""
        found = [0] * len(self.order)
        for number, (start, stop) in enumerate(pairwise(self.cuts)):
            for at in self.order[start:stop]:
                found[at] = number
        return found


def cut(
    joint: Joint, reads: Reads, sizes: Bytes, order: Sequence[int], cuts: Sequence[int], pinned: frozenset[int]
) -> Cut:
    """The boxes in an order, cut. Their backward boxes come in the opposite order, and sums as `_settled` says."""
    at = [0] * len(order)
    for place, box in enumerate(order):
        at[box] = place
    sums = _sums(joint, reads)
    phases = [at[owner] for owner in joint.owners]
    run = sorted((each for each in range(len(phases)) if each not in sums), key=lambda each: (-phases[each], each))
    groups: list[list[int]] = [[] for _ in cuts[1:]]
    phase = len(order) - 1
    for number in _settled(joint, reads, sizes, run, sums):
        phase = phase if number in sums else phases[number]
        groups[bisect_right(cuts, phase) - 1].append(number)
    return Cut(joint, reads, sizes, tuple(order), tuple(cuts), tuple(map(tuple, groups)), pinned)


def _sums(joint: Joint, reads: Reads) -> frozenset[int]:
    """The backward boxes that add cotangents of one wire."""
    return frozenset(
        number
        for number, node in enumerate(joint.backward)
        if node.box.origin == "std:add" and len(reads.cotangents[number]) == 2 and not reads.backward[number]
    )


def _settled(joint: Joint, reads: Reads, sizes: Bytes, run: Sequence[int], sums: frozenset[int]) -> list[int]:
    """Backward boxes in an order, with sums between them: each as soon as one of its terms is read by nothing else, so
    that one wire waits and not two, else when the sum is needed."""
    root = sizes.root
    left: dict[int, int] = {root.get(wire, wire): -1 for wire in joint.seeds}
    asked: dict[int, list[int]] = {}
    maker: dict[int, int] = {}
    for number, node in enumerate(joint.backward):
        for wire in reads.cotangents[number]:
            # a seed is held by the caller
            left[wire] = left.get(wire, 0) + 1 if left.get(wire, 0) >= 0 else -1
            if number in sums:
                asked.setdefault(wire, []).append(number)
        if number in sums:
            maker.update(dict.fromkeys(node.outs, number))
    made = {wire for node in joint.backward for wire in node.outs}
    there: set[int] = set()
    done: set[int] = set()
    found: list[int] = []
    for first in (*run, *sorted(sums)):
        stack = [first]
        while stack:
            number = stack[-1]
            missing = [maker[w] for w in reads.cotangents[number] if w in maker and maker[w] not in done]
            if number in done or missing:
                stack = stack[:-1] if number in done else [*stack, *missing]
                continue
            stack.pop()
            done.add(number)
            found.append(number)
            there.update(joint.backward[number].outs)
            for wire in reads.cotangents[number]:
                left[wire] -= left[wire] > 0
            for wire in (*reads.cotangents[number], *joint.backward[number].outs):
                for each in asked.get(wire, ()):
                    terms = reads.cotangents[each]
                    if (
                        each not in done
                        and there.issuperset(made.intersection(joint.backward[each].ins))
                        and any(left[term] == 1 for term in terms)
                    ):
                        stack.append(each)
    return found


def line(parts: Cut, work: Work, places: Sequence[int], spans: Sequence[tuple[int, int]]) -> Line:
    """The figures of the segments; places and spans are numbers of segments."""
    segment = parts.segments()
    works = [sum(work(parts.joint.forward[box].box) for box in parts.order[a:b]) for a, b in pairwise(parts.cuts)]
    passing, keeping, alone = _forwards(parts)
    waiting, turning, after = _backwards(parts, segment)
    pinned, before = _pinned(parts, segment)
    return Line(
        works,
        [sum(work(parts.joint.forward[box].box) for box in _own(parts, number)) for number in range(len(works))],
        _held(parts, segment),
        passing,
        keeping,
        alone,
        turning,
        after,
        before,
        [wait + there for wait, there in zip(waiting, pinned, strict=True)],
        places,
        spans,
    )


def _held(parts: Cut, segment: list[int]) -> list[Held]:
    """The wires between segments; those of the same readers are one."""
    reads = parts.reads
    forward: dict[int, set[int]] = {}
    backward: dict[int, set[int]] = {}
    for box, wires in enumerate(reads.forward):
        for wire in wires:
            forward.setdefault(wire, set()).add(segment[box])
    for number, group in enumerate(parts.groups):
        for each in group:
            for wire in reads.backward[each]:
                backward.setdefault(wire, set()).add(number)
    found: dict[tuple[int, tuple[int, ...], tuple[int, ...]], int] = {}
    for wire, box in reads.maker.items():
        made = segment[box]
        ahead = tuple(sorted(forward.get(wire, set()) - {made}))
        back = tuple(sorted(backward.get(wire, ())))
        if wire not in parts.pinned and (ahead or back):
            key = made, ahead, back
            found[key] = found.get(key, 0) + parts.sizes.size[wire]
    return [Held(size, *key) for key, size in found.items()]


def _forwards(parts: Cut) -> tuple[list[int], list[int], list[int]]:
    """The most that lives while each segment runs: where what is read later is kept; where what its backward reads is
    kept too; and where those boxes alone run that the backward needs."""
    joint, sizes, reads = parts.joint, parts.sizes, parts.reads
    segment = parts.segments()
    later: set[int] = set(parts.pinned)
    for box, wires in enumerate(reads.forward):
        later.update(wire for wire in wires if segment[reads.maker[wire]] != segment[box])
    passing: list[int] = []
    keeping: list[int] = []
    alone: list[int] = []
    for number, (start, stop) in enumerate(pairwise(parts.cuts)):
        boxes = parts.order[start:stop]
        own = {wire for box in boxes for wire in reads.makes[box]}
        read = {wire for each in parts.groups[number] for wire in reads.backward[each]} & own
        needed = _own(parts, number)
        for run, kept, most in (
            (boxes, own & later, passing),
            (boxes, (own & later) | read, keeping),
            (needed, read, alone),
        ):
            nodes = [joint.forward[box] for box in run]
            there = {sizes.root.get(wire, wire) for node in nodes for wire in node.ins} - own
            live = Run(sizes.size, sizes.root, there)
            live.run(nodes, kept, sizes.scratch)
            most.append(live.peak)
    return passing, keeping, alone


def _own(parts: Cut, number: int) -> list[int]:
    """The boxes of a segment that its own backward needs."""
    reads, found = parts.reads, []
    needed = {wire for each in parts.groups[number] for wire in reads.backward[each]} - parts.pinned
    for box in reversed(parts.order[parts.cuts[number] : parts.cuts[number + 1]]):
        if needed.intersection(reads.makes[box]):
            found.append(box)
            needed.update(wire for wire in reads.forward[box] if wire not in parts.pinned)
    return found[::-1]


def _backwards(parts: Cut, segment: list[int]) -> tuple[list[int], list[int], list[int]]:
    """What waits while the backward of each segment is the next to run; the most that lives besides while it reads the
    forward: cotangents, and what the segment itself has kept; and the most that does after that."""
    joint, sizes, reads = parts.joint, parts.sizes, parts.reads
    last: dict[int, int] = {}
    run = [each for group in reversed(parts.groups) for each in group]
    for at, each in enumerate(run):
        for wire in reads.cotangents[each]:
            last[wire] = at
    forever = {sizes.root.get(wire, wire) for wire in joint.gradients if wire is not None} | set(joint.seeds)
    live, at = sum(sizes.size[wire] for wire in joint.seeds), 0
    waiting, turning, after = [], [], []
    for number in range(len(parts.groups) - 1, -1, -1):
        group = parts.groups[number]
        final: dict[int, int] = {}
        reading = at - 1
        for place, each in enumerate(group, at):
            for wire in reads.backward[each]:
                reading = place
                if segment[reads.maker[wire]] == number and wire not in parts.pinned:
                    final[wire] = place
        own = sum(sizes.size[wire] for wire in final)
        waited, most, rest = live, live + own, 0
        for place, each in enumerate(group, at):
            node = joint.backward[each]
            made = () if node.box.origin in FREE else node.outs
            live += sum(sizes.size[wire] for wire in made)
            now = live + own + sizes.scratch(node.box)
            most, rest = (max(most, now), rest) if place <= reading else (most, max(rest, now))
            gone = [wire for wire in reads.cotangents[each] if last[wire] == place and wire not in forever]
            unread = [wire for wire in made if wire not in last and wire not in forever]
            live -= sum(sizes.size[wire] for wire in (*gone, *unread))
            own -= sum(sizes.size[wire] for wire in reads.backward[each] if final.get(wire) == place)
        at += len(group)
        waiting.append(waited)
        turning.append(most - waited)
        after.append(rest - waited)
    return waiting[::-1], turning[::-1], after[::-1]


def _pinned(parts: Cut, segment: list[int]) -> tuple[list[int], list[int]]:
    """The bytes of pinned wires: while the backward of each segment is the next to run, and before it runs at first."""
    reads, count = parts.reads, len(parts.groups)
    first = dict.fromkeys(parts.pinned, count - 1)
    for wire in {parts.sizes.root.get(each, each) for each in parts.joint.results} & parts.pinned:
        first[wire] = 0
    for box, wires in enumerate(reads.forward):
        for wire in parts.pinned.intersection(wires):
            first[wire] = min(first[wire], segment[box])
    for number, group in enumerate(parts.groups):
        for each in group:
            for wire in parts.pinned.intersection(reads.backward[each]):
                first[wire] = min(first[wire], number)
    after, before = [0] * count, [0] * (count + 1)
    for wire in parts.pinned:
        size = parts.sizes.size[wire]
        after[first[wire]] += size
        before[segment[reads.maker[wire]] + 1] += size
    for number in range(1, count):
        after[number] += after[number - 1]
        before[number] += before[number - 1]
    return after, before[:count]
