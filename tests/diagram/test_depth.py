"""No method of a diagram recurses on how deep the diagrams lie inside one another."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from diagrammar.category import interpret
from diagrammar.diagram import Builder, Diagram
from diagrammar.equality import cartesian, same
from diagrammar.format import to_text
from diagrammar.functor import Functor
from diagrammar.pause import paused
from diagrammar.wellformed import verify
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


@pytest.fixture(autouse=True)
def no_collections() -> Iterator[None]:
    """Cycles are not looked for while the test builds: with millions of live objects that is most of the time."""
    with paused():
        yield


@pytest.mark.heavy
def test_frames_in_frames() -> None:
    """Equality, hashes, pickles, checks, functors, runs and texts work at 100,000 frames in one another."""
    d = frames(DEPTH, "a")
    assert pickle.loads(pickle.dumps(d)) == frames(DEPTH, "b")
    verify(d)
    assert Functor(ar={F: F >> F})(d).cod == d.cod
    assert cartesian(d).size == 2 * DEPTH + 1
    assert interpret(d, lambda box, args, place: [len(args)], [1]) == (2,)
    assert to_text(d).count("diagram ") == DEPTH + 1


def test_loops_in_loops() -> None:
    """The same for combinators in one another, where the text is one expression."""
    # far more than Python's stack holds
    depth = DEPTH // 10
    d = loops(depth, "a")
    assert hash(d) == hash(loops(depth, "b"))
    assert d != loops(depth - 1, "a")
    assert same(pickle.loads(pickle.dumps(d)), d)
    verify(d)
    assert Functor(ar={F: F >> F})(d).cod == d.cod
    assert interpret(d, lambda box, args, place: [len(args)], [1]) == (1,)
    assert to_text(d).count("repeat 1 {") == depth


def test_deep_ropes() -> None:
    """A rope of 100,000 compositions is made flat, and taken down, without recursion."""
    d = F.diagram()
    for _ in range(DEPTH):
        d = d >> F.diagram()
    assert len(d.flat.nodes) == DEPTH + 1
    assert d == d >> Diagram.id((X,))
