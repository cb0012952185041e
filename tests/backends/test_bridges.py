"""The page on the bridges and their examples: they run, and print what they promise."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import diagrammar as dg
from tests.language.test_reference import of_kind, run

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "bridges.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block, on the file that it shows."""
    monkeypatch.chdir(tmp_path)
    (program,) = of_kind(PAGE, "dg")
    Path("net.dg").write_text(program.text, encoding="utf-8")
    names: dict[str, object] = {}
    for snippet in of_kind(PAGE, "python"):
        run(snippet.text, names)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "block >> repeat >> linear"
    assert second.split().count("einsum") == 3


def ran(name: str) -> dict[str, str]:
    """What an example prints, by what stands before the colon."""
    done = subprocess.run([sys.executable, f"examples/{name}"], capture_output=True, text=True, check=True, cwd=ROOT)
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in done.stdout.splitlines())}


def test_the_functor_by_hand_agrees_with_the_module() -> None:
    """The example runs, and its functor gives the numbers of the compiled module, on other networks too."""
    printed = ran("discopy_functor.py")
    assert printed["by the functor"] == printed["by the compiled module"]
    assert printed["back again, the same"] == "True"
    meaning = runpy.run_path(str(ROOT / "examples" / "discopy_functor.py"))["meaning"]
    text = "diagram f : R[5] -> R[3] = residual[linear >> gelu >> linear] >> linear[b = 7] >> gelu >> linear"
    diagram = dg.loads(text)["f"]
    net = dg.compile(diagram, seed=3, dtype=torch.float64)
    x = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(meaning(net)(dg.to_discopy(diagram))(x), net(x), rtol=1e-10, atol=1e-10)


def test_the_questions_have_answers() -> None:
    """The example runs; everything passes the three parts of the operator, and a smoothing step is cut at two wires."""
    printed = ran("networkx_questions.py")
    assert printed["everything passes"] == "layer >> repeat >> pointwise"
    assert printed["to cut smooth"].count("Field[X / 2") == 2
    assert "convolution" in printed["on the longest way"]
    assert printed["back again, the same"] == "True"
