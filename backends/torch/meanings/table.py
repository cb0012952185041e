"""The tables: primitives, and frames that have a meaning of their own."""

from __future__ import annotations

from diagrammar.backends.torch.meanings import axes, batches, composites, cotangents, fields, grids, spectra, tensors
from diagrammar.backends.torch.meanings.call import Meaning

PRIMITIVES: dict[str, Meaning] = {
    **tensors.MEANINGS,
    **axes.MEANINGS,
    **batches.MEANINGS,
    **fields.MEANINGS,
    **grids.MEANINGS,
    **spectra.MEANINGS,
    **cotangents.MEANINGS,
}
FUSED: dict[str, Meaning] = composites.MEANINGS
