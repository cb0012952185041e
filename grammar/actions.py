"""One function for each production of the grammar: the parts that were read become a node of the tree.

`v` holds the values of the parts: the number of a token, or what the function of that part returned. Lists are
extended in place, so a list of n parts costs n steps.
"""

from __future__ import annotations

import re

from diagrammar.errors import DiagramSyntaxError
from diagrammar.grammar.lexer import Tokens
from diagrammar.grammar.tree import (
    Argument,
    Arrow,
    Attribute,
    Binary,
    Bind,
    Block,
    BoxDecl,
    Bundle,
    Call,
    DiagramDecl,
    Dims,
    FunctorDecl,
    Header,
    If,
    Index,
    Lambda,
    LawDecl,
    Let,
    ListOf,
    Mark,
    Name,
    Named,
    Next,
    Node,
    Number,
    Param,
    Parameter,
    Port,
    Repeat,
    Result,
    Return,
    Share,
    SpaceDecl,
    State,
    String,
    TypeDecl,
    Unary,
    Weight,
)
from diagrammar.source import Span

TYPE_CHECKING = False  # typing costs 3 ms of every start
if TYPE_CHECKING:
    from typing import Any

    Values = list[Any]

_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_LINE_END = re.compile(r"\r\n?")


def end_of(t: Tokens, index: int) -> int:
    return t.starts[index] + len(t.words[index])


def name_of(t: Tokens, index: int) -> Name:
    start = t.starts[index]
    word = t.words[index]
    return Name(start, start + len(word), word)


