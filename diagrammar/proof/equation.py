"""Equations between diagrams, and their instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from diagrammar.box import Bundle, Value
from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.errors import DiagramTypeError, DiagramValueError
from diagrammar.proof.terms import is_pure
from diagrammar.sizes import Poly, Size, substitute, variables, whole
from diagrammar.types import Field, Space, Type, map_sizes, same_type, sizes_of

Base = tuple[tuple[str, int, str], ...]


class Instance(NamedTuple):
    """What the free sizes and the spaces of an equation are."""

    sizes: tuple[tuple[str, Size], ...] = ()
    spaces: tuple[tuple[Base, Base], ...] = ()


class Equation:
    """Two equal diagrams of one type, for all values of their wires and of the free sizes in `sizes` (None: of all).

    Raises DiagramTypeError where their types differ, DiagramValueError for boxes that are random or keep a state.

    >>> from diagrammar.sizes import var
    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (var("n"),))
    >>> f = Box("f", (x,), (x,))
    >>> Equation("f is an involution", f >> f, Diagram.id(x))
    <f is an involution: R[n] -> R[n]>
    """

    __slots__ = ("left", "name", "right", "sizes")

    def __init__(self, name: str, left: Diagram, right: Diagram, sizes: Sequence[str] | None = None) -> None:
        check_alike(left, right)
        if not (is_pure(left) and is_pure(right)):
            raise DiagramValueError(f"`{name}`: an equation is of pure boxes")
        self.name = name
        self.left = left
        self.right = right
        self.sizes = frozenset(sizes) if sizes is not None else _free(left) | _free(right)

    def side(self, forward: bool) -> Diagram:
        """The left side, or the right one."""
        return self.left if forward else self.right

    def at(self, forward: bool, instance: Instance) -> Diagram:
        """A side at these sizes."""
        sizes = {name: size for name, size in instance.sizes if name in self.sizes}
        return instantiated(self.side(forward), sizes, dict(instance.spaces))

    def __repr__(self) -> str:
        return f"<{self.name}: {self.left.dom} -> {self.left.cod}>"


def check_alike(left: Diagram, right: Diagram) -> None:
    """DiagramTypeError where two diagrams are not of one type."""
    for what, a, b in (("take", left.dom, right.dom), ("give", left.cod, right.cod)):
        if len(a) != len(b) or not all(map(same_type, a, b)):
            notes = (f"left   {a!r}", f"right  {b!r}")
            raise DiagramTypeError(f"the two sides {what} other wires", None, notes)


# ------------------------------------------------------------------------------------------------------ instances


def instantiated(diagram: Diagram, sizes: Mapping[str, Size], spaces: Mapping[Base, Base]) -> Diagram:
    """The diagram with its free sizes and its spaces replaced, in types and in static arguments, inside too."""
    image = _Image(sizes, spaces)
    made: dict[int, Diagram] = {}
    for level in definitions(diagram):
        flat = level.flat
        build = Builder([image.type(flat.types[w]) for w in flat.inputs])
        at = dict(zip(flat.inputs, build.inputs, strict=True))
        for node in flat.nodes:
            box = node.box
            changed = Box(
                box.name,
                tuple(map(image.type, box.dom)),
                tuple(map(image.type, box.cod)),
                origin=box.origin,
                params=tuple((name, image.value(value)) for name, value in box.params),
                key=box.key,
                kinds=box.kinds,
                insides=tuple(made[id(inside)] for inside in box.insides),
                span=box.span,
            )
            at.update(zip(node.outs, build.add(changed, [at[w] for w in node.ins]), strict=True))
        made[id(level)] = build.build([at[w] for w in flat.outputs], level.name, level.origin)
    return made[id(diagram)]


class _Image:
    """What sizes and spaces become."""

    def __init__(self, sizes: Mapping[str, Size], spaces: Mapping[Base, Base]) -> None:
        self.sizes = sizes
        self.spaces = spaces

    def size(self, size: Size) -> Size:
        """The image of a size."""
        return whole(substitute(size, self.sizes))

    def space(self, space: Space) -> Space:
        """The image of a space."""
        return Space(self.spaces.get(space.base, space.base), tuple(map(self.size, space.axes)))

    def type(self, wire: Type) -> Type:
        """The image of a type."""
        if isinstance(wire, Field):
            return Field(wire.kind, self.space(wire.space), self.size(wire.channels))
        return map_sizes(wire, self.size)

    def value(self, value: Value) -> Value:
        """The image of a static argument."""
        match value:
            case Poly():
                return self.size(value)
            case Space():
                return self.space(value)
            case Bundle():
                return Bundle(tuple(map(self.type, value.types)))
            case tuple():
                return tuple(map(self.value, value))
            case _:
                return value


def _free(diagram: Diagram) -> frozenset[str]:
    """The names of the free sizes that occur in a diagram."""
    found: set[str] = set()
    values: list[Value] = []
    for level in definitions(diagram):
        types = list(level.flat.types)
        for box in level.boxes:
            values += [value for _, value in box.params]
        while values:
            value = values.pop()
            match value:
                case Poly():
                    found |= variables(value)
                case Space():
                    found.update(*map(variables, value.axes))
                case Bundle():
                    types += value.types
                case tuple():
                    values += value
        for wire in types:
            found.update(*map(variables, sizes_of(wire)))
    return frozenset(found)
