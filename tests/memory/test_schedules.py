"""Schedules: what is kept, what is computed again, and that what lives is counted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch

import diagrammar as dg
from diagrammar.backends import torch as backend
from diagrammar.derivative import Deriver
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.errors import DiagramValueError
from diagrammar.kept import kept
from diagrammar.planning import figures, planned
from diagrammar.schedule.plan import plan
from diagrammar.schedule.storage import Bytes, peak
from diagrammar.types import Tensor
from tests.backends.measure import Live

from .agree import apart, grads, pair

EXAMPLES = Path(__file__).parents[2] / "examples"
X = Tensor("R", (3,))
BLOCKS = """
space X = cube(2)
type V = Field[X, 8]
diagram block : V -> V = residual[group_norm[2] >> conv[3] >> gelu >> pointwise]
diagram net : V -> V = repeat 9 { block }
"""


def deriver() -> Deriver:
    """Derivatives by the declarations of boxes."""
    return Deriver(DeclaredRules())


# ------------------------------------------------------------------------------------------- bodies and their bytes


def measured(net: torch.nn.Module, x: torch.Tensor) -> int:
    """The most bytes of storages that live at once in a step, besides the input, the weights and the seed."""
    seed = torch.ones_like(net(x))
    weights = list(net.parameters())
    torch.autograd.grad(net(x), weights, seed)
    live = Live()
    live.know([x, seed, *weights, *net.buffers()])
    with live:
        torch.autograd.grad(net(x), weights, seed)
    return live.peak


@cache
def operators() -> dict[str, tuple[Diagram, dict[str, int], tuple[int, ...]]]:
    """Diagrams, their free sizes, and the shape of a batch."""
    return {
        "blocks": (dg.loads(BLOCKS)["net"], {"X": 16}, (3, 8, 16, 16)),
        "mlp": (dg.load(EXAMPLES / "mlp.dg", widths=[50, 40, 64, 32, 40, 30, 10])["deep"], {}, (64, 50)),
        "fno": (dg.load(EXAMPLES / "fno.dg", width=8, depth=6)["fno"], {"X": 32}, (2, 1, 32, 32)),
        "mgno": (dg.load(EXAMPLES / "mgno.dg", widths=[8, 8, 8, 8, 8])["mgno"], {"X": 32}, (2, 1, 32, 32)),
        "unet": (dg.load(EXAMPLES / "unet.dg", width=8, depth=2)["unet"], {"X": 32}, (2, 1, 32, 32)),
    }


@pytest.mark.parametrize("name", ["blocks", "mlp", "fno", "mgno", "unet"])
def test_a_budget_is_kept(name: str) -> None:
    """Down to the least that is possible, a step lives within its budget and has the right gradients; what is counted
    before it runs is never less than what lives, and little more."""
    diagram, at, shape = operators()[name]
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=draw)
    whole = measured(dg.compile(diagram, memory="store"), x)
    seed = dg.compile(diagram)(x).nbytes
    with pytest.raises(DiagramValueError) as caught:
        planned(diagram, 1, at=at, batch=shape[0])
    least = int(str(caught.value).split("needs ")[1].split(" ")[0].replace(",", ""))
    assert least < whole
    for share in (0.0, 0.2, 0.6, 1.1):
        budget = int(least + share * (whole + seed - least))
        made = planned(diagram, budget, at=at, batch=shape[0])
        counted, _ = peak(made.joint, made.optic, Bytes(made.joint, figures(diagram, at, shape[0], 4).measure))
        found = measured(backend.compile(diagram, memory=made), x)
        assert found + seed <= counted <= budget
        assert counted < 1.3 * (found + seed)
    plain, own = pair(diagram, planned(diagram, least, at=at, batch=shape[0]))
    y = x.double()
    for one, other in zip(grads(plain, [y])[1], grads(own, [y])[1], strict=True):
        assert apart(one, other) < 1e-10


def test_a_budget_that_is_too_small() -> None:
    """The error says what the least is, and that is enough."""
    diagram, at, _ = operators()["blocks"]
    with pytest.raises(DiagramValueError) as caught:
        planned(diagram, 1000, at=at, batch=3)
    least = int(str(caught.value).split("needs ")[1].split(" ")[0].replace(",", ""))
    assert planned(diagram, least, at=at, batch=3).optic.again
    with pytest.raises(DiagramValueError):
        planned(diagram, least - 1, at=at, batch=3)


def test_a_free_size_has_to_be_given() -> None:
    """Bytes depend on the grid: a budget without it is an error that says which wire asks."""
    with pytest.raises(DiagramValueError, match="at="):
        dg.compile(operators()["fno"][0], memory=10**6)


def test_what_words_keep() -> None:
    """`store` computes nothing again; `recompute` keeps nothing, and runs what the cotangents read once."""
    diagram, at, _ = operators()["blocks"]
    measure = figures(diagram, at, 1, 4).measure
    whole, nothing = (kept(planned(diagram, word, at=at), measure, 1) for word in ("store", "recompute"))
    assert whole.again == 0 and nothing.between < whole.between / 20
    assert all(row.stored == 0 for row in nothing.rows) and all(row.again == 0 for row in whole.rows)
    assert 0.95 * nothing.forward < nothing.again <= nothing.forward


# ------------------------------------------------------------------------------------------------- the reverse diagram


def long(count: int) -> Diagram:
    """Boxes one after the other, of one operand and of two."""
    build = Builder([X, X])
    a, b = build.inputs
    for at in range(count):
        name = ("mul", "sin", "add", "tanh", "exp", "sub", "div")[at % 7]
        two = name in ("mul", "add", "sub", "div")
        box = Box(name, (X, X) if two else (X,), (X,), origin=f"std:{name}")
        (a,) = build.add(box, [a, b] if two else [a])
    return build.build([a])


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_the_reverse_diagram_is_linear(count: int) -> None:
    """A diagram of n boxes has a reverse diagram of at most 3 n."""
    made = plan(long(count), "store", deriver()).joint
    assert len(made.forward) + len(made.backward) <= 3 * count
    assert len(made.forward) == count


def test_reverse_diagrams_of_the_examples_are_linear() -> None:
    """So have those of the operators, weights aside."""
    for diagram, _, _ in operators().values():
        made = plan(diagram, "store", deriver()).joint
        assert len(made.forward) + len(made.backward) <= 3 * len(made.forward)


def test_both_halves_are_diagrams() -> None:
    """The forward ends in results and residual, the backward starts from inputs, residual and cotangents."""
    diagram, _, _ = operators()["blocks"]
    made = plan(diagram, "store", deriver())
    optic, first = made.optic, len(made.flat.diagram.dom)
    residual = tuple(optic.forward.cod)[len(diagram.cod) :]
    assert tuple(optic.backward.dom)[first : first + len(residual)] == residual
    assert tuple(optic.backward.dom)[first + len(residual) :] == tuple(diagram.cod)
    assert tuple(optic.backward.cod) == tuple(made.flat.diagram.dom)


def test_products_of_shared_weights_are_contracted() -> None:
    """The cotangent of a weight in a contraction sums the batch inside of it: no product of one sample is held."""
    text = 'diagram f(u : R[3]) -> R[2, 4] { weight w : R[2, 3, 4] = ones\n return einsum["a, b a c -> b c"](u, w) }'
    source = str(dg.compile(dg.loads(text)["f"], memory="store").source)
    back = source.split("def _back_weights(")[1].split("def ")[0]
    assert "torch.einsum(" in back and ".sum(" not in back
