"""The bridge to DisCoPy: diagrams of ours as Markov diagrams and back, and diagrams of theirs."""

from __future__ import annotations

import random
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from discopy import cat, frobenius, markov, matrix, monoidal, python
from discopy.monoidal import Layer, Ty
from hypothesis import given, settings
from hypothesis import strategies as st

import diagrammar as dg
from diagrammar.backend import get
from diagrammar.backends.discopy import Frame
from diagrammar.diagram import Box, Copy, Diagram, Discard, Id, Swap
from tests.backends.samples import SAMPLES, exact, nested
from tests.diagram.signature import X, Y, random_diagram
from tests.diagram.test_reads_back import programs

# ------------------------------------------------------------------------------------------- ours, there and back


@pytest.mark.parametrize("diagram", SAMPLES.values(), ids=SAMPLES)
def test_there_and_back_is_the_same(diagram: Diagram) -> None:
    """With names, arguments, keys, kinds and insides; the name of the whole is given again."""
    again = dg.from_discopy(dg.to_discopy(diagram), diagram.name)
    assert dg.same(again, diagram)
    assert exact(again) == exact(diagram)
    assert again.name == diagram.name


@settings(max_examples=40, deadline=None)
@given(programs())
def test_programs_come_back(text: str) -> None:
    """Programs with shares in shares, loops and closures, and the paths of their weights."""
    diagram = dg.loads(text)["main"]
    again = dg.from_discopy(dg.to_discopy(diagram))
    assert dg.same(again, diagram)
    assert list(dg.compile(again).state_dict()) == list(dg.compile(diagram).state_dict())


PLAIN = (str, int, float, bool, type(None), tuple)


@pytest.mark.parametrize("diagram", SAMPLES.values(), ids=SAMPLES)
def test_nothing_of_ours_is_hidden_inside(diagram: Diagram) -> None:
    """All that can be reached from the result is DisCoPy's or plain; of ours there is only the class of frames."""
    made = dg.to_discopy(diagram)
    seen = {id(made)}
    jobs: list[Any] = [made]
    for item in jobs:
        module = type(item).__module__
        assert isinstance(item, (*PLAIN, dict, Frame)) or module.startswith("discopy"), item
        assert not isinstance(item, types.FunctionType)
        if isinstance(item, monoidal.Box) and item.data is not None:
            check_plain(item.data)
        parts = list(item) if isinstance(item, tuple | list) else []
        parts += [*item.keys(), *item.values()] if isinstance(item, dict) else [getattr(item, "__dict__", {})]
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                jobs.append(part)


def check_plain(value: object) -> None:
    """Only texts, numbers, truth values, None, and tuples of these."""
    assert type(value) in PLAIN, value
    for part in value if isinstance(value, tuple) else ():
        check_plain(part)


def test_what_a_box_is_can_be_read() -> None:
    """Data is pairs of a word and a plain value; a frame is a bubble with what is inside it."""
    made = dg.to_discopy(dg.loads("diagram f : R[8] -> R[4] = linear >> repeat 3 { gelu }")["f"])
    linear, repeat = made.boxes
    assert isinstance(linear, monoidal.Bubble) and isinstance(linear, markov.Box)
    assert (linear.name, str(linear.dom), str(linear.cod), linear.method) == ("linear", "R[8]", "R[4]", "frame")
    assert dict(linear.data)["key"] == "linear"
    assert dict(dict(linear.data)["params"]) == {"a": 8, "b": 4, "bias": True}
    assert [box.name for box in linear.arg.boxes] == ["weight", "weight", "einsum", "add"]
    assert (repeat.method, dict(dict(repeat.data)["params"])["count"]) == ("repeat", 3)


