"""Making the modules and the weights of a tree."""

from __future__ import annotations

import hashlib
import itertools
import math
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

Tensor = torch.Tensor


class _Row(nn.Module):
    """Weights of one name in the steps of a `repeat`: members `0`, `1`, ..."""


class Nonneg(nn.Module):
    """Softplus: a weight that is never negative."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.softplus(x, threshold=40.0)

    def right_inverse(self, y: Tensor) -> Tensor:
        # zero is reached at minus infinity: weights start at 1e-6 at least
        y = y.clamp(min=1e-6)
        return y + torch.log(-torch.expm1(-y))


class Simplex(nn.Module):
    """Softmax: a weight whose last axis is a probability."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(x, -1)

    def right_inverse(self, y: Tensor) -> Tensor:
        return torch.log(y.clamp(min=1e-6))


class Orthogonal(nn.Module):
    """The orthogonal factor of a matrix: orthonormal columns, or rows where there are fewer."""

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        q, r = torch.linalg.qr(x.mT if wide else x)
        # the factor with a positive diagonal is unique, so it depends smoothly on the matrix
        q = q * torch.sign(torch.diagonal(r, dim1=-2, dim2=-1)).unsqueeze(-2)
        result: Tensor = q.mT if wide else q
        return result

    def right_inverse(self, y: Tensor) -> Tensor:
        return y


_CONSTRAINTS = {"nonneg": Nonneg, "simplex": Simplex, "orthogonal": Orthogonal, "stiefel": Orthogonal}


def _constrain(module: nn.Module, name: str, where: tuple[str, ...]) -> None:
    """Keeps a weight inside its constraint for good: it is computed from `parametrizations.NAME.original`."""
    for word in where:
        if word in _CONSTRAINTS:
            parametrize.register_parametrization(module, name, _CONSTRAINTS[word]())


def _seed(seed: int, path: str) -> int:
    """A seed for each path, so that no weight depends on the others."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{path}".encode(), digest_size=8).digest(), "little") >> 1


def _draw(shape: tuple[int, ...], pairs: bool, init: str, args: tuple[float, ...], seed: int) -> Tensor:
    """The first value of a weight, in float64. Complex ones are pairs; normal(std) means E|w|^2 = std^2."""
    draw = torch.Generator().manual_seed(seed)
    full = (*shape, 2) if pairs else shape
    value = torch.zeros(full, dtype=torch.float64)
    real = value[..., 0] if pairs else value
    if init == "normal":
        std, mean = args
        value.normal_(0.0, std / math.sqrt(2) if pairs else std, generator=draw)
        real += mean
    elif init == "uniform":
        value.uniform_(args[0], args[1], generator=draw)
    elif init == "exponential":
        value.exponential_(args[0], generator=draw)
    elif init in ("ones", "constant"):
        real.fill_(args[0] if args else 1.0)
    elif init == "identity":
        real.copy_(torch.eye(shape[-2], shape[-1], dtype=torch.float64).expand(shape))
    elif init == "orthogonal":
        rows = math.prod(shape[1:])
        drawn = torch.randn((shape[0], rows), dtype=torch.float64, generator=draw)
        real.copy_(Orthogonal()(drawn).reshape(shape))
    return value


def _grow(root: Any, seed: int, dtype: Any, device: Any, boxes: dict[str, Any]) -> None:
    """Makes the weights and the modules below a module, with a stack of its own."""
    dtype = dtype or torch.get_default_dtype()
    stack: list[tuple[Any, str]] = [(root, "")]
    while stack:
        module, path = stack.pop()
        if module._needs_like:
            module.register_buffer("_like", torch.zeros((), dtype=dtype, device=device), persistent=False)
        for number, table in enumerate(module._constants):
            constant = torch.tensor(table, dtype=dtype, device=device)
            module.register_buffer(f"_constant_{number}", constant, persistent=False)
        for row, pattern in module._weights:
            for index in itertools.product(*(range(*steps) for steps in pattern)):
                _plant(module, row, index, path, seed, dtype, device)
        for name, made, pattern in module._children:
            for index in itertools.product(*(range(*steps) for steps in pattern)):
                if isinstance(made, str):
                    child = boxes[made]
                    if isinstance(child, type):
                        child = child()
                else:
                    child = made.__new__(made)
                    nn.Module.__init__(child)
                    stack.append((child, ".".join([path + name, *map(str, index)]) + "."))
                place = _place(module, name, index, nn.ModuleList)
                place._modules[str(index[-1]) if index else name] = child


def _place(module: Any, name: str, index: tuple[int, ...], last: Any) -> Any:
    """The container of member `name.i.j`: members of a module are put into its tables, so any name will do."""
    for depth in range(len(index)):
        inner = module._modules.get(name)
        if inner is None:
            inner = module._modules[name] = last() if depth == len(index) - 1 else nn.ModuleList()
        module, name = inner, str(index[depth])
    return module


def _plant(module: Any, row: Any, index: tuple[int, ...], path: str, seed: int, dtype: Any, device: Any) -> None:
    """Makes one weight or state."""
    name, is_state, shape, pairs, init, args, where = row
    where_path = path + ".".join([name, *map(str, index)])
    full = (*shape, 2) if pairs else shape
    if device is not None and torch.device(device).type == "meta":
        value = torch.empty(full, dtype=dtype, device=device)
    else:
        value = _draw(shape, pairs, init, args, _seed(seed, where_path)).to(dtype=dtype, device=device)
    place = _place(module, name, index, _Row)
    key = str(index[-1]) if index else name
    if is_state:
        place._buffers[key] = value
        return
    place._parameters[key] = nn.Parameter(value, requires_grad="frozen" not in where)
    _constrain(place, key, where)
    if "frozen" in where and key not in place._parameters:
        place.parametrizations[key].original.requires_grad_(False)


def _each(row: Any) -> list[Any]:
    """The members of a row of weights."""
    return [getattr(row, name) for name in _names(row)]


def _names(row: Any) -> list[str]:
    held = [*row._parameters, *row._buffers]
    if "parametrizations" in row._modules:
        held += [name for name in row._modules["parametrizations"]._modules if name not in held]
        held.sort(key=int)
    return held
