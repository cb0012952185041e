"""What an editor sends while a file is being typed: every token prefix is read, and at worst reported."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import diagrammar as dg
from diagrammar.grammar.lexer import tokenize
from diagrammar.source import Source

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.dg"))
STD = sorted((Path(dg.__file__).parent / "std").glob("*.dg"))
# prefixes read of one file; of a longer file every so many, the last ones always
MOST = 1000


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
    start = time.process_time()
    try:
        dg.loads(text)
    except dg.DiagrammarError as error:
        # what is reported can be shown
        assert error.render()
        for each in error.errors if isinstance(error, dg.Diagnostics) else (error,):
            assert each.span is not None, each.render()
            assert each.span.start <= each.span.end <= len(each.span.source.text) + 1
    return time.process_time() - start


@pytest.mark.heavy
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_prefixes_of_an_example(path: Path) -> None:
    """Every prefix of an example gives a module or an error with its place, within two seconds."""
    assert max(map(read, prefixes(path.read_text(encoding="utf-8")))) < 2


@pytest.mark.heavy
@pytest.mark.parametrize("path", STD, ids=lambda path: path.stem)
def test_prefixes_of_the_library(path: Path) -> None:
    """Every prefix of a file of the library gives a module or an error with its place, within two seconds."""
    assert max(map(read, prefixes(path.read_text(encoding="utf-8")))) < 2


# a user may not declare boxes whose type follows from their arguments
OWN = ("attention", "derivatives", "field", "primitives", "transposes")


@pytest.mark.parametrize("name", [path.stem for path in STD if path.stem not in OWN])
def test_the_library_is_files_like_any_other(name: str) -> None:
    """A file of the library loads as a file of a user: what it declares shadows what needs no import."""
    module = dg.loads((STD[0].parent / f"{name}.dg").read_text(encoding="utf-8"))
    assert module.declarations


def test_a_generic_split_into_heads() -> None:
    """`heads_of` of the library is a diagram that a user may write."""
    dg.loads('diagram cut[h, n, d] : R[n, d] -> R[h, n, d / h] = rearrange["n (h d) -> h n d", h = h]')


@pytest.mark.heavy
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_lines_left_out(path: Path) -> None:
    """An example with any one line left out gives a module or an error with its place."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for k in range(len(lines)):
        assert read("".join(lines[:k] + lines[k + 1 :])) < 2
