"""A forward of the compiled module on tensors without numbers: its statements in their order, each wire held as long as
the module's code holds it.

A frame that becomes a module of its own is run once for each kind of inputs, and what it did is replayed where it is
mentioned; so time is linear in the module's code, not in what it expands to.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, cast

from diagrammar.backends.cost import composites, meanings
from diagrammar.backends.cost.call import Call, Slot, Value, is_pair, item_of
from diagrammar.backends.cost.facts import DEEP, ENTRYWISE, SMALL, Survey, may_fuse, name_of
from diagrammar.backends.cost.kernels import Kernels
from diagrammar.backends.cost.tensors import Memory, Shape, Storage, contiguous
from diagrammar.backends.cost.traces import Row, Trace, Window
from diagrammar.diagram import Box, Diagram, Node
from diagrammar.sizes import Size
from diagrammar.steps import run
from diagrammar.types import Type, shape_of

Task = Generator[Any, Any, list[Value]]
Traced = Generator[Any, Any, Trace]
_ALIASES = ("sample", "field", "as_complex", "as_real")


class Forward:
    """A run: `training` with gradients, as in a training step, or without; `flows` says whether gradients flow into the
    inputs too. `figures` has a row for each box of each diagram inside."""

    def __init__(
        self,
        root: Diagram,
        fixed: Callable[[Size], Size],
        width: int,
        training: bool,
        flows: bool = False,
        batch: int = 1,
    ) -> None:
        self.survey = Survey(root)
        self.fixed = fixed
        self.width = width
        self.training = training
        self.figures: dict[tuple[int, int], Row] = {}
        self._traces: dict[object, Trace] = {}
        self.total = self._start(root, flows, batch)

    def _start(self, root: Diagram, flows: bool, batch: int) -> Trace:
        args = []
        for wire in root.dom:
            sizes = (batch, *(self.fixed(size) for size in shape_of(wire)))
            item = item_of(wire, self.width)
            args.append(Shape(Storage(None, 0), sizes, contiguous(sizes), item, flows and item == self.width))
        trace: Trace = run(self.trace(root, args, (True,) * len(args), batch))
        return trace

    # ---------------------------------------------------------------------------------------------- one function

    def trace(
        self, diagram: Diagram, args: list[Shape], flags: tuple[bool, ...], batch: Size
    ) -> Generator[Any, Any, Trace]:
        """What the function of a diagram does when it is called with these tensors."""
        memory = Memory(self.training, self.width)
        inside = Function(self, Kernels(memory))
        values = [
            Value(Slot(Shape(Storage(None, 0), x.sizes, x.strides, x.item, x.grad), 1), wire, flag)
            for x, wire, flag in zip(args, diagram.dom, flags, strict=True)
        ]
        given = [cast(Shape, cast(Slot, value.slot).tensor).storage for value in values]
        results: list[Value] = yield inside.body(diagram, values, batch)
        outs = [
            (Call(inside.k, _NOTHING, [value], batch, self.fixed, inside.weight).bare(0), value) for value in results
        ]
        return Trace.of(memory, given, outs)

    def called(
        self, diagram: Diagram, args: list[Shape], flags: tuple[bool, ...], batch: Size
    ) -> Generator[Any, Any, Trace]:
        """The same, made once for each kind of inputs."""
        kind = tuple((x.strides, x.grad) for x in args)
        key = (id(diagram), kind, flags, batch)
        if key not in self._traces:
            self._traces[key] = yield self.trace(diagram, args, flags, batch)
        return self._traces[key]


_NOTHING = Box("", (), ())


class Function:
    """One function of the module while it runs."""

    def __init__(self, forward: Forward, k: Kernels) -> None:
        self.forward = forward
        self.k = k

    @property
    def memory(self) -> Memory:
        """The memory of the function."""
        return self.k.memory

    def body(self, diagram: Diagram, inputs: list[Value], batch: Size, consume: bool = False, top: bool = True) -> Task:
        """Runs the boxes of a diagram; each output carries one read, which the caller makes."""
        flat, facts = diagram.flat, self.forward.survey[diagram]
        env: list[Any] = [None] * len(flat.types)
        for wire, value in zip(flat.inputs, inputs, strict=True):
            env[wire] = value
            if value.slot is not None:
                value.slot.count += facts.uses[wire]
        if consume:
            for value in inputs:
                read(value)
        inputs = []
        for at, (node, live) in enumerate(zip(flat.nodes, facts.live, strict=True)):
            if not live:
                continue
            window = Window(self.memory)
            results: list[Value] = yield self.step(node, env, [facts.uses[wire] for wire in node.outs], batch)
            self.forward.figures.setdefault((id(diagram), at), window.close())
            for wire, value in zip(node.outs, results, strict=True):
                env[wire] = value
        return [env[wire] for wire in flat.outputs]

    def step(self, node: Node, env: list[Any], counts: list[int], batch: Size) -> Task:
        """Runs one box."""
        from diagrammar.backends.cost.frames import transparent

        box, values = node.box, [env[wire] for wire in node.ins]
        if not box.insides:
            return self.leaf(box, values, counts, batch)
        if box.key is None:
            results: list[Value] = yield transparent(self, box, values, counts, batch)
            return results
        if may_fuse(box):
            made = self.fused(box, values, counts, batch)
            if made is not None:
                self.memory.row.fused = True
                return made
        results = yield self.frame(box, values, counts, batch)
        return results

    # --------------------------------------------------------------------------------------------------- leaves

    def call(self, box: Box, values: list[Value], batch: Size) -> Call:
        """A box in its place."""
        return Call(self.k, box, values, batch, self.forward.fixed, self.weight)

    def leaf(self, box: Box, values: list[Value], counts: list[int], batch: Size) -> list[Value]:
        """A box without an inside."""
        name = name_of(box)
        if box.origin in ("weight", "state"):
            return [Value(Slot(self.weight(box), counts[0]), box.cod[0], False)]
        if box.origin == "next":
            slot = values[0].slot
            if slot is not None and slot.tensor is not None:
                # the new value waits for the end of the forward
                self.memory.held.append(slot.tensor.storage)
            read(values[0])
            return []
        if name in _ALIASES and values[0].form == "full":
            return [passed(values[0], counts[0], box.cod[0])]
        if name == "const" and not isinstance(box.param("value"), tuple):
            return [Value(None, box.cod[0], False)]
        if name == "broadcast":
            return [self.broadcast(box, values[0], counts[0], batch)]
        c = self.call(box, values, batch)
        meaning = meanings.MEANINGS.get(name)
        if meaning is not None:
            return self.bound(box, meaning(c), counts, values, name in ("gaussian", "uniform") or c.batched)
        if name == "const":
            return [Value(Slot(c.like(c.shape(box.cod[0]), False), counts[0]), box.cod[0], False)]
        if name in _ALIASES:
            return self.bound(box, c.bare(0), counts, values, c.batched)
        grad = any(v.slot is not None and v.slot.tensor is not None and v.slot.tensor.grad for v in values)
        made = tuple(c.made(at, grad=grad) for at in range(len(box.cod)))
        return self.bound(box, made, counts, values, c.batched)

    def bound(
        self, box: Box, made: Shape | tuple[Shape, ...], counts: list[int], values: list[Value], batched: bool
    ) -> list[Value]:
        """Results under their names; operands that are read no more are gone."""
        made = made if isinstance(made, tuple) else (made,)
        if name_of(box) == "batch_moments":
            batched = False
        for value in values:
            read(value)
        return [
            Value(Slot(x if count else None, count), wire, batched)
            for x, count, wire in zip(made, counts, box.cod, strict=True)
        ]

    def broadcast(self, box: Box, value: Value, count: int, batch: Size) -> Value:
        """A wire spread over a type: it stays as it is until someone needs all of it."""
        wire = box.cod[0]
        if value.slot is None:
            return Value(None, wire, False)
        if is_pair(wire) and not is_pair(value.wire):
            # a real number as a complex one: a pair of its own
            x = self.call(box, [value], batch).bare(0)
            zeros = self.k.new(x.sizes, False)
            made = self.k.stack((x, zeros), -1)
            lead = made.sizes[:-1]
            ones = (1,) * (len(shape_of(wire)) + value.batched - len(lead) - 1)
            sizes = (*lead, *ones, 2)
            made = made.viewed(sizes, contiguous(sizes))
            del x, zeros
            read(value)
            return Value(Slot(made if count else None, count), wire, value.batched, "thin")
        passed(value, count, wire)
        return Value(value.slot, wire, value.batched, "thin")

    def weight(self, box: Box) -> Shape:
        """A weight, which was there before, or the copy of a state."""
        sizes = tuple(self.forward.fixed(size) for size in shape_of(box.cod[0]))
        if box.origin == "state":
            return self.k.new(sizes, False)
        where = box.param("where", ())
        words = where if isinstance(where, tuple) else (where,)
        grad = "frozen" not in words
        if set(words) - {"frozen"}:
            # computed from what is stored
            return self.k.new(sizes, grad)
        return Shape(Storage(None, 0), sizes, contiguous(sizes), self.forward.width, grad)

    # --------------------------------------------------------------------------------------------------- frames

    def fused(self, box: Box, values: list[Value], counts: list[int], batch: Size) -> list[Value] | None:
        """A frame that is carried out by one call; None where it is not."""
        c = self.call(box, values, batch)
        name = name_of(box)
        made = meanings.entrywise(c) if name in ENTRYWISE else composites.MEANINGS[name](c)
        return None if made is None else self.bound(box, made, counts, values, c.batched)

    def frame(self, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
        """A frame with a name: a call of its module or function, or its inside in place."""
        (inside,) = box.insides
        facts = self.forward.survey[inside]
        apart = facts.written > SMALL and self.forward.survey.mentions[id(inside)] > 1
        if (facts.heavy and facts.height < DEEP) or (not facts.heavy and apart):
            results: list[Value] = yield self.module(box, values, counts, batch)
            return results
        results = yield self.body(inside, values, batch, consume=True)
        return [passed(value, count) for value, count in zip(results, counts, strict=True)]

    def module(self, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
        """The call of a frame: whoever calls holds the operands until it returns."""
        (inside,) = box.insides
        c = self.call(box, values, batch)
        args = [c.bare(at) for at in range(len(values))]
        flags = tuple(value.batched for value in values)
        trace: Trace = yield self.forward.called(inside, args, flags, batch)
        made = trace.replay(self.memory, args)
        del args
        for value in values:
            read(value)
        return [
            Value(Slot(x if count else None, count), wire, flag)
            for (x, flag), count, wire in zip(made, counts, box.cod, strict=True)
        ]


def read(value: Value) -> None:
    """One read less of a wire."""
    if value.slot is not None:
        value.slot.read()


def passed(value: Value, count: int, wire: Type | None = None) -> Value:
    """A wire under another name: one read of the old one becomes `count` reads."""
    if value.slot is not None:
        value.slot.count += count - 1
        if value.slot.count == 0:
            value.slot.tensor = None
    return value if wire is None else Value(value.slot, wire, value.batched, value.form)
