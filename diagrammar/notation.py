"""How static values, headers and long lines are written in `.dg`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from diagrammar.box import Box, Bundle, Value
from diagrammar.diagram import Diagram
from diagrammar.errors import BudgetError
from diagrammar.sizes import Poly, Size, variables
from diagrammar.types import Field, Space, Types, free_axes, sizes_of

WIDTH = 120
BUDGET = 1_000_000

INFIX = {"std:add": "+", "std:sub": "-", "std:mul": "*", "std:div": "/", "std:pow": "^"}

# what these make does not follow from what they are given
TYPED = frozenset(
    {"std:const", "std:broadcast", "std:gaussian", "std:uniform", "std:coordinates", "std:field", "std:spread"}
    | {"std:from_corners", "std:resample"}
)

# static arguments that are written by their place, without a name
_PLACED = {"einsum": "pattern", "rearrange": "pattern", "reduce": "pattern", "const": "value"}


def show_value(value: Value) -> str:
    """A static value as text that reads back to it.

    >>> show_value((1, Fraction(1, 2), Fraction(1, 3), True, "a"))
    '[1, 0.5, 1 / 3, true, "a"]'
    """
    match value:
        case bool():
            return "true" if value else "false"
        case Fraction():
            return _decimal(value)
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return f'"{escaped}"'
        case tuple():
            return f"[{', '.join(map(show_value, value))}]"
        case _:
            return str(value)


def _decimal(value: Fraction) -> str:
    below, places = value.denominator, 0
    while below % 10 == 0 or below % 5 == 0 or below % 2 == 0:
        below = below // (10 if below % 10 == 0 else 5 if below % 5 == 0 else 2)
        places += 1
    if below != 1 or places > 30:
        return f"{value.numerator} / {value.denominator}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return ("-" if value < 0 else "") + whole + (f".{rest}" if rest else "")


def arguments(box: Box) -> str:
    """The static arguments of a box of `std`: `[3, stride = 2]`, or nothing."""
    shown: list[str] = []
    name = box.origin.rpartition(":")[2]
    # types and spaces follow from the wires, where there are any
    follows = bool(box.dom) and box.origin not in TYPED
    for label, value in box.params:
        if value is None or (follows and isinstance(value, Bundle | Space)):
            continue
        if label == "sizes" and name == "rearrange":
            assert isinstance(value, tuple)
            shown += [f"{pair[0]} = {show_value(pair[1])}" for pair in value if isinstance(pair, tuple)]
        elif _PLACED.get(name) == label:
            shown.insert(0, show_value(value))
        else:
            shown.append(f"{label} = {show_value(value)}")
    return f"[{', '.join(shown)}]" if shown else ""


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
        grids: set[str] = set()
        for base in self.spaces:
            kind, dim, name = base
            grids.update(str(axis) for axis in free_axes((base,)))
            yield f"space {name} = {kind if '(' in kind else f'{kind}({dim})'}"
        dims = [name for name in self.dims if name not in grids]
        if dims:
            yield f"dim {', '.join(dims)}"


def wrapped(line: str, indent: str) -> Iterator[str]:
    """A statement as lines of a readable width: broken after commas and before `>>` and `@`, never in a string."""
    start, cut, quoted, lead = 0, -1, False, indent
    for at, char in enumerate(line):
        if char == '"' and (not quoted or line[at - 1] != "\\"):
            quoted = not quoted
        elif char == " " and not quoted and (line[at - 1] == "," or line.startswith((">> ", "@ "), at + 1)):
            cut = at
        if at - start >= WIDTH - len(lead) and cut > start:
            yield lead + line[start:cut]
            start, cut, lead = cut + 1, -1, indent + "    "
    yield lead + line[start:]


def beside(names: Sequence[str]) -> str:
    """Wires side by side: `x`, `(x, y)`."""
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def captures(box: Box) -> int:
    """How many of its first inputs a combinator captures."""
    if box.origin == "training":
        return len(box.dom)
    count = box.param("captures", 0)
    return count if isinstance(count, int) else 0


def has_diagrams(box: Box) -> bool:
    """Whether a static argument was a diagram: its declaration's name is all that is left of it."""
    return any(isinstance(value, str) and (":" in value or value == "diagram") for _, value in box.params)


def in_order(inside: Diagram) -> Iterator[tuple[Box, bool]]:
    """The boxes of a body in the order of its text, with those inside its combinators; and whether a `repeat` counts
    them.

    Those insides are written out at each use, so a text of them can be long where the diagram is small: BudgetError
    past a million boxes.
    """
    stack = [(iter(inside.flat.nodes), False)]
    count = 0
    while stack:
        nodes, counted = stack[-1]
        for node in nodes:
            yield node.box, counted
            count += 1
            if count > BUDGET:
                raise BudgetError(f"a text of more than {BUDGET:,} boxes", node.box.span)
            if node.box.insides and node.box.key is None:
                counted |= node.box.origin == "repeat"
                stack += [(iter(one.flat.nodes), counted) for one in reversed(node.box.insides)]
                break
        else:
            stack.pop()


def is_chain(inside: Diagram) -> bool:
    """Whether each box takes just what the one before gives, so that `f >> g` says it all."""
    flat = inside.flat
    wires = flat.inputs
    for node in flat.nodes:
        box = node.box
        plain = box.origin not in INFIX and box.origin not in TYPED
        plain = plain and box.origin not in ("std:neg", "std:index", "weight", "state", "next", "training")
        if not (plain and node.ins and node.ins == wires) or (box.key is None and box.insides and captures(box)):
            return False
        wires = node.outs
    return bool(flat.nodes) and wires == flat.outputs and bool(wires)
