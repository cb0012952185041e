"""The axioms of Cartesian differential categories (Blute, Cockett, Seely, 2009) and of Cartesian reverse differential
categories (Cockett et al., 2020), on random diagrams of the whole library.

D[f] : A @ A -> B is `dg.jvp(f)`, R[f] : A @ B -> A is `dg.vjp(f)`. Where both sides are one diagram in additive normal
form, that is what is tested, and then the numbers are the same; the others are tested in numbers.
"""

from __future__ import annotations

import warnings
from functools import reduce

import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis.strategies import SearchStrategy

import diagrammar as dg
from diagrammar.box import Ty
from diagrammar.derivative.wiring import zero
from diagrammar.diagram import Box, Builder, Copy, Diagram, Discard, Id
from diagrammar.strategies import diagrams, signature_of
from tests.derivative.test_derivatives import _drawn, _net, _several

some = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

_WIRES = dg.loads(
    "space X = torus(1)\ndiagram f(_a : R[3], _b : R[2, 3], _c : R, d : Field[X[5], 2], _e : R[4]) -> Field[X[5], 2] {"
    " return d }"
)["f"].dom
VECTOR, MATRIX, NUMBER, FIELD, FOUR = _WIRES
A, B, C = Ty(VECTOR, MATRIX), Ty(FOUR, NUMBER), Ty(VECTOR, FOUR)
STD = signature_of("std", types=_WIRES)


def maps(dom: Ty, cod: Ty) -> SearchStrategy[Diagram]:
    """Diagrams between these wires, of smooth boxes and of others, with weights."""
    return diagrams(STD, dom=tuple(dom), cod=tuple(cod), boxes=7, random=False, states=False)


f_maps, g_maps, more_maps = maps(A, B), maps(B, C), maps(A, B)


def one(diagram: Diagram, name: str) -> Diagram:
    """One instance, so that it owns the same weights on both sides of an equation."""
    return dg.share(diagram.named(name), name)


def plus(*parts: Diagram) -> Diagram:
    """The sum of diagrams of one type, at the same inputs."""

    def added(left: Diagram, right: Diagram) -> Diagram:
        wires = tuple(left.cod)
        build = Builder(wires * 2)
        adds = [Box("add", (wire, wire), (wire,), origin="std:add") for wire in wires]
        pairs = zip(adds, build.inputs, build.inputs[len(wires) :], strict=False)
        return Copy(left.dom) >> left @ right >> build.build([build.add(box, ins)[0] for box, *ins in pairs])

    return reduce(added, parts)


def nothing(dom: Ty, cod: Ty) -> Diagram:
    """The zero map."""
    build = Builder(tuple(dom))
    return build.build([zero(build, wire) for wire in cod])


def choose(bundles: list[Ty], *order: int) -> Diagram:
    """The bundles of wires that the order says, of these."""
    build = Builder([wire for each in bundles for wire in each])
    at = iter(build.inputs)
    places = [[next(at) for _ in each] for each in bundles]
    return build.build([wire for number in order for wire in places[number]])


def D(f: Diagram) -> Diagram:
    """The differential combinator."""
    return dg.jvp(f)


def R(f: Diagram) -> Diagram:
    """The reverse differential combinator."""
    return dg.vjp(f)


def DR(f: Diagram) -> Diagram:
    """D as R defines it: R[R[f]] in its linear part, `A @ A -> B`."""
    a, b = f.dom, f.cod
    return Id(a) @ nothing(Ty(), b) @ Id(a) >> R(R(f)) >> Discard(a) @ Id(b)


def same(left: Diagram, right: Diagram) -> None:
    """Both sides are one diagram in additive normal form."""
    dg.verify(left)
    dg.verify(right)
    assert dg.additive(left) == dg.additive(right)


