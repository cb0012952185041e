"""Complex numbers as real pairs along the last axis."""

from __future__ import annotations

import torch

Tensor = torch.Tensor


def _pair(x: Tensor) -> Tensor:
    """Real numbers as complex ones."""
    return torch.stack((x, torch.zeros_like(x)), -1)


def _pair_mul(x: Tensor, y: Tensor) -> Tensor:
    a, b = x.unbind(-1)
    c, d = y.unbind(-1)
    return torch.stack((a * c - b * d, a * d + b * c), -1)


def _pair_div(x: Tensor, y: Tensor) -> Tensor:
    a, b = x.unbind(-1)
    c, d = y.unbind(-1)
    size = c * c + d * d
    return torch.stack(((a * c + b * d) / size, (b * c - a * d) / size), -1)


def _pair_conj(x: Tensor) -> Tensor:
    a, b = x.unbind(-1)
    return torch.stack((a, -b), -1)


def _view(x: Tensor) -> Tensor:
    """Pairs as a complex tensor; torch wants the last axis next to itself and even offsets."""
    return torch.complex(x[..., 0], x[..., 1])
