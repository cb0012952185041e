"""Fourier coefficients, by their sums: a transform along an axis is a product with the matrix of its waves."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np

from diagrammar.backends.reference.place import Array, Place

_NORMS = ("forward", "backward", "ortho")


def along(u: Array, axis: int, matrix: Array) -> Array:
    """A matrix times an axis.

    >>> along(np.eye(2), 1, np.array([[1.0, 1.0]])).tolist()
    [[1.0], [1.0]]
    """
    return np.moveaxis(np.tensordot(matrix, u, (1, axis)), 0, axis)


def _waves(frequencies: range, points: int) -> Array:
    """exp(2 pi i k j / n) for frequencies k and points j; whole turns are taken off the phase, exactly."""
    turns = np.outer(np.array(frequencies), np.arange(points)) % points
    return np.asarray(np.exp(2j * np.pi * turns / points))


def _scale(place: Place, points: int, there: bool) -> float:
    """What a transform is divided by: all on the way that `norm` names, or the square root of it on both."""
    norm = place.text("norm", "backward", _NORMS)
    if norm == "ortho":
        return float(np.sqrt(points))
    return float(points) if (norm == "forward") == there else 1.0


def _rfft(place: Place, u: Array) -> Array:
    """sum_j u_j exp(-2 pi i k j / n): all frequencies of each axis but the last, the non-negative ones of that."""
    z = u.astype(np.complex128)
    last = u.ndim - 1
    for axis in range(1, u.ndim):
        n = u.shape[axis]
        z = along(z, axis, _waves(range(n // 2 + 1 if axis == last else n), n).conj())
    return z / _scale(place, int(np.prod(u.shape[1:])), True)


def _scale_pairs(place: Place, z: Array) -> Array:
    """Coefficients of k and -k, where these are two, times a number."""
    n = place.number(place.space(place.box.dom[0]).axes[-1])
    by = float(Fraction(str(place.param("by"))))
    return np.asarray(z * np.array([1.0 if 2 * k % n == 0 else by for k in range(n // 2 + 1)]))


def _irfft(place: Place, z: Array) -> Array:
    """The real field with these coefficients: on the last axis a frequency k stands for -k too, where these are two."""
    grid = place.result[1:]
    last = z.ndim - 1
    for axis, n in enumerate(grid, 1):
        if axis != last:
            z = along(z, axis, _waves(range(n), n).T)
    n = grid[-1]
    times = np.array([1 if 2 * k % n == 0 else 2 for k in range(n // 2 + 1)])
    field = along(z, last, (times[:, None] * _waves(range(n // 2 + 1), n)).T).real
    return np.asarray(field / _scale(place, int(np.prod(grid)), False))


def centred(count: int) -> range:
    """The lowest frequencies, so many; of an even number the last is the negative one.

    >>> list(centred(4)), list(centred(3))
    ([-2, -1, 0, 1], [-1, 0, 1])
    """
    return range(-(count // 2), count - count // 2)


def _places(modes: tuple[int, ...], grid: tuple[int, ...]) -> list[Array]:
    """For each axis the matrix that takes a spectrum on a grid to modes: row of a mode, column of its frequency."""
    found = []
    for axis, (count, n) in enumerate(zip(modes, grid, strict=True)):
        if axis == len(grid) - 1:
            found.append(np.eye(count, n // 2 + 1))
            continue
        matrix = np.zeros((count, n))
        for row, frequency in enumerate(centred(count)):
            if frequency in centred(n):
                matrix[row, frequency % n] = 1
        found.append(matrix)
    return found


def _low(place: Place, z: Array) -> Array:
    """The lowest frequencies, in order; zero where the grid has no such frequency."""
    grid = tuple(map(place.number, place.space(place.box.dom[0]).axes))
    for axis, matrix in enumerate(_places(place.result[1:], grid), 1):
        z = along(z, axis, matrix)
    return z


def _spread(place: Place, z: Array) -> Array:
    """The lowest frequencies in their places, zero elsewhere; those that the grid has not are dropped."""
    grid = tuple(map(place.number, place.space(place.box.cod[0]).axes))
    for axis, matrix in enumerate(_places(z.shape[1:], grid), 1):
        z = along(z, axis, matrix.T)
    return z


def _blocks(modes: tuple[int, ...], full: tuple[int, ...]) -> list[tuple[slice, ...]]:
    """The corner blocks: from the start or the end of each axis but the last, the first axis turning fastest."""
    ends = [
        [slice(0, k)] if axis == len(full) - 1 else [slice(0, k), slice(n - k, n)]
        for axis, (k, n) in enumerate(zip(modes, full, strict=True))
    ]
    return [choice[::-1] for choice in product(*reversed(ends))]


def _corners(place: Place, z: Array) -> Array:
    blocks = _blocks(place.wholes("modes", z.ndim - 1), z.shape[1:])
    found = [z[(slice(None), *block)] for block in blocks]
    if place.param("once", False):
        owner = np.zeros(z.shape[1:])
        for number, block in enumerate(blocks):
            owner[block] = number
        found = [np.where(owner[block] == at, found[at], 0) for at, block in enumerate(blocks)]
    return np.stack(found)


def _from_corners(place: Place, z: Array) -> Array:
    """Blocks in their places; where two meet the later one stays, or they are added."""
    added = place.param("added", False)
    full = place.result
    result = np.zeros(full, np.complex128)
    for values, block in zip(z, _blocks(z.shape[2:], full[1:]), strict=True):
        result[(slice(None), *block)] = values + (result[(slice(None), *block)] if added else 0)
    return result


MEANINGS: dict[str, Callable[..., Array]] = {
    "std:rfft": _rfft,
    "std:irfft": _irfft,
    "std:scale_pairs": _scale_pairs,
    "std:low": _low,
    "std:spread": _spread,
    "std:corners": _corners,
    "std:from_corners": _from_corners,
}
