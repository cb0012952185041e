"""The rules in the body of a box as diagrams: `jvp(x, dx) = cos(x) * dx` where x and dx are wires of known types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagrammar.box import Box, Bundle
from diagrammar.derivative.wiring import lay
from diagrammar.diagram import Builder, Diagram
from diagrammar.elaborate import arithmetic, naming, statements, statics, typing
from diagrammar.elaborate.application import operands, wired
from diagrammar.elaborate.arguments import hole_of
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.expressions import value
from diagrammar.elaborate.finish import finish
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Items, Mismatch, Waiting
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.ports import shown
from diagrammar.elaborate.values import Declared, Implicit, Scope, TypeValue, Wire, Wires
from diagrammar.errors import DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.steps import Steps
from diagrammar.tangent import tangents
from diagrammar.types import Types


def elaborated(declared: Declared, rule: tree.DerivativeRule, box: Box, at: int | None = None) -> Diagram:
    """A rule of a box at its instance `box`; `at` is the input that `transpose[i]` speaks of.

    `jvp : dom @ tangents of dom -> tangents of cod`; `vjp : dom @ tangents of cod -> tangents of dom`; `transpose :
    tangents of cod -> tangents of dom`; `transpose[i] : the other inputs @ tangents of cod -> the tangent of input i`,
    of a linear box without the other inputs. Raises the errors of the text, at their places.
    """
    span = declared.span(rule)
    result: Diagram = declared.scope.module.elaborator.guarded(lambda: _steps(declared, rule, box, at), span)
    return flattened(result)


def _steps(declared: Declared, rule: tree.DerivativeRule, box: Box, at: int | None) -> Steps:
    body = Body(declared.scope.module.elaborator, declared)
    scope = Scope(declared.scope.module, declared.source, declared.scope, None, Implicit())
    graph = Graph(None, 0, body.elaborator.budget)
    body.keys = naming.keys(rule.body, scope)
    dom, cod = _ports(body, declared, box, scope)
    groups, wanted = _wires_of(rule, declared, box, dom, cod, at)
    if rule.slot is not None and at is not None and not rule.slot.isdigit():
        statements.bind(scope, rule.slot, at, rule)
    if len(groups) != len(rule.wires):
        count = len(groups)
        raise DiagramTypeError(
            f"`{rule.name}` of `{declared.name}` takes {count} wire{'s' * (count != 1)}, {len(rule.wires)} named",
            declared.span(rule),
            [f"wires  {' @ '.join(shown(body, group) for group in groups)}"],
        )
    for port, group in zip(rule.wires, groups, strict=True):
        statements.bind(scope, port.name, Wires(tuple(graph.input(wire) for wire in group)), port)
    outs = yield _outputs(body, rule.body, wanted, scope, graph)
    have = [graph.types[graph.bring(wire)] for wire in outs]
    try:
        body.unifier.ports(wanted, have)
    except Mismatch as error:
        raise DiagramTypeError(
            f"the `{rule.name}` of `{declared.name}` ends in other wires than its derivative has",
            declared.span(rule.body),
            [f"found   {shown(body, have)}", f"wanted  {shown(body, wanted)}      {error}"],
        ) from None
    numbers = tuple(map(graph.bring, outs))
    body.finish()
    return (yield finish(body, graph, numbers))


def _wires_of(
    rule: tree.DerivativeRule, declared: Declared, box: Box, dom: list[Types], cod: list[Types], at: int | None
) -> tuple[list[Types], Types]:
    """The wires that a rule names, port by port, and those that it has to end in."""
    above = [group for group in map(tangents, cod) if group]
    below = [group for group in map(tangents, dom) if group]
    match rule.name:
        case "jvp":
            return dom + below, tangents(box.cod)
        case "vjp":
            return dom + above, tangents(box.dom)
    if at is None:
        return above, tangents(box.dom)
    linear = any(word.name == "linear" for word in declared.ast.kinds)
    others = box.dom[:at] + box.dom[at + 1 :]
    given: list[Types] = [] if linear else [others]
    return given + above, tangents((box.dom[at],))


# ------------------------------------------------------------------------------------------- the header at a box


def _ports(body: Body, declared: Declared, box: Box, scope: Scope) -> tuple[list[Types], list[Types]]:
    """Binds the static parameters of the header as they are at a box; gives its wires port by port.

    Where the type of a box follows from its static arguments, its inputs are one port and its outputs another, and
    `dom` and `cod` are their types.
    """
    for name, found in box.params:
        scope.names[name] = TypeValue(found.types) if isinstance(found, Bundle) else found
    header = declared.ast.header
    if header.cod is None:
        scope.names["dom"], scope.names["cod"] = TypeValue(box.dom), TypeValue(box.cod)
        return [box.dom], [box.cod]
    for info in parameters(declared):
        if info.name not in scope.names:
            hole = hole_of(body, info)
            if hole is None and info.default is not None:
                hole = typing.evaluate(body, info.default, scope)
            scope.names[info.name] = hole
    ins = [port.type for ports in header.wires for port in ports]
    if header.dom is not None:
        ins += operands(header.dom, "@")
    dom = _meet(body, ins, box.dom, scope)
    cod = _meet(body, operands(header.cod, "@"), box.cod, scope)
    body.settle()
    return dom, cod


def _meet(body: Body, nodes: Sequence[Any], wires: Types, scope: Scope) -> list[Types]:
    """Unifies the types of ports with wires; gives the wires of each."""
    items: list[Items | None] = []
    for node in nodes:
        try:
            items.append(typing.type_of(body, node, scope).items)
        except Waiting:
            # its type follows from that of another port
            items.append(None)
    if None not in items:
        body.unifier.ports(tuple(item for each in items if each is not None for item in each), wires)
    groups: list[Types] = []
    start = 0
    for each in items:
        count = 1 if each is None else len(body.unifier.read_items(each))
        group = wires[start : start + count]
        if None in items and each is not None:
            body.unifier.ports(each, group)
        groups.append(group)
        start += count
    return groups


# ------------------------------------------------------------------------------------------------ what it ends in


def _outputs(body: Body, node: tree.Node, wanted: Types, scope: Scope, graph: Graph) -> Steps:
    """The wires that the body of a rule ends in; a number is of the type that is wanted there."""
    if isinstance(node, tree.Block):
        *before, last = node.statements or (node,)
        if not isinstance(last, tree.Return):
            raise DiagramTypeError("the block of a rule ends in `return`", scope.span(node))
        for statement in before:
            if isinstance(statement, tree.Bind):
                yield from statements.bound(body, statement, scope, graph)
            elif isinstance(statement, tree.Let):
                yield from statements.declaration(body, statement, scope, graph)
            else:
                raise DiagramTypeError(
                    "this cannot stand in a rule: it names wires and static values alone", scope.span(statement)
                )
        nodes: tuple[tree.Node, ...] = last.values
    else:
        nodes = node.items if isinstance(node, tree.Bundle) else (node,)
    outs: list[Wire] = []
    for each in nodes:
        found = yield value(body, each, scope, graph)
        if statics.is_number(found) and len(outs) < len(wanted):
            outs.append(arithmetic.constant(found, wanted[len(outs)], each, scope, graph))
        else:
            outs += (yield wired(body, found, each, scope, graph)).items
    return tuple(outs)


def flattened(diagram: Diagram) -> Diagram:
    """The diagram with named diagrams opened, so that primitive boxes are left; combinators stay."""
    while any(_opens(node.box) for node in diagram.flat.nodes):
        flat = diagram.flat
        builder = Builder(diagram.dom)
        place = dict(zip(flat.inputs, builder.inputs, strict=True))
        for node in flat.nodes:
            ins = [place[wire] for wire in node.ins]
            outs = lay(builder, node.box.insides[0], ins) if _opens(node.box) else builder.add(node.box, ins)
            place.update(zip(node.outs, outs, strict=True))
        diagram = builder.build(place[wire] for wire in flat.outputs)
    return diagram


def _opens(box: Box) -> bool:
    return box.is_frame or box.is_mark
