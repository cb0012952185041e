"""Diagrams without what is known to be zero: products with zero, sums with zero, boxes that nothing uses."""

from __future__ import annotations

from collections.abc import Callable, Collection

from diagrammar.box import Box, Flat, Node
from diagrammar.diagram import Builder, Diagram
from diagrammar.elaborate.arithmetic import is_complex
from diagrammar.types import Type

# boxes that are linear in these inputs together: zero where all of them are
_TOGETHER: dict[str, tuple[int, ...]] = {
    "std:div": (0,),
    "std:select": (1, 2),
    "std:lookup": (0,),
    "std:lookup_transpose": (1,),
    "std:reduce": (0,),
    "std:pool": (0,),
}


def zero(wire: Type) -> Box:
    """Zeros of a type.

    >>> from diagrammar.types import Tensor
    >>> zero(Tensor("R", (2,))).cod
    (R[2],)
    """
    return Box("const", (), (wire,), origin="std:const", params=(("value", 0),))


def is_zero(box: Box) -> bool:
    """Whether a box makes zeros."""
    return box.origin == "std:const" and type(box.param("value")) is int and box.param("value") == 0


def without_zeros(
    diagram: Diagram, given: Collection[int], outputs: Collection[int], multilinear: Callable[[Box], bool]
) -> Diagram:
    """The diagram where the inputs at the places `given` are zero, of the outputs at the places `outputs` alone.

    It has the other inputs still, and no box that its outputs do not need. A linear box of zeros is zero, a
    `multilinear` one where one of its inputs is, and a sum with zero is the other wire.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> add = Box("add", (x, x), (x,), origin="std:add", kinds=frozenset({"linear"}))
    >>> without_zeros(add.diagram(), {1}, {0}, lambda box: False).boxes
    []
    """
    flat = diagram.flat
    kept = [k for k in range(len(flat.inputs)) if k not in given]
    builder = Builder(flat.types[flat.inputs[k]] for k in kept)
    # the wire that each wire is now; None where it is zero
    place: dict[int, int | None] = {flat.inputs[k]: None for k in given}
    place.update({flat.inputs[k]: new for new, k in enumerate(kept)})
    for node in flat.nodes:
        ins = [place[wire] for wire in node.ins]
        found = _simpler(node.box, ins, builder, multilinear)
        if found is None:
            found = list(builder.add(node.box, [_solid(builder, wire, node.box.dom[k]) for k, wire in enumerate(ins)]))
        place.update(zip(node.outs, found, strict=True))
    wanted = [wire for k, wire in enumerate(flat.outputs) if k in outputs]
    return _needed(builder.build(_solid(builder, place[wire], flat.types[wire]) for wire in wanted))


def _solid(builder: Builder, wire: int | None, kind: Type) -> int:
    return builder.add(zero(kind), ())[0] if wire is None else wire


def _simpler(
    box: Box, ins: list[int | None], builder: Builder, multilinear: Callable[[Box], bool]
) -> list[int | None] | None:
    """The results of a box without the box, or with a simpler one; None where it has to stand."""
    if is_zero(box):
        return [None]
    if ins and None in ins:
        linear = "linear" in box.kinds and all(wire is None for wire in ins)
        together = box.origin in _TOGETHER and all(ins[k] is None for k in _TOGETHER[box.origin])
        if linear or together or multilinear(box):
            return [None] * len(box.cod)
        if box.origin == "std:add" or (box.origin == "std:sub" and ins[1] is None):
            return [ins[0] if ins[1] is None else ins[1]]
        if box.origin == "std:sub":
            kinds = frozenset({"linear", "elementwise"})
            neg = Box("neg", box.cod, box.cod, origin="std:neg", kinds=kinds, span=box.span)
            return list(builder.add(neg, (ins[1],)))  # type: ignore[arg-type]  # the other one is the zero
    if box.origin == "std:conj" and not any(map(is_complex, box.dom)):
        # a real number is its own conjugate
        return list(ins)
    return None


def _needed(diagram: Diagram) -> Diagram:
    """The diagram without the boxes that its outputs do not need."""
    flat = diagram.flat
    needed = set(flat.outputs)
    nodes: list[Node] = []
    for node in reversed(flat.nodes):
        if needed.intersection(node.outs):
            nodes.append(node)
            needed.update(node.ins)
    nodes.reverse()
    order = [*flat.inputs, *(wire for node in nodes for wire in node.outs)]
    place = {wire: k for k, wire in enumerate(order)}

    def moved(wires: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(place[wire] for wire in wires)

    made = [Node(node.box, moved(node.ins), moved(node.outs)) for node in nodes]
    return Diagram(Flat([flat.types[wire] for wire in order], moved(flat.inputs), made, moved(flat.outputs)))
