"""How far each line is indented, by what it stands in."""

from __future__ import annotations

from diagrammar.grammar.layout.pieces import Pieces
from diagrammar.grammar.lexer import KIND

STEP = 2
# deeper lines stand at this column: each bracket on a line of its own would else cost more blanks than the one before
DEEPEST = 40

_OPEN = frozenset((KIND["("], KIND["["]))
_CLOSERS = frozenset((KIND[")"], KIND["]"], KIND["}"]))
_CURLY, _COMMA, _EQUAL, _COLON = KIND["{"], KIND[","], KIND["="], KIND[":"]
_IF, _THEN, _ELSE = KIND["if"], KIND["then"], KIND["else"]
_LAW = KIND["law"]
# what has a header: its lines go in further than those of the body
HEADED = frozenset(KIND[word] for word in ("diagram", "box", "law", "functor"))

_BLOCK, _STATEMENT, _BRACKET, _CHOICE = range(4)


class _Frame:
    """Something open: where its lines stand, and where the line that ends it stands."""

    __slots__ = ("end", "inside", "kind", "waits")

    def __init__(self, kind: int, inside: int, end: int, waits: int = 0) -> None:
        self.kind = kind
        self.inside = inside
        self.end = end
        # the kind of the token that is to come: `else` in a choice, what ends the header of a statement
        self.waits = waits


class Indents:
    """The indents of the lines of a declaration, and of the comments before its closing brackets."""

    __slots__ = ("_frames", "_here", "_pieces", "inside", "of")

    def __init__(self, pieces: Pieces, first: int, last: int) -> None:
        self._pieces = pieces
        self._frames: list[_Frame] = []
        self._here = 0
        self.of: dict[int, int] = {}
        self.inside: dict[int, int] = {}
        for index in range(first, last):
            self._read(index, pieces.kinds[index])

    def _read(self, index: int, kind: int) -> None:
        frames = self._frames
        if self._pieces.starts[index]:
            self._statement(kind)
        elif kind in _CLOSERS:
            while frames[-1].kind in (_CHOICE, _STATEMENT):
                frames.pop()
            closed = frames.pop()
            self.inside[index] = closed.inside
            self._line(index, closed.end)
        elif kind == _ELSE:
            while not (frames[-1].kind == _CHOICE and frames[-1].waits):
                frames.pop()
            frames[-1].waits = 0
            self._line(index, frames[-1].end)
        elif kind == _COMMA:
            while frames[-1].kind == _CHOICE:
                frames.pop()
        if index not in self.of:
            stays = kind == _THEN or self._pieces.starts[index]
            self._line(index, frames[-1].end if stays else frames[-1].inside)
        if kind == _IF:
            self._choice(index)
        elif kind in _OPEN or index in self._pieces.repeats:
            wide = frames[-1].kind == _STATEMENT and frames[-1].waits > 0 and not self._pieces.newline[index + 1]
            frames.append(_Frame(_BRACKET, self._here + STEP + STEP * wide, self._here))
        elif kind == _CURLY:
            frames.append(_Frame(_BLOCK, frames[-1].end + STEP, frames[-1].end))
        elif frames[-1].kind == _STATEMENT and kind == frames[-1].waits:
            # the header ends
            frames[-1].inside = frames[-1].end + STEP
            frames[-1].waits = 0

    def _line(self, index: int, indent: int) -> None:
        if self._pieces.newline[index]:
            self._here = self.of[index] = min(indent, DEEPEST)

    def _statement(self, kind: int) -> None:
        while self._frames and self._frames[-1].kind != _BLOCK:
            self._frames.pop()
        base = self._frames[-1].inside if self._frames else 0
        if kind not in HEADED:
            self._frames.append(_Frame(_STATEMENT, base + STEP, base))
        else:
            self._frames.append(_Frame(_STATEMENT, base + 2 * STEP, base, _COLON if kind == _LAW else _EQUAL))

    def _choice(self, index: int) -> None:
        frames = self._frames
        if self._pieces.newline[index]:
            end = self._here
        elif self._pieces.kinds[index - 1] == _ELSE:
            end = frames.pop().end
        else:
            end = frames[-1].inside
        frames.append(_Frame(_CHOICE, end + STEP, end, _ELSE))
