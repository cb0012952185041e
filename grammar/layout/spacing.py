"""Where a blank stands between two tokens of a line."""

from __future__ import annotations

from diagrammar.grammar.layout.pieces import Pieces
from diagrammar.grammar.lexer import KIND, NAME, NUMBER, STRING

_COMMA, _DOT, _POWER, _MINUS = KIND[","], KIND["."], KIND["^"], KIND["-"]
_CURLY, _CLOSE_CURLY, _IMPORT = KIND["{"], KIND["}"], KIND["import"]
_OPEN = frozenset((KIND["("], KIND["["]))
_CLOSE = frozenset((KIND[")"], KIND["]"]))
# what an operand ends with: a minus after it subtracts, a bracket after it is an application
_ENDS = frozenset((NAME, NUMBER, STRING, _CLOSE_CURLY, *_CLOSE))


def subtracts(pieces: Pieces, index: int) -> bool:
    """Whether a minus stands between two operands."""
    return index > 0 and not pieces.starts[index] and pieces.kinds[index - 1] in _ENDS


def spaces(pieces: Pieces) -> bytearray:
    """For each token 1 if a blank stands before it where it does not start a line, else 0."""
    kinds = pieces.kinds
    found = bytearray(len(kinds))
    tight = False  # the token before was a sign before its operand
    imports = False
    for index in range(1, len(kinds)):
        before, after = kinds[index - 1], kinds[index]
        if pieces.starts[index - 1]:
            imports = before == _IMPORT
        tight = before == _MINUS and not subtracts(pieces, index - 1)
        if tight or before in _OPEN or before == _DOT or after == _COMMA or after in _CLOSE:
            continue
        if before == _POWER or after == _POWER:
            continue
        if after == _DOT:
            # `3.x` is no number
            found[index] = before == NUMBER
        elif after in _OPEN:
            found[index] = before not in _ENDS or imports
        else:
            found[index] = not (before == _CURLY and after == _CLOSE_CURLY)
    return found
