"""`diagrammar check FILE`: the types of files."""

from __future__ import annotations

import argparse
import sys

from diagrammar.commands.arguments import add_parameters, load
from diagrammar.errors import DiagrammarError


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--types", action="store_true", help="types alone (laws are not run)")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Checks each file, and says of each what is wrong."""
    status = 0
    for path in options.files:
        try:
            module = load(path, options)
        except DiagrammarError as error:
            print(error.render(), file=sys.stderr)
            status = 1
        else:
            count = len(module.declarations)
            print(f"{path}: {count} declaration{'s' * (count != 1)}, types ok")
    return status
