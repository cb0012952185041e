"""Frames that stand for one operation: boxes that have one, their cotangents and their tangents."""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.box import Derivative
from diagrammar.diagram import Box
from diagrammar.schedule.flattened import lifted_frame
from diagrammar.schedule.residuals import Residual, is_kept, residual, weights_of
from diagrammar.tangent import Mask, tangents

# a diagonal Jacobian is its own transpose
_DIAGONAL = frozenset(f"std:{name}" for name in ("relu", "tanh", "sigmoid", "exp", "sqrt", "gelu", "silu", "softplus"))
_AFFINE = frozenset(f"std:{name}" for name in ("linear", "pointwise", "conv", "conv_transpose", "fourier"))


@dataclass(frozen=True)
class Pairing:
    """What a frame stands for.

    `box` has its weights as last inputs: those that it owns, `own`, come after the ports of the frame that `operands`
    names. Without `told` the frame is the box itself; with it, it is its cotangent by the inputs that `mask` says, at
    the `seeds`, and output k of the frame is result `order[k]` of it.
    """

    box: Box
    own: tuple[Box, ...]
    operands: tuple[int, ...]
    told: Residual | None = None
    mask: Mask = ()
    seeds: tuple[int, ...] = ()
    order: tuple[int, ...] = ()


def pairing(frame: Box) -> Pairing | None:
    """What one operation a frame stands for; None for one that is to be opened.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (3,))
    >>> tanh = Box("tanh", (x,), (x,), origin="std:tanh")
    >>> which = Derivative("vjp", (True,), tanh)
    >>> slope = Box("vjp[tanh]", (x, x), (x,), key="tanh", insides=(tanh.diagram(),), derived=which)
    >>> pairing(slope).told
    Residual(reads=(1,), left=(), weights=0)
    """
    derived = frame.derived
    if derived is None or derived.kind == "open":
        return _operation(frame)
    of = _operation(derived.of)
    if of is None:
        return None
    if derived.kind == "vjp" and frame.dom == (*derived.of.dom, *tangents(derived.of.cod)):
        return _cotangent(derived, of)
    if derived.kind == "jvp" and len(derived.of.dom) == 1 and derived.active == (True,):
        return _tangent(of)
    return None


def _operation(box: Box) -> Pairing | None:
    """A box that has one operation, as itself or with its weights as wires."""
    if not box.insides:
        return Pairing(box, (), tuple(range(len(box.dom)))) if box.key is None else None
    if box.derived is not None and box.derived.kind == "open":
        of = box.derived.of
        if not is_kept(of):
            return None
        made, weights = lifted_frame(of)
        # constrained ones come in another order, and frozen ones do not come at all
        if any(weight.param("where", ()) for weight in weights):
            return None
        count = len(weights)
        if len(box.dom) != count + len(of.dom):
            return None
        return Pairing(made, (), (*range(count, len(box.dom)), *range(count)))
    if not is_kept(box):
        return None
    made, weights = lifted_frame(box)
    return Pairing(made, weights, tuple(range(len(box.dom))))


def _cotangent(derived: Derivative, of: Pairing) -> Pairing | None:
    mask = (*(derived.active[port] for port in of.operands), *(False for _ in of.own))
    told = residual(of.box, mask)
    if told is None:
        return None
    ends = [port for port, on in zip((*of.operands, *(-1 for _ in of.own)), mask, strict=True) if on]
    order = tuple(ends.index(port) for port, on in enumerate(derived.active) if on)
    first = len(derived.of.dom)
    seeds = tuple(range(first, first + len(tangents(derived.of.cod))))
    return Pairing(of.box, of.own, of.operands, told, mask, seeds, order)


def _tangent(of: Pairing) -> Pairing | None:
    box = of.box
    if box.origin in _DIAGONAL:
        told = residual(box, (True,))
        return None if told is None else Pairing(box, (), (0,), told, (True,), (1,), (0,))
    if box.origin in _AFFINE and len(box.dom) == 1 + len(of.own):
        return _linear_part(of)
    return None


def _linear_part(of: Pairing) -> Pairing:
    """An affine box without its shift, on the tangent."""
    box = of.box
    names = weights_of(box)
    wanted = [at for at, name in enumerate(names) if name != "c"]
    params = tuple(
        (name, tuple(names[at] for at in wanted) if name == "weights" else value) for name, value in box.params
    )
    dom = (box.dom[0], *(box.dom[1 + at] for at in wanted))
    made = Box(
        box.name, dom, box.cod, origin=box.origin, params=params, key=box.key, kinds=box.kinds, insides=box.insides,
        span=box.span,
    )  # fmt: skip
    return Pairing(made, tuple(of.own[at] for at in wanted), (1,))
