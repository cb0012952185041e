"""Syntax errors in the user's words: what was found, what could have stood there, what was likely meant."""

from __future__ import annotations

from diagrammar.errors import DiagramSyntaxError
from diagrammar.grammar.lexer import END, KIND, KINDS, LINE, MARKS, NAME, NUMBER, RESERVED, SOFT, STRING, Tokens
from diagrammar.grammar.tables import Tables
from diagrammar.source import Span

# a simulated reading that reduces longer than this is taken as impossible: it only leaves a word out of the message
_STEPS = 2_000

_EXPRESSION = frozenset(KIND[text] for text in ("number", "string", "(", "[", "-", "not", "if", "repeat", *MARKS))
_OPERATORS = frozenset(
    KIND[text]
    for text in (*(">>", "@", "+", "-", "*", "/", "^", ".", "..", "==", "!=", "<", "<=", ">", ">="), "and", "or")
)
_POSTFIX = frozenset(KIND[text] for text in ("(", "[", "."))
_STATEMENTS = frozenset(KIND[text] for text in (*SOFT, "doc"))
_WORD = {
    END: "the end of the text",
    LINE: "the end of the line",
    NAME: "a name",
    NUMBER: "a number",
    STRING: "a string",
}
# the order in which what is expected is listed
_ORDER = ("=", ":", "->", ",", ")", "]", "}", "{")


def explain(tables: Tables, tokens: Tokens, states: list[int], at: int) -> DiagramSyntaxError:
    """The error at a token that no production allows there."""
    allowed = {kind for kind in range(len(KINDS)) if _accepts(tables, states, kind)}
    expected = _expected(allowed)
    message = f"found {_found(tokens, at)}"
    if expected:
        message += f", expected {expected}"
    span = tokens.span(at)
    if span.start == span.end:
        # the end of a line has no text: point just behind the last word
        span = Span(tokens.source, span.start, span.start + 1)
    from diagrammar.grammar.hints import hint

    return DiagramSyntaxError(message, span, (), hint(tokens, at, allowed))


def _accepts(tables: Tables, states: list[int], kind: int) -> bool:
    """Whether a token of this kind could be shifted next."""
    top = len(states) - 1  # states[: top + 1] is still as it was, `new` lies on it
    new: list[int] = []
    for _ in range(_STEPS):
        state = new[-1] if new else states[top]
        action = tables.actions[state][kind]
        if action >= 0:
            return action > 0 or (kind == END and state in tables.ends)
        origin, length, _ = tables.rules[-1 - action]
        kept = max(0, len(new) - length)
        top -= length - (len(new) - kept)
        del new[kept:]
        new.append(tables.gotos[new[-1] if new else states[top]][origin])
    return False


def _found(tokens: Tokens, at: int) -> str:
    kind, word = tokens.kinds[at], tokens.words[at]
    if kind in (END, LINE):
        return _WORD[kind]
    if kind == STRING or KINDS[kind] == "doc":
        return "a string"
    shown = word if len(word) <= 40 else word[:40] + "..."
    if word in RESERVED:
        return f"the reserved word `{shown}`"
    return f"the number `{shown}`" if kind == NUMBER else f"`{shown}`"


def _expected(allowed: set[int]) -> str:
    """The kinds that could stand there, the obvious ones summed up."""
    left = set(allowed)
    parts: list[str] = []
    if len(left & _STATEMENTS) > 3:
        parts.append("a declaration" if KIND["law"] in left else "a statement")
        left -= _STATEMENTS | _EXPRESSION | {NAME, END}
    if NUMBER in left:
        parts.append("an expression")
        left -= _EXPRESSION | {NAME}
    operators = left & (_OPERATORS | _POSTFIX)
    left -= operators
    if KIND["=="] in operators:
        if KIND["!="] not in operators:
            parts.append("`==`, `<=`, `>=`")
        elif left - {KIND["->"]}:
            # after an expression `->` is one more operator; in a header it stands for itself
            left.discard(KIND["->"])
    if LINE in left:
        left.discard(END)
        left.discard(KIND["}"])
    if operators and not left and not parts:
        parts.append("an operator")
    order = {KIND[text]: place for place, text in enumerate(_ORDER)}
    ranked = sorted(left, key=lambda kind: (kind in (LINE, END), order.get(kind, len(order)), kind))
    parts += [_WORD.get(kind, f"`{KINDS[kind]}`") for kind in ranked]
    parts = ", ".join(parts).split(", ")
    return ", ".join(parts[:-1]) + " or " + parts[-1] if len(parts) > 1 else parts[0]
