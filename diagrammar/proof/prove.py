"""Proofs that two diagrams are equal: by their canonical forms, by the axioms of real numbers, and by equations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from diagrammar.diagram import Diagram
from diagrammar.equality import BUDGET, expanded_size
from diagrammar.errors import BudgetError, DiagramValueError
from diagrammar.pause import pausing
from diagrammar.proof.derivation import Step, Writer
from diagrammar.proof.equation import Equation, check_alike
from diagrammar.proof.kernel import form, leads, merged
from diagrammar.proof.kinds import every, none, uniform
from diagrammar.proof.normal import Axioms
from diagrammar.proof.search import Search, steps
from diagrammar.proof.show import expression
from diagrammar.proof.terms import Closed, Store, is_pure
from diagrammar.proof.unrolling import has_loops, unrolled, unrolled_size


class Budget(NamedTuple):
    """How far a proof is looked for: boxes of a diagram with all laid out, states reached, steps, summands."""

    boxes: int = 5_000
    states: int = 200
    steps: int = 200
    summands: int = 500


class Proof:
    """That two diagrams are equal, step by step; `unrolled` says that their loops are laid out first.

    Without steps both have the same canonical form. `sides` are both as expressions, to read.
    """

    __slots__ = ("equations", "left", "right", "sides", "steps", "unrolled")

    def __init__(
        self,
        left: Diagram,
        right: Diagram,
        steps: Sequence[Step],
        equations: Sequence[Equation],
        unrolled: bool,
        sides: tuple[str, str],
    ) -> None:
        self.left = left
        self.right = right
        self.steps = tuple(steps)
        self.equations = tuple(equations)
        self.unrolled = unrolled
        self.sides = sides

    @property
    def over_the_reals(self) -> bool:
        """Whether it holds for real numbers, and for floating-point ones up to rounding only."""
        return any(step.rule != "equation" for step in self.steps)

    def text(self) -> str:
        """The derivation, a line for each step: what becomes what, and why."""
        left, right = self.sides
        how = ", once loops are laid out" if self.unrolled else ""
        if not self.steps:
            return f"{left}  =  {right}   have one canonical form{how}\n"
        real = " over the reals" if self.over_the_reals else ""
        lines = [f"{left}  =  {right}{real}{how}"]
        for step in self.steps:
            if step.shown[0] == step.shown[1]:
                # `u - v` and `u + -1 * v` are read alike
                continue
            place = f"   at {step.span}" if step.span is not None else ""
            lines.append(f"  {step.shown[0]}  =  {step.shown[1]}   by {step.reason}{place}")
        return "\n".join(lines) + "\n"

    def __repr__(self) -> str:
        return f"<proof of {len(self.steps)} steps>"


@pausing
def prove(
    left: Diagram,
    right: Diagram,
    *,
    equations: Sequence[Equation] = (),
    budget: Budget | None = None,
    names: Sequence[str] = (),
) -> Proof | None:
    """A proof that two diagrams are equal, checked; None where none is found, which says nothing.

    Equal keys on both sides are one instance, and different ones are never confused. Diagrams in which something is
    random or keeps a state are compared by their canonical forms alone. `names` are those of the inputs, to read.

    Raises DiagramTypeError where the diagrams are not of one type, DiagramValueError for two equations of one name.

    >>> import diagrammar as dg
    >>> text = "diagram f(u : R[2], v : R[2]) -> R[2] {{ return {} }}"
    >>> left, right = (dg.loads(text.format(e))["f"] for e in ("2 * u - v", "u - (v - u)"))
    >>> print(prove(left, right, names="uv").text(), end="")
    2 * u - v  =  u - (v - u) over the reals
      2 * u - v  =  u - (v - u)   by arithmetic   at text.dg:1:48
    """
    check_alike(left, right)
    known = [equation.name for equation in equations]
    for name in known:
        if known.count(name) > 1:
            raise DiagramValueError(f"two equations are called `{name}`")
    budget = budget or Budget()
    if max(expanded_size(left), expanded_size(right)) > BUDGET:
        return None
    named = _names(left, names)
    if form(left) == form(right):
        return Proof(left, right, (), equations, False, _sides(left, right, named, budget))
    if not (is_pure(left) and is_pure(right)):
        return None
    for near, far, closed, loose in _ways(left, right, budget):
        try:
            found = _search(near, far, equations, budget, closed, named)
        except BudgetError:
            continue
        if found is not None and leads(near, far, found, equations):
            return Proof(left, right, found, equations, loose, _sides(left, right, named, budget))
    return None


def check_proof(proof: Proof) -> bool:
    """Whether every step of a proof is right; the search that found it is not asked."""
    left, right = proof.left, proof.right
    if proof.unrolled:
        left, right = unrolled(left), unrolled(right)
    return leads(left, right, proof.steps, proof.equations)


def _ways(left: Diagram, right: Diagram, budget: Budget) -> Iterator[tuple[Diagram, Diagram, Closed, bool]]:
    """Both sides as they are looked at: with all frames closed, all but activations open, all open; with loops as they
    are, and laid out. Whatever is opened later has more to be found out about, and more work to it.
    """
    loops = has_loops(left) or has_loops(right)
    loose = loops and max(unrolled_size(left), unrolled_size(right)) <= budget.boxes
    if max(expanded_size(left), expanded_size(right)) <= budget.boxes:
        # a loop of linear boxes is linear however long it is
        for closed in (every,) if loose else (every, uniform, none):
            yield left, right, closed, False
    if loose:
        near, far = unrolled(left), unrolled(right)
        for closed in (every, uniform, none):
            yield near, far, closed, True


def _search(
    left: Diagram, right: Diagram, equations: Sequence[Equation], budget: Budget, closed: Closed, names: Sequence[str]
) -> list[Step] | None:
    store = Store(20 * budget.boxes)
    inputs = store.inputs(tuple(left.dom), "law")
    start, end = (store.load(side, inputs, closed=closed) for side in (left, right))
    axioms = Axioms(store, budget.summands)
    met = Search(axioms, equations, closed, budget.states).between(start, end)
    if met is None:
        return None
    writer = Writer(axioms, inputs, names, budget.steps)
    there, one = steps(writer, start, met[0])
    back, other = steps(writer, end, met[1])
    return merged(there + [step.reversed() for step in reversed(back)]) if one == other else None


def _names(left: Diagram, names: Sequence[str]) -> tuple[str, ...]:
    count = len(left.dom)
    return tuple(names) if len(names) == count else tuple(f"x{at + 1}" for at in range(count))


def _sides(left: Diagram, right: Diagram, names: Sequence[str], budget: Budget) -> tuple[str, str]:
    """Both sides as expressions; large ones, and those with random boxes, by their types."""
    shown = []
    for side in (left, right):
        if expanded_size(side) > budget.boxes or not is_pure(side):
            shown.append(repr(side))
            continue
        store = Store()
        inputs = store.inputs(tuple(side.dom), "law")
        named = dict(zip(inputs, names, strict=True))
        ends = store.load(side, inputs, closed=every)
        shown.append(", ".join(expression(store, wire, named) for wire in ends))
    return shown[0], shown[1]
