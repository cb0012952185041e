"""What torch itself says that a forward costs: operations, live bytes, and bytes kept for the backward."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

Tensor = torch.Tensor


class Live(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Bytes of the storages that are made while it is on and not yet freed: `now`, and the most at once, `peak`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.now = self.peak = 0
        self.made: dict[int, int] = {}
        self.log: list[tuple[str, int]] = []
        self._known: set[int] = set()

    def know(self, tensors: Any) -> None:
        """Storages that were there before."""
        found = {x.untyped_storage()._cdata for x in tree_leaves(tensors) if isinstance(x, Tensor)}
        self._known |= found - self.made.keys()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.know((args, kwargs))
        result = func(*args, **(kwargs or {}))
        for x in tree_leaves(result):
            if isinstance(x, Tensor):
                self._enter(x)
        self.log.append((str(func), self.now))
        self.peak = max(self.peak, self.now)
        return result

    def _enter(self, x: Tensor) -> None:
        storage = x.untyped_storage()
        key = storage._cdata
        if key in self._known or key in self.made:
            return
        self.made[key] = storage.nbytes()
        self.now += storage.nbytes()
        weakref.finalize(storage, self._leave, key)

    def _leave(self, key: int) -> None:
        self.now -= self.made.pop(key)


def products(call: Callable[[], Any]) -> int:
    """Operations of products of matrices and convolutions."""
    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops())


def forward_peak(call: Callable[[], Any]) -> int:
    """The most bytes that live at once in a forward without gradients, without what was there before."""
    with torch.no_grad():
        call()
        with Live() as live:
            result = call()
        del result
    return int(live.peak)


def kept(call: Callable[[], Any]) -> int:
    """Bytes that autograd keeps for the backward, of storages that the forward made, each counted once."""
    call()
    saved: dict[int, weakref.ref[torch.UntypedStorage]] = {}
    with Live() as live:

        def pack(x: Tensor) -> Tensor:
            storage = x.untyped_storage()
            if storage._cdata in live.made:
                saved[storage._cdata] = weakref.ref(storage)
            return x

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            result = call()
    total = sum(int(storage.nbytes()) for each in saved.values() if (storage := each()) is not None)
    del result
    return total
