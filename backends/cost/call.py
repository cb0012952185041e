"""A box in its place: its operands as tensors without numbers, and the sizes of its wires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diagrammar.backends.cost.kernels import Kernels
from diagrammar.backends.cost.tensors import Shape, Storage, contiguous
from diagrammar.diagram import Box
from diagrammar.diagram import Value as Static
from diagrammar.sizes import Size
from diagrammar.types import Field, Tensor, Tokens, Type, shape_of


class Slot:
    """A variable of the module's code, and how many reads of it are to come."""

    __slots__ = ("count", "tensor")

    def __init__(self, tensor: Shape | None, count: int) -> None:
        self.tensor = tensor
        self.count = count

    def read(self) -> None:
        """One read less; after the last the variable is gone."""
        self.count -= 1
        if self.count == 0:
            self.tensor = None


@dataclass(frozen=True)
class Value:
    """A wire: its variable (none for a number), whether it has the batch axis, and how far it is written out: `full`,
    or `thin`, a scalar or channels that broadcast."""

    slot: Slot | None
    wire: Type
    batched: bool
    form: str = "full"


def is_pair(wire: Type) -> bool:
    """Whether a wire holds complex numbers."""
    return isinstance(wire, Tensor | Field) and wire.kind in ("C", "Spectrum")


def rank(wire: Type) -> int:
    """How many axes one sample has."""
    return len(shape_of(wire))


def item_of(wire: Type, width: int) -> int:
    """Bytes of an entry: tokens are 64-bit integers, truth values bytes, numbers have `width`."""
    if isinstance(wire, Tokens):
        return 8
    return 1 if isinstance(wire, Tensor) and wire.kind == "Bool" else width


class Call:
    """One box: `k` makes its tensors, `batch` is how many samples there are."""

    __slots__ = ("batch", "box", "fixed", "k", "values", "weights")

    def __init__(
        self,
        k: Kernels,
        box: Box,
        values: list[Value],
        batch: Size,
        fixed: Callable[[Size], Size],
        weights: Callable[[Box], Shape],
    ) -> None:
        self.k = k
        self.box = box
        self.values = values
        self.batch = batch
        self.fixed = fixed
        self.weights = weights

    @property
    def batched(self) -> bool:
        """Whether any operand has the batch axis."""
        return any(value.batched for value in self.values)

    def shape(self, wire: Type) -> tuple[Size, ...]:
        """The axes of one sample, at the sizes that are given."""
        return tuple(self.fixed(size) for size in shape_of(wire))

    def item(self, wire: Type) -> int:
        """Bytes of an entry."""
        return item_of(wire, self.k.memory.width)

    def view(self, at: int) -> Shape | None:
        """An operand as it is held: a thin one with axes of size one; None for a number."""
        value = self.values[at]
        if value.slot is None:
            return None
        tensor = value.slot.tensor
        assert tensor is not None
        if value.form == "thin":
            for _ in range(rank(value.wire) + value.batched - len(tensor.sizes)):
                tensor = tensor.unsqueeze(len(tensor.sizes))
        return tensor

    def bare(self, at: int) -> Shape:
        """An operand with all its axes."""
        value = self.values[at]
        sizes = (*((self.batch,) if value.batched else ()), *self.shape(value.wire))
        found = self.view(at)
        if found is None:
            return self.k.new(sizes, False, self.item(value.wire))
        return found if value.form == "full" else found.expand(sizes)

    def arg(self, at: int = 0) -> Shape:
        """An operand with all its axes and a batch axis in front, which may be of size one."""
        found = self.bare(at)
        return found if self.values[at].batched else found.unsqueeze(0)

    def done(self, made: Shape) -> Shape:
        """A result: without the batch axis that no operand has."""
        return made if self.batched else made.select(0)

    def made(self, at: int = 0, *, grad: bool, item: int | None = None) -> Shape:
        """A new tensor for a result."""
        wire = self.box.cod[at]
        sizes = (*((self.batch,) if self.batched else ()), *self.shape(wire))
        return self.k.new(sizes, grad, self.item(wire) if item is None else item)

    def grid(self, wire: Type) -> tuple[Size, ...]:
        """The grid of a field."""
        return tuple(map(self.fixed, wire.space.axes)) if isinstance(wire, Field) else ()

    def text(self, name: str, default: str = "") -> str:
        """A static argument that is a string."""
        return str(self.box.param(name, default))

    def whole(self, name: str, default: int) -> int:
        """A static argument that is a whole number."""
        return int(str(self.box.param(name, default)))

    def sizes(self, value: Static) -> list[Size]:
        """A static argument that is a list of sizes, or one."""
        items = value if isinstance(value, tuple) else (value,)
        return [self.fixed(item) for item in items]  # type: ignore[arg-type]  # the parameter is a list of sizes

    def owned(self) -> dict[str, Box]:
        """The weights of a frame that is carried out by one call."""
        return {str(n.box.key): n.box for n in self.box.insides[0].flat.nodes if n.box.origin == "weight"}

    def weight(self, name: str) -> Shape:
        """One of them."""
        return self.weights(self.owned()[name])

    def like(self, sizes: tuple[Size, ...], grad: bool) -> Shape:
        """A tensor that was there before."""
        return Shape(Storage(None, 0), sizes, contiguous(sizes), self.k.memory.width, grad)
