"""The graph of a diagram as a file: node-link JSON, which `networkx.node_link_graph` reads, or GraphML."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx

from diagrammar.backends.networkx.there import to_networkx
from diagrammar.diagram import Diagram
from diagrammar.divisibility import Condition, show_conditions


def emit(diagram: Diagram, *, conditions: tuple[Condition, ...] = (), format: str = "json") -> str:
    """The graph as text, `format` being "json" or "graphml"; what free sizes have to meet is its attribute `needs`."""
    graph = to_networkx(diagram)
    if conditions:
        graph.graph["needs"] = "; ".join(show_conditions(conditions))
    match format:
        case "json":
            return _json(graph)
        case "graphml":
            return "".join(f"{line}\n" for line in nx.generate_graphml(graph))
        case _:
            raise ValueError(f"there is no format {format!r}: there are json and graphml")


def _json(graph: Any) -> str:
    """Written here, as releases of networkx call the list of edges by different names: one item a line."""
    nodes = [{"id": name, **data} for name, data in graph.nodes(data=True)]
    edges = [
        {"source": source, "target": target, "key": key, **data}
        for source, target, key, data in graph.edges(keys=True, data=True)
    ]
    head = [f'"{name}": {json.dumps(value)}' for name, value in _head(graph)]
    lists = [
        f'"{name}": [\n{",".join(chr(10) + json.dumps(each, ensure_ascii=False) for each in items)[1:]}\n]'
        for name, items in (("nodes", nodes), ("edges", edges))
    ]
    return "{" + ",\n".join([*head, *lists]) + "}\n"


def _head(graph: Any) -> list[tuple[str, Any]]:
    return [("directed", True), ("multigraph", True), ("graph", graph.graph)]
