"""The main job: learn the solution operator of Darcy flow with the operator that `examples/fno.dg` describes.

`make demo` runs it; `python -m examples.darcy.demo --help` lists its options. It generates the data, checks and
compiles the diagram, trains it, measures it at the training resolution and, as it is, at twice that resolution,
keeps the weights, reads them back, and leaves pictures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from torch import Tensor
from torch.nn.functional import interpolate

import diagrammar as dg
from diagrammar.backends.cost import table
from diagrammar.sizes import variables
from examples.darcy import pictures
from examples.darcy.data import Darcy, Recipe, darcy
from examples.darcy.random_field import Array
from examples.darcy.training import Curves, Plan, Scales, Surrogate, predict, relative_l2, train
from examples.darcy.weights import restore, save

OPERATOR = Path(__file__).parents[1] / "fno.dg"
# test samples in a picture
SHOWN = 3


@dataclass(frozen=True)
class Fields:
    """The data as the network reads it: tensors [samples, 1, n, n] in single precision."""

    train_a: Tensor
    train_u: Tensor
    test_a: Tensor
    test_u: Tensor
    fine_a: Tensor
    fine_u: Tensor

    @classmethod
    def of(cls, data: Darcy) -> Fields:
        """Single precision, and one channel."""
        return cls(*(torch.from_numpy(part).float().unsqueeze(1) for part in vars(data).values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the demo; gives its exit status: 1 if the weights that were read back predict something else."""
    options = _options(arguments)
    console = Console(highlight=False, soft_wrap=True)
    torch.set_num_threads(options.threads)
    out: Path = options.out
    recipe = Recipe(train=options.samples, test=options.test, resolution=options.resolution, seed=options.seed)
    fields = Fields.of(_data(console, recipe, out))

    fno = dg.load(OPERATOR)["fno"]
    _head(console, f"2  The operator: `fno` of {_shown(OPERATOR)}")
    n = recipe.resolution
    console.print(f"fno : {fno.dom} -> {fno.cod}\nIts types fit. One sample on a {n} x {n} grid costs:\n", markup=False)
    sizes = dict.fromkeys(variables(dg.cost(fno).flops), n)
    console.print(table(fno, sizes), markup=False)

    model = Surrogate(dg.compile(fno, seed=options.seed), Scales.of(fields.train_a, fields.train_u))
    curves = _train(console, model, Plan(epochs=options.epochs, seed=options.seed), fields)
    constant = _report(console, model, fields)

    kept = out / "fno.safetensors"
    save(model, kept)
    again = restore(dg.compile(fno, seed=options.seed + 1), kept)
    agree = all(torch.equal(predict(model, a), predict(again, a)) for a in (fields.test_a, fields.fine_a))
    _head(console, "5  The weights, saved and read back into a network of another seed")
    console.print("All predictions agree bit for bit." if agree else "[bold red]The predictions differ.[/]")

    diagram = [out / "fno.svg", out / "fno.png"]
    for path in diagram:
        fno.draw(path, title="fno")
    made = [kept, *diagram, *_draw(out, again, fields, curves, constant)]
    _head(console, "6  What is in the folder now")
    for path in made:
        console.print(f"  {_shown(path)}", markup=False)
    _next(console)
    return 0 if agree else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.darcy.demo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--samples", type=_positive, default=1000, help="training samples (1000)")
    parser.add_argument("--test", type=_positive, default=100, help="test samples (100)")
    parser.add_argument("--epochs", type=_positive, default=12, help="passes over the training samples (12)")
    parser.add_argument("--resolution", type=_positive, default=32, help="cells along a side in training (32)")
    parser.add_argument("--seed", type=int, default=0, help="of the data, the weights and the order of the samples (0)")
    parser.add_argument("--threads", type=_positive, default=1, help="cores for torch (1)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for all results (out)")
    parser.add_argument("--quick", action="store_true", help="a look in seconds: 200 samples, 5 epochs")
    options = parser.parse_args(arguments)
    if options.quick:
        options.samples, options.test, options.epochs = min(options.samples, 200), min(options.test, 20), 5
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def _data(console: Console, recipe: Recipe, out: Path) -> Darcy:
    _head(console, "1  The data: -div(a grad u) = 1 on the unit square, u = 0 on its boundary")
    total, n = recipe.train + recipe.test, recipe.resolution
    began = time.perf_counter()
    with _progress(console) as progress:
        task = progress.add_task("solving", total=total, note="")
        data, kept = darcy(recipe, out, lambda: progress.advance(task))
        progress.update(task, completed=total)
    spent = f"solved in {time.perf_counter() - began:.0f} s, every residual below 1e-10"
    console.print(
        f"{recipe.train} samples to train on at {n} x {n}, {recipe.test} to test at that and at {2 * n} x {2 * n}:"
    )
    console.print("kept from an earlier run" if kept else spent)
    return data


