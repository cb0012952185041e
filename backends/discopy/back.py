"""A Markov diagram of DisCoPy, written by hand or made from one of ours, as a diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from discopy import cat, markov, monoidal, symmetric

from diagrammar.backends.discopy.there import read_object
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.errors import BackendError, DiagramTypeError, DiagramValueError
from diagrammar.pause import pausing
from diagrammar.plain import is_facts, made
from diagrammar.types import Type, Types, show

# methods of bubbles that say nothing but that something is inside
_FRAMES = ("frame", "bubble")


@pausing
def from_discopy(diagram: Any, name: str = "") -> Diagram:
    """The diagram of a `discopy.markov.Diagram`; it is called `name`.

    An object called `R[8]` is the type R[8], another one a type parameter of its name. A box is a box of its name; its
    data is the static argument `data`, or those by the names of a dictionary. Copies, discards and swaps become wires.
    A bubble on the wires of its one inside is a frame; with a `method` of its own it is a box of that origin, which a
    functor has to give a meaning.

    Raises BackendError, with the name of the box, for what a diagram here cannot have: merges, traces, sums, daggers,
    cups and caps, data that is no plain value; DiagramTypeError where wires do not fit.

    >>> x = monoidal.Ty("R[8]")
    >>> from_discopy(markov.Copy(x) >> markov.Box("f", x @ x, x))
    <R[8] -> R[8]>
    """
    if not isinstance(diagram, monoidal.Diagram):
        raise BackendError(f"discopy: a {type(diagram).__name__} is no diagram of DisCoPy")
    reader = _Reader()
    for level in levels(diagram):
        reader.made[id(level)] = reader.level(level)
    whole = reader.made[id(diagram)]
    return whole.named(name) if name else whole


def _boxes(diagram: Any) -> Iterator[Any]:
    for layer in diagram.inside:
        if not isinstance(layer, monoidal.Layer):
            _refuse(layer, "it is a formal sum")
        yield from layer.boxes_or_types[1::2]


def _insides(diagram: Any) -> Iterator[Any]:
    return (
        inside
        for box in _boxes(diagram)
        if isinstance(box, cat.Bubble) and not isinstance(box, symmetric.Trace)
        for inside in box.args
    )


def levels(root: Any) -> list[Any]:
    """The diagrams inside bubbles, each after those inside it, the whole last; not by recursion."""
    order: list[Any] = []
    seen = {id(root)}
    stack = [(root, _insides(root))]
    while stack:
        level, rest = stack[-1]
        for inside in rest:
            if id(inside) not in seen:
                seen.add(id(inside))
                stack.append((inside, _insides(inside)))
                break
        else:
            order.append(level)
            stack.pop()
    return order


def _refuse(box: Any, why: str) -> NoReturn:
    try:
        shown = str(box)
    except RecursionError:
        shown = type(box).__name__
    raise BackendError(f"discopy: `{shown if len(shown) <= 80 else f'{shown[:80]}…'}` cannot be read: {why}")


class _Reader:
    """What has been read so far, by identity: objects, boxes, and the diagrams inside them."""

    __slots__ = ("boxes", "keys", "made", "objects")

    def __init__(self) -> None:
        self.objects: dict[str, Type] = {}
        self.boxes: dict[int, Box] = {}
        self.made: dict[int, Diagram] = {}
        self.keys: dict[str, int] = {}

    def types(self, ty: Any) -> Types:
        """The types of the wires of a type."""
        return tuple([self.object(str(each)) for each in ty.inside])

    def object(self, name: str) -> Type:
        """The type of an object."""
        found = self.objects.get(name)
        if found is None:
            found = self.objects[name] = read_object(name)
        return found

    def level(self, diagram: Any) -> Diagram:
        """The diagram of one level, those inside its boxes being read already."""
        build = Builder(self.types(diagram.dom))
        places = list(build.inputs)
        for layer in diagram.inside:
            at = 0
            for number, part in enumerate(layer.boxes_or_types):
                if number % 2 == 0:
                    at += len(part)
                    continue
                dom = self.types(part.dom)
                taken = tuple(places[at : at + len(dom)])
                if tuple([build.types[wire] for wire in taken]) != dom:
                    notes = (f"the box takes   {show(dom)}", f"the wires are   {show(_at(build, taken))}")
                    raise DiagramTypeError(f"`{part.name}` stands on other wires", None, notes)
                given = self.put(part, taken, build)
                places[at : at + len(dom)] = given
                at += len(given)
            if at != len(places):
                raise DiagramTypeError(f"a layer of {at} wires stands on {len(places)}")
        if _at(build, tuple(places)) != self.types(diagram.cod):
            notes = (
                f"the diagram gives   {show(self.types(diagram.cod))}",
                f"its wires are       {show(_at(build, places))}",
            )
            raise DiagramTypeError("the wires at the end are not those of the diagram", None, notes)
        return build.build(places)

    def put(self, box: Any, taken: tuple[int, ...], build: Builder) -> tuple[int, ...]:
        """What a box gives, on these wires."""
        if isinstance(box, markov.Copy):
            return taken * len(box.cod)
        if isinstance(box, symmetric.Swap):
            return taken[len(box.left) :] + taken[: len(box.left)]
        if isinstance(box, markov.Merge):
            _refuse(box, "a merge has no meaning here; a box such as `add` takes several wires")
        if isinstance(box, symmetric.Trace):
            _refuse(box, "a trace has no meaning here; what repeats is a `repeat`, a `scan` or a `fold`")
        if isinstance(box, cat.Sum):
            _refuse(box, "it is a formal sum")
        if box.is_dagger:
            _refuse(box, "it is a dagger")
        known = type(box).__module__.partition(".")[0] != "discopy" or type(box).__name__ in ("Box", "Bubble")
        if not known:
            _refuse(box, f"a {type(box).__name__} is no box of a Markov category")
        return build.add(self.box(box), taken)

    def box(self, box: Any) -> Box:
        """The box of a box that is no structure."""
        found = self.boxes.get(id(box))
        if found is None:
            found = self.bubble(box) if isinstance(box, cat.Bubble) else self.plain(box, _facts(box), ())
            if found.key is None or is_facts(box.data):
                self.boxes[id(box)] = found
        return found

    def bubble(self, box: Any) -> Box:
        """A frame, or a combinator."""
        insides = tuple(self.made[id(inside)] for inside in box.args)
        ours = is_facts(box.data)
        found = _facts(box)
        ends = (self.types(box.dom), self.types(box.cod))
        fits = len(insides) == 1 and (tuple(insides[0].dom), tuple(insides[0].cod)) == ends
        if not ours and fits and box.method in _FRAMES:
            # each is an instance of its own, as a mention of a diagram is
            found = {"key": self.key(box.name or box.drawing_name or box.method), **found}
        elif box.method and "key" not in found and "origin" not in found:
            found = {"origin": box.method, **found}
        return self.plain(box, found, insides)

    def plain(self, box: Any, found: Mapping[str, Any], insides: tuple[Diagram, ...]) -> Box:
        """The box of these facts."""
        name = box.name or getattr(box, "drawing_name", "")
        try:
            return made(name, self.types(box.dom), self.types(box.cod), found, insides)
        except DiagramValueError as error:
            raise BackendError(f"discopy: `{name}` cannot be read: {error.message}", None, error.notes) from None

    def key(self, name: str) -> str:
        """A key that no frame before has."""
        word = key = re.sub(r"\W", "_", name) or "frame"
        count = self.keys.get(word, 1)
        while key in self.keys:
            count += 1
            key = f"{word}_{count}"
        self.keys[word] = count
        self.keys.setdefault(key, 1)
        return key


def _at(build: Builder, wires: Any) -> Types:
    return tuple(build.types[wire] for wire in wires)


def _facts(box: Any) -> dict[str, Any]:
    match box.data:
        case None:
            return {}
        case data if is_facts(data):
            return dict(data)
        case dict() as data if all(isinstance(name, str) for name in data):
            return {"params": tuple(data.items())}
        case data:
            return {"params": (("data", data),)}
