"""A diagram as one flat table, for pickles: no recursion on how deep diagrams lie inside one another."""

from __future__ import annotations

from typing import Any

from diagrammar.box import Derivative, lineage
from diagrammar.diagram import Box, Diagram, Flat, Node, definitions
from diagrammar.pause import pausing

# (name, origin, types, inputs, nodes as (box, ins, outs), outputs); insides of boxes, and the boxes that they are
# derivatives of, are rows of the table
Row = tuple[Any, ...]
Table = tuple[tuple[Row, ...], tuple[Row, ...]]


@pausing
def table(diagram: Diagram) -> Table:
    """The boxes and the diagrams of a diagram, those inside first; each names the others by their rows."""
    boxes: list[Row] = []
    rows: list[Row] = []
    box_rows: dict[int, int] = {}
    row_of: dict[int, int] = {}
    for level in definitions(diagram, derived=True):
        flat = level.flat
        nodes = []
        for node in flat.nodes:
            for box in reversed(list(lineage(node.box))):
                if id(box) in box_rows:
                    continue
                box_rows[id(box)] = len(boxes)
                derived = box.derived
                known = derived and (derived.kind, derived.active, box_rows[id(derived.of)])
                insides = tuple(row_of[id(inside)] for inside in box.insides)
                boxes.append((*box._data(), insides, box.span, known, len(rows)))
            nodes.append((box_rows[id(node.box)], node.ins, node.outs))
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
            label, source, key, dom, cod, params, kinds, insides, span, known, _ = boxes[len(ready)]
            derived = known and Derivative(known[0], known[1], ready[known[2]])
            ready.append(
                Box(
                    label,
                    dom,
                    cod,
                    origin=source,
                    params=params,
                    key=key,
                    kinds=kinds,
                    insides=tuple(made[row] for row in insides),
                    span=span,
                    derived=derived,
                )
            )
        placed = [Node(ready[at], ins, outs) for at, ins, outs in nodes]
        made.append(Diagram(Flat(types, inputs, placed, outputs), name, origin))
    return made[-1]
