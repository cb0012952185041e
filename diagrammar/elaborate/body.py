"""A body under elaboration: its unknowns, its mentions, and what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagrammar.elaborate.holes import Mismatch, Waiting
from diagrammar.elaborate.unify import Unifier
from diagrammar.elaborate.values import Declared
from diagrammar.errors import DiagramTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagrammar.elaborate.arguments import Mention
    from diagrammar.elaborate.elaborator import Elaborator
    from diagrammar.errors import DiagrammarError


class Late:
    """An equation between types that cannot be written down yet: `attempt` raises Waiting until it can be."""

    __slots__ = ("attempt", "error")

    def __init__(self, attempt: Callable[[], None], error: Callable[[str], DiagrammarError]) -> None:
        self.attempt = attempt
        self.error = error


class Body:
    """What is known while one declaration is elaborated in one instance."""

    __slots__ = ("declared", "elaborator", "instances", "keys", "late", "mentions", "unifier")

    def __init__(self, elaborator: Elaborator, declared: Declared | None) -> None:
        self.elaborator = elaborator
        self.declared = declared
        self.unifier = Unifier()
        self.mentions: list[Mention] = []
        self.late: list[Late] = []
        self.keys: dict[int, str] = {}
        # in a law a name with its static arguments is one instance: its key, by what the instance is
        self.instances: dict[Any, str] | None = None

    def settle(self) -> None:
        """Solves all that can be solved now."""
        moved = True
        while moved:
            moved = False
            self.unifier.settle()
            late, self.late = self.late, []
            for item in late:
                try:
                    item.attempt()
                except Waiting:
                    self.late.append(item)
                except Mismatch as error:
                    raise item.error(str(error)) from None
                else:
                    moved = True

    def finish(self) -> None:
        """Settles, fills in the defaults of headers one after the other, and reports what is left unknown."""
        self.settle()
        for mention in self.mentions:
            while mention.default(self):
                self.settle()
        self.unifier.settle_literals()
        for mention in self.mentions:
            mention.close(self)
        self.settle()
        if self.unifier.waiting:
            error = self.unifier.waiting[0][2]
            raise error
        if self.late:
            raise self.late[0].error("its type is not known here; write it down")


def no_type(message: str, span: Any, *notes: str, hint: str | None = None) -> DiagramTypeError:
    """A type error."""
    return DiagramTypeError(message, span, notes, hint)
