"""Sums over the rows of an opened `map`, done where the products are.

The cotangent of a wire that a `map` captures is one for each row, stacked and summed. A product that is summed is a
contraction: the sum goes into the `einsum`. And the cotangent of a weight by one operation is the sum already: it is
owed, till all that was stacked has been summed.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.derivative.wiring import total
from diagrammar.diagram import Box, Builder
from diagrammar.schedule.axes import STACKED, Axis, Level, without
from diagrammar.schedule.consing import Cons
from diagrammar.types import Tensor, Type

# what is linear and of one wire may come before the sum or after it
_THROUGH = frozenset(f"std:{name}" for name in ("rearrange", "sample", "field"))
# a name that no pattern of a text has
_ROW = "row_"


class OwedError(Exception):
    """A sum is asked for sample by sample, which one operation does not give."""


class Owed:
    """A wire that is summed over the axes `level` already; `over` where its rows are stacked."""

    __slots__ = ("level", "over", "wire")

    def __init__(self, wire: int, level: Level, over: Axis | None = None) -> None:
        self.wire = wire
        self.level = level
        self.over = over


class Sums:
    """Puts boxes into a body, those that sum rows at their best place."""

    __slots__ = ("cons", "owed")

    def __init__(self, cons: Cons) -> None:
        self.cons = cons
        self.owed: dict[int, Owed] = {}

    def owing(self, wire: int, level: Level, over: Axis | None = None, what: Type | None = None) -> int:
        """A wire that stands for one of these axes, and is the sum of it: where there are none, the sum itself."""
        if not level and over is None:
            return wire
        stands = self.cons.wire(what or self.cons.types[wire], level)
        self.owed[stands] = Owed(wire, level, over)
        return stands

    def add(self, box: Box, ins: Sequence[int], region: int, alone: bool = False) -> tuple[int, ...]:
        """One box on its wires. Raises OwedError where it asks for what is summed already."""
        if box.origin == "std:add" and box.dom[0] == box.dom[1]:
            # zeros stand in derivatives for what does not matter
            for zero, other in (ins, reversed(ins)):
                if self.cons.is_zero(zero):
                    return (other,)
        if box.origin == "std:einsum" and any(self.cons.is_zero(wire) for wire in ins):
            return (self.cons.number(0, box.cod[0]),)
        if any(wire in self.owed for wire in ins):
            return (self._owed(box, ins, region),)
        if box.origin == "std:einsum" and len(ins) == 1 and is_row_sum(box):
            found = self._sum(ins[0], region)
            if found is not None:
                return (found,)
        return self.cons.add(box, ins, region, alone)

    def stacked(self, wire: int, stack: Type, axis: Axis) -> int:
        """Samples as the rows of a wire."""
        owed = self.owed.get(wire)
        if owed is None:
            return self.cons.stacked(wire, stack, axis)
        if owed.over is not None or axis not in owed.level:
            raise OwedError
        return self.owing(owed.wire, without(owed.level, axis), axis, stack)

    def _owed(self, box: Box, ins: Sequence[int], region: int) -> int:
        first = self.owed.get(ins[0])
        if first is None:
            raise OwedError
        if first.over is not None:
            is_sum = is_row_sum(box) if box.origin == "std:einsum" else box.origin == "std:sum"
            if not is_sum or len(ins) != 1:
                raise OwedError
            return self.owing(first.wire, first.level, None)
        others = [self.owed.get(wire) for wire in ins]
        wires = [each.wire for each in others if each is not None and each.level == first.level and each.over is None]
        if len(wires) != len(ins) or (box.origin not in _THROUGH and box.origin != "std:add"):
            raise OwedError
        (made,) = self.cons.add(box, wires, region)
        return self.owing(made, first.level)

    def _sum(self, wire: int, region: int) -> int | None:
        """The sum over the rows of a wire, if they are stacked products: of each product by itself."""
        node = self.cons.maker(wire)
        if node is None or node.box.origin != STACKED or node.box.param("grid"):
            return None
        axis = _axis(node.box)
        terms = self._terms(node.ins[0])
        found = [self._contracted(term, axis, region) for term in terms]
        if all(each is None for each in found) or any(axis not in self.cons.levels[term] for term in terms):
            return None
        ends = [self._plain(t, axis, region) if end is None else end for t, end in zip(terms, found, strict=True)]
        # the boxes of a sum, in their order
        build = Builder([self.cons.types[end] for end in ends])
        total(build, build.inputs)
        at = dict(zip(build.inputs, ends, strict=True))
        last = ends[0]
        for inner in build.nodes:
            (last,) = self.cons.add(inner.box, [at[w] for w in inner.ins], region)
            at[inner.outs[0]] = last
        return last

    def _terms(self, wire: int) -> list[int]:
        """The terms of a sum, in their order."""
        found: list[int] = []
        stack = [wire]
        while stack:
            top = stack.pop()
            node = self.cons.maker(top)
            if node is not None and node.box.origin == "std:add":
                stack += reversed(node.ins)
            else:
                found.append(top)
        return found

    def _contracted(self, wire: int, axis: Axis, region: int) -> int | None:
        """The sum over the rows of what an `einsum` gives, as an `einsum` of stacks."""
        node = self.cons.maker(wire)
        if node is None or node.box.origin != "std:einsum" or axis not in self.cons.levels[wire]:
            return None
        box = node.box
        left, _, right = str(box.param("pattern")).partition("->")
        terms, ins, dom = [], [], []
        for term, each in zip(left.split(","), node.ins, strict=True):
            what = self.cons.types[each]
            if axis in self.cons.levels[each]:
                stack = _stack(what, axis)
                if stack is None or "..." in term:
                    return None
                term, what, each = f"{_ROW}{axis[0]} {term.strip()}", stack, self.cons.stacked(each, stack, axis)
            terms.append(term.strip())
            ins.append(each)
            dom.append(what)
        if _stack(box.cod[0], axis) is None or len(box.dom) < 2:
            return None
        pattern = f"{', '.join(terms)} -> {right.strip()}"
        params = tuple((name, pattern if name == "pattern" else value) for name, value in box.params)
        made = Box(box.name, tuple(dom), box.cod, origin=box.origin, params=params, kinds=box.kinds, span=box.span)
        return self.cons.add(made, ins, region)[0]

    def _plain(self, wire: int, axis: Axis, region: int) -> int:
        what = self.cons.types[wire]
        stack = _stack(what, axis)
        assert stack is not None
        names = " ".join(f"a{at}" for at in range(len(stack.sizes) - 1))
        params = (("pattern", f"n {names} -> {names}"),)
        box = Box("einsum", (stack,), (what,), origin="std:einsum", params=params)
        return self.cons.add(box, [self.cons.stacked(wire, stack, axis)], region)[0]


def is_row_sum(box: Box) -> bool:
    """Whether an `einsum` of one tensor sums its first axis, and does nothing else."""
    left, _, right = str(box.param("pattern")).partition("->")
    names = left.split()
    return bool(names) and names[1:] == right.split() and len(set(names)) == len(names) and "..." not in names


def _axis(box: Box) -> Axis:
    axis = box.param("axis")
    assert isinstance(axis, tuple)
    depth, sizes = axis
    assert isinstance(depth, int) and isinstance(sizes, tuple)
    return depth, sizes


def _stack(what: Type, axis: Axis) -> Tensor | None:
    """The type of a stack of real tensors."""
    if not isinstance(what, Tensor) or what.kind != "R" or len(axis[1]) != 1:
        return None
    return Tensor("R", (axis[1][0], *what.sizes))  # type: ignore[arg-type]  # a size, as `map` has it
