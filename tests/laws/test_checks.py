"""Laws held to cases: what is refuted, what passes, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import diagrammar as dg
from diagrammar.commands import main
from diagrammar.outcome import Outcome

FILE = """
dim n
dim m
space X = torus(2)
type V = Field[X, 2]
diagram layer : V -> V = (fourier[4] + pointwise) >> gelu
diagram halved : V -> V = pool[2] >> conv_transpose[2, stride = 2]
"""


def outcome(law: str, **options: object) -> Outcome:
    """What comes of one law of the file above."""
    (found,) = dg.check(dg.loads(FILE + law), **options).outcomes  # type: ignore[arg-type]  # the words of `check`
    return found


HOLD = [
    "law l(u : V) : layer(translate[s](u)) == translate[s](layer(u)) for s in shifts(X)",
    "law l(u : R[n], v : R[n]) : a * (u + v) == a * u + a * v for a in -3.0 .. 3.0",
    "law l(u : R[n]) : u * u >= 0",
    "law l(x : R[n, m]) : einsum[\"n m -> m n\"](x) == rearrange[\"n m -> m n\"](x)",
    "law l(u : V) : halved(u) - halved(u) == 0",
    "law l(x : R[n]) : sum(x) <= sum(0 * x + 1) for x in 0.0 .. 1.0",
    "law l(x : R[n]) : norm(x) <= 2 for x in ball(2)",
    "law l(x : R[n]) : sum(x) == 1 for x in simplex()",
    "law l(k : Bool[n], x : R[n]) : select(k, x, x) == x for k in mask()",
    "law l[A](u : A) : sin(-u) == -sin(u)",
    "law l[X : space](u : Field[X, 1]) : mean(u + 1) == mean(u) + 1",
    "law l(u : V) : u + 0 * gaussian[V]() == u",
]  # fmt: skip


@pytest.mark.parametrize("law", HOLD)
def test_true_laws_pass(law: str) -> None:
    """No case refutes what is true."""
    found = outcome(law, examples=60)
    assert found.status in ("passed", "proved"), found.report


def test_a_refuted_law_shows_its_smallest_case() -> None:
    """Sizes, input and weights are as small and as simple as they can be, and both values stand there."""
    found = outcome("law affine(u : V, v : V) : pointwise(u + v) == pointwise(u) + pointwise(v)")
    assert found.status == "refuted" and found.case is not None
    assert found.case["sizes"] == {"X.0": 1, "X.1": 1}
    entries = [each for place in found.case["inputs"] for each in torch.tensor(place["data"]).flatten().tolist()]
    assert entries == [0.0] * len(entries)
    shift = found.case["weights"]["pointwise.c"]["data"]
    assert sorted(map(abs, shift))[0] == 0 and sum(map(bool, shift)) == 1
    for line in ("at X on 1 x 1", "weight pointwise.c = ", "left ", "right ", "the sides part", "replay: "):
        assert line in found.report, found.report


def test_what_is_drawn_from_a_set_stays_in_it() -> None:
    """The smallest case of a law on positive numbers has positive numbers."""
    found = outcome("law l(x : R[n]) : log(x) == 0 for x in positive()")
    assert found.case is not None
    (place,) = found.case["inputs"]
    assert min(torch.tensor(place["data"]).flatten().tolist()) >= 0.5


def test_fails_demands_a_counterexample() -> None:
    """A law that is said to fail is red where it holds, and green where a case refutes it."""
    assert outcome("law l(u : R[n]) : sin(-u) == -sin(u) fails").status == "not refuted"
    assert outcome("law l(u : R[n]) : cos(-u) == -cos(u) fails").status == "refuted as stated"


def test_a_side_that_raises_is_red() -> None:
    """Also under `fails`."""
    law = 'law l(u : Field[X, 1]) : conv[5, padding = "reflect"](u) == u'
    for end in ("", " fails"):
        found = outcome(law + end)
        assert found.status == "raised" and "a side raises" in found.report


def test_tolerance() -> None:
    """`within` is relative to the largest number in sight; `within 0` is exact."""
    assert outcome("law l(u : R[n]) : 1.0001 * u == u within 1e-3").status == "passed"
    assert outcome("law l(u : R[n]) : 1.0001 * u == u within 1e-5").status == "refuted"
    assert outcome("law l(u : R[n]) : u + 1e-12 == u").status == "passed"
    assert outcome("law l(u : R[n]) : u + 1e-12 == u within 0").status == "refuted"


def test_what_is_undefined_alike_agrees() -> None:
    """A logarithm of negative numbers is undefined on both sides; on one side alone it refutes."""
    assert outcome("law l(u : R[n]) : log(u * u * u) == 3 * log(u)").status == "passed"
    assert outcome("law l(u : R[n]) : sqrt(u) * sqrt(u) == u").status == "refuted"


def test_a_sample_does_not_depend_on_its_batch() -> None:
    """A box that mixes the samples of a batch is refuted by any law that it meets."""

    def leaky(u: torch.Tensor) -> torch.Tensor:
        return u + 1e-3 * u.flip(0) if u.dim() > 1 else u

    text = "dim n\nbox f : R[n] -> R[n]\nlaw additive(u : R[n], v : R[n]) : f(u + v) == f(u) + f(v)"
    (found,) = dg.check(dg.loads(text), boxes={"f": leaky}).outcomes
    assert found.status == "refuted" and "depends on the batch" in found.report


def test_a_batch_has_no_order() -> None:
    """A box that sees the batch is refuted where it matters in which order, or how often, the samples stand there."""
    text = "dim n\nbox f : R[n] -> R[n] is batch\nlaw shifts(u : R[n]) : f(u + 1) == f(u)"

    def check(f: Callable[[torch.Tensor], torch.Tensor]) -> Outcome:
        return dg.check(dg.loads(text), boxes={"f": f}).outcomes[0]

    assert check(lambda u: u - u.mean(0)).status == "passed"
    for wrong in (lambda u: u - u[0], lambda u: (u - u.mean(0)) * len(u)):
        found = check(wrong)
        assert found.status == "refuted" and "in which order a batch has its samples" in found.report


def test_laws_hold_with_gradients_kept() -> None:
    """A box that computes something else where gradients are kept is refuted by any law that it meets."""

    def two(u: torch.Tensor) -> torch.Tensor:
        return 2 * u if torch.is_grad_enabled() else u

    text = "dim n\nbox f : R[n] -> R[n]\nlaw additive(u : R[n], v : R[n]) : f(u + v) == f(u) + f(v)"
    (found,) = dg.check(dg.loads(text), boxes={"f": two}).outcomes
    assert found.status == "refuted" and "on gradients being kept" in found.report


def test_boxes_of_the_caller() -> None:
    """A law of a box without a meaning is left out, and said to be."""
    text = "dim n\nbox f : R[n] -> R[n]\nlaw odd(u : R[n]) : f(-u) == -f(u)"
    assert [each.status for each in dg.check(dg.loads(text)).outcomes] == ["skipped"]
    assert dg.check(dg.loads(text), boxes={"f": torch.sin}).ok
    assert not dg.check(dg.loads(text), boxes={"f": torch.cos}).ok


def test_what_is_bound_is_not_believed() -> None:
    """A box of the caller that says that it is linear is tested, not proved, to be so."""
    text = "dim n\nbox f : R[n] -> R[n] is linear\nlaw additive(u : R[n], v : R[n]) : f(u + v) == f(u) + f(v)"
    assert [each.status for each in dg.check(dg.loads(text), boxes={"f": torch.tanh}).outcomes] == ["refuted"]
    assert [each.status for each in dg.check(dg.loads(text), boxes={"f": torch.neg}).outcomes] == ["passed"]


def test_linear_diagrams_are_proved_to_be_so() -> None:
    """From the declarations of the boxes inside; one box that bends, and nothing is proved."""
    for last, status in (("conv[3, bias = false]", "proved"), ("gelu", "refuted")):
        text = f"diagram f : V -> V = fourier[3] >> {last}\nlaw l(u : V, v : V) : f(u + v) == f(u) + f(v)"
        found = outcome(text)
        assert found.status == status
        assert ("by linearity of f" in found.proof) == (status == "proved")


def test_earlier_laws_are_equations() -> None:
    """A law proves one after it, and none before it."""
    first = "law there_and_back(u : V) : translate[[-1, 0]](translate[[1, 0]](u)) == u\n"
    second = "law l(u : V) : gelu(translate[[-1, 0]](translate[[1, 0]](u))) == gelu(u)\n"
    for text, status in ((first + second, "proved"), (second + first, "passed")):
        outcomes = {each.law: each for each in dg.check(dg.loads(FILE + text)).outcomes}
        assert outcomes["l"].status == status, outcomes["l"]
        assert outcomes["there_and_back"].status == "passed"


def test_trained_weights() -> None:
    """With `weights` a law is held for these, and may hold for no others."""
    module = dg.loads("diagram f : R[3] -> R[3] = linear\nlaw odd(u : R[3]) : f(-u) == -f(u)")
    net = dg.compile(module["f"], dtype=torch.float64)
    with torch.no_grad():
        net.get_parameter("linear.c").zero_()
    assert not dg.check(module).ok
    assert dg.check(module, weights={"f": net}).ok


def test_one_seed_one_outcome() -> None:
    """The same seed gives the same cases, and another gives others."""
    module = dg.loads("dim n\nbox f : R[n] -> R[n]\nlaw odd(u : R[n]) : f(-u) == -f(u)")

    def cases(seed: int) -> list[torch.Tensor]:
        seen: list[torch.Tensor] = []

        def f(u: torch.Tensor) -> torch.Tensor:
            seen.append(u.flatten())
            return torch.sin(u)

        assert dg.check(module, boxes={"f": f}, seed=seed, examples=30).ok
        return seen

    first, again, other = cases(0), cases(0), cases(1)
    assert torch.equal(torch.cat(first), torch.cat(again))
    assert not torch.equal(torch.cat(first)[:50], torch.cat(other)[:50])
    assert len({each.numel() for each in first}) > 4


def test_sizes_meet_what_has_to_divide() -> None:
    """Grids are drawn that the diagram can be on."""
    found = outcome("law l(u : V) : halved(halved(u)) == u fails")
    assert found.status == "refuted as stated"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one law of each fate."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.dg"
    path.write_text(
        "dim n\nparam gain : real = 2\n"
        "law proved(u : R[n]) : id(u) == u\n"
        "law passed(u : R[n]) : sin(gain * u) == 2 * sin(u) * cos(u)\n"
        "law wrong(u : R[n]) : u + 1 == u\n"
        "law stated(u : R[n]) : u + 1 == u fails\n",
        encoding="utf-8",
    )
    return path


def test_the_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1 where a law is wrong, a table, and the count of each fate."""
    assert main(["check", "net.dg", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert "4 laws: 1 proved, 1 tested, 1 refuted as stated, 1 refuted" in out
    assert main(["check", "net.dg", "--law", "passed", "--jobs", "1"]) == 0
    assert main(["check", "net.dg", "--law", "passed", "-p", "gain=3", "--jobs", "1"]) == 1
    assert main(["check", "net.dg", "--law", "nothing"]) == 2


def test_the_command_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a law, on one process or on two."""
    found = []
    for jobs in ("1", "2"):
        assert main(["check", "net.dg", "--json", "--jobs", jobs, "--no-save"]) == 1
        rows = json.loads(capsys.readouterr().out)
        found.append([{key: row[key] for key in ("law", "status", "line", "examples", "case")} for row in rows])
    assert found[0] == found[1]
    assert [(row["law"], row["line"], row["status"]) for row in found[0]] == [
        ("proved", 3, "proved"), ("passed", 4, "passed"), ("wrong", 5, "refuted"), ("stated", 6, "refuted as stated"),
    ]  # fmt: skip


def test_a_failing_case_is_tried_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is kept with the pictures of both sides, tried first, and taken away when the law holds."""
    assert main(["check", "net.dg", "--law", "wrong", "--jobs", "1"]) == 1
    kept = Path(".diagrammar/refuted/net.wrong.json")
    assert json.loads(kept.read_text("utf-8"))["sizes"] == {"n": 1}
    assert all(Path(f".diagrammar/refuted/net.wrong.{side}.svg").exists() for side in ("left", "right"))
    assert (Path(".diagrammar") / ".gitignore").read_text("utf-8") == "*\n"
    capsys.readouterr()
    assert main(["check", "net.dg", "--law", "wrong", "--jobs", "1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["examples"] == 1
    file.write_text(file.read_text("utf-8").replace("u + 1 == u\nlaw st", "u + 0 == u\nlaw st"), encoding="utf-8")
    assert main(["check", "net.dg", "--law", "wrong", "--jobs", "1"]) == 0
    assert not kept.exists()


def test_a_broken_kept_case_is_not_used(file: Path) -> None:
    """A file that is no case is ignored."""
    kept = Path(".diagrammar/refuted/net.passed.json")
    kept.parent.mkdir(parents=True)
    for text in ("", "{", "[]", '{"values": {}, "sizes": {"n": "x"}}'):
        kept.write_text(text, encoding="utf-8")
        assert main(["check", "net.dg", "--law", "passed", "--jobs", "1"]) == 0


def test_audit(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Loose tolerances, and diagrams that no law mentions."""
    text = "dim n\ndiagram f : R[n] -> R[n] = sin\ndiagram g : R[n] -> R[n] = sin\n"
    file.write_text(text + "law loose(u : R[n]) : f(u) == u within 0.5\n", encoding="utf-8")
    assert main(["check", "net.dg", "--audit"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "net.dg:4:1: `loose` allows 0.5, more than 0.001" in lines
    assert "net.dg: no law speaks of `g`" in lines and not any("`f`" in line for line in lines)


def test_every_box_of_the_library_has_a_law() -> None:
    """`check std --audit` lists no box that no law speaks of."""
    from diagrammar.laws.audit import audit
    from diagrammar.modules import std

    assert audit(std()).lawless == ()
