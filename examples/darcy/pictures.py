"""Pictures of a run: the errors over the epochs, and coefficient, truth, prediction and error of some samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from examples.darcy.random_field import HIGH, LOW, Array

# before what draws is imported: to files alone, no screen is needed or looked for
matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

_STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 150,
    "savefig.bbox": "tight",
}


def loss_curve(path: Path, train: list[float], test: list[float], fine: list[float], constant: float, n: int) -> None:
    """Mean relative L2 errors by epoch, in per cent, on a logarithmic axis.

    `constant` is the error of the best constant predictor, `n` the training resolution.
    """
    epochs = np.arange(1, len(train) + 1)
    with plt.style.context(_STYLE):
        figure, axes = plt.subplots(figsize=(6.4, 4.0))
        axes.axhline(100 * constant, color="0.6", linestyle=":", label="best constant predictor")
        axes.plot(epochs, 100 * np.asarray(train), color="0.35", label=f"training, {n} x {n}")
        axes.plot(epochs, 100 * np.asarray(test), "o-", color="#2b6ca3", markersize=4, label=f"test, {n} x {n}")
        label = f"test, {2 * n} x {2 * n}, never trained on"
        axes.plot(epochs, 100 * np.asarray(fine), "s--", color="#c8553d", markersize=4, label=label)
        axes.set_yscale("log")
        axes.set_ylim(bottom=1.0 if min(train + test + fine) > 0.01 else None)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
        axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g} %" if f"{value:g}"[0] in "25" else "")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        axes.set_title("Relative L2 error of the Darcy solution operator", loc="left")
        axes.grid(axis="y", color="0.92")
        axes.legend(frameon=False)
        _write(figure, path)


def samples(path: Path, a: Array, truth: Array, guess: Array, errors: Array, title: str) -> None:
    """One row a sample, [S, n, n] each: coefficient, truth, prediction and their difference; `errors` is [S]."""
    rows = len(a)
    with plt.style.context(_STYLE):
        figure, grid = plt.subplots(rows, 4, figsize=(11.0, 2.55 * rows + 0.5), layout="constrained", squeeze=False)
        figure.suptitle(title, fontsize=12)
        for row, axes in enumerate(grid):
            top = float(max(truth[row].max(), guess[row].max()))
            difference = guess[row] - truth[row]
            widest = float(np.abs(difference).max())
            _field(figure, axes[0], a[row], "cividis", 0.0, HIGH, [LOW, HIGH])
            _field(figure, axes[1], truth[row], "viridis", 0.0, top)
            _field(figure, axes[2], guess[row], "viridis", 0.0, top)
            _field(figure, axes[3], difference, "RdBu_r", -widest, widest)
            axes[3].set_xlabel(f"relative L2 error {errors[row]:.1%}")
        for axes, name in zip(grid[0], ("coefficient a", "truth u", "prediction", "prediction - truth"), strict=True):
            axes.set_title(name)
        _write(figure, path)


def _field(
    figure: Figure, axes: Axes, values: Array, colours: str, low: float, high: float, ticks: list[float] | None = None
) -> None:
    """The first index of a field is x, to the right; the second is y, upwards."""
    image = axes.imshow(values.T, origin="lower", extent=(0, 1, 0, 1), cmap=colours, vmin=low, vmax=high)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    numbers = ScalarFormatter(useMathText=True)
    numbers.set_powerlimits((-2, 3))
    bar = figure.colorbar(image, ax=axes, shrink=0.85, pad=0.02, format=numbers, ticks=ticks)
    bar.outline.set_visible(False)


def _write(figure: Figure, path: Path) -> None:
    """Whole or not at all."""
    beside = path.with_name(f"{path.stem}.part{path.suffix}")
    figure.savefig(beside)
    beside.replace(path)
    plt.close(figure)
