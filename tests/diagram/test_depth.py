"""No method of a diagram recurses on how deep the diagrams lie inside one another."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from diagrammar.category import interpret
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.equality import cartesian, same
from diagrammar.format import to_text
from diagrammar.functor import Functor
from diagrammar.verify import verify
from tests.diagram.signature import F, G, X, repeat, weight

DEPTH = 100_000


def frames(depth: int, key: str) -> Diagram:
    """Named frames in one another, a weight and a box at each level."""
    d = F.diagram()
    for _ in range(depth):
        build = Builder((X,))
        inner = build.add(d.frame(key), (0,))
        d = build.build(build.add(G, (*inner, *build.add(weight(), ()))))
    return d


def loops(depth: int, key: str) -> Diagram:
    """Loops in one another, a box at each level; a frame with a weight in the innermost."""
    d = Diagram.of((F.diagram() @ weight() >> G).frame(key))
    for _ in range(depth):
        build = Builder((X,))
        d = build.build(build.add(F, build.add(repeat(1, d).boxes[0], (0,))))
    return d


@pytest.mark.parametrize("nested", [frames, loops])
def test_a_hundred_thousand_levels(nested: Any) -> None:
    """Equality, hashes, pickles, checks, functors, runs and texts work at nesting 100,000."""
    d, e = nested(DEPTH, "a"), nested(DEPTH, "b")
    assert d == e
    assert hash(d) == hash(e)
    assert not same(d, e)
    assert d != nested(DEPTH - 1, "a")
    assert same(pickle.loads(pickle.dumps(d)), d)
    verify(d)
    image = Functor(ar={F: F >> F})(d)
    assert image != d
    assert cartesian(d) == cartesian(e)
    assert interpret(d, lambda box, args, place: [len(args)], [1]) != ()
    if nested is loops:
        text = to_text(d)
        assert text.count("repeat 1 {") == DEPTH
    assert d >> d != d


def test_a_hundred_thousand_definitions_print() -> None:
    """Each definition is printed once, the innermost first, however deep."""
    d = Box("gelu", (X,), (X,), origin="std:gelu").diagram()
    for _ in range(DEPTH):
        d = Diagram.of(d.frame("a"))
    text = to_text(d)
    assert text.count("diagram ") == DEPTH + 1
    assert text.startswith("diagram a")


def test_deep_ropes() -> None:
    """A rope of 100,000 compositions is made flat, and taken down, without recursion."""
    d = F.diagram()
    for _ in range(DEPTH):
        d = d >> F.diagram()
    assert len(d.flat.nodes) == DEPTH + 1
    assert d == d >> Diagram.id((X,))
    assert len(str(d)) > DEPTH
