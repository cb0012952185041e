"""An `unwind` as the steps that it stands for: for what computes a diagram, and does not show it."""

from __future__ import annotations

from diagrammar.derivative.wiring import total
from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.errors import BudgetError
from diagrammar.tangent import tangents

_STEPS = 1_000_000


def written_out(diagram: Diagram) -> Diagram:
    """The diagram with every `unwind` in it, at all levels, as steps forward and steps backward. Each step is a
    `repeat` of one that says which it is, `first = k`: it owns what step k owns.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> f = Box("f", (x,), (x,)).diagram()
    >>> written_out(f) is f
    True
    """
    levels = definitions(diagram)
    if not any(box.origin == "unwind" for level in levels for box in level.boxes):
        return diagram
    made: dict[int, Diagram] = {}
    for level in levels:
        made[id(level)] = _level(level, made)
    return made[id(diagram)]


def _level(level: Diagram, made: dict[int, Diagram]) -> Diagram:
    flat = level.flat
    if all(made[id(inside)] is inside and box.origin != "unwind" for box in level.boxes for inside in box.insides):
        return level
    build = Builder(level.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    for node in flat.nodes:
        box = node.box
        insides = tuple(made[id(inside)] for inside in box.insides)
        if any(a is not b for a, b in zip(insides, box.insides, strict=True)):
            box = box.with_(insides=insides)
        ins = [at[wire] for wire in node.ins]
        outs = _steps(build, box, ins) if box.origin == "unwind" else build.add(box, ins)
        at.update(zip(node.outs, outs, strict=True))
    flat = build.build(at[wire] for wire in flat.outputs).flat
    return Diagram(flat, level.name, level.origin)


def _steps(build: Builder, box: Box, ins: list[int]) -> list[int]:
    count, held = box.param("count", 1), box.param("captures", 0)
    assert isinstance(count, int) and isinstance(held, int)
    if count > _STEPS:
        raise BudgetError(f"the derivative of a repeat of {count:,} steps is past the budget of {_STEPS:,}", box.span)
    half = len(box.insides) // 2
    forward, backward = box.insides[:half], box.insides[half:]
    captured = ins[:held]
    width = len(forward[0].dom) - held
    states = [ins[held : held + width]]
    for k in range(count - 1):
        states.append(list(_step(build, box, forward[k % half], k, [*captured, *states[-1]])))
    cots = ins[held + width :]
    sums: list[list[int]] = []
    for k in range(count - 1, -1, -1):
        outs = list(_step(build, box, backward[k % half], k, [*captured, *states.pop(), *cots]))
        able = len(tangents(forward[k % half].dom[held:]))
        sums.append(outs[: len(outs) - able])
        cots = outs[len(outs) - able :]
    totals = [total(build, parts) for parts in zip(*sums, strict=True)]
    return [*(wire for wire in totals if wire is not None), *cots]


def _step(build: Builder, box: Box, inside: Diagram, k: int, ins: list[int]) -> tuple[int, ...]:
    params = (("count", 1), ("captures", box.param("captures", 0)), ("first", k))
    step = Box(
        "repeat", tuple(inside.dom), tuple(inside.cod), origin="repeat", params=params, insides=(inside,), span=box.span
    )
    return build.add(step, ins)
