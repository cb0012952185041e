"""Random diagrams: they are well typed, end where they are to end, hold what is asked for, and shrink to little."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import diagrammar as dg
from diagrammar.derivative.operators import OPERATORS
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.errors import DiagramNameError
from diagrammar.modules import std
from diagrammar.strategies import Generator, Signature, bundles, diagrams, fixed, signature_of, types
from diagrammar.types import Field, Space, Tensor, Tokens, Types

STD = signature_of("std")
X, Y = Tensor("R", (2,)), Tensor("R", (3,))
SMALL = Signature([fixed(Box("f", (X,), (X,))), fixed(Box("g", (X, X), (Y,))), fixed(Box("h", (Y,), (X, Y)))], [X, Y])

# the same draws at each run: what a search finds does not hang on chance
generated = settings(
    max_examples=150,
    derandomize=True,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
searched = settings(
    max_examples=3000, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def boxes_of(diagram: Diagram) -> Iterator[Box]:
    """The boxes of all levels."""
    return (node.box for level in definitions(diagram) for node in level.flat.nodes)


def names(diagram: Diagram) -> list[str]:
    """The names of the boxes of the top level."""
    return [box.name for box in diagram.boxes]


@generated
@given(diagrams(STD))
def test_every_diagram_is_well_typed(diagram: Diagram) -> None:
    """Over the whole library, with frames, weights, shares and states."""
    dg.verify(diagram)


@generated
@given(diagrams(STD, least=8, boxes=8, frames=False))
def test_so_many_boxes(diagram: Diagram) -> None:
    """At least as many as were asked for: there is always a box that fits. A mention may be several."""
    assert len(diagram.boxes) >= 8


def test_the_whole_library_is_drawn() -> None:
    """Every box and every diagram that std declares, wiring left out, stands in one of some thousand boxes."""
    found: set[str] = set()

    @settings(generated, max_examples=1800)
    @given(diagrams(STD, least=15, boxes=20))
    def collect(diagram: Diagram) -> None:
        found.update(box.origin.removeprefix("std:") for box in boxes_of(diagram))

    collect()
    assert STD_NAMES - found == set()


STD_NAMES = {generator.name for generator in STD.generators}


def test_every_declaration_has_a_generator() -> None:
    """Nothing of the library is left out but wiring, names of types, and derivatives, which are not boxes."""
    from diagrammar.elaborate.values import DeclRef

    declared = {name for name in std().index if isinstance(std().find(name), DeclRef)}
    assert declared - STD_NAMES == {"id", "copy", "swap", "discard", "open", *OPERATORS}


@pytest.mark.parametrize("name", ["gelu", "add", "linear", "fourier", "select", "lookup", "convolution", "tree"])
def test_shrinks_to_one_box(name: str) -> None:
    """The least diagram with a box of the library is that box on wires of its own."""
    diagram = find(diagrams(STD), lambda d: name in names(d), settings=searched)
    assert names(diagram) == [name]
    assert len(diagram.dom) == len(diagram.boxes[0].dom)


def test_shrinks_to_two_boxes() -> None:
    """What needs two boxes is two boxes."""
    diagram = find(diagrams(STD), lambda d: {"rfft", "irfft"} <= set(names(d)), settings=searched)
    assert names(diagram) == ["rfft", "irfft"]


ENDS: list[tuple[Types, Types]] = [
    ((X,), (Y,)),
    ((Y, X), (X, X, Y)),
    ((Tensor("R", (2, 3)),), (Tensor("R"),)),
    ((), (Tensor("R", (4,)), Tensor("C", (3,)))),
    ((X,), ()),
]


@pytest.mark.parametrize(("dom", "cod"), ENDS)
def test_ends_in_the_wires_that_are_wanted(dom: Types, cod: Types) -> None:
    """`dom` and `cod` are the ends, whatever boxes are drawn between."""

    @settings(generated, max_examples=40)
    @given(diagrams(STD, dom=dom, cod=cod, boxes=6))
    def check(diagram: Diagram) -> None:
        dg.verify(diagram)
        assert (tuple(diagram.dom), tuple(diagram.cod)) == (dom, cod)

    check()


def test_what_cannot_be_reached_is_rejected() -> None:
    """No box of this signature makes a truth value."""
    from hypothesis.errors import NoSuchExample, Unsatisfiable

    wanted = diagrams(SMALL, dom=(X,), cod=Tensor("Bool", (2,)), boxes=3)
    with pytest.raises((NoSuchExample, Unsatisfiable)):
        find(wanted, lambda diagram: True, settings=settings(max_examples=20, database=None))


@generated
@given(st.data())
def test_ends_may_be_drawn(data: st.DataObject) -> None:
    """`dom` may be a strategy of bundles."""
    dom = bundles(types(["R", "Bool"], rank=1, most=3), most=2)
    diagram = data.draw(diagrams(signature_of("sin", "negate", "less"), dom=dom, boxes=4))
    assert len(diagram.dom) <= 2
    dg.verify(diagram)


OPTIONS = {
    "weights": lambda box: box.origin == "weight",
    "random": lambda box: "random" in box.kinds,
    "states": lambda box: "state" in box.kinds,
    "shares": lambda box: (box.key or "").startswith("~same"),
    "frames": lambda box: bool(box.insides),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_leaves_something_out(option: str) -> None:
    """With False no box of the kind stands there at any level; with True some do."""
    asked = OPTIONS[option]
    find(diagrams(STD), lambda d: any(map(asked, boxes_of(d))), settings=searched)
    left: dict[str, bool] = {option: False}

    @settings(generated, max_examples=60)
    @given(diagrams(STD, boxes=8, **left))  # type: ignore[arg-type]  # the options are truth values
    def check(diagram: Diagram) -> None:
        assert not any(map(asked, boxes_of(diagram)))

    check()


@generated
@given(diagrams(SMALL, copies=False, discards=False, weights=False, states=False, frames=False))
def test_without_copies_and_discards_every_wire_is_used_once(diagram: Diagram) -> None:
    """Each wire is taken by one port or is one output."""
    flat = diagram.flat
    taken = [wire for node in flat.nodes for wire in node.ins] + list(flat.outputs)
    assert sorted(taken) == list(range(len(flat.types)))


def test_outputs_are_swapped_and_copied() -> None:
    """There are diagrams without boxes whose outputs are in another order, or twice."""
    two = diagrams(SMALL, dom=(X, Y), boxes=0)
    assert find(two, lambda d: d.flat.outputs == (1, 0), settings=searched).cod == (Y, X)
    assert find(two, lambda d: len(d.flat.outputs) == 3, settings=searched).dom == (X, Y)
    plain = diagrams(SMALL, dom=(X, Y), boxes=0, swaps=False, copies=False, discards=False)
    assert find(plain, lambda d: True, settings=searched).flat.outputs == (0, 1)


def test_a_module_is_a_signature() -> None:
    """Its diagrams with and without static arguments, its boxes, its weights; inputs are of its own types."""
    module = dg.loads(
        """
