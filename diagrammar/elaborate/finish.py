"""From a graph whose types are all known to a diagram: mentions become boxes, wiring without boxes is spliced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagrammar.box import MARKS, numbered
from diagrammar.derivative.wiring import lay
from diagrammar.diagram import Box, Builder, Bundle, Diagram, Flat, Node, definitions
from diagrammar.elaborate import differentiation, opening, typing
from diagrammar.elaborate.arguments import Argument, Deferred, Mention
from diagrammar.elaborate.arithmetic import is_complex
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Draft, Graph
from diagrammar.elaborate.holes import BundleHole, ListHole, SpaceHole, WireHole
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.leaves import Frame, Given, Leaf, Owned, SharedUse
from diagrammar.elaborate.rekey import deeper
from diagrammar.elaborate.values import Declared, Resolved, TypeValue, bare
from diagrammar.errors import DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly
from diagrammar.source import Span
from diagrammar.steps import Steps
from diagrammar.types import Field, Tensor, Tokens, Type

_STATE = frozenset({"state"})
_NONE: frozenset[str] = frozenset()
_OPENED = "std:opened"


def finish(body: Body, graph: Graph, outs: Sequence[int]) -> Steps:
    """The diagram of a graph; captured wires come first among its inputs."""
    read = body.unifier.read
    order = [*graph.captured.values(), *graph.inputs]
    builder = Builder(read(graph.types[number]) for number in order)
    place = {number: k for k, number in enumerate(order)}
    count = 0
    keys: dict[str, Box] = {}
    used = {number for draft in graph.nodes for number in draft.ins}.union(outs)
    for draft in graph.nodes:
        # a weight of a static branch not taken does not exist
        if type(draft.what) is Owned and draft.what.kind == "weight" and draft.outs[0] not in used:
            continue
        ins = tuple(place[number] for number in draft.ins)
        made = yield _box(body, graph, draft)
        if isinstance(made, Box):
            if made.key is not None and made.insides:
                _once(made, keys)
            new = builder.add(made, ins)
            count += 1 if not made.insides else body.elaborator.size_of(made)
        elif isinstance(made, Diagram):
            # a diagram without boxes is wiring: no box stands for it; a derivative is laid where it stands
            first = len(builder.nodes)
            new = lay(builder, made, ins)
            for node in builder.nodes[first:]:
                count += body.elaborator.size_of(node.box)
        else:
            new, count = _each_wire(builder, made, ins), count + len(made)
        place.update(zip(draft.outs, new, strict=True))
    diagram = builder.build(place[out] for out in outs)
    body.elaborator.count(diagram, count)
    return diagram


def _once(box: Box, keys: dict[str, Box]) -> None:
    """A name given by `as` is one instance in its body."""
    assert box.key is not None
    other = keys.setdefault(box.key, box)
    if other is not box and box.key[0] not in "~^/":
        raise DiagramNameError(f"two boxes of this body are called `{box.key}`", box.span)


def _each_wire(builder: Builder, boxes: list[Box], ins: tuple[int, ...]) -> tuple[int, ...]:
    """An elementwise box on a bundle: one box a wire."""
    width = len(boxes)
    outs: list[int] = []
    for k, box in enumerate(boxes):
        outs += builder.add(box, ins[k::width])
    return tuple(outs)


def _box(body: Body, graph: Graph, draft: Draft) -> Steps:
    what = draft.what
    kind = type(what)
    if kind is Leaf:
        dom, cod = _types(body, graph, draft, what.span)
        kinds = body.elaborator.kinds(what.name)
        params = tuple((name, _read(body, value)) for name, value in what.params)
        return Box(what.name, dom, cod, origin=f"std:{what.name}", params=params, kinds=kinds, span=what.span)
    if kind is Mention:
        return (yield _mentioned(body, graph, draft, what))
    if kind is Owned:
        dom, cod = _types(body, graph, draft, what.span)
        kinds = _NONE if what.kind == "weight" else _STATE
        return Box(what.kind, dom, cod, origin=what.kind, params=what.params, key=what.key, kinds=kinds, span=what.span)
    if kind is Frame:
        return (yield _frame(body, graph, draft, what))
    if kind is Given:
        return _given(body, graph, draft, what)
    assert isinstance(what, SharedUse)
    return (yield _shared(body, graph, draft, what))


def _types(body: Body, graph: Graph, draft: Draft, span: Any) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
    read = body.unifier.read
    dom = tuple(read(graph.types[number]) for number in draft.ins)
    cod = tuple(read(graph.types[number]) for number in draft.outs)
    for wire in (*dom, *cod):
        if isinstance(wire, WireHole) or isinstance(getattr(wire, "space", None), SpaceHole):
            raise DiagramTypeError("nothing decides the type of this wire", span, hint="write it down: `u : V = ...`")
    return dom, cod


def _read(body: Body, value: Any) -> Any:
    if isinstance(value, Poly):
        return body.unifier.read_size(value)
    if isinstance(value, tuple):
        return tuple(_read(body, each) for each in value)
    return value


def _frame(body: Body, graph: Graph, draft: Draft, what: Frame) -> Steps:
    dom, cod = _types(body, graph, draft, what.span)
    insides = []
    for inner, outs in what.graphs:
        insides.append((yield finish(body, inner, outs)))
    if what.origin in differentiation.ORIGINS:
        return differentiation.finished(body, what, insides[0])
    if what.origin == opening.ORIGIN:
        return opening.finished(body, what, insides[0], dom)
    if not any(inside.flat.nodes for inside in insides) and what.name != "training":
        if what.name == "repeat":
            return _composed(insides, int(dict(what.params)["captures"]))
        if what.key is not None or what.origin in MARKS:
            return insides[0]
    params = tuple((name, _read(body, value)) for name, value in what.params)
    made = tuple(insides)
    return Box(what.name, dom, cod, origin=what.origin, params=params, key=what.key, insides=made, span=what.span)


def _composed(insides: list[Diagram], captures: int) -> Diagram:
    """Steps that are only wiring, one after the other."""
    first = insides[0].flat
    wires = list(range(len(first.inputs)))
    builder = Builder(insides[0].dom)
    held, now = wires[:captures], wires[captures:]
    for inside in insides:
        at = dict(zip(inside.flat.inputs, held + now, strict=True))
        now = [at[wire] for wire in inside.flat.outputs]
    return builder.build(now)


# -------------------------------------------------------------------------------------------------- mentions


def _mentioned(body: Body, graph: Graph, draft: Draft, made: Mention) -> Steps:
    declared = made.declared
    dom, cod = _types(body, graph, draft, made.span)
    values: dict[str, Any] = {}
    for info in parameters(declared):
        values[info.name] = made.values[info.name] = yield _value(body, made, info.name)
    if isinstance(declared.ast, tree.BoxDecl):
        return _leaf(body, declared, made, values, dom, cod)
    implicit = {key: _closed(body, found) for key, found in made.implicit.known.items()}
    definition = yield body.elaborator.define(declared, values, implicit, made.span)
    body.unifier.conditions.update(dict.fromkeys(definition.conditions))
    inside = definition.diagram
    if declared.origin == _OPENED:
        inside = _laid_open(body, inside)
    if not inside.flat.nodes:
        return inside
    key = made.key if made.share is None else made.share
    if body.instances is not None and made.share is None:
        key = _one_instance(body, made, values, _weights(inside))
    params = tuple((name, _param(value)) for name, value in values.items())
    name = declared.name if made.share is None else made.share.rpartition("/")[2]
    if made.share is None and body.instances is None:
        name = _instance(made.key, name)
    return Box(
        name, inside.dom, inside.cod, origin=declared.origin, params=params, key=key, insides=(inside,), span=made.span
    )


def _laid_open(body: Body, inside: Diagram) -> Diagram:
    """The frames of a body as frames of the user's own: no backend has one operation for them."""
    flat = inside.flat
    nodes = [
        Node(node.box.with_(origin=f"opened:{node.box.name}"), node.ins, node.outs) if node.box.insides else node
        for node in flat.nodes
    ]
    made = Diagram(Flat(flat.types, flat.inputs, nodes, flat.outputs), inside.name, inside.origin)
    body.elaborator.count(made, body.elaborator.count_of(inside))
    return made


