"""Batch axes: samples of frames that map, values for states."""

from __future__ import annotations

from typing import Any

import torch

Tensor = torch.Tensor


def _batch(*wires: Tensor) -> int:
    """The number of samples: wires have it, or 1."""
    for wire in wires:
        if wire.shape[0] != 1:
            return wire.shape[0]
    return 1


def _repeated(x: Tensor, batch: int, times: int) -> Tensor:
    """Each sample `times` times."""
    tail = x.shape[1:]
    return x.expand(batch, *tail).unsqueeze(1).expand(batch, times, *tail).flatten(0, 1)


def _alike(wires: Any) -> list[Tensor]:
    """Wires with a batch axis, all of one size."""
    batch = _batch(*wires)
    return [x if x.shape[0] == batch else x.expand(batch, *x.shape[1:]) for x in wires]


def _added_rows(index: Tensor, rows: Tensor, count: int) -> Tensor:
    """For each sample a table of so many rows: the sum of those that stand at each symbol."""
    table = rows.new_zeros((rows.shape[0], count, rows.shape[-1]))
    return table.scatter_add(1, index.unsqueeze(-1).expand(rows.shape), rows)


def _single(x: Tensor, name: str) -> Tensor:
    """The value for a state, which belongs to no sample."""
    if x.shape[0] != 1:
        raise ValueError(f"the next value of the state {name} differs from sample to sample: use batch_moments")
    return x[0]
