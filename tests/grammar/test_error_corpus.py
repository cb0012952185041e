"""The corpus of wrong files: each says in its first lines what is to be reported, and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagrammar.errors import Diagnostics, DiagrammarError
from diagrammar.grammar import parse
from diagrammar.source import Source

CORPUS = sorted((Path(__file__).parents[1] / "corpus" / "error").glob("syntax_*.dg"))
EXPECT = re.compile(r"# expect: (\d+:\d+) (.+)")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_wrong_file_is_reported_as_it_says(path: Path) -> None:
    """The errors are those of the `# expect: LINE:COL message` lines: as many, in order, at these places."""
    text = path.read_text(encoding="utf-8")
    expected = []
    for line in text.splitlines():
        match = EXPECT.fullmatch(line)
        if match is None:
            break
        expected.append((match[1], match[2]))
    assert expected, "the file says what to expect"
    with pytest.raises(DiagrammarError) as caught:
        parse(Source(path.name, text))
    errors = caught.value.errors if isinstance(caught.value, Diagnostics) else (caught.value,)
    places = [":".join(map(str, error.span.source.place(error.span.start))) for error in errors if error.span]
    assert places == [place for place, _ in expected]
    for error, (_, message) in zip(errors, expected, strict=True):
        assert message in error.message


def test_the_corpus_is_not_empty() -> None:
    """At least twenty-five wrong files are held."""
    assert len(CORPUS) >= 25
