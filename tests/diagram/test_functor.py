"""Functors: what they keep, what they check, and running diagrams."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from diagrammar.category import interpret
from diagrammar.diagram import Box, Copy, Diagram, Discard, Id, Swap, share
from diagrammar.equality import same
from diagrammar.errors import BackendError, DiagramTypeError
from diagrammar.functor import Functor
from diagrammar.source import Source, Span
from diagrammar.types import Tensor
from diagrammar.wellformed import verify
from tests.diagram.signature import F, G, H, K, X, Y, diagrams, repeat, weight

BODY = Id(X) @ weight() >> G
RULES = {F: F >> F, G: Swap(X, X) >> G, K: Box("l", (Y,), (X,)) >> F}


@given(diagrams(), diagrams())
def test_functors_keep_composition(f: Diagram, g: Diagram) -> None:
    """The image of a composite is the composite of the images, and so for @, copies and discards."""
    functor = Functor(ar=RULES)
    f, g = f @ Id(g.dom), Id(f.cod) @ g
    for whole, parts in ((f >> g, functor(f) >> functor(g)), (f @ g, functor(f) @ functor(g))):
        verify(functor(whole))
        assert functor(whole) == parts
    assert functor(f >> Copy(f.cod)) == functor(f) >> Copy(f.cod)
    assert functor(f >> Discard(f.cod)) == Discard(f.dom)


@given(diagrams())
def test_the_identity_functor_changes_nothing(f: Diagram) -> None:
    """Where nothing has another image, the diagram itself comes back."""
    assert Functor()(f) is f
    assert Functor(ar={})(repeat(2, BODY)).boxes[0] is not None
    nested = Diagram.of(repeat(2, f.named("n") >> Id(f.cod)).frame("o")) if f.dom == f.cod else f
    assert Functor(ar={})(nested) is nested


@given(diagrams())
def test_a_type_may_become_several(f: Diagram) -> None:
    """With Y sent to X @ X and X to itself, images are well-formed and compose."""
    two = Box("h2", (X,), (X, X, X)), Box("k2", (X, X), (X,))
    functor = Functor(ob={Y: (X, X)}, ar={H: two[0], K: two[1]})
    verify(functor(f))
    assert functor(f).dom == functor(f.dom)
    assert functor(f @ f) == functor(f) @ functor(f)
    first, image = Box("m", (X,), (Y, X)), Box("m", (X,), (X, X, X))
    assert functor(first >> K @ F) == image >> two[1] @ F


def test_keys_are_carried_and_images_framed() -> None:
    """A box with a key keeps it: the weights of its image have paths under its own name; frames stay shared."""
    layer = BODY.named("layer")
    net = layer >> layer >> share(layer, "cell") >> repeat(2, share(layer, "cell") >> layer)
    functor = Functor(ar=lambda box: F >> F if box.name == "f" else None)
    assert functor(net) is net
    deep = Functor(ar=lambda box: G >> F if box == G else None)
    image = deep(net)
    verify(image)
    assert [box.key for box in image.boxes] == [box.key for box in net.boxes]
    assert image.boxes[0].insides[0] is image.boxes[1].insides[0] is not layer
    replaced = Functor(ar=lambda box: BODY >> BODY if box.name == "layer" else None)(net)
    verify(replaced)
    assert [box.key for box in replaced.boxes] == [box.key for box in net.boxes]
    assert [box.name for box in replaced.boxes] == [box.name for box in net.boxes]
    assert replaced.boxes[0].insides[0] is replaced.boxes[1].insides[0]


def test_an_image_that_owns_weights_is_fresh_at_each_box() -> None:
    """A keyless box whose image has weights brings new ones each time it stands, apart from those of the body."""
    net = BODY >> F >> F >> repeat(2, F.diagram())
    image = Functor(ar={F: BODY})(net)
    verify(image)
    inner = image.boxes[-1].insides[0]
    assert [box.key for box in (*image.boxes, *inner.boxes) if box.key] == ["W", "W_3", "W_4", "W_2"]
    named = Functor(ar={F: BODY.named("lin")})(net)
    verify(named)
    assert sorted(box.key or "" for box in named.boxes if box.insides and box.key) == ["lin_2", "lin_3"]


def test_images_are_checked_at_their_box() -> None:
    """An image with other wires is an error at the place of the box."""
    span = Span(Source("a.dg", "f"), 0, 1)
    box = F.with_(span=span)
    with pytest.raises(DiagramTypeError, match="image of `f` gives other wires") as caught:
        Functor(ar=lambda _: Box("e", (X,), (Y,)))(box)
    assert caught.value.span is span


def test_spans_are_carried() -> None:
    """Boxes of an image that have no place of their own get that of the box they stand for."""
    span = Span(Source("a.dg", "f"), 0, 1)
    image = Functor(ar={F: G_AFTER_COPY})(F.with_(span=span).diagram())
    assert [box.span for box in image.boxes] == [span]


G_AFTER_COPY = Copy(X) >> G


def terms(box: Box, args: tuple[Any, ...], place: Any) -> list[Any]:
    """Each output as the term that it computes."""
    path = place.path() if box.key else ""
    return [(box.name, path, port, *args) for port in range(len(box.cod))]


@given(diagrams())
def test_running_agrees_with_composition(f: Diagram) -> None:
    """Running f >> g runs f, then g; a named frame runs as its inside."""
    g = Id(f.cod) @ F
    inputs = [f"i{number}" for number in range(len(f.dom))]
    middle = interpret(f, terms, inputs)
    assert interpret(f @ Id(X) >> g, terms, [*inputs, "z"]) == interpret(g, terms, [*middle, "z"])
    assert interpret(f.named("n") @ Id(), terms, inputs) == middle


def test_paths_of_what_is_run() -> None:
    """Paths have the index of a loop after the name; shares have none; an escaping key starts further out."""
    layer = BODY.named("layer")
    uses = Diagram.of(BODY.frame("cell", key="^cell"))
    net = (
        layer
        >> layer
        >> repeat(2, layer >> repeat(2, layer >> share(BODY, "cell")))
        >> Diagram.of(repeat(2, uses).frame("user"))
    )
    seen: list[str] = []

    def note(box: Box, args: tuple[Any, ...], place: Any) -> list[Any]:
        seen.extend([place.path()] if box.key else [])
        return [0] * len(box.cod)

    interpret(net, note, [0])
    assert seen == [
        "layer.W", "layer_2.W",
        "layer_3.0.W", "layer_4.0.0.W", "cell.W", "layer_4.0.1.W", "cell.W",
        "layer_3.1.W", "layer_4.1.0.W", "cell.W", "layer_4.1.1.W", "cell.W",
        "cell.W", "cell.W",
    ]  # fmt: skip


def test_repeat_runs_its_steps_with_what_it_captures() -> None:
    """Captured wires go to each step unchanged; indexed steps run in order; no step is the identity."""
    count = Box("add", (X, X), (X,)).diagram()

    def add(box: Box, args: tuple[int, ...], place: Any) -> list[int]:
        return [sum(args)]

    assert interpret(repeat(3, count, captures=1), add, [2, 1]) == (7,)
    assert interpret(repeat(2, F.diagram(), Copy(X) >> count), add, [5]) == (10,)
    assert interpret(repeat(0, F.diagram()), add, [5]) == (5,)


def test_a_category_without_an_image_is_an_error() -> None:
    """Evaluating a box that has no image and no inside names the box."""
    with pytest.raises(BackendError, match="no image of `f`"):
        Functor(cod=Diagram)(F.diagram())


@given(diagrams(6))
def test_into_diagrams_as_a_category(f: Diagram) -> None:
    """Diagrams themselves are a category to evaluate into, by swaps, copies and discards."""
    functor = Functor(ar=lambda box: box.diagram(), cod=Diagram)
    assert functor(f) == f
    net = f.named("n") @ Id(X)
    assert functor(net) == net


def test_types_have_images() -> None:
    """A functor applies to types, wire by wire."""
    functor = Functor(ob=lambda wire: Tensor("C", wire.sizes) if isinstance(wire, Tensor) else wire)
    assert functor((X, Y)) == (Tensor("C", (2,)), Tensor("C", (3,)))
    assert functor(X) == (Tensor("C", (2,)),)
    assert same(functor(Id((X, Y))), Id(functor((X, Y))))
