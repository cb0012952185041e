"""The page on derivatives and the README's section: what they show is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

import diagrammar as dg
from diagrammar.commands import main
from tests.language.test_reference import of_kind
from tests.pages import prints_what_it_shows, put

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "derivatives.md"


@pytest.fixture
def circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first file of the page, in a folder of its own."""
    return put(PAGE, "circle.dg", tmp_path, monkeypatch)


def test_the_page_runs(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block on the file that it shows, and prints what stands below."""
    prints_what_it_shows(PAGE, capsys)


def test_its_files_hold(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files of the page are checked, with their laws."""
    for snippet in of_kind(PAGE, "dg"):
        circle.write_text(snippet.text, encoding="utf-8")
        assert main(["check", str(circle), "--jobs", "1", "--no-save", "--examples", "20"]) == 0, capsys.readouterr()


def test_its_picture_is_current(circle: Path) -> None:
    """The picture is the one that is drawn now: arguments as in a file, boxes of the library closed."""
    picture = dg.vjp(dg.load(circle)["layer"]).draw().svg()
    assert (ROOT / "docs" / "pictures" / "layer_vjp.svg").read_text(encoding="utf-8") == picture


def test_the_error_is_as_shown() -> None:
    """A box without a rule is told as on the page."""
    text = "box g : R[3] -> R\ndiagram f(u : R[3]) -> R[3] { return grad[x -> g(x)](u) }"
    with pytest.raises(dg.DerivativeError) as caught:
        dg.loads(text)
    assert caught.value.render() == of_kind(PAGE, "text")[-1].text.rstrip("\n")


def test_the_readme_shows_the_derivative_of_a_layer(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints what stands in the README, in at most forty lines that check accepts."""
    assert main(["diff", str(ROOT / "examples" / "fno.dg"), "layer", "--vjp"]) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) <= 40
    assert shown in [snippet.text for snippet in of_kind(ROOT / "README.md", "text")]
    dg.loads(shown)
