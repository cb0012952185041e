"""Diagrams evaluated outside themselves: as arrows of a category, and by a Python function for each box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from diagrammar.canonical import NONE, TOP, Instances, Scope
from diagrammar.diagram import Box, Diagram, Flat, Node, definitions
from diagrammar.errors import BackendError
from diagrammar.types import Type


class Rule(Protocol):
    """What a functor into a category says: objects, arrows of boxes, and the category."""

    cod: Any

    def image(self, box: Box) -> Any:
        """The arrow of a box, or None."""

    def object(self, wire: Type) -> Any:
        """The object of a wire."""


def evaluate(rule: Rule, root: Diagram) -> Any:
    """The arrow that a diagram becomes: each definition once, frames by what is inside them.

    Raises BackendError at the place of a box that has no image and no inside to take one from.
    """
    arrows: dict[int, Any] = {}
    for level in definitions(root, lambda box: rule.image(box) is None):
        arrows[id(level)] = _Scan(rule, level.flat).arrow(arrows)
    return arrows[id(root)]


class _Scan:
    """A composite arrow while it is made: which wire stands at which place of its codomain."""

    __slots__ = ("flat", "made", "places", "rule", "uses")

    def __init__(self, rule: Rule, flat: Flat) -> None:
        self.rule = rule
        self.flat = flat
        self.places: list[int] = []
        self.made: Any = None
        self.uses = [0] * len(flat.types)
        for node in flat.nodes:
            for wire in node.ins:
                self.uses[wire] += 1
        for wire in flat.outputs:
            self.uses[wire] += 1

    def arrow(self, arrows: dict[int, Any]) -> Any:
        """The whole arrow."""
        self.places = list(self.flat.inputs)
        self.made = self._identity(self.places)
        self._copy(self.flat.inputs)
        for node in self.flat.nodes:
            self._gather(node.ins)
            self._at_end(self._meaning(node.box, arrows), len(node.ins), node.outs)
            self._copy(node.outs)
        self._gather(self.flat.outputs)
        return self.made

    def _meaning(self, box: Box, arrows: dict[int, Any]) -> Any:
        image = self.rule.image(box)
        if image is not None:
            return image
        if box.key is not None and len(box.insides) == 1:
            return arrows[id(box.insides[0])]
        raise BackendError(f"the functor has no image of `{box.name}`", box.span)

    def _identity(self, wires: Sequence[int]) -> Any:
        result = self.rule.cod.id()
        for wire in wires:
            result = result.tensor(self.rule.cod.id(self._object(wire)))
        return result

    def _object(self, wire: int) -> Any:
        return self.rule.object(self.flat.types[wire])

    def _then(self, before: int, arrow: Any, after: int) -> None:
        left, right = self.places[:before], self.places[len(self.places) - after :]
        whole = self._identity(left).tensor(arrow) if left else arrow
        self.made = self.made.then(whole.tensor(self._identity(right)) if right else whole)

    def _at_end(self, arrow: Any, count: int, outs: Sequence[int]) -> None:
        before = len(self.places) - count
        self._then(before, arrow, 0)
        self.places[before:] = outs

    def _copy(self, wires: Sequence[int]) -> None:
        """A wire used several times is copied where it starts, one used never is discarded there."""
        for wire in wires:
            count = self.uses[wire]
            if count != 1:
                at = self.places.index(wire)
                thing = self._object(wire)
                arrow = self.rule.cod.copy(thing, count) if count else self.rule.cod.discard(thing)
                self._then(at, arrow, len(self.places) - at - 1)
                self.places[at : at + 1] = [wire] * count

    def _gather(self, wires: Sequence[int]) -> None:
        """Brings wires to the end, in their order, by swaps of neighbours."""
        last = len(self.places)
        for wire in wires:
            at = self.places.index(wire)
            while at < last - 1:
                here, there = self.places[at], self.places[at + 1]
                if here != there:
                    swap = self.rule.cod.swap(self._object(here), self._object(there))
                    self._then(at, swap, last - at - 2)
                    self.places[at], self.places[at + 1] = there, here
                at += 1


class Place:
    """Where a box stands while a diagram is run: the path of what it owns, and how to run what is inside it."""

    __slots__ = ("_index", "_run", "_scope", "box")

    def __init__(self, box: Box, run: _Run, scope: Scope, index: int) -> None:
        self.box = box
        self._run = run
        self._scope = scope
        self._index = index

    def path(self) -> str:
        """The path of the box: `layer.0.W`."""
        where = self._run.instances.resolve(self.box.key or "", self._scope, self._index)
        return self._run.instances.dotted(where)

    def run(self, args: Sequence[Any], step: int = 0) -> tuple[Any, ...]:
        """Runs a diagram inside on these values."""
        return self._run.diagram(self.box.insides[step], args, self._scope, self._index)


Meaning = Callable[[Box, tuple[Any, ...], Place], Sequence[Any]]


def interpret(diagram: Diagram, meaning: Meaning, inputs: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Runs a diagram on values: `meaning(box, args, place)` gives the values of a box's outputs.

    Named frames and `repeat` are entered; any other box is the meaning's own, which may call `place.run` for what is
    inside.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> double = Diagram.copy(x) >> Box("add", (x, x), (x,))
    >>> interpret(double >> double, lambda box, args, place: [sum(args)], [3])
    (12,)
    """
    return _Run(meaning).diagram(diagram, inputs, TOP, NONE)


class _Run:
    """One run: values in slots, and a stack of the bodies that are entered."""

    __slots__ = ("instances", "meaning")

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.instances = Instances()

    def diagram(self, diagram: Diagram, inputs: Sequence[Any], scope: Scope, index: int) -> tuple[Any, ...]:
        """Runs a diagram whose keys start at a path."""
        stack = [_Frame(diagram.flat, inputs, scope, index)]
        while True:
            frame = stack[-1]
            for node in frame.rest:
                args = tuple([frame.slots[w] for w in node.ins])
                box = node.box
                if box.key is not None and len(box.insides) == 1:
                    where = self.instances.resolve(box.key, frame.scope, frame.index)
                    frame.waiting = node
                    stack.append(
                        _Frame(box.insides[0].flat, args, (where, frame.scope), self.instances.index_of(where))
                    )
                    break
                if box.origin == "repeat":
                    frame.waiting, frame.step, frame.state = node, 0, args
                    break
                frame.put(node, self.meaning(box, args, Place(box, self, frame.scope, frame.index)))
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
                index = self.instances.index(frame.index, frame.step)
                frame.step += 1
                stack.append(_Frame(inside.flat, frame.state, frame.scope, index))
                return
        values = frame.state[frame.captures() :]
        frame.waiting, frame.state = None, ()
        frame.put(node, values)


class _Frame:
    """A body that is being run."""

    __slots__ = ("flat", "index", "rest", "scope", "slots", "state", "step", "waiting")

    def __init__(self, flat: Flat, inputs: Sequence[Any], scope: Scope, index: int) -> None:
        self.flat = flat
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
        """How many values go to each step as they are."""
        box = self.waiting.box if self.waiting else None
        count = box.param("captures", 0) if box is not None and box.key is None else 0
        assert isinstance(count, int)
        return count

    def put(self, node: Node, values: Sequence[Any]) -> None:
        """The outputs of a box."""
        for wire, value in zip(node.outs, values, strict=True):
            self.slots[wire] = value
