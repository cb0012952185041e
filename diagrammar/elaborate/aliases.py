"""Names of a module that stand for expressions over its free dims and spaces."""

from __future__ import annotations

from typing import Any

from diagrammar.elaborate.values import Declared, Implicit, Scope


class TypeAlias:
    """`type V = Field[X, width]`: worked out for the X of each instance."""

    __slots__ = ("declared",)

    def __init__(self, declared: Declared) -> None:
        self.declared = declared

    def at(self, implicit: Implicit) -> Any:
        """The type in one instance."""
        from diagrammar.elaborate.body import Body
        from diagrammar.elaborate.typing import type_of

        declared = self.declared
        scope = Scope(declared.scope.module, declared.source, None, None, implicit)
        elaborator = declared.scope.module.elaborator
        elaborator.enter_type(declared.span(declared.ast))
        try:
            found = type_of(Body(elaborator, declared), declared.ast.value, scope)
        finally:
            elaborator.leave_type()
        found.label = declared.name
        return found


class SpaceAlias:
    """`space S = X * T`: worked out for the X and the T of each instance."""

    __slots__ = ("declared",)

    def __init__(self, declared: Declared) -> None:
        self.declared = declared

    def at(self, implicit: Implicit) -> Any:
        """The space in one instance."""
        from diagrammar.elaborate.body import Body
        from diagrammar.elaborate.expressions import static

        declared = self.declared
        scope = Scope(declared.scope.module, declared.source, None, None, implicit)
        elaborator = declared.scope.module.elaborator
        elaborator.enter_type(declared.span(declared.ast))
        try:
            return static(Body(elaborator, declared), declared.ast.value, scope)
        finally:
            elaborator.leave_type()
