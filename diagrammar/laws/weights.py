"""Trained weights for laws: by the paths that the sides of a law give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagrammar.backends.torch.numbers import state_of


def by_path(weights: Any) -> dict[str, Any]:
    """Tensors by path, from a state_dict or from modules by the names of their diagrams."""
    found: dict[str, Any] = {}
    items = weights.items() if isinstance(weights, Mapping) else [("", weights)]
    for name, each in items:
        state = state_of(each)
        if state is None:
            found[name] = each
        else:
            found.update({f"{name}.{key}" if name else key: value for key, value in state.items()})
    return found
