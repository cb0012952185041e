"""What pictures show: nothing on top of anything else, no crossing without need, nothing that moves without need."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagrammar as dg
from diagrammar.backends.picture import picture
from diagrammar.backends.picture.scene import Disc, Mark, Primitive, Rect, Scene, Text, Wire
from diagrammar.diagram import Box, Copy, Diagram, Discard, Flat, Id, Swap, Ty
from diagrammar.types import Tensor
from tests.picture.geometry import area, crossings, faults, meet, within

# a file may have laws alone
EXAMPLES = [
    path for path in sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.dg")) if list(dg.load(path))
]
x, y = Tensor("R", (8,)), Tensor("R", (3,))

PROGRAMS = {
    "combinators": """
dim k
diagram main(s : R[8], x : R[k, 8], t : R[8]) -> R[8] @ R[8] {
  share cell = linear >> gelu
  a = fold[(s, e) -> cell(s + e)](s, x)
  b, _c = scan[(s, e) -> copy(s * e)](t, x)
  d = tree[max](x)
  e = map[u -> t * linear[b = 8](u)](x)
  f = if training then cell(a) + 0.1 * gaussian() else cell(a)
  g = repeat 3 { cell }(b)
  state calls : R = zeros
  next calls = calls + 1
  h = repeat 3 as i { linear >> (if i == 2 then id else gelu) }(d + fold[add](s, e))
  return f / (1 + calls), g - h
}""",
    "a permutation": "diagram main(u : R, v : R, w : R) -> R @ R @ R { return w, u, v * u }",
    "discards": """
diagram main(u : R[8], _v : R[8]) -> R[8] {
  a, _b, c, _d = copy[R[8] @ R[8]](u, u)
  return a * c - u
}""",
    "no wires": "diagram main : I -> I = id",
    "constants": "diagram main(u : R[3]) -> R[3] { return u * (1 / 3) + const[[1, 2, 3]]() * 1.23456789 }",
    "long names": f"box {'a' * 300}[n : int] : R[8] -> R[8]\ndiagram main : R[8] -> R[8] = {'a' * 300}[{'9' * 200}]",
    "every script": """
