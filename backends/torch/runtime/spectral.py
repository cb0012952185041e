"""Fourier coefficients as real pairs: cutting, spreading, and the spectral convolution in real arithmetic."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from diagrammar.backends.torch.runtime.complex_pairs import _view

Tensor = torch.Tensor


def _fill(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Zeros round x along an axis."""
    if before == 0 and after == 0:
        return x
    return F.pad(x, (0, 0) * (x.dim() - axis - 1) + (before, after))


def _low(z: Tensor, modes: Any, sizes: Any) -> Tensor:
    """The centred low frequencies; zeros for those that the grid lacks."""
    last = len(modes) - 1
    for axis, (k, n) in enumerate(zip(modes, sizes, strict=True), 2):
        if axis == last + 2:
            kept = min(k // 2, n // 2) + 1
            z = _fill(z.narrow(axis, 0, kept), axis, 0, k // 2 + 1 - kept)
            continue
        few = min(k, n)
        parts = (z.narrow(axis, n - few // 2, few // 2), z.narrow(axis, 0, few - few // 2))
        z = _fill(torch.cat(parts, axis), axis, k // 2 - few // 2, (k - k // 2) - (few - few // 2))
    return z


def _spread(z: Tensor, modes: Any, sizes: Any) -> Tensor:
    """Centred frequencies in their places of a full spectrum, zeros elsewhere."""
    last = len(modes) - 1
    for axis, (k, n) in enumerate(zip(modes, sizes, strict=True), 2):
        if axis == last + 2:
            kept = min(k // 2, n // 2) + 1
            z = _fill(z.narrow(axis, 0, kept), axis, 0, n // 2 + 1 - kept)
            continue
        few = min(k, n)
        low = k // 2 - few // 2
        upper = z.narrow(axis, low, few // 2)
        lower = z.narrow(axis, low + few // 2, few - few // 2)
        z = torch.cat((_fill(lower, axis, 0, n - few), upper), axis)
    return z


def _scale_pairs(z: Tensor, n: int, by: float) -> Tensor:
    """Coefficients of frequencies of the last axis, of n points, times `by`, but for those that are their own
    negatives."""
    waves = torch.arange(z.shape[-2], device=z.device)
    factor = torch.where((waves == 0) | (waves * 2 == n), 1.0, by).to(z.dtype)
    return z * factor.unsqueeze(-1)


def _one_more(x: Tensor) -> Tensor:
    """An empty batch made into one of size 1: the libraries behind torch.fft refuse empty ones."""
    return F.pad(x, (0, 0) * (x.dim() - 1) + (0, 1))


def _rfft(x: Tensor, norm: str) -> Tensor:
    """Fourier coefficients over all axes but batch and channel, as pairs."""
    if x.shape[0] == 0:
        return _rfft(_one_more(x), norm)[:0]
    return torch.view_as_real(torch.fft.rfftn(x, dim=tuple(range(2, x.dim())), norm=norm))


def _irfft(z: Tensor, sizes: Any, norm: str) -> Tensor:
    """The field on a grid of these sizes that has these coefficients."""
    if z.shape[0] == 0:
        return _irfft(_one_more(z), sizes, norm)[:0]
    field: Tensor = torch.fft.irfftn(_view(z), s=sizes, dim=tuple(range(2, z.dim() - 1)), norm=norm)
    return field


def _corner(z: Tensor, modes: Any, number: int) -> Tensor:
    """The block of this number of a tensor [batch, c, n1, ..]."""
    dim = len(modes)
    block = z.narrow(dim + 1, 0, modes[-1])
    for axis in range(dim - 1):
        m = modes[axis]
        block = block.narrow(axis + 2, block.shape[axis + 2] - m if number >> axis & 1 else 0, m)
    return block


def _corners(z: Tensor, modes: Any, once: bool) -> Tensor:
    """Blocks of first and last frequencies of all axes but the last, as an axis in front; `once`: zeros for what a
    later block has too."""
    count = 2 ** (len(modes) - 1)
    blocks = [_corner(z, modes, number) for number in range(count)]
    if once:
        owner = torch.zeros((1, 1, *z.shape[2:-1], 1), device=z.device)
        for number in range(count):
            _corner(owner, modes, number).fill_(number)
        blocks = [torch.where(_corner(owner, modes, at) == at, block, 0.0) for at, block in enumerate(blocks)]
    return torch.stack(blocks, 1)


def _from_corners(z: Tensor, sizes: Any, added: bool) -> Tensor:
    """Blocks back in their places; later ones win where two meet, or blocks are added."""
    dim = len(sizes)
    full = [*sizes[:-1], sizes[-1] // 2 + 1]
    result = z.new_zeros((z.shape[0], z.shape[2], *full, 2))
    for number in range(z.shape[1]):
        block = z[:, number]
        covered = torch.ones_like(block[:1, :1])
        for axis in range(dim):
            room = full[axis] - block.shape[axis + 2]
            late = axis < dim - 1 and number >> axis & 1
            pads = (room, 0) if late else (0, room)
            block = _fill(block, axis + 2, *pads)
            covered = _fill(covered, axis + 2, *pads)
        result = result + block if added else torch.where(covered != 0, block, result)
    return result


_TABLES: dict[Any, Any] = {}


def _tables(x: Tensor, n: int, k: int, last: bool) -> Any:
    """Matrices of a partial Fourier transform along an axis of n points, cosines and sines; the first k centred
    frequencies, or 0 .. k // 2 on the last axis. Kept between calls, but never what a compiler or a tracer made."""
    if torch.compiler.is_compiling() or type(x) not in (torch.Tensor, torch.nn.Parameter):
        return _make_tables(n, k, last, x.dtype, x.device)
    key = (n, k, last, x.dtype, x.device)
    found = _TABLES.get(key)
    if found is None:
        # a tensor made in inference mode could not be used in training later
        with torch.inference_mode(False):
            found = _make_tables(n, k, last, x.dtype, x.device)
        if type(found[0]) is not torch.Tensor:
            return found
        if len(_TABLES) >= 64:
            _TABLES.clear()
        _TABLES[key] = found
    return found


def _make_tables(n: int, k: int, last: bool, dtype: Any, device: Any) -> Any:
    points = torch.arange(n, dtype=torch.float64, device=device)
    few = min(k, n)
    first, stop = (0, min(k // 2, n // 2) + 1) if last else (-(few // 2), few - few // 2)
    waves = torch.arange(first, stop, dtype=torch.float64, device=device)
    # the phase is reduced before it is scaled: exact for every grid
    angle = torch.remainder(points.unsqueeze(1) * waves, n) * (2 * torch.pi / n)
    cos, sin = torch.cos(angle), torch.sin(angle)
    if last:
        # a real signal: every frequency counts twice but 0 and, on even grids, n / 2; their sines are exactly zero
        twice = torch.where((waves == 0) | (waves * 2 == n), 1.0, 2.0)
        sin = torch.where((waves == 0) | (waves * 2 == n), 0.0, sin)
        there = torch.cat((cos, -sin), 1) / n
        back = torch.cat((cos * twice, -sin * twice), 1).t()
        return there.to(dtype), back.contiguous().to(dtype)
    there = torch.cat((cos, sin), 1).t() / n
    back = torch.cat((cos, sin), 0)
    return there.contiguous().to(dtype), back.to(dtype)


def _blocks(matrix: Tensor, z: Tensor, axis: int, half: int, sign: float) -> Tensor:
    """cos and sin matrices on an axis of a tensor [..., 2 q] of real and imaginary halves: times exp(-sign i angle).

    As one product of two matrices: moving the axis to the end copies few numbers, the spectrum is cut already.
    """
    shape = z.shape
    rows = z.reshape(-1, shape[axis], shape[axis + 1 :].numel()).transpose(1, 2)
    y = torch.mm(rows.reshape(-1, shape[axis]), matrix.t())
    y = y.reshape(*shape[:axis], *shape[axis + 1 : -1], 2, shape[-1] // 2, 2, half)
    real, imaginary = y.unbind(-4)
    (cr, sr), (ci, si) = real.unbind(-2), imaginary.unbind(-2)
    parts = (cr + si, ci - sr) if sign > 0 else (cr - si, ci + sr)
    return torch.cat(parts, -2).movedim(-1, axis)


def _fourier(u: Tensor, w: Tensor, bias: Any, modes: Any) -> Tensor:
    """The spectral convolution: low frequencies of u, a complex matrix on channels for each, back to the grid.

    u : [batch, i, n1, ..], w : [i, o, k1, .., kd // 2 + 1, 2].
    """
    sizes = u.shape[2:]
    small = all(2 * k <= n or n <= 32 for k, n in zip(modes, sizes, strict=True))
    if u.is_cuda or small or torch.compiler.is_compiling():
        y = _fourier_matrices(u, w, modes)
    else:
        y = _fourier_fft(u, w, modes)
    return y if bias is None else y + bias.view(-1, *[1] * len(sizes))


def _fourier_fft(u: Tensor, w: Tensor, modes: Any) -> Tensor:
    sizes = u.shape[2:]
    z = _low(_rfft(u, "forward"), modes, sizes)
    z = torch.view_as_real(torch.einsum("bi...,io...->bo...", _view(z), _view(w)))
    return _irfft(_spread(z, modes, sizes), sizes, "forward")


def _fourier_matrices(u: Tensor, w: Tensor, modes: Any, low: Any = None) -> Tensor:
    """`low`: the low modes of u, where they are known."""
    dim = len(modes)
    sizes = u.shape[2:]
    z = _fourier_low(u, modes) if low is None else low
    z = _mix(z, _used(w, modes, sizes))
    for axis in range(dim - 1):
        z = _blocks(_tables(u, sizes[axis], modes[axis], False)[1], z, axis + 2, sizes[axis], -1.0)
    return torch.matmul(z, _tables(u, sizes[-1], modes[-1], True)[1])


def _fourier_low(u: Tensor, modes: Any) -> Tensor:
    """The low modes of a field by products with matrices."""
    dim = len(modes)
    sizes = u.shape[2:]
    z = torch.matmul(u, _tables(u, sizes[-1], modes[-1], True)[0])
    for axis in range(dim - 2, -1, -1):
        there = _tables(u, sizes[axis], modes[axis], False)[0]
        z = _blocks(there, z, axis + 2, there.shape[0] // 2, 1.0)
    return z


def _used(w: Tensor, modes: Any, sizes: Any) -> Tensor:
    """The weights of those modes that the grid has."""
    dim = len(modes)
    for axis in range(dim - 1):
        few = min(modes[axis], sizes[axis])
        w = w.narrow(axis + 2, modes[axis] // 2 - few // 2, few)
    return w.narrow(dim + 1, 0, min(modes[-1] // 2, sizes[-1] // 2) + 1)


def _mix(z: Tensor, w: Tensor) -> Tensor:
    """A complex matrix on channels for each mode, as one real product: [re | im] times [[re, im], [-im, re]]."""
    batch, channels = z.shape[:2]
    shape = z.shape[2:-1]
    half = z.shape[-1] // 2
    count = shape.numel() * half
    out = w.shape[1]
    # [mode, batch, (part, channel)]
    left = z.reshape(batch, channels, shape.numel(), 2, half).permute(2, 4, 0, 3, 1).reshape(count, batch, 2 * channels)
    real, imaginary = w.unbind(-1)
    upper = torch.stack((real, imaginary), 0)
    lower = torch.stack((-imaginary, real), 0)
    both = torch.stack((upper, lower), 0).flatten(4)
    matrix = both.permute(4, 0, 2, 1, 3).reshape(count, 2 * channels, 2 * out)
    y = torch.bmm(left, matrix).reshape(shape.numel(), half, batch, 2, out)
    return y.permute(2, 4, 0, 3, 1).reshape(batch, out, *shape, 2 * half)
