"""`diagrammar compile FILE [NAME] --to BACKEND`: what a backend writes for a diagram."""

from __future__ import annotations

import argparse
import sys

from diagrammar.commands.arguments import add_parameters, choose, load
from diagrammar.writing import write


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--to", default="torch", metavar="BACKEND", help="torch (default), or another backend")
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write; standard output if absent")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Writes the text."""
    module = load(options.file, options)
    _, diagram = choose(module, options.name, options.file)
    from diagrammar.api import emit_with

    text = emit_with(options.to, diagram)
    if options.output is None:
        sys.stdout.write(text)
        return 0
    write(options.output, text)
    print(f"wrote {options.output}")
    return 0
