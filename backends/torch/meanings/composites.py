"""Frames of the standard library that have a faster meaning than their inside. Each equals its inside: the tests say so
for each. A meaning gives None where it does not fit, before it writes anything."""

from __future__ import annotations

from diagrammar.backends.torch.function import rank
from diagrammar.backends.torch.meanings.call import Call, Meaning, Result
from diagrammar.backends.torch.meanings.fields import convolution, transposed
from diagrammar.backends.torch.meanings.spectra import modes_of
from diagrammar.diagram import Box
from diagrammar.types import Field, Tensor, sizes_of


def frame_of(box: Box) -> Box:
    """The frame that a box is: itself, or what it leaves more than."""
    return box if box.derived is None or box.derived.kind != "left" else box.derived.of


def owned(c: Call) -> dict[str, Box]:
    """The weights that stand in the inside itself, or are given as operands."""
    if c.given:
        return {name: Box("weight", (), (value.type,), origin="weight", key=name) for name, value in c.given.items()}
    return {str(node.box.key): node.box for node in c.box.insides[0].flat.nodes if node.box.origin == "weight"}


def inner(c: Call, origin: str) -> Box | None:
    """The one box of this origin in the inside."""
    found = [node.box for node in frame_of(c.box).insides[0].flat.nodes if node.box.origin == origin]
    return found[0] if len(found) == 1 else None


def _bias(c: Call, weights: dict[str, Box], name: str = "c") -> str:
    return c.weight(name) if name in weights else "None"


def _fits(weights: dict[str, Box], *names: str) -> bool:
    return set(names) <= set(weights) <= {*names, "c"} and not any("~" in name or "^" in name for name in weights)


def _linear(c: Call) -> Result:
    weights = owned(c)
    product = inner(c, "std:einsum")
    if product is None or not _fits(weights, "W") or not isinstance(c.type(), Tensor) or len(c.values) != 1:
        return None
    if "".join(str(product.param("pattern")).split()) != "a,ba->b":
        return None
    return f"F.linear({c.arg()}, {c.weight('W')}, {_bias(c, weights)})"


def _pointwise(c: Call) -> Result:
    weights = owned(c)
    if not _fits(weights, "W") or not isinstance(c.type(), Field) or len(c.values) != 1:
        return None
    if len(sizes_of(weights["W"].cod[0])) != 2:
        return None
    return f"{c.helper('_pointwise')}({c.arg()}, {c.weight('W')}, {_bias(c, weights)})"


def _conv(c: Call) -> Result:
    return _convolved(c, "std:convolution")


def _conv_transpose(c: Call) -> Result:
    return _convolved(c, "std:convolution_transpose")


def _convolved(c: Call, origin: str) -> Result:
    weights = owned(c)
    box = inner(c, origin)
    if box is None or not _fits(weights, "W") or len(c.values) != 1:
        return None
    call = Call(
        c.fn, Box(c.box.name, c.box.dom, c.box.cod, params=box.params, span=c.box.span), c.values, c.owner, True
    )
    write = convolution if origin == "std:convolution" else transposed
    return write(call, c.arg(), c.weight("W"), _bias(c, weights))


def _fourier(c: Call) -> Result:
    weights = owned(c)
    low, back = inner(c, "std:low"), inner(c, "std:irfft")
    if low is None or back is None or not _fits(weights, "W") or len(c.values) != 1:
        return None
    there = inner(c, "std:rfft")
    if there is None or {there.param("norm"), back.param("norm")} != {"forward"} or c.field().space != _space(c):
        return None
    modes = modes_of(Call(c.fn, low, [], c.owner, False))
    return f"{c.helper('_fourier')}({c.arg()}, {c.weight('W')}, {_bias(c, weights)}, {modes!r})"


def _space(c: Call) -> object:
    wire = c.out()
    return wire.space if isinstance(wire, Field) else None


def _softmax(c: Call) -> Result:
    wire = c.type()
    if isinstance(wire, Tensor) and wire.kind == "R" and wire.sizes:
        axis = c.whole("axis", -1)
        return f"torch.softmax({c.arg()}, {axis % rank(wire) + 1})"
    if isinstance(wire, Field) and wire.kind == "Field":
        return f"torch.softmax({c.arg()}, {c.whole('axis', -1) % rank(wire) + 1})"
    return None


def _normed(function: str, names: tuple[str, ...]) -> Meaning:
    def emit(c: Call) -> Result:
        weights = owned(c)
        wire = c.type()
        if set(weights) != set(names) or not isinstance(wire, Tensor) or wire.kind != "R":
            return None
        shape = sizes_of(weights["scale"].cod[0])
        if wire.sizes[-len(shape) :] != shape or not shape:
            return None
        sizes = ", ".join(c.size(size) for size in shape)
        args = ", ".join(c.weight(name) for name in names)
        return f"F.{function}({c.arg()}, ({sizes},), {args}, eps={c.number('eps')})"

    return Meaning(emit)


def _group_norm(c: Call) -> Result:
    weights = owned(c)
    if set(weights) != {"scale", "shift"} or not isinstance(c.type(), Field):
        return None
    groups = c.whole("groups", 1)
    # that of `F` refuses groups of one number, unless there are two samples
    return f"torch.group_norm({c.arg()}, {groups}, {c.weight('scale')}, {c.weight('shift')}, eps={c.number('eps')})"


def _attend(c: Call) -> Result:
    if not 3 <= len(c.values) <= 4 or rank(c.type()) != 3:
        return None
    return f"{c.helper('_attend')}({', '.join(attended(c, len(c.values) == 4))})"


def attended(c: Call, masked: bool) -> list[str]:
    """Queries, keys, values, and a mask of scores, if there is one."""
    texts = [c.with_batch(at) for at in range(3)]
    if not masked:
        return [*texts, "None"]
    # a mask of keys alone is one for all queries; after the batch axis come the heads
    keys = rank(c.type(3)) == 1
    axes = ("[:, None, None]" if keys else "[:, None]") if c.flag(3) else "[None]" if keys else ""
    return [*texts, f"{c.arg(3)}{axes}"]


MEANINGS: dict[str, Meaning] = {
    "std:linear": Meaning(_linear),
    "std:pointwise": Meaning(_pointwise),
    "std:conv": Meaning(_conv),
    "std:conv_transpose": Meaning(_conv_transpose),
    "std:fourier": Meaning(_fourier),
    "std:softmax": Meaning(_softmax),
    "std:layer_norm": _normed("layer_norm", ("scale", "shift")),
    "std:rms_norm": _normed("rms_norm", ("scale",)),
    "std:group_norm": Meaning(_group_norm),
    "std:attend": Meaning(_attend),
}
