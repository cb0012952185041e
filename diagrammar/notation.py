"""What a text needs besides its statements: headers, long lines, the order of its boxes, and how they are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from diagrammar.box import Box, Bundle, Value, lineage, numbered
from diagrammar.diagram import Diagram
from diagrammar.errors import BudgetError
from diagrammar.sizes import Poly, Size, variables
from diagrammar.spelling import show_value
from diagrammar.types import Field, Space, Tensor, Type, Types, sizes_of

WIDTH = 120
BUDGET = 1_000_000

INFIX = {"std:add": " + ", "std:sub": " - ", "std:mul": " * ", "std:div": " / ", "std:pow": "^"}

# what these make does not follow from what they are given, nor from a space in their static arguments
_MADE = frozenset({"std:const", "std:broadcast", "std:gaussian", "std:uniform"})
_SPACED = frozenset({"std:coordinates", "std:field", "std:spread", "std:from_corners", "std:resample"})


def initialiser(box: Box) -> str:
    """` = normal(std = 0.5) where nonneg`: how a weight or a state starts."""
    text = str(box.param("init", "") or "")
    if text:
        args = box.param("args", ())
        assert isinstance(args, tuple)
        pairs = [f"{pair[0]} = {show_value(pair[1])}" for pair in args if isinstance(pair, tuple)]
        text = f" = {text}({', '.join(pairs)})" if pairs else f" = {text}"
    where = box.param("where", ())
    if isinstance(where, tuple) and where:
        text += f" where {', '.join(map(str, where))}"
    return text


def kind_of(value: Value) -> str:
    """What a static parameter with this value is declared as."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case str():
            return "str"
        case Space():
            return "space"
        case Bundle():
            return "type"
        case Poly():
            return "int"
        case tuple():
            return f"[{kind_of(value[0]) if value else 'int'}]"
        case _:
            return "real"


class Mentioned:
    """The spaces and the free sizes of a text, in the order in which they are met."""

    __slots__ = ("dims", "spaces")

    def __init__(self) -> None:
        self.spaces: dict[tuple[str, int, str], None] = {}
        self.dims: dict[str, None] = {}

    def types(self, types: Types) -> None:
        """Notes what types mention."""
        for wire in types:
            if isinstance(wire, Field):
                self.values((wire.space,))
            self.sizes(sizes_of(wire))

    def values(self, values: Iterable[Value]) -> None:
        """Notes what static values mention."""
        stack: list[Value] = list(values)
        while stack:
            value = stack.pop()
            match value:
                case Space():
                    self.spaces.update(dict.fromkeys(value.base))
                    self.sizes(value.axes)
                case Bundle():
                    self.types(value.types)
                case Poly():
                    self.sizes((value,))
                case tuple():
                    stack += value
                case _:
                    pass

    def sizes(self, sizes: Iterable[Size]) -> None:
        """Notes the free sizes in sizes."""
        for size in sizes:
            if isinstance(size, Poly):
                self.dims.update(dict.fromkeys(sorted(variables(size))))

    def header(self) -> Iterator[str]:
        """The declarations of spaces and sizes."""
        axes: dict[str, int] = {}
        for name in self.dims:
            base, mark, axis = name.rpartition(".")
            if mark:
                axes[base] = max(axes.get(base, 1), int(axis) + 1)
        for kind, dim, name in self.spaces:
            axes.pop(name, None)
            # a space without a name is called by what makes it
            if "(" not in name and name != "interval":
                made = (
                    kind.replace("/", " / ")
                    if "(" in kind
                    else "interval()"
                    if kind == "interval"
                    else f"{kind}({dim})"
                )
                yield f"space {name} = {made}"
        # of a space of which only the grid is mentioned the kind does not matter
        yield from (f"space {name} = torus({dim})" for name, dim in axes.items() if "(" not in name)
        dims = [name for name in self.dims if "." not in name]
        if dims:
            yield f"dim {', '.join(dims)}"


