"""A text in, the same text laid out anew."""

from __future__ import annotations

from diagrammar.errors import DiagramSyntaxError
from diagrammar.grammar.layout.pieces import Pieces, take_apart
from diagrammar.grammar.layout.printing import printed
from diagrammar.grammar.lexer import Tokens, tokenize
from diagrammar.grammar.parser import parse
from diagrammar.source import Source

WIDTH = 120


def formatted(text: str, *, name: str = "text.dg", width: int = WIDTH) -> str:
    """The text, laid out as the examples are.

    Blanks, indents and the columns of comments are set anew, and lines of more than `width` columns are broken where
    they can be. Tokens and comments stay, and so do the author's line breaks, blank lines (one at a time) and columns.
    What is formatted twice is as it was formatted once. Raises DiagramSyntaxError for a text that cannot be read.

    >>> print(formatted("diagram f:R[3]->R[3]=sin>>cos # smooth"), end="")
    diagram f : R[3] -> R[3] = sin >> cos  # smooth
    """
    source = Source(name, text)
    parse(source)
    tokens = tokenize(source)
    pieces = take_apart(tokens)
    line_end = "\r\n" if pieces.line_end == "\r\n" else "\n"
    lines = printed(pieces, width)
    result = line_end.join([*lines, ""]) if lines else ""
    _keep(pieces, tokens, result)
    return result


def _keep(before: Pieces, tokens: Tokens, text: str) -> None:
    """A layout that would change what is read, or that could not be read again, is not given out."""
    again = tokenize(Source(f"{tokens.source.name}, formatted", text))
    if again.errors:
        raise again.errors[0]
    if (
        again.kinds == tokens.kinds
        and again.words == tokens.words
        and take_apart(again).comments() == before.comments()
    ):
        return
    pairs = enumerate(zip(again.kinds, again.words, tokens.kinds, tokens.words, strict=False))
    place = next((index for index, (kind, word, *was) in pairs if [kind, word] != was), 0)
    raise DiagramSyntaxError("the formatter would change what is read here, so the text stays", tokens.span(place))
