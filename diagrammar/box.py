"""The box: a signature with static arguments, a key, and what is inside; and the flat form that boxes stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Union

from diagrammar.sizes import Poly
from diagrammar.source import Span
from diagrammar.types import Space, Type, Types, show

if TYPE_CHECKING:
    from diagrammar.diagram import Diagram

# Static values, as boxes keep them: comparable, hashable, picklable. A list of the text is a tuple; a `type` value is a
# `Bundle`, so that it is not taken for a list.
Value = Union[int, Fraction, float, bool, str, None, Poly, Space, "Bundle", tuple["Value", ...]]


# the marks of a text, `store { f }` and `recompute { f }`: frames without a name and a key
MARKS = frozenset({"store", "recompute"})


class Ty(tuple[Type, ...]):
    """The type of a bundle of wires: a tuple of types, with `@` and `**` as in DisCoPy.

    >>> from diagrammar.types import Tensor
    >>> x = Ty(Tensor("R", (2,)))
    >>> x @ x ** 2, Ty()
    (R[2] @ R[2] @ R[2], I)
    """

    __slots__ = ()

    def __new__(cls, *types: Type) -> Ty:
        return tuple.__new__(cls, types)

    def __matmul__(self, other: Types) -> Ty:
        return Ty(*self, *other)

    def __pow__(self, count: int) -> Ty:
        return Ty(*(tuple(self) * count))

    def __reduce__(self) -> tuple[type[Ty], Types]:
        return Ty, tuple(self)

    def __repr__(self) -> str:
        return show(self)


def numbered(name: str, number: int, between: str = "_") -> str:
    """The name of the second, the third mention of a box: a number goes before the primes, that it be a name still.

    >>> numbered("layer", 2), numbered("layer'", 3), numbered("layer", 1)
    ('layer_2', "layer_3'", 'layer')
    """
    stem = name.rstrip("'")
    return name if number == 1 else f"{stem}{between}{number}{name[len(stem) :]}"


def bundle(types: Type | Types) -> Types:
    """The wires of a type, or of a tuple of types."""
    return types if isinstance(types, tuple) else (types,)


class Bundle:
    """A type as a static value: the types of its wires."""

    __slots__ = ("types",)

    def __init__(self, types: Types) -> None:
        self.types = types

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bundle) and self.types == other.types

    def __hash__(self) -> int:
        return hash(("Bundle", self.types))

    def __reduce__(self) -> tuple[type[Bundle], tuple[Types]]:
        return Bundle, (self.types,)

    def __repr__(self) -> str:
        return " @ ".join(map(str, self.types)) or "I"


class Box:
    """One box.

    `name` is what the text calls it where it stands (a frame `S` for a parameter S), `origin` which declaration it is
    (`std:linear`, `fno:layer`; "" for a box made in Python without one).

    `params` are its static arguments `(name, value)` in header order.

    `key` is the instance key of what owns something: a name relative to the enclosing keyed box; "^name" starts one
    keyed box further out for each "^", "/name" at the root, "~name" is a `share` of this body; None for a box that adds
    no name to paths (a primitive, or a transparent frame: `map`, `repeat`, ...).

    `insides` are the diagrams inside: none for a primitive, one for a frame or a combinator; `repeat` with an index has
    one for each step; `training` has two, for training and for evaluation. Captured wires come first in `dom` and in
    the inputs of every inside.

    `kinds` are the words after `is`: `linear elementwise random batch`, and `state` for a box that keeps a buffer.

    `derived` says of a frame that it is a derivative, and of which box; it only tells how the frame is written.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> f = Box("f", (x,), (x,))
    >>> f == Box("f", (x,), (x,)), f >> f == f.diagram() >> f.diagram()
    (True, True)
    """

    __slots__ = ("_hash", "cod", "derived", "dom", "insides", "key", "kinds", "name", "origin", "params", "span")

    def __init__(
        self,
        name: str,
        dom: Types,
        cod: Types,
        *,
        origin: str = "",
        params: tuple[tuple[str, Value], ...] = (),
        key: str | None = None,
        kinds: frozenset[str] = frozenset(),
        insides: tuple[Diagram, ...] = (),
        span: Span | None = None,
        derived: Derivative | None = None,
    ) -> None:
        self.name = name
        self.dom = dom
        self.cod = cod
        self.origin = origin
        self.params = params
        self.key = key
        self.kinds = kinds
        self.insides = insides
        self.span = span
        self.derived = derived
        self._hash: int | None = None

    def param(self, name: str, default: Value = None) -> Value:
        """A static argument by name."""
        for known, value in self.params:
            if known == name:
                return value
        return default

    @property
    def is_mark(self) -> bool:
        """Whether it is a mark: what it computes is its inside, and it says what a reverse pass does with that."""
        return self.origin in MARKS and self.key is None and len(self.insides) == 1

    @property
    def is_frame(self) -> bool:
        """Whether it is a named diagram in its place: a key, and one inside on the same wires."""
        return self.key is not None and len(self.insides) == 1

    def with_(
        self,
        *,
        key: str | None = None,
        insides: tuple[Diagram, ...] | None = None,
        span: Span | None = None,
        origin: str | None = None,
    ) -> Box:
        """The same box with another key, other insides, another place or of another declaration."""
        return Box(
            self.name,
            self.dom,
            self.cod,
            origin=self.origin if origin is None else origin,
            params=self.params,
            key=self.key if key is None else key,
            kinds=self.kinds,
            insides=self.insides if insides is None else insides,
            span=self.span if span is None else span,
            # what is inside no longer follows from the box that it is a derivative of
            derived=self.derived if insides is None else None,
        )

    def diagram(self) -> Diagram:
        """The diagram of this one box."""
        from diagrammar.diagram import Diagram

        return Diagram.of(self)

    def __rshift__(self, other: Diagram | Box) -> Diagram:
        return self.diagram() >> other

    def __matmul__(self, other: Diagram | Box) -> Diagram:
        return self.diagram() @ other

    def _data(self) -> tuple[object, ...]:
        return (self.name, self.origin, self.key, self.dom, self.cod, self.params, self.kinds)

    def __eq__(self, other: object) -> bool:
        """Equal names, types, static arguments and keys, and equal insides; spans do not count."""
        if self is other:
            return True
        return isinstance(other, Box) and self._data() == other._data() and self.insides == other.insides

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._data())
        return self._hash

    def __reduce__(self) -> tuple[Callable[..., Box], tuple[object, ...]]:
        return _box, (*self._data(), self.insides, self.span, self.derived)

    def __repr__(self) -> str:
        return self.name


def _box(*data: Any) -> Box:
    name, origin, key, dom, cod, params, kinds, insides, span, derived = data
    return Box(
        name,
        dom,
        cod,
        origin=origin,
        params=params,
        key=key,
        kinds=kinds,
        insides=insides,
        span=span,
        derived=derived,
    )


class Derivative:
    """Which derivative a box is: `kind` is "jvp" or "vjp", of the box `of` by those inputs that `active` says; "open"
    is the box with its weights as inputs, before those that it has."""

    __slots__ = ("active", "kind", "of")

    def __init__(self, kind: str, active: tuple[bool, ...], of: Box) -> None:
        self.kind = kind
        self.active = active
        self.of = of

    def __reduce__(self) -> tuple[type[Derivative], tuple[object, ...]]:
        return Derivative, (self.kind, self.active, self.of)


def lineage(box: Box) -> Iterator[Box]:
    """The box, the box that it is a derivative of, and so on."""
    while True:
        yield box
        if box.derived is None:
            return
        box = box.derived.of


class Node:
    """A box in its place: the wires it consumes and the wires it produces."""

    __slots__ = ("box", "ins", "outs")

    def __init__(self, box: Box, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        self.box = box
        self.ins = ins
        self.outs = outs


class Flat:
    """The flat form: `types[w]` is the type of wire w; `nodes` are in an order in which every wire is produced before
    it is consumed."""

    __slots__ = ("inputs", "nodes", "outputs", "types")

    def __init__(
        self, types: Sequence[Type], inputs: tuple[int, ...], nodes: Sequence[Node], outputs: tuple[int, ...]
    ) -> None:
        self.types = types
        self.inputs = inputs
        self.nodes = nodes
        self.outputs = outputs
