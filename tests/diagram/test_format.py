"""Diagrams as text."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given

from diagrammar.diagram import Box, Builder, Copy, Diagram, Id, share
from diagrammar.equality import same
from diagrammar.format import to_text
from diagrammar.sizes import floor, var
from diagrammar.types import Field, Space, Tensor
from diagrammar.wellformed import verify
from tests.diagram.signature import F, X, Y, diagrams, following, repeat, state, weight


def std(name: str, dom: tuple[object, ...], cod: tuple[object, ...], **params: object) -> Diagram:
    """A primitive of `std`."""
    return Box(name, dom, cod, origin=f"std:{name}", params=tuple(params.items())).diagram()  # type: ignore[arg-type]


ADD = std("add", (X, X), (X,))
GELU = std("gelu", (X,), (X,))
LINEAR = (Id(X) @ weight() >> ADD).named("layer", "file:layer")


NET = LINEAR >> GELU >> LINEAR >> repeat(4, LINEAR >> GELU) >> Copy(X) >> share(LINEAR, "c") @ share(LINEAR, "c") >> ADD

NET_TEXT = """\
diagram layer(x1 : R[2]) -> R[2] {
  weight W : R[2] = normal(std = 1)
  x2 = x1 + W
  return x2
}
diagram main(x1 : R[2]) -> R[2] {
  share c = layer
  x2 = layer(x1)
  x3 = gelu(x2)
  x4 = layer(x3)
  x5 = repeat 4 { layer >> gelu }(x4)
  x6 = c(x5)
  x7 = c(x5)
  x8 = x6 + x7
  return x8
}
"""


def captured() -> Diagram:
    """A loop that captures a wire, with a wire used twice inside."""
    build = Builder((X, X))
    once = build.add(ADD.boxes[0], (0, 1))
    twice = build.add(ADD.boxes[0], (*build.add(LINEAR.frame(), once), 1))
    return Copy(X) >> repeat(3, build.build(twice), captures=1)


CAPTURED_TEXT = """\
diagram main(x1 : R[2]) -> R[2] {
  x2 = repeat 3 { x3 -> x1 + x3 >> (x4 -> layer(x4) >> (x5 -> x5 + x3)) }(x1)
  return x2
}
"""


def counter() -> Diagram:
    """A buffer that is read and set."""
    build = Builder((X,))
    (now,) = build.add(state(), ())
    (then,) = build.add(ADD.boxes[0], (0, now))
    build.add(following(), (then,))
    return build.build((now,))


COUNTER_TEXT = """\
diagram main(x1 : R[2]) -> R[2] {
  state m : R[2]
  x2 = x1 + m
  next m = x2
  return m
}
"""


def escaping() -> Diagram:
    """A definition that mentions a share of the body around it."""
    user = Diagram.of(LINEAR.frame("cell", key="^cell")) >> GELU
    return Diagram.of(user.frame("user")) >> share(LINEAR, "cell")


ESCAPING_TEXT = """\
diagram main(x1 : R[2]) -> R[2] {
  share cell = layer
  diagram user : R[2] -> R[2] = cell >> gelu
  x2 = user(x1)
  x3 = cell(x2)
  return x3
}
"""


def fields() -> Diagram:
    """Fields on spaces, free sizes and static values of all kinds."""
    n = var("n")
    torus = Space((("torus", 2, "X"),), (var("X.0"), var("X.1")))
    line = Space((("interval(0, 1)", 1, "J"),), (n,))
    u, v = Field("Field", torus, 3), Field("Field", line, floor(n / 2))
    low = std("low", (u,), (u,), modes=(12, 12), scale=Fraction(1, 2), third=Fraction(1, 3), on=True, off=None)
    noise = std("gaussian", (), (v,))
    return low @ noise


FIELDS_TEXT = """\
space X = torus(2)
space J = interval(0, 1)
dim n
diagram main(x1 : Field[X, 3]) -> Field[X, 3] @ Field[J[n], floor(n / 2)] {
  x2 = low[[12, 12], scale = 0.5, third = 1 / 3, on = true](x1)
  x3 : Field[J[n], floor(n / 2)] = gaussian()
  return x2, x3
}
"""

PATTERNS_TEXT = 'diagram main : R[2] @ R[2, 3] -> R[3] = einsum["a, a b -> b"]\n'


@pytest.mark.parametrize(
    ("diagram", "text"),
    [
        (NET, NET_TEXT),
        (captured(), CAPTURED_TEXT),
        (counter(), COUNTER_TEXT),
        (escaping(), ESCAPING_TEXT),
        (fields(), FIELDS_TEXT),
        (std("einsum", (X, Tensor("R", (2, 3))), (Y,), pattern="a, a b -> b"), PATTERNS_TEXT),
        (GELU >> GELU, "diagram main : R[2] -> R[2] = gelu >> gelu\n"),
        (Id(X), "diagram main(x1 : R[2]) -> R[2] {\n  return x1\n}\n"),
        (F >> F, "box f : R[2] -> R[2]\ndiagram main : R[2] -> R[2] = f >> f\n"),
    ],
)
def test_texts(diagram: Diagram, text: str) -> None:
    """A diagram prints as this text."""
    verify(diagram)
    assert to_text(diagram).endswith(text)
    assert str(diagram) == to_text(diagram)


READABLE = {
    "chains and loops": NET_TEXT.replace("gelu", "tanh"),
    "captured wires": NET_TEXT.partition("diagram main")[0] + CAPTURED_TEXT,
    "buffers": COUNTER_TEXT.replace(" : R[2]\n", " : R[2] = zeros\n", 1),
    "escaping keys": NET_TEXT.partition("diagram main")[0] + ESCAPING_TEXT,
    "patterns": PATTERNS_TEXT,
    "fields": """
