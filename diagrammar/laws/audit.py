"""What laws leave open: tolerances that are loose, and diagrams and boxes of a file that no law mentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diagrammar.elaborate.laws import Statement, mentions, statements
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


def audit(module: Any) -> Audit:
    """The audit of a file."""
    loose = []
    spoken: set[str] = set()
    for law in statements(module):
        spoken |= mentions(law)
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
