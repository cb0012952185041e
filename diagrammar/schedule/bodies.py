"""A body that is being made of a diagram laid open: its boxes, its weights, and what all bodies of the diagram know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagrammar.canonical import Instances, Scope
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.schedule.axes import Level
from diagrammar.schedule.consing import Cons, Labels
from diagrammar.schedule.pairs import Pairing, pairing
from diagrammar.schedule.sums import Sums

# boxes of a body; and those that are looked at for it, of which many turn out to be others, or zeros
BOXES, LOOKED = 20_000, 200_000
# of the one the inside is seen by what is around it, of the other it is not
STORE, RECOMPUTE = "store", "recompute"


class UnsharedError(Exception):
    """The diagram holds what has no place in one body, or is too long."""


@dataclass(frozen=True)
class Here:
    """Where what is being opened stands: the paths of what it owns, how many maps are around, in which `recompute`, and
    the samples of the body."""

    scope: Scope
    index: int
    depth: int
    region: int
    samples: Level


class Known:
    """What all bodies of one diagram know."""

    __slots__ = (
        "_modules",
        "_pairings",
        "alone",
        "boxes",
        "instances",
        "labels",
        "mixed",
        "refused",
        "regions",
        "totals",
    )

    def __init__(self, totals: bool, mixed: bool) -> None:
        self.totals = totals
        self.mixed = mixed
        self.instances = Instances()
        self.labels = Labels()
        self.regions = 0
        # how many boxes have been put that are never merged
        self.alone = 0
        self.boxes = 0
        self.refused = False
        # by identity, with what has to stay alive for that
        self._pairings: dict[int, tuple[Box, Pairing | None]] = {}
        self._modules: dict[int, tuple[Diagram, bool]] = {}

    def pairing(self, box: Box) -> Pairing | None:
        """What one operation a frame stands for."""
        known = self._pairings.get(id(box))
        if known is None:
            known = self._pairings[id(box)] = (box, pairing(box))
        return known[1]

    def is_module(self, box: Box) -> bool:
        """Whether a frame itself has a state, differs in training or looks at all samples. Raises UnsharedError where
        it refers to what is outside of it, or holds marks, of which the code of a module knows nothing."""
        inside = box.insides[0]
        known = self._modules.get(id(inside))
        if known is None:
            own = [each for level in definitions(inside, lambda inner: inner.key is None) for each in level.boxes]
            found = any(each.origin in ("state", "next", "training") or "batch" in each.kinds for each in own)
            inner = [each for level in definitions(inside) for each in level.boxes] if found else []
            if any((each.key or "")[:1] in ("^", "/") or each.origin in (STORE, RECOMPUTE) for each in inner):
                raise UnsharedError
            known = self._modules[id(inside)] = (inside, found)
        return known[1]

    def count(self, boxes: int, made: int) -> None:
        """Counts boxes before they are put where so many have been made."""
        self.boxes += boxes
        if self.boxes > LOOKED or made > BOXES:
            raise UnsharedError


class Body:
    """A body that is being made, and the weights that it has asked for."""

    __slots__ = ("cons", "known", "marks", "sums", "weights")

    def __init__(self, known: Known) -> None:
        self.known = known
        self.cons = Cons(known.labels, known.mixed)
        self.sums = Sums(self.cons)
        self.weights: dict[str, tuple[Box, int]] = {}
        # by identity, with the boxes, which have to stay alive for that
        self.marks: dict[tuple[int, ...], tuple[Box, Sequence[int]]] = {}

    def weight(self, here: Here, box: Box, frame: str = "") -> int:
        """The wire of a weight; of one inside a frame, with the key of the frame."""
        instances = self.known.instances
        where = instances.resolve(frame or box.key or "", here.scope, here.index)
        if frame:
            where = instances.child(where, box.key or "", instances.index_of(where))
        return self.at(instances.dotted(where), box)

    def at(self, path: str, box: Box) -> int:
        """The wire of the weight with this path."""
        if path not in self.weights:
            self.weights[path] = (box, self.cons.wire(box.cod[0], ()))
        return self.weights[path][1]
