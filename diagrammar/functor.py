"""Functors: what a type becomes and what a box becomes. The traversal is written once, here.

It is linear, does each definition once, keeps the hierarchy and the keys (so weights stay shared and keep their paths),
and carries the places of the text along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diagrammar.category import evaluate
from diagrammar.diagram import Box, Diagram, Flat, Node, Ty, bundle, definitions
from diagrammar.errors import DiagramTypeError
from diagrammar.forms import Forms
from diagrammar.pause import pausing
from diagrammar.rope import Names, body_keys
from diagrammar.types import Type, Types, same_type, show

Ob = Callable[[Type], Any] | Mapping[Type, Any]
Ar = Callable[[Box], Any] | Mapping[Box, Any]


class Functor:
    """A functor out of diagrams, in DisCoPy's protocol.

    `ob` says what a type becomes, a type or several; a type that it does not have stays. `ar` says what a box becomes,
    a diagram of the image type; None leaves the box, and its ports become what `ob` says. With `cod`, a category (`id`,
    `swap`, `copy`, `discard`; its arrows have `then` and `tensor`; or a DisCoPy `Category(ob, ar)`), the image is an
    arrow of it.

    The image of a box with a key keeps that key, so the weights inside have paths under the box's own name. Raises
    DiagramTypeError at the place of a box whose image has other wires.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> f, g = Box("f", (x,), (x,)), Box("g", (x,), (x,))
    >>> Functor(ar={f: g >> g})(f >> g @ Diagram.id(())) == g >> g >> g
    True
    """

    __slots__ = ("_bodies", "_forms", "_held", "_images", "_same", "ar", "cod", "ob")

    def __init__(self, ob: Ob | None = None, ar: Ar | None = None, cod: Any = None) -> None:
        self.ob = ob
        self.ar = ar
        self.cod = cod
        # by identity, each with what must stay alive for that: images of boxes, and of bodies
        self._images: dict[int, tuple[Box, Any]] = {}
        self._bodies: dict[int, tuple[Diagram, Any]] = {}
        self._forms = Forms(True)
        self._same: dict[int, Diagram] = {}
        self._held: list[Diagram] = []

    def __call__(self, what: Diagram | Box | Type | Types) -> Any:
        """The image of a diagram, of a box or of a type."""
        match what:
            case Diagram():
                return self._diagram(what)
            case Box():
                return self._diagram(Diagram.of(what))
            case tuple():
                return Ty(*(image for one in what for image in self.wires(one)))
            case _:
                return self.wires(what)

    def wires(self, wire: Type) -> Types:
        """What one wire becomes."""
        match self.ob:
            case None:
                return (wire,)
            case Mapping():
                return bundle(self.ob.get(wire, wire))
            case _:
                return bundle(self.ob(wire))

    def object(self, wire: Type) -> Any:
        """What one wire becomes in a category."""
        match self.ob:
            case None:
                return wire
            case Mapping():
                return self.ob[wire]
            case _:
                return self.ob(wire)

    def image(self, box: Box) -> Any:
        """What `ar` says about a box, asked once for each."""
        found = self._images.get(id(box))
        if found is None:
            match self.ar:
                case None:
                    image = None
                case Mapping():
                    image = self.ar.get(box)
                case _:
                    image = self.ar(box)
            if self.cod is None and image is not None:
                image = self._checked(box, image)
            found = self._images[id(box)] = (box, image)
        return found[1]

    def _checked(self, box: Box, image: Diagram | Box) -> Diagram:
        diagram = image if isinstance(image, Diagram) else Diagram.of(image)
        for side, own, other in (("takes", box.dom, diagram.dom), ("gives", box.cod, diagram.cod)):
            wanted = self(own)
            if len(wanted) != len(other) or not all(map(same_type, wanted, other)):
                notes = (f"the functor wants  {show(wanted)}", f"the image has      {show(other)}")
                raise DiagramTypeError(f"the image of `{box.name}` {side} other wires", box.span, notes)
        # images that are the same are one definition, also where `ar` makes them anew for each box
        self._held.append(diagram)
        return self._same.setdefault(self._forms.of(diagram), diagram)

    @pausing
    def _diagram(self, root: Diagram) -> Any:
        if self.cod is not None:
            return evaluate(self, root)
        # bodies inside first: a body is the root, or what is inside a box with a key
        for body in self._open_bodies(root):
            if id(body) not in self._bodies:
                self._bodies[id(body)] = (body, self._body(body))
        return self._bodies[id(root)][1]

    def _open_bodies(self, root: Diagram) -> list[Diagram]:
        known = self._bodies
        if id(root) in known:
            return []
        levels = definitions(root, lambda box: self.image(box) is None)
        keyed = {
            id(inside)
            for level in levels
            for node in level.flat.nodes
            if node.box.key is not None
            for inside in node.box.insides
        }
        return [level for level in levels if id(level) in keyed or level is root]

    def _body(self, body: Diagram) -> Diagram:
        """The image of a body: of its own level and of its combinators' levels, which share its keys."""
        levels = definitions(body, lambda box: box.key is None and self.image(box) is None)
        names = Names(())
        images: dict[int, Diagram] = {}
        if self.ar is not None:
            names.taken.update(key.lstrip("~") for key in body_keys(body))
        for level in levels:
            images[id(level)] = self._level(level, images, names)
        return images[id(body)]

    def _level(self, level: Diagram, images: Mapping[int, Diagram], names: Names) -> Diagram:
        flat = level.flat
        made = _Body(self, flat)
        for node in flat.nodes:
            box = node.box
            image = self.image(box)
            if image is None:
                made.put(self._kept(box, images), node)
            elif box.key is not None:
                made.put(_framed(box, image), node)
            elif image.name:
                made.put(image.frame(key=names.fresh(image.name, image.name), span=box.span), node)
            else:
                made.lay(image, node, names)
        if made.unchanged:
            return level
        return Diagram(made.flat(), level.name, level.origin)

    def _kept(self, box: Box, images: Mapping[int, Diagram]) -> Box:
        """A box that `ar` leaves: its ports and its insides become what they become."""
        dom, cod = (tuple(self(box.dom)), tuple(self(box.cod))) if self.ob is not None else (box.dom, box.cod)
        if not box.insides:
            insides: tuple[Diagram, ...] = ()
        elif box.key is None:
            insides = tuple(images[id(inside)] for inside in box.insides)
        else:
            insides = tuple(self._bodies[id(inside)][1] for inside in box.insides)
        if dom == box.dom and cod == box.cod and all(a is b for a, b in zip(insides, box.insides, strict=True)):
            return box
        if box.origin in ("weight", "state", "next") and (len(dom), len(cod)) != (len(box.dom), len(box.cod)):
            raise DiagramTypeError(f"a {box.origin} cannot become {len(dom) + len(cod)} wires: give a rule", box.span)
        # how many of the wires are captured, and how many are a state, is counted in wires
        params = box.params
        if box.insides and box.key is None and dom != box.dom:
            captures, state = box.param("captures", 0), box.param("state", 0)
            if isinstance(captures, int) and isinstance(state, int):
                counts = {
                    "captures": len(self(box.dom[:captures])),
                    "state": len(self(box.dom[captures : captures + state])),
                }
                params = tuple((name, counts.get(name, value)) for name, value in params)
        return Box(
            box.name,
            dom,
            cod,
            origin=box.origin,
            params=params,
            key=box.key,
            kinds=box.kinds,
            insides=insides,
            span=box.span,
        )


