"""Fields on grids: coordinates, shifts, edges, convolutions by sums over offsets, interpolation by its weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np

from diagrammar.backends.reference.place import Array, Place
from diagrammar.backends.reference.spectra import along
from diagrammar.types import Space

_EDGES = ("zeros", "circular", "reflect", "replicate")
_BOUNDS = re.compile(r"\(([^,()]+),([^,()]+)\)")


# ------------------------------------------------------------------------------------------------ points of a grid


def _factors(place: Place, space: Space) -> list[tuple[bool, float, float]]:
    """For each axis: whether it is periodic, and its bounds."""
    found = []
    for kind, dim, _ in space.base:
        if not kind.startswith(("torus", "cube", "interval")):
            raise place.error(f"the grid of {kind}")
        bounds = _BOUNDS.search(kind)
        low, high = (float(Fraction(text.strip())) for text in bounds.groups()) if bounds else (0.0, 1.0)
        found += [(kind.startswith("torus"), low, high)] * dim
    return found


def _coordinates(place: Place) -> Array:
    """i / n along a periodic axis, (i + 1/2) / n along others, between the bounds."""
    space = place.space(place.box.cod[0])
    axes = [
        low + (high - low) * (np.arange(n) + (0 if periodic else 0.5)) / n
        for (periodic, low, high), n in zip(_factors(place, space), place.result[1:], strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"))


def _translate(place: Place, u: Array) -> Array:
    """u(x - s): what is at i comes from i - s, round the torus."""
    for axis, shift in enumerate(place.wholes("shift", u.ndim - 1), 1):
        u = np.take(u, (np.arange(u.shape[axis]) - shift) % u.shape[axis], axis)
    return u


# --------------------------------------------------------------------------------------------------------- edges


def _beyond(n: int, before: int, after: int, mode: str) -> tuple[Array, Array]:
    """For the points -before .. n + after - 1 of an axis: which point of it each one is, and whether it is any."""
    at = np.arange(-before, n + after)
    there = np.ones_like(at, dtype=bool)
    match mode:
        case "circular":
            at = at % n
        case "replicate":
            at = np.clip(at, 0, n - 1)
        case "reflect":
            # there and back again in 2 (n - 1) steps, the ends once
            turn = max(2 * (n - 1), 1)
            at = at % turn
            at = np.minimum(at, turn - at)
        case _:
            there = (at >= 0) & (at < n)
            at = np.clip(at, 0, n - 1)
    return at, there


def _extended(u: Array, before: tuple[int, ...], after: tuple[int, ...], mode: str) -> Array:
    """The field with points before and after it, along each axis."""
    for axis, (first, last) in enumerate(zip(before, after, strict=True), 1):
        at, there = _beyond(u.shape[axis], first, last, mode)
        u = np.where(there.reshape(-1, *[1] * (u.ndim - axis - 1)), np.take(u, at, axis), 0.0)
    return u


def _pad(place: Place, u: Array) -> Array:
    count = u.ndim - 1
    mode = place.text("mode", "zeros", _EDGES)
    return _extended(u, place.wholes("before", count), place.wholes("after", count), mode)


def _pad_transpose(place: Place, u: Array) -> Array:
    """Each point added to the one that it would be read from."""
    count = u.ndim - 1
    mode = place.text("mode", "zeros", _EDGES)
    cut = zip(place.wholes("before", count), place.wholes("after", count), strict=True)
    for axis, (first, last) in enumerate(cut, 1):
        u = _folded(u, axis, first, last, mode)
    return u


def _folded(u: Array, axis: int, first: int, last: int, mode: str) -> Array:
    """The transpose of adding points before and after an axis."""
    n = u.shape[axis] - first - last
    matrix = np.zeros((n, u.shape[axis]))
    for column, (point, there) in enumerate(zip(*_beyond(n, first, last, mode), strict=True)):
        matrix[point, column] += there
    return along(u, axis, matrix)


def _crop(place: Place, u: Array) -> Array:
    count = u.ndim - 1
    cut = zip(place.wholes("before", count), place.wholes("after", count), u.shape[1:], strict=True)
    return np.asarray(u[(slice(None), *(slice(first, n - last) for first, last, n in cut))])


# -------------------------------------------------------------------------------------------------- convolutions


def _margins(kernel: int, stride: int) -> tuple[int, int]:
    """How far a kernel reaches before and after the block of `stride` points that it stands on.

    >>> _margins(3, 1), _margins(4, 2), _margins(4, 1), _margins(1, 2)
    ((1, 1), (1, 1), (2, 1), (0, 0))
    """
    both = max(kernel - stride, 0)
    return both - both // 2, both // 2


def _mixed(matrix: Array, u: Array, groups: int) -> Array:
    """A matrix on the channels at each point, in groups: matrix [groups * o, i], u [groups * i, ...]."""
    parts = np.einsum(
        "goi,gi...->go...", matrix.reshape(groups, -1, matrix.shape[1]), u.reshape(groups, -1, *u.shape[1:])
    )
    return np.asarray(parts.reshape(matrix.shape[0], *u.shape[1:]))


def _convolution(place: Place, u: Array, w: Array) -> Array:
    """sum over offsets j: W_j u(stride * i + j - left)."""
    stride, groups = place.whole("stride", 1), place.whole("groups", 1)
    margins = [_margins(kernel, stride) for kernel in w.shape[2:]]
    mode = place.text("padding", "zeros", _EDGES)
    u = _extended(u, tuple(left for left, _ in margins), tuple(right for _, right in margins), mode)
    grid = place.result[1:]
    result = np.zeros(place.result)
    for offset in np.ndindex(*w.shape[2:]):
        window = tuple(slice(j, j + stride * (m - 1) + 1, stride) for j, m in zip(offset, grid, strict=True))
        result += _mixed(w[(slice(None), slice(None), *offset)], u[(slice(None), *window)], groups)
    return result


def _convolution_transpose(place: Place, u: Array, w: Array) -> Array:
    """Each point i gives W_j' u(i) to the point stride * i + j - left, and beyond the edge to where `padding` reads."""
    stride, groups = place.whole("stride", 1), place.whole("groups", 1)
    mode = place.text("padding", "zeros", _EDGES)
    margins = [_margins(kernel, stride) for kernel in w.shape[2:]]
    fine = [stride * n for n in u.shape[1:]]
    wide = np.zeros((place.result[0], *(n + left + right for n, (left, right) in zip(fine, margins, strict=True))))
    # W is [a, b / groups, ...]: the matrix of a group has a row for each of its b / groups results
    w = np.moveaxis(w.reshape(groups, -1, *w.shape[1:]), 2, 1)
    w = w.reshape(-1, *w.shape[2:])
    for offset in np.ndindex(*w.shape[2:]):
        points = tuple(slice(j, j + stride * (n - 1) + 1, stride) for j, n in zip(offset, u.shape[1:], strict=True))
        wide[(slice(None), *points)] += _mixed(w[(slice(None), slice(None), *offset)], u, groups)
    for axis, (left, right) in enumerate(margins, 1):
        wide = _folded(wide, axis, left, right, mode)
    return wide


