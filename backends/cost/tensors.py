"""Tensors without numbers: shapes, strides and storages, as torch lays them out, and the bytes that live.

A storage lives as long as a tensor of it is held, by Python's own counting, as in torch; so a function here that is
written like the one of the runtime frees what that one frees. Shapes may hold free sizes, which are taken for large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagrammar.backends.cost.extremes import Peak, large
from diagrammar.sizes import Size, floor, over

Sizes = tuple[Size, ...]


def product(sizes: Sequence[Size]) -> Size:
    """The product of sizes."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


class Memory:
    """Bytes of storages: `live` now, `peak` at most, `kept` for the backward; `products` are operations of products of
    matrices and convolutions. `training`: gradients are on. `width`: bytes of a real number."""

    __slots__ = ("held", "kept", "live", "peak", "products", "row", "rows", "training", "width")

    def __init__(self, training: bool, width: int) -> None:
        self.training = training
        self.width = width
        self.live: Size = 0
        self.kept: Size = 0
        self.products: Size = 0
        self.peak = Peak()
        self.held: list[Storage] = []
        # the box that runs, and all that ran
        self.row: Any = None
        self.rows: list[Any] = []

    def enter(self, size: Size) -> None:
        """So many bytes more."""
        self.live = self.live + size
        self.peak.reach(self.live)

    def keep(self, storage: Storage) -> None:
        """Holds a storage until the backward."""
        if storage.kept or not self.training:
            return
        storage.kept = True
        if storage.memory is self and not storage.probe:
            self.held.append(storage)
            self.kept = self.kept + storage.bytes
            if storage.row is not None:
                storage.row.kept = storage.row.kept + storage.bytes
            if storage.mark is not None:
                storage.mark.note()


class Storage:
    """Bytes of a memory; of none where they were there before (`memory` is None). A probe is one of which only whether
    it is kept is asked. `mark` is where a function that was called made it."""

    __slots__ = ("bytes", "kept", "mark", "memory", "probe", "row")

    def __init__(self, memory: Memory | None, size: Size, probe: bool = False) -> None:
        self.probe = probe
        self.memory = memory
        self.bytes = size
        self.kept = False
        self.row: Any = None
        self.mark: Any = None
        if memory is not None:
            self.row = memory.row
            memory.enter(size)

    def __del__(self) -> None:
        if self.memory is not None:
            self.memory.live = self.memory.live - self.bytes


class Shape:
    """A tensor: sizes and strides over a storage, bytes of an entry, and whether gradients flow into it."""

    __slots__ = ("grad", "item", "sizes", "storage", "strides")

    def __init__(self, storage: Storage, sizes: Sizes, strides: Sizes, item: int, grad: bool) -> None:
        self.storage = storage
        self.sizes = sizes
        self.strides = strides
        self.item = item
        self.grad = grad

    def viewed(self, sizes: Sequence[Size], strides: Sequence[Size]) -> Shape:
        """Other sizes and strides over the same storage."""
        return Shape(self.storage, tuple(sizes), tuple(strides), self.item, self.grad)

    # ------------------------------------------------------------------------------------------------- views

    def permute(self, *order: int) -> Shape:
        """The axes in another order."""
        return self.viewed([self.sizes[at] for at in order], [self.strides[at] for at in order])

    def movedim(self, start: int, end: int) -> Shape:
        """One axis at another place."""
        count = len(self.sizes)
        order = [at for at in range(count) if at != start % count]
        order.insert(end % count, start % count)
        return self.permute(*order)

    def transpose(self) -> Shape:
        """The last two axes exchanged."""
        count = len(self.sizes)
        return self.permute(*range(count - 2), count - 1, count - 2)

    def narrow(self, axis: int, size: Size) -> Shape:
        """A part of an axis."""
        sizes = list(self.sizes)
        sizes[axis] = size
        return self.viewed(sizes, self.strides)

    def select(self, axis: int) -> Shape:
        """One entry of an axis."""
        axis %= len(self.sizes)
        drop = [at for at in range(len(self.sizes)) if at != axis]
        return self.viewed([self.sizes[at] for at in drop], [self.strides[at] for at in drop])

    def unsqueeze(self, axis: int) -> Shape:
        """An axis of size one more."""
        axis %= len(self.sizes) + 1
        step = self.sizes[axis] * self.strides[axis] if axis < len(self.sizes) else 1
        return self.viewed(
            (*self.sizes[:axis], 1, *self.sizes[axis:]), (*self.strides[:axis], step, *self.strides[axis:])
        )

    def every(self, step: int, axis: int, size: Size) -> Shape:
        """Every so many entries of an axis, `size` of them."""
        sizes, strides = list(self.sizes), list(self.strides)
        sizes[axis], strides[axis] = size, strides[axis] * step
        return self.viewed(sizes, strides)

    def expand(self, sizes: Sequence[Size]) -> Shape:
        """Axes of size one, and new ones in front, repeated without a copy."""
        more = len(sizes) - len(self.sizes)
        strides: list[Size] = [0] * more
        for have, want, stride in zip(self.sizes, sizes[more:], self.strides, strict=True):
            strides.append(stride if have == want else 0)
        return self.viewed(sizes, strides)

    def refit(self, sizes: Sequence[Size]) -> Shape | None:
        """A view with these sizes; None where the strides allow none. Axes are taken in runs that lie together."""
        strides: list[Size] = [1] * len(sizes)
        to = len(sizes) - 1
        base: Size = self.strides[-1] if self.strides else 1
        run: Size = 1
        for at in range(len(self.sizes) - 1, -1, -1):
            run = run * self.sizes[at]
            if at > 0 and (self.sizes[at - 1] == 1 or self.strides[at - 1] == run * base):
                continue
            filled: Size = 1
            while to >= 0 and (large(filled) < large(run) or sizes[to] == 1):
                strides[to] = filled * base
                filled = filled * sizes[to]
                to -= 1
            if large(filled) != large(run):
                return None
            if at > 0:
                base, run = self.strides[at - 1], 1
        while to >= 0 and sizes[to] == 1:
            to -= 1
        return self.viewed(sizes, strides) if to < 0 else None

    def is_contiguous(self) -> bool:
        """Whether the entries lie in the order of the axes."""
        return all(
            size == 1 or have == want
            for size, have, want in zip(self.sizes, self.strides, contiguous(self.sizes), strict=True)
        )

    def bytes(self) -> Size:
        """Bytes of its entries, each counted once."""
        return product(self.sizes) * self.item


def contiguous(sizes: Sequence[Size]) -> Sizes:
    """The strides of entries in the order of the axes."""
    strides: list[Size] = []
    step: Size = 1
    for size in reversed(sizes):
        strides.append(step)
        step = step * size
    return tuple(reversed(strides))


def half(size: Size) -> Size:
    """How many frequencies a real transform keeps of an axis."""
    return floor(over(size, 2)) + 1
