"""What is asked of any text: it is read or refused, and what is read keeps the laws."""

from __future__ import annotations

from itertools import islice

import diagrammar as dg
from diagrammar.errors import Diagnostics
from diagrammar.reading import decode
from tests.fuzz.messy import comments_of, same_tokens

# of a text with many diagrams so many are looked at in full
MOST = 4


def judge(data: bytes | str, *, thorough: bool = True) -> bool:
    """Whether a text is read. Anything but a DiagrammarError with its place gets out, and so does a broken law.

    `thorough` asks for the laws too: diagrams print and read back, are well formed, cost something, their source is
    Python, and the formatter keeps the tokens.
    """
    try:
        text = decode(data, "fuzz.dg") if isinstance(data, bytes) else data
    except dg.DiagrammarError as error:
        shown(error)
        return False
    if thorough:
        laid_out(text)
    try:
        module = dg.loads(text)
    except dg.DiagrammarError as error:
        shown(error)
        return False
    if thorough:
        for name in islice(module, MOST):
            kept(module[name], name)
    return True


def shown(error: dg.DiagrammarError) -> None:
    """An error has a report, and a place in its text."""
    assert error.render()
    for each in error.errors if isinstance(error, Diagnostics) else (error,):
        assert each.message
        assert each.span is not None, each.render()
        assert 0 <= each.span.start <= each.span.end <= len(each.span.source.text) + 1, each.render()


def laid_out(text: str) -> None:
    """A text without syntax errors is laid out, once for all, with its tokens and comments."""
    try:
        result = dg.formatted(text)
    except dg.DiagramSyntaxError as error:
        assert "the formatter would" not in error.message, error
        return
    except Diagnostics:
        return
    assert same_tokens(text, result)
    assert comments_of(text.removeprefix("\ufeff")) == comments_of(result)
    assert dg.formatted(result) == result


def kept(diagram: dg.Diagram, name: str) -> None:
    """The laws of a diagram."""
    dg.verify(diagram)
    text = str(diagram)
    again = dg.loads(text)[name]
    assert dg.same(again, diagram), text
    assert str(again) == text
    for ask in (dg.cost, _source):
        try:
            ask(diagram)
        except dg.DiagrammarError as error:
            # a box without a meaning, an input whose size nothing shows
            assert error.render()


def _source(diagram: dg.Diagram) -> None:
    compile(dg.emit(diagram), "source", "exec")
