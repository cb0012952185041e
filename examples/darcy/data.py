"""The data set of the demo: coefficient and solution pairs of Darcy flow, drawn, solved, checked and kept.

Every pair belongs to one continuous problem. Its field is drawn once, as a cosine series; its solution is computed
once, on a grid four times finer than the training grid. What the training grid (n) and the test grid (2n) see of
it are the permeability at their cell centres and the averages of that solution over their cells. So a network that
is trained at n and applied at 2n is asked for the same function, sampled more finely, and the two errors compare.
(On the nodes i/n instead of the cell centres, the gap across the edge of the torus would be 1/n at one resolution
and 1/(2n) at the other; a Fourier neural operator notices: its error at 2n was 1.8 times as large, against 1.1.)
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from examples.darcy.finite_volumes import average, solve
from examples.darcy.random_field import MODES, Array, coefficients, medium

# changes with the meaning of the numbers, so that an old cache is not taken for a new one
VERSION = 1
# the grid of the solver over the grid of the training
REFINEMENT = 4


@dataclass(frozen=True)
class Recipe:
    """All that decides the data: sample counts, the training resolution n, the seed."""

    train: int = 1000
    test: int = 100
    resolution: int = 32
    seed: int = 0
    modes: int = MODES
    refinement: int = REFINEMENT
    version: int = VERSION

    def key(self) -> str:
        """Twelve hexadecimal digits that differ when anything in the recipe does."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Darcy:
    """Coefficients a and solutions u at cell centres: training at n, the same test problems at n and at 2n."""

    train_a: Array
    train_u: Array
    test_a: Array
    test_u: Array
    fine_a: Array
    fine_u: Array


def sample(recipe: Recipe, stream: int, index: int) -> tuple[Array, Array, Array, Array]:
    """One problem at both resolutions: a [n, n], u [n, n], a [2n, 2n], u [2n, 2n].

    Each sample has its own random stream, so it depends neither on how many there are nor on who draws it.
    """
    series = coefficients(np.random.default_rng([recipe.seed, stream, index]), recipe.modes)
    n = recipe.resolution
    u = solve(medium(series, recipe.refinement * n))
    return medium(series, n), average(u, n), medium(series, 2 * n), average(u, 2 * n)


def generate(recipe: Recipe, advance: Callable[[], None] = lambda: None) -> Darcy:
    """Draws and solves all samples; calls `advance` after each."""
    jobs = [(0, index) for index in range(recipe.train)] + [(1, index) for index in range(recipe.test)]
    made = []
    # arrays of this size are too small to share: the threads of BLAS would cost several times what they save
    with threadpool_limits(limits=1, user_api="blas"):
        for job in jobs:
            made.append(sample(recipe, *job))
            advance()
    a, u, fine_a, fine_u = (np.stack(part) for part in zip(*made, strict=True))
    cut = recipe.train
    return Darcy(a[:cut], u[:cut], a[cut:], u[cut:], fine_a[cut:], fine_u[cut:])


def load(path: Path) -> Darcy | None:
    """The data kept at `path`; None where there is none, or where the file is not whole."""
    try:
        # opened here, because NumPy leaves a file open when it cannot read it
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return Darcy(**{field.name: kept[field.name] for field in fields(Darcy)})
    except (FileNotFoundError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError):
        return None


def save(data: Darcy, path: Path) -> None:
    """Keeps the data at `path`, whole or not at all: written beside it, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of this process alone: two runs at once each write their own, and the last one is kept
    beside = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
    try:
        np.savez_compressed(beside, **{field.name: getattr(data, field.name) for field in fields(Darcy)})
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def darcy(recipe: Recipe, folder: Path, advance: Callable[[], None] = lambda: None) -> tuple[Darcy, bool]:
    """The data of a recipe, and whether it was kept in `folder` already. Seconds the first time, then none."""
    path = folder / f"darcy-{recipe.key()}.npz"
    kept = load(path)
    if kept is not None:
        return kept, True
    data = generate(recipe, advance)
    save(data, path)
    return data, False
