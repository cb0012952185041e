"""Fourier primitives of the torch backend against formulas of their own, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from .build import C, F, S, prim, torus
from .test_primitives import Tensor, check


def test_fourier_transforms() -> None:
    """`rfft` and `irfft` are torch's, on odd and even grids, in each normalisation."""
    for axes in ((7,), (8,), (3, 6), (4, 5), (3, 4, 5)):
        X = torus(*axes)
        dims = tuple(range(1, len(axes) + 1))
        for norm in ("forward", "backward", "ortho"):
            check(
                prim("rfft", [F(X, 2)], [S(X, 2)], norm=norm),
                lambda u, n=norm, d=dims: torch.view_as_real(torch.fft.rfftn(u, dim=d, norm=n)),
            )
            check(
                prim("irfft", [S(X, 2)], [F(X, 2)], norm=norm),
                lambda z, n=norm, d=dims, s=axes: _irfft(z, s, d, n),
            )


def _irfft(z: Tensor, sizes: tuple[int, ...], dims: tuple[int, ...], norm: str) -> Tensor:
    """A complex inverse over all axes but the last, then a real one, which ignores the imaginary part at 0."""
    full = torch.view_as_complex(z.contiguous())
    for axis in dims[:-1]:
        full = torch.fft.ifft(full, dim=axis, norm=norm)
    real: Tensor = torch.fft.irfft(full, n=sizes[-1], dim=dims[-1], norm=norm)
    return real


def _centred(k: int) -> range:
    return range(-(k // 2), k - k // 2)


@pytest.mark.parametrize("axes", [(7,), (8,), (4, 7), (5, 6), (3, 4, 5)])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
def test_modes(axes: tuple[int, ...], k: int) -> None:
    """`low` keeps centred frequencies, zeros for what the grid lacks; `spread` puts them back, zeros elsewhere."""
    dim = len(axes)
    X = torus(*axes)
    kept = (*[k] * (dim - 1), k // 2 + 1)
    waves = [list(_centred(k))] * (dim - 1) + [list(range(k // 2 + 1))]

    def has(axis: int, wave: int) -> bool:
        n = axes[axis]
        return wave <= n // 2 if axis == dim - 1 else wave in _centred(n)

    def low(z: Tensor) -> Tensor:
        out = torch.zeros((2, *kept, 2), dtype=torch.float64)
        for index in np.ndindex(*kept):
            wave = [waves[axis][i] for axis, i in enumerate(index)]
            if all(has(axis, w) for axis, w in enumerate(wave)):
                out[(slice(None), *index)] = z[(slice(None), *wave)]
        return out

    def spread(z: Tensor) -> Tensor:
        out = torch.zeros((2, *axes[:-1], axes[-1] // 2 + 1, 2), dtype=torch.float64)
        for index in np.ndindex(*kept):
            wave = [waves[axis][i] for axis, i in enumerate(index)]
            if all(has(axis, w) for axis, w in enumerate(wave)):
                out[(slice(None), *wave)] = z[(slice(None), *index)]
        return out

    check(prim("low", [S(X, 2)], [C(2, *kept)], modes=(k,) * dim), low)
    check(prim("spread", [C(2, *kept)], [S(X, 2)], modes=(k,) * dim), spread)


def test_corners() -> None:
    """`corners` stacks blocks of first and last frequencies, `from_corners` puts them back, later ones over earlier."""
    X = torus(6, 5, 8)
    m = (2, 3, 4)

    def blocks(z: Tensor) -> Tensor:
        rows = []
        for number in range(4):
            x = slice(None, 2) if not number & 1 else slice(-2, None)
            y = slice(None, 3) if not number & 2 else slice(-3, None)
            rows.append(z[:, x, y, :4])
        return torch.stack(rows)

    def back(b: Tensor) -> Tensor:
        out = torch.zeros((2, 6, 5, 5, 2), dtype=torch.float64)
        for number in range(4):
            x = slice(None, 2) if not number & 1 else slice(-2, None)
            y = slice(None, 3) if not number & 2 else slice(-3, None)
            out[:, x, y, :4] = b[number]
        return out

    check(prim("corners", [S(X, 2)], [C(4, 2, *m)], modes=m), blocks)
    check(prim("from_corners", [C(4, 2, *m)], [S(X, 2)]), back)
