"""How many wires an operand of `@` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagrammar.elaborate.body import Body
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.values import (
    Closure,
    Declared,
    DeclRef,
    LocalRef,
    Resolved,
    Scope,
    Shared,
    TypeValue,
)
from diagrammar.grammar import tree
from diagrammar.steps import Steps

if TYPE_CHECKING:
    pass


def wires_taken(body: Body, node: tree.Node, scope: Scope) -> Steps:
    """How many wires an operand of `@` takes; None where its types decide that."""
    from diagrammar.elaborate.expressions import value

    while isinstance(node, tree.Binary) and node.op in (">>", "+", "-", "*", "/", "^"):
        scaled = node.op != ">>" and isinstance(node.left, tree.Number)
        node = node.right if scaled else node.left
    if isinstance(node, tree.Lambda):
        return None if len(node.wires) == 1 and node.wires[0].type is None else len(node.wires)
    if isinstance(node, tree.Repeat):
        return (yield wires_taken(body, node.body, scope))
    if isinstance(node, tree.Binary) and node.op == "@":
        left = yield wires_taken(body, node.left, scope)
        right = yield wires_taken(body, node.right, scope)
        return None if left is None or right is None else left + right
    found = yield value(body, node, scope, None)
    match found:
        case Closure():
            return None if found.node is node else (yield wires_taken(body, found.node, found.scope))
        case Resolved():
            return len(found.dom)
        case Shared() if found.mention is not None:
            return len(found.dom)
        case DeclRef() | LocalRef():
            return _declared_width(body, found)
        case _:
            return None


def _declared_width(body: Body, found: DeclRef | LocalRef) -> int | None:
    header = found.declared.ast.header
    given = 0 if found.wires is None else 1
    nodes = [port.type for ports in header.wires[given:] for port in ports]
    if header.dom is not None:
        nodes.append(header.dom)
    total = 0
    types = {info.name for info in parameters(found.declared) if info.kind == "type"}
    for each in nodes:
        count = _type_width(body, each, found.declared, types)
        if count is None:
            return None
        total += count
    return total


def _type_width(body: Body, node: tree.Node | None, declared: Declared, types: set[str]) -> int | None:
    total = 0
    stack = [node]
    while stack:
        item = stack.pop()
        match item:
            case tree.Binary("@", left, right):
                stack += [left, right]
            case tree.Binary("^", left, _):
                stack.append(left)
            case tree.Name(text) if text == "I":
                pass
            case tree.Name(text) if text in types:
                return None
            case tree.Name(text) | tree.Index(tree.Name(text)):
                try:
                    found = declared.scope.find(text)
                except KeyError:
                    found = None
                if isinstance(found, TypeValue):
                    total += len(found.items)
                elif type(found).__name__ == "Family":
                    stack.append(found.declared.ast.value)
                else:
                    total += 1
            case tree.Call() | tree.If():
                return None
            case _:
                total += 1
    return total
