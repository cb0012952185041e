"""The mutants themselves: each operator is applied where it applies, to one box alone, and is taken back."""

from __future__ import annotations

import ast

import pytest
import torch

import diagrammar as dg
from tests.backends.specimens import SPECIMENS, build
from tests.mutants.__main__ import report
from tests.mutants.edits import form_of, of_expression, of_function, of_line
from tests.mutants.hook import Mutant, mutated
from tests.mutants.operators import NAMES, OPERATORS, WRAPS
from tests.mutants.oracle import judge, mutants, origins, subjects
from tests.mutants.running import PARTS, Answer, Row, Task, run, sampled

# an operator, a line, and what it becomes
EXAMPLES = {
    "sign": ("v0 = -v1", "v0 = v1"),
    "term": ("v0 = v1 + v2", "v0 = v2"),
    "exchanged": ("v0 = v1 * v2", "v0 = v1 / v2"),
    "swapped": ("v0 = torch.cat((v1, v2), 1)", "v0 = torch.cat((v2, v1), 1)"),
    "axis": ("v0 = v1.sum([1, 3])", "v0 = v1.sum([1, 2])"),
    "offset": ("v0 = F.pad(v1, (1, 0))", "v0 = F.pad(v1, (1, -1))"),
    "constant": ("v0 = _fourier(v0, w0, None, (4, 3))", "v0 = _fourier(v0, w0, None, (4, 2))"),
    "epsilon": ("v0 = F.layer_norm(v0, (3,), w0, w1, eps=1e-05)", "v0 = F.layer_norm(v0, (3,), w0, w1, eps=0.0001)"),
    "comparison": ("v0 = v1 < v2", "v0 = v1 <= v2"),
    "truth": ("v0 = ~v1", "v0 = v1"),
    "word": ("v0 = _rfft(v0, 'forward')", "v0 = _rfft(v0, 'backward')"),
    "neighbour": ("v0 = torch.sin(v0)", "v0 = torch.cos(v0)"),
    "transposed": ("v0 = F.linear(v0, w0)", "v0 = F.linear(v0, w0.transpose(0, 1))"),
    "skipped": ("v0 = torch.tanh(v0)", "v0 = v0"),
    "dropped": ("v0 = F.linear(v0, w0, w1)", "v0 = F.linear(v0, w0, None)"),
    "condition": ("v0 = v1 if v2 else v3", "v0 = v3"),
    "deleted": ("v0 = v0.narrow(2, 0, 3)", "pass"),
    "backwards": ("for v1 in v0.unbind(1):", "for v1 in reversed(list(v0.unbind(1))):"),
    "scaled": ("v0 = v1", "v0 = v1 * 1.01"),
    "negative": ("v0 = v1", "v0 = -v1"),
    "opposite": ("v0 = v1 & v2", "v0 = ~(v1 & v2)"),
    "rounded": ("v0 = v1", "v0 = v1.float().double()"),
    "leaked": ("v0 = v1", "v0 = (lambda _x: _x + 0.001 * (_x.roll(1, 0) - _x))(v1)"),
    "averaged": ("v0 = v1", "v0 = (lambda _x: _x + 0.001 * (_x.mean(0, keepdim=True) - _x))(v1)"),
    "mixed": ("v0 = v1", "v0 = (lambda _x: _x | _x.roll(1, 0))(v1)"),
    "real": ("v0 = v1", "v0 = v1 * torch.tensor([1.0, 0.0], dtype=torch.float64)"),
    "conjugate": ("v0 = v1", "v0 = v1 * torch.tensor([1.0, -1.0], dtype=torch.float64)"),
    "crossed": ("v0 = v1", "v0 = (lambda _x: _x.transpose(-1, -2))(v1)"),
}


