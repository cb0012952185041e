"""The examples' gradients by our own reverse diagrams are those of the published implementations."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import diagrammar as dg
from tests.parity.tables import find, parameters
from tests.parity.test_parity import DATA, _load

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
