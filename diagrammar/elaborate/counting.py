"""How many wires an operand of `@` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagrammar.elaborate.body import Body
from diagrammar.elaborate.holes import Waiting
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.statics import NeedsConcrete
from diagrammar.elaborate.values import (
    Closure,
    Declared,
    DeclRef,
    LocalRef,
    Resolved,
    Scope,
    Shared,
    TypeValue,
    Wires,
)
from diagrammar.errors import DiagrammarError, DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.steps import Steps

if TYPE_CHECKING:
    pass


# operators whose first operand takes what the whole takes
_FIRST = (">>", "+", "-", "*", "/", "^")


def wires_taken(body: Body, node: tree.Node, scope: Scope, plain: bool = False) -> Steps:
    """How many wires an operand of `@` takes; None where its types decide that. `plain`: a type that the header leaves
    open is taken for one wire."""
    from diagrammar.elaborate.expressions import value

    while isinstance(node, tree.Mark) or (isinstance(node, tree.Binary) and node.op in _FIRST):
        if isinstance(node, tree.Mark):
            node = node.body
            continue
        scaled = node.op != ">>" and isinstance(node.left, tree.Number)
        node = node.right if scaled else node.left
    if isinstance(node, tree.Lambda):
        return None if len(node.wires) == 1 and node.wires[0].type is None and not plain else len(node.wires)
    if isinstance(node, tree.Repeat):
        # the first step takes what the whole takes
        inner = scope if node.index is None else scope.inner({node.index: 0})
        return (yield wires_taken(body, node.body, inner, plain))
    if isinstance(node, tree.Binary) and node.op == "@":
        left = yield wires_taken(body, node.left, scope, plain)
        right = yield wires_taken(body, node.right, scope, plain)
        return None if left is None or right is None else left + right
    found = yield value(body, node, scope, None)
    match found:
        case Closure():
            return None if found.node is node else (yield wires_taken(body, found.node, found.scope, plain))
        case Resolved():
            return len(found.dom)
        case Shared() if found.mention is not None:
            return len(found.dom)
        case Shared(recipe=DeclRef() as recipe) if not _is_open(recipe):
            return _declared_width(body, recipe, plain)
        case DeclRef() if _is_open(found):
            return (yield _open_width(body, found))
        case DeclRef() | LocalRef():
            return _declared_width(body, found, plain)
        case _:
            return None


def _second_list(body: Body, node: tree.Node, scope: Scope, plain: bool) -> Steps:
    """How many wires `mix(K)` takes, where nothing is put on wires."""
    from diagrammar.elaborate.expressions import value

    if not isinstance(node, tree.Call):
        return None
    found = yield value(body, node.function, scope, None)
    if not isinstance(found, DeclRef):
        return None
    if _is_open(found):
        return (yield wires_taken(body, *in_brackets(found), plain))
    return _declared_width(body, DeclRef(found.declared, found.args, Wires(())), plain)


def wires_given(body: Body, node: tree.Node, scope: Scope) -> Steps:
    """How many wires an operand gives; None where its types decide that."""
    from diagrammar.elaborate.expressions import value

    while isinstance(node, tree.Mark):
        node = node.body
    if isinstance(node, tree.Binary) and node.op == ">>":
        return (yield wires_given(body, node.right, scope))
    if isinstance(node, tree.Binary) and node.op == "@":
        left = yield wires_given(body, node.left, scope)
        right = yield wires_given(body, node.right, scope)
        return None if left is None or right is None else left + right
    if isinstance(node, tree.Binary | tree.Lambda | tree.Repeat | tree.If):
        return None
    found = yield value(body, node, scope, None)
    match found:
        case Closure():
            return None if found.node is node else (yield wires_given(body, found.node, found.scope))
        case Resolved():
            return len(found.cod)
        case DeclRef() if found.declared.origin in ("std:jvp", "std:open"):
            return (yield wires_given(body, *in_brackets(found)))
        case DeclRef() if found.declared.origin == "std:vjp":
            by = _wrt(body, found)
            return (yield wires_taken(body, *in_brackets(found), True)) if by is None else by
        case DeclRef() if found.declared.origin in _ONE:
            return 1
        case DeclRef() | LocalRef():
            header = found.declared.ast.header
            return None if header.cod is None else _type_width(body, header.cod, found.declared, set())
        case _:
            return None


# boxes without a list of wires in their header: what they take follows from their static arguments
_ONE = frozenset(
    {
        "std:einsum",
        "std:rearrange",
        "std:reduce",
        "std:concat",
        "std:stack",
        "std:const",
        "std:index",
        "std:expand",
        "std:insert",
        "std:flip",
    }
)


def _is_open(found: DeclRef) -> bool:
    header = found.declared.ast.header
    return found.declared.origin.startswith("std:") and header.dom is None and not header.wires


def in_brackets(found: DeclRef) -> tuple[tree.Node, Scope]:
    """The diagram in the brackets of `map[f]` and the like."""
    arg, where = next(((arg, where) for arg, where in found.args if arg.name in (None, "f")), (None, None))
    if arg is None or where is None:
        raise DiagramTypeError(f"`{found.declared.name}` takes a diagram: {found.declared.name}[f]")
    return arg.value, where


def _wrt(body: Body, found: DeclRef) -> int | None:
    from diagrammar.elaborate.expressions import static

    for arg, where in found.args:
        if arg.name == "wrt":
            given = static(body, arg.value, where)
            return len(given) if isinstance(given, tuple) else 1
    return None


def _open_width(body: Body, found: DeclRef) -> Steps:
    from diagrammar.elaborate.expressions import static
    from diagrammar.elaborate.opening import weights_of

    match found.declared.name:
        case "einsum":
            for arg, where in found.args:
                if arg.name in (None, "pattern"):
                    return str(static(body, arg.value, where)).count(",") + 1
            return None
        case "rearrange" | "reduce" | "split" | "index" | "expand" | "insert" | "flip":
            return 1
        case "const":
            return 0
        case "map" | "fold" | "scan" | "grad" | "hessian" | "jacobian" | "laplacian" | "divergence":
            return (yield wires_taken(body, *in_brackets(found), True))
        case "tree":
            width = yield wires_taken(body, *in_brackets(found), True)
            return None if width is None else width // 2
        case "open":
            width = yield wires_taken(body, *in_brackets(found))
            if width is None or found.wires is not None:
                return width
            weights = yield weights_of(body, found)
            return width + len(weights)
        case "jvp":
            width = yield wires_taken(body, *in_brackets(found), True)
            by = _wrt(body, found)
            return None if width is None else width + (width if by is None else by)
        case "vjp":
            width = yield wires_taken(body, *in_brackets(found), True)
            given = yield wires_given(body, *in_brackets(found))
            return None if width is None or given is None else width + given
        case _:
            return None


def _declared_width(body: Body, found: DeclRef | LocalRef, plain: bool) -> int | None:
    header = found.declared.ast.header
    given = 0 if found.wires is None else 1
    nodes = [port.type for ports in header.wires[given:] for port in ports]
    if header.dom is not None:
        nodes.append(header.dom)
    total = 0
    types = set() if plain else {info.name for info in parameters(found.declared) if info.kind == "type"}
    # a type that is given says how many wires it is
    args = found.args if isinstance(found, DeclRef) else ()
    given_types = {arg.name: arg.value for arg, _ in args if arg.name is not None}
    for each in nodes:
        known = given_types.get(each.name) if isinstance(each, tree.Name) else None
        count = _type_width(body, known or each, found.declared, types - set(given_types) if known else types)
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
            case tree.Index(tree.Name("Weights")):
                weights = _weights_width(body, item, declared)
                if weights is None:
                    return None
                total += weights
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


def _weights_width(body: Body, node: tree.Node, declared: Declared) -> int | None:
    """How many weights `Weights[f]` is in a header; None where static arguments decide that."""
    from diagrammar.elaborate.typing import type_of

    try:
        return len(type_of(body, node, declared.scope).items)
    except DiagramNameError:
        raise
    except (DiagrammarError, Waiting, NeedsConcrete):
        return None
