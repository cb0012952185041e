"""Fields on grids: convolutions that torch has no call for, other grids, coordinates, attention."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

Tensor = torch.Tensor


def _pointwise(x: Tensor, w: Tensor, bias: Any) -> Tensor:
    """A matrix on channels at each point. As one batched product it is 1.0 to 4 times as fast as a 1x1 convolution,
    forward and backward, and 2 times as fast as `matmul`, which copies x."""
    flat = x.flatten(2)
    matrix = w.expand(x.shape[0], -1, -1)
    y = torch.bmm(matrix, flat) if bias is None else torch.baddbmm(bias.unsqueeze(-1), matrix, flat)
    return y.view(x.shape[0], w.shape[0], *x.shape[2:])


def _convolve_each(
    x: Tensor, w: Tensor, dim: int, stride: int, groups: int, left: int, right: int, mode: str
) -> Tensor:
    """A convolution with a kernel for each sample."""
    if w.shape[0] == 1:
        w = w.expand(x.shape[0], *w.shape[1:])
    x = x.expand(w.shape[0], *x.shape[1:])
    count = w.shape[0]
    if left or right:
        x = F.pad(x, (left, right) * dim, mode=mode)
    convolve = (F.conv1d, F.conv2d, F.conv3d)[dim - 1]
    if count == 0:
        return convolve(x, w.new_zeros(w.shape[1:]), None, stride, 0, 1, groups) + 0 * w.sum()
    y = convolve(x.reshape(1, -1, *x.shape[2:]), w.flatten(0, 1), None, stride, 0, 1, groups * count)
    return y.reshape(count, -1, *y.shape[2:])


def _transpose_each(
    x: Tensor, w: Tensor, dim: int, stride: int, groups: int, left: int, right: int, mode: str
) -> Tensor:
    """A transposed convolution with a kernel for each sample."""
    if w.shape[0] == 1:
        w = w.expand(x.shape[0], *w.shape[1:])
    x = x.expand(w.shape[0], *x.shape[1:])
    count = w.shape[0]
    extra = max(stride - w.shape[-1], 0)
    transpose = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[dim - 1]
    if count == 0:
        y = transpose(x, w.new_zeros(w.shape[1:]), None, stride, 0, extra, groups) + 0 * w.sum()
    else:
        y = transpose(x.reshape(1, -1, *x.shape[2:]), w.flatten(0, 1), None, stride, 0, extra, groups * count)
        y = y.reshape(count, -1, *y.shape[2:])
    return _fold_back(y, dim, left, right, mode)


def _fold_back(x: Tensor, dim: int, left: int, right: int, mode: str) -> Tensor:
    """Cuts what padding had added and adds it where the padding had it from: the transpose of the padding."""
    if mode in ("reflect", "replicate"):
        return _pad_transpose(x, (left,) * dim, (right,) * dim, mode)
    wrap = mode == "circular"
    for axis in range(2, dim + 2):
        n = x.shape[axis] - left - right
        y = x.narrow(axis, left, n)
        if wrap and right:
            y = y + _shifted(x.narrow(axis, left + n, right), axis, 0, n - right)
        if wrap and left:
            y = y + _shifted(x.narrow(axis, 0, left), axis, n - left, 0)
        x = y
    return x


def _shifted(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Zeros round x along an axis."""
    if before < 0 or after < 0:
        raise ValueError("a periodic kernel is wider than the grid")
    return F.pad(x, (0, 0) * (x.dim() - axis - 1) + (before, after))


def _pad_transpose(x: Tensor, before: Any, after: Any, mode: str) -> Tensor:
    """Each point beyond the edge added to the point whose value padding gives it."""
    for axis, (first, last) in enumerate(zip(before, after, strict=True), 2):
        n = x.shape[axis] - first - last
        at = torch.arange(-first, n + last, device=x.device)
        if mode == "circular":
            at = at % n
        elif mode == "replicate":
            at = at.clamp(0, n - 1)
        else:
            turn = max(2 * (n - 1), 1)
            at = at % turn
            at = torch.minimum(at, turn - at)
        shape = list(x.shape)
        shape[axis] = n
        x = x.new_zeros(shape).index_add(axis, at, x)
    return x


