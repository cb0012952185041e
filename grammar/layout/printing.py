"""The lines of a text, put together."""

from __future__ import annotations

from itertools import pairwise

from diagrammar.grammar.layout.breaking import break_long
from diagrammar.grammar.layout.columns import aligned, comment_columns
from diagrammar.grammar.layout.indents import Indents
from diagrammar.grammar.layout.pieces import Pieces
from diagrammar.grammar.layout.spacing import spaces
from diagrammar.grammar.lexer import DOC, KIND

_OPENERS = frozenset(KIND[sign] for sign in "([{")
_CLOSERS = frozenset(KIND[sign] for sign in ")]}")
_CURLY = KIND["{"]


def printed(pieces: Pieces, width: int) -> list[str]:
    """The lines of these tokens, set anew."""
    gaps = spaces(pieces)
    indents = _indents(pieces, gaps, width)
    last = len(pieces.kinds) - 1
    firsts = [index for index in range(last) if pieces.newline[index]]
    ends = dict(zip(firsts, [*firsts[1:], last], strict=False))
    more = aligned(pieces, gaps, _runs(pieces, indents, firsts, ends))
    lines: list[str] = []
    comments: list[str] = []
    places: list[tuple[int, int, int]] = []
    for index in firsts:
        lines += _above(pieces, index, indents.of[index], indents.inside.get(index))
        words = [" " * indents.of[index], pieces.words[index]]
        for inner in range(index + 1, ends[index]):
            words.append(" " * (gaps[inner] + more.get(inner, 0)))
            words.append(pieces.words[inner])
        line = "".join(words)
        comment = pieces.beside.get(ends[index] - 1)
        if comment is not None:
            comments.append(comment[0])
            places.append((len(lines), len(line) - max(line.rfind("\n"), line.rfind("\r")) - 1, comment[1]))
        lines.append(line)
    lines += _above(pieces, last, 0, None)
    for (line_number, end, _), column, text in zip(places, comment_columns(places), comments, strict=True):
        lines[line_number] += " " * (column - end) + text
    return lines


def _indents(pieces: Pieces, gaps: bytearray, width: int) -> Indents:
    """The indents of all lines: of one declaration after the other, so that a long line costs only its own."""
    whole = Indents(pieces, 0, 0)
    firsts = [index for index, starts in enumerate(pieces.starts) if starts and pieces.around[index] < 0]
    for first, last in pairwise(firsts):
        found = break_long(pieces, gaps, first, last, width)
        whole.of.update(found.of)
        whole.inside.update(found.inside)
    return whole


def _runs(
    pieces: Pieces, indents: Indents, firsts: list[int], ends: dict[int, int]
) -> list[list[tuple[int, int, int]]]:
    """Statements of one line each that follow each other."""
    runs: list[list[tuple[int, int, int]]] = []
    follows = False
    for index in firsts:
        end = ends[index]
        whole = pieces.starts[index] and (pieces.starts[end] or pieces.kinds[end] in _CLOSERS)
        whole = whole and pieces.kinds[index] != DOC
        if whole:
            if not follows or index in pieces.above or pieces.blank[index]:
                runs.append([])
            runs[-1].append((index, end, indents.of[index]))
        follows = whole
    return runs


def _above(pieces: Pieces, index: int, indent: int, inside: int | None) -> list[str]:
    """The blank line and the comments before a line; those before a closing bracket stand with what it closes."""
    comments = pieces.above.get(index, ())
    deeper = " " * (indent if inside is None else inside)
    apart = _apart(pieces, index)
    lines: list[str] = []
    for number, comment in enumerate(comments):
        if comment.blank and apart and (number or not _first(pieces, index)):
            lines.append("")
        lines.append(deeper + comment.text)
    ends = pieces.kinds[index] in _CLOSERS or index == len(pieces.kinds) - 1
    told = pieces.kinds[index - 1] == DOC and index > 1
    if pieces.blank[index] and apart and not ends and (comments or not (told or _first(pieces, index))):
        lines.append("")
    return lines


def _apart(pieces: Pieces, index: int) -> bool:
    """Whether a blank line may stand there: between statements and between the items of a list."""
    around = pieces.around[index]
    return pieces.starts[index] or pieces.kinds[index] in _CLOSERS or (around >= 0 and pieces.kinds[around] != _CURLY)


def _first(pieces: Pieces, index: int) -> bool:
    return index == 0 or pieces.kinds[index - 1] in _OPENERS
