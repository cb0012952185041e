"""Text to tokens: names, numbers, strings, and the line ends that count.

One compiled expression finds the tokens; what stands where a statement may start is looked at more closely, because
there a line end, a soft keyword and a docstring are decided. Tokens are three parallel sequences, not objects: a file
of 100,000 statements has a million of them.
"""

from __future__ import annotations

import re
from array import array

from diagrammar.errors import DiagramSyntaxError
from diagrammar.grammar import lexical
from diagrammar.source import Source, Span

JOINING = ("as", "then", "else", "for", "in", "within", "where", "fails", "and", "or", "is")
RESERVED = (*JOINING, "if", "repeat", "not")
SOFT = (
    *("import", "param", "dim", "let", "space", "type", "box", "diagram", "share"),
    *("weight", "state", "next", "law", "functor", "return"),
)
# words only before a `{` that no header and no `repeat` waits for
MARKS = ("store", "recompute")
_PUNCTUATION = (
    *(">>", "->", "=>", "==", "!=", "<=", ">=", "..", "@", "+", "-", "*", "/", "^", "<", ">", ",", ":", "."),
    *("=", "(", "[", "{", ")", "]", "}"),
)
_WAITS = "repeat"

# the kind of a token is its place here; `repeat`, `=` and brackets, which open and close what a `{` may belong to, come
# last among what group 1 of the expression finds
KINDS = (
    *("end", "name", "number", "string", "doc", "line", *SOFT, *MARKS),
    *(word for word in RESERVED if word != _WAITS),
    *(*_PUNCTUATION[:-7], _WAITS, *_PUNCTUATION[-7:]),
)
END, NAME, NUMBER, STRING, DOC, LINE = range(6)
KIND = {text: kind for kind, text in enumerate(KINDS)}
_WORDS = {text: KIND[text] for text in (*RESERVED, *_PUNCTUATION)}

_REPEAT, _EQUAL = KIND[_WAITS], KIND["="]
_ROUND, _SQUARE, _CURLY = KIND["("], KIND["["], KIND["{"]
_MINUS, _CLOSE_CURLY = KIND["-"], KIND["}"]
_OPENER = {KIND[")"]: _ROUND, KIND["]"]: _SQUARE, _CLOSE_CURLY: _CURLY}
_CLOSER = {opener: closer for closer, opener in _OPENER.items()}

# a line that ends in one of these goes on; `fails` ends its law, so it is not among them
_GOES_ON = frozenset(KIND[text] for text in (*_PUNCTUATION, *JOINING, "not") if text not in ("fails", ".", *"()[]{}"))
# a line that starts with one of these goes on from the line before
_COMES_FROM = frozenset(KIND[text] for text in (">>", "@", "*", "/", "+", "->", *JOINING))
# declarations with a header, at whose end a `{` may stand
_HEADED = frozenset(("box", "diagram", "functor"))
# declarations that no block may hold
_FILE_ONLY = frozenset(("import", "param", "dim", "space", "type", "box", "law", "functor"))

_SCAN = r"""[ \t]*+(?:
    ([^\W\d][\w{marks}]*+'*+ | >> | -> | => | [=!<>]= | \.\. | [-@+*/^<>=,:.()\[\]{{}}])
  | ([0-9]++ (?:\.[0-9]++)?+ (?:[eE][+-]?[0-9]++)?+ (?! [\w'] | \.(?!\.) ))
  | ((?:\#[^\r\n]*+)?+ (?: [\r\n] [ \t]*+ (?:\#[^\r\n]*+)?+ )++)
  | ("(?!"") (?: [^"\\\r\n]++ | \\[^\r\n] )*+ ")
  | (\"\"\" [\s\S]*? \"\"\")
  | (\#[^\r\n]*+)
  | (\Z)
  | ([\s\S])
)"""
_PLAIN = re.compile(_SCAN.format(marks=""), re.VERBOSE)
_TOKEN, _NUMBER, _LINE, _STRING, _LONG, _COMMENT, _END = range(1, 8)

_NEXT_NAME = re.compile(r"[ \t]+([^\W\d]\w*)")
_NO_RETURN = re.compile(r"[ \t]*(?:[=,:.@*/+^<>!]|->|(?:and|or)\b)")
_NEXT_STRING = re.compile(r'[ \t]*"')
_NAMED = re.compile(r"[ \t]*(?::|=(?![=>]))")
_NEVER_NAMES = frozenset(JOINING)


