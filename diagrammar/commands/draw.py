"""`diagrammar draw FILE [NAME] -o OUT`: the picture of a diagram."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from diagrammar.commands.arguments import Usage, add_parameters, choose, load

FORMATS = (".svg", ".tex", ".png", ".html")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="the file to write: .svg, .tex, .png or .html; NAME.svg if absent"
    )
    parser.add_argument("--depth", type=int, help="open all frames down to this depth (0: none)")
    parser.add_argument("--theme", choices=("auto", "light", "dark"), help="colours; .svg follows the screen if absent")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Draws, and says what was written."""
    if options.depth is not None and options.depth < 0:
        raise Usage("--depth is 0 or more")
    if options.output is not None and Path(options.output).suffix.lower() not in FORMATS:
        raise Usage(f"-o takes a file that ends in one of {' '.join(FORMATS)}, not {options.output!r}")
    module = load(options.file, options)
    name, diagram = choose(module, options.name, options.file)
    output = options.output or f"{name}.svg"
    diagram.draw(output, title=name, depth=options.depth, theme=options.theme)
    print(f"wrote {os.fspath(output)}")
    return 0
