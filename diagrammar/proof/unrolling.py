"""Loops laid out: a diagram without `repeat`, each step of a loop with instances of its own."""

from __future__ import annotations

from collections.abc import Mapping

from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.rope import body_keys, rekeyed

# between the name of an instance and the step of the loop that counts it
MARK = "#"


def unrolled_size(diagram: Diagram) -> int:
    """How many boxes a diagram has with its frames and its loops laid out."""
    sizes: dict[int, int] = {}
    for level in definitions(diagram):
        total = 0
        for box in level.boxes:
            inner = [sizes[id(inside)] for inside in box.insides]
            total += 1 + (inner[0] * _count(box) if len(inner) == 1 else sum(inner))
        sizes[id(level)] = total
    return sizes[id(diagram)]


def has_loops(diagram: Diagram) -> bool:
    """Whether a diagram has a `repeat` that can be laid out: one whose instances have plain names."""
    levels = definitions(diagram)
    boxes = [box for level in levels for box in level.boxes]
    return any(map(_is_loop, boxes)) and not any(MARK in (box.key or "") for box in boxes)


def unrolled(diagram: Diagram) -> Diagram:
    """The diagram with every `repeat` laid out: an instance `f` of a step becomes `f#0`, `f#1`, ...; a share stays.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> step = Diagram.of(Box("f", (x,), (x,), key="f"))
    >>> loop = Box("repeat", (x,), (x,), origin="repeat", params=(("count", 3), ("captures", 0)), insides=(step,))
    >>> [box.key for box in unrolled(Diagram.of(loop)).boxes]
    ['f#0', 'f#1', 'f#2']
    """
    images: dict[int, Diagram] = {}
    for level in definitions(diagram):
        images[id(level)] = _level(level, images)
    return images[id(diagram)]


def _is_loop(box: Box) -> bool:
    return box.origin == "repeat" and box.key is None


def _count(box: Box) -> int:
    count = box.param("count", len(box.insides)) if _is_loop(box) else 1
    assert isinstance(count, int)
    return count


def _level(level: Diagram, images: Mapping[int, Diagram]) -> Diagram:
    flat = level.flat
    build = Builder([flat.types[w] for w in flat.inputs])
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    for node in flat.nodes:
        box, ins = node.box, [at[w] for w in node.ins]
        if box.insides and not _is_loop(box):
            box = box.with_(insides=tuple(images[id(inside)] for inside in box.insides))
        outs = _steps(build, box, ins, images) if _is_loop(box) else list(build.add(box, ins))
        at.update(zip(node.outs, outs, strict=True))
    return build.build([at[w] for w in flat.outputs], level.name, level.origin)


def _steps(build: Builder, box: Box, ins: list[int], images: Mapping[int, Diagram]) -> list[int]:
    """The steps of a loop, one after the other."""
    captures = box.param("captures", 0)
    assert isinstance(captures, int)
    held, state = ins[:captures], ins[captures:]
    for step in range(_count(box)):
        inside = images[id(box.insides[step if len(box.insides) > 1 else 0])]
        names = {key: f"{key}{MARK}{step}" for key in body_keys(inside) if key[0] not in "~^/"}
        flat = inside.flat
        at = dict(zip(flat.inputs, held + state, strict=True))
        for node in flat.nodes:
            outs = build.add(rekeyed(node.box, names), [at[w] for w in node.ins])
            at.update(zip(node.outs, outs, strict=True))
        state = [at[w] for w in flat.outputs]
    return state
