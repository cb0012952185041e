"""What of a signature may be drawn: its generators under options, with weight boxes, states and frames among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.strategies.generators import Generator
from diagrammar.strategies.signature import Instance, Signature
from diagrammar.types import Tensor, Type, Types

# what a choice may be that is no generator of the signature
NOTHING, FRAME, REPEAT = -1, -2, -3


@dataclass(frozen=True)
class Options:
    """What diagrams may hold; see `diagrams`."""

    copies: bool = True
    discards: bool = True
    swaps: bool = True
    weights: bool = True
    shares: bool = True
    random: bool = True
    states: bool = True
    frames: bool = True

    def keep(self, one: Instance) -> bool:
        """Whether an instance may be drawn."""
        return (
            (self.weights or not one.weights)
            and (self.random or not one.random)
            and (self.states or not one.stateful)
            and (self.frames or not any(box.insides for box in one.diagram.boxes))
        )


@lru_cache(maxsize=64)
def room_of(signature: Signature, options: Options) -> Room:
    """The signature under options, made once."""
    return Room(signature, options)


class Room:
    """A signature under options. `choices` are what one number chooses from: nothing, a name, or a frame.

    `groups` numbers the names of the generators. Past those of the signature stand the weight of each type, and the
    state that keeps a wire for the next call.
    """

    __slots__ = ("_alive", "_known", "_paths", "choices", "generators", "groups", "options", "signature")

    def __init__(self, signature: Signature, options: Options) -> None:
        self.signature = signature
        self.options = options
        extra: list[Generator] = []
        if options.weights:
            extra += [Generator("weight", (), _always(one)) for wire in signature.types if (one := weight(wire))]
        if options.states:
            extra.append(Generator("state", (is_real,), lambda types: [kept(types[0])]))
        self.generators = (*signature.generators, *extra)
        names = list(dict.fromkeys(generator.name for generator in self.generators))
        order = {name: number for number, name in enumerate(names)}
        self.groups = [order[generator.name] for generator in self.generators]
        # a twelfth of the choices each: a weight among a hundred names would be rare
        often = 1 + len(names) // 12
        self.choices = [NOTHING, *range(len(names))]
        self.choices += [order["weight"]] * (often if "weight" in order else 0)
        self.choices += ([FRAME] * often + [REPEAT] * often) * options.frames
        self._known: dict[tuple[int, Types], tuple[Instance, ...]] = {}
        self._alive: dict[Types, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._paths: dict[tuple[Type, Type], tuple[Instance, ...] | None] = {}

    def on(self, number: int, types: Types) -> tuple[Instance, ...]:
        """What a generator, by its number, is on wires of these types."""
        found = self._known.get((number, types))
        if found is None:
            if number < len(self.signature.generators):
                made = self.signature.on(number, types)
            else:
                made = [Instance(one if isinstance(one, Diagram) else one.diagram()) for one in self.generators[number].at(types)]
            found = self._known[number, types] = tuple(filter(self.options.keep, made))
        return found

    def standing(self, types: Types) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The generators that may stand on these wires, and those that may where more wires follow."""
        found = self._alive.get(types)
        if found is None:
            above = self.standing(types[:-1])[1] if types else tuple(range(len(self.generators)))
            good = [number for number in above if self.generators[number].admits(types)]
            ends = [len(self.generators[number].ports) == len(types) for number in good]
            found = self._alive[types] = (
                tuple(number for number, end in zip(good, ends, strict=True) if end),
                tuple(number for number, end in zip(good, ends, strict=True) if not end),
            )
        return found

    def met(self, new: Type, known: Sequence[Type]) -> Iterator[tuple[int, Types]]:
        """The generators that may stand on known wires, of which one at least is of the new type."""
        rows: list[tuple[Types, bool]] = [((), False)]
        while rows:
            longer: list[tuple[Types, bool]] = []
            for row, there in rows:
                for wire in known:
                    types = (*row, wire)
                    whole, more = self.standing(types)
                    has = there or wire is new
                    if has:
                        for number in whole:
                            yield number, types
                    if more:
                        longer.append((types, has))
            rows = longer

    def source(self, wire: Type) -> Instance | None:
        """The first box without inputs that makes a wire of this type alone."""
        for number in self.standing(())[0]:
            for one in self.on(number, ()):
                if one.cod == (wire,):
                    return one
        made = weight(wire) if self.options.weights else None
        return None if made is None else Instance(made.diagram())

    def path(self, start: Type, end: Type) -> tuple[Instance, ...] | None:
        """The fewest boxes of one input and one output, two at most, that lead from a type to another."""
        if (start, end) not in self._paths:
            self._paths[start, end] = self._path(start, end)
        return self._paths[start, end]

    def _steps(self, start: Type) -> Iterator[Instance]:
        for number in self.standing((start,))[0]:
            yield from (one for one in self.on(number, (start,)) if len(one.cod) == 1)

    def _path(self, start: Type, end: Type) -> tuple[Instance, ...] | None:
        first: dict[Types, Instance] = {}
        for one in self._steps(start):
            if one.cod == (end,):
                return (one,)
            first.setdefault(one.cod, one)
        for (middle,), one in first.items():
            for other in self._steps(middle):
                if other.cod == (end,):
                    return one, other
        return None


def is_real(wire: Type) -> bool:
    """Whether a wire is of real numbers, of known sizes."""
    return isinstance(wire, Tensor) and wire.kind == "R" and all(isinstance(size, int) for size in wire.sizes)


def _always(box: Box) -> Callable[[Types], Sequence[Diagram | Box]]:
    return lambda types: [box]


def weight(wire: Type) -> Box | None:
    """The weight box of a type; None where it depends on a free size, or is none of numbers."""
    if not isinstance(wire, Tensor) or wire.kind == "Bool" or not all(isinstance(size, int) for size in wire.sizes):
        return None
    params = (("init", "normal"), ("args", (("std", 1), ("mean", 0))), ("where", ()))
    return Box("weight", (), (wire,), origin="weight", params=params, key="W")


def kept(wire: Type) -> Diagram:
    """A state that takes a wire for the next call, and gives what it was given before."""
    kinds = frozenset({"state"})
    params = (("init", "zeros"), ("args", ()))
    build = Builder((wire,))
    outs = build.add(Box("state", (), (wire,), origin="state", params=params, key="m", kinds=kinds), ())
    build.add(Box("next", (wire,), (), origin="next", key="m", kinds=kinds), build.inputs)
    return build.build(outs)
