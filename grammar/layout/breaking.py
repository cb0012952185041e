"""Lines that are too long are broken where they are loosest."""

from __future__ import annotations

from diagrammar.grammar.layout.indents import HEADED, STEP, Indents
from diagrammar.grammar.layout.pieces import Pieces, open_block
from diagrammar.grammar.layout.spacing import subtracts
from diagrammar.grammar.lexer import KIND

# a line that stands deeper is left as it is: to break it would win little
_DEEPEST = 24

_OPEN = frozenset((KIND["("], KIND["["]))
_CLOSERS = frozenset((KIND[")"], KIND["]"], KIND["}"]))
_CURLY, _CLOSE_CURLY = KIND["{"], KIND["}"]
_MINUS, _ARROW, _EQUAL, _COLON = KIND["-"], KIND["->"], KIND["="], KIND[":"]
_LAW, _DIAGRAM = KIND["law"], KIND["diagram"]

# what a line may be broken before and after, the loosest first: `a, b >> c` goes apart at the comma. The last is for
# want of any other, in brackets or out of them
_BODY, _CLAUSE, _ITEM, _BRANCH, _TRUTH, _THEN, _BESIDE, _SUM, _PRODUCT, _STEPS, _LAST = range(11)
_BEFORE = {
    KIND["for"]: _CLAUSE,
    **dict.fromkeys((KIND[word] for word in ("else", "fails", "is", "where", "within")), _BRANCH),
    **dict.fromkeys((KIND[word] for word in ("and", "or")), _TRUTH),
    KIND[">>"]: _THEN,
    KIND["@"]: _BESIDE,
    KIND["+"]: _SUM,
    **dict.fromkeys((KIND["*"], KIND["/"]), _PRODUCT),
}
_AFTER = {
    **dict.fromkeys((KIND[sign] for sign in (",", "(", "[")), _ITEM),
    **dict.fromkeys((KIND[sign] for sign in ("==", "<=", ">=")), _TRUTH),
    KIND["=>"]: _CLAUSE,
    KIND["->"]: _LAST,
}


def break_long(pieces: Pieces, spaces: bytearray, first: int, last: int, width: int) -> Indents:
    """Breaks the lines of a declaration until they fit, or cannot be broken: their indents then."""
    while True:
        indents = Indents(pieces, first, last)
        lines = [index for index in range(first, last) if pieces.newline[index]]
        broken = False
        for start, end in zip(lines, [*lines[1:], last], strict=True):
            indent = indents.of[start]
            if indent <= _DEEPEST and indent + measure(pieces, spaces, start, end) > width:
                broken |= _break(pieces, spaces, start, end, indent, width)
        if not broken:
            return indents


def measure(pieces: Pieces, spaces: bytearray, start: int, end: int) -> int:
    """The columns that the tokens of a line take."""
    return sum(map(len, pieces.words[start:end])) + sum(spaces[start + 1 : end])


def _break(pieces: Pieces, spaces: bytearray, start: int, end: int, indent: int, width: int) -> bool:
    """Breaks a line at its loosest places, as few of them as will do; whether there were any."""
    places = _loosest(pieces, start, end)
    inside = indent + STEP + STEP * (pieces.kinds[start] in HEADED)
    at = start
    reach = indent
    for number, place in enumerate(places):
        following = places[number + 1] if number + 1 < len(places) else end
        if number == 0:
            reach += measure(pieces, spaces, start, place)
        length = measure(pieces, spaces, place, following)
        if reach + spaces[place] + length > width:
            pieces.newline[place] = True
            _open_around(pieces, place)
            reach, at = inside + length, place
        else:
            reach += spaces[place] + length
    return at != start


def _open_around(pieces: Pieces, place: int) -> None:
    """A block with a line end in it stands on lines of its own."""
    around = pieces.around[place]
    if pieces.kinds[place] == _CLOSE_CURLY:
        around = pieces.partner[place]
    if around >= 0 and pieces.kinds[around] == _CURLY:
        open_block(pieces, around)


def _loosest(pieces: Pieces, start: int, end: int) -> list[int]:
    """The tokens before which the line may be broken that stand in the fewest brackets, and of these the loosest."""
    best = (len(pieces.kinds), _LAST + 1)
    found: list[int] = []
    depth = 0
    for index in range(start + 1, end):
        kind, before = pieces.kinds[index], pieces.kinds[index - 1]
        if before in _OPEN or before == _CURLY:
            depth += 1
        elif before in _CLOSERS:
            depth -= 1
        if kind in _CLOSERS and kind != _CLOSE_CURLY:
            continue
        block = before == _CURLY or kind == _CLOSE_CURLY
        rank = _rank(pieces, index, kind, before)
        if rank is None or (before == _CURLY and kind == _CLOSE_CURLY):
            continue
        place = (depth - block if rank < _LAST else len(pieces.kinds), rank)
        if place < best:
            best = place
            found = []
        if place == best:
            found.append(index)
    return found


def _rank(pieces: Pieces, index: int, kind: int, before: int) -> int | None:
    """How loosely a token hangs on the one before it; None where no line may end."""
    if before == _CURLY or kind == _CLOSE_CURLY:
        opener = index - 1 if before == _CURLY else pieces.partner[index]
        return _STEPS if opener in pieces.repeats else _BODY
    outside = pieces.around[index] < 0 or (
        pieces.kinds[pieces.around[index]] == _CURLY and pieces.around[index] not in pieces.repeats
    )
    if before in (_EQUAL, _COLON):
        if not outside:
            return None
        statement = pieces.head[index]
        if before == _COLON:
            return _CLAUSE if statement == _LAW else None
        return _BODY if statement == _DIAGRAM else _LAST
    if kind == _ARROW and outside and pieces.head[index] in HEADED:
        return _CLAUSE
    if before == _MINUS and subtracts(pieces, index - 1):
        return _SUM
    return _BEFORE.get(kind, _AFTER.get(before))