def agree(left: Diagram, right: Diagram, *terms: Diagram, summed: bool = False) -> None:
    """Both sides are the same numbers to 1e-10 of what is in sight, wherever they are defined; `summed`: in the sum
    over the samples of a batch, for there are boxes that mix them."""
    note(f"{left}\n{right}")
    draw = torch.Generator().manual_seed(7)
    inputs = [_drawn(wire, draw) for wire in left.dom]
    net = _net(left)
    found = []
    for side in (left, right, *terms):
        other = _net(side)
        other.load_state_dict(net.state_dict(), strict=False)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            found.append([value.expand(2, *value.shape[1:]) for value in _several(other(*inputs))])
    if all(bool(torch.isfinite(value).all()) for side in found for value in side):
        slack = 1e-10 * (1 + max(float(value.abs().max()) for side in found for value in side))
        for one_side, other_side in zip(found[0], found[1], strict=True):
            pair = (one_side.sum(0), other_side.sum(0)) if summed else (one_side, other_side)
            torch.testing.assert_close(*pair, rtol=1e-10, atol=slack)


# ------------------------------------------------------------------------------ Cartesian differential categories


@some
@given(f_maps, more_maps)
def test_cd1_sums(f: Diagram, g: Diagram) -> None:
    """CD.1: D[f + g] = D[f] + D[g] and D[0] = 0, as diagrams."""
    f, g = one(f, "f"), one(g, "g")
    same(D(plus(f, g)), plus(D(f), D(g)))
    same(D(nothing(A, B)), nothing(A @ A, B))


@some
@given(f_maps)
def test_cd2_additive_in_the_tangent(f: Diagram) -> None:
    """CD.2: D[f](x, a + b) = D[f](x, a) + D[f](x, b) and D[f](x, 0) = 0."""
    d, x = D(one(f, "f")), [A, A, A]
    left = choose(x, 0, 1, 2) >> Id(A) @ plus(choose([A, A], 0), choose([A, A], 1)) >> d
    parts = choose(x, 0, 1) >> d, choose(x, 0, 2) >> d
    agree(left, plus(*parts), *parts)
    agree(Id(A) @ nothing(Ty(), A) >> d, nothing(A, B))


def test_cd3_wires() -> None:
    """CD.3: D of an identity and of a projection is that of the tangent, as diagrams."""
    same(D(Id(A)), Discard(A) @ Id(A))
    same(D(choose([A, B], 0)), choose([A, B, A, B], 2))
    same(D(choose([A, B], 1)), choose([A, B, A, B], 3))


@some
@given(f_maps, more_maps)
def test_cd4_pairs(f: Diagram, g: Diagram) -> None:
    """CD.4: D[<f, g>] = <D[f], D[g]> and D[!] = !, as diagrams."""
    f, g = one(f, "f"), one(g, "g")
    same(D(Copy(A) >> f @ g), Copy(A @ A) >> D(f) @ D(g))
    same(D(Discard(A)), Discard(A @ A))


@some
@given(f_maps, g_maps)
def test_cd5_the_chain_rule(f: Diagram, g: Diagram) -> None:
    """CD.5: D[f >> g] = <pi0 >> f, D[f]> >> D[g], as diagrams."""
    f, g = one(f, "f"), one(g, "g")
    same(D(f >> g), choose([A, A], 0, 0, 1) >> f @ D(f) >> D(g))


@some
@given(f_maps)
def test_cd6_linear_in_the_tangent(f: Diagram) -> None:
    """CD.6: D[D[f]](x, a; 0, b) = D[f](x, b)."""
    f = one(f, "f")
    right = choose([A, A, A], 0, 2) >> D(f)
    agree(Id(A @ A) @ nothing(Ty(), A) @ Id(A) >> D(D(f)), right)


@some
@given(f_maps)
def test_cd7_second_derivatives_are_symmetric(f: Diagram) -> None:
    """CD.7: D[D[f]](x, a; b, c) = D[D[f]](x, b; a, c)."""
    second = D(D(one(f, "f")))
    agree(second, choose([A] * 4, 0, 2, 1, 3) >> second)


# ---------------------------------------------------------------------- Cartesian reverse differential categories


@some
@given(f_maps, more_maps)
def test_rd1_sums(f: Diagram, g: Diagram) -> None:
    """RD.1: R[f + g] = R[f] + R[g] and R[0] = 0, as diagrams."""
    f, g = one(f, "f"), one(g, "g")
    same(R(plus(f, g)), plus(R(f), R(g)))
    same(R(nothing(A, B)), nothing(A @ B, A))


