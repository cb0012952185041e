"""Names of a module that stand for expressions over its free dims and spaces."""

from __future__ import annotations

from typing import Any

from diagrammar.elaborate.values import Declared, Implicit, Scope
from diagrammar.errors import DiagramNameError


class Alias:
    """`type V = Field[X, width]`, `space S = X * T`: worked out for the X and the T of each instance."""

    __slots__ = ("declared",)

    def __init__(self, declared: Declared) -> None:
        self.declared = declared

    def at(self, implicit: Implicit) -> Any:
        """The type or the space in one instance."""
        from diagrammar.elaborate.body import Body
        from diagrammar.elaborate.expressions import static
        from diagrammar.elaborate.typing import type_of
        from diagrammar.grammar import tree

        declared = self.declared
        elaborator = declared.scope.module.elaborator
        scope = Scope(declared.scope.module, declared.source, None, None, implicit)
        body = Body(elaborator, declared)
        if declared in elaborator.aliases:
            raise DiagramNameError(f"`{declared.name}` is declared by itself", declared.span(declared.ast))
        elaborator.aliases.append(declared)
        try:
            if isinstance(declared.ast, tree.SpaceDecl):
                return static(body, declared.ast.value, scope)
            found = type_of(body, declared.ast.value, scope)
        finally:
            elaborator.aliases.pop()
        found.label = declared.name
        return found
