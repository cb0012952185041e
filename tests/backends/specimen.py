"""Specimens: a box of `std` as a diagram of one size."""

from __future__ import annotations

from collections.abc import Iterator

import diagrammar as dg
from diagrammar.diagram import Diagram

# a specimen is what stands between `diagram f(` and `)`, its type, and its body
Specimen = tuple[str, str, str]

_HEAD = "".join(f"space X{n} = torus({n})\nspace Y{n} = cube({n})\n" for n in (1, 2, 3))
_HEAD += "space J = interval(-1, 3)\nspace Y4 = cube(4)\nspace X4 = torus(4)\n"

GRIDS = {1: ("5", "8", "1", "2"), 2: ("5, 6", "4, 4", "1, 3", "6, 1"), 3: ("3, 4, 5", "2, 2, 2")}
SQUARE = "R[3, 3]"


def build(specimen: Specimen) -> Diagram:
    """The diagram of a specimen."""
    ports, kind, body = specimen
    return dg.loads(f"{_HEAD}diagram f({ports}) -> {kind} {{ return {body} }}\n")["f"]


def fields(kinds: str = "XY", dims: tuple[int, ...] = (1, 2, 3), channels: int = 2) -> Iterator[tuple[str, str, str]]:
    """Spaces on grids of every size: the type of a field, its space, its grid."""
    for kind in kinds:
        for dim in dims:
            for grid in GRIDS[dim]:
                space = f"{kind}{dim}[{grid}]"
                yield f"Field[{space}, {channels}]", f"{kind}{dim}", grid


def scaled(space: str, grid: str, above: int = 1, below: int = 1, channels: int = 2) -> str:
    """A field on a grid that is finer or coarser."""
    sizes = ", ".join(str(int(n) * above // below) for n in grid.split(","))
    return f"Field[{space}[{sizes}], {channels}]"
