"""The examples agree with the published implementations: outputs, input gradients and weight gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrize

import diagrammar as dg
from diagrammar.diagram import Diagram
from tests.parity.tables import Array, Inexpressible, System, cut, find, is_dead, ours, parameters, theirs

DATA = Path(__file__).parent / "data"
COUNTS = json.loads((DATA / "param_counts.json").read_text())["models"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each fixture."""
    folder = Path(metafunc.config.option.fixture_folder)
    if "fixture" in metafunc.fixturenames:
        paths = sorted(folder.glob("*.npz"))
        if not paths:
            raise pytest.UsageError(f"no .npz in {folder}")
        metafunc.parametrize("fixture", paths, ids=[path.stem for path in paths])


def _loss_gradient(outputs: list[torch.Tensor]) -> torch.Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for out in outputs:
        total = total + (out.reshape(-1) * torch.cos(torch.arange(out.numel(), dtype=torch.float64))).sum()
    return total


def plain(key: str) -> str:
    """The path of a weight, constrained or not."""
    return key.replace("parametrizations.", "").removesuffix(".original")


def _holder(net: torch.nn.Module, path: str) -> tuple[Any, str]:
    """The module that has a weight, and the weight's name there."""
    place, _, name = path.rpartition(".")
    return net.get_submodule(place), name


def _weights_of(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights by their paths; constrained ones as what they are then, so that their gradients are by that."""
    found: dict[str, torch.Tensor] = {}
    for key, weight in net.named_parameters():
        if plain(key) == key:
            found[key] = weight
        else:
            holder, name = _holder(net, plain(key))
            found[plain(key)] = getattr(holder, name)
            found[plain(key)].retain_grad()
    return found


def _load(
    net: torch.nn.Module, system: System, state: dict[str, Array], kwargs: dict[str, Any]
) -> dict[str, list[str]]:
    """Loads the reference's state, all of it and nothing else; gives their keys for each of our paths."""
    keys: dict[str, list[str]] = {}
    values = {}
    for stored, weight in net.state_dict().items():
        path = plain(stored)
        keys[path] = theirs(system, path, state)
        missing = [key for key in keys[path] if key not in state]
        assert keys[path] and not missing, f"{path}: the reference has no {missing}"
        parts = [cut(system, path, state[key]) for key in keys[path]]
        values[stored] = torch.from_numpy(ours(parts, tuple(weight.shape)).copy())
        if stored != path:
            # what a constrained weight is computed from
            holder, name = _holder(net, path)
            values[stored] = holder.parametrizations[name][0].right_inverse(values[stored])
    used = {key for each in keys.values() for key in each}
    left = [key for key in state if key not in used and not is_dead(system, key, kwargs)]
    assert not left, f"tensors of the reference that nothing here reads: {left}"
    net.load_state_dict(values)
    return keys


class Fixture(NamedTuple):
    """What a reference gave, and the diagram of ours that is of it."""

    stored: Any
    config: dict[str, Any]
    system: System
    diagram: Diagram

    def load(self, net: torch.nn.Module) -> dict[str, list[str]]:
        """Loads the reference's weights, all of them and nothing else; gives their keys for each of our paths."""
        state = {key[6:]: self.stored[key] for key in self.stored.files if key.startswith("state/")}
        return _load(net, self.system, state, self.config["kwargs"])

    def inputs(self) -> list[torch.Tensor]:
        """The inputs of the reference."""
        return [torch.from_numpy(self.stored[f"in/{name}"]) for name in self.system.inputs]

    def seeds(self) -> list[torch.Tensor]:
        """The cotangents of the outputs for which gradients are stored."""
        outputs = [self.stored[f"out/{name}"] for name in self.system.outputs]
        return [torch.from_numpy(np.cos(np.arange(out.size)).reshape(out.shape)) for out in outputs]


def opened(fixture: Path) -> Fixture:
    """A fixture and its diagram; skips where no example is of it."""
    stored = np.load(fixture)
    config = json.loads(str(stored["config"]))
    system = find(config)
    if system is None:
        pytest.skip(f"no example is of {config['reference']['class']}")
    # a configuration concerns one diagram of the file; others may not exist at it
    module = dg.load(system.file, check=False, **parameters(system, config["kwargs"]))
    return Fixture(stored, config, system, module[system.diagram])


def test_parity(fixture: Path) -> None:
    """A reference and our diagram, with the same weights, agree within the tolerance stored with the fixture."""
    given = opened(fixture)
    stored, config, system, diagram = given
    net = dg.compile(diagram, dtype=torch.float64)
    keys = given.load(net)

    inputs = [wire.requires_grad_() for wire in given.inputs()]
    with parametrize.cached():
        weights = _weights_of(net)
        found = net(*inputs)
    outputs = list(found) if isinstance(found, tuple) else [found]
    tolerance = config["tolerance"]
    for name, out in zip(system.outputs, outputs, strict=True):
        want = stored[f"out/{name}"]
        np.testing.assert_allclose(out.detach().numpy(), want, rtol=0, atol=tolerance["atol_out"], err_msg=name)
    torch.autograd.backward(_loss_gradient(outputs))
    for name, wire in zip(system.inputs, inputs, strict=True):
        assert wire.grad is not None
        np.testing.assert_allclose(
            wire.grad.numpy(), stored[f"grad_in/{name}"], rtol=0, atol=tolerance["atol_grad_in"], err_msg=name
        )
    _weights(weights, keys, stored, tolerance)


def _weights(
    weights: dict[str, torch.Tensor], keys: dict[str, list[str]], stored: Any, tolerance: dict[str, float]
) -> None:
    """The gradients that weights have are those of the reference."""
    for path, weight in weights.items():
        assert weight.grad is not None, path
        parts = weight.grad if len(keys[path]) > 1 else weight.grad[None]
        for key, part in zip(keys[path], parts, strict=True):
            flat = part.reshape(-1).numpy()
            norm = float(stored[f"grad_state_norm/{key}"])
            slack = tolerance["rtol_grad_state"] * norm + tolerance["atol_grad_state"]
            assert abs(np.linalg.norm(flat) - norm) <= slack, f"{path}: norm of the gradient"
            probe = float((flat * np.cos(np.arange(flat.size))).sum())
            assert abs(probe - float(stored[f"grad_state_probe/{key}"])) <= slack, f"{path}: probe of the gradient"


@pytest.mark.parametrize(
    "model", json.loads((DATA / "param_counts.json").read_text())["models"], ids=lambda m: m["name"]
)
def test_parameter_counts(model: dict[str, Any]) -> None:
    """At its published size our diagram has as many parameters as the reference, complex ones counted twice."""
    system = find(model)
    assert system is not None
    module = dg.load(system.file, check=False, **parameters(system, model["kwargs"]))
    assert dg.cost(module[system.diagram]).parameters == model["real_parameters"]


def test_an_argument_that_no_example_speaks_of_is_refused() -> None:
    """A configuration that cannot be expressed fails, it is not approximated."""
    config: dict[str, Any] = {
        "reference": {"class": "neuralop.models.FNO"},
        "kwargs": {"n_modes": [4], "hidden_channels": 2},
    }
    system = find(config)
    assert system is not None
    with pytest.raises(Inexpressible, match="norm"):
        parameters(system, {**config["kwargs"], "norm": "group_norm"})
    with pytest.raises(Inexpressible, match="invented"):
        parameters(system, {**config["kwargs"], "invented": 1})
