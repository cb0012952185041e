"""Where errors point, what they say, and how many are found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagrammar.errors import Diagnostics, DiagrammarError, DiagramSyntaxError
from diagrammar.grammar import parse, parse_expression, tree
from diagrammar.grammar.lexer import KINDS, tokenize
from diagrammar.source import Source

SKETCHES = sorted((Path(__file__).parent / "sketches").glob("*.dg"))


def errors(text: str) -> list[DiagrammarError]:
    try:
        parse(Source("x", text))
    except Diagnostics as several:
        return list(several.errors)
    except DiagrammarError as one:
        return [one]
    return []


def places(text: str) -> list[str]:
    return [str(error.span) for error in errors(text)]


def survives(text: str) -> None:
    """A text gives a tree or a diagnostic that can be shown, nothing else."""
    try:
        assert isinstance(parse(Source("x", text)), tree.File)
    except DiagrammarError as error:
        assert error.render()
        for one in error.errors if isinstance(error, Diagnostics) else (error,):
            assert one.span is not None and 0 <= one.span.start <= len(text)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("def f(x : A) -> B = x", "x:1:1: syntax error: found `def`, expected a declaration", "`diagram`"),
        ("diagrm f : A -> B = id", "x:1:1: syntax error: found `diagrm`", "`diagram`"),
        ("diagram f : A => B = id", "x:1:15: syntax error: found `=>`, expected `->`", "an arrow is written `->`"),
        ("diagram f : A = id", "x:1:15: syntax error: found `=`, expected `->`", "`I -> B`"),
        ("diagram f(x) -> B = x", "x:1:12: syntax error: found `)`, expected `:`", "`x : A`"),
        (
            "diagram f : A -> B = g >> if c then a else b",
            "x:1:27: syntax error: found the reserved word `if`",
            "brackets",
        ),
        ("diagram f : A -> B = g >> x -> h(x)", "x:1:22: syntax error: the wires of `->` are names", "brackets"),
        (
            "diagram f : A -> B = if c then a",
            "x:1:33: syntax error: found the end of the text, expected `else`",
            "else",
        ),
        ("let x 3", "x:1:7: syntax error: found the number `3`, expected `=`", "`=`"),
        ("let x = y ** 2", "x:1:12: syntax error: found `*`, expected an expression", "`^`"),
        ("let x = (a, b", "x:1:9: syntax error: `(` is never closed", ""),
        ("let x = (a, b]", "x:1:14: syntax error: `]` does not close `(`", ""),
        ("let x = a)", "x:1:10: syntax error: `)` closes nothing", ""),
        ("let if = 3", "x:1:5: syntax error: found the reserved word `if`, expected a name", "reserved"),
        ("weight W : R", "x:1:1: syntax error: found `weight`, expected a declaration", "block of a diagram"),
        ("x = 3", "x:1:1: syntax error: found `x`, expected a declaration", "let x"),
        ("law x : f", "x:1:10: syntax error: found the end of the text, expected `==`, `<=` or `>=`", ""),
        ("law x(u : A) f == g", "x:1:14: syntax error: found `f`, expected `:`", "colon"),
        ("functor F { a -> b }", "x:1:15: syntax error: found `->`, expected `=>`", "`=>`"),
        ("let x = a < b < c", "x:1:15: syntax error: found `<`", "do not chain"),
        ("let x = 2 y", "x:1:11: syntax error: found `y`, expected the end of the line", "`2 * y`"),
        ("let x = f(a b)", "x:1:13: syntax error: found `b`, expected `=`, `,` or `)`", "comma"),
        ("let x = store y", "x:1:15: syntax error: found `y`, expected the end of the line", "`store { f }`"),
        ("let x = 'a'", "x:1:9: syntax error: `'` means nothing here", "double quotes"),
        ("let x = a && b", "x:1:11: syntax error: `&` means nothing here", "`and`"),
        ("let x = a → b", "x:1:11: syntax error: `→` means nothing here", "`->`"),
        (
            "diagram f : A -> B { param n : int }",
            "x:1:22: syntax error: found `param`, expected a statement",
            "in a file",
        ),
    ],
)
def test_messages(text: str, message: str, hint: str) -> None:
    """The place, what was found, what was expected, and what was likely meant, in the user's words."""
    (error,) = errors(text)
    assert error.render().startswith(message)
    assert hint in (error.hint or "")


