"""A law under test: its sides as modules at each choice of its static names, and the numbers of each case."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagrammar.backends.torch import numbers
from diagrammar.backends.torch.trial import Gap, Trial
from diagrammar.diagram import Bundle
from diagrammar.elaborate.laws import Statement, at_sizes, identity
from diagrammar.elaborate.values import FreeSpace
from diagrammar.errors import DiagrammarError
from diagrammar.law import Choice, Sides
from diagrammar.pause import paused
from diagrammar.sizes import Poly, substitute, variables
from diagrammar.types import Space, map_sizes, shape_of, sizes_of

# the relative tolerance where the text has none: the design page allows at most 1e-9 in float64
TOLERANCE = 1e-9
BATCH = 2
_KEPT = 64
# ways to elaborate a law, the cheapest first: real parameters as wires, free sizes left free
_MODES = ((True, True), (False, True), (True, False), (False, False))


@dataclass(frozen=True)
class Case:
    """One case of a law: static values, sizes of free names, how wires and weights are drawn, or their numbers.

    `inputs` and `weights` are set once a case has been made smaller entry by entry.
    """

    values: Mapping[str, Any]
    sizes: Mapping[str, int]
    style: str = "normal"
    weight_style: str = "normal"
    seed: int = 0
    inputs: tuple[Any, ...] | None = None
    weights: Mapping[str, Any] | None = None


@dataclass
class Subject:
    """A law with what binds its boxes, and trained weights if it is to hold for these alone."""

    law: Statement
    boxes: Mapping[str, Any] | None = None
    weights: Mapping[str, Any] | None = None
    dtype: Any = None
    _sides: OrderedDict[Any, Sides] = field(default_factory=OrderedDict)
    _trials: OrderedDict[Any, tuple[Trial, tuple[bool, bool]]] = field(default_factory=OrderedDict)
    _free: dict[Any, dict[tuple[int, str], Any]] = field(default_factory=dict)
    _mode: int = 0

    def trial(self, values: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[Trial, tuple[bool, bool]]:
        """The two sides at static values, and how they were made; raises what is wrong with them."""
        error: DiagrammarError | None = None
        for number in range(self._mode, len(_MODES)):
            real_wires, free = mode = _MODES[number]
            scalars = self.law.scalars(real_wires)
            if not real_wires and not self.law.scalars(True):
                continue
            static = {name: value for name, value in values.items() if name not in scalars}
            if not free:
                static = {name: at_sizes(value, sizes) for name, value in static.items()}
                static.update({name: sizes[name] for name in self.law.sizes})
            key = (mode, _key(static), () if free else tuple(sorted(sizes.items())))
            known = self._trials.get(key)
            if known is not None:
                self._trials.move_to_end(key)
                return known
            try:
                with paused():
                    if key not in self._sides:
                        self._sides[key] = self.law.sides(
                            static, self.grids(static, None if free else sizes), real_wires
                        )
                    made = Trial(self._sides[key], self.boxes, self.dtype)
            except DiagrammarError as wrong:
                error = error if number == 2 and error is not None else wrong
                continue
            if not self._trials:
                self._mode = number
            self._trials[key] = made, mode
            for kept in (self._trials, self._sides):
                while len(kept) > _KEPT:
                    kept.popitem(last=False)
            return made, mode
        assert error is not None
        raise error

    def compiled_anew(self) -> None:
        """Forgets the modules, and keeps the sides."""
        self._trials.clear()

    def grids(self, values: Mapping[str, Any], sizes: Mapping[str, int] | None) -> dict[tuple[int, str], Any]:
        """Free dims and spaces at these sizes; with None they stay free."""
        if sizes is None:
            return {}
        found: dict[tuple[int, str], Any] = {}
        for key, each in self.free(values).items():
            own = each.own()
            if isinstance(each, FreeSpace):
                assert isinstance(own, Space)
                found[key] = own.on(substitute(axis, sizes) for axis in own.axes)
            elif not isinstance(own, Space):
                found[key] = substitute(own, sizes)
        return found

    def free(self, values: Mapping[str, Any]) -> dict[tuple[int, str], Any]:
        """The dims and spaces of files that the law mentions, at static values; those of the last values are kept."""
        key = _key({name: value for name, value in values.items() if isinstance(value, Space | Bundle)})
        if key not in self._free:
            self._free = {key: self.law.free(values)}
        return self._free[key]

    def free_names(self, values: Mapping[str, Any]) -> list[str]:
        """Names of the sizes that the text of the law leaves free."""
        found = dict.fromkeys(self.law.sizes)
        for value in (*(each.own() for each in self.free(values).values()), *values.values()):
            sizes: Sequence[Any] = ()
            if isinstance(value, Space):
                sizes = value.axes
            elif isinstance(value, Bundle):
                sizes = [size for wire in value.types for size in sizes_of(wire)]
            elif isinstance(value, Poly):
                sizes = (value,)
            found.update(dict.fromkeys(name for size in sizes for name in sorted(variables(size))))
        return list(found)

    def numbers(self, case: Case) -> tuple[Trial, list[Any], dict[str, Any]]:
        """The modules, inputs (with a batch axis) and weights of a case."""
        made, (real_wires, _) = self.trial(case.values, case.sizes)
        scalars = self.law.scalars(real_wires)
        inputs = []
        for k, wire in enumerate(made.inputs):
            if case.inputs is not None:
                inputs.append(case.inputs[k])
                continue
            if k < len(scalars):
                value = float(case.values[scalars[k]])
                inputs.append(numbers.filled((BATCH,), value, made.dtype))
                continue
            wire = map_sizes(wire, lambda size: substitute(size, case.sizes))
            shape = (BATCH, *(int(size) for size in shape_of(wire)))  # type: ignore[arg-type]  # all sizes are known
            choice = self.choice(k - len(scalars), case)
            inputs.append(numbers.draw(wire, shape, choice, case.style, _mixed(case.seed, k), made.dtype))
        weights = dict(case.weights) if case.weights is not None else self._weights(made, case)
        return made, inputs, weights

    def choice(self, wire: int, case: Case) -> Choice | None:
        """The set that an input is drawn from."""
        names = self.wire_names(case)
        if wire >= len(names) or names[wire] not in self.law.sets:
            return None
        return self.law.choice(names[wire], case.values, self.grids(case.values, case.sizes))

    def wire_names(self, case: Case) -> Sequence[str]:
        """The name of each wire of the law, a bundle's once for each of its wires."""
        made, (real_wires, _) = self.trial(case.values, case.sizes)
        names = made.sides.names[len(self.law.scalars(real_wires)) :]
        return [name.partition("[")[0] for name in names]

    def states(self, case: Case) -> frozenset[str]:
        """The weights that are states."""
        return frozenset(self.trial(case.values, case.sizes)[0].buffers)

    def _weights(self, made: Trial, case: Case) -> dict[str, Any]:
        drawn = {}
        for name, places in made.weights.items():
            if self.weights is not None and name in self.weights:
                drawn[name] = self.weights[name]
                continue
            seed = _mixed(case.seed, name)
            drawn[name] = numbers.generic(places[0], name in made.buffers, case.weight_style, seed)
        return drawn

    def gap(self, case: Case) -> Gap:
        """How far the sides are apart in a case."""
        made, inputs, weights = self.numbers(case)
        made.set(weights)
        return made.gap(inputs, case.seed & 0x7FFFFFFF)

    def tolerance(self, case: Case) -> float:
        """The relative tolerance of a case."""
        found = self.law.tolerance(case.values, self.grids(case.values, case.sizes))
        return TOLERANCE if found is None else found


def _key(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        (name, type(value).__name__, identity(value) if not isinstance(value, Space) else value)
        for name, value in values.items()
    )


def _mixed(seed: int, salt: int | str) -> int:
    """A seed of its own for each wire and weight, the same in every process."""
    import hashlib

    return int.from_bytes(hashlib.blake2b(f"{seed}:{salt}".encode(), digest_size=8).digest(), "little") >> 1
