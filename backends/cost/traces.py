"""What a function did with memory, to be replayed where it is called, and what each box of it did."""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.backends.cost.call import Value
from diagrammar.backends.cost.extremes import Peak
from diagrammar.backends.cost.tensors import Memory, Shape, Storage
from diagrammar.sizes import Size


class Row:
    """One box: the most bytes beyond those that lived before it (`peak`), bytes of its tensors that are kept for the
    backward (`kept`), operations of products (`products`), and all its operations where they are not those of its
    inside (`flops`)."""

    __slots__ = ("flops", "fused", "kept", "parent", "peak", "products")

    def __init__(self, parent: Row | None) -> None:
        self.parent = parent
        self.peak: Size = 0
        self.kept: Size = 0
        self.products: Size = 0
        self.flops: Size | None = None
        self.fused = False


class Window:
    """A box while it runs."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._outer = memory.peak
        self._live, self._products = memory.live, memory.products
        memory.peak = Peak(memory.live)
        self.row = Row(memory.row)
        memory.row = self.row
        memory.rows.append(self.row)

    def close(self) -> Row:
        """Its figures."""
        memory = self._memory
        self.row.peak = Peak(*(size - self._live for size in memory.peak.sizes)).value()
        self.row.products = memory.products - self._products
        for size in memory.peak.sizes:
            self._outer.reach(size)
        memory.peak = self._outer
        memory.row = self.row.parent
        return self.row


class Mark:
    """The row of a function that made a result of it, and the row further in that made it there: both have it, once, if
    the result is kept where the function is called."""

    __slots__ = ("deeper", "done", "row", "size")

    def __init__(self, storage: Storage) -> None:
        self.row: Row | None = storage.row
        self.size = storage.bytes
        self.deeper: Mark | None = storage.mark
        self.done = storage.kept

    def note(self) -> None:
        """The result is kept."""
        mark: Mark | None = self
        while mark is not None and not mark.done:
            mark.done = True
            row = mark.row
            while row is not None:
                row.kept = row.kept + mark.size
                row = row.parent
            mark = mark.deeper


@dataclass(frozen=True)
class Out:
    """A result: on the storage of an operand (`given`), or on one of its own (`own`)."""

    given: int | None
    own: int
    like: Shape
    batched: bool


@dataclass(frozen=True)
class Trace:
    """A call: candidates for its peak, bytes kept besides those of its results, operations of products, which operands
    are kept, bytes of each storage of its results, whether it is kept and what made it, and the results."""

    peak: tuple[Size, ...]
    kept: Size
    products: Size
    saved: tuple[int, ...]
    storages: tuple[tuple[Size, bool, Mark], ...]
    outs: tuple[Out, ...]

    @staticmethod
    def of(memory: Memory, given: list[Storage], outs: list[tuple[Shape, Value]]) -> Trace:
        """What happened in a memory between these operands and these results."""
        own: list[Storage] = []
        found = []
        # by identity, the first of each: a search for each result would cost the square of their number
        theirs = {id(storage): at for at, storage in reversed(list(enumerate(given)))}
        ours: dict[int, int] = {}
        for x, value in outs:
            at = theirs.get(id(x.storage))
            if at is None and id(x.storage) not in ours:
                ours[id(x.storage)] = len(own)
                own.append(x.storage)
            shell = Shape(Storage(None, 0), x.sizes, x.strides, x.item, x.grad)
            found.append(Out(at, ours[id(x.storage)] if at is None else 0, shell, value.batched))
        kept = memory.kept
        for storage in own:
            if storage.kept and storage.memory is not None:
                kept = kept - storage.bytes
        for row in reversed(memory.rows):
            if row.parent is not None:
                row.parent.kept = row.parent.kept + row.kept
        saved = tuple(at for at, storage in enumerate(given) if storage.kept)
        sizes = tuple(
            (storage.bytes if storage.memory is not None else 0, storage.kept, Mark(storage)) for storage in own
        )
        return Trace(tuple(memory.peak.sizes), kept, memory.products, saved, sizes, tuple(found))

    def replay(self, memory: Memory, args: list[Shape]) -> list[tuple[Shape, bool]]:
        """The same in another memory; results with whether they have the batch axis."""
        for size in self.peak:
            memory.peak.reach(memory.live + size)
        memory.products = memory.products + self.products
        memory.live = memory.live + self.kept
        memory.kept = memory.kept + self.kept
        if memory.row is not None:
            memory.row.kept = memory.row.kept + self.kept
        for at in self.saved:
            memory.keep(args[at].storage)
        storages = []
        for size, kept, mark in self.storages:
            storage = Storage(memory if size != 0 else None, size)
            storage.mark = mark
            storages.append(storage)
            if kept:
                memory.keep(storage)
        return [
            (
                Shape(
                    args[out.given].storage if out.given is not None else storages[out.own],
                    out.like.sizes, out.like.strides, out.like.item, out.like.grad,
                ),
                out.batched,
            )
            for out in self.outs
        ]  # fmt: skip
