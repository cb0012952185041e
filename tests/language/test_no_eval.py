"""No text of a user becomes code: the package evaluates nothing, and what it generates holds only names of its own."""

from __future__ import annotations

import ast
import builtins
import keyword
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import diagrammar as dg

# the package as it is installed: in a checkout two of its rooms are links
PACKAGE = Path(dg.__file__).parent
FILES = sorted(
    Path(folder) / name
    for folder, _, names in os.walk(PACKAGE, followlinks=True)
    for name in names
    if name.endswith(".py")
)
# what turns text or bytes into code, by name
NAMES = {"eval", "exec", "compile", "__import__"}
ATTRIBUTES = {
    "loads", "load", "Unpickler", "sympify", "parse_expr", "literal_eval", "system", "popen", "run_module",
    "exec_module",
}  # fmt: skip
MODULES = {"pickle", "dill", "cloudpickle", "shelve", "marshal", "sympy", "subprocess", "runpy", "code", "ctypes"}


def calls(path: Path) -> Iterator[str]:
    """The builtins, and the attributes of modules, that a file calls and that could run text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    modules = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in NAMES and name not in own:
                yield name
            case ast.Attribute(value=ast.Name(id=module), attr=attr) if module in modules and attr in ATTRIBUTES:
                yield f"{module}.{attr}"
            case ast.Attribute(value=ast.Name(id="builtins"), attr=attr):
                yield f"builtins.{attr}"


def imports(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_package_runs_no_text() -> None:
    """`exec` and `compile` stand in backends/torch/load.py, which runs what the package wrote, and nowhere else."""
    assert len(FILES) > 50
    found = {(path.relative_to(PACKAGE).as_posix(), name) for path in FILES for name in calls(path)}
    json = {("grammar/tables.py", "json.loads"), ("grammar/tables.py", "json.load")}
    # quoted names, and attributes of graphs: data, looked at piece by piece
    json |= {("typename.py", "json.loads"), ("backends/networkx/attributes.py", "json.loads")}
    # cases of laws: numbers and names, read key by key
    json |= {("laws/saved.py", "json.loads")}
    # the suite for backends pickles what it has made itself
    json |= {("strategies/conformance.py", "pickle.loads")}
    # a backend has a member of this name
    fields = {("backend.py", "compile")}
    assert found - json - fields == {("backends/torch/load.py", "exec"), ("backends/torch/load.py", "compile")}


def test_the_package_imports_nothing_that_runs_text() -> None:
    """No pickle, no sympy, no subprocess: not even imported."""
    found = {path.relative_to(PACKAGE).as_posix(): imports(path) & MODULES for path in FILES}
    # the suite for backends pickles what it has made itself
    assert found.pop("strategies/conformance.py") == {"pickle"}
    assert not {path: names for path, names in found.items() if names}


def test_imports_by_name_are_of_this_package() -> None:
    """`import_module` takes names of this package, written down in it, or of entry points."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "import_module":
                text = ast.unparse(node.args[0])
                # a backend is found by an entry point of an installed package
                known = path.name == "backend.py" and text == "module"
                frameworks = ("f'diagrammar.", "'diagrammar.", "'torch", "'numpy'")
                assert known or text.startswith(frameworks), f"{path}: {text}"


# -------------------------------------------------------------------------------------------- generated sources

# every name that Python or a module already has, as far as it is a name of the language
RESERVED = {"R", "C", "I", "Bool", "Tokens", "Field", "Spectrum"}
WORDS = {"as", "then", "else", "for", "in", "within", "where", "fails", "and", "or", "is", "if", "repeat", "not"}
HOSTILE = [
    name
    for name in dict.fromkeys(
        [
            *keyword.kwlist, *keyword.softkwlist, "self", "torch", "nn", "F", "Main", "inputs", "seed", "dtype",
            "device", "boxes", "x", "v0", "w0", "__init__", "__class__", "__dict__", "__import__", "__builtins__",
            "_INPUTS", "T_destination", "u'", "u''", "größe", "名前", "ﬀ",
            *(name for name in ("print", "len", "super", "getattr", "eval", "open") if hasattr(builtins, name)),
            *[name for name in dir(nn.Module()) if not name.endswith("__")][::6],
        ]
    )
    if name not in RESERVED | WORDS
]  # fmt: skip


