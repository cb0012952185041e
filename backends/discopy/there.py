"""A diagram as a Markov diagram of DisCoPy: frames become bubbles, what a box is goes along as plain values."""

from __future__ import annotations

from typing import Any

from discopy import markov, monoidal

from diagrammar.backends.discopy.frame import Frame
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.errors import DiagramValueError
from diagrammar.pause import pausing
from diagrammar.plain import Plain, facts, is_facts
from diagrammar.planar import Plane
from diagrammar.typename import read_type, type_name
from diagrammar.types import Rigid, Type, Types


@pausing
def to_discopy(diagram: Diagram) -> Any:
    """The `discopy.markov.Diagram` of a diagram; `from_discopy` gives back the `same` one.

    A wire becomes an object called as its type is, `R[8]`. A box becomes a box of its name, with `data` for what else
    it is: pairs such as `("origin", "std:gelu")`, `("key", "linear")`, `("params", (("b", 4),))`; None if there is
    nothing. A frame or a combinator becomes a `Frame`, a bubble. Places in the text stay behind, and the name of the
    whole. Raises DiagramValueError for a static argument or a type that cannot be written.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (8,))
    >>> made = to_discopy(Diagram.copy(x) >> Box("add", (x, x), (x,), origin="std:add"))
    >>> print(made)
    Copy(R[8]) >> add
    """
    writer = _Writer()
    for level in definitions(diagram):
        writer.made[id(level)] = writer.level(level)
    return writer.made[id(diagram)]


class _Writer:
    """What has been made so far, by identity: wires, boxes, and the diagrams inside them."""

    __slots__ = ("boxes", "made", "objects", "swaps")

    def __init__(self) -> None:
        self.objects: dict[Type, Any] = {}
        self.swaps: dict[tuple[Type, Type], Any] = {}
        self.boxes: dict[int, Any] = {}
        self.made: dict[int, Any] = {}

    def type(self, wires: Types) -> Any:
        """The type of several wires."""
        return monoidal.Ty(*[self.object(wire) for wire in wires])

    def object(self, wire: Type) -> Any:
        """The object of a wire."""
        found = self.objects.get(wire)
        if found is None:
            found = self.objects[wire] = monoidal.Ty(object_name(wire)).inside[0]
        return found

    def swap(self, left: Type, right: Type) -> Any:
        """Two wires, crossed."""
        found = self.swaps.get((left, right))
        if found is None:
            found = self.swaps[left, right] = markov.Swap(self.type((left,)), self.type((right,)))
        return found

    def level(self, level: Diagram) -> Any:
        """The diagram of one level, those inside its boxes being made already."""
        flat = level.flat
        plane = Plane(flat)
        layers = []
        for step in plane.steps():
            places = [flat.types[wire] for wire in plane.places]
            left, taken, right = (
                places[: step.at],
                places[step.at : step.at + step.taken],
                places[step.at + step.taken :],
            )
            if step.node is not None:
                box = self.box(step.node.box)
            elif step.kind == "swap":
                box = self.swap(*taken)
            else:
                box = markov.Copy(self.type((taken[0],)), len(step.given))
            layers.append(monoidal.Layer(self.type(tuple(left)), box, self.type(tuple(right))))
        # composing one by one would check all that is there again and again
        return markov.Diagram(tuple(layers), self.type(level.dom), self.type(level.cod), _scan=False)

    def box(self, box: Box) -> Any:
        """A box, or a frame."""
        found = self.boxes.get(id(box))
        if found is None:
            dom, cod = self.type(box.dom), self.type(box.cod)
            if box.insides:
                insides = [self.made[id(inside)] for inside in box.insides]
                method = "frame" if box.key is not None else box.origin
                found = Frame(*insides, dom=dom, cod=cod, name=box.name, method=method, data=_frame_data(box))
            else:
                found = markov.Box(box.name, dom, cod, data=_data(box))
            self.boxes[id(box)] = found
        return found


def object_name(wire: Type) -> str:
    """What the object of a wire is called: the type's name; a type parameter's own name, where no type has it."""
    name = type_name(wire)
    if isinstance(wire, Rigid) and name != wire.name and not _is_type_name(wire.name):
        return wire.name
    return name


def _is_type_name(text: str) -> bool:
    try:
        return type_name(read_type(text)) == text
    except DiagramValueError:
        return False


def read_object(name: str) -> Type:
    """The type of an object: the one of this name, else a type parameter that is called so."""
    return read_type(name) if _is_type_name(name) else Rigid(name)


def _data(box: Box) -> Plain:
    found = facts(box)
    params = found.get("params", ())
    if len(found) == 1 and len(params) == 1 and params[0][0] == "data":
        # the data of a box that came from DisCoPy
        (only,) = params
        if only[1] is not None and not is_facts(only[1]):
            data: Plain = only[1]
            return data
    return tuple(found.items()) or None


def _frame_data(box: Box) -> Plain:
    found = facts(box)
    if box.key is None and box.origin != "frame":
        # the method says it
        found.pop("origin", None)
    return tuple(found.items()) or None
