"""Darcy flow -div(a grad u) = f on the unit square, u = 0 on its boundary, by finite volumes."""

from __future__ import annotations

import numpy as np
from scipy.fft import dstn, idstn
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, cg

from examples.darcy.random_field import Array

# the largest relative residual |A u - f| / |f| of a system that counts as solved
TOLERANCE = 1e-10


def system(a: Array) -> csr_array:
    """The matrix of the scheme for a permeability at the centres of n by n cells: [n^2, n^2], symmetric, an M-matrix.

    The flux through a face is the difference of the two cell values over their distance 1/n, times the harmonic
    average of the two permeabilities, which is exact in one dimension for a jump at the face. A face on the boundary
    is half a cell away from its only neighbour. (Eymard, Gallouet, Herbin, Finite Volume Methods, 2000, section 11.)
    """
    n = a.shape[0]
    west = np.zeros((n + 1, n))
    west[1:-1] = 2.0 * a[1:] * a[:-1] / (a[1:] + a[:-1])
    west[0], west[-1] = 2.0 * a[0], 2.0 * a[-1]
    south = np.zeros((n, n + 1))
    south[:, 1:-1] = 2.0 * a[:, 1:] * a[:, :-1] / (a[:, 1:] + a[:, :-1])
    south[:, 0], south[:, -1] = 2.0 * a[:, 0], 2.0 * a[:, -1]
    diagonal = (west[1:] + west[:-1] + south[:, 1:] + south[:, :-1]).ravel()
    across = -west[1:-1].ravel()
    along = np.zeros((n, n))
    along[:, :-1] = -south[:, 1:-1]
    beside = along.ravel()[:-1]
    bands = [diagonal, across, across, beside, beside]
    return csr_array(diags_array(bands, offsets=[0, n, -n, 1, -1]) * float(n * n))  # type: ignore[arg-type]  # typed for lists


def poisson(n: int) -> LinearOperator:
    """The inverse of the scheme for a = 1, by fast sine transforms (DST-II): [n^2, n^2], symmetric, positive."""
    frequency = np.arange(1, n + 1)
    eigenvalue = (2.0 * n * np.sin(np.pi * frequency / (2.0 * n))) ** 2
    inverse = 1.0 / (eigenvalue[:, None] + eigenvalue[None, :])

    def apply(residual: Array) -> Array:
        return np.asarray(idstn(dstn(residual.reshape(n, n), 2) * inverse, 2), dtype=np.float64).ravel()

    return LinearOperator((n * n, n * n), matvec=apply, dtype=np.float64)


def solve(a: Array, f: Array | float = 1.0) -> Array:
    """The cell averages of the solution, [n, n], for a permeability `a` and a source `f` given at cell centres.

    Conjugate gradients, with the constant medium as the preconditioner: the condition number is at most max a / min a
    on every grid, 4 for the media here, hence 30 steps. The error is second order in 1/n where `a` is smooth. Raises
    ArithmeticError if the relative residual of the system is above 1e-10: what is returned has been checked.
    """
    n = a.shape[0]
    matrix = system(a)
    source = np.broadcast_to(np.asarray(f, dtype=np.float64), a.shape).ravel()
    u, _ = cg(matrix, source, rtol=TOLERANCE / 100.0, atol=0.0, M=poisson(n))
    residual = float(np.linalg.norm(matrix @ u - source) / np.linalg.norm(source))
    if not residual <= TOLERANCE:
        raise ArithmeticError(f"the residual of a Darcy system is {residual:.1e}, more than {TOLERANCE:.0e}")
    return np.asarray(u.reshape(a.shape), dtype=np.float64)


def average(u: Array, resolution: int) -> Array:
    """Cell averages on a coarser grid, [resolution, resolution]: the mean over the fine cells of each coarse one."""
    ratio = u.shape[0] // resolution
    return np.asarray(u.reshape(resolution, ratio, resolution, ratio).mean(axis=(1, 3)), dtype=np.float64)
