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
    return _Planner(flat, edges, levels(flat, edges)).plan()


def levels(flat: Flat, edges: Edges) -> list[int]:
    """The column of each box: as soon as its inputs are there; what floats, just before it is needed."""
    columns: list[int] = []
    for node in flat.nodes:
        makers = [edges.producer[wire] for wire in node.ins]
        columns.append(1 + max((columns[maker] for maker in makers if maker != END), default=0))
    last = 1 + max(columns, default=0)
    floats = floating(flat, edges)
    for number in reversed(range(len(flat.nodes))):
        if floats[number]:
            users = [edges.all[edge].node for wire in flat.nodes[number].outs for edge in edges.of_wire[wire]]
            columns[number] = min((last if user == END else columns[user] for user in users), default=2) - 1
    return columns


class _Planner:
    """A plan while it is made."""

    __slots__ = ("columns", "edges", "flat", "last", "level", "links", "places", "ports", "where")

    def __init__(self, flat: Flat, edges: Edges, level: Sequence[int]) -> None:
        self.flat = flat
        self.edges = edges
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
        order = ordered(self.flat, self.edges)
        for entry in order:
            if entry >= boxes:
                column = self.columns[self.level[entry - boxes]]
                self.where[entry - boxes] = len(column)
                column.append(Slot(entry - boxes))
            else:
                self._pass(entry)
        self._sources()
        for entry in order:
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
