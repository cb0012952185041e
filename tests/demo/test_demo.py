"""The demo from end to end, on a problem of seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import diagrammar as dg
from examples.darcy.demo import OPERATOR, main
from examples.darcy.training import Plan, Scales, Surrogate, predict, relative_l2, train
from examples.darcy.weights import restore, save


def test_the_demo_runs_and_leaves_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All its parts, on 8 samples: it ends well, prints costs and errors, and names the files that are there."""
    threads = torch.get_num_threads()
    try:
        words = "--samples 8 --test 4 --epochs 2 --resolution 12 --out"
        assert main([*words.split(), str(tmp_path)]) == 0
    finally:
        torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    for part in (
        "every residual below 1e-10",
        "696,833",
        "12 x 12, as trained",
        "24 x 24, never trained on",
        "bit for bit",
    ):
        assert part in printed
    made = {"fno.safetensors", "fno.svg", "fno.png", "loss.png", "samples_12.png", "samples_24.png"}
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".npz"} == made
    assert all(name in printed for name in made)


def test_weights_and_scales_come_back_as_they_were(tmp_path: Path) -> None:
    """A network compiled from another seed predicts the same, bit for bit, once it has read the weights."""
    fno = dg.load(OPERATOR, width=4, depth=2)["fno"]
    a = torch.rand(3, 1, 12, 12)
    model = Surrogate(dg.compile(fno, seed=0), Scales(0.1, 1 / 3, 2e-17, 7.0))
    other = dg.compile(fno, seed=1)
    assert not torch.equal(predict(model, a), predict(Surrogate(other, model.scales), a))
    save(model, tmp_path / "w.safetensors")
    again = restore(other, tmp_path / "w.safetensors")
    assert again.scales == model.scales
    assert torch.equal(predict(model, a), predict(again, a))
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_the_relative_error_has_no_scale() -> None:
    """Nothing for the truth, one for nothing, and the same in other units."""
    u = torch.rand(3, 1, 5, 5, dtype=torch.float64)
    v = torch.rand(3, 1, 5, 5, dtype=torch.float64)
    assert relative_l2(u, u).tolist() == [0, 0, 0]
    torch.testing.assert_close(relative_l2(0 * u, u), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(relative_l2(7 * v, 7 * u), relative_l2(v, u))


def test_training_learns_and_repeats_itself() -> None:
    """An affine map is learned; two runs of one seed are one run."""
    a = torch.rand(40, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    u = 3 * a + 1
    runs = []
    for _ in range(2):
        net = nn.Conv2d(1, 1, 1)
        nn.init.zeros_(net.weight)
        assert net.bias is not None
        nn.init.zeros_(net.bias)
        errors: list[float] = []

        def after(_: int, error: float, errors: list[float] = errors) -> None:
            errors.append(error)

        train(Surrogate(net, Scales.of(a, u)), Plan(epochs=30, rate=0.1), a, u, after, lambda: None)
        runs.append(errors)
    assert runs[0] == runs[1]
    assert runs[0][-1] < 0.01 < runs[0][0]
