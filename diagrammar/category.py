"""Diagrams evaluated outside themselves: as arrows of a category, and by a Python function for each box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from diagrammar.canonical import NONE, TOP, Instances, Scope
from diagrammar.diagram import Box, Diagram, Flat, Node, definitions
from diagrammar.errors import BackendError
from diagrammar.planar import Plane
from diagrammar.types import Type, Types


class Rule(Protocol):
    """What a functor into a category says: objects, arrows of boxes, and the category."""

    cod: Any

    def image(self, box: Box) -> Any:
        """The arrow of a box, or None."""

    def object(self, wire: Type) -> Any:
        """The object of a wire."""


def evaluate(rule: Rule, root: Diagram) -> Any:
    """The arrow that a diagram becomes: each definition once, frames and marks by what is inside them.

    The category is an object with `id`, `swap`, `copy` and `discard`, or one of DisCoPy's, `Category(ob, ar)`: then an
    image that is no arrow of it is made one by `ar(image, dom, cod)`, as DisCoPy's own functors do.

    Raises BackendError at the place of a box that has no image and no inside to take one from.
    """
    target = _Target(rule)
    arrows: dict[int, Any] = {}
    for level in definitions(root, lambda box: rule.image(box) is None):
        arrows[id(level)] = _arrow(target, level.flat, arrows)
    return arrows[id(root)]


class _Target:
    """A category, whichever of the two ways it is given in: objects are values with their own sum, or wires."""

    __slots__ = ("arrows", "discopy", "empty", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.arrows = getattr(rule.cod, "ar", rule.cod)
        self.discopy = self.arrows is not rule.cod
        self.empty = rule.cod.ob() if self.discopy else None

    def object(self, wire: Type) -> Any:
        """The object of a wire; `int` stands for `(int,)` where objects are tuples."""
        thing = self.rule.object(wire)
        if not self.discopy or isinstance(thing, type(self.empty)):
            return thing
        return (thing,) if isinstance(self.empty, tuple) else self.rule.cod.ob(thing)

    def objects(self, wires: Types) -> Any:
        """The object of several wires."""
        total = self.empty
        for wire in wires:
            total = total + self.object(wire)
        return total

    def identity(self, wires: Types) -> Any:
        """The wires themselves."""
        if self.discopy:
            return self.arrows.id(self.objects(wires))
        each = [self.arrows.id(self.object(wire)) for wire in wires]
        return _folded(each, "tensor") if each else self.arrows.id()

    def copy(self, wire: Type, count: int) -> Any:
        """A wire, so many times."""
        thing = self.object(wire)
        return self.arrows.copy(thing, count) if count or self.discopy else self.arrows.discard(thing)

    def swap(self, left: Type, right: Type) -> Any:
        """Two wires, crossed."""
        return self.arrows.swap(self.object(left), self.object(right))

    def box(self, box: Box, arrows: dict[int, Any]) -> Any:
        """The arrow of a box."""
        image = self.rule.image(box)
        if image is None and (box.is_frame or box.is_mark):
            return arrows[id(box.insides[0])]
        if image is None:
            raise BackendError(f"the functor has no image of `{box.name}`", box.span)
        if self.discopy and not isinstance(image, self.arrows):
            return self.arrows(image, self.objects(box.dom), self.objects(box.cod))
        return image


def _arrow(target: _Target, flat: Flat, arrows: dict[int, Any]) -> Any:
    """The arrow of one level: its steps in the plane, one after the other."""
    plane = Plane(flat)
    layers = []
    for step in plane.steps():
        places = [flat.types[wire] for wire in plane.places]
        left, right = places[: step.at], places[step.at + step.taken :]
        if step.node is not None:
            layer = target.box(step.node.box, arrows)
        elif step.kind == "copy":
            layer = target.copy(places[step.at], len(step.given))
        else:
            layer = target.swap(*places[step.at : step.at + 2])
        if left:
            layer = target.identity(tuple(left)).tensor(layer)
        layers.append(layer.tensor(target.identity(tuple(right))) if right else layer)
    return _folded(layers, "then") if layers else target.identity(tuple(flat.types[wire] for wire in flat.inputs))


def _folded(arrows: list[Any], operator: str) -> Any:
    """All of them composed, in halves: a composite of functions is then as deep as the logarithm of their number."""
    while len(arrows) > 1:
        pairs = [getattr(a, operator)(b) for a, b in zip(arrows[::2], arrows[1::2], strict=False)]
        arrows = pairs + arrows[len(pairs) * 2 :]
    return arrows[0]


class Marked:
    """An occurrence of a mark in a run: its `kind`, "store" or "recompute", and the one around it."""

    __slots__ = ("kind", "outer")

    def __init__(self, kind: str, outer: Marked | None) -> None:
        self.kind = kind
        self.outer = outer


class Place:
    """Where a box stands while a diagram is run: the path of what it owns, and how to run what is inside it. `mark` is
    the innermost `store` or `recompute` around it."""

    __slots__ = ("_index", "_run", "_scope", "box", "mark")

    def __init__(self, box: Box, run: _Run, scope: Scope, index: int, mark: Marked | None) -> None:
        self.box = box
        self.mark = mark
        self._run = run
        self._scope = scope
        self._index = index

    def path(self, inner: str = "") -> str:
        """The path of the box, `layer.0.W`; with a name, of what has that key inside of it."""
        instances = self._run.instances
        where = instances.resolve(self.box.key or "", self._scope, self._index)
        if inner:
            where = instances.child(where, inner, instances.index_of(where))
        return instances.dotted(where)

    def around(self) -> str:
        """The path of the keyed box that it stands in; "" at the root."""
        return self._run.instances.dotted(self._scope[0])

    def run(self, args: Sequence[Any], step: int = 0) -> tuple[Any, ...]:
        """Runs a diagram inside on these values."""
        return self._run.diagram(self.box.insides[step], args, self._scope, self._index)


Meaning = Callable[[Box, tuple[Any, ...], Place], Sequence[Any]]


def interpret(
    diagram: Diagram,
    meaning: Meaning,
    inputs: Sequence[Any] = (),
    enter: Callable[[Box], bool] = lambda box: True,
) -> tuple[Any, ...]:
    """Runs a diagram on values: `meaning(box, args, place)` gives the values of a box's outputs.

    Named frames, marks and `repeat` are entered, named frames only where `enter` says so; any other box is the
    meaning's own, which may call `place.run` for what is inside.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> double = Diagram.copy(x) >> Box("add", (x, x), (x,))
    >>> interpret(double >> double, lambda box, args, place: [sum(args)], [3])
    (12,)
    """
    return _Run(meaning, enter).diagram(diagram, inputs, TOP, NONE)


class _Run:
    """One run: values in slots, and a stack of the bodies that are entered."""

    __slots__ = ("enter", "instances", "meaning")

    def __init__(self, meaning: Meaning, enter: Callable[[Box], bool]) -> None:
        self.meaning = meaning
        self.enter = enter
        self.instances = Instances()

    def diagram(self, diagram: Diagram, inputs: Sequence[Any], scope: Scope, index: int) -> tuple[Any, ...]:
        """Runs a diagram whose keys start at a path."""
        stack = [_Frame(diagram.flat, inputs, scope, index)]
        while True:
            frame = stack[-1]
            for node in frame.rest:
                args = tuple([frame.slots[w] for w in node.ins])
                box = node.box
                if box.key is not None and len(box.insides) == 1 and self.enter(box):
                    where = self.instances.resolve(box.key, frame.scope, frame.index)
                    frame.waiting = node
                    scope = (where, frame.scope)
                    index = self.instances.index_of(where)
                    stack.append(_Frame(box.insides[0].flat, args, scope, index, frame.mark))
                    break
                if box.is_mark:
                    frame.waiting = node
                    mark = Marked(box.origin, frame.mark)
                    stack.append(_Frame(box.insides[0].flat, args, frame.scope, frame.index, mark))
                    break
                if box.origin == "repeat":
                    frame.waiting, frame.step, frame.state = node, 0, args
                    break
                frame.put(node, self.meaning(box, args, Place(box, self, frame.scope, frame.index, frame.mark)))
            else:
                values = tuple([frame.slots[w] for w in frame.flat.outputs])
                stack.pop()
                if not stack:
                    return values
                frame = stack[-1]
                frame.state = frame.state[: frame.captures()] + values
            self._advance(frame, stack)

    def _advance(self, frame: _Frame, stack: list[_Frame]) -> None:
        """The next step of a `repeat`, or the end of what was waited for."""
        node = frame.waiting
        if node is None or stack[-1] is not frame:
            return
        box = node.box
        if box.origin == "repeat" and box.key is None:
            count = box.param("count", len(box.insides))
            assert isinstance(count, int)
            if frame.step < count:
                inside = box.insides[frame.step if len(box.insides) > 1 else 0]
                first = box.param("first", 0)
                assert isinstance(first, int)
                index = self.instances.index(frame.index, first + frame.step)
                frame.step += 1
                stack.append(_Frame(inside.flat, frame.state, frame.scope, index, frame.mark))
                return
        values = frame.state[frame.captures() :]
        frame.waiting, frame.state = None, ()
        frame.put(node, values)


class _Frame:
    """A body that is being run."""

    __slots__ = ("flat", "index", "mark", "rest", "scope", "slots", "state", "step", "waiting")

    def __init__(
        self, flat: Flat, inputs: Sequence[Any], scope: Scope, index: int, mark: Marked | None = None
    ) -> None:  # fmt: skip
        self.flat = flat
        self.mark = mark
        self.slots: list[Any] = [None] * len(flat.types)
        for wire, value in zip(flat.inputs, inputs, strict=True):
            self.slots[wire] = value
        self.rest: Iterator[Node] = iter(flat.nodes)
        self.scope = scope
        self.index = index
        self.waiting: Node | None = None
        self.step = 0
        self.state: tuple[Any, ...] = ()

    def captures(self) -> int:
        """How many values go to each step of a `repeat` as they are."""
        box = self.waiting.box if self.waiting else None
        count = box.param("captures", 0) if box is not None and box.key is None and box.origin == "repeat" else 0
        assert isinstance(count, int)
        return count

    def put(self, node: Node, values: Sequence[Any]) -> None:
        """The outputs of a box."""
        for wire, value in zip(node.outs, values, strict=True):
            self.slots[wire] = value
