"""The linear pass makes diagrams that are as large as what they are derivatives of."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, note, settings

import diagrammar as dg
from diagrammar.diagram import Diagram
from diagrammar.strategies import Signature, diagrams, signature_of
from diagrammar.tangent import has_tangent
from tests.derivative.boxes import WIRES

WHOLE = signature_of("std", types=WIRES)
# What combines the rows of a stack is a few boxes in reverse: flips, a scan each way, sums over what is captured. A
# power of spectra has no derivative: it asks where both are zero, and a spectrum has no truth values.
OTHERS = ("map", "fold", "scan", "tree", "pow")
STD = Signature([each for each in WHOLE.generators if each.name not in OTHERS], WHOLE.types)


def size(diagram: Diagram) -> tuple[int, int]:
    """How many boxes beyond weights; how many copies and discards of what can change: wires read twice, or never."""
    flat = diagram.flat
    reads = Counter(wire for wires in (*(node.ins for node in flat.nodes), flat.outputs) for wire in wires)
    wires = [*flat.inputs, *(wire for node in flat.nodes for wire in node.outs)]
    wiring = sum(abs(reads[wire] - 1) for wire in wires if has_tangent(flat.types[wire]))
    return sum(box.origin != "weight" for box in diagram.boxes), wiring


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(diagrams(STD, boxes=15, random=False, states=False))
def test_of_random_diagrams(diagram: Diagram) -> None:
    """Of n boxes, copies and discards the reverse diagram has at most 2n: each box forward and back, a sum for each
    copy, a zero for each discard. A named derivative counts as one, and so does a `repeat`. The tangent has at most two
    for each box, and zeros for outputs that stand still."""
    note(str(diagram))
    boxes, wiring = size(diagram)
    assert size(dg.vjp(diagram))[0] <= 2 * boxes + wiring
    assert size(dg.jvp(diagram))[0] <= 2 * boxes + len(diagram.cod)


def test_of_a_network() -> None:
    """A residual network of n boxes has less than 3n in reverse, at any depth."""
    for blocks in (1, 4, 16, 64):
        lines = [f"  x{at + 1} = x{at} + tanh(x{at} * w)" for at in range(blocks)]
        text = "\n".join(["diagram f(x0 : R[3], w : R[3]) -> R[3] {", *lines, f"  return x{blocks}", "}"])
        diagram = dg.loads(text)["f"]
        assert len(diagram.boxes) == 3 * blocks
        assert len(dg.vjp(diagram).boxes) <= 3 * len(diagram.boxes)


@pytest.mark.parametrize("kind", ["jvp", "vjp"])
def test_a_loop_stays_one(kind: str) -> None:
    """However many steps a `repeat` has, its derivative is one box."""
    diagram = dg.loads("diagram f : R[3] -> R[3] = repeat 1000 { linear >> tanh }")["f"]
    derivative = dg.jvp(diagram) if kind == "jvp" else dg.vjp(diagram)
    assert len(derivative.boxes) == 1
