"""The diagram: an open hypergraph. Wires are integers with one producer each; a wire consumed twice is a copy, a wire
never consumed is a discard; boxes have ordered ports.

Diagrams compose as in DisCoPy, `f >> g` and `f @ g`, each in constant time: the result is a rope, whose flat form is
made once, on first use.

>>> from diagrammar.types import Tensor
>>> x, y = Tensor("R", (2,)), Tensor("R", (3,))
>>> f, g = Box("f", (x,), (y,)), Box("g", (y,), (x,))
>>> f >> g, f @ g
(<R[2] -> R[2]>, <R[2] @ R[3] -> R[3] @ R[2]>)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagrammar.box import Box, Bundle, Flat, Node, Ty, Value, bundle, lineage
from diagrammar.errors import DiagramTypeError
from diagrammar.source import Span
from diagrammar.types import Type, Types, same_type, show

if TYPE_CHECKING:
    from diagrammar.backends.picture import Picture

__all__ = [
    "Box", "Builder", "Bundle", "Copy", "Diagram", "Discard", "Flat", "Id", "Node", "Swap", "Ty", "Value",
    "bundle", "definitions", "share",
]  # fmt: skip


class Diagram:
    """A diagram from `dom` to `cod`; `name` and `origin` say which declaration it is the inside of, if any.

    A mention of a named diagram in `>>` and `@` is a fresh instance of it, a frame with a key of its own; `share` makes
    one that stays one. An unnamed diagram is laid into the body around it, its keys renamed apart from those before.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> layer = Diagram.of(Box("f", (x,), (x,))).named("layer")
    >>> [box.key for box in (layer >> layer >> share(layer, "cell")).boxes]
    ['layer', 'layer_2', '~cell']
    """

    __slots__ = ("_cod", "_dom", "_flat", "_hash", "_parts", "arity", "leaves", "name", "origin")

    def __init__(self, flat: Flat, name: str = "", origin: str = "") -> None:
        self._flat: Flat | None = flat
        self._dom: Types | None = None
        self._cod: Types | None = None
        self._parts: tuple[str, Diagram, Diagram] | None = None
        self._hash: int | None = None
        self.arity = (len(flat.inputs), len(flat.outputs))
        self.leaves = 1
        self.name = name
        self.origin = origin

    @staticmethod
    def of(box: Box) -> Diagram:
        """The diagram of one box."""
        inside, outside = len(box.dom), len(box.dom) + len(box.cod)
        ins, outs = tuple(range(inside)), tuple(range(inside, outside))
        made = Diagram(Flat((*box.dom, *box.cod), ins, (Node(box, ins, outs),), outs))
        made._dom, made._cod = box.dom, box.cod
        return made

    @staticmethod
    def _rope(operator: str, left: Diagram, right: Diagram) -> Diagram:
        made = Diagram.__new__(Diagram)
        made._flat = made._hash = None
        made._parts = (operator, left, right)
        made.leaves = left.leaves + right.leaves
        made.name = made.origin = ""
        if operator == ">>":
            made._dom, made._cod = left._dom, right._cod
            made.arity = (left.arity[0], right.arity[1])
        else:
            made._dom = made._cod = None
            made.arity = (left.arity[0] + right.arity[0], left.arity[1] + right.arity[1])
        return made

    @property
    def flat(self) -> Flat:
        """Its wires and boxes."""
        if self._flat is None:
            from diagrammar.rope import flatten

            self._flat = flatten(self)
            self._parts = None
        return self._flat

    @property
    def boxes(self) -> list[Box]:
        """Its boxes, each after those that it needs; what is inside them is not listed."""
        return [node.box for node in self.flat.nodes]

    @property
    def dom(self) -> Ty:
        """The types of its inputs."""
        return Ty(*self._ends(0))

    @property
    def cod(self) -> Ty:
        """The types of its outputs."""
        return Ty(*self._ends(1))

    def _ends(self, side: int) -> Types:
        known = self._cod if side else self._dom
        if known is None:
            known = _ends(self, side)
            if side:
                self._cod = known
            else:
                self._dom = known
        return known

    def __rshift__(self, other: Diagram | Box) -> Diagram:
        """First this diagram, then the other; DiagramTypeError where the wires differ."""
        right = other if isinstance(other, Diagram) else Diagram.of(other)
        ends, starts = self._ends(1), right._ends(0)
        if ends is not starts and ends != starts:
            _check_joint(ends, starts)
        return Diagram._rope(">>", self, right)

    def __matmul__(self, other: Diagram | Box) -> Diagram:
        """The two side by side."""
        return Diagram._rope("@", self, other if isinstance(other, Diagram) else Diagram.of(other))

    def then(self, *others: Diagram | Box) -> Diagram:
        """This diagram and the others, one after the other."""
        result = self
        for other in others:
            result = result >> other
        return result

    def tensor(self, *others: Diagram | Box) -> Diagram:
        """This diagram and the others, side by side."""
        result = self
        for other in others:
            result = result @ other
        return result

    @staticmethod
    def id(types: Type | Types = ()) -> Diagram:
        """The wires themselves."""
        return _wires(bundle(types), range(len(bundle(types))))

    @staticmethod
    def swap(left: Type | Types, right: Type | Types) -> Diagram:
        """Two bundles of wires, crossed."""
        a, b = bundle(left), bundle(right)
        return _wires(a + b, (*range(len(a), len(a) + len(b)), *range(len(a))))

    @staticmethod
    def copy(types: Type | Types, n: int = 2) -> Diagram:
        """A bundle of wires, n times."""
        return _wires(bundle(types), tuple(range(len(bundle(types)))) * n)

    @staticmethod
    def discard(types: Type | Types) -> Diagram:
        """A bundle of wires that ends here."""
        return _wires(bundle(types), ())

    def named(self, name: str, origin: str = "") -> Diagram:
        """The same diagram as a declaration: each mention of it is a frame of this name."""
        made = Diagram(self.flat, name, origin)
        made._dom, made._cod = self._dom, self._cod
        return made

    def frame(self, name: str = "", *, key: str | None = None, span: Span | None = None) -> Box:
        """A box of this name (its own, if none is given) with this diagram inside."""
        name = name or self.name
        dom, cod = self._ends(0), self._ends(1)
        return Box(name, dom, cod, origin=self.origin, key=key or name, insides=(self,), span=span)

    def __eq__(self, other: object) -> bool:
        """Equal as Markov diagrams, up to the names of what they own: see `diagrammar.equality`."""
        if self is other:
            return True
        if isinstance(other, Box):
            other = Diagram.of(other)
        return isinstance(other, Diagram) and bool(_upstairs("equality").equal(self, other))

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = int(_upstairs("equality").hash_of(self))
        return self._hash

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        from diagrammar.table import read, table

        return read, (table(self),)

    def __copy__(self) -> Diagram:
        return self

    def __deepcopy__(self, memo: object) -> Diagram:
        return self

    def draw(self, path: str | Path | None = None, **options: Any) -> Picture:
        """Its picture, written to a file if one is named: `.svg`, `.tex`, `.png` or `.html`. See `diagrammar.drawing`.

        Options: `depth`, `theme`, `title`.
        """
        made: Picture = _upstairs("drawing").draw(self, path, **options)
        return made

    def _repr_svg_(self) -> str:
        return self.draw().svg()

    def __str__(self) -> str:
        return str(_upstairs("format").to_text(self))

    def __repr__(self) -> str:
        name = f"{self.name} : " if self.name else ""
        return f"<{name}{show(self._ends(0))} -> {show(self._ends(1))}>"


def _upstairs(room: str) -> Any:
    # equality and printing are rooms above this one: the methods of a diagram reach them when called, not on import
    return import_module(f"diagrammar.{room}")


def _wires(types: Types, outputs: Iterable[int]) -> Diagram:
    made = Diagram(Flat(types, tuple(range(len(types))), (), tuple(outputs)))
    made._dom = types
    return made


def _ends(diagram: Diagram, side: int) -> Types:
    """The types at one end of a rope, without making it flat."""
    result: list[Type] = []
    stack = [diagram]
    while stack:
        part = stack.pop()
        known = part._cod if side else part._dom
        if known is not None:
            result.extend(known)
        elif part._parts is None:
            flat = part.flat
            result.extend(flat.types[w] for w in (flat.outputs if side else flat.inputs))
        else:
            operator, left, right = part._parts
            if operator == "@":
                stack += (right, left)
            else:
                stack.append(right if side else left)
    return tuple(result)


def _check_joint(ends: Types, starts: Types) -> None:
    if len(ends) == len(starts) and all(map(same_type, ends, starts)):
        return
    if len(ends) != len(starts):
        what = f"{len(ends)} wires meet {len(starts)}"
    else:
        at = next(i for i, (a, b) in enumerate(zip(ends, starts, strict=True)) if not same_type(a, b))
        what = f"wire {at + 1} is {ends[at]} on the left and {starts[at]} on the right"
    notes = (f"left ends in   {show(ends)}", f"right wants    {show(starts)}      {what}")
    raise DiagramTypeError("`>>` joins two different wires", None, notes)


Id = Diagram.id
Swap = Diagram.swap
Copy = Diagram.copy
Discard = Diagram.discard


def share(diagram: Diagram, name: str) -> Diagram:
    """One instance of a diagram under a fixed name: all its mentions in one body own the same weights."""
    return Diagram.of(diagram.frame(diagram.name or name, key=f"~{name}"))


def definitions(
    root: Diagram, enter: Callable[[Box], bool] = lambda box: True, *, derived: bool = False
) -> list[Diagram]:
    """The diagrams inside a diagram, each once and after those inside it; the diagram itself comes last. `derived`:
    also those inside the boxes that its boxes are derivatives of."""
    order: list[Diagram] = []
    seen = {id(root)}
    insides = _all_insides if derived else _insides
    stack: list[tuple[Diagram, Iterator[Diagram]]] = [(root, insides(root, enter))]
    while stack:
        diagram, rest = stack[-1]
        for inside in rest:
            if id(inside) not in seen:
                seen.add(id(inside))
                stack.append((inside, insides(inside, enter)))
                break
        else:
            order.append(diagram)
            stack.pop()
    return order


def _insides(diagram: Diagram, enter: Callable[[Box], bool]) -> Iterator[Diagram]:
    return (
        inside for node in diagram.flat.nodes if node.box.insides and enter(node.box) for inside in node.box.insides
    )


def _all_insides(diagram: Diagram, enter: Callable[[Box], bool]) -> Iterator[Diagram]:
    return (
        inside
        for node in diagram.flat.nodes
        if node.box.insides and enter(node.box)
        for box in lineage(node.box)
        for inside in box.insides
    )


class Builder:
    """Builds a flat form box by box, each box after what it consumes."""

    __slots__ = ("inputs", "nodes", "types")

    def __init__(self, dom: Iterable[Type] = ()) -> None:
        self.types: list[Type] = list(dom)
        self.inputs = tuple(range(len(self.types)))
        self.nodes: list[Node] = []

    def add(self, box: Box, ins: Sequence[int]) -> tuple[int, ...]:
        """Puts a box on these wires and gives the wires that it produces."""
        first = len(self.types)
        self.types.extend(box.cod)
        outs = tuple(range(first, len(self.types)))
        self.nodes.append(Node(box, tuple(ins), outs))
        return outs

    def build(self, outputs: Iterable[int], name: str = "", origin: str = "") -> Diagram:
        """The diagram with these outputs."""
        return Diagram(Flat(self.types, self.inputs, self.nodes, tuple(outputs)), name, origin)
