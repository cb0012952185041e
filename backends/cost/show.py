"""Costs as an aligned table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from diagrammar.backends.cost.boxes import log2
from diagrammar.backends.cost.count import Cost, cost
from diagrammar.diagram import Diagram, definitions
from diagrammar.sizes import Atom, Poly, Size, rewrite, substitute
from diagrammar.types import Field, free_axes, map_sizes, show

_HEADS = ("box", "wires", "parameters", "FLOPs", "bytes")


def table(diagram: Diagram, at: Mapping[str, int] | None = None, *, depth: int = 2) -> str:
    """Rows of boxes with the types of what comes out, parameters, operations and bytes of activations, down to `depth`,
    and their totals; `at` gives values to free sizes (`{"X.0": 64, "X.1": 64}`). `|X|` is the number of grid points."""
    total = cost(diagram)
    grids = _grids(diagram)
    rows: list[tuple[str, ...]] = [_HEADS]
    stack = [(row, 0) for row in reversed(total.inside)]
    while stack:
        row, level = stack.pop()
        if not (row.parameters == 0 and row.flops == 0 and row.bytes == 0):
            rows.append(_row(row, "  " * level + row.name, at or {}, grids))
        if level + 1 < depth:
            stack.extend((inner, level + 1) for inner in reversed(row.inside))
    rows.append(_row(total, "total", at or {}, grids))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [
        "  ".join(
            cell.rjust(w) if column > 1 else cell.ljust(w)
            for column, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    if total.unknown:
        lines.append(f"not counted: {', '.join(total.unknown)}")
    return "\n".join(line.rstrip() for line in lines)


def _grids(diagram: Diagram) -> dict[str, str]:
    """How the product of the axes of each free grid is written, and `|X|` for it."""
    found: dict[str, str] = {}
    for inside in definitions(diagram):
        for wire in inside.flat.types:
            if isinstance(wire, Field):
                product: Size = 1
                for axis in free_axes(wire.space.base):
                    product = product * axis
                found[str(product)] = f"|{wire.space.name}|"
    return found


def value(size: Size, at: Mapping[str, int]) -> Size:
    """A cost with values for free sizes; `log2(..)` follows."""

    def image(atom: Atom) -> Size | None:
        if atom.kind == "log2":
            (inner,) = atom.args
            assert isinstance(inner, int | Fraction | Poly)
            return log2(substitute(inner, at))
        return at.get(str(atom.args[0])) if atom.kind == "var" else None

    return rewrite(size, image)


def _row(row: Cost, name: str, at: Mapping[str, int], grids: Mapping[str, str]) -> tuple[str, ...]:
    times = f" x{row.times}" if row.times != 1 else ""
    wires = show(tuple(map_sizes(wire, lambda size: value(size, at)) for wire in row.wires)) if at else show(row.wires)
    figures = (_shown(value(size, at), grids) for size in (row.parameters, row.flops, row.bytes))
    return (name + times, wires if len(wires) <= 48 else wires[:47] + "…", *figures)


def _shown(size: Size, grids: Mapping[str, str]) -> str:
    if not isinstance(size, Poly):
        return f"{math.ceil(Fraction(size)):,}"
    text = str(size)
    for product, short in grids.items():
        text = text.replace(product, short)
    return text
