"""Costs through frames: once for each `Diagram` object, then multiplied. Linear in the text, not in its expansion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from diagrammar.backends.cost.boxes import flops_of, known, numbers, value
from diagrammar.backends.cost.extremes import Peak
from diagrammar.backends.cost.facts import Survey
from diagrammar.backends.cost.run import Forward
from diagrammar.backends.cost.traces import Row
from diagrammar.diagram import Box, Diagram
from diagrammar.divisibility import named_sizes
from diagrammar.sizes import Size
from diagrammar.types import Field, Types, map_sizes, shape_of


@dataclass(frozen=True)
class Cost:
    """What a box or a frame costs, for a batch of one sample or of more.

    `boxes` are its primitive boxes, with frames expanded; `parameters` those it owns (shared ones count where they are
    declared); `flops` its operations, of which `products` are those of products of matrices and convolutions. `forward`
    is the most bytes that live at once while it runs without gradients, besides what lived before it; `backward` the
    bytes that it makes and that are kept for the backward. `inside` are its boxes, `times` how often it runs where it
    stands, which its figures include; `unknown` are boxes whose operations are not known and not counted; `wires` are
    the types of what comes out.

    Rows inside of a loop are of one step. Inside of a `map`, `flops` are of one of its rows, `products` and bytes of
    all of them.
    """

    name: str
    boxes: int
    parameters: Size
    flops: Size
    products: Size
    forward: Size
    backward: Size
    times: Size = 1
    inside: tuple[Cost, ...] = ()
    unknown: tuple[str, ...] = ()
    wires: Types = ()
    _of: tuple[Diagram, int, int] | None = field(default=None, repr=False, compare=False)

    def at(self, sizes: Mapping[str, int] | None = None, /, **more: int) -> Cost:
        """The same at values of free sizes, `at(n=64)`; the name of a space gives all axes of its grid, `at(X=64)`, and
        `at({"X.0": 64})` one. Raises DiagramNameError for a name that is none of them."""
        if self._of is None:
            raise ValueError("sizes are set for the cost of a whole diagram, not for a row of it")
        diagram, width, batch = self._of
        return cost(diagram, at={**(sizes or {}), **more}, bytes_per_number=width, batch=batch)


class _Body:
    """The costs of one diagram: `own` parameters by key, `far` those of keys that start further out."""

    __slots__ = ("far", "flops", "own", "rows", "unknown")

    def __init__(self) -> None:
        self.rows: list[Cost] = []
        self.flops: Size = 0
        # (name, whether repeat indices apply) -> parameters
        self.own: dict[tuple[str, bool], Size] = {}
        self.far: dict[tuple[int, str], Size] = {}
        self.unknown: dict[str, None] = {}

    def parameters(self, at_root: bool = False) -> Size:
        total: Size = 0
        for size in self.own.values():
            total = total + size
        if at_root:
            for size in self.far.values():
                total = total + size
        return total


def cost(diagram: Diagram, *, at: Mapping[str, int] | None = None, bytes_per_number: int = 4, batch: int = 1) -> Cost:
    """The cost of a diagram for a batch, with a row for each box; `at` gives values to free sizes, as `Cost.at`."""
    sizes = named_sizes(diagram, at or {})
    # without an input nothing has the batch axis
    batch = batch if diagram.dom else 1
    count = _Count(diagram, lambda size: value(size, sizes), bytes_per_number, batch)
    for inside in count.survey.order:
        count.bodies[id(inside)] = count.body(inside)
    body = count.bodies[id(diagram)]
    forward, training = count.without.total, count.training.total
    kept = training.kept
    for size, is_kept, _ in training.storages:
        kept = kept + size if is_kept else kept
    return Cost(
        "", count.survey[diagram].boxes, body.parameters(True), body.flops, training.products,
        Peak(*forward.peak).value(), kept, 1, tuple(body.rows), tuple(body.unknown),
        tuple(map_sizes(wire, count.fixed) for wire in diagram.cod), (diagram, bytes_per_number, batch),
    )  # fmt: skip


_NO_ROW = Row(None)


class _Count:
    """The two runs of a diagram, without gradients and in training, and the bodies that have been counted."""

    def __init__(self, diagram: Diagram, fixed: Callable[[Size], Size], width: int, batch: int) -> None:
        self.fixed = fixed
        self.batch = batch
        self.without = Forward(diagram, fixed, width, False, batch=batch)
        self.training = Forward(diagram, fixed, width, True, batch=batch)
        self.survey: Survey = self.training.survey
        self.bodies: dict[int, _Body] = {}

    def body(self, diagram: Diagram) -> _Body:
        """Counts one diagram; those inside it are done."""
        body = _Body()
        for at, (node, live) in enumerate(zip(diagram.flat.nodes, self.survey[diagram].live, strict=True)):
            here = (id(diagram), at)
            forward, training = self.without.figures.get(here, _NO_ROW), self.training.figures.get(here, _NO_ROW)
            box = node.box
            row = self.frame(body, box, training) if box.insides else self.leaf(body, box)
            row = replace(
                row, products=training.products, forward=forward.peak, backward=training.kept,
                wires=tuple(map_sizes(wire, self.fixed) for wire in row.wires),
            )  # fmt: skip
            if not live:
                # not run, but a weight that is declared is there
                row = replace(row, flops=0, inside=())
            body.rows.append(row)
            body.flops = body.flops + row.flops
            body.unknown.update(dict.fromkeys(row.unknown))
        return body

    def leaf(self, body: _Body, box: Box) -> Cost:
        """A box without an inside."""
        if box.origin == "weight":
            size = numbers(box.cod[0])
            _enter(body, box, size)
            return Cost(str(box.key), 0, size, 0, 0, 0, 0, wires=box.cod)
        unknown = () if known(box) else (box.name,)
        count = int(box.origin not in ("state", "next"))
        return Cost(box.name, count, 0, self.fixed(flops_of(box)) * self.batch, 0, 0, 0, unknown=unknown, wires=box.cod)

    def frame(self, body: _Body, box: Box, row: Row) -> Cost:
        """A box with an inside; one call that carries it out has no rows."""
        insides = [self.bodies[id(inside)] for inside in box.insides]
        counted = insides[:1] if box.origin == "training" else insides
        times = self.fixed(_times(box)) if len(insides) == 1 else 1
        flops: Size = 0
        for inner, often in zip(counted, _often(box, len(counted), times), strict=True):
            flops = flops + inner.flops * often
        if row.flops is not None:
            flops = row.flops
        boxes = sum(self.survey[inside].boxes for inside in box.insides)
        boxes *= int(str(times)) if box.origin == "repeat" else 1
        unknown = tuple(dict.fromkeys(name for inner in insides for name in inner.unknown))
        rows = () if row.fused else tuple(each for inner in insides for each in inner.rows)
        if box.key is not None:
            parameters = insides[0].parameters()
            _enter(body, box, parameters)
            _refer(body, insides[0])
            name = box.key.lstrip("^~/")
            return Cost(name, boxes, parameters, flops, 0, 0, 0, times, rows, unknown, box.cod)
        # an unwind owns what its steps own, forward or backward
        owners = insides[: len(insides) // 2] if box.origin == "unwind" else insides
        fresh = _number(box, "count") if box.origin == "unwind" and len(owners) == 1 else times
        total = _spread(body, box, owners, fresh)
        return Cost(box.name, boxes, total, flops, 0, 0, 0, times, rows, unknown, box.cod)


def _spread(body: _Body, box: Box, insides: list[_Body], times: Size) -> Size:
    """What a frame without a name owns is owned by the body round it, once for each step of a `repeat`."""
    loop = box.origin in ("repeat", "unwind")
    fresh = times if loop else 1
    total: Size = 0
    for inner in insides:
        for (name, indexed), size in inner.own.items():
            size = size * fresh if indexed else size
            # steps written out have the same keys, each with its own index
            before = body.own.get((name, indexed), 0) if len(insides) > 1 and indexed and loop else 0
            body.own[name, indexed] = before + size
            total = total + size
        body.far.update(inner.far)
    return total


def _enter(body: _Body, box: Box, size: Size) -> None:
    key = str(box.key)
    name = key.lstrip("^~/")
    if key.startswith("^"):
        body.far[len(key) - len(name), name] = size
    elif key.startswith("/"):
        body.far[-1, name] = size
    else:
        body.own[name, not key.startswith("~")] = size


def _refer(body: _Body, inner: _Body) -> None:
    for (up, name), size in inner.far.items():
        if up == 1:
            body.own[name, False] = size
        else:
            body.far[up - 1 if up > 0 else up, name] = size


def _number(box: Box, name: str) -> int:
    value = box.param(name, 1)
    assert isinstance(value, int)
    return value


def _often(box: Box, insides: int, times: Size) -> list[Size]:
    """How often each inside of a frame runs: an unwind takes all steps backward, and all but the last forward."""
    if box.origin != "unwind":
        return [times] * insides
    half, count = insides // 2, _number(box, "count")
    return [count - 1, count] if half == 1 else [*([1] * (half - 1)), 0, *([1] * half)]


def _times(box: Box) -> Size:
    """How often the one inside of a frame runs."""
    match box.origin:
        case "repeat":
            count = box.param("count", 1)
            return count if isinstance(count, int) else 1
        case "std:map" | "std:fold" | "std:scan" | "std:tree":
            held = box.param("captures", 0)
            state = box.param("state", 0)
            assert isinstance(held, int) and isinstance(state, int)
            wire = (*box.dom[held + (state if box.origin != "std:map" else 0) :], *box.cod)[0]
            if isinstance(wire, Field) and box.origin == "std:map":
                total: Size = 1
                for axis in wire.space.axes:
                    total = total * axis
                return total
            size = shape_of(wire)[0] if box.origin != "std:fold" or held + state < len(box.dom) else 1
            return size - 1 if box.origin == "std:tree" else size
        case _:
            return 1
