"""The parse tables, read once from tables.json, or computed in memory where that file does not fit the grammar."""

from __future__ import annotations

import json
from os.path import dirname, join
from zlib import crc32

from diagrammar.grammar.lexer import KINDS

TYPE_CHECKING = False  # typing costs 3 ms of every start
if TYPE_CHECKING:
    from typing import Any

GRAMMAR = join(dirname(__file__), "diagrammar.lark")
TABLES = join(dirname(__file__), "tables.json")


class Tables:
    """LALR(1) tables: an action for each state and kind of token, a next state for each state and rule.

    An action is the state to shift to, `-1 - rule` to reduce, or 0 for an error.
    """

    __slots__ = ("actions", "ends", "gotos", "rules", "starts")

    def __init__(self, data: dict[str, Any]) -> None:
        action_rows, goto_rows = data["actions"], data["gotos"]
        self.actions: list[list[int]] = [action_rows[row] for row in data["action_of"]]
        self.gotos: list[dict[str, int]] = [goto_rows[row] for row in data["goto_of"]]
        self.rules: list[tuple[str, int, str]] = data["rules"]
        self.starts: dict[str, int] = data["starts"]
        self.ends: frozenset[int] = frozenset(data["ends"])


def digest(grammar: str) -> int:
    """A checksum of what the tables are made from: the grammar and the numbers of the kinds of tokens."""
    return crc32("\n".join((grammar.replace("\r\n", "\n"), *KINDS)).encode())


def load() -> Tables:
    """The tables of this grammar."""
    global _tables
    if _tables is None:
        with open(GRAMMAR, encoding="utf-8") as file:
            wanted = digest(file.read())
        data: dict[str, Any] = {}
        try:
            with open(TABLES, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError):
            pass
        if data.get("digest") != wanted:
            from diagrammar.grammar.build import build  # lark, 50 ms: for those who change the grammar

            data = build()
        _tables = Tables(data)
    return _tables


_tables: Tables | None = None
