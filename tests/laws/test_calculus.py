"""The laws of the calculus itself, on random diagrams of the whole library: those of a Markov category, and that what
is printed reads back.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import diagrammar as dg
from diagrammar.diagram import Copy, Diagram, Discard, Id, Swap
from diagrammar.equality import cartesian, markov, same
from diagrammar.strategies import Signature, diagrams, signature_of
from tests.diagram.signature import NOISE, F, G, X, following, reordered, state, weight
from tests.laws.rewriting import changed, rewritten

STD = signature_of("std")
# a `next` is needed by itself, so what discards a diagram without states discards all of it
pure = diagrams(STD, boxes=6, states=False)
# a share keeps its name, so diagrams that are put together have none of the same names
every = diagrams(STD, boxes=6, shares=False)

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


@quick
@given(every, every, every)
def test_composition_is_associative(f: Diagram, g: Diagram, h: Diagram) -> None:
    """(f >> g) >> h is f >> (g >> h), and so for @, with the same names and keys; identities are units."""
    wires = h.dom @ g.dom
    a, b = f @ Id(wires), Id(f.cod @ h.dom) @ g
    c = Swap(f.cod @ h.dom, g.cod) >> Id(g.cod @ f.cod) @ h
    assert same((a >> b) >> c, a >> (b >> c))
    assert (f @ g) @ h == f @ (g @ h)
    assert Id(f.dom) >> f == f == f >> Id(f.cod) == f @ Id() == Id() @ f
    assert same(f >> Id(f.cod), f)


@quick
@given(every, every)
def test_interchange(f: Diagram, g: Diagram) -> None:
    """f @ g is f then g, and g then f, side by side with identities."""
    both = f @ g
    dg.verify(both)
    assert both == (f @ Id(g.dom)) >> (Id(f.cod) @ g) == (Id(f.dom) @ g) >> (f @ Id(g.cod))


@quick
@given(every, every)
def test_swap_is_natural_and_its_own_inverse(f: Diagram, g: Diagram) -> None:
    """A swap moves boxes past it; two swaps are the identity."""
    assert f @ g >> Swap(f.cod, g.cod) == Swap(f.dom, g.dom) >> g @ f
    assert Swap(f.dom, g.dom) >> Swap(g.dom, f.dom) == Id(f.dom @ g.dom)


@quick
@given(every, every, every)
def test_the_hexagon(f: Diagram, g: Diagram, h: Diagram) -> None:
    """Past two bundles at once is past the one and then past the other; past nothing is the identity."""
    a, b, c = f.cod, g.cod, h.cod
    assert Swap(a, b @ c) == Swap(a, b) @ Id(c) >> Id(b) @ Swap(a, c)
    assert Swap(a @ b, c) == Id(a) @ Swap(b, c) >> Swap(a, c) @ Id(b)
    assert Swap(a, ()) == Id(a)


@quick
@given(every, every)
def test_copies_and_discards_are_comonoids(f: Diagram, g: Diagram) -> None:
    """Copies are coassociative, cocommutative and counital; those of a bundle are those of its parts, interleaved."""
    a, b = f.cod, g.cod
    assert Copy(a) >> Copy(a) @ Id(a) == Copy(a) >> Id(a) @ Copy(a) == Copy(a, 3)
    assert Copy(a) >> Swap(a, a) == Copy(a)
    assert Copy(a) >> Id(a) @ Discard(a) == Id(a) == Copy(a, 1) == Copy(a) >> Discard(a) @ Id(a)
    assert Copy(a @ b) == Copy(a) @ Copy(b) >> Id(a) @ Swap(a, b) @ Id(b)
    assert Discard(a @ b) == Discard(a) @ Discard(b)
    assert Copy(()) == Discard(()) == Id(())


@quick
@given(pure)
def test_discard_is_natural(f: Diagram) -> None:
    """A diagram that is discarded is not there, also where its boxes draw: nothing is left that they draw for."""
    assert f >> Discard(f.cod) == Discard(f.dom)


def test_discard_is_not_natural_where_something_is_kept() -> None:
    """What the next call reads is needed though no output needs it."""
    keeps = Copy(X) >> following() @ state() @ Id(X) >> G
    assert keeps >> Discard(X) != Discard(X)


@quick
@given(diagrams(STD, boxes=6, random=False, states=False, weights=False, least=1))
def test_copy_is_natural_for_pure_diagrams_up_to_merging(f: Diagram) -> None:
    """Two of a diagram that owns nothing and draws nothing are one that is copied, as cartesian diagrams; as Markov
    diagrams only where it has no boxes that are needed.
    """
    once, twice = f >> Copy(f.cod), Copy(f.dom) >> f @ f
    assert cartesian(once) == cartesian(twice)
    assert (once == twice) == (markov(once).size == markov(twice).size)


@quick
@given(every)
def test_a_copied_draw_is_not_two_draws(f: Diagram) -> None:
    """Whatever follows it, a random box that is copied is another diagram than two of them, merged or not."""
    once = NOISE >> Copy(X)
    twice = NOISE @ NOISE
    for left, right in ((once, twice), (once @ f, twice @ f)):
        assert left != right
        assert cartesian(left) != cartesian(right)
    assert cartesian(F >> Copy(X)) == cartesian(Copy(X) >> F @ F)
    assert weight() >> Copy(X) != Diagram.of(weight("a")) @ Diagram.of(weight("b"))


# what a text has no place for: a field from nothing in a diagram of its own
PRINTED = Signature([each for each in STD.generators if each.name != "tabulate"], STD.types)


@settings(quick, max_examples=150)
@given(diagrams(PRINTED, boxes=12))
def test_what_is_printed_reads_back(f: Diagram) -> None:
    """`parse(print(d))` is the same as d: boxes, frames, names and keys; and it passes every check of a text."""
    again = dg.loads(str(f))["main"]
    dg.verify(again)
    assert same(again, f)
    assert again == f and hash(again) == hash(f)
    assert str(again) == str(f)


# ------------------------------------------------------------------------------------------------- both answers


@quick
@given(every, st.integers(0, 10**6))
def test_rewriting_by_the_axioms_changes_nothing(f: Diagram, seed: int) -> None:
    """Boxes in another order, keys under other names, wires swapped there and back, and copied for nothing."""
    for other in (reordered(f, seed), rewritten(f, seed)):
        dg.verify(other)
        assert other == f and hash(other) == hash(f)


@pytest.mark.parametrize("what", ["port", "parameter", "name"])
def test_one_change_is_seen(what: str) -> None:
    """A swapped port, another static argument, another box: not equal, where an output needs the box."""
    seen = [0]

    @settings(quick, max_examples=200, derandomize=True)
    @given(every)
    def check(f: Diagram) -> None:
        other = changed(f, what)
        if other is not None:
            seen[0] += 1
            assert other != f

    check()
    assert seen[0] >= 3


def test_another_key_is_seen_where_it_leads_out() -> None:
    """Two weights of one key are one, of two keys they are two; names bound inside do not count."""
    one = Diagram.of(weight("a")) @ Diagram.of(weight("b")) >> G
    assert one == Diagram.of(weight("c")) @ Diagram.of(weight("d")) >> G
    assert one != weight("a") >> Copy(X) >> G
    assert Diagram.of(weight("^a")) != Diagram.of(weight("^b"))
