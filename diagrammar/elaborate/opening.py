"""`open[f]`, a diagram whose weights are wires, and `Weights[f]`, the type of these wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagrammar.derivative.wiring import in_order
from diagrammar.diagram import Diagram
from diagrammar.elaborate import naming, statics
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.counting import in_brackets, wires_taken
from diagrammar.elaborate.differentiation import check_known
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole, ListHole, Mismatch, SpaceHole, Waiting, WireHole
from diagrammar.elaborate.leaves import Frame, SharedUse
from diagrammar.elaborate.statements import _solid
from diagrammar.elaborate.values import (
    Closure,
    DeclRef,
    FreeDim,
    FreeSpace,
    Recipe,
    Resolved,
    Scope,
    Shared,
    TypeValue,
)
from diagrammar.errors import DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly, unknowns
from diagrammar.steps import Steps
from diagrammar.types import Tensor, Type, same_type, show

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site
    from diagrammar.elaborate.arguments import Mention

ORIGIN = "std:open"


def on_wires(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """`open[f](w)(x)`: the weights as one list of wires, then the wires of f; or all of them after another."""
    from diagrammar.elaborate.application import apply_value
    from diagrammar.elaborate.expressions import value

    arg, where = _argument(ref, scope.span(node))
    found = yield value(body, arg, where, None)
    if not isinstance(found, Recipe):
        raise DiagramTypeError(f"`open` takes a diagram, this is {statics.describe(found)}", where.span(arg))
    if ref.wires is None:
        width = yield wires_taken(body, arg, where)
        # where types decide how many wires a diagram takes, it is one
        width = min(1 if width is None else width, len(ins))
        given, ins = ins[: len(ins) - width], ins[len(ins) - width :]
    else:
        given = ref.wires.items
    given, wires = (tuple(_solid(wire, Tensor("R"), scope, graph) for wire in each) for each in (given, ins))
    for each in given:
        # captured wires come in the order of the text
        graph.bring(each)
    inner = Graph(graph, graph.level)
    inputs = tuple(inner.input(graph.types[graph.bring(wire)]) for wire in wires)
    outs = tuple(map(inner.bring, (yield apply_value(body, found, inputs, arg, where, inner, site))))
    frame = Frame("open", ORIGIN, (("weights", len(given)),), [(inner, outs)], site.span)
    cod = [inner.types[out] for out in outs]
    return graph.add(frame, (*inner.outer_wires(), *given, *wires), cod)


def _argument(ref: DeclRef, span: Any) -> tuple[tree.Node, Scope]:
    if len(ref.args) != 1 or ref.args[0][0].name not in (None, "f"):
        raise DiagramTypeError("`open` takes one diagram: open[f]", span)
    return in_brackets(ref)


def finished(body: Body, frame: Frame, inside: Diagram, dom: tuple[Type, ...]) -> Diagram:
    """The opened diagram, now that what stands in the brackets is made; captured wires come before the weights."""
    check_known(body, inside, frame.span)
    made, weights = body.elaborator.opener.open(inside)
    held = len(frame.graphs[0][0].captured)
    count = dict(frame.params)["weights"]
    given, wanted = dom[held : held + count], tuple(weights.values())
    if len(given) != len(wanted) or not all(map(same_type, given, wanted)):
        raise DiagramTypeError(
            f"`open` wants the {len(wanted)} weight{'s' * (len(wanted) != 1)} of its diagram, and then its wires",
            frame.span,
            [f"given  {show(given)}", f"wanted {show(wanted)}", *_where(given, weights)],
            "`Weights[f]` is the type of the weights of f",
        )
    body.elaborator.count_all(made)
    body.elaborator.afford(made, frame.span)
    before = range(len(wanted), len(wanted) + held)
    return in_order(made, [*before, *range(len(wanted)), *range(before.stop, len(made.dom))])


def _where(given: tuple[Type, ...], weights: dict[str, Type]) -> list[str]:
    """The first weight that differs, by its path."""
    for have, (path, want) in zip(given, weights.items(), strict=False):
        if not same_type(have, want):
            return [f"weight {path} is {want}, not {have}"]
    return []


# ---------------------------------------------------------------------------------------------------- Weights[f]


def weights_type(body: Body, node: tree.Index, scope: Scope) -> Steps:
    """`Weights[f]`: the types of the weights of a diagram, in the order of its `state_dict`."""
    if len(node.args) != 1 or node.args[0].name is not None:
        raise DiagramTypeError("`Weights` takes one diagram: Weights[f]", scope.span(node))
    found = yield _weights(body, node.args[0].value, scope, "Weights")
    return TypeValue(tuple(found.values()))


def weights_of(body: Body, ref: DeclRef) -> Steps:
    """The weights of what stands in the brackets of `open[f]`."""
    return (yield _weights(body, *in_brackets(ref), "open"))


def _weights(body: Body, node: tree.Node, scope: Scope, name: str) -> Steps:
    """The types of the weights of a diagram by their paths. It is elaborated apart, on wires of its own."""
    from diagrammar.elaborate.application import Site, apply_value
    from diagrammar.elaborate.expressions import value
    from diagrammar.elaborate.finish import finish

    span = scope.span(node)
    where = scope.inner(_known(body, node, scope))
    apart = Body(body.elaborator, None)
    apart.keys = naming.keys(node, where)
    found = yield value(apart, node, where, None)
    if isinstance(found, Shared):
        found = found.recipe
    if not isinstance(found, Recipe):
        raise DiagramTypeError(f"`{name}` takes a diagram, this is {statics.describe(found)}", span)
    if isinstance(found, Closure):
        apart.keys |= naming.keys(found.node, found.scope)
    if isinstance(found, Resolved) and found.wires:
        raise _captures(name, span)
    opening = body.elaborator.aliases
    declared = found.declared if isinstance(found, DeclRef) and not found.args else None
    if declared is not None and declared in opening:
        raise DiagramNameError(f"`{declared.name}` is declared by the type of its own weights", span)
    graph = Graph(None, 0, body.elaborator.budget)
    body.elaborator.enter_type(span)
    opening.append(declared)
    try:
        width = yield wires_taken(apart, node, where)
        wires = range(1 if width is None else width)
        ins = tuple(graph.input(WireHole(apart.unifier.number(), "wire")) for _ in wires)
        outs = yield apply_value(apart, found, ins, node, where, graph, Site("call", span))
        numbers = tuple(map(graph.bring, outs))
    except LookupError:
        raise _captures(name, span) from None
    finally:
        opening.pop()
        body.elaborator.leave_type()
    if any(isinstance(draft.what, SharedUse) for draft in graph.nodes):
        raise _captures(name, span)
    apart.settle()
    for mention in apart.mentions:
        _own(apart, mention)
    apart.finish()
    inside = yield finish(apart, graph, numbers)
    check_known(body, inside, span)
    return body.elaborator.opener.open(inside)[1]


def _captures(name: str, span: Any) -> DiagramTypeError:
    return DiagramTypeError(
        f"the weights of this diagram are not known here: it uses what is around it, and `{name}` needs them apart",
        span,
        hint="give it a name: `diagram f : A -> B = ...`",
    )


def _known(body: Body, node: tree.Node, scope: Scope) -> dict[str, Any]:
    """The names of an expression that inference has found the values of. Raises Waiting where it has not."""
    from diagrammar.elaborate.expressions import known

    result: dict[str, Any] = {}
    for name in sorted(_names(node)):
        try:
            found = scope.find(name)
        except KeyError:
            continue
        if not isinstance(found, Poly | BundleHole | SpaceHole | ListHole):
            continue
        found = known(body, found)
        if isinstance(found, BundleHole | SpaceHole | ListHole) or (isinstance(found, Poly) and unknowns(found)):
            raise Waiting
        result[name] = found
    return result


def _names(node: tree.Node) -> set[str]:
    """The names in an expression."""
    found: set[str] = set()
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack += item
        elif isinstance(item, tree.Name):
            found.add(item.name)
        elif isinstance(item, tree.Node):
            stack += (getattr(item, part) for part in item.__match_args__)
    return found


def _own(apart: Body, mention: Mention) -> None:
    """Weights do not depend on the free sizes and grids of a file: each stands for itself."""
    module = mention.declared.scope.module
    for (number, name), found in mention.implicit.known.items():
        if number != id(module):
            continue
        declared, unifier = module.find(name), apart.unifier
        open_space = isinstance(found, SpaceHole) and isinstance(unifier.read_space(found), SpaceHole)
        open_size = isinstance(found, Poly) and bool(unknowns(unifier.read_size(found)))
        try:
            if open_space and isinstance(declared, FreeSpace):
                unifier.unify_spaces(found, declared.own())
            elif open_size and isinstance(declared, FreeDim):
                unifier.equal(found, declared.own(), name)
        except (Mismatch, Waiting):
            continue
