"""Laws: what they quantify over, and their two sides as diagrams at values of the static names.

Inside one law a name with its static arguments is one instance, so every mention gets a key at the root.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from diagrammar.box import Box, Bundle, Flat, Node
from diagrammar.diagram import Diagram
from diagrammar.elaborate import arithmetic, naming, statics, typing
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.finish import finish
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Mismatch, SpaceHole, Waiting, WireHole
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.ports import shown
from diagrammar.elaborate.statements import bind
from diagrammar.elaborate.values import (
    Declared,
    FreeDim,
    FreeSpace,
    Implicit,
    Recipe,
    Resolved,
    Scope,
    TypeValue,
    Wire,
    Wires,
)
from diagrammar.errors import DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.law import SPACE_SETS, STATIC_SETS, WIRE_SETS, Choice, Named, OneOf, Range, Sides
from diagrammar.sizes import Poly, substitute, var
from diagrammar.source import Span
from diagrammar.steps import Steps
from diagrammar.types import Space, Tensor, Types, free_axes, map_sizes

# free sizes and spaces of modules, by module and name
Grids = Mapping[tuple[int, str], Any]


class Statement:
    """A law of a file. `static` are its parameters with their kinds, in the order in which they get values; a name that
    is first seen after `for` is one of them."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.ast: tree.LawDecl = declared.ast
        self.name = declared.name
        self.module = declared.scope.module
        self.wires = tuple(port.name for port in self.ast.wires)
        self.kinds = {info.name: info.kind for info in parameters(declared)}
        self.sets: dict[str, tree.Node] = {}
        self.dims: dict[str, FreeDim | FreeSpace] = {}
        self._sort()

    @property
    def sizes(self) -> list[str]:
        """The size parameters that `for` does not speak of: they may stay free, as a `dim` does."""
        return [name for name, kind in self.kinds.items() if kind == "size" and name not in self.sets]

    @property
    def span(self) -> Span:
        """The first line of the law."""
        text, start = self.declared.source.text, self.ast.start
        end = text.find("\n", start)
        return Span(self.declared.source, start, self.ast.end if end < 0 else min(self.ast.end, end))

    def _sort(self) -> None:
        for binding in self.ast.bindings:
            name = binding.name
            if name in self.sets:
                raise DiagramNameError(f"`{name}` is bound twice after `for`", self.declared.span(binding))
            self.sets[name] = binding.values
            if name in self.wires or name in self.kinds:
                continue
            try:
                found = self.module.find(name)
            except KeyError:
                found = None
            if isinstance(found, FreeDim | FreeSpace):
                self.dims[name] = found
            elif found is None or self.declared.scope.module.own(name) is None:
                self.kinds[name] = "real" if _decimal(binding.values) else "any"
            else:
                raise DiagramNameError(
                    f"`{name}` is declared in this file, and is nothing that `for` can choose",
                    self.declared.span(binding),
                    hint="`for` binds parameters of the law, its wires, and dims and spaces of the file",
                )

    def order(self) -> Iterator[str]:
        """The names that get values one after the other: dims and spaces first, then parameters without a set, then
        those with one, as `for` has them."""
        yield from (name for name in self.sets if name in self.dims)
        yield from (name for name in self.kinds if name not in self.sets and name not in self.sizes)
        yield from (name for name in self.sets if name in self.kinds)

    def choice(self, name: str, values: Mapping[str, Any], grids: Grids) -> Choice | None:
        """The set of a name, at the values of those before it; None where `for` does not speak of it."""
        node = self.sets.get(name)
        if node is None:
            return None
        body = Body(self.module.elaborator, self.declared)
        scope = self._scope(values, grids)
        return _choice(body, node, scope, name in self.wires or self.kinds.get(name) == "real", self._allowed(name))

    def _allowed(self, name: str) -> frozenset[str]:
        if name in self.wires:
            return WIRE_SETS
        is_space = isinstance(self.dims.get(name), FreeSpace) or self.kinds.get(name) == "space"
        return SPACE_SETS if is_space else STATIC_SETS

    def free(self, values: Mapping[str, Any]) -> dict[tuple[int, str], FreeDim | FreeSpace]:
        """The dims and spaces of files that the wires and the sets of the law mention."""
        found: dict[tuple[int, str], FreeDim | FreeSpace] = {}

        def note(each: FreeDim | FreeSpace) -> Any:
            found[(id(each.module), each.name)] = each
            return each.own()

        scope = self._scope(values, {}, note)
        body = Body(self.module.elaborator, self.declared)
        for port in self.ast.wires:
            typing.type_of(body, _type(port), scope)
        stack = list(self.sets.values())
        while stack:
            node = stack.pop()
            if isinstance(node, tree.Name):
                try:
                    scope.find(node.name)
                except KeyError:
                    continue
            stack += _children(node)
        for name, each in self.dims.items():
            found[(id(each.module), name)] = each
        return found

    def tolerance(self, values: Mapping[str, Any], grids: Grids) -> float | None:
        """What stands after `within`."""
        if self.ast.within is None:
            return None
        scope = self._scope(values, grids)
        found = typing.evaluate(Body(self.module.elaborator, self.declared), self.ast.within, scope)
        if not statics.is_number(found) or isinstance(found, Poly) or not 0 <= found < float("inf"):
            raise DiagramTypeError("a tolerance is a number, 0 or more", self.declared.span(self.ast.within))
        return float(found)

    def sides(self, values: Mapping[str, Any], grids: Grids, real_wires: bool = True) -> Sides:
        """The two sides at these values. `grids` fixes free dims and spaces; what is not in it stays free. With
        `real_wires` a real parameter is one more wire, before the others."""

        def make() -> Steps:
            return _sides(self, values, grids, real_wires)

        result: Sides = self.module.elaborator.guarded(make, self.span)
        return result

    def scalars(self, real_wires: bool) -> tuple[str, ...]:
        """The static parameters that are wires."""
        return tuple(name for name, kind in self.kinds.items() if kind == "real") if real_wires else ()

    def _scope(self, values: Mapping[str, Any], grids: Grids, make: Any = None) -> Scope:
        known = Implicit(make)
        known.known.update(grids)
        names: dict[str, Any] = {name: var(name) for name in self.sizes}
        names.update({name: _seen(value) for name, value in values.items() if name not in self.dims})
        return Scope(self.module, self.declared.source, None, names, known)


