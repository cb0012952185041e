"""Graphs under construction: like diagrams, but with unknown types, boxes that are still mentions, and captures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagrammar.elaborate.values import Wire
from diagrammar.errors import BudgetError
from diagrammar.types import Type


class Draft:
    """A box still to be made: `make` is called once everything is known and gives the box."""

    __slots__ = ("ins", "outs", "what")

    def __init__(self, what: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        self.what = what
        self.ins = ins
        self.outs = outs


class Graph:
    """One body, or the inside of a frame in it.

    `level` counts the keyed boxes between the body of the declaration and this graph. A wire from a graph outside is
    captured: it becomes an input, before the others.
    """

    __slots__ = ("captured", "inputs", "level", "limit", "nodes", "outer", "types")

    def __init__(self, outer: Graph | None, level: int, limit: int = 0) -> None:
        self.outer = outer
        self.limit: int = limit if outer is None else outer.limit
        self.level = level
        self.types: list[Type] = []
        self.inputs: list[int] = []
        self.nodes: list[Draft] = []
        # outer wire -> wire here, in the order of first use
        self.captured: dict[int, int] = {}

    def wire(self, wire_type: Type) -> int:
        """A new wire."""
        self.types.append(wire_type)
        return len(self.types) - 1

    def input(self, wire_type: Type) -> Wire:
        """A new input."""
        number = self.wire(wire_type)
        self.inputs.append(number)
        return Wire(self, number)

    def bring(self, wire: Wire) -> int:
        """The number of a wire in this graph; captures it if it comes from outside."""
        if wire.graph is self:
            return wire.number
        path: list[Graph] = []
        graph: Graph | None = self
        while graph is not None and graph is not wire.graph:
            path.append(graph)
            graph = graph.outer
        if graph is None:
            raise LookupError("the wire belongs to another body")
        number = wire.number
        for inner in reversed(path):
            outer = inner.outer
            assert outer is not None
            if number not in inner.captured:
                inner.captured[number] = inner.wire(outer.types[number])
            number = inner.captured[number]
        return number

    def add(self, what: Any, ins: Sequence[Wire], cod: Sequence[Type]) -> tuple[Wire, ...]:
        """Puts a box still to be made on these wires."""
        numbers = tuple(map(self.bring, ins))
        outs = tuple(self.wire(each) for each in cod)
        self.nodes.append(Draft(what, numbers, outs))
        if len(self.nodes) > self.limit:
            raise BudgetError(f"a body of more than the budget of {self.limit} boxes", what.span)
        return tuple(Wire(self, out) for out in outs)

    def outer_wires(self) -> tuple[Wire, ...]:
        """The wires that this graph captures, in the graph outside."""
        assert self.outer is not None or not self.captured
        return tuple(Wire(self.outer, number) for number in self.captured) if self.outer else ()
