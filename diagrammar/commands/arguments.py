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


def add_parameters(parser: argparse.ArgumentParser, what: str = "set a parameter of the file") -> None:
    """`-p NAME=VALUE`, as often as one likes."""
    parser.add_argument("-p", action="append", default=[], metavar="NAME=VALUE", dest="parameters", help=what)


def load(path: str, options: argparse.Namespace) -> Module:
    """The file, with its parameters set as `-p` says."""
    from diagrammar import api

    return api.load(path, **values(options))


def load_and_sizes(path: str, options: argparse.Namespace) -> tuple[Module, dict[str, str]]:
    """The file with its parameters set as `-p` says, and what `-p` says of names that are no parameters of it."""
    from diagrammar import api

    given = values(options)
    if not given:
        return api.load(path), {}
    known = api.load(path, check=False).parameter_names
    own = {name: value for name, value in given.items() if name in known}
    return api.load(path, **own), {name: value for name, value in given.items() if name not in own}


def sizes(module: Module, name: str, diagram: Diagram, given: dict[str, str]) -> dict[str, int]:
    """Free sizes of a diagram by name, as `n=64`, `X=64` for all axes of a grid, or `X.0=64` for one. Raises Usage."""
    from diagrammar.divisibility import free_sizes, named_sizes

    found = {}
    known = free_sizes(diagram)
    spaces = dict.fromkeys(each.rpartition(".")[0] for each in known if "." in each)
    for key, value in given.items():
        if key not in known and key not in spaces:
            parameters = ", ".join(module.parameter_names) or "none"
            free = ", ".join([*spaces, *known]) or "none"
            raise Usage(
                f"{module.name} has no parameter, and `{name}` no free size, called {key}\n"
                f"  parameters: {parameters}\n  free sizes: {free}"
            )
        if not value.strip().isdecimal() or len(value) > 12 or int(value) == 0:
            raise Usage(f"the size {key} is to be a positive whole number, not {value!r}")
        found[key] = int(value)
    return named_sizes(diagram, found)


def values(options: argparse.Namespace) -> dict[str, Any]:
    """What `-p` says, by name."""
    found: dict[str, Any] = {}
    for each in options.parameters:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise Usage(f"-p takes NAME=VALUE, not {each!r}")
        found[name.strip()] = value
    return found


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