box größe : R -> R
box 漢字 : R -> R
box שלום : R -> R
diagram main : R -> R = größe >> 漢字 >> שלום""",
}


def pictures() -> list[tuple[str, Diagram, int | None]]:
    """Every diagram of every example and of the programs above, closed, as it is by default, and open."""
    found = []
    for path in EXAMPLES:
        module = dg.load(path)
        found += [(f"{path.stem}.{name} {depth}", module[name], depth) for name in module for depth in (None, 0, 1, 9)]
    for name, text in PROGRAMS.items():
        found += [(f"{name} {depth}", dg.loads(text)["main"], depth) for depth in (None, 0, 9)]
    return found


PICTURES = pictures()


@pytest.mark.parametrize(("diagram", "depth"), [each[1:] for each in PICTURES], ids=[each[0] for each in PICTURES])
def test_nothing_meets(diagram: Diagram, depth: int | None) -> None:
    """No two texts meet, no text leaves its frame, no wire passes through a box or a text, nothing leaves the page."""
    assert faults(picture(diagram, depth=depth).scene) == []


def test_the_eye_sees_faults() -> None:
    """What is looked for is found where it is: each fault planted once."""
    scene = picture(Box("f", (x,), (x,)) >> Box("g", (x,), (x,))).scene
    f = next(one for one in scene.primitives if isinstance(one, Rect))
    label = next(one for one in scene.primitives if isinstance(one, Text))
    planted: dict[str, Primitive] = {
        "meets 'R'": Text("type", label.left + 1, label.y, "R", 9.0, 6.5),
        "leaves Rect": Text("name", f.x + f.width - 4, f.y + 8, "name", 6.0, 20.0),
        "passes through Rect": Wire(((f.x - 5, f.y + 4), (f.x + f.width + 5, f.y + 9))),
        "passes through Text": Wire(((label.left, label.y - 20), (label.left + 2, label.y + 3))),
        "leaves the page": Rect("box", scene.width - 3, 0, 9, 9),
        "Disc meets": Disc("dot", f.x + f.width / 2, f.y, 3.0),
    }
    for what, one in planted.items():
        found = faults(Scene(scene.width, scene.height, "", (*scene.primitives, one)))
        assert any(all(word in fault for word in what.split()) for fault in found), what


@st.composite
def planar(draw: st.DrawFn) -> Diagram:
    """Diagrams of boxes and copies without a swap, so that some drawing of them has no crossing; all wires are used."""
    wires = draw(st.integers(1, 4))
    made = Id(Ty(*[x] * wires))
    for number in range(draw(st.integers(1, 7))):
        wires = len(made.cod)
        at = draw(st.integers(0, wires - 1))
        kind = draw(st.sampled_from(["box", "copy", "join", "split", "weighted"]))
        if kind == "copy":
            middle, used = Copy(x), 1
        elif kind == "weighted":
            weight, joined = Box(f"w{number}", (), (x,)), Box(f"j{number}", (x, x), (x,))
            middle, used = (weight @ Id(x) if draw(st.booleans()) else Id(x) @ weight) >> joined, 1
        else:
            used = min(draw(st.integers(2, 3)), wires - at) if kind == "join" else 1
            outs = draw(st.integers(2, 3)) if kind == "split" else 1
            middle = Diagram.of(Box(f"b{number}", (x,) * used, (x,) * outs))
        made = made >> Id(Ty(*[x] * at)) @ middle @ Id(Ty(*[x] * (wires - at - used)))
    return made


@settings(max_examples=150)
@given(planar())
def test_no_crossing_where_none_is_forced(diagram: Diagram) -> None:
    """A diagram that is built without swaps is drawn without crossings, and without any other fault."""
    scene = picture(diagram).scene
    assert crossings(scene) == 0
    assert faults(scene) == []


@given(st.permutations(range(5)))
def test_a_permutation_crosses_as_often_as_it_must(order: list[int]) -> None:
    """Once for each pair of wires that change places."""
    made = Diagram(Flat([x] * 5, tuple(range(5)), (), tuple(order)))
    assert crossings(picture(made).scene) == sum(order[i] > order[j] for i in range(5) for j in range(i + 1, 5))


def test_a_small_edit_moves_little() -> None:
    """One more box at the end leaves every other box where it stood."""
    chain = Id(x)
    for number in range(6):
        chain = chain >> Copy(x) >> Box(f"f{number}", (x,), (x,)) @ Id(x) >> Box("add", (x, x), (x,), origin="std:add")
    before, after = picture(chain).scene, picture(chain >> Box("last", (x,), (x,))).scene
    assert boxes(before) == [box for box in boxes(after) if box != boxes(after)[-1]]


def boxes(scene: Scene) -> list[tuple[float, float, float, float]]:
    """The corners and sizes of its boxes."""
    return [(r.x, r.y, r.width, r.height) for r in scene.primitives if isinstance(r, Rect)]


def texts(scene: Scene, kind: str) -> list[str]:
    """Its texts of one kind, from left to right."""
    found = [one for one in scene.primitives if isinstance(one, Text) and one.kind == kind]
    return [one.text for one in sorted(found, key=lambda one: (one.x, one.y))]


def count(scene: Scene, kind: str) -> int:
    """How many primitives of a kind it has."""
    return sum(not isinstance(one, Text) and one.kind == kind for one in scene.primitives)


def test_types_stand_where_they_change() -> None:
    """At the inputs and behind the boxes that change them, once each."""
    text = "diagram main : R[8] -> R[3] = linear >> gelu >> sin >> linear[b = 3] >> sin"
    assert texts(picture(dg.loads(text)["main"]).scene, "type") == ["R[8]", "R[3]"]


def test_copies_are_dots_and_discards_stubs() -> None:
    """One dot for a copy, whatever number of wires leave it; one stub for a discard."""
    made = Copy(x, 3) @ Id(x) >> Box("f", (x, x), (x,)) @ Id(x) @ Discard(x)
    scene = picture(made).scene
    assert (count(scene, "dot"), count(scene, "stub")) == (1, 1)


def test_a_weight_is_a_marked_input() -> None:
    """A triangle with its name and type, and a small one on a closed box that owns weights."""
    linear = dg.loads("diagram main : R[8] -> R[3] = linear")["main"]
    opened, closed = picture(linear, depth=1).scene, picture(linear).scene
    assert texts(opened, "detail")[:2] == ["W : R[3, 8]", "c : R[3]"] or "W : R[3, 8]" in texts(opened, "detail")
    assert [one.kind for one in opened.primitives if isinstance(one, Mark)] == ["weight", "weight"]
    assert [one.size for one in closed.primitives if isinstance(one, Mark)] == [5.0]


def test_shared_instances_have_one_colour() -> None:
    """The same for all occurrences of one, another for another one, none for a box that is not shared."""
    text = """
