"""Cotangents of boxes: what torch's own backward calls, and what they are of."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from diagrammar.backends.torch.runtime.fields import _fold_back
from diagrammar.backends.torch.runtime.spectral import (
    _blocks,
    _fourier,
    _fourier_low,
    _fourier_matrices,
    _mix,
    _tables,
    _used,
)

Tensor = torch.Tensor

_tanh_backward = torch.ops.aten.tanh_backward.default
_sigmoid_backward = torch.ops.aten.sigmoid_backward.default
_gelu_backward = torch.ops.aten.gelu_backward.default
_silu_backward = torch.ops.aten.silu_backward.default
_softplus_backward = torch.ops.aten.softplus_backward.default
_threshold_backward = torch.ops.aten.threshold_backward.default
_layer_norm_backward = torch.ops.aten.native_layer_norm_backward.default
_group_norm_backward = torch.ops.aten.native_group_norm_backward.default
_convolution_backward = torch.ops.aten.convolution_backward.default


def _pointwise_kernel(dy: Tensor, x: Tensor) -> Tensor:
    """The cotangent of a matrix on channels: a product over the points of each sample, summed over the samples."""
    return torch.bmm(dy.flatten(2), x.flatten(2).transpose(1, 2)).sum(0)


def _group_norm_left(x: Tensor, groups: int, scale: Tensor, shift: Tensor, eps: float) -> Any:
    """A group normalisation with the mean and the scale of each group."""
    x = x.contiguous()
    batch, channels = x.shape[:2]
    return torch.native_group_norm(x, scale, shift, batch, channels, x.shape[2:].numel(), groups, eps)


def _group_norm_back(dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, scale: Tensor, groups: int, mask: Any) -> Any:
    """The cotangents of a group normalisation."""
    batch, channels = x.shape[:2]
    dy, x = dy.contiguous(), x.contiguous()
    return _group_norm_backward(dy, x, mean, rstd, scale, batch, channels, x.shape[2:].numel(), groups, mask)


def _convolve_back(
    dy: Tensor, x: Tensor, w: Tensor, stride: int, left: int, right: int, mode: str, groups: int, mask: Any
) -> Any:
    """The cotangents of a convolution of a batch with one kernel."""
    dim = x.dim() - 2
    inner, outside = (left, False) if mode == "zeros" and left == right else (0, True)
    if outside:
        x = F.pad(x, (left, right) * dim, mode="constant" if mode == "zeros" else mode)
    steps, ones, none = [stride] * dim, [1] * dim, [0] * dim
    found = _convolution_backward(dy, x, w, [w.shape[0]], steps, [inner] * dim, ones, False, none, groups, mask)
    if not outside or found[0] is None:
        return found
    return _fold_back(found[0], dim, left, right, mode), found[1], found[2]


def _transpose_back(
    dy: Tensor, x: Tensor, w: Tensor, stride: int, padding: int, extra: int, groups: int, mask: Any
) -> Any:
    """The cotangents of a transposed convolution of a batch with one kernel."""
    dim = x.dim() - 2
    bias = [w.shape[1] * groups]
    steps, ones = [stride] * dim, [1] * dim
    return _convolution_backward(dy, x, w, bias, steps, [padding] * dim, ones, True, [extra] * dim, groups, mask)


def _fourier_left(u: Tensor, w: Tensor, bias: Any, modes: Any) -> tuple[Tensor, Tensor]:
    """The spectral convolution, and the low modes of u: [batch, i, k1, .., 2 q], halves of real and imaginary parts."""
    z = _fourier_low(u, modes)
    small = all(2 * k <= n or n <= 32 for k, n in zip(modes, u.shape[2:], strict=True))
    if not (u.is_cuda or small):
        return _fourier(u, w, bias, modes), z
    y = _fourier_matrices(u, w, modes, z)
    return y if bias is None else y + bias.view(-1, *[1] * (u.dim() - 2)), z


def _fourier_seed(dy: Tensor, modes: Any) -> Tensor:
    """The cotangent of the low modes after the weights: the transpose of the way back to the grid."""
    dim = len(modes)
    sizes = dy.shape[2:]
    z = torch.matmul(dy, _tables(dy, sizes[-1], modes[-1], True)[1].t())
    for axis in range(dim - 1):
        # the transpose of the inverse transform is the transform, but for its number of points
        there = _tables(dy, sizes[axis], modes[axis], False)[0] * sizes[axis]
        z = _blocks(there, z, axis + 2, there.shape[0] // 2, 1.0)
    return z


def _fourier_back(dz: Tensor, w: Tensor, modes: Any, sizes: Any) -> Tensor:
    """The cotangent of the field."""
    dim = len(modes)
    kernel = _used(w, modes, sizes)
    # the transpose of a complex matrix on channels has conjugate weights
    dz = _mix(dz, torch.stack((kernel[..., 0], -kernel[..., 1]), -1).transpose(0, 1))
    for axis in range(dim - 1):
        back = _tables(dz, sizes[axis], modes[axis], False)[1] / sizes[axis]
        dz = _blocks(back, dz, axis + 2, sizes[axis], -1.0)
    return torch.matmul(dz, _tables(dz, sizes[-1], modes[-1], True)[0].t())


def _fourier_kernel(dz: Tensor, z: Tensor, w: Tensor, modes: Any, sizes: Any) -> Tensor:
    """The cotangent of the weights, summed over the batch; those of frequencies that the grid lacks are zero."""
    half = z.shape[-1] // 2
    count = z.shape[2:-1].numel() * half
    left, right = (_by_mode(each, half, count) for each in (z, dz))
    # conj(z) dz for each mode, as real products
    both = torch.bmm(left.transpose(1, 2), right).view(count, 2, z.shape[1], 2, dz.shape[1])
    real = both[:, 0, :, 0] + both[:, 1, :, 1]
    imaginary = both[:, 0, :, 1] - both[:, 1, :, 0]
    found = torch.stack((real, imaginary), -1).permute(1, 2, 0, 3).reshape(*w.shape[:2], *z.shape[2:-1], half, 2)
    used = _used(w, modes, sizes)
    if used.shape == w.shape:
        return found
    made = torch.zeros_like(w)
    _used(made, modes, sizes).copy_(found)
    return made


def _by_mode(z: Tensor, half: int, count: int) -> Tensor:
    """[mode, batch, (part, channel)] of modes that are the last axes."""
    batch, channels = z.shape[:2]
    return z.reshape(batch, channels, count // half, 2, half).permute(2, 4, 0, 3, 1).reshape(count, batch, 2 * channels)


def _attend_left(q: Tensor, k: Tensor, v: Tensor, mask: Any) -> tuple[Tensor, Tensor]:
    """Scaled dot product attention, and the weights of the values."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    if mask is not None:
        # finite, so that a row that sees nothing sees everything alike, and is not 0 / 0
        scores = scores.masked_fill(~mask, max(-1e30, torch.finfo(q.dtype).min / 2))
    p = torch.softmax(scores, -1)
    return p @ v, p


def _attend_back(dy: Tensor, q: Tensor, k: Tensor, v: Tensor, mask: Any, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The cotangents of queries, keys and values."""
    ds = torch._softmax_backward_data(dy @ v.transpose(-2, -1), p, -1, p.dtype)
    if mask is not None:
        ds = ds.masked_fill(~mask, 0.0)
    scale = q.shape[-1] ** -0.5
    return (ds @ k) * scale, ds.transpose(-2, -1) @ (q * scale), p.transpose(-2, -1) @ dy
