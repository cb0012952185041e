"""Diagrams as terms: a store in which equal pure boxes on equal wires are one node.

Both sides of a law are laid into one store, so that equal keys are one instance and equal wires are one number. Frames
stay nodes with a body, or are laid open. Only pure diagrams are laid in: what is random or keeps a state is no term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from diagrammar.canonical import NONE, TOP, Instances, Label, Scope, label_of
from diagrammar.diagram import Box, Builder, Diagram, Flat, Node, definitions
from diagrammar.errors import BudgetError
from diagrammar.types import Type, Types

# the keys of the frames around a box, from the nearest one on
Around = tuple[str, Any] | None
# which frames stay nodes
Closed = Callable[[Box], bool]
HOLE = "proof:hole"


def is_pure(diagram: Diagram) -> bool:
    """Whether nothing in a diagram is random or keeps a state."""
    return not any(
        box.origin == "next" or "random" in box.kinds or "state" in box.kinds
        for level in definitions(diagram)
        for box in level.boxes
    )


class Term:
    """A box on wires of the store: `around` are the frames that it stands in, `key` the instance that it is, `bodies`
    what is inside it; `owns` says whether it, or something inside it, is an instance. Its outputs are the wires from
    `first` on.
    """

    __slots__ = ("around", "bodies", "box", "first", "ins", "key", "owns")

    def __init__(
        self, box: Box, ins: tuple[int, ...], around: Around, key: int, bodies: tuple[int, ...], first: int, owns: bool
    ) -> None:
        self.box = box
        self.ins = ins
        self.around = around
        self.key = key
        self.bodies = bodies
        self.first = first
        self.owns = owns


class Body:
    """A closed diagram inside a box: its inputs and its outputs, as wires of the store."""

    __slots__ = ("inputs", "outputs", "owns")

    def __init__(self, inputs: tuple[int, ...], outputs: tuple[int, ...], owns: bool) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.owns = owns


class Store:
    """Terms, each once. A wire is a number, greater than those that it needs.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> f = Box("f", (x,), (x,))
    >>> store = Store()
    >>> u = store.inputs((x,), "u")
    >>> store.load(Diagram.copy(x) >> f @ f, u)
    (1, 1)
    """

    def __init__(self, budget: int = 1_000_000) -> None:
        self.budget = budget
        self.instances = Instances()
        self.terms: list[Term] = []
        self.owner: list[Term] = []
        self.types: list[Type] = []
        self.bodies: list[Body] = []
        self._labels: dict[Label, int] = {}
        self._boxes: dict[int, tuple[int, Box]] = {}
        self._terms: dict[object, Term] = {}
        self._bodies: dict[object, int] = {}

    # ------------------------------------------------------------------------------------------------ making

    def inputs(self, types: Types, name: str) -> tuple[int, ...]:
        """The wires that a diagram of this name starts from."""
        params = (("of", name),)
        return tuple(
            self.add(Box("input", (), (wire,), origin="proof:input", params=(*params, ("at", at))), ())[0]
            for at, wire in enumerate(types)
        )

    def add(
        self,
        box: Box,
        ins: Sequence[int],
        around: Around = None,
        key: int = NONE,
        bodies: tuple[int, ...] = (),
    ) -> range:
        """The wires that a box makes of these wires."""
        known = self._boxes.get(id(box))
        if known is None:
            # a frame is what is inside it: weights have their paths there already
            what: Label = ("frame", box.dom, box.cod) if box.is_frame else label_of(box)
            # the box is kept, so that no other one has its identity
            known = self._boxes[id(box)] = (self._labels.setdefault(what, len(self._labels)), box)
        label = known[0]
        identity = (label, key, bodies, tuple(ins))
        term = self._terms.get(identity)
        if term is None:
            if len(self.terms) >= self.budget:
                raise BudgetError(f"more than {self.budget:,} terms")
            owns = key != NONE or any(self.bodies[body].owns for body in bodies)
            term = Term(box, tuple(ins), around, key, bodies, len(self.types), owns)
            self._terms[identity] = term
            self.terms.append(term)
            self.owner += [term] * len(box.cod)
            self.types += box.cod
        return range(term.first, term.first + len(box.cod))

    def again(self, term: Term, ins: Sequence[int]) -> range:
        """The same box on other wires."""
        return self.add(term.box, ins, term.around, term.key, term.bodies)

    def _body(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> int:
        number = self._bodies.setdefault((inputs, outputs), len(self.bodies))
        if number == len(self.bodies):
            owns = any(self.owner[wire].owns for wire in self.below(outputs))
            self.bodies.append(Body(inputs, outputs, owns))
        return number

    def load(self, diagram: Diagram, wires: Sequence[int], *, closed: Closed = lambda box: False) -> tuple[int, ...]:
        """The outputs of a diagram on wires of the store; `closed` says which frames stay nodes.

        Raises BudgetError past the store's budget.
        """
        levels = [_Level(diagram, wires, TOP, None, NONE, 0, None)]
        while True:
            level = levels[-1]
            entered = self._run(level, closed)
            if entered is not None:
                levels.append(entered)
                continue
            levels.pop()
            ends = tuple([level.at[w] for w in level.flat.outputs])
            if not levels:
                return ends
            self._leave(levels[-1], level, ends)

    def _run(self, level: _Level, closed: Closed) -> _Level | None:
        """Goes on to the next box that is entered."""
        if level.inner:
            # the next step of a box with several bodies
            assert level.waiting is not None
            return self._enter(level, level.waiting, closed)
        for node in level.rest:
            box = node.box
            if not box.insides:
                key = NONE if box.key is None else self.instances.resolve(box.key, level.scope, level.index)
                level.put(node, self.add(box, [level.at[w] for w in node.ins], level.around, key))
            else:
                return self._enter(level, node, closed)
        return None

    def _enter(self, level: _Level, node: Node, closed: Closed) -> _Level:
        box, step = node.box, len(level.inner)
        level.waiting = node
        inside = box.insides[step]
        ins = [level.at[w] for w in node.ins]
        scope, around, index, depth = level.scope, level.around, level.index, level.depth
        if box.is_frame:
            assert box.key is not None
            where = self.instances.resolve(box.key, scope, index)
            scope, around, index = (where, scope), (box.key, around), self.instances.index_of(where)
            if not closed(box):
                return _Level(inside, ins, scope, around, index, depth, None)
        elif box.is_mark:
            # what a mark computes is its inside
            return _Level(inside, ins, scope, around, index, depth, None)
        elif box.origin == "repeat":
            # which loop it is that counts is told by how deep it stands, as in canonical forms
            depth += 1
            index = self.instances.index(index, (depth, step if len(box.insides) > 1 else "each"))
        inputs = self.inputs(tuple(inside.dom), "inside")
        return _Level(inside, inputs, scope, around, index, depth, inputs)

    def _leave(self, outer: _Level, inner: _Level, ends: tuple[int, ...]) -> None:
        node = outer.waiting
        assert node is not None
        if inner.inputs is None:
            outer.put(node, ends)
            return
        outer.inner.append(self._body(inner.inputs, ends))
        if len(outer.inner) == len(node.box.insides):
            bodies, outer.inner = tuple(outer.inner), []
            key = NONE
            if node.box.key is not None and not node.box.is_frame:
                key = self.instances.resolve(node.box.key, outer.scope, outer.index)
            outer.put(node, self.add(node.box, [outer.at[w] for w in node.ins], outer.around, key, bodies))

    # ------------------------------------------------------------------------------------------------ reading

    def below(self, wires: Sequence[int], cut: Sequence[int] = ()) -> list[int]:
        """All wires that these need, themselves too, each after what it needs; `cut` are gone into no further."""
        seen = set(wires)
        stop = set(cut)
        stack = list(seen)
        while stack:
            wire = stack.pop()
            if wire not in stop:
                fresh = [w for w in self.owner[wire].ins if w not in seen]
                seen.update(fresh)
                stack += fresh
        return sorted(seen)

    def rebuilt(self, wires: Sequence[int], images: Mapping[int, int]) -> tuple[int, ...]:
        """The wires with others in place of some that they need."""
        at = dict(images)
        for wire in self.below(wires, tuple(images)):
            if wire not in at:
                term = self.owner[wire]
                ins = [at[w] for w in term.ins]
                outs = self.again(term, ins) if tuple(ins) != term.ins else range(term.first, wire + 1)
                at[wire] = outs[wire - term.first]
        return tuple([at[w] for w in wires])

    def diagram(
        self, outputs: Sequence[int], inputs: Sequence[int], hole: tuple[int, Sequence[int]] | None = None
    ) -> Diagram:
        """The diagram of these outputs from these wires on; every wire without a box has to be among them.

        `hole` is a wire, and those from which it is to be made: in its place stands a box without a meaning, `HOLE`.
        What owns something stands in frames of the paths that it has.
        """
        build = Builder([self.types[w] for w in inputs])
        at = dict(zip(inputs, build.inputs, strict=True))
        order = self.below(outputs, inputs if hole is None else (*inputs, hole[0]))
        if hole is not None:
            order = sorted({*order, *self.below(hole[1], inputs)})
        for wire in order:
            if wire in at:
                continue
            if hole is not None and wire == hole[0]:
                dom = tuple([self.types[w] for w in hole[1]])
                box = Box("hole", dom, (self.types[wire],), origin=HOLE)
                at[wire] = build.add(box, [at[w] for w in hole[1]])[0]
                continue
            term = self.owner[wire]
            outs = build.add(framed(term), [at[w] for w in term.ins])
            for made, out in enumerate(outs, term.first):
                # another output of it may be the hole, or one of the inputs
                if hole is None or made != hole[0]:
                    at.setdefault(made, out)
        return build.build(at[w] for w in outputs)


def framed(term: Term) -> Box:
    """The box of a term in the frames around it, if it owns something."""
    box, around = term.box, term.around
    if not term.owns:
        return box
    while around is not None:
        key, around = around
        box = Box(key.lstrip("~^/"), box.dom, box.cod, key=key, insides=(Diagram.of(box),), span=box.span)
    return box


class _Level:
    """A body while it is laid in; `inputs` are those of a body that becomes closed."""

    __slots__ = ("around", "at", "depth", "flat", "index", "inner", "inputs", "rest", "scope", "waiting")

    def __init__(
        self,
        diagram: Diagram,
        wires: Sequence[int],
        scope: Scope,
        around: Around,
        index: int,
        depth: int,
        inputs: tuple[int, ...] | None,
    ) -> None:
        self.flat: Flat = diagram.flat
        self.at: dict[int, int] = dict(zip(self.flat.inputs, wires, strict=True))
        self.rest: Iterator[Node] = iter(self.flat.nodes)
        self.scope = scope
        self.around = around
        self.index = index
        self.depth = depth
        self.inputs = inputs
        self.inner: list[int] = []
        self.waiting: Node | None = None

    def put(self, node: Node, wires: Sequence[int]) -> None:
        """The outputs of a box."""
        self.at.update(zip(node.outs, wires, strict=True))
