"""A scene as SVG: one file, no script, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from diagrammar.backends.picture.scene import Disc, Mark, Primitive, Rect, Scene, Text, Wire, towards
from diagrammar.backends.picture.style import stylesheet

# what XML does not allow in a text
_BARE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535, *range(55296, 57344)), "�")


def svg(scene: Scene, theme: str = "auto") -> str:
    """The text of an SVG file. `theme` is `light`, `dark` or `auto`."""
    size = f'width="{num(scene.width)}" height="{num(scene.height)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {num(scene.width)} {num(scene.height)}"'
            f' role="img" aria-label={quoteattr(clean(scene.title))}>',
            f"<title>{escape(clean(scene.title))}</title>",
            f"<style>\n{stylesheet(theme)}\n</style>",
            f'<rect class="page" {size}/>',
            *map(element, scene.primitives),
            "</svg>\n",
        ]
    )


def element(one: Primitive) -> str:
    """One primitive."""
    match one:
        case Rect():
            names = one.kind + (f" h{one.hue}" if one.hue else "") + (" dashed" if one.dashed else "")
            shape = (
                f'<rect class="{names}" x="{num(one.x)}" y="{num(one.y)}" width="{num(one.width)}"'
                f' height="{num(one.height)}" rx="{num(one.radius)}"'
            )
        case Disc():
            shape = f'<circle class="{one.kind}" cx="{num(one.x)}" cy="{num(one.y)}" r="{num(one.radius)}"'
        case Wire():
            shape = f'<path class="{one.kind}" d="{path(one)}"'
        case Mark():
            shape = f'<path class="{one.kind}" d="{mark(one)}"'
        case Text():
            return (
                f'<text class="{one.kind}" x="{num(one.x)}" y="{num(one.y)}" font-size="{num(one.size)}"'
                f' text-anchor="{one.anchor}" textLength="{num(one.width)}" lengthAdjust="spacingAndGlyphs">'
                f"{escape(clean(one.text))}</text>"
            )
    about = clean("\n".join(one.about))
    return f"{shape}><title>{escape(about)}</title></{shape[1:].split()[0]}>" if about else f"{shape}/>"


def path(wire: Wire) -> str:
    """A wire: straight where it stays level, else a curve that is level at both ends."""
    return " ".join(_cornered(wire) if wire.corners else _path(wire))


def _path(wire: Wire) -> Iterator[str]:
    (x, y), *rest = wire.points
    yield f"M{num(x)} {num(y)}"
    for to, down in rest:
        if abs(down - y) < 0.01:
            yield f"H{num(to)}"
        else:
            half = num((x + to) / 2)
            yield f"C{half} {num(y)} {half} {num(down)} {num(to)} {num(down)}"
        x, y = to, down


def _cornered(wire: Wire) -> Iterator[str]:
    (x, y), *_ = wire.points
    yield f"M{num(x)} {num(y)}"
    for before, here, after in zip(wire.points, wire.points[1:], wire.points[2:], strict=False):
        near, far = towards(here, before), towards(here, after)
        yield f"L{num(near[0])} {num(near[1])} Q{num(here[0])} {num(here[1])} {num(far[0])} {num(far[1])}"
    yield f"L{num(wire.points[-1][0])} {num(wire.points[-1][1])}"


def mark(one: Mark) -> str:
    """A triangle or a square."""
    x, y, half = one.x, one.y, one.size / 2
    if one.kind == "state":
        return f"M{num(x)} {num(y - half)}h{num(-one.size)}v{num(one.size)}h{num(one.size)}z"
    return f"M{num(x)} {num(y)}l{num(-one.size)} {num(-half)}v{num(one.size)}z"


def num(value: float) -> str:
    """A coordinate, to a hundredth of a pixel."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def clean(text: str) -> str:
    """A text without what XML cannot hold."""
    return text.translate(_BARE)
