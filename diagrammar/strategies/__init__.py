"""Hypothesis strategies: sizes, grids, types of wires, and well-typed random diagrams over any signature.

* numbers: `sizes`, `grids`
* wires: `types`, `bundles`, `spaces`
* values: `tensors`, `fields`, `weights`; `shifts` and `permutations`, which act on them
* diagrams: `diagrams` over a `Signature`, which `signature_of` makes of modules, of `"std"` or of single boxes;
  `Generator` for boxes of any types

>>> from hypothesis import find, settings
>>> sig = signature_of("sin", "add")
>>> has_add = lambda d: any(box.name == "add" for box in d.boxes)
>>> find(diagrams(sig), has_add, settings=settings(database=None))
<R[3] @ R[3] -> R[3]>
"""

from diagrammar.strategies.diagrams import diagrams
from diagrammar.strategies.generators import Generator, anything, fixed
from diagrammar.strategies.signature import Signature, signature_of
from diagrammar.strategies.sizes import grids, sizes
from diagrammar.strategies.types import bundles, spaces, types
from diagrammar.strategies.values import fields, permutations, shifts, tensors, weights

__all__ = [
    "Generator", "Signature", "anything", "bundles", "diagrams", "fields", "fixed", "grids", "permutations", "shifts",
    "signature_of", "sizes", "spaces", "tensors", "types", "weights",
]  # fmt: skip
