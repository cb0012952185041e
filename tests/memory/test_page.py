"""The page on memory: what it shows is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagrammar.commands import main
from tests.language.test_reference import of_kind
from tests.pages import prints_what_it_shows, put

PAGE = Path(__file__).parents[2] / "docs" / "memory.md"


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the page, in a folder of its own."""
    return put(PAGE, "blocks.dg", tmp_path, monkeypatch)


def test_the_page_runs(blocks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block on the file that it shows, and prints what stands below."""
    prints_what_it_shows(PAGE, capsys)


def test_the_command_prints_the_table(blocks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command of the page prints the table below it."""
    for snippet in of_kind(PAGE, "sh"):
        assert main(snippet.text.split()[1:]) == 0
        assert capsys.readouterr().out == snippet.after


def test_the_command_as_json(blocks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures come whole, and words that are no memory are refused."""
    words = ["show", str(blocks), "net", "--backward", "-p", "X=8", "--json", "--memory"]
    assert main([*words, "recompute"]) == 0
    assert '"again": 5' in capsys.readouterr().out
    for wrong in ("most", "0", "1e99", "MB"):
        assert main([*words, wrong]) == 2
        assert "--memory takes" in capsys.readouterr().err
