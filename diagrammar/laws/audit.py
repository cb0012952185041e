"""What laws leave open: tolerances that are loose, and diagrams and boxes of a file that no law mentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diagrammar.checking import check_law
from diagrammar.elaborate.laws import Statement, names_in, statements
from diagrammar.errors import DiagrammarError
from diagrammar.grammar import tree

LOOSE = 1e-3


@dataclass(frozen=True)
class Audit:
    """Laws with their tolerances above `LOOSE`, and names without a law."""

    loose: tuple[tuple[Statement, float], ...]
    lawless: tuple[str, ...]

    def lines(self, path: str) -> list[str]:
        """For a terminal."""
        found = []
        for law, within in self.loose:
            line, column = law.declared.source.place(law.ast.start)
            found.append(
                f"{law.declared.source.name}:{line}:{column}: `{law.name}` allows {within:g}, more than {LOOSE:g}"
            )
        found += [f"{path}: no law speaks of `{name}`" for name in self.lawless]
        return found or [f"{path}: every diagram and box has a law, and no law allows more than {LOOSE:g}"]


def _spoken(law: Statement) -> set[str]:
    """The names in its text, and those of the boxes that its sides put together: an operator names no box."""
    sides = check_law(law)
    found = names_in(law)
    for side in (sides.left, sides.right):
        for box in side.boxes:
            found.add(box.origin.rpartition(":")[2])
            found |= {
                inner.origin.rpartition(":")[2] for inside in box.insides for inner in inside.boxes if not box.key
            }
    return found


def audit(module: Any) -> Audit:
    """The audit of a file."""
    loose = []
    spoken: set[str] = set()
    for law in statements(module):
        spoken |= _spoken(law)
        try:
            within = law.tolerance({}, {})
        except DiagrammarError:
            within = None
        if within is not None and within > LOOSE:
            loose.append((law, within))
    names = getattr(module, "index", None) or module.declared
    lawless = [
        name
        for name in names
        if name not in spoken and isinstance(module.own(name).ast, tree.DiagramDecl | tree.BoxDecl)
    ]
    return Audit(tuple(loose), tuple(lawless))
