"""The bridge to networkx: a diagram as one graph with all that it is, and back, also through files."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings

import diagrammar as dg
from diagrammar.backend import get
from diagrammar.diagram import Box, Copy, Diagram, Id
from tests.backends.samples import SAMPLES, exact
from tests.diagram.signature import F, G, X, repeat
from tests.diagram.test_reads_back import programs


def through_json(graph: Any) -> Any:
    """The graph as networkx's own JSON, and read again."""
    return nx.node_link_graph(json.loads(json.dumps(nx.node_link_data(graph, edges="edges"))), edges="edges")


def through_graphml(graph: Any) -> Any:
    """The graph as networkx's own GraphML, and read again."""
    file = io.BytesIO()
    nx.write_graphml(graph, file)
    file.seek(0)
    return nx.read_graphml(file)


WAYS: dict[str, Callable[[Any], Any]] = {
    "memory": lambda graph: graph,
    "json": through_json,
    "graphml": through_graphml,
}


@pytest.mark.parametrize("diagram", SAMPLES.values(), ids=SAMPLES)
def test_there_and_back_is_the_same(diagram: Diagram) -> None:
    """With names, arguments, keys, kinds and insides, from memory and from files."""
    graph = dg.to_networkx(diagram)
    for way in WAYS.values():
        again = dg.from_networkx(way(graph))
        assert dg.same(again, diagram)
        assert exact(again) == exact(diagram)
        assert (again.name, again.origin) == (diagram.name, diagram.origin)


@settings(max_examples=30, deadline=None)
@given(programs())
def test_programs_come_back(text: str) -> None:
    """Programs with shares in shares, loops and closures, and the paths of their weights."""
    diagram = dg.loads(text)["main"]
    again = dg.from_networkx(through_json(dg.to_networkx(diagram)))
    assert dg.same(again, diagram)
    assert list(dg.compile(again).state_dict()) == list(dg.compile(diagram).state_dict())


@pytest.mark.parametrize("format", ["json", "graphml"])
@pytest.mark.parametrize("title", ["mgno mgno", "values", "wires of every type", "nothing", "kinds"])
def test_the_text_reads_back(title: str, format: str) -> None:
    """What the backend writes is read by networkx, and is the same diagram."""
    text = get("networkx").emit(SAMPLES[title], format=format)
    graph = nx.node_link_graph(json.loads(text), edges="edges") if format == "json" else nx.parse_graphml(text)
    assert dg.same(dg.from_networkx(graph), SAMPLES[title])


def test_the_text_says_what_sizes_have_to_meet() -> None:
    """Conditions go along as an attribute of the graph; another format is an error."""
    diagram = dg.loads("space X = torus(2)\ndiagram f : Field[X, 1] -> Field[X / 2, 1] = restrict[2]")["f"]
    text = get("networkx").emit(diagram, conditions=dg.conditions(diagram))
    assert json.loads(text)["graph"]["needs"]
    with pytest.raises(ValueError, match="dot"):
        get("networkx").emit(diagram, format="dot")


def test_attributes_are_there_to_be_asked() -> None:
    """Names, types, arguments, kinds, places; ports and wires on the edges."""
    text = "diagram f : R[3] -> R[3] = x -> x + linear(x)"
    graph = dg.to_networkx(dg.loads(text, name="f.dg")["f"])
    assert graph.graph == {"name": "f", "origin": "f:f"}
    (frame,) = [node for node, data in graph.nodes(data=True) if data["role"] == "frame"]
    data = graph.nodes[frame]
    assert (data["name"], data["origin"], data["key"]) == ("linear", "std:linear", "linear")
    assert (data["dom"], data["cod"], data["place"]) == ("R[3]", "R[3]", "f.dg:1:37")
    assert json.loads(data["params"]) == {"a": 3, "b": 3, "bias": True}
    (add,) = [node for node, data in graph.nodes(data=True) if data["name"] == "add" and "parent" not in data]
    assert graph.nodes[add]["kinds"].split() == ["elementwise", "linear"]
    ports = {
        (source, data["source_port"], data["target_port"], data["type"])
        for source, _, data in graph.in_edges(add, data=True)
    }
    assert ports == {("input", 0, 0, "R[3]"), (f"{frame}.end", 0, 1, "R[3]")}
    inside = [node for node, data in graph.nodes(data=True) if data.get("parent") == frame]
    assert sorted(graph.nodes[node]["name"] for node in inside) == ["add", "einsum", "weight", "weight"]
    # the input is one wire, taken twice
    assert len({data["wire"] for _, _, data in graph.out_edges("input", data=True)}) == 1
    for _, data in [*graph.nodes(data=True), *((0, data) for *_, data in graph.edges(data=True))]:
        assert all(type(value) in (str, int) for value in data.values())


