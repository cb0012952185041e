"""What is well-formed, and how each fault is reported."""

from __future__ import annotations

import pytest
from hypothesis import given

from diagrammar.diagram import Box, Builder, Diagram, Flat, Id, Node, share
from diagrammar.errors import DiagrammarError, DiagramNameError, DiagramTypeError, DiagramValueError
from diagrammar.source import Source, Span
from diagrammar.types import Field, Space, Tensor
from diagrammar.wellformed import verify
from tests.diagram.signature import F, G, X, Y, diagrams, following, mark, repeat, state, weight

BODY = Id(X) @ weight() >> G


def combinator(
    origin: str, inside: Diagram, dom: tuple[object, ...], cod: tuple[object, ...], **params: int
) -> Diagram:
    """A diagram of one combinator."""
    box = Box(origin[4:], dom, cod, origin=origin, params=tuple(params.items()), insides=(inside,))  # type: ignore[arg-type]
    return Diagram.of(box)


def marked(kind: str, dom: tuple[Tensor, ...], cod: tuple[Tensor, ...], *insides: Diagram) -> Diagram:
    """A diagram of one mark, whatever is inside."""
    return Diagram.of(Box(kind, dom, cod, origin=kind, insides=insides))


TURN = Box("turn", (Y, X), (X,))
XS, YS = Tensor("R", (5, 2)), Tensor("R", (5, 3))


@given(diagrams(), diagrams())
def test_what_composition_builds_is_well_formed(f: Diagram, g: Diagram) -> None:
    """Composites of well-formed diagrams are."""
    verify(f @ g)
    verify(f.named("f") @ f.named("f") @ repeat(2, BODY) @ share(BODY, "c") @ share(BODY, "c"))


@pytest.mark.parametrize(
    ("diagram", "kind", "text"),
    [
        (Diagram(Flat((X, X), (0,), (Node(F, (1,), (1,)),), (1,))), DiagramValueError, "`f` needs wire 1 before"),
        (Diagram(Flat((X,), (0,), (Node(F, (0,), (0,)),), (0,))), DiagramValueError, "wire 0 has two producers"),
        (Diagram(Flat((X,), (0, 0), (), (0,))), DiagramValueError, "two producers"),
        (Diagram(Flat((X,), (0,), (), (1,))), DiagramValueError, "an output needs wire 1"),
        (Diagram(Flat((X,), (4,), (), ())), DiagramValueError, "no wire 4"),
        (Diagram(Flat((Y, X), (0,), (Node(F, (0,), (1,)),), (1,))), DiagramTypeError, "input 1 of `f`"),
        (Diagram(Flat((X, Y), (0,), (Node(F, (0,), (1,)),), (1,))), DiagramTypeError, "output 1 of `f`"),
        (Diagram(Flat((X, X), (0, 1), (Node(F, (0, 1), ()),), ())), DiagramTypeError, "1 input and stands on 2"),
        (Box("weight", (), (X,), origin="weight").diagram(), DiagramNameError, "needs a key"),
        (Box("weight", (X,), (X,), origin="weight", key="W").diagram(), DiagramTypeError, "0 inputs and 1 outputs"),
        (Box("next", (), (), origin="next", key="m").diagram(), DiagramTypeError, "1 inputs and 0 outputs"),
        (Box("n", (X,), (Y,), key="n", insides=(F.diagram(),)).diagram(), DiagramTypeError, "inside `n` gives other"),
        (Box("n", (Y,), (X,), key="n", insides=(F.diagram(),)).diagram(), DiagramTypeError, "inside `n` takes other"),
        (repeat(2, Box("e", (X,), (Y,)).diagram()), DiagramTypeError, "inside `repeat` takes other"),
        (repeat(3, F.diagram(), F.diagram()), DiagramValueError, "3 steps has 2"),
        (marked("store", (Y,), (X,), F.diagram()), DiagramTypeError, "inside `store` takes other"),
        (marked("recompute", (X,), (Y,), F.diagram()), DiagramTypeError, "inside `recompute` gives other"),
        (marked("store", (X,), (X,), Id(X), F.diagram()), DiagramValueError, "`store` wants 1 diagrams"),
        (
            Diagram.of(F.diagram().frame("c", key="~c")) >> (F >> F).frame("c", key="~c"),
            DiagramNameError,
            "two different",
        ),
        (combinator("std:map", F.diagram(), (YS,), (XS,), captures=0, size=5), DiagramTypeError, "input of `map`"),
        (combinator("std:tree", G.diagram(), (YS,), (X,), captures=0), DiagramTypeError, "no stack"),
        (combinator("std:fold", TURN.diagram(), (Y, XS), (X,), captures=0, state=1), DiagramTypeError, "another state"),
        (Box("t", (X,), (X,), origin="training", insides=(Id(X),)).diagram(), DiagramValueError, "wants 2 diagrams"),
    ],
)
def test_faults_are_reported(diagram: Diagram, kind: type[DiagrammarError], text: str) -> None:
    """Each fault is an error of its kind that says what is wrong."""
    with pytest.raises(kind, match=text):
        verify(diagram)


