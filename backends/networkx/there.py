"""A diagram as one graph: boxes are nodes, wires are edges, and frames stand open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx

from diagrammar.backends.networkx.attributes import attributes, to_json, to_text
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BudgetError
from diagrammar.pause import pausing
from diagrammar.typename import types_name
from diagrammar.types import Types


@pausing
def to_networkx(diagram: Diagram, *, budget: int = 1_000_000) -> Any:
    """The `networkx.MultiDiGraph` of a diagram.

    Nodes are `input`, `output` and `name.number`; `role` says what one is: `input`, `output`, a `box`, or a `frame`
    with its `end`. A frame stands open: wires lead into it, through what is inside, and out at its end. What is inside
    a combinator stands there once, however often it runs; each of several insides leads from the frame to the end.

    A node has `name`, `dom`, `cod`, and as far as it has them `origin`, `key`, `kinds`, `params` (JSON), `place`, the
    frame around it as `parent`, with `inside` the number of the diagram inside that it is in. An edge has `wire`,
    `type`, `source_port`, `target_port`, `inside`. Every attribute is a text or a number.

    Raises BudgetError where the frames open to more than `budget` boxes.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> print(*to_networkx(Diagram.copy(x) >> Box("add", (x, x), (x,))).edges())
    ('input', 'add.1') ('input', 'add.1') ('add.1', 'output')
    """
    graph = nx.MultiDiGraph(**{key: to_text(value) for key, value in _called(diagram).items() if value})
    writer = _Writer(graph, budget)
    graph.add_node("input", role="input", name="input", cod=writer.types(diagram.dom))
    graph.add_node("output", role="output", name="output", dom=writer.types(diagram.cod))
    jobs = [_Body(diagram, "input", "output", {})]
    for body in jobs:
        jobs += writer.body(body)
    return graph


def _called(diagram: Diagram) -> dict[str, str]:
    return {"name": diagram.name, "origin": diagram.origin}


class _Body:
    """A diagram in its place: the nodes that its inputs come from and its outputs go to."""

    __slots__ = ("diagram", "end", "place", "start")

    def __init__(self, diagram: Diagram, start: str, end: str, place: dict[str, Any]) -> None:
        self.diagram = diagram
        self.start = start
        self.end = end
        self.place = place


class _Writer:
    """The graph so far."""

    __slots__ = ("budget", "count", "graph", "names", "wires")

    def __init__(self, graph: Any, budget: int) -> None:
        self.graph = graph
        self.budget = budget
        self.count = 0
        self.wires = 0
        self.names: dict[Types, str] = {}

    def types(self, wires: Types) -> str:
        """The names of several types."""
        found = self.names.get(tuple(wires))
        if found is None:
            found = self.names[tuple(wires)] = types_name(tuple(wires))
        return found

    def body(self, body: _Body) -> list[_Body]:
        """The nodes and the edges of one level; what is inside its boxes is left to do."""
        flat = body.diagram.flat
        ports: list[tuple[str, int]] = [("", 0)] * len(flat.types)
        inside = {"inside": body.place["inside"]} if body.place else {}
        first = self.wires
        self.wires += len(flat.types)

        def join(wires: Sequence[int], target: str) -> None:
            for port, wire in enumerate(wires):
                source, out = ports[wire]
                self.graph.add_edge(
                    source,
                    target,
                    wire=first + wire,
                    type=self.types((flat.types[wire],)),
                    source_port=out,
                    target_port=port,
                    **inside,
                )

        for port, wire in enumerate(flat.inputs):
            ports[wire] = (body.start, port)
        left: list[_Body] = []
        for node in flat.nodes:
            start, end = self.box(node.box, body.place)
            join(node.ins, start)
            for port, wire in enumerate(node.outs):
                ports[wire] = (end, port)
            for number, deep in enumerate(node.box.insides):
                left.append(_Body(deep, start, end, {"parent": start, "inside": number}))
        join(flat.outputs, body.end)
        return left

    def box(self, box: Box, place: dict[str, Any]) -> tuple[str, str]:
        """The node of a box, or the two of a frame: where wires come in, where they go out."""
        self.count += 1
        if self.count > self.budget:
            raise BudgetError(f"the frames open to more than {self.budget} boxes", box.span)
        start = f"{''.join(char if char.isalnum() else '_' for char in box.name)}.{self.count}"
        ends: dict[str, Any] = {"dom": self.types(box.dom), "cod": self.types(box.cod)}
        if not box.insides:
            self.graph.add_node(start, role="box", **attributes(box), **ends, **place)
            return start, start
        bodies = [{"dom": self.types(each.dom), "cod": self.types(each.cod), **_called(each)} for each in box.insides]
        self.graph.add_node(start, role="frame", **attributes(box), **ends, bodies=to_json(bodies), **place)
        end = f"{start}.end"
        self.graph.add_node(end, role="end", name=to_text(box.name), frame=start, **place)
        return start, end
