"""A body in which equal boxes on equal wires are one (hash-consing), with the wires of opened maps.

In a cartesian category a copy of what a pure box gives is what two such boxes give: f >> copy = copy >> (f @ f) (Fox,
1976). So boxes are merged as they are put, in linear time. Boxes that draw are put with `alone`.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.box import Value
from diagrammar.canonical import label_of
from diagrammar.diagram import Box, Diagram, Flat, Node, definitions
from diagrammar.forms import Forms
from diagrammar.schedule.axes import (
    ROWS,
    SAMPLES,
    STACKED,
    Axis,
    Level,
    join,
    lifted_box,
    rows_box,
    stacked_box,
    without,
)
from diagrammar.schedule.residuals import Residual
from diagrammar.schedule.reverse import leaving, narrowed
from diagrammar.types import Type


class Labels:
    """Numbers of boxes, equal for boxes that do the same on the same wires."""

    __slots__ = ("_boxes", "_forms", "_ids")

    def __init__(self) -> None:
        self._forms = Forms(full=False)
        # by identity, with the boxes, which have to stay alive for that
        self._boxes: dict[int, tuple[Box, int]] = {}
        self._ids: dict[object, int] = {}

    def of(self, box: Box) -> int:
        """The number of a box."""
        known = self._boxes.get(id(box))
        if known is None:
            # boxes that are made here are derived once, of boxes that are not
            derived = box.derived
            of: object = None
            if derived is not None and not box.insides:
                of = (derived.kind, derived.active, self._content(derived.of))
            what = (self._content(box), of)
            known = self._boxes[id(box)] = (box, self._ids.setdefault(what, len(self._ids)))
        return known[1]

    def _content(self, box: Box) -> object:
        return label_of(box), tuple(self._forms.of(inside) for inside in box.insides)


class Cons:
    """A body that is being made: `levels[w]` are the axes of wire w. `mixed`: a wire of samples may have one that
    stands for all."""

    __slots__ = ("_known", "_made", "inputs", "labels", "levels", "mixed", "nodes", "types")

    def __init__(self, labels: Labels, mixed: bool = False) -> None:
        self.labels = labels
        self.mixed = mixed
        self.types: list[Type] = []
        self.levels: list[Level] = []
        self.inputs: list[int] = []
        self.nodes: list[Node] = []
        self._made: dict[int, int] = {}
        self._known: dict[tuple[int, ...], int] = {}

    def wire(self, what: Type, level: Level) -> int:
        """A wire that no box makes."""
        self.types.append(what)
        self.levels.append(level)
        return len(self.types) - 1

    def given(self, what: Type, level: Level) -> int:
        """One more input."""
        wire = self.wire(what, level)
        self.inputs.append(wire)
        return wire

    def maker(self, wire: int) -> Node | None:
        """The box that makes a wire; None for an input."""
        at = self._made.get(wire)
        return None if at is None else self.nodes[at]

    def is_number(self, wire: int) -> bool:
        """Whether a wire is one number everywhere."""
        node = self.maker(wire)
        return node is not None and node.box.origin == "std:const" and not isinstance(node.box.param("value"), tuple)

    def is_zero(self, wire: int) -> bool:
        """Whether a wire is zero everywhere."""
        node = self.maker(wire)
        return node is not None and node.box.origin == "std:const" and node.box.param("value") == 0

    def put(self, box: Box, ins: Sequence[int], region: int, levels: Sequence[Level], alone: bool = False) -> Node:
        """The box on these wires, one that is there already if it can be; `levels` are those of its results."""
        key = (region, self.labels.of(box), *ins)
        at = None if alone else self._known.get(key)
        if at is None:
            outs = tuple(self.wire(what, level) for what, level in zip(box.cod, levels, strict=True))
            at = len(self.nodes)
            self.nodes.append(Node(box, tuple(ins), outs))
            self._made.update(dict.fromkeys(outs, at))
            if not alone:
                self._known[key] = at
        return self.nodes[at]

    def add(self, box: Box, ins: Sequence[int], region: int, alone: bool = False) -> tuple[int, ...]:
        """A box of samples: what has some of the axes is lifted to all."""
        level = join(*(self.levels[wire] for wire in ins))
        met = [self.lifted(wire, level) if self.levels[wire] else wire for wire in ins]
        return self.put(box, met, region, [level] * len(box.cod), alone).outs[: len(box.cod)]

    def forward(self, box: Box, ins: Sequence[int], told: Residual, level: Level, region: int) -> tuple[int, ...]:
        """The results of a box, and what it leaves for its cotangent."""
        node = self.put(box, ins, region, [level] * len(box.cod))
        if told.left and len(node.outs) == len(box.cod):
            at = self._made[node.outs[0]]
            left = tuple(self.wire(what, level) for what in told.left)
            self._made.update(dict.fromkeys(left, at))
            node = self.nodes[at] = Node(leaving(box, told), node.ins, (*node.outs, *left))
        return node.outs

    # ------------------------------------------------------------------------------------------------------- axes

    def lifted(self, wire: int, level: Level) -> int:
        """The wire with all these axes."""
        before = self.levels[wire]
        if before == level:
            return wire
        return self.put(lifted_box(self.types[wire], before, level), [wire], 0, [level]).outs[0]

    def full(self, wire: int) -> int:
        """The wire with as many samples as there are."""
        level = self.levels[wire]
        if not self.mixed or level != SAMPLES:
            return wire
        return self.put(lifted_box(self.types[wire], level, level), [wire], 0, [level]).outs[0]

    def rows(self, wire: int, row: Type, axis: Axis) -> int:
        """The rows of a wire as samples."""
        node = self.maker(wire)
        if node is not None and self._undoes(node, STACKED, axis, row):
            return node.ins[0]
        if node is not None and self.is_number(wire):
            return self.number(node.box.param("value"), row)
        level = self.levels[wire]
        wire = self.full(wire)
        return self.put(rows_box(self.types[wire], row, level, axis), [wire], 0, [join(level, (axis,))]).outs[0]

    def stacked(self, wire: int, stack: Type, axis: Axis) -> int:
        """Samples as the rows of a wire."""
        node = self.maker(wire)
        if node is not None and self._undoes(node, ROWS, axis, stack):
            return node.ins[0]
        if node is not None and self.is_number(wire):
            return self.number(node.box.param("value"), stack)
        wire = self.lifted(wire, join(self.levels[wire], (axis,)))
        level = without(self.levels[wire], axis)
        return self.put(stacked_box(self.types[wire], stack, level, axis), [wire], 0, [level]).outs[0]

    def _undoes(self, node: Node, origin: str, axis: Axis, what: Type) -> bool:
        """Whether what this box takes is what is asked of its result."""
        return node.box.origin == origin and node.box.param("axis") == axis and self.types[node.ins[0]] == what

    def number(self, value: Value, what: Type) -> int:
        """A wire that is one number everywhere."""
        box = Box("const", (), (what,), origin="std:const", params=(("value", value),))
        return self.put(box, (), 0, [()]).outs[0]

    # ---------------------------------------------------------------------------------------------------- the end

    def body(self, inputs: Sequence[int], outputs: Sequence[int]) -> Diagram:
        """The diagram of what the outputs need, and of what sets a state."""
        ends = [wire for node in self.nodes if node.box.insides and self._sets(node.box) for wire in node.outs]
        return Diagram(Flat(self.types, tuple(inputs), narrowed(self.nodes, [*outputs, *ends]), tuple(outputs)))

    @staticmethod
    def _sets(box: Box) -> bool:
        """Whether a frame that is called by its path sets a state."""
        if box.param("path") is None:
            return False
        return any(inner.origin == "next" for level in definitions(box.insides[0]) for inner in level.boxes)
