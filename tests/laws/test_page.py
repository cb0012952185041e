"""The page on laws and its examples: they run, and print what they promise."""

from __future__ import annotations

import importlib.util
import runpy
from pathlib import Path

import pytest
import torch

import diagrammar as dg
from diagrammar.commands import main
from tests.language.test_reference import of_kind
from tests.pages import prints_what_it_shows, put

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "laws.md"
EXAMPLES = ROOT / "examples"


@pytest.fixture
def circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the page, in a folder of its own."""
    return put(PAGE, "circle.dg", tmp_path, monkeypatch)


def test_the_page_runs(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block on the file that it shows, and prints what stands below."""
    prints_what_it_shows(PAGE, capsys)


def test_the_report_begins_as_shown(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the report of the page."""
    assert main(["check", "circle.dg", "--jobs", "1", "--no-save"]) == 1
    shown = of_kind(PAGE, "text")[0].text
    assert shown in capsys.readouterr().out


def test_a_law_improves_what_is_learned() -> None:
    """With the law in the loss, or under a bound, the defect falls."""
    train = runpy.run_path(str(EXAMPLES / "laws_in_training.py"))["train"]
    _, without = train(lambda defect: 0.0 * defect, steps=60)
    _, with_it = train(lambda defect: 0.3 * defect, steps=60)
    assert with_it < without / 2


def test_our_spectral_convolution_keeps_what_is_low_on_every_grid() -> None:
    """From 8 to 129 points along an axis, on odd and even grids, within 1e-5 in float32."""
    text = "dim n\nspace X = torus(2)\ndiagram f : Field[X, 1] -> Field[X, 1] = fourier[16]"
    net = dg.compile(dg.loads(text)["f"])
    with torch.no_grad():
        weight = net.get_parameter("fourier.W")
        weight.copy_(torch.tensor([1.0, 0.0]).expand_as(weight))
    draw = torch.Generator().manual_seed(0)
    for n in range(8, 130):
        points = torch.arange(n) / n
        waves = torch.stack([torch.cos(2 * torch.pi * (k * points) + k) for k in range(4)])
        u = torch.einsum("an,ab,bm->nm", waves, torch.randn(4, 4, generator=draw), waves).unsqueeze(0)
        apart = (net(u) - u).detach().abs().max() / u.abs().max()
        assert apart < 1e-5, n


@pytest.mark.skipif(importlib.util.find_spec("neuralop") is None, reason="neuraloperator is not installed")
def test_the_laws_refute_the_shipped_convolution() -> None:
    """neuraloperator 2.0.0 breaks both laws on an odd grid, and ours keeps them."""
    example = runpy.run_path(str(EXAMPLES / "laws_find_a_bug.py"))
    module = dg.load(EXAMPLES / "laws_find_a_bug.dg")
    theirs = dg.check(module, boxes={"spectral": example["Theirs"]()}).outcomes
    assert [each.status for each in theirs] == ["refuted", "refuted"]
    for each in theirs:
        assert each.case is not None and each.case["sizes"]["X.0"] % 2 == 1
    assert dg.check(module, boxes={"spectral": example["ours"]()}).ok


def test_laws_of_a_wrong_convolution_are_refuted() -> None:
    """A convolution that undoes a shift of frequencies by the same shift is refuted, on the smallest odd grid."""

    def shifted(u: torch.Tensor) -> torch.Tensor:
        found = torch.fft.fftshift(torch.fft.fft2(u), dim=-2)
        result: torch.Tensor = torch.fft.ifft2(torch.fft.fftshift(found, dim=-2)).real
        return result

    report = dg.check(dg.load(EXAMPLES / "laws_find_a_bug.dg"), boxes={"spectral": shifted})
    assert [each.status for each in report.outcomes] == ["refuted", "refuted"]
    for each in report.outcomes:
        assert each.case is not None
        assert each.case["sizes"] == {"X.0": 9, "X.1": 8}