def test_copies_swaps_and_discards_are_those_of_markov_diagrams() -> None:
    """One copy where a wire is needed twice, a swap where wires cross, a discard where one ends; no more."""
    x, y = Ty("R[2]"), Ty("R[3]")
    f = Box("f", (X, Y), (X,))
    assert dg.to_discopy(Copy(X, 3)) == markov.Copy(x, 3)
    assert dg.to_discopy(Discard(X)).boxes == [markov.Copy(x, 0)]
    assert isinstance(dg.to_discopy(Discard(X)).boxes[0], markov.Discard)
    assert dg.to_discopy(Swap(Y, X) >> f) == markov.Swap(y, x) >> markov.Box("f", x @ y, x)
    straight = Copy(X) >> Id(X) @ Box("g", (X,), (Y,)) >> f
    assert [type(box).__name__ for box in dg.to_discopy(straight).boxes] == ["Copy", "Box", "Box"]


def test_a_wire_that_is_long_needed_is_one_wire() -> None:
    """A wire that 300 boxes take stands beside them once: the diagram is three wires wide at most."""
    f = Box("f", (X, Y), (X,))
    build = dg.Diagram.id((X, Y))
    for _ in range(300):
        build = build >> Id(X) @ Copy(Y) >> f @ Id(Y)
    made = dg.to_discopy(build >> Id(X) @ Discard(Y))
    assert max(len(layer.dom) for layer in made.inside) == 3
    assert sum(isinstance(box, markov.Swap) for box in made.boxes) == 0


def test_equal_boxes_of_theirs_need_equal_data() -> None:
    """A repeat of 3 is not one of 4, and frames tell by their hashes."""
    f = Box("f", (X,), (X,)).diagram()
    three, four = (
        dg.to_discopy(Box("repeat", (X,), (X,), origin="repeat", params=(("count", n),), insides=(f,)).diagram()).boxes[
            0
        ]
        for n in (3, 4)
    )
    assert three != four and three == dg.to_discopy(dg.from_discopy(three)).boxes[0]
    assert hash(three) == hash(dg.to_discopy(dg.from_discopy(three)).boxes[0])


def test_2000_boxes_and_2000_frames_go_over() -> None:
    """A chain of boxes, and a frame in a frame in a frame, without recursion."""
    chain = Id(X).then(*[Box("f", (X,), (X,))] * 2000)
    assert len(dg.to_discopy(chain).inside) == 2000
    assert dg.from_discopy(dg.to_discopy(chain)) == chain
    deep = nested(2000)
    assert dg.same(dg.from_discopy(dg.to_discopy(deep)), deep)


def test_a_definition_is_written_once() -> None:
    """A tower of diagrams that each mention the one below twice: 2^40 boxes, 40 diagrams."""
    tower = Box("f", (X,), (X,)).diagram()
    for _ in range(40):
        frame = Box("two", (X,), (X,), key="two", insides=(tower,))
        tower = frame.diagram() >> Box("two", (X,), (X,), key="two_2", insides=(tower,))
    made = dg.to_discopy(tower)
    assert made.boxes[0].arg is made.boxes[1].arg
    assert dg.same(dg.from_discopy(made), tower)


def test_the_text_builds_the_same_diagram_with_discopy_alone() -> None:
    """A file that imports no diagrammar; run, it defines what `to_discopy` gives."""
    for title in ("mlp mlp", "mgno mgno", "combinators", "wires of every type", "values", "training"):
        text = get("discopy").emit(SAMPLES[title])
        assert "diagrammar" not in text
        names: dict[str, Any] = {}
        exec(compile(text, title, "exec"), names)
        assert names["diagram"] == dg.to_discopy(SAMPLES[title])
        assert dg.same(dg.from_discopy(names["diagram"]), SAMPLES[title])


def test_it_draws(tmp_path: Path) -> None:
    """DisCoPy draws the result, frames and all."""
    path = tmp_path / "f.png"
    diagram = dg.loads("diagram f : R[8] -> R[4] = residual[linear >> repeat 3 { gelu }] >> linear")["f"]
    dg.to_discopy(diagram).draw(path=str(path))
    assert path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size > 10_000


