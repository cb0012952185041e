"""Frames that add no name to paths: `repeat`, `map`, `fold`, `scan`, `tree`, `training`."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.backends.torch.body import Task, Uses, bind, body, passed
from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.entries import one_by_one
from diagrammar.backends.torch.facts import REPEAT, TRAINING, first_step
from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.call import written_out
from diagrammar.backends.torch.values import Block, Loop, Owner, Slot, Value
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError
from diagrammar.types import Field, shape_of

# CPython nests at most 20 loops
_NESTED = 16


def transparent(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    """Writes a transparent frame in place."""
    if len(fn.blocks) > _NESTED:
        raise BackendError(f"torch: more than {_NESTED} loops inside one another", box.span)
    frames = {
        REPEAT: _repeat,
        TRAINING: _training,
        "std:map": _map,
        "std:fold": _scan,
        "std:scan": _scan,
        "std:tree": _tree,
    }
    write = frames.get(box.origin)
    if write is None:
        raise BackendError(f"torch: the frame `{box.name}` ({box.origin}) has no meaning", box.span)
    results: list[Value] = yield write(program, fn, box, values, counts, owner)
    return results


def _captures(box: Box) -> int:
    count = box.param("captures", 0)
    assert isinstance(count, int)
    return count


def _finish(fn: Function, results: list[Value]) -> list[Value]:
    fn.reuse(list({v.slot.name: None for v in results if v.slot is not None and v.slot.count == 0}))
    fn.release()
    return results


def _end(fn: Function, values: Sequence[Value]) -> None:
    fn.reuse(fn.done(list(values)))
    fn.release()


def _with_flag(fn: Function, value: Value, flag: bool, batch: str = "") -> str:
    """A wire written out, with the batch axis if `flag` (of size 1, or expanded to `batch`)."""
    text = written_out(fn, value)
    if not flag or value.batched:
        return text
    if not batch:
        return f"{text}.unsqueeze(0)"
    return f"{text}.expand({', '.join([batch, *(fn.size(size) for size in shape_of(value.type))])})"


# ----------------------------------------------------------------------------------------------------- repeat


def _repeat(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    held = _captures(box)
    count = box.param("count")
    assert isinstance(count, int)
    captured, state = values[:held], values[held:]
    if count > 1 and len(box.insides) == 1:
        looped: list[Value] = yield _loop(program, fn, box, values, counts, owner)
        return looped
    for number in range(count):
        loop = Loop(None, first_step(box) + number)
        inside = box.insides[number if len(box.insides) > 1 else 0]
        for value in captured:
            if value.slot is not None:
                value.slot.count += 1
        state = yield body(program, fn, inside, [*captured, *state], owner.within(loop), consume=True)
    _end(fn, captured)
    return _finish(fn, [passed(value, n) for value, n in zip(state, counts, strict=True)])


def _loop(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    held = _captures(box)
    (inside,) = box.insides
    flat = inside.flat
    # what every step hands on unchanged is like a captured wire
    moving = [at for at in range(len(box.cod)) if flat.outputs[at] != flat.inputs[held + at]]
    flag = any(value.batched for value in values)
    batch = _samples(program, fn, inside, values) if flag else ""
    carried = {at: _carry(fn, values[held + at], flag, batch) for at in moving}
    loop = Loop(Block())
    assert loop.block is not None
    inputs = list(values)
    for at, name in carried.items():
        inputs[held + at] = Value(name, box.cod[at], flag, Slot(name, 0))
    results = yield _block(program, fn, inside, inputs, owner.within(loop), loop.block)
    pairs = [(carried[at], results[at]) for at in moving]
    _hand_on(fn, loop.block, pairs, [results[at] for at in moving], flag, batch)
    _end_passed(results, moving)
    heads = [f"{item} in {outer}" for outer, item in loop.lists]
    if len(heads) > 1:
        heads = [f"{', '.join(i for _, i in loop.lists)} in zip({', '.join(o for o, _ in loop.lists)}, strict=True)"]
    head = f"for {heads[0]}:" if heads else f"for _ in range({box.param('count')}):"
    fn.put([head, *loop.block.lines("    ")], tuple(carried.values()))
    made = [
        Value(carried[at], box.cod[at], flag, Slot(carried[at], counts[at])) if at in carried
        else passed(values[held + at], counts[at] + 1)
        for at in range(len(box.cod))
    ]  # fmt: skip
    # what is handed on unchanged goes with its last read, here; what moves, where nobody reads it
    _end(fn, [value for at, value in enumerate(values) if at < held or at - held not in carried])
    _finish(fn, [made[at] for at in carried])
    return made


def _end_passed(results: list[Value], moving: list[int]) -> None:
    for at, value in enumerate(results):
        if at not in moving and value.slot is not None:
            value.slot.count -= 1


def _carry(fn: Function, value: Value, flag: bool, batch: str = "") -> str:
    """A variable that a loop may bind again, with this wire's value at first."""
    slot = value.slot
    if slot is not None and slot.count == 1 and value.shape == "full" and value.batched == flag and not batch:
        return slot.name
    text = _with_flag(fn, value, flag, batch)
    if batch and value.batched:
        text = f"{text}.expand({', '.join([batch, *(fn.size(size) for size in shape_of(value.type))])})"
    result = bind(fn, text, value.type, flag, 1, [value])
    return result.text


