"""Which axes of a batch the wires of an opened `map` have.

A `map` is its inside on more samples: each sample has its rows. Opened, the rows of a wire are samples, `rows`, and
what comes out is put back, `stacked`. A wire has those axes that it depends on, and only where two wires meet is the
one that has fewer `lifted`, so that what is the same for all rows is computed once.
"""

from __future__ import annotations

from diagrammar.box import Value
from diagrammar.diagram import Box
from diagrammar.types import Field, Type, shape_of

# how many maps are around, and the sizes of what is mapped over; none for the samples of the whole diagram
Axis = tuple[int, tuple[Value, ...]]
# axes from the outermost on; a wire without any is one for all samples
Level = tuple[Axis, ...]

SAMPLES: Level = ((0, ()),)
ROWS, STACKED, LIFTED = "rows", "stacked", "lifted"


def join(*levels: Level) -> Level:
    """The axes of what depends on wires with these.

    >>> join(SAMPLES, ((1, (3,)),), ())
    ((0, ()), (1, (3,)))
    """
    first = next((level for level in levels if level), ())
    if all(not level or level == first for level in levels):
        return first
    return tuple(sorted({axis for level in levels for axis in level}, key=lambda axis: axis[0]))


def without(level: Level, axis: Axis) -> Level:
    """The other axes."""
    return tuple(each for each in level if each != axis)


def axis_of(box: Box, depth: int) -> Axis:
    """What a `map` goes over, which has so many around it."""
    held = box.param("captures", 0)
    assert isinstance(held, int)
    over = next(wire for wire in (*box.dom[held:], *box.cod))
    return depth, tuple(over.space.axes) if isinstance(over, Field) else (shape_of(over)[0],)


def rows_box(wire: Type, row: Type, level: Level, axis: Axis) -> Box:
    """The rows of a wire as samples."""
    params = (("level", level), ("axis", axis), ("grid", isinstance(wire, Field)))
    return Box(ROWS, (wire,), (row,), origin=ROWS, params=params)


def stacked_box(row: Type, wire: Type, level: Level, axis: Axis) -> Box:
    """Samples as the rows of a wire that has the axes `level`."""
    params = (("level", level), ("axis", axis), ("grid", isinstance(wire, Field)))
    return Box(STACKED, (row,), (wire,), origin=STACKED, params=params)


def lifted_box(wire: Type, before: Level, after: Level) -> Box:
    """A wire once for each sample of more axes."""
    return Box(LIFTED, (wire,), (wire,), origin=LIFTED, params=(("before", before), ("after", after)))
