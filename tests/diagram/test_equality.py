"""What `==`, `same` and `cartesian` tell apart, and what they do not."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagrammar import equality
from diagrammar.diagram import Box, Builder, Copy, Diagram, Discard, Id, share
from diagrammar.equality import additive, cartesian, markov, same
from tests.diagram.signature import (
    NOISE,
    F,
    G,
    X,
    diagrams,
    following,
    mark,
    random_diagram,
    reordered,
    repeat,
    rewired,
    state,
    weight,
)

BODY = Id(X) @ weight() >> G


@given(diagrams(20), st.integers(0, 10**6))
def test_numbers_of_wires_do_not_count(f: Diagram, seed: int) -> None:
    """A diagram whose boxes are made anew in another order is equal, has the same hash, and is the same."""
    g = reordered(f, seed)
    assert f == g
    assert hash(f) == hash(g)
    assert same(f, g)
    assert cartesian(f) == cartesian(g)


@given(diagrams(), diagrams())
def test_equal_diagrams_have_equal_hashes(f: Diagram, g: Diagram) -> None:
    """`==` implies equal hashes and equal cartesian forms; `same` implies `==`."""
    if f == g:
        assert hash(f) == hash(g)
        assert cartesian(f) == cartesian(g)
    if same(f, g):
        assert f == g


def test_names_of_keys_do_not_count_but_sharing_does() -> None:
    """Weights are equal up to their names; one weight used twice is not two weights."""
    other = Id(X) @ weight("V") >> G
    assert other == BODY
    assert not same(BODY, other)
    one, two = share(BODY, "c") >> share(BODY, "c"), share(BODY, "c") >> share(BODY, "d")
    assert one != two
    assert two == BODY >> BODY == BODY.named("n") >> BODY.named("n")
    assert one == share(BODY, "e") >> share(BODY, "e")


def test_types_and_arguments_count() -> None:
    """Boxes differ by types, static arguments, origins; `true` is not 1; 0.5 is a half."""

    def box(value: object) -> Diagram:
        return Box("p", (X,), (X,), params=(("a", value),)).diagram()  # type: ignore[arg-type]

    assert box(True) != box(1)
    assert box(0.5) == box(Fraction(1, 2))
    assert box(0.0) != box(-0.0)
    assert box(float("nan")) == box(float("nan"))
    assert Box("f", (X,), (X, X)) >> Id(X) @ Discard(X) != F
    assert Id(X) @ Discard(X) != Discard(X) @ Id(X)


def test_keys_that_lead_out_count_as_they_are() -> None:
    """A key bound outside keeps its name: `^a` is not `^b`, and not a key of one's own."""

    def user(key: str) -> Diagram:
        return Diagram.of(BODY.frame("cell", key=key))

    assert user("^a") == user("^a")
    assert user("^a") != user("^b")
    assert user("^a") != user("a")
    assert user("^a") != user("^^a")
    assert user("/a") != user("^a")
    # one keyed box further out it is bound
    assert Diagram.of(user("^a").frame("n")) >> share(BODY, "a") == Diagram.of(user("^b").frame("n")) >> share(
        BODY, "b"
    )
    assert Diagram.of(user("^a").frame("n")) >> share(BODY, "a") != Diagram.of(user("^b").frame("n")) >> share(
        BODY, "a"
    )


def test_a_key_inside_repeat_is_one_for_each_step() -> None:
    """A share in a loop is one instance, a mention in a loop is one for each step."""
    fresh, tied = repeat(3, BODY.named("n") >> Id(X)), repeat(3, share(BODY, "n"))
    assert fresh != tied
    assert fresh == repeat(3, BODY)
    assert fresh != repeat(4, BODY)
    assert tied >> share(BODY, "n") != tied >> share(BODY, "m")


def test_marks_are_told_apart_where_a_text_is() -> None:
    """`==` and `same` compare a mark as the box that it is; the cartesian form lays it open, as all do with frames."""
    kept, again = mark("store", F >> F), mark("recompute", F >> F)
    assert kept == mark("store", F >> F) and hash(kept) == hash(mark("store", F >> F))
    assert len({kept, again, F >> F, mark("store", kept)}) == 4
    assert kept.named("n") >> Id(X) == kept != F >> F
    assert not same(kept, again) and not same(kept, F >> F)
    assert cartesian(kept) == cartesian(again) == cartesian(F >> F) == cartesian(mark("store", again))
    assert cartesian(Copy(X) >> kept @ again) == cartesian(F >> F >> Copy(X))
    assert cartesian(kept) != cartesian(mark("store", F.diagram()))


def test_what_a_mark_holds_is_of_the_body_around_it() -> None:
    """It is the instance that it would be without the mark: in a loop one for each step, a share one for all."""
    fresh, tied = mark("store", BODY.named("n") >> Id(X)), mark("store", share(BODY, "n"))
    for inside in (fresh, tied):
        loop = repeat(3, inside)
        assert cartesian(loop, exact=True) == cartesian(repeat(3, inside.boxes[0].insides[0]), exact=True)
    assert cartesian(repeat(3, fresh), exact=True) != cartesian(repeat(3, tied), exact=True)
    assert additive(Copy(X) >> tied @ share(BODY, "n")) == additive(Copy(X) >> share(BODY, "n") @ share(BODY, "n"))


