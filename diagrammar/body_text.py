"""The text of one body: how its boxes are mentioned, the names of its wires, its statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diagrammar.box import Box, Bundle, Derivative, Node, lineage
from diagrammar.diagram import Diagram
from diagrammar.notation import (
    INFIX,
    beside,
    captures,
    has_diagrams,
    in_order,
    initialiser,
    inlined,
    is_chain,
    is_typed,
    is_written,
    literal,
    natural,
    plain_name,
    runs,
)
from diagrammar.spelling import READERS, arguments, show_value, type_text, types_text
from diagrammar.tangent import has_tangent, unwound
from diagrammar.types import Types

if TYPE_CHECKING:
    from diagrammar.format import File

# a step gives a piece of text, or steps to be done before it goes on
Steps = Generator[Any, None, None]


def _own(inside: Diagram) -> Iterator[str | None]:
    """The keys of the boxes of a body that have an inside; those in marks are in the body too."""
    stack = [inside]
    while stack:
        for node in stack.pop().flat.nodes:
            if node.box.is_mark:
                stack += node.box.insides
            elif node.box.insides:
                yield node.box.key


def twice(inside: Diagram) -> set[str]:
    """The keys that several boxes of a body have: they are one instance."""
    keys = Counter(_own(inside))
    return {key for key, count in keys.items() if key is not None and count > 1}


def wrt(wires: Types, active: Sequence[bool]) -> str:
    """`, wrt = [0]`: by which wires a derivative is, unless it is by all that can be."""
    if all(on or not has_tangent(wire) for on, wire in zip(active, wires, strict=True)):
        return ""
    return f", wrt = [{', '.join(str(at) for at, on in enumerate(active) if on)}]"


def by(derived: Derivative) -> str:
    """By which wires a derivative of a box is."""
    return wrt(derived.of.dom, derived.active)


def _one(text: str) -> Steps:
    yield text


def _with_bundles(text: str, box: Box) -> str:
    """A mention with its types that are not one wire each: a derivative has more wires than the diagram that it is of,
    and cannot tell by them where those of the diagram end."""
    given = [
        f"{name} = {types_text(value.types)}"
        for name, value in box.params
        if isinstance(value, Bundle) and len(value.types) != 1
    ]
    if not given or text.endswith(f"{given[-1]}]"):
        return text
    return f"{text[:-1]}, {', '.join(given)}]" if text.endswith("]") else f"{text}[{', '.join(given)}]"


def own_name(key: str | None) -> str:
    """A key without its mark."""
    return (key or "").lstrip("~^/")


class Body:
    """The text of one body: how its boxes are mentioned, and the names of its wires.

    `prefixes` are those of the wires of the bodies around it, `hidden` the names that these bodies declare. What lies
    some keyed boxes further out is called by its own name, or as `called` says.
    """

    __slots__ = (
        "called",
        "file",
        "frugal",
        "heads",
        "hidden",
        "inside",
        "local",
        "owned",
        "prefix",
        "prefixes",
        "shares",
        "top",
        "twice",
        "wires",
    )

    def __init__(
        self,
        file: File,
        inside: Diagram,
        prefixes: Sequence[str],
        hidden: Collection[str],
        called: Mapping[tuple[int, str], str],
    ) -> None:
        self.file = file
        self.called = called
        self.inside = inside
        file.mentioned.types(tuple(inside.dom) + tuple(inside.cod))
        self.wires = 0
        self.local: dict[tuple[int, str], tuple[str, Diagram]] = {}
        self.shares: dict[str, str] = {}
        self.owned: dict[str, str] = {}
        boxes = list(in_order(inside, file.forms))
        # many sizes left to be found together take long to find
        self.frugal = len(boxes) <= 64 and not any(box.origin in READERS for box in boxes)
        self.twice = twice(inside)
        self.top = set(_own(inside)) - {None}
        self.hidden = {*hidden, *file.declared(inside)}
        self.heads = iter(self._heads(boxes))
        # wires are `x1`, `x2`, ... unless something else, or a body around this one, has such names
        letters = (*"xyzvw", *(f"x{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
        busy = {*prefixes, *file.busy}
        self.prefix = next((letter for letter in letters if letter not in busy), f"wire_{len(prefixes)}_")
        self.prefixes = (*prefixes, self.prefix)

    # ------------------------------------------------------------------------------------------- mentions

    def _heads(self, boxes: Sequence[Box]) -> list[str]:
        """How each box is mentioned, in the order of the text."""
        found: list[tuple[str, str, str | None, str]] = []
        for box in boxes:
            if box.origin in ("weight", "state"):
                self.file.mentioned.types(box.cod)
                name = own_name(box.key)
                self.owned[name] = f"{box.origin} {name} : {types_text(box.cod)}{initialiser(box)}"
            elif box.origin != "next" and not (box.insides and box.key is None):
                found.append(self._head(box))
                for deep in self.file.outward(box):
                    self._share(deep)
        written = [(base, key) for base, _, key, _ in found if base]
        alone = iter(natural(written, {*self.shares, *self.owned}))
        heads = [text if not base or next(alone) else f"({text} as {key})" for base, text, key, _ in found]
        return [around.format(head) if around else head for head, (*_, around) in zip(heads, found, strict=True)]

    def _head(self, box: Box) -> tuple[str, str, str | None, str]:
        """The name that a mention starts with (none if it is a sign), all of it, the key that it is to have, and what
        stands around it."""
        if box.derived is not None:
            return self._derived(box)
        if is_typed(box):
            self.file.mentioned.types(box.cod)
        key = box.key
        if key is not None and (key[0] in "~^/" or key in self.twice):
            name = own_name(key)
            if key[0] == "/" and name not in self.file.shares:
                self.file.shares[name] = ""
                self.file.shares[name] = self._text(box)[1]
            elif key[0] == "^":
                name = self.called.get((len(key) - len(name), name), name)
            elif key[0] != "/":
                self._share(box)
            return name, name, None, ""
        base, text = self._text(box)
        if key in self.top and base != key and base in self.twice:
            # a share of the name of this definition hides it: this one is a share too, declared before
            self._share(box)
            return str(key), str(key), None, ""
        return base if is_written(box) else "", text, key, ""

    def _derived(self, box: Box) -> tuple[str, str, str | None, str]:
        """`vjp[f]`: the mention of f, which is the same instance as where f itself stands, and what stands around."""
        kind, around = "", "{}"
        for each in lineage(box):
            if each.derived is None:
                of = each if each.key is None else each.with_(key=box.key)
                base, text, key, _ = self._head(of)
                if base in self.shares and text == base:
                    self.shares[base] = _with_bundles(self.shares[base], of)
                else:
                    text = _with_bundles(text, of)
                # a sign has a name too: `vjp[mul]`
                return base or text, text, key, around
            kind = each.derived.kind
            around = around.replace("{}", f"{kind}[{{}}{by(each.derived)}]")
        raise AssertionError

    def _share(self, box: Box) -> None:
        name = own_name(box.key)
        if name not in self.shares:
            self.shares[name] = self._text(box, name)[1]

    def _text(self, box: Box, share: str = "") -> tuple[str, str]:
        """The name that a mention starts with, and all of it; `share` is the name that it is declared as."""
        self.file.mentioned.values(value for _, value in box.params if not isinstance(value, str))
        if box.origin.startswith("std:") and not (box.insides and has_diagrams(box)):
            base = box.origin[4:]
            text = base + arguments(box, self.frugal)
            # what a share is of is looked up outside of it, so `share fourier = fourier[12]` is no circle
            if base in self.hidden and base != share and is_written(box):
                self.file.library = True
                return base, f"{self.file.std}.{text}"
            return base, text
        if not box.insides:
            base = self.file.box(box)
            return base, base + arguments(box)
        (inside,) = box.insides
        name = plain_name(box.origin.rpartition(":")[2] or box.name)
        if self.file.escapes[id(inside)]:
            lifted = self.file.lifted(inside, name)
            if lifted:
                given = [(self.called.get((ups - 1, share), share), param) for (ups, share), param in lifted[1].items()]
                return lifted[0], f"{lifted[0]}[{', '.join(f'{param} = {share}' for share, param in given)}]"
            # it mentions a share of this body, so it is declared in it
            form = self.file.forms[id(inside)]
            known = self.local.get((form, name))
            if known is None:
                known = self.local[form, name] = (self.file.unique(name), inside)
            return known[0], known[0]
        base = self.file.definition(inside, name)
        return base, base

    # ----------------------------------------------------------------------------------------- definitions

    def definition(self, name: str, indent: str) -> Steps:
        """`diagram name(...) -> ... { ... }`; `name` may have static parameters."""
        inside, flat = self.inside, self.inside.flat
        dom, cod = tuple(inside.dom), tuple(inside.cod)
        deeper = indent + "  "
        chain = dom and not (self.local or self.shares or self.owned) and is_chain(inside)
        if chain:
            yield f"{indent}diagram {name} : {types_text(dom)} -> {types_text(cod)} = "
            yield self.chain(inside)
            yield "\n"
            return
        at = self.inputs(inside)
        ports = ", ".join(f"{at[wire]} : {type_text(flat.types[wire])}" for wire in flat.inputs)
        yield f"{indent}diagram {name}({ports}) -> {types_text(cod)} {{\n"
        # a share may be of a diagram of the block
        locals_ = {local for local, _ in self.local.values()}
        late = {share: text for share, text in self.shares.items() if text in locals_}
        # a share of the name of what it is a mention of hides that from those after it
        early = sorted(self.shares, key=lambda share: self.shares[share].partition("[")[0] == share)
        yield from (f"{deeper}share {share} = {self.shares[share]}\n" for share in early if share not in late)
        outer = {(ups + 1, share): text for (ups, share), text in self.called.items()}
        for local, one in self.local.values():
            yield Body(self.file, one, self.prefixes, self.hidden, outer).definition(local, deeper)
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
        placed = inlined(self.inside)
        ends: list[Steps] = []
        for node in flat.nodes:
            box = node.box
            if box.origin in ("weight", "state"):
                name = at[node.outs[0]] = own_name(box.key)
                if node.outs[0] not in used:
                    # it is there though nothing needs it: a weight that is not mentioned does not exist
                    ends.append(_one(f"discard({name})"))
            elif box.origin == "next":
                yield f"{indent}next {own_name(box.key)} = {at[node.ins[0]]}\n"
            elif node.outs and node.outs[0] in placed:
                at[node.outs[0]] = self.placed(node, at)
            elif not node.outs:
                # a box that only sets states gives no wires, and so can stand beside the results
                ends.append(self.call(node, dict(at)))
            else:
                for wire in node.outs:
                    at[wire] = self.wire(wire in used)
                names = [at[wire] for wire in node.outs]
                if is_typed(box):
                    names = [f"{at[wire]} : {type_text(flat.types[wire])}" for wire in node.outs]
                yield f"{indent}{', '.join(names)} = "
                yield self.call(node, at)
                yield "\n"
        yield f"{indent}return"
        for number, what in enumerate([*(at[wire] for wire in flat.outputs), *ends]):
            yield ", " if number else " "
            yield what
        yield "\n"

    def placed(self, node: Node, at: Mapping[int, str]) -> str:
        """A number, or a wire that is spread, where arithmetic takes it."""
        next(self.heads)
        return at[node.ins[0]] if node.ins else literal(node.box.param("value"))

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
        if box.derived is not None and box.derived.kind == "open":
            # the weights are a list of their own
            held = len(args) - len(box.derived.of.dom)
            yield f"{head}({', '.join(args[:held])})({', '.join(args[held:])})"
            return
        match box.origin:
            case origin if origin in INFIX and len(args) == 2:
                yield f"{args[0]}{INFIX[origin]}{args[1]}"
            case "std:neg":
                yield f"-{args[0]}"
            case "std:const" if not isinstance(box.param("value"), tuple):
                # a number stands for a constant of the type wanted
                yield show_value(box.param("value"))
            case "std:index":
                yield f"{args[0]}[{show_value(box.param('at', 0))}]"
            case "std:lookup":
                # its header has two lists of wires
                yield f"{head}({args[0]})({args[1]})"
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
                index = self.file.index
                steps = runs(box, self.file.forms)
                yield f"repeat {len(box.insides)} as {index if len(steps) > 1 else '_'} {{ "
                begin = 0
                for inside, end in steps:
                    if end < len(box.insides):
                        yield f"if {index} {f'== {begin}' if end == begin + 1 else f'< {end}'} then "
                    alone = len(inside.flat.nodes) == 1 and not held and is_chain(inside)
                    yield "" if alone else "("
                    yield self.function(inside, held)
                    yield "" if alone else ")"
                    yield " else " if end < len(box.insides) else " }"
                    begin = end
            case "store" | "recompute":
                yield f"{box.origin} {{ "
                yield self.function(box.insides[0], held)
                yield " }"
            case "unwind":
                repeat, active = unwound(box)
                yield "vjp["
                yield self.function(Diagram.of(repeat), [])
                yield f"{wrt(repeat.dom, active)}]"
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
                states = box.param("state")
                if states is not None and states != len(box.dom) - len(held) - 1:
                    yield f", state = {show_value(states)}"
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
        placed = inlined(inside)
        after: list[str] = []
        for number, node in enumerate(flat.nodes):
            box = node.box
            if box.origin in ("weight", "state", "next"):
                if box.origin != "next":
                    at[node.outs[0]] = own_name(box.key)
                continue
            if node.outs and node.outs[0] in placed:
                at[node.outs[0]] = self.placed(node, at)
                continue
            if number == len(flat.nodes) - 1 and node.outs == flat.outputs and not is_typed(box):
                yield self.call(node, at)
                break
            number_here = box.origin == "std:const" and not is_written(box)
            call = self.call(node, dict(at))
            at.update((wire, self.wire(wire in used)) for wire in node.outs)
            if number_here:
                # a number takes the type of the name that it is given to
                yield f"(({at[node.outs[0]]} : {type_text(box.cod[0])}) -> "
                after.append(f")({self._number(box)})")
                continue
            yield call
            names = [at[wire] for wire in node.outs]
            typed = [f"{at[wire]} : {type_text(flat.types[wire])}" for wire in node.outs]
            yield f" >> (({', '.join(typed)}) -> " if is_typed(box) else f" >> ({beside(names)} -> "
            after.append(")")
        else:
            yield beside([at[wire] for wire in flat.outputs])
        yield "".join(reversed(after))

    def _number(self, box: Box) -> str:
        next(self.heads)
        return show_value(box.param("value"))
