"""Where a pattern fits, and with what."""

from __future__ import annotations

from diagrammar.diagram import Box, Copy, Diagram, Discard, Id
from diagrammar.proof.equation import Equation, Instance
from diagrammar.proof.kinds import none
from diagrammar.proof.matching import Found, Rule, matches, pattern
from diagrammar.proof.terms import Store
from diagrammar.sizes import Size, var
from diagrammar.types import Field, Space, Tensor


def R(*sizes: Size) -> Tensor:
    """A real tensor type."""
    return Tensor("R", sizes)


def std(name: str, wire: Tensor | Field, count: int = 2) -> Box:
    """A primitive on wires of one type."""
    return Box(name, (wire,) * count, (wire,), origin=f"std:{name}")


def found(left: Diagram, target: Diagram, right: Diagram | None = None) -> list[Found]:
    """The matches of the left side of an equation at the first output of a diagram; its wires by their numbers."""
    store = Store()
    wires = store.inputs(tuple(target.dom), "target")
    (end, *_) = store.load(target, wires)
    equation = Equation("e", left, right or left)
    inputs, (root, *_) = pattern(store, equation, True, none)
    order = {wire: at for at, wire in enumerate(wires)}
    return [
        Found({inputs.index(mine): order.get(other, -1) for mine, other in one.wires.items()}, one.instance)
        for one in matches(store, Rule(equation, True, 0, root, inputs), end)
    ]


def sizes(instance: Instance) -> dict[str, Size]:
    """The sizes of an instance."""
    return dict(instance.sizes)


n, m = var("n"), var("m")
TWO = R(2)


def test_sizes_are_solved_for() -> None:
    """One unknown that occurs linearly, with a whole solution."""
    for size, number, solution in ((n, 5, 5), (2 * n, 6, 3), (n + 1, 4, 3), (2 * n, 5, None), (n * n, 4, None)):
        matched = found(Diagram.of(std("sin", R(size), 1)), Diagram.of(std("sin", R(number), 1)))
        assert [sizes(one.instance) for one in matched] == ([] if solution is None else [{"n": solution}])


def test_sizes_agree_everywhere() -> None:
    """A size that is met twice is one size, also where it is met before it is known."""
    box = Box("f", (R(n * m), R(n)), (R(m),))
    for given, fits in (((12, 3, 4), True), ((12, 3, 5), False), ((11, 3, 4), False)):
        a, b, c = given
        matched = found(Diagram.of(box), Diagram.of(Box("f", (R(a), R(b)), (R(c),))))
        assert [sizes(one.instance) for one in matched] == ([{"n": 3, "m": 4}] if fits else [])


def test_sizes_of_the_target_are_not_those_of_the_pattern() -> None:
    """Both may be called n: the pattern's n is 2 n + 1 of the target."""
    matched = found(Diagram.of(std("sin", R(n), 1)), Diagram.of(std("sin", R(2 * n + 1), 1)))
    assert [sizes(one.instance) for one in matched] == [{"n": 2 * n + 1}]


def test_static_arguments_are_compared() -> None:
    """True is not 1, a text is that text, and a list has its length."""
    for mine, other, fits in (
        (True, 1, False), (1, 1, True), ("a", "b", False), ((1, 2), (1, 2), True), ((1,), (1, 2), False),
        ((n, -n), (3, -3), True), ((n, -n), (3, 3), False), (None, 0, False),
    ):  # fmt: skip
        one, two = (Diagram.of(Box("f", (TWO,), (TWO,), params=(("k", value),))) for value in (mine, other))
        assert bool(found(one, two)) == fits, (mine, other)


def test_a_wire_used_twice_is_one_wire() -> None:
    """f(x, x) is no f(x, y), but f(x, y) is f(x, x)."""
    f = Box("f", (TWO, TWO), (TWO,))
    same = Copy(TWO) >> f
    assert found(same, f.diagram()) == []
    assert [one.wires for one in found(f.diagram(), same)] == [{0: 0, 1: 0}]


def test_sums_and_products_match_in_both_orders() -> None:
    """Others do not."""
    sin = std("sin", TWO, 1)
    for name, ways in (("add", 1), ("mul", 1), ("sub", 0)):
        mine = Diagram.of(sin) @ Id(TWO) >> std(name, TWO)
        other = Id(TWO) @ Diagram.of(sin) >> std(name, TWO)
        assert len(found(mine, other)) == ways
        assert len(found(mine, mine)) == 1


def test_an_instance_is_that_instance() -> None:
    """A key in an equation is no variable."""
    one, other = (Diagram.of(Box("weight", (), (TWO,), origin="weight", key=key)) for key in "VW")
    assert found(one, other) == [] and len(found(one, one)) == 1


def test_spaces_are_of_one_kind_and_one_space() -> None:
    """Any torus of as many axes will do, the same one everywhere."""

    def field(name: str, kind: str = "torus") -> Field:
        space = Space(((kind, 1, name),), (var(f"{name}.0"),))
        return Field("Field", space, 2)

    def box(*wires: Field) -> Diagram:
        return Diagram.of(Box("f", wires, wires[:1]))

    x, y = field("X"), field("Y")
    (matched,) = found(box(x, x), box(y, y))
    assert dict(matched.instance.spaces) == {x.space.base: y.space.base}
    assert found(box(x, x), box(x, y)) == []
    assert found(box(x), box(field("Q", "cube"))) == []


def test_bodies_are_matched_with_their_inputs() -> None:
    """What is inside a box is the same up to sizes, its inputs in their order."""

    def loop(size: Size, inside: Diagram) -> Diagram:
        return Diagram.of(Box("map", (R(3, size),), (R(3, size),), origin="std:map", insides=(inside,)))

    def inside(size: Size, name: str = "sin") -> Diagram:
        return Diagram.of(std(name, R(size), 1))

    assert [sizes(one.instance) for one in found(loop(n, inside(n)), loop(4, inside(4)))] == [{"n": 4}]
    assert found(loop(n, inside(n)), loop(4, inside(4, "cos"))) == []


def test_large_patterns_end() -> None:
    """A pattern that shares its parts thirty times over is gone through once."""
    add = std("add", TWO)
    doubled = Id(TWO).then(*[Copy(TWO) >> add] * 30)
    assert len(found(doubled, doubled)) == 1
    assert found(doubled, doubled >> Copy(TWO) >> Id(TWO) @ Discard(TWO) >> std("sin", TWO, 1)) == []