def test_effects_are_never_dead() -> None:
    """A `next` counts although nothing needs it, also inside a frame and a loop."""

    def counter(key: str, twice: bool = False) -> Diagram:
        build = Builder((X,))
        (now,) = build.add(state(key), ())
        (then,) = build.add(G, (0, now))
        if twice:
            (then,) = build.add(F, (then,))
        build.add(following(key), (then,))
        return build.build((0,))

    assert counter("m") != Id(X)
    assert counter("m") == counter("n")
    assert hash(counter("m")) == hash(counter("n"))
    assert counter("m").named("c") >> Id(X) == counter("m") != Id(X)
    assert repeat(2, counter("m")) != repeat(2, Id(X))
    aside = Copy(X) >> repeat(2, counter("m")) @ Id(X) >> Discard(X) @ Id(X)
    assert aside != Id(X)
    assert not same(aside, Id(X))
    assert counter("a") >> counter("b", True) == counter("b", True) >> counter("a")
    assert hash(counter("a") >> counter("b", True)) == hash(counter("b", True) >> counter("a"))
    assert counter("a") >> counter("b") != counter("a")


def test_cartesian_merges_pure_boxes_only() -> None:
    """Equal pure boxes on equal wires are one, and so are reads of one weight; random boxes and states are not."""
    assert cartesian(F >> Copy(X)) == cartesian(Copy(X) >> F @ F)
    two = NOISE @ NOISE >> G
    assert cartesian(two).size == 3
    assert cartesian(two) != cartesian(NOISE >> Copy(X) >> G)
    cell = share(BODY, "c")
    assert cartesian(Copy(X) >> cell @ cell) == cartesian(cell >> Copy(X))
    assert cartesian(Copy(X) >> BODY.named("n") @ BODY.named("n")) != cartesian(BODY >> Copy(X))
    loop = repeat(2, F >> F)
    assert cartesian(Copy(X) >> loop @ loop) == cartesian(loop >> Copy(X))
    assert cartesian(Copy(X) >> repeat(2, cell) @ repeat(2, cell)) == cartesian(repeat(2, cell) >> Copy(X))
    noisy = repeat(2, Discard(X) >> NOISE.diagram())
    assert cartesian(Copy(X) >> noisy @ noisy) != cartesian(noisy >> Copy(X))
    assert cartesian(state() @ state() >> G).size == 3


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_cartesian_is_coarser_than_markov(seed: int, boxes: int) -> None:
    """Merging never adds a box."""
    f = random_diagram(seed, boxes)
    assert cartesian(f).size <= markov(f).size <= boxes


def test_frames_are_transparent_to_equality_alone() -> None:
    """`==` lays named frames open, `same` compares them and their names."""
    named, other = BODY.named("n"), BODY.named("o")
    assert Diagram.of(named.frame()) == BODY == Diagram.of(other.frame())
    assert not same(Diagram.of(named.frame()), BODY)
    assert not same(named >> Id(X), other >> Id(X))
    assert same(named >> Id(X), BODY.named("n") >> Id(X))


def _doubled(times: int, tail: Box = F) -> Diagram:
    d = tail.diagram()
    for level in range(times):
        d = d.named(f"a{level}") >> d.named(f"a{level}")
    return d


def test_huge_expansions_are_compared_frame_by_frame() -> None:
    """Sixty definitions, each twice the one before, compare at once; different ones are never called equal."""
    start = time.perf_counter()
    f = _doubled(60)
    assert f == _doubled(60)
    assert hash(f) == hash(_doubled(60))
    assert same(f, _doubled(60))
    assert f != _doubled(59)
    assert f != _doubled(60, Box("e", (X,), (X,)))
    # laid open, they would never end
    assert time.perf_counter() - start < 60


def test_past_the_budget_equality_stays_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frame by frame, sharing and keys count exactly: nothing different becomes equal."""
    monkeypatch.setattr(equality, "BUDGET", 2)
    one, two = share(BODY, "c") >> share(BODY, "c"), BODY.named("c") >> BODY.named("c")
    assert one != two
    assert one == share(BODY, "c") >> share(BODY, "c")
    assert random_diagram(1, 9) == random_diagram(1, 9)


@given(st.integers(0, 10**6), st.integers(1, 15))
def test_another_wire_is_another_diagram(seed: int, boxes: int) -> None:
    """Where one wire is moved, `==` agrees with the comparison of what each output computes, as a term."""
    f = random_diagram(seed, boxes)
    g = rewired(f, seed + 1)
    if f == g:
        assert _terms(f) == _terms(g)
    if _terms(f) != _terms(g):
        assert f != g
        assert not same(f, g)


def _terms(diagram: Diagram) -> list[str]:
    flat = diagram.flat
    text = {wire: f"i{number}" for number, wire in enumerate(flat.inputs)}
    for node in flat.nodes:
        inner = f"{node.box.name}({','.join(text[w] for w in node.ins)})"
        text.update({wire: f"{inner}.{port}" for port, wire in enumerate(node.outs)})
    return [text[wire] for wire in flat.outputs]
