"""The numbers of a case of a law: drawn, made simpler, shown, and kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from diagrammar.backends import torch as backend
from diagrammar.backends.torch.entrance import kind_of
from diagrammar.diagram import Diagram
from diagrammar.law import Choice, Named, OneOf, Range
from diagrammar.types import Field, Type

# numbers of a tensor that a report writes out
_SHOWN = 16


def draw(wire: Type, shape: Sequence[int], choice: Choice | None, style: str, seed: int, like: torch.dtype) -> Any:
    """Numbers for a wire, batch axis first: of the set `choice`, else of any; `style` is integers, constant, spike or
    normal, from the simplest to the most general."""
    made = torch.Generator().manual_seed(seed & (2**63 - 1))
    kind = kind_of(wire)
    full = tuple(shape)
    if kind == "Bool":
        value = torch.randint(0, 2, full, generator=made, dtype=torch.int64) == 1
        if isinstance(choice, Named) and choice.name == "mask" and value.dim() > 1:
            # a mask leaves something
            value[..., 0] |= ~value.any(-1)
        return value
    if kind == "Tokens":
        vocab = wire.vocab  # type: ignore[union-attr]  # `kind_of` says that it is Tokens
        return torch.randint(0, int(vocab), full, generator=made)  # type: ignore[arg-type]  # its sizes are numbers
    value = _styled(full, style, made)
    if isinstance(choice, Range):
        low, high = float(choice.low), float(choice.high)
        value = low + (high - low) * torch.rand(full, generator=made, dtype=torch.float64)
    elif isinstance(choice, OneOf):
        at = torch.randint(0, len(choice.values), full, generator=made)
        value = torch.tensor([float(each) for each in choice.values], dtype=torch.float64)[at]
    elif choice is not None:
        value = _of_set(wire, value, choice, made)
    return value.to(like)


def _styled(full: tuple[int, ...], style: str, made: torch.Generator) -> torch.Tensor:
    if style == "normal":
        return torch.randn(full, generator=made, dtype=torch.float64)
    if style == "integers":
        return torch.randint(-3, 4, full, generator=made, dtype=torch.int64).double()
    value = torch.zeros((full[0], math.prod(full[1:])), dtype=torch.float64)
    height = torch.randint(1, 4, (full[0], 1), generator=made, dtype=torch.int64).double()
    if style == "constant":
        value += height
    elif value.shape[1]:
        value.scatter_(1, torch.randint(0, value.shape[1], (full[0], 1), generator=made), height)
    return value.reshape(full)


def _of_set(wire: Type, value: torch.Tensor, choice: Named, made: torch.Generator) -> torch.Tensor:
    numbers = [float(each) for each in choice.args]
    match choice.name:
        case "bandlimited":
            return _bandlimited(wire, value, int(numbers[0]))
        case "ball":
            flat = value.flatten(1)
            far = torch.rand((len(flat), 1), generator=made, dtype=torch.float64)
            shrunk: torch.Tensor = (flat * numbers[0] * far / flat.norm(dim=1, keepdim=True).clamp(min=1e-300)).reshape(
                value.shape
            )
            return shrunk
        case "positive":
            return value.abs() + 0.5
        case "simplex":
            return torch.softmax(value, -1)
        case "distinct":
            order = torch.rand(value.shape, generator=made, dtype=torch.float64).flatten(1).argsort(1)
            return (order.double() - order.shape[1] // 2).reshape(value.shape)
        case "constant":
            axes = wire.space.dim if isinstance(wire, Field) else value.dim() - 1
            first = value
            for axis in range(value.dim() - axes, value.dim()):
                first = first.narrow(axis, 0, min(1, first.shape[axis]))
            return first.expand(value.shape).clone()
        case "spikes":
            return _styled(tuple(value.shape), "spike", made)
        case _:
            raise ValueError(f"`{choice.name}` is no set of values for {wire}")


def _bandlimited(wire: Type, value: torch.Tensor, most: int) -> torch.Tensor:
    """The part of a field whose frequencies along each axis are at most `most`, and below half of the grid."""
    if not isinstance(wire, Field) or wire.kind != "Field":
        raise ValueError(f"bandlimited({most}) is a set of fields, not of {wire}")
    axes = tuple(range(value.dim() - wire.space.dim, value.dim()))
    found = torch.fft.fftn(value, dim=axes)
    for axis in axes:
        n = value.shape[axis]
        frequencies = torch.fft.fftfreq(n, 1.0 / n).abs().round()
        kept = (frequencies <= most) & (2 * frequencies < n)
        found = found * kept.reshape((-1,) + (1,) * (value.dim() - 1 - axis))
    result: torch.Tensor = torch.fft.ifftn(found, dim=axes).real
    return result


def generic(like: torch.Tensor, is_buffer: bool, style: str, seed: int) -> torch.Tensor:
    """A weight as laws draw it, whatever its initialiser: normal, scaled by its sizes; a state is between 1/2 and 3/2,
    as a variance may."""
    made = torch.Generator().manual_seed(seed & (2**63 - 1))
    shape = tuple(like.shape)
    if is_buffer:
        return (0.5 + torch.rand(shape, generator=made, dtype=torch.float64)).to(like.dtype)
    if style == "integers":
        return torch.randint(-2, 3, shape, generator=made, dtype=torch.int64).to(like.dtype)
    scale = (2.0 / (shape[0] + shape[1])) ** 0.5 if len(shape) > 1 else 1.0
    return (scale * torch.randn(shape, generator=made, dtype=torch.float64)).to(like.dtype)


def filled(shape: Sequence[int], value: float, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of one number."""
    return torch.full(tuple(shape), value, dtype=dtype)


