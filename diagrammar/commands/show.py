"""`diagrammar show FILE [NAME]`: what a diagram is made of, and what it costs; `show std`: what the library has."""

from __future__ import annotations

import argparse

from diagrammar.commands.arguments import Usage, add_parameters, choose, load
from diagrammar.diagram import Diagram


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("file", metavar="FILE", help="a .dg file, or `std`")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--primitives", action="store_true", help="list the primitive boxes instead")
    parser.add_argument(
        "--at", action="append", default=[], metavar="NAME=NUMBER", help="a value for a free size or grid"
    )
    parser.add_argument("--depth", type=int, default=2, help="how many levels of frames to list")
    parser.add_argument("--text", action="store_true", help="print the diagram as .dg instead")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Prints the table, the text, or the list."""
    if options.primitives:
        return _primitives(options)
    at = _free(options)
    module = load(options.file, options)
    if options.file == "std" and options.name is None:
        return _library()
    if options.file == "std":
        return _declaration(options.name)
    name, diagram = choose(module, options.name, options.file)
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
