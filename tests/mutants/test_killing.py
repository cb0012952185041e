"""The laws of `std` against a part of the mutants: they refute what is wrong, and nothing else."""

from __future__ import annotations

import random

import pytest

from diagrammar.laws.subject import TOLERANCE
from tests.mutants.hook import Mutant, mutated, quick
from tests.mutants.laws import kill
from tests.mutants.oracle import Difference, origins
from tests.mutants.running import Answer, Row, Task, reason, run, sampled


@pytest.mark.heavy
def test_laws_refute_a_part_of_them() -> None:
    """Of mutants of boxes, both drawn from a seed, laws refute more than nine in ten of those that compute something
    else."""
    boxes = random.Random(1).sample(origins(), 20)
    total = Row()
    for _, row in run(sampled(60, 1, [Task(origin, 0, laws="tests.mutants.laws:kill") for origin in boxes]), 1):
        total.add(row)
    assert total.mutants == 60 and total.alive >= 20
    assert total.killed > 0.9 * total.alive, "\n\n".join(total.survivors)


def test_laws_refute_only_what_is_wrong() -> None:
    """No law is broken by a box that is right, nor by one that they do not speak of."""
    with quick():
        assert kill("std:erf", 0) == Answer(None)
    with mutated(Mutant("std:sin", "sin", ("scaled", 0))):
        assert kill("std:erf", 0) == Answer(None)
        assert kill("std:sin", 0).law is not None


def test_reasons() -> None:
    """A survivor is too close to the box, or keeps the laws that have it, or stands in none."""
    far = Difference(0.5, "R -> R", 2, 3)
    assert "what it does keeps sine, cosine" in reason(far, "std:sin", ("sine", "cosine"))
    assert reason(far, "std:sin", ()).endswith("no law has it written so")
    assert "how draws are distributed" in reason(far, "std:gaussian", ("normal",))
    near = Difference(TOLERANCE / 2, "R -> R", 2, 3)
    assert "less than the 1e-09 that laws allow" in reason(near, "std:sin", ("sine",))
