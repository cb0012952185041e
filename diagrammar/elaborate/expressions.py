"""The value of an expression: a static value, wires, or a recipe for a diagram."""

from __future__ import annotations

import difflib
from fractions import Fraction
from typing import Any

from diagrammar.elaborate import application, arithmetic, statics, typing
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole, SpaceHole
from diagrammar.elaborate.instances import wants_first_list
from diagrammar.elaborate.values import (
    Closure,
    DeclRef,
    Family,
    LocalRef,
    ModuleRef,
    Recipe,
    Resolved,
    Scope,
    StaticFunction,
    Training,
    TypeHead,
    TypeValue,
    Wires,
    bare,
)
from diagrammar.errors import DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.steps import Steps, run
from diagrammar.types import Space

_TYPES = (TypeValue, TypeHead, BundleHole)


def value(body: Body, node: tree.Node, scope: Scope, graph: Graph | None) -> Steps:
    """What an expression is. `graph` is where its boxes go; None where only static values may stand."""
    if isinstance(node, tree.Name):
        return known(body, name(node.name, node, scope))
    if isinstance(node, tree.Number):
        return number(node, scope)
    if isinstance(node, tree.String):
        return node.value
    if isinstance(node, tree.Binary):
        return (yield _binary(body, node, scope, graph))
    if isinstance(node, tree.Call):
        return (yield application.call(body, node, scope, graph))
    if isinstance(node, tree.Index):
        return (yield _index(body, node, scope, graph))
    if isinstance(node, tree.Lambda | tree.Repeat):
        return Closure(node, scope)
    if isinstance(node, tree.Mark):
        return Closure(node, scope, (yield _marked(body, node.body, scope, graph)))
    if isinstance(node, tree.If):
        return (yield _if(body, node, scope, graph))
    if isinstance(node, tree.Unary):
        return (yield _unary(body, node, scope, graph))
    if isinstance(node, tree.Bundle):
        return (yield _bundle(body, node, scope, graph))
    if isinstance(node, tree.ListOf):
        return (yield _list(body, node, scope, graph))
    if isinstance(node, tree.Named):
        return (yield _named(body, node, scope))
    if isinstance(node, tree.Attribute):
        return (yield _attribute(body, node, scope, graph))
    raise DiagramTypeError("this cannot stand here", scope.span(node))


def known(body: Body, found: Any) -> Any:
    """A value with its unknown filled in, if that has been found."""
    if isinstance(found, BundleHole):
        items = body.unifier.read_items((found,))
        if items != (found,):
            return TypeValue(tuple(item if isinstance(item, BundleHole) else body.unifier.read(item) for item in items))
        return found
    return body.unifier.known(found)


def static(body: Body, node: tree.Node, scope: Scope) -> Any:
    """The value of an expression in which no wires may stand."""
    return run(value(body, node, scope, None))


def name(text: str, node: tree.Node, scope: Scope) -> Any:
    """What a name means where it stands."""
    try:
        return scope.find(text)
    except KeyError:
        near = difflib.get_close_matches(text, scope.visible(), 1)
        hint = f"did you mean `{near[0]}`?" if near else None
        raise DiagramNameError(f"nothing here is called `{text}`", scope.span(node), hint=hint) from None


def number(node: tree.Node, scope: Scope) -> int | Fraction:
    """An exact number."""
    assert isinstance(node, tree.Number)
    text = node.text
    if text.isdigit():
        return int(text)
    result = Fraction(text)
    return int(result) if result.denominator == 1 else result


def _binary(body: Body, node: tree.Binary, scope: Scope, graph: Graph | None) -> Steps:
    op = node.op
    if op == "@":
        return (yield _beside(body, node, scope, graph))
    left = yield value(body, node.left, scope, graph)
    joins = op == ">>" or op in arithmetic.BOXES
    if isinstance(left, Recipe) and joins:
        return Closure(node, scope)
    if op in ("and", "or"):
        _truth(left, node.left, scope)
        if left == (op == "or"):
            return left
        return _truth((yield value(body, node.right, scope, graph)), node.right, scope)
    if op == ">>":
        if not isinstance(left, Wires):
            left = arithmetic.to_wires(left, node.left, scope, graph)
        outs = yield application.chain(body, node, left.items, scope, graph)
        return Wires(outs)
    right = yield value(body, node.right, scope, graph)
    if isinstance(right, Recipe) and joins:
        return Closure(node, scope)
    for side, part in ((left, node.left), (right, node.right)):
        if isinstance(side, Recipe):
            raise DiagramTypeError(f"`{op}` takes static values, this is a diagram", scope.span(part))
    if isinstance(left, Wires) or isinstance(right, Wires):
        return arithmetic.operate(body, op, left, right, node, scope, graph)
    return _static_binary(body, node, op, left, right, scope)


