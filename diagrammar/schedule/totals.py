"""Sums over the batch: the cotangent of a wire that all samples share."""

from __future__ import annotations

from diagrammar.diagram import Box, Builder, Diagram, Flat
from diagrammar.tangent import Mask

TOTAL = "std:batch_sum"


def totalled(diagram: Diagram, sums: Mask) -> Diagram:
    """The diagram with those of its outputs that `sums` says summed over the batch.

    A contraction sums the batch like an axis of its own, so that no product of one sample is ever held; a frame sums
    inside.

    >>> from diagrammar.types import Tensor
    >>> x, w = Tensor("R", (2,)), Tensor("R", (3, 2))
    >>> outer = Box("einsum", (Tensor("R", (3,)), x), (w,), origin="std:einsum", params=(("pattern", "b, a -> b a"),))
    >>> [dict(box.params)["batch"] for box in totalled(outer.diagram(), (True,)).boxes]
    ['sum']
    """
    flat = diagram.flat
    build = Builder(diagram.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    uses: dict[int, int] = {}
    for wire in (*flat.outputs, *(wire for node in flat.nodes for wire in node.ins)):
        uses[wire] = uses.get(wire, 0) + 1
    wanted = {wire for wire, on in zip(flat.outputs, sums, strict=True) if on and uses[wire] == 1}
    done: set[int] = set()
    for node in flat.nodes:
        box = node.box
        inner = tuple(wire in wanted for wire in node.outs)
        if any(inner) and box.origin == "std:einsum":
            box = _contracting(box)
            done |= set(node.outs)
        elif any(inner) and len(box.insides) == 1 and box.key is not None:
            # frames of cotangents stand one in another only as deep as derivatives of derivatives
            box = box.with_(insides=(totalled(box.insides[0], inner),))
            done |= {wire for wire in node.outs if wire in wanted}
        at.update(zip(node.outs, build.add(box, [at[wire] for wire in node.ins]), strict=True))
    ends = []
    for wire, on in zip(flat.outputs, sums, strict=True):
        end = at[wire]
        if on and wire not in done:
            end = total_box(build, end)
        ends.append(end)
    made = build.build(ends)
    return Diagram(Flat(made.flat.types, made.flat.inputs, made.flat.nodes, made.flat.outputs), diagram.name)


def total_box(build: Builder, wire: int) -> int:
    """The sum of a wire over the batch."""
    what = build.types[wire]
    (end,) = build.add(Box("batch_sum", (what,), (what,), origin=TOTAL, kinds=frozenset({"linear", "batch"})), [wire])
    return end


def _contracting(box: Box) -> Box:
    return Box(
        box.name, box.dom, box.cod, origin=box.origin, params=(*box.params, ("batch", "sum")), kinds=box.kinds,
        span=box.span,
    )  # fmt: skip
