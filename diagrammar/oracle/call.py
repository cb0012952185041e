"""A box that is evaluated: its wires as arrays, its sizes as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from diagrammar.box import Box
from diagrammar.category import Place
from diagrammar.oracle.numbers import Growth, NotPolynomial, System
from diagrammar.sizes import Poly, Size, evaluate
from diagrammar.types import Field, Tensor, Type, shape_of


class Wire(NamedTuple):
    """The value of a wire, how large its entries may be as quotients of polynomials, and the number it is, if one."""

    array: Any
    growth: Growth = Growth()
    number: Fraction | None = None


class Call(NamedTuple):
    """A box on values."""

    box: Box
    args: tuple[Wire, ...]
    place: Place
    system: System
    numpy: Any
    sizes: Mapping[str, int]

    def fail(self, why: str = "") -> NotPolynomial:
        """The error that the box has no meaning here."""
        return NotPolynomial(why or f"`{self.box.name}` is no polynomial", self.box)

    def size(self, size: Size) -> int:
        """A size as a number."""
        value = evaluate(size, self.sizes)
        if value.denominator != 1:
            raise self.fail(f"{size} is not whole")
        return int(value)

    def shape(self, wire: Type) -> tuple[int, ...]:
        """The shape of a wire; complex numbers are one entry each."""
        shape = tuple(map(self.size, shape_of(wire)))
        return shape[:-1] if is_complex(wire) else shape

    def text(self, name: str, default: str = "") -> str:
        """A static argument that is a text."""
        value = self.box.param(name, default)
        if not isinstance(value, str):
            raise self.fail()
        return value

    def whole(self, name: str, default: int = 0) -> int:
        """A static argument that is a whole number."""
        value = self.box.param(name, default)
        if isinstance(value, bool) or not isinstance(value, int | Fraction | Poly):
            raise self.fail()
        return self.size(value)

    def several(self, name: str) -> list[int]:
        """A static argument that is a list of whole numbers."""
        value = self.box.param(name)
        items = value if isinstance(value, tuple) else (value,)
        return [self.size(item) for item in items if isinstance(item, int | Fraction | Poly)]

    def grid(self, at: int = 0) -> int:
        """How many axes the grid of an input has."""
        wire = self.box.dom[at]
        if not isinstance(wire, Field):
            raise self.fail()
        return wire.space.dim

    def moved(self, array: Any) -> list[Wire]:
        """The first input with its entries elsewhere."""
        return [Wire(array, self.args[0].growth)]

    def made(self, array: Any, growth: Growth) -> list[Wire]:
        """A new array, in normal form."""
        return [Wire(self.system.reduced(array), growth)]


def is_complex(wire: Type) -> bool:
    """Whether a wire carries complex numbers."""
    return (isinstance(wire, Tensor) and wire.kind == "C") or (isinstance(wire, Field) and wire.kind == "Spectrum")


def largest(wires: Sequence[Wire]) -> Growth:
    """How large the largest of several wires may be."""
    growth = Growth()
    for wire in wires:
        growth = growth.largest(wire.growth)
    return growth
