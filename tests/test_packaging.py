"""The wheel holds what the folders hold: the list of packages in pyproject.toml is written by hand."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import diagrammar

ROOT = Path(__file__).parents[1]
# each top folder, and the name it is installed under
HOMES = {"diagrammar": "diagrammar", "backends": "diagrammar.backends", "grammar": "diagrammar.grammar"}

checkout = pytest.mark.skipif(not (ROOT / "grammar").is_dir(), reason="no sources here: these are tests of a wheel")


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def sources() -> list[tuple[str, Path]]:
    """Every file of the package as (its package, its path), the links left out."""
    found = []
    for folder, name in HOMES.items():
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT / folder).parts
            if path.is_file() and "__pycache__" not in parts and parts[0] not in HOMES:
                found.append((".".join([name, *parts[:-1]]), path))
    return found


@checkout
def test_every_folder_with_code_is_a_listed_package() -> None:
    """And every listed package is a folder with code."""
    found = {package for package, path in sources() if path.suffix == ".py"}
    assert sorted(found) == sorted(project()["tool"]["setuptools"]["packages"])


@checkout
def test_every_file_beside_the_code_is_shipped() -> None:
    """Grammar, tables, the standard library, the mark of types: a pattern of package-data takes each."""
    patterns: dict[str, list[str]] = project()["tool"]["setuptools"]["package-data"]
    left = []
    for package, path in sources():
        if path.suffix == ".py":
            continue
        home = next(home for home in sorted(patterns, reverse=True) if f"{package}.".startswith(f"{home}."))
        inside = "/".join([*package.removeprefix(home).strip(".").split("."), path.name]).lstrip("/")
        if not any(fnmatch(inside, pattern) for pattern in patterns[home]):
            left.append(path.relative_to(ROOT).as_posix())
    assert left == []


@checkout
def test_the_links_lead_to_the_folders() -> None:
    """What reads sources finds diagrammar.backends and diagrammar.grammar where the names say."""
    for folder in ("backends", "grammar"):
        # where links are not to be had, git writes their text instead, and the installed package has no need of them
        link = ROOT / "diagrammar" / folder
        assert link.resolve() == ROOT / folder or link.read_text(encoding="utf-8") == f"../{folder}"


@checkout
def test_every_requirement_is_pinned() -> None:
    """constraints.txt names one version of each, and none of a local build."""
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    wanted = project()["project"]
    groups = [wanted["dependencies"], *wanted["optional-dependencies"].values(), project()["build-system"]["requires"]]
    names = {re.split(r"[^\w.-]", requirement)[0].lower() for group in groups for requirement in group}
    assert names - {name.lower() for name in pins} == set()
    assert not [pin for pin in pins.values() if "+" in pin]


def test_the_data_are_installed() -> None:
    """They are found from the installed package, wherever it is."""
    package = files("diagrammar")
    assert (package / "py.typed").is_file()
    assert (package / "grammar" / "diagrammar.lark").is_file()
    assert (package / "grammar" / "tables.json").is_file()
    assert sum(path.name.endswith(".dg") for path in (package / "std").iterdir()) >= 5


def test_backends_and_commands_are_announced() -> None:
    """Our own backends come through the door that others use; `dg` and `diagrammar` are one command."""
    backends = {entry.name: entry for entry in entry_points(group="diagrammar.backends")}
    assert {"cost", "torch"} <= set(backends)
    assert backends["cost"].load().name == "cost"
    commands = {entry.name: entry.value for entry in entry_points(group="console_scripts")}
    assert commands["dg"] == commands["diagrammar"] == "diagrammar.__main__:main"


def test_there_is_one_version() -> None:
    """The one of the distribution."""
    assert version("diagrammar") == diagrammar.__version__
