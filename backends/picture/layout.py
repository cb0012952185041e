"""Where things stand: the sizes of slots, then columns from left to right, then heights; bodies inside come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from diagrammar.backends.picture.heights import Joint, heights
from diagrammar.backends.picture.metrics import clipped, width
from diagrammar.backends.picture.opening import Opened
from diagrammar.backends.picture.plan import IN, OUT, PASS, Link, Plan, Slot, plan
from diagrammar.backends.picture.sheet import Cell, Sheet, Sheets
from diagrammar.spelling import type_text

TITLE, DETAIL, LABEL = 12.0, 9.0, 9.0
PORTS = 20.0  # between the ports of a box
WIDEST = 150.0  # of a line in a box
HEAD, FOOT = 22.0, 12.0  # of a frame, above and below what is in it
STUB = 14.0
SIGN = 10.0  # the radius of an operator

LINE, SPARE = 1300.0, 0.3  # how wide a row of a body is, about; and by which part of that the last one may be wider
ABOVE = 12.0  # from a wire to the upper end of its type
APART = 7.0  # between wires that turn


@dataclass(frozen=True)
class Place:
    """A slot in its place: its corner and size, and the offsets of its ports from its top."""

    x: float
    y: float
    width: float
    height: float
    ins: tuple[float, ...]
    outs: tuple[float, ...]
    open: Laid | None = None


@dataclass(frozen=True)
class Turn:
    """A gap at which a row ends: its wires turn back at `right`, run at `down` below the row, and come in at `left`,
    each `APART` from the next."""

    right: float
    down: float
    left: float


@dataclass(frozen=True)
class Laid:
    """A body that is laid out, its corner at 0, 0: the places of its slots by column, the texts on its links, for each
    gap where its wires begin to bend and where they have arrived, and the gaps at which a new row begins."""

    sheet: Sheet
    plan: Plan
    width: float
    height: float
    places: tuple[tuple[Place, ...], ...]
    labels: tuple[tuple[str, ...], ...]
    bends: tuple[tuple[float, float], ...]
    turns: Mapping[int, Turn]

    @property
    def ins(self) -> tuple[float, ...]:
        """The heights of its inputs."""
        return tuple(place.y for place in self.places[0])

    @property
    def outs(self) -> tuple[float, ...]:
        """The heights of its outputs."""
        return tuple(place.y for place in self.places[-1])

    def said(self) -> set[int]:
        """The wires whose types are written."""
        return {
            link.wire
            for gap, row in zip(self.plan.gaps, self.labels, strict=True)
            for link, text in zip(gap, row, strict=True)
            if text
        }


@dataclass
class Size:
    """A slot before it has a place."""

    width: float
    height: float
    ins: tuple[float, ...] = ()
    outs: tuple[float, ...] = ()
    open: Laid | None = field(default=None)


def laid_out(sheets: Sheets, drawn: Sequence[Opened]) -> Laid:
    """The root laid out, with the frames open that are to be; `drawn` lists each body after the one around it."""
    done: dict[int, Laid] = {}
    plans: dict[int, Plan] = {}
    for here in reversed(drawn):
        known = plans.get(id(here.diagram))
        if known is None:
            known = plans[id(here.diagram)] = plan(here.diagram.flat)
        inner = {number: done[id(one)] for number, one in here.inner.items()}
        done[id(here)] = body(sheets.of(here.diagram), known, inner)
    return done[id(drawn[0])]


def body(sheet: Sheet, drawn: Plan, inner: Mapping[int, Laid]) -> Laid:
    """One body: the sizes of its slots, their heights, columns from left to right, and rows from top to bottom."""
    sizes = [[_size(sheet, slot, inner) for slot in column] for column in drawn.columns]
    rooms = [
        [
            (size.height, room(sheet, before, slot))
            for before, slot, size in zip((None, *column), column, row, strict=False)
        ]
        for column, row in zip(drawn.columns, sizes, strict=True)
    ]
    tops = heights(rooms, [_joints(sheet, drawn, sizes, k) for k in range(len(drawn.gaps))])
    labels = tuple(
        tuple(_label(sheet, drawn.columns[k][link.slot], link, sizes[k][link.slot].open) for link in gap)
        for k, gap in enumerate(drawn.gaps)
    )
    lefts, bends, end = _columns(drawn, sizes, tops, labels)
    return _rows(sheet, drawn, sizes, labels, Line(lefts, tops, bends, end))


# ------------------------------------------------------------------------------------------------------- sizes


def _size(sheet: Sheet, slot: Slot, inner: Mapping[int, Laid]) -> Size:
    if slot.cell < 0:
        return Size(0.0, 0.0, (0.0,), (0.0,))
    node = sheet.diagram.flat.nodes[slot.cell]
    opened = inner.get(slot.cell)
    if opened is not None:
        return _frame(sheet.cells[slot.cell], opened, len(node.ins), len(node.outs))
    cell = sheet.cells[slot.cell]
    wide, high = cell_size(cell, max(len(node.ins), len(node.outs)))
    apart = 1.2 * SIGN if cell.shape == "sign" else PORTS
    return Size(wide, high, spread(len(node.ins), high, apart), spread(len(node.outs), high, apart))


def cell_size(cell: Cell, ports: int) -> tuple[float, float]:
    """Width and height of a closed box."""
    if cell.shape == "sign":
        return 2 * SIGN, 2 * SIGN
    if cell.shape == "number":
        return width(cell.title, DETAIL) + 4, 12.0
    if cell.shape in ("weight", "state", "next"):
        return width(mark_text(cell), LABEL) + 14, 12.0
    lines = max(width(head(cell), TITLE), width(clipped(cell.detail, DETAIL, WIDEST), DETAIL))
    return max(36.0, lines + 18), max(40.0 if cell.detail else 30.0, PORTS * ports + 8)


def head(cell: Cell) -> str:
    """The first line of a box, and the title of a frame."""
    return clipped(f"{cell.title} {cell.times}".rstrip(), TITLE, 2 * WIDEST)


def mark_text(cell: Cell) -> str:
    """What is written at a weight."""
    return clipped(f"{cell.title} : {cell.detail}" if cell.detail else cell.title, LABEL, 2 * WIDEST)


def spread(count: int, high: float, apart: float = PORTS) -> tuple[float, ...]:
    """The offsets of the ports of a closed box: in the middle, evenly."""
    return tuple(high / 2 + apart * (port - (count - 1) / 2) for port in range(count))


def _frame(cell: Cell, opened: Laid, ins: int, outs: int) -> Size:
    wide = max(opened.width, width(head(cell), TITLE) + 24)
    high = HEAD + opened.height + FOOT
    # where a box gives its inside other wires than its own, its ports stand apart from those inside
    into = tuple(HEAD + y for y in opened.ins) if len(opened.ins) == ins else spread(ins, high)
    out = tuple(HEAD + y for y in opened.outs) if len(opened.outs) == outs else spread(outs, high)
    return Size(wide, max(high, PORTS * max(ins, outs) + 8), into, out, opened)


def room(sheet: Sheet, above: Slot | None, slot: Slot) -> float:
    """How far two neighbours of a column stand apart."""
    if above is None:
        return 0.0
    small = [
        other.cell >= 0 and sheet.cells[other.cell].shape in ("weight", "number", "state", "next")
        for other in (above, slot)
    ]
    if all(small):
        return 5.0
    if slot.cell in (IN, OUT):
        return PORTS
    return 16.0 if PASS in (above.cell, slot.cell) else 14.0


def _joints(sheet: Sheet, drawn: Plan, sizes: Sequence[Sequence[Size]], k: int) -> list[Joint]:
    result = []
    for link in drawn.gaps[k]:
        left = drawn.columns[k][link.slot]
        for at, port in link.targets:
            right = drawn.columns[k + 1][at]
            pull = {0: 1.0, 1: 2.0, 2: 8.0}[(left.cell == PASS) + (right.cell == PASS)]
            # weights and numbers follow the box that they belong to, which does not mind them
            light = left.cell >= 0 and not sheet.diagram.flat.nodes[left.cell].ins
            offsets = sizes[k][link.slot].outs[link.port], sizes[k + 1][at].ins[port]
            result.append(Joint(link.slot, offsets[0], at, offsets[1], pull / 50 if light else pull, pull))
    return result


# ------------------------------------------------------------------------------------------------------ labels


def closed(sheet: Sheet, drawn: Plan) -> list[list[str]]:
    """The types that are written where no frame is open."""
    return [
        [_label(sheet, drawn.columns[k][link.slot], link, None) for link in gap] for k, gap in enumerate(drawn.gaps)
    ]


def _label(sheet: Sheet, slot: Slot, link: Link, inside: Laid | None) -> str:
    """The type of a wire where it changes: at the inputs, and behind a box that makes another type than it takes."""
    flat = sheet.diagram.flat
    kind = flat.types[link.wire]
    if slot.cell == IN:
        return type_text(kind) if sheet.announced else ""
    if slot.cell < 0 or sheet.cells[slot.cell].shape in ("weight", "state", "number"):
        return ""
    if inside is not None:
        inner = inside.sheet.diagram.flat
        if inner.outputs[link.port] in inside.said() and inner.types[inner.outputs[link.port]] == kind:
            return ""
    node = flat.nodes[slot.cell]
    return "" if node.ins and all(flat.types[wire] == kind for wire in node.ins) else type_text(kind)


# ----------------------------------------------------------------------------------------------------- columns


def _columns(
    drawn: Plan, sizes: Sequence[Sequence[Size]], tops: Sequence[Sequence[float]], labels: Sequence[Sequence[str]]
) -> tuple[list[list[float]], tuple[tuple[float, float], ...], float]:
    """The left edge of each slot, where each gap bends, and the right edge of all."""
    lefts, bends, x = [], [], 0.0
    for k, row in enumerate(sizes):
        wide = max((size.width for size in row), default=0.0)
        # what has no input stands next to what it is for, the rest in the middle
        xs = [x + (wide - size.width) * (0.5 if size.ins or not size.outs else 1.0) for size in row]
        lefts.append(xs)
        x += wide
        if k == len(drawn.gaps):
            break
        start, miss = x, 0.0
        for link, text in zip(drawn.gaps[k], labels[k], strict=True):
            edge = xs[link.slot] + row[link.slot].width
            if not link.targets:
                start = max(start, edge + stub(text) + 4)
            elif text or len(link.targets) > 1:
                start = max(start, edge + width(text, LABEL) + 8)
            y = tops[k][link.slot] + row[link.slot].outs[link.port]
            for at, port in link.targets:
                miss = max(miss, abs(tops[k + 1][at] + sizes[k + 1][at].ins[port] - y))
        x = start + min(max(16.0, 10 + 0.45 * miss), 70.0)
        bends.append((start, x))
    return lefts, tuple(bends), x


def stub(text: str) -> float:
    """How long the wire of a discard is, below its type."""
    return max(STUB, width(text, LABEL) + 9)


# -------------------------------------------------------------------------------------------------------- rows


@dataclass(frozen=True)
class Line:
    """A body in a single line: left edges and tops of slots by column, bends of gaps, and its right edge."""

    lefts: Sequence[Sequence[float]]
    tops: Sequence[Sequence[float]]
    bends: Sequence[tuple[float, float]]
    end: float


def _rows(
    sheet: Sheet, drawn: Plan, sizes: Sequence[Sequence[Size]], labels: tuple[tuple[str, ...], ...], line: Line
) -> Laid:
    """Cuts a long line into rows, one below the other."""
    cuts = _cuts(drawn, line)
    places: list[tuple[Place, ...]] = []
    bends: list[tuple[float, float]] = []
    turns: dict[int, Turn] = {}
    down, wide, first = 0.0, 0.0, 0
    for cut in (*cuts, len(drawn.gaps)):
        columns = range(first, cut + 1)
        wires = len(drawn.gaps[first - 1]) if first else 0
        indent = APART * (wires + 1) if first else 0.0
        x = indent - (line.bends[first - 1][1] if first else 0.0)
        above = min((top for k in columns for top in _tops(drawn, sizes, labels, line, k)), default=0.0)
        below = max(
            (top + size.height for k in columns for top, size in zip(line.tops[k], sizes[k], strict=True)), default=0.0
        )
        if first:
            turns[first - 1] = Turn(turns[first - 1].right, turns[first - 1].down, indent - APART)
        for k in columns:
            places.append(
                tuple(
                    Place(left + x, top - above + down, size.width, size.height, size.ins, size.outs, size.open)
                    for left, top, size in zip(line.lefts[k], line.tops[k], sizes[k], strict=True)
                )
            )
            if k < len(line.bends):
                bends.append((line.bends[k][0] + x, line.bends[k][1] + x))
        down += below - above
        if cut < len(drawn.gaps):
            wires = len(drawn.gaps[cut])
            turns[cut] = Turn(bends[cut][0] + APART, down + 2 * APART, 0.0)
            wide = max(wide, bends[cut][0] + APART * (wires + 1))
            down += APART * (wires + 4)
        else:
            wide = max(wide, line.end + x)
        first = cut + 1
    return Laid(sheet, drawn, wide, down, tuple(places), labels, tuple(bends), turns)


def _tops(
    drawn: Plan, sizes: Sequence[Sequence[Size]], labels: Sequence[Sequence[str]], line: Line, k: int
) -> Iterator[float]:
    """The upper ends of what stands in a column, and of the types that are written behind it."""
    yield from line.tops[k]
    if k < len(drawn.gaps):
        for link, text in zip(drawn.gaps[k], labels[k], strict=True):
            if text:
                yield line.tops[k][link.slot] + sizes[k][link.slot].outs[link.port] - ABOVE


def _cuts(drawn: Plan, line: Line) -> list[int]:
    """The gaps at which rows end: rows are about equally long, and end where fewest wires go on; the last one has a
    third of that length at least."""
    length = line.end / max(1, ceil(line.end / LINE - SPARE))
    cuts: list[int] = []
    start, best = 0.0, -1
    for k, gap in enumerate(drawn.gaps):
        if line.bends[k][0] - start > length * 1.05 and best >= 0:
            cuts.append(best)
            start, best = line.bends[best][1], -1
        left, right = line.bends[k]
        inside = 0 < k < len(drawn.gaps) - 1 and _is_clean(drawn, k)
        apart = left - start > length / 2 and line.end - right > length / 3
        if inside and apart and (best < 0 or len(gap) <= len(drawn.gaps[best])):
            best = k
    return cuts


def _is_clean(drawn: Plan, k: int) -> bool:
    """Whether the wires of a gap neither end, nor are copied, nor cross."""
    ends = [link.targets[0] for link in drawn.gaps[k] if len(link.targets) == 1]
    return len(ends) == len(drawn.gaps[k]) and ends == sorted(ends)
