"""A graph as a diagram: the graph may come from a file, so every attribute is looked at before it is believed."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any

import networkx as nx

from diagrammar.backends.networkx.reading import Body, Node, Port, Reader
from diagrammar.diagram import Builder, Diagram
from diagrammar.errors import BackendError, DiagramValueError
from diagrammar.pause import pausing
from diagrammar.plain import made


@pausing
def from_networkx(graph: Any) -> Diagram:
    """The diagram of a graph that `to_networkx` made, also after JSON or GraphML: the `same` one.

    Raises BackendError, with the node or the edge, for a graph that is none: an attribute missing or of another kind,
    a port without a wire or with two, other types at the ends of a wire, a cycle, a wire that crosses a frame.
    """
    if not isinstance(graph, nx.DiGraph):
        raise BackendError(f"networkx: a {type(graph).__name__} is no directed graph")
    reader = Reader(graph)
    done: dict[str, list[Diagram]] = {}
    for body in reversed(reader.order()):
        diagram = _diagram(body, done)
        done.setdefault(body.frame, []).append(diagram)
    (whole,) = done[""]
    return whole


def _diagram(body: Body, done: dict[str, list[Diagram]]) -> Diagram:
    """The diagram of one body, those inside its frames being made already."""
    build = Builder(body.dom)
    # the wire of each output of each node; None stands for what is around the body
    at: dict[Port, int] = {(None, port): wire for port, wire in enumerate(build.inputs)}
    for node in _in_order(body):
        # the last of several diagrams inside was made first
        insides = done.pop(node.name, [])[::-1]
        found = node.facts()
        if insides:
            found["insides"] = tuple((inside.name, inside.origin) for inside in insides)
        try:
            box = made(node.text("name"), node.dom, node.cod, found, insides)
        except DiagramValueError as error:
            node.wrong(f"is no box: {error.message}")
        outs = build.add(box, [at[source] for source in node.sources if source is not None])
        at.update(((node, port), wire) for port, wire in enumerate(outs))
    return build.build([at[source] for source in body.sources if source is not None], body.name, body.origin)


def _in_order(body: Body) -> list[Node]:
    """The nodes of a body, each after those that it needs, otherwise as they stand in the graph."""
    left: dict[Node, int] = {}
    users: dict[Node, list[Node]] = {}
    for port, source in enumerate(body.sources):
        if source is None:
            raise BackendError(f"networkx: output {port} of {body.title} has no wire")
    for node in body.nodes:
        left[node] = 0
        for port, source in enumerate(node.sources):
            if source is None:
                node.wrong(f"has no wire at its port {port}")
            if source[0] is not None:
                left[node] += 1
                users.setdefault(source[0], []).append(node)
    ready = [(node.number, node) for node, count in left.items() if not count]
    heapify(ready)
    order = []
    while ready:
        _, node = heappop(ready)
        order.append(node)
        for user in users.get(node, ()):
            left[user] -= 1
            if not left[user]:
                heappush(ready, (user.number, user))
    if len(order) < len(body.nodes):
        next(node for node, count in left.items() if count).wrong("lies on a cycle, or after one")
    return order
