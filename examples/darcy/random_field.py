"""The coefficient of the Darcy problem: a two-valued random medium on the unit square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# cosines along each axis: the field is a fixed function, however fine the grid that it is read on
MODES = 128
# the permeability where the field is positive, and where it is not (Li et al. 2021, section 5.2)
HIGH, LOW = 12.0, 3.0
TAU = 3.0


def amplitudes(modes: int = MODES) -> Array:
    """Amplitudes of the cosine series of N(0, (-Laplace + 9 I)^-2) with zero Neumann conditions.

    Shape [modes, modes]. The eigenfunctions of the Laplacian are c_j c_k cos(pi j x) cos(pi k y), of unit norm
    when c_0 = 1 and c_k = sqrt(2); their coefficients are independent, of deviation 1 / (pi^2 (j^2 + k^2) + 9).
    The constant is one of them: the script that made the data of the paper leaves it out, its formula does not.
    """
    k = np.arange(modes, dtype=np.float64)
    norm = np.where(k == 0, 1.0, np.sqrt(2.0))
    deviation = 1.0 / (np.pi**2 * (k[:, None] ** 2 + k[None, :] ** 2) + TAU**2)
    return np.asarray(norm[:, None] * norm[None, :] * deviation, dtype=np.float64)


def coefficients(random: np.random.Generator, modes: int = MODES) -> Array:
    """The cosine coefficients of one draw of the field, [modes, modes]."""
    return amplitudes(modes) * random.standard_normal((modes, modes))


def evaluate(series: Array, resolution: int) -> Array:
    """The field of a cosine series at the centres of resolution^2 cells, [resolution, resolution].

    This is the inverse discrete cosine transform (DCT-III), written as two matrix products because the grid may be
    coarser than the series is long. The same series is the same function at every resolution; the values are exact.
    """
    centres = (np.arange(resolution) + 0.5) / resolution
    cosines = np.cos(np.pi * np.arange(series.shape[0])[:, None] * centres)
    return np.asarray(cosines.T @ series @ cosines, dtype=np.float64)


def medium(series: Array, resolution: int) -> Array:
    """The permeability a = 12 where the field is positive and 3 elsewhere, at cell centres."""
    return np.where(evaluate(series, resolution) > 0.0, HIGH, LOW)
