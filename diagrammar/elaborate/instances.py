"""Mentions of diagrams without a header of their own: parameters, shares, diagrams of a block; two lists of wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagrammar.elaborate.arithmetic import Literal, constant
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Mismatch
from diagrammar.elaborate.ports import shown
from diagrammar.elaborate.values import (
    DeclRef,
    LocalRef,
    Recipe,
    Resolved,
    Scope,
    Shared,
    Wire,
    Wires,
    framed,
)
from diagrammar.errors import DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.steps import Steps
from diagrammar.types import Tensor

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site


def head(node: tree.Node) -> tree.Node:
    """The name in `name[args](wires)`."""
    while isinstance(node, tree.Index | tree.Call | tree.Named):
        if isinstance(node, tree.Index):
            node = node.item
        else:
            node = node.function if isinstance(node, tree.Call) else node.value
    return node


def _text(node: tree.Node) -> str:
    if isinstance(node, tree.Named):
        return node.name
    name = head(node)
    return name.name if isinstance(name, tree.Name | tree.Attribute) else "f"


def resolved(
    body: Body, found: Resolved, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> tuple[Wire, ...]:
    """Mentions a diagram that was given as a static argument."""
    from diagrammar.elaborate.leaves import Given

    name = _text(node)
    wires = fixed(body, name, found.dom, ins, scope, graph, site)
    key = found.key if found.key is not None else body.keys.get(id(head(node)), name)
    return graph.add(Given(found, name, key, scope.span(node)), found.wires + wires, found.cod)


def fixed(
    body: Body, name: str, dom: Any, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site
) -> tuple[Wire, ...]:
    """Unifies known ports with the wires that stand there."""
    if len(dom) != len(ins):
        raise DiagramTypeError(f"`{name}` takes {len(dom)} wire{'s' * (len(dom) != 1)}, {len(ins)} given", site.span)
    wires: list[Wire] = []
    for want, wire in zip(dom, ins, strict=True):
        if isinstance(wire, Literal):
            wires.append(constant(wire.value, want, wire.node, scope, graph))
            continue
        have = graph.types[graph.bring(wire)]
        try:
            body.unifier.unify(want, have)
        except Mismatch as error:
            given, wanted = shown(body, (have,)), shown(body, (want,))
            if site.form == ">>":
                notes = [f"left ends in   {given}", f"right wants    {wanted}      {error}"]
                raise DiagramTypeError("`>>` joins two different wires", site.span, notes) from None
            notes = [f"given  {given}", f"wanted {wanted}      {error}"]
            raise DiagramTypeError(f"`{name}` takes other wires", site.span, notes) from None
        wires.append(wire)
    return tuple(wires)


def shared(
    body: Body, found: Shared, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Mentions a `share` name: the first use makes the instance, every use has its types."""
    from diagrammar.elaborate.application import Site, apply_value
    from diagrammar.elaborate.leaves import SharedUse

    if found.mention is None:
        inner = Graph(_owner(graph, found.level), found.level + framed(found.recipe))
        types = [graph.types[graph.bring(w)] if isinstance(w, Wire) else Tensor("R") for w in ins]
        inputs = tuple(inner.input(wire) for wire in types)
        here = Site(site.form, site.span)
        outs = yield apply_value(body, found.recipe, inputs, node, scope, inner, here)
        found.dom = tuple(types)
        found.cod = tuple(inner.types[inner.bring(wire)] for wire in outs)
        found.mention = (inner, outs)
    wires = fixed(body, found.name, found.dom, ins, scope, graph, site)
    captured = found.mention[0].outer_wires()
    use = SharedUse(found, graph.level, scope.span(node))
    return graph.add(use, captured + wires, found.cod)  # type: ignore[arg-type]  # its first use made them wires


def _owner(graph: Graph, level: int) -> Graph:
    """The graph of the text body that declares a share: the outermost of its level."""
    while graph.outer is not None and (graph.level > level or graph.outer.level == level):
        graph = graph.outer
    return graph


def local(
    body: Body, found: LocalRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Mentions a diagram of the block: a fresh instance that sees the wires of the block."""
    from diagrammar.elaborate import statements
    from diagrammar.elaborate.leaves import Frame

    if found.wires is not None:
        ins = found.wires.items + tuple(ins)
    declared = found.declared
    body.elaborator.enter(scope.span(node))
    inner = Graph(graph, graph.level + 1)
    where = Scope(declared.scope.module, declared.source, declared.scope)
    dom = statements.header_inputs(body, declared, where, inner)
    flat = tuple(wire for port in dom for wire in port)
    types = tuple(inner.types[wire.number] for wire in flat)
    wires = fixed(body, declared.name, types, ins, scope, graph, site)
    outs = yield statements.declared_body(body, declared, where, inner, dom)
    body.elaborator.leave()
    key = body.keys.get(id(head(node)), declared.name)
    cod = tuple(inner.types[inner.bring(wire)] for wire in outs)
    insides = [(inner, tuple(map(inner.bring, outs)))]
    frame = Frame(declared.name, declared.origin, (), insides, scope.span(node), key)
    return graph.add(frame, inner.outer_wires() + wires, cod)


def wants_first_list(body: Body, found: Recipe) -> bool:
    """Whether the next `(...)` gives the first of two lists of wires."""
    if not isinstance(found, DeclRef | LocalRef) or found.wires is not None:
        return False
    if found.declared.origin == "std:open":
        # the weights, then the wires of the diagram
        return True
    header = getattr(found.declared.ast, "header", None)
    if header is None:
        return False
    lists = len(header.wires) + (header.dom is not None)
    return bool(lists == 2)


def with_wires(
    body: Body, found: Recipe, ins: tuple[Wire | Literal, ...], node: tree.Node, scope: Scope, graph: Graph
) -> Recipe:
    """`mix(K)`: a diagram with the wires of its first list given."""
    wires = tuple(
        constant(wire.value, Tensor("R"), wire.node, scope, graph) if isinstance(wire, Literal) else wire
        for wire in ins
    )
    if isinstance(found, DeclRef):
        return DeclRef(found.declared, found.args, Wires(wires), found.share)
    assert isinstance(found, LocalRef)
    return LocalRef(found.declared, Wires(wires))


def from_nothing(found: DeclRef) -> bool:
    """Whether a declaration has no inputs: a diagram or box from I."""
    header = getattr(found.declared.ast, "header", None)
    if header is None or header.cod is None:
        return found.declared.origin == "std:const"
    if header.dom is not None:
        return not header.wires and isinstance(header.dom, tree.Name) and header.dom.name == "I"
    return not any(header.wires)
