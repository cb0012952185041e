"""A declared diagram or box where it is mentioned: its header is instantiated and unified with the wires there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagrammar.elaborate import typing
from diagrammar.elaborate.arguments import Argument, Deferred, Mention, instantiate
from diagrammar.elaborate.arithmetic import Literal
from diagrammar.elaborate.body import Body, Late
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole, Mismatch, SpaceHole, Waiting, has_holes
from diagrammar.elaborate.instances import head
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.ports import meet, outputs, ports_of, shown
from diagrammar.elaborate.values import (
    Closure,
    DeclRef,
    ParamInfo,
    Recipe,
    Scope,
    TypeValue,
    Wire,
    framed,
)
from diagrammar.errors import DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.steps import Steps, run
from diagrammar.types import Type

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site


def mention(
    body: Body, ref: DeclRef, ins: tuple[Wire | Literal, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Mentions a declared diagram or box on wires."""
    if ref.wires is not None:
        ins = ref.wires.items + tuple(ins)
    key = body.keys.get(id(head(node)), ref.declared.name)
    seen = None if ref.args else _seen(body, ref, ins, graph)
    if seen is not None and seen in body.elaborator.solved:
        made = Mention(ref.declared, scope.span(node), key, graph, ref.share)
        values, implicit, made.cod = body.elaborator.solved[seen]
        made.values.update(values)
        made.implicit.known.update(implicit)
        made.solved = True
        return graph.add(made, ins, made.cod)  # type: ignore[arg-type]  # no literals: `_seen` says so
    body.unifier.here = scope.span(node)
    noted = len(body.late), len(body.unifier.waiting), len(body.unifier.conditions)
    made = yield from instantiate(body, ref, node, scope, graph, key)
    dom, cod = ports_of(body, made)
    wires = meet(body, made, dom, ins, scope, graph, site)
    captured = yield from _arguments(body, made, graph)
    made.cod = outputs(body, made, cod)
    if seen is not None and noted == (len(body.late), len(body.unifier.waiting), len(body.unifier.conditions)):
        _remember(body, made, seen)
    if not made.solved:
        body.mentions.append(made)
    made.plain = len(wires)
    return graph.add(made, captured + wires, made.cod)


def _seen(body: Body, ref: DeclRef, ins: tuple[Wire | Literal, ...], graph: Graph) -> Any:
    """What decides a mention without static arguments: its declaration and the types there, if they are all known."""
    types = []
    for wire in ins:
        if isinstance(wire, Literal):
            return None
        # wires of one graph are the usual case, and reading them is the cost of a long text
        known = body.unifier.read(graph.types[wire.number if wire.graph is graph else graph.bring(wire)])
        if has_holes(known):
            return None
        types.append(known)
    return (id(ref.declared), tuple(types))


def _remember(body: Body, made: Mention, seen: Any) -> None:
    """Keeps what was found for the next mention of the same declaration on the same types."""
    if any(made.open(body, info) for info in parameters(made.declared)):
        return
    if any(isinstance(value, Argument | Deferred) for value in made.values.values()):
        return
    cod = tuple(map(body.unifier.read, made.cod))
    implicit = {key: body.unifier.known(value) for key, value in made.implicit.known.items()}
    if any(map(has_holes, cod)) or any(isinstance(value, SpaceHole) for value in implicit.values()):
        return
    made.cod = cod
    for name, value in made.values.items():
        made.values[name] = _closed_value(body, value)
    made.implicit.known.update(implicit)
    made.solved = True
    body.elaborator.solved[seen] = (dict(made.values), implicit, cod)


def _closed_value(body: Body, value: Any) -> Any:
    if isinstance(value, BundleHole):
        return TypeValue(tuple(map(body.unifier.read, body.unifier.wires_of((value,)))))
    if isinstance(value, TypeValue):
        return TypeValue(tuple(map(body.unifier.read, body.unifier.wires_of(value.items))))
    return body.unifier.known(value)


def _arguments(body: Body, made: Mention, graph: Graph) -> Steps:
    """Elaborates the diagrams given as static arguments; gives the wires that they capture.

    Where the wires that a diagram starts from are not known yet, it waits until they are.
    """
    captured: tuple[Wire, ...] = ()
    for info in parameters(made.declared):
        recipe = made.values.get(info.name)
        if info.kind != "diagram" or not isinstance(recipe, Recipe):
            continue
        try:
            dom = _starts(body, made, info)
        except Waiting:
            body.late.append(_later(body, made, info, recipe, graph))
            continue
        argument = yield _argument(body, made, info, recipe, graph, dom)
        made.values[info.name] = argument
        captured += argument.graph.outer_wires()
    return captured


def _starts(body: Body, made: Mention, info: ParamInfo) -> tuple[Type, ...]:
    assert info.arrow is not None
    return body.unifier.wires_of(typing.type_of(body, info.arrow.dom, made.scope).items)


def _later(body: Body, made: Mention, info: ParamInfo, recipe: Recipe, graph: Graph) -> Late:
    def attempt() -> None:
        dom = _starts(body, made, info)
        known = dict(graph.captured)
        argument = run(_argument(body, made, info, recipe, graph, dom))
        if graph.captured != known:
            name = made.declared.name
            raise Mismatch(f"`{info.name}` reads a wire from further out; write the parameters of `{name}`")
        made.values[info.name] = argument
        draft = next(each for each in graph.nodes if each.what is made)
        wires = [
            graph.bring(wire)
            for each in parameters(made.declared)
            if isinstance(made.values[each.name], Argument)
            for wire in made.values[each.name].graph.outer_wires()
        ]
        draft.ins = (*wires, *draft.ins[len(draft.ins) - made.plain :])

    return Late(attempt, lambda text: DiagramTypeError(f"the diagram given for `{info.name}`: {text}", made.span))


def _argument(body: Body, made: Mention, info: ParamInfo, recipe: Recipe, graph: Graph, dom: tuple[Type, ...]) -> Steps:
    from diagrammar.elaborate.application import Site, apply_value

    assert info.arrow is not None
    # a bare mention is the frame of the parameter itself; another expression stands inside of that frame
    inner = Graph(graph, graph.level + (2 if framed(recipe) else 1))
    ins = tuple(inner.input(wire) for wire in dom)
    site = Site("call", made.span)
    node = recipe.node if isinstance(recipe, Closure) else tree.Name(0, 0, info.name)
    where = recipe.scope if isinstance(recipe, Closure) else made.scope
    outs = yield apply_value(body, recipe, ins, node, where, inner, site)
    want = typing.type_of(body, info.arrow.cod, made.scope).items
    have = [inner.types[inner.bring(wire)] for wire in outs]
    try:
        body.unifier.ports(want, have)
    except Mismatch as error:
        raise DiagramTypeError(
            f"the diagram given for `{info.name}` of `{made.declared.name}` ends in other wires",
            made.span,
            [f"given  {shown(body, have)}", f"wanted {shown(body, body.unifier.read_items(want))}      {error}"],
        ) from None
    return Argument(inner, outs, recipe)
