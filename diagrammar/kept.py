"""What a training step keeps of a diagram, and what it computes again: box by box, for `show --backward`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from diagrammar.backends.cost.show import aligned, as_bytes, as_count
from diagrammar.diagram import Diagram
from diagrammar.planning import figures, flops, planned
from diagrammar.schedule.plan import Plan
from diagrammar.schedule.storage import Bytes, Measure, peak
from diagrammar.types import show

Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Row:
    """A box, or all boxes below a path: bytes that are `stored` for the backward, how many boxes run `again` in it, of
    how many, and their operations; `mark` is the innermost mark round them, "store" or "recompute", "" where there is
    none, and "several" where they differ."""

    name: str
    stored: int
    boxes: int
    again: int
    flops: int
    mark: str = ""


@dataclass(frozen=True)
class Kept:
    """The rows of a plan, and its totals: bytes `between` forward and backward, with the results; the most that live at
    once, `peak`, with gradients and results, besides inputs and weights; operations of a forward, and those `again`."""

    rows: tuple[Row, ...]
    between: int
    peak: int
    forward: int
    again: int


def kept(plan: Plan, measure: Measure, depth: int) -> Kept:
    """What a plan keeps, by box; boxes deeper than `depth` names are put together."""
    sizes = Bytes(plan.joint, measure)
    stored = dict.fromkeys((*plan.optic.kept, *(plan.joint.results[at] for at in plan.optic.reads)))
    times = Counter(plan.optic.again)
    rows: dict[str, Row] = {}
    whole = more = 0
    for at, node in enumerate(plan.joint.forward):
        work = flops(node.box, measure)
        again = times[at]
        whole, more = whole + work, more + again * work
        name = _shortened(plan.flat.names[at], depth)
        found = plan.flat.marks[at]
        mark = found.kind if found is not None else ""
        row = rows.get(name, Row(name, 0, 0, 0, 0, mark))
        own = sum(sizes.size[wire] for wire in node.outs if wire in stored)
        mark = mark if mark == row.mark else "several"
        rows[name] = Row(name, row.stored + own, row.boxes + 1, row.again + again, row.flops + again * work, mark)
    most, between = peak(plan.joint, plan.optic, sizes)
    return Kept(tuple(rows.values()), between, most, whole, more)


def _shortened(name: tuple[str, str], depth: int) -> str:
    path, own = name
    parts: list[str] = []
    for part in path.split(".") if path else ():
        # the number of a step belongs to the name before it
        if part.isdecimal() and parts:
            parts[-1] += f".{part}"
        else:
            parts.append(part)
    return ".".join([*parts, own][:depth])


def _found(diagram: Diagram, memory: str | int, at: Sizes, depth: int, batch: int) -> Kept:
    plan = planned(diagram, memory, at=at, batch=batch, inputs=False)
    return kept(plan, figures(diagram, at, batch, 4).measure, max(depth, 1))


def table(name: str, diagram: Diagram, memory: str | int, at: Sizes, depth: int = 2, batch: int = 1) -> str:
    """The table: gradients are those of the weights, numbers have 4 bytes."""
    found = _found(diagram, memory, at, depth, batch)
    lines = [["box", "mark", "backward", "stored", "again", "FLOPs again"]]
    for row in found.rows:
        what = "stored" if row.stored and not row.again else "recomputed" if row.again and not row.stored else ""
        what = "both" if row.stored and row.again else what
        again = f"{row.again} of {row.boxes}" if row.again else ""
        numbers = (as_bytes(row.stored) if row.stored else "", again, as_count(row.flops) if row.flops else "")
        lines.append([row.name, row.mark, what, *numbers])
    marked = any(row.mark for row in found.rows)
    if not marked:
        lines = [[name, *rest] for name, _, *rest in lines]
    share = f"{100 * found.again / found.forward:.0f} % of a forward" if found.forward else "nothing"
    return "\n".join([
        f"{name} : {show(diagram.dom)} -> {show(diagram.cod)}",
        "",
        aligned(lines, 3 if marked else 2),
        "",
        f"{as_bytes(found.between)} wait for the backward, at most {as_bytes(found.peak)} live at once",
        f"{as_count(found.again)} FLOPs are done again: {share}",
    ])  # fmt: skip


def as_json(name: str, diagram: Diagram, memory: str | int, at: Sizes, depth: int = 2, batch: int = 1) -> str:
    """The same with exact figures."""
    found = _found(diagram, memory, at, depth, batch)
    return json.dumps({"name": name, "memory": memory, **asdict(found)}, indent=2)
