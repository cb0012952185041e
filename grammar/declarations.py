"""The functions of the productions for declarations and files; see actions.py."""

from __future__ import annotations

from diagrammar.grammar.actions import document, end_of, text_of
from diagrammar.grammar.lexer import Tokens
from diagrammar.grammar.tree import (
    Binding,
    BoxDecl,
    DerivativeRule,
    DiagramDecl,
    Dims,
    File,
    FunctorDecl,
    Import,
    LawDecl,
    Let,
    Param,
    Rule,
    Share,
    SpaceDecl,
    String,
    TypeDecl,
)

TYPE_CHECKING = False  # typing costs 3 ms of every start
if TYPE_CHECKING:
    from typing import Any

    Values = list[Any]
    Path = tuple[str, bool, int]  # its text, whether it is quoted, where it ends


# -------------------------------------------------------------------------------------------------- imports


def path_name(t: Tokens, v: Values) -> Path:
    return t.words[v[0]], False, end_of(t, v[0])


def path_more(t: Tokens, v: Values) -> Path:
    return f"{v[0][0]}.{t.words[v[2]]}", False, end_of(t, v[2])


def path_string(t: Tokens, v: Values) -> Path:
    return text_of(t, v[0]), True, end_of(t, v[0])


def import_module(t: Tokens, v: Values) -> Import:
    path, quoted, end = v[1]
    return Import(t.starts[v[0]], end, path, quoted, None, None)


def import_alias(t: Tokens, v: Values) -> Import:
    path, quoted, _ = v[1]
    return Import(t.starts[v[0]], end_of(t, v[3]), path, quoted, None, t.words[v[3]])


def import_names(t: Tokens, v: Values) -> Import:
    path, quoted, _ = v[1]
    return Import(t.starts[v[0]], end_of(t, v[-1]), path, quoted, tuple(v[3]), None)


# ------------------------------------------------------------------------------------------- names for values


def param(t: Tokens, v: Values) -> Param:
    return Param(t.starts[v[0]], (v[4] or v[3]).end, t.words[v[1]], v[3], v[4])


def dims(t: Tokens, v: Values) -> Dims:
    return Dims(t.starts[v[0]], v[1][-1].end, tuple(v[1]))


def let(t: Tokens, v: Values) -> Let:
    return Let(t.starts[v[0]], v[3].end, t.words[v[1]], v[3])


def space(t: Tokens, v: Values) -> SpaceDecl:
    return SpaceDecl(t.starts[v[0]], v[3].end, t.words[v[1]], v[3])


def type_(t: Tokens, v: Values) -> TypeDecl:
    return TypeDecl(t.starts[v[0]], v[4].end, t.words[v[1]], tuple(v[2]), v[4])


def share(t: Tokens, v: Values) -> Share:
    return Share(t.starts[v[0]], v[3].end, t.words[v[1]], v[3])


# --------------------------------------------------------------------------------- diagrams, boxes, functors


def diagram_expr(t: Tokens, v: Values) -> DiagramDecl:
    return DiagramDecl(t.starts[v[0]], v[4].end, t.words[v[1]], v[2], v[4])


def diagram_block(t: Tokens, v: Values) -> DiagramDecl:
    return DiagramDecl(t.starts[v[0]], v[3].end, t.words[v[1]], v[2], v[3])


def box(t: Tokens, v: Values) -> BoxDecl:
    keyword, name, header, marks, rules = v
    end = header.end or end_of(t, name)
    if rules:
        end = rules[-1].end
    elif marks:
        end = marks[-1].end
    return BoxDecl(t.starts[keyword], end, t.words[name], header, tuple(marks), tuple(rules))


def rule_expr(t: Tokens, v: Values) -> DerivativeRule:
    return DerivativeRule(t.starts[v[0]], v[4].end, t.words[v[0]], v[1], tuple(v[2]), v[4])


def rule_block(t: Tokens, v: Values) -> DerivativeRule:
    return DerivativeRule(t.starts[v[0]], v[3].end, t.words[v[0]], v[1], tuple(v[2]), v[3])


def slot(t: Tokens, v: Values) -> str:
    return t.words[v[1]]


def functor_empty(t: Tokens, v: Values) -> FunctorDecl:
    return FunctorDecl(t.starts[v[0]], end_of(t, v[4]), t.words[v[1]], tuple(v[2]), ())


def functor(t: Tokens, v: Values) -> FunctorDecl:
    return FunctorDecl(t.starts[v[0]], end_of(t, v[5]), t.words[v[1]], tuple(v[2]), tuple(v[4]))


def image(t: Tokens, v: Values) -> Rule:
    return Rule(v[0].start, v[2].end, v[0], v[2])


# ----------------------------------------------------------------------------------------------------- laws


def relation(t: Tokens, v: Values) -> str:
    return t.words[v[0]]


def binding(t: Tokens, v: Values) -> Binding:
    return Binding(t.starts[v[0]], v[2].end, t.words[v[0]], v[2])


def law(t: Tokens, v: Values) -> LawDecl:
    keyword, name, params, wires, _, left, related, right, bindings, within, fails = v
    end = right.end
    if bindings:
        end = bindings[-1].end
    if within:
        end = within.end
    if fails:
        end = fails[1]
    return LawDecl(
        t.starts[keyword],
        end,
        t.words[name],
        tuple(params),
        tuple(wires),
        related,
        left,
        right,
        tuple(bindings),
        within,
        bool(fails),
    )


# ---------------------------------------------------------------------------------------------------- files


def file_empty(t: Tokens, v: Values) -> File:
    return File(0, len(t.source.text), None, ())


def file_items(t: Tokens, v: Values) -> File:
    """The first string of a file is the file's, also where a declaration follows it at once."""
    items = v[0]
    head = items[0]
    text = None
    if type(head) is String:
        text = head.value
        items = items[1:]
    return File(0, len(t.source.text), text, document(t, items))
