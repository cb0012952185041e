"""Schedules honour marks: the word for the whole is the mark round all others, and the innermost wins."""

from __future__ import annotations

import random

import pytest
import torch

import diagrammar as dg
from diagrammar.diagram import Diagram
from diagrammar.kept import table
from diagrammar.planning import planned
from diagrammar.schedule.flattened import Mark, flattened
from diagrammar.schedule.plan import Plan
from tests.derivative.test_marks import one

from .agree import agree
from .test_schedules import measured

WORDS = ("store", "recompute")
HEAD = """
space X = cube(2)
type V = Field[X, 8]
diagram block : V -> V = residual[group_norm[2] >> conv[3] >> gelu >> pointwise]
"""


def net(text: str, grid: str = "X") -> Diagram:
    """A diagram of blocks."""
    return dg.loads(HEAD.replace("[X,", f"[{grid},") + f"diagram net : V -> V = {text}")["net"]


def kept(plan: Plan) -> list[str]:
    """The names of the boxes whose results are kept, with how often."""
    made = {wire: plan.flat.names[at][1] for at, node in enumerate(plan.joint.forward) for wire in node.outs}
    return [made[wire] for wire in plan.optic.kept]


def again(plan: Plan) -> list[str]:
    """The names of the boxes that the backward runs again, in its order."""
    return [plan.flat.names[at][1] for at in plan.optic.again]


# ----------------------------------------------------------------------------------------------------- flat bodies


def test_a_flat_body_says_which_mark_is_round_a_box() -> None:
    """The innermost one, by its word and by its occurrence: another one in each step of a loop; none within a `map`."""
    flat = flattened(one("sin >> repeat 2 { recompute { cos >> store { exp } >> cos } } >> store { sin }"))
    r, s = [Mark("recompute", at) for at in (0, 2)], [Mark("store", at) for at in (1, 3, 4)]
    assert flat.marks == (None, r[0], s[0], r[0], r[1], s[1], r[1], s[2])
    assert [(each.kind, each.outer) for each in flat.regions] == [
        ("recompute", None), ("store", 0), ("recompute", None), ("store", 2), ("store", None),
    ]  # fmt: skip
    inside = flattened(one("store { x -> map[recompute { sin }](stack(x, x))[0] }"))
    assert set(inside.marks) == {Mark("store", 0)}


def test_without_marks_there_are_none() -> None:
    """One entry for each box all the same."""
    flat = flattened(one("block >> block"))
    assert flat.marks == (None,) * len(flat.names) and flat.regions == ()


# ------------------------------------------------------------------------------------------- what is kept, and when


@pytest.mark.parametrize(
    ("text", "word", "left", "more"),
    [
        ("sin >> exp >> sin", "store", "exp", ""),
        ("sin >> exp >> sin", "recompute", "", "sin exp"),
        # the inputs of a mark are kept, and what it gives to the next
        ("exp >> recompute { exp >> exp >> sin } >> sin", "store", "exp sin", "exp exp"),
        ("exp >> store { exp >> exp >> sin } >> sin", "recompute", "exp exp sin", "exp"),
        ("exp >> recompute { exp >> store { exp } >> exp >> sin } >> sin", "store", "exp sin exp", "exp exp"),
        ("exp >> store { exp >> recompute { exp } >> exp } >> sin", "recompute", "exp exp", "exp exp"),
        # a mark in a mark starts from what the outer one has made again
        ("recompute { exp >> recompute { exp >> exp } } >> sin", "store", "exp", "exp exp"),
        # a mark in its like changes nothing under `store`
        ("store { exp >> store { exp >> sin } }", "store", "exp exp", ""),
        ("recompute { exp >> exp >> sin }", "store", "", "exp exp"),
        ("recompute { recompute { exp >> exp >> sin } }", "recompute", "", "exp exp"),
    ],
)
def test_what_is_kept(text: str, word: str, left: str, more: str) -> None:
    """Of chains of boxes whose cotangents read inputs or results: names of what is kept, and of what runs again."""
    plan = planned(one(text), word)
    assert (sorted(kept(plan)), again(plan)) == (sorted(left.split()), more.split())


