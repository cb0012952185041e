"""`diagrammar show FILE [NAME]`: what a diagram is made of, and what it costs; `show std`: what the library has."""

from __future__ import annotations

import argparse

from diagrammar.commands.arguments import Usage, add_parameters, choose, load_and_sizes, sizes


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("file", metavar="FILE", help="a .dg file, or `std`")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--primitives", action="store_true", help="list the primitive boxes instead")
    parser.add_argument("--transposes", action="store_true", help="list the boxes that derivatives need besides")
    parser.add_argument("--depth", type=int, default=2, help="how many levels of frames to list")
    parser.add_argument("--batch", type=int, default=1, help="for so many samples at once (1)")
    parser.add_argument("--text", action="store_true", help="print the diagram as .dg instead")
    parser.add_argument("--json", action="store_true", help="print the figures whole, for scripts")
    parser.add_argument("--backward", action="store_true", help="what a training step keeps and computes again")
    parser.add_argument(
        "--memory", metavar="M", default="store", help='"store", "recompute" or bytes: 64e6, 64MB, 64MiB (store)'
    )
    add_parameters(parser, "set a parameter of the file, or a free size: n=64, X=64 for a grid, X.0=64 for one axis")


def run(options: argparse.Namespace) -> int:
    """Prints the table, the text, or the list."""
    if options.primitives or options.transposes:
        return _boxes(options, "primitives" if options.primitives else "transposes")
    if options.file == "std" and options.parameters:
        raise Usage("the library has no parameters to set")
    if options.batch < 1:
        raise Usage("--batch takes a positive whole number")
    module, given = load_and_sizes(options.file, options)
    if options.file == "std" and options.name is None:
        return _library()
    if options.file == "std":
        return _declaration(options.name)
    name, diagram = choose(module, options.name, options.file)
    at = sizes(module, name, diagram, given)
    if options.text:
        print(diagram)
        return 0
    if options.backward:
        from diagrammar.kept import as_json, table

        shown = (as_json if options.json else table)(
            name, diagram, _memory(options.memory), at, options.depth, options.batch
        )
        print(shown)
        return 0
    from diagrammar.summary import plain, summary

    print((plain if options.json else summary)(name, diagram, at, options.depth, options.batch))
    return 0


_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "B": 1}


def _memory(text: str) -> str | int:
    """What `--memory` says."""
    if text in ("store", "recompute"):
        return text
    number, scale = text.strip(), 1
    for unit, factor in _UNITS.items():
        if number.endswith(unit):
            number, scale = number.removesuffix(unit).strip(), factor
            break
    try:
        found = float(number) * scale
    except ValueError:
        found = 0.0
    if not 1 <= found < 2**60:
        raise Usage(f'--memory takes "store", "recompute" or a number of bytes as 64MB, not {text!r}')
    return int(found)


def _boxes(options: argparse.Namespace, file: str) -> int:
    from diagrammar.catalogue import boxes_of

    if options.file != "std":
        raise Usage(f"--{file} lists those of the library: diagrammar show std --{file}")
    rows = boxes_of(file)
    for header, doc in rows:
        print(f"{header}\n    {doc}")
    print(f"{len(rows)} {file}")
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
