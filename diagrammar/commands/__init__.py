"""The command line. Exit status 0: ok, 1: something is wrong with a file, 2: bad usage. One module a command, each
imported when its command is given."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from diagrammar.commands.arguments import Usage
from diagrammar.errors import DiagrammarError

# each is a module here, with `arguments(parser)` and `run(options) -> exit status`
COMMANDS = {
    "check": "check the types of files",
    "show": "boxes, weights, FLOPs, activation bytes and wire types of a diagram",
    "draw": "draw a diagram as SVG, TikZ, PNG or HTML",
    "diff": "take a derivative of a diagram, as a diagram",
    "compile": "compile a diagram to a source file",
    "fmt": "lay files out as the examples are",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser(words).parse_args(words)
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


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="diagrammar", description="Neural operators as string diagrams.")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what)
        if name in words:
            module = import_module(f"diagrammar.commands.{name}")
            module.arguments(command)
            run: Callable[[argparse.Namespace], int] = module.run
            command.set_defaults(run=run)
    return parser


def _version() -> str:
    from diagrammar import __version__

    return f"diagrammar {__version__}"
