"""Marks, `store { f }` and `recompute { f }`, laid open: what a mark computes is its inside."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from diagrammar.box import MARKS, Box, Flat, Node
from diagrammar.diagram import Builder, Diagram, definitions


def opened(diagram: Diagram, kinds: Collection[str] = MARKS) -> Diagram:
    """The diagram with the marks of these kinds laid into its body, and those in them too; what is inside other boxes
    stays as it is. A mark has no key, so that what it holds owns its weights under the paths that it had.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> f = Box("f", (x,), (x,)).diagram()
    >>> mark = Box("store", (x,), (x,), origin="store", insides=(f >> f,))
    >>> opened(f >> mark).boxes
    [f, f, f]
    """
    if not any(box.is_mark and box.origin in kinds for box in diagram.boxes):
        return diagram
    return _laid(diagram, kinds, {})


def unmarked(diagram: Diagram) -> Diagram:
    """The diagram without marks, at all levels: for what computes a diagram, and has no reverse pass to schedule.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> f = Box("f", (x,), (x,)).diagram()
    >>> mark = Box("store", (x,), (x,), origin="store", insides=(f,))
    >>> unmarked(mark.diagram() >> f) == f >> f, unmarked(f) is f
    (True, True)
    """
    levels = definitions(diagram)
    if not any(box.is_mark for level in levels for box in level.boxes):
        return diagram
    # what is inside a mark alone is laid where that stands
    bodies = {id(inside) for level in levels for box in level.boxes if not box.is_mark for inside in box.insides}
    made: dict[int, Diagram] = {}
    for level in levels:
        if id(level) in bodies or level is diagram:
            changed = any(box.is_mark or _is_changed(box, made) for box in level.boxes)
            made[id(level)] = _laid(level, MARKS, made) if changed else level
    return made[id(diagram)]


def _is_changed(box: Box, made: dict[int, Diagram]) -> bool:
    return any(made.get(id(inside), inside) is not inside for inside in box.insides)


def _laid(level: Diagram, kinds: Collection[str], made: dict[int, Diagram]) -> Diagram:
    """A level with its marks open, those in one another too; insides of its other boxes become what is `made`."""
    flat = level.flat
    build = Builder(level.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    # the bodies that are open: their nodes, where their wires are, and the node that each stands for
    stack: list[tuple[Flat, Iterator[Node], dict[int, int], Node | None]] = [(flat, iter(flat.nodes), at, None)]
    while True:
        flat, rest, at, mark = stack[-1]
        for node in rest:
            box, ins = node.box, [at[wire] for wire in node.ins]
            if box.is_mark and box.origin in kinds:
                inner = box.insides[0].flat
                stack.append((inner, iter(inner.nodes), dict(zip(inner.inputs, ins, strict=True)), node))
                break
            if _is_changed(box, made):
                # it is the derivative that it was
                derived, box = box.derived, box.with_(insides=tuple(made[id(inside)] for inside in box.insides))
                box.derived = derived
            at.update(zip(node.outs, build.add(box, ins), strict=True))
        else:
            stack.pop()
            ends = [at[wire] for wire in flat.outputs]
            if mark is None:
                return build.build(ends, level.name, level.origin)
            stack[-1][2].update(zip(mark.outs, ends, strict=True))