def _correlate(u: Tensor, v: Tensor, kernel: int, stride: int, groups: int, left: int, right: int, mode: str) -> Tensor:
    """For each sample and each offset of a kernel, the sum over the points of v times what a convolution reads of u."""
    dim = u.dim() - 2
    if left or right:
        u = F.pad(u, (left, right) * dim, mode=mode)
    count, share = u.shape[0], u.shape[1] // groups
    for axis in range(2, dim + 2):
        u = u.unfold(axis, kernel, stride)
    # one product for each group of a sample: points are summed over
    u = u.reshape(count, groups, share, *u.shape[2:]).movedim(2, dim + 2)
    u = u.reshape(count * groups, v.shape[2:].numel(), share * kernel**dim)
    y = torch.bmm(v.reshape(count * groups, v.shape[1] // groups, u.shape[1]), u)
    return y.reshape(count, v.shape[1], share, *[kernel] * dim)


def _unpool(x: Tensor, size: int, copy: bool) -> Tensor:
    """Each point as a block: copies of it, or the point and zeros."""
    for axis in range(2, x.dim()):
        y = x.unsqueeze(axis + 1)
        if copy:
            y = y.expand(*y.shape[: axis + 1], size, *y.shape[axis + 2 :])
        else:
            y = F.pad(y, (0, 0) * (x.dim() - axis - 1) + (0, size - 1))
        x = y.flatten(axis, axis + 1)
    return x


def _coordinates(sizes: Any, axes: Any, like: Tensor) -> Tensor:
    """The place of each point of a grid, one channel for each axis."""
    lines = []
    for n, (periodic, low, high) in zip(sizes, axes, strict=True):
        steps = torch.arange(n, dtype=torch.float64, device=like.device)
        at = (steps if periodic else steps + 0.5) * ((high - low) / n) + low
        lines.append(at.to(like.dtype))
    return torch.stack(torch.meshgrid(*lines, indexing="ij"))


def _taps(n: int, m: int, kind: str, word: str, device: Any) -> tuple[Tensor, Tensor]:
    """For m new points on an axis of n: which points each reads, and with what weight."""
    at = torch.arange(m, dtype=torch.float64, device=device)
    if kind == "aligned":
        at = at * ((n - 1) / (m - 1) if m > 1 else 0.0)
    elif kind == "torus" or word == "nearest":
        at = at * n / m
    else:
        at = (at + 0.5) * n / m - 0.5
        if word == "linear":
            at = at.clamp(min=0)
    first = torch.floor(at)
    t = at - first
    if word == "nearest":
        index, weight = first.unsqueeze(-1), torch.ones_like(t).unsqueeze(-1)
    elif word == "linear":
        index, weight = torch.stack((first, first + 1), -1), torch.stack((1 - t, t), -1)
    else:
        # Keys' cubic convolution with a = -3/4, as in torch
        a = -0.75
        far = [((a * s - 5 * a) * s + 8 * a) * s - 4 * a for s in (t + 1, 2 - t)]
        near = [((a + 2) * s - (a + 3)) * s * s + 1 for s in (t, 1 - t)]
        index = torch.stack([first + k for k in (-1, 0, 1, 2)], -1)
        weight = torch.stack((far[0], near[0], near[1], far[1]), -1)
    whole = index.long()
    return (whole % n if kind == "torus" else whole.clamp(0, n - 1)), weight


def _resample(x: Tensor, sizes: Any, kinds: Any, word: str) -> Tensor:
    """A field on another grid, axis by axis, by products with interpolation matrices."""
    for axis, (m, kind) in enumerate(zip(sizes, kinds, strict=True), 2):
        matrix = _interpolation(x.shape[axis], m, kind, word, x)
        x = torch.movedim(torch.movedim(x, axis, -1) @ matrix.t(), -1, axis)
    return x


def _resample_transpose(x: Tensor, sizes: Any, kinds: Any, word: str) -> Tensor:
    """The transpose of `_resample` from a grid of these sizes."""
    for axis, (n, kind) in enumerate(zip(sizes, kinds, strict=True), 2):
        matrix = _interpolation(n, x.shape[axis], kind, word, x)
        x = torch.movedim(torch.movedim(x, axis, -1) @ matrix, -1, axis)
    return x


def _interpolation(n: int, m: int, kind: str, word: str, like: Tensor) -> Tensor:
    """The matrix from n points of an axis to m."""
    index, weight = _taps(n, m, kind, word, like.device)
    matrix = torch.zeros((m, n), dtype=torch.float64, device=like.device).scatter_add(1, index, weight)
    return matrix.to(like.dtype)


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Any) -> Tensor:
    """Scaled dot product attention. Without gradients by the fused kernel, which has no second derivative."""
    # finite, so that a row that sees nothing sees everything alike, and is not 0 / 0
    low = max(-1e30, torch.finfo(q.dtype).min / 2)
    if not torch.is_grad_enabled():
        if mask is not None:
            mask = torch.zeros_like(mask, dtype=q.dtype).masked_fill(~mask, low)
        return F.scaled_dot_product_attention(q, k, v, mask)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, low)
    return torch.softmax(scores, -1) @ v
