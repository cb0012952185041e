"""A picture as one HTML file that needs nothing else: frames open and close, and hovering shows what things are.

The page brings the plan of each body once, and lays out what is open by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any
from xml.sax.saxutils import escape

from diagrammar.backends.picture import heights, layout, opening, paint
from diagrammar.backends.picture.layout import DETAIL, LABEL, TITLE, WIDEST, cell_size, head, mark_text, room
from diagrammar.backends.picture.metrics import clipped, width
from diagrammar.backends.picture.opening import Opened
from diagrammar.backends.picture.plan import plan
from diagrammar.backends.picture.scene import CORNER
from diagrammar.backends.picture.sheet import Cell, Sheet, Sheets
from diagrammar.backends.picture.style import FONT, stylesheet
from diagrammar.backends.picture.svg import clean
from diagrammar.diagram import Diagram
from diagrammar.spelling import type_text

# bodies that a page holds, which are many more than anyone opens; what lies deeper stays closed
BODIES = 5_000


def html(sheets: Sheets, drawn: Sequence[Opened], title: str, type_line: str) -> str:
    """The text of the page, with those frames open that `drawn` lists."""
    bodies = _bodies(sheets)
    types = _Texts()
    data = {
        "constants": _constants(),
        "bodies": [_body(sheets.of(diagram), types, bodies) for diagram, _ in bodies.values()],
        "types": types.all,
        "open": _open(drawn, bodies),
    }
    # no `<` in the data can end the script
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return Template(_part("page.html")).substitute(
        title=escape(clean(title)),
        type=escape(clean(type_line)),
        style=stylesheet("page"),
        font=FONT,
        data=text,
        script=_part("page.js"),
    )


@cache
def _part(name: str) -> str:
    return files("diagrammar.backends.picture").joinpath(name).read_text(encoding="utf-8")


class _Texts:
    """Texts by number, each once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(text)
        return self._numbers[text]


def _bodies(sheets: Sheets) -> dict[int, tuple[Diagram, int]]:
    """The bodies by identity with their numbers, those further out first."""
    found = {id(sheets.root): (sheets.root, 0)}
    queue = [sheets.root]
    for diagram in queue:
        for cell in sheets.of(diagram).cells:
            if cell.inside is not None and id(cell.inside) not in found and len(found) < BODIES:
                found[id(cell.inside)] = (cell.inside, len(found))
                queue.append(cell.inside)
    return found


def _open(drawn: Sequence[Opened], bodies: Mapping[int, tuple[Diagram, int]]) -> dict[str, Any]:
    made: dict[int, dict[str, Any]] = {}
    for here in reversed(drawn):
        inner = [[cell, made[id(one)]] for cell, one in here.inner.items() if id(one) in made]
        if id(here.diagram) in bodies:
            made[id(here)] = {"body": bodies[id(here.diagram)][1], "inner": inner}
    return made[id(drawn[0])]


def _constants() -> dict[str, float]:
    return {
        "sweeps": heights.SWEEPS,
        "nearly": heights.NEARLY,
        "closer": heights.CLOSER,
        "title": TITLE,
        "detail": DETAIL,
        "label": LABEL,
        "ports": layout.PORTS,
        "head": layout.HEAD,
        "foot": layout.FOOT,
        "stub": layout.STUB,
        "sign": layout.SIGN,
        "line": layout.LINE,
        "spare": layout.SPARE,
        "apart": layout.APART,
        "above": layout.ABOVE,
        "margin": paint.MARGIN,
        "lead": paint.LEAD,
        "corner": CORNER,
        "most": opening.READABLE * 4,
    }


def _body(sheet: Sheet, types: _Texts, bodies: Mapping[int, tuple[Diagram, int]]) -> dict[str, Any]:
    flat, drawn = sheet.diagram.flat, plan(sheet.diagram.flat)
    closed = layout.closed(sheet, drawn)
    return {
        "cells": [
            _cell(cell, len(node.ins), len(node.outs), bodies)
            for cell, node in zip(sheet.cells, flat.nodes, strict=True)
        ],
        "columns": [
            [[slot.cell, room(sheet, above, slot)] for above, slot in zip((None, *column), column, strict=False)]
            for column in drawn.columns
        ],
        "gaps": [
            [
                [link.slot, link.port, link.wire, link.targets, label, round(width(label, LABEL), 4)]
                for link, label in zip(gap, labels, strict=True)
            ]
            for gap, labels in zip(drawn.gaps, closed, strict=True)
        ],
        "types": [types.number(type_text(kind)) for kind in flat.types],
        "outs": list(flat.outputs),
    }


def _cell(cell: Cell, ins: int, outs: int, bodies: Mapping[int, tuple[Diagram, int]]) -> dict[str, Any]:
    wide, high = cell_size(cell, max(ins, outs))
    size = {"sign": 14.0, "number": DETAIL, "weight": LABEL, "state": LABEL, "next": LABEL}.get(cell.shape, TITLE)
    title = {"sign": cell.title, "number": cell.title, "box": head(cell)}.get(cell.shape) or mark_text(cell)
    detail = clipped(cell.detail, DETAIL, WIDEST) if cell.shape == "box" else ""
    inside = bodies.get(id(cell.inside))
    return {
        "shape": cell.shape,
        "title": clean(title),
        "titleWidth": width(title, size),
        "detail": clean(detail),
        "detailWidth": width(detail, DETAIL),
        "width": wide,
        "height": high,
        "ins": ins,
        "outs": outs,
        "hue": cell.hue,
        "dashed": cell.dashed,
        "weighted": cell.weighted,
        "inside": inside[1] if cell.inside is not None and inside is not None else -1,
        "about": [clean(line) for line in cell.about],
    }
