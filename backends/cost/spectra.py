"""Fourier transforms and the spectral convolution as the torch runtime carries them out."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.backends.cost.einsum import einsum
from diagrammar.backends.cost.extremes import large
from diagrammar.backends.cost.kernels import Kernels, pairs, whole
from diagrammar.backends.cost.tensors import Shape, Storage, half, product
from diagrammar.sizes import Size, floor, over


def smaller(a: Size, b: Size) -> Size:
    """The smaller of two; a free one is the larger."""
    return a if large(a) <= large(b) else b


def halved(size: Size) -> Size:
    """Half of a size, rounded down."""
    return floor(over(size, 2))


def fill(k: Kernels, x: Shape, axis: int, size: Size) -> Shape:
    """Zeros round a tensor so that an axis has this size."""
    if x.sizes[axis] == size:
        return x
    sizes = list(x.sizes)
    sizes[axis] = size
    return k.pad(x, sizes)


def low(k: Kernels, z: Shape, modes: Sequence[Size], sizes: Sequence[Size]) -> Shape:
    """The centred low frequencies."""
    for axis, (m, n) in enumerate(zip(modes, sizes, strict=True), 2):
        if axis == len(modes) + 1:
            return fill(k, z.narrow(axis, smaller(half(m), half(n))), axis, half(m))
        few = smaller(m, n)
        parts = (z.narrow(axis, halved(few)), z.narrow(axis, few - halved(few)))
        z = fill(k, k.cat(parts, axis), axis, m)
    return z


def spread(k: Kernels, z: Shape, modes: Sequence[Size], sizes: Sequence[Size]) -> Shape:
    """Centred frequencies in their places of a full spectrum."""
    for axis, (m, n) in enumerate(zip(modes, sizes, strict=True), 2):
        if axis == len(modes) + 1:
            return fill(k, z.narrow(axis, smaller(half(m), half(n))), axis, half(n))
        few = smaller(m, n)
        lower, upper = z.narrow(axis, few - halved(few)), z.narrow(axis, halved(few))
        z = k.cat((fill(k, lower, axis, n - halved(few)), upper), axis)
    return z


def corners(k: Kernels, z: Shape, modes: Sequence[Size]) -> Shape:
    """Blocks of first and last frequencies."""
    block = z
    for axis, m in enumerate(modes, 2):
        block = block.narrow(axis, m)
    return k.stack([block] * 2 ** (len(modes) - 1), 1)


def from_corners(k: Kernels, z: Shape, sizes: Sequence[Size]) -> Shape:
    """Blocks back in their places: each with a mask, and the sum so far."""
    full = [*sizes[:-1], half(sizes[-1])]
    result = k.new((z.sizes[0], z.sizes[2], *full, 2), False)
    for _ in range(whole(z.sizes[1])):
        block = z.select(1)
        covered = k.new((1, 1, *block.sizes[2:]), False)
        for axis, n in enumerate(full, 2):
            block = fill(k, block, axis, n)
            covered = fill(k, covered, axis, n)
        result = k.pointwise("where", k.pointwise("equal", covered, item=1), block, result, item=z.item)
    return result


def fourier(k: Kernels, u: Shape, w: Shape, bias: bool, modes: Sequence[int]) -> Shape:
    """The spectral convolution: by matrices where the grid is fine or small, else by transforms."""
    sizes = u.sizes[2:]
    products = k.memory.products
    if all(large(n) >= 2 * m or large(n) <= 32 for m, n in zip(modes, sizes, strict=True)):
        y = _by_matrices(k, u, w, modes)
        k.memory.row.flops = k.memory.products - products + (product(y.sizes) if bias else 0)
    else:
        y = _by_transforms(k, u, w, modes)
    return k.pointwise("add", y, Shape(Storage(None, 0), (1,), (1,), u.item, True)) if bias else y


def _by_transforms(k: Kernels, u: Shape, w: Shape, modes: Sequence[int]) -> Shape:
    sizes = u.sizes[2:]
    z = low(k, k.rfft(u), modes, sizes)
    axes = tuple(f"mode {at}" for at in range(len(modes)))
    terms = (("batch", "i", *axes), ("i", "o", *axes))
    z = pairs(einsum(k, terms, ("batch", "o", *axes), [k.complex(z), k.complex(w)]))
    return k.irfft(spread(k, z, modes, sizes), sizes)


def _by_matrices(k: Kernels, u: Shape, w: Shape, modes: Sequence[int]) -> Shape:
    dim = len(modes)
    sizes = u.sizes[2:]

    def table(rows: Size, columns: Size) -> Shape:
        # kept between calls
        return Shape(Storage(None, 0), (rows, columns), (columns, 1), u.item, False)

    kept = [smaller(m, n) for m, n in zip(modes, sizes, strict=True)]
    kept[-1] = smaller(half(modes[-1]), half(sizes[-1]))
    z = k.matmul(u, table(sizes[-1], 2 * kept[-1]))
    for axis in range(dim - 2, -1, -1):
        z = _blocks(k, table(2 * kept[axis], sizes[axis]), z, axis + 2, kept[axis])
    for axis in range(dim):
        w = w.narrow(axis + 2, kept[axis])
    z = _mix(k, z, w)
    for axis in range(dim - 1):
        z = _blocks(k, table(2 * sizes[axis], kept[axis]), z, axis + 2, sizes[axis])
    return k.matmul(z, table(2 * kept[-1], sizes[-1]))


def _blocks(k: Kernels, matrix: Shape, z: Shape, axis: int, rows: Size) -> Shape:
    """cos and sin matrices on an axis of real and imaginary halves."""
    shape = z.sizes
    lines = k.reshape(z, product(shape[:axis]), shape[axis], product(shape[axis + 1 :])).transpose()
    y = k.mm(k.reshape(lines, lines.sizes[0] * lines.sizes[1], shape[axis]), matrix.transpose())
    y = k.reshape(y, *shape[:axis], *shape[axis + 1 : -1], 2, halved(shape[-1]), 2, rows)
    part = y.select(-4).select(-2)
    parts = (k.pointwise("add", part, part), k.pointwise("sub", part, part))
    return k.cat(parts, len(parts[0].sizes) - 2).movedim(-1, axis)


def _mix(k: Kernels, z: Shape, w: Shape) -> Shape:
    """A complex matrix on channels for each mode, as one real product."""
    batch, channels = z.sizes[:2]
    shape = z.sizes[2:-1]
    out = w.sizes[1]
    few = halved(z.sizes[-1])
    count = product(shape) * few
    left = k.reshape(z, batch, channels, product(shape), 2, few).permute(2, 4, 0, 3, 1)
    left = k.reshape(left, count, batch, 2 * channels)
    part = w.select(-1)
    upper = k.stack((part, part), 0)
    lower = k.stack((k.pointwise("neg", part), part), 0)
    both = k.flatten(k.stack((upper, lower), 0), 4)
    matrix = k.reshape(both.permute(4, 0, 2, 1, 3), count, 2 * channels, 2 * out)
    y = k.reshape(k.bmm(left, matrix), product(shape), few, batch, 2, out)
    return k.reshape(y.permute(2, 4, 0, 3, 1), batch, out, *shape, 2 * few)
