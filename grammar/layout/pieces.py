"""What a formatter moves: the tokens of a text, with the comments, line ends and blank lines between them."""

from __future__ import annotations

import re

from diagrammar.grammar.lexer import END, KIND, LINE, MARKS, Tokens

_BETWEEN = re.compile(r"(\#[^\r\n]*)|(\r\n|\r|\n)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_REPEAT, _CURLY, _CLOSE_CURLY = KIND["repeat"], KIND["{"], KIND["}"]
_MARKS = frozenset(KIND[word] for word in MARKS)
_OPENERS = frozenset(KIND[text] for text in "([{")
_CLOSERS = frozenset(KIND[text] for text in ")]}")


class Comment:
    """A comment on a line of its own; `blank` says whether a blank line stands before it."""

    __slots__ = ("blank", "text")

    def __init__(self, text: str, blank: bool) -> None:
        self.text = text
        self.blank = blank


class Pieces:
    """The tokens of a text without its line ends, an end last; a column for each fact about them.

    * `starts`: it starts a statement; `newline`: it starts a line; `blank`: a blank line stands right before it
    * `above`: comments on lines of their own before it; `beside`: the comment at the end of its line, with its column
    * `partner`: of a bracket the other one; `around`: the innermost bracket it stands in, or -1
    * `head`: what kind of token starts the statement that it is part of
    * `repeats`: the braces of a `repeat` or a mark, which hold one expression
    * `column`, `gap`: where it stands in its line, and how many blanks stand before it

    `line_end` is the first line end outside of strings.
    """

    __slots__ = (
        "above", "around", "beside", "blank", "column", "gap", "head", "kinds", "line_end", "newline", "partner",
        "repeats", "starts", "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.words: list[str] = []
        self.kinds: list[int] = []
        self.starts: list[bool] = []
        self.newline: list[bool] = []
        self.blank: list[bool] = []
        self.above: dict[int, list[Comment]] = {}
        self.beside: dict[int, tuple[str, int]] = {}
        self.partner: dict[int, int] = {}
        self.around: list[int] = []
        self.head: list[int] = []
        self.column: list[int] = []
        self.gap: list[int] = []
        self.repeats: set[int] = set()
        self.line_end = ""

    def comments(self) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
        """The comments, each with the number of the token that it belongs to."""
        above = [(index, [each.text for each in found]) for index, found in self.above.items()]
        return above, [(index, text) for index, (text, _) in self.beside.items()]


def take_apart(tokens: Tokens) -> Pieces:
    """Takes a text without errors apart."""
    found = Pieces()
    text = tokens.source.text
    line = 0  # where the line starts
    end = 1 if text.startswith("\ufeff") else 0
    starts = True
    for kind, start, word in zip(tokens.kinds, tokens.starts, tokens.words, strict=True):
        if kind == LINE:
            starts = True
            continue
        if kind == END:
            start = len(text)
        newline = blank = False
        if start > end + 1 or text[end:start] in ("\n", "\r"):
            newline, blank, line = _between(found, text[end:start], end, line)
        found.words.append(word)
        found.kinds.append(kind)
        found.starts.append(starts or kind == END)
        found.newline.append(newline or starts or kind == END)
        found.blank.append(blank)
        found.column.append(start - line)
        found.gap.append(start - end)
        starts = False
        end = start + len(word)
        if word[:3] == '"""':
            for match in _LINE_END.finditer(word):
                line = start + match.end()
    _brackets(found)
    open_blocks(found)
    return found


def _between(found: Pieces, text: str, at: int, line: int) -> tuple[bool, bool, int]:
    """Keeps the comments before a token: whether it starts a line, after a blank one, and where its line starts."""
    index = len(found.words)
    ends = 0
    newline = False
    for match in _BETWEEN.finditer(text):
        if match[2]:
            ends += 1
            newline = True
            found.line_end = found.line_end or match[2]
            line = at + match.end()
            continue
        comment = match[1].rstrip(" \t")
        if ends == 0 and index > 0 and not newline:
            found.beside[index - 1] = comment, at + match.start() - line
        else:
            found.above.setdefault(index, []).append(Comment(comment, ends > 1))
        ends = 0
    return newline, ends > 1, line


def _brackets(found: Pieces) -> None:
    """Finds the partners of brackets, and what statement each token is part of."""
    stack: list[int] = []
    heads = [END]
    pending: list[int] = []  # how many brackets were open at each `repeat` that waits for its block
    for index, kind in enumerate(found.kinds):
        if kind in _CLOSERS:
            opener = stack.pop()
            found.partner[opener], found.partner[index] = index, opener
            if kind == _CLOSE_CURLY and opener not in found.repeats:
                heads.pop()
        if found.starts[index]:
            heads[-1] = kind
        found.around.append(stack[-1] if stack else -1)
        found.head.append(heads[-1])
        if kind == _REPEAT:
            pending.append(len(stack))
        elif kind == _CURLY and index and found.kinds[index - 1] in _MARKS:
            found.repeats.add(index)
        elif kind == _CURLY and pending and pending[-1] == len(stack):
            pending.pop()
            found.repeats.add(index)
        elif kind == _CURLY:
            found.starts[index + 1] = found.kinds[index + 1] != _CLOSE_CURLY
            heads.append(END)
        if kind in _OPENERS:
            stack.append(index)


def open_blocks(found: Pieces) -> None:
    """A block with a line end in it stands on lines of its own; brackets with nothing in them stand together."""
    for index, kind in enumerate(found.kinds):
        if kind in _OPENERS and found.partner[index] == index + 1 and index + 1 not in found.above:
            found.newline[index + 1] = index in found.beside
    for index, kind in enumerate(found.kinds):
        around = found.partner[index] if kind == _CLOSE_CURLY else found.around[index]
        if found.newline[index] and around >= 0 and found.kinds[around] == _CURLY:
            open_block(found, around)


def open_block(found: Pieces, index: int) -> None:
    """What stands in these braces goes to lines of its own."""
    found.newline[index + 1] = found.newline[found.partner[index]] = True
