"""A declared diagram or box where it is mentioned: its header is instantiated and unified with the wires there."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from diagrammar.elaborate import statics, typing
from diagrammar.elaborate.arithmetic import Literal, constant
from diagrammar.elaborate.body import Body, Late, Steps
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Arity, BundleHole, Item, Items, ListHole, Mismatch, SpaceHole, Waiting, has_holes
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.values import (
    Closure,
    Declared,
    DeclRef,
    FreeDim,
    Implicit,
    LocalRef,
    ParamInfo,
    Recipe,
    Resolved,
    Scope,
    Shared,
    TypeValue,
    Wire,
    Wires,
)
from diagrammar.errors import DiagrammarError, DiagramTypeError, moved
from diagrammar.grammar import tree
from diagrammar.sizes import Poly, unknowns
from diagrammar.source import Span
from diagrammar.types import Space, Type

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site


class Argument:
    """A diagram given as a static argument: its graph, elaborated where the mention stands."""

    __slots__ = ("graph", "outs", "recipe")

    def __init__(self, graph: Graph, outs: tuple[Wire, ...], recipe: Recipe) -> None:
        self.graph = graph
        self.outs = outs
        self.recipe = recipe


class Port:
    """A port of a header: its name, the node of its type, and the type where it can be written down already."""

    __slots__ = ("items", "label", "name", "node")

    def __init__(self, name: str, node: tree.Node, items: Items | None, label: str) -> None:
        self.name = name
        self.node = node
        self.items = items
        self.label = label


class Mention:
    """One mention of a declaration: its parameters, found or still to be found."""

    __slots__ = ("cod", "declared", "graph", "implicit", "key", "scope", "share", "solved", "span", "values")

    def __init__(self, declared: Declared, span: Span, key: str, graph: Graph, share: str | None) -> None:
        self.declared = declared
        self.span = span
        self.key = key
        self.graph = graph
        self.share = share
        self.values: dict[str, Any] = {}
        self.implicit = Implicit()
        self.scope = Scope(declared.scope.module, declared.source, declared.scope, None, self.implicit)
        self.scope.names = self.values
        self.cod: tuple[Type, ...] = ()
        # whether nothing is left to find
        self.solved = False

    def open(self, body: Body, info: ParamInfo) -> bool:
        """Whether a parameter is still unknown."""
        found = self.values.get(info.name)
        unifier = body.unifier
        match found:
            case Poly():
                found = unifier.read_size(found)
                return isinstance(found, Poly) and bool(unknowns(found))
            case SpaceHole():
                return isinstance(unifier.read_space(found), SpaceHole)
            case BundleHole():
                return any(isinstance(item, BundleHole) for item in unifier.read_items((found,)))
            case ListHole():
                return found.number not in unifier.lists
            case _:
                return False

    def default(self, body: Body) -> bool:
        """Gives one open parameter the default of its header; False if there is none to give."""
        for info in parameters(self.declared):
            if info.default is not None and self.open(body, info):
                given = typing.evaluate(body, info.default, self.scope)
                self._fill(body, info, given)
                return True
        return False

    def _fill(self, body: Body, info: ParamInfo, given: Any) -> None:
        hole = self.values[info.name]
        unifier = body.unifier
        if isinstance(hole, Poly):
            try:
                unifier.equal(hole, typing.size(given, info.node, self.scope), info.name)
            except Mismatch as error:
                raise DiagramTypeError(str(error), self.span) from None
            if self.open(body, info):
                # the default waits for another unknown: it may be its own default's turn first
                self.values[info.name] = given
        elif isinstance(hole, SpaceHole):
            unifier.unify_spaces(hole, given)
        elif isinstance(hole, BundleHole):
            unifier.bundles[hole.number] = typing.as_type(given, info.node, self.scope).items
        elif isinstance(hole, ListHole):
            unifier.lists[hole.number] = given

    def close(self, body: Body) -> None:
        """Reports a parameter that nothing decides; a free grid that nothing decides is the space's own."""
        unifier = body.unifier
        for info in parameters(self.declared):
            if self.open(body, info):
                how = f"{self.declared.name}[{info.name} = ...]"
                raise DiagramTypeError(
                    f"nothing decides the {_KIND_NAMES.get(info.kind, 'parameter')} `{info.name}` of `{self.declared.name}`",
                    self.span,
                    hint=f"write it: `{how}`",
                )
        for key, found in list(self.implicit.known.items()):
            if isinstance(found, SpaceHole) and isinstance(unifier.read_space(found), SpaceHole):
                raise DiagramTypeError(
                    f"nothing decides the grid of `{key[1]}` in this mention of `{self.declared.name}`", self.span
                )
            if isinstance(found, Poly) and unknowns(unifier.read_size(found)):
                raise DiagramTypeError(
                    f"nothing decides the size `{key[1]}` in this mention of `{self.declared.name}`", self.span
                )


