"""Texts that the grammar makes: right in their syntax, and mostly without meaning."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

import diagrammar as dg

GRAMMAR = Path(dg.__file__).parent / "grammar" / "diagrammar.lark"

# words with blanks round them: the lexer's own rules decide which line ends count
WORDS = {
    "NAME": ("u", "v", "x'", "f", "linear", "sin", "R", "Field", "X", "n", "id", "weight", "law", "größe"),
    "NUMBER": ("0", "1", "2", "16", "0.5", "1e-3", "10"),
    "STRING": ('""', '"a b -> b"', '"gelu"', '"\\n"'),
    "DOC": ('"""a\n note"""\n',),
    "LINE": ("\n",),
}
HEADERS = ("let a =", "diagram f : R[2] -> R[2] =", "diagram f(u : R, v : R) -> R =", "type A =")


@cache
def texts() -> st.SearchStrategy[str]:
    """Files by the rules of the grammar, and declarations with expressions by these rules."""
    part = st.tuples(st.sampled_from(HEADERS), _made("expression")).map("".join)
    return st.one_of(_made("file"), st.lists(part, min_size=1, max_size=3).map("\n".join))


def _made(start: str) -> st.SearchStrategy[str]:
    lark = Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", lexer="basic", start=[start])
    explicit = {}
    for terminal in lark.terminals:
        pattern = terminal.pattern
        if terminal.name in WORDS:
            ways = WORDS[terminal.name]
        elif pattern.type == "str":
            ways = (pattern.value,)
        else:
            ways = (" ",) if re.match(pattern.to_regexp(), " ") else ("# note\n", "")
        explicit[terminal.name] = st.sampled_from([f" {way} " for way in ways])
    return from_lark(lark, start=start, explicit=explicit)
