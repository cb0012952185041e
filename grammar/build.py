"""Makes tables.json from diagrammar.lark: `python -m diagrammar.grammar.build`.

The one place that imports lark. The tables are numbered by a walk from the start states in a fixed order, so one
grammar gives one file, byte for byte.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diagrammar.grammar.lexer import END, KIND, KINDS
from diagrammar.grammar.tables import GRAMMAR, TABLES, digest

STARTS = ["file", "expression"]


def main() -> None:
    """Write tables.json beside the grammar."""
    Path(TABLES).write_text(render(), encoding="utf-8")


def render() -> str:
    """The text of tables.json."""
    return json.dumps(build(), separators=(",", ":"), sort_keys=True) + "\n"


def build() -> dict[str, Any]:
    """Compute the tables; Lark raises an error for every conflict of the grammar."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    text = Path(GRAMMAR).read_text(encoding="utf-8")
    lark = Lark(text, parser="lalr", lexer="basic", strict=True, start=STARTS)
    table: Any = lark.parser.parser._parse_table
    kinds = _kinds(lark)
    rules = sorted({rule for row in table.states.values() for _, rule in _reduced(row, Shift)}, key=_rule_key)
    number = {rule: index for index, rule in enumerate(rules)}
    order = _walk(table, Shift)
    actions: list[list[int]] = []
    gotos: list[dict[str, int]] = []
    for state in order:
        row, goto = [0] * len(KINDS), {}
        for symbol, (action, argument) in table.states[state].items():
            if action is not Shift:
                row[kinds[symbol]] = -1 - number[argument]
            elif symbol in kinds:
                row[kinds[symbol]] = order[argument]
            else:
                goto[symbol] = order[argument]
        actions.append(_default(row))
        gotos.append(goto)
    action_rows, action_of = _unique(actions)
    goto_rows, goto_of = _unique(gotos)
    return {
        "digest": digest(text),
        "rules": [[str(rule.origin.name), len(rule.expansion), rule.alias or ""] for rule in rules],
        "actions": action_rows,
        "gotos": goto_rows,
        "action_of": action_of,
        "goto_of": goto_of,
        "starts": {name: order[table.start_states[name]] for name in STARTS},
        "ends": sorted(order[state] for state in table.end_states.values()),
    }


def _kinds(lark: Any) -> dict[str, int]:
    """The lexer's kind of each terminal: by its text, or by its name where the text varies."""
    kinds = {"$END": END}
    for terminal in lark.terminals:
        if terminal.name in lark.ignore_tokens:
            continue
        text = terminal.pattern.value if terminal.pattern.type == "str" else terminal.name.lower()
        kinds[terminal.name] = KIND[text]
    return kinds


def _reduced(row: dict[str, Any], shift: Any) -> list[tuple[str, Any]]:
    return [(symbol, argument) for symbol, (action, argument) in row.items() if action is not shift]


def _rule_key(rule: Any) -> tuple[str, list[str], str]:
    return str(rule.origin.name), [str(symbol.name) for symbol in rule.expansion], rule.alias or ""


def _walk(table: Any, shift: Any) -> dict[Any, int]:
    """The states in a fixed order; no state that is shifted to is number 0, which means an error."""
    queue = [table.start_states[name] for name in STARTS]
    order = {state: index for index, state in enumerate(queue)}
    for state in queue:
        for symbol in sorted(table.states[state]):
            action, argument = table.states[state][symbol]
            if action is shift and argument not in order:
                order[argument] = len(order)
                queue.append(argument)
    return order


def _default(row: list[int]) -> list[int]:
    """A state that can only reduce by one rule does so whatever follows: the error shows at the next shift.

    So such rows become equal, and what is expected after an error is said of the state that could have gone on.
    """
    used = {action for action in row if action}
    return [used.pop()] * len(row) if len(used) == 1 and min(used) < 0 else row


def _unique(rows: list[Any]) -> tuple[list[Any], list[int]]:
    found: dict[str, int] = {}
    unique: list[Any] = []
    places: list[int] = []
    for row in rows:
        key = json.dumps(row, sort_keys=True)
        if key not in found:
            found[key] = len(unique)
            unique.append(row)
        places.append(found[key])
    return unique, places


if __name__ == "__main__":
    main()
