"""The grammar and its prebuilt tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from lark import Lark, Token, Tree
from lark.exceptions import GrammarError
from lark.lexer import Lexer

from diagrammar.grammar import actions, build, declarations, parser, tables
from diagrammar.grammar.lexer import KINDS, Tokens, tokenize
from diagrammar.source import Source

SKETCHES = sorted((Path(__file__).parent / "sketches").glob("*.dg"))
GRAMMAR = Path(tables.GRAMMAR).read_text(encoding="utf-8")


class Ours(Lexer):
    """Our tokens, handed to Lark under the names of its terminals."""

    names: ClassVar[dict[str, str]] = {}

    def __init__(self, conf: Any) -> None:
        for terminal in conf.terminals:
            text = terminal.pattern.value if terminal.pattern.type == "str" else terminal.name.lower()
            self.names[text] = terminal.name

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        tokens = lexer_state.text
        for kind, word in zip(tokens.kinds[:-1], tokens.words, strict=False):
            yield Token(self.names[KINDS[kind]], word)


def lark() -> Lark:
    return Lark(
        GRAMMAR,
        parser="lalr",
        lexer=Ours,
        strict=True,
        start=build.STARTS,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def by_lark(engine: Lark, tokens: Tokens) -> Any:
    """Lark's tree as nested tuples, built without recursion."""
    interactive = engine.parse_interactive(start="file")
    for kind, word in zip(tokens.kinds[:-1], tokens.words, strict=False):
        interactive.feed_token(Token(Ours.names[KINDS[kind]], word))
    tree: Any = interactive.feed_eof()  # type: ignore[no-untyped-call]
    done: dict[int, Any] = {}
    for node in tree.iter_subtrees():
        done[id(node)] = (str(node.data), *(done[id(c)] if isinstance(c, Tree) else str(c) for c in node.children))
    return done[id(tree)]


def by_ours(tokens: Tokens) -> Any:
    """Our driver's tree in the same shape."""
    built = tables.load()

    def recorder(alias: str) -> Any:
        return lambda t, v: (alias, *(t.words[part] if isinstance(part, int) else part for part in v))

    functions = {alias: recorder(alias) for _, _, alias in built.rules if alias}
    return parser.Parser(built, functions).read(tokens, "file")


def test_the_grammar_has_no_conflict() -> None:
    """Lark accepts the grammar in strict mode, with its own lexer (terminals that collide) and with ours."""
    Lark(GRAMMAR, parser="lalr", lexer="basic", strict=True, start=build.STARTS)
    lark()


def test_strict_mode_would_see_a_conflict() -> None:
    """The test above can fail: an `if` whose `else` may be left out is refused."""
    worse = GRAMMAR.replace('else" expr -> if_', 'else" expr -> if_\n  | "if" or "then" expr -> if_short')
    with pytest.raises(GrammarError, match=r"(?i)conflict"):
        Lark(worse, parser="lalr", lexer="basic", strict=True, start=build.STARTS)


def test_the_tables_are_fresh() -> None:
    """tables.json is, byte for byte, what the grammar makes: `python -m diagrammar.grammar.build`."""
    assert Path(tables.TABLES).read_text(encoding="utf-8") == build.render()


def test_stale_tables_are_built_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tables of another grammar, broken ones and missing ones are replaced by computed ones."""
    fresh = tables.load().rules
    for text in ('{"digest": 1, "rules": []}', "{", None):
        place = tmp_path / "tables.json"
        place.unlink(missing_ok=True)
        if text is not None:
            place.write_text(text)
        monkeypatch.setattr(tables, "TABLES", str(place))
        monkeypatch.setattr(tables, "_tables", None)
        assert tables.load().rules == fresh


def test_every_production_has_a_function() -> None:
    """Each alias of the grammar names a function of actions.py or declarations.py, and no production lacks both."""
    known = {**vars(actions), **vars(declarations)}
    for origin, length, alias in tables.load().rules:
        assert callable(known[alias]) if alias else length == 1, origin


@pytest.mark.parametrize("path", SKETCHES, ids=lambda path: path.stem)
def test_our_driver_agrees_with_lark(path: Path) -> None:
    """Driven by our loop, the tables give the tree that Lark's own LALR parser gives."""
    text = path.read_text(encoding="utf-8")
    engine = lark()
    assert by_ours(tokenize(Source("x", text))) == by_lark(engine, tokenize(Source("x", text)))


def test_there_are_sixteen_sketches() -> None:
    """The tests over sketches do not pass because there are none."""
    assert len(SKETCHES) == 16


def test_reading_a_file_imports_no_lark() -> None:
    """A start without lark, typing, json's user-level friends or dataclasses keeps the command line fast."""
    code = (
        "import sys; from diagrammar.grammar import parse; from diagrammar.source import Source;"
        "parse(Source('x', 'dim n')); print(sorted({'lark', 'interegular', 'dataclasses'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tables_hold_numbers_only() -> None:
    """The file is data: lists, numbers and names."""
    data = json.loads(Path(tables.TABLES).read_text(encoding="utf-8"))
    assert set(data) == {"digest", "rules", "actions", "gotos", "action_of", "goto_of", "starts", "ends"}