def _beside(body: Body, node: tree.Binary, scope: Scope, graph: Graph | None) -> Steps:
    """`a @ b @ c`: wires, types or diagrams side by side; a long chain is joined once."""
    parts = application.operands(node, "@")
    found: list[Any] = []
    for part in parts:
        each = yield value(body, part, scope, graph)
        if isinstance(each, Recipe):
            return Closure(node, scope)
        found.append(each)
    if any(isinstance(each, Wires) for each in found):
        wires = [arithmetic.to_wires(each, part, scope, graph) for each, part in zip(found, parts, strict=True)]
        return Wires(tuple(wire for each in wires for wire in each.items))
    if not any(isinstance(each, _TYPES) for each in found):
        raise DiagramTypeError("`@` puts wires, diagrams or types side by side", scope.span(node))
    types = [typing.as_type(each, part, scope) for each, part in zip(found, parts, strict=True)]
    return TypeValue(tuple(item for each in types for item in each.items))


def _static_binary(body: Body, node: tree.Binary, op: str, left: Any, right: Any, scope: Scope) -> Any:
    with statics.Placed(scope.span(node)):
        if op in ("==", "!=", "<", "<=", ">", ">="):
            return statics.compare(op, left, right)
        if op == "..":
            return _range(body, left, right)
        if isinstance(left, _TYPES) or isinstance(right, _TYPES):
            return _types(body, node, op, left, right, scope)
        return statics.arithmetic(op, left, right)


def _types(body: Body, node: tree.Binary, op: str, left: Any, right: Any, scope: Scope) -> TypeValue:
    first = typing.as_type(left, node.left, scope)
    if op != "^":
        raise statics.BadStatic(f"`{op}` of types; types know `A @ B` and `A^n`")
    return TypeValue(typing.power(first.items, typing.size(right, node.right, scope)))


def _range(body: Body, low: Any, high: Any) -> tuple[Any, ...]:
    for end in (low, high):
        if not isinstance(end, int) or isinstance(end, bool):
            if statics.is_number(end) and not isinstance(end, int | Fraction | float):
                raise statics.NeedsConcrete
            raise statics.BadStatic("a range goes between whole numbers")
    if high - low >= body.elaborator.budget:
        raise statics.BadStatic(f"a range of {high - low + 1} numbers is past the budget of {body.elaborator.budget}")
    return tuple(range(low, high + 1))


def _truth(found: Any, node: tree.Node, scope: Scope) -> bool:
    if isinstance(found, bool):
        return found
    raise DiagramTypeError(f"a truth value is wanted, this is {statics.describe(found)}", scope.span(node))


def _unary(body: Body, node: tree.Unary, scope: Scope, graph: Graph | None) -> Steps:
    item = yield value(body, node.item, scope, graph)
    if node.op == "not":
        return not _truth(item, node.item, scope)
    if isinstance(item, Recipe):
        return Closure(node, scope)
    if isinstance(item, Wires):
        return Wires(arithmetic.negate(item.items, node, scope, graph))
    with statics.Placed(scope.span(node)):
        return statics.arithmetic("*", -1, item)


def _bundle(body: Body, node: tree.Bundle, scope: Scope, graph: Graph | None) -> Steps:
    wires: list[Any] = []
    for item in node.items:
        found = yield value(body, item, scope, graph)
        if isinstance(found, Recipe):
            raise DiagramTypeError(
                "a bundle holds wires, this is a diagram", scope.span(item), hint="diagrams stand side by side by `@`"
            )
        wires += arithmetic.to_wires(found, item, scope, graph).items
    return Wires(tuple(wires))


def _list(body: Body, node: tree.ListOf, scope: Scope, graph: Graph | None) -> Steps:
    items = []
    for item in node.items:
        found = yield value(body, item, scope, graph)
        if isinstance(found, Wires):
            raise DiagramTypeError("a list holds static values, this is a wire", scope.span(item))
        items.append(found)
    # `[1 .. 3]` is the list of the range
    if len(items) == 1 and isinstance(node.items[0], tree.Binary) and node.items[0].op == "..":
        return items[0]
    return tuple(items)


def _named(body: Body, node: tree.Named, scope: Scope) -> Steps:
    """`(f as name)`: the recipe itself; the name is the key of this mention."""
    found = yield value(body, node.value, scope, None)
    if not isinstance(found, DeclRef | LocalRef | Resolved):
        raise DiagramTypeError(
            "`as` names a mention of a declared diagram", scope.span(node), hint="other diagrams are named by `share`"
        )
    return found