def _one_instance(body: Body, made: Mention, values: dict[str, Any], owned: Any) -> str:
    """The key of a mention in a law: at the root, one for each name with its static arguments. A weight has one shape,
    so mentions at sizes that decide other shapes are other instances."""
    from diagrammar.elaborate.laws import identity

    assert body.instances is not None
    declared = made.declared
    what = (declared.origin, tuple((name, identity(values[name])) for name in made.given), owned)
    if what not in body.instances:
        count = sum(other[0] == declared.origin for other in body.instances)
        body.instances[what] = "/" + numbered(declared.name, count + 1)
    return body.instances[what]


def _weights(diagram: Diagram) -> tuple[Any, ...]:
    """The shapes of everything that a diagram owns."""
    owned = []
    for level in definitions(diagram):
        owned += [(box.key, box.cod) for box in level.boxes if box.origin in ("weight", "state")]
    return tuple(owned)


def _instance(key: str, name: str) -> str:
    """The name of a frame is what the text calls it; its key may carry a number."""
    base, _, number = key.rpartition("_")
    return name if key == name or (base == name and number.isdigit()) else key


def _param(value: Any) -> Any:
    if isinstance(value, Resolved):
        return value.origin or "diagram"
    return value


def _leaf(body: Body, declared: Declared, made: Mention, values: dict[str, Any], dom: Any, cod: Any) -> Box | list[Box]:
    params = tuple((name, value) for name, value in values.items() if not isinstance(value, Bundle))
    kinds = frozenset(word.name for word in declared.ast.kinds)
    std = declared.origin.startswith("std:")
    if not std:
        made.span.source.boxes[declared.origin] = declared
        key = made.key if body.instances is None else _one_instance(body, made, values, (dom, cod))
        return Box(declared.name, dom, cod, origin=declared.origin, params=params, key=key, kinds=kinds, span=made.span)
    _check_numbers(declared, made, kinds, dom)
    _check_spaces(declared, made, dom, cod)
    width = len(cod)
    if width == 0 and "elementwise" in kinds and not dom:
        return []
    if width > 1 and "elementwise" in kinds and len(dom) % width == 0:
        return [
            Box(
                declared.name,
                dom[k::width],
                (cod[k],),
                origin=declared.origin,
                params=params,
                kinds=kinds,
                span=made.span,
            )
            for k in range(width)
        ]
    return Box(declared.name, dom, cod, origin=declared.origin, params=params, kinds=kinds, span=made.span)


