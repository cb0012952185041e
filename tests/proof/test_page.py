"""docs/proofs.md: its program is right, its Python runs, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.test_reference import of_kind, run

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block, on the file that it shows; what it prints is the block after it."""
    monkeypatch.chdir(tmp_path)
    (program,) = of_kind(PAGE, "dg")
    Path("laws.dg").write_text(program.text, encoding="utf-8")
    names: dict[str, object] = {}
    shown = 0
    for snippet in of_kind(PAGE, "python"):
        run(snippet.text, names)
        printed = capsys.readouterr().out
        assert printed == snippet.after, f"line {snippet.line}"
        shown += bool(printed)
    assert shown == 5
