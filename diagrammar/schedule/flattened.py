"""A diagram as one body without named frames, whose weights are inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diagrammar.category import Marked, Place, interpret
from diagrammar.diagram import Box, Builder, Diagram, Flat
from diagrammar.errors import DerivativeError

# loops inside one another, as the torch backend has them at most
_DEEP = 16


@dataclass(frozen=True)
class Weight:
    """A weight that has become an input: where it is kept (`layer.0.W`), and its box."""

    path: str
    box: Box


@dataclass(frozen=True)
class Mark:
    """A `store { ... }` or `recompute { ... }` round a box: the `kind` is the word, `region` tells apart each
    occurrence of a mark, the same text in two steps of a `repeat` too."""

    kind: str
    region: int


@dataclass(frozen=True)
class Region:
    """An occurrence of a mark: the `kind` is the word, `outer` the number of the one around it, which is smaller."""

    kind: str
    outer: int | None


@dataclass(frozen=True)
class Flattened:
    """`diagram` has the inputs of the diagram that it was made of, then its weights; `names[k]` says which box its box
    k was: where it stands, `layer.0`, and what it is called; `marks[k]` is the innermost mark round it, and `regions`
    are all of them by their numbers."""

    diagram: Diagram
    inputs: int
    weights: tuple[Weight, ...]
    names: tuple[tuple[str, str], ...]
    marks: tuple[Mark | None, ...]
    regions: tuple[Region, ...] = ()


def flattened(diagram: Diagram, keep: Callable[[Box], bool] = lambda box: False) -> Flattened:
    """The diagram without named frames and marks, but for those that `keep` says; `repeat` is unrolled.

    Weights become inputs, each once, after those of the diagram. A frame that is kept has its weights as its last
    inputs, and their names as its static argument `weights`; a `map`, `fold`, `scan` or `tree` has them among its
    captured wires.

    Raises DerivativeError for a box that draws, has a state or is bound by the caller: what it does cannot be done
    again, or is not known.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> w = Box("weight", (), (x,), origin="weight", key="W")
    >>> b = Builder([x])
    >>> layer = b.build(b.add(Box("add", (x, x), (x,), origin="std:add"), [0, *b.add(w, ())]), "layer")
    >>> flat = flattened(layer >> layer)
    >>> flat.diagram, [weight.path for weight in flat.weights]
    (<R[2] @ R[2] @ R[2] -> R[2]>, ['layer.W', 'layer_2.W'])
    """
    body = _Body(Builder(diagram.dom))
    meaning = _Opening(body, keep)
    ends = interpret(diagram, meaning, body.build.inputs, lambda box: not keep(box))
    made = body.lifted(len(diagram.dom), ends, first=False)
    weights = tuple(Weight(path, box) for path, (box, _) in body.weights.items())
    return Flattened(made, len(diagram.dom), weights, tuple(body.names), tuple(body.marks), tuple(body.regions))


class _Body:
    """A body that is being made, and the weights that it has asked for so far: the box and the wire of each."""

    __slots__ = ("_numbers", "build", "marks", "names", "regions", "weights")

    def __init__(self, build: Builder) -> None:
        self.build = build
        self.marks: list[Mark | None] = []
        self.regions: list[Region] = []
        self._numbers: dict[Marked, int] = {}
        self.names: list[tuple[str, str]] = []
        self.weights: dict[str, tuple[Box, int]] = {}

    def mark(self, found: Marked | None) -> Mark | None:
        """A mark by the number of its occurrence; those around it have smaller ones."""
        fresh = []
        here = found
        while here is not None and here not in self._numbers:
            fresh.append(here)
            here = here.outer
        for each in reversed(fresh):
            self._numbers[each] = len(self.regions)
            self.regions.append(Region(each.kind, None if each.outer is None else self._numbers[each.outer]))
        return None if found is None else Mark(found.kind, self._numbers[found])

    def weight(self, path: str, box: Box) -> int:
        """The wire of a weight."""
        if path not in self.weights:
            # no box makes it: it is an input in the end
            self.build.types.extend(box.cod)
            self.weights[path] = (box, len(self.build.types) - 1)
        return self.weights[path][1]

    def lifted(self, inputs: int, outputs: Sequence[int], first: bool) -> Diagram:
        """The body, with its weights as inputs before the others (`first`) or after them."""
        build = self.build
        asked = tuple(wire for _, wire in self.weights.values())
        own = build.inputs[:inputs]
        order = (*asked, *own) if first else (*own, *asked)
        return Diagram(Flat(build.types, order, build.nodes, tuple(outputs)))


class _Opening:
    """What each box becomes: itself, with its weights as wires."""

    __slots__ = ("_keep", "_known", "_stack")

    def __init__(self, body: _Body, keep: Callable[[Box], bool]) -> None:
        self._stack = [body]
        self._keep = keep
        self._known: dict[int, tuple[Box, Box, tuple[Box, ...]]] = {}

    def __call__(self, box: Box, args: tuple[Any, ...], place: Place) -> Sequence[Any]:
        body = self._stack[-1]
        if box.origin == "weight":
            return (body.weight(place.path(), box),)
        _check(box)
        body.names.append((place.around(), box.name))
        body.marks.append(body.mark(place.mark))
        if not box.insides:
            return body.build.add(box, args)
        if box.key is not None:
            _, made, weights = self._frame(box)
            wires = [body.weight(place.path(str(each.key)), each) for each in weights]
            return body.build.add(made, (*args, *wires))
        return self._combinator(box, args, place)

    def _frame(self, box: Box) -> tuple[Box, Box, tuple[Box, ...]]:
        known = self._known.get(id(box))
        if known is None:
            made, weights = lifted_frame(box)
            # with the box, which has to stay alive for its identity
            known = self._known[id(box)] = (box, made, weights)
        return known

    def _combinator(self, box: Box, args: tuple[Any, ...], place: Place) -> Sequence[Any]:
        """A `map`, `fold`, ...: what its inside owns is captured, as wires before those that are captured already."""
        outer = self._stack[-1]
        if len(self._stack) > _DEEP:
            raise DerivativeError(f"more than {_DEEP} loops inside one another", box.span)
        (inside,) = box.insides
        inner = _Body(Builder(inside.dom))
        self._stack.append(inner)
        ends = place.run(inner.build.inputs)
        self._stack.pop()
        made = inner.lifted(len(inside.dom), ends, first=True)
        asked = inner.weights
        held = box.param("captures", 0)
        assert isinstance(held, int)
        params = tuple((name, held + len(asked) if name == "captures" else value) for name, value in box.params)
        if "captures" not in dict(params):
            params = (*params, ("captures", held + len(asked)))
        dom = (*(wire for each, _ in asked.values() for wire in each.cod), *box.dom)
        loop = Box(box.name, dom, box.cod, origin=box.origin, params=params, insides=(made,), span=box.span)
        return outer.build.add(loop, (*(outer.weight(path, each) for path, (each, _) in asked.items()), *args))


def _check(box: Box) -> None:
    """A box that may be run again, or left out, as often as one likes."""
    if "random" in box.kinds or box.origin in ("std:gaussian", "std:uniform"):
        raise DerivativeError(f"`{box.name}` draws numbers: what it draws cannot be computed again", box.span)
    if "batch" in box.kinds:
        raise DerivativeError(f"`{box.name}` looks at all samples together: its cotangent is not of one", box.span)
    if box.origin in ("state", "next", "training"):
        raise DerivativeError("a state, or what differs in training, cannot be computed again", box.span)
    if not box.insides and box.key is not None and not box.origin.startswith("std:"):
        raise DerivativeError(f"`{box.name}` is bound by the caller: its cotangent is not known", box.span)


def lifted_frame(box: Box) -> tuple[Box, tuple[Box, ...]]:
    """A frame with the weights of its inside as its last inputs, and their boxes."""
    flat = box.insides[0].flat
    nodes = [node for node in flat.nodes if node.box.origin != "weight"]
    asked = [node for node in flat.nodes if node.box.origin == "weight"]
    wires = tuple(node.outs[0] for node in asked)
    inside = Diagram(Flat(flat.types, (*flat.inputs, *wires), nodes, flat.outputs))
    names = tuple(str(node.box.key) for node in asked)
    made = Box(
        box.name,
        (*box.dom, *(node.box.cod[0] for node in asked)),
        box.cod,
        origin=box.origin,
        params=(*box.params, ("weights", names)),
        key=box.key,
        kinds=box.kinds,
        insides=(inside,),
        span=box.span,
    )
    return made, tuple(node.box for node in asked)
