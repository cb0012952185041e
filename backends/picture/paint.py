"""From a layout to the primitives of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from diagrammar.backends.picture.layout import (
    APART,
    DETAIL,
    HEAD,
    LABEL,
    TITLE,
    WIDEST,
    Laid,
    Place,
    head,
    mark_text,
    stub,
)
from diagrammar.backends.picture.metrics import clipped, width
from diagrammar.backends.picture.plan import PASS, Link
from diagrammar.backends.picture.scene import Disc, Mark, Primitive, Rect, Scene, Text, Wire
from diagrammar.backends.picture.sheet import Cell
from diagrammar.spelling import type_text

Point = tuple[float, float]

MARGIN = 14.0
LEAD = 12.0  # of the wires that come in and go out of the whole


def scene(root: Laid, title: str) -> Scene:
    """The whole picture."""
    made: list[Primitive] = []
    right, down = MARGIN + LEAD, MARGIN + 10
    last = right + max((place.x for place in root.places[-1]), default=root.width)
    stack = [(root, right, down, (MARGIN, last + LEAD))]
    while stack:
        laid, x, y, ends = stack.pop()
        stack.extend(_body(laid, x, y, ends, made))
    order = {Rect: 0, Wire: 1, Disc: 2, Mark: 2, Text: 3}
    frames = [one for one in made if isinstance(one, Rect) and one.kind == "frame"]
    others = sorted((one for one in made if one not in set(frames)), key=lambda one: order[type(one)])
    return Scene(root.width + 2 * right, root.height + 2 * down - 6, title, (*frames, *others))


def _body(
    laid: Laid, x: float, y: float, ends: tuple[float, float], made: list[Primitive]
) -> list[tuple[Laid, float, float, tuple[float, float]]]:
    """Paints a body whose corner is at x, y; gives the bodies that are open inside it. Its inputs and outputs reach to
    `ends`, the sides of the frame around it."""
    opened = []
    for column, places in zip(laid.plan.columns, laid.places, strict=True):
        for slot, place in zip(column, places, strict=True):
            if slot.cell < 0:
                continue
            cell = laid.sheet.cells[slot.cell]
            left, top = x + place.x, y + place.y
            if place.open is None:
                _CELLS[cell.shape](cell, left, top, place, made)
                continue
            _frame(cell, left, top, place, made)
            opened.append(
                (place.open, left + (place.width - place.open.width) / 2, top + HEAD, (left, left + place.width))
            )
    _links(laid, x, y, made)
    for height in laid.ins:
        if ends[0] < x - 0.01:
            made.append(Wire(((ends[0], y + height), (x, y + height))))
    for place in laid.places[-1]:
        if ends[1] > x + place.x + 0.01:
            made.append(Wire(((x + place.x, y + place.y), (ends[1], y + place.y))))
    return opened


# ------------------------------------------------------------------------------------------------------- wires


def _links(laid: Laid, x: float, y: float, made: list[Primitive]) -> None:
    """The wires of a body, each in one stroke from where it starts or parts to where it ends."""
    flat = laid.sheet.diagram.flat
    arriving: dict[int, list[Point]] = {}
    for k, gap in enumerate(laid.plan.gaps):
        passing: dict[int, list[Point]] = {}
        for link, label in zip(gap, laid.labels[k], strict=True):
            slot = laid.plan.columns[k][link.slot]
            place = laid.places[k][link.slot]
            about = (type_text(flat.types[link.wire]),)
            start = (x + _out(laid, slot.cell, place, link.port), y + place.y + place.outs[link.port])
            stroke = arriving.pop(link.slot, [start]) if slot.cell == PASS else [start]
            if label:
                edge = x + place.x + place.width
                made.append(Text("type", edge + 4, start[1] - 4, label, LABEL, width(label, LABEL)))
            if not link.targets:
                stop = x + place.x + place.width + stub(label)
                made += [Wire((start, (stop, start[1])), about), Disc("stub", stop, start[1], 2.5)]
                continue
            if len(link.targets) > 1:
                made.append(Disc("dot", x + laid.bends[k][0], start[1], 2.8, about))
            for at, port in link.targets:
                if k in laid.turns:
                    if len(stroke) > 1:
                        made.append(_wire(stroke, about))
                    made.append(Wire(tuple(_turn(laid, x, y, k, link, start)), about, corners=True))
                    stroke = []
                else:
                    stroke += _bend(laid, x, y, k, at, port, start[1])
                if not stroke:
                    continue
                if laid.plan.columns[k + 1][at].cell == PASS:
                    passing[at] = stroke
                else:
                    made.append(_wire(stroke, about))
                stroke = [(x + laid.bends[k][0], start[1])]
        arriving = passing


def _wire(stroke: Sequence[Point], about: tuple[str, ...]) -> Wire:
    """A stroke without the points on its way that it needs not."""
    kept = [stroke[0]]
    for here, after in pairwise(stroke[1:]):
        if abs(here[1] - kept[-1][1]) > 0.01 or abs(after[1] - here[1]) > 0.01:
            kept.append(here)
    return Wire((*kept, stroke[-1]), about)


def _bend(laid: Laid, x: float, y: float, k: int, at: int, port: int, start: float) -> list[Point]:
    """From the end of a column to a port in the next one."""
    there = laid.places[k + 1][at]
    height = y + there.y + there.ins[port]
    bend, end = laid.bends[k]
    stop = x + _in(laid, laid.plan.columns[k + 1][at].cell, there, port)
    return [(x + bend, start), (x + end, height), (stop, height)]


def _turn(laid: Laid, x: float, y: float, k: int, link: Link, start: Point) -> list[Point]:
    """From the end of a row to a port in the next one: the lowest wire turns first, so that none cross."""
    turn, number = laid.turns[k], laid.plan.gaps[k].index(link)
    inward = APART * (len(laid.plan.gaps[k]) - 1 - number)
    at, port = link.targets[0]
    there = laid.places[k + 1][at]
    height = y + there.y + there.ins[port]
    right, down, left = x + turn.right + inward, y + turn.down + inward, x + turn.left - APART * number
    stop = x + _in(laid, laid.plan.columns[k + 1][at].cell, there, port)
    return [start, (right, start[1]), (right, down), (left, down), (left, height), (stop, height)]


def _in(laid: Laid, cell: int, place: Place, port: int) -> float:
    """Where a wire ends at a slot: at its left side, or on the circle of an operator."""
    if cell < 0 or laid.sheet.cells[cell].shape != "sign":
        return place.x
    return place.x + place.width / 2 - _half_chord(place, place.ins[port])


def _out(laid: Laid, cell: int, place: Place, port: int) -> float:
    if cell < 0 or laid.sheet.cells[cell].shape != "sign":
        return place.x + place.width
    return place.x + place.width / 2 + _half_chord(place, place.outs[port])


def _half_chord(place: Place, offset: float) -> float:
    radius, away = place.width / 2, offset - place.height / 2
    return sqrt(max(radius * radius - away * away, 0.0))


# ------------------------------------------------------------------------------------------------------- cells


def _frame(cell: Cell, x: float, y: float, place: Place, made: list[Primitive]) -> None:
    made.append(Rect("frame", x, y, place.width, place.height, 6.0, cell.hue, cell.dashed, cell.about))
    text = head(cell)
    made.append(Text("title", x + 10, y + 15, text, TITLE, width(text, TITLE)))
    opened = place.open
    assert opened is not None
    across = x + (place.width - opened.width) / 2
    if len(opened.ins) != len(place.ins):
        made += [Disc("port", across, y + HEAD + height, 2.5) for height in opened.ins]
    if len(opened.outs) != len(place.outs):
        made += [Disc("port", across + opened.width, y + HEAD + height, 2.5) for height in opened.outs]


def _box(cell: Cell, x: float, y: float, place: Place, made: list[Primitive]) -> None:
    made.append(Rect("box", x, y, place.width, place.height, 4.0, cell.hue, cell.dashed, cell.about))
    middle, text = x + place.width / 2, head(cell)
    down = y + place.height / 2 + (-2.0 if cell.detail else 4.0)
    made.append(Text("name", middle, down, text, TITLE, width(text, TITLE), "middle"))
    if cell.detail:
        text = clipped(cell.detail, DETAIL, WIDEST)
        made.append(Text("detail", middle, down + 13, text, DETAIL, width(text, DETAIL), "middle"))
    if cell.weighted:
        made.append(Mark("weight", x + 8, y + 6.5, 5.0))


def _sign(cell: Cell, x: float, y: float, place: Place, made: list[Primitive]) -> None:
    middle = (x + place.width / 2, y + place.height / 2)
    made.append(Disc("sign", *middle, place.width / 2, cell.about))
    made.append(Text("sign", middle[0], middle[1] + 4.5, cell.title, 14.0, width(cell.title, 14.0), "middle"))


def _number(cell: Cell, x: float, y: float, place: Place, made: list[Primitive]) -> None:
    made.append(Text("number", x + place.width - 3, y + 9, cell.title, DETAIL, width(cell.title, DETAIL), "end"))


def _source(cell: Cell, x: float, y: float, place: Place, made: list[Primitive]) -> None:
    text = mark_text(cell)
    made.append(Text("detail", x + place.width - 11, y + 9, text, LABEL, width(text, LABEL), "end"))
    made.append(Mark(cell.shape, x + place.width, y + 6, 7.0, cell.about))


def _sink(cell: Cell, x: float, y: float, place: Place, made: list[Primitive]) -> None:
    text = mark_text(cell)
    made.append(Mark("state", x + 7, y + 6, 7.0, cell.about))
    made.append(Text("detail", x + 11, y + 9, text, LABEL, width(text, LABEL)))


_CELLS = {"box": _box, "sign": _sign, "number": _number, "weight": _source, "state": _source, "next": _sink}