def _block(program: Program, fn: Function, inside: Diagram, inputs: list[Value], owner: Owner, block: Block) -> Task:
    fn.blocks.append(block)
    results: list[Value] = yield body(program, fn, inside, inputs, owner)
    fn.blocks.pop()
    return results


def _hand_on(
    fn: Function, block: Block, pairs: list[tuple[str, Value]], outputs: list[Value], flag: bool, batch: str
) -> None:
    """Binds the variables of a loop to the results of the step, at its end."""
    fn.blocks.append(block)
    texts = [(name, _with_flag(fn, value, flag, batch)) for name, value in pairs]
    changed = [(name, text) for name, text in texts if name != text]
    if changed:
        left = ", ".join(name for name, _ in changed)
        fn.put([f"{left} = {', '.join(text for _, text in changed)}"], tuple(name for name, _ in changed))
    names = {name for name, _ in pairs}
    fn.reuse([name for name in fn.done(outputs) if name not in names])
    fn.release()
    fn.blocks.pop()


# -------------------------------------------------------------------------------------------------- fold, scan


def _scan(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    held = _captures(box)
    (inside,) = box.insides
    state = box.param("state", len(box.cod) if box.origin == "std:fold" else 0)
    assert isinstance(state, int)
    flag = any(value.batched for value in values)
    batch = _batch(fn, values) if box.origin == "std:scan" and flag else ""
    seen = _samples(program, fn, inside, values) if flag else ""
    rows = values[held + state :]
    carried = [_carry(fn, value, flag, seen or batch) for value in values[held : held + state]]
    lists = [fn.fresh("v") for _ in box.cod[state:]]
    for name in lists:
        fn.put([f"{name} = []"], (name,))
    block = Block()
    items = [fn.fresh("v") for _ in rows]
    inputs = values[:held] + [
        Value(name, wire, flag, Slot(name, 0)) for name, wire in zip(carried, box.cod[:state], strict=True)
    ]
    inputs += [
        Value(name, wire, value.batched, Slot(name, 0))
        for name, wire, value in zip(items, inside.dom[held + state :], rows, strict=True)
    ]
    results = yield _block(program, fn, inside, inputs, owner, block)
    fn.blocks.append(block)
    for name, value in zip(lists, results[state:], strict=True):
        fn.put([f"{name}.append({_with_flag(fn, value, flag)})"], ())
        _end(fn, [value])
    fn.blocks.pop()
    _hand_on(fn, block, list(zip(carried, results[:state], strict=True)), results[:state], flag, seen)
    over = [f"{written_out(fn, value)}.unbind({int(value.batched)})" for value in rows]
    size = box.param("size")
    head = (
        f"zip({', '.join(over)}, strict=True)" if len(over) > 1 else over[0] if over else f"range({fn.size(size)})"  # type: ignore[arg-type]  # a size
    )
    fn.put([f"for {', '.join(items) or '_'} in {head}:", *block.lines("    ")], (*carried, *lists))
    _end(fn, [*values[:held], *rows])
    made = [
        Value(name, wire, flag, Slot(name, count))
        for name, wire, count in zip(carried, box.cod[:state], counts[:state], strict=True)
    ]
    _finish(fn, made)
    for name, wire, count in zip(lists, box.cod[state:], counts[state:], strict=True):
        if size == 0:
            shape = ", ".join(([batch or "1"] if flag else []) + [fn.size(part) for part in shape_of(wire)])
            text = f"{fn.like()}.new_zeros(({shape},))"
        else:
            text = f"torch.stack({name}, {int(flag)})"
        # a stack that nothing reads is deleted where it is bound
        made.append(bind(fn, text, wire, flag, count, [Value(name, wire, flag, Slot(name, 1))]))
    return made


def _samples(program: Program, fn: Function, inside: Diagram, values: list[Value]) -> str:
    """The number of samples, if a box of the loop sees them: what it is given has them all."""
    if not program.survey[inside].batch:
        return ""
    batch = fn.fresh("v")
    fn.put([f"{batch} = {_batch(fn, values)}"], (batch,))
    return batch


def _batch(fn: Function, values: list[Value]) -> str:
    """The number of samples: operands have it, or 1."""
    texts = [value.text for value in values if value.batched]
    return f"{texts[0]}.shape[0]" if len(texts) == 1 else f"{fn.helper('_batch')}({', '.join(texts)})"


# -------------------------------------------------------------------------------------------------------- map


def _map(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    held = _captures(box)
    (inside,) = box.insides
    if program.survey[inside].batch and not box.param("totals"):
        made: list[Value] = yield one_by_one(program, fn, box, values, counts, owner, _scan)
        return made
    flag = any(value.batched for value in values)
    over = next((wire for wire in (*box.dom[held:], *box.cod)), None)
    if over is None:
        raise BackendError(f"torch: `{box.name}` maps no wire", box.span)
    grid = [fn.size(axis) for axis in over.space.axes] if isinstance(over, Field) else []
    many = " * ".join(grid) if grid else fn.size(shape_of(over)[0])
    batch = fn.fresh("v")
    fn.put([f"{batch} = {_batch(fn, values) if flag else '1'}"], (batch,))
    several = sum(value.batched for value in values) > 1
    inputs = []
    for at, value in enumerate(values):
        wire = inside.dom[at]
        if at < held:
            if value.batched:
                text = f"{fn.helper('_repeated')}({written_out(fn, value)}, {batch}, {many})"
                inputs.append(bind(fn, text, wire, True, 1, [value]))
            else:
                inputs.append(value)
            continue
        text = written_out(fn, value)
        if not value.batched:
            text += ".unsqueeze(0)"
        if several or (flag and not value.batched):
            text += f".expand({', '.join([batch, *(fn.size(size) for size in shape_of(value.type))])})"
        text += ".movedim(1, -1).flatten(0, -2)" if grid else ".flatten(0, 1)"
        if grid and not shape_of(wire):
            # a field of one channel is the cotangent of a formula that ends in a scalar
            text += ".squeeze(-1)"
        inputs.append(bind(fn, text, wire, True, 1, [value]))
    results = yield _sampled(program, fn, inside, inputs, owner, f"({batch} * {many})")
    made = []
    totals = box.param("totals", 0)
    assert isinstance(totals, int)
    for value, wire, count in zip(results[:totals], box.cod, counts, strict=False):
        # summed over all entries already
        made.append(bind(fn, written_out(fn, value), wire, False, count, [value]))
    for value, wire, count in list(zip(results, box.cod, counts, strict=True))[totals:]:
        inner = [fn.size(size) for size in shape_of(value.type)]
        if grid and not inner:
            # a formula that ends in a scalar is a field of one channel
            inner = ["1"]
        text = _with_flag(fn, value, True, f"{batch} * {many}")
        rows = grid or [many]
        text = f"({text}).reshape({', '.join([*([batch] if flag else []), *rows, *inner])})"
        text += f".movedim(-1, {int(flag)})" if grid else ""
        made.append(bind(fn, text, wire, flag, count, [value]))
    fn.put([f"del {batch}"], ())
    return made


def _sampled(program: Program, fn: Function, inside: Diagram, inputs: list[Value], owner: Owner, batch: str) -> Task:
    """The inside of a box that maps: it has its own number of samples, for boxes that draw."""
    draws = program.survey[inside].random
    if draws:
        fn.batch()
        fn.batches.append(batch)
    results: list[Value] = yield body(program, fn, inside, inputs, owner, consume=True)
    if draws:
        fn.batches.pop()
    return results


# ------------------------------------------------------------------------------------------------------- tree


def _tree(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    held = _captures(box)
    (inside,) = box.insides
    if program.survey[inside].batch:
        raise BackendError(f"torch: `{box.name}` halves what would look at all samples", box.span)
    flag = any(value.batched for value in values)
    width = len(box.cod)
    batch = fn.fresh("v")
    fn.put([f"{batch} = {_batch(fn, values) if flag else '1'}"], (batch,))
    rows = []
    for value in values[held:]:
        text = written_out(fn, value) + ("" if value.batched else ".unsqueeze(0)")
        text += f".expand({', '.join([batch, *(fn.size(size) for size in shape_of(value.type))])})"
        rows.append(bind(fn, text, value.type, True, 1, [value]).text)
    block, half = Block(), fn.fresh("v")
    fn.blocks.append(block)
    fn.put([f"{half} = {rows[0]}.shape[1] // 2"], (half,))
    inputs = []
    for value in values[:held]:
        if value.batched:
            text = f"{fn.helper('_repeated')}({written_out(fn, value)}, {batch}, {half})"
            inputs.append(bind(fn, text, value.type, True, 1, []))
        else:
            if value.slot is not None:
                value.slot.count += 1
            inputs.append(value)
    for first in (0, 1):
        for name, wire in zip(rows, box.cod, strict=True):
            inputs.append(bind(fn, f"{name}[:, {first} : 2 * {half} : 2].flatten(0, 1)", wire, True, 1, []))
    results = yield _sampled(program, fn, inside, inputs, owner, f"({batch} * {half})")
    for name, value in zip(rows, results, strict=True):
        inner = ", ".join([batch, half, *(fn.size(size) for size in shape_of(value.type))])
        text = f"({_with_flag(fn, value, True, f'{batch} * {half}')}).reshape({inner})"
        fn.put([f"{name} = {text} if {name}.shape[1] % 2 == 0 else torch.cat(({text}, {name}[:, -1:]), 1)"], (name,))
        _end(fn, [value])
    fn.blocks.pop()
    fn.put([f"while {rows[0]}.shape[1] > 1:", *block.lines("    "), f"del {batch}"], tuple(rows))
    _end(fn, values[:held])
    made = [
        bind(
            fn,
            f"{name}[:, 0]" if flag else f"{name}[0, 0]",
            wire,
            flag,
            count,
            [Value(name, wire, True, Slot(name, 1))],
        )
        for name, wire, count in zip(rows[:width], box.cod, counts, strict=True)
    ]
    return made


# --------------------------------------------------------------------------------------------------- training


def _training(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    blocks = [Block(), Block()]
    branches: list[list[Value]] = []
    for inside, block in zip(box.insides, blocks, strict=True):
        branches.append((yield _block(program, fn, inside, list(values), owner, block)))
    flags = [any(branch[at].batched for branch in branches) for at in range(len(box.cod))]
    names = [fn.fresh("v") for _ in box.cod]
    for block, branch in zip(blocks, branches, strict=True):
        fn.blocks.append(block)
        texts = [_with_flag(fn, value, flag) for value, flag in zip(branch, flags, strict=True)]
        if names:
            fn.put([f"{', '.join(names)} = {', '.join(texts)}"], tuple(names))
        _end(fn, branch)
        fn.blocks.pop()
    module = owner.local or "self"
    lines = [f"if {module}.training:", *blocks[0].lines("    "), "else:", *blocks[1].lines("    ")]
    fn.put(lines, tuple(names))
    _end(fn, values)
    made = [
        Value(name, wire, flag, Slot(name, count))
        for name, wire, flag, count in zip(names, box.cod, flags, counts, strict=True)
    ]
    return _finish(fn, made)
