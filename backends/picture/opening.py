"""Which frames of a picture are open.

By default those of the user's own file: each declaration where it first stands, so that a picture says everything once,
as a figure in a paper does; the library stays closed. With a depth, all frames down to that depth.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from diagrammar.backends.picture.sheet import Sheets
from diagrammar.diagram import Diagram
from diagrammar.errors import BudgetError
from diagrammar.notation import has_diagrams

# what one page can show to a reader, and what a file may hold
READABLE, MOST = 150, 20_000


@dataclass
class Opened:
    """A body that is drawn, and the bodies that are open in it, by the cell around them."""

    diagram: Diagram
    inner: dict[int, Opened] = field(default_factory=dict)


def opened(sheets: Sheets, depth: int | None = None) -> list[Opened]:
    """The bodies that are drawn, each after the one around it; the root comes first.

    Raises BudgetError for a depth at which more boxes would be drawn than a file can hold.
    """
    return _readable(sheets) if depth is None else _down_to(sheets, depth)


def _readable(sheets: Sheets) -> list[Opened]:
    root = Opened(sheets.root)
    drawn, queue = [root], deque([root])
    shown: set[object] = {sheets.root.origin, ""}
    count = len(sheets.of(sheets.root).cells)
    while queue:
        here = queue.popleft()
        for number, cell in enumerate(sheets.of(here.diagram).cells):
            declared = _declared(here.diagram, number)
            if cell.inside is None or not cell.own or declared in shown:
                continue
            more = len(sheets.of(cell.inside).cells)
            if count + more > READABLE:
                continue
            count += more
            if declared is not None:
                shown.add(declared)
            here.inner[number] = Opened(cell.inside)
            drawn.append(here.inner[number])
            queue.append(here.inner[number])
    return drawn


def _declared(body: Diagram, number: int) -> object:
    """Which declaration a frame is of, or which diagram, where that has none or was given a diagram as an argument;
    nothing for a combinator."""
    box = body.flat.nodes[number].box
    if box.key is None or not box.insides:
        return None
    return id(box.insides[0]) if not box.origin or has_diagrams(box) else box.origin


def _down_to(sheets: Sheets, depth: int) -> list[Opened]:
    """Bodies that stand at one level several times are one here."""
    root = Opened(sheets.root)
    drawn, row = [root], {id(sheets.root): (root, 1)}
    count = len(sheets.of(sheets.root).cells)
    for _ in range(depth):
        below: dict[int, tuple[Opened, int]] = {}
        for here, times in row.values():
            for number, cell in enumerate(sheets.of(here.diagram).cells):
                if cell.inside is None:
                    continue
                found, before = below.get(id(cell.inside), (Opened(cell.inside), 0))
                below[id(cell.inside)] = found, before + times
                here.inner[number] = found
                count += times * len(sheets.of(cell.inside).cells)
                if count > MOST:
                    raise BudgetError(
                        f"a picture at this depth has more than {MOST:,} boxes", hint="draw with a smaller depth"
                    )
        if not below:
            break
        drawn += [found for found, _ in below.values()]
        row = below
    return drawn