def _attribute(body: Body, node: tree.Attribute, scope: Scope, graph: Graph | None) -> Steps:
    item = yield value(body, node.item, scope, graph)
    if not isinstance(item, ModuleRef):
        raise DiagramTypeError(f"`.` reads from a module, this is {statics.describe(item)}", scope.span(node))
    inner = Scope(item.module, item.module.source, None, None, scope.implicit)
    try:
        return inner.find(node.name)
    except KeyError:
        near = difflib.get_close_matches(node.name, item.module.names(), 1)
        hint = f"did you mean `{near[0]}`?" if near else None
        raise DiagramNameError(f"the module has nothing called `{node.name}`", scope.span(node), hint=hint) from None


def _marked(body: Body, node: tree.Node, scope: Scope, graph: Graph | None) -> Steps:
    """What a mark stands round, where that is a mention; None where it is another expression."""
    while isinstance(node, tree.If):
        condition = yield value(body, node.condition, scope, None)
        if not isinstance(condition, bool):
            return None
        node = node.then if condition else node.otherwise
    if isinstance(node, tree.Index | tree.Call):
        # an entry of a wire, or wires that a diagram is put on, make boxes: those are not mentions
        head = yield value(body, node.item if isinstance(node, tree.Index) else node.function, scope, None)
        partly = graph is not None and wants_first_list(body, head)
        if not isinstance(head, Recipe) or not (isinstance(node, tree.Index) or partly):
            return None
    elif not isinstance(node, tree.Name | tree.Attribute | tree.Named | tree.Mark):
        return None
    found = yield value(body, node, scope, graph)
    return found if isinstance(found, Recipe) and bare(found) else None


def _if(body: Body, node: tree.If, scope: Scope, graph: Graph | None) -> Steps:
    condition = yield value(body, node.condition, scope, graph)
    if isinstance(condition, Training):
        if graph is None:
            raise DiagramTypeError("`training` chooses between wires", scope.span(node.condition))
        outs = yield application.training(body, node, (), scope, graph)
        return Wires(outs)
    chosen = node.then if _truth(condition, node.condition, scope) else node.otherwise
    return (yield value(body, chosen, scope, graph))


def _index(body: Body, node: tree.Index, scope: Scope, graph: Graph | None) -> Steps:
    item = yield value(body, node.item, scope, graph)
    if isinstance(item, DeclRef):
        if item.args:
            raise DiagramTypeError("static arguments are given twice", scope.span(node))
        return DeclRef(item.declared, tuple((arg, scope) for arg in node.args), item.wires, item.share)
    if isinstance(item, LocalRef):
        raise DiagramTypeError("a diagram of a block takes no static arguments", scope.span(node))
    if isinstance(item, Recipe):
        raise DiagramTypeError("this diagram takes no static arguments", scope.span(node))
    if isinstance(item, TypeHead) and item.name == "Weights":
        from diagrammar.elaborate.opening import weights_type

        return (yield weights_type(body, node, scope))
    args = []
    for arg in node.args:
        found = yield value(body, arg.value, scope, None)
        if arg.name is not None and not isinstance(item, Family):
            raise DiagramTypeError("no argument has a name here", scope.span(arg))
        args.append(found)
    if isinstance(item, Wires):
        return application.entry(body, item, args, node, scope, graph)
    with statics.Placed(scope.span(node)):
        return static_index(body, item, args, node, scope)


def static_index(body: Body, item: Any, args: list[Any], node: tree.Index, scope: Scope) -> Any:
    """`R[a, b]`, `X[n, m]`, `Level[l]`, `its[l]`."""
    if isinstance(item, TypeHead):
        return typing.construct(item.name, args, node, scope)
    if isinstance(item, Family):
        return typing.family(body, item, args, node, scope)
    if isinstance(item, Space | SpaceHole):
        return typing.gridded(item, args, node, scope)
    if isinstance(item, tuple | str):
        if len(args) != 1:
            raise statics.BadStatic("a list takes one index; write its[l][0]")
        (at,) = args
        if not isinstance(at, int) or isinstance(at, bool):
            if statics.is_number(at) and not isinstance(at, Fraction | float):
                raise statics.NeedsConcrete
            raise statics.BadStatic(f"an index is a whole number, this is {statics.describe(at)}")
        if not 0 <= at < len(item):
            raise statics.BadStatic(f"index {at} is outside of a list of {len(item)}")
        return item[at]
    if isinstance(item, StaticFunction):
        raise statics.BadStatic(f"`{item.name}` takes its arguments in (...)")
    raise statics.BadStatic(f"{statics.describe(item)} takes no [...]")