_KIND_NAMES = {"size": "size", "type": "type", "space": "space", "list": "list"}


# ------------------------------------------------------------------------------------------------ arguments


def instantiate(body: Body, ref: DeclRef, node: tree.Node, scope: Scope, graph: Graph, key: str) -> Steps:
    """A mention with its static arguments given, and holes for those that inference is to find."""
    declared = ref.declared
    mention = Mention(declared, scope.span(node), key, graph, ref.share)
    unifier = body.unifier

    def implicit(found: Any) -> Any:
        if isinstance(found, FreeDim):
            return unifier.size(found.name)
        return SpaceHole(unifier.number(), found.name, kinds=found.space.kinds)

    mention.implicit.make = implicit
    infos = parameters(declared)
    for arg, where in ref.args:
        given = yield from _argument(body, arg, where)
        _give(body, mention, infos, arg, given, where)
    # holes first: a default may speak of any other parameter
    missing = [info for info in infos if info.name not in mention.values]
    for info in missing:
        hole = _hole(body, info)
        if hole is not None:
            mention.values[info.name] = hole
    for info in missing:
        if info.name not in mention.values:
            mention.values[info.name] = _default(body, mention, info)
    return mention


def _argument(body: Body, arg: tree.Argument, where: Scope) -> Steps:
    from diagrammar.elaborate.expressions import value

    given = yield value(body, arg.value, where, None)
    if isinstance(given, Wires):
        raise DiagramTypeError(
            "a static argument is wanted in [...], this is a wire", where.span(arg), hint="wires are given in (...)"
        )
    return given


def _give(
    body: Body, mention: Mention, infos: tuple[ParamInfo, ...], arg: tree.Argument, given: Any, where: Scope
) -> None:
    name = mention.declared.name
    if arg.name is not None:
        chosen = next((info for info in infos if info.name == arg.name), None)
        if chosen is None:
            near = difflib.get_close_matches(arg.name, [info.name for info in infos], 1)
            raise DiagramTypeError(
                f"`{name}` has no parameter `{arg.name}`",
                where.span(arg),
                [f"its parameters: {', '.join(info.name for info in infos) or 'none'}"],
                f"did you mean `{near[0]}`?" if near else None,
            )
        if chosen.name in mention.values:
            raise DiagramTypeError(f"`{arg.name}` is given twice", where.span(arg))
    else:
        group = _group(given)
        free = [info for info in infos if info.name not in mention.values and _GROUPS.get(info.kind, "size") == group]
        if not free:
            raise DiagramTypeError(
                f"`{name}` takes no further {_GROUP_NAMES[group]} in [...]",
                where.span(arg),
                [f"its parameters: {', '.join(info.name for info in infos) or 'none'}"],
            )
        chosen = free[0]
    mention.values[chosen.name] = _checked(body, chosen, given, arg, where)


_GROUPS = {"type": "type", "space": "space", "diagram": "diagram"}
_GROUP_NAMES = {"type": "types", "space": "spaces", "diagram": "diagrams", "size": "arguments"}


def _group(given: Any) -> str:
    if isinstance(given, Recipe):
        return "diagram"
    if isinstance(given, Space | SpaceHole):
        return "space"
    if isinstance(given, TypeValue | BundleHole) or type(given).__name__ == "TypeHead":
        return "type"
    return "size"


def _checked(body: Body, info: ParamInfo, given: Any, arg: tree.Node, where: Scope) -> Any:
    """A static argument of the kind that its parameter wants."""
    node = arg.value if isinstance(arg, tree.Argument) else arg
    match info.kind:
        case "type":
            return typing.as_type(given, node, where)
        case "space" if isinstance(given, Space | SpaceHole):
            return given
        case "diagram" if isinstance(given, Recipe):
            return given
        case "size":
            if isinstance(given, tuple) or isinstance(given, ListHole):
                return given
            if statics.is_number(given) and not isinstance(given, float):
                return given
        case "list" if isinstance(given, tuple | ListHole):
            return given
        case "bool" if isinstance(given, bool):
            return given
        case "str" if isinstance(given, str):
            return given
        case "int" if (isinstance(given, int) and not isinstance(given, bool)) or isinstance(given, Poly):
            return given
        case "real" if statics.is_number(given):
            return given
        case "any" if not isinstance(given, Recipe):
            return given
    wanted = {"size": "a size", "int": "a whole number", "real": "a number", "bool": "true or false", "str": "a text"}
    raise DiagramTypeError(
        f"`{info.name}` is {wanted.get(info.kind, 'a ' + info.kind)}, this is {statics.describe(given)}",
        where.span(arg),
    )