@some
@given(f_maps)
def test_rd2_additive_in_the_cotangent(f: Diagram) -> None:
    """RD.2: R[f](x, a + b) = R[f](x, a) + R[f](x, b) and R[f](x, 0) = 0."""
    r, x = R(one(f, "f")), [A, B, B]
    left = Id(A) @ plus(choose([B, B], 0), choose([B, B], 1)) >> r
    parts = choose(x, 0, 1) >> r, choose(x, 0, 2) >> r
    agree(left, plus(*parts), *parts)
    agree(Id(A) @ nothing(Ty(), B) >> r, nothing(A, A))


def test_rd3_wires() -> None:
    """RD.3: R of an identity is the cotangent, of a projection that and zero, as diagrams."""
    same(R(Id(A)), Discard(A) @ Id(A))
    same(R(choose([A, B], 0)), Discard(A @ B) @ Id(A) @ nothing(Ty(), B))
    same(R(choose([A, B], 1)), Discard(A @ B) @ nothing(Ty(), A) @ Id(B))


@some
@given(f_maps, more_maps)
def test_rd4_pairs(f: Diagram, g: Diagram) -> None:
    """RD.4: R[<f, g>](x; b, c) = R[f](x, b) + R[g](x, c) and R[!] = 0, as diagrams."""
    f, g = one(f, "f"), one(g, "g")
    x = [A, B, B]
    same(R(Copy(A) >> f @ g), plus(choose(x, 0, 1) >> R(f), choose(x, 0, 2) >> R(g)))
    same(R(Discard(A)), nothing(A, A))


@some
@given(f_maps, g_maps)
def test_rd5_the_chain_rule(f: Diagram, g: Diagram) -> None:
    """RD.5: R[f >> g] = <pi0, (f @ 1) >> R[g]> >> R[f], as diagrams."""
    f, g = one(f, "f"), one(g, "g")
    same(R(f >> g), choose([A, C], 0, 0, 1) >> Id(A) @ (f @ Id(C) >> R(g)) >> R(f))


@some
@given(f_maps)
def test_rd6_linear_in_the_cotangent(f: Diagram) -> None:
    """RD.6: D[R[f]](x, b; 0, c) = R[f](x, c), where D is R of R in its linear part."""
    f = one(f, "f")
    right = choose([A, B, B], 0, 2) >> R(f)
    agree(Id(A @ B) @ nothing(Ty(), A) @ Id(B) >> DR(R(f)), right)


@settings(some, max_examples=25)
@given(f_maps)
def test_rd7_second_derivatives_are_symmetric(f: Diagram) -> None:
    """RD.7: D[D[f]](x, a; b, c) = D[D[f]](x, b; a, c), where D is R of R in its linear part."""
    second = DR(DR(one(f, "f")))
    agree(second, choose([A] * 4, 0, 2, 1, 3) >> second)


@some
@given(f_maps)
def test_the_reverse_of_the_reverse_is_the_tangent(f: Diagram) -> None:
    """R[R[f]] in its linear part is D[f], and D[f] is adjoint to R[f]: the derivative that one axiom system derives is
    the one that the other has."""
    f = one(f, "f")
    agree(DR(f), D(f))
    left = choose([A, A, B], 0, 1, 2) >> D(f) @ Id(B) >> inner(B)
    right = choose([A, A, B], 1, 0, 2) >> Id(A) @ R(f) >> inner(A)
    agree(left, right, summed=True)


def inner(wires: Ty) -> Diagram:
    """The inner product of two bundles."""
    build = Builder(tuple(wires) * 2)
    terms = []
    for wire, left, right in zip(wires, build.inputs, build.inputs[len(wires) :], strict=False):
        letters = " ".join("ijk"[: len(wire.sizes)])  # type: ignore[union-attr]  # tensors
        params = (("pattern", f"{letters}, {letters} ->"),)
        box = Box("einsum", (wire, wire), (NUMBER,), origin="std:einsum", params=params)
        terms.append(build.add(box, (left, right))[0])
    total = terms[0]
    for term in terms[1:]:
        (total,) = build.add(Box("add", (NUMBER, NUMBER), (NUMBER,), origin="std:add"), (total, term))
    return build.build([total])