# what complex numbers, which have no order, do not have
_REAL = frozenset({"max", "min", "less", "sign", "erf"})


def _check_numbers(declared: Declared, made: Mention, kinds: frozenset[str], dom: tuple[Type, ...]) -> None:
    """Functions of numbers take numbers, and some of them real ones alone."""
    name = declared.name
    if "elementwise" not in kinds and name not in ("less", "equal", "batch_sum"):
        return
    for wire in dom:
        symbols = isinstance(wire, Tokens) and name != "equal"
        if symbols or (isinstance(wire, Tensor) and wire.kind == "Bool"):
            raise DiagramTypeError(f"`{name}` works on numbers, this is {wire}", made.span)
        if is_complex(wire) and name in _REAL:
            raise DiagramTypeError(f"`{name}` works on real numbers, this is {wire}", made.span)


def _check_spaces(declared: Declared, made: Mention, dom: tuple[Type, ...], cod: tuple[Type, ...]) -> None:
    """Interpolation goes to another grid of the same kind of space."""
    if declared.name not in ("resample", "resample_transpose"):
        return
    (start,), (end,) = dom, cod
    if isinstance(start, Field) and isinstance(end, Field) and start.space.kinds != end.space.kinds:
        raise DiagramTypeError(
            f"`{declared.name}` goes to another grid, not to another space", made.span, [f"from {start}", f"to   {end}"]
        )


def _value(body: Body, made: Mention, name: str) -> Steps:
    found = made.values[name]
    if isinstance(found, Argument):
        return (yield _argument(body, found))
    if isinstance(found, Deferred):
        found = typing.evaluate(body, found.info.default, made.scope)  # type: ignore[arg-type]  # it has one
    return _closed(body, found)


def _closed(body: Body, found: Any) -> Any:
    """A static value without unknowns."""
    unifier = body.unifier
    match found:
        case Poly():
            return unifier.read_size(found)
        case SpaceHole():
            return unifier.read_space(found)
        case BundleHole():
            return Bundle(tuple(unifier.read(wire) for wire in unifier.wires_of((found,))))
        case TypeValue():
            return Bundle(tuple(unifier.read(wire) for wire in unifier.wires_of(found.items)))
        case ListHole():
            return tuple(unifier.read_size(size) for size in unifier.lists.get(found.number, ()))
        case tuple():
            return tuple(_closed(body, each) for each in found)
        case _:
            return found


def _argument(body: Body, found: Argument) -> Steps:
    """A diagram given as a static argument, made; a bare mention is that diagram itself."""
    graph = found.graph
    outs = tuple(map(graph.bring, found.outs))
    inside = yield finish(body, graph, outs)
    captured = inside.dom[: len(graph.captured)]
    dom = inside.dom[len(graph.captured) :]
    return resolve(body, inside, captured, dom, bare=bare(found.recipe))


