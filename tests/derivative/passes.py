"""jvp and vjp of a diagram of primitive boxes by the rules of its boxes: the chain rule and nothing else."""

from __future__ import annotations

from diagrammar.box import Box
from diagrammar.diagram import Builder, Diagram
from diagrammar.elaborate.derivatives import jvp_rule, vjp_rule
from diagrammar.elaborate.rules import laid, tangent
from diagrammar.elaborate.zeros import zero
from diagrammar.types import Type


def jvp_of(diagram: Diagram, active: tuple[bool, ...]) -> Diagram:
    """`dom @ tangents of the active inputs -> tangents of cod`."""
    flat = diagram.flat
    along = [wire for wire, on in zip(diagram.dom, active, strict=True) if on]
    builder = Builder((*diagram.dom, *along))
    place = dict(zip(flat.inputs, builder.inputs, strict=False))
    on = [wire for wire, is_on in zip(flat.inputs, active, strict=True) if is_on]
    tangents = dict(zip(on, builder.inputs[len(flat.inputs) :], strict=True))
    for node in flat.nodes:
        ins = [place[wire] for wire in node.ins]
        place.update(zip(node.outs, builder.add(node.box, ins), strict=True))
        which = tuple(wire in tangents for wire in node.ins)
        if any(which):
            outs = laid(builder, jvp_rule(node.box, which), [*ins, *(tangents[w] for w in node.ins if w in tangents)])
            tangents.update(zip([w for w in node.outs if tangent(flat.types[w])], outs, strict=True))
    ends = [wire for wire in flat.outputs if tangent(flat.types[wire])]
    return builder.build([tangents[w] if w in tangents else _zero(builder, flat.types[w]) for w in ends])


def vjp_of(diagram: Diagram, active: tuple[bool, ...]) -> Diagram:
    """`dom @ cotangents of cod -> cotangents of the active inputs`."""
    flat = diagram.flat
    ends = [wire for wire in flat.outputs if tangent(flat.types[wire])]
    builder = Builder((*diagram.dom, *(flat.types[wire] for wire in ends)))
    place = dict(zip(flat.inputs, builder.inputs, strict=False))
    moving = {wire for wire, on in zip(flat.inputs, active, strict=True) if on}
    for node in flat.nodes:
        place.update(zip(node.outs, builder.add(node.box, [place[wire] for wire in node.ins]), strict=True))
        if not moving.isdisjoint(node.ins):
            moving.update(wire for wire in node.outs if tangent(flat.types[wire]))
    back: dict[int, int] = {}
    for wire, cotangent in zip(ends, builder.inputs[len(flat.inputs) :], strict=True):
        _give(builder, back, wire, cotangent)
    for node in reversed(flat.nodes):
        which = tuple(wire in moving for wire in node.ins)
        if not any(which):
            continue
        above = [back.get(w) for w in node.outs if tangent(flat.types[w])]
        kinds = [flat.types[w] for w in node.outs if tangent(flat.types[w])]
        given = [_zero(builder, kind) if w is None else w for w, kind in zip(above, kinds, strict=True)]
        outs = laid(builder, vjp_rule(node.box, which), [*(place[wire] for wire in node.ins), *given])
        for wire, cotangent in zip([w for w in node.ins if w in moving], outs, strict=True):
            _give(builder, back, wire, cotangent)
    wanted = [wire for wire, on in zip(flat.inputs, active, strict=True) if on]
    return builder.build([back[w] if w in back else _zero(builder, flat.types[w]) for w in wanted])


def _zero(builder: Builder, kind: Type) -> int:
    return builder.add(zero(kind), ())[0]


def _give(builder: Builder, back: dict[int, int], wire: int, cotangent: int) -> None:
    kind = builder.types[cotangent]
    add = Box("add", (kind, kind), (kind,), origin="std:add")
    back[wire] = builder.add(add, (back[wire], cotangent))[0] if wire in back else cotangent
