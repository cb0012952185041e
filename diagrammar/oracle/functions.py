"""Functions that are no polynomials, in floating-point numbers alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from diagrammar.oracle.call import Call, Wire
from diagrammar.oracle.numbers import Growth
from diagrammar.oracle.tensors import Meaning
from diagrammar.types import Field


def _function(act: Callable[..., Any]) -> Meaning:
    """A function of numpy, given with numpy first."""

    def mean(c: Call) -> list[Wire]:
        if c.system.exact:
            raise c.fail()
        return [Wire(act(c.numpy, *[wire.array for wire in c.args]), Growth())]

    return mean


def _transform(c: Call, back: bool) -> list[Wire]:
    if c.system.exact:
        raise c.fail()
    wire = c.box.dom[0]
    if not isinstance(wire, Field):
        raise c.fail()
    lengths = [c.size(axis) for axis in wire.space.axes]
    axes, norm = tuple(range(1, len(lengths) + 1)), c.text("norm", "backward")
    array = c.args[0].array
    fft = c.numpy.fft
    made = fft.irfftn(array, s=lengths, axes=axes, norm=norm) if back else fft.rfftn(array, axes=axes, norm=norm)
    return [Wire(made, Growth())]


def _frequencies(c: Call, few: list[int], many: list[int], spread: bool) -> list[Wire]:
    """Between a spectrum on a grid and its lowest modes, centred, of the last axis only the non-negative ones."""
    if c.system.exact:
        raise c.fail()
    shape = c.shape(c.box.cod[0])
    result = c.numpy.zeros(shape, dtype=complex)
    array = c.args[0].array
    pairs = []
    for axis, (k, n) in enumerate(zip(few, many, strict=True)):
        if axis == len(few) - 1:
            pairs.append([(at, at) for at in range(min(k // 2, n // 2) + 1)])
            continue
        kept = min(k, n)
        # a frequency, where it stands among the modes, and where in the spectrum
        pairs.append([(k // 2 + f, f % n) for f in range(-(kept // 2), kept - kept // 2)])
    for place in c.numpy.ndindex(*[len(line) for line in pairs]):
        chosen = [line[at] for line, at in zip(pairs, place, strict=True)]
        modes, full = (tuple(pair[side] for pair in chosen) for side in (0, 1))
        source, target = (modes, full) if spread else (full, modes)
        result[(slice(None), *target)] = array[(slice(None), *source)]
    return [Wire(result, Growth())]


def _low(c: Call) -> list[Wire]:
    wire = c.box.dom[0]
    if not isinstance(wire, Field):
        raise c.fail()
    return _frequencies(c, c.several("modes"), [c.size(axis) for axis in wire.space.axes], False)


def _spread(c: Call) -> list[Wire]:
    wire = c.box.cod[0]
    if not isinstance(wire, Field):
        raise c.fail()
    modes = list(c.args[0].array.shape[1:])
    # of the last axis the non-negative half is given, of an odd number of modes or of an even one
    given = c.several("modes") if c.box.param("modes") is not None else [*modes[:-1], 2 * (modes[-1] - 1)]
    return _frequencies(c, given, [c.size(axis) for axis in wire.space.axes], True)


MEANINGS: dict[str, Meaning] = {
    "std:exp": _function(lambda np, x: np.exp(x)),
    "std:log": _function(lambda np, x: np.log(x)),
    "std:sqrt": _function(lambda np, x: np.sqrt(x)),
    "std:sin": _function(lambda np, x: np.sin(x)),
    "std:cos": _function(lambda np, x: np.cos(x)),
    "std:tanh": _function(lambda np, x: np.tanh(x)),
    "std:erf": _function(lambda np, x: np.vectorize(math.erf, otypes=[float])(x)),
    "std:abs": _function(lambda np, x: np.abs(x)),
    "std:sign": _function(lambda np, x: np.sign(x)),
    "std:max": _function(lambda np, x, y: np.maximum(x, y)),
    "std:min": _function(lambda np, x, y: np.minimum(x, y)),
    "std:less": _function(lambda np, x, y: x < y),
    "std:equal": _function(lambda np, x, y: x == y),
    "std:both": _function(lambda np, x, y: x & y),
    "std:either": _function(lambda np, x, y: x | y),
    "std:negate": _function(lambda np, x: ~x),
    "std:select": _function(lambda np, m, x, y: np.where(m, x, y)),
    "std:conj": _function(lambda np, x: np.conj(x)),
    "std:as_complex": _function(lambda np, x: x[..., 0] + 1j * x[..., 1]),
    "std:as_real": _function(lambda np, x: np.stack([x.real, x.imag], -1)),
    "std:lookup": _function(lambda np, table, x: table[x]),
    "std:rfft": lambda c: _transform(c, False),
    "std:irfft": lambda c: _transform(c, True),
    "std:low": _low,
    "std:spread": _spread,
}
