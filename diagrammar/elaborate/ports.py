"""The ports of a mention and the wires that stand there, and what to say when they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagrammar.elaborate import statics, typing
from diagrammar.elaborate.arguments import Mention
from diagrammar.elaborate.arithmetic import Literal, constant
from diagrammar.elaborate.body import Body, Late
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import Arity, BundleHole, Items, Mismatch, Waiting
from diagrammar.elaborate.values import (
    Scope,
    Wire,
)
from diagrammar.errors import DiagrammarError, DiagramTypeError, moved
from diagrammar.grammar import tree
from diagrammar.source import Source
from diagrammar.types import Type

if TYPE_CHECKING:
    from diagrammar.elaborate.application import Site


class Port:
    """A port of a header: its name, the node of its type, and the type where it can be written down already."""

    __slots__ = ("items", "label", "name", "node", "source")

    def __init__(self, name: str, node: tree.Node, items: Items | None, label: str, source: Source) -> None:
        self.name = name
        self.node = node
        self.items = items
        self.label = label
        self.source = source

    def node_text(self) -> str:
        """Its type as the header writes it."""
        return self.source.text[self.node.start : self.node.end]


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
            dom += [Port("", header.dom, (item,), "", mention.scope.source) for item in whole.items]
    if header.cod is None:
        raise DiagramTypeError(f"`{mention.declared.name}` has no type", mention.span)
    return dom, [_port(body, mention, "", header.cod)]


def _port(body: Body, mention: Mention, name: str, node: tree.Node) -> Port:
    try:
        found = typing.type_of(body, node, mention.scope)
    except Waiting:
        return Port(name, node, None, "", mention.scope.source)
    except DiagrammarError as error:
        # the header is right; what it was given here is not
        raise moved(error, mention.span, f"the header of `{mention.declared.name}`") from None
    except statics.BadStatic as error:
        raise DiagramTypeError(str(error), mention.span) from None
    return Port(name, node, found.items, found.label, mention.scope.source)


def _items(body: Body, made: Mention, port: Port) -> Items:
    """The types of a port now; Waiting where they cannot be written down."""
    items = _port(body, made, port.name, port.node).items
    if items is None:
        raise Waiting
    return items


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
        return [(Port("", made.declared.ast, want, "", made.scope.source), list(ins))]
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
        return _items(body, made, port)
    except Waiting:
        raise DiagramTypeError(f"the type of this number for `{made.declared.name}` is not known", made.span) from None


def _unify(body: Body, made: Mention, want: Items, have: list[Any], dom: list[Port], site: Site) -> None:
    try:
        body.unifier.ports(want, have)
    except Waiting:
        body.late.append(
            Late(
                lambda: body.unifier.ports(want, have), lambda text: _mismatch(body, made, want, have, dom, site, text)
            )
        )
    except Arity:
        raise _arity(body, made, dom, have, site) from None
    except Mismatch as error:
        raise _mismatch(body, made, want, have, dom, site, str(error)) from None


def _unify_late(body: Body, made: Mention, port: Port, have: list[Any], dom: list[Port], site: Site) -> None:
    def attempt() -> None:
        body.unifier.ports(_items(body, made, port), have)

    def error(text: str) -> DiagrammarError:
        return _mismatch(body, made, (), have, dom, site, text)

    try:
        attempt()
    except Waiting:
        body.late.append(Late(attempt, error))
    except Mismatch as mismatch:
        raise error(str(mismatch)) from None


def outputs(body: Body, made: Mention, cod: list[Port]) -> tuple[Type, ...]:
    (port,) = cod
    if port.items is None:
        try:
            port.items = _items(body, made, port)
        except Waiting:
            # one wire, whose type is written down when its space is known
            hole = body.unifier.solid(BundleHole(body.unifier.number(), "?"))

            def attempt() -> None:
                body.unifier.ports(_items(body, made, port), [hole])

            body.late.append(
                Late(attempt, lambda text: DiagramTypeError(f"the type of `{made.declared.name}`: {text}", made.span))
            )
            return (hole,)
    try:
        wires = body.unifier.wires_of(port.items)
    except Waiting:
        raise DiagramTypeError(
            f"the type of `{made.declared.name}` is not known here; write its parameters", made.span
        ) from None
    except Mismatch as error:
        raise DiagramTypeError(str(error), made.span) from None
    for wire in wires:
        typing.check_whole(body, wire, made.span)
    return tuple(wires)


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


def _labelled(body: Body, made: Mention, dom: list[Port]) -> str:
    # what cannot be written down yet is shown as the header has it
    written = []
    for port in dom:
        items = port.items if port.items is not None else _port(body, made, port.name, port.node).items
        written.append(port.node_text() if items is None else shown(body, body.unifier.read_items(items)))
    text = shortened(" @ ".join(written) or "I")
    label = " @ ".join(port.label for port in dom)
    return f"{label} = {text}" if label and label != text and all(port.label for port in dom) else text


def _arity(body: Body, made: Mention, dom: list[Port], have: list[Any], site: Site) -> DiagramTypeError:
    types = [each for each in have if each is not None]
    want = _labelled(body, made, dom)
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
    wanted = _labelled(body, made, dom)
    tail = f"      {detail}" if detail else ""
    if site.form == ">>":
        return DiagramTypeError(
            "`>>` joins two different wires", site.span, [f"left ends in   {given}", f"right wants    {wanted}{tail}"]
        )
    return DiagramTypeError(
        f"`{made.declared.name}` takes other wires", site.span, [f"given  {given}", f"wanted {wanted}{tail}"]
    )
