"""`repeat`, marks, `map`, `fold`, `scan`, `tree`: boxes whose inside is one diagram, used many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diagrammar.elaborate import differentiation, opening, patterns, statics
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Mismatch, Waiting, WireHole, stacked
from diagrammar.elaborate.leaves import Frame, same_captures
from diagrammar.elaborate.statements import _solid
from diagrammar.elaborate.values import DeclRef, Recipe, Scope, Wire
from diagrammar.errors import BudgetError, DiagramTypeError, DiagramValueError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly, Size
from diagrammar.steps import Steps
from diagrammar.types import Field, Rigid, Tensor, Type

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site

Handler = Callable[..., Any]


def find(ref: DeclRef) -> Handler | None:
    """How a box of `std` is typed whose type follows from its static arguments."""
    origin = ref.declared.origin
    if origin in differentiation.ORIGINS:
        return differentiation.derivative
    if origin == opening.ORIGIN:
        return opening.on_wires
    if origin.startswith("std:"):
        return _SPECIAL.get(origin[4:])
    return None


def repeat(body: Body, node: tree.Repeat, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site) -> Steps:
    """`repeat n { f }`: one inside; `repeat n as i { f[i] }`: an inside for each step."""
    from diagrammar.elaborate.expressions import value

    count = yield value(body, node.count, scope, None)
    # a number begins in whatever the steps take
    wires = tuple(_solid(wire, body.unifier.literal(), scope, graph) for wire in ins)
    _count(body, count, node, scope)
    if count == 0:
        return wires
    types: list[Type] = [graph.types[graph.bring(wire)] for wire in wires]
    insides: list[tuple[Graph, tuple[int, ...]]] = []
    if node.index is None:
        inner, cod = yield _step(body, node, types, scope, graph, site)
        if count > 1:
            _closed(body, types, cod, node, scope)
        insides.append(inner)
    else:
        cod = types
        body.elaborator.times(count, scope.span(node))
        for k in range(count):
            body.elaborator.spend(1, scope.span(node))
            inner, cod = yield _step(body, node, cod, scope.inner({node.index: k}), graph, site)
            insides.append(inner)
        body.elaborator.times_over(count)
    captured = same_captures([inner for inner, _ in insides])
    params: tuple[tuple[str, Any], ...] = (("count", count), ("captures", len(captured)))
    frame = Frame("repeat", "repeat", params, insides, scope.span(node))
    return graph.add(frame, tuple(Wire(graph, number) for number in captured) + wires, cod)


def mark(
    body: Body, node: tree.Mark, of: Recipe | None, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site
) -> Steps:
    """`store { f }` and `recompute { f }`: one inside, on the same wires; `of` is f where that is a mention."""
    wires = tuple(_solid(wire, body.unifier.literal(), scope, graph) for wire in ins)
    types: list[Type] = [graph.types[graph.bring(wire)] for wire in wires]
    inner, cod = yield _step(body, node, types, scope, graph, site, of)
    captured = same_captures([inner[0]])
    frame = Frame(node.kind, node.kind, (("captures", len(captured)),), [inner], scope.span(node))
    return graph.add(frame, tuple(Wire(graph, number) for number in captured) + wires, cod)


def _step(
    body: Body, node: tree.Repeat | tree.Mark, types: list[Type], scope: Scope, graph: Graph, site: Site,
    of: Recipe | None = None,
) -> Steps:  # fmt: skip
    from diagrammar.elaborate.application import apply, apply_value

    inner = Graph(graph, graph.level)
    ins = tuple(inner.input(wire) for wire in types)
    if of is None:
        outs = yield apply(body, node.body, ins, scope, inner, site)
    else:
        outs = yield apply_value(body, of, ins, node.body, scope, inner, site)
    cod = [inner.types[inner.bring(wire)] for wire in outs]
    return (inner, tuple(map(inner.bring, outs))), cod


def _count(body: Body, count: Any, node: tree.Repeat, scope: Scope) -> None:
    if not isinstance(count, int) or isinstance(count, bool):
        if statics.is_number(count) and isinstance(count, Poly):
            raise statics.NeedsConcrete(scope.span(node.count))
        raise DiagramValueError(
            f"`repeat` counts in whole numbers, this is {statics.describe(count)}", scope.span(node.count)
        )
    if count < 0:
        raise DiagramValueError(f"`repeat` {count} times", scope.span(node.count))
    if count > body.elaborator.budget:
        raise BudgetError(
            f"this repeats {count} times, past the budget of {body.elaborator.budget} boxes",
            scope.span(node),
            hint="a larger budget is an argument: dg.load(..., budget=...)",
        )


def _closed(body: Body, types: list[Type], cod: list[Type], node: tree.Repeat, scope: Scope) -> None:
    from diagrammar.elaborate.ports import shown

    try:
        body.unifier.ports(tuple(types), cod)
    except Mismatch as error:
        raise DiagramTypeError(
            "a repeated diagram must end where it begins",
            scope.span(node.body),
            [f"begins in {shown(body, types)}", f"ends in   {shown(body, cod)}      {error}"],
        ) from None


# ------------------------------------------------------------------------------------------------ combinators


def _function(body: Body, ref: DeclRef, node: tree.Node, scope: Scope) -> Steps:
    from diagrammar.elaborate.expressions import value

    name = ref.declared.name
    if len(ref.args) != 1 or ref.args[0][0].name not in (None, "f"):
        raise DiagramTypeError(f"`{name}` takes one diagram: {name}[f]", scope.span(node))
    arg, where = ref.args[0]
    found = yield value(body, arg.value, where, None)
    if not isinstance(found, Recipe):
        raise DiagramTypeError(f"`{name}` takes a diagram, this is {statics.describe(found)}", where.span(arg))
    return found, arg.value, where


def _stack(body: Body, wires: tuple[Wire, ...], graph: Graph, name: str, site: Site) -> tuple[Size, list[Type]]:
    """The common number of stacked wires, and what is stacked."""
    count: Size | None = None
    types = []
    for wire in wires:
        have = body.unifier.read(graph.types[graph.bring(wire)])
        if isinstance(have, WireHole):
            raise DiagramTypeError(f"the type that `{name}` works on is not known here; write it down", site.span)
        if not isinstance(have, Tensor) or not have.sizes:
            raise DiagramTypeError(f"`{name}` works on stacked wires, A^n; this is {have}", site.span)
        if count is None:
            count = have.sizes[0]
        else:
            try:
                body.unifier.equal(count, have.sizes[0], "numbers of stacked wires")
            except Mismatch as error:
                raise DiagramTypeError(f"`{name}` works on stacks of one number", site.span, [str(error)]) from None
        types.append(Tensor(have.kind, have.sizes[1:]))
    if count is None:
        raise DiagramTypeError(f"`{name}` works on stacked wires, none is given", site.span)
    return count, list(types)


def _inside(body: Body, found: Any, types: list[Type], graph: Graph, site: Site) -> Steps:
    from diagrammar.elaborate.application import apply_value

    recipe, node, where = found
    inner = Graph(graph, graph.level)
    ins = tuple(inner.input(wire) for wire in types)
    outs = yield apply_value(body, recipe, ins, node, where, inner, site)
    return inner, tuple(map(inner.bring, outs))


def _frame(
    name: str,
    params: dict[str, Any],
    inner: Graph,
    outs: tuple[int, ...],
    wires: tuple[Wire, ...],
    cod: list[Type],
    graph: Graph,
    site: Site,
) -> tuple[Wire, ...]:
    captured = inner.outer_wires()
    pairs = (("captures", len(captured)), *params.items())
    return graph.add(Frame(name, f"std:{name}", pairs, [(inner, outs)], site.span), captured + wires, cod)


def _map(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """`map[f] : A^n -> B^n`, and pointwise over a grid."""
    found = yield _function(body, ref, node, scope)
    wires = tuple(_solid(wire, Tensor("R"), scope, graph) for wire in ins)
    first = body.unifier.read(graph.types[graph.bring(wires[0])]) if wires else None
    if isinstance(first, Field) and first.kind == "Field":
        return (yield _map_field(body, found, wires, graph, site))
    count, types = _stack(body, wires, graph, "map", site)
    inner, outs = yield _inside(body, found, types, graph, site)
    cod = [_stacked(body, inner.types[out], count, site) for out in outs]
    return _frame("map", {"size": count}, inner, outs, wires, cod, graph, site)


def _map_field(body: Body, found: Any, wires: tuple[Wire, ...], graph: Graph, site: Site) -> Steps:
    types: list[Type] = []
    space: Any = None
    for wire in wires:
        have = body.unifier.read(graph.types[graph.bring(wire)])
        if not isinstance(have, Field) or have.kind != "Field":
            raise DiagramTypeError("`map` over a grid works on fields alone", site.span, [f"this is {have}"])
        if space is None:
            space = have.space
        else:
            try:
                body.unifier.unify_spaces(space, have.space)
            except Mismatch as error:
                raise DiagramTypeError("`map` works on fields of one space", site.span, [str(error)]) from None
        types.append(Tensor("R", (have.channels,)))
    inner, outs = yield _inside(body, found, types, graph, site)
    cod: list[Type] = []
    for out in outs:
        end = body.unifier.read(inner.types[out])
        if isinstance(end, Rigid) and not isinstance(end, WireHole):
            raise statics.NeedsConcrete
        if not isinstance(end, Tensor) or end.kind != "R" or len(end.sizes) > 1:
            raise DiagramTypeError("a diagram mapped over a grid ends in R[c]", site.span, [f"this ends in {end}"])
        cod.append(Field("Field", space, end.sizes[0] if end.sizes else 1))
    return _frame("map", {"size": None}, inner, outs, wires, cod, graph, site)


def _stacked(body: Body, wire: Type, count: Size, site: Site) -> Type:
    try:
        return stacked(body.unifier.read(wire), count)
    except (Waiting, Mismatch):
        raise DiagramTypeError(
            f"the outputs of a mapped diagram are stacked; {body.unifier.read(wire)} cannot be", site.span
        ) from None


def _fold(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """`fold[f : B @ A -> B] : B @ A^n -> B` and `scan[f : S @ A -> S @ B] : S @ A^n -> S @ B^n`."""
    name = ref.declared.name
    states, args = _split_args(ref)
    ref = DeclRef(ref.declared, args)
    found = yield _function(body, ref, node, scope)
    if states is None:
        states = len(ins) - 1
    else:
        from diagrammar.elaborate.expressions import static

        states = static(body, states[0].value, states[1])
    if not isinstance(states, int) or not 0 < states < len(ins):
        raise DiagramTypeError(
            f"`{name}` takes wires of its state and stacked wires", site.span, hint=f"{name}[f, state = 1]"
        )
    # a number begins in whatever state the diagram ends in
    wires = tuple(_solid(wire, body.unifier.literal(), scope, graph) for wire in ins)
    state = [graph.types[graph.bring(wire)] for wire in wires[:states]]
    count, types = _stack(body, wires[states:], graph, name, site)
    inner, outs = yield _inside(body, found, state + types, graph, site)
    ends = [inner.types[out] for out in outs]
    if len(ends) < states or (name == "fold" and len(ends) != states):
        raise DiagramTypeError(f"the diagram of a `{name}` ends in its state", site.span)
    try:
        body.unifier.ports(tuple(state), ends[:states])
    except Mismatch as error:
        raise DiagramTypeError(
            f"the diagram of a `{name}` must end in the state that it begins in", site.span, [str(error)]
        ) from None
    cod = state + [_stacked(body, wire, count, site) for wire in ends[states:]]
    return _frame(name, {"size": count, "state": states}, inner, outs, wires, cod, graph, site)


def _split_args(ref: DeclRef) -> tuple[Any, tuple[Any, ...]]:
    states = [pair for pair in ref.args if pair[0].name == "state"]
    plain = [pair for pair in ref.args if pair[0].name != "state"]
    if len(plain) == 2 and not states:
        states = [plain.pop()]
    return (states[0] if states else None), tuple(plain)


def _tree(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """`tree[f : A @ A -> A] : A^n -> A`, balanced."""
    found = yield _function(body, ref, node, scope)
    wires = tuple(_solid(wire, Tensor("R"), scope, graph) for wire in ins)
    count, types = _stack(body, wires, graph, "tree", site)
    inner, outs = yield _inside(body, found, types + types, graph, site)
    ends = [inner.types[out] for out in outs]
    try:
        body.unifier.ports(tuple(types), ends)
    except Mismatch as error:
        raise DiagramTypeError("the diagram of a `tree` is A @ A -> A", site.span, [str(error)]) from None
    return _frame("tree", {"size": count}, inner, outs, wires, types, graph, site)


def _const(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> tuple[Wire, ...]:
    """`const[2.5]`, `const[1 .. n]`, `const[[1, 2], [3, 4]]`: numbers as wires."""
    from diagrammar.elaborate.expressions import static
    from diagrammar.elaborate.leaves import Leaf

    if ins:
        raise DiagramTypeError("`const` takes no wires", site.span)
    values = [static(body, arg.value, where) for arg, where in ref.args]
    if not values:
        raise DiagramTypeError("`const` takes its value: const[0.5]", scope.span(node))
    found = values[0] if len(values) == 1 else tuple(values)
    shape = _shape(found, node, scope)
    return graph.add(Leaf("const", (("value", found),), scope.span(node)), (), (Tensor("R", shape),))


def _shape(found: Any, node: tree.Node, scope: Scope) -> tuple[int, ...]:
    if statics.is_number(found):
        return ()
    if not isinstance(found, tuple) or not found:
        raise DiagramTypeError(f"`const` takes numbers, this is {statics.describe(found)}", scope.span(node))
    shapes = {_shape(each, node, scope) for each in found}
    if len(shapes) != 1:
        raise DiagramValueError("the lists of a constant differ in length", scope.span(node))
    return (len(found), *shapes.pop())


def _patterned(
    body: Body, ref: DeclRef, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Boxes of any number of wires, typed by their static arguments: `einsum`, `concat`, ..."""
    from diagrammar.elaborate.expressions import value
    from diagrammar.elaborate.leaves import Leaf

    given: list[tuple[str | None, Any, Any]] = []
    for arg, where in ref.args:
        given.append((arg.name, (yield value(body, arg.value, where, None)), where.span(arg)))
    wires = tuple(_solid(wire, Tensor("R"), scope, graph) for wire in ins)
    types = [body.unifier.read(graph.types[graph.bring(wire)]) for wire in wires]
    name = ref.declared.name
    body.unifier.here = site.span
    if any(isinstance(wire, WireHole) for wire in types):
        raise DiagramTypeError(f"the types that `{name}` works on are not known here; write them down", site.span)
    try:
        params, cod = patterns.TYPED[name](body, given, types)
    except (Mismatch, statics.BadStatic) as error:
        raise DiagramTypeError(
            f"`{name}`: {error}", site.span, [f"given  {' @ '.join(map(str, types)) or 'I'}"]
        ) from None
    return graph.add(Leaf(name, params, scope.span(node)), wires, cod)


_SPECIAL: dict[str, Handler] = {
    "map": _map,
    "fold": _fold,
    "scan": _fold,
    "tree": _tree,
    "const": _const,
    **dict.fromkeys(patterns.TYPED, _patterned),
}