def resolve(body: Body, inside: Diagram, captured: tuple[Type, ...], dom: tuple[Type, ...], *, bare: bool) -> Resolved:
    """A made diagram as an argument; a bare mention is the diagram that it mentions, whatever marks stand round it."""
    within = inside
    marks: list[str] = []
    while bare and (node := _only(within)) is not None:
        if not node.box.is_mark:
            made = _bare(body, node, captured, dom, within)
            made.marks = tuple(marks)
            return made
        marks.append(node.box.origin)
        within = node.box.insides[0]
    return Resolved(inside, captured, dom, inside.cod, "", (), None, body.elaborator.count_of(inside))


def _only(diagram: Diagram) -> Node | None:
    """The box of a diagram that is one box on its wires."""
    flat = diagram.flat
    if len(flat.nodes) != 1 or flat.nodes[0].ins != flat.inputs or flat.nodes[0].outs != flat.outputs:
        return None
    return flat.nodes[0]


def _bare(body: Body, node: Node, captured: tuple[Type, ...], dom: tuple[Type, ...], inside: Diagram) -> Resolved:
    box = node.box
    if not box.insides:
        made = Resolved(None, captured, dom, inside.cod, box.origin, box.params, None, 1)
        made.box = box
        return made
    if box.key is None:
        return Resolved(inside, captured, dom, inside.cod, "", (), None, body.elaborator.count_of(inside))
    key = box.key if box.key[0] in "^/" else None
    only = box.insides[0]
    return Resolved(only, captured, dom, inside.cod, box.origin, box.params, key, body.elaborator.count_of(only))


def _given(body: Body, graph: Graph, draft: Draft, what: Given) -> Box | Diagram:
    found = what.recipe
    if found.box is not None:
        made = found.box if found.box.key is None else found.box.with_(key=what.key, span=what.span)
        return _marked(body, found, made, what.span)
    inside = found.inside
    assert inside is not None
    if not inside.flat.nodes:
        return inside
    key = what.key
    if graph.level:
        inside = _put_deeper(body, inside, graph.level)
        if key.startswith("^"):
            key = "^" * graph.level + key
    return _marked(body, found, _framed(what.name, found, inside, key, what.span), what.span)


def _framed(name: str, found: Resolved, inside: Diagram, key: str, span: Span) -> Box:
    """The frame of a made diagram where it is mentioned."""
    return Box(
        name, inside.dom, inside.cod, origin=found.origin, params=found.params, key=key, insides=(inside,), span=span
    )


def _marked(body: Body, found: Resolved, box: Box, span: Span) -> Box:
    """A mention in the marks that stand round what it mentions."""
    for kind in reversed(found.marks):
        inside = box.diagram()
        body.elaborator.count(inside, 1 if not box.insides else body.elaborator.size_of(box))
        params = (("captures", len(found.captured)),)
        box = Box(kind, box.dom, box.cod, origin=kind, params=params, insides=(inside,), span=span)
    return box


def _put_deeper(body: Body, inside: Diagram, levels: int) -> Diagram:
    made = deeper(inside, levels)
    body.elaborator.count(made, body.elaborator.count_of(inside))
    return made


def _shared(body: Body, graph: Graph, draft: Draft, what: SharedUse) -> Steps:
    share = what.share
    inner, outs = share.mention[:2]
    if len(share.mention) == 2:
        inside = yield finish(body, inner, tuple(map(inner.bring, outs)))
        captured = inside.dom[: len(inner.captured)]
        share.mention = (
            inner,
            outs,
            resolve(body, inside, captured, inside.dom[len(captured) :], bare=bare(share.recipe)),
        )
    found: Resolved = share.mention[2]
    if found.box is not None:
        made = found.box if found.box.key is None else found.box.with_(key=_share_key(what), span=what.span)
        return _marked(body, found, made, what.span)
    inside = found.inside
    assert inside is not None
    if not inside.flat.nodes:
        return inside
    key = found.key if found.key is not None and found.key.startswith("/") else _share_key(what)
    if what.level > share.level:
        inside = _put_deeper(body, inside, what.level - share.level)
    return _marked(body, found, _framed(share.name, found, inside, key, what.span), what.span)


def _share_key(what: SharedUse) -> str:
    ups = what.level - what.share.level
    return "^" * ups + what.share.name if ups else "~" + what.share.name