@pytest.mark.parametrize("name", NAMES)
def test_operators(name: str) -> None:
    """Each operator of the catalogue makes of its line what it is to make."""
    before, after = EXAMPLES[name]
    kind = WRAPS[name][1][0] if name in WRAPS else "R"
    made = [text for (operator, _), text in of_line(before, kind).items() if operator == name]
    plain = after if after.endswith(":") else ast.unparse(ast.parse(after))
    assert plain in [text if text.endswith(":") else ast.unparse(ast.parse(text)) for text in made]
    assert all(text != ast.unparse(ast.parse(before)) for text in made if not before.endswith(":"))


def test_what_is_no_mutant() -> None:
    """Operands of a sum in the other order, checks of inputs, types and texts are left as they are."""
    made = of_line("v0 = torch.maximum(v1, v2)", "R")
    assert not any("(v2, v1)" in text for text in made.values())
    assert not any(name == "swapped" for name, _ in of_line("v0 = v1 + v2", "R"))
    text = 'def f(x: Any) -> Any:\n    """-1 or more."""\n    if x < 0:\n        raise ValueError(-x)\n    return x'
    assert of_function(text) == {}
    assert not any(name == "constant" for name, _ in of_line("v0 = v1 * 2", "R", frozenset({"2"})))
    assert "3" in of_expression("2", "R").values()
    assert form_of("v0 = F.conv2d(v1, w0)") == form_of("v3 = F.conv1d(v2, w1)") != form_of("v0 = F.pad(v1, (1, 0))")


def test_one_box_is_wrong_and_then_right_again() -> None:
    """The line of one box is changed, those of the others are not; afterwards everything is as it was."""
    diagram = dg.loads("diagram f(u : R[3], v : R[3]) -> R[3] @ R[3] @ R[3] { return u - v, u + v, u * v }")["f"]
    right = dg.compile(diagram, dtype=torch.float64)
    u, v = torch.randn(2, 3, dtype=torch.float64)
    with mutated(Mutant("std:sub", "", ("exchanged", 0))):
        wrong = dg.compile(diagram, dtype=torch.float64)
    assert all(map(torch.equal, wrong(u, v), (u + v, u + v, u * v)))
    again = dg.compile(diagram, dtype=torch.float64)
    assert again.source == right.source and all(map(torch.equal, again(u, v), (u - v, u + v, u * v)))


def test_a_function_of_the_runtime_is_wrong_for_one_box() -> None:
    """Two boxes that stand on one function: one of them gets a copy, which is wrong."""
    text = "space X = torus(1)\ntype A = Field[X[5], 1]\n"
    text += "diagram f(u : A) -> C[1, 2] @ A { return low[[3]](rfft(u)), fourier[[3]](u) }"
    diagram = dg.loads(text)["f"]
    u = torch.randn(1, 5, dtype=torch.float64)
    right = dg.compile(diagram, dtype=torch.float64, seed=1)(u)
    mutant = next(
        each
        for each in mutants("std:low", subjects("std:low"))
        if each.in_runtime and each.place == "_low" and each.edit[0] == "backwards" and each.edit[1] == 1
    )
    with mutated(mutant):
        net = dg.compile(diagram, dtype=torch.float64, seed=1)
    assert "_low__wrong(" in str(net.source)
    one, two = net(u)
    assert not torch.equal(one, right[0]) or one.shape != right[0].shape
    assert torch.equal(two, right[1])


