"""The text of one body: how its boxes are mentioned, the names of its wires, its statements."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diagrammar.box import Box, Node
from diagrammar.diagram import Diagram
from diagrammar.notation import (
    INFIX,
    TYPED,
    arguments,
    beside,
    captures,
    has_diagrams,
    in_order,
    initialiser,
    is_chain,
    show_value,
)
from diagrammar.types import show

if TYPE_CHECKING:
    from diagrammar.format import File

# a step gives a piece of text, or steps to be done before it goes on
Steps = Generator[Any, None, None]


class Body:
    """The text of one body: how its boxes are mentioned, and the names of its wires."""

    __slots__ = (
        "avoid",
        "bases",
        "counts",
        "file",
        "heads",
        "inside",
        "local",
        "owned",
        "prefix",
        "prefixes",
        "shares",
        "wires",
    )

    def __init__(self, file: File, inside: Diagram, outer: Sequence[str]) -> None:
        self.file = file
        self.inside = inside
        file.mentioned.types(tuple(inside.dom) + tuple(inside.cod))
        self.wires = 0
        names: set[str] = set()
        # a share may have the name of a definition that this body mentions too: that one is then called otherwise
        self.avoid: set[str] = set()
        while True:
            self.counts: dict[str, int] = {}
            self.local: dict[tuple[int, str], tuple[str, Diagram]] = {}
            self.shares: dict[str, str] = {}
            self.owned: dict[str, str] = {}
            self.bases: set[str] = set()
            heads = []
            for box, counted in in_order(inside):
                names.update(((box.key or "").lstrip("~^/"), box.name))
                head = self.head(box, counted)
                if head is not None:
                    heads.append(head)
            clash = self.bases.intersection(self.shares) - self.avoid
            if not clash:
                break
            self.avoid |= clash
        self.heads = iter(heads)
        # wires are `x1`, `x2`, ... unless something that owns weights, or a body around this one, has such names
        letters = (*"xyzvw", *(f"x{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
        busy = {*outer, *(name.rstrip("0123456789") for name in names)}
        self.prefix = next((letter for letter in letters if letter not in busy), f"wire_{len(outer)}_")
        self.prefixes = (*outer, self.prefix)

    # ------------------------------------------------------------------------------------------- mentions

    def head(self, box: Box, counted: bool) -> str | None:
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
                return self._keyed(box, base, text, counted)

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
        marked = box.key is None or box.key[0] in "~^/"
        name = (box.origin.rpartition(":")[2] or inside.name or box.name) if marked else box.name
        if self.file.escapes[id(inside)]:
            # it mentions a share of this body, so it is declared in it
            form = self.file.forms[id(inside)]
            known = self.local.get((form, name))
            if known is None:
                known = self.local[form, name] = (self.file.unique(name), inside)
            return known[0], known[0]
        # a definition that is called as the key makes that key at its first mention
        base = self.file.definition(inside, name, *(() if marked or box.key is None else (box.key,)))
        if base in self.avoid:
            base = self.file.definition(inside, f"{name}'")
        self.bases.add(base)
        return base, base

    def _keyed(self, box: Box, base: str, text: str, counted: bool) -> str:
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
                if counted or box.key in (None, base if count == 1 else f"{base}_{count}"):
                    # in a loop a share would be one instance for all steps, so the key is given up there
                    self.counts[base] = count
                    return text
                self.shares.setdefault(name, text)
                return name

    # ----------------------------------------------------------------------------------------- definitions

    def definition(self, name: str, indent: str) -> Steps:
        """`diagram name(...) -> ... { ... }`."""
        inside, flat = self.inside, self.inside.flat
        dom, cod = tuple(inside.dom), tuple(inside.cod)
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
            yield Body(self.file, one, self.prefixes).definition(local, deeper)
        yield from (f"{deeper}share {share} = {text}\n" for share, text in late.items())
        for line in self.owned.values():
            yield f"{deeper}{line}\n"
        yield self.statements(at, deeper)
        yield f"{indent}}}\n"

    def inputs(self, inside: Diagram, held: Sequence[str] = ()) -> dict[int, str]:
        """Names for the inputs of a diagram after those that it captures; those that nothing uses start with `_`."""
        used = {wire for node in inside.flat.nodes for wire in node.ins}.union(inside.flat.outputs)
        names = dict(zip(inside.flat.inputs, held, strict=False))
        names.update((wire, self.wire(wire in used)) for wire in inside.flat.inputs[len(held) :])
        return names

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
            case "std:const" if not isinstance(box.param("value"), tuple):
                # a number stands for a constant of the type wanted
                yield show_value(box.param("value"))
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
        at = self.inputs(inside, held)
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
