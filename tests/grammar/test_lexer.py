"""Line ends, soft keywords, names, numbers and strings."""

from __future__ import annotations

import pytest

from diagrammar.errors import DiagrammarError
from diagrammar.grammar import parse, parse_expression, tree
from diagrammar.grammar.lexer import DOC, KIND, KINDS, LINE, NAME, tokenize
from diagrammar.source import Source


def kinds(text: str) -> list[str]:
    tokens = tokenize(Source("x", text))
    assert not tokens.errors, tokens.errors
    return [KINDS[kind] for kind in tokens.kinds[:-1]]


def words(text: str) -> str:
    tokens = tokenize(Source("x", text))
    assert not tokens.errors, tokens.errors
    return " ".join(
        "|" if kind == LINE else word for kind, word in zip(tokens.kinds, tokens.words, strict=True)
    ).strip()


def error(text: str) -> DiagrammarError:
    with pytest.raises(DiagrammarError) as caught:
        parse(Source("x", text))
    return caught.value


def place(text: str) -> str:
    caught = error(text)
    assert caught.span is not None
    return "{}:{}".format(*caught.span.source.place(caught.span.start))


# ---------------------------------------------------------------------------------------------- line ends


@pytest.mark.parametrize(
    "sign", [*(">>", "@", "+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", ".."), ",", ":", "=", "->", "=>"]
)
def test_a_line_goes_on_after_an_operator(sign: str) -> None:
    """A line that ends in an operator, `,`, `:`, `=`, `->` or `=>` goes on."""
    assert words(f"a {sign}\nb") == f"a {sign} b"


@pytest.mark.parametrize("word", ["as", "then", "else", "for", "in", "within", "where", "and", "or", "is", "not"])
def test_a_line_goes_on_after_a_joining_word(word: str) -> None:
    """A line that ends in a joining word goes on."""
    assert words(f"a {word}\nb") == f"a {word} b"


def test_fails_ends_its_line() -> None:
    """`fails` is the end of a law: the next line is not swallowed."""
    assert words("a fails\nb") == "a fails | b"
    laws = parse(Source("x", "law a(u : A) : u == u fails\nlaw b(u : A) : u == u")).declarations
    assert [law.fails for law in laws if isinstance(law, tree.LawDecl)] == [True, False]


@pytest.mark.parametrize(
    "sign",
    [">>", "@", "*", "/", "+", "->", "as", "then", "else", "for", "in", "within", "where", "fails", "and", "or", "is"],
)
def test_a_line_that_starts_so_goes_on_from_the_line_before(sign: str) -> None:
    """A line that starts with one of `>> @ * / + ->` or a joining word belongs to the line before."""
    assert words(f"a\n\n  # why\n  {sign} b") == f"a {sign} b"


@pytest.mark.parametrize("sign", ["^", "==", "<", ",", "=", ":", "=>", "..", "not", "if", "repeat", "(", "[", "b", "1"])
def test_other_lines_start_anew(sign: str) -> None:
    """Any other start of a line ends the line before."""
    tokens = tokenize(Source("x", f"a\n{sign}"))
    assert LINE in tokens.kinds


def test_a_line_that_starts_with_a_minus_is_an_error() -> None:
    """Outside brackets such a line has two readings; the error tells how to write either."""
    caught = error("let a = b\n  - c")
    assert place("let a = b\n  - c") == "2:3"
    assert caught.hint is not None
    assert "end the line before with `-`" in caught.hint and "`(-...)`" in caught.hint


def test_a_minus_may_start_a_line_where_it_has_one_reading() -> None:
    """Inside brackets, after an operator and at the start of a block a line may start with `-`."""
    assert words("x = (a\n - b)") == "x = ( a - b )"
    assert words("x = [a,\n - b]") == "x = [ a , - b ]"
    assert words("x =\n - b") == "x = - b"
    assert words("{\n - b\n}") == "{ - b }"


def test_brackets_hold_lines_together_and_braces_do_not() -> None:
    """In `(` and `[` line ends do not count, in `{` they count again, at any depth."""
    assert words("f(a\nb[c\nd]\n)\ne") == "f ( a b [ c d ] ) | e"
    assert words("f({\na\nb\n}\nc)\nd") == "f ( { a | b } c ) | d"


def test_empty_lines_and_comments_count_once() -> None:
    """Many line ends are one; none stands at the start, at the end, after `{` or before `}`."""
    assert words("\n\n# x\na # y\n\n# z\n\nb\n\n") == "a | b"
    assert words("f {\n\n a\n\n}\n") == "f { a }"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r\n", "\r\r\n"])
