"""The way in and out: free sizes from the shapes of the inputs, batch axes as a list of samples, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from diagrammar.backends.reference.arithmetic import dtype_of
from diagrammar.backends.reference.place import Array, axes_of, kind_of
from diagrammar.errors import DiagramTypeError, DiagramValueError
from diagrammar.sizes import Poly, Size, substitute, variables
from diagrammar.types import Tokens, Type, Types

# a wire of a batch: the array of each sample
Samples = list[Array]
Spaces = Mapping[str, int | tuple[int, ...]]


def as_wire(value: Any, wire: Type, what: str) -> Array:
    """A value as an array of the wire's numbers; complex ones may come as pairs along a last axis. Raises
    DiagramTypeError for numbers of another kind."""
    found = np.asarray(value)
    kind = kind_of(wire)
    fits = {"R": "fiu", "C": "cf", "Bool": "b", "Tokens": "iu"}[kind]
    if found.dtype.kind not in fits:
        raise DiagramTypeError(f"{what} : {wire} cannot be of the dtype {found.dtype}")
    if kind == "C" and found.dtype.kind == "f":
        if found.ndim == 0 or found.shape[-1] != 2:
            raise DiagramTypeError(f"{what} : {wire} is of complex numbers, or of pairs along a last axis")
        found = found[..., 0] + 1j * found[..., 1]
    return found.astype(dtype_of(wire))


def sizes_of(dom: Types, inputs: Sequence[Array], spaces: Spaces) -> dict[str, int]:
    """The values of the free sizes, from the shapes of the inputs and from `spaces`. Raises DiagramValueError where a
    shape is none of its type."""
    known: dict[str, int] = {}
    for name, given in spaces.items():
        known.update({name: given} if isinstance(given, int) else {f"{name}.{at}": n for at, n in enumerate(given)})
    rows: list[tuple[Size, int]] = []
    for at, (wire, value) in enumerate(zip(dom, inputs, strict=True)):
        axes = axes_of(wire)
        if value.ndim < len(axes):
            raise DiagramValueError(f"input {at + 1} : {wire} has {len(axes)} axes, not the shape {value.shape}")
        rows += zip(axes, value.shape[value.ndim - len(axes) :], strict=True)
    # an equation with one unknown left tells it; each round tells one more, or is the last
    while any(_tell(size, got, known) for size, got in rows):
        pass
    for size, got in rows:
        there = substitute(size, known)
        if not isinstance(there, Poly) and there != got:
            raise DiagramValueError(f"a size is {got}, and {size} = {there} is wanted")
    return known


def _tell(size: Size, got: int, known: dict[str, int]) -> bool:
    rest = substitute(size, known)
    if not isinstance(rest, Poly) or len(variables(rest)) != 1:
        return False
    (name,) = variables(rest)
    offset = factor = Fraction(0)
    for monomial, coefficient in rest.terms.items():
        match monomial:
            case ():
                offset = coefficient
            case ((atom, 1),) if atom.kind == "var":
                factor = coefficient
            case _:
                return False
    value = (got - offset) / factor
    if value.denominator != 1 or value < 1:
        raise DiagramValueError(f"a size is {got}, and {size} is wanted")
    known[name] = int(value)
    return True


def arrive(
    dom: Types, inputs: Sequence[Array], batch: tuple[int, ...] | None
) -> tuple[list[Samples], tuple[int, ...], int]:
    """The samples of each input, the batch axes and how many samples there are. An input without batch axes is the same
    in every sample. Raises DiagramValueError where batch axes do not fit together."""
    leads = [value.shape[: value.ndim - len(axes_of(wire))] for wire, value in zip(dom, inputs, strict=True)]
    try:
        axes = np.broadcast_shapes(*leads, *([] if batch is None else [batch]))
    except ValueError:
        raise DiagramValueError(f"the batch axes {', '.join(map(str, leads))} do not fit together") from None
    count = math.prod(axes)
    columns = []
    for value, lead in zip(inputs, leads, strict=True):
        tail = value.shape[len(lead) :]
        columns.append(list(np.broadcast_to(value, (*axes, *tail)).reshape(count, *tail)))
    for wire, column in zip(dom, columns, strict=True):
        if isinstance(wire, Tokens) and not isinstance(wire.vocab, Poly):
            for symbols in column:
                if symbols.size and not 0 <= symbols.min() <= symbols.max() < wire.vocab:
                    raise DiagramValueError(f"a symbol is outside of {wire}")
    return columns, axes, count


def leave(column: Samples, axes: tuple[int, ...], shape: tuple[int, ...], wire: Type) -> Array:
    """The samples of a wire as one array with the batch axes in front."""
    return np.array(column, dtype_of(wire)).reshape((*axes, *shape))
