"""The least work of a training step under a bound on its bytes, by trying all orders of computing, dropping and
computing again: a shortest path (Dijkstra, 1959) over what is live and what is done of the backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import combinations
from math import inf

from diagrammar.diagram import Box, Node
from diagrammar.schedule.optic import FREE
from diagrammar.schedule.reverse import Joint
from diagrammar.schedule.storage import Bytes

# wires of the forward that are live, backward boxes that are done, as bits; whether the results are made
State = tuple[int, int, bool]


@dataclass(frozen=True)
class Move:
    """A box: the forward wires that it reads and makes, as bits; bytes while it runs besides wires; its work."""

    reads: int
    makes: int
    scratch: int
    work: float


class Search:
    """All that a step may do: any forward box whose operands are live, any backward box once, any wire dropped."""

    def __init__(self, joint: Joint, sizes: Bytes, work: Callable[[Box], float]) -> None:
        self.joint, self.sizes = joint, sizes
        made = [wire for node in joint.forward if node.box.origin not in FREE for wire in node.outs]
        self.bit = {wire: 1 << at for at, wire in enumerate(made)}
        self.bytes = [sizes.size[wire] for wire in made]
        self.forward = [self._move(node, work(node.box)) for node in joint.forward if node.box.origin not in FREE]
        self.backward = [self._move(node, 0.0) for node in joint.backward]
        self.results = self._bits(joint.results)
        self._cotangents()

    def _bits(self, wires: Sequence[int]) -> int:
        found = 0
        for wire in wires:
            found |= self.bit.get(self.sizes.root.get(wire, wire), 0)
        return found

    def _move(self, node: Node, work: float) -> Move:
        return Move(self._bits(node.ins), self._bits(node.outs), self.sizes.scratch(node.box), work)

    def _cotangents(self) -> None:
        """For each backward box the boxes before it, what it makes, and who reads that."""
        root, size = self.sizes.root, self.sizes.size
        maker = {wire: at for at, node in enumerate(self.joint.backward) for wire in node.outs}
        readers: dict[int, int] = {}
        self.before = []
        for at, node in enumerate(self.joint.backward):
            needs = 0
            for wire in node.ins:
                needs |= 1 << maker[wire] if wire in maker else 0
                each = root.get(wire, wire)
                readers[each] = readers.get(each, 0) | 1 << at
            self.before.append(needs)
        ends = {root.get(wire, wire) for wire in self.joint.gradients if wire is not None}
        self.cotangents = [
            (1 << at, -1 if wire in ends else readers.get(wire, 0), size[wire])
            for wire, at in maker.items()
            if wire not in root
        ]
        self.seeds = sum(size[wire] for wire in self.joint.seeds)

    def waiting(self, done: int, also: int) -> int:
        """The bytes of cotangents after some backward boxes, while one more runs (or none)."""
        # read by none of the boxes: there while its own box runs
        return sum(
            size
            for maker, readers, size in self.cotangents
            if (maker == also) or (maker & done and (readers == -1 or readers & ~done))
        )

    def live(self, wires: int) -> int:
        """The bytes of forward wires."""
        return sum(size for at, size in enumerate(self.bytes) if wires >> at & 1)

    def least(self, budget: float) -> float:
        """The least work of all forward boxes that are run, infinite where nothing fits."""
        everything = (1 << len(self.backward)) - 1
        start: State = (0, 0, False)
        far: dict[State, float] = {start: 0.0}
        queue: list[tuple[float, int, State]] = [(0.0, 0, start)]
        while queue:
            cost, _, state = heappop(queue)
            if cost > far[state]:
                continue
            if state[1] == everything:
                return cost
            for work, after in self.after(state, budget):
                if cost + work < far.get(after, inf):
                    far[after] = cost + work
                    # of states equally far those that are further on come first
                    heappush(queue, (cost + work, -after[1].bit_count() - after[2], after))
        return inf

    def after(self, state: State, budget: float) -> Iterator[tuple[float, State]]:
        """What may come next: only what makes room is dropped, since the rest may be dropped later."""
        live, done, made = state
        if not made and live & self.results == self.results:
            yield 0.0, (live, done, True)
        always = self.results if made else 0
        fixed = self.seeds if made else 0
        for move in self.forward:
            if live & move.reads == move.reads and live & move.makes != move.makes:
                rest = fixed + self.waiting(done, 0) + move.scratch
                for kept in self.dropped(live | move.makes, move.reads | move.makes | always, budget - rest):
                    yield move.work, (kept, done, made)
        if not made:
            return
        for at, move in enumerate(self.backward):
            own = 1 << at
            if not done & own and done & self.before[at] == self.before[at] and live & move.reads == move.reads:
                rest = fixed + self.waiting(done, own) + move.scratch
                for kept in self.dropped(live, move.reads | always, budget - rest):
                    yield 0.0, (kept, done | own, made)

    def dropped(self, live: int, keep: int, room: float) -> Iterator[int]:
        """What is left where as little as possible is dropped, with each choice of it."""
        if self.live(live & keep) > room:
            return
        free = [1 << at for at in range(len(self.bytes)) if (live & ~keep) >> at & 1]
        found: list[int] = []
        for count in range(len(free) + 1):
            for each in combinations(free, count):
                gone = sum(each)
                if any(less & gone == less for less in found):
                    continue
                if self.live(live & ~gone) <= room:
                    found.append(gone)
                    yield live & ~gone
