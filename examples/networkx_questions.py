"""Questions about an architecture, answered by algorithms on its graph: how deep, where does all pass, what to cut.

Run: python examples/networkx_questions.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx

import diagrammar as dg


def longest(graph: Any) -> Counter[str]:
    """The primitives on the longest way through the diagram; what repeats stands in the graph once."""
    return Counter(graph.nodes[n]["name"] for n in nx.dag_longest_path(graph) if graph.nodes[n]["role"] == "box")


def gates(graph: Any) -> Iterator[str]:
    """The boxes, and the frames as a whole, that everything from the input to the output passes."""
    above = nx.immediate_dominators(graph, "input")
    node = above["output"]
    while node != "input":
        data = graph.nodes[node]
        if data["role"] != "frame" and "parent" not in data:
            yield data["name"]
        node = above[node]


def cut(graph: Any, start: str, end: str) -> list[str]:
    """The types of the fewest wires that part two nodes; a wire counts once, however many boxes take it."""
    flow, types = nx.DiGraph(), {}
    for source, target, data in graph.edges(data=True):
        wire = ("wire", data["wire"])
        types[wire] = data["type"]
        flow.add_edge(source, wire, capacity=1)
        flow.add_edge(wire, target)
    _, (near, _) = nx.minimum_cut(flow, start, end)
    return [types[wire] for wire in types if wire not in near and any(n in near for n in flow.pred[wire])]


if __name__ == "__main__":
    mgno = dg.load(Path(__file__).with_name("mgno.dg"))["mgno"]
    graph = dg.to_networkx(mgno)
    print("a graph of", len(graph), "nodes and", graph.number_of_edges(), "wires")
    print("on the longest way:  ", ", ".join(f"{count} {name}" for name, count in longest(graph).most_common(4)))
    print("everything passes:   ", " >> ".join(reversed(list(gates(graph)))))
    for name in ("layer", "smooth"):
        frame = next(n for n, data in graph.nodes(data=True) if data["name"] == name)
        print(f"to cut {name}:".ljust(21), " and ".join(cut(graph, frame, f"{frame}.end")))
    print("back again, the same:", dg.same(dg.from_networkx(graph), mgno))
