"""The primitives that a picture is made of, in pixels of a page whose y points down. Renderers know only these.

`kind` says what a primitive is, for its style: `box frame sign wire dot port weight state stub`, and for texts `title
name detail number sign type`; `hue` colours a shared instance; `about` are the lines that hovering shows.
"""

from __future__ import annotations

from dataclasses import dataclass

CORNER = 6.0  # the radius of a wire that turns


@dataclass(frozen=True)
class Rect:
    """A rectangle with round corners; a frame that is open has a `level`, from 0 for the outermost."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    radius: float = 4.0
    hue: int = 0
    dashed: bool = False
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disc:
    """A circle."""

    kind: str
    x: float
    y: float
    radius: float
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """A small triangle that points right, its tip at `(x, y)`: a weight starts here. Or a square, for a state."""

    kind: str
    x: float
    y: float
    size: float
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wire:
    """A curve through points, level at each of them; or straight lines with round corners there."""

    points: tuple[tuple[float, float], ...]
    about: tuple[str, ...] = ()
    corners: bool = False
    kind: str = "wire"


def towards(here: tuple[float, float], there: tuple[float, float]) -> tuple[float, float]:
    """The point `CORNER` away, or halfway if that is nearer."""
    length = abs(there[0] - here[0]) + abs(there[1] - here[1])
    part = min(CORNER / length, 0.5) if length else 0.0
    return here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1])


@dataclass(frozen=True)
class Text:
    """A line of text, fitted to its width; `x` is its start, or its middle or end if it is anchored there; `y` is its
    baseline."""

    kind: str
    x: float
    y: float
    text: str
    size: float
    width: float
    anchor: str = "start"

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.x - self.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]


Primitive = Rect | Disc | Mark | Wire | Text


@dataclass(frozen=True)
class Scene:
    """A picture: primitives from the back to the front, and the size of the page."""

    width: float
    height: float
    title: str
    primitives: tuple[Primitive, ...]
