"""Costs as an aligned table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from diagrammar.backends.cost.boxes import log2
from diagrammar.backends.cost.count import Cost, cost
from diagrammar.diagram import Diagram
from diagrammar.sizes import Atom, Poly, Size, rewrite, substitute

_HEADS = ("box", "parameters", "flops", "bytes")


def table(diagram: Diagram, at: Mapping[str, int] | None = None, *, depth: int = 2) -> str:
    """Rows of boxes with parameters, operations and bytes of activations, down to `depth`, and their totals; `at` gives
    values to free sizes (`{"X.0": 64, "X.1": 64}`)."""
    total = cost(diagram)
    rows: list[tuple[str, ...]] = [_HEADS]
    stack = [(row, 0) for row in reversed(total.inside)]
    while stack:
        row, level = stack.pop()
        if not (row.parameters == 0 and row.flops == 0 and row.bytes == 0):
            rows.append(_row(row, "  " * level + row.name, at or {}))
        if level + 1 < depth:
            stack.extend((inner, level + 1) for inner in reversed(row.inside))
    rows.append(_row(total, "total", at or {}))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [
        "  ".join(
            cell.ljust(w) if not at_column else cell.rjust(w)
            for at_column, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    if total.unknown:
        lines.append(f"not counted: {', '.join(total.unknown)}")
    return "\n".join(line.rstrip() for line in lines)


def value(size: Size, at: Mapping[str, int]) -> Size:
    """A cost with values for free sizes; `log2(..)` follows."""

    def image(atom: Atom) -> Size | None:
        if atom.kind == "log2":
            (inner,) = atom.args
            assert isinstance(inner, int | Fraction | Poly)
            return log2(substitute(inner, at))
        return at.get(str(atom.args[0])) if atom.kind == "var" else None

    return rewrite(size, image)


def _row(row: Cost, name: str, at: Mapping[str, int]) -> tuple[str, ...]:
    times = f" x{row.times}" if row.times != 1 else ""
    return (name + times, *(_shown(value(size, at)) for size in (row.parameters, row.flops, row.bytes)))


def _shown(size: Size) -> str:
    return str(size) if isinstance(size, Poly) else f"{math.ceil(Fraction(size)):,}"