def statements(module: Any) -> list[Statement]:
    """The laws of a file, in its order."""
    return [Statement(module.own(name)) for name in module.law_names()]


def names_in(law: Statement) -> set[str]:
    """The names that the sides of a law mention."""
    found: set[str] = set()
    stack: list[tree.Node] = [law.ast.left, law.ast.right]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name | tree.Attribute):
            found.add(node.name)
        stack += _children(node)
    return found


def _type(port: tree.Port) -> tree.Node:
    assert port.type is not None
    return port.type


def _seen(value: Any) -> Any:
    return TypeValue(value.types) if isinstance(value, Bundle) else value


def _children(node: tree.Node) -> list[tree.Node]:
    found: list[tree.Node] = []
    for name in node.__match_args__:
        value = getattr(node, name)
        items = value if isinstance(value, tuple) else (value,)
        found += [item for item in items if isinstance(item, tree.Node)]
    return found


# ------------------------------------------------------------------------------------------------------- sets


def _choice(body: Body, node: tree.Node, scope: Scope, real: bool, sets: frozenset[str]) -> Choice:
    if isinstance(node, tree.Binary) and node.op == "..":
        low, high = (typing.evaluate(body, each, scope) for each in (node.left, node.right))
        for end, part in ((low, node.left), (high, node.right)):
            if not statics.is_number(end) or isinstance(end, Poly):
                raise DiagramTypeError(
                    f"an end of a range is a number, this is {statics.describe(end)}", scope.span(part)
                )
        if low > high:
            raise DiagramTypeError("this range is empty", scope.span(node))
        return Range(low, high, real or _decimal(node) or not (_whole(low) and _whole(high)))
    if isinstance(node, tree.Call) and isinstance(node.function, tree.Name):
        name = node.function.name
        if name in WIRE_SETS | STATIC_SETS | SPACE_SETS:
            if name not in sets:
                raise DiagramTypeError(f"`{name}` is no set for this name", scope.span(node), hint=_listed(sets))
            args = tuple(typing.evaluate(body, arg.value, scope) for arg in node.args)
            return Named(name, args)
        near = difflib.get_close_matches(name, sets, 1)
        hint = f"did you mean `{near[0]}`?" if near else _listed(sets)
        if name not in scope.visible():
            raise DiagramNameError(f"there is no set `{name}`", scope.span(node), hint=hint)
    found = typing.evaluate(body, node, scope)
    if isinstance(found, tuple) and found:
        return OneOf(found)
    raise DiagramTypeError(
        f"after `in` stands a range, a list or a set, this is {statics.describe(found)}",
        scope.span(node),
        hint=_listed(sets),
    )


