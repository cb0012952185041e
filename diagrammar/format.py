"""A diagram as `.dg` text that reads back to the `same` diagram: each definition once, wires by name.

A frame whose key is the one that its mention would get stands as a call, another as `(f as key)`; what stands in
several places is declared by `share`. What is inside `map`, `repeat` and the like stands as an expression there, so
those insides may be nested as deep as they like: text is put together from pieces, by generators on a stack of our own.
"""

from __future__ import annotations

from diagrammar.body_text import Body, Steps, own_name, twice
from diagrammar.box import Box, lineage, numbered
from diagrammar.diagram import Diagram, definitions
from diagrammar.forms import Forms
from diagrammar.notation import Mentioned, in_order, kind_of, own_names, wrapped
from diagrammar.spelling import types_text


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
        "busy",
        "counts",
        "declares",
        "escapes",
        "forms",
        "index",
        "keep",
        "library",
        "lifting",
        "lifts",
        "mentioned",
        "names",
        "parts",
        "queue",
        "shares",
        "std",
        "taken",
        "ways",
    )

    def __init__(self, diagram: Diagram, name: str) -> None:
        self.mentioned = Mentioned()
        forms = Forms(True)
        # those inside what a box is a derivative of are written too
        self.keep = definitions(diagram, derived=True)
        for level in (diagram, *self.keep):
            if id(level) not in forms.numbers:
                forms.of(level)
        # diagrams that are the same have one definition
        self.forms = forms.numbers
        self.names: dict[tuple[int, str], str] = {(self.forms[id(diagram)], name): name}
        self.counts: dict[str, int] = {}
        self.queue: list[tuple[str, Diagram]] = [(name, diagram)]
        self.lifting: dict[str, tuple[str, dict[tuple[int, str], str]]] = {}
        self.declares: dict[int, set[str]] = {}
        self.lifts: dict[tuple[int, str], tuple[str, dict[tuple[int, str], str]]] = {}
        self.parts: list[list[str]] = []
        self.boxes: dict[tuple[object, ...], tuple[str, str]] = {}
        self.shares: dict[str, str] = {}
        # names that mean something else already: no definition has one of them
        reserved, others = own_names(self.keep)
        self.taken = {name, *reserved}
        every = {name, *reserved, *others}
        self.busy = {one.rstrip("0123456789") for one in every}
        self.index = next(one for one in ("i", "j", "k", "step", "step_", "step__") if one not in every)
        self.std = next(one for one in ("std", "std_", "std__") if one not in every)
        self.library = False
        self.escapes: dict[int, int] = {}
        self.ways: dict[int, list[tuple[int, Box]]] = {}
        for level in self.keep:
            self.escapes[id(level)] = self._escape(level)
            # those inside come first, so that nothing here recurses deep
            self._ways((level,))

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

    def outward(self, box: Box) -> list[Box]:
        """The boxes inside of a keyed box whose keys lead to the body that the box stands in, each key once; of a
        derivative those of what it is a derivative of, which is what the text mentions."""
        *_, box = lineage(box)
        if box.key is None:
            return []
        return [deep for ups, deep in self._ways(box.insides) if ups == 1]

    def _ways(self, insides: tuple[Diagram, ...]) -> list[tuple[int, Box]]:
        """The boxes inside whose keys lead out, with how many keyed boxes further out."""
        found: dict[tuple[int, str], tuple[int, Box]] = {}
        for inside in insides:
            if not self.escapes[id(inside)]:
                continue
            known = self.ways.get(id(inside))
            if known is None:
                once: dict[tuple[int, str], tuple[int, Box]] = {}
                for node in inside.flat.nodes:
                    box = node.box
                    ups = 0 if box.key is None else len(box.key) - len(box.key.lstrip("^"))
                    if ups and box.key is not None:
                        once.setdefault((ups, box.key.lstrip("^")), (ups, box))
                    for far, deep in self._ways(box.insides):
                        far -= box.key is not None
                        if far > 0 and deep.key is not None:
                            once.setdefault((far, deep.key.lstrip("^")), (far, deep))
                known = self.ways[id(inside)] = list(once.values())
            for far, deep in known:
                found.setdefault((far, (deep.key or "").lstrip("^")), (far, deep))
        return list(found.values())

    def declared(self, inside: Diagram) -> set[str]:
        """The names that a body declares: of weights, states and shares."""
        known = self.declares.get(id(inside))
        if known is None:
            known = self.declares[id(inside)] = set()
            once = twice(inside)
            for box in in_order(inside, self.forms):
                key = box.key
                if key is not None and (box.origin in ("weight", "state") or key[0] == "~" or key in once):
                    known.add(own_name(key))
                known.update(own_name(deep.key) for deep in self.outward(box))
        return known

    def lifted(self, inside: Diagram, name: str) -> tuple[str, dict[tuple[int, str], str]] | None:
        """A definition that mentions shares of the bodies round it and declares the name of one of them: these shares
        are static parameters of it, with the names given here.
        """
        form = self.forms[id(inside)]
        known = self.lifts.get((form, name))
        if known is None:
            ways = self._ways((inside,))
            names = {own_name(deep.key) for _, deep in ways}
            if not names & self._within(inside):
                return None
            known = self.lifts[form, name] = (self.unique(name), {})
            kinds = []
            for ups, deep in ways:
                share = own_name(deep.key)
                param = known[1][ups, share] = self.unique(share)
                kinds.append(f"{param} : {types_text(deep.dom)} -> {types_text(deep.cod)}")
                self.mentioned.types(deep.dom + deep.cod)
            self.lifting[known[0]] = (", ".join(kinds), known[1])
            self.queue.append((known[0], inside))
        return known

    def _within(self, inside: Diagram) -> set[str]:
        """The names that a body declares, or one in it that mentions shares round it."""
        found: set[str] = set()
        stack = [inside]
        seen = {id(inside)}
        while stack:
            level = stack.pop()
            found |= self.declared(level)
            for box in in_order(level, self.forms):
                for deep in box.insides:
                    if box.key is not None and self.escapes[id(deep)] and id(deep) not in seen:
                        seen.add(id(deep))
                        stack.append(deep)
        return found

    def text(self) -> str:
        """The whole text."""
        for name, diagram in self.queue:
            pieces: list[str] = []
            params, called = self.lifting.get(name, ("", {}))
            body = Body(self, diagram, (), (self.queue[0][0],), called)
            _emit(body.definition(f"{name}[{params}]" if params else name, ""), pieces)
            self.parts.append(pieces)
        lines = [f"import std as {self.std}"] if self.library else []
        lines += self.mentioned.header()
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
            free = numbered(name, count, "__")
        self.counts[name] = count
        self.taken.add(free)
        return free

    def definition(self, inside: Diagram, name: str) -> str:
        """What a definition is called: by this name if that is free; it is queued when it is first asked for."""
        form = self.forms[id(inside)]
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
            found = self.boxes[signature] = (name, f"{head} : {types_text(box.dom)} -> {types_text(box.cod)}{kinds}")
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
