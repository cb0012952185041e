"""Wires of a derivative while it is built: zeros, sums, diagrams laid on wires."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.diagram import Box, Builder, Diagram, Flat
from diagrammar.types import Type


def zero(build: Builder, wire: Type) -> int:
    """A wire of zeros of this type."""
    (out,) = build.add(Box("const", (), (wire,), origin="std:const", params=(("value", 0),)), ())
    return out


def total(build: Builder, parts: Sequence[int]) -> int | None:
    """The sum of wires of one type; None where there are none."""
    if not parts:
        return None
    first, *rest = parts
    for part in rest:
        wire = build.types[first]
        (first,) = build.add(Box("add", (wire, wire), (wire,), origin="std:add", kinds=_LINEAR), (first, part))
    return first


_LINEAR = frozenset({"linear", "elementwise"})


def lay(build: Builder, diagram: Diagram, ins: Sequence[int]) -> tuple[int, ...]:
    """Puts the boxes of a diagram on these wires; gives the wires that come out."""
    flat = diagram.flat
    at = dict(zip(flat.inputs, ins, strict=True))
    for node in flat.nodes:
        at.update(zip(node.outs, build.add(node.box, [at[wire] for wire in node.ins]), strict=True))
    return tuple(at[wire] for wire in flat.outputs)


def in_order(diagram: Diagram, order: Sequence[int]) -> Diagram:
    """The diagram with its inputs in another order: input k is what was input `order[k]`."""
    flat = diagram.flat
    inputs = tuple(flat.inputs[at] for at in order)
    return Diagram(Flat(flat.types, inputs, flat.nodes, flat.outputs))


def choose(diagram: Diagram, outputs: Sequence[int]) -> Diagram:
    """The diagram with these of its outputs."""
    flat = diagram.flat
    return Diagram(Flat(flat.types, flat.inputs, flat.nodes, tuple(flat.outputs[at] for at in outputs)))


def put(build: Builder, box: Box, ins: Sequence[int]) -> tuple[int, ...]:
    """Puts a combinator on wires, its captured ones in the order in which what is inside uses them; those that nothing
    uses are not captured."""
    held = box.param("captures", 0)
    assert isinstance(held, int)
    if (box.origin == "repeat" or box.is_mark) and not any(inside.flat.nodes for inside in box.insides):
        return _wired(box, ins, held)
    order: dict[int, None] = {}
    for inside in box.insides:
        flat = inside.flat
        place = {wire: at for at, wire in enumerate(flat.inputs[:held])}
        for wires in (*(node.ins for node in flat.nodes), flat.outputs):
            order.update((place[wire], None) for wire in wires if wire in place)
    if list(order) == list(range(held)):
        return build.add(box, ins)
    ports = [*order, *range(held, len(ins))]
    insides = tuple(in_order(inside, [*order, *range(held, len(inside.dom))]) for inside in box.insides)
    params = tuple((name, len(order) if name == "captures" else value) for name, value in box.params)
    made = Box(
        box.name,
        tuple(box.dom[at] for at in ports),
        box.cod,
        origin=box.origin,
        params=params,
        insides=insides,
        span=box.span,
    )
    return build.add(made, [ins[at] for at in ports])


def _wired(box: Box, ins: Sequence[int], held: int) -> tuple[int, ...]:
    """Steps that are wiring alone, one after the other: no box stands for them."""
    now = list(ins[held:])
    count = box.param("count", 1)
    assert isinstance(count, int)
    for step in range(count):
        flat = box.insides[step % len(box.insides)].flat
        at = dict(zip(flat.inputs, [*ins[:held], *now], strict=True))
        now = [at[wire] for wire in flat.outputs]
    return tuple(now)
