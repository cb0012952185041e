"""The pytest plugin: laws of `.dg` files as tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TEXT = "dim n\nlaw right(u : R[n]) : sin(-u) == -sin(u)\nlaw wrong(u : R[n]) : cos(-u) == -cos(u)\n"


def ran(folder: Path, *words: str) -> tuple[int, str]:
    """pytest in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
    return done.returncode, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a file of laws."""
    (tmp_path / "net.dg").write_text(TEXT, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tmp_path


def test_a_named_file_is_collected(folder: Path) -> None:
    """One test a law; a failure reads as those of Hypothesis do, with the smallest case."""
    status, out = ran(folder, "net.dg")
    assert status == 1, out
    assert "1 failed, 1 passed" in out
    assert "Falsifying example: " in out and "net.dg:3:1: law: `wrong` is refuted" in out
    assert "at n = 1" in out


def test_one_law_is_chosen(folder: Path) -> None:
    """By its name after `::`."""
    status, out = ran(folder, "net.dg::right", "-q")
    assert status == 0 and "1 passed" in out


def test_all_files_with_dg(folder: Path) -> None:
    """Without `--dg` a folder's `.dg` files are none of pytest's business."""
    assert ran(folder, ".")[0] == 5
    status, out = ran(folder, "--dg", "--dg-examples", "5", ".")
    assert status == 1 and "1 failed, 1 passed" in out


def test_a_wrong_file_is_an_error_with_its_place(folder: Path) -> None:
    """What is wrong with the file is shown as the command shows it."""
    (folder / "net.dg").write_text("law l(u : R[2]) : lair(u) == u\n", encoding="utf-8")
    status, out = ran(folder, "net.dg")
    assert status == 2 and "net.dg:1:19: name error: nothing here is called `lair`" in out
