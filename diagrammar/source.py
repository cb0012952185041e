"""Source texts and places in them: what an error points at."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any


class Source:
    """A text with a name; finds the line and the column of an offset.

    `boxes` are the declarations of the boxes that it mentions, by origin: what is made of the text finds them here, for
    as long as it lives.

    >>> Source("f.dg", "a\\nbc").place(3)
    (2, 2)
    """

    __slots__ = ("_starts", "boxes", "first_line", "name", "text")

    def __init__(self, name: str, text: str, first_line: int = 1) -> None:
        self.name = name
        self.text = text
        self.first_line = first_line
        self._starts: list[int] | None = None
        self.boxes: dict[str, Any] = {}

    def starts(self) -> list[int]:
        """Offsets at which the lines start."""
        if self._starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._starts = starts
        return self._starts

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        starts = self.starts()
        row = bisect_right(starts, offset) - 1
        return row + self.first_line, offset - starts[row] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        starts = self.starts()
        row = number - self.first_line
        end = starts[row + 1] - 1 if row + 1 < len(starts) else len(self.text)
        return self.text[starts[row] : end].rstrip("\r")

    def __reduce__(self) -> tuple[type[Source], tuple[str, str, int]]:
        return Source, (self.name, self.text, self.first_line)


class Span:
    """A part of a source: offsets `start` (included) to `end` (excluded)."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    def __str__(self) -> str:
        line, column = self.source.place(self.start)
        return f"{self.source.name}:{line}:{column}"

    def text(self) -> str:
        """The words that the span covers."""
        return self.source.text[self.start : self.end]

    def __reduce__(self) -> tuple[type[Span], tuple[Source, int, int]]:
        return Span, (self.source, self.start, self.end)