def _hole(body: Body, info: ParamInfo) -> Any:
    """A hole for a parameter that is inferred; None for the others."""
    unifier = body.unifier
    match info.kind:
        case "size":
            return unifier.size(info.name)
        case "type":
            return BundleHole(unifier.number(), info.name)
        case "space":
            return SpaceHole(unifier.number(), info.name)
        case "list" if info.default is None:
            return ListHole(unifier.number(), info.name)
        case _:
            return None


def _default(body: Body, mention: Mention, info: ParamInfo) -> Any:
    if info.default is None:
        raise DiagramTypeError(
            f"`{mention.declared.name}` needs its parameter `{info.name}`",
            mention.span,
            hint=f"write `{mention.declared.name}[{info.name} = ...]`",
        )
    try:
        return _checked(body, info, typing.evaluate(body, info.default, mention.scope), info.node, mention.scope)
    except Waiting:
        return Deferred(info)


class Deferred:
    """A default that can be worked out only when other parameters are known."""

    __slots__ = ("info",)

    def __init__(self, info: ParamInfo) -> None:
        self.info = info


# ---------------------------------------------------------------------------------------------------- ports


def ports_of(body: Body, mention: Mention) -> tuple[list[Port], list[Port]]:
    """The input and output ports of a mention's header."""
    header = mention.declared.ast.header
    dom = [_port(body, mention, port.name, port.type) for ports in header.wires for port in ports]
    if header.dom is not None:
        whole = _port(body, mention, "", header.dom)
        if whole.items is None or len(whole.items) == 1:
            dom.append(whole)
        else:
            # wires without names: a number may stand for each
            dom += [Port("", header.dom, (item,), "") for item in whole.items]
    return dom, [_port(body, mention, "", header.cod)]


def _port(body: Body, mention: Mention, name: str, node: tree.Node) -> Port:
    try:
        found = typing.type_of(body, node, mention.scope)
    except Waiting:
        return Port(name, node, None, "")
    except DiagrammarError as error:
        # the header is right; what it was given here is not
        raise moved(error, mention.span, f"the header of `{mention.declared.name}`") from None
    except statics.BadStatic as error:
        raise DiagramTypeError(str(error), mention.scope.span(node)) from None
    return Port(name, node, found.items, found.label)


