"""The page on the strategies: its snippets run, and print what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.test_reference import of_kind, run

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block, on the file that it shows."""
    monkeypatch.chdir(tmp_path)
    (program,) = of_kind(PAGE, "dg")
    Path("net.dg").write_text(program.text, encoding="utf-8")
    names: dict[str, object] = {}
    for snippet in of_kind(PAGE, "python"):
        run(snippet.text, names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Field[X, 3] -> Field[X, 3] [layer]", "[both, both]"]
    assert lines[2:4] == ["24", "(3, 1)"]
    assert lines[4].startswith("Field[Y")