# ------------------------------------------------------------------------------------------------ theirs, by hand

x, y = Ty("x"), Ty("R[3]")
PLAIN_BOXES = (
    markov.Box("f", x, x),
    markov.Box("g f", x @ y, y, data=[1, (2.5, "a")]),
    markov.Box("h", y, x @ y @ x, data={"n": 3}),
    markov.Box("k", Ty(), y, data=7),
    markov.Box("end", x @ x, Ty()),
)
OBJECTS = {x: int, y: int}


class Bubbled(monoidal.Bubble, markov.Box):  # type: ignore[misc]  # discopy has no types
    """What a user writes to have bubbles in Markov diagrams."""


def function(name: str, outputs: int) -> Any:
    """What a box of this name means: numbers that tell apart the boxes and the order of wires."""

    def run(*values: int) -> Any:
        total = sum(value * (3 + at) for at, value in enumerate(values)) + len(name) * 17 + ord(name[0])
        results = tuple((total * (at + 2) + at) % 10007 for at in range(outputs))
        return results[0] if outputs == 1 else results

    return run


def their_functor() -> markov.Functor:
    """A functor written by hand: bubbles are what is inside them."""

    def arrow(box: Any) -> Any:
        return functor(box.arg) if isinstance(box, monoidal.Bubble) else function(box.name, len(box.cod))

    functor = markov.Functor(ob=OBJECTS, ar=arrow, cod=markov.Category(python.Ty, python.Function))
    return functor


def our_functor() -> dg.Functor:
    """The same functor out of our diagrams: frames are what is inside them by themselves."""

    def arrow(box: Box) -> Any:
        return None if box.insides else function(box.name, len(box.cod))

    return dg.Functor(ob=lambda wire: int, ar=arrow, cod=markov.Category(python.Ty, python.Function))


def by_hand(seed: int, layers: int, depth: int = 1) -> Any:
    """A random Markov diagram: layers of one or several boxes, copies, discards, swaps, and bubbles."""
    draw = random.Random(seed)
    made = markov.Id(Ty(*draw.choices(["x", "R[3]"], k=draw.randint(0, 3))))
    for _ in range(layers):
        wires, parts, at = made.cod, [Ty()], 0
        while at < len(wires):
            fits = [box for box in PLAIN_BOXES if len(box.dom) and wires[at : at + len(box.dom)] == box.dom]
            fits += [markov.Copy(wires[at : at + 1], n) for n in (0, 2, 3)]
            if at + 2 <= len(wires):
                fits.append(markov.Swap(wires[at : at + 1], wires[at + 1 : at + 2]))
            box = draw.choice(fits)
            if draw.random() < 0.4 or len(wires) + len(box.cod) > 8:
                parts[-1] = parts[-1] @ wires[at : at + 1]
                at += 1
                continue
            if depth and isinstance(box, markov.Box) and draw.random() < 0.3:
                inside = by_hand(draw.randrange(10**6), 2, depth - 1)
                box = Bubbled(inside, dom=inside.dom, cod=inside.cod, name=draw.choice(["b", "", "odd name"]))
                if wires[at : at + len(box.dom)] != box.dom:
                    continue
            parts += [box, Ty()]
            at += len(box.dom)
        if len(parts) == 1 or draw.random() < 0.2:
            parts += [PLAIN_BOXES[3], Ty()]
        made = made >> markov.Diagram((Layer(*parts),), wires, _cod(parts))
    return made


def _cod(parts: list[Any]) -> Any:
    result = Ty()
    for part in parts:
        result = result @ (part if isinstance(part, Ty) else part.cod)
    return result


def values(ty: Any) -> tuple[int, ...]:
    """Some values for wires."""
    return tuple(range(5, 5 + len(ty)))


def tuplified(value: Any) -> tuple[Any, ...]:
    """Results as a tuple."""
    return value if isinstance(value, tuple) else (value,)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 5))
