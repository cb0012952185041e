"""What the cotangent of a box reads, for boxes whose cotangent is one operation: inputs, results, or what the forward
leaves for it.

A box f : A -> B with its cotangent is an optic: f' : A -> B @ M beside f* : A @ B @ M @ TB -> TA, of which f* reads
what `reads` says. Boxes that are not here have the cotangent that follows from their declaration, which reads inputs
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diagrammar.diagram import Box, definitions
from diagrammar.tangent import Mask, differentiable
from diagrammar.types import Field, Tensor, Type, Types, sizes_of


@dataclass(frozen=True)
class Residual:
    """`left`: the types of what the forward leaves besides its results; `reads`: what the cotangent reads, by place
    among inputs, results and `left`; `weights`: how many of the last inputs are weights, whose cotangents are summed
    over the batch."""

    reads: tuple[int, ...]
    left: Types = ()
    weights: int = 0


Told = Callable[[Box, Mask], Residual | None]


def residual(box: Box, active: Mask) -> Residual | None:
    """What the cotangent of a box by its active inputs reads; None for a box that has none of its own.

    >>> x = Tensor("R", (3,))
    >>> residual(Box("tanh", (x,), (x,), origin="std:tanh"), (True,))
    Residual(reads=(1,), left=(), weights=0)
    """
    told = _TABLE.get(box.origin)
    if told is None or (box.insides and box.key is None):
        return None
    return told(box, active)


def is_real(wire: Type) -> bool:
    """Whether a wire holds real numbers."""
    return (isinstance(wire, Tensor) and wire.kind == "R") or (isinstance(wire, Field) and wire.kind == "Field")


def weights_of(box: Box) -> tuple[str, ...]:
    """The names of the weights among the inputs of a frame: its last inputs."""
    names = box.param("weights", ())
    return tuple(map(str, names)) if isinstance(names, tuple) else ()


def lifted(box: Box) -> Box:
    """A frame as it stands in a flat body."""
    from diagrammar.schedule.flattened import lifted_frame

    return box if not box.insides or box.param("weights") is not None else lifted_frame(box)[0]


def is_kept(box: Box) -> bool:
    """Whether a frame is one operation, and its cotangent another: it stays closed in a flat body."""
    if box.key is None or len(box.insides) != 1 or box.origin not in _TABLE:
        return False
    if any(node.box.insides and _owns(node.box) for node in box.insides[0].flat.nodes):
        return False
    made = lifted(box)
    return residual(made, differentiable(made.dom)) is not None


def _owns(box: Box) -> bool:
    """Whether weights or states stand deeper than in the frame itself."""
    return any(
        inner.origin in ("weight", "state", "next") or (inner.key is not None and not inner.insides)
        for inside in box.insides
        for level in definitions(inside)
        for inner in level.boxes
    )


# ------------------------------------------------------------------------------------------------------ the table


def _of_result(box: Box, active: Mask) -> Residual | None:
    return Residual((1,)) if len(box.dom) == 1 and is_real(box.dom[0]) else None


def _of_argument(box: Box, active: Mask) -> Residual | None:
    return Residual((0,)) if len(box.dom) == 1 and is_real(box.dom[0]) else None


def _fits(box: Box, *names: str) -> int:
    """The number of weights, if these are what the frame owns (perhaps with a shift `c`) and it has one operand."""
    own = weights_of(box)
    fits = set(names) <= set(own) <= {*names, "c"} and len(box.dom) - len(own) == 1 and is_real(box.dom[0])
    return len(own) if fits else 0


def _at(box: Box, name: str) -> int:
    own = weights_of(box)
    return len(box.dom) - len(own) + own.index(name)


def _matrix(box: Box, active: Mask) -> Residual | None:
    """A product reads, for each of its factors that is active, the other one."""
    count = _fits(box, "W")
    if not count:
        return None
    w = _at(box, "W")
    return Residual((*((0,) if active[w] else ()), *((w,) if active[0] else ())), (), count)


def _linear(box: Box, active: Mask) -> Residual | None:
    products = [node.box for node in box.insides[0].flat.nodes if node.box.origin == "std:einsum"]
    plain = len(products) == 1 and "".join(str(products[0].param("pattern")).split()) == "a,ba->b"
    return _matrix(box, active) if plain and isinstance(box.dom[0], Tensor) else None


def _pointwise(box: Box, active: Mask) -> Residual | None:
    if not isinstance(box.dom[0], Field) or not _fits(box, "W") or len(sizes_of(box.dom[_at(box, "W")])) != 2:
        return None
    return _matrix(box, active)


def _conv(box: Box, active: Mask) -> Residual | None:
    inner = [node.box for node in box.insides[0].flat.nodes if node.box.origin.startswith("std:convolution")]
    count = _fits(box, "W")
    if len(inner) != 1 or not count or not isinstance(box.dom[0], Field):
        return None
    if not 1 <= box.dom[0].space.dim <= 3:
        return None
    turned = inner[0].origin == "std:convolution_transpose"
    if turned and (inner[0].param("padding", "zeros") != "zeros" or not _symmetric(inner[0])):
        return None
    # the operation asks for both, if only for their shapes
    return Residual((0, _at(box, "W")), (), count)


def _symmetric(box: Box) -> bool:
    kernel, stride = box.param("kernel", 3), box.param("stride", 1)
    return isinstance(kernel, int) and isinstance(stride, int) and (kernel <= stride or (kernel - stride) % 2 == 0)


def _fourier(box: Box, active: Mask) -> Residual | None:
    inner = {node.box.origin: node.box for node in box.insides[0].flat.nodes}
    count = _fits(box, "W")
    if not count or not {"std:low", "std:rfft", "std:irfft"} <= set(inner) or not isinstance(box.dom[0], Field):
        return None
    end = box.cod[0]
    if {inner["std:rfft"].param("norm"), inner["std:irfft"].param("norm")} != {"forward"}:
        return None
    if not isinstance(end, Field) or end.space != box.dom[0].space:
        return None
    w = _at(box, "W")
    sizes = sizes_of(box.dom[w])
    # the low modes of the input: real and imaginary halves side by side
    low = Tensor("R", (sizes[0], *sizes[2:-1], 2 * sizes[-1]))
    return Residual((*((2 + len(weights_of(box)),) if active[w] else ()), w), (low,), count)


def _softmax(box: Box, active: Mask) -> Residual | None:
    wire = box.dom[0]
    return Residual((1,)) if len(box.dom) == 1 and is_real(wire) and sizes_of(wire) else None


def _layer_norm(box: Box, active: Mask) -> Residual | None:
    own, wire = weights_of(box), box.dom[0]
    if set(own) != {"scale", "shift"} or not isinstance(wire, Tensor) or wire.kind != "R":
        return None
    shape = sizes_of(box.dom[_at(box, "scale")])
    if not shape or wire.sizes[-len(shape) :] != shape:
        return None
    rows = Tensor("R", (*wire.sizes[: len(wire.sizes) - len(shape)], *(1 for _ in shape)))
    return _normed(box, rows)


def _group_norm(box: Box, active: Mask) -> Residual | None:
    groups = box.param("groups", 1)
    if set(weights_of(box)) != {"scale", "shift"} or not isinstance(box.dom[0], Field) or not isinstance(groups, int):
        return None
    return _normed(box, Tensor("R", (groups,)))


def _normed(box: Box, rows: Type) -> Residual:
    """The mean and the scale of each row are left by the forward."""
    return Residual((0, _at(box, "scale"), len(box.dom) + 1, len(box.dom) + 2), (rows, rows), 2)


def _attend(box: Box, active: Mask) -> Residual | None:
    """The weights of the values are left by the forward."""
    q, k = box.dom[0], box.dom[1] if len(box.dom) > 1 else box.dom[0]
    if not 3 <= len(box.dom) <= 4 or not all(map(is_real, box.dom[:3])) or any(active[3:]):
        return None
    if not isinstance(q, Tensor) or not isinstance(k, Tensor) or len(q.sizes) != 3 or len(k.sizes) != 3:
        return None
    # where a mask hides all, the weights do not say what is hidden
    return Residual((*range(len(box.dom)), len(box.dom) + 1), (Tensor("R", (*q.sizes[:2], k.sizes[1])),))


_TABLE: dict[str, Told] = {
    "std:relu": _of_result,
    "std:tanh": _of_result,
    "std:sigmoid": _of_result,
    "std:exp": _of_result,
    "std:sqrt": _of_result,
    "std:gelu": _of_argument,
    "std:silu": _of_argument,
    "std:softplus": _of_argument,
    "std:linear": _linear,
    "std:pointwise": _pointwise,
    "std:conv": _conv,
    "std:conv_transpose": _conv,
    "std:fourier": _fourier,
    "std:softmax": _softmax,
    "std:layer_norm": _layer_norm,
    "std:group_norm": _group_norm,
    "std:attend": _attend,
}