def test_every_kind_of_line_end_counts(end: str) -> None:
    """LF, CRLF, CR and mixtures end lines, also behind comments."""
    assert words(f"a{end}b # c{end}d{end}") == "a | b | d"


def test_a_declaration_ends_an_unfinished_line() -> None:
    """Two names never stand side by side, so `diagram g` starts a statement even after an operator."""
    assert words("let a = b +\ndiagram g") == "let a = b + | diagram g"


# ------------------------------------------------------------------------------------------ soft keywords

SOFT = ["param", "dim", "let", "space", "type", "box", "diagram", "share", "weight", "state", "next", "law", "functor"]


@pytest.mark.parametrize("word", [*SOFT, "import", "return"])
def test_a_soft_keyword_is_a_name_elsewhere(word: str) -> None:
    """In expressions, headers and arguments, the soft keywords are names."""
    assert kinds(f"{word} * x")[0] == "name"
    assert kinds(f"f({word} : R[3], {word} = 2, {word})")[2] == "name"
    assert kinds(f"{word} = 3")[0] == "name"
    assert kinds(f"{word} : R = 3")[0] == "name"
    assert kinds(f"x = {word}\n{word}, y = 3")[2] == "name"


@pytest.mark.parametrize("word", SOFT)
def test_a_soft_keyword_is_one_before_a_name(word: str) -> None:
    """At the start of a statement and before a name, on its line, the word is a keyword; the name may be the word."""
    assert kinds(f"{word} {word}") == [word, "name"]
    assert kinds(f"{{ {word} x }}") == ["{", word, "name", "}"]
    assert kinds(f"{word}\nx") == ["name", "line", "name"]


def test_import_and_return_introduce_more_than_names() -> None:
    """`import` may stand before a string; `return` before any expression or nothing."""
    assert kinds('import "./a.dg"') == ["import", "string"]
    for text in ("return", "return (a)", "return [1]", "return -x", "return 3", "return if c then a else b"):
        assert kinds(text)[0] == "return", text


def test_a_weight_may_be_called_weight() -> None:
    """`weight weight : R` declares it and `weight * state` uses it."""
    block = parse(Source("x", "diagram f(u : R) -> R {\nweight weight : R\nreturn weight * u\n}")).declarations[0]
    assert "Weight(name='weight'" in repr(block)
    assert "Binary(op='*', left=Name(name='weight')" in repr(block)


@pytest.mark.parametrize(
    "word", ["as", "then", "else", "for", "in", "within", "where", "fails", "and", "or", "is", "if", "repeat", "not"]
)
def test_reserved_words_name_nothing(word: str) -> None:
    """Joining words and `if repeat not` are refused as names."""
    for text in (f"let {word} = 3", f"param {word} : int", f"diagram {word} : A -> B = id", f"dim n, {word}"):
        error(text)


# ------------------------------------------------------------------------------------------------------ marks


@pytest.mark.parametrize("word", ["store", "recompute"])
def test_a_mark_is_a_word_before_its_brace(word: str) -> None:
    """Wherever an expression may stand and nothing waits for a `{`: in chains, in brackets, after `return`, in laws."""
    for text in (
        f"diagram f : A -> B = g >> {word} {{ h }}",
        f"diagram f : A -> B = {word}{{ g }}(x)",
        f"diagram f : A -> B = ({word}\n  # why\n  {{ g }})",
        f"diagram f(x : A) -> B {{\n  return {word} {{ g }}(x)\n}}",
        f"diagram f : A -> B {{\n  {word} {{ g }}\n}}",
        f"diagram f : A -> B = x -> {word} {{ g }}(x)",
        f"diagram f : A -> B = repeat 2 {{ {word} {{ g }} }}",
        f"diagram f : A -> B = repeat n as i {{ g }} >> {word} {{ g }}",
        f"law f(x : A) : {word} {{ g }}(x) == g(x)",
        f"functor F {{ f => {word} {{ g }} }}",
        f"box f : A -> A {{\n  jvp(x, dx) = {word} {{ g }}(x)\n}}",
        f"box g : A -> A\nlaw f(x : A) : {word} {{ g }}(x) == g(x)",
    ):
        assert word in kinds(text), text