def _correlation(place: Place, u: Array, v: Array) -> Array:
    """For each offset j: the sum over i of v(i) u(stride * i + j - left)', in groups of channels."""
    stride, groups = place.whole("stride", 1), place.whole("groups", 1)
    margins = [_margins(kernel, stride) for kernel in place.result[2:]]
    mode = place.text("padding", "zeros", _EDGES)
    u = _extended(u, tuple(left for left, _ in margins), tuple(right for _, right in margins), mode)
    result = np.zeros(place.result)
    parts = v.reshape(groups, -1, v[0].size)
    for offset in np.ndindex(*place.result[2:]):
        window = tuple(slice(j, j + stride * (m - 1) + 1, stride) for j, m in zip(offset, v.shape[1:], strict=True))
        read = u[(slice(None), *window)].reshape(groups, -1, v[0].size)
        result[(slice(None), slice(None), *offset)] = np.einsum("gop,gip->goi", parts, read).reshape(place.result[:2])
    return result


def _unpool(place: Place, u: Array) -> Array:
    """Each point as a block."""
    size = place.whole("size", 2)
    block = np.ones(size) if place.text("op", "copy", ("copy", "sample")) == "copy" else np.eye(size)[0]
    for axis in range(1, u.ndim):
        u = along(u, axis, np.kron(np.eye(u.shape[axis]), block[:, None]))
    return u


