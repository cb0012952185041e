"""A derivative as one body, in which it computes nothing twice that the diagram computes too.

The derivative of a named block is a named block that computes the block again inside itself: it is a functor into
lenses. Here all frames are laid open, loops unrolled, maps opened, weights made wires; equal boxes on equal wires are
one, and a frame that stands for the cotangent of one operation becomes that, reading what its forward leaves: a functor
into optics (Riley, 2018), of which the composites are straight-line code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagrammar.canonical import NONE, TOP
from diagrammar.diagram import Box, Diagram, Flat, definitions
from diagrammar.pause import pausing
from diagrammar.schedule.axes import LIFTED, SAMPLES, Level, axis_of, join
from diagrammar.schedule.bodies import RECOMPUTE, STORE, Body, Here, Known, UnsharedError
from diagrammar.schedule.flattened import Weight
from diagrammar.schedule.pairs import Pairing
from diagrammar.schedule.reverse import cotangent
from diagrammar.schedule.sums import OwedError
from diagrammar.steps import Steps, run

# loops inside one another, as the torch backend has them at most
_DEEP = 16
_DRAWS = ("std:gaussian", "std:uniform")


@dataclass(frozen=True)
class Shared:
    """A body whose first `inputs` inputs are those of the diagram, and whose others are the `weights`. `lifts`: whether
    wires, weights perhaps, are repeated for more samples in it; then of its inputs some may have one sample that stands
    for all samples of the others."""

    diagram: Diagram
    inputs: int
    weights: tuple[Weight, ...]
    lifts: bool


def derives(diagram: Diagram) -> bool:
    """Whether a diagram holds the derivative of a named block or of a loop."""
    return any(
        box.origin == "unwind" or (box.derived is not None and box.derived.kind in ("vjp", "jvp"))
        for level in definitions(diagram)
        for box in level.boxes
    )


@pausing
def shared(diagram: Diagram, samples: bool) -> Shared | None:
    """The body of a diagram whose `unwind`s are written out; `samples`: whether its inputs have a batch axis.

    Boxes that draw or are bound by the caller are never merged, and what is in a `recompute` not with what is outside.
    Frames that have a state or differ in training are called, each by itself. None where these stand outside of any
    frame or in a `map`, or where it would have more than 20,000 boxes.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> sine = Box("sin", (x,), (x,), origin="std:sin").diagram()
    >>> made = shared(Diagram.copy(x) >> (sine @ sine) >> Box("add", (x, x), (x,), origin="std:add"), True)
    >>> made.diagram.boxes
    [sin, add]
    """
    level: Level = SAMPLES if samples else ()
    try:
        made = _tried(diagram, level, False)
        return _tried(diagram, level, True) if samples and made.lifts else made
    except UnsharedError:
        return None


def _tried(diagram: Diagram, level: Level, mixed: bool) -> Shared:
    # one operation gives the sum of the cotangents of a weight; where each is asked for, they are made one by one
    try:
        return _shared(diagram, level, mixed, True)
    except OwedError:
        return _shared(diagram, level, mixed, False)


def _shared(diagram: Diagram, level: Level, mixed: bool, totals: bool) -> Shared:
    body = Body(Known(totals, mixed))
    inputs = [body.cons.given(wire, level) for wire in diagram.dom]
    # the weights are inputs too, which come as they are asked for
    ends = run(_opened(body, diagram, inputs, Here(TOP, NONE, 0, 0, level)))
    if any(end in body.sums.owed for end in ends):
        raise OwedError
    asked = [(Weight(path, box), wire) for path, (box, wire) in body.weights.items()]
    flat = body.cons.body([*inputs, *(wire for _, wire in asked)], ends).flat
    read = {wire for node in flat.nodes for wire in node.ins}.union(ends)
    kept = [(weight, wire) for weight, wire in asked if wire in read]
    made = Diagram(Flat(flat.types, (*inputs, *(wire for _, wire in kept)), flat.nodes, flat.outputs))
    lifts = body.known.refused or any(node.box.origin == LIFTED for node in flat.nodes)
    return Shared(made, len(inputs), tuple(weight for weight, _ in kept), lifts)


def _opened(body: Body, diagram: Diagram, inputs: Sequence[int], here: Here) -> Steps:
    """The wires that come out of a diagram on these."""
    flat = diagram.flat
    body.known.count(len(flat.nodes), len(body.cons.nodes))
    at = dict(zip(flat.inputs, inputs, strict=True))
    for node in flat.nodes:
        box = node.box
        ins = [at[wire] for wire in node.ins]
        outs = (yield _frame(body, box, ins, here)) if box.insides else _leaf(body, box, ins, here)
        at.update(zip(node.outs, outs, strict=True))
    return [at[wire] for wire in flat.outputs]


def _leaf(body: Body, box: Box, ins: Sequence[int], here: Here) -> Sequence[int]:
    if box.origin == "weight":
        return (body.weight(here, box),)
    if box.origin in ("state", "next") or "batch" in box.kinds:
        raise UnsharedError
    if box.key is not None and not box.origin.startswith("std:"):
        return _bound(body, box, ins, here)
    if box.origin in _DRAWS or "random" in box.kinds:
        if here.depth or not here.samples:
            raise UnsharedError
        body.known.alone += 1
        return body.cons.put(box, ins, here.region, [here.samples] * len(box.cod), alone=True).outs
    return body.sums.add(box, ins, here.region)


def _bound(body: Body, box: Box, ins: Sequence[int], here: Here) -> Sequence[int]:
    """A box that the caller binds: nobody knows whether it gives the same twice."""
    if not any(body.cons.levels[wire] for wire in ins):
        raise UnsharedError
    body.known.alone += 1
    return body.sums.add(_along(body, box, here), ins, here.region, alone=True)


def _called(body: Body, box: Box, ins: Sequence[int], here: Here) -> Sequence[int]:
    """A frame that has a state, differs in training or looks at all samples: a module of its own, which is called; or
    one that owns nothing, which stays closed."""
    if here.depth or not here.samples or any(wire in body.sums.owed for wire in ins):
        raise UnsharedError
    body.known.alone += 1
    made = _along(body, box, here) if _owns(box.insides[0]) else box
    level = join(*(body.cons.levels[wire] for wire in ins))
    return body.cons.put(made, ins, here.region, [level] * len(box.cod), alone=True).outs


def _owns(inside: Diagram) -> bool:
    """Whether a frame has a module: weights, states, boxes that a caller binds, or a mode."""
    boxes = (box for level in definitions(inside) for box in level.boxes)
    return any(box.origin == "training" or (box.key is not None and not box.insides) for box in boxes)


def _along(body: Body, box: Box, here: Here) -> Box:
    """A box with the path of its module."""
    instances = body.known.instances
    path = instances.dotted(instances.resolve(box.key or "", here.scope, here.index))
    return Box(
        box.name, box.dom, box.cod, origin=box.origin, params=(*box.params, ("path", path)), key=box.key,
        kinds=box.kinds, insides=box.insides, span=box.span, derived=box.derived,
    )  # fmt: skip


def _frame(body: Body, box: Box, ins: Sequence[int], here: Here) -> Steps:
    """The wires that come out of a box with an inside."""
    if box.key is not None:
        if body.known.is_module(box):
            return _called(body, box, ins, here)
        pair = body.known.pairing(box)
        outs = None if pair is None else _paired(body, box, pair, ins, here)
        if outs is not None:
            return outs
        where = body.known.instances.resolve(box.key, here.scope, here.index)
        index = body.known.instances.index_of(where)
        inner = Here((where, here.scope), index, here.depth, here.region, here.samples)
        return (yield _opened(body, box.insides[0], ins, inner))
    match box.origin:
        case "repeat":
            return (yield _repeated(body, box, ins, here))
        case "std:map":
            return (yield _mapped(body, box, ins, here))
        case "std:scan" | "std:fold":
            return (yield _scanned(body, box, ins, here))
        case _ if box.origin in (STORE, RECOMPUTE):
            return (yield _marked(body, box, ins, here))
        case _:
            raise UnsharedError


def _marked(body: Body, box: Box, ins: Sequence[int], here: Here) -> Steps:
    """The inside of a mark; each `recompute` has boxes of its own, but where a derivative repeats the diagram around it
    that is the same one."""
    if box.origin == STORE:
        return (yield _opened(body, box.insides[0], ins, here))
    key = (id(box), here.region, here.scope[0], here.index, *ins)
    if key in body.marks:
        return body.marks[key][1]
    body.known.regions += 1
    inner = Here(here.scope, here.index, here.depth, body.known.regions, here.samples)
    alone = body.known.alone
    ends = yield _opened(body, box.insides[0], ins, inner)
    if alone == body.known.alone:
        body.marks[key] = (box, ends)
    return ends


def _number(box: Box, name: str, default: int = 0) -> int:
    value = box.param(name, default)
    assert isinstance(value, int)
    return value


def _repeated(body: Body, box: Box, ins: Sequence[int], here: Here) -> Steps:
    """The steps of a `repeat`, one after the other."""
    held, first = _number(box, "captures"), _number(box, "first")
    state = list(ins[held:])
    for step in range(_number(box, "count", len(box.insides))):
        inside = box.insides[step if len(box.insides) > 1 else 0]
        body.known.count(1, len(body.cons.nodes))
        index = body.known.instances.index(here.index, first + step)
        inner = Here(here.scope, index, here.depth, here.region, here.samples)
        state = yield _opened(body, inside, [*ins[:held], *state], inner)
    return state


def _mapped(body: Body, box: Box, ins: Sequence[int], here: Here) -> Steps:
    """A `map` as its inside on the rows."""
    if here.depth >= _DEEP or _lacks_size(here):
        raise UnsharedError
    held = _number(box, "captures")
    (inside,) = box.insides
    axis = axis_of(box, here.depth + 1)
    if any(wire in body.sums.owed for wire in ins):
        raise OwedError
    rows = [body.cons.rows(wire, row, axis) for wire, row in zip(ins[held:], inside.dom[held:], strict=True)]
    inner = Here(here.scope, here.index, here.depth + 1, here.region, here.samples)
    ends = yield _opened(body, inside, [*ins[:held], *rows], inner)
    return [body.sums.stacked(end, stack, axis) for end, stack in zip(ends, box.cod, strict=True)]


def _lacks_size(here: Here) -> bool:
    return any(depth and not sizes for depth, sizes in here.samples)


def _scanned(body: Body, box: Box, ins: Sequence[int], here: Here) -> Steps:
    """A `scan` or a `fold`: the step is a body of its own, whose weights are captured."""
    if here.depth >= _DEEP:
        raise UnsharedError
    cons = body.cons
    if any(wire in body.sums.owed for wire in ins):
        raise OwedError
    held, state = _number(box, "captures"), _number(box, "state", len(box.cod))
    (inside,) = box.insides
    level = join(*(cons.levels[wire] for wire in ins))
    ins = [cons.lifted(wire, level) if cons.levels[wire] else wire for wire in ins]
    step = Body(body.known)
    given = []
    for at, (wire, what) in enumerate(zip(ins, inside.dom, strict=True)):
        # of a state the first value does not say what it depends on later
        given.append(step.cons.given(what, level if held <= at < held + state else cons.levels[wire]))
    inner = Here(here.scope, here.index, here.depth + 1, here.region, level)
    ends = yield _opened(step, inside, given, inner)
    if any(end in step.sums.owed for end in ends):
        raise OwedError
    asked = [wire for _, wire in step.weights.values()]
    # first in, as what is captured
    made = step.cons.body([*asked, *given], ends)
    count = held + len(asked)
    params = tuple((name, count if name == "captures" else value) for name, value in box.params)
    if "captures" not in dict(params):
        params = (*params, ("captures", count))
    wires = [body.at(path, each) for path, (each, _) in step.weights.items()]
    dom = (*(cons.types[wire] for wire in wires), *box.dom)
    loop = Box(box.name, dom, box.cod, origin=box.origin, params=params, insides=(made,), span=box.span)
    draws = any(inner.origin in _DRAWS or "random" in inner.kinds for inner in made.boxes)
    return cons.put(loop, [*wires, *ins], here.region, [level] * len(box.cod), alone=draws).outs


def _paired(body: Body, frame: Box, pair: Pairing, ins: Sequence[int], here: Here) -> Sequence[int] | None:
    """A frame as one operation; None where it is to be opened."""
    cons, told, box = body.cons, pair.told, pair.box
    values = [ins[port] for port in pair.operands]
    if any(wire in body.sums.owed for wire in ins):
        raise OwedError
    values += [body.weight(here, weight, frame.key or "") for weight in pair.own]
    names = box.param("weights", ())
    count = len(names) if isinstance(names, tuple) else 0
    operands, weights = values[: len(values) - count], values[len(values) - count :]
    if any(cons.levels[wire] for wire in weights):
        # one weight for each sample: no operation takes that
        body.known.refused = True
        return None
    level = join(*(cons.levels[wire] for wire in (*operands, *(ins[port] for port in pair.seeds))))
    inner = join(*(cons.levels[wire] for wire in operands))
    met = [cons.lifted(wire, inner) if cons.levels[wire] else wire for wire in operands]
    values = [*met, *weights]
    if told is None:
        return cons.put(box, values, here.region, [inner] * len(box.cod)).outs[: len(box.cod)]
    active = pair.mask[len(operands) :]
    if level and any(active) and not body.known.totals:
        return None
    around = list(values)
    if any(at >= len(values) for at in told.reads):
        around += cons.forward(box, values, told, inner, here.region)
    reads = [
        around[at] if len(met) <= at < len(values) else cons.full(cons.lifted(around[at], level)) for at in told.reads
    ]
    seeds = [cons.full(cons.lifted(ins[port], level)) for port in pair.seeds]
    moving = [at < len(operands) for at, on in enumerate(pair.mask) if on]
    back = cotangent(box, pair.mask, told)
    levels = [level if on else () for on in moving]
    found = cons.put(back, [*reads, *seeds], here.region, levels).outs
    ends = [end if on else body.sums.owing(end, level) for end, on in zip(found, moving, strict=True)]
    return [ends[at] for at in pair.order]
