"""How wide a text is, without a font: the advance widths of Helvetica, which Arial, Nimbus Sans and Liberation Sans
share. Renderers fit each text to this width, so that what a picture leaves room for is what it shows."""

from __future__ import annotations

import unicodedata

# Adobe's font metrics for Helvetica: thousandths of the size, from the space (32) to the tilde (126)
_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 222, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 222, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
_WIDE = frozenset("WF")


def width(text: str, size: float) -> float:
    """The width of a line of text.

    >>> width("fno", 10)
    13.9
    """
    return sum(map(_advance, text)) * size / 1000


def _advance(char: str) -> int:
    code = ord(char)
    if 32 <= code < 127:
        return _ASCII[code - 32]
    if unicodedata.combining(char):
        return 0
    return 1000 if unicodedata.east_asian_width(char) in _WIDE else 620


def clipped(text: str, size: float, limit: float) -> str:
    """The text, its end replaced by an ellipsis where it is wider than the limit.

    >>> clipped("a b, b c -> a c", 10, 40)
    'a b, b c…'
    """
    if width(text, size) <= limit:
        return text
    room = limit - width("…", size)
    for at, char in enumerate(text):
        room -= _advance(char) * size / 1000
        if room < 0:
            return text[:at].rstrip() + "…"
    return text
