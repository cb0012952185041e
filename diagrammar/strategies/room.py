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

    `named` are the generators of each name. Past those of the signature stand the weight of each type, and the state
    that keeps a wire for the next call. Types are their numbers in the signature.
    """

    __slots__ = ("_entries", "_known", "_may", "_paths", "choices", "named", "options", "signature")

    def __init__(self, signature: Signature, options: Options) -> None:
        self.signature = signature
        self.options = options
        extra: list[Generator] = []
        if options.weights:
            extra += [Generator("weight", (), _always(one)) for wire in signature.types if (one := weight(wire))]
        if options.states:
            extra.append(Generator("state", (is_real,), lambda types: [kept(types[0])]))
        named: dict[str, list[Generator]] = {}
        for generator in (*signature.generators, *extra):
            named.setdefault(generator.name, []).append(generator)
        self.named = tuple(named.values())
        # a twentieth of the choices each: a weight among a hundred names would be rare
        often = 1 + len(named) // 20
        self.choices = [NOTHING, *range(len(named))]
        if "weight" in named:
            self.choices += [list(named).index("weight")] * often
        self.choices += ([FRAME] * often + [REPEAT] * often) * options.frames
        self._may: dict[tuple[int, int, tuple[int, ...]], bool] = {}
        self._entries: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        self._known: dict[tuple[int, int, tuple[int, ...]], tuple[Instance, ...]] = {}
        self._paths: dict[tuple[int, int], tuple[Instance, ...] | None] = {}

    def on(self, name: int, way: int, types: tuple[int, ...]) -> tuple[Instance, ...]:
        """What the generator of a name is, by its number among them, on wires of these types."""
        found = self._known.get((name, way, types))
        if found is None:
            made = self.signature.on(self.named[name][way], tuple(map(self.signature.wire, types)))
            found = self._known[name, way, types] = tuple(filter(self.options.keep, made))
        return found

    def fits(self, name: int, known: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
        """The generators of a name on those wires, of known types, that their ports admit."""
        result: list[tuple[int, tuple[int, ...]]] = []
        may = self._may
        for way, generator in enumerate(self.named[name]):
            rows: list[tuple[int, ...]] = [()]
            for _ in generator.ports:
                longer = []
                for row in rows:
                    for wire in known:
                        types = (*row, wire)
                        good = may.get((name, way, types))
                        if good is None:
                            good = generator.admits(tuple(map(self.signature.wire, types)))
                            may[name, way, types] = good
                        if good:
                            longer.append(types)
                rows = longer
            result += [(way, row) for row in rows]
        return result

    def entries(self, name: int) -> list[tuple[int, tuple[int, ...]]]:
        """The generators of a name on wires of the signature's own types."""
        found = self._entries.get(name)
        if found is None:
            found = self._entries[name] = self.fits(name, tuple(map(self.signature.number, self.signature.types)))
        return found

    def source(self, wire: int) -> Instance | None:
        """The first box without inputs that makes a wire of this type alone."""
        for name in range(len(self.named)):
            for way, types in self.fits(name, ()):
                for one in self.on(name, way, types):
                    if one.cod == (wire,):
                        return one
        made = weight(self.signature.wire(wire)) if self.options.weights else None
        return None if made is None else self.signature.instance(made)

    def path(self, start: int, end: int) -> tuple[Instance, ...] | None:
        """The fewest boxes of one input and one output, two at most, that lead from a type to another."""
        if (start, end) not in self._paths:
            self._paths[start, end] = self._path(start, end)
        return self._paths[start, end]

    def _steps(self, start: int) -> Iterator[Instance]:
        for name in range(len(self.named)):
            for way, types in self.fits(name, (start,)):
                if len(types) == 1:
                    yield from (one for one in self.on(name, way, types) if len(one.cod) == 1)

    def _path(self, start: int, end: int) -> tuple[Instance, ...] | None:
        first: dict[tuple[int, ...], Instance] = {}
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