def smaller(value: torch.Tensor, batched: bool) -> Iterator[torch.Tensor]:
    """Simpler tensors, the simplest first: zero, fewer entries, whole numbers, fewer digits."""
    if not value.any():
        return
    yield torch.zeros_like(value)
    if batched and len(value) > 1:
        for k in range(len(value)):
            if value[k].any() and value[:k].any() | value[k + 1 :].any():
                kept = torch.zeros_like(value)
                kept[k] = value[k]
                yield kept
    if not value.is_floating_point():
        return
    flat = value.flatten()
    at = flat.nonzero().flatten()
    parts = 2
    while parts <= min(len(at), 16):
        for chunk in at.tensor_split(parts):
            fewer = flat.clone()
            fewer[chunk] = 0
            yield fewer.reshape(value.shape)
        parts *= 2
    ones = (value != 0).to(value.dtype)
    if not torch.equal(ones, value):
        yield ones
    for digits in (0, 1):
        rounded = torch.round(value, decimals=digits)
        if not torch.equal(rounded, value) and rounded.any():
            yield rounded


def shown(value: torch.Tensor) -> str:
    """A tensor as a reader wants it: nested lists with four digits; of a large one its shape and first numbers."""
    if value.numel() <= _SHOWN:
        return _nested(value)
    if not value.any():
        return f"0 of shape {list(value.shape)}"
    first = ", ".join(_digits(each) for each in value.flatten()[:6].tolist())
    return f"[{first}, ...] of shape {list(value.shape)}"


def shown_at(value: torch.Tensor, sample: int, inputs: Sequence[torch.Tensor]) -> str:
    """One sample of a result, which has no batch axis where it depends on no input."""
    batched = bool(inputs) and value.dim() > 0 and value.shape[0] == inputs[0].shape[0]
    return shown(value[sample] if batched else value)


def entry(gap: Any) -> list[str]:
    """Both values where large sides are furthest apart."""
    left, right = gap.left[gap.wire], gap.right[gap.wire]
    wider = left if left.dim() >= right.dim() else right
    left, right = left.expand_as(wider), right.expand_as(wider)
    if left.numel() <= _SHOWN * max(1, len(left)) or not gap.at:
        return []
    where = ", ".join(map(str, gap.at[1:]))
    return [f"at [{where}]: left {_digits(left[gap.at].item())}, right {_digits(right[gap.at].item())}"]


def _nested(value: torch.Tensor) -> str:
    if value.dim() == 0:
        return _digits(value.item())
    return "[" + ", ".join(_nested(each) for each in value) + "]"


def _digits(number: Any) -> str:
    return f"{number:.5g}" if isinstance(number, float) else str(number)


def to_lists(value: torch.Tensor) -> dict[str, Any]:
    """A tensor as plain data."""
    return {"dtype": str(value.dtype).removeprefix("torch."), "shape": list(value.shape), "data": value.tolist()}


def from_lists(data: Mapping[str, Any]) -> torch.Tensor:
    """The tensor of such data."""
    known = {"float64": torch.float64, "float32": torch.float32, "bool": torch.bool, "int64": torch.int64}
    return torch.tensor(data["data"], dtype=known[data["dtype"]]).reshape(data["shape"])


def one_thread() -> None:
    """Leaves this process one thread."""
    torch.set_num_threads(1)


def state_of(found: Any) -> dict[str, torch.Tensor] | None:
    """The weights of a module; None if it is none."""
    return dict(found.state_dict()) if isinstance(found, nn.Module) else None


def live_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """The weights and states of a module themselves, by path: not copies, so that gradients reach them."""
    return dict(module.state_dict(keep_vars=True))


def double() -> torch.dtype:
    """The dtype that laws are judged in."""
    return torch.float64


def shapes_of(diagram: Diagram) -> list[tuple[str, torch.Tensor, bool]]:
    """The weights and states of the module of a diagram by path, as they are at first, and which are states."""
    module = backend.compile(diagram, dtype=torch.float64)
    states = {name for name, _ in module.named_buffers()}
    return [(name, each, name in states) for name, each in module.state_dict().items() if each.is_floating_point()]