def text_of(t: Tokens, index: int) -> str:
    """The text that a string stands for; one in three quotes is taken as it stands, so TeX needs no doubling."""
    word = t.words[index]
    if word.startswith('"""'):
        return _LINE_END.sub("\n", word[3:-3])
    if "\\" not in word:
        return word[1:-1]
    start = t.starts[index]

    def meaning(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            at = start + 1 + match.start()
            message = f'`{match[0]}` is no escape: a string knows `\\"`, `\\\\`, `\\n` and `\\t`'
            hint = 'write `\\\\` for a backslash, or use """...""", where it needs no doubling'
            raise DiagramSyntaxError(message, Span(t.source, at, at + 2), (), hint)
        return _ESCAPES[match[1]]

    return _ESCAPE.sub(meaning, word[1:-1])


# ---------------------------------------------------------------------------------------------------- parts


def first(t: Tokens, v: Values) -> Any:
    return v[0]


def second(t: Tokens, v: Values) -> Any:
    return v[1]


def nothing(t: Tokens, v: Values) -> None:
    return None


def empty(t: Tokens, v: Values) -> list[Any]:
    return []


def list_one(t: Tokens, v: Values) -> list[Any]:
    return [v[0]]


def list_more(t: Tokens, v: Values) -> list[Any]:
    v[0].append(v[2])
    return v[0]  # type: ignore[no-any-return]  # what the parser has made so far is untyped


def names_one(t: Tokens, v: Values) -> list[Name]:
    return [name_of(t, v[0])]


def names_more(t: Tokens, v: Values) -> list[Name]:
    v[0].append(name_of(t, v[2]))
    return v[0]  # type: ignore[no-any-return]  # what the parser has made so far is untyped


def false(t: Tokens, v: Values) -> bool:
    return False


def true(t: Tokens, v: Values) -> tuple[bool, int]:
    return True, end_of(t, v[0])


# ---------------------------------------------------------------------------------------------- expressions


def name(t: Tokens, v: Values) -> Name:
    index = v[0]
    start = t.starts[index]
    word = t.words[index]
    return Name(start, start + len(word), word)


def number(t: Tokens, v: Values) -> Number:
    start = t.starts[v[0]]
    word = t.words[v[0]]
    return Number(start, start + len(word), word)


def string(t: Tokens, v: Values) -> String:
    return String(t.starts[v[0]], end_of(t, v[0]), text_of(t, v[0]))


def binary(t: Tokens, v: Values) -> Binary:
    left, at, right = v
    return Binary(left.start, right.end, t.words[at], left, right, t.starts[at])


def unary(t: Tokens, v: Values) -> Unary:
    at, item = v
    return Unary(t.starts[at], item.end, t.words[at], item)


def call(t: Tokens, v: Values) -> Call:
    return Call(v[0].start, t.starts[v[3]] + 1, v[0], tuple(v[2]))


def index(t: Tokens, v: Values) -> Index:
    return Index(v[0].start, t.starts[v[3]] + 1, v[0], tuple(v[2]))


def attribute(t: Tokens, v: Values) -> Attribute:
    return Attribute(v[0].start, end_of(t, v[2]), v[0], t.words[v[2]])


def argument(t: Tokens, v: Values) -> Argument:
    value = v[0]
    return Argument(value.start, value.end, None, value)


def argument_named(t: Tokens, v: Values) -> Argument:
    return Argument(t.starts[v[0]], v[2].end, t.words[v[0]], v[2])


def paren(t: Tokens, v: Values) -> Node:
    """The expression itself; its place takes the brackets in, so that carets under it or beside it are right."""
    node: Node = v[1]
    node.start, node.end = t.starts[v[0]], t.starts[v[2]] + 1
    return node


def named(t: Tokens, v: Values) -> Named:
    return Named(t.starts[v[0]], t.starts[v[4]] + 1, v[1], t.words[v[3]])


def bundle_empty(t: Tokens, v: Values) -> Bundle:
    return Bundle(t.starts[v[0]], t.starts[v[1]] + 1, ())


def bundle(t: Tokens, v: Values) -> Node:
    if len(v[1]) == 1:
        return paren(t, [v[0], v[1][0], v[-1]])
    return Bundle(t.starts[v[0]], t.starts[v[-1]] + 1, tuple(v[1]))


def list_empty(t: Tokens, v: Values) -> ListOf:
    return ListOf(t.starts[v[0]], t.starts[v[1]] + 1, ())


def list_(t: Tokens, v: Values) -> ListOf:
    return ListOf(t.starts[v[0]], t.starts[v[-1]] + 1, tuple(v[1]))


def if_(t: Tokens, v: Values) -> If:
    return If(t.starts[v[0]], v[5].end, v[1], v[3], v[5])


def repeat(t: Tokens, v: Values) -> Repeat:
    return Repeat(t.starts[v[0]], t.starts[v[4]] + 1, v[1], None, v[3])


def repeat_as(t: Tokens, v: Values) -> Repeat:
    return Repeat(t.starts[v[0]], t.starts[v[6]] + 1, v[1], t.words[v[3]], v[5])


def mark(t: Tokens, v: Values) -> Mark:
    return Mark(t.starts[v[0]], t.starts[v[3]] + 1, t.words[v[0]], v[2])


def lambda_(t: Tokens, v: Values) -> Lambda:
    left, _arrow, body = v
    wires: list[Port] = []
    for item in left.items if isinstance(left, Bundle) else (left,):
        if not isinstance(item, Name):
            message = "the wires of `->` are names"
            hint = "`x -> e` or `(x, y) -> e`; as an operand it takes brackets: `f >> (x -> e)`"
            raise DiagramSyntaxError(message, Span(t.source, item.start, item.end), (), hint)
        wires.append(Port(item.start, item.end, item.name, None))
    return Lambda(left.start, body.end, tuple(wires), body)


def lambda_typed(t: Tokens, v: Values) -> Lambda:
    return Lambda(t.starts[v[0]], v[4].end, tuple(v[1]), v[4])


def expression(t: Tokens, v: Values) -> Node:
    return v[0]  # type: ignore[no-any-return]  # what the parser has made so far is untyped


# -------------------------------------------------------------------------------------------------- headers


def arrow(t: Tokens, v: Values) -> Arrow:
    return Arrow(v[0].start, v[2].end, v[0], v[2])


def parameter(t: Tokens, v: Values) -> Parameter:
    end = v[1].end if v[1] else end_of(t, v[0])
    return Parameter(t.starts[v[0]], end, t.words[v[0]], None, v[1])


def parameter_kind(t: Tokens, v: Values) -> Parameter:
    end = v[3].end if v[3] else v[2].end
    return Parameter(t.starts[v[0]], end, t.words[v[0]], v[2], v[3])


def port(t: Tokens, v: Values) -> Port:
    return Port(t.starts[v[0]], v[2].end, t.words[v[0]], v[2])


def target(t: Tokens, v: Values) -> Port:
    start = t.starts[v[0]]
    word = t.words[v[0]]
    return Port(start, start + len(word), word, None)


def _header(params: Values, wires: Values, dom: Node | None, cod: Node) -> Header:
    """A header starts at its first part that is a node; one without any starts at its type."""
    parts = [*params, *(port for ports in wires for port in ports), *([dom] if dom else []), cod]
    return Header(parts[0].start, cod.end, tuple(params), tuple(tuple(ports) for ports in wires), dom, cod)


def header_wires(t: Tokens, v: Values) -> Header:
    return _header(v[0], [v[1]], None, v[3])


def header_two(t: Tokens, v: Values) -> Header:
    return _header(v[0], [v[1], v[2]], None, v[4])


def header_arrow(t: Tokens, v: Values) -> Header:
    return _header(v[0], [], v[2], v[4])


def header_parametric(t: Tokens, v: Values) -> Header:
    return _header(v[0], [v[1]], v[3], v[5])


def header_untyped(t: Tokens, v: Values) -> Header:
    params = v[0]
    start, end = (params[0].start, params[-1].end) if params else (0, 0)
    return Header(start, end, tuple(params), (), None, None)


# --------------------------------------------------------------------------------------------------- blocks

_DOCUMENTED = (Weight, State, Let, Share, DiagramDecl, Param, Dims, SpaceDecl, TypeDecl, BoxDecl, LawDecl, FunctorDecl)


def doc(t: Tokens, v: Values) -> String:
    return String(t.starts[v[0]], end_of(t, v[0]), text_of(t, v[0]))


def document(t: Tokens, items: Values) -> tuple[Node, ...]:
    """Hand each string that stands alone to what it stands before."""
    found: list[Node] = []
    pending: String | None = None
    for item in items:
        if pending is None:
            if type(item) is String:
                pending = item
            else:
                found.append(item)
        elif isinstance(item, _DOCUMENTED):
            item.doc = pending.value
            found.append(item)
            pending = None
        else:
            break
    if pending is not None:
        message = "this string documents nothing"
        hint = "a string alone on its line stands before what it documents: a declaration, a weight or a state"
        raise DiagramSyntaxError(message, Span(t.source, pending.start, pending.end), (), hint)
    return tuple(found)


def block_empty(t: Tokens, v: Values) -> Block:
    return Block(t.starts[v[0]], t.starts[v[1]] + 1, ())


def block(t: Tokens, v: Values) -> Block:
    return Block(t.starts[v[0]], t.starts[v[2]] + 1, document(t, v[1]))


def weight(t: Tokens, v: Values) -> Weight:
    constraints = v[5]
    last = constraints[-1] if constraints else v[4] or v[3]
    return Weight(t.starts[v[0]], last.end, t.words[v[1]], v[3], v[4], tuple(constraints))


def state(t: Tokens, v: Values) -> State:
    return State(t.starts[v[0]], (v[4] or v[3]).end, t.words[v[1]], v[3], v[4])


def next_(t: Tokens, v: Values) -> Next:
    return Next(t.starts[v[0]], v[3].end, t.words[v[1]], v[3])


def return_nothing(t: Tokens, v: Values) -> Return:
    return Return(t.starts[v[0]], end_of(t, v[0]), ())


def return_(t: Tokens, v: Values) -> Return:
    return Return(t.starts[v[0]], v[1][-1].end, tuple(v[1]))


def bind(t: Tokens, v: Values) -> Bind:
    return Bind(v[0][0].start, v[2].end, tuple(v[0]), v[2])


def result(t: Tokens, v: Values) -> Result:
    return Result(v[0].start, v[0].end, v[0])
