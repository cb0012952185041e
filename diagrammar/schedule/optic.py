"""A reverse pass cut in two: the forward, the residual, and the backward."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from diagrammar.diagram import Diagram, Flat, Node
from diagrammar.schedule.reverse import Joint

# boxes without work of their own: views, and numbers; they are made again where they are read, and never kept
FREE = frozenset(f"std:{name}" for name in ("const", "broadcast", "sample", "field", "as_complex", "as_real"))
# a step of the backward: the forward box of this number again, or the backward box of this number
Step = tuple[str, int]


@dataclass(frozen=True)
class Optic:
    """An optic (Riley, 2018): `forward : A -> B @ M` and `backward : A @ R @ M @ TB -> TA`.

    A are the inputs of a body with its weights, M the residual, and R those of the results B that the backward reads,
    by their numbers in `reads`. `kept` are the wires of M in the joint pass, `backward` gives those cotangents of
    active inputs that are not zero: `given` says which. `origins[w]` is the wire of the joint pass that wire w of the
    backward stands for. `again` are the numbers of the forward boxes that the backward
    runs, each as often as it does.
    """

    forward: Diagram
    backward: Diagram
    reads: tuple[int, ...]
    kept: tuple[int, ...]
    given: tuple[bool, ...]
    again: tuple[int, ...]
    origins: tuple[int, ...]


def store(joint: Joint) -> list[Step]:
    """The schedule that keeps all that the backward reads: an optic."""
    return [("backward", at) for at in range(len(joint.backward))]


def split(
    joint: Joint, steps: Iterable[Step], order: Sequence[int] = (), held: Collection[int] = ()
) -> Optic:  # fmt: skip
    """The optic of a schedule: what its backward reads before it has made it is the residual.

    The forward runs in this order of its boxes, in that of the joint pass where none is given. Wires that are `held`
    are read as the forward made them, even where a box that makes them runs again.
    """
    back = _Back(joint, order, held)
    for which, number in steps:
        if which == "forward":
            back.put(joint.forward[number], number)
        else:
            back.put(joint.backward[number])
    return back.optic()


class _Back:
    """A backward that is being written: where each wire of the joint pass is now."""

    def __init__(self, joint: Joint, order: Sequence[int], held: Collection[int]) -> None:
        self.joint = joint
        self.order = order or range(len(joint.forward))
        self.held = held
        # wires here have numbers of their own, since a box may be run several times
        self.types = list(joint.types)
        self.origins = list(range(len(self.types)))
        self.at: dict[int, int] = {wire: wire for wire in (*joint.inputs, *joint.seeds)}
        self.nodes: list[Node] = []
        self.numbers: dict[int, int] = {}
        self.asked: dict[int, int] = {}
        self.free = {wire: node for node in joint.forward if node.box.origin in FREE for wire in node.outs}

    def read(self, wire: int) -> int:
        """Where a wire is; one that the backward has not made is asked of the forward."""
        stack = [wire]
        while stack:
            top = stack[-1]
            if top in self.at:
                stack.pop()
                continue
            node = self.free.get(top)
            if node is None:
                # a wire of the joint pass keeps its number as an input of the backward
                self.asked[top] = self.at[top] = self._fresh(top)
                continue
            missing = [each for each in node.ins if each not in self.at]
            if missing:
                stack += missing
            else:
                self._put(node)
        return self.at[wire]

    def put(self, node: Node, number: int | None = None) -> None:
        """One step; of a forward box, which one it is."""
        for wire in node.ins:
            self.read(wire)
        self._put(node)
        if number is not None:
            self.numbers[id(self.nodes[-1])] = number

    def _put(self, node: Node) -> None:
        ins = tuple(self.at[wire] for wire in node.ins)
        outs = tuple(self._fresh(wire) for wire in node.outs)
        self.nodes.append(Node(node.box, ins, outs))
        self.at.update((wire, here) for wire, here in zip(node.outs, outs, strict=True) if wire not in self.held)

    def _fresh(self, wire: int) -> int:
        self.types.append(self.types[wire])
        self.origins.append(self.origins[wire])
        return len(self.types) - 1

    def optic(self) -> Optic:
        """The two halves."""
        joint = self.joint
        ends = [self.read(wire) for wire in joint.gradients if wire is not None]
        nodes = live(self.nodes, ends)
        used = {wire for node in nodes for wire in node.ins} | set(ends)
        asked = {wire: here for wire, here in self.asked.items() if here in used}
        first: dict[int, int] = {}
        for at, wire in enumerate(joint.results):
            if wire in asked:
                first.setdefault(wire, at)
        reads = tuple(first.values())
        kept = tuple(wire for wire in asked if wire not in first)
        inputs = (*joint.inputs, *(asked[wire] for wire in first), *(asked[wire] for wire in kept), *joint.seeds)
        backward = Diagram(Flat(self.types, inputs, nodes, tuple(ends)))
        outputs = (*joint.results, *kept)
        boxes = [joint.forward[at] for at in self.order]
        forward = Diagram(Flat(joint.types, joint.inputs, live(boxes, outputs), outputs))
        again = tuple(self.numbers[id(node)] for node in nodes if id(node) in self.numbers)
        given = tuple(wire is not None for wire in joint.gradients)
        return Optic(forward, backward, reads, kept, given, again, tuple(self.origins))


def live(nodes: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """Those of the boxes that the outputs need."""
    needed = set(outputs)
    found = []
    for node in reversed(nodes):
        if any(wire in needed for wire in node.outs):
            needed.update(node.ins)
            found.append(node)
    found.reverse()
    return found
