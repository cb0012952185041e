"""Diagrams as `torch.nn.Module`s: `compile` gives the module, `emit` the same as a source file of its own.

>>> from diagrammar.diagram import Box, Builder
>>> from diagrammar.types import Tensor
>>> b = Builder([Tensor("R", (3,))])
>>> (y,) = b.add(Box("sin", (Tensor("R", (3,)),), (Tensor("R", (3,)),), origin="std:sin"), [0])
>>> compile(b.build([y]))(torch.zeros(2, 3))
tensor([[0., 0., 0.],
        [0., 0., 0.]])
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from diagrammar.backend import Backend
from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.entrance import Conditions
from diagrammar.backends.torch.facts import Survey
from diagrammar.backends.torch.load import load
from diagrammar.backends.torch.meanings.arithmetic import REAL
from diagrammar.backends.torch.meanings.table import FUSED, PRIMITIVES
from diagrammar.backends.torch.memory import Memory, planned
from diagrammar.backends.torch.names import is_plain
from diagrammar.backends.torch.sharing import one_body
from diagrammar.backends.torch.text import source
from diagrammar.derivative.marks import unmarked
from diagrammar.derivative.unwinding import written_out
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.errors import BackendError
from diagrammar.functor import Functor
from diagrammar.schedule.sharing import derives

__all__ = ["BACKEND", "compile", "emit", "width"]

Spaces = Mapping[str, int | tuple[int, ...]]


def compile(
    diagram: Diagram,
    *,
    seed: int = 0,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    boxes: Mapping[str, nn.Module | type[nn.Module] | Callable[..., Any]] | None = None,
    spaces: Spaces | None = None,
    flat: bool = False,
    conditions: Conditions = (),
    name: str = "Main",
    memory: Memory = None,
    blocks: bool = False,
) -> nn.Module:
    """An ordinary module for a diagram.

    Inputs and outputs are tensors in the order of the diagram's wires, with any number of leading batch axes. Weights
    are drawn from `seed`, each from its own path. `boxes` binds the boxes that have no meaning here: a module (one for
    all mentions) or a class (one for each). `spaces` fixes free sizes that no input shows: `{"X": (64, 64), "n": 3}`.
    `flat` writes everything into one `forward`; paths of weights stay. `conditions` are sizes that have to be whole, or
    pairs (size, divisor), checked with the numbers of each call. The text is `module.source`.

    `memory` is None for a forward under torch's own reverse mode, "store" or "recompute" for a backward of the module's
    own that keeps what it reads, or computes it again, or a plan that was made for a budget.

    A diagram that holds derivatives becomes one body, in which nothing is computed twice (`schedule.sharing`); `blocks`
    keeps the blocks as they are drawn, each of which computes again what it reads.

    Raises `BackendError` for a box without a meaning.
    """
    program, text = _write(diagram, spaces, flat, conditions, name, memory, blocks)
    missing = [box for key, box in program.bound.items() if key not in (boxes or {})]
    if missing:
        raise BackendError(f"torch: the box `{missing[0].name}` has no meaning; bind it with boxes=", missing[0].span)
    made = load(text)[name]
    module: nn.Module = made(
        seed=seed, dtype=dtype, device=device, boxes={key: _as_module(box) for key, box in (boxes or {}).items()}
    )
    made.source = text
    return module


def emit(
    diagram: Diagram,
    *,
    spaces: Spaces | None = None,
    flat: bool = False,
    conditions: Conditions = (),
    name: str = "Main",
    memory: Memory = None,
    blocks: bool = False,
) -> str:
    """The source of the same module as a file that imports torch alone; `Main(seed=0)` makes it.

    Boxes to be bound are given as `Main(boxes={"name": module})`.
    """
    return _write(diagram, spaces, flat, conditions, name, memory, blocks)[1]


def width(dtype: torch.dtype | None = None) -> int:
    """The bytes of a number of this dtype, or of the default one.

    >>> width(torch.float64)
    8
    """
    return (dtype or torch.get_default_dtype()).itemsize


def is_fused(box: Box) -> bool:
    """Whether a frame has a meaning of its own."""
    return box.key is not None and (box.origin in FUSED or box.origin in REAL)


class _Called(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *wires: torch.Tensor) -> Any:
        return self.function(*wires)


def _as_module(box: Any) -> Any:
    return box if isinstance(box, nn.Module | type) else _Called(box)


def _write(
    diagram: Diagram, spaces: Spaces | None, flat: bool, conditions: Conditions, name: str, memory: Memory, blocks: bool
) -> tuple[Program, str]:
    if not is_plain(name):
        raise ValueError(f"{name!r} cannot be the name of a class")
    known: dict[str, int] = {}
    for key, value in (spaces or {}).items():
        if isinstance(value, int):
            known[key] = value
        else:
            known.update({f"{key}.{axis}": size for axis, size in enumerate(value)})
    shares = memory is None and not blocks and derives(diagram)
    marked = _keyed(written_out(diagram))
    # a mark says what a schedule keeps; the code of a forward has none
    diagram = unmarked(marked)
    # nothing here makes garbage in cycles, and the collector would walk all that is alive again and again
    collecting = gc.isenabled()
    gc.disable()
    try:
        program = Program(diagram, Survey(diagram, is_fused), flat, known)
        one = one_body(marked) if shares else None
        return program, source(program, diagram, name, conditions, planned(marked, memory), one)
    finally:
        if collecting:
            gc.enable()


def _keyed(diagram: Diagram) -> Diagram:
    """Boxes that a caller made without a key and binds own what they are bound to: each gets a key of its name."""

    def keyed(box: Box) -> Diagram | None:
        if box.key is not None or box.insides or box.origin.startswith("std:"):
            return None
        word = re.sub(r"\W", "_", box.name)
        return box.with_(key=word if is_plain(word) else f"box_{word}").diagram()

    if all(keyed(box) is None for level in definitions(diagram) for box in level.boxes):
        return diagram
    changed: Diagram = Functor(ar=keyed)(diagram)
    return changed


def _means(box: Box) -> bool:
    return bool(box.insides) or box.origin in REAL or box.origin in PRIMITIVES or box.origin in _OTHERS


# boxes whose code is written outside the table
_OTHERS = frozenset(
    ["weight", "state", "next"]
    + [
        f"std:{name}"
        for name in ("const", "broadcast", "sample", "field", "as_complex", "as_real", "gaussian", "uniform")
    ]
)

BACKEND = Backend("torch", compile, emit, _means)
