"""Tokens to tree: the shift-reduce loop over the parse tables, and how it goes on after an error."""

from __future__ import annotations

import gc
from bisect import bisect_right

from diagrammar.errors import Diagnostics, DiagramSyntaxError
from diagrammar.grammar import actions, declarations, tables
from diagrammar.grammar.lexer import DOC, END, KIND, STRING, Tokens, tokenize
from diagrammar.grammar.lexical import MOST_ERRORS
from diagrammar.grammar.tree import File, Node
from diagrammar.source import Source

TYPE_CHECKING = False  # typing costs 3 ms of every start
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Action = Callable[[Tokens, list[Any]], Any]

# what nests one expression in another without a bracket, and the brackets
_NESTS = frozenset(KIND[text] for text in ("(", "[", "{", "^", "-", "->", "not", "else"))


class Parser:
    """The parse tables with the function of each production.

    >>> Parser(tables.load()).read(tokenize(Source("f.dg", "dim n")), "file")
    File(doc=None, declarations=(Dims(names=(Name(name='n'),)),))
    """

    def __init__(self, built: tables.Tables, functions: dict[str, Action] | None = None) -> None:
        self.tables = built
        known = functions if functions is not None else {**vars(actions), **vars(declarations)}
        # a production without a function hands on its one part, so only the state changes
        self.rules: list[tuple[str, int, Action | None]] = [
            (origin, length, known[alias] if alias else None) for origin, length, alias in built.rules
        ]

    def read(self, tokens: Tokens, start: str, *, nesting: int = 100_000) -> Any:
        """The value of a whole text, or all the errors in it."""
        kinds = bytes(tokens.kinds) + b"\0"  # one more end: the loop looks past the last token
        if start == "expression":
            kinds = kinds.replace(bytes([DOC]), bytes([STRING]))  # a string alone is the value, not a docstring
        errors: list[DiagramSyntaxError] = list(tokens.errors)
        value = None
        at = 0
        while True:
            outcome = self._run(tokens, kinds, at, self.tables.starts[start], nesting)
            if not isinstance(outcome, Failure):
                value = outcome
                break
            if _independent(tokens, outcome.at):
                errors.append(outcome.error)
            following = bisect_right(tokens.starts_of, outcome.at)
            if outcome.fatal or start != "file" or following == len(tokens.starts_of) or len(errors) >= MOST_ERRORS:
                break
            at = tokens.starts_of[following]
        if errors:
            errors.sort(key=lambda error: error.span.start if error.span else 0)
            raise errors[0] if len(errors) == 1 else Diagnostics(errors[:MOST_ERRORS])
        return value

    def _run(self, tokens: Tokens, kinds: bytes, at: int, state: int, nesting: int) -> Any:
        """Shift and reduce from a token on: the value, or a failure."""
        action_rows, gotos, rules = self.tables.actions, self.tables.gotos, self.rules
        states = [state]
        values: list[Any] = []
        # each level of nesting leaves a token on the stack, so a stack this short needs no count
        limit = nesting
        kind = kinds[at]
        while True:
            action = action_rows[state][kind]
            if action > 0:
                values.append(at)
                states.append(action)
                state = action
                at += 1
                kind = kinds[at]
                if len(values) > limit:
                    depth = sum(1 for value in values if type(value) is int and kinds[value] in _NESTS)
                    if depth > nesting:
                        return Failure(at - 1, _too_deep(tokens, at - 1, nesting), fatal=True)
                    limit = len(values) + nesting - depth
            elif action < 0:
                origin, length, function = rules[-1 - action]
                if function is None:
                    states.pop()
                else:
                    cut = len(values) - length
                    parts = values[cut:]
                    del values[cut:]
                    del states[cut + 1 :]
                    try:
                        values.append(function(tokens, parts))
                    except DiagramSyntaxError as error:
                        return Failure(max(at - 1, 0), error)
                state = gotos[states[-1]][origin]
                states.append(state)
            elif kind == END and state in self.tables.ends:
                return values[0]
            else:
                from diagrammar.grammar.explain import explain  # only wrong texts pay for it

                return Failure(at, explain(self.tables, tokens, states, at))


class Failure:
    """Why reading stopped at a token; after a fatal one nothing more is read."""

    __slots__ = ("at", "error", "fatal")

    def __init__(self, at: int, error: DiagramSyntaxError, *, fatal: bool = False) -> None:
        self.at = at
        self.error = error
        self.fatal = fatal


def _too_deep(tokens: Tokens, at: int, nesting: int) -> DiagramSyntaxError:
    message = f"nested more than {nesting:,} deep"
    return DiagramSyntaxError(message, tokens.span(at), (), "raise the limit with `nesting=`")


def _independent(tokens: Tokens, at: int) -> bool:
    """Whether no lexical error stands in the same declaration, of which this error would only be the echo."""
    if not tokens.errors:
        return True
    following = bisect_right(tokens.starts_of, at)
    low = tokens.starts[tokens.starts_of[following - 1]] if following else 0
    high = tokens.starts[tokens.starts_of[following]] if following < len(tokens.starts_of) else len(tokens.source.text)
    return not any(low <= error.span.start <= high for error in tokens.errors if error.span)


def read(source: Source, start: str, nesting: int, size: int) -> Any:
    """Read a whole text as a `file` or as an `expression`."""
    global _parser
    # the tree has no cycles, and collecting while it grows doubles the time
    collects = gc.isenabled()
    gc.disable()
    try:
        if _parser is None:
            _parser = Parser(tables.load())
        return _parser.read(tokenize(source, nesting=nesting, size=size), start, nesting=nesting)
    finally:
        if collects:
            gc.enable()


_parser: Parser | None = None


def parse(source: Source, *, nesting: int = 100_000, size: int = 10_000_000) -> File:
    """The tree of a `.dg` file.

    Raises a DiagramSyntaxError, or Diagnostics where the text has several independent errors. `nesting` limits how
    deep expressions may stand inside each other, `size` the characters of the text.

    >>> parse(Source("f.dg", "let n = 2 ^ 3")).declarations[0]
    Let(name='n', value=Binary(op='^', left=Number(text='2'), right=Number(text='3')))
    """
    tree = read(source, "file", nesting, size)
    assert isinstance(tree, File)
    return tree


def parse_expression(source: Source, *, nesting: int = 100_000, size: int = 10_000_000) -> Node:
    """The tree of one expression, such as the value in `-p width=64`.

    >>> parse_expression(Source("-p width", "[16, 16]"))
    ListOf(items=(Number(text='16'), Number(text='16')))
    """
    tree = read(source, "expression", nesting, size)
    assert isinstance(tree, Node)
    return tree
