"""A box of DisCoPy with diagrams inside: a bubble that composes with Markov diagrams and keeps its data."""

from __future__ import annotations

from typing import Any

from discopy import markov, monoidal


class Frame(monoidal.Bubble, markov.Box):  # type: ignore[misc]  # discopy has no types
    """A named frame, or a combinator: `args` are the diagrams inside, `method` says which it is.

    A functor calls the `method` of its target, `frame(inside, dom=, cod=)`, if there is one, else its own `ar`.
    """

    def __init__(self, *args: Any, dom: Any, cod: Any, name: str = "", method: str = "frame", data: Any = None) -> None:
        monoidal.Bubble.__init__(self, *args, dom=dom, cod=cod, name=name, method=method, drawing_name=name)
        self.data = data

    def __eq__(self, other: object) -> bool:
        """Bubbles of DisCoPy are equal whatever their data: a repeat of 3 would be one of 4."""
        return bool(monoidal.Bubble.__eq__(self, other)) and self.data == getattr(other, "data", None)

    def __hash__(self) -> int:
        return hash((self.name, self.dom, self.cod, self.method, self.data))

    def __str__(self) -> str:
        return str(self.name or self.method)

    def __repr__(self) -> str:
        return f"Frame({self.name!r}, {self.dom!r}, {self.cod!r}, method={self.method!r}, data={self.data!r})"
