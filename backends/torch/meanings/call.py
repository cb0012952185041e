"""What a meaning is told about the box that it writes: its operands as expressions, its types, its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from diagrammar.backends.torch.function import Function, rank
from diagrammar.backends.torch.names import literal
from diagrammar.backends.torch.values import Owner, Value
from diagrammar.diagram import Box
from diagrammar.diagram import Value as Static
from diagrammar.errors import BackendError
from diagrammar.schedule.residuals import weights_of
from diagrammar.sizes import Poly, Size
from diagrammar.types import Field, Space, Tensor, Type, shape_of


class Call:
    """One box in its place. `lift`: where no operand has the batch axis, operands are given one of size 1 and the
    results lose it, so a meaning finds exactly one batch axis."""

    def __init__(self, fn: Function, box: Box, values: list[Value], owner: Owner, lift: bool) -> None:
        self.fn = fn
        self.box = box
        self.owner = owner
        # the weights of a frame of a flat body are its last operands
        names = () if box.origin.startswith("vjp:") else weights_of(box)
        first = len(values) - len(names)
        self.given = dict(zip(names, values[first:], strict=True))
        self.values = values[:first]
        self.batched = any(value.batched for value in self.values)
        self.lifted = lift and not self.batched and bool(self.values)
        # where results are not alike: which of them have the batch axis of the operands
        self.flags: tuple[bool, ...] | None = None

    # ---------------------------------------------------------------------------------------------- operands

    def flag(self, at: int) -> bool:
        """Whether an operand has the batch axis."""
        return self.values[at].batched or self.lifted

    def type(self, at: int = 0) -> Type:
        """The type of an operand."""
        return self.box.dom[at]

    def out(self, at: int = 0) -> Type:
        """The type of a result."""
        return self.box.cod[at]

    def field(self, at: int = 0) -> Field:
        """The type of an operand that is a field or a spectrum."""
        return as_field(self.box, self.box.dom[at])

    def arg(self, at: int = 0) -> str:
        """An operand, written out to its type; of one batch axis if `flag`."""
        text = written_out(self.fn, self.values[at])
        return f"{text}.unsqueeze(0)" if self.lifted else text

    def bare(self, at: int) -> str | None:
        """An operand that has no batch axis (a weight), else None."""
        return None if self.values[at].batched else written_out(self.fn, self.values[at])

    def with_batch(self, at: int) -> str:
        """An operand with a batch axis, which may be of size 1."""
        return self.arg(at) if self.flag(at) else f"{self.arg(at)}.unsqueeze(0)"

    # --------------------------------------------------------------------------------------------- statics

    def param(self, name: str, default: Static = None) -> Static:
        """A static argument."""
        return self.box.param(name, default)

    def text(self, name: str, default: str = "") -> str:
        """A static argument that is a string."""
        value = self.box.param(name, default)
        if not isinstance(value, str):
            raise self.error(f"`{name}` is to be a string")
        return value

    def number(self, name: str, default: Static = None) -> str:
        """A static argument that is a number, as a literal."""
        value = self.box.param(name, default)
        if isinstance(value, Poly):
            return self.size(value)
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
            raise self.error(f"`{name}` is to be a number")
        return literal(value)

    def whole(self, name: str, default: int) -> int:
        """A static argument that is a known whole number."""
        value = self.box.param(name, default)
        if isinstance(value, bool) or not isinstance(value, int | Fraction) or Fraction(value).denominator != 1:
            raise self.error(f"`{name}` is to be a whole number")
        return int(value)

    def sizes(self, name: str, count: int) -> tuple[Size, ...]:
        """A static argument that is a size for each axis, or one for all."""
        value = self.box.param(name)
        if isinstance(value, tuple):
            found = tuple(item for item in value if isinstance(item, int | Fraction | Poly))
            if len(found) == len(value) == count:
                return found
        elif isinstance(value, int | Fraction | Poly) and not isinstance(value, bool):
            return (value,) * count
        raise self.error(f"`{name}` is to be {count} sizes")

    def size(self, value: Size) -> str:
        """A size as an expression."""
        return self.fn.size(value)

    def shape(self, wire: Type) -> list[str]:
        """The axes of one sample as expressions."""
        return [self.fn.size(size) for size in shape_of(wire)]

    # ------------------------------------------------------------------------------------------------ code

    def line(self, text: str) -> None:
        """A line before the result."""
        self.fn.line(text)

    def local(self, text: str) -> str:
        """A name for an intermediate result."""
        name = self.fn.temp()
        self.fn.line(f"{name} = {text}")
        return name

    def helper(self, name: str) -> str:
        """A function of the runtime."""
        return self.fn.helper(name)

    def like(self) -> str:
        """A tensor that has the module's dtype and device."""
        return self.fn.like()

    def weight(self, name: str) -> str:
        """A weight of the frame that this call fuses."""
        if name in self.given:
            return written_out(self.fn, self.given[name])
        return self.fn.member(self.owner, 0, name, "_parameters", fixed=False)

    def error(self, message: str) -> BackendError:
        """An error at this box."""
        return BackendError(f"torch: {message} in `{self.box.name}`", self.box.span)


@dataclass(frozen=True)
class Several:
    """Results that one expression gives as a tuple."""

    text: str


# None: this meaning does not fit here
Result = str | tuple[str, ...] | Several | None


@dataclass(frozen=True)
class Meaning:
    """How the code of a box is written. `batched`: whether results have the batch axis; None where any operand has."""

    emit: Callable[[Call], Result]
    lift: bool = True
    batched: bool | None = None


def as_field(box: Box, wire: Type) -> Field:
    """A wire's type, which has to be a field."""
    if not isinstance(wire, Field):
        raise BackendError(f"torch: `{box.name}` is of fields, not of {wire}", box.span)
    return wire


def is_pair(wire: Type) -> bool:
    """Whether a wire holds complex numbers, as real pairs."""
    return isinstance(wire, Tensor | Field) and wire.kind in ("C", "Spectrum")


def space_of(value: Static) -> Space | None:
    """A static value that is a space."""
    return value if isinstance(value, Space) else None


def written_out(fn: Function, value: Value) -> str:
    """A wire as a tensor of its type."""
    if value.shape == "full":
        return value.text
    sizes = [fn.size(size) for size in shape_of(value.type)]
    if value.shape == "thin":
        return f"{value.text}.expand({', '.join((['-1'] if value.batched else []) + sizes)})" if sizes else value.text
    if value.text in ("True", "False"):
        return f"torch.full(({_row(sizes)}), {value.text}, dtype=torch.bool, device={fn.like()}.device)"
    number = value.text if not is_pair(value.type) else ""
    like = fn.like()
    full = (
        f"torch.full(({_row(sizes if number else sizes[:-1])}), {value.text}, dtype={like}.dtype, device={like}.device)"
    )
    return full if number else f"{fn.helper('_pair')}({full})"


def _row(items: list[str]) -> str:
    return ", ".join(items) + ("," if len(items) == 1 else "")


def thin(value: Value, wire: Type) -> str:
    """A scalar or per-channel wire as a view that broadcasts to `wire`."""
    axes = rank(wire) - rank(value.type)
    # the parts of a complex number stay the last axis
    pair = int(is_pair(value.type))
    if axes == 0 or (not value.batched and rank(value.type) == pair):
        return value.text
    index = (":, " if value.batched else "") + ":, " * (rank(value.type) - pair) + ", ".join(["None"] * axes)
    return f"{value.text}[{index}{', :' if pair else ''}]"
