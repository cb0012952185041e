"""What a picture may not show: texts that meet or leave their frame, wires through boxes; and how often wires cross."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np

from diagrammar.backends.picture.scene import Disc, Rect, Scene, Text, Wire

Area = tuple[float, float, float, float]
Point = tuple[float, float]

# of a line of text above and below its baseline, in parts of its size
ASCENT, DESCENT = 0.74, 0.22


def area(one: Text | Rect | Disc) -> Area:
    """Left, top, right, bottom."""
    match one:
        case Text():
            return one.left, one.y - ASCENT * one.size, one.left + one.width, one.y + DESCENT * one.size
        case Disc():
            return one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius
        case Rect():
            return one.x, one.y, one.x + one.width, one.y + one.height


def meet(a: Area, b: Area) -> bool:
    """Whether two areas overlap."""
    return a[0] < b[2] - 0.01 and b[0] < a[2] - 0.01 and a[1] < b[3] - 0.01 and b[1] < a[3] - 0.01


def within(a: Area, b: Area) -> bool:
    """Whether an area lies in another one."""
    return a[0] >= b[0] - 0.01 and a[1] >= b[1] - 0.01 and a[2] <= b[2] + 0.01 and a[3] <= b[3] + 0.01


def path(wire: Wire, steps: int = 25) -> Iterator[Point]:
    """Points along a wire, as the renderers draw it."""
    yield wire.points[0]
    for (x, y), (to, down) in pairwise(wire.points):
        if wire.corners or y == down:
            yield to, down
            continue
        for n in range(1, steps + 1):
            t = n / steps
            half = (x + to) / 2
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield a * x + (b + c) * half + d * to, (a + b) * y + (c + d) * down


def through(a: Point, b: Point, box: Area) -> bool:
    """Whether a segment has a point inside an area."""
    near, far = 0.0, 1.0
    for start, end, low, high in ((a[0], b[0], box[0], box[2]), (a[1], b[1], box[1], box[3])):
        if start == end:
            if not low + 0.05 < start < high - 0.05:
                return False
            continue
        ends = sorted(((low + 0.05 - start) / (end - start), (high - 0.05 - start) / (end - start)))
        near, far = max(near, ends[0]), min(far, ends[1])
    return near < far


class Places:
    """Things on a page, found by the area that they are in."""

    def __init__(self, things: Sequence[Text | Rect | Disc]) -> None:
        self.things = things
        self.areas = [area(one) for one in things]
        self.sides = np.array(self.areas).reshape(-1, 4).T

    def near(self, where: Area) -> Iterator[tuple[int, Text | Rect | Disc]]:
        """The things whose areas have a point with an area in common, with their numbers."""
        left, top, right, bottom = self.sides
        hit = (left <= where[2]) & (where[0] <= right) & (top <= where[3]) & (where[1] <= bottom)
        for at in np.flatnonzero(hit):
            yield int(at), self.things[int(at)]


def faults(scene: Scene) -> list[str]:
    """Everything in a scene that may not be."""
    texts = [one for one in scene.primitives if isinstance(one, Text)]
    boxes = [one for one in scene.primitives if isinstance(one, Rect) and one.kind == "box"]
    frames = [one for one in scene.primitives if isinstance(one, Rect) and one.kind == "frame"]
    signs = [one for one in scene.primitives if isinstance(one, Disc) and one.kind == "sign"]
    wires = [one for one in scene.primitives if isinstance(one, Wire)]
    page = (0.0, 0.0, scene.width, scene.height)
    places = Places([*texts, *boxes, *frames, *signs])
    found = [f"{one} leaves the page" for one in places.things if not within(area(one), page)]
    for at, text in enumerate(texts):
        found += [
            f"{text.text!r} meets {other.text!r}"
            for number, other in places.near(area(text))
            if number > at and isinstance(other, Text) and meet(area(text), area(other))
        ]
    # what a frame or a box touches it holds, or is held by
    for frame in (*frames, *boxes):
        held = area(frame)
        for _, other in places.near(held):
            holds = isinstance(other, Rect) and within(held, area(other))
            if other is not frame and meet(area(other), held) and not holds and not within(area(other), held):
                found.append(f"{other} leaves {frame}")
    for disc in (one for one in scene.primitives if isinstance(one, Disc) and one.kind != "sign"):
        found += [
            f"{disc} meets {other}"
            for _, other in places.near(area(disc))
            if other.kind not in ("frame", "sign") and meet(area(disc), area(other))
        ]
    for wire in wires:
        for a, b in pairwise(path(wire)):
            around = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
            found += [
                f"a wire passes through {one}"
                for _, one in places.near(around)
                if one.kind != "frame" and through(a, b, area(one)) and not _ends(wire, one)
            ]
    return found


def _ends(wire: Wire, box: Text | Rect | Disc) -> bool:
    """Whether a wire ends on the circle of an operator, which lies in its square."""
    if not isinstance(box, Disc):
        return False
    return any(
        abs((x - box.x) ** 2 + (y - box.y) ** 2 - box.radius**2) < 1 for x, y in (wire.points[0], wire.points[-1])
    )


def crossings(scene: Scene) -> int:
    """How often wires cross."""
    lines = [list(path(one)) for one in scene.primitives if isinstance(one, Wire)]
    count = 0
    for one, other in combinations(lines, 2):
        for a, b in pairwise(one):
            count += any(_cross(a, b, c, d) for c, d in pairwise(other))
    return count


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def apart(u: float, v: float) -> bool:
        return (u > 1e-6 and v < -1e-6) or (u < -1e-6 and v > 1e-6)

    return apart(side(a, b, c), side(a, b, d)) and apart(side(c, d, a), side(c, d, b))
