"""A scene as PNG, drawn by matplotlib with the font that it brings along."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from diagrammar.backends.picture.scene import Disc, Mark, Primitive, Rect, Scene, Text, Wire, towards
from diagrammar.backends.picture.style import COLOURS, FRAME_OPACITY, HUES
from diagrammar.errors import BackendError

# a PNG past this many pixels on a side is refused by what reads it
LARGEST = 60_000


def png(scene: Scene, *, dark: bool = False, scale: float = 2.0) -> bytes:
    """The bytes of a PNG file, `scale` pixels for each of the scene's.

    Raises BackendError where matplotlib is not installed, or where the picture is too large.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BackendError(
            "a PNG is drawn by matplotlib, which is not installed", hint="pip install diagrammar[png]"
        ) from error
    if max(scene.width, scene.height) * scale > LARGEST:
        raise BackendError("this picture is too large for a PNG", hint="draw it as .svg, or with a smaller depth")
    figure = Figure(figsize=(scene.width / 100, scene.height / 100), dpi=100 * scale)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, scene.width), ylim=(scene.height, 0))
    axes.axis("off")
    mode = int(dark)
    figure.set_facecolor(COLOURS["page"][mode])
    for number, one in enumerate(scene.primitives):
        for patch in _patches(one, mode):
            patch.set_zorder(number)
            axes.add_patch(patch)
    stream = BytesIO()
    # no dates and versions: the same picture is the same file
    figure.savefig(stream, format="png", facecolor=figure.get_facecolor(), metadata={"Software": None})
    return stream.getvalue()


def _patches(one: Primitive, mode: int) -> list[Any]:
    from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon

    def colour(name: str) -> str:
        return COLOURS[name][mode]

    match one:
        case Rect():
            shape = FancyBboxPatch((one.x, one.y), one.width, one.height, f"round,pad=0,rounding_size={one.radius}")
            shape.set(ec=colour("edge"), fc=colour("box"), linewidth=1.3 * _POINT)
            if one.kind == "frame":
                shape.set(ec=colour("border"), fc=_faint(colour("frame")), linewidth=1.1 * _POINT)
            if one.hue:
                hue = HUES[one.hue - 1]
                shape.set(ec=hue[2 * mode], fc=hue[2 * mode + 1], linewidth=2.0 * _POINT)
            if one.dashed:
                shape.set_linestyle((0, (4, 2.5)))
            return [shape]
        case Disc():
            edge = colour("edge" if one.kind == "sign" else "wire")
            fill = {"sign": colour("box"), "dot": edge}.get(one.kind, colour("page"))
            return [Circle((one.x, one.y), one.radius, ec=edge, fc=fill, linewidth=1.2 * _POINT)]
        case Mark():
            half, back = one.size / 2, one.x - one.size
            corners = [(one.x, one.y), (back, one.y - half), (back, one.y + half)]
            if one.kind == "state":
                corners = [(one.x, one.y - half), (back, one.y - half), (back, one.y + half), (one.x, one.y + half)]
            return [Polygon(corners, fc=colour(one.kind), ec="none")]
        case Wire():
            return [PathPatch(_path(one), fc="none", ec=colour("wire"), linewidth=1.4 * _POINT, capstyle="round")]
        case Text():
            return _glyphs(one, colour("ink" if one.kind in ("name", "sign", "number") else "soft"))


# matplotlib's lines are measured in points, of which 72 are an inch and 100 pixels are
_POINT = 0.72


def _faint(colour: str) -> tuple[float, float, float, float]:
    from matplotlib.colors import to_rgb

    return (*to_rgb(colour), FRAME_OPACITY)


def _path(wire: Wire) -> Any:
    from matplotlib.path import Path

    vertices, codes = [wire.points[0]], [Path.MOVETO]
    if wire.corners:
        for before, here, after in zip(wire.points, wire.points[1:], wire.points[2:], strict=False):
            vertices += [towards(here, before), here, towards(here, after)]
            codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
        return Path([*vertices, wire.points[-1]], [*codes, Path.LINETO])
    for (x, y), (to, down) in zip(wire.points, wire.points[1:], strict=False):
        vertices += [((x + to) / 2, y), ((x + to) / 2, down), (to, down)]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)


def _glyphs(one: Text, colour: str) -> list[Any]:
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    outline = TextPath((0, 0), one.text.replace("$", r"\$"), size=one.size)
    box = outline.get_extents()
    if not one.text.strip() or box.width <= 0:
        return []
    squeeze = min(one.width / box.x1, 1.0)
    free = one.width - squeeze * box.x1
    left = one.left + {"start": 0.0, "middle": (free - squeeze * box.x0) / 2, "end": free}[one.anchor]
    placed = outline.transformed(Affine2D().scale(squeeze, -1).translate(left, one.y))
    return [PathPatch(placed, fc=colour, ec="none")]
