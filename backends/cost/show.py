"""Costs as an aligned table, and as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from diagrammar.backends.cost.count import Cost, cost
from diagrammar.backends.cost.extremes import large
from diagrammar.diagram import Diagram, definitions
from diagrammar.sizes import Monomial, Poly, Size
from diagrammar.types import Field, free_axes, show

WIDTH = 120
Grids = Mapping[str, tuple[str, ...]]
# heads, and what of a cost stands under each
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("boxes", "boxes"), ("weights", "parameters"), ("FLOPs", "flops"), ("forward bytes", "forward"),
    ("backward bytes", "backward"),
)  # fmt: skip
# a column of types is not cut shorter than this, and no sum to fewer terms than two
_NARROWEST = 14


def table(
    diagram: Diagram, at: Mapping[str, int] | None = None, *, depth: int = 2, batch: int = 1, width: int = WIDTH
) -> str:
    """Rows of boxes down to `depth` with the types of what comes out and their figures, in `width` columns; then the
    totals. `at` gives values to free sizes (`{"X.0": 64, "X.1": 64}`). `|X|` is the number of grid points.

    Figures with a unit and sums that end in `...` are shortened; `data` has them whole.
    """
    total = cost(diagram, at=at, batch=batch)
    rows = [(total, "total", 0), *_rows(total, depth)]
    rows = [*rows[1:], rows[0]]
    shown = [name for name, attribute in _COLUMNS if any(getattr(row, attribute) != 0 for row, _, _ in rows)]
    columns = [(name, attribute) for name, attribute in _COLUMNS if name in shown or name == "boxes"]
    grids = _grids(diagram)
    names = [f"{'  ' * level}{name}{_times(row, grids)}" for row, name, level in rows]
    types = [show(row.wires) for row, _, _ in rows]
    for terms in (None, 3, 2, 1):
        cells = [
            [_shown(getattr(row, attribute), attribute, grids, terms) for _, attribute in columns] for row, _, _ in rows
        ]
        widths = [max(len(head), *(len(line[at]) for line in cells)) for at, (head, _) in enumerate(columns)]
        room = width - max(len("total"), *map(len, names)) - sum(widths) - 2 * (len(widths) + 1)
        if room >= min(_NARROWEST, max(map(len, types))):
            break
    room = max(room, _NARROWEST)
    lines = [["box", "wires", *(head for head, _ in columns)]]
    lines += [[name, _cut(kind, room), *line] for name, kind, line in zip(names, types, cells, strict=True)]
    text = aligned(lines)
    return "\n".join([text, *_notes(total, grids)])


def _rows(total: Cost, depth: int) -> list[tuple[Cost, str, int]]:
    rows: list[tuple[Cost, str, int]] = []
    stack = [(row, 0) for row in reversed(total.inside)] if depth > 0 else []
    while stack:
        row, level = stack.pop()
        if any(getattr(row, attribute) != 0 for _, attribute in _COLUMNS[1:]):
            rows.append((row, row.name, level))
        if level + 1 < depth:
            stack.extend((inner, level + 1) for inner in reversed(row.inside))
    return rows


def _times(row: Cost, grids: Grids) -> str:
    return "" if row.times == 1 else f" x{_polynomial(row.times, grids, None)}"


def _notes(total: Cost, grids: Grids) -> list[str]:
    """What the figures of the table do not say."""
    notes = []
    if total.products != 0:
        notes.append(f"{_shown(total.products, 'flops', grids, None)} FLOPs are products of matrices and convolutions")
    if total.unknown:
        notes.append(f"not counted: {', '.join(total.unknown)}")
    return ["", *notes] if notes else []


def aligned(lines: list[list[str]], texts: int = 2) -> str:
    """Rows in columns: texts, which stand in the first ones, to the left, figures to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(w) if column >= texts else cell.ljust(w)
            for column, (cell, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 3] + "..."


# ------------------------------------------------------------------------------------------------------- figures


def _grids(diagram: Diagram) -> dict[str, tuple[str, ...]]:
    """How the product of the axes of each free grid is written, `|X|`, and the names of the axes."""
    found: dict[str, tuple[str, ...]] = {}
    for inside in definitions(diagram):
        for wire in inside.flat.types:
            if isinstance(wire, Field):
                axes = tuple(map(str, free_axes(wire.space.base)))
                if all(each.rpartition(".")[0] for each in axes):
                    found[f"|{wire.space.name}|"] = axes
    return found


