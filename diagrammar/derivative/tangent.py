"""Tangents: which wires have them, and zeros. A tangent or cotangent of a wire has the type of the wire."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.diagram import Box, Builder, Diagram, Flat
from diagrammar.types import Field, Tensor, Type, Types

Mask = tuple[bool, ...]


def has_tangent(wire: Type) -> bool:
    """Whether a wire can change a little: numbers, real or complex, and fields of them; truth values and symbols not.

    >>> has_tangent(Tensor("R", (3,))), has_tangent(Tensor("Bool", (3,)))
    (True, False)
    """
    return isinstance(wire, Field) or (isinstance(wire, Tensor) and wire.kind in ("R", "C"))


def differentiable(types: Sequence[Type]) -> Mask:
    """Which of these wires have tangents."""
    return tuple(map(has_tangent, types))


def tangents(types: Sequence[Type], active: Mask | None = None) -> Types:
    """The types of the tangents of wires, or of those of them that `active` says."""
    chosen = differentiable(types) if active is None else active
    return tuple(wire for wire, on in zip(types, chosen, strict=True) if on)


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