def make(diagram: Any, **options: Any) -> Any:
    """A module."""
    return dg.compile(diagram, **options)


def text_of(name: str) -> str:
    """A file in which a wire, a diagram, a share, a mention and a weight have this name."""
    return f"""
diagram {name}({name}' : R[3]) -> R[3] {{
  weight W : R[3] = ones
  return W * {name}'
}}
diagram owner(wire : R[3]) -> R[3] {{
  weight {name} : R[3] = ones
  return wire + {name}
}}
diagram whole(wire : R[3]) -> R[3] {{
  a = {name}(wire)
  b = ({name} as {name}'')(a)
  share c = owner
  return owner(c(b)) + {name}(a)
}}
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_compiles(name: str) -> None:
    """Diagrams, wires, mentions and weights of any name compile; the paths are the names."""
    try:
        diagram = dg.loads(text_of(name))["whole"]
    except dg.DiagramSyntaxError as error:
        # letters that Unicode writes in another way are refused by the lexer
        assert "normal form" in error.message and name == "ﬀ"
        return
    net = make(diagram, seed=0)
    key = f"{name}''"
    plain = name.rstrip("'")
    second = f"{plain}_2{name[len(plain) :]}"
    assert set(net.state_dict()) == {f"{name}.W", f"{key}.W", f"{second}.W", f"c.{name}", f"owner.{name}"}
    x = torch.tensor([1.0, -2.0, 3.0])
    assert torch.equal(net(x), 2 * x + 2)
    state = {path: torch.zeros(3) for path in net.state_dict()}
    net.load_state_dict(state, strict=True)
    assert torch.equal(net(x), torch.zeros(3))


def own_names(source: str) -> set[str]:
    """The identifiers that a generated source binds or reads."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def test_names_of_the_text_are_attributes_at_most() -> None:
    """Of a text's names only a plain one is in the source, as an attribute of the module of that name."""
    plain = own_names(dg.emit(dg.loads(text_of("harmless"))["whole"]))
    module = set(dir(nn.Module()))
    for name in ("class", "__import__", "self", "torch", "state_dict", "eval", "u'", "名前", "x", "forward", "inputs"):
        found = own_names(dg.emit(dg.loads(text_of(name))["whole"]))
        mine = {each for each in found - plain if not (each[0] in "vwmnst" and each[1:].isdigit())}
        # classes are called like diagrams, with a capital
        mine = {each for each in mine if not each[0].isupper() and each not in ("_like", "getattr")}
        assert mine <= {name, f"{name}_2"}, (name, mine)
        assert not any(keyword.iskeyword(each) or each.startswith("__") or each in module for each in mine), mine


STRINGS = [
    '\\"); import os; os.system(\\"true', "{x}", "%s", "\\\\", "\\\\\\n", "\\n\\nraise SystemExit(3)\\n", "'''",
    '\\"\\"\\"', "\\t#",
]  # fmt: skip


@pytest.mark.parametrize("text", STRINGS)
def test_strings_of_the_text_are_literals(text: str) -> None:
    """Quotes, backslashes, braces and newlines in static arguments and docstrings make no code."""
    # a string reaches the source as a parameter of a box that the caller binds
    file = f'''
"""A text with {text.replace('"', "'")} in it."""
box named[s : str] : R[3] -> R[3]
diagram inner[s : str] : R[3] -> R[3] = named[s]
diagram f : R[3] -> R[3] = inner["{text}"] >> linear
'''
    diagram = dg.loads(file)["f"]
    source = dg.emit(diagram)
    assert "raise SystemExit(3)" not in [line.strip() for line in source.splitlines()]
    assert "os" not in own_names(source) and "SystemExit" not in own_names(source)
    net = make(diagram, seed=0, boxes={"named": nn.Identity()})
    assert net(torch.zeros(2, 3)).shape == (2, 3)


def test_patterns_are_read_not_run() -> None:
    """What is no einops pattern is refused before code is made of it."""
    for pattern in ("a -> a\\nimport os", "a -> a\\\\", "a -> {a}", 'a -> a\\"', "a -> a; b", "__import__('os') -> a"):
        with pytest.raises(dg.DiagramTypeError):
            dg.loads(f'diagram f(x : R[2]) -> R[2] = einsum["{pattern}"](x)')
