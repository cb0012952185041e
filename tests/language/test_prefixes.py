"""What an editor sends while a file is being typed: every token prefix is read, and at worst reported."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

import diagrammar as dg
from diagrammar.grammar.lexer import tokenize
from diagrammar.source import Source

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.dg"))
STD = sorted((ROOT / "diagrammar" / "std").glob("*.dg"))
# prefixes read of one file; of a longer file every so many, the last ones always
MOST = 250


def token_ends(text: str) -> list[int]:
    """Where each token of a text ends."""
    tokens = tokenize(Source("t.dg", text))
    return [start + len(word) for start, word in zip(tokens.starts, tokens.words, strict=True)]


def prefixes(text: str) -> list[str]:
    """Prefixes that end with a token: all of them, or evenly chosen ones and the last ten."""
    ends = sorted({end for end in token_ends(text) if end <= len(text)})
    step = -(-len(ends) // MOST)
    return [text[:end] for end in (*ends[::step], *ends[-10:])]


def read(text: str) -> float:
    """Seconds that reading a text takes, whether it is right or wrong; anything but a DiagrammarError gets out."""
    start = time.perf_counter()
    try:
        dg.loads(text)
    except dg.DiagrammarError as error:
        # what is reported can be shown
        assert error.render()
        for each in error.errors if isinstance(error, dg.Diagnostics) else (error,):
            assert each.span is not None, each.render()
            assert each.span.start <= each.span.end <= len(each.span.source.text) + 1
    return time.perf_counter() - start


def own(text: str) -> str:
    """A file of the library as a user's: its names with a prime, so that they are not those of the library."""
    names = re.findall(r"^(?:diagram|box)\s+(\w+)", text, re.MULTILINE)
    return re.sub(rf"(?<![\w\"])({'|'.join(names)})(?![\w\"'=]|\s*=)", r"\1'", text) if names else text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_prefixes_of_an_example(path: Path) -> None:
    """Every prefix of an example gives a module or an error with its place, within two seconds."""
    assert max(map(read, prefixes(path.read_text(encoding="utf-8")))) < 2


@pytest.mark.parametrize("path", STD, ids=lambda path: path.stem)
def test_prefixes_of_the_library(path: Path) -> None:
    """Every prefix of a file of the library gives a module or an error with its place, within two seconds."""
    assert max(map(read, prefixes(path.read_text(encoding="utf-8")))) < 2


@pytest.mark.parametrize("path", [p for p in STD if p.stem != "primitives"], ids=lambda path: path.stem)
def test_the_library_is_files_like_any_other(path: Path) -> None:
    """A file of the library loads as a file of a user: what it declares shadows what needs no import."""
    module = dg.loads(path.read_text(encoding="utf-8"))
    assert module.declarations


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_lines_left_out(path: Path) -> None:
    """An example with any one line left out gives a module or an error with its place."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for k in range(len(lines)):
        assert read("".join(lines[:k] + lines[k + 1 :])) < 2
