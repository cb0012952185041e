"""The classes of a module tree: one for each definition that owns something, with tables of weights and children."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from diagrammar.backends.torch.facts import OWNED, Entry, Pattern, Survey, parse_key
from diagrammar.backends.torch.function import Extra
from diagrammar.backends.torch.names import literal, stored
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError
from diagrammar.sizes import Poly, evaluate
from diagrammar.types import Tensor, Types, sizes_of

_CONSTRAINTS = ("nonneg", "simplex", "orthogonal", "stiefel", "frozen")
_INITIALISERS: dict[str, tuple[tuple[str, float], ...]] = {
    "zeros": (),
    "ones": (),
    "constant": (("value", 0.0),),
    "normal": (("std", 1.0), ("mean", 0.0)),
    "uniform": (("low", 0.0), ("high", 1.0)),
    "exponential": (("rate", 1.0),),
    "orthogonal": (),
    "identity": (),
}


@dataclass(frozen=True)
class Method:
    """A function that is written: how it is called, which of its results have the batch axis, what it asks for."""

    call: str
    flags: tuple[bool, ...]
    extras: tuple[Extra, ...]


class Made:
    """The class of one definition; of several where one instance has several insides (a box and its derivative)."""

    __slots__ = ("box", "children", "constants", "diagram", "hint", "into", "lines", "needs_like", "weights")

    def __init__(self, diagram: Diagram, hint: str, box: Box | None) -> None:
        self.diagram = diagram
        # the class that has taken this one over
        self.into: Made | None = None
        self.hint = hint
        self.box = box
        # name -> rows of the table; a row is text, but for a child's class, which is named last
        self.weights: dict[tuple[str, Pattern], str] = {}
        self.children: dict[tuple[str, Pattern], Made | str] = {}
        self.constants: list[str] = []
        self.needs_like = False
        self.lines: list[list[str]] = []


def final(made: Made) -> Made:
    """The class that stands for this one."""
    while made.into is not None:
        made = made.into
    return made


class Program:
    """Everything that one source file will hold."""

    def __init__(self, root: Diagram, survey: Survey, flat: bool, known: dict[str, int]) -> None:
        self.survey = survey
        self.flat = flat
        self.known = known
        self.made: dict[int, Made] = {}
        self.methods: dict[tuple[int, tuple[bool, ...], bool], Method] = {}
        self.functions: dict[str, list[str]] = {}
        self.helpers: set[str] = set()
        self.bound: dict[str, Box] = {}
        self.write: Callable[[Program, Box, tuple[bool, ...], bool], Generator[Any, Any, Method]] | None = None
        self.root = self._class(root, "Main", None)
        self._fill()

    def method(self, box: Box, flags: tuple[bool, ...], module: bool) -> Generator[Any, Any, Method]:
        """The function for a frame with these inputs batched, written on first use."""
        key = (id(box.insides[0]), flags, module)
        if key not in self.methods:
            assert self.write is not None
            self.methods[key] = yield self.write(self, box, flags, module)
        return self.methods[key]

    def of(self, box: Box) -> Made:
        """The class of a frame."""
        return final(self.made[id(box.insides[0])])

    def classes(self) -> list[Made]:
        """Every class that will be written."""
        return [made for made in self.made.values() if made.into is None]

    @staticmethod
    def stored_name(box: Box, name: str) -> str:
        """The name under which a weight is kept."""
        return stored(name, bool(_constraints(box)))

    # ---------------------------------------------------------------------------------------------- tables

    def _class(self, diagram: Diagram, hint: str, box: Box | None) -> Made:
        if id(diagram) not in self.made:
            self.made[id(diagram)] = Made(diagram, hint, box)
        return self.made[id(diagram)]

    def _fill(self) -> None:
        queue = [(self.root, self.root.diagram)]
        for first, diagram in queue:
            made = final(first)
            at_root = made is self.root
            for entry in self.survey[diagram].entries:
                if entry.up > 0 and at_root:
                    raise BackendError(f"the key of `{entry.box.name}` starts outside the diagram", entry.box.span)
                if entry.up == 0 or (entry.up < 0 and at_root):
                    queue += self._enter(made, entry)

    def _enter(self, made: Made, entry: Entry) -> list[tuple[Made, Diagram]]:
        """Puts an entry into the table of its owner; gives back what is to be filled in next."""
        box = entry.box
        place = (entry.name, entry.pattern)
        if box.origin in OWNED:
            if box.origin != "next":
                row = self._weight_row(box, entry)
                if made.weights.setdefault(place, row) != row:
                    raise BackendError(f"two different weights have the key {entry.name!r}", box.span)
            return []
        known = made.children.get(place)
        if not box.insides:
            self.bound.setdefault(box.name, box)
            if known not in (None, box.name):
                raise BackendError(f"two different boxes have the key {entry.name!r}", box.span)
            made.children[place] = box.name
            return []
        inside = box.insides[0]
        todo: list[tuple[Made, Diagram]] = []
        if id(inside) not in self.made:
            todo.append((self._class(inside, box.name, box), inside))
        child = self.of(box)
        if known is None:
            made.children[place] = child
        elif isinstance(known, str):
            raise BackendError(f"two different boxes have the key {entry.name!r}", box.span)
        elif final(known) is not child:
            todo += self._merge(final(known), child)
        return todo

    def _merge(self, kept: Made, other: Made) -> list[tuple[Made, Diagram]]:
        """One class for two insides of one instance: it has the weights of both."""
        if other is self.root:
            kept, other = other, kept
        other.into = kept
        return [(kept, made.diagram) for made in self.made.values() if made is other or final(made) is kept]

    def _weight_row(self, box: Box, entry: Entry) -> str:
        wire = box.cod[0]
        shape = tuple(self._number(box, size) for size in sizes_of(wire)) if isinstance(wire, Tensor) else None
        if shape is None or not isinstance(wire, Tensor) or wire.kind not in ("R", "C"):
            raise BackendError(f"torch: a weight of type {wire} has no meaning", box.span)
        where = _constraints(box)
        kept = stored(entry.name, bool(where))
        return literal(
            (kept, box.origin == "state", shape, wire.kind == "C", *_initialiser(box), where)
        )  # fmt: skip

    def _number(self, box: Box, size: object) -> int:
        assert isinstance(size, int | Fraction | Poly)
        try:
            value = evaluate(size, self.known)
        except ValueError:
            raise BackendError(f"torch: the shape of `{parse_key(box)[2]}` depends on a free size", box.span) from None
        if value.denominator != 1 or value < 0:
            raise BackendError(f"torch: {value} is not a size of `{parse_key(box)[2]}`", box.span)
        return int(value)


def _constraints(box: Box) -> tuple[str, ...]:
    """The constraints of a weight that a parametrisation keeps; `frozen` is none of these."""
    where = box.param("where", ())
    names = where if isinstance(where, tuple) else (where,)
    for name in names:
        if name not in _CONSTRAINTS:
            raise BackendError(f"torch: the constraint {name} has no meaning", box.span)
    return tuple(str(name) for name in names)


def _initialiser(box: Box) -> tuple[str, tuple[float, ...]]:
    """The name of an initialiser and its numbers in our order."""
    name = box.param("init", "zeros")
    args = box.param("args", ())
    if not isinstance(name, str) or name not in _INITIALISERS or not isinstance(args, tuple):
        raise BackendError(f"torch: the initialiser {name} has no meaning", box.span)
    given = {str(item[0]): item[1] for item in args if isinstance(item, tuple)}
    known = dict(_INITIALISERS[name])
    for arg, value in given.items():
        if arg not in known or isinstance(value, bool) or not isinstance(value, int | float | Fraction):
            raise BackendError(f"torch: {name}({arg} = {value}) has no meaning", box.span)
        known[arg] = float(value)
    return name, tuple(known.values())


def describe(name: str, dom: Types, cod: Types) -> str:
    """`layer : R[3] -> R[3]`."""
    from diagrammar.types import show

    text = f"{name} : {show(dom)} -> {show(cod)}"
    return text if len(text) <= 300 else text[:297] + "..."
