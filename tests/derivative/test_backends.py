"""Derivatives are diagrams for every backend."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import diagrammar as dg
from diagrammar.backends.reference import run
from diagrammar.diagram import Diagram

EXAMPLES = Path(__file__).parents[2] / "examples"


def _fno(kind: str) -> Diagram:
    """A derivative of the operator; "marked", the cotangent of one with marks."""
    path = EXAMPLES / "fno.dg"
    if kind == "marked":
        text = path.read_text(encoding="utf-8").split("\nlaw ")[0]
        text += "diagram marked : A -> A = lift >> repeat depth { recompute { layer } } >> store { project[1] }\n"
        return dg.vjp(dg.loads(text, depth=3, width=4, modes=[3, 3])["marked"])
    module = dg.load(path, depth=3, width=4, modes=[3, 3])
    return dg.vjp(module["fno"]) if kind == "vjp" else dg.jvp(module["fno"])


def _inputs(diagram: Diagram, batch: int = 2) -> list[Any]:
    draw = torch.Generator().manual_seed(0)
    return [torch.randn(batch, 1, 5, 6, generator=draw, dtype=torch.float64) for _ in diagram.dom]


@pytest.mark.parametrize("kind", ["jvp", "vjp", "marked"])
def test_the_reference_agrees(kind: str) -> None:
    """The interpreter and the module compute the same, also where a repeat is unwound."""
    diagram = _fno(kind)
    net = dg.compile(diagram, dtype=torch.float64)
    inputs = _inputs(diagram)
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    (found,) = run(diagram, [x.numpy() for x in inputs], weights)
    np.testing.assert_allclose(net(*inputs).detach().numpy(), found, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", ["jvp", "vjp", "marked"])
def test_bridges_and_pickles(kind: str) -> None:
    """There and back again a derivative is the same, and it is written as before."""
    diagram = _fno(kind)
    again = pickle.loads(pickle.dumps(diagram))
    assert dg.same(again, diagram) and str(again) == str(diagram)
    assert dg.from_discopy(dg.to_discopy(diagram)) == diagram
    assert dg.from_networkx(dg.to_networkx(diagram)) == diagram


@pytest.mark.parametrize("kind", ["jvp", "vjp", "marked"])
def test_cost(kind: str) -> None:
    """The products counted by hand are those that torch counts, of the blocks as they are drawn."""
    diagram = _fno(kind)
    net = dg.compile(diagram, blocks=True)
    with FlopCounterMode(display=False) as counter:
        net(*(x.float() for x in _inputs(diagram, 1)))
    found = dg.cost(diagram).at(**{"X.0": 5, "X.1": 6})
    assert found.products == counter.get_total_flops()
    assert found.parameters == sum(value.numel() for value in net.parameters())


def test_pictures(tmp_path: Path) -> None:
    """A derivative is drawn, its named blocks by their names."""
    _fno("vjp").draw(tmp_path / "back.svg")
    text = (tmp_path / "back.svg").read_text()
    assert "vjp[layer]" in text and "backward" in text


@pytest.mark.parametrize("kind", ["vjp", "marked"])
@pytest.mark.parametrize("flat", [False, True])
def test_flat_and_emitted(flat: bool, kind: str) -> None:
    """One class or many, run from a file or here: the numbers are the same."""
    diagram = _fno(kind)
    inputs = _inputs(diagram)
    net = dg.compile(diagram, dtype=torch.float64)
    space: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(dg.emit(diagram, flat=flat), "emitted.py", "exec"), space)
    other = space["Main"](seed=0, dtype=torch.float64)
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(other(*inputs), net(*inputs), rtol=1e-13, atol=1e-14)
