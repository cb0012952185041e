"""Instance keys: a box is called by its name as mentioned; a second and third mention in one body `conv_2`, `conv_3`.

Keys follow the text, taken branch or not, so that editing an operator or an argument moves none.
"""

from __future__ import annotations

from diagrammar.box import numbered
from diagrammar.derivative.operators import OPERATORS
from diagrammar.elaborate.values import DeclRef, Scope
from diagrammar.grammar import tree

# static arguments of these are part of the body; those of other diagrams are bodies of their own
_TRANSPARENT = frozenset({"map", "fold", "scan", "tree", "open", *OPERATORS})


def keys(body: tree.Node, scope: Scope) -> dict[int, str]:
    """The key of every name in a body that may turn out to be a box, by the identity of its node."""
    result: dict[int, str] = {}
    pending: list[tree.Node] = [body]
    while pending:
        _number(pending.pop(), scope, result, pending)
    return result


def _number(root: tree.Node, scope: Scope, result: dict[int, str], pending: list[tree.Node]) -> None:
    found: list[tuple[int, tree.Node, str]] = []
    taken: set[str] = set()
    fixed: list[tuple[tree.Node, str]] = []
    stack: list[tree.Node] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name | tree.Attribute):
            found.append((node.start, node, node.name))
        elif isinstance(node, tree.Binary):
            stack += (node.left, node.right)
        elif isinstance(node, tree.Call):
            stack.append(node.function)
            stack += [arg.value for arg in node.args]
        elif isinstance(node, tree.Bind):
            stack.append(node.value)
        else:
            _other(node, scope, stack, taken, pending, fixed)
    for value, name in fixed:
        # a name given by `as` is the key, and is not counted among the mentions
        head = value
        while isinstance(head, tree.Index | tree.Call):
            if isinstance(head, tree.Index):
                pending += [arg.value for arg in head.args if not isinstance(arg.value, tree.Name | tree.Number)]
                head = head.item
            else:
                head = head.function
        result[id(head)] = name
        taken.add(name)
    _assign(found, taken, result)


def _other(
    node: tree.Node,
    scope: Scope,
    stack: list[tree.Node],
    taken: set[str],
    pending: list[tree.Node],
    fixed: list[tuple[tree.Node, str]],
) -> None:
    match node:
        case tree.Block(statements):
            stack += statements
        case tree.Index(item, args):
            stack.append(item)
            if isinstance(item, tree.Name) and item.name in _TRANSPARENT and _is_std(item.name, scope):
                stack += [arg.value for arg in args]
            else:
                pending += [
                    arg.value for arg in args if not isinstance(arg.value, tree.Name | tree.Number | tree.String)
                ]
        case tree.Unary(_, item):
            stack.append(item)
        case tree.Named(value, name):
            fixed.append((value, name))
        case tree.Lambda(_, body):
            stack.append(body)
        case tree.If(condition, then, otherwise):
            stack += (condition, then, otherwise)
        case tree.Repeat(_, _, body) | tree.Mark(_, body):
            stack.append(body)
        case tree.Bundle(items) | tree.ListOf(items):
            stack += items
        case tree.Return(values):
            stack += values
        case tree.Result(value) | tree.Next(_, value):
            stack.append(value)
        case tree.Weight(name) | tree.State(name):
            taken.add(name)
        case tree.Share(name, value):
            taken.add(name)
            pending.append(value)
        case tree.DiagramDecl(_, _, body):
            pending.append(body)
        case _:
            pass


def _is_std(name: str, scope: Scope) -> bool:
    try:
        found = scope.find(name)
    except KeyError:
        return False
    return isinstance(found, DeclRef) and found.declared.origin == f"std:{name}"


def _assign(found: list[tuple[int, tree.Node, str]], taken: set[str], result: dict[int, str]) -> None:
    found.sort(key=lambda item: item[0])
    names = {name for _, _, name in found}
    used = taken
    last: dict[str, int] = {}
    for _, node, name in found:
        k = last.get(name, 0) + 1
        key = numbered(name, k)
        # `conv_2` may also be the name of something else
        while key in used or (k > 1 and key in names):
            k += 1
            key = numbered(name, k)
        last[name] = k
        used.add(key)
        result[id(node)] = key
