"""The oracle's own meanings of boxes against those of torch."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

import diagrammar as dg
from diagrammar.box import Box
from diagrammar.diagram import Diagram
from diagrammar.oracle.call import Wire, is_complex
from diagrammar.oracle.decide import values
from diagrammar.oracle.numbers import Floats, Growth, Residues
from diagrammar.sizes import evaluate
from diagrammar.types import shape_of
from tests.proof.laws import BEYOND, FALSE, ROUGH, TRUE, sides
from tests.proof.laws import HEAD as LAWS_HEAD
from tests.proof.test_numbers import GRID, draw

LAWS = {**TRUE, **FALSE, **BEYOND}
MORE = {
    "strided": ("(u : V) -> Field[X / 2, 4]", "down(u)"),
    "grouped": ("(u : V) -> V", "grouped(u)"),
    "even kernel": ("(u : V) -> V", "even(u)"),
    "reflected": ("(u : E) -> Field[S[8], 2]", "conv[3, padding = padding](u)"),
    "transposed, zeros": ("(u : E) -> Field[2 * S[8], 2]", "conv_transpose[3, stride = 2](u)"),
    "where the points are": ("(u : E) -> Field[S[8], 1]", "coordinates[S[8]]() + 0 * sum_channels(u)"),
    "product": ("(x : R[2, 3]) -> R[2]", 'reduce["a b -> a", "prod"](x)'),
    "split axes": ("(x : R[6, 2]) -> R[3, 4]", 'rearrange["(a b) c -> b (a c)", a = 2](x)'),
    "a new axis": ("(x : R[6]) -> R[6, 1, 1]", 'rearrange["a -> a 1 1"](x)'),
    "the grid kept": ("(u : V) -> Field[X, 8]", 'rearrange["(a b) ... -> (b a) ...", a = 2](concat(u, u))'),
    "finer": ("(u : E) -> Field[3 * S[8], 2]", "resample[3 * S[8]](u)"),
    "finer and cubic": ("(u : V) -> Field[2 * X, 4]", 'resample[2 * X, "cubic"](u)'),
    "finer and nearest": ("(u : V) -> Field[2 * X, 4]", 'resample[2 * X, "nearest"](u)'),
    "finer, ends aligned": ("(u : E) -> Field[3 * S[8], 2]", 'resample[3 * S[8], "aligned_linear"](u)'),
    "at each point": ("(u : V) -> V", "map[x -> x * sum(x)](u)"),
    "after training": ("(x : R[3]) -> R[3]", "if training then 2 * x else x"),
    "powers below zero": ("(x : R[3]) -> R[3]", "x^-2"),
    "numbers of a list": ("(x : R[3]) -> R[3]", "x * const[[1, 2.5, -3]]()"),
}
HEAD = """
share grouped = conv[3, groups = 2]
share even = conv[4]
diagram sum_channels(u : E) -> Field[S[8], 1] { return u[0] + u[1] }
"""


def side(header: str, body: str) -> Diagram:
    """A diagram, on the declarations of the laws."""
    text = f"{LAWS_HEAD}{HEAD}diagram f{header} {{ return {body} }}"
    return dg.loads(text.replace("padding = padding", 'padding = "reflect"'))["f"]


def compare(diagram: Diagram) -> None:
    """Both meanings on the same inputs and weights."""
    generator = torch.Generator().manual_seed(2)
    inputs = [draw(wire, generator) for wire in diagram.dom]
    net = dg.compile(diagram, seed=1, dtype=torch.float64)
    state = {name: tensor.numpy() for name, tensor in net.state_dict().items()}

    def weight(box: Box, path: str) -> Wire:
        return wire(box.cod[0], state[path])

    def wire(kind: Any, array: Any) -> Wire:
        return Wire(array[..., 0] + 1j * array[..., 1] if is_complex(kind) else array)

    given = [wire(kind, tensor[0].numpy()) for kind, tensor in zip(diagram.dom, inputs, strict=True)]
    ours = values(np, diagram, Floats(np, Random(0)), GRID, given, weight)
    net.eval()
    with torch.no_grad():
        theirs = net(*[tensor[:1] for tensor in inputs])
    for mine, other in zip(ours, theirs if isinstance(theirs, tuple) else (theirs,), strict=True):
        np.testing.assert_allclose(mine.array, other[0].numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("law", LAWS)
def test_boxes_mean_the_same_as_in_torch(law: str) -> None:
    """Both sides of every law, in floats."""
    for one in sides(*LAWS[law]):
        compare(one)


@pytest.mark.parametrize("box", MORE)
def test_more_boxes_mean_the_same_as_in_torch(box: str) -> None:
    """Other arguments of the same boxes."""
    compare(side(*MORE[box]))


@pytest.mark.parametrize("box", [*MORE, *(law for law in TRUE if law not in ROUGH)])
def test_residues_are_those_of_the_rational_result(box: str) -> None:
    """On whole inputs and weights the float result, where it is exact, is the residue."""
    diagram = side(*MORE[box]) if box in MORE else sides(*LAWS[box])[0]
    draw_int = Random(box)
    system = Residues(np, Random(1))
    known: dict[str, Any] = {}

    def number(kind: Any) -> Any:
        shape = tuple(int(evaluate(size, GRID)) for size in shape_of(kind))
        array = np.empty(shape, dtype=object)
        for at in np.ndindex(*shape):
            array[at] = draw_int.choice([-2, -1, 1, 2])
        return array

    def exact(box: Box, path: str) -> Wire:
        known.setdefault(path, number(box.cod[0]))
        return Wire(system.reduced(known[path]), Growth(1))

    def rough(box: Box, path: str) -> Wire:
        return Wire(known[path].astype(float))

    inputs = [number(kind) for kind in diagram.dom]
    residues = values(np, diagram, system, GRID, [Wire(system.reduced(x), Growth(1)) for x in inputs], exact)
    floats = values(np, diagram, Floats(np, Random(0)), GRID, [Wire(x.astype(float)) for x in inputs], rough)
    for mine, other in zip(residues, floats, strict=True):
        for at in np.ndindex(*mine.array.shape):
            value = Fraction(float(other.array[at])).limit_denominator(10**6)
            assert mine.array[at] == system.number(value)
