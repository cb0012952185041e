"""Grids: coordinates, shifts, cutting, and moving to another grid."""

from __future__ import annotations

import re
from fractions import Fraction

from diagrammar.backends.torch.meanings.call import Call, Meaning, Result, space_of
from diagrammar.backends.torch.names import literal
from diagrammar.types import Space

_MODES = ("nearest", "linear", "cubic", "aligned_linear", "aligned_cubic")
_BOUNDS = re.compile(r"\(([^,()]+),([^,()]+)\)")


def axes_of(c: Call, space: Space) -> list[tuple[bool, float, float]]:
    """For each axis: whether it is periodic, and its bounds."""
    found: list[tuple[bool, float, float]] = []
    for kind, dim, _ in space.base:
        bounds = _BOUNDS.search(kind)
        low, high = 0.0, 1.0
        if bounds is not None:
            try:
                low, high = (float(Fraction(text.strip())) for text in bounds.groups())
            except ValueError:
                raise c.error(f"the bounds of {kind}") from None
        if not kind.startswith(("torus", "cube", "interval")):
            raise c.error(f"the grid of {kind}")
        found += [(kind.startswith("torus"), low, high)] * dim
    return found


def _coordinates(c: Call) -> Result:
    space = space_of(c.param("X")) or c_out_space(c)
    axes = literal(tuple(axes_of(c, space)))
    sizes = ", ".join(c.size(size) for size in space.axes)
    return f"{c.helper('_coordinates')}(({sizes},), {axes}, {c.like()})"


def c_out_space(c: Call) -> Space:
    """The space of the result."""
    from diagrammar.backends.torch.meanings.call import as_field

    return as_field(c.box, c.out()).space


def _translate(c: Call) -> Result:
    dim = c.field().space.dim
    shift = ", ".join(c.size(size) for size in c.sizes("shift", dim))
    return f"torch.roll({c.arg()}, ({shift},), {tuple(range(2, dim + 2))!r})"


def _pad(c: Call) -> Result:
    dim = c.field().space.dim
    before, after = c.sizes("before", dim), c.sizes("after", dim)
    mode = c.text("mode", "zeros")
    if mode not in ("zeros", "circular", "reflect", "replicate"):
        raise c.error(f"the mode {mode!r}")
    # torch counts axes from the last one
    amounts = [c.size(size) for pair in reversed(list(zip(before, after, strict=True))) for size in pair]
    return f"F.pad({c.arg()}, ({', '.join(amounts)}){'' if mode == 'zeros' else f', mode={mode!r}'})"


def _pad_transpose(c: Call) -> Result:
    dim = c.field().space.dim
    before, after = (tuple(map(c.size, c.sizes(name, dim))) for name in ("before", "after"))
    mode = c.text("mode", "zeros")
    if mode == "zeros":
        return _crop(c)
    if mode not in ("circular", "reflect", "replicate"):
        raise c.error(f"the mode {mode!r}")
    amounts = ", ".join(f"({', '.join(each)},)" for each in (before, after))
    return f"{c.helper('_pad_transpose')}({c.arg()}, {amounts}, {mode!r})"


def _crop(c: Call) -> Result:
    dim = c.field().space.dim
    text = c.arg()
    lengths = c_out_space(c).axes
    for axis, (first, length) in enumerate(zip(c.sizes("before", dim), lengths, strict=True)):
        text = f"{text}.narrow({axis + 2}, {c.size(first)}, {c.size(length)})"
    return text


def _resample(c: Call) -> Result:
    field = c.field()
    mode = c.text("mode", "linear")
    if mode not in _MODES:
        raise c.error(f"the mode {mode!r}")
    target = c_out_space(c)
    sizes = "(" + ", ".join(c.size(size) for size in target.axes) + ",)"
    periodic = [axis[0] for axis in axes_of(c, field.space)]
    dim = field.space.dim
    aligned = mode.startswith("aligned")
    word = mode.removeprefix("aligned_")
    torch_mode = {
        ("linear", 1): "linear",
        ("linear", 2): "bilinear",
        ("linear", 3): "trilinear",
        ("cubic", 2): "bicubic",
    }
    if mode == "nearest" and dim <= 3:
        return f"F.interpolate({c.arg()}, size={sizes}, mode='nearest')"
    if (word, dim) in torch_mode and (aligned or not any(periodic)):
        name = torch_mode[word, dim]
        return f"F.interpolate({c.arg()}, size={sizes}, mode={name!r}, align_corners={aligned})"
    return f"{c.helper('_resample')}({c.arg()}, {sizes}, {_flags(aligned, periodic)!r}, {word!r})"


def _flags(aligned: bool, periodic: list[bool]) -> tuple[str, ...]:
    """How each axis is interpolated."""
    return tuple("aligned" if aligned else "torus" if flag else "cube" for flag in periodic)


def _resample_transpose(c: Call) -> Result:
    mode = c.text("mode", "linear")
    if mode not in _MODES:
        raise c.error(f"the mode {mode!r}")
    sizes = "(" + ", ".join(c.size(size) for size in c_out_space(c).axes) + ",)"
    flags = _flags(mode.startswith("aligned"), [axis[0] for axis in axes_of(c, c.field().space)])
    return f"{c.helper('_resample_transpose')}({c.arg()}, {sizes}, {flags!r}, {mode.removeprefix('aligned_')!r})"


MEANINGS: dict[str, Meaning] = {
    "std:coordinates": Meaning(_coordinates),
    "std:translate": Meaning(_translate),
    "std:pad": Meaning(_pad),
    "std:pad_transpose": Meaning(_pad_transpose),
    "std:crop": Meaning(_crop),
    "std:resample": Meaning(_resample),
    "std:resample_transpose": Meaning(_resample_transpose),
}