def test_frames_stand_open() -> None:
    """A way leads through frames and combinators, and each of several insides is a way of its own."""
    graph = dg.to_networkx(dg.loads("diagram f : R[3] -> R[3] = linear >> repeat 5 { gelu >> linear }")["f"])
    assert nx.is_directed_acyclic_graph(graph)
    names = [graph.nodes[node]["name"] for node in nx.dag_longest_path(graph)]
    assert names.count("einsum") == 2 and names.count("repeat") == 2
    steps = dg.to_networkx(repeat(3, F.diagram(), F >> F, F.diagram()))
    boxes = [data for _, data in steps.nodes(data=True) if data["role"] == "box"]
    assert sorted(data["inside"] for data in boxes) == [0, 1, 1, 2]


@pytest.mark.heavy
def test_a_diagram_of_any_depth_goes_over() -> None:
    """Frames nested 100,000 deep, without recursion; in a process of its own, for its memory."""
    code = (
        "import diagrammar as dg\n"
        "from tests.backends.samples import nested\n"
        "deep = nested(100_000)\n"
        "graph = dg.to_networkx(deep)\n"
        "print(len(graph), dg.same(dg.from_networkx(graph), deep))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["200003", "True"]


def test_frames_are_opened_within_a_budget() -> None:
    """A tower of diagrams that each mention the one below twice is refused, not opened."""
    tower = Box("f", (X,), (X,)).diagram()
    for _ in range(40):
        frame = Box("two", (X,), (X,), key="two", insides=(tower,))
        tower = frame.diagram() >> Box("two", (X,), (X,), key="two_2", insides=(tower,))
    with pytest.raises(dg.BudgetError, match="1000 boxes"):
        dg.to_networkx(tower, budget=1000)


# ------------------------------------------------------------------------------------------- graphs that are none


def sample() -> Any:
    """A graph with a frame in it, two wires into one box, and several insides."""
    frame = Box("layer", (X,), (X,), key="layer", insides=((F >> F),)).diagram()
    return dg.to_networkx(Copy(X) >> frame @ Id(X) >> G >> repeat(2, F.diagram(), F >> F))


def node(graph: Any, name: str) -> Any:
    """The attributes of the first node of a name."""
    return next(data for _, data in graph.nodes(data=True) if data["name"] == name)


def edge(graph: Any) -> Any:
    """The attributes of the edge into the output."""
    ((_, _, data),) = graph.in_edges("output", data=True)
    return data


def crossing(graph: Any) -> None:
    """A box inside a frame takes a wire from outside of it."""
    (inside,) = [name for name, data in graph.nodes(data=True) if data["name"] == "f" and name.endswith(".5")]
    graph.remove_edges_from(list(graph.in_edges(inside)))
    graph.add_edge("input", inside, source_port=0, target_port=0, type="R[2]", wire=0)


def cycle(graph: Any) -> None:
    """Two boxes in a frame wait for each other."""
    one, two = [name for name, data in graph.nodes(data=True) if data.get("parent") == "layer.1"]
    graph.remove_edges_from(list(graph.in_edges(one)))
    graph.add_edge(two, one, source_port=0, target_port=0, type="R[2]", wire=0)


def themselves(graph: Any) -> None:
    """A frame inside itself."""
    node(graph, "layer").update(parent="layer.1", inside=0)
    graph.nodes["layer.1.end"].update(parent="layer.1", inside=0)
    graph.remove_edges_from([*graph.in_edges("layer.1"), *graph.out_edges("layer.1.end")])


DAMAGE: dict[str, tuple[Callable[[Any], object], str]] = {
    "no role": (lambda g: node(g, "g").pop("role"), "no `role`"),
    "another role": (lambda g: node(g, "g").update(role="thing"), "role `thing`"),
    "no name": (lambda g: node(g, "g").pop("name"), "no `name`"),
    "name of a number": (lambda g: node(g, "g").update(name=3), "`name` that is no text"),
    "no types": (lambda g: node(g, "g").pop("dom"), "no `dom`"),
    "no type at all": (lambda g: node(g, "g").update(dom="R[2"), "`dom` that is no type"),
    "deep type": (lambda g: node(g, "g").update(dom="R[" + "floor(" * 10_000), "nested deeper"),
    "arguments": (lambda g: node(g, "g").update(params="{"), "`params` that is no JSON"),
    "deep arguments": (lambda g: node(g, "g").update(params="[" * 100_000), "`params` that is no JSON"),
    "arguments of another kind": (lambda g: node(g, "g").update(params="[]"), "`params` that is no dict"),
    "an argument that is none": (lambda g: node(g, "g").update(params='{"a": {"b": 1}}'), "no plain value"),
    "a size that is none": (lambda g: node(g, "g").update(params='{"a": ["size", "n +"]}'), "no name of a"),
    "quotes": (lambda g: node(g, "g").update(name='"a'), "`name` that is no JSON"),
    "bodies": (lambda g: node(g, "layer").pop("bodies"), "no `bodies`"),
    "bodies of another kind": (lambda g: node(g, "layer").update(bodies="[3]"), "`bodies`"),
    "bodies without names": (lambda g: node(g, "layer").update(bodies='[{"dom": "R[2]", "cod": "R[2]"}]'), "names"),
    "no such frame": (lambda g: node(g, "f").update(parent="nowhere", inside=0), "frame that is not there"),
    "no such inside": (lambda g: node(g, "f").update(inside=7), "frame that is not there"),
    "inside of another kind": (lambda g: node(g, "f").update(inside="x"), "`inside` that is no number"),
    "end of nothing": (lambda g: g.nodes["layer.1.end"].update(frame="g.2"), "which is no frame"),
    "second input": (lambda g: g.add_node("more", role="input", cod="R", name="x"), "second input"),
    "no output": (lambda g: g.remove_node("output"), "no node has the role `output`"),
    "wire without ports": (lambda g: edge(g).pop("target_port"), "no `target_port`"),
    "port of another kind": (lambda g: edge(g).update(source_port=True), "`source_port` that is no number"),
    "port that is not there": (lambda g: edge(g).update(source_port=4), "port 4 of its source, which has 1"),
    "no type of a wire": (lambda g: edge(g).pop("type"), "no `type`"),
    "two types of a wire": (lambda g: edge(g).update(type="R @ R"), "2 types"),
    "another type": (lambda g: edge(g).update(type="R[3]"), r"a wire R\[3\] on a port R\[2\]"),
    "no wire": (lambda g: g.remove_edge(*next(iter(g.in_edges("output")))), "output 0 of the graph has no wire"),
    "no wire to a box": (lambda g: g.remove_edge("layer.1.end", "g.2"), "no wire at its port 0"),
    "two wires": (lambda g: g.add_edge("input", "g.2", source_port=0, target_port=0, type="R[2]"), "second wire"),
    "from an output": (
        lambda g: g.add_edge("output", "g.2", source_port=0, target_port=0, type="R[2]"),
        "at an output",
    ),
    "to an input": (lambda g: g.add_edge("g.2", "input", source_port=0, target_port=0, type="R[2]"), "at an input"),
    "inside that is not there": (lambda g: g.edges["layer.1", "f.4", 0].update(inside=5), "inside"),
    "crossing": (crossing, "crosses a frame"),
    "cycle": (cycle, "cycle"),
    "frame in itself": (themselves, "lies inside itself"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_graph_is_refused(damage: Callable[[Any], object], message: str) -> None:
    """The error names the node or the edge and what is wrong with it."""
    graph = sample()
    damage(graph)
    with pytest.raises(dg.BackendError, match=message):
        dg.from_networkx(graph)


def test_a_graph_from_elsewhere_is_refused() -> None:
    """One of networkx's own, one without directions, something else, names that are numbers."""
    others: list[Any] = [nx.path_graph(3), nx.DiGraph([(0, 1)]), nx.MultiDiGraph(), None, {"nodes": []}]
    for graph in others:
        with pytest.raises(dg.BackendError):
            dg.from_networkx(graph)


def test_a_graph_without_parallel_wires_may_be_a_plain_one() -> None:
    """And the nodes may stand in any order."""
    graph: Any = nx.DiGraph()
    made = dg.to_networkx(F >> Box("layer", (X,), (X,), key="k", insides=(F.diagram(),)))
    graph.add_nodes_from(reversed(list(made.nodes(data=True))))
    graph.add_edges_from((source, target, data) for source, target, data in made.edges(data=True))
    assert dg.same(dg.from_networkx(graph), F >> Box("layer", (X,), (X,), key="k", insides=(F.diagram(),)))


def test_without_networkx_there_is_a_line_to_install_it() -> None:
    """Everything else works, and the bridge says what is missing."""
    code = (
        "import sys; sys.modules['networkx'] = None\n"
        "import diagrammar as dg\n"
        "try: dg.to_networkx(dg.loads('diagram f : R -> R = sin')['f'])\n"
        "except dg.BackendError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "networkx' in done.stdout
