"""docs/proofs.md: its program is right, its Python runs, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.test_reference import of_kind
from tests.pages import prints_what_it_shows, put

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its Python goes on from block to block, on the file that it shows; what it prints is the block after it."""
    put(PAGE, "laws.dg", tmp_path, monkeypatch)
    prints_what_it_shows(PAGE, capsys)
    assert sum(bool(snippet.after) for snippet in of_kind(PAGE, "python")) == 5
