"""The algebra of diagrams: keys of mentions, speed of building, pickles. Its laws are in tests/laws."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable

import pytest
from hypothesis import given

from diagrammar.diagram import Box, Copy, Diagram, Id, Swap, Ty, share
from diagrammar.equality import same
from diagrammar.errors import BudgetError, DiagramTypeError
from diagrammar.wellformed import verify
from tests.diagram.signature import F, G, X, Y, diagrams, random_diagram, repeat, weight

LAYER = F.diagram().named("layer", "file:layer")


def test_copy_is_not_natural() -> None:
    """Two boxes are not one box that is copied."""
    assert F >> Copy(X) != Copy(X) >> F @ F


def test_a_composite_has_the_types_of_its_ends() -> None:
    """dom and cod are known without making the diagram flat."""
    d = F @ G >> Swap(X, X)
    assert d.dom == (X, X, X)
    assert d.cod == Ty(X, X)
    assert d._flat is None
    assert repr(d) == "<R[2] @ R[2] @ R[2] -> R[2] @ R[2]>"


def test_wires_that_differ_are_an_error_that_names_both() -> None:
    """`>>` refuses other wires at once, and shows the types of both sides."""
    with pytest.raises(DiagramTypeError, match="two different wires") as caught:
        Id((X, Y)) >> Id((X, X))
    assert caught.value.notes[0] == "left ends in   R[2] @ R[3]"
    assert caught.value.notes[1].startswith("right wants    R[2] @ R[2]      wire 2 is R[3]")


def test_a_mention_is_a_fresh_instance_and_a_share_is_one() -> None:
    """Repeated mentions get numbered keys, shares keep theirs, and nothing takes the name of a share."""
    twice = LAYER >> LAYER
    assert [box.key for box in (twice >> twice).boxes] == ["layer", "layer_2", "layer_3", "layer_4"]
    assert len(twice.flat.nodes) == 2
    assert [box.key for box in (twice >> twice).boxes] == ["layer", "layer_2", "layer_3", "layer_4"]
    cell = share(LAYER, "layer_2")
    mixed = twice >> cell >> cell
    verify(mixed)
    assert [box.key for box in mixed.boxes] == ["layer", "layer_3", "~layer_2", "~layer_2"]


def test_weights_of_an_unnamed_diagram_are_renamed_apart() -> None:
    """d >> d has two sets of weights, also where the weights stand inside a combinator."""
    body = Id(X) @ weight() >> G
    assert [box.key for box in (body >> body >> body).boxes if box.key] == ["W", "W_2", "W_3"]
    looped = repeat(2, body)
    keys = [[box.key for box in outer.insides[0].boxes if box.key] for outer in (looped >> looped).boxes]
    assert keys == [["W"], ["W_2"]]
    verify(looped >> looped)


def test_building_in_a_loop_is_linear() -> None:
    """10,000 boxes by `>>` on either side or by `@`, read at the end, take well under a second."""
    f = F.diagram()
    loops: list[Callable[[Diagram], Diagram]] = [lambda d: d >> f, lambda d: f >> d, lambda d: d @ f]
    for grow in loops:
        start = time.perf_counter()
        d = f
        for _ in range(10_000):
            d = grow(d)
        assert len(d.flat.nodes) == 10_001
        # the benchmark holds 0.2 s; a test on a busy machine only tells linear from quadratic
        assert time.perf_counter() - start < 2


def test_a_doubled_rope_is_refused_before_it_is_spent() -> None:
    """Sixty doublings are a small rope, and an error at once when it should be made flat."""
    d = F.diagram()
    for _ in range(60):
        d = d >> d
    with pytest.raises(BudgetError):
        _ = d.flat


@given(diagrams())
def test_pickles_and_copies(f: Diagram) -> None:
    """A pickle reads back to the same diagram; a copy is the diagram itself."""
    again = pickle.loads(pickle.dumps(f))
    assert again == f
    assert hash(again) == hash(f)
    assert same(again, f)
    assert copy.deepcopy(f) is f is copy.copy(f)


def test_a_pickle_keeps_definitions_shared() -> None:
    """Two mentions of one definition have one inside after reading back, and boxes keep all their fields."""
    d = pickle.loads(pickle.dumps(LAYER >> LAYER >> repeat(3, LAYER >> F.diagram())))
    first, second, _ = d.boxes
    assert first.insides[0] is second.insides[0]
    assert (first.name, first.origin, first.key) == ("layer", "file:layer", "layer")
    box = Box("f", (X,), (Y,), params=(("n", 3),), kinds=frozenset({"linear"}))
    assert pickle.loads(pickle.dumps(box)) == box
    assert box != box.with_(key="k")


def test_boxes_and_diagrams_compose_alike() -> None:
    """A box is its own diagram where one is wanted."""
    assert F >> F == F.diagram() >> F.diagram() == F.diagram().then(F)
    assert Diagram.of(F).tensor(F) == F @ F
    assert F.diagram() == F
    assert random_diagram(3, 5) != F
