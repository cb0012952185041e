"""One diagram, one meaning: the module, the flat module, the source on its own and the compiled module agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, note, settings

import diagrammar as dg
from diagrammar.diagram import Diagram, definitions
from diagrammar.divisibility import conditions
from diagrammar.errors import BackendError
from diagrammar.sizes import Size, evaluate
from diagrammar.strategies import diagrams, signature_of
from diagrammar.types import Tensor, Tokens, Types, shape_of

STD = signature_of("std")
# odd, even and unequal; a few boxes that halve a grid can follow each other
AT = {"n": 5, "X.0": 8, "X.1": 12}
Run = Callable[..., tuple[torch.Tensor, ...]]

settled = settings(
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


def shape(sizes: tuple[Size, ...]) -> tuple[int, ...]:
    """A shape at the values of free sizes."""
    return tuple(int(evaluate(size, AT)) for size in sizes)


def values(wires: Types, batch: tuple[int, ...]) -> list[torch.Tensor]:
    """Inputs for these wires, with these batch axes."""
    draw = torch.Generator().manual_seed(3)
    found = []
    for wire in wires:
        size = (*batch, *shape(shape_of(wire)))
        if isinstance(wire, Tokens):
            found.append(torch.randint(0, int(evaluate(wire.vocab, AT)), size, generator=draw))
        elif isinstance(wire, Tensor) and wire.kind == "Bool":
            found.append(torch.rand(size, generator=draw) < 0.5)
        else:
            found.append(torch.randn(size, generator=draw, dtype=torch.float64))
    return found


def tupled(found: Any) -> tuple[torch.Tensor, ...]:
    """What a module gives, as a tuple."""
    return found if isinstance(found, tuple) else (found,)


def keeps(diagram: Diagram) -> bool:
    """Whether a diagram holds a state."""
    return any(node.box.origin == "state" for level in definitions(diagram) for node in level.flat.nodes)


def module(diagram: Diagram) -> torch.nn.Module:
    """The module of a diagram; draws at sizes that have no meaning in torch are left out."""
    assume(all(evaluate(size, AT) % divisor == 0 for size, divisor in conditions(diagram)))
    try:
        return dg.compile(diagram, seed=2, dtype=torch.float64).eval()
    except BackendError:
        assume(False)
        raise


def flat(diagram: Diagram, net: torch.nn.Module) -> Any:
    """The module with one forward."""
    made = dg.compile(diagram, flat=True, seed=2, dtype=torch.float64)
    made.load_state_dict(net.state_dict())
    return made.eval()


def emitted(diagram: Diagram, net: torch.nn.Module) -> Any:
    """The source, run as a file of its own."""
    names: dict[str, Any] = {}
    exec(compile(dg.emit(diagram), "emitted", "exec"), names)
    made = names["Main"](seed=2, dtype=torch.float64)
    made.load_state_dict(net.state_dict())
    return made.eval()


def traced(diagram: Diagram, net: torch.nn.Module) -> Any:
    """The module as `torch.compile` traces it."""
    torch._dynamo.reset()
    return torch.compile(net, backend="eager")


REALISATIONS: dict[str, tuple[Callable[[Diagram, torch.nn.Module], Any], int]] = {
    "flat": (flat, 60),
    "source": (emitted, 60),
    "traced": (traced, 5),
}


@pytest.mark.parametrize("name", REALISATIONS)
def test_realisations_agree(name: str) -> None:
    """Bit by bit, with weights, at no batch and at one: a number that is none is none in both."""
    realise, examples = REALISATIONS[name]

    @settings(settled, max_examples=examples)
    @given(diagrams(STD, boxes=8, random=False))
    def check(diagram: Diagram) -> None:
        note(str(diagram))
        net = module(diagram)
        other = realise(diagram, net)
        state = {key: value.clone() for key, value in net.state_dict().items()}
        # a state is one for all samples; without inputs there are no samples
        for batch in ((),) if keeps(diagram) or not diagram.dom else ((), (2,)):
            wires = values(diagram.dom, batch)
            # each call starts from the same states
            net.load_state_dict(state)
            wanted = tupled(net(*wires))
            net.load_state_dict(state)
            if name != "traced":
                # what is traced is the module itself
                other.load_state_dict(state)
            found = tupled(other(*wires))
            for wire, a, b in zip(diagram.cod, wanted, found, strict=True):
                assert a.shape == b.shape == (*batch, *shape(shape_of(wire)))
                assert torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
                assert torch.equal(a.isnan(), b.isnan())

    check()
