"""Canonical forms of diagrams: their nodes numbered depth-first, backwards from the ordered outputs.

Every wire has one producer and ports are ordered, so this numbering is rigid: two diagrams are equal as Markov diagrams
exactly when their streams of numbers are. What owns weights is numbered as it is first met, so the form does not know
its names. Named frames are laid open; the insides of combinators follow as further levels. Nothing here recurses, and
all is linear in the boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from diagrammar.diagram import Box, Diagram, Flat, Node

Stream = tuple[int, ...]
Label = tuple[object, ...]

# one number for "no key", and those of the two places where paths can start
NONE, ROOT, FILE = -1, 0, 1


class Level:
    """One body with its frames laid open: nodes by number, wires by number (inputs first)."""

    __slots__ = (
        "children", "depth", "dom", "effects", "first", "impure", "inputs", "ins", "keys", "labels", "outputs", "outs",
        "wires",
    )  # fmt: skip

    def __init__(self, dom: int, inputs: int) -> None:
        self.dom = dom
        self.depth = 0
        self.inputs = inputs
        self.wires = inputs
        self.labels: list[int] = []
        self.keys: list[int] = []
        self.ins: list[tuple[int, ...]] = []
        self.outs: list[int] = []
        self.first: list[int] = []
        self.children: dict[int, tuple[Level, ...]] = {}
        self.effects: list[int] = []
        self.impure: set[int] = set()
        self.outputs: tuple[int, ...] = ()

    def add(self, label: int, key: int, ins: tuple[int, ...], outs: int) -> int:
        """One more node; gives its first wire."""
        first = self.wires
        self.labels.append(label)
        self.keys.append(key)
        self.ins.append(ins)
        self.outs.append(outs)
        self.first.append(first)
        self.wires = first + outs
        return first

    def owners(self) -> list[int]:
        """The node that produces each wire; -1 for an input."""
        owner = [-1] * self.inputs
        for node, outs in enumerate(self.outs):
            owner += (node,) if outs == 1 else (node,) * outs
        return owner

    def reach(
        self, owner: list[int], seen: bytearray, order: list[int], stack: list[tuple[int, Iterator[int]]]
    ) -> None:
        """Numbers the nodes that those on the stack need, depth-first; what is needed comes first."""
        ins = self.ins
        while stack:
            node, rest = stack[-1]
            for wire in rest:
                above = owner[wire]
                if above >= 0 and not seen[above]:
                    seen[above] = 1
                    if ins[above]:
                        stack.append((above, iter(ins[above])))
                        break
                    order.append(above)
            else:
                stack.pop()
                if node >= 0:
                    order.append(node)


# the path of the keyed box that one is in, and the scope of the keyed box around that
Scope = tuple[int, Any]
TOP: Scope = (0, None)


class Instances:
    """The paths of what owns weights, interned: a path is a number, and the number of the path that it extends.

    A name in a path stands with the indices of all `repeat`s that count it, interned too: `layer` in a loop is one
    instance for each step, a share there is one for all.
    """

    __slots__ = ("_ids", "_index_ids", "free", "indices", "names", "parents")

    def __init__(self) -> None:
        self._ids: dict[tuple[int, str, int], int] = {}
        self._index_ids: dict[tuple[int, object], int] = {}
        self.parents = [NONE, FILE]
        self.names: list[tuple[str, int]] = [("", NONE), ("/", NONE)]
        self.free = [False, True]
        # an index is the one outside it and a step
        self.indices: list[tuple[int, object]] = []

    def child(self, parent: int, name: str, index: int) -> int:
        """The path one name longer."""
        found = self._ids.get((parent, name, index))
        if found is None:
            found = self._ids[parent, name, index] = self._new(parent, name, index, self.free[parent])
        return found

    def _new(self, parent: int, name: str, index: int, free: bool) -> int:
        self.parents.append(parent)
        self.names.append((name, index))
        self.free.append(free)
        return len(self.parents) - 1

    def beyond(self, path: int) -> int:
        """Where a path starts that leads out of the diagram: one keyed box further out than this."""
        above = self.parents[path]
        if above == NONE:
            above = self.parents[path] = self._new(NONE, self.names[path][0] + "^", NONE, True)
        return above

    def index(self, outer: int, step: object) -> int:
        """One more index of `repeat` after those outside it."""
        found = self._index_ids.get((outer, step))
        if found is None:
            found = self._index_ids[outer, step] = len(self.indices)
            self.indices.append((outer, step))
        return found

    def index_of(self, path: int) -> int:
        """The indices that count an instance."""
        return self.names[path][1]

    def path(self, instance: int) -> list[int]:
        """A path from where it starts: the instance itself comes last."""
        result = [instance]
        while instance != FILE and self.parents[instance] != NONE and self.names[instance][0].strip("^"):
            instance = self.parents[instance]
            result.append(instance)
        return result[::-1]

    def dotted(self, instance: int) -> str:
        """A path as a `state_dict` has it: `layer.0.W`."""
        parts: list[str] = []
        start, *rest = self.path(instance)
        counted = self.index_of(start)
        for one in rest:
            name, index = self.names[one]
            steps: list[str] = []
            own = index
            while index not in (counted, NONE):
                index, step = self.indices[index]
                steps.append(str(step))
            parts += (name, *reversed(steps))
            counted = own
        return ".".join(parts)

    def resolve(self, key: str, scope: Scope, index: int) -> int:
        """The path that a key means inside a keyed box, under these indices of `repeat`."""
        match key[0]:
            case "~":
                return self.child(scope[0], key[1:], self.index_of(scope[0]))
            case "/":
                return self.child(FILE, key[1:], NONE)
            case "^":
                name = key.lstrip("^")
                for _ in range(len(key) - len(name)):
                    scope = scope[1] or (self.beyond(scope[0]), None)
                return self.child(scope[0], name, self.index_of(scope[0]))
            case _:
                return self.child(scope[0], key, index)


_Entry = tuple[Flat, Iterator[Node], list[int], Scope, int]


class Expansion:
    """A diagram with its named frames laid open, level by level; a level comes before those inside it.

    `exact` keeps the names of all that owns weights, also of what is bound inside; `marks` keeps those of the text as
    boxes with a level inside.
    """

    __slots__ = ("_boxes", "_ids", "_marks", "instances", "labels", "levels")

    def __init__(self, diagram: Diagram, exact: bool = False, marks: bool = True) -> None:
        self._marks = marks
        self.instances = Instances()
        # what starts at a free path is free
        self.instances.free[ROOT] = exact
        self.labels: list[Label] = []
        self._ids: dict[Label, int] = {}
        self._boxes: dict[int, int] = {}
        self.levels: list[Level] = []
        jobs: list[tuple[Level, Diagram, Scope, int]] = [(self._level(diagram), diagram, TOP, NONE)]
        for level, inside, scope, index in jobs:
            self._fill(level, inside.flat, scope, index, jobs)
        for level in reversed(self.levels):
            _mark(level)

    def label(self, label: Label) -> int:
        """The number of a label."""
        found = self._ids.get(label)
        if found is None:
            found = self._ids[label] = len(self.labels)
            self.labels.append(label)
        return found

    def _level(self, diagram: Diagram) -> Level:
        dom = tuple(diagram.dom)
        level = Level(self.label(dom), len(dom))
        self.levels.append(level)
        return level

    def _fill(
        self, level: Level, flat: Flat, scope: Scope, index: int, jobs: list[tuple[Level, Diagram, Scope, int]]
    ) -> None:
        at = [0] * len(flat.types)
        for number, wire in enumerate(flat.inputs):
            at[wire] = number
        stack: list[_Entry] = [(flat, iter(flat.nodes), at, scope, index)]
        calls: list[tuple[list[int], tuple[int, ...]]] = []
        boxes = self._boxes
        while True:
            flat, rest, at, scope, index = stack[-1]
            for node in rest:
                box = node.box
                ins = tuple([at[w] for w in node.ins])
                if (box.key is not None or not self._marks) and (box.is_frame or box.is_mark):
                    inner = box.insides[0].flat
                    inner_at = [0] * len(inner.types)
                    for wire, outer in zip(inner.inputs, ins, strict=True):
                        inner_at[wire] = outer
                    calls.append((at, node.outs))
                    if box.key is None:
                        stack.append((inner, iter(inner.nodes), inner_at, scope, index))
                        break
                    entered = (self.instances.resolve(box.key, scope, index), scope)
                    stack.append((inner, iter(inner.nodes), inner_at, entered, self.instances.index_of(entered[0])))
                    break
                label = boxes.get(id(box))
                if label is None:
                    label = boxes[id(box)] = self.label(label_of(box))
                key = NONE if box.key is None else self.instances.resolve(box.key, scope, index)
                first = level.add(label, key, ins, len(node.outs))
                for wire in node.outs:
                    at[wire] = first
                    first += 1
                if box.insides:
                    self._open(level, box, scope, index, jobs)
                elif box.kinds or box.origin == "next":
                    _note(level, box)
            else:
                stack.pop()
                ends = tuple([at[w] for w in flat.outputs])
                if not stack:
                    level.outputs = ends
                    return
                outer_at, outs = calls.pop()
                for wire, end in zip(outs, ends, strict=True):
                    outer_at[wire] = end

    def _open(
        self, level: Level, box: Box, scope: Scope, index: int, jobs: list[tuple[Level, Diagram, Scope, int]]
    ) -> None:
        made = []
        for step, inside in enumerate(box.insides):
            child = self._level(inside)
            inner, child.depth = index, level.depth
            if box.origin in ("repeat", "unwind"):
                # which loop it is that counts is told by how deep it stands
                child.depth += 1
                inner = self.instances.index(index, (child.depth, _step(box, step)))
            jobs.append((child, inside, scope, inner))
            made.append(child)
        level.children[len(level.labels) - 1] = tuple(made)


def _step(box: Box, number: int) -> object:
    """Which step an inside of a loop is; one inside is each of them, but where the loop says which it stands for."""
    first = box.param("first")
    steps = len(box.insides) // (2 if box.origin == "unwind" else 1)
    return first if first is not None else number % steps if steps > 1 else "each"


def _note(level: Level, box: Box) -> None:
    node = len(level.labels) - 1
    if box.origin == "next":
        level.effects.append(node)
    if box.origin == "next" or "random" in box.kinds or "state" in box.kinds:
        level.impure.add(node)


def _mark(level: Level) -> None:
    """A combinator does what is inside it; its levels are marked already."""
    for node, children in level.children.items():
        if any(child.impure for child in children):
            level.impure.add(node)
        if any(child.effects for child in children):
            level.effects.append(node)
    level.effects.sort()


def label_of(box: Box, full: bool = False) -> Label:
    """What makes two boxes the same one, apart from their keys, their insides and their places in the text."""
    origin = box.origin
    if not full:
        name = "" if origin else box.name
        return (origin, name, len(box.insides), box.kinds, box.dom, box.cod, frozen(box.params))
    if box.key is not None and box.insides:
        # a frame is told by its key and its inside: its file and its static arguments do not survive printing
        return ("", box.kinds, box.dom, box.cod)
    file, mark, own = origin.rpartition(":")
    standard = not mark or file == "std"
    return (origin if standard else own, box.name, box.kinds, box.dom, box.cod, frozen(box.params))


def frozen(value: object) -> object:
    """A static value for comparison: `true` is not 1, -0.0 is not 0, nan is itself; a float is the decimal that it is
    written as, so that it is what it is read back to.
    """
    kind = type(value)
    if kind is tuple:
        return tuple([frozen(part) for part in value])  # type: ignore[attr-defined]  # a tuple, by its kind
    if kind is bool:
        return ("bool", value)
    if kind is float:
        text = repr(value)
        return ("float", text) if text in ("-0.0", "nan", "inf", "-inf") else Fraction(text)
    return value
