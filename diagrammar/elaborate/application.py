"""Diagrams applied to wires: `f(u)`, `u >> f`, and how `>> @ +`, lambdas, `if` and `repeat` act on wires."""

from __future__ import annotations

from typing import Any

from diagrammar.elaborate import arithmetic, combinators, functions, instances, mentions, statics
from diagrammar.elaborate.arithmetic import Literal, among_wires
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.counting import wires_taken
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole, Mismatch, WireHole
from diagrammar.elaborate.leaves import Frame, Leaf, same_captures
from diagrammar.elaborate.values import (
    Closure,
    DeclRef,
    LocalRef,
    Recipe,
    Resolved,
    Scope,
    Shared,
    StaticFunction,
    Training,
    TypeHead,
    Wire,
    Wires,
)
from diagrammar.errors import DiagramTypeError, DiagramValueError
from diagrammar.grammar import tree
from diagrammar.source import Span
from diagrammar.steps import Steps
from diagrammar.types import Field, Tensor, Type


class Site:
    """Where wires meet a diagram: the operator or the call, for the error that says they do not fit."""

    __slots__ = ("form", "span")

    def __init__(self, form: str, span: Span) -> None:
        self.form = form
        self.span = span


def call(body: Body, node: tree.Call, scope: Scope, graph: Graph | None) -> Steps:
    """`f(a, b)`: wires, a partly applied diagram, or a static value."""
    from diagrammar.elaborate.expressions import value

    function = yield value(body, node.function, scope, graph)
    if graph is None and isinstance(function, Recipe) and instances.wants_first_list(body, function):
        # `map[mix(K)]`: what is captured is found where the diagram is put
        return Closure(node, scope)
    found = []
    for arg in node.args:
        found.append((yield value(body, arg.value, scope, graph)))
    if isinstance(function, StaticFunction) or _is_static_call(node, function, found):
        return _static_call(function, node, found, scope)
    if not isinstance(function, Recipe):
        if isinstance(function, Wires):
            raise DiagramTypeError("this is a wire, not a diagram: it cannot be applied", scope.span(node.function))
        hint = f"{function.name}[...] takes its arguments in [...]" if isinstance(function, TypeHead) else None
        raise DiagramTypeError(
            f"{statics.describe(function)} cannot be applied to wires", scope.span(node.function), hint=hint
        )
    if graph is None:
        raise DiagramTypeError("a static value is wanted, this applies a diagram to wires", scope.span(node))
    ins: list[Wire | Literal] = []
    for arg, each in zip(node.args, found, strict=True):
        if arg.name is not None:
            raise DiagramTypeError(
                "wires are given by their order", scope.span(arg), hint="static arguments stand in [...]"
            )
        if statics.is_number(each):
            ins.append(Literal(each, arg.value))
        else:
            ins.extend((yield wired(body, each, arg.value, scope, graph)).items)
    if instances.wants_first_list(body, function):
        return instances.with_wires(body, function, tuple(ins), node, scope, graph)
    site = Site("call", scope.span(node))
    return Wires((yield apply_value(body, function, tuple(ins), node.function, scope, graph, site)))


def wired(body: Body, found: Any, node: tree.Node, scope: Scope, graph: Graph) -> Steps:
    """A value as wires: a diagram from I is the wires that it makes."""
    if isinstance(found, DeclRef) and found.wires is None and instances.from_nothing(found):
        site = Site("call", scope.span(node))
        return Wires((yield apply_value(body, found, (), node, scope, graph, site)))
    return arithmetic.to_wires(found, node, scope, graph)


def _is_static_call(node: tree.Call, function: Any, found: list[Any]) -> bool:
    name = node.function.name if isinstance(node.function, tree.Name) else ""
    if name not in statics.BOTH or not found or not isinstance(function, DeclRef):
        return False
    return function.declared.origin == f"std:{name}" and all(
        statics.is_number(each) or isinstance(each, tuple) for each in found
    )


