"""Pictures of diagrams: SVG, TikZ, PNG, and a page on which frames open and close.

From left to right. Wires are curves, labelled with their types where these change; named diagrams are frames with
titles, `repeat` one with its count; a copy is a dot, a discard a stub, a weight a small triangle; instances that are
shared have one colour. Boxes stand in columns, wires in an order that makes them cross only where a permutation forces
it, and a line that gets too long goes on in the next row.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagrammar.backend import Backend
from diagrammar.backends.picture.layout import laid_out
from diagrammar.backends.picture.opening import Opened, opened
from diagrammar.backends.picture.paint import scene
from diagrammar.backends.picture.scene import Scene
from diagrammar.backends.picture.sheet import Facts, Sheets
from diagrammar.backends.picture.svg import svg
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError
from diagrammar.spelling import types_text

__all__ = ["BACKEND", "FORMATS", "Picture", "picture"]

FORMATS = (".svg", ".tex", ".png", ".html")


@dataclass(frozen=True)
class Picture:
    """A picture: `svg()`, `tikz()`, `png()` and `html()` are its files; notebooks show it.

    `scene` lists what is drawn, in pixels.
    """

    scene: Scene
    _sheets: Sheets
    _drawn: tuple[Opened, ...]

    def svg(self, theme: str = "auto") -> str:
        """An SVG file. `theme` is `light`, `dark`, or `auto`, which is what the reader's screen prefers."""
        return svg(self.scene, theme)

    def tikz(self) -> str:
        """A LaTeX file, which compiles by itself and can be `\\input` in another one that uses TikZ."""
        from diagrammar.backends.picture.tikz import tikz

        return tikz(self.scene)

    def png(self, theme: str = "light", scale: float = 2.0) -> bytes:
        """A PNG file, `scale` pixels for each of the picture's. Raises BackendError without matplotlib."""
        from diagrammar.backends.picture.png import png

        return png(self.scene, dark=theme == "dark", scale=scale)

    def html(self) -> str:
        """A page that needs no network: frames open and close, and hovering shows types and costs."""
        from diagrammar.backends.picture.html import html

        root = self._sheets.root
        return html(self._sheets, self._drawn, self.scene.title, f"{types_text(root.dom)} -> {types_text(root.cod)}")

    def file(self, path: str | Path, theme: str | None = None) -> str | bytes:
        """What a file of this name holds: its ending says which format. Raises BackendError for another one."""
        match Path(path).suffix.lower():
            case ".svg":
                return self.svg(theme or "auto")
            case ".tex":
                return self.tikz()
            case ".png":
                return self.png(theme or "light")
            case ".html":
                return self.html()
            case other:
                what = f"a picture has no format {other!r}" if other else "the name of a picture says its format"
                raise BackendError(what, hint=f"one of {' '.join(FORMATS)}")

    def _repr_svg_(self) -> str:
        return self.svg()


def picture(
    diagram: Diagram,
    *,
    title: str = "",
    depth: int | None = None,
    facts: Facts | None = None,
    marked: Box | None = None,
) -> Picture:
    """The picture of a diagram.

    Without a `depth`, the frames of the user's own file are open, each declaration once, and those of the library are
    closed; with one, all frames down to it are open. `facts` gives the lines that hovering adds for each box of a body;
    `marked` is a box to be pointed out. Raises BudgetError where a depth makes a picture of more than 20,000 boxes.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (8,))
    >>> drawn = picture(Box("f", (x,), (x,)) >> Box("g", (x,), (x,)))
    >>> sorted({one.kind for one in drawn.scene.primitives})
    ['box', 'name', 'type', 'wire']
    """
    sheets = Sheets(diagram, facts, marked)
    drawn = opened(sheets, depth)
    return Picture(scene(laid_out(sheets, drawn), title or diagram.name or "diagram"), sheets, tuple(drawn))


def _emit(diagram: Diagram, *, conditions: Any = (), **options: Any) -> str:
    return picture(diagram, **options).svg()


def _compile(diagram: Diagram, *, conditions: Any = (), **options: Any) -> Picture:
    return picture(diagram, **options)


def _means(box: Box) -> bool:
    # every box can be drawn
    return True


BACKEND = Backend("picture", _compile, _emit, _means)