def wrapped(line: str, indent: str) -> Iterator[str]:
    """A statement as lines of a readable width: broken after commas and before `>>` and `@`, never in a string.

    The lines stand where the formatter puts them: two blanks further in than the line that opened the bracket they
    are in, a header's four. A block on one line is not broken outside the brackets in it.
    """
    start, cut, quoted, lead, deeper = 0, -1, False, indent, indent
    header = line.startswith("diagram ")
    around = [indent + ("    " if header else "  ")]  # where a line stands that starts in each of the open brackets
    opened = [-1]
    for at, char in enumerate(line):
        if char == '"' and (not quoted or line[at - 1] != "\\"):
            quoted = not quoted
        elif quoted:
            pass
        elif char in "([{":
            around.append(lead + ("    " if header and len(around) == 1 else "  "))
            opened.append(at)
        elif char in ")]}":
            around.pop()
            opened.pop()
        elif char == "=" and len(around) == 1:
            header, around[0] = False, indent + "  "
        elif char == " " and (line[at - 1] == "," or line.startswith((">> ", "@ "), at + 1)):
            block = opened[-1] >= 0 and line[opened[-1]] == "{"
            cut, deeper = (cut, deeper) if block else (at, around[-1])
        if at - start >= WIDTH - len(lead) and cut > start:
            yield lead + line[start:cut]
            start, lead = cut + 1, deeper
            # the brackets opened since then stand in the line that starts here
            for number, place in enumerate(opened):
                if place > cut:
                    around[number] = lead + ("    " if header and number == 1 else "  ")
            cut = -1
    yield lead + line[start:]


def beside(names: Sequence[str]) -> str:
    """Wires side by side: `x`, `(x, y)`."""
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def captures(box: Box) -> int:
    """How many of its first inputs a combinator captures."""
    if box.origin == "training":
        return len(box.dom)
    if box.origin == "unwind":
        # it is written as the derivative of a diagram that captures nothing
        return 0
    count = box.param("captures", 0)
    return count if isinstance(count, int) else 0


def has_diagrams(box: Box) -> bool:
    """Whether a static argument was a diagram: its declaration's name is all that is left of it."""
    return any(isinstance(value, str) and (":" in value or value == "diagram") for _, value in box.params)


