"""`+ - * / ^` of wires, and numbers as wires. Scalars and channel vectors are spread by explicit boxes."""

from __future__ import annotations

from typing import Any

from diagrammar.elaborate import statics
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Mismatch, WireHole
from diagrammar.elaborate.leaves import Leaf
from diagrammar.elaborate.values import Recipe, Scope, Wire, Wires
from diagrammar.errors import DiagrammarError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.types import Field, Tensor, Tokens, Type

BOXES = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow"}
_SCALAR = Tensor("R")


class Literal:
    """A number that stands where wires are wanted; their type is decided by the header."""

    __slots__ = ("node", "value")

    def __init__(self, value: Any, node: tree.Node) -> None:
        self.value = value
        self.node = node


def to_wires(found: Any, node: tree.Node, scope: Scope, graph: Graph | None) -> Wires:
    """A value where wires are wanted."""
    if isinstance(found, Wires):
        return found
    if graph is not None and statics.is_number(found):
        return Wires((constant(found, _SCALAR, node, scope, graph),))
    hint = None
    if isinstance(found, Recipe):
        text = scope.source.text[node.start : node.end]
        hint = f"apply it: `{text}(u)`" if len(text) < 40 else "apply it to wires"
    raise DiagramTypeError(f"a wire is wanted, this is {statics.describe(found)}", scope.span(node), hint=hint)


def among_wires(graph: Graph | None, node: tree.Node, scope: Scope) -> Graph:
    """The body that wires are in. Without one only `()` is a bundle of wires, and nothing can be done to it."""
    if graph is None:
        raise DiagramTypeError("a static value is wanted, this works on wires", scope.span(node))
    return graph


def constant(value: Any, wire: Type, node: tree.Node, scope: Scope, graph: Graph) -> Wire:
    """A constant box."""
    return graph.add(Leaf("const", (("value", value),), scope.span(node)), (), (wire,))[0]


def operate(body: Body, op: str, left: Any, right: Any, node: tree.Binary, scope: Scope, graph: Graph | None) -> Wires:
    """`left op right`, at least one of them wires."""
    if op not in BOXES:
        raise DiagramTypeError(
            f"`{op}` compares static values, and this is a wire",
            scope.span(node),
            hint="`less(a, b)` and `select(m, a, b)` decide on wires",
        )
    graph = among_wires(graph, node, scope)
    sides: list[list[Any]] = []
    for found, part in ((left, node.left), (right, node.right)):
        if isinstance(found, Wires):
            sides.append(list(found.items))
        elif statics.is_number(found):
            sides.append([Literal(found, part)])
        else:
            to_wires(found, part, scope, graph)
    width = max(len(sides[0]), len(sides[1]))
    for side in sides:
        if len(side) == 1 and width > 1 and (isinstance(side[0], Literal) or _is_scalar(body, side[0])):
            side *= width
    if len(sides[0]) != len(sides[1]):
        raise DiagramTypeError(f"`{op}` of bundles of {len(sides[0])} and {len(sides[1])} wires", scope.span(node))
    outs = [_pair(body, op, a, b, node, scope, graph) for a, b in zip(*sides, strict=True)]
    return Wires(tuple(outs))


def _is_scalar(body: Body, wire: Wire) -> bool:
    return body.unifier.read(wire.graph.types[wire.number]) == _SCALAR


def _pair(body: Body, op: str, a: Any, b: Any, node: tree.Binary, scope: Scope, graph: Graph) -> Wire:
    if isinstance(a, Literal) and isinstance(b, Literal):
        with statics.Placed(scope.span(node)):
            value = statics.arithmetic(op, a.value, b.value)
        return constant(value, _SCALAR, node, scope, graph)
    if isinstance(a, Literal):
        wire = graph.types[graph.bring(b)]
        a = constant(a.value, wire, a.node, scope, graph)
    elif isinstance(b, Literal):
        wire = graph.types[graph.bring(a)]
        b = constant(b.value, wire, b.node, scope, graph)
    else:
        a, b, wire = _meet(body, op, a, b, node, scope, graph)
    _numbers(body, op, wire, node, scope)
    return graph.add(Leaf(BOXES[op], (), scope.span(node)), (a, b), (wire,))[0]


def _numbers(body: Body, op: str, wire: Type, node: tree.Node, scope: Scope) -> None:
    """Truth values and symbols are not numbers."""
    known = body.unifier.read(wire)
    if isinstance(known, Tokens) or (isinstance(known, Tensor) and known.kind == "Bool"):
        hint = "`select(m, a, b)` chooses by a truth value" if isinstance(known, Tensor) else None
        raise DiagramTypeError(f"`{op}` works on numbers, this is {known}", scope.span(node), hint=hint)
    if op == "^" and is_complex(known):
        raise DiagramTypeError(f"`^` works on real numbers, this is {known}", scope.span(node))


def is_complex(wire: Type) -> bool:
    """Whether a wire is of complex numbers."""
    return (isinstance(wire, Tensor) and wire.kind == "C") or (isinstance(wire, Field) and wire.kind == "Spectrum")


def _meet(
    body: Body, op: str, a: Wire, b: Wire, node: tree.Binary, scope: Scope, graph: Graph
) -> tuple[Wire, Wire, Type]:
    """Two wires brought to one type: equal, or one a scalar, or one `R[c]` and the other `Field[X, c]`."""
    unifier = body.unifier
    unifier.here = scope.span(node)
    left = unifier.read(graph.types[graph.bring(a)])
    right = unifier.read(graph.types[graph.bring(b)])
    span = scope.span(node)
    try:
        if _spreads(body, left, right):
            return graph.add(Leaf("broadcast", (), span), (a,), (right,))[0], b, right
        if _spreads(body, right, left):
            return a, graph.add(Leaf("broadcast", (), span), (b,), (left,))[0], left
        unifier.unify(right, left)
    except Mismatch as error:
        hint = (
            "nothing else broadcasts: write `einsum`"
            if isinstance(left, Tensor) and isinstance(right, Tensor)
            else None
        )
        raise differ(f"`{op}` takes two wires of one type", span, left, right, str(error), hint) from None
    return a, b, left


def _spreads(body: Body, small: Type, big: Type) -> bool:
    if isinstance(small, Tensor) and small.kind == "R":
        if not small.sizes:
            return not isinstance(big, WireHole) and big != small
        if isinstance(big, Field) and big.kind == "Field" and len(small.sizes) == 1:
            body.unifier.equal(big.channels, small.sizes[0], "channels")
            return True
    return False


def negate(items: tuple[Wire, ...], node: tree.Node, scope: Scope, graph: Graph | None) -> tuple[Wire, ...]:
    """`-u`, wire by wire."""
    graph = among_wires(graph, node, scope)
    outs: list[Wire] = []
    for item in items:
        outs += graph.add(Leaf("neg", (), scope.span(node)), (item,), (graph.types[graph.bring(item)],))
    return tuple(outs)


def differ(
    message: str,
    span: Any,
    left: Type,
    right: Type,
    detail: str,
    hint: str | None = None,
    sides: tuple[str, str] = ("left", "right"),
) -> DiagrammarError:
    """A type error that writes both types out."""
    width = max(map(len, sides))
    first = f"{sides[0].ljust(width)}  {left}"
    second = f"{sides[1].ljust(width)}  {right}" + (f"      {detail}" if detail else "")
    return DiagramTypeError(message, span, [first, second], hint)
