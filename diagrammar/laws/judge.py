"""One law, from its text to its outcome."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diagrammar.diagram import Diagram, definitions
from diagrammar.elaborate.laws import Statement
from diagrammar.equality import cartesian
from diagrammar.errors import BackendError, DiagrammarError
from diagrammar.law import Sides
from diagrammar.laws import report, saved
from diagrammar.laws.parting import Parting, parting
from diagrammar.laws.search import Raised, Refuted, search
from diagrammar.laws.subject import Case, Subject
from diagrammar.modules import Library
from diagrammar.outcome import Outcome
from diagrammar.proof import Budget, Equation, Proof, prove

# a search that takes longer than the cases of a law is not worth it
_BUDGET = Budget(states=50)


@dataclass(frozen=True)
class Terms:
    """How laws are judged: `examples` for each, a `seed`, where failing cases are kept (None: nowhere), and the command
    that a report names."""

    examples: int = 100
    seed: int = 0
    folder: Path | None = None
    command: str = "diagrammar check"
    boxes: Mapping[str, Any] | None = None
    weights: Mapping[str, Any] | None = None
    proofs: bool = True


def judge(law: Statement, terms: Terms, before: Sequence[Statement] = ()) -> Outcome:
    """What comes of a law; those `before` it may serve to prove it."""
    start = time.monotonic()
    line, _ = law.declared.source.place(law.ast.start)
    out = Outcome(law.declared.source.name, law.name, line, "passed")
    subject = Subject(law, terms.boxes, terms.weights)
    file = law.declared.source.name
    replay = f"{terms.command} {shlex.quote(file)} --law {law.name} --seed {terms.seed} --examples {terms.examples}"
    kept = saved.place(terms.folder, file, law.name) if terms.folder is not None else None
    proof = proved(law, before) if terms.proofs and not law.ast.fails else None
    if proof is not None:
        if kept is not None:
            kept.unlink(missing_ok=True)
        why = "; ".join(dict.fromkeys(step.reason for step in proof.steps)) or "one canonical form"
        seconds = time.monotonic() - start
        return replace(out, status="proved", seconds=seconds, note=why[:80], proof=proof.text())
    first = saved.load(kept) if kept is not None and not law.ast.fails else None
    found = search(subject, terms.examples, _seed(terms.seed, law.name), first, shrink=not law.ast.fails)
    out = replace(out, examples=found.examples, replay=replay)
    match found.what:
        case None if law.ast.fails:
            text = report.not_refuted(subject, found.examples, replay).render()
            out = replace(out, status="not refuted", report=text)
        case None:
            if first is not None and kept is not None:
                kept.unlink(missing_ok=True)
        case Refuted() as what if law.ast.fails:
            at = ", ".join(report.sizes_text(what.case.sizes))
            note = f"defect {what.gap.defect:.2g}" + (f" at {at}" if at else "")
            out = replace(out, status="refuted as stated", note=note)
        case Refuted() as what:
            out = _refuted(subject, what, replay, terms, kept, out)
        case Raised(_, BackendError() as unbound) if "bind it with boxes=" in unbound.message:
            out = replace(out, status="skipped", note=unbound.message)
        case Raised() as what:
            if what.case is not None and kept is not None:
                saved.save(kept, what.case)
            text = report.raised(subject, what, replay).render()
            out = replace(out, status="raised", report=text, note=str(what.error).splitlines()[0][:80])
    return replace(out, seconds=time.monotonic() - start)


def _refuted(subject: Subject, what: Refuted, replay: str, terms: Terms, kept: Path | None, out: Outcome) -> Outcome:
    where = None if what.gap.batched else parting(subject, what.case, what.tolerance)
    pictures: tuple[str, ...] = ()
    if kept is not None:
        saved.save(kept, what.case)
        pictures = _draw(subject, what.case, where, kept.with_suffix(""))
    error = report.refuted(subject, what, where, replay)
    text = "\n".join([error.render(), *(f"   picture: {path}" for path in pictures)])
    at = ", ".join(report.sizes_text(what.case.sizes))
    return replace(
        out,
        status="refuted",
        report=text,
        note=f"defect {what.gap.defect:.2g}" + (f" at {at}" if at else ""),
        defect=what.gap.defect,
        tolerance=what.tolerance,
        case=saved.plain(what.case),
        pictures=pictures,
    )


def _draw(subject: Subject, case: Case, where: Parting | None, stem: Path) -> tuple[str, ...]:
    """The pictures of both sides, with the boxes marked at which they part."""
    from diagrammar.backends.picture import picture
    from diagrammar.writing import write

    sides = subject.trial(case.values, case.sizes)[0].sides
    paths = []
    for word, side, box in (
        ("left", sides.left, where.left if where else None),
        ("right", sides.right, where.right if where else None),
    ):
        path = stem.with_name(f"{stem.name}.{word}.svg")
        write(path, picture(side, title=f"{subject.law.name}: {word}", marked=box).svg())
        paths.append(str(path))
    return tuple(paths)


def proved(law: Statement, before: Sequence[Statement] = ()) -> Proof | None:
    """A proof that both sides are one diagram for all values of everything that the law quantifies over.

    Laws `before` it that hold without conditions are equations to rewrite with. No axiom is used in the library itself,
    nor where the caller binds a box: that a box is linear is then what its laws are to show.
    """
    sides = _for_all(law)
    if sides is None or law.ast.relation != "==":
        return None
    boxes = {box.origin for side in (sides.left, sides.right) for level in definitions(side) for box in level.boxes}
    if "std:opened" in boxes:
        # one diagram, and it is asked whether a backend's own operation for it is right
        return None
    if isinstance(law.module, Library) or _is_bound(sides.left) or _is_bound(sides.right):
        return prove(sides.left, sides.right, names=sides.names) if _one_form(sides) else None
    return prove(sides.left, sides.right, equations=_equations(before), budget=_BUDGET, names=sides.names)


def _is_bound(side: Diagram) -> bool:
    """Whether the caller says what one of the boxes is."""
    boxes = [box for level in definitions(side) for box in level.boxes if not box.insides]
    return not all(box.origin.startswith("std:") or box.origin in ("weight", "state", "next") for box in boxes)


def _one_form(sides: Sides) -> bool:
    return sides.left == sides.right or cartesian(sides.left) == cartesian(sides.right)


def _for_all(law: Statement) -> Sides | None:
    """The sides at all values of static names at once; None where these decide what the sides are."""
    if set(law.kinds) - set(law.scalars(True)) - set(law.sizes):
        return None
    try:
        return law.sides({}, {}, True)
    except DiagrammarError:
        return None


def _equations(laws: Sequence[Statement]) -> list[Equation]:
    found = []
    for law in laws:
        if law.ast.fails or law.sets or law.ast.within or law.ast.relation != "==":
            continue
        sides = _for_all(law)
        # an instance of one law is no instance of another: only pure boxes mean the same in both
        if sides is None or any(box.key for side in (sides.left, sides.right) for box in side.boxes):
            continue
        found.append(Equation(law.name, sides.left, sides.right))
    return found


def _seed(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=6).digest(), "little")
