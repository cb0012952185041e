"""A law in the hand: a test, a differentiable defect, and a constraint on training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diagrammar.backends.torch import numbers, trial
from diagrammar.elaborate.laws import Statement
from diagrammar.laws.judge import Terms, judge
from diagrammar.laws.subject import Subject
from diagrammar.outcome import Outcome

if TYPE_CHECKING:
    import torch


class Law:
    """A law of a file: `m.laws["shift"]`."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._subjects: dict[Any, Subject] = {}

    @property
    def name(self) -> str:
        """Its name."""
        return self._statement.name

    @property
    def doc(self) -> str | None:
        """The string before it."""
        doc: str | None = self._statement.ast.doc
        return doc

    def check(self, *, examples: int = 100, seed: int = 0, boxes: Mapping[str, Any] | None = None) -> Outcome:
        """The law as a test."""
        return judge(self._statement, Terms(examples, seed, boxes=boxes))

    def defect(self, nets: Any, *inputs: torch.Tensor, **values: Any) -> torch.Tensor:
        """By how much the law is broken on a batch: the mean square of what the sides are apart, relative to their own.

        `nets` is the module of the diagram that the law speaks of, or such modules by the diagrams' names; their
        weights stand for those of the law, so the result, a scalar, is differentiable in them. `inputs` are the wires
        of the law, with any leading batch axes, and `values` its static names (`s=(1, 0)`). Raises ValueError for a
        weight of the law that no module has.

        >>> import diagrammar as dg
        >>> import torch
        >>> m = dg.loads("diagram f : R[2] -> R[2] = linear\\nlaw odd(u : R[2]) : f(-u) == -f(u)")
        >>> net = dg.compile(m["f"], seed=0)
        >>> defect = m.laws["odd"].defect(net, torch.ones(5, 2))
        >>> defect.backward()
        >>> bool(defect > 0), net.linear.c.grad.shape
        (True, torch.Size([2]))
        """
        dtype = inputs[0].dtype if inputs else None
        subject = self._subjects.setdefault(dtype, Subject(self._statement, dtype=dtype))
        made, (real_wires, _) = subject.trial(values, {})
        scalars = [numbers.filled((), float(values[name]), made.dtype) for name in subject.law.scalars(real_wires)]
        given = [each.expand(inputs[0].shape[:1]) for each in scalars] + list(inputs) if inputs else scalars
        weights = _weights(made, nets)
        left, right = (
            trial.called_with(module, {key: weights[key] for key in module.state_dict()}, given)
            for module in made.modules
        )
        return trial.defect(left, right, made.sides.relation)


def _weights(made: trial.Trial, nets: Any) -> dict[str, torch.Tensor]:
    """The weights of a law by path, from modules of the diagrams that it mentions."""
    wanted = {key for module in made.modules for key in module.state_dict()}
    named = nets.items() if isinstance(nets, Mapping) else [(None, nets)]
    found: dict[str, torch.Tensor] = {}
    for name, net in named:
        own = numbers.live_state(net)
        prefixes = [name] if name is not None else _prefixes(wanted, own)
        for prefix in prefixes:
            found.update({f"{prefix}.{key}": value for key, value in own.items() if f"{prefix}.{key}" in wanted})
    missing = sorted(wanted - found.keys())
    if missing:
        raise ValueError(f"no module has the weight {missing[0]}, which the law speaks of")
    return found


def _prefixes(wanted: set[str], own: Mapping[str, Any]) -> list[str]:
    """The names under which all weights of a module stand in a law."""
    starts = dict.fromkeys(key.split(".")[0] for key in sorted(wanted))
    return [start for start in starts if own and all(f"{start}.{key}" in wanted for key in own)]