def mention(
    body: Body, ref: DeclRef, ins: tuple[Wire | Literal, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> Steps:
    """Mentions a declared diagram or box on wires."""
    if ref.wires is not None:
        ins = ref.wires.items + tuple(ins)
    key = body.keys.get(id(_head(node)), ref.declared.name)
    seen = None if ref.args else _seen(body, ref, ins, graph)
    if seen is not None and seen in body.elaborator.solved:
        made = Mention(ref.declared, scope.span(node), key, graph, ref.share)
        values, implicit, made.cod = body.elaborator.solved[seen]
        made.values.update(values)
        made.implicit.known.update(implicit)
        made.solved = True
        return graph.add(made, ins, made.cod)  # type: ignore[arg-type]
    noted = len(body.late), len(body.unifier.waiting), len(body.unifier.conditions)
    made = yield from instantiate(body, ref, node, scope, graph, key)
    dom, cod = ports_of(body, made)
    wires = meet(body, made, dom, ins, scope, graph, site)
    captured = yield from _arguments(body, made, graph)
    made.cod = _outputs(body, made, cod)
    if seen is not None and noted == (len(body.late), len(body.unifier.waiting), len(body.unifier.conditions)):
        _remember(body, made, seen)
    if not made.solved:
        body.mentions.append(made)
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


def _head(node: tree.Node) -> tree.Node:
    """The name in `name[args](wires)`."""
    while isinstance(node, tree.Index | tree.Call | tree.Named):
        if isinstance(node, tree.Index):
            node = node.item
        else:
            node = node.function if isinstance(node, tree.Call) else node.value
    return node


def meet(
    body: Body, made: Mention, dom: list[Port], ins: tuple[Wire | Literal, ...], scope: Scope, graph: Graph, site: Site
) -> tuple[Wire, ...]:
    """Unifies the input ports with the wires that stand there; numbers become constants of the type wanted."""
    slots = _slots(body, made, dom, ins, graph, site)
    wires: list[Wire] = []
    for port, taken in slots:
        if isinstance(taken, Literal):
            items = port.items if port.items is not None else _now(body, made, port)
            wires += [constant(taken.value, wire, taken.node, scope, graph) for wire in body.unifier.wires_of(items)]
        else:
            wires += taken
    return tuple(wires)


def _slots(
    body: Body, made: Mention, dom: list[Port], ins: tuple[Wire | Literal, ...], graph: Graph, site: Site
) -> list[tuple[Port, Any]]:
    types = [None if isinstance(wire, Literal) else graph.types[graph.bring(wire)] for wire in ins]
    if not any(isinstance(wire, Literal) for wire in ins) and all(port.items is not None for port in dom):
        want = tuple(item for port in dom for item in port.items or ())
        _unify(body, made, want, types, dom, site)
        return [(Port("", made.declared.ast, want, ""), list(ins))]
    slots: list[tuple[Port, Any]] = []
    at = 0
    for port in dom:
        if at < len(ins) and isinstance(ins[at], Literal):
            slots.append((port, ins[at]))
            at += 1
            continue
        items = None if port.items is None else body.unifier.read_items(port.items)
        count = 1 if items is None else len(items)
        taken = list(ins[at : at + count])
        if len(taken) < count or any(isinstance(wire, Literal) for wire in taken):
            raise _arity(body, made, dom, types, site)
        slots.append((port, taken))
        at += count
    if at != len(ins):
        raise _arity(body, made, dom, types, site)
    late = []
    for port, taken in slots:
        if isinstance(taken, Literal):
            continue
        have = [graph.types[graph.bring(wire)] for wire in taken]
        if port.items is None:
            late.append((port, have))
        else:
            _unify(body, made, port.items, have, dom, site)
    for port, have in late:
        _unify_late(body, made, port, have, dom, site)
    return slots


def _now(body: Body, made: Mention, port: Port) -> Items:
    try:
        return typing.type_of(body, port.node, made.scope).items
    except Waiting:
        raise DiagramTypeError(f"the type of this number for `{made.declared.name}` is not known", made.span) from None


def _unify(body: Body, made: Mention, want: Items, have: list[Any], dom: list[Port], site: Site) -> None:
    try:
        body.unifier.ports(want, have)
    except Waiting:
        body.late.append(Late(lambda: body.unifier.ports(want, have), lambda text: _mismatch(body, made, want, have, dom, site, text)))
    except Arity:
        raise _arity(body, made, dom, have, site) from None
    except Mismatch as error:
        raise _mismatch(body, made, want, have, dom, site, str(error)) from None


def _unify_late(body: Body, made: Mention, port: Port, have: list[Any], dom: list[Port], site: Site) -> None:
    def attempt() -> None:
        body.unifier.ports(typing.type_of(body, port.node, made.scope).items, have)

    def error(text: str) -> DiagrammarError:
        return _mismatch(body, made, (), have, dom, site, text)

    try:
        attempt()
    except Waiting:
        body.late.append(Late(attempt, error))
    except Mismatch as mismatch:
        raise error(str(mismatch)) from None


def _outputs(body: Body, made: Mention, cod: list[Port]) -> tuple[Type, ...]:
    (port,) = cod
    if port.items is None:
        try:
            port.items = typing.type_of(body, port.node, made.scope).items
        except Waiting:
            # one wire, whose type is written down when its space is known
            hole = body.unifier.solid(BundleHole(body.unifier.number(), "?"))

            def attempt() -> None:
                body.unifier.ports(typing.type_of(body, port.node, made.scope).items, [hole])

            body.late.append(Late(attempt, lambda text: DiagramTypeError(f"the type of `{made.declared.name}`: {text}", made.span)))
            return (hole,)
    try:
        wires = body.unifier.wires_of(port.items)
    except Waiting:
        raise DiagramTypeError(f"the type of `{made.declared.name}` is not known here; write its parameters", made.span) from None
    except Mismatch as error:
        raise DiagramTypeError(str(error), made.span) from None
    for wire in wires:
        typing.check_whole(body, wire, made.span)
    return tuple(wires)


# --------------------------------------------------------------------------------------------------- errors


def shown(body: Body, items: Any) -> str:
    """Types as far as they are known."""
    parts = []
    for item in items:
        known = item if isinstance(item, BundleHole) else body.unifier.read(item)
        parts.append(str(known))
    return shortened(" @ ".join(parts) or "I")


def shortened(text: str, width: int = 240) -> str:
    """A long type, cut in the middle."""
    return text if len(text) <= width else f"{text[: width // 2]} … {text[-width // 3 :]}"


def _labelled(body: Body, dom: list[Port]) -> str:
    items: list[Item] = []
    for port in dom:
        items += port.items or ()
    text = shown(body, body.unifier.read_items(tuple(items)))
    label = " @ ".join(port.label for port in dom)
    return f"{label} = {text}" if label and label != text and all(port.label for port in dom) else text


def _arity(body: Body, made: Mention, dom: list[Port], have: list[Any], site: Site) -> DiagramTypeError:
    types = [each for each in have if each is not None]
    want = _labelled(body, dom)
    name = made.declared.name
    count = sum(len(port.items) if port.items is not None else 1 for port in dom)
    given = len(have)
    hint = None
    if site.form == "call" and given < count and given:
        hint = f"a diagram of the missing wires is `x -> {name}(..., x)`"
    elif site.form == ">>" and count == 2 * given:
        hint = "put `copy` before it to use a wire twice"
    return DiagramTypeError(
        f"`{name}` takes {count} wire{'s' * (count != 1)}, {given} {'is' if given == 1 else 'are'} given",
        site.span,
        [f"given  {shown(body, types)}", f"wanted {want}"],
        hint,
    )


def _mismatch(
    body: Body, made: Mention, want: Any, have: list[Any], dom: list[Port], site: Site, detail: str
) -> DiagramTypeError:
    given = shown(body, [each for each in have if each is not None])
    wanted = _labelled(body, dom)
    tail = f"      {detail}" if detail else ""
    if site.form == ">>":
        return DiagramTypeError(
            "`>>` joins two different wires", site.span, [f"left ends in   {given}", f"right wants    {wanted}{tail}"]
        )
    return DiagramTypeError(
        f"`{made.declared.name}` takes other wires", site.span, [f"given  {given}", f"wanted {wanted}{tail}"]
    )


# ---------------------------------------------------------------------------------- diagrams as static arguments


def _arguments(body: Body, made: Mention, graph: Graph) -> Steps:
    """Elaborates the diagrams given as static arguments; gives the wires that they capture."""
    from diagrammar.elaborate.application import Site, apply_value

    captured: tuple[Wire, ...] = ()
    for info in parameters(made.declared):
        recipe = made.values.get(info.name)
        if info.kind != "diagram" or not isinstance(recipe, Recipe):
            continue
        assert info.arrow is not None
        # a bare mention is the frame of the parameter itself; another expression stands inside of that frame
        inner = Graph(graph, graph.level + (2 if _framed(recipe) else 1))
        dom = body.unifier.wires_of(typing.type_of(body, info.arrow.dom, made.scope).items)
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
        made.values[info.name] = Argument(inner, outs, recipe)
        captured += inner.outer_wires()
    return captured


def _framed(recipe: Recipe) -> bool:
    """Whether a recipe, given or shared under a name, gets a frame of that name round its boxes."""
    return isinstance(recipe, Closure) or (isinstance(recipe, DeclRef) and not isinstance(recipe.declared.ast, tree.DiagramDecl))


def resolved(
    body: Body, found: Resolved, ins: tuple[Any, ...], node: tree.Node, scope: Scope, graph: Graph, site: Site
) -> tuple[Wire, ...]:
    """Mentions a diagram that was given as a static argument."""
    from diagrammar.elaborate.leaves import Given

    name = _text(node)
    wires = fixed(body, name, found.dom, ins, scope, graph, site)
    key = found.key if found.key is not None else body.keys.get(id(_head(node)), name)
    return graph.add(Given(found, name, key, scope.span(node)), found.wires + wires, found.cod)


def _text(node: tree.Node) -> str:
    if isinstance(node, tree.Named):
        return node.name
    head = _head(node)
    return head.name if isinstance(head, tree.Name | tree.Attribute) else "f"


def fixed(
    body: Body, name: str, dom: Any, ins: tuple[Any, ...], scope: Scope, graph: Graph, site: Site
) -> tuple[Wire, ...]:
    """Unifies known ports with the wires that stand there."""
    if len(dom) != len(ins):
        raise DiagramTypeError(
            f"`{name}` takes {len(dom)} wire{'s' * (len(dom) != 1)}, {len(ins)} given", site.span
        )
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
        inner = Graph(_owner(graph, found.level), found.level + _framed(found.recipe))
        types = [graph.types[graph.bring(w)] if isinstance(w, Wire) else typing.Tensor("R") for w in ins]
        inputs = tuple(inner.input(wire) for wire in types)
        here = Site(site.form, site.span)
        outs = yield apply_value(body, found.recipe, inputs, node, scope, inner, here)
        found.dom = tuple(types)
        found.cod = tuple(inner.types[inner.bring(wire)] for wire in outs)
        found.mention = (inner, outs)
    wires = fixed(body, found.name, found.dom, ins, scope, graph, site)
    captured = found.mention[0].outer_wires()
    return graph.add(SharedUse(found, graph.level, scope.span(node)), captured + wires, found.cod)  # type: ignore[arg-type]


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
    key = body.keys.get(id(_head(node)), declared.name)
    cod = tuple(inner.types[inner.bring(wire)] for wire in outs)
    insides = [(inner, tuple(map(inner.bring, outs)))]
    frame = Frame(declared.name, declared.origin, (), insides, scope.span(node), key)
    return graph.add(frame, inner.outer_wires() + wires, cod)


# -------------------------------------------------------------------------------------- two lists, and counting


def wants_first_list(body: Body, found: Recipe) -> bool:
    """Whether the next `(...)` gives the first of two lists of wires."""
    if not isinstance(found, DeclRef | LocalRef) or found.wires is not None:
        return False
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
        constant(wire.value, typing.Tensor("R"), wire.node, scope, graph) if isinstance(wire, Literal) else wire
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


def width(body: Body, node: tree.Node, scope: Scope) -> Steps:
    """How many wires an operand of `@` takes; None where its types decide that."""
    from diagrammar.elaborate.expressions import value

    while isinstance(node, tree.Binary) and node.op in (">>", "+", "-", "*", "/", "^"):
        if node.op != ">>" and isinstance(node.left, tree.Number):
            node = node.right
        else:
            node = node.left
    if isinstance(node, tree.Lambda):
        return None if len(node.wires) == 1 and node.wires[0].type is None else len(node.wires)
    if isinstance(node, tree.Repeat):
        return (yield width(body, node.body, scope))
    if isinstance(node, tree.Binary) and node.op == "@":
        left = yield width(body, node.left, scope)
        right = yield width(body, node.right, scope)
        return None if left is None or right is None else left + right
    found = yield value(body, node, scope, None)
    match found:
        case Closure():
            return None if found.node is node else (yield width(body, found.node, found.scope))
        case Resolved():
            return len(found.dom)
        case Shared() if found.mention is not None:
            return len(found.dom)
        case DeclRef() | LocalRef():
            return _declared_width(body, found)
        case _:
            return None


def _declared_width(body: Body, found: DeclRef | LocalRef) -> int | None:
    header = found.declared.ast.header
    given = 0 if found.wires is None else 1
    nodes = [port.type for ports in header.wires[given:] for port in ports]
    if header.dom is not None:
        nodes.append(header.dom)
    total = 0
    types = {info.name for info in parameters(found.declared) if info.kind == "type"}
    for each in nodes:
        count = _type_width(body, each, found.declared, types)
        if count is None:
            return None
        total += count
    return total


def _type_width(body: Body, node: tree.Node | None, declared: Declared, types: set[str]) -> int | None:
    total = 0
    stack = [node]
    while stack:
        item = stack.pop()
        match item:
            case tree.Binary("@", left, right):
                stack += [left, right]
            case tree.Binary("^", left, _):
                stack.append(left)
            case tree.Name(text) if text == "I":
                pass
            case tree.Name(text) if text in types:
                return None
            case tree.Name(text) | tree.Index(tree.Name(text)):
                try:
                    found = declared.scope.find(text)
                except KeyError:
                    found = None
                if isinstance(found, TypeValue):
                    total += len(found.items)
                elif type(found).__name__ == "Family":
                    stack.append(found.declared.ast.value)
                else:
                    total += 1
            case tree.Call() | tree.If():
                return None
            case _:
                total += 1
    return total