def test_a_region_runs_right_before_its_backward() -> None:
    """From the last one to the first, each between the backwards of its neighbours."""
    plan = planned(one("recompute { exp >> sin } >> recompute { exp >> sin } >> exp"), "store")
    order = []
    for which, number in plan.steps:
        box = number if which == "forward" else plan.joint.owners[number]
        order.append((which[0], box))
    assert [each for at, each in enumerate(order) if each not in order[:at]] == [
        ("b", 4), ("f", 2), ("f", 3), ("b", 3), ("b", 2), ("f", 0), ("b", 1), ("b", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["block >> block", "block >> recompute { block >> block } >> store { block }"])
def test_the_word_is_the_mark_round_the_whole(text: str) -> None:
    """`memory=W` of f is any word of `W { f }`."""
    for word in WORDS:
        for other in WORDS:
            first, second = planned(one(text), word), planned(one(f"{word} {{ {text} }}"), other)
            assert first.steps == second.steps and first.optic.again == second.optic.again


def test_nested_marks_are_nested_lenses() -> None:
    """Boxes that come each in the mark of the next are evaluated n (n - 1) / 2 times, as lenses composed from the left
    are."""
    for count in (4, 8, 16):
        text = "sin"
        for _ in range(count - 1):
            text = f"recompute {{ {text} }} >> sin"
        plan = planned(one(text), "store")
        # the forward that the backward needs is of all but the last
        assert count - 1 + len(plan.optic.again) == count * (count - 1) // 2


def test_marks_too_deep_in_one_another() -> None:
    """What they ask for is counted before it is made: an error at a box of theirs."""
    text = "recompute { sin >> " * 1500 + "cos" + " }" * 1500
    with pytest.raises(dg.BudgetError, match="1,000,000 boxes again") as caught:
        planned(one(text), "store")
    assert caught.value.span is not None


# ----------------------------------------------------------------------------------------------------- in torch


CASES = [
    "repeat 3 { recompute { block } } >> store { pointwise }",
    "block >> recompute { block >> store { block } >> block } >> block",
    "recompute { block >> recompute { block >> recompute { block } } }",
    "store { block >> recompute { block } } + recompute { block }",
    "x -> recompute { y -> block(x) * y }(store { block }(x)) + x",
]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("text", CASES)
def test_gradients(text: str, word: str) -> None:
    """They are those of torch's own reverse mode."""
    agree(net(text, "X[5, 6]"), word)


@pytest.mark.parametrize("seed", range(6))
def test_gradients_of_random_marks(seed: int) -> None:
    """Whatever stands in whatever mark."""
    draw = random.Random(seed)

    def piece(depth: int) -> str:
        parts = [draw.choice(["block", "sin", "linear", "x -> block(x) * sin(x)"]) for _ in range(draw.randint(1, 3))]
        parts = [f"({part})" for part in parts]
        if depth:
            parts.insert(draw.randrange(len(parts) + 1), f"{draw.choice(WORDS)} {{ {piece(depth - 1)} }}")
            parts.insert(
                draw.randrange(len(parts) + 1), f"repeat 2 {{ {draw.choice(WORDS)} {{ {piece(depth - 1)} }} }}"
            )
        return " >> ".join(parts)

    agree(one(piece(2)), WORDS[seed % 2])


def test_blocks_that_are_run_again_live_one_at_a_time() -> None:
    """With every block of a stack in `recompute` a step lives in the boundaries of the blocks and in one block, byte by
    byte, and the stack stored as a whole in several times that."""
    count, x = 9, torch.randn(3, 8, 16, 16)
    single = dg.compile(net("block"), memory="store")
    gradients = sum(weight.nbytes for weight in single.parameters())
    stack = dg.compile(net(f"repeat {count} {{ recompute {{ block }} }}"), memory="store")
    bound = (count - 1) * (x.nbytes + gradients) + measured(single, x)
    found = measured(stack, x)
    assert found <= bound
    assert found > (count - 1) * x.nbytes
    assert measured(dg.compile(net(f"repeat {count} {{ block }}"), memory="store"), x) > 2.5 * bound


def test_without_a_schedule_marks_are_not_seen() -> None:
    """The plain module is under torch's own reverse mode, marks or not."""
    marked, plain = net("recompute { block } >> store { block }"), net("block >> block")
    assert dg.compile(marked).source == dg.compile(plain).source
    assert dg.compile(marked, memory="store").source != dg.compile(plain, memory="store").source


def test_the_table_shows_marks() -> None:
    """A column of its own, where there are any: the innermost mark round the boxes of a row."""
    text = table("net", net("repeat 2 { recompute { block } } >> store { pointwise } >> block"), "store", {"X": 16})
    rows = [line.split() for line in text.splitlines()[2:]]
    assert rows[0][:4] == ["box", "mark", "backward", "stored"]
    marks = {row[0]: row[1] for row in rows[1:] if len(row) > 1 and row[1] in (*WORDS, "several")}
    assert marks == {"block.0.residual": "recompute", "block.1.residual": "recompute", "pointwise": "store"}
    mixed = table("net", net("recompute { block >> store { block } }"), "store", {"X": 16}, depth=1)
    assert "several" not in mixed
    assert " mark " not in table("net", net("block"), "store", {"X": 16})