def test_well_formed_combinators() -> None:
    """Maps over stacks and grids, folds, scans, trees, loops of steps that change types, both sides of training."""
    space = Space((("torus", 2, "X"),), (8, 8))
    field = Field("Field", space, 2)
    h = Box("h", (X, Y), (X, Y)).diagram()
    for good in (
        combinator("std:map", F.diagram(), (XS,), (XS,), captures=0, size=5),
        combinator("std:map", G.diagram(), (X, XS), (XS,), captures=1, size=5),
        combinator("std:map", F.diagram(), (field,), (field,), captures=0),
        combinator("std:tree", G.diagram(), (XS,), (X,), captures=0, size=5),
        combinator("std:fold", G.diagram(), (X, XS), (X,), captures=0, state=1, size=5),
        combinator("std:scan", h, (X, YS), (X, YS), captures=0, state=1, size=5),
        repeat(2, Box("e", (X,), (Y,)).diagram(), Box("e", (Y,), (X,)).diagram()),
        repeat(2, G.diagram(), captures=1),
        mark("store", mark("recompute", G.diagram(), captures=1) >> F.diagram()),
        Box("t", (X,), (X,), origin="training", insides=(F.diagram(), Id(X))).diagram(),
        state() @ weight() >> Id(X) @ following(),
    ):
        verify(good)


def test_one_key_is_one_box_in_each_step() -> None:
    """The steps of an indexed loop may have different boxes of one name; two boxes of one body may not."""
    one, other = BODY.frame("n"), (BODY >> F).frame("n")
    verify(repeat(2, Diagram.of(one), Diagram.of(other)))
    build = Builder((X,))
    first = build.add(one, (0,))
    bad = build.build(build.add(other, first))
    with pytest.raises(DiagramNameError, match="two different boxes have the key `n`"):
        verify(bad)
    build = Builder((X,))
    first = build.add(one, (0,))
    clash = build.build(build.add(BODY.frame("n", key="~n"), first))
    with pytest.raises(DiagramNameError, match="a share and another box are both called `n`"):
        verify(clash)


def test_errors_point_at_the_box() -> None:
    """The place of a fault is that of its box, however deep it stands."""
    span = Span(Source("a.dg", "one two"), 4, 7)
    bad = Box("e", (X,), (X,), key="e", insides=(Id(Y),), span=span).diagram()
    with pytest.raises(DiagramTypeError) as caught:
        verify(Diagram.of(repeat(2, bad.named("n") >> Id(X)).frame("outer")))
    assert caught.value.span is span
    assert str(caught.value).startswith("a.dg:1:5: type error: what is inside `e`")


def test_a_formula_gives_the_one_channel_of_a_field() -> None:
    """`tabulate` of a formula that gives a number is well-formed: a number at each point is a field of one channel."""
    import diagrammar as dg

    verify(dg.loads("space X = torus(2)\ndiagram f : I -> Field[X, 1] = tabulate[x -> sin(x[0])]")["f"])
