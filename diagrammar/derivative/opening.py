"""Weights as wires: `open[f] : Weights[f] @ A -> B` is f : A -> B with its trainable weights as inputs.

It is the functor of Para into diagrams (Cruttwell et al., 2022, categorical foundations of gradient-based learning): a
map with parameters becomes a map that takes them. The weights come in the order of the `state_dict` of f (of the
derivative of a loop in the order of the loop), a constrained one as the value that it is constrained to; frozen ones
and states stay inside. Each definition is opened once.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.box import Box, Derivative, Value
from diagrammar.derivative.paths import Leaf, Paths, ordered
from diagrammar.derivative.wiring import in_order, lay
from diagrammar.diagram import Builder, Diagram, definitions
from diagrammar.errors import BudgetError
from diagrammar.pause import pausing
from diagrammar.source import Span
from diagrammar.types import Type

# wires of weights, and boxes in steps of their own, that an opened diagram may have at all its levels together
_BUDGET = 2_000_000


class Opened:
    """A diagram with its weights as first inputs, and which weights these are."""

    __slots__ = ("diagram", "leaves")

    def __init__(self, diagram: Diagram, leaves: Sequence[Leaf]) -> None:
        self.diagram = diagram
        self.leaves = tuple(leaves)


class Image:
    """What stands for a box: a box that takes these weights, then the wires that the box took; `order` says which of
    them each of its ports is. Without a box it is the weight itself."""

    __slots__ = ("box", "leaves", "order")

    def __init__(self, leaves: Sequence[Leaf], box: Box | None, order: Sequence[int] | None = None) -> None:
        self.leaves = leaves
        self.box = box
        self.order = order


class Opener:
    """Opens diagrams. What was opened once is known: an opened diagram is one object.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> w = Box("weight", (), (x,), origin="weight", key="w")
    >>> Opener().open(Diagram.of(w))
    (<R[2] -> R[2]>, {'w': R[2]})
    """

    __slots__ = ("_known", "_made", "_paths", "_spent")

    def __init__(self) -> None:
        self._paths = Paths()
        self._spent = 0
        # by identity, each with what must stay alive for that
        self._made: dict[int, tuple[Diagram, Opened]] = {}
        self._known: dict[int, tuple[Diagram, dict[str, Type]]] = {}

    @pausing
    def open(self, diagram: Diagram) -> tuple[Diagram, dict[str, Type]]:
        """The diagram with its trainable weights as first inputs, and their types by their paths, in that order.

        Raises BudgetError where these are too many.
        """
        known = self._known.get(id(diagram))
        if known is not None:
            return known
        self._spent = 0
        for level in definitions(diagram, self._is_new):
            if id(level) not in self._made:
                self._made[id(level)] = (level, self._body(level))
        found = self._made[id(diagram)][1]
        top = [self._paths.at_top(leaf) for leaf in found.leaves]
        order = ordered(dict.fromkeys(top), self._paths)
        result = self._arranged(found, top, order)
        known = self._known[id(diagram)] = result, {self._paths.dotted(leaf): leaf.wire for leaf in order}
        return known

    def _is_new(self, box: Box) -> bool:
        return any(id(inside) not in self._made for inside in box.insides)

    def _spend(self, count: int, span: Span | None) -> None:
        """Counts wires before they are made."""
        self._spent += count
        if self._spent > _BUDGET:
            raise BudgetError(f"the weights of this diagram as wires are past the budget of {_BUDGET:,} wires", span)

    def _arranged(self, inner: Opened, mine: Sequence[Leaf], wanted: Sequence[Leaf]) -> Diagram:
        """An opened diagram on other weights: its own are `mine`, each of these is among those `wanted`."""
        if list(mine) == list(wanted):
            return inner.diagram
        self._spend(len(wanted) + len(inner.diagram.flat.nodes), None)
        rest = tuple(inner.diagram.dom)[len(mine) :]
        build = Builder((*(leaf.wire for leaf in wanted), *rest))
        at = dict(zip(wanted, build.inputs, strict=False))
        ends = lay(build, inner.diagram, [*(at[leaf] for leaf in mine), *build.inputs[len(wanted) :]])
        return build.build(ends, inner.diagram.name)

    def _body(self, level: Diagram) -> Opened:
        """One body, those inside it being made."""
        flat = level.flat
        images: list[Image] = []
        found: dict[Leaf, None] = {}
        for node in flat.nodes:
            image = self._image(node.box, [self._made[id(inside)][1] for inside in node.box.insides])
            images.append(image)
            found.update(dict.fromkeys(image.leaves))
        if not found:
            return Opened(level, ())
        leaves = ordered(found, self._paths)
        self._spend(len(leaves), next((node.box.span for node in flat.nodes), None))
        build = Builder((*(leaf.wire for leaf in leaves), *level.dom))
        weights = dict(zip(leaves, build.inputs, strict=False))
        at = dict(zip(flat.inputs, build.inputs[len(leaves) :], strict=True))
        for node, image in zip(flat.nodes, images, strict=True):
            given = [*(weights[leaf] for leaf in image.leaves), *(at[wire] for wire in node.ins)]
            if image.box is not None:
                given = list(build.add(image.box, [given[port] for port in image.order or range(len(given))]))
            at.update(zip(node.outs, given, strict=True))
        return Opened(build.build((at[wire] for wire in flat.outputs), level.name), leaves)

    def _image(self, box: Box, insides: list[Opened]) -> Image:
        """What takes the weights of a box."""
        if box.origin == "weight" and not _is_frozen(box):
            return Image([self._paths.weight(box)], None)
        if not any(inside.leaves for inside in insides):
            return Image((), box)
        if box.key is not None:
            return self._frame(box, insides[0])
        if box.origin in ("repeat", "unwind"):
            return self._steps(box, insides)
        leaves = ordered(dict.fromkeys(leaf for inside in insides for leaf in inside.leaves), self._paths)
        made = tuple(self._arranged(inside, inside.leaves, leaves) for inside in insides)
        return _capturing(box, leaves, made)

    def _frame(self, box: Box, inner: Opened) -> Image:
        """A named diagram: of the same instance as before, for what it keeps."""
        mine = [self._paths.inside(box, leaf) for leaf in inner.leaves]
        # what is its own comes first, as in the module
        own = [leaf for leaf, here in zip(mine, inner.leaves, strict=True) if here.up == 0]
        leaves = ordered(dict.fromkeys([*own, *mine]), self._paths)
        inside = self._arranged(inner, mine, leaves)
        frame = Box(
            f"open[{box.name}]",
            tuple(inside.dom),
            box.cod,
            origin=f"open:{box.origin}",
            params=box.params,
            key=box.key,
            insides=(inside,),
            span=box.span,
            derived=Derivative("open", (True,) * len(box.dom), box),
        )
        return Image(leaves, frame)

    def _steps(self, box: Box, insides: list[Opened]) -> Image:
        """A loop: each step takes what is its own of the weights of all."""
        halves = 2 if box.origin == "unwind" else 1
        kinds = len(insides) // halves
        count, first = box.param("count", 1), box.param("first", 0)
        assert isinstance(count, int) and isinstance(first, int)
        if kinds == 1 and all(self._paths.is_one(leaf) for inside in insides for leaf in inside.leaves):
            steps = 1
        else:
            steps = count
        if not steps:
            return Image((), box)
        # the insides of each half, step by step, with the weights of that step
        parts = [(insides[half * kinds + k % kinds], first + k) for half in range(halves) for k in range(steps)]
        self._spend(sum(len(inside.leaves) for inside, _ in parts), box.span)
        mine = [[self._paths.step(leaf, k) for leaf in inside.leaves] for inside, k in parts]
        leaves = ordered(dict.fromkeys(leaf for each in mine for leaf in each), self._paths)
        made = tuple(self._arranged(inside, each, leaves) for (inside, _), each in zip(parts, mine, strict=True))
        return _capturing(box, leaves, made)


def _is_frozen(box: Box) -> bool:
    where = box.param("where", ())
    return isinstance(where, tuple) and "frozen" in where


def _capturing(box: Box, leaves: Sequence[Leaf], insides: tuple[Diagram, ...]) -> Image:
    """A combinator that captures weights too: all that it captures in the order of first use, as a text has it."""
    captures = box.param("captures", 0)
    held = len(leaves) + (len(box.dom) if box.origin == "training" else captures if isinstance(captures, int) else 0)
    dom = (*(leaf.wire for leaf in leaves), *box.dom)
    first = _first_uses(insides, held)
    order = [*first, *range(held, len(dom))]
    params: list[tuple[str, Value]] = []
    for name, value in box.params:
        if name == "active" and isinstance(value, tuple):
            # an unwind is by none of the weights
            mask = (*(False for _ in leaves), *value)
            value = tuple(mask[port] for port in first)
        params.append((name, held if name == "captures" else value))
    if box.origin != "training" and "captures" not in dict(params):
        params.append(("captures", held))
    made = Box(
        box.name,
        tuple(dom[port] for port in order),
        box.cod,
        origin=box.origin,
        params=tuple(params),
        kinds=box.kinds,
        insides=tuple(in_order(inside, [*first, *range(held, len(inside.dom))]) for inside in insides),
        span=box.span,
    )
    return Image(leaves, made, order)


def _first_uses(insides: tuple[Diagram, ...], held: int) -> list[int]:
    """The first so many inputs of some diagrams in the order in which their boxes use them."""
    found: dict[int, None] = {}
    for inside in insides:
        flat = inside.flat
        port = {wire: at for at, wire in enumerate(flat.inputs[:held])}
        for node in flat.nodes:
            captures = node.box.param("captures", 0)
            # of a combinator the wires come before what it captures
            early = captures if node.box.insides and node.box.key is None and isinstance(captures, int) else 0
            for wire in (*node.ins[early:], *node.ins[:early]):
                if wire in port:
                    found.setdefault(port[wire])
        for wire in flat.outputs:
            if wire in port:
                found.setdefault(port[wire])
    return [*found, *(at for at in range(held) if at not in found)]
