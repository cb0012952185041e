"""Frames without a name, as the module's code has them: loops, rows at once, the branch of training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diagrammar.backends.cost.call import Slot, Value, rank
from diagrammar.backends.cost.extremes import large
from diagrammar.backends.cost.run import Function, Task, passed, read
from diagrammar.backends.cost.tensors import Memory, Shape, Storage, product
from diagrammar.diagram import Box, Diagram
from diagrammar.sizes import Size, floor, over
from diagrammar.tangent import tangents
from diagrammar.types import Field, Type, shape_of


def transparent(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    """Runs a frame without a name."""
    match box.origin:
        case "repeat":
            results: list[Value] = yield _repeat(fn, box, values, counts, batch)
        case "unwind":
            results = yield _unwind(fn, box, values, counts, batch)
        case "store" | "recompute":
            # the module has what is inside in place
            made: list[Value] = yield fn.body(box.insides[0], values, batch, consume=True)
            results = [passed(value, count) for value, count in zip(made, counts, strict=True)]
        case "training":
            results = yield fn.body(box.insides[0], list(values), batch)
            for value in values:
                read(value)
            results = [passed(value, count) for value, count in zip(results, counts, strict=True)]
        case "std:map":
            results = yield _map(fn, box, values, counts, batch)
        case "std:tree":
            results = yield _tree(fn, box, values, counts, batch)
        case _:
            results = yield _scan(fn, box, values, counts, batch)
    return results


def _number(box: Box, name: str) -> int:
    value = box.param(name, 0)
    assert isinstance(value, int)
    return value


def _flagged(fn: Function, value: Value, batch: Size, flag: bool) -> Shape:
    """A wire written out, with the batch axis if any wire of the loop has it."""
    x = fn.call(box_of(value), [value], batch).bare(0)
    return x.unsqueeze(0) if flag and not value.batched else x


def box_of(value: Value) -> Box:
    """A box whose operand is the wire."""
    return Box("", (value.wire,), ())


# ----------------------------------------------------------------------------------------------------- repeat


def _repeat(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    held, count = _number(box, "captures"), _number(box, "count")
    captured, state = values[:held], values[held:]
    if count > 1 and len(box.insides) == 1:
        looped: list[Value] = yield _loop(fn, box, values, counts, batch)
        return looped
    for number in range(count):
        for value in captured:
            if value.slot is not None:
                value.slot.count += 1
        inside = box.insides[number if len(box.insides) > 1 else 0]
        state = yield fn.body(inside, [*captured, *state], batch, consume=True)
    for value in captured:
        read(value)
    return [passed(value, count) for value, count in zip(state, counts, strict=True)]


def _unwind(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    """The steps forward but the last, then the cotangents of all of them backward."""
    held, count = _number(box, "captures"), _number(box, "count")
    half = len(box.insides) // 2
    ahead, back = box.insides[:half], box.insides[half:]
    width = len(ahead[0].dom) - held
    captured, cots = values[:held], values[held + width :]
    states = [values[held : held + width]]
    for step in range(count - 1):
        states.append((yield fn.body(ahead[step % half], [*captured, *states[-1]], batch)))
    sums: list[Value] = []
    for step in range(count - 1, -1, -1):
        for value in captured:
            if value.slot is not None:
                value.slot.count += 1
        outs = yield fn.body(back[step % half], [*captured, *states.pop(), *cots], batch, consume=True)
        given = len(box.cod) - len(tangents(box.dom[held : held + width]))
        sums = [_added(fn, *pair, batch) for pair in zip(sums, outs[:given], strict=True)] if sums else outs[:given]
        cots = outs[given:]
    for value in captured:
        read(value)
    return [passed(value, count) for value, count in zip([*sums, *cots], counts, strict=True)]


def _added(fn: Function, one: Value, other: Value, batch: Size) -> Value:
    flag = one.batched or other.batched
    x = fn.k.pointwise("add", _flagged(fn, one, batch, flag), _flagged(fn, other, batch, flag))
    read(one)
    read(other)
    return Value(Slot(x, 1), one.wire, flag)


def _loop(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    held = _number(box, "captures")
    (inside,) = box.insides
    flat = inside.flat
    moving = [at for at in range(len(box.cod)) if flat.outputs[at] != flat.inputs[held + at]]
    flag = any(value.batched for value in values)
    carried = [_flagged(fn, values[held + at], batch, flag) for at in moving]
    for at in moving:
        read(values[held + at])

    def inputs(tensors: list[Shape]) -> list[Value]:
        ready = list(values)
        for at, x in zip(moving, tensors, strict=True):
            ready[held + at] = Value(Slot(x, 0), box.cod[at], flag)
        return ready

    made: list[Shape] = yield _rounds(fn, inside, inputs, moving, carried, _number(box, "count"), batch, flag)
    results = []
    for at in range(len(box.cod)):
        if at in moving:
            results.append(_bound(made[moving.index(at)], box.cod[at], flag, counts[at]))
        else:
            results.append(passed(values[held + at], counts[at] + 1))
    for at, value in enumerate(values):
        if at < held or at - held not in moving:
            read(value)
    return results


def _bound(x: Shape, wire: Type, flag: bool, count: int) -> Value:
    return Value(Slot(x if count else None, count), wire, flag)


def _rounds(
    fn: Function, inside: Diagram, inputs: Callable[[list[Shape]], list[Value]], outs: Sequence[int],
    carried: list[Shape], count: Size, batch: Size, flag: bool,
) -> Any:  # fmt: skip
    """Runs the body of a loop once for steps that are alike: the first may be of another kind than those after it.
    Gives what is carried at the end, then what else the body ends in."""
    left, alike = count, False
    while True:
        kind = [(x.strides, x.grad) for x in carried]
        shapes = [x.viewed(x.sizes, x.strides) for x in carried]
        step = Step(fn.memory, [x.storage for x in carried])
        _part(shapes)
        # whoever gave them holds them no more
        carried.clear()
        ready = inputs(step.start(shapes))
        del shapes
        results: list[Value] = yield fn.body(inside, ready, batch)
        del ready
        made: list[Shape] = []
        for at in [*outs, *(at for at in range(len(results)) if at not in outs)]:
            made.append(_flagged(fn, results[at], batch, flag))
        for value in results:
            read(value)
        del results
        carried = made[: len(outs)]
        alike = alike or left == 1 or kind == [(x.strides, x.grad) for x in carried]
        times = left if alike else 1
        step.settle(carried, times)
        left = left - times
        if left == 0:
            return made
        made = []


_NOWHERE = Storage(None, 0)


def _part(shapes: list[Shape]) -> None:
    """Takes their storages from shapes; there are none where nothing moves from step to step."""
    for shape in shapes:
        shape.storage = _NOWHERE


class Step:
    """One step of a loop, made into several: `given` are the storages that it starts from, probes stand for them."""

    def __init__(self, memory: Memory, given: list[Storage]) -> None:
        self._memory = memory
        # without gradients nothing is kept, and holding a storage would keep it alive
        self._given = given if memory.training else []
        self._probes: list[Storage] = []
        self._kept, self._products = memory.kept, memory.products

    def start(self, shapes: list[Shape]) -> list[Shape]:
        """Tensors on probes."""
        for shape in shapes:
            shape.storage = Storage(self._memory, shape.bytes(), probe=True)
            if self._memory.training:
                self._probes.append(shape.storage)
        return shapes

    def settle(self, carried: list[Shape], times: Size) -> None:
        """Counts the step so many times; `carried` is what it hands on."""
        memory = self._memory
        more = (times - 1) * (self._each(carried) + self._handed(carried))
        if memory.training:
            more = more - self._twice(carried, times)
        memory.kept = memory.kept + more
        if memory.row is not None:
            memory.row.kept = memory.row.kept + more
        memory.products = memory.products + (times - 1) * (memory.products - self._products)
        for x in carried:
            # a value that waits for a step is now one like the others
            if x.storage.probe:
                x.storage = self._waited(x, times)

    def _waited(self, x: Shape, times: Size) -> Storage:
        at = next((i for i, other in enumerate(self._probes) if other is x.storage), None)
        if at is not None and times == 1:
            return self._given[at]
        made = Storage(self._memory, x.bytes())
        made.kept = x.storage.kept
        return made

    def _each(self, carried: list[Shape]) -> Size:
        """What a step keeps besides what it hands on."""
        each = self._memory.kept - self._kept
        for storage in {id(x.storage): x.storage for x in carried}.values():
            if storage.kept and storage.memory is not None and not storage.probe:
                each = each - storage.bytes
        return each

    def _handed(self, carried: list[Shape]) -> Size:
        """What is kept of that which a step hands on: by itself, or by the next one."""
        handed: Size = 0
        for given, probe, x in zip(self._given, self._probes, carried, strict=False):
            if probe.kept:
                self._memory.keep(given)
                if x.storage.mark is not None:
                    x.storage.mark.note()
            if (probe.kept or x.storage.kept) and not x.storage.probe:
                handed = handed + x.storage.bytes
        return handed

    def _twice(self, carried: list[Shape], times: Size) -> Size:
        """A value that is handed on for a second step was counted in its first one, if that kept it; else it counts in
        all steps but two, and what the first step had was given. As a negative number of bytes."""
        found: Size = 0
        for probe, x in zip(self._probes, carried, strict=True):
            at = next((i for i, other in enumerate(self._probes) if other is x.storage), None)
            if at is None or not probe.kept:
                continue
            self._memory.keep(self._given[at])
            if not (self._probes[at].kept or carried[at].storage.kept) and large(times) > 2:
                found = found - (times - 2) * x.storage.bytes
                x.storage.kept = False
        return found


# ---------------------------------------------------------------------------------------------------- fold, scan


def _scan(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    held = _number(box, "captures")
    (inside,) = box.insides
    state = len(box.cod) if box.origin == "std:fold" and box.param("state") is None else _number(box, "state")
    flag = any(value.batched for value in values)
    rows = values[held + state :]
    count = fn.forward.fixed(_length(box, rows))
    carried = [_flagged(fn, value, batch, flag) for value in values[held : held + state]]
    for value in values[held : held + state]:
        read(value)

    def inputs(tensors: list[Shape]) -> list[Value]:
        ready = values[:held] + [
            Value(Slot(x, 0), wire, flag) for x, wire in zip(tensors, box.cod[:state], strict=True)
        ]
        for value, wire in zip(rows, inside.dom[held + state :], strict=True):
            whole = fn.call(box_of(value), [value], batch).bare(0)
            ready.append(Value(Slot(whole.select(int(value.batched)), 0), wire, value.batched))
        return ready

    if count == 0:
        made = [*carried, *(fn.k.new((*((batch,) if flag else ()), *shape_of(w)), False) for w in box.cod[state:])]
        return [_bound(x, wire, flag, n) for x, wire, n in zip(made, box.cod, counts, strict=True)]
    made = yield _rounds(fn, inside, inputs, range(state), carried, count, batch, flag)
    # what every step leaves waits in a list
    waiting = [Storage(fn.memory, (count - 1) * x.bytes()) for x in made[state:]]
    for value in (*values[:held], *rows):
        read(value)
    stacked = [fn.k.new((*x.sizes[: int(flag)], count, *x.sizes[int(flag) :]), x.grad, x.item) for x in made[state:]]
    del waiting
    final = [*made[:state], *stacked]
    return [_bound(x, wire, flag, n) for x, wire, n in zip(final, box.cod, counts, strict=True)]


def _length(box: Box, rows: list[Value]) -> Size:
    return shape_of(rows[0].wire)[0] if rows else _number(box, "size")


# ----------------------------------------------------------------------------------------------------- map, tree


def _map(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    held = _number(box, "captures")
    (inside,) = box.insides
    flag = any(value.batched for value in values)
    own: Size = batch if flag else 1
    over_wire = next(iter((*box.dom[held:], *box.cod)))
    grid = [fn.forward.fixed(axis) for axis in over_wire.space.axes] if isinstance(over_wire, Field) else []
    rows = grid or [fn.forward.fixed(shape_of(over_wire)[0])]
    many = product(rows)
    inputs = []
    for at, value in enumerate(values):
        if at < held and not value.batched:
            inputs.append(value)
            continue
        x = fn.call(box_of(value), [value], batch).bare(0)
        if at < held:
            x = x.expand((own, *x.sizes[1:])).unsqueeze(1)
            x = x.expand((own, many, *x.sizes[2:]))
        else:
            x = x if value.batched else x.unsqueeze(0)
            x = x.expand((own, *x.sizes[1:]))
            x = x.movedim(1, -1) if grid else x
        x = fn.k.flatten(x, 0, len(x.sizes) - 1 if grid and at >= held else 2)
        read(value)
        inputs.append(Value(Slot(x, 1), inside.dom[at], True))
        del x
    del value
    results: list[Value] = yield fn.body(inside, inputs, own * many, consume=True)
    made = []
    for value, wire, count in zip(results, box.cod, counts, strict=True):
        x = fn.call(box_of(value), [value], own * many).bare(0)
        x = x if value.batched else x.unsqueeze(0).expand((own * many, *x.sizes))
        inner = x.sizes[1:] if rank(value.wire) or not grid else (1,)
        x = fn.k.reshape(x, *((own,) if flag else ()), *rows, *inner)
        x = x.movedim(-1, int(flag)) if grid else x
        read(value)
        made.append(_bound(x, wire, flag, count))
        del x
    return made


def _tree(fn: Function, box: Box, values: list[Value], counts: list[int], batch: Size) -> Task:
    """Neighbours are combined, level by level. Of a free number of rows all levels are taken for one."""
    held = _number(box, "captures")
    (inside,) = box.insides
    flag = any(value.batched for value in values)
    own: Size = batch if flag else 1
    rows = [fn.call(box_of(value), [value], batch).bare(0) for value in values[held:]]
    rows = [x if value.batched else x.unsqueeze(0) for x, value in zip(rows, values[held:], strict=True)]
    for value in values[held:]:
        read(value)
    size = rows[0].sizes[1]
    while large(size) > 1:
        whole = not isinstance(size, int)
        half = size - 1 if whole else floor(over(size, 2))
        inputs = _level(fn, values[:held], rows, box, own, half, batch)
        results: list[Value] = yield fn.body(inside, inputs, own * half, consume=True)
        for at, value in enumerate(results):
            x = fn.call(box_of(value), [value], own * half).bare(0)
            x = fn.k.reshape(x, own, half, *x.sizes[1:])
            rows[at] = x if whole or size % 2 == 0 else fn.k.cat((x, rows[at].narrow(1, 1)), 1)  # type: ignore[operator]  # an int here
            read(value)
            del x
        size = 1 if whole else rows[0].sizes[1]
    for value in values[:held]:
        read(value)
    made = [x.select(1) if flag else x.select(1).select(0) for x in rows]
    return [_bound(x, wire, flag, count) for x, wire, count in zip(made, box.cod, counts, strict=True)]


def _level(
    fn: Function, captured: list[Value], rows: list[Shape], box: Box, own: Size, half: Size, batch: Size
) -> list[Value]:
    """The operands of all combinations of one level."""
    inputs = []
    for value in captured:
        if value.batched:
            x = fn.call(box_of(value), [value], batch).bare(0).unsqueeze(1)
            inputs.append(Value(Slot(fn.k.flatten(x.expand((own, half, *x.sizes[2:])), 0, 2), 1), value.wire, True))
        else:
            if value.slot is not None:
                value.slot.count += 1
            inputs.append(value)
    for _ in range(2):
        for x, wire in zip(rows, box.cod, strict=True):
            inputs.append(Value(Slot(fn.k.flatten(x.every(2, 1, half), 0, 2), 1), wire, True))
    return inputs
