"""The trained network on disk: its weights, and the scales of its fields beside them, in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from examples.darcy.training import Scales, Surrogate


def save(model: Surrogate, path: Path) -> None:
    """Keeps a network at `path`, whole or not at all: written beside it, then renamed.

    The scales are metadata, as JSON: Python writes a float so that reading gives the same one back.
    """
    beside = path.with_name(f"{path.name}.part")
    state = {name: value.contiguous() for name, value in model.net.state_dict().items()}
    save_file(state, beside, metadata={"scales": json.dumps(asdict(model.scales))})
    beside.replace(path)


def restore(net: nn.Module, path: Path) -> Surrogate:
    """A fresh network of the same diagram, with the weights and scales that are kept at `path`."""
    with safe_open(path, framework="pt") as kept:
        scales = Scales(**json.loads(kept.metadata()["scales"]))
        net.load_state_dict({name: kept.get_tensor(name) for name in kept.keys()})  # noqa: SIM118  # no dict
    return Surrogate(net, scales)
