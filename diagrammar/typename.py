"""Types, spaces and sizes as whole names: text that says everything about them and reads back without a file around it.

`R[n, 4]`, `Field[X / 2 : torus^2, 4]`, `Field[X[32, n] : torus^2, floor(1/2 * n) + 1]`. A name that is no word is in
quotes. What is read may come from anywhere: nothing is computed, and nesting is bounded.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import TypeVar

from diagrammar.errors import DiagramValueError
from diagrammar.sizes import Atom, Monomial, Poly, Size, whole
from diagrammar.types import Field, Rigid, Space, Tensor, Tokens, Type, Types, free_axes

TENSORS = ("R", "C", "Bool")
FUNCTIONS = ("floor", "round", "min", "max", "pow", "log2")
_ARITY = {"floor": 1, "round": 1, "pow": 2, "log2": 1}
DEEPEST, LARGEST_POWER = 50, 4096

_WORD = r"[^\W\d][\w.]*'*"
_TOKEN = re.compile(rf"""\s*(?:("(?:[^"\\]|\\.)*")|({_WORD})|([0-9]+)|([\[\](),:*/^+@?-]))""")
_KIND = re.compile(r"\s*([^\W\d]\w*(?:\([-0-9/., ]*\))?)")
# what stands for itself where a type is read
_TAKEN = {*TENSORS, "Tokens", "Field", "Spectrum", "I"}

T = TypeVar("T")


def type_name(wire: Type) -> str:
    """The whole name of a type. Raises DiagramValueError for one that no name can say.

    >>> type_name(Tensor("R", (8,))), type_name(Rigid("a b"))
    ('R[8]', '"a b"')
    """
    match wire:
        case Tensor(kind=kind, sizes=sizes):
            if kind not in TENSORS:
                raise DiagramValueError(f"`{kind}` is no kind of tensor: there are {', '.join(TENSORS)}")
            return f"{kind}[{', '.join(map(size_name, sizes))}]" if sizes else kind
        case Tokens(vocab=vocab, length=length):
            return f"Tokens[{size_name(vocab)}, {size_name(length)}]"
        case Field(kind=kind, space=space, channels=channels):
            return f"{kind}[{space_name(space)}, {size_name(channels)}]"
        case Rigid(name=name):
            return json.dumps(name) if name in _TAKEN else _name(name)


def types_name(types: Types) -> str:
    """The names of several wires: `R[8] @ R`, `I` for none."""
    return " @ ".join(map(type_name, types)) if types else "I"


def space_name(space: Space) -> str:
    """The whole name of a space: its names, its grid unless that is free, and what its factors are."""
    names = " * ".join(_name(name) for _, _, name in space.base)
    ratio = _ratio(space)
    grid = "" if ratio else f"[{', '.join(map(size_name, space.axes))}]"
    if ratio and ratio.numerator != 1:
        grid += f" * {ratio.numerator}"
    if ratio and ratio.denominator != 1:
        grid += f" / {ratio.denominator}"
    kinds = " * ".join(_kind(kind) + (f"^{dim}" if dim != 1 else "") for kind, dim, _ in space.base)
    return f"{names}{grid} : {kinds}"


def _ratio(space: Space) -> Fraction | None:
    """How much finer the grid is than the space's own; None if it is another one."""
    own = free_axes(space.base)
    if space.axes == own:
        return Fraction(1)
    first = space.axes[0] if len(space.axes) == len(own) else None
    ratio = next(iter(first.terms.values())) if isinstance(first, Poly) else Fraction(0)
    return ratio if ratio > 0 and space.axes == tuple(axis * ratio for axis in own) else None


