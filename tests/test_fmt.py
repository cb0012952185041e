"""`diagrammar fmt`: files laid out in place."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

import diagrammar
from diagrammar.__main__ import main

ROOT = Path(__file__).parents[1]
MESSY, NEAT = "let a=[1,2]# x\n", "let a = [1, 2]  # x\n"


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """The exit status of `fmt`, and what it prints."""
    status = main(["fmt", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_examples_and_the_library(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`fmt --check examples std` at the root of the project finds nothing to change."""
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, "--check", "examples", "std")
    assert (status, err) == (0, "")
    files = [*(ROOT / "examples").rglob("*.dg"), *(Path(diagrammar.__file__).parent / "std").glob("*.dg")]
    assert out == f"{len(files)} files, 0 would change\n"


def test_files_are_changed_in_place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file is rewritten where it changes, with its permissions; one that is right already is not touched."""
    messy, neat = tmp_path / "messy.dg", tmp_path / "neat.dg"
    messy.write_text(MESSY)
    neat.write_text(NEAT)
    os.chmod(messy, 0o640)
    os.utime(neat, (1, 1))
    assert run(capsys, tmp_path) == (0, f"formatted {messy}\n2 files, 1 changed\n", "")
    assert messy.read_text() == neat.read_text() == NEAT
    assert messy.stat().st_mode & 0o777 == 0o640
    assert neat.stat().st_mtime == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["messy.dg", "neat.dg"]


def test_check_and_diff_change_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """They name the files, and show the lines, that would change, and exit with 1."""
    path = tmp_path / "messy.dg"
    path.write_text(MESSY)
    assert run(capsys, "--check", path) == (1, f"{path} would change\n1 file, 1 would change\n", "")
    status, out, _ = run(capsys, "--diff", path)
    assert status == 1
    assert out.splitlines()[-2:] == ["-" + MESSY.strip(), "+" + NEAT.strip()]
    assert path.read_text() == MESSY


def test_a_wrong_file_stays(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A syntax error is reported with its place, and the other files are laid out."""
    wrong, messy = tmp_path / "a.dg", tmp_path / "b.dg"
    wrong.write_text("let a = (\n")
    messy.write_text(MESSY)
    status, out, err = run(capsys, wrong, messy)
    assert status == 1
    assert err.startswith(f"{wrong}:1:9: syntax error: ")
    assert out == f"formatted {messy}\n2 files, 1 changed\n"
    assert wrong.read_text() == "let a = (\n"


def test_what_is_no_file_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A link, a pipe, a file that is not there, bytes that are no text: each an error, and nothing changes."""
    (tmp_path / "real").mkdir()
    real, link, pipe = tmp_path / "real" / "a.dg", tmp_path / "link.dg", tmp_path / "pipe.dg"
    real.write_text(MESSY)
    link.symlink_to(real)
    os.mkfifo(pipe)
    bad = tmp_path / "bad.dg"
    bad.write_bytes(b"let a=1 \xff")
    for path, message in (
        (link, "is a link"), (pipe, "not a regular file"), (tmp_path / "no.dg", "No such file"), (bad, "not UTF-8")
    ):  # fmt: skip
        status, _, err = run(capsys, path)
        assert (status, message in err, "Traceback" in err) == (1, True, False), err
    assert real.read_text() == MESSY and bad.read_bytes() == b"let a=1 \xff" and link.is_symlink()


def test_folders_are_searched(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """For .dg files, to any depth; not through links, not in hidden folders. A folder without any is an error."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "none").mkdir()
    for name in ("in/deep/a.dg", ".hidden/b.dg", "c.txt"):
        (tmp_path / name).write_text(MESSY)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (tmp_path / "link.dg").symlink_to(tmp_path / "c.txt")
    status, out, _ = run(capsys, "--check", tmp_path)
    assert (status, out) == (1, f"{tmp_path}/in/deep/a.dg would change\n1 file, 1 would change\n")
    assert run(capsys, tmp_path / "none")[0] == 2


def test_a_file_is_taken_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """However often it is named."""
    path = tmp_path / "messy.dg"
    path.write_text(MESSY)
    assert run(capsys, path, tmp_path, path)[1] == f"formatted {path}\n1 file, 1 changed\n"


@pytest.mark.parametrize("text", [MESSY, MESSY.replace("\n", "\r\n"), "\ufeff" + MESSY])
def test_standard_input_to_output(
    text: str, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fmt -` is for editors: the text comes out, and nothing else; a mark at its start does not."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["fmt", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert (out.decode(), err) == (NEAT.replace("\n", "\r\n") if "\r" in text else NEAT, b"")
