"""The examples' gradients by our own reverse diagrams are those of the published implementations."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import diagrammar as dg
from tests.derivative.test_opening import trained
from tests.parity.tables import find, parameters
from tests.parity.test_parity import DATA, _load, _weights

FIXTURES = sorted(DATA.glob("*.npz"))


@pytest.mark.parametrize("fixture", FIXTURES, ids=[path.stem for path in FIXTURES])
def test_input_gradients(fixture: Path) -> None:
    """`vjp` of an example is a diagram that owns the same weights, and gives the stored gradients by the inputs."""
    stored = np.load(fixture)
    config = json.loads(str(stored["config"]))
    system = find(config)
    if system is None:
        pytest.skip(f"no example is of {config['reference']['class']}")
    module = dg.load(system.file, check=False, **parameters(system, config["kwargs"]))
    diagram = module[system.diagram]
    back = dg.vjp(diagram)
    dg.verify(back)
    net = dg.compile(back, dtype=torch.float64)
    assert set(net.state_dict()) == set(dg.compile(diagram, dtype=torch.float64).state_dict())
    assert not {"autograd", "torch.func"} & set(re.findall(r"autograd|torch\.func", str(net.source)))
    state = {key[6:]: stored[key] for key in stored.files if key.startswith("state/")}
    _load(net, system, state, config["kwargs"])
    inputs = [torch.from_numpy(stored[f"in/{name}"]) for name in system.inputs]
    seeds = [np.cos(np.arange(stored[f"out/{name}"].size)) for name in system.outputs]
    shapes = [stored[f"out/{name}"].shape for name in system.outputs]
    with torch.no_grad():
        found = net(
            *inputs, *(torch.from_numpy(seed.reshape(shape)) for seed, shape in zip(seeds, shapes, strict=True))
        )
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
    stored = np.load(fixture)
    config = json.loads(str(stored["config"]))
    system = find(config)
    if system is None:
        pytest.skip(f"no example is of {config['reference']['class']}")
    module = dg.load(system.file, check=False, **parameters(system, config["kwargs"]))
    diagram = module[system.diagram]
    plain = dg.compile(diagram, dtype=torch.float64)
    state = {key[6:]: stored[key] for key in stored.files if key.startswith("state/")}
    keys = _load(plain, system, state, config["kwargs"])
    weights = trained(plain)
    net = dg.compile(dg.vjp(dg.open(diagram), wrt=range(len(weights))), dtype=torch.float64)
    assert not list(net.parameters()) and "autograd" not in str(net.source)
    inputs = [torch.from_numpy(stored[f"in/{name}"]) for name in system.inputs]
    outputs = [stored[f"out/{name}"] for name in system.outputs]
    seeds = [torch.from_numpy(np.cos(np.arange(out.size)).reshape(out.shape)) for out in outputs]
    with torch.no_grad():
        found = net(*weights.values(), *inputs, *seeds)
    gradients: dict[str, torch.Tensor] = {}
    for (path, weight), gradient in zip(weights.items(), found if isinstance(found, tuple) else (found,), strict=True):
        assert gradient.shape[gradient.dim() - weight.dim() :] == weight.shape, path
        gradients[path] = torch.nn.Parameter(weight.detach().clone())
        gradients[path].grad = gradient.sum_to_size(weight.shape)
    _weights(gradients, keys, stored, config["tolerance"])