def test_no_message_names_a_terminal() -> None:
    """Each kind of token can be shown: no name of a terminal of the grammar reaches the user."""
    random.seed(1)
    words = [*KINDS[6:], "x", "3", '"s"', "\n", "{", "diagram f", "law l", "weight w"]
    for _ in range(500):
        for error in errors(" ".join(random.choice(words) for _ in range(8))):
            assert not {"name", "number", "string", "doc", "line", "end"} & set(
                error.message.replace("`", " ` ").split("`")[1::2]
            )
            assert "LPAR" not in error.message and "ANON" not in error.message


def test_independent_errors_are_all_reported() -> None:
    """After an error reading goes on at the next declaration."""
    text = "let a 1\nlet b = 2\ndiagram f : A -> B {\n  x = = 3\n  y = 5\n}\nlet c = $ + 1\nbox 3\nlaw l : f == g\n"
    assert places(text) == ["x:1:7", "x:4:7", "x:7:9", "x:8:1"]


def test_an_unclosed_bracket_does_not_swallow_the_file() -> None:
    """A declaration at the start of a line shows where the bracket should have been closed."""
    text = "diagram f(x : A) -> B {\n  y = g(x\n  return y\n}\nlet a 1\nlet b = [1, 2\nlet c 3\n"
    assert places(text) == ["x:2:8", "x:5:7", "x:6:9", "x:7:7"]
    assert places("diagram f : A -> B {\n  id\nlaw l : f == g\nlet c 3") == ["x:1:20", "x:4:7"]


def test_an_unfinished_line_does_not_swallow_the_next() -> None:
    """A line that breaks off after an operator is one error, and the declaration after it is read."""
    assert places("let a = b +\nlet c = 3\nlet d 4") == ["x:1:12", "x:3:7"]


def test_at_most_twenty_errors() -> None:
    """More errors than anyone reads are not collected."""
    assert len(errors("let a 1\n" * 1000)) == 20
    assert len(errors("let a = $\n" * 1000)) == 20
    assert len(errors("let a = \0\n" * 1000)) == 20
    assert len(errors("let a = b\n- c\n" * 1000)) == 20


def test_one_error_is_itself_a_syntax_error() -> None:
    """A single error is raised alone and is the builtin that a caller expects."""
    with pytest.raises(SyntaxError) as caught:
        parse(Source("x", "let a 1"))
    assert type(caught.value) is DiagramSyntaxError


def test_errors_of_an_expression() -> None:
    """An expression is the whole text: more of it is an error."""
    for text, column in (("", 1), ("1 2", 3), ("a = b", 3), ("let a = b", 1), ("a\nb", 2), ("$", 1)):
        with pytest.raises(DiagramSyntaxError) as caught:
            parse_expression(Source("-p x", text))
        assert caught.value.span is not None
        assert caught.value.span.source.place(caught.value.span.start)[1] == column, text


@pytest.mark.parametrize("path", SKETCHES, ids=lambda path: path.stem)
def test_every_prefix_of_tokens_survives(path: Path) -> None:
    """Text that is being typed never breaks the reader: each token is once the last one."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize(Source("x", text))
    ends = sorted({tokens.span(index).end for index in range(len(tokens.kinds))})
    for end in ends[:: max(1, len(ends) // 150)]:
        survives(text[:end])


@pytest.mark.parametrize("path", SKETCHES, ids=lambda path: path.stem)
def test_prefixes_of_bytes_survive(path: Path) -> None:
    """Also text cut inside a word, a string or a comment."""
    text = path.read_text(encoding="utf-8")
    for end in random.Random(path.stem).sample(range(len(text)), 60):
        survives(text[:end])


@pytest.mark.parametrize("path", SKETCHES, ids=lambda path: path.stem)
def test_damaged_texts_survive(path: Path) -> None:
    """Texts with a token dropped, doubled or exchanged give a tree or a diagnostic."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize(Source("x", text))
    draw = random.Random(path.stem)
    for _ in range(60):
        one, two = (tokens.span(draw.randrange(len(tokens.kinds) - 1)) for _ in range(2))
        survives(text[: one.start] + draw.choice(["", two.text(), one.text() * 2, two.text() + "\n"]) + text[one.end :])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*KINDS[6:], "x", "y'", "1", "1e-5", '"s"', '"""', "\n", "\r", " ", "#", "-", "é", "e\u0301", "$", "\\"]
        )
    )
)
def test_any_words_survive(words: list[str]) -> None:
    """Words of the language in any order give a tree or a diagnostic."""
    survives(" ".join(words))
    survives("".join(words))


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_survives(text: str) -> None:
    """Any text at all gives a tree or a diagnostic."""
    survives(text)
    survives("diagram f : A -> A {" + text)
