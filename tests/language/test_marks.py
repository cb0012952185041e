"""`store { f }` and `recompute { f }` in a text: what they compute is f, under the paths of f."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import diagrammar as dg
from diagrammar.backends import reference
from diagrammar.derivative.marks import unmarked
from diagrammar.diagram import Diagram
from diagrammar.functor import Functor

HEAD = """
type V = R[3]
diagram block : V -> V = residual[linear >> tanh]
diagram mix(K : R[3, 3]) : V -> V { v -> einsum["o i, i -> o"](K, v) }
"""
# a text with marks, and the same without
PAIRS = {
    "in a chain": ("block >> recompute { block } >> store { block >> gelu }", "block >> block >> block >> gelu"),
    "in a loop": ("repeat 2 { recompute { block >> store { block } } }", "repeat 2 { block >> block }"),
    "round a loop": ("recompute { repeat 2 as i { if i == 0 then block else gelu } }",
                     "repeat 2 as i { if i == 0 then block else gelu }"),
    "side by side": ("copy >> (store { block } @ recompute { block }) >> add", "copy >> (block @ block) >> add"),
    "in arithmetic": ("2 * store { block } + recompute { gelu } - id", "2 * block + gelu - id"),
    "as an argument": ("residual[recompute { block }]", "residual[block]"),
    "twice as an argument": ("residual[recompute { store { linear } }]", "residual[linear]"),
    "a primitive as an argument": ("residual[recompute { sin }]", "residual[sin]"),
    "an expression as an argument": ("residual[store { block >> gelu }]", "residual[block >> gelu]"),
    "a choice as an argument": ("residual[store { if 1 < 2 then block else id }]",
                                "residual[if 1 < 2 then block else id]"),
    "in a parameter": ("residual[residual[recompute { block }]]", "residual[residual[block]]"),
    "of wiring": ("recompute { id } >> store { x -> x }", "id"),
    "under a name": ("recompute { (block as first) } >> block", "(block as first) >> block"),
    "in brackets of a combinator": ("x -> map[recompute { block }](stack(x, x))[0]", "x -> map[block](stack(x, x))[0]"),
}  # fmt: skip
BLOCKS = {
    "on wires": (
        "weight K : R[3, 3] = normal\n  y = recompute { mix(K) }(u)\n  return store { x -> mix(K)(x) * y }(y)",
        "weight K : R[3, 3] = normal\n  y = mix(K)(u)\n  return mix(K)(y) * y",
    ),
    "a share": (
        "share cell = recompute { block }\n  return repeat 2 { cell }(cell(u))",
        "share cell = block\n  return repeat 2 { cell }(cell(u))",
    ),
    "a share of a diagram with a wire": (
        "weight K : R[3, 3] = normal\n  share cell = store { mix(K) }\n  return cell(cell(u))",
        "weight K : R[3, 3] = normal\n  share cell = mix(K)\n  return cell(cell(u))",
    ),
    "round a share": (
        "share cell = block\n  return recompute { cell >> store { cell } }(u)",
        "share cell = block\n  return cell(cell(u))",
    ),
    "side by side on three wires": (
        "return (recompute { mul } @ store { block })(u, sin(u), u) >> add",
        "return (mul @ block)(u, sin(u), u) >> add",
    ),
    "in training": (
        "return if training then store { block }(u) else recompute { block }(u)",
        "return if training then block(u) else block(u)",
    ),
}


def pair(name: str) -> tuple[Diagram, Diagram]:
    """A diagram with marks, and the same without."""
    if name in PAIRS:
        texts = [f"diagram f : V -> V = {text}" for text in PAIRS[name]]
    else:
        texts = [f"diagram f(u : V) -> V {{\n  {text}\n}}" for text in BLOCKS[name]]
    marked, plain = (dg.loads(HEAD + text)["f"] for text in texts)
    return marked, plain


@pytest.mark.parametrize("name", [*PAIRS, *BLOCKS])
def test_a_mark_changes_no_path_and_no_value(name: str) -> None:
    """The module is that of the text without marks, to the letter: its source, its `state_dict`, what it computes."""
    marked, plain = pair(name)
    dg.verify(marked)
    one, other = (dg.compile(each, seed=1, dtype=torch.float64) for each in (marked, plain))
    assert list(one.state_dict()) == list(other.state_dict())
    assert one.source == other.source
    x = torch.randn(2, 3, dtype=torch.float64)
    assert torch.equal(one(x), other(x))
    weights = {path: value.numpy() for path, value in one.state_dict().items()}
    (found,) = reference.run(marked, [x.numpy()], weights)
    torch.testing.assert_close(one.eval()(x).detach(), torch.from_numpy(found), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [*PAIRS, *BLOCKS])
def test_without_its_marks_it_is_the_same(name: str) -> None:
    """A mark is all that differs: frames, names and keys are those of the text without it."""
    marked, plain = pair(name)
    assert dg.same(unmarked(marked), plain)
    # a mark of wires alone is no box
    assert dg.same(marked, plain) == (name == "of wiring")
    assert dg.cartesian(marked) == dg.cartesian(plain)
    assert dg.same(dg.loads(str(marked))["f"], marked), str(marked)


def test_marks_stand_in_the_diagram() -> None:
    """A mark is a box without a key around its inside; wires that it reads from outside are captured, first."""
    marked, _ = pair("on wires")
    again, kept = (box for box in marked.boxes if box.is_mark)
    assert (again.origin, again.key, again.param("captures")) == ("recompute", None, 1)
    assert (kept.origin, kept.param("captures"), len(kept.dom)) == ("store", 2, 3)
    assert tuple(kept.insides[0].dom) == kept.dom
    assert str(again.span).endswith(":7:7")


@pytest.mark.parametrize("word", ["store", "recompute"])
def test_the_words_are_still_names(word: str) -> None:
    """A type, a size, a diagram, a wire, a share and a parameter of this name mean what they meant."""
    sized = f"""