def test_a_diagram_by_hand_means_the_same(seed: int, layers: int) -> None:
    """Evaluated in Python functions by a functor of DisCoPy's, and read and evaluated by ours; and there again."""
    theirs = by_hand(seed, layers)
    ours = dg.from_discopy(theirs)
    dg.verify(ours)
    assert str(ours)
    wanted = tuplified(their_functor()(theirs)(*values(theirs.dom)))
    assert tuplified(our_functor()(ours)(*values(theirs.dom))) == wanted
    again = dg.to_discopy(ours)
    assert (again.dom, again.cod) == (theirs.dom, theirs.cod)
    assert tuplified(their_functor()(again)(*values(theirs.dom))) == wanted


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 12))
def test_a_diagram_of_ours_means_the_same_there(seed: int, boxes: int) -> None:
    """The other way: our functor on the diagram, theirs on what it becomes."""
    diagram = random_diagram(seed, boxes)
    made = dg.to_discopy(diagram)
    theirs = markov.Functor(
        ob=lambda wire: int,
        ar=lambda box: function(box.name, len(box.cod)),
        cod=markov.Category(python.Ty, python.Function),
    )
    assert tuplified(theirs(made)(*values(made.dom))) == tuplified(our_functor()(diagram)(*values(made.dom)))


def test_boxes_without_data_are_the_same_both_ways() -> None:
    """A box of a name and wires is itself again, so that functors given as dictionaries apply."""
    f = markov.Box("any name", x @ y, x)
    assert dg.to_discopy(dg.from_discopy(f)) == f
    twice = f >> markov.Copy(x)
    assert dg.to_discopy(dg.from_discopy(twice)) == twice
    assert dg.to_discopy(dg.from_discopy(markov.Id(x @ y))) == markov.Id(x @ y)
    with_data = markov.Box("f", x, x, data=("std", 3))
    assert dg.from_discopy(with_data).boxes[0].params == (("data", ("std", 3)),)
    assert dg.to_discopy(dg.from_discopy(with_data)) == with_data


def test_objects_are_types_or_type_parameters() -> None:
    """`R[3]` is the type of three numbers, `Field[X : torus^2, 4]` a field; another name is a type parameter."""
    made = dg.from_discopy(markov.Id(Ty("R[3]", "Field[X : torus^2, 4]", "R[ 3 ]", "anything @ all")))
    assert [type(wire).__name__ for wire in made.dom] == ["Tensor", "Field", "Rigid", "Rigid"]


def test_boxes_by_hand_are_bound_and_run() -> None:
    """A diagram of DisCoPy becomes a torch module; its boxes are bound, to one module or to a class for each."""
    f, plus = markov.Box("my f", y, y), markov.Box("plus", y @ y, y)
    diagram = dg.from_discopy(markov.Copy(y) >> (f >> f) @ y >> plus)
    values = torch.tensor([1.0, 2.0, 3.0])
    net = dg.compile(diagram, boxes={"my f": torch.sin, "plus": torch.add})
    torch.testing.assert_close(net(values), values.sin().sin() + values)

    class Scale(torch.nn.Module):
        """One weight."""

        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.tensor(2.0))

        def forward(self, wire: torch.Tensor) -> torch.Tensor:
            return wire * self.w

    net = dg.compile(diagram, boxes={"my f": Scale, "plus": torch.add})
    assert len(list(net.parameters())) == 2
    torch.testing.assert_close(net(values), values * 5)


def test_bubbles_by_hand() -> None:
    """On the wires of its inside a bubble is a frame with a key of its own; with a method, a box of that origin."""
    f = markov.Box("f", x, x)
    frame = Bubbled(f, dom=x, cod=x, name="a")
    made = dg.from_discopy(frame >> frame >> Bubbled(f, dom=x, cod=x, name="a_2") >> Bubbled(f, dom=x, cod=x))
    assert [box.key for box in made.boxes] == ["a", "a_2", "a_2_2", "bubble"]
    choice = Bubbled(f, f >> f, dom=x, cod=x, method="choice", name="either")
    (box,) = dg.from_discopy(choice).boxes
    assert (box.name, box.origin, box.key, len(box.insides)) == ("either", "choice", None, 2)
    assert dg.to_discopy(dg.from_discopy(choice)) == choice
    with pytest.raises(dg.BackendError, match="either"):
        our_functor()(dg.from_discopy(choice))


