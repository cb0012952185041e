"""What stands in a graph until its types are known: primitive boxes, weights, states, frames."""

from __future__ import annotations

from typing import Any

from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.values import Resolved, Shared
from diagrammar.source import Span


class Leaf:
    """A primitive box of `std` whose type was worked out where it stands."""

    __slots__ = ("name", "params", "span")

    def __init__(self, name: str, params: tuple[tuple[str, Any], ...], span: Span) -> None:
        self.name = name
        self.params = params
        self.span = span


class Owned:
    """A `weight`, a `state` or a `next` box."""

    __slots__ = ("key", "kind", "params", "span")

    def __init__(self, kind: str, key: str, params: tuple[tuple[str, Any], ...], span: Span) -> None:
        self.kind = kind
        self.key = key
        self.params = params
        self.span = span


class Frame:
    """A box with insides that are graphs: `repeat`, `map`, ..., `training`, a diagram of a block.

    `graphs` holds each inside with its outputs; captured wires are not yet among the inputs of the box.
    """

    __slots__ = ("graphs", "key", "name", "origin", "params", "span")

    def __init__(
        self,
        name: str,
        origin: str,
        params: tuple[tuple[str, Any], ...],
        graphs: list[tuple[Graph, tuple[int, ...]]],
        span: Span,
        key: str | None = None,
    ) -> None:
        self.name = name
        self.origin = origin
        self.params = params
        self.graphs = graphs
        self.span = span
        self.key = key


class Given:
    """A mention of a diagram that was given as a static argument."""

    __slots__ = ("key", "name", "recipe", "span")

    def __init__(self, recipe: Resolved, name: str, key: str, span: Span) -> None:
        self.recipe = recipe
        self.name = name
        self.key = key
        self.span = span


class SharedUse:
    """A mention of a `share` name, so many keyed boxes deep."""

    __slots__ = ("level", "share", "span")

    def __init__(self, share: Shared, level: int, span: Span) -> None:
        self.share = share
        self.level = level
        self.span = span


def same_captures(graphs: list[Graph]) -> tuple[int, ...]:
    """Makes graphs side by side capture the same outer wires, in one order; gives these wires' numbers outside."""
    order: dict[int, None] = {}
    for graph in graphs:
        order.update(dict.fromkeys(graph.captured))
    for graph in graphs:
        captured = graph.captured
        graph.captured = {
            number: captured[number] if number in captured else graph.wire(_outer(graph).types[number])
            for number in order
        }
    return tuple(order)


def _outer(graph: Graph) -> Graph:
    assert graph.outer is not None
    return graph.outer
