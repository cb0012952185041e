"""The language reference and the README: every snippet does what the text says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import diagrammar as dg

ROOT = Path(__file__).parents[2]
# it ships with the package
REFERENCE = Path(dg.__file__).parent / "grammar" / "README.md"


class Snippet(NamedTuple):
    """A block of code, the snippets of the same section before it, and the block that follows it."""

    line: int
    kind: str
    text: str
    before: str
    after: str


def snippets(path: Path) -> list[Snippet]:
    """The fenced blocks of a page; a snippet goes on from the `dg` snippets of its section."""
    blocks: list[tuple[int, str, str, str]] = []
    kind, start, lines, before = "", 0, [""], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.fullmatch(r"```([\w-]*)", line)
        if not fence and not kind and line.startswith("## "):
            before = ""
        if fence and not kind:
            kind, start, lines = fence[1] or "text", number, []
        elif fence:
            text = "".join(f"{each}\n" for each in lines)
            blocks.append((start, kind, text, before))
            before += text if kind == "dg" else ""
            kind = ""
        else:
            lines.append(line)
    assert not kind, f"the block at line {start} is not closed"
    after = [(text if kind == "text" else "") for _, kind, text, _ in blocks[1:]] + [""]
    return [Snippet(*block, follows) for block, follows in zip(blocks, after, strict=True)]


def of_kind(path: Path, kind: str) -> list[Snippet]:
    """The snippets of one kind."""
    return [each for each in snippets(path) if each.kind == kind]


@pytest.mark.parametrize("snippet", of_kind(REFERENCE, "dg"), ids=lambda each: f"line{each.line}")
def test_snippets_load(snippet: Snippet) -> None:
    """A snippet, after those of its section before it, is a right file."""
    dg.loads(snippet.before + snippet.text, name="reference.dg")


@pytest.mark.parametrize("snippet", of_kind(REFERENCE, "dg-error"), ids=lambda each: f"line{each.line}")
def test_wrong_snippets_fail_as_shown(snippet: Snippet) -> None:
    """A wrong snippet fails with the report that is shown after it."""
    # the snippets before it stand above: lines count from the wrong one
    assert snippet.after, "the report follows"
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.loads(snippet.before + snippet.text, name="reference.dg")
    shift = snippet.before.count("\n")
    report = re.sub(r"(?m)^( +)(\d+)( \|)", lambda m: f"{m[1]}{int(m[2]) - shift}{m[3]}", caught.value.render())
    report = re.sub(r"reference\.dg:(\d+)", lambda m: f"reference.dg:{int(m[1]) - shift}", report)
    # where a line number has fewer digits its margin is narrower
    texts = (snippet.after, report)
    want, found = ([re.sub(r"^ +\|", "|", line.rstrip()) for line in text.splitlines()] for text in texts)
    assert found == want


@pytest.mark.parametrize("snippet", of_kind(REFERENCE, "python"), ids=lambda each: f"line{each.line}")
def test_python_of_the_reference_runs(snippet: Snippet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python runs, on the `dg` snippets of its section as `text`."""
    monkeypatch.chdir(ROOT)
    run(snippet.text, {"text": snippet.before})


def run(text: str, names: dict[str, object]) -> None:
    """Runs a block of Python."""
    exec(compile(text, "snippet", "exec"), names)


def test_the_reference_has_snippets() -> None:
    """There are many of them, and wrong ones too."""
    kinds = [each.kind for each in snippets(REFERENCE)]
    assert kinds.count("dg") >= 15 and kinds.count("dg-error") >= 6
    assert set(kinds) <= {"dg", "dg-error", "python", "text", "sh"}


def test_functions_of_the_reference_exist() -> None:
    """Every static function is in the reference."""
    from diagrammar.elaborate import functions, statics

    text = REFERENCE.read_text(encoding="utf-8")
    for name in (*functions.FUNCTIONS, *statics.CONSTANTS, "training"):
        assert re.search(rf"`[^`]*\b{name}\b[^`]*`", text), name


README = ROOT / "README.md"


def test_the_readme_is_a_file() -> None:
    """The `dg` blocks of the README go on from one another; they load, and so do they with another width."""
    text = "".join(each.text for each in of_kind(README, "dg"))
    assert str(dg.loads(text)["fno"].dom) == "Field[X, 1]"
    assert dg.loads(text, width=5).parameters["width"] == 5


def test_the_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python block of the README runs where the repository is."""
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for snippet in of_kind(README, "python"):
        run(snippet.text, names)
    assert capsys.readouterr().out.startswith("Field[X, 1]")


def test_the_error_of_the_readme() -> None:
    """The report that the README shows is what its slip gives, with `smooth` declared in the lines before."""
    snippet = of_kind(README, "dg")[0]
    shown = next(each.text for each in snippets(README) if each.text.startswith("fno.dg:"))
    wide = "type W = Field[X, 64]\ndiagram smooth : W -> W = gelu\n"
    text = snippet.text.replace("project[1]", "smooth").replace("diagram layer", wide + "\ndiagram layer")
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.loads(text, name="fno.dg")
    assert caught.value.render().splitlines() == shown.splitlines()
