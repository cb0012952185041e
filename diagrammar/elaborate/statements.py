"""Blocks and headers: names are bound, weights and states declared, and the wires that come out are found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diagrammar.elaborate import statics, typing
from diagrammar.elaborate.arithmetic import Literal, constant, to_wires
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole, Mismatch
from diagrammar.elaborate.leaves import Owned
from diagrammar.elaborate.values import Declared, LocalRef, Recipe, Scope, Shared, Wire, Wires
from diagrammar.errors import DiagramNameError, DiagramTypeError, DiagramValueError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly
from diagrammar.steps import Steps
from diagrammar.types import Tensor, Type

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site

# the parameters of each initialiser in order, with their defaults (None: must be given)
INITIALISERS: dict[str, tuple[tuple[str, float | None], ...]] = {
    "zeros": (),
    "ones": (),
    "constant": (("value", None),),
    "normal": (("std", 1.0), ("mean", 0.0)),
    "uniform": (("low", 0.0), ("high", 1.0)),
    "exponential": (("rate", 1.0),),
    "orthogonal": (),
    "identity": (),
}
CONSTRAINTS = ("nonneg", "simplex", "orthogonal", "stiefel", "frozen")
# entries of one weight; a file that asks for more has a slip in its sizes
_ENTRIES = 2**40


def header_inputs(body: Body, declared: Declared, scope: Scope, graph: Graph) -> list[tuple[Wire, ...]]:
    """Makes the inputs of a header and binds their names; gives the wires of each port."""
    header = declared.ast.header
    groups = []
    for ports in header.wires:
        for port in ports:
            items = body.unifier.wires_of(typing.type_of(body, port.type, scope).items)
            for wire in items:
                typing.check_whole(body, wire, scope.span(port))
            wires = tuple(graph.input(wire) for wire in items)
            bind(scope, port.name, Wires(wires), port)
            groups.append(wires)
    if header.dom is not None:
        items = body.unifier.wires_of(typing.type_of(body, header.dom, scope).items)
        for wire in items:
            typing.check_whole(body, wire, scope.span(header.dom))
        groups.append(tuple(graph.input(wire) for wire in items))
    return groups


def declared_body(body: Body, declared: Declared, scope: Scope, graph: Graph, dom: list[tuple[Wire, ...]]) -> Steps:
    """The wires that the body of a declaration ends in, unified with its header."""
    from diagrammar.elaborate.application import Site, apply, wired
    from diagrammar.elaborate.expressions import value

    ast = declared.ast
    header = ast.header
    ins = dom[-1] if header.dom is not None else None
    node = ast.body
    if isinstance(node, tree.Block):
        outs, end = yield _block(body, node, ins, scope, graph)
    elif ins is not None:
        outs, end = (yield apply(body, node, ins, scope, graph, Site("call", scope.span(node)))), node
    else:
        found = yield value(body, node, scope, graph)
        outs, end = (yield wired(body, found, node, scope, graph)).items, node
    want = typing.type_of(body, header.cod, scope)
    for wire in want.items:
        if not isinstance(wire, BundleHole):
            typing.check_whole(body, wire, scope.span(header.cod))
    have = [graph.types[graph.bring(wire)] for wire in outs]
    body.unifier.here = scope.span(end)
    try:
        body.unifier.ports(want.items, have)
    except Mismatch as error:
        raise _ends(body, declared, want, have, str(error), scope.span(end)) from None
    return outs


def _ends(body: Body, declared: Declared, want: Any, have: list[Type], detail: str, span: Any) -> DiagramTypeError:
    from diagrammar.elaborate.ports import shown

    promised = shown(body, body.unifier.read_items(want.items))
    label = f"{want.label} = {promised}" if want.label and want.label != promised else promised
    return DiagramTypeError(
        f"`{declared.name}` ends in other wires than its header says",
        span,
        [f"found    {shown(body, have)}", f"promised {label}      {detail}"],
    )


def bind(scope: Scope, name: str, found: Any, node: tree.Node) -> None:
    """Binds a name, once."""
    if name in scope.names and name != "_":
        raise DiagramNameError(
            f"`{name}` is bound already", scope.span(node), hint=f"a name is bound once: call this one `{name}'`"
        )
    scope.names[name] = found


def bind_ports(
    body: Body, ports: tuple[tree.Port, ...], ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site
) -> dict[str, Wires]:
    """The names of a lambda or of a `=` for these wires."""
    types = [typing.type_of(body, port.type, scope) if port.type is not None else None for port in ports]
    if len(ports) == 1 and types[0] is None:
        wires = tuple(_solid(wire, Tensor("R"), scope, graph) for wire in ins)
        return {ports[0].name: Wires(wires)}
    names: dict[str, Wires] = {}
    at = 0
    for port, given in zip(ports, types, strict=True):
        items = (None,) if given is None else body.unifier.wires_of(given.items)
        taken = ins[at : at + len(items)]
        if len(taken) < len(items):
            break
        at += len(items)
        wires = tuple(
            _solid(wire, Tensor("R") if item is None else item, scope, graph)
            for wire, item in zip(taken, items, strict=True)
        )
        if given is not None:
            _check(body, port, given, wires, graph, scope)
        if port.name in names:
            raise DiagramNameError(f"`{port.name}` stands twice", scope.span(port))
        names[port.name] = Wires(wires)
    if len(names) < len(ports) or at != len(ins):
        raise DiagramTypeError(
            f"{len(ports)} name{'s' * (len(ports) != 1)} for {len(ins)} wire{'s' * (len(ins) != 1)}", site.span
        )
    return names


def _solid(wire: Any, wanted: Type, scope: Scope, graph: Graph) -> Wire:
    if isinstance(wire, Literal):
        return constant(wire.value, wanted, wire.node, scope, graph)
    assert isinstance(wire, Wire)
    return wire


def _check(body: Body, port: tree.Port, given: Any, wires: tuple[Wire, ...], graph: Graph, scope: Scope) -> None:
    from diagrammar.elaborate.ports import shown

    have = [graph.types[graph.bring(wire)] for wire in wires]
    try:
        body.unifier.ports(given.items, have)
    except Mismatch as error:
        raise DiagramTypeError(
            f"`{port.name}` is another wire than it is declared to be",
            scope.span(port),
            [f"found    {shown(body, have)}", f"declared {shown(body, given.items)}      {error}"],
        ) from None


# -------------------------------------------------------------------------------------------------- statements


def _block(body: Body, block: tree.Block, ins: tuple[Wire, ...] | None, scope: Scope, graph: Graph) -> Steps:
    from diagrammar.elaborate.application import Site, apply, wired
    from diagrammar.elaborate.expressions import value

    for k, statement in enumerate(block.statements):
        match statement:
            case tree.Bind():
                yield from bound(body, statement, scope, graph)
            case tree.Return(nodes):
                _last(block, k, scope)
                if ins is not None:
                    _not_here(statement, scope)
                outs: list[Wire] = []
                for node in nodes:
                    found = yield value(body, node, scope, graph)
                    outs += (yield wired(body, found, node, scope, graph)).items
                return tuple(outs), statement
            case tree.Result(node):
                _last(block, k, scope)
                if ins is not None:
                    wires = yield apply(body, node, ins, scope, graph, Site("call", scope.span(node)))
                    return wires, node
                found = yield value(body, node, scope, graph)
                return (yield wired(body, found, node, scope, graph)).items, node
            case _:
                yield from declaration(body, statement, scope, graph)
    if ins is None and not block.statements:
        return (), block
    raise DiagramTypeError(
        "this block ends without `return`" if ins is None else "this block ends without a diagram",
        scope.span(block),
        hint="a body after `-> B` ends in `return`, after `: A -> B` in a diagram",
    )


def bound(body: Body, statement: tree.Bind, scope: Scope, graph: Graph) -> Steps:
    """Binds the names on the left of a `=` to the wires on its right."""
    from diagrammar.elaborate.application import Site
    from diagrammar.elaborate.expressions import value

    targets, node = statement.targets, statement.value
    found = yield value(body, node, scope, graph)
    found = yield from _expected(body, found, node, targets, scope, graph)
    names = bind_ports(body, targets, found.items, scope, graph, Site("bind", scope.span(statement)))
    for target in targets:
        bind(scope, target.name, names[target.name], target)


def _last(block: tree.Block, k: int, scope: Scope) -> None:
    if k + 1 < len(block.statements):
        raise DiagramTypeError("nothing may follow what a block ends in", scope.span(block.statements[k + 1]))


def _not_here(statement: tree.Node, scope: Scope) -> None:
    raise DiagramTypeError(
        "`return` gives wires, but after `: A -> B` a body ends in a diagram",
        scope.span(statement),
        hint="write the header as `(u : A) -> B`, or end in `x -> e`",
    )


def _expected(
    body: Body, found: Any, node: tree.Node, targets: tuple[tree.Port, ...], scope: Scope, graph: Graph
) -> Steps:
    """The value of a `=`: wires; a number has the type written on the left."""
    from diagrammar.elaborate.application import wired

    if statics.is_number(found) and len(targets) == 1 and targets[0].type is not None:
        items = body.unifier.wires_of(typing.type_of(body, targets[0].type, scope).items)
        return Wires(tuple(constant(found, wire, node, scope, graph) for wire in items))
    if isinstance(found, Recipe):
        name = targets[0].name
        text = "in a block `=` binds wires, this is a diagram"
        from diagrammar.elaborate.instances import from_nothing
        from diagrammar.elaborate.values import DeclRef

        if not (isinstance(found, DeclRef) and from_nothing(found)):
            raise DiagramTypeError(text, scope.span(node), hint=f"write `share {name} = ...` or `diagram {name} : ...`")
    return (yield wired(body, found, node, scope, graph))


def declaration(body: Body, statement: tree.Node, scope: Scope, graph: Graph) -> Steps:
    from diagrammar.elaborate.expressions import value

    match statement:
        case tree.Weight():
            _owned(body, "weight", statement, scope, graph)
        case tree.State():
            _owned(body, "state", statement, scope, graph)
        case tree.Next(name, node):
            found = yield value(body, node, scope, graph)
            _next(body, name, found, statement, scope, graph)
        case tree.Let(name, node):
            found = yield value(body, node, scope, None)
            if isinstance(found, Recipe | Wires):
                what, hint = (
                    ("diagram", f"share {name} = ...") if isinstance(found, Recipe) else ("wire", f"{name} = ...")
                )
                raise DiagramTypeError(f"`let` names a static value, this is a {what}", scope.span(node), hint=hint)
            bind(scope, name, found, statement)
        case tree.Share(name, node):
            found = yield value(body, node, scope, graph)
            if not isinstance(found, Recipe):
                raise DiagramTypeError(
                    f"`share` names one instance of a diagram, this is {statics.describe(found)}", scope.span(node)
                )
            bind(scope, name, Shared(name, found, graph.level), statement)
        case tree.DiagramDecl():
            if statement.header.params:
                raise DiagramTypeError("a diagram in a block takes no static parameters", scope.span(statement.header))
            origin = f"{body.declared.origin if body.declared else ''}.{statement.name}"
            bind(
                scope,
                statement.name,
                LocalRef(Declared(statement, statement.name, origin, scope, scope.source)),
                statement,
            )
        case _:
            raise DiagramTypeError("this cannot stand in a block", scope.span(statement))


def _owned(body: Body, kind: str, statement: Any, scope: Scope, graph: Graph) -> None:
    given = typing.type_of(body, statement.type, scope)
    if len(given.items) != 1 or isinstance(given.items[0], BundleHole):
        raise DiagramTypeError(f"a {kind} is one wire", scope.span(statement.type))
    wire = given.items[0]
    typing.check_whole(body, wire, scope.span(statement.type))
    if not isinstance(wire, Tensor) or wire.kind not in ("R", "C"):
        raise DiagramTypeError(f"a {kind} is of type R[...] or C[...], not {wire}", scope.span(statement.type))
    loose = typing.free_sizes(wire) - body.elaborator.rigid
    if loose and kind == "weight":
        raise DiagramTypeError(
            f"the size of a weight depends on the free size `{min(loose)}`",
            scope.span(statement.type),
            [f"{statement.name} : {wire}"],
            "weights may not depend on a free grid or a free dim",
        )
    if math.prod(size for size in wire.sizes if isinstance(size, int)) > _ENTRIES:
        raise DiagramValueError(
            "a weight of more than 2^40 entries", scope.span(statement.type), [f"{statement.name} : {wire}"]
        )
    init, args = _initial(body, kind, statement, wire, scope)
    params: tuple[tuple[str, Any], ...] = (("init", init), ("args", args))
    if kind == "weight":
        where = []
        for constraint in statement.constraints:
            if constraint.name not in CONSTRAINTS:
                raise DiagramNameError(
                    f"`{constraint.name}` is not a constraint",
                    scope.span(constraint),
                    [f"constraints: {', '.join(CONSTRAINTS)}"],
                )
            where.append(constraint.name)
        params += (("where", tuple(where)),)
    wires = graph.add(Owned(kind, statement.name, params, scope.span(statement)), (), (wire,))
    bind(scope, statement.name, Wires(wires), statement)


def _initial(
    body: Body, kind: str, statement: Any, wire: Tensor, scope: Scope
) -> tuple[str, tuple[tuple[str, Any], ...]]:
    node = statement.initial
    if node is None:
        if kind == "state" or len(wire.sizes) < 2:
            return "zeros", ()
        last = wire.sizes[-1]
        bound = last**-0.5 if isinstance(last, int) else 1.0
        return "uniform", (("low", -bound), ("high", bound))
    name, given = node, ()
    if isinstance(node, tree.Call):
        name, given = node.function, node.args  # type: ignore[assignment]  # a call has arguments
    if isinstance(name, tree.Name) and name.name in INITIALISERS:
        return name.name, _numbers(body, name.name, given, node, scope)
    found = typing.evaluate(body, node, scope)
    if not statics.is_number(found) or isinstance(found, Poly):
        raise DiagramTypeError(
            "this is not an initialiser", scope.span(node), [f"initialisers: {', '.join(INITIALISERS)}"]
        )
    return "constant", (("value", found),)


def _numbers(body: Body, name: str, given: Any, node: tree.Node, scope: Scope) -> tuple[tuple[str, Any], ...]:
    known = INITIALISERS[name]
    values: dict[str, Any] = {}
    for k, arg in enumerate(given):
        label = arg.name or (known[k][0] if k < len(known) else "")
        if label not in dict(known) or label in values:
            raise DiagramTypeError(
                f"`{name}` takes {', '.join(label for label, _ in known) or 'no arguments'}", scope.span(arg)
            )
        found = typing.evaluate(body, arg.value, scope)
        if not statics.is_number(found):
            raise DiagramTypeError(f"a number is wanted, this is {statics.describe(found)}", scope.span(arg))
        values[label] = found
    result = []
    for label, default in known:
        if label not in values and default is None:
            raise DiagramTypeError(f"`{name}` needs its {label}", scope.span(node))
        result.append((label, values.get(label, default)))
    return tuple(result)


def _next(body: Body, name: str, found: Any, statement: tree.Node, scope: Scope, graph: Graph) -> None:
    held = scope.names.get(name)
    state = None
    if isinstance(held, Wires) and len(held.items) == 1 and held.items[0].graph is graph:
        for draft in graph.nodes:
            if isinstance(draft.what, Owned) and draft.what.kind == "state" and draft.outs == (held.items[0].number,):
                state = draft
    if state is None:
        raise DiagramNameError(f"`{name}` is not a state of this block", scope.span(statement))
    wire = graph.types[state.outs[0]]
    if statics.is_number(found):
        value = constant(found, wire, statement, scope, graph)
    else:
        items = to_wires(found, statement, scope, graph).items
        if len(items) != 1:
            raise DiagramTypeError("the next value of a state is one wire", scope.span(statement))
        (value,) = items
    have = graph.types[graph.bring(value)]
    try:
        body.unifier.unify(wire, have)
    except Mismatch as error:
        raise DiagramTypeError(
            f"the next value of `{name}` has another type",
            scope.span(statement),
            [f"found {body.unifier.read(have)}", f"state {wire}      {error}"],
        ) from None
    if any(
        isinstance(draft.what, Owned) and draft.what.kind == "next" and draft.what.key == name for draft in graph.nodes
    ):
        raise DiagramNameError(f"`next {name}` stands twice", scope.span(statement))
    graph.add(Owned("next", name, (), scope.span(statement)), (value,), ())
