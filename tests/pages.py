"""Pages of docs/ whose Python goes on from block to block, on a file that the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.test_reference import of_kind, run


def put(page: Path, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first file of a page, in a folder of its own that is the current one now."""
    monkeypatch.chdir(folder)
    path = Path(name)
    path.write_text(of_kind(page, "dg")[0].text, encoding="utf-8")
    return path


def prints_what_it_shows(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each block of Python, run after those before it, prints what stands below it."""
    names: dict[str, object] = {}
    for snippet in of_kind(page, "python"):
        run(snippet.text, names)
        assert capsys.readouterr().out == snippet.after
