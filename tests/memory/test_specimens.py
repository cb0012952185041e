"""A backward that is written from the reverse diagram gives torch's gradients, for every box of `std`."""

from __future__ import annotations

import pytest
import torch

from diagrammar.errors import DerivativeError
from tests.backends.specimens import SPECIMENS, build

from .agree import agree

# what these do cannot be done again, or is not done for one sample
REFUSED = {"gaussian", "uniform", "batch_norm", "batch_moments", "batch_sum"}
# of each box so many specimens with each schedule
FEW = 6


@pytest.mark.parametrize("memory", ["store", "recompute"])
@pytest.mark.parametrize("name", sorted(SPECIMENS.keys() - REFUSED))
def test_specimens(name: str, memory: str) -> None:
    """Results and gradients are those of the plain module, without batch axes and with one."""
    torch.manual_seed(1)
    for specimen in SPECIMENS[name][:FEW]:
        diagram = build(specimen)
        for batch in ((), (2,)):
            agree(diagram, memory, batch)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_computed_again_is_refused(name: str) -> None:
    """Boxes that draw, keep a state or look at all samples together are an error that names their place."""
    for specimen in SPECIMENS[name]:
        with pytest.raises(DerivativeError) as caught:
            agree(build(specimen), "store")
        assert caught.value.span is not None
