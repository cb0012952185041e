"""Small random bodies, chains and series-parallel ones, as texts."""

from __future__ import annotations

import random

_SMOOTH = ("tanh", "gelu", "sin", "exp")


def chain(draw: random.Random, count: int) -> str:
    """So many boxes one after the other, on wires of random sizes."""
    first = size = draw.randint(2, 40)
    parts = []
    for _ in range(count):
        part, size = _box(draw, size)
        parts.append(part)
    return f"diagram f : R[{first}] -> R[{size}] = {' >> '.join(parts)}"


def series_parallel(draw: random.Random, count: int) -> str:
    """About so many boxes in series, side by side before a sum, and beside a wire."""
    first = draw.randint(2, 40)
    text, last = _part(draw, count, first)
    return f"diagram f : R[{first}] -> R[{last}] = {text}"


def _box(draw: random.Random, size: int) -> tuple[str, int]:
    if draw.random() < 0.3:
        size = draw.randint(2, 40)
        return f"linear[b = {size}]", size
    return draw.choice(_SMOOTH), size


def _part(draw: random.Random, count: int, size: int) -> tuple[str, int]:
    """A part of so many boxes, and the size of the wire that it ends in."""
    if count == 1:
        return _box(draw, size)
    if draw.random() < 0.5:
        if count == 2:
            return f"residual[{draw.choice((*_SMOOTH, f'linear[b = {size}]'))}]", size
        if count == 3 or draw.random() < 0.4:
            inner, _ = _part(draw, count - 2, size)
            return f"residual[{inner} >> linear[b = {size}]]", size
        least = draw.randint(1, count - 3)
        one, last = _part(draw, least, size)
        other, _ = _part(draw, count - 2 - least, size)
        return f"(({one}) + ({other} >> linear[b = {last}]))", last
    least = draw.randint(1, count - 1)
    one, middle = _part(draw, least, size)
    other, last = _part(draw, count - least, middle)
    return f"{one} >> {other}", last