def runs(box: Box, forms: Mapping[int, int]) -> list[tuple[Diagram, int]]:
    """The insides of a box, each once for steps that follow one another and are the same, with the number of the step
    after them.
    """
    found: list[tuple[Diagram, int]] = []
    loop = box.origin in ("repeat", "unwind")
    # an unwind is written as the repeat that it is the derivative of
    insides = box.insides[: len(box.insides) // 2] if box.origin == "unwind" else box.insides
    for step, inside in enumerate(insides):
        alike = bool(found) and loop and forms.get(id(found[-1][0])) == forms.get(id(inside), -1)
        if alike:
            found[-1] = (found[-1][0], step + 1)
        else:
            found.append((inside, step + 1))
    return found


def in_order(inside: Diagram, forms: Mapping[int, int]) -> Iterator[Box]:
    """The boxes of a body in the order of its text, with those inside its combinators.

    Those insides are written out at each use, so a text of them can be long where the diagram is small: BudgetError
    past a million boxes. `forms` numbers diagrams that are the same alike.
    """
    stack = [iter(inside.flat.nodes)]
    count = 0
    while stack:
        for node in stack[-1]:
            yield node.box
            count += 1
            if count > BUDGET:
                raise BudgetError(f"a text of more than {BUDGET:,} boxes", node.box.span)
            if node.box.insides and node.box.key is None:
                stack += [iter(one.flat.nodes) for one, _ in reversed(runs(node.box, forms))]
                break
        else:
            stack.pop()


def is_typed(box: Box) -> bool:
    """Whether what a box makes is to be written down beside it."""
    if box.derived is not None:
        # a cotangent that is given says it
        *_, root = lineage(box)
        kinds = {each.derived.kind for each in lineage(box) if each.derived is not None}
        return "vjp" not in kinds and is_typed(root)
    if box.origin in _SPACED:
        return not any(isinstance(value, Space) for _, value in box.params)
    return box.origin in _MADE and not isinstance(box.param("value"), tuple)


def is_written(box: Box) -> bool:
    """Whether a box stands in the text by its name: arithmetic has signs."""
    if box.origin == "std:const":
        return isinstance(box.param("value"), tuple)
    return box.origin not in ("std:neg", "std:index") and not (box.origin in INFIX and len(box.dom) == 2)


def is_chain(inside: Diagram) -> bool:
    """Whether each box takes just what the one before gives, so that `f >> g` says it all."""
    flat = inside.flat
    wires = flat.inputs
    for node in flat.nodes:
        box = node.box
        plain = is_written(box) and not is_typed(box) and box.origin not in ("weight", "state", "next", "training")
        if not (plain and node.ins and node.ins == wires) or (box.key is None and box.insides and captures(box)):
            return False
        wires = node.outs
    return bool(flat.nodes) and wires == flat.outputs and bool(wires)


def inlined(inside: Diagram) -> dict[int, int]:
    """The wires of numbers and of spread wires that stand where arithmetic needs them: each with the wire spread there,
    -1 for a number.
    """
    flat = inside.flat
    uses: dict[int, int] = dict.fromkeys(flat.outputs, 2)
    makers = {}
    for node in flat.nodes:
        if node.box.origin in ("std:const", "std:broadcast") and len(node.outs) == 1:
            makers[node.outs[0]] = node
        for wire in node.ins:
            uses[wire] = uses.get(wire, 0) + 1
    found: dict[int, int] = {}
    for node in flat.nodes:
        if node.box.origin not in INFIX or len(node.ins) != 2:
            continue
        for wire in node.ins:
            maker = makers.get(wire)
            if maker is None or uses[wire] != 1:
                continue
            if maker.box.origin == "std:const" and not is_written(maker.box):
                found[wire] = -1
                break
            if maker.ins and _is_spread(flat.types[maker.ins[0]], flat.types[wire]):
                found[wire] = maker.ins[0]
                break
    return found


def _is_spread(small: Type, big: Type) -> bool:
    if not isinstance(small, Tensor) or small.kind != "R" or small == big:
        return False
    return not small.sizes or (len(small.sizes) == 1 and isinstance(big, Field) and big.kind == "Field")


def literal(value: Value) -> str:
    """A number among signs."""
    text = show_value(value)
    return text if re.fullmatch(r"[0-9.]+", text) else f"({text})"


def plain_name(name: str) -> str:
    """What a definition is called before its name is made unique."""
    name = re.sub(r"(__\d+)+(?='*$)", "", name.rpartition(".")[2])
    return name if re.fullmatch(r"[^\W\d]\w*'*", name) else "part"


def natural(names: Sequence[tuple[str, str | None]], owned: Collection[str]) -> list[bool]:
    """Which of these mentions, each a name with the key that it is to have, get that key by themselves.

    The others are written `(name as key)`. It is the rule of `elaborate.naming`: keys follow the text.
    """
    fixed = [key is not None and re.sub(r"_\d+(?='*$)", "", key) != name and key != name for name, key in names]
    while True:
        used = {*owned, *(key for (_, key), apart in zip(names, fixed, strict=True) if apart and key)}
        mentioned = {name for (name, _), apart in zip(names, fixed, strict=True) if not apart}
        last: dict[str, int] = {}
        changed = False
        for place, (name, key) in enumerate(names):
            if fixed[place]:
                continue
            k = last.get(name, 0) + 1
            made = numbered(name, k)
            while made in used or (k > 1 and made in mentioned):
                k += 1
                made = numbered(name, k)
            last[name] = k
            used.add(made)
            if key is not None and made != key:
                fixed[place] = changed = True
        if not changed:
            return [not apart for apart in fixed]


_STATIC = frozenset(
    [
        *("floor", "ceil", "round", "min", "max", "grid", "torus", "cube", "interval", "sphere", "mesh", "points"),
        *("R", "C", "Bool", "Tokens", "Field", "Spectrum", "Weights", "I", "training"),
    ]
)


def own_names(levels: Iterable[Diagram]) -> tuple[set[str], set[str]]:
    """The names that mean something in a text of these diagrams wherever they stand, and all other names in them."""
    reserved = set(_STATIC)
    others: set[str] = set()
    sizes = Mentioned()
    for level in levels:
        sizes.types(tuple(level.flat.types))
        for node in level.flat.nodes:
            box = node.box
            others.add(plain_name(box.origin.rpartition(":")[2] or box.name))
            sizes.values(value for _, value in box.params if not isinstance(value, str))
            if box.key is not None:
                name = box.key.lstrip("~^/")
                owner = box.key != name or box.origin in ("weight", "state", "next")
                (reserved if owner else others).add(name)
            if box.origin.startswith("std:") and not (box.insides and has_diagrams(box)):
                reserved.add(box.origin[4:])
    reserved.update(name for _, _, name in sizes.spaces)
    reserved.update(name.rpartition(".")[0] or name for name in sizes.dims)
    return reserved, others