def size_name(size: Size, depth: int = 0) -> str:
    """The whole name of a size; powers that stay are `pow(2, l)`.

    >>> from diagrammar.sizes import floor, var
    >>> size_name(floor(var("n") / 2) * 3 + 1)
    '3 * floor(1/2 * n) + 1'
    """
    if not isinstance(size, Poly):
        return str(size)
    if depth > DEEPEST:
        raise DiagramValueError(f"a size is nested deeper than {DEEPEST}")
    terms = [(_product(monomial, depth), value) for monomial, value in size.terms.items()]
    text = ""
    for product, value in sorted(terms, key=lambda term: (not term[0], term[0])):
        number = str(abs(value)) if abs(value) != 1 or not product else ""
        body = " * ".join(part for part in (number, product) if part)
        text += (" - " if value < 0 else " + ") + body
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}"


def _product(monomial: Monomial, depth: int) -> str:
    return " * ".join(_atom(atom, depth) + (f"^{power}" if power != 1 else "") for atom, power in monomial)


def _atom(atom: Atom, depth: int) -> str:
    match atom.kind, atom.args:
        case "var", (str(name),):
            return _name(name)
        case "unknown", (number,):
            return f"?{number}"
        case kind, args:
            parts = [size_name(arg, depth + 1) for arg in args if isinstance(arg, int | Fraction | Poly)]
            return f"{kind}({', '.join(parts)})"


def _name(name: str) -> str:
    return name if re.fullmatch(_WORD, name) else json.dumps(name)


def _kind(kind: str) -> str:
    found = _KIND.fullmatch(kind)
    return kind if found and found[1] == kind else json.dumps(kind)


# ---------------------------------------------------------------------------------------------------- reading


def read_type(text: str) -> Type:
    """The type of this name. Raises DiagramValueError for a text that is none.

    >>> read_type("R[8]") == Tensor("R", (8,))
    True
    """
    reader = _Reader(text)
    return reader.end(reader.type())


def read_types(text: str) -> Types:
    """The types of these names."""
    reader = _Reader(text)
    if text == "I":
        return ()
    types = [reader.type()]
    while reader.skip("@"):
        types.append(reader.type())
    return reader.end(tuple(types))


def read_space(text: str) -> Space:
    """The space of this name."""
    reader = _Reader(text)
    return reader.end(reader.space())


def read_size(text: str) -> Size:
    """The size of this name."""
    reader = _Reader(text)
    return reader.end(reader.size(0))


