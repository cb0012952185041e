"""What a diagram costs: parameters, floating point operations of the forward, bytes of activations, as polynomials in
the free sizes.

Conventions. Per sample. A complex parameter counts as two. A multiplication and an addition are two operations; an
elementwise function is one for each number; an FFT of n points is 5/2 n ceil(log2 n), which stays `log2(n)` where n is
free. Activations are the results of boxes, 4 bytes a number by default (truth values 1, tokens 8);
weights, constants and views cost none. A frame costs what its inside costs; of `training` the first branch counts.

>>> from diagrammar.diagram import Box, Builder
>>> from diagrammar.types import Tensor
>>> b = Builder([Tensor("R", (3,))])
>>> d = b.build(b.add(Box("sin", (Tensor("R", (3,)),), (Tensor("R", (3,)),), origin="std:sin"), [0]))
>>> cost(d).flops, cost(d).bytes
(3, 12)
"""

from __future__ import annotations

from diagrammar.backend import Backend
from diagrammar.backends.cost.boxes import flops_of, known
from diagrammar.backends.cost.count import Cost, cost
from diagrammar.backends.cost.show import table
from diagrammar.diagram import Diagram
from diagrammar.divisibility import Condition, show_conditions

__all__ = ["BACKEND", "Cost", "cost", "emit", "flops_of", "table"]


def emit(diagram: Diagram, *, conditions: tuple[Condition, ...] = ()) -> str:
    """The table of costs, and below it what the free sizes have to meet."""
    return "\n".join([table(diagram), *(f"needs {line}" for line in show_conditions(conditions)), ""])


BACKEND = Backend("cost", cost, emit, known)
