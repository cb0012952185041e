"""The page on the strategies: its snippets run, and print what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.test_reference import of_kind, run
from tests.pages import put

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block, on the file that it shows."""
    put(PAGE, "net.dg", tmp_path, monkeypatch)
    names: dict[str, object] = {}
    for snippet in of_kind(PAGE, "python"):
        run(snippet.text, names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Field[X, 3] -> Field[X, 3] [layer]", "[both, both]"]
    assert lines[2:4] == ["24", "(3, 1)"]
    assert lines[4].startswith("Field[Y")
