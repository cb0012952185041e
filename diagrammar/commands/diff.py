"""`diagrammar diff FILE [NAME]`: a derivative of a diagram, as `.dg` that reads back."""

from __future__ import annotations

import argparse

from diagrammar.commands.arguments import Usage, add_parameters, choose, load_and_sizes, sizes
from diagrammar.derivative.operators import OPERATORS


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("file", metavar="FILE", help="a .dg file")
    parser.add_argument("name", nargs="?", metavar="NAME")
    which = parser.add_mutually_exclusive_group()
    for kind, make in OPERATORS.items():
        what = (make.__doc__ or "").split("\n")[0].rstrip(".")
        which.add_argument(f"--{kind}", action="store_const", const=kind, dest="kind", help=what)
    parser.add_argument(
        "--wrt", type=int, action="append", metavar="K", help="by wire K alone (0 is the first), as often as one likes"
    )
    parser.add_argument("-o", "--output", metavar="PATH", help="write the text to a file")
    add_parameters(parser, "set a parameter of the file: width=16")
    parser.set_defaults(kind="vjp")


def run(options: argparse.Namespace) -> int:
    """Prints the text, or writes it."""
    from diagrammar.calculus import derivative
    from diagrammar.writing import write

    module, given = load_and_sizes(options.file, options)
    if options.file == "std":
        raise Usage("diff takes a diagram of a file")
    name, diagram = choose(module, options.name, options.file)
    if sizes(module, name, diagram, given):
        raise Usage("a derivative holds for all sizes: only parameters of the file can be set")
    text = str(derivative(options.kind, diagram, options.wrt))
    if options.output is None:
        print(text, end="")
    else:
        write(options.output, text)
    return 0
