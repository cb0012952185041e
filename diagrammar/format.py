"""A diagram as `.dg` text that reads back to the `same` diagram: each definition once, wires by name.

A frame whose key is the one that its mention would get stands as a call; another is declared by `share` first. What is
inside `map`, `repeat` and the like stands as an expression there, so those insides may be nested as deep as they like:
text is put together from pieces, by generators on a stack of our own.
"""

from __future__ import annotations

from diagrammar.body_text import Body, Steps
from diagrammar.box import Box
from diagrammar.diagram import Diagram, definitions
from diagrammar.forms import Forms
from diagrammar.notation import (
    Mentioned,
    kind_of,
    wrapped,
)
from diagrammar.types import show


def to_text(diagram: Diagram, name: str = "") -> str:
    """The text of a diagram; it is called `name`, or its own name, or `main`.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> layer = Box("gelu", (x,), (x,), origin="std:gelu").diagram().named("layer")
    >>> print(to_text(layer >> layer), end="")
    diagram layer : R[2] -> R[2] = gelu
    diagram main : R[2] -> R[2] = layer >> layer
    """
    return File(diagram, name or diagram.name or "main").text()


class File:
    """The definitions of a text, and the names that they have."""

    __slots__ = (
        "boxes",
        "counts",
        "escapes",
        "forms",
        "keep",
        "mentioned",
        "names",
        "parts",
        "queue",
        "shares",
        "taken",
    )

    def __init__(self, diagram: Diagram, name: str) -> None:
        self.mentioned = Mentioned()
        forms = Forms(True)
        forms.of(diagram)
        # diagrams that are the same have one definition
        self.forms = forms.numbers
        self.names: dict[tuple[int, str], str] = {(self.forms[id(diagram)], name): name}
        self.taken = {name}
        self.counts: dict[str, int] = {}
        self.queue: list[tuple[str, Diagram]] = [(name, diagram)]
        self.parts: list[list[str]] = []
        self.boxes: dict[tuple[object, ...], tuple[str, str]] = {}
        self.shares: dict[str, str] = {}
        self.keep = definitions(diagram)
        self.escapes: dict[int, int] = {}
        for level in self.keep:
            self.escapes[id(level)] = self._escape(level)

    def _escape(self, level: Diagram) -> int:
        """How many keyed boxes further out the keys of a diagram lead."""
        far = 0
        for node in level.flat.nodes:
            box = node.box
            if box.key is not None:
                far = max(far, len(box.key) - len(box.key.lstrip("^")))
            for inside in box.insides:
                far = max(far, self.escapes[id(inside)] - (box.key is not None))
        return far

    def text(self) -> str:
        """The whole text."""
        for name, diagram in self.queue:
            pieces: list[str] = []
            _emit(Body(self, diagram, ()).definition(name, ""), pieces)
            self.parts.append(pieces)
        lines = [*self.mentioned.header()]
        lines += [text for _, text in self.boxes.values()]
        lines += [f"share {name} = {text}" for name, text in self.shares.items()]
        for pieces in reversed(self.parts):
            for line in "".join(pieces).splitlines():
                text = line.lstrip(" ")
                lines += wrapped(text, line[: len(line) - len(text)])
        return "\n".join(lines) + "\n"

    def unique(self, name: str) -> str:
        """A name that no other declaration has."""
        count = self.counts.get(name, 1)
        free = name
        while free in self.taken:
            count += 1
            free = f"{name}__{count}"
        self.counts[name] = count
        self.taken.add(free)
        return free

    def definition(self, inside: Diagram, *wanted: str) -> str:
        """What a definition is called: one of these names if one is free; it is queued when it is first asked for."""
        form = self.forms[id(inside)]
        for name in wanted:
            if self.names.get((form, name)) == name:
                return name
            if name not in self.taken:
                break
        else:
            name = wanted[0]
        known = self.names.get((form, name))
        if known is None:
            known = self.names[form, name] = self.unique(name)
            self.queue.append((known, inside))
        return known

    def box(self, box: Box) -> str:
        """What a box that the caller binds is called; it is declared once for each signature."""
        origin = box.origin.rpartition(":")[2] or box.name
        signature = (origin, box.dom, box.cod, box.kinds, tuple(name for name, _ in box.params))
        found = self.boxes.get(signature)
        if found is None:
            self.mentioned.types(box.dom + box.cod)
            name = self.unique(origin)
            params = ", ".join(f"{label} : {kind_of(value)}" for label, value in box.params)
            kinds = f" is {', '.join(sorted(box.kinds))}" if box.kinds else ""
            head = f"box {name}{f'[{params}]' if params else ''}"
            found = self.boxes[signature] = (name, f"{head} : {show(box.dom)} -> {show(box.cod)}{kinds}")
        return found[0]


def _emit(steps: Steps, pieces: list[str]) -> None:
    stack = [steps]
    while stack:
        for step in stack[-1]:
            if isinstance(step, str):
                pieces.append(step)
            else:
                stack.append(step)
                break
        else:
            stack.pop()