space X = torus(2)
dim n
diagram main : Field[X, 3] @ R[n] -> Field[X, 4] @ R[n] = fourier[3] @ tanh
""",
    "training": "diagram main(x : R[3]) -> R[3] {\n  return if training then tanh(x) * x else x\n}\n",
    "combinators": "diagram main : R[5, 3] -> R[5, 2] = map[linear[b = 2] >> gelu]\n",
    "folds": "diagram main(x : R[5, 3], y : R[3]) -> R[3] { return fold[(s, a) -> s * y + a](y, x) }\n",
    "shares deep inside": """
diagram layer(x : R[3]) -> R[3] { return x + linear(x) }
diagram main : R[3] -> R[3] {
  share cell = layer
  diagram twice : R[3] -> R[3] = cell >> tanh >> cell
  repeat 2 { twice >> map_like } >> cell
}
diagram map_like : R[3] -> R[3] = repeat 2 { layer >> repeat 3 { linear } }
""",
    "constants": "diagram main(x : R[3]) -> R[3] { return 0.1 * x + 2 * x - x / 3 }\n",
}


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE)
def test_texts_read_back(text: str) -> None:
    """What is read, printed and read again is the same diagram."""
    loads = pytest.importorskip("diagrammar").loads
    diagram = loads(text)["main"]
    verify(diagram)
    again = loads(to_text(diagram, "main"))["main"]
    assert same(again, diagram), f"{to_text(diagram)}\n--- reads back to ---\n{to_text(again)}"
    assert again == diagram


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.dg"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_read_back(path: Path) -> None:
    """Every diagram of the examples prints as text that reads back to an equal diagram."""
    dg = pytest.importorskip("diagrammar")
    module = dg.load(path)
    for name in module:
        verify(module[name])
        assert dg.loads(to_text(module[name], name))[name] == module[name], name


def test_keys_that_a_mention_would_not_get_are_written() -> None:
    """A key that is not the next number of its name is written by `as`, and needs no `share`."""
    build = Builder((X,))
    out = build.add(LINEAR.frame(key="other"), (0,))
    text = to_text(build.build(build.add(LINEAR.frame(key="layer_2"), out)))
    assert text.endswith("diagram main : R[2] -> R[2] = (layer as other) >> (layer as layer_2)\n")
    build = Builder((X,))
    out = build.add(LINEAR.frame(key="layer"), (0,))
    text = to_text(build.build(build.add(LINEAR.frame(key="layer_2"), out)))
    assert text.endswith("diagram main : R[2] -> R[2] = layer >> layer\n")


def test_two_boxes_of_one_key_are_a_share() -> None:
    """Two boxes with one key are one instance, which `share` declares."""
    build = Builder((X,))
    out = build.add(LINEAR.frame(key="one"), (0,))
    text = to_text(build.build(build.add(LINEAR.frame(key="one"), out)))
    assert "share one = layer\n  x2 = one(x1)\n  x3 = one(x2)\n" in text


def test_two_definitions_of_one_name_get_names_apart() -> None:
    """Two different insides of one name are two definitions; equal ones are one."""
    other = (GELU >> GELU).named("layer", "file:layer")
    text = to_text(LINEAR >> LINEAR.named("layer") >> other)
    assert text.count("diagram layer") == 2
    assert "diagram layer__2 : R[2] -> R[2] = gelu >> gelu" in text
    assert [box.key for box in (LINEAR >> LINEAR.named("layer") >> other).boxes][2] == "layer_3"
    assert "layer >> layer >> (layer__2 as layer_3)" in text


def test_both_sides_of_training_and_indexed_steps() -> None:
    """`training` prints as `if`, steps that differ as `if` on the index."""
    both = Box("training", (X,), (X,), origin="training", insides=(GELU, Id(X))).diagram()
    assert "x2 = (if training then gelu(x1) else x1)" in to_text(both)
    steps = repeat(3, GELU, LINEAR >> Id(X), GELU >> GELU)
    assert "repeat 3 as i { if i == 0 then gelu else if i == 1 then layer else (gelu >> gelu) }" in to_text(steps)


def test_long_lines_are_broken() -> None:
    """No line is wider than 120, and no string is broken."""
    wide = std("einsum", (X,) * 60, (X,), pattern=", ".join("a" * 60) + " -> a")
    lines = to_text(wide).splitlines()
    assert all(len(line) <= 120 or '"' in line for line in lines)
    assert len(lines) == 5


def test_wires_that_nothing_uses_are_marked() -> None:
    """A wire that nothing needs starts with `_`, an input too."""
    build = Builder((X, X))
    build.add(GELU.boxes[0], (0,))
    assert "(x1 : R[2], _x2 : R[2])" in to_text(build.build((0,)))
    assert "_x3 = gelu(x1)" in to_text(build.build((0,)))


@given(diagrams())
def test_every_diagram_prints(f: Diagram) -> None:
    """Printing never fails, and equal diagrams that are the same object print alike."""
    assert to_text(f.named("f") @ f.named("f")).count("diagram ") <= 2
    assert to_text(f) == to_text(f)