def test_frames_are_wrong_and_what_is_in_them_is_not() -> None:
    """A fold from its end, over boxes that are as they were."""
    diagram = dg.loads("diagram f(a : R, u : R[3]) -> R = fold[(s, x) -> sin(s) - x](a, u)")["f"]
    a, u = torch.randn((), dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    with mutated(Mutant("std:fold", "unbind", ("backwards", 0))):
        wrong = dg.compile(diagram, dtype=torch.float64)
    assert torch.allclose(wrong(a, u), dg.compile(diagram, dtype=torch.float64)(a, u.flip(0)), rtol=1e-15, atol=0)
    assert not torch.allclose(wrong(a, u), dg.compile(diagram, dtype=torch.float64)(a, u))


VERDICTS = [
    (Mutant("std:exp", "exp", ("scaled", 0)), "different"),
    (Mutant("std:exp", "exp", ("leaked", 0)), "different"),
    (Mutant("std:exp", "exp", ("rounded", 0)), "different"),
    (Mutant("std:broadcast", "", ("scaled", 0)), "different"),
    (Mutant("std:const", "", ("constant", 0)), "different"),
    (Mutant("std:sign", "sign", ("rounded", 0)), "equivalent"),
    (Mutant("std:sum", "sum", ("axis", 0)), "stillborn"),
    # the loop has lost its end
    (Mutant("std:tree", "", ("comparison", 0)), "stillborn"),
]


@pytest.mark.parametrize(("mutant", "verdict"), VERDICTS, ids=lambda value: str(value))
def test_verdicts(mutant: Mutant, verdict: str) -> None:
    """A mutant computes something else, or fails, or nothing tells it from the box."""
    found = subjects(mutant.origin)
    assert mutant in mutants(mutant.origin, found)
    assert judge(mutant, found) == verdict


def test_every_box_has_mutants() -> None:
    """Each box with a meaning of its own has lines, and operators that apply to them."""
    counts = {origin: len(mutants(origin, subjects(origin))) for origin in origins() if len(SPECIMENS[origin[4:]]) < 20}
    assert len(counts) > 50 and min(counts.values()) >= 4
    assert len(OPERATORS) + len(WRAPS) >= 14


def test_a_part_of_them() -> None:
    """Mutants drawn from a seed: many fail at once, many compute something else, few do nothing."""
    boxes = ("sin", "mul", "einsum", "reduce", "linear", "scan", "select", "corners")
    drawn = sampled(80, 4, [Task(f"std:{name}", 0) for name in boxes])
    total = Row()
    for _, row in run(drawn, 1):
        total.add(row)
    assert total.mutants == 80
    assert total.alive >= 25 and total.equivalent <= 16 and total.killed == 0


def always(origin: str, seed: int) -> Answer:
    """A law that refutes everything."""
    return Answer(f"a law of {origin}")


def never(origin: str, seed: int) -> Answer:
    """No law refutes anything."""
    return Answer(None, ("sine",))


def differing(origin: str, seed: int) -> Answer:
    """The law that a sine is a sine, by what is compiled at this moment."""
    u = torch.rand(2, 3, dtype=torch.float64)
    found = dg.compile(build(("u : R[3]", "R[3]", "sin(u)")), dtype=torch.float64)(u)
    same = found.shape == u.shape and torch.allclose(found, torch.sin(u), rtol=1e-12)
    return Answer(None if same else "sine")


def test_laws_are_asked_while_the_mutant_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """What computes something else is put before the laws; survivors are shown with their diff, and fail the run."""
    here = "tests.mutants.test_mutants"
    tasks = [Task("std:sin", part, laws=f"{here}:always") for part in range(PARTS)]
    rows = {"std:sin": Row()}
    for origin, row in run(tasks, 1):
        rows[origin].add(row)
    whole = rows["std:sin"]
    assert whole.killed == whole.alive > 10 and whole.laws == {"a law of std:sin": whole.killed}
    assert report(rows, True, False, 1.0) == 0
    assert "laws refute 100.0% of the mutants" in capsys.readouterr().out
    for name in ("never", "differing"):
        rows = {"std:sin": Row()}
        for origin, row in run([Task("std:sin", 0, laws=f"{here}:{name}")], 1):
            rows[origin].add(row)
        assert report(rows, True, False, 1.0) == 1
        shown = capsys.readouterr().out
        assert "survivors" in shown and "survives: sin: " in shown and "\n    +v0 = " in shown
        assert "\n    differs by " in shown and ("what it does keeps sine" in shown) == (name == "never")
        assert (rows["std:sin"].killed > 0) == (name == "differing")
