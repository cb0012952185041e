"""What a diagram costs as the compiled module runs it, in the free sizes: weights, operations, bytes of activations.

Conventions. For a batch of one sample, or of `batch`: most figures grow with it, but not weights nor temporaries that
are made of weights alone. A complex parameter counts as two. A multiplication and an addition are two operations; an
elementwise function is one for each number; an FFT of n points is 5/2 n ceil(log2 n), which stays `log2(n)` where n is
free; a spectral convolution that the module carries out by matrices counts their products. `products` are the
operations of products of matrices and convolutions alone, which `torch.utils.flop_counter` counts too.

Bytes are those of tensors' storages, 4 a number by default (truth values 1, tokens 8). `forward` is the most that live
at once in a forward without gradients, temporaries of each call included; `backward` is what a forward in training
leaves to the backward, each storage once. Inputs, weights, constants and tables that are kept between calls were there
before and count in neither, nor do buffers inside a kernel, which no tensor holds. Of `training` the first branch
counts. Where free sizes decide how a box is carried out they are taken for large.

>>> from diagrammar.diagram import Box, Builder
>>> from diagrammar.types import Tensor
>>> b = Builder([Tensor("R", (3,))])
>>> d = b.build(b.add(Box("sin", (Tensor("R", (3,)),), (Tensor("R", (3,)),), origin="std:sin"), [0]))
>>> cost(d).flops, cost(d).forward
(3, 12)
"""

from __future__ import annotations

from diagrammar.backend import Backend
from diagrammar.backends.cost.boxes import flops_of
from diagrammar.backends.cost.count import Cost, cost
from diagrammar.backends.cost.show import data, table
from diagrammar.diagram import Diagram
from diagrammar.divisibility import Condition, show_conditions

__all__ = ["BACKEND", "Cost", "cost", "data", "emit", "flops_of", "table"]


def emit(diagram: Diagram, *, conditions: tuple[Condition, ...] = ()) -> str:
    """The table of costs, and below it what the free sizes have to meet."""
    return "\n".join([table(diagram), *(f"needs {line}" for line in show_conditions(conditions)), ""])


# every box has a cost: one whose operations are not known is named in it
BACKEND = Backend("cost", cost, emit, lambda box: True)
