"""Definitions: each declaration elaborated once for each set of static arguments, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diagrammar.derivative import Deriver
from diagrammar.derivative.opening import Opener
from diagrammar.diagram import Box, Bundle, Diagram, definitions
from diagrammar.elaborate import naming, statements
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.finish import finish
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole
from diagrammar.elaborate.statics import NeedsConcrete
from diagrammar.elaborate.unused import check_used
from diagrammar.elaborate.values import Declared, Implicit, Resolved, Scope, TypeValue, Wire
from diagrammar.errors import BudgetError, DiagrammarError, DiagramTypeError, DiagramValueError, moved
from diagrammar.pause import paused
from diagrammar.sizes import Size
from diagrammar.source import Span
from diagrammar.steps import Steps, run

BUDGET = 100_000
# instances of declarations that are being elaborated inside each other; text nests deeper, recursion need not
RECURSION = 4_000
# types that name types that name types
TYPES = 50


class Definition:
    """A declaration at its static arguments: its diagram, and the conditions on free sizes."""

    __slots__ = ("conditions", "diagram")

    def __init__(self, diagram: Diagram, conditions: tuple[tuple[Size, int], ...]) -> None:
        self.diagram = diagram
        self.conditions = conditions


class Elaborator:
    """Makes definitions, remembers them, and counts boxes before they are spent."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self.rigid: set[str] = set()
        self._made: dict[Any, Definition | None] = {}
        # definitions that are being made, each inside of the one before
        self._begun: list[Any] = []
        self._failed: dict[Any, DiagrammarError] = {}
        # counts by the identity of diagrams, which are kept alive here
        self._counts: dict[int, tuple[Diagram, int]] = {}
        # mentions whose parameters follow from the types there
        self.solved: dict[Any, tuple[dict[str, Any], dict[tuple[int, str], Any], tuple[Any, ...]]] = {}
        self._kinds: dict[str, frozenset[str]] = {}
        self._depth: dict[str, int] = {}
        self._entered = 0
        self._spent = 0
        # how often the place that is being elaborated stands in the expansion
        self._times = 1
        self._types = 0
        # type and space names that are being worked out
        self.aliases: list[Declared | None] = []
        self._deriver: Deriver | None = None
        # what makes wires of weights, and knows the diagrams that it did that to
        self.opener = Opener()
        # the mentions that led to the definition that is being made
        self._path: list[tuple[Declared, Span]] = []

    # --------------------------------------------------------------------------------------------- counting

    def count(self, diagram: Diagram, boxes: int) -> None:
        """Notes how many boxes a diagram expands to."""
        self._counts[id(diagram)] = (diagram, boxes)

    @property
    def deriver(self) -> Deriver:
        """What takes derivatives, and knows those that it took."""
        if self._deriver is None:
            from diagrammar.elaborate.differentiation import DeclaredRules

            self._deriver = Deriver(DeclaredRules())
        return self._deriver

    def is_counted(self, diagram: Diagram) -> bool:
        """Whether it is known how many boxes a diagram expands to."""
        return id(diagram) in self._counts

    def count_of(self, diagram: Diagram) -> int:
        """How many boxes a diagram expands to."""
        return self._counts[id(diagram)][1]

    def count_all(self, diagram: Diagram) -> None:
        """Counts a diagram that a pass has made, and those inside it."""
        for level in definitions(diagram, lambda box: not all(map(self.is_counted, box.insides))):
            self.count(level, sum(map(self.size_of, level.boxes)))

    def size_of(self, box: Box) -> int:
        """How many boxes a box expands to."""
        total = sum(self.count_of(inside) for inside in box.insides)
        count = box.param("count")
        if (box.origin, len(box.insides)) in (("repeat", 1), ("unwind", 2)) and isinstance(count, int):
            total *= count
        return total + 1

    def afford(self, diagram: Diagram, span: Span) -> None:
        """Refuses a diagram that expands past the budget."""
        if self.count_of(diagram) > self.budget:
            raise self._over(span, f"this expands to {_number(self.count_of(diagram))} boxes, past")

    def spend(self, boxes: int, span: Span) -> None:
        """Counts steps that are elaborated one by one."""
        self._spent += boxes
        if self._spent > self.budget:
            raise self._over(span, "this expands to more than")

    def times(self, count: int, span: Span) -> None:
        """Enters steps that are elaborated one by one: nested ones multiply, and are counted before they are made."""
        self._times *= count
        if self._times > self.budget:
            raise self._over(span, "nested steps expand to more than")

    def times_over(self, count: int) -> None:
        """Leaves such steps."""
        self._times //= count

    def enter(self, span: Span) -> None:
        """One level of static recursion more."""
        self._entered += 1
        if self._entered > RECURSION:
            self._entered = 0
            raise BudgetError(f"static recursion deeper than {RECURSION} levels", span)

    def leave(self) -> None:
        """One level of static recursion less."""
        self._entered -= 1

    def enter_type(self, span: Span) -> None:
        """One type inside the text of another more: these nest on Python's stack, and need not nest deep."""
        self._types += 1
        if self._types > TYPES:
            raise BudgetError(f"types nested deeper than {TYPES} levels", span)

    def leave_type(self) -> None:
        """One type less."""
        self._types -= 1

    def _over(self, span: Span, what: str) -> BudgetError:
        return BudgetError(
            f"{what} the budget of {self.budget} boxes",
            span,
            hint="a larger budget is an argument: dg.load(..., budget=...)",
        )

    def kinds(self, name: str) -> frozenset[str]:
        """The words after `is` of a box of `std`."""
        if name not in self._kinds:
            from diagrammar.modules import std

            self._kinds[name] = frozenset(word.name for word in std().find(name).declared.ast.kinds)
        return self._kinds[name]

    # ------------------------------------------------------------------------------------------- definitions

    def definition(self, declared: Declared, values: Mapping[str, Any], span: Span) -> Definition:
        """A declaration at static arguments, from outside of any body."""
        result: Definition = self.guarded(lambda: self.define(declared, dict(values), {}, span), span)
        return result

    def guarded(self, make: Callable[[], Steps], span: Span) -> Any:
        """What is made from outside of any body: counted from nothing, and forgotten where it fails.

        The derivative of a box of the file is made from outside too, while the body is made that it stands in.
        """
        around = self._set_aside()
        self.begin()
        try:
            with paused():
                return run(make())
        except NeedsConcrete as error:
            self.forget()
            if self.rigid:
                raise
            raise DiagramValueError(
                "a static value is wanted here, and this depends on a free size", error.span or span
            ) from None
        except DiagrammarError as error:
            self.forget()
            raise self._for_users(error) from None
        except BaseException:
            self.forget()
            raise
        finally:
            self._spent, self._entered, self._times = around[0]
            self._path, self._depth, self._begun = around[1:]

    def _set_aside(self) -> tuple[Any, ...]:
        """What is counted and remembered for what is being made; the caller's is kept as it is."""
        found = (self._spent, self._entered, self._times), self._path, self._depth, self._begun
        self._path, self._depth, self._begun = [], {}, []
        return found

    def _for_users(self, error: DiagrammarError) -> DiagrammarError:
        """An error inside of the library is shown at the mention that led there."""
        if error.span is None or not is_library(error.span) or not self._path or is_library(self._path[0][1]):
            return error
        for declared, span in reversed(self._path):
            if not is_library(span):
                return moved(error, span, f"`{declared.name}`")
        return error

    def begin(self) -> None:
        """Starts to count anew, for what is elaborated from outside of any body."""
        self._spent = 0
        self._entered = 0
        self._times = 1
        self._path.clear()
        self._depth.clear()

    def forget(self) -> None:
        """Drops what was begun and not finished."""
        for key in self._begun:
            if self._made.get(key) is None:
                self._made.pop(key, None)
        self._begun.clear()

    def define(
        self, declared: Declared, values: dict[str, Any], implicit: dict[tuple[int, str], Any], span: Span
    ) -> Steps:
        """A declaration at static arguments; made once."""
        key = (
            id(declared.ast),
            tuple(_identity(value) for value in values.values()),
            tuple((name, _identity(value)) for name, value in implicit.items()),
        )
        if key in self._made:
            made = self._made[key]
            if made is None:
                self._made.pop(key)
                raise BudgetError(f"`{declared.name}` contains itself, without end", span)
            return made
        self._made[key] = None
        self._begun.append(key)
        depth = self._depth.get(declared.origin, 0) + 1
        if depth > RECURSION:
            raise BudgetError(f"`{declared.name}` recurses deeper than {RECURSION} levels", span)
        self._depth[declared.origin] = depth
        self._path.append((declared, span))
        made = yield self._make(declared, values, implicit)
        self._path.pop()
        self._depth[declared.origin] = depth - 1
        if self.count_of(made.diagram) > self.budget:
            raise self._over(span, f"`{declared.name}` expands to {_number(self.count_of(made.diagram))} boxes, past")
        self._made[key] = made
        self._begun.pop()
        return made

    def _make(self, declared: Declared, values: dict[str, Any], implicit: dict[tuple[int, str], Any]) -> Steps:
        body = Body(self, declared)
        known = Implicit()
        known.known.update(implicit)
        scope = Scope(declared.scope.module, declared.source, declared.scope, None, known)
        graph = Graph(None, 0, self.budget)
        if declared.keys is None:
            declared.keys = naming.keys(declared.ast.body, scope)
        body.keys = declared.keys
        for name, value in values.items():
            scope.names[name] = _inside(value, graph)
        dom = statements.header_inputs(body, declared, scope, graph)
        outs: tuple[Wire, ...] = yield statements.declared_body(body, declared, scope, graph, dom)
        numbers = tuple(map(graph.bring, outs))
        body.finish()
        check_used(declared)
        diagram = yield finish(body, graph, numbers)
        diagram.name, diagram.origin = declared.name, declared.origin
        return Definition(diagram, tuple(body.unifier.conditions))


def is_library(span: Span) -> bool:
    """Whether a place is in the text of the standard library."""
    return span.source.name.startswith("std/")


def _number(count: int) -> str:
    return (
        str(count)
        if count < 10**12
        else f"about 10^{len(str(count)) - 1}"
        if count.bit_length() < 10_000
        else "far more"
    )


def _identity(value: Any) -> Any:
    if isinstance(value, Resolved):
        return value.identity()
    return (type(value).__name__, value)


def _inside(value: Any, graph: Graph) -> Any:
    """A static argument as the body of the callee sees it."""
    if isinstance(value, Bundle):
        return TypeValue(value.types)
    if isinstance(value, BundleHole):
        raise DiagramTypeError("a type is not known")
    if isinstance(value, Resolved):
        mine = Resolved(
            value.inside, value.captured, value.dom, value.cod, value.origin, value.params, value.key, value.count
        )
        mine.box = value.box
        mine.marks = value.marks
        mine.wires = tuple(graph.input(wire) for wire in value.captured)
        return mine
    return value
