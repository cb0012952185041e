"""The examples' gradients by our own reverse diagrams are those of the published implementations."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import diagrammar as dg
from tests.derivative.test_opening import trained
from tests.parity.test_parity import DATA, _weights, opened

FIXTURES = sorted(DATA.glob("*.npz"))


@pytest.mark.parametrize("fixture", FIXTURES, ids=[path.stem for path in FIXTURES])
def test_input_gradients(fixture: Path) -> None:
    """`vjp` of an example is a diagram that owns the same weights, and gives the stored gradients by the inputs."""
    given = opened(fixture)
    stored, config, system, diagram = given
    back = dg.vjp(diagram)
    dg.verify(back)
    net = dg.compile(back, dtype=torch.float64)
    assert set(net.state_dict()) == set(dg.compile(diagram, dtype=torch.float64).state_dict())
    assert not {"autograd", "torch.func"} & set(re.findall(r"autograd|torch\.func", str(net.source)))
    given.load(net)
    with torch.no_grad():
        found = net(*given.inputs(), *given.seeds())
    for name, value in zip(system.inputs, found if isinstance(found, tuple) else (found,), strict=True):
        # an input that all samples share has a cotangent from each
        value = value.sum_to_size(stored[f"in/{name}"].shape)
        np.testing.assert_allclose(
            value.numpy(), stored[f"grad_in/{name}"], rtol=0, atol=config["tolerance"]["atol_grad_in"], err_msg=name
        )


@pytest.mark.parametrize("fixture", FIXTURES, ids=[path.stem for path in FIXTURES])
def test_weight_gradients(fixture: Path) -> None:
    """`vjp[open[f]]` gives the gradient by each weight for each sample; summed over the samples they have the stored
    norms and probes."""
    given = opened(fixture)
    plain = dg.compile(given.diagram, dtype=torch.float64)
    keys = given.load(plain)
    weights = trained(plain)
    net = dg.compile(dg.vjp(dg.open(given.diagram), wrt=range(len(weights))), dtype=torch.float64)
    assert not list(net.parameters()) and "autograd" not in str(net.source)
    with torch.no_grad():
        found = net(*weights.values(), *given.inputs(), *given.seeds())
    gradients: dict[str, torch.Tensor] = {}
    for (path, weight), gradient in zip(weights.items(), found if isinstance(found, tuple) else (found,), strict=True):
        assert gradient.shape[gradient.dim() - weight.dim() :] == weight.shape, path
        gradients[path] = torch.nn.Parameter(weight.detach().clone())
        gradients[path].grad = gradient.sum_to_size(weight.shape)
    _weights(gradients, keys, given.stored, given.config["tolerance"])
