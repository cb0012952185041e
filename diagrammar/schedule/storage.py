"""Bytes of wires, and the most that live at once while boxes run in an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod

from diagrammar.diagram import Box, Node
from diagrammar.errors import DiagramValueError
from diagrammar.schedule.optic import FREE, Optic
from diagrammar.schedule.reverse import Joint
from diagrammar.sizes import evaluate
from diagrammar.types import Tensor, Tokens, Type, shape_of


@dataclass(frozen=True)
class Measure:
    """Sizes for which bytes are counted: values of free sizes (`X.0`), samples in a batch, bytes of a real number."""

    sizes: Mapping[str, int]
    batch: int = 1
    width: int = 4

    def bytes_of(self, wire: Type, batched: bool) -> int:
        """The bytes of a wire. Raises DiagramValueError where a size is not given."""
        try:
            count = prod(ceil(evaluate(size, self.sizes)) for size in shape_of(wire))
        except ValueError as error:
            raise DiagramValueError(f"the bytes of {wire} depend on a free size: give it with at=") from error
        item = 8 if isinstance(wire, Tokens) else 1 if isinstance(wire, Tensor) and wire.kind == "Bool" else self.width
        return count * item * (self.batch if batched else 1)


class Bytes:
    """The bytes of the wires of a joint pass. Views have none of their own: `root` is the wire that they look at."""

    def __init__(self, joint: Joint, measure: Measure) -> None:
        self.joint = joint
        self.measure = measure
        self.root: dict[int, int] = {}
        self._scratch: dict[int, int] = {}
        self.size = [measure.bytes_of(wire, on) for wire, on in zip(joint.types, joint.batched, strict=True)]
        for node in (*joint.forward, *joint.backward):
            if node.box.origin in FREE:
                for wire in node.outs:
                    self.size[wire] = 0
                    if node.ins:
                        self.root[wire] = self.root.get(node.ins[0], node.ins[0])
        # the cotangents of what was put together are views of one
        for node in joint.backward:
            if node.box.origin == "std:split":
                for wire in node.outs:
                    self.size[wire] = 0
                    self.root[wire] = self.root.get(node.ins[0], node.ins[0])

    def scratch(self, box: Box) -> int:
        """What the operation of a box makes and lets go before it ends."""
        # boxes of the joint pass, which is held here
        if id(box) not in self._scratch:
            self._scratch[id(box)] = self._made_within(box)
        return self._scratch[id(box)]

    def _made_within(self, box: Box) -> int:
        derived = box.derived
        name = (derived.of if derived is not None else box).origin
        of = derived.of if derived is not None else box
        if name == "std:pool" and box.insides:
            # no operation of its own
            return self._inside(box)
        if not name.startswith("std:") or not of.dom:
            return 0
        whole = self.measure.bytes_of(of.dom[0], True)
        is_back = derived is not None and derived.kind == "vjp"
        match name:
            case "std:fourier":
                return 2 * whole
            case "std:conv":
                return _padding(of) * whole * (2 if is_back else 1)
            case "std:unpool":
                # axis after axis
                return self.measure.bytes_of(of.cod[0], True) // 2
            case "std:pointwise" if is_back:
                return self.measure.bytes_of(of.dom[1], True)
            case _:
                return 0

    def _inside(self, box: Box) -> int:
        """The most that lives inside a frame besides what goes in and comes out. Frames of cotangents stand one in
        another only as deep as derivatives of derivatives."""
        flat = box.insides[0].flat
        size = [self.measure.bytes_of(wire, True) for wire in flat.types]
        for node in flat.nodes:
            if node.box.origin in FREE:
                for wire in node.outs:
                    size[wire] = 0
        run = Run(size, {}, set(flat.inputs))
        run.run(flat.nodes, set(flat.outputs), self.scratch)
        return max(0, run.peak - sum(size[wire] for wire in set(flat.outputs) - set(flat.inputs)))


def _padding(box: Box) -> int:
    """Whether the operand of a convolution is padded before."""
    inner = next(node.box for node in box.insides[0].flat.nodes if node.box.origin == "std:convolution")
    kernel, stride = inner.param("kernel", 3), inner.param("stride", 1)
    assert isinstance(kernel, int) and isinstance(stride, int)
    even = kernel <= stride or (kernel - stride) % 2 == 0
    return 0 if kernel <= stride or (even and inner.param("padding", "zeros") == "zeros") else 2


def peak(joint: Joint, optic: Optic, sizes: Bytes) -> tuple[int, int]:
    """The most bytes that live at once in a forward and a backward, besides inputs and weights; and those that live
    between the two: the residual and the results."""
    held = set(joint.inputs)
    forward = Run(sizes.size, sizes.root, held)
    forward.run(optic.forward.flat.nodes, set(optic.forward.flat.outputs), sizes.scratch)
    between = forward.live
    flat = optic.backward.flat
    count = len(joint.inputs)
    back = Run([sizes.size[wire] for wire in optic.origins], _roots(optic, sizes), set(flat.inputs[:count]))
    for wire in flat.inputs[count:]:
        back.make(wire)
    # the results are the caller's until the end
    read = {joint.results[at] for at in optic.reads}
    rest = sum(sizes.size[wire] for wire in dict.fromkeys(joint.results) if wire not in read and wire not in held)
    ends = set(flat.outputs) | set(flat.inputs[count : count + len(optic.reads)])
    seeds = flat.inputs[len(flat.inputs) - len(joint.seeds) :]
    back.run(flat.nodes, ends | set(seeds), sizes.scratch)
    return max(forward.peak, back.peak + rest), between


def _roots(optic: Optic, sizes: Bytes) -> dict[int, int]:
    """What views of the backward look at."""
    root: dict[int, int] = {}
    for node in optic.backward.flat.nodes:
        if node.ins and any(optic.origins[wire] in sizes.root for wire in node.outs):
            root.update(dict.fromkeys(node.outs, root.get(node.ins[0], node.ins[0])))
    return root


class Run:
    """Boxes that run in an order: a wire lives from where it is made to where it is read last."""

    def __init__(self, size: Sequence[int], root: Mapping[int, int], held: set[int]) -> None:
        self.size = size
        self.root = root
        self.held = held
        self.alive: set[int] = set()
        self.live = 0
        self.peak = 0

    def make(self, wire: int) -> None:
        """A wire that is there now."""
        if wire not in self.held and wire not in self.alive:
            self.alive.add(wire)
            self.live += self.size[wire]
            self.peak = max(self.peak, self.live)

    def run(self, nodes: Sequence[Node], ends: set[int], scratch: Callable[[Box], int]) -> None:
        """Runs the boxes; what is alive at the start and read by none of them lives on."""
        last: dict[int, int] = {}
        for at, node in enumerate(nodes):
            for wire in node.ins:
                last[self.root.get(wire, wire)] = at
        dying: dict[int, list[int]] = {}
        kept = {self.root.get(wire, wire) for wire in ends}
        for wire, at in last.items():
            if wire not in kept:
                dying.setdefault(at, []).append(wire)
        for at, node in enumerate(nodes):
            for wire in node.outs:
                self.make(wire)
            self.peak = max(self.peak, self.live + scratch(node.box))
            for wire in (*dying.get(at, ()), *(w for w in node.outs if w not in last and w not in kept)):
                if wire in self.alive:
                    self.alive.remove(wire)
                    self.live -= self.size[wire]