def _decimal(node: tree.Node) -> bool:
    """Whether an end of a range is written as a decimal: `-3.0 .. 3.0`."""
    if not (isinstance(node, tree.Binary) and node.op == ".."):
        return False
    stack = [node.left, node.right]
    while stack:
        each = stack.pop()
        if isinstance(each, tree.Number) and not each.text.isdigit():
            return True
        stack += _children(each)
    return False


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _listed(sets: frozenset[str]) -> str:
    return f"its sets: {', '.join(f'{name}(...)' for name in sorted(sets))}"


# ------------------------------------------------------------------------------------------------------ sides


def _sides(law: Statement, values: Mapping[str, Any], grids: Grids, real_wires: bool) -> Steps:
    declared, ast = law.declared, law.ast
    body = Body(law.module.elaborator, declared)
    body.instances = {}
    scope = law._scope(values, grids)
    graph = Graph(None, 0, body.elaborator.budget)
    body.keys = naming.keys(tree.Bundle(ast.left.start, ast.right.end, (ast.left, ast.right)), scope)
    for name in law.scalars(real_wires):
        scope.names[name] = Wires((graph.input(Tensor("R")),))
    wires: list[Wire] = []
    names = list(law.scalars(real_wires))
    for port in ast.wires:
        items = body.unifier.wires_of(typing.type_of(body, _type(port), scope).items)
        for item in items:
            typing.check_whole(body, item, scope.span(port))
        made = tuple(graph.input(item) for item in items)
        bind(scope, port.name, Wires(made), port)
        names += [port.name if len(made) == 1 else f"{port.name}[{k}]" for k in range(len(made))]
        wires += made
    left, right = yield from _values(body, law, scope, graph)
    if not ast.wires and isinstance(left, Recipe) and isinstance(right, Recipe):
        wires = yield from _open_wires(body, ast, left, right, scope, graph)
        names += [f"x{k + 1}" if len(wires) > 1 else "x" for k in range(len(wires))]
    first = yield from _applied(body, ast.left, left, wires, scope, graph)
    second = yield from _applied(body, ast.right, right, wires, scope, graph)
    outs = _related(body, law, first, second, scope, graph)
    numbers = [graph.bring(wire) for side in outs for wire in side]
    body.finish()
    both = yield finish(body, graph, numbers)
    width = len(outs[0])
    return Sides(
        tuple(names),
        _side(both, slice(0, width)),
        _side(both, slice(width, None)),
        ast.relation,
        tuple(body.unifier.conditions),
    )


def _values(body: Body, law: Statement, scope: Scope, graph: Graph) -> Steps:
    from diagrammar.elaborate.expressions import value

    left = yield value(body, law.ast.left, scope, graph)
    right = yield value(body, law.ast.right, scope, graph)
    if statics.is_number(left) and statics.is_number(right):
        raise DiagramTypeError("both sides are numbers: this is no law", law.span)
    return left, right


def _open_wires(body: Body, ast: tree.LawDecl, left: Recipe, right: Recipe, scope: Scope, graph: Graph) -> Steps:
    """The inputs of a law between diagrams, of types that inference is to find."""
    from diagrammar.elaborate.counting import wires_taken

    for node in (ast.left, ast.right):
        count = yield wires_taken(body, node, scope)
        if count is not None:
            unifier = body.unifier
            return [graph.input(WireHole(unifier.number(), f"x{k + 1}")) for k in range(count)]
    raise DiagramTypeError(
        "nothing says how many wires these diagrams take",
        scope.span(ast.left),
        hint=f"name them: `law {ast.name}(u : V) : ...`",
    )