space X = torus(1)
type  V = Field[X, 3]
box   step : V @ V -> V
diagram layer : V -> V = pointwise >> gelu
diagram wide[k : int, f : V -> V] : V -> V = repeat k { f } >> layer
diagram both(u : V, x : R[2]) -> R[2] @ V { return sin(x), layer(u) }
diagram start : I -> R[2] = const[[1, 2]]
"""
    )
    signature = signature_of(module)
    assert {g.name for g in signature.generators} == {"step", "layer", "wide", "both", "start"}
    seen: set[str] = set()

    @settings(generated, max_examples=200)
    @given(diagrams(signature, boxes=6))
    def check(diagram: Diagram) -> None:
        dg.verify(diagram)
        seen.update(names(diagram))

    check()
    combinators = {"repeat", "store", "recompute", "part"}
    assert {"step", "layer", "wide", "both", "const", "weight", "state", "next"} | combinators >= seen - {"start"}
    assert {"store", "recompute"} <= seen
    assert {"step", "layer", "wide", "both"} <= seen


def test_signatures_add() -> None:
    """`+` has the generators of both."""
    both = SMALL + signature_of("sin")
    assert [g.name for g in both.generators] == ["f", "g", "h", "sin"]
    assert set(both.types) >= {X, Y}


def test_a_generator_of_ones_own() -> None:
    """Boxes that depend on the wires at hand: here one that puts two tensors together."""

    def at(types: Types) -> list[Box]:
        a, b = types
        assert isinstance(a, Tensor) and isinstance(b, Tensor)
        return [Box("join", types, (Tensor("R", (*a.sizes, *b.sizes)),))]

    def is_real(wire: object) -> bool:
        return isinstance(wire, Tensor) and wire.kind == "R"

    joins = Signature([Generator("join", (is_real, is_real), at)], [X, Tokens(3, 4)])
    diagram = find(diagrams(joins, inputs=2), lambda d: Tensor("R", (2, 2)) in d.cod, settings=searched)
    assert names(diagram) == ["join"]


def test_mistakes_are_told() -> None:
    """A name that the library lacks, ends that nothing may be discarded for, frames too deep."""
    with pytest.raises(DiagramNameError, match="no `geluu`"):
        signature_of("geluu")
    with pytest.raises(ValueError, match="wants `discards`"):
        diagrams(SMALL, cod=X, discards=False)
    with pytest.raises(ValueError, match="up to 20 inside each other"):
        diagrams(SMALL, depth=21)


def test_mentions_with_arguments() -> None:
    """`"linear[b = 5]"` is a generator; so are diagrams."""
    signature = signature_of("linear[b = 5]", dg.loads("diagram d : R[5] -> R[5] = sin >> cos")["d"], types=[X])
    diagram = find(diagrams(signature), lambda d: {"linear", "d"} <= set(names(d)), settings=searched)
    assert diagram.boxes[0].cod == (Tensor("R", (5,)),)


def test_fields_of_any_grid() -> None:
    """Types of fields on free grids and on given ones, odd and unequal ones among them."""
    fields = types(["Field"])
    odd = find(fields, lambda w: isinstance(w, Field) and w.space.axes == (5, 2), settings=searched)
    assert isinstance(odd, Field) and isinstance(odd.space, Space)
    find(fields, lambda w: isinstance(w, Field) and not isinstance(w.space.axes[0], int), settings=searched)
