"""Primitive boxes of `std` at many sizes, and values for their wires."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain

import torch

import diagrammar as dg
from diagrammar.derivative.operators import OPERATORS
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.strategies import Signature, signature_of
from diagrammar.tangent import has_tangent
from diagrammar.types import Tensor, Tokens, Types, shape_of
from tests.backends.specimens import SPECIMENS, build

# boxes that combine diagrams have their derivative from what is inside
COMBINATORS = ("map", "fold", "scan", "tree")

# wires of many kinds, for random diagrams
WIRES = dg.loads(
    "space X = torus(2)\nspace Y = cube(1)\n"
    "diagram f(_a : R[3], b : R, _c : R[2, 3], _d : C[3], _e : Field[X[4, 5], 2],"
    " _f : Field[Y[6], 1], _g : R[4], _h : Bool[3]) -> R { return b }"
)["f"].dom

_STD = signature_of("std", types=WIRES)
# those are not defined for all numbers, or give such as hide all others: of what nobody reads torch takes no
# derivative, and zero times infinity is no zero
_PARTIAL = ("pow", "div", "log", "sqrt", "exp", "where_seen")
TOTAL = Signature([each for each in _STD.generators if each.name not in _PARTIAL], WIRES)


@cache
def boxes(name: str) -> tuple[Box, ...]:
    """The primitive boxes called so in the specimens, each once."""
    found: dict[Box, None] = {}
    for key, specimens in SPECIMENS.items():
        for specimen in specimens:
            if key == name or f"{name}" in specimen[2]:
                for level in definitions(build(specimen)):
                    found.update(dict.fromkeys(box for box in level.boxes if box.origin == f"std:{name}"))
    return tuple(box for box in found if not box.insides)


@cache
def primitives() -> tuple[str, ...]:
    """The names of the primitive boxes of `std`."""
    from diagrammar.grammar import tree
    from diagrammar.modules import std

    names = [each.name for each in std().all_declared() if isinstance(each.ast, tree.BoxDecl)]
    return tuple(name for name in names if name not in (*COMBINATORS, *OPERATORS, "open"))


def values(wires: Types, batch: tuple[int, ...], seed: int, positive: bool = False) -> list[torch.Tensor]:
    """Values for wires, the same each time."""
    draw = torch.Generator().manual_seed(seed)
    found = []
    for wire in wires:
        shape = (*batch, *(int(str(size)) for size in shape_of(wire)))
        if isinstance(wire, Tokens):
            found.append(torch.randint(0, int(str(wire.vocab)), shape, generator=draw))
        elif isinstance(wire, Tensor) and wire.kind == "Bool":
            found.append(torch.rand(shape, generator=draw) < 0.5)
        else:
            x = torch.randn(shape, generator=draw, dtype=torch.float64)
            found.append(x.abs() + 0.2 if positive else x)
    return found


def compiled(diagram: Diagram) -> torch.nn.Module:
    """The diagram in float64, its results always a tuple."""
    return dg.compile(diagram, dtype=torch.float64)


def actives(box: Box) -> list[tuple[bool, ...]]:
    """All inputs that have tangents at once, and each alone."""
    whole = tuple(has_tangent(wire) for wire in box.dom)
    alone = [tuple(k == at for k in range(len(whole))) for at, on in enumerate(whole) if on]
    return list(dict.fromkeys(chain([whole] if any(whole) else [], alone)))


def function_of(
    diagram: Diagram, module: torch.nn.Module, inputs: list[torch.Tensor], by: list[int]
) -> Callable[..., tuple[torch.Tensor, ...]]:
    """The differentiable results of a module as a function of these of its inputs; the others are held."""
    ends = [at for at, wire in enumerate(diagram.cod) if has_tangent(wire)]

    def function(*moved: torch.Tensor) -> tuple[torch.Tensor, ...]:
        whole = list(inputs)
        for at, value in zip(by, moved, strict=True):
            whole[at] = value
        found = module(*whole)
        found = found if isinstance(found, tuple) else (found,)
        return tuple(found[at] for at in ends)

    return function
