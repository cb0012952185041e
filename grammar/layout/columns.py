"""Columns: signs that the author set under each other stay so, and comments at the ends of lines stand in line."""

from __future__ import annotations

from diagrammar.grammar.layout.pieces import Pieces
from diagrammar.grammar.lexer import KIND, NAME, SOFT

# what may stand in a column: a name after the word that declares it, and these signs outside brackets
_WORDS = frozenset(KIND[word] for word in SOFT if word != "return")
_SIGNS = frozenset(KIND[sign] for sign in (":", "=", "->", "=>", "{", "is", "for", "within", "fails"))
_OPEN = frozenset(KIND[sign] for sign in "([{")
_CLOSE = frozenset(KIND[sign] for sign in ")]}")
_APART = 2  # blanks before a comment


def aligned(pieces: Pieces, spaces: bytearray, runs: list[list[tuple[int, int, int]]]) -> dict[int, int]:
    """More blanks before some tokens.

    A run is of statements, one a line, that follow each other: where each starts and ends, and its indent. Where
    several have their sign of one number in one column, and blanks were put there to that end, they keep a column, as
    far left as it can be.
    """
    more: dict[int, int] = {}
    for run in runs:
        anchors = [_anchors(pieces, start, end) for start, end, _ in run]
        lines = list(zip(run, anchors, strict=True))
        for number in range(max(map(len, anchors))):
            group: list[tuple[int, int]] = []
            for (start, _, indent), signs in [*lines, ((0, 0, 0), [])]:
                sign = signs[number] if number < len(signs) else None
                if group and (sign is None or not _together(pieces, group[-1][0], sign)):
                    _align(pieces, group, more)
                    group = []
                if sign is not None:
                    group.append((sign, _reach(pieces, spaces, more, start, sign) + indent))
    return more


def _anchors(pieces: Pieces, start: int, end: int) -> list[int]:
    """The tokens of a line that may stand in a column."""
    found = []
    depth = 0
    for index in range(start + 1, end):
        kind = pieces.kinds[index]
        if kind in _CLOSE:
            depth -= 1
        if depth == 0 and (kind in _SIGNS or (index == start + 1 and kind == NAME and pieces.kinds[start] in _WORDS)):
            found.append(index)
        if kind in _OPEN:
            depth += 1
    return found


def _together(pieces: Pieces, one: int, two: int) -> bool:
    return pieces.kinds[one] == pieces.kinds[two] and pieces.column[one] == pieces.column[two]


def _reach(pieces: Pieces, spaces: bytearray, more: dict[int, int], start: int, end: int) -> int:
    """The columns from one token to another."""
    words = sum(map(len, pieces.words[start:end]))
    return words + sum(spaces[start + 1 : end + 1]) + sum(more.get(index, 0) for index in range(start, end))


def _align(pieces: Pieces, group: list[tuple[int, int]], more: dict[int, int]) -> None:
    if any(pieces.gap[sign] > 1 for sign, _ in group):
        column = max(at for _, at in group)
        more.update((sign, column - at) for sign, at in group if column > at)


def comment_columns(ends: list[tuple[int, int, int]]) -> list[int]:
    """Where the comments at the ends of lines go.

    Each is given as the number of its line, where the line ends, and where the comment stood. Comments of lines that
    follow each other stand in one column: the author's, if that was one and they are not alone in it, else two blanks
    after the longest line. A line that is too long for the author's column has its comment after it.
    """
    runs: list[list[tuple[int, int, int]]] = []
    for each in ends:
        if runs and runs[-1][-1][0] == each[0] - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    wanted = [_wanted(run) for run in runs]
    # runs that follow each other and want one column have it together
    company: list[list[int]] = []
    for number, column in enumerate(wanted):
        if number == 0 or column is None or column != wanted[number - 1]:
            company.append([0])
        else:
            company.append(company[-1])
        company[-1][0] += sum(end + _APART <= (column or 0) for _, end, _ in runs[number])
    places = []
    for number, run in enumerate(runs):
        column = wanted[number]
        if column is None or company[number][0] < 2:
            column = max(end + _APART for _, end, _ in run)
        places += [max(column, end + _APART) for _, end, _ in run]
    return places


def _wanted(run: list[tuple[int, int, int]]) -> int | None:
    """The column that the author has chosen for these comments, if it is one that they can have."""
    column = min(stood for _, _, stood in run)
    fits = [stood for _, end, stood in run if end + _APART <= column]
    return column if fits and all(stood == column for stood in fits) else None
