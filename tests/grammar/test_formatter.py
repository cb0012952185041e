"""The formatter changes the layout of a text and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import diagrammar as dg
from diagrammar.grammar import parse
from diagrammar.grammar.layout import formatted
from diagrammar.source import Source
from tests.fuzz.messy import comments_of, messed_up, same_tokens

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.dg"))
STD = sorted((Path(dg.__file__).parent / "std").glob("*.dg"))
SKETCHES = sorted((Path(__file__).parent / "sketches").glob("*.dg"))
REFERENCE = Path(dg.__file__).parent / "grammar" / "README.md"


def blocks(path: Path) -> list[str]:
    """The programs of a page."""
    return re.findall(r"(?m)^```dg\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL)


TEXTS = {
    **{f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in (*EXAMPLES, *STD, *SKETCHES)},
    **{f"reference/{number}": text for number, text in enumerate(blocks(REFERENCE))},
}


def tree(text: str) -> str:
    """The tree of a text, in words."""
    return repr(parse(Source("t.dg", text)))


def holds(text: str) -> str:
    """The text formatted, with what a formatter promises held: tokens, tree, comments, and that once is enough."""
    result = formatted(text)
    assert same_tokens(text, result)
    assert tree(result) == tree(text)
    assert comments_of(result) == comments_of(text)
    assert formatted(result) == result
    assert result == "" or result.endswith("\n")
    assert not re.search(r"[ \t](?=[\r\n]|\Z)", re.sub(r'"""[\s\S]*?"""', "", result))
    return result


@pytest.mark.parametrize("path", [*EXAMPLES, *STD], ids=lambda path: path.stem)
def test_examples_and_library_are_formatted(path: Path) -> None:
    """`diagrammar fmt --check examples std` finds nothing to change."""
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text


@pytest.mark.parametrize("path", [REFERENCE, ROOT / "README.md"], ids=["reference", "readme"])
def test_programs_on_pages_are_formatted(path: Path) -> None:
    """The reference and the README show the layout that the formatter gives."""
    assert blocks(path)
    for text in blocks(path):
        assert formatted(text) == text


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_keeps_its_tokens_and_comments(name: str) -> None:
    """Of every example, library file, sketch and program of the reference."""
    holds(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
def test_any_layout_keeps_its_tokens_and_comments(name: str) -> None:
    """Whatever blanks, line ends and comments stand between the tokens."""
    for seed in range(12):
        messy = messed_up(TEXTS[name], seed)
        assert same_tokens(messy, TEXTS[name])
        holds(messy)


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith(("examples", "std"))])
def test_blanks_do_not_matter(name: str) -> None:
    """Where the author put blanks other than to set columns, one layout comes out."""
    text = re.sub(r"(?m)[ \t]*#.*$", "", TEXTS[name])
    text = formatted(re.sub(r"(?<=\S) {2,}", " ", text))
    words = re.split(r'("""[\s\S]*?"""|"[^"\n]*")', text)
    words[::2] = [re.sub(r"(?<=[\w)\]}]) (?=[-+*/@=<>:])|(?<=[*/@,]) |(?m:^ +)", "", word) for word in words[::2]]
    assert formatted("".join(words)) == text


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith(("examples", "std"))])
def test_what_is_formatted_means_the_same(name: str, tmp_path: Path) -> None:
    """The diagrams of a text in any layout are those of the text."""
    if name.startswith("std/"):
        # a text may not declare what its own declarations take from the library
        assert tree(formatted(messed_up(TEXTS[name], 1))) == tree(TEXTS[name])
        return
    # beside the others, which it may import
    for other, text in TEXTS.items():
        if other.startswith("examples/"):
            (tmp_path / f"{other.removeprefix('examples/')}.dg").write_text(text, encoding="utf-8")
    path = tmp_path / f"{name.removeprefix('examples/')}.dg"
    before = dg.load(path)
    path.write_text(formatted(messed_up(TEXTS[name], 1)), encoding="utf-8")
    after = dg.load(path)
    assert list(after) == list(before)
    for diagram in before:
        assert dg.same(after[diagram], before[diagram])
        assert after[diagram] == before[diagram]


LAYOUTS = {
    "blanks": ("param  a:int=3", "param a : int = 3\n"),
    "signs": ("let a = -b^-2+c[ 0 ]*d . e..3", "let a = -b^-2 + c[0] * d.e .. 3\n"),
    "a point after a number": ("let a = 3 .x", "let a = 3 .x\n"),
    "applications": ("let a = f (x) [ y ] ()", "let a = f(x)[y]()\n"),
    "words": ("let a = if(b)then(c)else(not(d))", "let a = if (b) then (c) else (not (d))\n"),
    "imports": ("import std.multigrid(vcycle,smooth)", "import std.multigrid (vcycle, smooth)\n"),
    "empty": ("\n\n  \n", ""),
    "comments alone": ("\n\n# a\n\n\n# b  \n\n", "# a\n\n# b\n"),
    "a mark at the start": ("\ufefflet a = 1", "let a = 1\n"),
    "blank lines": ("let a = 1\n\n\n\nlet b = 2\nlet c = 3", "let a = 1\n\nlet b = 2\nlet c = 3\n"),
    "a docstring": ('"""a"""\n\n"""b  """\n\nlet b = 2', '"""a"""\n\n"""b  """\nlet b = 2\n'),
    "a block": (
        "diagram f(x:V)->V{y=sin(x)\n\n\n\n return y}",
        "diagram f(x : V) -> V {\n  y = sin(x)\n\n  return y\n}\n",
    ),
    "a block on a line": ("diagram f(x:V)->V{return x}", "diagram f(x : V) -> V { return x }\n"),
    "no rules": ("functor F{ \n }", "functor F {}\n"),
    "a chain": (
        "diagram f : A -> B =\n      sin\n>> cos\n   >>   repeat 3 {\n sin\n>> cos}",
        "diagram f : A -> B =\n  sin\n  >> cos\n  >> repeat 3 {\n    sin\n    >> cos\n  }\n",
    ),
    "choices": (
        "let a = if b then\n c\n else if d then (\n e)\n else\n if f then g\n else h",
        "let a = if b then\n    c\n  else if d then (\n    e)\n  else\n    if f then g\n    else h\n",
    ),
    "brackets": ("let a = f(g(\nx,\ny\n),\nz)", "let a = f(g(\n  x,\n  y\n),\n  z)\n"),
    "a header": (
        "diagram f[\na,\nb](x : A,\ny : B)\n-> A {\nreturn x\n}",
        "diagram f[\n  a,\n  b](x : A,\n      y : B)\n    -> A {\n  return x\n}\n",
    ),
    "comments in between": (
        "let a = f( # one\n# two\nx # three\n# four\n) # five\n# six",
        "let a = f(  # one\n  # two\n  x  # three\n  # four\n)  # five\n# six\n",
    ),
    "columns": ("type  A   = X\nspace BB  = Y\nlet c = 3", "type  A  = X\nspace BB = Y\nlet c = 3\n"),
    "no columns": ("type A = X\nspace  BBB = Y", "type A = X\nspace BBB = Y\n"),
    "comments in line": (
        "let a = 1 # x\nlet bb = 2 # y\n\nlet c = 3    # z",
        "let a = 1   # x\nlet bb = 2  # y\n\nlet c = 3  # z\n",
    ),
    "a chosen column": ("let a = 1       # x\n\nlet c = 3+1     # y", "let a = 1       # x\n\nlet c = 3 + 1   # y\n"),
    "line ends beside those of strings": (
        '\r\n"""a\nb"""\r\nlet a=1\r\n', '"""a\nb"""\r\nlet a = 1\r\n'
    ),
    "line ends": ("let a=1\r\nlet b=2", "let a = 1\r\nlet b = 2\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_the_layout(case: str) -> None:
    """One blank round operators, none in brackets, two for each level, comments two blanks after the line."""
    text, wanted = LAYOUTS[case]
    assert holds(text) == wanted


LONG = {
    "a chain": (
        "diagram f : A -> B = " + " >> ".join(["a_long_name_of_a_box"] * 8),
        "diagram f : A -> B =\n  "
        + " >> ".join(["a_long_name_of_a_box"] * 5)
        + "\n  >> "
        + " >> ".join(["a_long_name_of_a_box"] * 3)
        + "\n",
    ),
    "a block": (
        "diagram f(x : A) -> B { return " + "g(" * 30 + "x" + ")" * 30 + " }",
        "diagram f(x : A) -> B {\n  return " + "g(" * 30 + "x" + ")" * 30 + "\n}\n",
    ),
    "arguments": (
        "let a = f(" + ", ".join(["an_argument"] * 12) + ")",
        "let a = f(" + ", ".join(["an_argument"] * 8) + ",\n  " + ", ".join(["an_argument"] * 4) + ")\n",
    ),
    "a law": (
        "law l(u : A) : f(" + "u" * 70 + ") == g(u) for s in 0 .. 1, t in 0 .. 1 within 1e-3 fails",
        "law l(u : A) : f(" + "u" * 70 + ") == g(u)\n  for s in 0 .. 1, t in 0 .. 1 within 1e-3 fails\n",
    ),
}


@pytest.mark.parametrize("case", LONG)
def test_long_lines_are_broken(case: str) -> None:
    """At 120 columns, where they are loosest."""
    text, wanted = LONG[case]
    assert holds(text) == wanted
    assert max(map(len, wanted.splitlines())) <= 120


def test_no_line_is_broken_that_fits() -> None:
    """The width is what is asked for."""
    text = "let a = f(" + ", ".join(["an_argument"] * 12) + ")\n"
    assert formatted(text, width=1000) == text
    assert max(map(len, formatted(text, width=40).splitlines())) <= 40


def test_a_text_that_cannot_be_read_is_refused() -> None:
    """With the error that reading it gives."""
    with pytest.raises(dg.DiagramSyntaxError, match="never closed"):
        formatted("let a = (")


DEEP = {
    "brackets": "let a = " + "(" * 100_000 + "x" + ")" * 100_000,
    "brackets, a line each": "let a = " + "(\n" * 100_000 + "x" + "\n)" * 100_000,
    "repeats": "diagram f : A -> A = " + "repeat 2 {" * 30_000 + "g" + "}" * 30_000,
    "choices": "let a = " + "if b then c else " * 60_000 + "d",
    "choices inside": "let a = " + "if b then\n" * 60_000 + "c" + "\nelse d" * 60_000,
    "lambdas": "let a = " + "x -> " * 50_000 + "y",
    "a chain": "diagram f : A -> A = " + ">>".join(["sin"] * 100_000),
    "statements": "\n".join(f"let a{i}=[{i},b] # c" for i in range(20_000)),
}


@pytest.mark.heavy
@pytest.mark.parametrize("case", DEEP)
def test_deep_and_long_texts_are_formatted(case: str) -> None:
    """A megabyte, and 100,000 brackets in each other."""
    text = DEEP[case]
    result = formatted(text)
    assert formatted(result) == result