F_ = markov.Box("f", x, x)
REFUSED = {
    "merge": (markov.Copy(x) >> markov.Merge(x), r"Merge\(x\).*a merge has no meaning"),
    "unit": (markov.Merge(x, 0) >> F_, r"Merge\(x, 0\)"),
    "trace": (markov.Diagram.trace(markov.Box("looped", x @ x, x @ x)), "looped"),
    "sum": (F_ + F_, r"\(f\) \+ \(f\)"),
    "sum further on": (F_ >> (F_ + F_), "f"),
    "sum in a bubble": (Bubbled(F_ + F_, dom=x, cod=x), "f"),
    "dagger": (F_ >> markov.Box("backwards", x, x).dagger(), "backwards"),
    "spider": (frobenius.Spider(1, 2, frobenius.Ty("x")), "Spider"),
    "cup": (frobenius.Cup(frobenius.Ty("x"), frobenius.Ty("x")), "Cup"),
    "data": (markov.Box("weighty", x, x, data=torch.ones(2)), "weighty"),
    "no diagram": (Ty("x"), "Ty"),
}


@pytest.mark.parametrize(("diagram", "name"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_come_over_is_named(diagram: Any, name: str) -> None:
    """Merges, traces, sums, daggers, cups and spiders, data that is no plain value."""
    with pytest.raises(dg.BackendError, match=name):
        dg.from_discopy(diagram)


def test_wires_that_do_not_fit_are_found() -> None:
    """DisCoPy makes such a diagram when told not to look."""
    wrong = markov.Diagram((Layer(Ty(), F_, Ty()), Layer(Ty(), markov.Box("k", y, x), Ty())), x, x, _scan=False)
    with pytest.raises(dg.DiagramTypeError, match="`k` stands on other wires"):
        dg.from_discopy(wrong)
    with pytest.raises(dg.DiagramTypeError, match="at the end"):
        dg.from_discopy(markov.Diagram((Layer(Ty(), F_, Ty()),), x, y, _scan=False))
    with pytest.raises(dg.DiagramTypeError, match="layer"):
        dg.from_discopy(markov.Diagram((Layer(Ty(), F_, Ty()),), x @ x, x, _scan=False))


# ---------------------------------------------------------------------------------------- categories as targets

TABLE: dict[str, Any] = {"f": lambda a: a + 1, "g": lambda a, b: a * b, "h": lambda a: (a, a + 2), "k": lambda a: -a}


def programs_of(box: Box) -> dg.Program:
    """A box as a program."""
    return dg.Program(TABLE[box.name], len(box.dom), len(box.cod))


def functions_of(box: Box) -> Any:
    """A box as a function of DisCoPy."""
    return python.Function(TABLE[box.name], (int,) * len(box.dom), (int,) * len(box.cod))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 15))
def test_categories_of_discopy_are_targets(seed: int, boxes: int) -> None:
    """Functions of DisCoPy and flat programs, as a category of either kind and by either functor: all agree."""
    diagram = random_diagram(seed, boxes)
    inputs = values(diagram.dom)
    one: Any = lambda wire: 1  # noqa: E731
    python_functions, flat = cat.Category(python.Ty, python.Function), cat.Category(int, dg.Program)
    arrows = [
        dg.Functor(ob=lambda wire: int, ar=functions_of, cod=python_functions)(diagram),
        dg.Functor(ob=lambda wire: int, ar=lambda box: TABLE[box.name], cod=python_functions)(diagram),
        dg.Functor(ob=one, ar=programs_of, cod=flat)(diagram),
        dg.Functor(ar=programs_of, cod=dg.Program)(diagram),
        markov.Functor(ob=one, ar=lambda box: TABLE[box.name], cod=flat)(dg.to_discopy(diagram)),
    ]
    results = [tuplified(arrow(*inputs)) for arrow in arrows]
    assert results == [results[0]] * len(arrows)


