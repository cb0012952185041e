"""What `diagrammar show` prints of a diagram."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import wrap

from diagrammar.diagram import Diagram
from diagrammar.divisibility import conditions, show_conditions
from diagrammar.notation import WIDTH
from diagrammar.types import show


def summary(name: str, diagram: Diagram, at: Mapping[str, int] | None = None, depth: int = 2, batch: int = 1) -> str:
    """Its type, the cost of its boxes, and the conditions on its free sizes."""
    from diagrammar.backends.cost import table

    header = f"{name} : {show(diagram.dom)} -> {show(diagram.cod)}"
    lines = [*wrap(header, WIDTH, subsequent_indent="    "), "", table(diagram, at, depth=depth, batch=batch)]
    needs = show_conditions(conditions(diagram))
    if needs:
        lines += ["", *(f"needs {line}" for line in needs)]
    return "\n".join(lines)


def plain(name: str, diagram: Diagram, at: Mapping[str, int] | None = None, depth: int = 2, batch: int = 1) -> str:
    """The same as JSON, with exact figures: numbers, and polynomials in free sizes as strings."""
    from diagrammar.backends.cost import data

    found = {**data(diagram, at, depth=depth, batch=batch), "name": name}
    found |= {"type": f"{show(diagram.dom)} -> {show(diagram.cod)}", "needs": show_conditions(conditions(diagram))}
    return json.dumps(found, indent=2)
