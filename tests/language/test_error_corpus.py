"""The corpus of wrong files, read as a user reads a file: each says in its first lines what is reported, and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import diagrammar as dg

CORPUS = sorted((Path(__file__).parents[1] / "corpus" / "error").glob("*.dg"))
EXPECT = re.compile(r"# expect: (\d+:\d+) (.+)")


def expected(path: Path) -> list[tuple[str, str]]:
    """The places and messages of the first lines of a file."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = EXPECT.fullmatch(line)
        if match is None:
            break
        found.append((match[1], match[2]))
    return found


@pytest.mark.parametrize(
    "path", [path for path in CORPUS if not path.name.startswith("syntax_")], ids=lambda path: path.stem
)
def test_a_wrong_file_is_reported_as_it_says(path: Path) -> None:
    """The errors are those of the `# expect: LINE:COL message` lines: as many, in order, at these places."""
    want = expected(path)
    assert want, "the file says what to expect"
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.load(path)
    errors = caught.value.errors if isinstance(caught.value, dg.Diagnostics) else (caught.value,)
    found = [(str(error.span).removeprefix(f"{path}:"), error.message) for error in errors]
    assert [place for place, _ in found] == [place for place, _ in want], caught.value.render()
    for (_, message), (_, part) in zip(found, want, strict=True):
        assert part in message


@pytest.mark.parametrize("path", CORPUS[::7], ids=lambda path: path.stem)
def test_a_report_shows_the_place(path: Path) -> None:
    """A rendered report starts with `file:line:col` and shows the line of the file with carets under it."""
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.load(path)
    place, _ = expected(path)[0]
    lines = caught.value.render().splitlines()
    assert lines[0].startswith(f"{path}:{place}: ")
    number = place.partition(":")[0]
    assert lines[1] == f"   {number} | {path.read_text(encoding='utf-8').splitlines()[int(number) - 1]}"
    assert "^" in lines[2]


def test_the_corpus_is_large() -> None:
    """It holds at least sixty files, and of syntax, names, types, values, imports and budgets each at least five."""
    assert len(CORPUS) >= 60
    for kind in ("syntax", "name", "type", "value", "import", "budget"):
        assert sum(path.name.startswith(kind) for path in CORPUS) >= 5, kind