def _framed(box: Box, image: Diagram) -> Box:
    """The image of a box with a key: a frame that keeps its name and its key."""
    only = image.flat.nodes[0].box if len(image.flat.nodes) == 1 else None
    if only is not None and only.origin in ("weight", "state", "next"):
        node = image.flat.nodes[0]
        if (image.flat.inputs, image.flat.outputs) == (node.ins, node.outs):
            # what owns a weight stays the weight itself: a frame around it would lengthen its path
            return only.with_(key=box.key)
    dom, cod = tuple(image.dom), tuple(image.cod)
    return Box(
        box.name,
        dom,
        cod,
        origin=image.origin or box.origin,
        key=box.key,
        kinds=box.kinds,
        insides=(image,),
        span=box.span,
    )


class _Body:
    """The image of a level while it is made: a wire may become several, or none."""

    __slots__ = ("at", "functor", "inputs", "nodes", "source", "types", "unchanged")

    def __init__(self, functor: Functor, source: Flat) -> None:
        self.functor = functor
        self.source = source
        self.types: list[Type] = []
        self.nodes: list[Node] = []
        self.at: list[tuple[int, ...]] = [()] * len(source.types)
        self.unchanged = True
        for wire in source.inputs:
            self.at[wire] = self._wires(functor.wires(source.types[wire]))
            self.unchanged &= len(self.at[wire]) == 1 and self.types[-1] is source.types[wire]
        self.inputs = tuple(range(len(self.types)))

    def _wires(self, types: Types) -> tuple[int, ...]:
        first = len(self.types)
        self.types.extend(types)
        return tuple(range(first, len(self.types)))

    def _ins(self, node: Node) -> tuple[int, ...]:
        return tuple([wire for old in node.ins for wire in self.at[old]])

    def _outs(self, node: Node, outs: tuple[int, ...]) -> None:
        first = 0
        for wire in node.outs:
            count = len(self.functor.wires(self.source.types[wire])) if self.functor.ob is not None else 1
            self.at[wire] = outs[first : first + count]
            first += count

    def put(self, box: Box, node: Node) -> None:
        """The image is one box."""
        self.unchanged &= box is node.box
        outs = self._wires(box.cod)
        self.nodes.append(Node(box, self._ins(node), outs))
        self._outs(node, outs)

    def lay(self, image: Diagram, node: Node, names: Names) -> None:
        """The image is laid into the body, at the place of the box."""
        self.unchanged = False
        outs: list[int] = []
        names.bring(image)
        first = len(self.nodes)
        names.lay(image, list(self._ins(node)), self.types, self.nodes, outs)
        for at in range(first, len(self.nodes)):
            made = self.nodes[at]
            if made.box.span is None and node.box.span is not None:
                self.nodes[at] = Node(made.box.with_(span=node.box.span), made.ins, made.outs)
        self._outs(node, tuple(outs))

    def flat(self) -> Flat:
        """The flat form."""
        outputs = tuple([wire for old in self.source.outputs for wire in self.at[old]])
        return Flat(self.types, self.inputs, self.nodes, outputs)
