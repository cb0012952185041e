"""Random laws: what is equal is proved, what is not is not, and what is proved holds in numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
import torch

import diagrammar as dg
from diagrammar.oracle import decide
from diagrammar.proof import check_proof, prove
from tests.proof.expressions import Tree, changed, equal, module, tree

SIZE = 25


def values(pairs: Sequence[tuple[Tree, Tree]], seed: int) -> list[float]:
    """How far apart the two sides of each pair are in float64, as a part of their size."""
    made = module(list(pairs))
    net = dg.compile(made["all"], seed=seed, dtype=torch.float64)
    draw = torch.Generator().manual_seed(seed)
    a, u, v = (torch.randn(2, *shape, generator=draw, dtype=torch.float64) for shape in ((), (2, 7), (2, 7)))
    with torch.no_grad():
        ends = net(a, u, v)
    return [float((x - y).norm() / (1 + x.norm() + y.norm())) for x, y in zip(ends[::2], ends[1::2], strict=True)]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_equal_is_proved_and_holds(seed: int) -> None:
    """A thousand laws that are equal by axioms: each is proved, the proof holds step by step, and so do numbers.

    The oracle says the same, exactly where all boxes are polynomials.
    """
    draw = random.Random(seed)
    pairs = []
    for _ in range(SIZE):
        left = tree(draw, draw.randint(1, 4))
        pairs.append((left, equal(draw, left, draw.randint(1, 5))))
    made = module(pairs)
    for at in range(SIZE):
        proof = prove(made[f"l{at}"], made[f"r{at}"])
        assert proof is not None, pairs[at]
        assert check_proof(proof), pairs[at]
        assert decide(made[f"l{at}"], made[f"r{at}"], seed=seed, points=1).equal, pairs[at]
    assert max(values(pairs, seed)) < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_what_is_changed_in_one_place_is_not_proved(seed: int) -> None:
    """Another instance, swapped inputs, another number or sign: where numbers differ there is no proof."""
    draw = random.Random(1000 + seed)
    pairs = []
    for _ in range(SIZE):
        left = tree(draw, draw.randint(1, 4))
        right = equal(draw, left, draw.randint(0, 3))
        pairs.append((left, changed(draw, right)))
    apart = values(pairs, seed)
    made = module(pairs)
    proofs = [prove(made[f"l{at}"], made[f"r{at}"]) for at in range(SIZE)]
    for at, proof in enumerate(proofs):
        if apart[at] > 1e-6:
            assert decide(made[f"l{at}"], made[f"r{at}"], seed=seed, points=2).equal is False, pairs[at]
        if proof is not None:
            # the change was none: both sides are equal after all
            assert check_proof(proof) and apart[at] < 1e-9, pairs[at]
    assert sum(proof is None for proof in proofs) >= SIZE // 2
