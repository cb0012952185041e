"""Laws find a bug: neuraloperator 2.0.0's `SpectralConv` is wrong on grids with an odd number of points.

It undoes an `fftshift` by a second `fftshift`, which is right where the number of points is even, and moves every
frequency by one where it is odd. Wrapped as a box, it meets two laws of `laws_find_a_bug.dg`; so does ours.

    pip install neuraloperator==2.0.0 requests
    python examples/laws_find_a_bug.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

import diagrammar as dg

MODES = 16
LAWS = Path(__file__).with_suffix(".dg")


class Theirs(torch.nn.Module):
    """neuraloperator's spectral convolution with the identity for every mode, in float32 as it is shipped."""

    def __init__(self) -> None:
        super().__init__()
        from neuralop.layers.spectral_convolution import SpectralConv

        self.convolution: Any = SpectralConv(1, 1, (MODES, MODES), bias=False)
        weight = self.convolution.weight
        with torch.no_grad():
            weight.tensor.fill_(1.0)

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """The field that it makes of a field."""
        result: torch.Tensor = self.convolution(u.float()).to(u.dtype)
        return result


def ours() -> torch.nn.Module:
    """`fourier[16]` with the identity for every mode."""
    text = f"space X = torus(2)\ndiagram f : Field[X, 1] -> Field[X, 1] = fourier[{MODES}]"
    net = dg.compile(dg.loads(text)["f"], dtype=torch.float64)
    weight = net.get_parameter("fourier.W")
    with torch.no_grad():
        # complex weights are stored as pairs
        weight.copy_(torch.tensor([1.0, 0.0]).expand_as(weight))
    return net


def main() -> None:
    """Holds both to the laws, and prints what came of it."""
    module = dg.load(LAWS)
    for name, box in (("neuraloperator 2.0.0", Theirs()), ("diagrammar", ours())):
        print(f"{name}\n{dg.check(module, boxes={'spectral': box})}\n")


if __name__ == "__main__":
    main()
