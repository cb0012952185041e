"""Pictures with what their boxes cost: where the picture backend and the cost backend meet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagrammar.backend import get
from diagrammar.diagram import Box, Diagram
from diagrammar.writing import write

if TYPE_CHECKING:
    from diagrammar.backends.picture import Picture


def draw(
    diagram: Diagram,
    path: str | Path | None = None,
    *,
    title: str = "",
    depth: int | None = None,
    theme: str | None = None,
) -> Picture:
    """The picture of a diagram, written to a file if one is named; its ending says how (`.svg .tex .png .html`).

    `depth` opens all frames down to it; without one those of the user's own file are open, each declaration once.
    `theme` is `light`, `dark` or, for SVG, `auto`. Raises BackendError for another ending.
    """
    # what cannot be written is said before anything is drawn
    made: Picture = get("picture").compile(diagram, title=title, depth=depth, facts=Facts(diagram))
    if path is not None:
        write(path, made.file(path, theme))
    return made


class Facts:
    """The costs of the boxes of each body, as lines."""

    __slots__ = ("_rows",)

    def __init__(self, root: Diagram) -> None:
        self._rows: dict[int, tuple[Any, ...]] = {}
        stack = [(root, get("cost").compile(root).inside)]
        while stack:
            diagram, rows = stack.pop()
            if id(diagram) in self._rows:
                continue
            self._rows[id(diagram)] = rows
            for box, row in zip(diagram.boxes, rows, strict=True):
                # a box that one call carries out has no rows for its inside
                if row.inside:
                    stack += _inside(box, row)

    def __call__(self, diagram: Diagram) -> Sequence[Sequence[str]]:
        rows = self._rows.get(id(diagram), ())
        return [_lines(row) for row in rows] if rows else [()] * len(diagram.flat.nodes)


def _inside(box: Box, row: Any) -> list[tuple[Diagram, tuple[Any, ...]]]:
    found, start = [], 0
    for inside in box.insides:
        count = len(inside.flat.nodes)
        found.append((inside, row.inside[start : start + count]))
        start += count
    return found


def _lines(row: Any) -> Sequence[str]:
    named = (
        ("weights", row.parameters),
        ("FLOPs", row.flops),
        ("bytes of activations", row.forward),
        ("bytes kept for the backward", row.backward),
    )
    return [f"{value:,} {name}" if isinstance(value, int) else f"{value} {name}" for name, value in named if value != 0]
