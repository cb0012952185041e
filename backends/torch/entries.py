"""`map` of what sees the batch: one entry after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagrammar.backends.torch.body import Task, Uses, bind
from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.call import written_out
from diagrammar.backends.torch.values import Owner, Value
from diagrammar.diagram import Box
from diagrammar.sizes import Size
from diagrammar.types import Field, Tensor, Type, shape_of

Write = Callable[[Program, Function, Box, list[Value], Uses, Owner], Task]


def one_by_one(
    program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner, scan: Write
) -> Task:
    """Writes a `map` as a `scan` without a state. Entries side by side would be samples of one batch, and a box that
    sees the batch is to see the samples of its own entry alone."""
    held = box.param("captures", 0)
    assert isinstance(held, int)
    (inside,) = box.insides
    rows, dom = [], []
    for value, whole, wire in zip(values[held:], box.dom[held:], inside.dom[held:], strict=True):
        row = _listed(whole, wire)
        if row != whole:
            at = int(value.batched)
            text = f"{written_out(fn, value)}.movedim({at}, -1).flatten({at}, -2)"
            value = bind(fn, text + ("" if shape_of(wire) else ".squeeze(-1)"), row, value.batched, 1, [value])
        rows.append(value)
        dom.append(row)
    cod = tuple(_listed(whole, wire) for whole, wire in zip(box.cod, inside.cod, strict=True))
    params: tuple[tuple[str, Any], ...] = (
        ("captures", held), ("state", 0), ("size", shape_of((*dom, *cod)[0])[0])
    )  # fmt: skip
    loop = Box(
        box.name, (*box.dom[:held], *dom), cod, origin="std:scan", params=params, insides=box.insides, span=box.span
    )
    uses = [count if row == whole else 1 for row, whole, count in zip(cod, box.cod, counts, strict=True)]
    found: list[Value] = yield scan(program, fn, loop, [*values[:held], *rows], uses, owner)
    return [
        value if value.type == whole else _spread(fn, value, whole, count)
        for value, whole, count in zip(found, box.cod, counts, strict=True)
    ]


def _listed(whole: Type, entry: Type) -> Type:
    """The entries of a wire in a row: of a field, those of its grid."""
    if not isinstance(whole, Field):
        return whole
    many: Size = 1
    for axis in whole.space.axes:
        many = many * axis
    return Tensor("R", (many, *shape_of(entry)))


def _spread(fn: Function, value: Value, whole: Type, count: int) -> Value:
    """The entries on their grid."""
    assert isinstance(whole, Field)
    at = int(value.batched)
    grid = ", ".join(fn.size(axis) for axis in whole.space.axes)
    # a formula that ends in a scalar is a field of one channel
    inner = "" if len(shape_of(value.type)) > 1 else ".unsqueeze(-1)"
    text = f"{written_out(fn, value)}.unflatten({at}, ({grid},)){inner}.movedim(-1, {at})"
    return bind(fn, text, whole, value.batched, count, [value])
