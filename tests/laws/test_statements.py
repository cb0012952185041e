"""What a law says: one instance a name, what is quantified, and the errors of its text."""

from __future__ import annotations

import pytest

import diagrammar as dg
from diagrammar.elaborate.laws import statements
from diagrammar.law import Named, OneOf, Range, Sides

FILE = """
dim n
space X = torus(1)
type V = Field[X, 3]
diagram layer : V -> V = (fourier[4] + pointwise) >> gelu
diagram sum_of[m : int] : V -> V = layer + layer
"""


def sides(law: str, **values: object) -> Sides:
    """The sides of a law of the file above."""
    (found,) = statements(dg.loads(FILE + law)._module)
    return found.sides(values, {})


def keys(diagram: dg.Diagram) -> list[str]:
    """Keys of its boxes that have one."""
    return [box.key for box in diagram.boxes if box.key]


def test_a_name_is_one_instance() -> None:
    """A name has one key on both sides, at the root; the same name at other arguments is another instance."""
    found = sides("law l(u : V) : layer(layer(u)) == fourier[4](u) + fourier[4](fourier[3](u))")
    assert keys(found.left) == ["/layer", "/layer"]
    assert sorted(keys(found.right)) == ["/fourier", "/fourier", "/fourier_2"]


def test_one_instance_on_every_grid() -> None:
    """The grid does not make another instance, for weights do not depend on it."""
    found = sides("law l(u : V) : layer(upsample[2](u)) == upsample[2](layer(u))")
    assert "/layer" in keys(found.left) and "/layer" in keys(found.right)


def test_instances_of_other_shapes_are_others() -> None:
    """Where sizes are inferred, a weight still has one shape."""
    found = sides("law l(x : R[3], y : R[4]) : linear[b = 2](x) == linear[b = 2](y)")
    assert keys(found.left) == ["/linear"] and keys(found.right) == ["/linear_2"]


def test_arguments_that_are_diagrams_are_instances_too() -> None:
    """`residual[layer]` adds the same layer that the other side adds."""
    found = sides("law l(u : V) : residual[layer](u) == u + layer(u)")
    left, right = dg.compile(found.left).state_dict(), dg.compile(found.right).state_dict()
    assert left.keys() == right.keys()
    assert found.left == found.right


def test_mentions_inside_are_their_own() -> None:
    """The two layers inside of a diagram stay two."""
    found = sides("law l(u : V) : sum_of[1](u) == layer(u) + layer(u)")
    assert len(dg.compile(found.left).state_dict()) == 2 * len(dg.compile(found.right).state_dict())
    assert found.left != found.right


def test_laws_between_diagrams() -> None:
    """Sides may be diagrams: on the wires of the law, or on wires whose types follow."""
    assert sides("law l : layer >> gelu == layer >> gelu").names == ("x",)
    assert sides("law l(u : V) : rfft >> irfft == id").names == ("u",)


def test_numbers_are_of_the_type_of_the_other_side() -> None:
    """`0 <= u * u` compares every entry with 0."""
    found = sides("law l(u : R[n]) : 0 <= u * u")
    assert found.left.cod == found.right.cod and found.relation == "<="


def test_sets() -> None:
    """Ranges, lists and named sets, at the values of the names before them."""
    text = "law l(u : R[n]) : a * u == s[0] * u for a in -3.0 .. 3.0, k in 1 .. 8, s in permutations(n), w in [1, 2]"
    (law,) = statements(dg.loads(FILE + text)._module)
    assert list(law.order()) == ["a", "k", "s", "w"]
    assert law.choice("a", {}, {}) == Range(-3, 3, True)
    assert law.choice("k", {}, {}) == Range(1, 8, False)
    assert law.choice("w", {}, {}) == OneOf((1, 2))
    assert isinstance(law.choice("s", {}, {}), Named)


WRONG = {
    "law l(u : V) : layer(u) == mean(u)": ("7:16", "the sides of `l` have different types"),
    "law l(u : V) : layer(u) == lair(u)": ("7:28", "nothing here is called `lair`"),
    "law l(u : V) : u == u for u in bandlimted(4)": ("7:32", "there is no set `bandlimted`"),
    "law l(u : V) : u == u for u in shifts(X)": ("7:32", "`shifts` is no set for this name"),
    "law l(u : V) : u == u for u in 3": ("7:32", "after `in` stands a range, a list or a set"),
    "law l(u : V) : u == u for layer in 1 .. 3": ("7:27", "is nothing that `for` can choose"),
    "law l(u : V) : u == u for k in 1 .. 3, k in 1 .. 4": ("7:40", "`k` is bound twice"),
    "law l(u : V) : u == u for k in 3 .. 1": ("7:32", "this range is empty"),
    "law l(u : V) : u == u within -1": ("7:30", "a tolerance is a number"),
    "law l[s](u : V) : u == u": ("7:1", "nothing says which values `s` takes"),
    "law l : 1 == 2": ("7:1", "both sides are numbers"),
    "law l : id == id": ("7:9", "nothing says how many wires"),
    "law l(u : V) : u == u within u": ("7:30", "nothing here is called `u`"),
}


@pytest.mark.parametrize("text", WRONG)
def test_errors_have_their_place(text: str) -> None:
    """A wrong law is an error of the file, where it is wrong."""
    place, message = WRONG[text]
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.loads(FILE + text)
    assert caught.value.render().startswith(f"text.dg:{place}: "), caught.value.render()
    assert message in caught.value.message