diagram main(u : R[8]) -> R[8] {
  share a = linear
  share b = linear
  share once = linear
  return a(b(a(b(once(linear(u))))))
}"""
    rects = [one for one in picture(dg.loads(text)["main"], depth=0).scene.primitives if isinstance(one, Rect)]
    hues = [one.hue for one in sorted(rects, key=lambda one: one.x)]
    assert hues[:2] == [0, 0]
    assert hues[2] == hues[4] != hues[3] == hues[5]
    assert 0 not in hues[2:]


def test_a_repeat_says_how_often() -> None:
    """A frame with its count, once; with an index, each run of equal steps."""
    text = "diagram main : R[8] -> R[8] = repeat 4 { sin } >> repeat 5 as i { if i == 3 then sin else cos }"
    titles = texts(picture(dg.loads(text)["main"]).scene, "title")
    assert titles == ["repeat × 4", "repeat × 5", "steps 0 – 2 × 3", "step 3", "step 4"]


def test_each_declaration_is_opened_once() -> None:
    """By default a frame of the file is open where it first stands, and the library stays closed."""
    text = "diagram f : R[8] -> R[8] = linear >> gelu\ndiagram main : R[8] -> R[8] = f >> f >> f"
    scene = picture(dg.loads(text)["main"]).scene
    assert (texts(scene, "title"), texts(scene, "name")) == (["f"], ["linear", "gelu", "f", "f"])


def test_depth_opens_frames() -> None:
    """All frames down to the depth, and none below."""
    text = "diagram f : R[8] -> R[8] = linear >> gelu\ndiagram main : R[8] -> R[8] = f >> f"
    main = dg.loads(text)["main"]
    assert [len(texts(picture(main, depth=depth).scene, "title")) for depth in (0, 1, 2, 9)] == [0, 2, 6, 6]


def test_long_lines_go_on_in_rows() -> None:
    """Two hundred boxes stand in rows of a readable width, in their order, without a fault."""
    chain = Id(x).then(*[Box(f"f{number}", (x,), (x,)) for number in range(200)])
    scene = picture(chain).scene
    rows = sorted({round(one.y) for one in scene.primitives if isinstance(one, Rect)})
    assert 5 < len(rows) < 20
    assert scene.width < 1800
    names = sorted(
        (one for one in scene.primitives if isinstance(one, Text) and one.kind == "name"), key=lambda t: (t.y, t.x)
    )
    assert [one.text for one in names] == [f"f{number}" for number in range(200)]
    assert faults(scene) == []
    assert crossings(scene) == 0


def test_wires_that_turn_do_not_cross() -> None:
    """A long diagram of several wires goes on in the next row with its wires in their order."""
    wide = Id(Ty(x, x, x))
    for number in range(40):
        wide = wide >> Box(f"f{number}", (x,), (x,)) @ Box(f"g{number}", (x,), (x,)) @ Box(f"h{number}", (x,), (x,))
    scene = picture(wide).scene
    assert any(isinstance(one, Wire) and one.corners for one in scene.primitives)
    assert (faults(scene), crossings(scene)) == ([], 0)


@pytest.mark.heavy
def test_large_and_deep_diagrams_are_drawn() -> None:
    """10,000 boxes in a chain; 100,000 frames one in the other, of which a page shows what it can."""
    chain = Id(x).then(*[Box("f", (x,), (x,)) for _ in range(10_000)])
    assert len(boxes(picture(chain).scene)) == 10_000
    deep = Diagram.of(Box("f", (x,), (x,)))
    for _ in range(100_000):
        deep = Diagram.of(deep.frame("g"))
    assert 0 < len(boxes(picture(deep).scene)) <= 200
    with pytest.raises(dg.BudgetError, match="more than 20,000 boxes"):
        picture(deep, depth=100_000)


def test_doubling_is_not_drawn_out() -> None:
    """2^60 boxes by reference: the default picture is small, and a depth that would show them is refused."""
    made = Diagram.of(Box("f", (x,), (x,)))
    for number in range(60):
        made = (made >> made).named(f"d{number}")
    assert len(boxes(picture(made).scene)) < 200
    with pytest.raises(dg.BudgetError):
        picture(made, depth=60)


def test_swap_draws_as_crossed_wires() -> None:
    """Python's own diagrams are drawn like those of files."""
    assert crossings(picture(Swap(x, y)).scene) == 1


def test_areas() -> None:
    """The geometry that the tests above stand on."""
    assert meet((0, 0, 2, 2), (1, 1, 3, 3))
    assert not meet((0, 0, 1, 1), (1, 0, 2, 1))
    assert within((0, 0, 1, 1), (0, 0, 1, 1))
    assert area(Rect("box", 1, 2, 3, 4)) == (1, 2, 4, 6)