@pytest.mark.parametrize("word", ["store", "recompute"])
def test_a_mark_is_a_name_elsewhere(word: str) -> None:
    """Where a `{` belongs to a header or to a `repeat`, and where none follows, it is a name as it was before."""
    for text in (
        f"box {word} {{\n  jvp(x, dx) = dx\n}}",
        f"functor {word} {{ f => g }}",
        f"diagram f : A -> {word} {{\n  return x\n}}",
        f"diagram f(x : A) : B -> {word} {{\n  return x\n}}",
        f"diagram f : A -> if n == 0 then B else {word} {{\n  return x\n}}",
        f"box f : A -> A is {word} {{\n  jvp(x, dx) = dx\n}}",
        f"diagram f : A -> B = repeat {word} {{ g }}",
        f"diagram f : A -> B = repeat 2 * {word} {{ g }}",
        f"diagram f : A -> B = repeat n as {word} {{ g }}",
        f"let {word} = 3",
        f"diagram {word}({word} : {word}) -> B {{\n  {word}' = {word}({word})\n  return {word}'\n}}",
        f"diagram f : A -> B = {word} >> {word}[3](x)",
        f"diagram f : A -> B = {word}\n{{ g }}",
    ):
        tokens = tokenize(Source("x", text))
        assert word in tokens.words and word not in kinds(text), text


# --------------------------------------------------------------------------------------- names and numbers


@pytest.mark.parametrize(
    "name", ["u'", "x''", "_m", "λ", "größe", "变量", "переменная", "x_1", "नमस्ते", "θ'", "self", "__import__"]
)
def test_names_of_any_script(name: str) -> None:
    """Letters of any script with their marks, digits, `_` and trailing primes make a name."""
    tokens = tokenize(Source("x", f"{name} = {name}"))
    assert not tokens.errors
    assert tokens.words[0] == tokens.words[2] == name and tokens.kinds[0] == NAME


def test_a_name_not_in_normal_form_is_refused() -> None:
    """Two texts that look the same are never two names."""
    caught = error("let e\u0301 = 3")
    assert "normal form" in caught.message and caught.hint is not None and "\u00e9" in caught.hint
    parse(Source("x", "let \u00e9 = 3"))


@pytest.mark.parametrize(
    "char", ["\0", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\u202e", "\u2066", "\u200f", "\u2028", "\ud800"]
)
def test_characters_that_no_text_may_hold(char: str) -> None:
    """Controls, bidi controls and lone surrogates are refused also in comments and strings."""
    for text in (f"let a = 3 # {char}", f'let a = "{char}"', f"let a{char} = 3"):
        assert "may not stand in a text" in error(text).message


def test_a_byte_order_mark_is_skipped_at_the_start_only() -> None:
    """A BOM may stand before the text and nowhere else."""
    assert len(parse(Source("x", "\ufefflet a = 3")).declarations) == 1
    assert place("let a = \ufeff3") == "1:9"


@pytest.mark.parametrize("text", ["0", "12", "0.01", "1e-5", "1E+5", "2.5e3", "9" * 400, "1e400", "0" * 400])
def test_numbers(text: str) -> None:
    """Whole numbers, decimals and exponents keep their text."""
    assert parse_expression(Source("x", text)).text == text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    ["1.", ".5", "1.e5", "2x", "3_000", "0x1F", "1e", "1e5x", "1.5.2", "9" * 401, "1e999", "1e-401", "1e" + "9" * 5000],
)
def test_wrong_numbers(text: str) -> None:
    """What is nearly a number, or too large to be worth reading, is an error at its place."""
    assert place(f"let a = {text}") == "1:9"


def test_a_range_needs_no_spaces() -> None:
    """`1..64` and `1 .. 64` are one range, `1.5..2.5` too."""
    assert words("1..64") == "1 .. 64"
    assert words("1.5..2.5") == "1.5 .. 2.5"


# ------------------------------------------------------------------------------------------------- strings


def test_strings() -> None:
    """A string on one line knows four escapes; one in three quotes is taken as it stands."""
    assert parse_expression(Source("x", r'"a\"b\\c\nd\te"')).value == 'a"b\\c\nd\te'  # type: ignore[attr-defined]
    assert parse_expression(Source("x", '"""a\\nu "b"\r\nc"""')).value == 'a\\nu "b"\nc'  # type: ignore[attr-defined]
    assert parse_expression(Source("x", '""')).value == ""  # type: ignore[attr-defined]
    assert parse_expression(Source("x", '""""""')).value == ""  # type: ignore[attr-defined]


def test_wrong_strings() -> None:
    """An unknown escape is shown where it stands; an open string where it starts."""
    assert place(r'let a = "bc\qd"') == "1:12"
    assert place('let a = "bc\nlet b = 3') == "1:9"
    assert place('let a = f("""bc\n\n)') == "1:11"


def test_a_string_alone_on_its_line_is_a_docstring() -> None:
    """A string that is a whole statement is a docstring; one inside a line is not."""
    tokens = tokenize(Source("x", '"a"\n"""b\nc"""\nlet d = f["e"]\n'))
    assert [kind for kind in tokens.kinds if kind in (DOC, KIND["string"])] == [DOC, DOC, KIND["string"]]
