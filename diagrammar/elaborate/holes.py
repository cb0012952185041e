"""What inference is to find: holes for sizes, spaces, wires and bundles."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from diagrammar.sizes import (
    Poly,
    Size,
    unknowns,
)
from diagrammar.types import Field, Rigid, Space, Tensor, Tokens, Type


class SpaceHole:
    """An unknown space, scaled by `scale` or put on the grid `axes`; `kinds` limits what it may be."""

    __slots__ = ("axes", "kinds", "name", "number", "scale")

    def __init__(
        self,
        number: int,
        name: str,
        scale: Fraction | int = 1,
        axes: tuple[Size, ...] | None = None,
        kinds: tuple[tuple[str, int], ...] | None = None,
    ) -> None:
        self.number = number
        self.name = name
        self.scale = scale
        self.axes = axes
        self.kinds = kinds

    def scaled(self, factor: Fraction | int) -> SpaceHole:
        """The same unknown on a grid finer by a factor."""
        axes = None if self.axes is None else tuple(axis * factor for axis in self.axes)
        return SpaceHole(self.number, self.name, self.scale * factor, axes, self.kinds)

    def __repr__(self) -> str:
        return f"?{self.name}"


class SpaceProduct(SpaceHole):
    """A product with an unknown factor: `X * T`, of whose factors the kinds are known."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Space | SpaceHole, ...]) -> None:
        super().__init__(0, " * ".join(part.name for part in parts))
        self.parts = parts

    def scaled(self, factor: Fraction | int) -> SpaceHole:
        """A product is scaled factor by factor."""
        return SpaceProduct(
            tuple(
                part.scaled(factor) if isinstance(part, SpaceHole) else part.on(axis * factor for axis in part.axes)
                for part in self.parts
            )
        )


class WireHole(Rigid):
    """The unknown type of one wire."""

    __slots__ = ("number",)

    def __init__(self, number: int, name: str) -> None:
        super().__init__(name)
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WireHole) and self.number == other.number

    def __hash__(self) -> int:
        return hash(("wire", self.number))

    def __repr__(self) -> str:
        return f"?{self.name}"


class BundleHole:
    """The unknown types of any number of wires: a type parameter; `power` stacks each of them."""

    __slots__ = ("name", "number", "powers")

    def __init__(self, number: int, name: str, powers: tuple[Size, ...] = ()) -> None:
        self.number = number
        self.name = name
        self.powers = powers

    def __repr__(self) -> str:
        return f"?{self.name}"


class ListHole:
    """An unknown list of sizes, spliced among the sizes of a tensor."""

    __slots__ = ("name", "number")

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name

    def __repr__(self) -> str:
        return f"?{self.name}"


Item = Type | BundleHole
Items = tuple[Item, ...]


class Mismatch(Exception):
    """Two types differ; says how, in the user's words."""


class Waiting(Exception):
    """A type cannot be written down before an unknown is found."""


class Arity(Mismatch):
    """A wrong number of wires."""

    def __init__(self, want: int, have: int) -> None:
        super().__init__(f"{want} wire{'s' * (want != 1)} wanted, {have} given")
        self.want = want
        self.have = have


def has_holes(wire: Type) -> bool:
    """Whether anything of a type is still unknown."""
    match wire:
        case WireHole():
            return True
        case Tensor():
            return any(type(size) is not int and _open(size) for size in wire.sizes)
        case Field():
            return is_hole(wire.space) or _open(wire.channels) or any(map(_open, wire.space.axes))
        case Tokens():
            return _open(wire.vocab) or _open(wire.length)
        case _:
            return False


def is_hole(space: object) -> bool:
    """Whether a space is unknown: under elaboration the space of a Field may be."""
    return isinstance(space, SpaceHole)


def _open(size: Any) -> bool:
    return isinstance(size, ListHole) or (isinstance(size, Poly) and bool(unknowns(size)))


def plain(size: Size) -> str | None:
    """The name, where a size is just a variable."""
    if isinstance(size, Poly) and len(size.terms) == 1:
        ((monomial, coefficient),) = size.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 and monomial[0][0].kind == "var":
            return str(monomial[0][0].args[0])
    return None


def stacked(wire: Type, size: Size) -> Type:
    """n wires stacked: `R[d]^n` is `R[n, d]`."""
    if isinstance(wire, Tensor):
        return Tensor(wire.kind, (size, *wire.sizes))
    if isinstance(wire, WireHole):
        raise Waiting
    raise Mismatch(f"{wire}^{size}: only R, C and Bool can be stacked")


def stacked_all(wire: Type, powers: tuple[Size, ...]) -> Type:
    """A wire stacked several times, the first size outermost."""
    for size in reversed(powers):
        wire = stacked(wire, size)
    return wire


def show_kinds(kinds: tuple[tuple[str, int], ...]) -> str:
    """`torus(2)`."""
    return " * ".join(kind if "(" in kind else f"{kind}({dim})" for kind, dim in kinds)
