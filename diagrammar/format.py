"""A diagram as `.dg` text that reads back to the `same` diagram: each definition once, wires by name.

A frame whose key is the one that its mention would get stands as a call; another is declared by `share` first. What is
inside `map`, `repeat` and the like stands as an expression there, so those insides may be nested as deep as they like:
text is put together from pieces, by generators on a stack of our own.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from diagrammar.box import Box, Node
from diagrammar.diagram import Diagram, definitions
from diagrammar.equality import Forms
from diagrammar.notation import (
    INFIX,
    TYPED,
    Mentioned,
    arguments,
    beside,
    captures,
    has_diagrams,
    in_order,
    initialiser,
    is_chain,
    kind_of,
    show_value,
    wrapped,
)
from diagrammar.types import show

# a step gives a piece of text, or steps to be done before it goes on
Steps = Generator[Any, None, None]


def to_text(diagram: Diagram, name: str = "") -> str:
    """The text of a diagram; it is called `name`, or its own name, or `main`.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> layer = Box("gelu", (x,), (x,), origin="std:gelu").diagram().named("layer")
    >>> print(to_text(layer >> layer), end="")
    diagram layer : R[2] -> R[2] = gelu
    diagram main : R[2] -> R[2] = layer >> layer
    """
    return _File(diagram, name or diagram.name or "main").text()


class _File:
    """The definitions of a text, and the names that they have."""

    __slots__ = ("boxes", "counts", "escapes", "forms", "keep", "mentioned", "names", "parts", "queue", "shares", "taken")

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
            _emit(_Body(self, diagram, ()).definition(name, ""), pieces)
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

    def definition(self, inside: Diagram, name: str) -> str:
        """What a definition is called; it is queued when it is first asked for."""
        known = self.names.get((self.forms[id(inside)], name))
        if known is None:
            known = self.names[self.forms[id(inside)], name] = self.unique(name)
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


class _Body:
    """The text of one body: how its boxes are mentioned, and the names of its wires."""

    __slots__ = ("counts", "file", "heads", "inside", "local", "owned", "prefix", "prefixes", "shares", "wires")

    def __init__(self, file: _File, inside: Diagram, outer: Sequence[str]) -> None:
        self.file = file
        self.inside = inside
        self.counts: dict[str, int] = {}
        self.local: dict[tuple[int, str], tuple[str, Diagram]] = {}
        self.shares: dict[str, str] = {}
        self.owned: dict[str, str] = {}
        self.wires = 0
        names: set[str] = set()
        heads = []
        for box in in_order(inside):
            names.update(((box.key or "").lstrip("~^/"), box.name))
            head = self.head(box)
            if head is not None:
                heads.append(head)
        self.heads = iter(heads)
        # wires are `x1`, `x2`, ... unless something that owns weights, or a body around this one, has such names
        letters = (*"xyzvw", *(f"x{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
        busy = {*outer, *(name.rstrip("0123456789") for name in names)}
        self.prefix = next((letter for letter in letters if letter not in busy), f"wire_{len(outer)}_")
        self.prefixes = (*outer, self.prefix)

    # ------------------------------------------------------------------------------------------- mentions

    def head(self, box: Box) -> str | None:
        """How a box is mentioned, in the order of the text; None for what is no mention."""
        mentioned = self.file.mentioned
        match box.origin:
            case "weight" | "state":
                mentioned.types(box.cod)
                name = (box.key or "").lstrip("~^/")
                self.owned[name] = f"{box.origin} {name} : {show(box.cod)}{initialiser(box)}"
                return None
            case "next":
                return None
            case _ if box.insides and box.key is None:
                return None
            case _:
                base, text = self._text(box)
                if box.origin in TYPED or not box.dom:
                    mentioned.types(box.cod)
                return self._keyed(box, base, text)

    def _text(self, box: Box) -> tuple[str, str]:
        """The name that a mention starts with, and all of it."""
        if box.origin.startswith("std:") and not (box.insides and has_diagrams(box)):
            self.file.mentioned.values(value for _, value in box.params)
            base = box.origin[4:]
            return base, base + arguments(box)
        if not box.insides:
            self.file.mentioned.values(value for _, value in box.params)
            base = self.file.box(box)
            return base, base + arguments(box)
        (inside,) = box.insides
        name = box.name
        if box.key is None or box.key[0] in "~^/":
            name = box.origin.rpartition(":")[2] or inside.name or box.name
        if self.file.escapes[id(inside)]:
            # it mentions a share of this body, so it is declared in it
            form = self.file.forms[id(inside)]
            known = self.local.get((form, name))
            if known is None:
                known = self.local[form, name] = (self.file.unique(name), inside)
            return known[0], known[0]
        base = self.file.definition(inside, name)
        return base, base

    def _keyed(self, box: Box, base: str, text: str) -> str:
        key = box.key or base
        name = key.lstrip("~^/")
        match key[0]:
            case "~":
                self.shares.setdefault(name, text)
                return name
            case "/":
                self.file.shares.setdefault(name, text)
                return name
            case "^":
                return name
            case _:
                count = self.counts.get(base, 0) + 1
                if box.key in (None, base if count == 1 else f"{base}_{count}"):
                    self.counts[base] = count
                    return text
                self.shares.setdefault(name, text)
                return name

    # ----------------------------------------------------------------------------------------- definitions

    def definition(self, name: str, indent: str) -> Steps:
        """`diagram name(...) -> ... { ... }`."""
        inside, flat = self.inside, self.inside.flat
        dom, cod = tuple(inside.dom), tuple(inside.cod)
        self.file.mentioned.types(dom + cod)
        deeper = indent + "  "
        chain = dom and not (self.local or self.shares or self.owned) and is_chain(inside)
        if chain:
            yield f"{indent}diagram {name} : {show(dom)} -> {show(cod)} = "
            yield self.chain(inside)
            yield "\n"
            return
        at = self.inputs(inside)
        ports = ", ".join(f"{at[wire]} : {flat.types[wire]}" for wire in flat.inputs)
        yield f"{indent}diagram {name}({ports}) -> {show(cod)} {{\n"
        # a diagram of the block may mention a share, and a share may be of a diagram of the block
        locals_ = {local for local, _ in self.local.values()}
        late = {share: text for share, text in self.shares.items() if text in locals_}
        yield from (f"{deeper}share {share} = {text}\n" for share, text in self.shares.items() if share not in late)
        for local, one in self.local.values():
            yield _Body(self.file, one, self.prefixes).definition(local, deeper)
        yield from (f"{deeper}share {share} = {text}\n" for share, text in late.items())
        for line in self.owned.values():
            yield f"{deeper}{line}\n"
        yield self.statements(at, deeper)
        yield f"{indent}}}\n"

    def inputs(self, inside: Diagram) -> dict[int, str]:
        """Names for the inputs of a diagram; those that nothing uses start with `_`."""
        used = {wire for node in inside.flat.nodes for wire in node.ins}.union(inside.flat.outputs)
        return {wire: self.wire(wire in used) for wire in inside.flat.inputs}

    def wire(self, used: bool = True) -> str:
        """A new name for a wire."""
        self.wires += 1
        return f"{'' if used else '_'}{self.prefix}{self.wires}"

    def statements(self, at: dict[int, str], indent: str) -> Steps:
        """One line for each box, then `return`."""
        flat = self.inside.flat
        used = {wire for node in flat.nodes for wire in node.ins}.union(flat.outputs)
        ends: list[Steps] = []
        for node in flat.nodes:
            box = node.box
            if box.origin in ("weight", "state"):
                at[node.outs[0]] = (box.key or "").lstrip("~^/")
                continue
            if box.origin == "next":
                yield f"{indent}next {(box.key or '').lstrip('~^/')} = {at[node.ins[0]]}\n"
                continue
            if not node.outs:
                # a box that only sets states gives no wires, and so can stand beside the results
                ends.append(self.call(node, dict(at)))
                continue
            for wire in node.outs:
                at[wire] = self.wire(wire in used)
            typed = box.origin in TYPED or not box.dom
            yield indent
            yield ", ".join(f"{at[wire]} : {flat.types[wire]}" if typed else at[wire] for wire in node.outs)
            yield " = "
            yield self.call(node, at)
            yield "\n"
        yield f"{indent}return"
        for number, what in enumerate([*(at[wire] for wire in flat.outputs), *ends]):
            yield ", " if number else " "
            yield what
        yield "\n"

    # ----------------------------------------------------------------------------------------- expressions

    def call(self, node: Node, at: Mapping[int, str]) -> Steps:
        """A box on its wires."""
        box = node.box
        args = [at[wire] for wire in node.ins]
        if box.insides and box.key is None:
            held = captures(box)
            yield self.combinator(box, args[:held])
            if box.origin != "training":
                yield f"({', '.join(args[held:])})"
            return
        head = next(self.heads)
        match box.origin:
            case origin if origin in INFIX and len(args) == 2:
                yield f"{args[0]} {INFIX[origin]} {args[1]}"
            case "std:neg":
                yield f"-{args[0]}"
            case "std:index":
                yield f"{args[0]}[{show_value(box.param('at', 0))}]"
            case _:
                yield f"{head}({', '.join(args)})"

    def combinator(self, box: Box, held: list[str]) -> Steps:
        """A combinator with what is inside it, where these wires are captured."""
        match box.origin:
            case "repeat" if len(box.insides) == 1:
                yield f"repeat {show_value(box.param('count', 1))} {{ "
                yield self.function(box.insides[0], held)
                yield " }"
            case "repeat":
                yield f"repeat {len(box.insides)} as i {{ "
                for step, inside in enumerate(box.insides):
                    last = step == len(box.insides) - 1
                    yield "(" if last else f"if i == {step} then ("
                    yield self.function(inside, held)
                    yield ")" if last else ") else "
                yield " }"
            case "training":
                yield "(if training then "
                yield self.expression(box.insides[0], dict(zip(box.insides[0].flat.inputs, held, strict=True)))
                yield " else "
                yield self.expression(box.insides[1], dict(zip(box.insides[1].flat.inputs, held, strict=True)))
                yield ")"
            case _:
                yield f"{box.origin.rpartition(':')[2] or box.name}["
                for number, inside in enumerate(box.insides):
                    yield ", " if number else ""
                    yield self.function(inside, held)
                yield "]"

    def chain(self, inside: Diagram) -> Steps:
        """`f >> g`: each box takes just what the one before gives."""
        for number, node in enumerate(inside.flat.nodes):
            yield " >> " if number else ""
            box = node.box
            yield self.combinator(box, []) if box.insides and box.key is None else next(self.heads)

    def function(self, inside: Diagram, held: list[str]) -> Steps:
        """A diagram as an expression: a chain or `x -> e`."""
        if not held and is_chain(inside):
            yield self.chain(inside)
            return
        at = self.inputs(inside)
        at.update(zip(inside.flat.inputs, held, strict=False))
        ports = [at[wire] for wire in inside.flat.inputs[len(held) :]]
        if ports:
            yield f"{beside(ports)} -> "
        yield self.expression(inside, at)

    def expression(self, inside: Diagram, at: dict[int, str]) -> Steps:
        """`f(x) >> (y -> g(x, y))`: each wire named where it starts."""
        flat = inside.flat
        used = {wire for node in flat.nodes for wire in node.ins}.union(flat.outputs)
        nested = 0
        ends = [at.get(wire, "") for wire in flat.outputs]
        for number, node in enumerate(flat.nodes):
            box = node.box
            if box.origin in ("weight", "state", "next"):
                if box.origin != "next":
                    at[node.outs[0]] = (box.key or "").lstrip("~^/")
                continue
            yield self.call(node, at)
            if number == len(flat.nodes) - 1 and node.outs == flat.outputs:
                break
            at.update((wire, self.wire(wire in used)) for wire in node.outs)
            names = [at[wire] for wire in node.outs]
            if box.origin in TYPED or not box.dom:
                names = [f"{at[wire]} : {flat.types[wire]}" for wire in node.outs]
                yield f" >> (({', '.join(names)}) -> "
            else:
                yield f" >> ({beside(names)} -> "
            nested += 1
        else:
            ends = [at[wire] for wire in flat.outputs]
            yield beside(ends)
        yield ")" * nested