def _static_call(function: Any, node: tree.Call, found: list[Any], scope: Scope) -> Any:
    if isinstance(function, DeclRef):
        function = functions.FUNCTIONS[function.declared.name]
    for arg, each in zip(node.args, found, strict=True):
        if arg.name is not None:
            raise DiagramTypeError(f"`{function.name}` takes its arguments by order", scope.span(arg))
        if isinstance(each, Recipe | Wires):
            raise DiagramTypeError(
                f"`{function.name}` works on static values, this is {statics.describe(each)}", scope.span(arg)
            )
    try:
        with statics.Placed(scope.span(node)):
            return function.function(*found)
    except TypeError as error:
        if isinstance(error, DiagramTypeError):
            raise
        raise DiagramTypeError(f"`{function.name}` takes another number of arguments", scope.span(node)) from None


# --------------------------------------------------------------------------------------------- diagrams applied


def apply(
    body: Body, node: tree.Node, ins: tuple[Wire | Literal, ...], scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Puts the diagram that an expression is on wires; gives the wires that come out."""
    from diagrammar.elaborate.expressions import value

    if isinstance(node, tree.Binary):
        if node.op == ">>":
            return (yield _chain(body, node, ins, scope, graph, site))
        if node.op == "@":
            return (yield _beside(body, node, ins, scope, graph, site))
        if node.op in arithmetic.BOXES:
            return (yield _pointwise(body, node, ins, scope, graph, site))
    elif isinstance(node, tree.Lambda):
        return (yield _lambda(body, node, ins, scope, graph, site))
    elif isinstance(node, tree.If):
        condition = yield value(body, node.condition, scope, graph)
        if isinstance(condition, Training):
            return (yield training(body, node, ins, scope, graph))
        if not isinstance(condition, bool):
            raise DiagramTypeError(
                f"a truth value is wanted, this is {statics.describe(condition)}", scope.span(node.condition)
            )
        return (yield apply(body, node.then if condition else node.otherwise, ins, scope, graph, site))
    elif isinstance(node, tree.Repeat):
        return (yield combinators.repeat(body, node, ins, scope, graph, site))
    elif isinstance(node, tree.Mark):
        return (yield combinators.mark(body, node, None, ins, scope, graph, site))
    elif isinstance(node, tree.Unary) and node.op == "-":
        outs = yield apply(body, node.item, ins, scope, graph, site)
        return arithmetic.negate(outs, node, scope, graph)
    found = yield value(body, node, scope, graph)
    if isinstance(found, Recipe):
        return (yield apply_value(body, found, ins, node, scope, graph, site))
    if ins or not (isinstance(found, Wires) or statics.is_number(found)):
        raise DiagramTypeError(
            "a diagram is wanted, this is a wire"
            if isinstance(found, Wires)
            else f"a diagram is wanted, this is {statics.describe(found)}",
            scope.span(node),
            hint="`x -> e` makes a diagram of an expression",
        )
    return arithmetic.to_wires(found, node, scope, graph).items


def apply_value(
    body: Body, found: Recipe, ins: tuple[Wire | Literal, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Puts a recipe on wires; `node` is its mention."""
    match found:
        case Closure(node=tree.Mark() as mark) if found.of is not None:
            return (yield combinators.mark(body, mark, found.of, ins, found.scope, graph, site))
        case Closure():
            return (yield apply(body, found.node, ins, found.scope, graph, site))
        case DeclRef():
            special = combinators.find(found)
            if special is not None:
                return (yield special(body, found, ins, node, scope, graph, site))
            return (yield mentions.mention(body, found, ins, node, scope, graph, site))
        case Resolved():
            return instances.resolved(body, found, ins, node, scope, graph, site)
        case Shared():
            return (yield instances.shared(body, found, ins, node, scope, graph, site))
        case LocalRef():
            return (yield instances.local(body, found, ins, node, scope, graph, site))
        case _:
            raise DiagramTypeError("a diagram is wanted", scope.span(node))


def operands(node: tree.Node, op: str) -> list[tree.Node]:
    """The operands of a chain of one operator, written to the left: `a op b op c`."""
    result: list[tree.Node] = []
    while isinstance(node, tree.Binary) and node.op == op:
        result.append(node.right)
        node = node.left
    result.append(node)
    result.reverse()
    return result


def _steps(node: tree.Node) -> list[tuple[tree.Node, int]]:
    """The operands of a `>>` chain with the offset of the operator before each."""
    result: list[tuple[tree.Node, int]] = []
    while isinstance(node, tree.Binary) and node.op == ">>":
        result.append((node.right, node.at))
        node = node.left
    result.append((node, -1))
    result.reverse()
    return result


def _at(scope: Scope, offset: int) -> Site:
    return Site(">>", Span(scope.source, offset, offset + 2))


def _chain(body: Body, node: tree.Node, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site) -> Steps:
    wires = ins
    for step, offset in _steps(node):
        here = site if offset < 0 else _at(scope, offset)
        wires = yield apply(body, step, wires, scope, graph, here)
    return wires


def chain(body: Body, node: tree.Binary, wires: tuple[Wire, ...], scope: Scope, graph: Graph | None) -> Steps:
    """`u >> f`: the right side of a `>>` whose left side is wires."""
    if graph is None:
        raise DiagramTypeError("a static value is wanted, this applies a diagram to wires", scope.span(node))
    return (yield apply(body, node.right, wires, scope, graph, _at(scope, node.at)))


def _beside(body: Body, node: tree.Node, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site) -> Steps:
    parts = operands(node, "@")
    widths: list[int | None] = []
    for part in parts:
        widths.append((yield wires_taken(body, part, scope)))
    known = sum(width for width in widths if width is not None)
    open_ = [k for k, width in enumerate(widths) if width is None]
    spare = len(ins) - known
    if len(open_) == 1 and spare >= 0:
        widths[open_[0]] = spare
    elif spare == len(open_):
        for k in open_:
            widths[k] = 1
    else:
        wanted = known + len(open_)
        raise DiagramTypeError(
            f"{wanted} wires are wanted side by side, {len(ins)} given",
            site.span,
            hint="say how many wires an operand takes: `id[A = V @ V]`" if open_ else None,
        )
    outs: list[Wire] = []
    start = 0
    for part, width in zip(parts, widths, strict=True):
        assert width is not None
        outs += yield apply(body, part, ins[start : start + width], scope, graph, site)
        start += width
    return tuple(outs)


def _pointwise(body: Body, node: tree.Binary, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site) -> Steps:
    """`f + g` is `copy >> (f @ g) >> add`; a number, a wire or a diagram from I stands for a constant."""
    # a chain `f + g + h` is walked, not recursed into
    steps: list[tree.Binary] = []
    first: tree.Node = node
    while isinstance(first, tree.Binary) and first.op in arithmetic.BOXES:
        steps.append(first)
        first = first.left
    total = yield _operand(body, first, ins, scope, graph, site)
    for step in reversed(steps):
        right = yield _operand(body, step.right, ins, scope, graph, site)
        if isinstance(total, Wires) or isinstance(right, Wires):
            total = arithmetic.operate(body, step.op, total, right, step, scope, graph)
        else:
            with statics.Placed(scope.span(step)):
                total = statics.arithmetic(step.op, total, right)
    if isinstance(total, Wires):
        return total.items
    return arithmetic.to_wires(total, node, scope, graph).items


# expressions that are put on wires part by part
_SPREAD = tree.Binary | tree.Lambda | tree.If | tree.Repeat | tree.Mark | tree.Unary


def _operand(body: Body, node: tree.Node, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site) -> Steps:
    from diagrammar.elaborate.expressions import value

    if isinstance(node, _SPREAD) and not _constant(node):
        return Wires((yield apply(body, node, ins, scope, graph, site)))
    found = yield value(body, node, scope, graph)
    if not isinstance(found, Recipe):
        return found
    if isinstance(found, DeclRef) and found.wires is None and instances.from_nothing(found):
        ins = ()
    return Wires((yield apply_value(body, found, ins, node, scope, graph, site)))


def _constant(node: tree.Node) -> bool:
    """Whether an expression is made of numbers alone."""
    stack = [node]
    while stack:
        item = stack.pop()
        match item:
            case tree.Binary():
                stack += [item.left, item.right]
            case tree.Unary():
                stack.append(item.item)
            case tree.Number():
                pass
            case _:
                return False
    return True


def _lambda(body: Body, node: tree.Lambda, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site) -> Steps:
    from diagrammar.elaborate.expressions import value
    from diagrammar.elaborate.statements import bind_ports

    names = bind_ports(body, node.wires, ins, scope, graph, site)
    inner = scope.inner(names)
    found = yield value(body, node.body, inner, graph)
    return (yield wired(body, found, node.body, inner, graph)).items


def training(body: Body, node: tree.If, ins: tuple[Any, ...], scope: Scope, graph: Graph) -> Steps:
    """`if training then a else b`: both are kept, the module chooses."""
    from diagrammar.elaborate.expressions import value

    graphs: list[tuple[Graph, tuple[Wire, ...]]] = []
    for branch in (node.then, node.otherwise):
        inner = Graph(graph, graph.level)
        if ins:
            site = Site("call", scope.span(branch))
            outs = yield apply(body, branch, ins, scope, inner, site)
        else:
            found = yield value(body, branch, scope, inner)
            if isinstance(found, Recipe) and not isinstance(found, DeclRef):
                outs = yield apply_value(body, found, (), branch, scope, inner, Site("call", scope.span(branch)))
            else:
                outs = (yield wired(body, found, branch, scope, inner)).items
        graphs.append((inner, outs))
    (left, a), (right, b) = graphs
    cod = [left.types[left.bring(wire)] for wire in a]
    try:
        body.unifier.ports(tuple(cod), [right.types[right.bring(wire)] for wire in b])
    except Mismatch as error:
        raise DiagramTypeError("the branches of `if training` differ", scope.span(node), [str(error)]) from None
    insides = [(inner, tuple(map(inner.bring, outs))) for inner, outs in graphs]
    captured = same_captures([left, right])
    frame = Frame("training", "training", (), insides, scope.span(node))
    return graph.add(frame, tuple(Wire(graph, number) for number in captured), cod)


def entry(body: Body, item: Wires, args: list[Any], node: tree.Index, scope: Scope, graph: Graph | None) -> Wires:
    """`w[i]`: the i-th entry along the first axis, or the i-th channel of a field."""
    graph = among_wires(graph, node, scope)
    if len(item.items) != 1:
        raise DiagramTypeError(f"an entry of a bundle of {len(item.items)} wires", scope.span(node))
    wire = item.items[0]
    for at in args:
        if not isinstance(at, int) or isinstance(at, bool):
            raise DiagramTypeError("an entry is chosen by a static whole number", scope.span(node))
        before = body.unifier.read(graph.types[graph.bring(wire)])
        after, count = _entry_type(before, node, scope)
        if at < 0 or (isinstance(count, int) and at >= count):
            raise DiagramValueError(f"entry {at} of {before} is outside of 0 .. {count - 1}", scope.span(node))
        (wire,) = graph.add(Leaf("index", (("at", at),), scope.span(node)), (wire,), (after,))
    return Wires((wire,))


def _entry_type(before: Type, node: tree.Node, scope: Scope) -> tuple[Type, Any]:
    if isinstance(before, Field) and before.kind == "Field":
        return Field("Field", before.space, 1), before.channels
    if isinstance(before, Tensor) and before.sizes:
        return Tensor(before.kind, before.sizes[1:]), before.sizes[0]
    if isinstance(before, WireHole | BundleHole):
        raise DiagramTypeError("the type of this wire is not known here; write it down", scope.span(node))
    raise DiagramTypeError(f"{before} has no entries", scope.span(node))