def _pool(place: Place, u: Array) -> Array:
    """Each block of points becomes one."""
    size = place.whole("size", 2)
    op = place.text("op", "max", ("max", "mean", "sample"))
    count = u.ndim - 1
    if op == "sample":
        return u[(slice(None), *[slice(None, None, size)] * count)]
    blocks = u.reshape(len(u), *(part for n in u.shape[1:] for part in (n // size, size)))
    inside = tuple(range(2, 2 * count + 1, 2))
    return np.asarray(blocks.max(inside) if op == "max" else blocks.mean(inside))


# ------------------------------------------------------------------------------------------------- interpolation


def _cubic(distance: float) -> float:
    """The kernel of cubic convolution with a = -3/4 (Keys, IEEE Trans. ASSP 1981, equation 4)."""
    a, s = -0.75, abs(distance)
    if s <= 1:
        return (a + 2) * s**3 - (a + 3) * s**2 + 1
    if s < 2:
        return a * s**3 - 5 * a * s**2 + 8 * a * s - 4 * a
    return 0.0


def _taps(at: Fraction, word: str) -> list[tuple[int, float]]:
    """The points round a place, and the weight of each."""
    first = floor(at)
    t = float(at - first)
    match word:
        case "nearest":
            return [(first, 1.0)]
        case "linear":
            return [(first, 1 - t), (first + 1, t)]
        case _:
            return [(first + k, _cubic(t - k)) for k in (-1, 0, 1, 2)]


def _interpolation(n: int, m: int, periodic: bool, aligned: bool, word: str) -> Array:
    """The matrix from n points to m: where each new point lies among the old ones, exactly, and its taps."""
    matrix = np.zeros((m, n))
    for i in range(m):
        if aligned:
            at = Fraction(i * (n - 1), m - 1) if m > 1 else Fraction(0)
        elif periodic or word == "nearest":
            at = Fraction(i * n, m)
        else:
            # points are the middles of cells; there is nothing before the first
            at = Fraction((2 * i + 1) * n, 2 * m) - Fraction(1, 2)
            at = max(at, Fraction(0)) if word == "linear" else at
        for point, weight in _taps(at, word):
            matrix[i, point % n if periodic and not aligned else min(max(point, 0), n - 1)] += weight
    return matrix


def _resample(place: Place, u: Array) -> Array:
    for axis, matrix in enumerate(_matrices(place, u.shape[1:], place.result[1:]), 1):
        u = along(u, axis, matrix)
    return u


def _resample_transpose(place: Place, u: Array) -> Array:
    for axis, matrix in enumerate(_matrices(place, place.result[1:], u.shape[1:]), 1):
        u = along(u, axis, matrix.T)
    return u


def _matrices(place: Place, old: tuple[int, ...], new: tuple[int, ...]) -> list[Array]:
    """For each axis the matrix from one grid to the other."""
    mode = place.text("mode", "linear", ("nearest", "linear", "cubic", "aligned_linear", "aligned_cubic"))
    word = mode.removeprefix("aligned_")
    factors = _factors(place, place.space(place.box.dom[0]))
    return [
        _interpolation(n, m, periodic, word != mode, word)
        for (periodic, _, _), n, m in zip(factors, old, new, strict=True)
    ]


MEANINGS: dict[str, Callable[..., Any]] = {
    "std:coordinates": _coordinates,
    "std:translate": _translate,
    "std:pad": _pad,
    "std:pad_transpose": _pad_transpose,
    "std:crop": _crop,
    "std:convolution": _convolution,
    "std:convolution_transpose": _convolution_transpose,
    "std:correlation": _correlation,
    "std:pool": _pool,
    "std:unpool": _unpool,
    "std:resample": _resample,
    "std:resample_transpose": _resample_transpose,
}