def _shown(size: Size, what: str, grids: Grids, terms: int | None) -> str:
    """A figure: exact for boxes and weights, with a unit for others; a polynomial where sizes are free."""
    if isinstance(size, Poly):
        return _polynomial(size, grids, terms)
    number = math.ceil(Fraction(size))
    if number == 0:
        return "0"
    if what in ("forward", "backward"):
        return as_bytes(number)
    if what == "flops":
        return as_count(number)
    return f"{number:,}"


def as_bytes(number: int) -> str:
    """Bytes with a unit.

    >>> as_bytes(9216)
    '9 KiB'
    """
    return with_unit(number, 1024, (" B", " KiB", " MiB", " GiB", " TiB", " PiB"))


def as_count(number: int) -> str:
    """Operations with a unit.

    >>> as_count(1_200_000)
    '1.2 M'
    """
    return with_unit(number, 1000, ("", " K", " M", " G", " T", " P"))


def with_unit(number: int, base: int, units: tuple[str, ...]) -> str:
    """Four digits and a unit; small numbers are exact.

    >>> with_unit(9216, 1024, (" B", " KiB")), with_unit(812, 1000, ("", " K"))
    ('9 KiB', '812')
    """
    value, unit = Fraction(number), 0
    while value >= base and unit + 1 < len(units):
        value, unit = value / base, unit + 1
    digits = 0 if unit == 0 else max(3 - len(str(int(value))), 0)
    text = f"{float(value):,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{units[unit]}"


def _polynomial(size: Size, grids: Grids, terms: int | None) -> str:
    """A polynomial with the largest terms first, `1,152 |X| + 96 n`; at most so many of them, or of the candidates of a
    maximum."""
    if not isinstance(size, Poly):
        return f"{math.ceil(Fraction(size)):,}"
    choices = _choices(size)
    if choices is not None:
        shown = [_polynomial(each, grids, None) for each in choices[:terms]]
        return f"max({', '.join([*shown, *(['...'] if len(shown) < len(choices) else [])])})"
    ordered = sorted(size.terms.items(), key=lambda term: -abs(large(Poly({term[0]: term[1]}) if term[0] else term[1])))
    text = ""
    for monomial, coefficient in ordered[:terms]:
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += sign + _term(monomial, abs(coefficient), grids)
    return text + (" + ..." if terms is not None and len(ordered) > terms else "")


def _choices(size: Poly) -> list[Size] | None:
    """The candidates of a size that is a maximum, the largest first."""
    ((monomial, coefficient), *rest) = size.terms.items()
    if rest or coefficient != 1 or len(monomial) != 1 or monomial[0][0].kind != "max" or monomial[0][1] != 1:
        return None
    found = [each for each in monomial[0][0].args if isinstance(each, int | Fraction | Poly)]
    return sorted(found, key=large, reverse=True)


def _term(monomial: Monomial, coefficient: Fraction, grids: Grids) -> str:
    powers = {str(atom): power for atom, power in monomial}
    factors = []
    for short, axes in grids.items():
        common = min(powers.get(axis, 0) for axis in axes)
        if common:
            factors.append(short if common == 1 else f"{short}^{common}")
            for axis in axes:
                powers[axis] -= common
    factors += [name if power == 1 else f"{name}^{power}" for name, power in powers.items() if power]
    whole = coefficient.denominator == 1
    number = f"{int(coefficient):,}" if whole else f"{float(coefficient):,.6g}"
    return " ".join([*([number] if coefficient != 1 or not factors else []), *factors])


def data(diagram: Diagram, at: Mapping[str, int] | None = None, *, depth: int = 2, batch: int = 1) -> dict[str, Any]:
    """The same as dictionaries, numbers and strings (polynomials in the free sizes), for scripts."""
    total = cost(diagram, at=at, batch=batch)
    root = _entry(total)
    stack = [(root, total, 0)]
    while stack:
        entry, row, level = stack.pop()
        if level < depth:
            for inner in row.inside:
                made = _entry(inner)
                entry["inside"].append(made)
                stack.append((made, inner, level + 1))
    return root


def _entry(row: Cost) -> dict[str, Any]:
    def plain(size: Size) -> int | str:
        return str(size) if isinstance(size, Poly) else math.ceil(Fraction(size))

    return {
        "name": row.name, "wires": show(row.wires), "times": plain(row.times), "boxes": row.boxes,
        "weights": plain(row.parameters), "flops": plain(row.flops), "products": plain(row.products),
        "forward_bytes": plain(row.forward), "backward_bytes": plain(row.backward),
        "not_counted": list(row.unknown), "inside": [],
    }  # fmt: skip
