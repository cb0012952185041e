"""The linear reverse pass over a flat body: forward boxes, and for each the cotangent that stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagrammar.box import Derivative
from diagrammar.derivative import Deriver
from diagrammar.derivative.wiring import lay, total, zero
from diagrammar.diagram import Box, Builder, Diagram, Flat, Node
from diagrammar.schedule.residuals import Residual, residual, weights_of
from diagrammar.schedule.totals import TOTAL, total_box, totalled
from diagrammar.steps import run
from diagrammar.tangent import Mask, has_tangent, tangents
from diagrammar.types import Type


@dataclass(frozen=True)
class Joint:
    """A body and its cotangent on one set of wires.

    `inputs` are those of the body, `seeds` the cotangents of its differentiable `results`; `forward` are its boxes,
    `backward` those of the cotangent, each list in an order in which it can be run; `gradients` are the cotangents of
    the active inputs, None where nothing depends on an input; `owners[k]` is the number of the forward box that
    backward box k belongs to. `batched` says of a wire of the body whether it has the
    batch axis: a wire has it if it depends on a wire that has.
    """

    types: Sequence[Type]
    inputs: tuple[int, ...]
    seeds: tuple[int, ...]
    forward: tuple[Node, ...]
    backward: tuple[Node, ...]
    results: tuple[int, ...]
    gradients: tuple[int | None, ...]
    active: Mask
    batched: tuple[bool, ...]
    owners: tuple[int, ...]


def joint(diagram: Diagram, active: Mask, batched: Mask, deriver: Deriver) -> Joint:
    """The reverse pass of a flat body by its active inputs; `batched` says which inputs have the batch axis.

    The cotangent of a wire without the batch axis is summed over the batch, inside the contraction that makes it where
    there is one. The boxes are at most three times those of the body: itself, its cotangents, and sums where wires are
    read twice.
    """
    return _Pass(diagram, active, batched, deriver).run()


class _Pass:
    """One reverse pass."""

    def __init__(self, diagram: Diagram, active: Mask, batched: Mask, deriver: Deriver) -> None:
        self.flat = diagram.flat
        self.active = active
        self.deriver = deriver
        self.build = Builder((*diagram.dom, *tangents(diagram.cod)))
        self.at = dict(zip(self.flat.inputs, self.build.inputs, strict=False))
        self.batched = dict(zip(self.flat.inputs, batched, strict=True))
        self.images: dict[tuple[int, Mask, Mask], tuple[Box, Diagram]] = {}
        self.kept: dict[tuple[int, Mask, Mask], tuple[Box, tuple[Box, Box, Residual] | None]] = {}

    def run(self) -> Joint:
        """Forward, then backward."""
        flat, build = self.flat, self.build
        asked = self._forward()
        forward = tuple(build.nodes)
        parts: dict[int, list[int]] = {}
        ends = [wire for wire in flat.outputs if has_tangent(flat.types[wire])]
        seeds = build.inputs[len(flat.inputs) :]
        for wire, seed in zip(ends, seeds, strict=True):
            parts.setdefault(wire, []).append(seed)
        owners: list[int] = []
        for number, node, mask, left in reversed(asked):
            self._backward(node, mask, left, parts)
            owners += [number] * (len(build.nodes) - len(forward) - len(owners))
        moving = [wire for wire, on in zip(flat.inputs, self.active, strict=True) if on]
        gradients = tuple(total(build, parts.get(wire, ())) for wire in moving)
        owners += [0] * (len(build.nodes) - len(forward) - len(owners))
        flags = [False] * len(build.types)
        for wire, on in self.batched.items():
            if wire in self.at:
                flags[self.at[wire]] = on
        for wire, seed in zip(ends, seeds, strict=True):
            flags[seed] = self.batched[wire]
        for node in forward:
            if any(flags[wire] for wire in node.ins):
                for wire in node.outs:
                    flags[wire] = True
        for node in build.nodes[len(forward) :]:
            shared = shared_ends(node.box)
            has_batch = any(flags[wire] for wire in node.ins)
            for wire, alone in zip(node.outs, shared, strict=True):
                flags[wire] = has_batch and not alone
        return Joint(
            build.types, build.inputs[: len(flat.inputs)], seeds, forward, tuple(build.nodes[len(forward) :]),
            tuple(self.at[wire] for wire in flat.outputs), gradients, self.active, tuple(flags), tuple(owners),
        )  # fmt: skip

    def _forward(self) -> list[tuple[int, Node, Mask, tuple[int, ...]]]:
        """Puts the boxes of the body; gives those that have a cotangent, with what they leave for it."""
        flat, build = self.flat, self.build
        moving = {wire for wire, on in zip(flat.inputs, self.active, strict=True) if on}
        asked = []
        for number, node in enumerate(flat.nodes):
            has_batch = any(self.batched[wire] for wire in node.ins)
            self.batched.update((wire, has_batch) for wire in node.outs)
            mask = tuple(wire in moving for wire in node.ins)
            box = node.box
            moves = any(mask) and any(has_tangent(flat.types[wire]) for wire in node.outs)
            pair = self._pair(node, mask) if moves else None
            made = build.add(pair[0] if pair else box, [self.at[wire] for wire in node.ins])
            self.at.update(zip(node.outs, made, strict=False))
            if moves:
                moving.update(wire for wire in node.outs if has_tangent(flat.types[wire]))
                asked.append((number, node, mask, made[len(node.outs) :]))
        return asked

    def _backward(self, node: Node, mask: Mask, left: tuple[int, ...], parts: dict[int, list[int]]) -> None:
        types, build = self.flat.types, self.build
        outs = [wire for wire in node.outs if has_tangent(types[wire])]
        if not any(wire in parts for wire in outs):
            return
        seeds = []
        for wire in outs:
            whole = total(build, parts.get(wire, ()))
            seeds.append(zero(build, types[wire]) if whole is None else whole)
        ins = [self.at[wire] for wire in node.ins]
        pair = self._pair(node, mask)
        moving = [wire for wire, on in zip(node.ins, mask, strict=True) if on]
        if pair is not None:
            _, back, told = pair
            around = [*ins, *(self.at[wire] for wire in node.outs), *left]
            found = build.add(back, [*(around[at] for at in told.reads), *seeds])
            found = self._totalled(node, mask, back, found)
        else:
            found = lay(build, self._image(node, mask), [*ins, *seeds])
        for wire, end in zip(moving, found, strict=True):
            parts.setdefault(wire, []).append(end)

    def _totalled(self, node: Node, mask: Mask, back: Box, found: tuple[int, ...]) -> tuple[int, ...]:
        """Cotangents of operands without the batch axis, summed over it; those of weights are already."""
        if not any(self.batched[wire] for wire in node.outs):
            return found
        moving = [wire for wire, on in zip(node.ins, mask, strict=True) if on]
        return tuple(
            end if alone or self.batched[wire] else total_box(self.build, end)
            for wire, end, alone in zip(moving, found, shared_ends(back), strict=True)
        )

    def _image(self, node: Node, mask: Mask) -> Diagram:
        """The cotangent of a box; those of wires without the batch axis are summed over it."""
        box = node.box
        has_batch = any(self.batched[wire] for wire in node.outs)
        sums = tuple(has_batch and not self.batched[wire] for wire, on in zip(node.ins, mask, strict=True) if on)
        known = self.images.get((id(box), mask, sums))
        if known is None:
            shared = mapped(self.deriver, box, mask, sums)
            if shared is None:
                image: Diagram = run(self.deriver.image("vjp", box, mask))[0]
                shared = trimmed(totalled(image, sums) if any(sums) else image)
            image = shared
            known = self.images[id(box), mask, sums] = (box, image)
        return known[1]

    def _pair(self, node: Node, mask: Mask) -> tuple[Box, Box, Residual] | None:
        """The forward of a box that leaves what its cotangent reads, the cotangent, and what that is."""
        box = node.box
        told = residual(box, mask)
        if told is None and box.origin != "std:map":
            return None
        flags = tuple(self.batched[wire] for wire in node.ins) if told is None else ()
        known = self.kept.get((id(box), mask, flags))
        if known is None:
            pair = self._pair_of_map(box, mask, flags) if told is None else (
                leaving(box, told), cotangent(box, mask, told), told
            )  # fmt: skip
            known = self.kept[id(box), mask, flags] = (box, pair)
        return known[1]

    def _pair_of_map(self, box: Box, mask: Mask, flags: Mask) -> tuple[Box, Box, Residual] | None:
        # an optic is cut out of a pass like this one; they stand one in another as deep as loops may
        from diagrammar.schedule.mapping import optic_of_map

        held = box.param("captures", 0)
        assert isinstance(held, int)
        (inside,) = box.insides
        batched = (*flags[:held], *(True for _ in flags[held:]))
        return optic_of_map(box, mask, joint(inside, mask, batched, self.deriver))


def shared_ends(box: Box) -> tuple[bool, ...]:
    """Which results of a backward box are summed over the batch."""
    derived = box.derived
    if derived is not None and derived.kind == "vjp" and not box.insides:
        count = len(weights_of(derived.of))
        first = len(derived.of.dom) - count
        return tuple(at >= first for at, on in enumerate(derived.active) if on)
    if box.origin == TOTAL or box.param("batch") == "sum":
        return tuple(True for _ in box.cod)
    if box.origin == "std:map":
        held = box.param("totals", 0)
        return tuple(at < int(str(held)) for at in range(len(box.cod)))
    if len(box.insides) == 1 and box.key is not None:
        flat = box.insides[0].flat
        made = {wire: on for node in flat.nodes for wire, on in zip(node.outs, shared_ends(node.box), strict=True)}
        return tuple(made.get(wire, False) for wire in flat.outputs)
    return tuple(False for _ in box.cod)


def leaving(box: Box, told: Residual) -> Box:
    """The box with what it leaves for its cotangent as further results."""
    if not told.left:
        return box
    return Box(
        box.name, box.dom, (*box.cod, *told.left), origin=f"left:{box.origin}", params=box.params, span=box.span,
        derived=Derivative("left", (), box),
    )  # fmt: skip


def cotangent(box: Box, mask: Mask, told: Residual) -> Box:
    """The cotangent of a box, on what it reads and on the cotangents of its results."""
    around = (*box.dom, *box.cod, *told.left)
    dom = (*(around[at] for at in told.reads), *tangents(box.cod))
    cod = tuple(wire for wire, on in zip(box.dom, mask, strict=True) if on)
    params = (*box.params, ("reads", told.reads))
    return Box(
        f"vjp[{box.name}]", dom, cod, origin=f"vjp:{box.origin}", params=params, span=box.span,
        derived=Derivative("vjp", mask, box),
    )  # fmt: skip


def mapped(deriver: Deriver, box: Box, mask: Mask, sums: Mask) -> Diagram | None:
    """The cotangent of a `map` whose captured wires are the same for all samples: theirs are summed over the batch and
    the entries inside of it, where the contractions are. None for another box."""
    held = box.param("captures", 0)
    if box.origin != "std:map" or not isinstance(held, int):
        return None
    before = sum(mask[:held])
    if not before or not all(sums[:before]) or any(sums[before:]):
        return None
    back: Diagram = run(deriver.body("vjp", box.insides[0], mask))
    inside = totalled(back, sums)
    cod = tuple(wire for wire, on in zip(box.dom, mask, strict=True) if on)
    made = Box(
        box.name, (*box.dom, *tangents(box.cod)), cod, origin=box.origin, params=(*box.params, ("totals", before)),
        insides=(inside,), span=box.span,
    )  # fmt: skip
    return made.diagram()


def narrowed(nodes: Sequence[Node], outputs: Sequence[int]) -> list[Node]:
    """The boxes that the outputs need; cotangents give only those of their results that are needed."""
    needed = set(outputs)
    found = []
    for node in reversed(nodes):
        used = [wire in needed for wire in node.outs]
        if any(used):
            derived = node.box.derived
            if not all(used) and derived is not None and derived.kind == "vjp" and not node.box.insides:
                node = _narrow(node, derived, used)
            elif not all(used) and node.box.param("totals") is not None:
                node = _narrow_map(node, used)
            needed.update(node.ins)
            found.append(node)
    found.reverse()
    return found


def _narrow(node: Node, derived: Derivative, used: list[bool]) -> Node:
    box = node.box
    left = iter(used)
    active = tuple(on and next(left) for on in derived.active)
    less = Box(
        box.name, box.dom, tuple(wire for wire, on in zip(box.cod, used, strict=True) if on), origin=box.origin,
        params=box.params, span=box.span, derived=Derivative("vjp", active, derived.of),
    )  # fmt: skip
    return Node(less, node.ins, tuple(wire for wire, on in zip(node.outs, used, strict=True) if on))


def _narrow_map(node: Node, used: list[bool]) -> Node:
    """The cotangent of a `map` that gives less of it, and reads what that needs."""
    box, flat = node.box, node.box.insides[0].flat
    held, totals = box.param("captures", 0), box.param("totals", 0)
    assert isinstance(held, int) and isinstance(totals, int)
    outputs = tuple(wire for wire, on in zip(flat.outputs, used, strict=True) if on)
    nodes = narrowed(flat.nodes, outputs)
    read = {wire for inner in nodes for wire in inner.ins} | set(outputs)
    # of a map without rows nobody knows how many there are
    ports = [at for at, wire in enumerate(flat.inputs) if wire in read or at == len(flat.inputs) - 1]
    counts = {"captures": sum(at < held for at in ports), "totals": sum(used[:totals])}
    less = Box(
        box.name, tuple(box.dom[at] for at in ports), tuple(w for w, on in zip(box.cod, used, strict=True) if on),
        origin=box.origin, params=tuple((name, counts.get(name, value)) for name, value in box.params), span=box.span,
        insides=(Diagram(Flat(flat.types, tuple(flat.inputs[at] for at in ports), nodes, outputs)),),
    )  # fmt: skip
    return Node(
        less, tuple(node.ins[at] for at in ports), tuple(w for w, on in zip(node.outs, used, strict=True) if on)
    )


def trimmed(image: Diagram) -> Diagram:
    """A cotangent that is one frame, without the inputs of the frame that nothing inside reads."""
    flat = image.flat
    if len(flat.nodes) != 1 or len(flat.nodes[0].box.insides) != 1 or flat.nodes[0].box.key is None:
        return image
    (node,) = flat.nodes
    inside = node.box.insides[0].flat
    read = {wire for inner in inside.nodes for wire in inner.ins} | set(inside.outputs)
    wanted = [at for at, wire in enumerate(inside.inputs) if wire in read]
    if len(wanted) == len(inside.inputs):
        return image
    box = node.box
    inner = Diagram(Flat(inside.types, tuple(inside.inputs[at] for at in wanted), inside.nodes, inside.outputs))
    less = Box(
        box.name, tuple(box.dom[at] for at in wanted), box.cod, origin=box.origin, params=box.params, key=box.key,
        insides=(inner,), span=box.span,
    )  # fmt: skip
    put = Node(less, tuple(node.ins[at] for at in wanted), node.outs)
    return Diagram(Flat(flat.types, flat.inputs, (put,), flat.outputs))
