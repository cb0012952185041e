"""A functor of DisCoPy, written by hand, gives a network its meaning: Python functions, equal to the compiled module.

Run: python examples/discopy_functor.py
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from discopy import markov, monoidal, python

import diagrammar as dg

DOUBLE = partial(torch.tensor, dtype=torch.float64)
# what the primitive boxes mean: from the static arguments of a box to a function
PRIMITIVES: dict[str, Any] = {
    "einsum": lambda pattern: lambda *xs: torch.einsum(letters(pattern), *xs),
    # a fraction stands in the data as ("fraction", 1, 2)
    "const": lambda value: lambda: DOUBLE(value[1] / value[2] if isinstance(value, tuple) else value),
    "add": lambda: torch.add,
    "mul": lambda: torch.mul,
    "div": lambda: torch.div,
    "erf": lambda: torch.erf,
}


def letters(pattern: str) -> str:
    """The pattern of an einsum with `...` for batch axes: `a, b a -> b` becomes `...a,ba->...b`."""
    left, right = pattern.split(" -> ")
    data, weight = left.split(", ")
    return f"...{data},{weight.replace(' ', '')}->...{right}"


def meaning(net: torch.nn.Module, path: str = "") -> markov.Functor:
    """The functor on a frame: its weights are those of `net` under its path, and in it stand further frames."""

    def image(box: markov.Box) -> Any:
        facts = dict(box.data)
        if isinstance(box, monoidal.Bubble):
            return meaning(net, f"{path}{facts['key']}.")(box.arg)
        if facts["origin"] == "weight":
            return lambda: net.get_parameter(path + facts["key"])
        return PRIMITIVES[box.name](**dict(facts.get("params", ())))

    return markov.Functor(lambda wire: torch.Tensor, image, cod=markov.Category(python.Ty, python.Function))


if __name__ == "__main__":
    mlp = dg.load(Path(__file__).with_name("mlp.dg"), inputs=3, hidden=8, outputs=2)["mlp"]
    net = dg.compile(mlp, seed=0, dtype=torch.float64)
    diagram = dg.to_discopy(mlp)
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
    print("as a diagram of DisCoPy:   ", diagram)
    print("by the functor:            ", meaning(net)(diagram)(x)[0].tolist())
    print("by the compiled module:    ", net(x)[0].tolist())
    print("back again, the same:      ", dg.same(dg.from_discopy(diagram), mlp))