class _Reader:
    """A text and how far it has been read."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def wrong(self) -> DiagramValueError:
        """What is raised where the text goes on as no name does."""
        shown = self.text if len(self.text) <= 80 else f"{self.text[:80]}…"
        return DiagramValueError(f"`{shown}` is no name of a type, a space or a size", None, [f"at {self.at + 1}"])

    def end(self, value: T) -> T:
        """The value, where the text is at its end."""
        if self.text[self.at :].strip():
            raise self.wrong()
        return value

    def skip(self, mark: str) -> bool:
        """Whether a mark comes next; it is passed."""
        found = _TOKEN.match(self.text, self.at)
        if found is None or found[4] != mark:
            return False
        self.at = found.end()
        return True

    def need(self, mark: str) -> None:
        """Passes a mark that has to come next."""
        if not self.skip(mark):
            raise self.wrong()

    def whole(self) -> int:
        """A whole number."""
        found = _TOKEN.match(self.text, self.at)
        if found is None or found[3] is None or len(found[3]) > 1000:
            raise self.wrong()
        self.at = found.end()
        return int(found[3])

    def name(self) -> tuple[str, bool]:
        """A word, or a quoted one; and whether it is quoted."""
        found = _TOKEN.match(self.text, self.at)
        if found is None or (found[1] or found[2]) is None:
            raise self.wrong()
        try:
            name = found[2] or str(json.loads(found[1]))
        except ValueError:
            raise self.wrong() from None
        self.at = found.end()
        return name, found[1] is not None

    def sizes(self, close: str, depth: int = 0) -> tuple[Size, ...]:
        """Sizes up to a bracket."""
        found = [self.size(depth)]
        while self.skip(","):
            found.append(self.size(depth))
        self.need(close)
        return tuple(found)

    def type(self) -> Type:
        """A type."""
        name, quoted = self.name()
        if quoted or name not in _TAKEN:
            return Rigid(name)
        if name in TENSORS:
            return Tensor(name, self.sizes("]") if self.skip("[") else ())
        self.need("[")
        if name == "Tokens":
            sizes = self.sizes("]")
            if len(sizes) != 2:
                raise self.wrong()
            return Tokens(*sizes)
        if name == "I":
            raise self.wrong()
        space = self.space()
        self.need(",")
        channels = self.size(0)
        self.need("]")
        return Field(name, space, channels)

    def space(self) -> Space:
        """A space: names, a grid, kinds."""
        names = [self.name()[0]]
        ratio = Fraction(1)
        while self.skip("*"):
            found = _TOKEN.match(self.text, self.at)
            if found is not None and found[3] is not None:
                ratio *= self.whole()
                break
            names.append(self.name()[0])
        if self.skip("/"):
            below = self.whole()
            ratio = ratio / below if below else Fraction(0)
        axes = self.sizes("]") if self.skip("[") else None
        self.need(":")
        kinds = [self.kind()]
        while self.skip("*"):
            kinds.append(self.kind())
        if len(kinds) != len(names) or sum(dim for _, dim in kinds) > LARGEST_POWER:
            raise self.wrong()
        base = tuple((kind, dim, name) for (kind, dim), name in zip(kinds, names, strict=True))
        free = free_axes(base)
        if not ratio or (axes is not None and len(axes) != len(free)):
            raise self.wrong()
        return Space(base, tuple(axis * ratio for axis in free) if axes is None else axes)

    def kind(self) -> tuple[str, int]:
        """What a factor of a space is, and its dimension."""
        found = _KIND.match(self.text, self.at)
        if found:
            self.at = found.end()
        kind = found[1] if found else self.name()[0]
        return kind, self.whole() if self.skip("^") else 1

    def size(self, depth: int) -> Size:
        """A size: a sum of products."""
        if depth > DEEPEST:
            raise DiagramValueError(f"a size is nested deeper than {DEEPEST}")
        terms: dict[Monomial, Fraction] = {}
        sign = -1 if self.skip("-") else 1
        while True:
            monomial, value = self.product(depth)
            total = terms.get(monomial, Fraction(0)) + sign * value
            terms[monomial] = total
            if self.skip("+"):
                sign = 1
            elif self.skip("-"):
                sign = -1
            else:
                break
        terms = {monomial: value for monomial, value in terms.items() if value}
        return Poly(terms) if terms.keys() - {()} else whole(terms.get((), Fraction(0)))

    def product(self, depth: int) -> tuple[Monomial, Fraction]:
        """A product of a number and of powers."""
        number, powers = Fraction(1), dict[Atom, int]()
        while True:
            found = _TOKEN.match(self.text, self.at)
            if found is not None and found[3] is not None:
                above = self.whole()
                below = self.whole() if self.skip("/") else 1
                if not below:
                    raise self.wrong()
                number *= Fraction(above, below)
            else:
                atom = self.atom(depth)
                power = self.whole() if self.skip("^") else 1
                powers[atom] = powers.get(atom, 0) + power
                if not 0 < powers[atom] <= LARGEST_POWER:
                    raise self.wrong()
            if not self.skip("*"):
                break
        return tuple(sorted(powers.items(), key=lambda item: item[0].order())), number

    def atom(self, depth: int) -> Atom:
        """A variable or a function of sizes."""
        if self.skip("?"):
            return Atom("unknown", (self.whole(),))
        name, quoted = self.name()
        if quoted or name not in FUNCTIONS or not self.skip("("):
            return Atom("var", (name,))
        args = self.sizes(")", depth + 1)
        if (name in _ARITY and len(args) != _ARITY[name]) or not any(isinstance(arg, Poly) for arg in args):
            raise self.wrong()
        return Atom(name, args)