def _train(console: Console, model: Surrogate, plan: Plan, fields: Fields) -> Curves:
    weights = sum(weight.numel() for weight in model.parameters())
    _head(console, f"3  Training: {weights:,} numbers, {plan.epochs} epochs")
    curves = Curves()
    began = time.perf_counter()
    with _progress(console) as progress:
        task = progress.add_task("training", total=plan.epochs * -(-len(fields.train_a) // plan.batch), note="")

        def after(epoch: int, error: float) -> None:
            curves.train.append(error)
            curves.test.append(_error(model, fields.test_a, fields.test_u))
            curves.fine.append(_error(model, fields.fine_a, fields.fine_u))
            progress.update(task, note=f"epoch {epoch + 1}: training {error:.2%}, test {curves.test[-1]:.2%}")

        train(model, plan, fields.train_a, fields.train_u, after, lambda: progress.advance(task))
    console.print(f"trained in {time.perf_counter() - began:.0f} s")
    return curves


def _error(model: Surrogate, a: Tensor, u: Tensor) -> float:
    return relative_l2(predict(model, a), u).mean().item()


def _report(console: Console, model: Surrogate, fields: Fields) -> float:
    """Prints the errors; gives that of the best constant predictor, the mean of the training solutions."""
    _head(console, "4  Mean relative L2 error on test samples")
    mean = fields.train_u.mean(dim=0, keepdim=True)
    n = mean.shape[-1]
    # bilinear between cell centres
    finer = interpolate(mean, scale_factor=2.0, mode="bilinear", align_corners=False)
    grid = Table(box=None, pad_edge=False)
    for name in ("grid", "fno", "best constant predictor"):
        grid.add_column(name, justify="left" if name == "grid" else "right")
    errors, constants = [], []
    for a, u, guess in ((fields.test_a, fields.test_u, mean), (fields.fine_a, fields.fine_u, finer)):
        errors.append(_error(model, a, u))
        constants.append(relative_l2(guess.expand_as(u), u).mean().item())
    grid.add_row(f"{n} x {n}, as trained", f"{errors[0]:.2%}", f"{constants[0]:.1%}")
    grid.add_row(f"{2 * n} x {2 * n}, never trained on", f"{errors[1]:.2%}", f"{constants[1]:.1%}")
    console.print(grid)
    console.print(f"On the finer grid the error is {errors[1] / errors[0]:.2f} times as large.")
    return constants[0]


def _draw(out: Path, model: Surrogate, fields: Fields, curves: Curves, constant: float) -> list[Path]:
    n = fields.test_a.shape[-1]
    made = [out / "loss.png"]
    pictures.loss_curve(made[0], curves.train, curves.test, curves.fine, constant, n)
    for a, u, what in (
        (fields.test_a, fields.test_u, "as trained"),
        (fields.fine_a, fields.fine_u, "never trained on"),
    ):
        a, u = a[:SHOWN], u[:SHOWN]
        guess = predict(model, a)
        made.append(out / f"samples_{a.shape[-1]}.png")
        title = f"Darcy flow on {a.shape[-1]} x {a.shape[-1]} cells, {what}"
        pictures.samples(made[-1], _array(a), _array(u), _array(guess), relative_l2(guess, u).double().numpy(), title)
    return made


def _array(fields: Tensor) -> Array:
    return fields[:, 0].double().numpy()


def _next(console: Console) -> None:
    console.print(
        "\nWhat to try next:\n"
        '  make demo ARGS="--epochs 40"                  a longer training\n'
        '  make demo ARGS="--resolution 48 --seed 1"     other data\n'
        "  change `layer` or `width` in examples/fno.dg, and run it again\n"
        "  .venv/bin/diagrammar show examples/fno.dg     its boxes, weights and costs\n"
        "  .venv/bin/diagrammar compile examples/fno.dg  its PyTorch source",
        markup=False,
    )


def _head(console: Console, text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def _shown(path: Path) -> str:
    """A path as seen from the current folder, where it is inside it."""
    full, here = path.resolve(), Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else os.fspath(path)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[note]}"), console=console)


if __name__ == "__main__":
    sys.exit(main())
