"""A diagram as one flat table, for pickles: no recursion on how deep diagrams lie inside one another."""

from __future__ import annotations

from typing import Any

from diagrammar.diagram import Box, Diagram, Flat, Node, definitions
from diagrammar.pause import pausing

# (name, origin, types, inputs, nodes as (box, ins, outs), outputs); insides of boxes are rows of the table
Row = tuple[Any, ...]
Table = tuple[tuple[Row, ...], tuple[Row, ...]]


@pausing
def table(diagram: Diagram) -> Table:
    """The boxes and the diagrams of a diagram, those inside first; each names the others by their rows."""
    boxes: list[Row] = []
    rows: list[Row] = []
    box_rows: dict[int, int] = {}
    row_of: dict[int, int] = {}
    for level in definitions(diagram):
        flat = level.flat
        nodes = []
        for node in flat.nodes:
            box = node.box
            at = box_rows.get(id(box))
            if at is None:
                at = box_rows[id(box)] = len(boxes)
                boxes.append((*box._data(), tuple(row_of[id(inside)] for inside in box.insides), box.span, len(rows)))
            nodes.append((at, node.ins, node.outs))
        row_of[id(level)] = len(rows)
        rows.append((level.name, level.origin, tuple(flat.types), flat.inputs, tuple(nodes), flat.outputs))
    return tuple(boxes), tuple(rows)


@pausing
def read(data: Table) -> Diagram:
    """The diagram of a table: its last row."""
    boxes, rows = data
    made: list[Diagram] = []
    ready: list[Box] = []
    for name, origin, types, inputs, nodes, outputs in rows:
        # boxes are listed in the order of their first use, so those of this row come next
        while len(ready) < len(boxes) and boxes[len(ready)][-1] == len(made):
            label, source, key, dom, cod, params, kinds, insides, span, _ = boxes[len(ready)]
            inner = tuple(made[row] for row in insides)
            ready.append(
                Box(label, dom, cod, origin=source, params=params, key=key, kinds=kinds, insides=inner, span=span)
            )
        placed = [Node(ready[at], ins, outs) for at, ins, outs in nodes]
        made.append(Diagram(Flat(types, inputs, placed, outputs), name, origin))
    return made[-1]
