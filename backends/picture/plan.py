"""The plan of a sheet: its boxes in columns, the wires that pass them, and what joins neighbouring columns.

It does not depend on which frames are open, so a page on which frames open and close needs one plan for each body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from diagrammar.backends.picture.order import END, Edges, floating, ordered
from diagrammar.diagram import Flat

# what stands in a slot if it is not a cell
PASS, IN, OUT = -1, -2, -3


@dataclass(frozen=True)
class Slot:
    """One place in a column: cell number `cell`, or a wire that passes (`PASS`), comes in (`IN`), goes out (`OUT`)."""

    cell: int
    wire: int = -1


@dataclass
class Link:
    """What joins two columns: from a port of a slot on the left to ports of slots on the right. Several targets are a
    copy, none is a discard."""

    slot: int
    port: int
    wire: int
    targets: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """`columns` from the inputs to the outputs, slots from top to bottom; `gaps[k]` joins column k to the next one."""

    columns: tuple[tuple[Slot, ...], ...]
    gaps: tuple[tuple[Link, ...], ...]


def plan(flat: Flat) -> Plan:
    """The plan of a body: linear in what is to be drawn, that is in the boxes and in the columns that wires pass."""
    edges = Edges(flat)
    order = ordered(flat, edges)
    return _Planner(flat, edges, order, levels(flat, edges, order)).plan()


def levels(flat: Flat, edges: Edges, order: Sequence[int]) -> list[int]:
    """The column of each box: as soon as its inputs are there; what floats, just before it is needed."""
    after = _split(flat, edges, order)
    columns = [0] * len(flat.nodes)
    stack = list(reversed(range(len(flat.nodes))))
    while stack:
        number = stack[-1]
        makers = [edges.producer[wire] for wire in flat.nodes[number].ins]
        if number in after:
            makers.append(after[number])
        waiting = [maker for maker in makers if maker != END and not columns[maker]]
        if columns[number] or not waiting:
            stack.pop()
            columns[number] = columns[number] or 1 + max((columns[m] for m in makers if m != END), default=0)
        stack += waiting
    last = 1 + max(columns, default=0)
    floats = floating(flat, edges)
    within: dict[int, list[int]] = {}
    for number, outer in after.items():
        within.setdefault(outer, []).append(number)
    for number in sorted(range(len(columns)), key=columns.__getitem__, reverse=True):
        users = [edges.all[edge].node for wire in flat.nodes[number].outs for edge in edges.of_wire[wire]]
        users += within.get(number, [])
        if floats[number] and users:
            columns[number] = min(last if user == END else columns[user] for user in users) - 1
    return columns


def _split(flat: Flat, edges: Edges, order: Sequence[int]) -> dict[int, int]:
    """The boxes that stand between two wires of another box, with that box: they must stand behind it."""
    boxes = len(edges.all)
    position = {entry: at for at, entry in enumerate(order)}
    found: dict[int, int] = {}
    around: list[tuple[int, int]] = []
    for at, entry in enumerate(order):
        while around and around[-1][0] < at:
            around.pop()
        if entry >= boxes:
            if around:
                found[entry - boxes] = around[-1][1]
            wires = flat.nodes[entry - boxes].outs
            end = max((position[edge] for wire in wires for edge in edges.of_wire[wire]), default=at)
            around.append((end, entry - boxes))
    return found


class _Planner:
    """A plan while it is made."""

    __slots__ = ("columns", "edges", "flat", "last", "level", "links", "order", "places", "ports", "where")

    def __init__(self, flat: Flat, edges: Edges, order: Sequence[int], level: Sequence[int]) -> None:
        self.flat = flat
        self.edges = edges
        self.order = order
        self.level = level
        self.last = 1 + max(level, default=0)
        self.columns: list[list[Slot]] = [[] for _ in range(self.last + 1)]
        # the slot of each box, and the port at which each wire starts
        self.where: list[int] = [0] * len(flat.nodes)
        self.ports = {wire: port for node in flat.nodes for port, wire in enumerate(node.outs)}
        self.ports.update((wire, port) for port, wire in enumerate(flat.inputs))
        self.places: list[list[int]] = [[] for _ in edges.all]
        self.links: list[dict[tuple[int, int], Link]] = [{} for _ in range(self.last)]

    def plan(self) -> Plan:
        """Slots in their order, then what joins them."""
        self.columns[0] = [Slot(IN, wire) for wire in self.flat.inputs]
        self.columns[self.last] = [Slot(OUT, wire) for wire in self.flat.outputs]
        boxes = len(self.edges.all)
        for entry in self.order:
            if entry >= boxes:
                column = self.columns[self.level[entry - boxes]]
                self.where[entry - boxes] = len(column)
                column.append(Slot(entry - boxes))
            else:
                self._pass(entry)
        self._sources()
        for entry in self.order:
            if entry < boxes:
                self._join(entry)
        return Plan(tuple(map(tuple, self.columns)), tuple(tuple(gap.values()) for gap in self.links))

    def _ends(self, edge: int) -> tuple[int, int]:
        use = self.edges.all[edge]
        producer = self.edges.producer[use.wire]
        start = 0 if producer == END else self.level[producer]
        return start, self.last if use.node == END else self.level[use.node]

    def _pass(self, edge: int) -> None:
        """The slots of a wire in the columns that it passes; neighbouring branches of one wire pass as one."""
        start, end = self._ends(edge)
        wire = self.edges.all[edge].wire
        for number in range(start + 1, end):
            column = self.columns[number]
            if not column or column[-1].cell != PASS or column[-1].wire != wire:
                column.append(Slot(PASS, wire))
            self.places[edge].append(len(column) - 1)

    def _sources(self) -> None:
        """Every port has its link, in the order of ports, also one that nothing is joined to."""
        for number, column in enumerate(self.columns[:-1]):
            for at, slot in enumerate(column):
                wires = self.flat.nodes[slot.cell].outs if slot.cell >= 0 else (slot.wire,)
                for port, wire in enumerate(wires):
                    self.links[number][at, port] = Link(at, port, wire)

    def _join(self, edge: int) -> None:
        use = self.edges.all[edge]
        start, end = self._ends(edge)
        producer = self.edges.producer[use.wire]
        port = self.ports[use.wire]
        here = (port, 0) if producer == END else (self.where[producer], port)
        ends = [(at, 0) for at in self.places[edge]]
        ends.append((use.port, 0) if use.node == END else (self.where[use.node], use.port))
        for number, there in zip(range(start, end), ends, strict=True):
            targets = self.links[number][here].targets
            if not targets or targets[-1] != there:
                targets.append(there)
            here = there