class Tokens:
    """The tokens of a text: kinds, where they start, their words; and the lexical errors on the way.

    `starts_of` lists the tokens that start a declaration outside all brackets: where reading goes on after an error.
    """

    __slots__ = ("errors", "kinds", "source", "starts", "starts_of", "words")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.kinds = bytearray()
        self.starts = array("q")
        self.words: list[str] = []
        self.starts_of: list[int] = []
        self.errors: list[DiagramSyntaxError] = []

    def span(self, index: int) -> Span:
        """The place of a token."""
        start = self.starts[index]
        return Span(self.source, start, start + len(self.words[index]))


def tokenize(source: Source, *, nesting: int = 100_000, size: int = 10_000_000) -> Tokens:
    """The tokens of a text, an end token last.

    >>> tokens = tokenize(Source("f.dg", "x = a\\n  >> b"))
    >>> [KINDS[kind] for kind in tokens.kinds]
    ['name', '=', 'name', '>>', 'name', 'end']
    """
    tokens = Tokens(source)
    refused = lexical.forbidden(source, size)
    if refused:
        tokens.errors = refused
        tokens.kinds.append(END)
        tokens.starts.append(0)
        tokens.words.append("")
        return tokens
    scanner = _Scanner(tokens, nesting)
    at = 1 if source.text.startswith("\ufeff") else 0
    try:
        while at >= 0:
            at = scanner.scan(at)
        scanner.finish()
    except lexical.Enough:
        scanner.end()
    return tokens


