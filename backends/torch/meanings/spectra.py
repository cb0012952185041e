"""Fourier coefficients: transforms, cutting to modes, spreading to a grid."""

from __future__ import annotations

from fractions import Fraction

from diagrammar.backends.torch.meanings.call import Call, Meaning, Result, as_field
from diagrammar.diagram import Value
from diagrammar.sizes import Poly
from diagrammar.types import Tensor

_NORMS = ("forward", "backward", "ortho")


def _norm(c: Call) -> str:
    norm = c.text("norm", "backward")
    if norm not in _NORMS:
        raise c.error(f"the norm {norm!r}")
    return norm


def modes_of(c: Call) -> tuple[int, ...]:
    """The number of modes along each axis."""
    value = c.param("modes")
    items = value if isinstance(value, tuple) else (value,)
    found = tuple(item for item in items if isinstance(item, int) and not isinstance(item, bool))
    if len(found) != len(items) or min(found, default=0) < 1:
        raise c.error("`modes` are to be positive whole numbers")
    return found


def _rfft(c: Call) -> Result:
    return f"{c.helper('_rfft')}({c.arg()}, {_norm(c)!r})"


def _irfft(c: Call) -> Result:
    return f"{c.helper('_irfft')}({c.arg()}, {_sizes(c, False)}, {_norm(c)!r})"


def _scale_pairs(c: Call) -> Result:
    return f"{c.helper('_scale_pairs')}({c.arg()}, {c.size(c.field().space.axes[-1])}, {c.number('by')})"


def _sizes(c: Call, at_result: bool) -> str:
    field = as_field(c.box, c.out() if at_result else c.type())
    return "(" + ", ".join(c.size(size) for size in field.space.axes) + ",)"


def _low(c: Call) -> Result:
    return f"{c.helper('_low')}({c.arg()}, {_modes(c, c.param('modes'))}, {_sizes(c, False)})"


def _modes(c: Call, value: Value) -> str:
    """The number of modes along each axis as an expression: modes may be free sizes, as in `low[grid(X)]`."""
    items = value if isinstance(value, tuple) else (value,)
    found = [item for item in items if isinstance(item, int | Fraction | Poly) and not isinstance(item, bool)]
    if len(found) != len(items) or not items:
        raise c.error("`modes` are to be whole numbers")
    return "(" + ", ".join(map(c.size, found)) + ",)"


def _spread(c: Call) -> Result:
    field = as_field(c.box, c.out())
    modes = c.param("modes")
    if modes is None:
        # the axes before the last tell their modes; of the last one, an odd number has the same spectrum
        wire = c.type()
        sizes = wire.sizes[1:] if isinstance(wire, Tensor) else ()
        modes = (*sizes[:-1], 2 * sizes[-1] - 1) if len(sizes) == field.space.dim else None
    if modes is None:
        raise c.error("the number of modes is not known")
    return f"{c.helper('_spread')}({c.arg()}, {_modes(c, modes)}, {_sizes(c, True)})"


def _corners(c: Call) -> Result:
    once = c.param("once", False) is True
    return f"{c.helper('_corners')}({c.arg()}, {modes_of(c)!r}, {once})"


def _from_corners(c: Call) -> Result:
    added = c.param("added", False) is True
    return f"{c.helper('_from_corners')}({c.arg()}, {_sizes(c, True)}, {added})"


MEANINGS: dict[str, Meaning] = {
    "std:rfft": Meaning(_rfft),
    "std:irfft": Meaning(_irfft),
    "std:scale_pairs": Meaning(_scale_pairs),
    "std:low": Meaning(_low),
    "std:spread": Meaning(_spread),
    "std:corners": Meaning(_corners),
    "std:from_corners": Meaning(_from_corners),
}
