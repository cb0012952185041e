"""Diagrams of every kind, for the bridges: what goes over has to come back the same."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import diagrammar as dg
from diagrammar.box import Bundle, Value
from diagrammar.diagram import Box, Copy, Diagram, Discard, Id, Swap, share
from diagrammar.sizes import floor, greatest, least, nearest, over, power, unknown, var
from diagrammar.types import Field, Rigid, Space, Tensor, Tokens, Types, free_axes
from tests.diagram.signature import NOISE, F, G, H, X, Y, following, mark, random_diagram, repeat, state, weight
from tests.diagram.test_reads_back import EXAMPLES, STD, TRICKY

N, M = var("n"), var("m'")
TORUS = (("torus", 2, "X"),)
PRODUCT = (*TORUS, ("interval(0, 1)", 1, "T"), ("mesh(3)", 1, "odd name"))
SPACES = (
    Space(TORUS, free_axes(TORUS)),
    Space(TORUS, tuple(over(axis, 2) for axis in free_axes(TORUS))),
    Space(TORUS, tuple(axis * Fraction(3, 2) for axis in free_axes(TORUS))),
    Space(TORUS, (32, N + 1)),
    Space(PRODUCT, free_axes(PRODUCT)),
    Space(PRODUCT, (3, 4, 5, N)),
)
SIZES = (
    3,
    N,
    N * N * 2 - M + 4,
    floor(over(floor(over(N, 2)) + M, 3)) * N,
    power(2, var("l")),
    least(N, M, 7),
    greatest(N * M, 2),
    nearest(N * Fraction(1, 2)),
    unknown(3),
    var("a b"),
)
TYPES: Types = (
    *(Tensor(kind, sizes) for kind in ("R", "C", "Bool") for sizes in ((), (8,), (N, 4, N + M))),
    *(Tensor("R", (size,)) for size in SIZES),
    *(Field(kind, space, 3) for kind in ("Field", "Spectrum") for space in SPACES),
    Tokens(100, N),
    *(Rigid(name) for name in ("A", "a b", "R[8]", "R", "I", '"', "α⊗β", "Field[X, 3]", "", "x\n", "R[ 8 ]")),
)
VALUES: tuple[Value, ...] = (
    None,
    True,
    -3,
    2.5,
    float("inf"),
    float("-inf"),
    -0.0,
    Fraction(1, 3),
    "a text\n\x00 \"with\" 'marks' é ⊗",
    "",
    (),
    (1, (2.0, ("size", None)), "x"),
    ("tuple", "fraction", 1, 2),
    ("fraction", 1, 2),
    *SIZES,
    *SPACES,
    Bundle(TYPES),
    Bundle(()),
    (Bundle((X,)), Fraction(-7, 2), N),
)


def texts() -> Iterator[tuple[str, Diagram]]:
    """The diagrams of the examples, of std at sample arguments, and of programs with shares and closures."""
    modules = [(path.stem, dg.load(path)) for path in EXAMPLES]
    modules += [(name, dg.loads(text)) for name, text in TRICKY.items()]
    for name, (kind, written) in STD.items():
        text = f"space X = torus(2)\ndim n\ndiagram main : {kind} = {written}\n"
        modules.append((f"std {name}", dg.loads(text)))
    for title, module in modules:
        for name in module:
            yield f"{title} {name}", module[name]


def by_hand() -> Iterator[tuple[str, Diagram]]:
    """Diagrams made in Python: wires of every type, arguments of every kind, keys of every form, empty ends."""
    yield "nothing", Id(())
    yield "wires of every type", Id(TYPES)
    yield "discards", Discard(TYPES)
    yield "copies", Copy((X, Y), 3) >> Swap((X, Y, X), (Y, X, Y))
    params = tuple((f"p{number}", value) for number, value in enumerate(VALUES))
    yield "values", Box("odd name\n@", (X,), (X,), origin="here:f", params=params).diagram()
    yield "data", Box("f", (), (), params=(("data", 3),)).diagram() @ Box("f", (), (), params=(("data", None),))
    for number, name in enumerate(
        ("", " blank ", "\x01\r\n\x85", '"quoted"', "'", "a.1.end", "input", "<&>", "\ud800")
    ):
        inside = Box(name, (X,), (X,), origin=name and f"{name}:{name}").diagram()
        yield f"name {number}", inside >> Box(name, (X,), (X,), key=name or "k", insides=(inside,))
    yield "kinds", Box("f", (X,), (), kinds=frozenset({"linear", "elementwise", "batch"})).diagram()
    yield "dead boxes", F.diagram() >> Copy(X) >> (F >> Discard(X)) @ F @ NOISE
    yield "same wire twice", Copy(X) >> G >> Copy(X, 3) >> G @ H
    yield "weights and states", Discard(()) @ weight() @ weight("c") @ state() >> G @ following()
    yield "combinators", repeat(4, F.diagram()) >> repeat(3, F.diagram(), F >> F, F.diagram())
    yield "no steps", repeat(0, F.diagram())
    both = Box("training", (X,), (X,), origin="training", insides=(F >> F, Id(X)))
    yield "training", both.diagram()
    captured = Copy(Y) >> Discard(Y) @ Id(Y)
    yield "marks", repeat(2, mark("recompute", F >> mark("store", F.diagram()))) >> mark("store", Copy(X) >> G)
    yield "captures", repeat(3, captured @ F >> Discard(Y) @ Id((X,)), captures=1)
    layer = (F >> weight().diagram() @ Id(X) >> G).named("layer", "file:layer")
    yield "frames", layer >> layer >> share(layer, "cell") >> share(layer, "cell")
    for sign in ("^up", "^^up", "/root", "~own", "plain", "R'"):
        inner = Diagram.of(Box("in", (X,), (X,), key=sign, insides=(F.diagram(),)))
        yield f"key {sign}", Diagram.of(Box("out", (X,), (X,), origin="a:b", key="out", insides=(inner,)))
    yield "named inside", Box("S", (X,), (X,), key="S", origin="q:r", insides=(layer,)).diagram()
    yield "frame as an origin", Box("f", (X,), (X,), origin="frame", insides=(F.diagram(),)).diagram()
    yield "no origin", Box("", (X,), (X,), insides=(F.diagram(), F >> F)).diagram()
    for seed in range(20):
        yield f"random {seed}", random_diagram(seed, seed * 2)


SAMPLES = dict([*texts(), *by_hand()])


def nested(depth: int) -> Diagram:
    """A frame in a frame in a frame, so deep."""
    inside = F.diagram()
    for _ in range(depth):
        inside = Box("level", (X,), (X,), key="k", insides=(inside,)).diagram()
    return inside


def exact(diagram: Diagram) -> list[object]:
    """Every box at every level with all that it is, places in the text apart: more than `same` asks for."""
    found: list[object] = []
    jobs = [diagram]
    for level in jobs:
        found.append((level.name, level.origin, level.dom, level.cod) if level is not diagram else level.dom)
        for box in level.boxes:
            found.append((*box._data()[:5], repr(box.params), box.kinds, len(box.insides)))
            jobs += box.insides
    return found


__all__ = ["EXAMPLES", "SAMPLES", "exact", "nested"]