def test_a_target_needs_no_discard_of_its_own() -> None:
    """A category of DisCoPy discards by copying no times, as its functors do."""

    class Copying(dg.Program):
        """Programs without `discard`."""

        discard = None  # type: ignore[assignment]  # what it is to lack

    functor = dg.Functor(ob=lambda wire: 1, ar=programs_of, cod=cat.Category(int, Copying))
    assert functor(Discard(X) @ Id(X))(1, 2) == 2


def test_matrices_and_diagrams_of_discopy_are_targets() -> None:
    """Categories in which arrows are no functions."""
    f, add = Box("f", (X,), (X,)), Box("add", (X, X), (X,))
    diagram = Copy(X) >> f @ Id(X) >> add
    table = {"f": [[2]], "add": [[1], [1]]}
    matrices = dg.Functor(ob=lambda wire: 1, ar=lambda box: table[box.name], cod=cat.Category(int, matrix.Matrix[int]))
    assert matrices(diagram).array.tolist() == [[3]]
    boxes = {f: markov.Box("F", x, x), add: markov.Box("A", x @ x, x)}
    into = dg.Functor(ob={X: "x"}, ar=boxes, cod=markov.Category(Ty, markov.Diagram))
    assert into(diagram) == markov.Copy(x) >> boxes[f] @ x >> boxes[add]


@pytest.mark.parametrize("kind", ["program", "category", "functions"])
def test_a_chain_of_10000_boxes_runs(kind: str) -> None:
    """Composites are no deeper than what Python can call, in the flat category and in DisCoPy's functions."""
    chain = Id(X).then(*[Box("f", (X,), (X,))] * 10_000)
    functor = {
        "program": dg.Functor(ar=programs_of, cod=dg.Program),
        "category": dg.Functor(ob=lambda wire: 1, ar=programs_of, cod=cat.Category(int, dg.Program)),
        "functions": dg.Functor(ob=lambda wire: int, ar=functions_of, cod=cat.Category(python.Ty, python.Function)),
    }[kind]
    assert functor(chain)(0) == 10_000


def test_their_functor_runs_a_long_chain_in_the_flat_category() -> None:
    """DisCoPy's own functor into programs: composition takes constant time and runs without recursion."""
    made = dg.to_discopy(Id(X).then(*[Box("f", (X,), (X,))] * 5_000))
    functor = markov.Functor(ob=lambda wire: 1, ar=lambda box: TABLE["f"], cod=cat.Category(int, dg.Program))
    assert functor(made)(0) == 5_000


def test_a_target_may_have_a_method_for_frames() -> None:
    """A functor calls `frame` of its target where it has one, and never asks `ar` for a frame."""

    class Named(dg.Program):
        """Programs that know frames."""

        @staticmethod
        def frame(inside: dg.Program, dom: int, cod: int) -> dg.Program:
            """The inside, and one more."""
            return inside >> Named(lambda a: a + 100, 1, 1)

    diagram = Box("f", (X,), (X,)).diagram().named("layer")
    functor = markov.Functor(ob=lambda wire: 1, ar=lambda box: TABLE[box.name], cod=cat.Category(int, Named))
    assert functor(dg.to_discopy(diagram >> diagram))(0) == 202


def test_without_discopy_there_is_a_line_to_install_it() -> None:
    """Everything else works, and the bridge says what is missing."""
    code = (
        "import sys; sys.modules['discopy'] = None\n"
        "import diagrammar as dg\n"
        "try: dg.to_discopy(dg.loads('diagram f : R -> R = sin')['f'])\n"
        "except dg.BackendError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "discopy' in done.stdout
