"""The flat category of programs, and diagrams in the plane."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagrammar.diagram import Box, Copy, Diagram, Discard, Id, Swap
from diagrammar.errors import DiagramTypeError
from diagrammar.functor import Functor
from diagrammar.planar import Plane
from diagrammar.program import Program
from tests.diagram.signature import X, diagrams, random_diagram

ADD, PAIR = Program(lambda x, y: x + y, 2, 1), Program(lambda x: (x, -x), 1, 2)


def test_programs_compose_in_both_directions() -> None:
    """The laws of a monoidal category, on values."""
    assert (PAIR >> ADD)(5) == 0
    assert (PAIR @ ADD)(1, 2, 3) == (1, -1, 5)
    assert (PAIR @ 1 >> 1 @ ADD)(1, 5) == (1, 4)
    assert Program.swap(1, 2)(1, 2, 3) == (2, 3, 1)
    assert Program.copy(2, 3)(1, 2) == (1, 2, 1, 2, 1, 2)
    assert (Program.discard(1) @ Program.id(1))(1, 2) == 2
    assert Program.id(0)() == () and Program.discard(2)(1, 2) == ()
    left, right = (PAIR @ PAIR) >> (ADD @ ADD), (PAIR >> ADD) @ (PAIR >> ADD)
    assert left(3, 4) == right(3, 4) == (0, 0)


def test_a_value_may_be_a_tuple() -> None:
    """A function of one output gives what it gives."""
    both = Program(lambda x: (x, x), 1, 1)
    assert (both >> Program(len, 1, 1))(3) == 2


def test_wires_have_to_fit() -> None:
    """In composing, in calling, and in what a function gives."""
    with pytest.raises(DiagramTypeError, match="1 wires meet 2"):
        ADD >> ADD
    with pytest.raises(DiagramTypeError, match="2 wires, and 1 values"):
        ADD(3)
    with pytest.raises(DiagramTypeError, match="2 wires gives 3"):
        Program(lambda: (1, 2, 3), 0, 2)()


@pytest.mark.parametrize("side", ["left", "right", "halves", "beside"])
def test_programs_have_no_depth(side: str) -> None:
    """100,000 steps run, however they were put together."""
    step = Program(lambda x: x + 1, 1, 1)
    whole = step
    if side == "halves":
        for _ in range(17):
            whole = whole >> whole
        assert whole(0) == 2**17
        return
    for _ in range(100_000):
        whole = {"left": lambda w: w >> step, "right": lambda w: step >> w, "beside": lambda w: w @ Program.id(0)}[
            side
        ](whole)
    assert whole(0) == (1 if side == "beside" else 100_001)


def test_steps_can_be_read() -> None:
    """Each function with its first wire and how many it takes and gives."""
    assert [step[1:] for step in (PAIR @ 1 >> 1 @ ADD).steps] == [(0, (1, 2)), (1, (2, 1))]


@settings(deadline=None)
@given(diagrams())
def test_a_diagram_is_what_its_steps_in_the_plane_compose_to(diagram: Diagram) -> None:
    """Layer by layer the wires fit, and the whole is the diagram again."""
    flat = diagram.flat
    plane = Plane(flat)
    whole = Id(diagram.dom)
    for step in plane.steps():
        places = [flat.types[wire] for wire in plane.places]
        taken = places[step.at : step.at + step.taken]
        part: Any = step.node.box.diagram() if step.node else None
        if step.kind == "swap":
            part = Swap(*taken)
        elif step.kind == "copy":
            part = Copy(taken[0], len(step.given)) if step.given else Discard(taken[0])
        whole = whole >> Id(tuple(places[: step.at])) @ part @ Id(tuple(places[step.at + step.taken :]))
    assert whole == diagram and tuple(plane.places) == flat.outputs


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 12))
def test_the_flat_category_agrees_with_plain_evaluation(seed: int, boxes: int) -> None:
    """A functor into programs gives what running the boxes one by one gives."""
    diagram = random_diagram(seed, boxes)
    table: dict[str, Any] = {
        "f": lambda a: a + 1,
        "g": lambda a, b: a * b,
        "h": lambda a: (a, a + 2),
        "k": lambda a: -a,
    }
    program = Functor(ar=lambda box: Program(table[box.name], len(box.dom), len(box.cod)), cod=Program)(diagram)
    slots = dict(zip(diagram.flat.inputs, (5, 6, 7, 8), strict=True))
    for node in diagram.flat.nodes:
        given = table[node.box.name](*(slots[wire] for wire in node.ins))
        slots.update(zip(node.outs, given if isinstance(given, tuple) else (given,), strict=True))
    wanted = tuple(slots[wire] for wire in diagram.flat.outputs)
    assert program(5, 6, 7, 8) == (wanted[0] if len(wanted) == 1 else wanted)


def test_frames_are_entered_by_the_functor() -> None:
    """A frame that has no image is what is inside it; a box that has none is an error that names it."""
    f = Box("f", (X,), (X,))
    layer = f.diagram().named("layer")
    program = Functor(ar=lambda box: Program(lambda x: x + 1, 1, 1) if box == f else None, cod=Program)
    assert program(layer >> layer)(0) == 2
    with pytest.raises(NotImplementedError, match="other"):
        program(Box("other", (X,), (X,)))
