"""The house of the design page: shelves whose imports run downward only, small files, small functions."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import diagrammar

HOME = Path(diagrammar.__file__).parent

# Shelves from the lowest; a folder stands where its name does. What is on one shelf may know its neighbours, and what
# is below, and nothing above.
SHELVES: list[set[str]] = [
    {"errors", "pause", "source", "steps", "writing"},
    {"types", "sizes", "box", "diagram", "rope", "table", "law", "outcome", "plain", "planar", "tangent", "typename"},
    {"canonical", "category", "divisibility", "equality", "forms", "merging", "program", "wellformed"},
    {"functor", "format", "notation", "body_text", "spelling"},
    {"derivative", "lenses", "optics", "oracle", "proof", "rewrite", "schedule"},
    {"elaborate", "modules", "reading", "checking", "catalogue", "backend", "grammar"},
    {"backends", "laws", "strategies"},
    {"api", "calculus", "commands", "pytest_plugin", "drawing", "kept", "planning", "summary", "__main__", "__init__"},
]
# the language knows places and errors, and nothing of diagrams
BELOW_GRAMMAR = {"errors", "source", "grammar"}
# a framework, and the place that knows it; what draws and what runs laws both know Hypothesis
FRAMEWORKS: dict[str, str | tuple[str, ...] | None] = {
    "torch": "backends.torch",
    "lark": "grammar.build",
    "sympy": "backends.symbolic",
    "discopy": "backends.discopy",
    "networkx": "backends.networkx",
    "hypothesis": ("laws", "strategies"),
    "rich": "commands",
    "numpy": ("oracle", "backends.reference"),
    "scipy": None,
    "matplotlib": "backends.picture",
}
LONGEST_FILE, LONGEST_FUNCTION = 500, 60


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package, as `box` or `backends.torch.text`, through the links."""
    found = {}
    for folder, _, names in os.walk(HOME, followlinks=True):
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix == ".py":
                parts = path.relative_to(HOME).with_suffix("").parts
                module = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
                found[module] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Names of modules that are imported, at any depth, with their lines; those for types alone are left out."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            stack.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner.removeprefix("diagrammar.") in modules() else node.module), node.lineno
        stack.extend(ast.iter_child_nodes(node))


def shelf(module: str) -> int:
    """The number of the shelf on which a module stands."""
    top = module.split(".")[0]
    for number, rooms in enumerate(SHELVES):
        if top in rooms:
            return number
    raise AssertionError(f"`{module}` stands on no shelf: give it one in tests/test_layers.py")


def under(module: str, room: str | tuple[str, ...] | None) -> bool:
    """Whether a module is a room or in it; with several, in one of them."""
    rooms = (room,) if isinstance(room, str) else room or ()
    return any(f"{module}.".startswith(f"{each}.") for each in rooms)


def test_imports_run_downward() -> None:
    """From a shelf to itself or to one below; the language to errors and places alone."""
    wrong = []
    for module, tree in modules().items():
        for name, line in imports(tree):
            target = name.removeprefix("diagrammar.") if name != "diagrammar" else "__init__"
            if target == name:
                continue
            upward = shelf(target) > shelf(module)
            astray = under(module, "grammar") and target.split(".")[0] not in BELOW_GRAMMAR
            if upward or astray:
                wrong.append(f"{module}:{line} imports {target}")
    assert wrong == []


def test_backends_do_not_know_each_other() -> None:
    """Each is a room of its own."""
    wrong = []
    for module, tree in modules().items():
        room = ".".join(module.split(".")[:2])
        if under(module, "backends") and room != "backends":
            names = (name.removeprefix("diagrammar.") for name, _ in imports(tree))
            wrong += [f"{module}: {name}" for name in names if under(name, "backends") and not under(name, room)]
    assert wrong == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_has_one_home(framework: str) -> None:
    """Elsewhere it is not imported, not even late."""
    home = FRAMEWORKS[framework]
    outside = [
        f"{module}:{line}"
        for module, tree in modules().items()
        for name, line in imports(tree)
        if under(name, framework) and not under(module, home)
    ]
    assert outside == []


def test_files_are_short() -> None:
    """At most 500 lines."""
    lengths = {module: (tree.body[-1].end_lineno or 0) if tree.body else 0 for module, tree in modules().items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    """At most 60 lines, from the name to the end."""
    long = []
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{module}:{node.lineno} {node.name}: {length} lines")
    assert long == []


@pytest.mark.parametrize("use", ["import diagrammar", "import diagrammar as dg; dg.loads('diagram f : R -> R = sin')"])
def test_no_framework_is_loaded_before_it_is_asked_for(use: str) -> None:
    """Neither by the import nor by reading a text."""
    code = f"{use}\nimport sys\nprint(*sorted(set({sorted(FRAMEWORKS)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
