"""`jvp[f]`, `vjp[f]`, `grad[f]`, ...: derivatives of a diagram that stands in brackets, taken where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagrammar.derivative.operators import OPERATORS
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.elaborate import statics
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.counting import wires_given, wires_taken
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Mismatch, WireHole
from diagrammar.elaborate.leaves import Frame
from diagrammar.elaborate.statements import _solid
from diagrammar.elaborate.values import DeclRef, Recipe, Scope, Wire
from diagrammar.errors import DerivativeError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.source import Span
from diagrammar.steps import Steps
from diagrammar.tangent import has_tangent
from diagrammar.types import Tensor, Type

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site


class DeclaredRules:
    """The derivatives of primitive boxes as their declarations say them."""

    __slots__ = ()

    def jvp(self, box: Box, active: tuple[bool, ...]) -> Diagram:
        """The tangent of a box."""
        from diagrammar.elaborate.derivatives import jvp_rule

        return jvp_rule(box, active)

    def vjp(self, box: Box, active: tuple[bool, ...]) -> Diagram:
        """The cotangent of a box."""
        from diagrammar.elaborate.derivatives import vjp_rule

        return vjp_rule(box, active)


ORIGINS = {f"std:{name}": name for name in OPERATORS}


def derivative(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """A derivative on wires: those of the diagram first, then the tangents or cotangents."""
    from diagrammar.elaborate.application import apply_value

    kind = ref.declared.name
    (found, arg, where), wrt = yield _arguments(body, ref, node, scope)
    width = yield _width(body, kind, arg, where, wrt, ins, graph)
    if width > len(ins):
        raise DiagramTypeError(f"`{kind}` of a diagram of {width} wires is on {len(ins)}", site.span)
    wires = tuple(_solid(wire, Tensor("R"), scope, graph) for wire in ins[:width])
    types = [_known(body, graph.types[graph.bring(wire)], kind, site) for wire in wires]
    inner = Graph(graph, graph.level)
    inputs = tuple(inner.input(wire) for wire in types)
    outs = tuple(map(inner.bring, (yield apply_value(body, found, inputs, arg, where, inner, site))))
    active = _active(types, wrt, kind, site)
    moving = [wire for wire, on in zip(types, active, strict=True) if on]
    # of a wire whose type is decided elsewhere the tangent decides it too
    cod = [body.unifier.read(inner.types[out]) for out in outs]
    ends = [wire for wire in cod if has_tangent(wire)]
    given = moving if kind == "jvp" else ends if kind == "vjp" else []
    rest = _tangent_wires(body, kind, ins[width:], given, scope, graph, site)
    params = (("wrt", active),)
    frame = Frame(kind, ref.declared.origin, params, [(inner, outs)], site.span)
    captured = inner.outer_wires()
    return graph.add(frame, (*captured, *wires, *rest), _results(kind, moving, ends, site))


def _width(body: Body, kind: str, arg: tree.Node, where: Scope, wrt: Any, ins: tuple[Any, ...], graph: Graph) -> Steps:
    """How many of the wires are those of the diagram."""
    if kind == "jvp" and wrt is not None:
        return len(ins) - len(wrt)
    if kind == "jvp":
        # a wire and its tangent each; truth values and symbols have none
        total = 0
        for width, wire in enumerate(ins):
            if total == len(ins):
                return width
            known = body.unifier.read(graph.types[graph.bring(wire)]) if isinstance(wire, Wire) else Tensor("R")
            total += 2 if has_tangent(known) else 1
        return len(ins)
    if kind != "vjp":
        return len(ins)
    width = yield wires_taken(body, arg, where)
    if width is None:
        # where types decide how many wires a diagram takes, it is what its cotangents leave
        given = yield wires_given(body, arg, where)
        left = 0 if given is None else len(ins) - given
        width = left if left > 0 else (yield wires_taken(body, arg, where, True))
    return max(0, len(ins) - 1 if width is None else width)


def _arguments(body: Body, ref: DeclRef, node: tree.Node, scope: Scope) -> Steps:
    from diagrammar.elaborate.expressions import static, value

    kind = ref.declared.name
    wrt: Any = None
    plain = []
    for arg, where in ref.args:
        if arg.name == "wrt":
            wrt = static(body, arg.value, where)
            wrt = wrt if isinstance(wrt, tuple) else (wrt,)
        elif arg.name in (None, "f"):
            plain.append((arg, where))
        else:
            raise DiagramTypeError(f"`{kind}` has no parameter `{arg.name}`", where.span(arg))
    if len(plain) != 1:
        raise DiagramTypeError(f"`{kind}` takes one diagram: {kind}[f]", scope.span(node))
    arg, where = plain[0]
    found = yield value(body, arg.value, where, None)
    if not isinstance(found, Recipe):
        raise DiagramTypeError(f"`{kind}` takes a diagram, this is {statics.describe(found)}", where.span(arg))
    return (found, arg.value, where), wrt


def _known(body: Body, wire: Type, kind: str, site: Site) -> Type:
    found = body.unifier.read(wire)
    if isinstance(found, WireHole):
        raise DiagramTypeError(f"the types that `{kind}` works on are not known here; write them down", site.span)
    return found


def _active(types: list[Type], wrt: Any, kind: str, site: Site) -> tuple[bool, ...]:
    """Which wires the derivative is by: those chosen, or all that can change a little."""
    if wrt is None:
        return tuple(map(has_tangent, types))
    for at in wrt:
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(types):
            raise DiagramTypeError(f"`{kind}` by wire {statics.show(at)} of a diagram of {len(types)}", site.span)
        if not has_tangent(types[at]):
            raise DiagramTypeError(f"`{kind}` by a wire {types[at]}, which cannot change a little", site.span)
    return tuple(at in wrt for at in range(len(types)))


def _tangent_wires(
    body: Body, kind: str, ins: tuple[Any, ...], wanted: list[Type], scope: Scope, graph: Graph, site: Site
) -> list[Wire]:
    if len(ins) != len(wanted):
        what = "cotangents" if kind == "vjp" else "tangents"
        raise DiagramTypeError(
            f"{len(wanted)} {what} are wanted after the wires of the diagram, {len(ins)} given", site.span
        )
    wires = [_solid(wire, want, scope, graph) for wire, want in zip(ins, wanted, strict=True)]
    try:
        body.unifier.ports(tuple(wanted), [graph.types[graph.bring(wire)] for wire in wires])
    except Mismatch as error:
        raise DiagramTypeError(
            f"a tangent given to `{kind}` is another wire than what it is a tangent of", site.span, [str(error)]
        ) from None
    return wires


def _results(kind: str, moving: list[Type], ends: list[Type], site: Site) -> list[Type]:
    match kind:
        case "jvp" | "laplacian":
            return ends
        case "vjp" | "grad":
            return moving
        case "divergence":
            return [Tensor("R")]
    wires = [*moving, *(ends if kind == "jacobian" else moving)]
    if len(moving) != 1 or len(wires) != 2 or not all(isinstance(wire, Tensor) for wire in wires):
        raise DiagramTypeError(f"a {kind} is by one wire of numbers, of a diagram that ends in one", site.span)
    by, of = wires
    assert isinstance(by, Tensor) and isinstance(of, Tensor)
    return [Tensor(of.kind, (*of.sizes, *by.sizes))]


def finished(body: Body, frame: Frame, inside: Diagram) -> Diagram:
    """The derivative of what stands in the brackets, now that it is made; captured wires are held."""
    check_known(body, inside, frame.span)
    wrt = dict(frame.params)["wrt"]
    held = len(inside.dom) - len(wrt)
    try:
        made = OPERATORS[frame.name](body.elaborator.deriver, inside, (*(False for _ in range(held)), *wrt))
    except DerivativeError as error:
        if error.span is not None:
            raise
        raise DerivativeError(error.message, frame.span, error.notes, error.hint) from None
    body.elaborator.count_all(made)
    body.elaborator.afford(made, frame.span)
    return made


def check_known(body: Body, inside: Diagram, span: Span) -> None:
    """A diagram that is a parameter has no derivative, and no weights, before it is given: NeedsConcrete."""
    rigid = body.elaborator.rigid
    if not rigid:
        return
    for level in definitions(inside):
        if any(not box.origin and not box.insides and box.name in rigid for box in level.boxes):
            raise statics.NeedsConcrete(span)
