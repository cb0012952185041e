"""`diagrammar fmt FILE`: files laid out anew, with their comments, and without a change to what they mean."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from diagrammar.commands.arguments import Usage
from diagrammar.errors import DiagramImportError, DiagrammarError
from diagrammar.grammar.layout import formatted
from diagrammar.reading import Limits, decode, read
from diagrammar.writing import write


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a file; a folder, for the .dg files in it; `std`, for the library; `-`, for standard input to output",
    )
    parser.add_argument("--check", action="store_true", help="change nothing, name the files that would change, exit 1")
    parser.add_argument("--diff", action="store_true", help="change nothing, show what would change, exit 1")


def run(options: argparse.Namespace) -> int:
    """Lays each file out. A file that cannot be read stays as it is, and its errors are reported."""
    status = files = changed = 0
    for path in dict.fromkeys(each for name in options.files for each in _files(name)):
        files += 1
        try:
            old = _text(path)
            new = formatted(old, name="standard input" if path is None else str(path))
            changed += new != old
            if options.check or options.diff:
                _report(path, old, new, options)
                status |= new != old
            elif path is None:
                sys.stdout.buffer.write(new.encode("utf-8"))
            elif new != old:
                write(path, new)
                print(f"formatted {path}")
        except DiagrammarError as error:
            print(error.render(), file=sys.stderr)
            status = 1
    if "-" not in options.files and not options.diff:
        verb = "would change" if options.check else "changed"
        print(f"{files} file{'s' * (files != 1)}, {changed} {verb}")
    return status


def _text(path: Path | None) -> str:
    """What is to be laid out; None means standard input."""
    if path is None:
        return decode(sys.stdin.buffer.read(Limits().size + 1), "standard input")
    if path.is_symlink():
        raise DiagramImportError(f"`{path}` is a link: name the file that it leads to")
    return read(path, Limits().size, shown=str(path))


def _report(path: Path | None, old: str, new: str, options: argparse.Namespace) -> None:
    name = "standard input" if path is None else str(path)
    if old == new:
        return
    if options.check:
        print(f"{name} would change")
    if options.diff:
        one, two = (text.splitlines(keepends=True) for text in (old, new))
        sys.stdout.writelines(difflib.unified_diff(one, two, name, f"{name}, formatted"))


def _files(name: str) -> Iterator[Path | None]:
    """The files that a word of the command stands for."""
    path = Path(name)
    if name == "-":
        yield None
    elif path.is_dir():
        yield from _inside(path)
    elif name == "std" and not path.exists():
        import diagrammar

        yield from _inside(Path(diagrammar.__file__).parent / "std")
    else:
        yield path


def _inside(folder: Path) -> Iterator[Path]:
    """The .dg files of a folder and of those in it; not through links, nor in hidden folders."""
    found = False
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            if path.suffix == ".dg" and not path.is_symlink():
                found = True
                yield path
    if not found:
        raise Usage(f"no .dg file is in {folder}")
