"""The edits of a piece of code: each operator at each of its places, numbered, as new code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.mutants.operators import OPERATORS, WRAPS, Node, called, expression, nodes

# an operator and the number of its place: what is done is a third thing
Edit = tuple[str, int]


@cache
def of_line(line: str, kind: str, protected: frozenset[str] = frozenset()) -> dict[Edit, str]:
    """The edits of one line that a box writes, of the statement or, for `for ...:`, of its head. `kind` is the kind of
    the wire that it binds, R, C or B; `protected` are operands that are numbers of the program, not of the box."""
    opens = line.rstrip().endswith(":")
    try:
        tree = ast.parse(f"{line}\n    pass" if opens else line)
    except SyntaxError as error:
        raise ValueError(f"a box writes what is no statement: {line!r}") from error
    found = {}
    for edit, text in _edits(tree, protected):
        found[edit] = text.removesuffix("\n    pass") if opens else text
    for name, number, text in _wrapped(tree, kind):
        found[name, number] = text
    return {edit: text for edit, text in found.items() if text != ast.unparse(tree)}


@cache
def of_expression(text: str, kind: str) -> dict[Edit, str]:
    """The edits of an expression."""
    found = of_line(f"_x = {text}", kind)
    return {edit: changed.removeprefix("_x = ") for edit, changed in found.items()}


@cache
def of_function(text: str) -> dict[Edit, str]:
    """The edits of a function of the runtime."""
    tree = ast.parse(text)
    return {edit: changed for edit, changed in _edits(tree, frozenset()) if changed != ast.unparse(tree)}


def _edits(tree: ast.Module, protected: frozenset[str]) -> Iterator[tuple[Edit, str]]:
    counts = dict.fromkeys(OPERATORS, 0)
    for at in list(nodes(tree)):
        if not at.above or (isinstance(at.node, ast.expr) and ast.unparse(at.node) in protected):
            continue
        for name, operator in OPERATORS.items():
            for other in operator(at):
                yield (name, counts[name]), _with(tree, at, other)
                counts[name] += 1


def _with(tree: ast.Module, at: Node, other: ast.AST) -> str:
    """The code with another node in this place; the tree stays as it was."""
    owner = at.above[-1]
    held = getattr(owner, at.field)
    if isinstance(held, list):
        place = next(number for number, each in enumerate(held) if each is at.node)
        held[place] = other
        text = ast.unparse(ast.fix_missing_locations(tree))
        held[place] = at.node
        return text
    setattr(owner, at.field, other)
    text = ast.unparse(ast.fix_missing_locations(tree))
    setattr(owner, at.field, held)
    return text


def _wrapped(tree: ast.Module, kind: str) -> Iterator[tuple[str, int, str]]:
    """The result of a statement with something round it; one result after the other, where it binds several."""
    match tree.body:
        case [ast.Assign(targets=[target], value=value) as statement]:
            pass
        case _:
            return
    names = [
        part.id for part in (target.elts if isinstance(target, ast.Tuple) else [target]) if isinstance(part, ast.Name)
    ]
    if not all(re.match(r"v\d+\Z|_x\Z", name) for name in names):
        return
    for name, (text, kinds) in WRAPS.items():
        if kind not in kinds:
            continue
        if isinstance(value, ast.Tuple) and len(names) > 1:
            for place, part in enumerate(value.elts):
                parts = list(value.elts)
                parts[place] = expression(text.format(ast.unparse(part)))
                yield name, place, ast.unparse(ast.Assign([target], ast.Tuple(parts, ast.Load()), lineno=0))
        elif len(names) > 1 or isinstance(target, ast.Tuple):
            several = f"[{text.format('_y')} for _y in {ast.unparse(value)}]"
            yield name, 0, f"{ast.unparse(target)} = {several}"
        else:
            yield name, 0, f"{ast.unparse(statement.targets[0])} = {text.format(ast.unparse(value))}"


@cache
def form_of(line: str) -> str:
    """Which of a box's ways to write itself a line is: the functions that it calls, in their order.

    >>> form_of("v0 = F.conv2d(F.pad(v0, (1, 1)), w0)"), form_of("v1 = v0 + v2")
    ('convd pad', '')
    """
    opens = line.rstrip().endswith(":")
    tree = ast.parse(f"{line}\n    pass" if opens else line)
    names = [called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return " ".join(names)
