"""The command line: `check`, `show`, `compile`. Exit status 0: ok, 1: something is wrong with a file, 2: bad usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagrammar.errors import DiagrammarError

if TYPE_CHECKING:
    from diagrammar.api import Module
    from diagrammar.diagram import Diagram


class Usage(Exception):
    """The words of the command are off."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except DiagrammarError as error:
        print(error.render(), file=sys.stderr)
        return 1
    except Usage as error:
        print(f"diagrammar: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # the reader has gone; nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"diagrammar: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="diagrammar", description="Neural operators as string diagrams.")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="check the types of files")
    check.add_argument("files", nargs="+", metavar="FILE")
    check.add_argument("--types", action="store_true", help="types alone (laws are not run)")
    _parameters(check)
    check.set_defaults(run=_check)

    show = commands.add_parser("show", help="boxes, weights, FLOPs, activation bytes and wire types of a diagram")
    show.add_argument("file", metavar="FILE", help="a .dg file, or `std`")
    show.add_argument("name", nargs="?", metavar="NAME")
    show.add_argument("--primitives", action="store_true", help="list the primitive boxes instead")
    show.add_argument(
        "--at", action="append", default=[], metavar="NAME=NUMBER", help="a value for a free size or grid"
    )
    show.add_argument("--depth", type=int, default=2, help="how many levels of frames to list")
    show.add_argument("--text", action="store_true", help="print the diagram as .dg instead")
    _parameters(show)
    show.set_defaults(run=_show)

    make = commands.add_parser("compile", help="compile a diagram to a source file")
    make.add_argument("file", metavar="FILE")
    make.add_argument("name", nargs="?", metavar="NAME")
    make.add_argument("--to", default="torch", metavar="BACKEND", help="torch (default), or another backend")
    make.add_argument("-o", "--output", metavar="OUT", help="the file to write; standard output if absent")
    _parameters(make)
    make.set_defaults(run=_compile)
    return parser


def _parameters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p", action="append", default=[], metavar="NAME=VALUE", dest="parameters", help="set a parameter of the file"
    )


def _version() -> str:
    from diagrammar import __version__

    return f"diagrammar {__version__}"


def _load(path: str, options: argparse.Namespace) -> Module:
    from diagrammar.api import load

    values: dict[str, Any] = {}
    for each in options.parameters:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise Usage(f"-p takes NAME=VALUE, not {each!r}")
        values[name.strip()] = value
    return load(path, **values)


def _check(options: argparse.Namespace) -> int:
    status = 0
    for path in options.files:
        try:
            module = _load(path, options)
        except DiagrammarError as error:
            print(error.render(), file=sys.stderr)
            status = 1
        else:
            count = len(module.declarations)
            print(f"{path}: {count} declaration{'s' * (count != 1)}, types ok")
    return status


def _choose(module: Module, name: str | None, path: str) -> tuple[str, Diagram]:
    """The diagram that is asked for: by name, else the one called like the file, else the last."""
    if name is not None:
        return name, module[name]
    names = list(module)
    if not names:
        raise Usage(f"{path} has no diagram that needs no static argument")
    stem = Path(path).stem
    chosen = stem if stem in names else names[-1]
    return chosen, module[chosen]


def _show(options: argparse.Namespace) -> int:
    if options.primitives:
        return _primitives(options)
    at = _free(options)
    module = _load(options.file, options)
    if options.file == "std" and options.name is None:
        return _library()
    if options.file == "std":
        return _declaration(options.name)
    name, diagram = _choose(module, options.name, options.file)
    if options.text:
        print(diagram)
        return 0
    from diagrammar.summary import summary

    print(summary(name, diagram, _sizes(diagram, at), options.depth))
    return 0


def _free(options: argparse.Namespace) -> dict[str, int]:
    """Takes `--at n=64` and `--at X=64` apart."""
    values = {}
    for each in options.at:
        name, equals, value = each.partition("=")
        if not equals or not value.isdigit() or len(value) > 9 or int(value) == 0:
            raise Usage(f"--at takes NAME=NUMBER, not {each!r}")
        values[name.strip()] = int(value)
    return values


def _sizes(diagram: Diagram, at: dict[str, int]) -> dict[str, int]:
    """Values of free sizes by their names; the name of a space gives all axes of its grid."""
    from diagrammar.divisibility import free_sizes

    found = {}
    known = free_sizes(diagram)
    for name, value in at.items():
        names = [each for each in known if each == name or each.rpartition(".")[0] == name]
        if not names:
            raise Usage(f"the diagram has no free size {name}; its free sizes: {', '.join(known) or 'none'}")
        found.update(dict.fromkeys(names, value))
    return found


def _primitives(options: argparse.Namespace) -> int:
    from diagrammar.catalogue import boxes_of

    if options.file != "std":
        raise Usage("--primitives lists those of the library: diagrammar show std --primitives")
    rows = boxes_of()
    for header, doc in rows:
        print(f"{header}\n    {doc}")
    print(f"{len(rows)} primitives")
    return 0


def _library() -> int:
    from diagrammar.catalogue import diagrams_of

    for header, doc in diagrams_of():
        print(f"{header}\n    {doc}")
    return 0


def _declaration(name: str) -> int:
    from diagrammar.catalogue import text_of

    print(text_of(name))
    return 0


def _compile(options: argparse.Namespace) -> int:
    module = _load(options.file, options)
    _, diagram = _choose(module, options.name, options.file)
    from diagrammar.api import emit_with

    text = emit_with(options.to, diagram)
    if options.output is None:
        sys.stdout.write(text)
        return 0
    write(Path(options.output), text)
    print(f"wrote {options.output}")
    return 0


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