type {word} = R[3]
diagram g[{word} : int](x : R[3]) -> R[3] {{ return repeat {word} {{ sin }}(x) }}
diagram f(u : R[3]) -> {word} {{
  return {word} {{ g[2] }}(u)
}}
"""
    (box,) = dg.loads(sized)["f"].boxes
    assert box.is_mark and box.insides[0].boxes[0].insides[0].boxes[0].param("count") == 2
    shared = f"diagram f(u : R[3]) -> R[3] {{\n  share {word} = linear\n  return {word} {{ {word} }}({word}(u))\n}}"
    assert [box.key for box in dg.loads(shared)["f"].boxes] == [f"~{word}", None]
    named = f"diagram {word} : R -> R = sin\ndiagram f({word} : R) -> R {{ return {word} + 1 }}\n"
    module = dg.loads(named + f"diagram g : R -> R = {word} >> repeat 2 {{ {word} }}")
    assert [box.name for box in module["g"].boxes] == [word, "repeat"]
    assert len(module["f"].boxes) == 2


@pytest.mark.parametrize("flat", [False, True])
def test_a_source_file_of_its_own(flat: bool) -> None:
    """Written out, in one class or many, it has the keys and the values of the text without marks."""
    marked, plain = pair("in a loop")
    space: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(dg.emit(marked, flat=flat, memory="store"), "emitted.py", "exec"), space)
    one, other = space["Main"](seed=1), dg.compile(plain, seed=1)
    x = torch.randn(2, 3)
    assert list(one.state_dict()) == list(other.state_dict())
    torch.testing.assert_close(one(x), other(x))


def test_functors() -> None:
    """One from diagrams to diagrams goes into marks and keeps them; one into a category takes what is inside."""
    small = dg.loads("diagram f : R -> R = sin >> recompute { cos >> store { sin } }")["f"]
    (exp,) = dg.loads("diagram f : R -> R = exp")["f"].boxes
    swapped = Functor(ar=lambda box: exp if box.name == "sin" else None)
    assert dg.same(swapped(small), dg.loads("diagram f : R -> R = exp >> recompute { cos >> store { exp } }")["f"])
    names = Functor(ob=lambda wire: 1, ar=lambda box: None if box.insides else Words(box.name), cod=Words)
    assert names(small).text == "sin;cos;sin"


class Words:
    """A category of one object: words, one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text

    @staticmethod
    def id(*_: object) -> Words:
        """No word."""
        return Words("")

    def then(self, other: Words) -> Words:
        """One after the other."""
        return Words(";".join(filter(None, (self.text, other.text))))

    def tensor(self, other: Words) -> Words:
        """Nothing stands beside anything here."""
        return self.then(other)
