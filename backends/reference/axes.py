"""Boxes that are about axes: contractions, patterns, joining and cutting, tables."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters
from typing import Any

import numpy as np

from diagrammar.backends.reference.place import Array, Place
from diagrammar.sizes import Poly
from diagrammar.types import Field

Groups = list[list[str]]
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod,
}  # fmt: skip


def _pattern(place: Place) -> str:
    value = place.param("pattern")
    if not isinstance(value, str):
        raise place.error(f"the pattern {value!r}")
    return value


def _einsum(place: Place, *wires: Array) -> Array:
    """Products of entries, summed over the names that the result does not have."""
    left, _, right = _pattern(place).partition("->")
    letters = {"...": "..."}
    if "..." in left and "..." not in right:
        # axes that `...` stands for are summed where the result has none
        at, term = next((at, term.split()) for at, term in enumerate(left.split(",")) if "..." in term)
        letters["..."] = ascii_letters[-(wires[at].ndim - len(term) + 1) :] if wires[at].ndim >= len(term) else ""

    def word(term: str) -> str:
        names = term.split()
        for name in names:
            if name not in letters:
                letters[name] = ascii_letters[len(letters) - 1]
        return "".join(letters[name] for name in names)

    terms = [word(term) for term in left.split(",")]
    return np.asarray(np.einsum(f"{','.join(terms)}->{word(right)}", *wires))


def _groups(text: str) -> Groups:
    """The axes of one side of a pattern, each a list of names: `(h w)` is one axis of two names, `1` one of none."""
    groups: Groups = []
    inside = False
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word in "()":
            inside = word == "("
            if inside:
                groups.append([])
        elif inside:
            groups[-1].append(word)
        else:
            groups.append([] if word == "1" else [word])
    return groups


def _spelled(groups: Groups, dots: int) -> Groups:
    """`...` as names of its own, one for each of its axes."""
    rest = [f"...{at}" for at in range(dots)]
    spelled: Groups = []
    for group in groups:
        if group == ["..."]:
            spelled += [[name] for name in rest]
        else:
            spelled.append([name for word in group for name in (rest if word == "..." else [word])])
    return spelled


def _sizes(place: Place, groups: Groups, shape: tuple[int, ...]) -> dict[str, int]:
    """The size of each name: given, or what is left of its axis."""
    sizes: dict[str, int] = {}
    given = place.param("sizes", ())
    for item in given if isinstance(given, tuple) else ():
        match item:
            case (str(name), int() | Poly() as size):
                sizes[name] = place.number(size)
    for group, whole in zip(groups, shape, strict=True):
        unknown = [name for name in group if name not in sizes]
        known = int(np.prod([sizes[name] for name in group if name in sizes]))
        if len(unknown) > 1 or (not unknown and known != whole) or (known and whole % known):
            raise place.error(f"an axis of {whole} as ({' '.join(group)})")
        if unknown:
            sizes[unknown[0]] = whole // known
    return sizes


def _split_axes(place: Place, u: Array) -> tuple[Array, list[str], Groups, dict[str, int]]:
    """The wire with one axis for each name on the left; their names; the right side; the size of each name."""
    left, _, right = _pattern(place).partition("->")
    dots = u.ndim - sum(group != ["..."] for group in _groups(left))
    groups = _spelled(_groups(left), max(dots, 0))
    if len(groups) != u.ndim:
        raise place.error(f"a wire of {u.ndim} axes in the pattern {_pattern(place)!r}")
    sizes = _sizes(place, groups, u.shape)
    names = [name for group in groups for name in group]
    return u.reshape([sizes[name] for name in names]), names, _spelled(_groups(right), max(dots, 0)), sizes


def _merged(u: Array, names: list[str], target: Groups, sizes: dict[str, int]) -> Array:
    """Axes brought into the order of the target and merged as it says."""
    order = [names.index(name) for group in target for name in group]
    shape = [int(np.prod([sizes[name] for name in group])) for group in target]
    return np.transpose(u, order).reshape(shape)


def _rearrange(place: Place, u: Array) -> Array:
    return _merged(*_split_axes(place, u))


def _reduce(place: Place, u: Array) -> Array:
    function = _REDUCTIONS[place.text("op", "sum", tuple(_REDUCTIONS))]
    parts, names, target, sizes = _split_axes(place, u)
    kept = {name for group in target for name in group}
    gone = tuple(at for at, name in enumerate(names) if name not in kept)
    return _merged(np.asarray(function(parts, axis=gone)), [name for name in names if name in kept], target, sizes)


def _expand(place: Place, u: Array) -> Array:
    """The wire with an axis for each new name, along which it is the same."""
    parts, names, target, sizes = _split_axes(place, u)
    new = [name for group in target for name in group if name not in names]
    wide = np.broadcast_to(
        parts.reshape([1] * len(new) + list(parts.shape)), [sizes[n] for n in new] + list(parts.shape)
    )
    return _merged(wide, new + names, target, sizes)


def _concat(place: Place, *wires: Array) -> Array:
    return np.concatenate(wires, place.whole("axis", 0))


def _split(place: Place, u: Array) -> tuple[Array, ...]:
    axis = place.whole("axis", 0)
    sizes = [place.shape(wire)[axis] for wire in place.box.cod]
    return tuple(np.split(u, np.cumsum(sizes)[:-1].tolist(), axis))


def _stack(_place: Place, *wires: Array) -> Array:
    return np.stack(wires)


def _index(place: Place, u: Array) -> Array:
    """An entry along the first axis; the channel of a field stays a field of one channel."""
    at = place.whole("at", 0)
    return u[at : at + 1] if isinstance(place.box.dom[0], Field) else u[at]


def _flip(place: Place, u: Array) -> Array:
    """The entries along the first axis backwards."""
    return u[::-1].copy()


def _insert(place: Place, u: Array) -> Array:
    """Zeros, but for one entry."""
    result = np.zeros(place.result, u.dtype)
    at = place.whole("at", 0)
    result[at : at + 1] = u
    return result


def _sum(place: Place, u: Array) -> Array:
    """Everything; of a field, the grid."""
    first = 1 if isinstance(place.box.dom[0], Field) else 0
    return np.asarray(np.sum(u, axis=tuple(range(first, u.ndim))))


def _lookup(place: Place, table: Array, symbols: Array) -> Array:
    if symbols.size and not 0 <= symbols.min() <= symbols.max() < len(table):
        raise place.error(f"a symbol outside of a table of {len(table)} rows")
    return np.asarray(table[symbols])


def _lookup_transpose(place: Place, symbols: Array, rows: Array) -> Array:
    table = np.zeros(place.result)
    for symbol, row in zip(symbols, rows, strict=True):
        table[symbol] += row
    return table


def moments(fields: list[Array]) -> tuple[Array, Array]:
    """Mean and biased variance of each channel, over all samples and the grid."""
    if not fields:
        return np.zeros(0), np.zeros(0)
    together = np.stack([u.reshape(len(u), -1) for u in fields], 1).reshape(len(fields[0]), -1)
    return together.mean(1), together.var(1)


def _same(_place: Place, u: Array) -> Array:
    return u


MEANINGS: dict[str, Callable[..., Any]] = {
    "std:einsum": _einsum,
    "std:rearrange": _rearrange,
    "std:reduce": _reduce,
    "std:expand": _expand,
    "std:insert": _insert,
    "std:flip": _flip,
    "std:lookup_transpose": _lookup_transpose,
    "std:concat": _concat,
    "std:split": _split,
    "std:stack": _stack,
    "std:index": _index,
    "std:sum": _sum,
    "std:lookup": _lookup,
    "std:sample": _same,
    "std:field": _same,
}
