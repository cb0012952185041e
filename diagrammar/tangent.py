"""Tangents: which wires have them. A tangent or cotangent of a wire has the type of the wire."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.box import Box
from diagrammar.types import Tensor, Tokens, Type, Types

Mask = tuple[bool, ...]


def has_tangent(wire: Type) -> bool:
    """Whether a wire can change a little: numbers, real or complex, and fields of them; truth values and symbols not.

    >>> has_tangent(Tensor("R", (3,))), has_tangent(Tensor("Bool", (3,)))
    (True, False)
    """
    return not (isinstance(wire, Tokens) or (isinstance(wire, Tensor) and wire.kind == "Bool"))


def differentiable(types: Sequence[Type]) -> Mask:
    """Which of these wires have tangents."""
    return tuple(map(has_tangent, types))


def tangents(types: Sequence[Type], active: Mask | None = None) -> Types:
    """The types of the tangents of wires, or of those of them that `active` says."""
    chosen = differentiable(types) if active is None else active
    return tuple(wire for wire, on in zip(types, chosen, strict=True) if on)


def unwound(box: Box) -> tuple[Box, Mask]:
    """The repeat that an unwind is the cotangent of, and which of its inputs are active."""
    count = len(box.insides) // 2
    steps = box.insides[:count]
    cod = tuple(steps[-1].cod)
    primal = len(box.dom) - len(tangents(cod))
    params = tuple((name, value) for name, value in box.params if name != "active")
    dom = box.dom[:primal]
    repeat = Box("repeat", dom, cod, origin="repeat", params=params, insides=steps, span=box.span)
    held = box.param("active", ())
    assert isinstance(held, tuple)
    return repeat, (*map(bool, held), *differentiable(dom[len(held) :]))
