"""Boxes that act entry by entry, and wires from nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from diagrammar.backends.reference.place import Array, Place, kind_of
from diagrammar.box import Value
from diagrammar.sizes import Poly, evaluate
from diagrammar.types import Type

# the error function is in Python and not in numpy
_erf = np.vectorize(math.erf, otypes=[np.float64])


def _on_entries(function: Callable[..., Any]) -> Callable[..., Array]:
    def meaning(_place: Place, *wires: Array) -> Array:
        return np.asarray(function(*wires))

    return meaning


def _abs(place: Place, u: Array) -> Array:
    """The modulus; of complex numbers it is one more complex number."""
    return np.abs(u).astype(np.complex128) if kind_of(place.box.cod[0]) == "C" else np.abs(u)


def dtype_of(wire: Type) -> Any:
    """The dtype of a wire."""
    return {"R": np.float64, "C": np.complex128, "Bool": np.bool_, "Tokens": np.int64}[kind_of(wire)]


def _const(place: Place) -> Array:
    """One number in every entry, or a list of numbers for each axis."""

    def numbers(value: Value) -> Any:
        if isinstance(value, tuple):
            return [numbers(each) for each in value]
        if isinstance(value, Poly):
            return float(evaluate(value, place.sizes))
        if value is None or isinstance(value, str):
            raise place.error(f"the value {value!r}")
        return value if isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # a number by now

    return np.broadcast_to(np.array(numbers(place.param("value")), dtype_of(place.box.cod[0])), place.result)


def _broadcast(place: Place, u: Array) -> Array:
    """A scalar in every entry; a vector of channels at every point of a grid."""
    wire = place.box.cod[0]
    points = u.reshape(u.shape + (1,) * (len(place.result) - u.ndim))
    return np.broadcast_to(points, place.result).astype(dtype_of(wire))


MEANINGS: dict[str, Callable[..., Array]] = {
    "std:add": _on_entries(np.add),
    "std:sub": _on_entries(np.subtract),
    "std:mul": _on_entries(np.multiply),
    "std:div": _on_entries(np.divide),
    "std:pow": _on_entries(np.power),
    "std:neg": _on_entries(np.negative),
    "std:abs": _abs,
    "std:sign": _on_entries(np.sign),
    "std:exp": _on_entries(np.exp),
    "std:log": _on_entries(np.log),
    "std:sqrt": _on_entries(np.sqrt),
    "std:sin": _on_entries(np.sin),
    "std:cos": _on_entries(np.cos),
    "std:tanh": _on_entries(np.tanh),
    "std:erf": _on_entries(_erf),
    "std:max": _on_entries(np.maximum),
    "std:min": _on_entries(np.minimum),
    "std:less": _on_entries(np.less),
    "std:equal": _on_entries(np.equal),
    "std:select": _on_entries(np.where),
    "std:both": _on_entries(np.logical_and),
    "std:either": _on_entries(np.logical_or),
    "std:negate": _on_entries(np.logical_not),
    "std:const": _const,
    "std:broadcast": _broadcast,
    "std:as_complex": _on_entries(lambda u: u[..., 0] + 1j * u[..., 1]),
    "std:as_real": _on_entries(lambda z: np.stack((z.real, z.imag), -1)),
    "std:conj": _on_entries(np.conj),
}
