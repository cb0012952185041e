"""Costs through frames: once for each `Diagram` object, then multiplied. Linear in the text, not in its expansion."""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.backends.cost.boxes import bytes_of, flops_of, known, numbers
from diagrammar.diagram import Box, Diagram
from diagrammar.sizes import Size
from diagrammar.types import Field, Types, shape_of


@dataclass(frozen=True)
class Cost:
    """What a box or a frame costs. `parameters` are those it owns (shared ones count where they are declared),
    `inside` its boxes, `times` how often it runs where it stands, which its figures include; `unknown` are boxes whose
    operations are not known and not counted; `wires` are the types of what comes out."""

    name: str
    parameters: Size
    flops: Size
    bytes: Size
    times: Size = 1
    inside: tuple[Cost, ...] = ()
    unknown: tuple[str, ...] = ()
    wires: Types = ()


class _Body:
    """The costs of one diagram: `own` parameters by key, `far` those of keys that start further out."""

    __slots__ = ("bytes", "far", "flops", "own", "rows", "unknown")

    def __init__(self) -> None:
        self.rows: list[Cost] = []
        self.flops: Size = 0
        self.bytes: Size = 0
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


def cost(diagram: Diagram, *, bytes_per_number: int = 4) -> Cost:
    """The cost of a diagram for one sample, with a row for each box."""
    bodies: dict[int, _Body] = {}
    stack = [(diagram, False)]
    while stack:
        inside, ready = stack.pop()
        if id(inside) in bodies:
            continue
        if ready:
            bodies[id(inside)] = _body(inside, bodies, bytes_per_number)
            continue
        stack.append((inside, True))
        stack.extend((inner, False) for node in inside.flat.nodes for inner in node.box.insides)
    body = bodies[id(diagram)]
    return Cost(
        "", body.parameters(True), body.flops, body.bytes, 1, tuple(body.rows), tuple(body.unknown), diagram.cod
    )


def _body(diagram: Diagram, bodies: dict[int, _Body], width: int) -> _Body:
    body = _Body()
    for node in diagram.flat.nodes:
        box = node.box
        row = _leaf(body, box, width) if not box.insides else _frame(body, box, bodies)
        body.rows.append(row)
        body.flops = body.flops + row.flops
        body.bytes = body.bytes + row.bytes
        body.unknown.update(dict.fromkeys(row.unknown))
    return body


def _leaf(body: _Body, box: Box, width: int) -> Cost:
    if box.origin == "weight":
        size = numbers(box.cod[0])
        _enter(body, box, size)
        return Cost(str(box.key), size, 0, 0, wires=box.cod)
    unknown = () if known(box) else (box.name,)
    return Cost(box.name, 0, flops_of(box), bytes_of(box, width), unknown=unknown, wires=box.cod)


def _enter(body: _Body, box: Box, size: Size) -> None:
    key = str(box.key)
    name = key.lstrip("^~/")
    if key.startswith("^"):
        body.far[len(key) - len(name), name] = size
    elif key.startswith("/"):
        body.far[-1, name] = size
    else:
        body.own[name, not key.startswith("~")] = size


def _frame(body: _Body, box: Box, bodies: dict[int, _Body]) -> Cost:
    insides = [bodies[id(inside)] for inside in box.insides]
    counted = insides[:1] if box.origin == "training" else insides
    times = _times(box) if len(insides) == 1 else 1
    flops: Size = 0
    used: Size = 0
    for inner in counted:
        flops = flops + inner.flops * times
        used = used + inner.bytes * times
    unknown = tuple(dict.fromkeys(name for inner in insides for name in inner.unknown))
    rows = tuple(row for inner in insides for row in inner.rows)
    if box.key is not None:
        parameters = insides[0].parameters()
        _enter(body, box, parameters)
        _refer(body, insides[0])
        return Cost(box.key.lstrip("^~/"), parameters, flops, used, times, rows, unknown, box.cod)
    fresh = times if box.origin == "repeat" else 1
    total: Size = 0
    for inner in insides:
        for (name, indexed), size in inner.own.items():
            size = size * fresh if indexed else size
            # steps written out have the same keys, each with its own index
            before = body.own.get((name, indexed), 0) if len(insides) > 1 and indexed and box.origin == "repeat" else 0
            body.own[name, indexed] = before + size
            total = total + size
        body.far.update(inner.far)
    return Cost(box.name, total, flops, used, times, rows, unknown, box.cod)


def _refer(body: _Body, inner: _Body) -> None:
    for (up, name), size in inner.far.items():
        if up == 1:
            body.own[name, False] = size
        else:
            body.far[up - 1 if up > 0 else up, name] = size


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
