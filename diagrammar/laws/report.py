"""What a reader is told of a refuted law: the smallest case, both values, and where the sides part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagrammar.backends.torch.numbers import entry, shown, shown_at
from diagrammar.errors import LawError
from diagrammar.laws.draw import plain
from diagrammar.laws.parting import Parting
from diagrammar.laws.search import Raised, Refuted
from diagrammar.laws.sizes import grid_axes
from diagrammar.laws.subject import Case, Subject


def refuted(subject: Subject, found: Refuted, parting: Parting | None, replay: str) -> LawError:
    """The error of a refuted law, with its place."""
    gap, case = found.gap, found.case
    made, inputs, weights = subject.numbers(case)
    sample = gap.at[0] if gap.at and inputs and not gap.batched else 0
    notes = [f"at {_where(case)}"] if case.values or case.sizes else []
    for name, value in zip(made.sides.names, inputs, strict=True):
        if name not in case.values:
            notes.append(f"{name} = {shown(value if gap.batched else value[sample])}")
    notes += [f"weight {name} = {shown(value)}" for name, value in weights.items()]
    if gap.batched and made.pooled:
        notes.append(f"of the batch            {shown(gap.left[gap.wire])}")
        notes.append(f"turned round, and twice {shown(gap.right[gap.wire])}")
        what = f"`{subject.law.name}`: it matters how often or in which order a batch has its samples"
    elif gap.batched:
        notes.append(f"in a batch {shown(gap.left[gap.wire][0])}")
        notes.append(f"alone      {shown(gap.right[gap.wire][0])}")
        what = f"`{subject.law.name}`: a sample depends on the batch it is in, or on gradients being kept"
    else:
        relation = made.sides.relation
        notes.append(f"left   {shown_at(gap.left[gap.wire], sample, inputs)}")
        notes.append(f"right  {shown_at(gap.right[gap.wire], sample, inputs)}")
        notes += entry(gap)
        what = f"`{subject.law.name}` is refuted: left {relation} right does not hold"
    notes.append(f"defect {gap.defect:.3g}, allowed {found.tolerance:.3g}, both relative to {gap.scale:.4g}")
    if parting is not None:
        notes += parting.lines()
    return LawError(what, subject.law.span, [*notes, f"replay: {replay}"])


def raised(subject: Subject, found: Raised, replay: str) -> LawError:
    """The error of a law with a side that raises."""
    notes = [f"at {_where(found.case)}"] if found.case is not None and (found.case.values or found.case.sizes) else []
    text = str(found.error).strip() or type(found.error).__name__
    notes += [f"{type(found.error).__name__}: {text}".splitlines()[0], *text.splitlines()[1:]]
    return LawError(f"`{subject.law.name}`: a side raises", subject.law.span, [*notes, f"replay: {replay}"])


def not_refuted(subject: Subject, examples: int, replay: str) -> LawError:
    """The error of a law that is said to fail and was not seen to."""
    return LawError(
        f"`{subject.law.name}` is said to fail, and held in {examples} examples",
        subject.law.span,
        [f"replay: {replay}"],
    )


def _where(case: Case) -> str:
    parts = [f"{name} = {_number(plain(value))}" for name, value in case.values.items()]
    return ", ".join(parts + sizes_text(case.sizes))


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def sizes_text(sizes: Mapping[str, int]) -> list[str]:
    """`n = 3`, `X on 5 x 5`."""
    parts = []
    axes = grid_axes(sizes)
    for name, value in sizes.items():
        space, dot, axis = name.rpartition(".")
        if not dot:
            parts.append(f"{name} = {value}")
        elif axis == "0":
            grid = " x ".join(str(sizes[f"{space}.{k}"]) for k in range(axes[space]) if f"{space}.{k}" in sizes)
            parts.append(f"{space} on {grid}")
    return parts