class _Scanner:
    """The state of one reading: the open brackets and whether a line end is pending.

    `waiting` are the headers and the `repeat`s that a `{` may still belong to, each as the number of brackets that were
    open there: after `repeat store` a `{` is that of the `repeat`, and `store` is a size.
    """

    __slots__ = ("decided", "expression", "nesting", "newline", "open", "pool", "tokens", "waiting")

    def __init__(self, tokens: Tokens, nesting: int) -> None:
        self.tokens = tokens
        self.nesting = nesting
        self.open: list[int] = []
        self.waiting: list[int] = []
        self.newline = False
        self.decided = False
        self.pool: dict[str, str] = {}
        self.expression = _PLAIN
        marks = lexical.marks(tokens.source.text)
        if marks:
            self.expression = re.compile(_SCAN.format(marks=marks), re.VERBOSE)

    def scan(self, at: int) -> int:
        """Read on from an offset; the offset to go on from after an error, -1 at the end of the text."""
        tokens = self.tokens
        kinds, starts, words = tokens.kinds, tokens.starts, tokens.words
        known, pool, ascii_only = _WORDS.get, self.pool.setdefault, tokens.source.text.isascii()
        # `decided` is false where a statement may start and at the first token after a line end
        decided = self.decided
        for match in self.expression.finditer(tokens.source.text, at):
            group = match.lastindex
            if group == _TOKEN:
                word = match[1]
                kind = known(word, NAME)
                start = match.start(1)
                if not ascii_only and not word.isascii():
                    lexical.check_name(tokens, start, word)
            elif group == _LINE:
                self.newline = True
                decided = False
                continue
            elif group in (_NUMBER, _STRING, _LONG):
                word = match[group]
                kind = NUMBER if group == _NUMBER else STRING
                start = match.start(group)
                if kind == NUMBER and len(word) > 4:
                    lexical.check_number(tokens, start, word)
            elif group == _COMMENT:
                continue
            elif group == _END:
                return -1
            else:
                self.decided = decided
                after = lexical.mistake(tokens, match.start(group or 0))
                self._close_line(match.start(group or 0))
                return after
            if not decided:
                kind = self._decide(kind, word, start)
                decided = True
            kinds.append(kind)
            starts.append(start)
            words.append(pool(word, word))
            if kind >= _REPEAT:
                decided = self._bracket(kind)
        return -1

    def _decide(self, kind: int, word: str, start: int) -> int:
        """Whether the pending line end counts, and the kind of the word that follows it."""
        tokens = self.tokens
        newline, self.newline = self.newline, False
        soft = kind == NAME and word in SOFT and _introduces(word, tokens.source.text, start + len(word))
        # two names side by side stand nowhere else, so this line starts a statement whatever was open
        certain = newline and soft and _NEXT_NAME.match(tokens.source.text, start + len(word)) is not None
        if certain and self.open:
            self._close_unclosed(word, start)
        if self.open and tokens.kinds[self.open[-1]] != _CURLY:
            return kind
        last = tokens.kinds[-1] if tokens.kinds else LINE
        if last not in (LINE, _CURLY):
            if not newline or (not certain and (last in _GOES_ON or kind in _COMES_FROM or kind == _CLOSE_CURLY)):
                return kind
            if kind == _MINUS:
                lexical.minus(tokens, start)
                return kind
            self._line(start)
        if not self.open and (soft or word in SOFT):
            tokens.starts_of.append(len(tokens.kinds))
        if soft and word in _HEADED:
            self.waiting.append(len(self.open))
        return KIND[word] if soft else kind

    def _line(self, limit: int) -> None:
        """Add a line end after the last token; a string alone between two line ends is a docstring."""
        tokens = self.tokens
        self._docstring()
        self._forget(len(self.open) - 1)
        tokens.kinds.append(LINE)
        tokens.starts.append(min(tokens.starts[-1] + len(tokens.words[-1]), limit))
        tokens.words.append("")

    def _docstring(self) -> None:
        kinds = self.tokens.kinds
        if kinds and kinds[-1] == STRING and (len(kinds) == 1 or kinds[-2] in (LINE, _CURLY)):
            kinds[-1] = DOC
            if not self.open:
                self.tokens.starts_of.append(len(kinds) - 1)

    def _bracket(self, kind: int) -> bool:
        """Keep the stack of brackets; False where a statement may start next."""
        tokens = self.tokens
        index = len(tokens.kinds) - 1
        if kind < _ROUND:
            if kind == _REPEAT:
                self.waiting.append(len(self.open))
            elif self.waiting and self.waiting[-1] == len(self.open):
                # the end of a header
                self.waiting.pop()
            return True
        if kind <= _CURLY:
            if kind == _CURLY:
                self._owner(index)
            self.open.append(index)
            if len(self.open) > self.nesting:
                lexical.too_deep(tokens, index, self.nesting)
            return kind != _CURLY
        wanted = _OPENER[kind]
        if self.open and tokens.kinds[self.open[-1]] == wanted:
            self.open.pop()
            self._forget(len(self.open))
            return True
        if any(tokens.kinds[opener] == wanted for opener in self.open[-100:]):
            lexical.unclosed(tokens, self.open[-1], index)
            while tokens.kinds[self.open.pop()] != wanted:
                pass
            return True
        lexical.unopened(tokens, index, self.open.pop() if self.open else None)
        del tokens.kinds[-1], tokens.starts[-1], tokens.words[-1]
        return True

    def _owner(self, index: int) -> None:
        """What a `{` belongs to: a header or a `repeat` that waits for it, else a mark where one stands before it."""
        kinds = self.tokens.kinds
        if self.waiting and self.waiting[-1] == len(self.open):
            self.waiting.pop()
        elif index and kinds[index - 1] == NAME and self.tokens.words[index - 1] in MARKS:
            kinds[index - 1] = KIND[self.tokens.words[index - 1]]

    def _forget(self, depth: int) -> None:
        """Nothing in more brackets than these waits any more."""
        while self.waiting and self.waiting[-1] > depth:
            self.waiting.pop()

    def _close_unclosed(self, word: str, start: int) -> None:
        """A statement starts where a bracket is open: it was never closed, unless a block is."""
        tokens = self.tokens
        text = tokens.source.text
        outermost = word in _FILE_ONLY and (start == 0 or text[start - 1] in "\r\n")
        if tokens.kinds[self.open[-1]] == _CURLY and not outermost:
            return
        lexical.unclosed(tokens, self.open[-1], None)
        while self.open and (outermost or tokens.kinds[self.open[-1]] != _CURLY):
            self._close()

    def _close_line(self, start: int) -> None:
        """Close what was opened on the line of an open string, whose closing brackets are inside it."""
        text, starts = self.tokens.source.text, self.tokens.starts
        if text[start] == '"':
            line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start))
            while self.open and starts[self.open[-1]] > line:
                self._close()

    def _close(self) -> None:
        """Add a closing bracket without a word, so that the parser goes on with the next statement."""
        tokens = self.tokens
        tokens.kinds.append(_CLOSER[tokens.kinds[self.open.pop()]])
        tokens.starts.append(tokens.starts[-1] + len(tokens.words[-1]))
        tokens.words.append("")

    def finish(self) -> None:
        """Report the innermost bracket that is still open at the end of the text."""
        tokens = self.tokens
        self._docstring()
        if self.open:
            lexical.unclosed(tokens, self.open[-1], None)
        self.end()

    def end(self) -> None:
        """Add the end token."""
        tokens = self.tokens
        end = tokens.starts[-1] + len(tokens.words[-1]) if tokens.kinds else len(tokens.source.text)
        tokens.kinds.append(END)
        tokens.starts.append(end)
        tokens.words.append("")


def _introduces(word: str, text: str, end: int) -> bool:
    """Whether a soft keyword stands before what it introduces."""
    if word == "return":
        return _NO_RETURN.match(text, end) is None
    if word == "import" and _NEXT_STRING.match(text, end):
        return True
    following = _NEXT_NAME.match(text, end)
    if following is None or following[1] not in _NEVER_NAMES:
        return following is not None
    # `let in = 3`: better read as a declaration with a wrong name than as an expression
    return _NAMED.match(text, following.end()) is not None
