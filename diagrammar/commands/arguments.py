"""What commands are told: files, parameters, and which diagram of a file is meant."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagrammar.api import Module
    from diagrammar.diagram import Diagram


class Usage(Exception):
    """The words of the command are off."""


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """`-p NAME=VALUE`, as often as one likes."""
    parser.add_argument(
        "-p", action="append", default=[], metavar="NAME=VALUE", dest="parameters", help="set a parameter of the file"
    )


def load(path: str, options: argparse.Namespace) -> Module:
    """The file, with its parameters set as `-p` says."""
    from diagrammar import api

    values: dict[str, Any] = {}
    for each in options.parameters:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise Usage(f"-p takes NAME=VALUE, not {each!r}")
        values[name.strip()] = value
    return api.load(path, **values)


def choose(module: Module, name: str | None, path: str) -> tuple[str, Diagram]:
    """The diagram that is asked for: by name, else the one called like the file, else the last."""
    if name is not None:
        return name, module[name]
    names = list(module)
    if not names:
        raise Usage(f"{path} has no diagram that needs no static argument")
    stem = Path(path).stem
    chosen = stem if stem in names else names[-1]
    return chosen, module[chosen]
