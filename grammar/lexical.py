"""What the lexer refuses, in the user's words."""

from __future__ import annotations

import re

from diagrammar.errors import DiagramSyntaxError
from diagrammar.source import Source, Span

TYPE_CHECKING = False  # typing costs 3 ms of every start
if TYPE_CHECKING:
    from diagrammar.grammar.lexer import Tokens

# more errors than this help nobody, and each costs memory
MOST_ERRORS = 20
MOST_DIGITS = 400

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_WIDE_CONTROLS = "\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_LOOK_ALIKE = {
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("×·∗", "*"),
    "→": "->",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "⊗": "@",
    "∘": ">>",
    "；": ";",
    "，": ",",
    "…": "..",
    "（": "(",
    "）": ")",
    "：": ":",
    "÷": "/",
    "⊕": "+",
}
_HINTS = {
    "'": 'strings are written in double quotes: "..."',
    ";": "a statement ends at the end of its line",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`, or `!=` for 'differs from'",
    "~": "write `not`",
    "%": "write `n - k * floor(n / k)` for the remainder of n by k",
    "\\": "a line goes on after an operator or inside brackets; no sign is needed",
    "\ufeff": "a byte order mark may only be the first character of a file",
    "\xa0": "this is a no-break space: write a plain one",
}


class Enough(Exception):
    """What follows is not read: the most errors have been found, or a string goes on to the end."""


def _add(tokens: Tokens, start: int, end: int, message: str, hint: str | None = None, note: str | None = None) -> None:
    span = Span(tokens.source, start, end)
    tokens.errors.append(DiagramSyntaxError(message, span, (note,) if note else (), hint))
    if len(tokens.errors) >= MOST_ERRORS:
        raise Enough


def forbidden(source: Source, size: int) -> list[DiagramSyntaxError]:
    """Errors for a text over the limit and for characters that no text may hold, not even in comments."""
    text = source.text
    if len(text) > size:
        message = f"a text of {len(text):,} characters: the limit is {size:,}"
        return [DiagramSyntaxError(message, Span(source, size, size + 1), (), "raise the limit with `size=`")]
    errors: list[DiagramSyntaxError] = []
    # compiled here because the wide class costs 2 ms of every start, and most files are ASCII
    for match in re.finditer(f"[{_CONTROLS}]" if text.isascii() else f"[{_CONTROLS}{_WIDE_CONTROLS}]", text):
        code = ord(match[0])
        what = "a control character"
        if 0xD800 <= code <= 0xDFFF:
            what = "half of a surrogate pair"
        elif code >= 0x2028 and code <= 0x2029:
            what = "an invisible line separator"
        elif code > 0x9F:
            what = "a control of the text's direction, which shows a text other than the one that is read,"
        message = f"{what} U+{code:04X} may not stand in a text"
        errors.append(DiagramSyntaxError(message, Span(source, match.start(), match.end())))
        if len(errors) == MOST_ERRORS:
            break
    return errors


def marks(text: str) -> str:
    """The combining marks of a text, which many scripts need inside names, for a regular expression's class."""
    if text.isascii():
        return ""
    from unicodedata import category  # 1 ms of every start, and most files are ASCII

    return "".join(sorted(char for char in set(text) if category(char) in ("Mn", "Mc")))


def check_name(tokens: Tokens, start: int, name: str) -> None:
    """Refuse a name that looks like another one: one text, one name."""
    from unicodedata import is_normalized, normalize

    if not is_normalized("NFC", name):
        hint = f"write it as `{normalize('NFC', name)}` (its composed form, NFC)"
        _add(tokens, start, start + len(name), "this name is not in its normal form", hint)


def check_number(tokens: Tokens, start: int, number: str) -> None:
    """Refuse numbers that would cost more than they can mean."""
    exponent = re.search(r"[eE]([+-]?[0-9]+)$", number)
    digits = len(number) - (len(exponent[0]) if exponent else 0)
    if digits > MOST_DIGITS:
        message = f"a number of {digits:,} digits: at most {MOST_DIGITS} are read"
        _add(tokens, start, start + len(number), message)
    elif exponent and (len(exponent[1]) > 10 or abs(int(exponent[1])) > MOST_DIGITS):
        message = f"the exponent of this number is out of range: it lies between -{MOST_DIGITS} and {MOST_DIGITS}"
        _add(tokens, start, start + len(number), message)


def mistake(tokens: Tokens, start: int) -> int:
    """Report a character that starts no token; the offset to go on from."""
    text = tokens.source.text
    char = text[start]
    if char == '"':
        return _open_string(tokens, start)
    if char in "0123456789":
        return _wrong_number(tokens, start)
    end = start + 1
    while end < len(text) and text[end] == char:
        end += 1
    shown = f"`{char}`" if char.isprintable() else f"U+{ord(char):04X}"
    hint = _HINTS.get(char)
    if char in _LOOK_ALIKE:
        hint = f"write `{_LOOK_ALIKE[char]}`"
    _add(tokens, start, end, f"{shown} means nothing here", hint)
    return end


def _open_string(tokens: Tokens, start: int) -> int:
    text = tokens.source.text
    if text.startswith('"""', start):
        _add(tokens, start, start + 3, 'this string is never closed: no `"""` follows')
        raise Enough  # the rest of the text is inside it
    end = start
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    hint = 'a string ends on its line; one over several lines is written """..."""'
    _add(tokens, start, start + 1, "this string is never closed", hint)
    return end


def _wrong_number(tokens: Tokens, start: int) -> int:
    text = tokens.source.text
    end = start + 1
    while end < len(text) and (text[end].isalnum() or text[end] in "_'."):
        end += 1
    word = text[start:end]
    shown = word if len(word) <= 40 else word[:40] + "..."
    digits = re.match(r"[0-9]+(?:\.[0-9]+)?", word)
    number = digits[0] if digits else word
    rest = word[len(number) :]
    hint = None
    if "." not in number and rest.startswith("."):
        hint = f"digits stand on both sides of the point: `{number[:40]}.0`"
    elif rest[:1] == "_":
        hint = "the digits of a number stand together"
    elif rest[:1].isalpha() and rest not in ("e", "E") and len(word) <= 40:
        hint = f"a name starts with a letter; a product is written `{number} * {rest}`"
    _add(tokens, start, start + len(word), f"`{shown}` is neither a number nor a name", hint)
    return start + len(word)


def minus(tokens: Tokens, start: int) -> None:
    """A line that starts with `-` could mean two things."""
    message = "a line that starts with `-` may go on from the line before or start anew"
    hint = "to subtract, end the line before with `-` or put both lines in brackets; to start anew, write `(-...)`"
    _add(tokens, start, start + 1, message, hint)


def unclosed(tokens: Tokens, opener: int, closer: int | None) -> None:
    """A bracket without its partner: the error stands at the bracket."""
    note = None
    if closer is not None:
        line, column = tokens.source.place(tokens.starts[closer])
        note = f"the `{tokens.words[closer]}` in line {line}, column {column} closes a bracket before it"
    span = tokens.span(opener)
    _add(tokens, span.start, span.end, f"`{tokens.words[opener]}` is never closed", None, note)


def unopened(tokens: Tokens, closer: int, opener: int | None) -> None:
    """A closing bracket that closes nothing, or another bracket than the one that is open."""
    span = tokens.span(closer)
    word = tokens.words[closer]
    if opener is None:
        _add(tokens, span.start, span.end, f"`{word}` closes nothing")
        return
    opened = tokens.words[opener]
    line, column = tokens.source.place(tokens.starts[opener])
    note = f"`{opened}` is open since line {line}, column {column}"
    _add(tokens, span.start, span.end, f"`{word}` does not close `{opened}`", None, note)


def too_deep(tokens: Tokens, index: int, nesting: int) -> None:
    """More brackets inside each other than the limit: nothing after this place is read."""
    span = tokens.span(index)
    raise DiagramSyntaxError(f"nested more than {nesting:,} deep", span, (), "raise the limit with `nesting=`")
