"""One box in its place: its static arguments and its types with the sizes of this run. Wires are numpy arrays of one
sample: float64, complex128, bool or int64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from diagrammar.box import Value
from diagrammar.diagram import Box
from diagrammar.errors import BackendError
from diagrammar.sizes import Poly, Size, evaluate
from diagrammar.types import Field, Space, Tensor, Tokens, Type, shape_of

Array = NDArray[Any]


def kind_of(wire: Type) -> str:
    """`R`, `C`, `Bool` or `Tokens`: what numbers a wire holds.

    >>> from diagrammar.types import Tokens
    >>> kind_of(Tensor("Bool", (3,))), kind_of(Tokens(7, 4))
    ('Bool', 'Tokens')
    """
    match wire:
        case Tensor():
            return wire.kind
        case Field():
            return "C" if wire.kind == "Spectrum" else "R"
        case Tokens():
            return "Tokens"
        case _:
            raise BackendError(f"reference: a wire of the type {wire} has no values")


def axes_of(wire: Type) -> tuple[Size, ...]:
    """The axes of one sample; a complex number is one number.

    >>> axes_of(Tensor("C", (3,)))
    (3,)
    """
    return shape_of(wire)[:-1] if kind_of(wire) == "C" else shape_of(wire)


@dataclass(frozen=True)
class Place:
    """A box, and the values of the free sizes."""

    box: Box
    sizes: Mapping[str, int]

    def number(self, size: Size) -> int:
        """A size as the whole number that it is in this run. Raises BackendError where no input tells it."""
        if type(size) is int:
            return size
        try:
            value = evaluate(size, self.sizes)
        except ValueError as error:
            raise BackendError(f"reference: {error}: bind it with spaces=", self.box.span) from None
        if value.denominator != 1:
            raise BackendError(f"reference: the size {size} is not whole, but {value}", self.box.span)
        return int(value)

    def shape(self, wire: Type) -> tuple[int, ...]:
        """The shape of one sample of a wire."""
        return tuple(self.number(size) for size in axes_of(wire))

    @property
    def result(self) -> tuple[int, ...]:
        """The shape of one sample of the first result."""
        return self.shape(self.box.cod[0])

    def param(self, name: str, default: Value = None) -> Value:
        """A static argument."""
        return self.box.param(name, default)

    def text(self, name: str, default: str, among: tuple[str, ...]) -> str:
        """A static argument that is one of these words."""
        value = self.box.param(name, default)
        if not isinstance(value, str) or value not in among:
            raise self.error(f"{name} = {value!r}")
        return value

    def whole(self, name: str, default: int) -> int:
        """A static argument that is a whole number, or a size that is one in this run."""
        return self._number(self.box.param(name, default), name)

    def wholes(self, name: str, count: int) -> tuple[int, ...]:
        """A static argument that is a whole number for each axis, or one for all."""
        value = self.box.param(name)
        items = value if isinstance(value, tuple) else (value,) * count
        if len(items) != count:
            raise self.error(f"{name} has {len(items)} entries, and there are {count} axes")
        return tuple(self._number(item, name) for item in items)

    def _number(self, value: Value, name: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int | Fraction | Poly):
            raise self.error(f"{name} = {value!r}")
        return self.number(value)

    def field(self, wire: Type) -> Field:
        """A type that has to be one of fields."""
        if not isinstance(wire, Field):
            raise self.error(f"a wire of the type {wire}")
        return wire

    def space(self, wire: Type) -> Space:
        """The space that a field or a spectrum is on."""
        return self.field(wire).space

    def error(self, what: str) -> BackendError:
        """What has no meaning in this box."""
        return BackendError(f"reference: {what} has no meaning in `{self.box.name}`", self.box.span)
