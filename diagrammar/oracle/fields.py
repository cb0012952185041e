"""Fields on their grids: convolutions, blocks, shifts, coordinates."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction
from typing import Any

from diagrammar.oracle.call import Call, Wire
from diagrammar.oracle.numbers import Growth, growth_of
from diagrammar.oracle.tensors import Meaning
from diagrammar.types import Field

_MODES = {"zeros": "constant", "circular": "wrap", "reflect": "reflect", "replicate": "edge"}
_BOUNDS = re.compile(r"\(([^,()]+),([^,()]+)\)")


def _same(c: Call) -> list[Wire]:
    return [c.args[0]]


def _translate(c: Call) -> list[Wire]:
    dim = c.grid()
    shift = c.several("shift")
    return c.moved(c.numpy.roll(c.args[0].array, shift, tuple(range(1, dim + 1))))


def _padded(c: Call, array: Any, pairs: list[tuple[int, int]], mode: str) -> Any:
    if mode not in _MODES:
        raise c.fail()
    return c.system.reduced(c.numpy.pad(array, [(0, 0), *pairs], mode=_MODES[mode]))


def _pad(c: Call) -> list[Wire]:
    pairs = list(zip(c.several("before"), c.several("after"), strict=True))
    return [Wire(_padded(c, c.args[0].array, pairs, c.text("mode", "zeros")), c.args[0].growth)]


def _crop(c: Call) -> list[Wire]:
    lengths = c.shape(c.box.cod[0])[1:]
    cuts = [slice(first, first + length) for first, length in zip(c.several("before"), lengths, strict=True)]
    return c.moved(c.args[0].array[(slice(None), *cuts)])


def _pool(c: Call) -> list[Wire]:
    size, op, dim = c.whole("size", 2), c.text("op", "max"), c.grid()
    array = c.args[0].array
    if op == "sample":
        return c.moved(array[(slice(None), *[slice(None, None, size)] * dim)])
    blocks = [part for length in c.shape(c.box.cod[0])[1:] for part in (length, size)]
    # what is over at the end of an axis belongs to no block
    ends = tuple(slice(0, length * size) for length in blocks[::2])
    array = array[(slice(None), *ends)].reshape([array.shape[0], *blocks])
    inner = tuple(range(2, 2 * dim + 1, 2))
    if op == "mean":
        part = Fraction(1, size**dim)
        growth = c.args[0].growth.summed(size**dim).times(growth_of(part))
        return c.made(array.sum(inner) * c.system.number(part), growth)
    if op == "max" and not c.system.exact:
        return c.made(array.max(inner), Growth())
    raise c.fail()


def _beyond(kernel: int, stride: int) -> tuple[int, int]:
    """How many points lie beyond both ends of an axis: kernel - stride in all, one more before than after if odd."""
    if kernel <= stride:
        return 0, 0
    left = (kernel - stride + 1) // 2
    return left, kernel - stride - left


def _numbers(c: Call) -> tuple[int, int, int, str]:
    return c.whole("kernel", 3), c.whole("stride", 1), c.whole("groups", 1), c.text("padding", "zeros")


def _convolution(c: Call) -> list[Wire]:
    kernel, stride, groups, padding = _numbers(c)
    dim = c.grid()
    u, w = c.args[0].array, c.args[1].array
    u = _padded(c, u, [_beyond(kernel, stride)] * dim, padding)
    channels, made = u.shape[0] // groups, w.shape[0] // groups
    lengths = c.shape(c.box.cod[0])[1:]
    zero = c.system.number(Fraction(0))
    total = c.numpy.full((groups, made, *lengths), zero, dtype=object if c.system.exact else float)
    for taps in itertools.product(range(kernel), repeat=dim):
        cuts = [slice(tap, tap + stride * (n - 1) + 1, stride) for tap, n in zip(taps, lengths, strict=True)]
        part = u[(slice(None), *cuts)].reshape(groups, channels, *lengths)
        weights = w[(slice(None), slice(None), *taps)].reshape(groups, made, channels)
        total = total + c.numpy.einsum("ga...,gba->gb...", part, weights)
    growth = c.args[0].growth.times(c.args[1].growth).summed(channels * kernel**dim)
    return c.made(total.reshape(groups * made, *lengths), growth)


def _transposed(c: Call) -> list[Wire]:
    kernel, stride, groups, padding = _numbers(c)
    if padding not in ("zeros", "circular"):
        raise c.fail()
    dim = c.grid()
    u, w = c.args[0].array, c.args[1].array
    lengths = c.shape(c.box.cod[0])[1:]
    channels, made = u.shape[0] // groups, w.shape[1]
    start = _beyond(kernel, stride)[0]
    zero = c.system.number(Fraction(0))
    total = c.numpy.full((groups * made, *lengths), zero, dtype=object if c.system.exact else float)
    for taps in itertools.product(range(kernel), repeat=dim):
        weights = w[(slice(None), slice(None), *taps)].reshape(groups, channels, made)
        parts = u.reshape(groups, channels, *u.shape[1:])
        term = c.numpy.einsum("ga...,gab->gb...", parts, weights).reshape(groups * made, *u.shape[1:])
        for point in c.numpy.ndindex(*u.shape[1:]):
            at = [stride * p + tap - start for p, tap in zip(point, taps, strict=True)]
            if padding == "circular":
                at = [a % n for a, n in zip(at, lengths, strict=True)]
            if all(0 <= a < n for a, n in zip(at, lengths, strict=True)):
                total[(slice(None), *at)] += term[(slice(None), *point)]
    growth = c.args[0].growth.times(c.args[1].growth).summed(channels * kernel**dim)
    return c.made(total, growth)


def _coordinates(c: Call) -> list[Wire]:
    wire = c.box.cod[0]
    if not isinstance(wire, Field):
        raise c.fail()
    lengths = c.shape(wire)[1:]
    lines: list[list[Fraction]] = []
    for kind, dim, _ in wire.space.base:
        bounds = _BOUNDS.search(kind)
        low, high = (Fraction(text.strip()) for text in bounds.groups()) if bounds else (Fraction(0), Fraction(1))
        half = Fraction(0) if kind.startswith("torus") else Fraction(1, 2)
        for _ in range(dim):
            n = lengths[len(lines)]
            lines.append([low + (at + half) * (high - low) / n for at in range(n)])
    array = c.numpy.empty((len(lines), *lengths), dtype=object if c.system.exact else float)
    growth = Growth()
    for axis, line in enumerate(lines):
        for point in c.numpy.ndindex(*lengths):
            array[(axis, *point)] = c.system.number(line[point[axis]])
        for number in line:
            growth = growth.largest(growth_of(number))
    return [Wire(array, growth)]


def _taps(n: int, m: int, kind: str, word: str) -> list[list[tuple[int, Fraction]]]:
    """For each of m new points on an axis of n: the points that it reads, and how much of each."""
    rows = []
    for point in range(m):
        at = Fraction(point * n, m)
        if kind == "aligned":
            at = Fraction(point * (n - 1), m - 1) if m > 1 else Fraction(0)
        elif kind == "cube" and word != "nearest":
            at = Fraction((2 * point + 1) * n, 2 * m) - Fraction(1, 2)
        first = math.floor(at)
        t = at - first
        if word == "nearest":
            parts = [(first, Fraction(1))]
        elif word == "linear":
            parts = [(first, 1 - t), (first + 1, t)]
        else:
            # Keys' cubic convolution with a = -3/4
            a = Fraction(-3, 4)
            far = [((a * s - 5 * a) * s + 8 * a) * s - 4 * a for s in (t + 1, 2 - t)]
            near = [((a + 2) * s - (a + 3)) * s * s + 1 for s in (t, 1 - t)]
            parts = list(zip(range(first - 1, first + 3), (far[0], near[0], near[1], far[1]), strict=True))
        # points beyond the edge of a cube are those at the edge
        rows.append([(i % n if kind == "torus" else min(max(i, 0), n - 1), part) for i, part in parts])
    return rows


def _resample(c: Call) -> list[Wire]:
    field, mode = c.box.dom[0], c.text("mode", "linear")
    word = mode.removeprefix("aligned_")
    if not isinstance(field, Field) or word not in ("nearest", "linear", "cubic"):
        raise c.fail()
    kinds = [kind.startswith("torus") for kind, dim, _ in field.space.base for _ in range(dim)]
    array, growth = c.args[0].array, c.args[0].growth
    for axis, (m, periodic) in enumerate(zip(c.shape(c.box.cod[0])[1:], kinds, strict=True), 1):
        n = array.shape[axis]
        kind = "aligned" if mode != word else "torus" if periodic else "cube"
        matrix = c.numpy.full((m, n), c.system.number(Fraction(0)), dtype=object if c.system.exact else float)
        widest = Growth()
        for row, taps in enumerate(_taps(n, m, kind, word)):
            for at, part in taps:
                matrix[row, at] += c.system.number(part)
                widest = widest.largest(growth_of(part))
        array = c.numpy.moveaxis(c.numpy.moveaxis(array, axis, -1) @ matrix.T, -1, axis)
        array, growth = c.system.reduced(array), growth.times(widest).summed(4)
    return [Wire(array, growth)]


MEANINGS: dict[str, Meaning] = {
    "std:resample": _resample,
    "std:sample": _same,
    "std:field": _same,
    "std:translate": _translate,
    "std:pad": _pad,
    "std:crop": _crop,
    "std:pool": _pool,
    "std:convolution": _convolution,
    "std:convolution_transpose": _transposed,
    "std:coordinates": _coordinates,
}
