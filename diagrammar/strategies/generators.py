"""Generators of a signature: boxes, and what becomes a box at the types of the wires at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagrammar.diagram import Box, Diagram
from diagrammar.types import Type, Types


def anything(wire: Type) -> bool:
    """A port for every type."""
    return True


def unrelated(wires: Types) -> bool:
    """Ports that do not ask of each other which type they are."""
    return True


Port = Callable[[Type], bool]


@dataclass(frozen=True)
class Generator:
    """A generator: a name, its input ports, and the diagrams that it is on wires.

    `ports` say of each input which types may stand there. `at` gives the diagrams at those of a tuple of types where
    each port is met: one, several (other static arguments, other outputs), or none. A diagram of one box is placed as
    that box; a named diagram as a frame with a key of its own. `relate` says of the types of the first few ports
    whether they may go together: what it refuses is never asked of `at`.

    >>> from diagrammar.types import Tensor
    >>> add = Generator("add", (anything, anything), lambda x: [Box("add", x, x[:1])] if x[0] == x[1] else [])
    >>> [box.cod for box in add.at((Tensor("R"), Tensor("R")))]
    [(R,)]
    """

    name: str
    ports: tuple[Port, ...]
    at: Callable[[Types], Sequence[Diagram | Box]]
    relate: Callable[[Types], bool] = unrelated

    def admits(self, wires: Types) -> bool:
        """Whether the first ports may stand on these wires, as far as ports and `relate` tell."""
        return all(port(wire) for port, wire in zip(self.ports, wires, strict=False)) and self.relate(wires)


def fixed(box: Box | Diagram, name: str = "") -> Generator:
    """The generator that is one box, on wires of its own types.

    >>> from diagrammar.types import Tensor
    >>> f = Box("f", (Tensor("R"),), (Tensor("R"),))
    >>> fixed(f).at(f.dom), fixed(f).at((Tensor("C"),))
    ([f], [])
    """
    dom = tuple(box.dom)
    label = name or box.name

    def at(types: Types) -> list[Diagram | Box]:
        return [box] if types == dom else []

    return Generator(label, tuple(wire.__eq__ for wire in dom), at)
