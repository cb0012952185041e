"""Terms against canonical forms: two readings of the same diagram agree."""

from __future__ import annotations

import pytest

import diagrammar as dg
from diagrammar.diagram import Box, Copy, Diagram, Id
from diagrammar.equality import cartesian
from diagrammar.errors import BudgetError
from diagrammar.proof.kinds import every, none, uniform
from diagrammar.proof.terms import Closed, Store, is_pure
from diagrammar.proof.unrolling import has_loops, unrolled, unrolled_size
from tests.diagram.signature import NOISE, F, G, X, random_diagram, reordered, repeat, rewired, state, weight
from tests.fuzz.programs import program


def alike(left: Diagram, right: Diagram, closed: Closed) -> bool:
    """Whether two diagrams have the same outputs in one store."""
    store = Store()
    wires = store.inputs(tuple(left.dom), "both")
    return store.load(left, wires, closed=closed) == store.load(right, wires, closed=closed)


@pytest.mark.parametrize("seed", range(100))
def test_terms_agree_with_canonical_forms(seed: int) -> None:
    """Equal wires are equal cartesian forms, and different ones different forms."""
    one = random_diagram(seed, 10)
    for other in (reordered(one, seed), rewired(one, seed)):
        assert alike(one, other, none) == (cartesian(one, exact=True) == cartesian(other, exact=True))


def bodies(seed: int) -> list[Diagram]:
    """The pure diagrams of a random program: with frames, shares, loops, folds."""
    module = dg.loads(program(seed))
    return [one for one in (module[name] for name in module) if isinstance(one, Diagram) and is_pure(one)]


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("closed", [every, uniform, none])
def test_a_diagram_comes_back_out_of_a_store(seed: int, closed: Closed) -> None:
    """With the same keys, whether its frames are open or closed."""
    for diagram in bodies(seed):
        store = Store()
        wires = store.inputs(tuple(diagram.dom), "all")
        back = store.diagram(store.load(diagram, wires, closed=closed), wires)
        assert cartesian(back, exact=True) == cartesian(diagram, exact=True)


@pytest.mark.parametrize("seed", range(60))
def test_programs_agree_with_canonical_forms(seed: int) -> None:
    """Diagrams of one program and of the next: the same ones are equal."""
    made = bodies(seed) + bodies(seed)
    for one in made:
        for other in made:
            if one.dom == other.dom and one.cod == other.cod:
                same = cartesian(one, exact=True) == cartesian(other, exact=True)
                assert alike(one, other, none) == same
                # a closed frame may hide an equality; it makes none
                assert same or not alike(one, other, every)


def test_exact_forms_keep_names() -> None:
    """The names of what is bound inside count, and a form is equal to itself."""
    one, other = (Diagram.of(Diagram.of(weight()).frame("layer", key=key)) for key in ("layer", "layer_2"))
    assert cartesian(one) == cartesian(other)
    assert cartesian(one, exact=True) != cartesian(other, exact=True)
    assert cartesian(one, exact=True) == cartesian(Diagram.of(Diagram.of(weight()).frame("layer")), exact=True)


def test_an_outer_share_is_found_from_within() -> None:
    """`^cell` inside a frame is the share of the body around it, also in a store, and back out of it."""
    inner = Diagram.of(Box("f", (X,), (X,), key="^cell"))
    outer = Diagram.of(inner.frame("layer")) >> Diagram.of(Box("f", (X,), (X,), key="~cell"))
    twice = Diagram.of(Box("f", (X,), (X,), key="~cell"))
    assert alike(outer, twice >> twice, none)
    store = Store()
    wires = store.inputs((X,), "all")
    back = store.diagram(store.load(outer, wires, closed=every), wires)
    assert cartesian(back, exact=True) == cartesian(outer, exact=True)


def test_an_outer_share_is_found_through_an_absolute_key() -> None:
    """The scope is where a box is mentioned, not where its path starts."""
    inner = Diagram.of(Box("f", (X,), (X,), key="^cell"))
    outer = Diagram.of(Diagram.of(inner.frame("one", key="/one")).frame("layer"))
    store = Store()
    wires = store.inputs((X,), "all")
    back = store.diagram(store.load(outer, wires), wires)
    assert cartesian(back, exact=True) == cartesian(outer, exact=True)


def test_what_is_pure() -> None:
    """Not what is random or keeps a state, however deep."""
    assert is_pure(F >> F)
    for impure in (Diagram.of(NOISE), Diagram.of(state())):
        assert not is_pure(Diagram.of(Diagram.of(impure.frame("a")).frame("b")))


def test_a_store_has_a_budget() -> None:
    """Past it there is an error, not more memory."""
    store = Store(3)
    with pytest.raises(BudgetError, match="more than 3 terms"):
        store.load(Id(X).then(*[F] * 10), store.inputs((X,), "all"))


# -------------------------------------------------------------------------------------------------------------- loops


def test_a_loop_is_laid_out_with_what_it_captures() -> None:
    """Captured wires go to every step as they are, and the step is counted in the keys."""
    step = Diagram.of(Box("g", (X, X), (X,), key="g"))
    (loop,) = repeat(2, step).boxes
    held = Box("repeat", (X, X), (X,), origin="repeat", params=(("count", 2), ("captures", 1)), insides=loop.insides)
    first, second = (Diagram.of(Box("g", (X, X), (X,), key=f"g#{at}")) for at in (0, 1))
    by_hand = Copy(X) @ Id(X) >> Id(X) @ first >> second
    assert cartesian(unrolled(Diagram.of(held)), exact=True) == cartesian(by_hand, exact=True)


def test_loops_within_loops_count_all_steps() -> None:
    """Every pair of steps has an instance of its own, and a share of the body is one for all."""
    body = Diagram.of(Box("f", (X,), (X,), key="f")) >> Diagram.of(Box("s", (X,), (X,), key="~s"))
    made = unrolled(repeat(3, repeat(2, body)))
    keys = [box.key for box in made.boxes]
    assert keys.count("~s") == 6
    assert len(set(keys)) == 7 and "f#1#2" in keys
    assert unrolled_size(repeat(3, repeat(2, body))) == 1 + 3 * (1 + 2 * 2)


def test_instances_of_a_loop_are_counted() -> None:
    """A fresh box in a loop is another instance than a share there, and than the same name outside."""
    fresh, shared = (Diagram.of(Box("f", (X,), (X,), key=key)) for key in ("f", "~f"))
    assert alike(repeat(2, fresh), repeat(2, fresh), none) and alike(repeat(2, shared), repeat(2, shared), none)
    assert not alike(repeat(2, fresh), repeat(2, shared), none)


def test_a_loop_inside_a_frame_is_laid_out() -> None:
    """And the frame stays; without a loop a diagram stays as it is."""
    inside = repeat(2, F.diagram())
    assert unrolled(Diagram.of(inside.frame("layer"))) == F >> F
    assert has_loops(Diagram.of(inside.frame("layer"))) and not has_loops(F >> F)


def test_a_name_that_looks_counted_is_left_alone() -> None:
    """A key with the mark in it could be taken for the step of a loop."""
    assert not has_loops(repeat(2, Diagram.of(Box("f", (X,), (X,), key="f#0"))))


def test_merged_terms() -> None:
    """Equal boxes on equal wires are one, in any order."""
    assert alike(Copy(X) >> F @ F >> G, F >> Copy(X) >> G, none)