def _applied(body: Body, node: tree.Node, found: Any, wires: list[Wire], scope: Scope, graph: Graph) -> Steps:
    """A side as wires, or a number."""
    from diagrammar.elaborate.application import Site, apply_value, wired

    if statics.is_number(found):
        return found
    from diagrammar.elaborate.instances import from_nothing
    from diagrammar.elaborate.values import DeclRef

    if isinstance(found, Recipe) and not (isinstance(found, DeclRef) and from_nothing(found)):
        return (yield apply_value(body, found, tuple(wires), node, scope, graph, Site("call", scope.span(node))))
    return (yield wired(body, found, node, scope, graph)).items


def _related(body: Body, law: Statement, first: Any, second: Any, scope: Scope, graph: Graph) -> list[tuple[Wire, ...]]:
    """The wires of both sides, which are of one type; a number is of the type of the other side."""
    sides = [first, second]
    nodes = (law.ast.left, law.ast.right)
    for k in (0, 1):
        if statics.is_number(sides[k]):
            others = [graph.types[graph.bring(wire)] for wire in sides[1 - k]]
            sides[k] = tuple(arithmetic.constant(sides[k], each, nodes[k], scope, graph) for each in others)
    types: list[Types] = [tuple(graph.types[graph.bring(wire)] for wire in side) for side in sides]
    try:
        try:
            body.unifier.ports(types[0], list(types[1]))
        except Waiting:
            _own_grids(body, scope)
            body.unifier.ports(types[0], list(types[1]))
    except Mismatch as error:
        raise DiagramTypeError(
            f"the sides of `{law.name}` have different types",
            Span(law.declared.source, law.ast.left.start, law.ast.right.end),
            [f"left   {shown(body, types[0])}", f"right  {shown(body, types[1])}      {error}"],
        ) from None
    return sides


def _own_grids(body: Body, scope: Scope) -> None:
    """A diagram over X whose wires do not say on which grid is on that of X itself."""
    assert scope.implicit is not None
    for mention in body.mentions:
        for (_, name), found in mention.implicit.known.items():
            if isinstance(found, SpaceHole) and isinstance(body.unifier.read_space(found), SpaceHole):
                body.unifier.unify_spaces(found, scope.implicit.find(mention.declared.scope.module, name))


def _side(both: Diagram, part: slice) -> Diagram:
    """The diagram of some of the outputs: boxes that they do not need are left out, those with an effect are not."""
    flat = both.flat
    outs = flat.outputs[part]
    needed = set(outs)
    nodes: list[Node] = []
    for node in reversed(flat.nodes):
        if needed.intersection(node.outs) or _acts(node.box):
            nodes.append(node)
            needed.update(node.ins)
    nodes.reverse()
    kept = [*flat.inputs, *(wire for node in nodes for wire in node.outs)]
    place = {wire: k for k, wire in enumerate(kept)}

    def moved(wires: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(place[wire] for wire in wires)

    made = tuple(Node(node.box, moved(node.ins), moved(node.outs)) for node in nodes)
    return Diagram(Flat(tuple(flat.types[wire] for wire in kept), moved(flat.inputs), made, moved(outs)))


def _acts(box: Box) -> bool:
    return box.name == "next" and box.origin == "next"


def identity(value: Any) -> Any:
    """What of a static argument decides which instance a mention in a law is; grids do not."""
    match value:
        case Space():
            return value.base
        case Declared():
            return value.origin
        case tuple():
            return tuple(map(identity, value))
        case Resolved():
            return (value.inside, value.box, value.captured, value.key)
        case _:
            return value


def named(value: Any, name: str) -> Any:
    """A value of a list; a space is called by the law's own name for it."""
    if isinstance(value, Space):
        base = tuple((kind, dim, name) for kind, dim, _ in value.base)
        return Space(base, free_axes(base))
    return value


def at_sizes(value: Any, sizes: Mapping[str, int]) -> Any:
    """A static value with its free sizes at numbers."""
    match value:
        case Space():
            return value.on(substitute(axis, sizes) for axis in value.axes)
        case Bundle():
            return Bundle(tuple(map_sizes(wire, lambda size: substitute(size, sizes)) for wire in value.types))
        case Poly():
            return substitute(value, sizes)
        case _:
            return value
