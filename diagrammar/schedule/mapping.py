"""A `map` and its cotangent as a pair: the optic of what is inside, row by row.

Of an optic f' : A -> B @ M and f* : A @ B @ M @ TB -> TA of the inside, map[f'] leaves the residuals of all rows as
stacks, which map[f*] reads. The cotangents of what is captured, and the same for all samples, are summed inside.
"""

from __future__ import annotations

from diagrammar.box import Derivative
from diagrammar.derivative.stacks import grid_of, stack_of
from diagrammar.diagram import Box, Diagram, Flat
from diagrammar.schedule.optic import split, store
from diagrammar.schedule.residuals import Residual
from diagrammar.schedule.reverse import Joint, narrowed
from diagrammar.tangent import Mask, tangents
from diagrammar.types import Space, Tensor, Type


def optic_of_map(box: Box, mask: Mask, inner: Joint) -> tuple[Box, Box, Residual] | None:
    """The forward that leaves what the cotangent by the inputs `mask` reads, the cotangent, and what that reads.

    `inner` is the reverse pass of the inside. None where a residual has no stacks.

    >>> from diagrammar.derivative import Deriver
    >>> from diagrammar.elaborate.differentiation import DeclaredRules
    >>> from diagrammar.schedule.reverse import joint
    >>> x, rows = Tensor("R", (2,)), Tensor("R", (5, 2))
    >>> tanh = Box("tanh", (x,), (x,), origin="std:tanh").diagram()
    >>> params = (("captures", 0), ("size", 5))
    >>> box = Box("map", (rows,), (rows,), origin="std:map", params=params, insides=(tanh >> tanh,))
    >>> there, back, told = optic_of_map(box, (True,), joint(tanh >> tanh, (True,), (True,), Deriver(DeclaredRules())))
    >>> there.cod, told.reads, back.insides[0].boxes
    ((R[5, 2], R[5, 2]), (1, 2), [vjp[tanh], vjp[tanh]])
    """
    held = box.param("captures", 0)
    assert isinstance(held, int)
    optic = split(inner, store(inner))
    grid = grid_of(box)
    kept = [inner.types[wire] for wire in optic.kept]
    stackable = all(inner.batched[wire] and _has_stacks(inner.types[wire], grid) for wire in optic.kept)
    if not stackable or not all(optic.given) or any(on and inner.batched[at] for at, on in enumerate(mask[:held])):
        return None
    left = tuple(stack_of(wire, box.param("size"), grid) for wire in kept)
    there = Box(
        box.name, box.dom, (*box.cod, *left), origin=box.origin, params=box.params, insides=(optic.forward,),
        span=box.span, derived=Derivative("left", (), box),
    )  # fmt: skip
    count, results = len(box.dom), len(box.cod)
    places = [*range(count), *(count + at for at in optic.reads), *(count + results + at for at in range(len(left)))]
    flat = optic.backward.flat
    nodes = narrowed(flat.nodes, flat.outputs)
    read = {wire for node in nodes for wire in node.ins} | set(flat.outputs)
    wanted = [at for at in range(len(places)) if flat.inputs[at] in read]
    told = Residual(tuple(places[at] for at in wanted), left)
    around = (*box.dom, *box.cod, *left)
    dom = (*(around[at] for at in told.reads), *tangents(box.cod))
    inputs = (*(flat.inputs[at] for at in wanted), *flat.inputs[len(places) :])
    captured = sum(at < held for at in told.reads)
    params = tuple((name, captured if name == "captures" else value) for name, value in box.params)
    turned = Diagram(Flat(flat.types, inputs, nodes, flat.outputs))
    back = Box(
        box.name, dom, tuple(wire for wire, on in zip(box.dom, mask, strict=True) if on), origin=box.origin,
        params=(*params, ("totals", sum(mask[:held]))), insides=(turned,), span=box.span,
    )  # fmt: skip
    return there, back, told


def _has_stacks(wire: Type, grid: Space | None) -> bool:
    if not isinstance(wire, Tensor):
        return False
    return grid is None or (wire.kind == "R" and len(wire.sizes) <= 1)
