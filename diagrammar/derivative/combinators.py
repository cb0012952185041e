"""Derivatives of the boxes whose inside is used many times: `repeat map fold scan tree training`.

The tangent of each is the same box around the tangent of its inside. The cotangent of `map` and `training` too; that of
a `repeat` is an `unwind`: the steps forward, then the cotangents of the steps backward, each at the state that its step
began in. `fold` and `scan` are unwound as scans of the rows in reverse; a `tree` is written out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagrammar.derivative import stacks
from diagrammar.derivative.wiring import choose, in_order, lay, put, total, zero
from diagrammar.diagram import Box, Builder, Diagram, Value
from diagrammar.errors import DerivativeError
from diagrammar.steps import Steps
from diagrammar.tangent import Mask, differentiable, tangents, unwound
from diagrammar.types import Type, Types

if TYPE_CHECKING:
    from diagrammar.derivative.deriver import Deriver

Make = Callable[["Deriver", Box, Mask], Steps]


def derivative(deriver: Deriver, kind: str, box: Box, active: Mask) -> Steps:
    """The image of a combinator, and whether it gives the results of the box too."""
    make = _MADE.get((kind, box.origin))
    if make is None:
        raise DerivativeError(f"`{box.name}` has no derivative", box.span)
    return (yield make(deriver, box, active))


def number(box: Box, name: str, default: int = 0) -> int:
    """A whole number among the static arguments of a box."""
    value = box.param(name, default)
    assert isinstance(value, int)
    return value


def box_like(box: Box, dom: Types, cod: Types, insides: tuple[Diagram, ...], **params: int) -> Box:
    """A combinator like another, on other wires around other diagrams."""
    changed = tuple((name, params.get(name, value)) for name, value in box.params)
    return Box(box.name, dom, cod, origin=box.origin, params=changed, insides=insides, span=box.span)


def chosen(wires: tuple[int, ...] | range | list[int], active: Mask) -> list[int]:
    """Those of the wires that a mask says."""
    return [wire for wire, on in zip(wires, active, strict=True) if on]


class Ports:
    """The inputs of an image, while it is built: those of the box, and a tangent for each, or none."""

    __slots__ = ("build", "dot", "ins")

    def __init__(self, box: Box, active: Mask) -> None:
        self.build = Builder((*box.dom, *tangents(box.dom, active)))
        self.ins = self.build.inputs[: len(box.dom)]
        on = [at for at, each in enumerate(active) if each]
        self.dot = dict(zip(on, self.build.inputs[len(box.dom) :], strict=True))

    def tangent(self, at: int, wire: Type) -> int:
        """The tangent of an input, zero if it is not active."""
        return self.dot[at] if at in self.dot else zero(self.build, wire)


def beside(primal: int, mask: Mask, held: int) -> list[int]:
    """The order of inputs in which captured wires are followed by their tangents, and so are the others: a tangent of a
    body has all its tangents at the end."""
    before = sum(mask[:held])
    return [
        *range(held),
        *range(primal, primal + before),
        *range(held, primal),
        *range(primal + before, primal + sum(mask)),
    ]


# ------------------------------------------------------------------------------------------------------ repeat


def _repeat_forward(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """A repeat of the step beside its tangent."""
    held = number(box, "captures")
    ports = Ports(box, active)
    insides: list[Diagram] = []
    for inside in box.insides:
        mask = (*active[:held], *differentiable(inside.dom[held:]))
        made = yield deriver.body("both", inside, mask)
        insides.append(in_order(made, beside(len(inside.dom), mask, held)))
    state = box.dom[held:]
    able = differentiable(state)
    before = chosen(range(held), active[:held])
    dots = [ports.tangent(held + at, state[at]) for at, on in enumerate(able) if on]
    dom = (*box.dom[:held], *(box.dom[at] for at in before), *state, *tangents(state))
    cod = (*box.cod, *tangents(box.cod))
    made = box_like(box, dom, cod, tuple(insides), captures=held + len(before))
    ins = [*ports.ins[:held], *(ports.dot[at] for at in before), *ports.ins[held:], *dots]
    return ports.build.build(put(ports.build, made, ins)), True


def _repeat_reverse(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """The steps forward, then their cotangents backward. Outputs: cotangents of the active captured wires, summed over
    the steps, then of the state."""
    held = number(box, "captures")
    backs: list[Diagram] = []
    for inside in box.insides:
        mask = (*active[:held], *differentiable(inside.dom[held:]))
        backs.append((yield deriver.body("vjp", inside, mask)))
    before = chosen(range(held), active[:held])
    state = box.dom[held:]
    dom = (*box.dom, *tangents(box.cod))
    cod = (*(box.dom[at] for at in before), *tangents(state))
    params = (*box.params, ("active", active[:held]))
    insides = (*box.insides, *backs)
    made = Diagram.of(Box(f"vjp[{box.name}]", dom, cod, origin="unwind", params=params, insides=insides, span=box.span))
    able = [at for at, on in enumerate(differentiable(state)) if on]
    wanted = [len(before) + number for number, at in enumerate(able) if active[held + at]]
    return choose(made, [*range(len(before)), *wanted]), False


def _unwind_forward(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """D[R[f]](x, l; dx, dl) = R[f](x, dl) + R[D[f](-, dx)](x, l): second derivatives are symmetric."""
    repeat, on = unwound(box)
    primal = len(repeat.dom)
    ports = Ports(box, active)
    build = ports.build
    x, cot = ports.ins[:primal], ports.ins[primal:]
    parts: list[list[int]] = [[] for _ in box.cod]
    if any(active[primal:]):
        seeds = [ports.tangent(primal + at, box.dom[primal + at]) for at in range(len(cot))]
        for part, wire in zip(parts, build.add(box, [*x, *seeds]), strict=True):
            part.append(wire)
    if any(active[:primal]):
        moved = active[:primal]
        tangent = yield deriver.body("jvp", Diagram.of(repeat), moved)
        back = yield deriver.body("vjp", tangent, (*on, *(False for _ in range(sum(moved)))))
        outs = lay(build, back, [*x, *(ports.dot[at] for at in range(primal) if moved[at]), *cot])
        for part, wire in zip(parts, outs, strict=True):
            part.append(wire)
    ends = [total(build, part) for part in parts]
    return build.build([end for end in ends if end is not None]), False


def _unwind_reverse(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """R[R[f]](x, l; m) = R[D[f](-, m)](x, l) and D[f](x, m)."""
    repeat, on = unwound(box)
    primal = len(repeat.dom)
    build = Builder((*box.dom, *tangents(box.cod)))
    x, cot, m = build.inputs[:primal], build.inputs[primal : len(box.dom)], build.inputs[len(box.dom) :]
    tangent = yield deriver.body("jvp", Diagram.of(repeat), on)
    ends: list[int] = []
    if any(active[:primal]):
        back = yield deriver.body("vjp", tangent, (*active[:primal], *(False for _ in m)))
        ends += lay(build, back, [*x, *m, *cot])
    if any(active[primal:]):
        ends += chosen(list(lay(build, tangent, [*x, *m])), active[primal:])
    return build.build(ends), False


# ------------------------------------------------------------------------------------------------ map, training


def _map_forward(deriver: Deriver, box: Box, active: Mask) -> Steps:
    held = number(box, "captures")
    (inside,) = box.insides
    ports = Ports(box, active)
    made = yield deriver.body("jvp", inside, active)
    order = beside(len(inside.dom), active, held)
    before = chosen(range(held), active[:held])
    after = [at for at in range(held, len(box.dom)) if active[at]]
    dom = (*box.dom[:held], *(box.dom[at] for at in before), *box.dom[held:], *(box.dom[at] for at in after))
    image = box_like(box, dom, tangents(box.cod), (in_order(made, order),), captures=held + len(before))
    ins = [*ports.ins[:held], *(ports.dot[at] for at in before), *ports.ins[held:], *(ports.dot[at] for at in after)]
    return ports.build.build(put(ports.build, image, ins)), False


def _map_reverse(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """The cotangents of captured wires come from every entry: they are stacked, and summed."""
    held = number(box, "captures")
    (inside,) = box.insides
    back = yield deriver.body("vjp", inside, active)
    before = chosen(range(held), active[:held])
    back = stacks.stackable(back, len(before), box)
    grid = stacks.grid_of(box)
    count = box.param("size")
    stacked = tuple(stacks.stack_of(wire, count, grid) for wire in tuple(back.cod)[: len(before)])
    after = tuple(box.dom[at] for at in range(held, len(box.dom)) if active[at])
    made = box_like(box, (*box.dom, *tangents(box.cod)), (*stacked, *after), (back,))
    build = Builder(made.dom)
    outs = put(build, made, build.inputs)
    sums = [stacks.summed(build, out, box.dom[at]) for out, at in zip(outs, before, strict=False)]
    return build.build([*sums, *outs[len(before) :]]), False


def _training(kind: str) -> Make:
    def made(deriver: Deriver, box: Box, active: Mask) -> Steps:
        insides = []
        for inside in box.insides:
            insides.append((yield deriver.body(kind, inside, active)))
        first = insides[0]
        return Diagram.of(box_like(box, tuple(first.dom), tuple(first.cod), tuple(insides))), False

    return made


# ------------------------------------------------------------------------------------------------- fold and scan


def _scan_forward(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """A scan of the step beside its tangent: the state has a tangent, and so have the rows."""
    (inside,) = box.insides
    held, state = number(box, "captures"), number(box, "state", len(box.cod))
    kept = held + state
    ports = Ports(box, active)
    able = differentiable(box.dom[held:kept])
    mask = (*active[:held], *able, *active[kept:])
    made = yield deriver.body("both", inside, mask)
    before, rows = chosen(range(held), active[:held]), [at for at in range(kept, len(box.dom)) if active[at]]
    first, moving = len(inside.dom) + len(before), sum(able)
    order = [
        *range(held),
        *range(len(inside.dom), first),
        *range(held, kept),
        *range(first, first + moving),
        *range(kept, len(inside.dom)),
        *range(first + moving, first + moving + len(rows)),
    ]
    ends = differentiable(box.cod[:state])
    outs = [*range(state), *range(len(box.cod), len(box.cod) + sum(ends)), *range(state, len(box.cod))]
    outs += range(len(box.cod) + sum(ends), len(made.cod))
    step = choose(in_order(made, order), outs)
    dots = [ports.tangent(held + at, box.dom[held + at]) for at, on in enumerate(able) if on]
    ins = [*ports.ins[:held], *(ports.dot[at] for at in before), *ports.ins[held:kept], *dots]
    ins += [*ports.ins[kept:], *(ports.dot[at] for at in rows)]
    later = (*box.cod[state:], *tangents(box.cod[state:]))
    cod = (*box.cod[:state], *tangents(box.cod[:state]), *later)
    dom = tuple(ports.build.types[wire] for wire in ins)
    image = box_like(box, dom, cod, (step,), captures=held + len(before), state=state + moving)
    found = put(ports.build, image, ins)
    primal = [*found[:state], *found[state + moving : state + moving + len(box.cod) - state]]
    tangent = [*found[state : state + moving], *found[moving + len(box.cod) :]]
    return ports.build.build([*primal, *tangent]), True


def _scan_reverse(deriver: Deriver, box: Box, active: Mask) -> Steps:
    """Forward, keeping the state that each step begins in; then a scan of the rows from the last to the first, whose
    state is the cotangent of the state, and the sums of the cotangents of captured wires."""
    (inside,) = box.insides
    held, state = number(box, "captures"), number(box, "state", len(box.cod))
    kept = held + state
    count = box.param("size")
    able = differentiable(box.dom[held:kept])
    mask = (*active[:held], *able, *active[kept:])
    back = yield deriver.body("vjp", inside, mask)
    build = Builder((*box.dom, *tangents(box.cod)))
    ins, seeds = build.inputs[: len(box.dom)], build.inputs[len(box.dom) :]
    keep = Builder(inside.dom)
    results = lay(keep, inside, keep.inputs)[:state]
    keeps = keep.build([*results, *(stacks.sampled(keep, wire) for wire in keep.inputs[held:kept])])
    kept_cod = (*box.cod[:state], *(stacks.stack_of(wire, count, None, box) for wire in keeps.cod[state:]))
    forward = Box("scan", box.dom, kept_cod, origin="std:scan", params=_scan(held, count, state), insides=(keeps,))
    before_steps = put(build, forward, ins)[state:]
    moving = sum(able)
    step = _back_step(inside, back, held, state, mask, moving)
    held_cot = tuple(box.dom[at] for at in chosen(range(held), active[:held]))
    backward_state = (*tangents(box.dom[held:kept]), *held_cot)
    rows = [*before_steps, *ins[kept:], *seeds[moving:]]
    rows = [stacks.flipped(build, row) for row in rows]
    begin = [*seeds[:moving], *(zero(build, wire) for wire in held_cot)]
    after = tuple(box.dom[at] for at in range(kept, len(box.dom)) if active[at])
    dom = tuple(build.types[wire] for wire in (*ins[:held], *begin, *rows))
    params = _scan(held, count, len(backward_state))
    backward = Box("scan", dom, (*backward_state, *after), origin="std:scan", params=params, insides=(step,))
    outs = put(build, backward, [*ins[:held], *begin, *rows])
    states = chosen(list(outs[:moving]), tuple(on for on, a in zip(active[held:kept], able, strict=True) if a))
    ends = [*outs[moving : len(backward_state)], *states]
    return build.build([*ends, *(stacks.flipped(build, out) for out in outs[len(backward_state) :])]), False


def _scan(captures: int, size: Value, state: int) -> tuple[tuple[str, Value], ...]:
    return (("captures", captures), ("size", size), ("state", state))


def _back_step(inside: Diagram, back: Diagram, held: int, state: int, mask: Mask, moving: int) -> Diagram:
    """One step backward: captured wires, the cotangents of the state and the sums so far, then the state, the rows and
    the cotangents of what the step gave."""
    kept = held + state
    types = tuple(inside.dom)
    before = chosen(range(held), mask[:held])
    sums = tuple(types[at] for at in before)
    cots = tangents(types[held:kept])
    later = tangents(tuple(inside.cod)[state:])
    rows = (*map(stacks.sample_of, types[held:kept]), *types[kept:])
    build = Builder((*types[:held], *cots, *sums, *rows, *later))
    at = iter(build.inputs)
    captured, cot, acc, primal, seeds = (
        [next(at) for _ in range(n)] for n in (held, moving, len(sums), len(types) - held, len(later))
    )
    primal = [stacks.as_field(build, wire, what) for wire, what in zip(primal, types[held:], strict=True)]
    outs = lay(build, back, [*captured, *primal, *cot, *seeds])
    added = [total(build, pair) for pair in zip(acc, outs[: len(sums)], strict=True)]
    ends = [*outs[len(sums) : len(sums) + moving], *(end for end in added if end is not None)]
    return build.build([*ends, *outs[len(sums) + moving :]])


# ---------------------------------------------------------------------------------------------------------- tree


def _tree(kind: str) -> Make:
    def made(deriver: Deriver, box: Box, active: Mask) -> Steps:
        return (yield deriver.body(kind, stacks.written_out(box), active)), False

    return made


_MADE: dict[tuple[str, str], Make] = {
    ("jvp", "repeat"): _repeat_forward,
    ("vjp", "repeat"): _repeat_reverse,
    ("jvp", "unwind"): _unwind_forward,
    ("vjp", "unwind"): _unwind_reverse,
    ("jvp", "std:map"): _map_forward,
    ("vjp", "std:map"): _map_reverse,
    ("jvp", "std:fold"): _scan_forward,
    ("jvp", "std:scan"): _scan_forward,
    ("vjp", "std:fold"): _scan_reverse,
    ("vjp", "std:scan"): _scan_reverse,
    ("jvp", "std:tree"): _tree("jvp"),
    ("vjp", "std:tree"): _tree("vjp"),
    ("jvp", "training"): _training("jvp"),
    ("vjp", "training"): _training("vjp"),
}
