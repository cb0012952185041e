"""Diagrams as text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from diagrammar.diagram import Box, Builder, Copy, Diagram, Id, share
from diagrammar.equality import same
from diagrammar.format import to_text
from diagrammar.sizes import floor, var
from diagrammar.types import Field, Space, Tensor
from diagrammar.verify import verify
from tests.diagram.signature import F, G, X, Y, diagrams, following, repeat, state, weight


def std(name: str, dom: tuple[object, ...], cod: tuple[object, ...], **params: object) -> Diagram:
    """A primitive of `std`."""
    return Box(name, dom, cod, origin=f"std:{name}", params=tuple(params.items())).diagram()  # type: ignore[arg-type]


ADD = std("add", (X, X), (X,))
GELU = std("gelu", (X,), (X,))
LINEAR = (Id(X) @ weight() >> ADD).named("layer", "file:layer")


def read_back(diagram: Diagram) -> None:
    """Checks that the text of a diagram reads back to the same diagram, once there is something to read it."""
    loads = getattr(pytest.importorskip("diagrammar"), "loads", None)
    if loads is None:
        pytest.skip("diagrammar.loads is not there")
    verify(diagram)
    again = loads(to_text(diagram))["main"]
    assert same(again, diagram), f"{to_text(diagram)}\n--- reads back to ---\n{to_text(again)}"


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
  x2 = low[modes = [12, 12], scale = 0.5, third = 1 / 3, on = true](x1)
  x3 : Field[J[n], floor(n / 2)] = gaussian()
  return x2, x3
}
"""

PATTERNS_TEXT = """\
diagram main(x1 : R[2], x2 : R[2, 3]) -> R[3] {
  x3 = einsum["a, a b -> b"](x1, x2)
  return x3
}
"""


@pytest.mark.parametrize(
    ("diagram", "text"),
    [
        (NET, NET_TEXT),
        (captured(), CAPTURED_TEXT),
        (counter(), COUNTER_TEXT),
        (escaping(), ESCAPING_TEXT),
        (fields(), FIELDS_TEXT),
        (std("einsum", (X, Tensor("R", (2, 3))), (Y,), pattern="a, a b -> b"), PATTERNS_TEXT.replace("\n", "\n")),
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


@pytest.mark.parametrize("diagram", [NET, captured(), counter(), escaping(), GELU >> GELU, Id(X)])
def test_texts_read_back(diagram: Diagram) -> None:
    """The text of a diagram reads back to the same diagram."""
    read_back(diagram)


def test_keys_that_a_mention_would_not_get_are_shared_first() -> None:
    """A key that is not the next number of its name is declared by `share`."""
    build = Builder((X,))
    out = build.add(LINEAR.frame(key="other"), (0,))
    text = to_text(build.build(build.add(LINEAR.frame(key="layer_2"), out)))
    assert "share other = layer\n" in text
    assert "share layer_2 = layer\n" in text
    assert "other(x1)" in text


def test_two_definitions_of_one_name_get_names_apart() -> None:
    """Two different insides of one name are two definitions; equal ones are one."""
    other = (GELU >> GELU).named("layer", "file:layer")
    text = to_text(LINEAR >> LINEAR.named("layer") >> other)
    assert text.count("diagram layer") == 2
    assert "diagram layer__2 : R[2] -> R[2] = gelu >> gelu" in text
    assert "share layer_3 = layer__2" in text


def test_both_sides_of_training_and_indexed_steps() -> None:
    """`training` prints as `if`, steps that differ as `if` on the index."""
    both = Box("training", (X,), (X,), origin="training", insides=(GELU, Id(X))).diagram()
    assert "x2 = (if training then gelu(x1) else x1)" in to_text(both)
    steps = repeat(3, GELU, LINEAR >> Id(X), GELU >> GELU)
    assert "repeat 3 as i { if i == 0 then (gelu) else if i == 1 then (layer) else (gelu >> gelu) }" in to_text(steps)


def test_long_lines_are_broken() -> None:
    """No line is wider than 120, and no string is broken."""
    wide = std("einsum", (X,) * 60, (X,), pattern=", ".join("a" * 60) + " -> a")
    lines = to_text(wide).splitlines()
    assert all(len(line) <= 120 or '"' in line for line in lines)
    assert len(lines) > 5


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
    assert G.name in ("g",)
