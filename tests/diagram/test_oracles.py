"""Equality against two other implementations: DisCoPy's hypergraphs and networkx's graph isomorphism."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagrammar import strategies
from diagrammar.diagram import Box, Diagram
from diagrammar.equality import markov
from diagrammar.functor import Functor
from tests.diagram.signature import BOXES, diagrams, programs, random_diagram, reordered, rewired, run_program
from tests.laws.rewriting import changed


def discopy_functor() -> Functor:
    """The functor into DisCoPy's Markov diagrams."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        markov_category = pytest.importorskip("discopy.markov", reason="discopy is not installed")
    ty = {wire: markov_category.Ty(str(wire)) for box in BOXES for wire in box.dom + box.cod}

    def types(wires: Any) -> Any:
        result = markov_category.Ty()
        for wire in wires:
            result = result @ ty[wire]
        return result

    def arrow(box: Any) -> Any:
        return markov_category.Box(box.name, types(box.dom), types(box.cod))

    return Functor(ob=ty, ar=arrow, cod=markov_category.Diagram)


def without_dead(diagram: Diagram) -> bool:
    """Whether every box is needed: DisCoPy's discard is not natural."""
    return markov(diagram).size == len(diagram.flat.nodes)


@settings(deadline=None)
@given(programs(4), programs(4))
def test_equality_agrees_with_discopy(f: Any, g: Any) -> None:
    """Two small string diagrams are equal exactly when their hypergraphs are, as DisCoPy sees it."""
    functor = discopy_functor()
    left, right = run_program(f), run_program(g)
    if not (without_dead(left) and without_dead(right)) or left.cod != right.cod:
        return
    assert (left == right) == (functor(left).to_hypergraph() == functor(right).to_hypergraph())


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(0, 10**6))
def test_equality_agrees_with_discopy_on_close_pairs(seed: int, boxes: int, other: int) -> None:
    """The same, for a diagram and the one with its boxes in another order, and with one wire moved."""
    functor = discopy_functor()
    f = random_diagram(seed, boxes, inputs=1, dead=False)
    for g in (reordered(f, other), *([rewired(f, other)] if boxes else [])):
        if without_dead(f) and without_dead(g):
            assert (f == g) == (functor(f).to_hypergraph() == functor(g).to_hypergraph())


def named(box: Box) -> object:
    """What tells two boxes apart, over a signature of a few names."""
    return box.name


def labelled(box: Box) -> object:
    """The same over the library: two mentions of one name may have other static arguments."""
    return box.name, repr(box.params), box.dom, box.cod


def as_graph(diagram: Diagram, label: Callable[[Box], object] = named) -> Any:
    """What the outputs need, as a graph with ports on its edges."""
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    flat = diagram.flat
    graph = networkx.MultiDiGraph()
    maker: dict[int, tuple[Any, int]] = {}
    for number, wire in enumerate(flat.inputs):
        graph.add_node(("in", number), what=("in", number))
        maker[wire] = (("in", number), 0)
    for number, node in enumerate(flat.nodes):
        graph.add_node(number, what=label(node.box))
        for port, wire in enumerate(node.ins):
            graph.add_edge(maker[wire][0], number, ports=(maker[wire][1], port))
        maker.update({wire: (number, port) for port, wire in enumerate(node.outs)})
    for number, wire in enumerate(flat.outputs):
        graph.add_node(("out", number), what=("out", number))
        graph.add_edge(maker[wire][0], ("out", number), ports=(maker[wire][1], 0))
    ends = [node for node in graph if isinstance(node, tuple)]
    needed = {above for end in ends if end[0] == "out" for above in networkx.ancestors(graph, end)}
    return graph.subgraph(needed.union(ends))


def isomorphic(left: Diagram, right: Diagram, label: Callable[[Box], object] = named) -> bool:
    """Whether networkx finds an isomorphism that keeps boxes and ports."""
    from networkx.algorithms.isomorphism import is_isomorphic

    def edges(a: Any, b: Any) -> bool:
        return sorted(e["ports"] for e in a.values()) == sorted(e["ports"] for e in b.values())

    graphs = as_graph(left, label), as_graph(right, label)
    return bool(is_isomorphic(*graphs, node_match=lambda a, b: a["what"] == b["what"], edge_match=edges))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(0, 10**6))
def test_equality_agrees_with_networkx(seed: int, boxes: int, other: int) -> None:
    """Larger diagrams are equal exactly when the graphs of what their outputs need are isomorphic."""
    f = random_diagram(seed, boxes)
    for g in (reordered(f, other), rewired(f, other), random_diagram(other, boxes)):
        if f.dom == g.dom and f.cod == g.cod:
            assert (f == g) == isomorphic(f, g)


STD = strategies.signature_of("std")


@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(
    strategies.diagrams(STD, boxes=25, shares=False, weights=False, states=False, frames=False),
    st.integers(0, 10**6),
    st.sampled_from(["port", "parameter", "name"]),
)
def test_equality_agrees_with_networkx_over_the_library(f: Diagram, seed: int, what: str) -> None:
    """Pairs that are equal by the way they are made, and pairs that differ in one port, argument or name."""
    same_one = reordered(f, seed)
    assert f == same_one and isomorphic(f, same_one, labelled)
    other = changed(f, what)
    if other is not None:
        assert f != other and not isomorphic(f, other, labelled)


@settings(deadline=None)
@given(diagrams(4))
def test_into_discopy_keeps_types(f: Diagram) -> None:
    """The functor into DisCoPy gives a diagram between the images of the ends."""
    image = discopy_functor()(f)
    assert len(image.dom) == len(f.dom)
    assert len(image.cod) == len(f.cod)
