"""Marks, `store { f }` and `recompute { f }`, laid open: what a mark computes is its inside."""

from __future__ import annotations

from collections.abc import Collection

from diagrammar.box import MARKS, Box
from diagrammar.derivative.wiring import lay
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
    while any(_is(box, kinds) for box in diagram.boxes):
        flat = diagram.flat
        build = Builder(diagram.dom)
        at = dict(zip(flat.inputs, build.inputs, strict=True))
        for node in flat.nodes:
            ins = [at[wire] for wire in node.ins]
            outs = lay(build, node.box.insides[0], ins) if _is(node.box, kinds) else build.add(node.box, ins)
            at.update(zip(node.outs, outs, strict=True))
        diagram = build.build([at[wire] for wire in flat.outputs], diagram.name, diagram.origin)
    return diagram


def _is(box: Box, kinds: Collection[str]) -> bool:
    return box.is_mark and box.origin in kinds


def unmarked(diagram: Diagram) -> Diagram:
    """The diagram without marks, at all levels: for what computes a diagram, and has no reverse pass to schedule.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> f = Box("f", (x,), (x,)).diagram()
    >>> mark = Box("store", (x,), (x,), origin="store", insides=(f,))
    >>> unmarked(mark.diagram().named("g") >> f) == f >> f, unmarked(f) is f
    (True, True)
    """
    levels = definitions(diagram)
    if not any(box.is_mark for level in levels for box in level.boxes):
        return diagram
    made: dict[int, Diagram] = {}
    for level in levels:
        made[id(level)] = _level(level, made)
    return made[id(diagram)]


def _level(level: Diagram, made: dict[int, Diagram]) -> Diagram:
    """One level; those inside it are done, so that a mark holds none any more."""
    if all(not box.is_mark and made[id(inside)] is inside for box in level.boxes for inside in box.insides):
        return level
    flat = level.flat
    build = Builder(level.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    for node in flat.nodes:
        box = node.box
        ins = [at[wire] for wire in node.ins]
        insides = tuple(made[id(inside)] for inside in box.insides)
        if box.is_mark:
            outs = lay(build, insides[0], ins)
        else:
            if any(a is not b for a, b in zip(insides, box.insides, strict=True)):
                # it is the derivative that it was
                derived, box = box.derived, box.with_(insides=insides)
                box.derived = derived
            outs = build.add(box, ins)
        at.update(zip(node.outs, outs, strict=True))
    return build.build([at[wire] for wire in flat.outputs], level.name, level.origin)
