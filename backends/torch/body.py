"""The inside of a diagram as statements of one function: leaf boxes and fused frames in place, other frames by a call.

Bodies are generators that yield the bodies they need and are sent their results; `run` is the stack. So nesting is
bounded by memory, not by Python's stack.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, cast

from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.facts import parse_key
from diagrammar.backends.torch.function import Extra, Function, is_real, rank
from diagrammar.backends.torch.meanings.arithmetic import REAL, elementwise
from diagrammar.backends.torch.meanings.call import Call, Meaning, Several, is_pair, thin, written_out
from diagrammar.backends.torch.meanings.table import FUSED, PRIMITIVES
from diagrammar.backends.torch.names import literal
from diagrammar.backends.torch.values import Owner, Value
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError
from diagrammar.schedule.axes import ROWS, STACKED
from diagrammar.sizes import Poly, denominator
from diagrammar.types import Type, shape_of

Task = Generator[Any, Any, list[Value]]
Uses = list[int]

# an inside of at most this many boxes, without weights, is written in place; larger ones that occur twice are functions
SMALL = 12
# modules nest at most this deep; frames above are written into the outermost ones
DEEP = 60


def body(
    program: Program, fn: Function, diagram: Diagram, inputs: list[Value], owner: Owner, consume: bool = False
) -> Task:
    """Writes a diagram; each output carries one read, which the caller makes. `consume`: the inputs carry one read of
    the caller's, which is over once the diagram has taken its own."""
    flat = diagram.flat
    facts = program.survey[diagram]
    uses = facts.uses
    env: list[Any] = [None] * len(flat.types)
    for wire, value in zip(flat.inputs, inputs, strict=True):
        env[wire] = value
        if value.slot is not None:
            value.slot.count += uses[wire]
    if consume:
        fn.reuse(fn.done(inputs))
        fn.release()
    for node, live in zip(flat.nodes, facts.live, strict=True):
        if not live:
            continue
        values = [env[wire] for wire in node.ins]
        counts = [uses[wire] for wire in node.outs]
        box = node.box
        try:
            results: list[Value] | None
            if not box.insides:
                results = leaf(program, fn, box, values, counts, owner)
            else:
                results = fused(program, fn, box, values, counts, owner)
                if results is None:
                    results = cast(list[Value], (yield frame(program, fn, box, values, counts, owner)))
        except BackendError as error:
            raise located(error, box) from None
        for wire, value in zip(node.outs, results, strict=True):
            env[wire] = value
    return [env[wire] for wire in flat.outputs]


def located(error: BackendError, box: Box) -> BackendError:
    """The error with the place of the box it arose in."""
    if error.span is not None or box.span is None:
        return error
    return BackendError(error.message, box.span, error.notes, error.hint)


# ------------------------------------------------------------------------------------------------------ leaves

# a random box draws for each sample
_DRAWS = {"std:gaussian": "torch.randn", "std:uniform": "torch.rand"}


def leaf(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> list[Value]:
    """Writes a box without an inside."""
    origin = box.origin
    if origin in REAL:
        text = elementwise(fn, box, values)
        batched = False
        for value in values:
            batched = batched or value.batched
        return [bind(fn, text, box.cod[0], batched, counts[0], values)]
    if origin in _ALIASES:
        return _ALIASES[origin](fn, box, values, counts)
    if origin in (ROWS, STACKED) and not box.param("level") and not box.param("grid"):
        return [_renamed(fn, box, values, counts)]
    if origin in ("weight", "state"):
        return [owned(fn, box, owner, counts[0])]
    if origin == "next":
        return set_next(fn, box, values, owner)
    if origin in _DRAWS:
        like = fn.like()
        sizes = ", ".join([fn.batch(), *(fn.size(size) for size in shape_of(box.cod[0]))])
        text = f"{_DRAWS[origin]}(({sizes},), dtype={like}.dtype, device={like}.device)"
        return [bind(fn, text, box.cod[0], True, counts[0], [])]
    meaning = PRIMITIVES.get(origin)
    if meaning is not None:
        results = written(fn, box, values, counts, owner, meaning)
        if results is not None:
            return results
    if not origin.startswith("std:") and box.key is not None:
        return bound(program, fn, box, values, counts, owner)
    what = box.name if origin in ("", f"std:{box.name}") else f"{box.name} ({origin})"
    raise BackendError(f"torch: the box `{what}` has no meaning", box.span)


def bind(fn: Function, text: str, wire: Type, batched: bool, count: int, values: list[Value]) -> Value:
    """One statement for one wire; names of operands that are dead now are bound again or deleted."""
    dead: list[str] = []
    for value in values:
        slot = value.slot
        if slot is not None:
            slot.count -= 1
            if slot.count == 0:
                dead.append(slot.name)
    fn.reuse(dead)
    result = fn.value(text, wire, batched, count)
    if dead or not count:
        if not count:
            fn.reuse([*dead, result.text])
        fn.release()
    return result


def bind_all(
    fn: Function, text: str, wires: list[tuple[Type, bool, int]], values: list[Value], unpack: bool
) -> list[Value]:
    """One statement for several wires."""
    dead = fn.done(values)
    fn.reuse(dead)
    results = fn.assign(text, wires, unpack)
    fn.reuse([*dead, *(value.text for value, (_, _, count) in zip(results, wires, strict=True) if not count)])
    fn.release()
    return results


def written(
    fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner, meaning: Meaning
) -> list[Value] | None:
    """Writes a box by its meaning; None where the meaning does not fit."""
    call = Call(fn, box, values, owner, meaning.lift)
    result = meaning.emit(call)
    if result is None:
        return None
    batched = call.batched if meaning.batched is None else meaning.batched
    lifted = call.lifted and meaning.batched is None
    flags = call.flags or (True,) * len(counts)
    if isinstance(result, str):
        text = f"{_wrapped(result)}[0]" if lifted and flags[0] else result
        return [bind(fn, text, box.cod[0], batched and flags[0], counts[0], values)]
    wires = list(zip(box.cod, [batched and flag for flag in flags], counts, strict=True))
    if isinstance(result, Several):
        text = result.text
        if lifted:
            text = f"[part[0] for part in {text}]"
        return bind_all(fn, text, wires, values, unpack=True)
    texts = [f"{_wrapped(item)}[0]" if lifted and flag else item for item, flag in zip(result, flags, strict=True)]
    return bind_all(fn, ", ".join(texts), wires, values, unpack=False)


def _wrapped(text: str) -> str:
    return f"({text})"


def owned(fn: Function, box: Box, owner: Owner, count: int) -> Value:
    """A weight, or the value that a state had before this call."""
    up, fixed, name = parse_key(box)
    table = "_parameters" if box.origin == "weight" else "_buffers"
    kept = Program.stored_name(box, name)
    text = fn.member(owner, up, kept, table, fixed)
    if box.origin == "state":
        # a copy: `next` writes into the buffer, which autograd may still need as it was
        return fn.value(f"{text}.clone()", box.cod[0], False, count)
    return Value(text, box.cod[0], False, None)


def set_next(fn: Function, box: Box, values: list[Value], owner: Owner) -> list[Value]:
    """Puts a value and its buffer on the list that the root works off after the forward."""
    up, fixed, name = parse_key(box)
    target = fn.member(owner, up, name, "_buffers", fixed)
    pending = fn.extra(("pending",), "pending")
    text = written_out(fn, values[0])
    if values[0].batched:
        text = f"{fn.helper('_single')}({text}, {name!r})"
    fn.put([f"{pending}.append(({target}, {text}.detach()))"], ())
    fn.reuse(fn.done(values))
    fn.release()
    return []


def bound(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> list[Value]:
    """A box that the caller binds to a module of their own."""
    module = module_of(fn, box, owner)
    args = ", ".join(written_out(fn, value) for value in values)
    batched = any(value.batched for value in values)
    wires = list(zip(box.cod, [batched] * len(counts), counts, strict=True))
    return bind_all(fn, f"{module}({args})", wires, values, unpack=False)


# ------------------------------------------------------------------------------------- boxes without a statement


def _same(fn: Function, box: Box, values: list[Value], counts: Uses) -> list[Value]:
    (value,) = values
    if value.shape != "full":
        return [bind(fn, written_out(fn, value), box.cod[0], value.batched, counts[0], values)]
    return [passed(value.of_type(box.cod[0]), counts[0])]


def _renamed(fn: Function, box: Box, values: list[Value], counts: Uses) -> Value:
    """Rows of the one sample there is as samples, or these as the rows: the same tensor."""
    (value,) = values
    is_rows = box.origin == ROWS
    if value.shape == "full":
        return passed(Value(value.text, box.cod[0], is_rows, value.slot), counts[0])
    return bind(fn, written_out(fn, value), box.cod[0], is_rows, counts[0], values)


def passed(value: Value, count: int) -> Value:
    """A wire under another name: one read of the old one becomes `count` reads."""
    if value.slot is not None:
        value.slot.count += count - 1
    return value


def _const(fn: Function, box: Box, values: list[Value], counts: Uses) -> list[Value]:
    value = box.param("value")
    wire = box.cod[0]
    if not isinstance(value, tuple):
        if is_real(wire):
            return [Value(_number(fn, value), wire, False, None, "number")]
        return [Value(repr(bool(value)), wire, False, None, "number")]
    if _has_free(value):
        like = fn.like()
        text = f"torch.tensor({_number(fn, value)}, dtype={like}.dtype, device={like}.device)"
        return [bind(fn, text, wire, False, counts[0], [])]
    text = fn.constant(value)
    return [Value(text, wire, False, None) if fn.has_self else bind(fn, text, wire, False, counts[0], [])]


def _has_free(value: object) -> bool:
    return any(map(_has_free, value)) if isinstance(value, tuple) else isinstance(value, Poly)


def _number(fn: Function, value: object) -> str:
    """A number of a `const`, or a list of them; free sizes are the caller's."""
    if isinstance(value, tuple):
        return f"[{', '.join(_number(fn, each) for each in value)}]"
    if not isinstance(value, Poly):
        return literal(value)
    # sizes are divided without a rest, numbers are not
    below = denominator(value)
    whole = fn.size(value * below)
    return f"({whole})" if below == 1 else f"(({whole}) / {below})"


def _broadcast(fn: Function, box: Box, values: list[Value], counts: Uses) -> list[Value]:
    (value,) = values
    wire = box.cod[0]
    if value.shape == "number":
        return [Value(value.text, wire, False, None, "number")]
    if value.shape == "thin" or is_pair(wire):
        text = written_out(fn, value)
        if is_pair(wire) and not is_pair(value.type):
            text = f"{fn.helper('_pair')}({text})"
            lead = (":, " if value.batched else "") + "None, " * (rank(wire) - 1)
            text = f"{text}[{lead}:]"
        else:
            text = thin(Value(text, value.type, value.batched, None), wire)
        made = bind(fn, text, wire, value.batched, counts[0], values)
        return [Value(made.text, wire, made.batched, made.slot, "thin")]
    return [passed(Value(thin(value, wire), wire, value.batched, value.slot, "thin"), counts[0])]


_ALIASES: dict[str, Callable[[Function, Box, list[Value], Uses], list[Value]]] = {
    "std:sample": _same,
    "std:field": _same,
    "std:as_complex": _same,
    "std:as_real": _same,
    "std:const": _const,
    "std:broadcast": _broadcast,
}


# ------------------------------------------------------------------------------------------------------ frames


def fused(
    program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner
) -> list[Value] | None:
    """Writes a frame that has a meaning of its own; None where it has none or it does not fit."""
    if box.origin in REAL and box.key is not None:
        text = elementwise(fn, box, values)
        return [bind(fn, text, box.cod[0], any(value.batched for value in values), counts[0], values)]
    meaning = FUSED.get(box.origin)
    if meaning is None or box.key is None:
        return None
    return written(fn, box, values, counts, inner_owner(program, fn, box, owner), meaning)


def inner_owner(program: Program, fn: Function, box: Box, owner: Owner) -> Owner:
    """The owner of what stands inside a keyed frame that is written in place."""
    if not program.survey[box.insides[0]].heavy:
        return Owner("", owner)
    up, fixed, name = parse_key(box)
    return Owner(fn.member(owner, up, name, "_modules", fixed), owner)


def frame(program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner) -> Task:
    """Writes a frame: in place, or as a call of its module or of a function of the file."""
    from diagrammar.backends.torch.frames import transparent

    if box.key is None:
        return cast(list[Value], (yield transparent(program, fn, box, values, counts, owner)))
    inside = box.insides[0]
    facts = program.survey[inside]
    if box.param("path") is not None or (facts.heavy and not program.flat and facts.height < DEEP):
        return cast(list[Value], (yield called(program, fn, box, values, counts, owner, module=True)))
    if not facts.heavy and facts.boxes > SMALL and program.survey.mentions[id(inside)] > 1:
        return cast(list[Value], (yield called(program, fn, box, values, counts, owner, module=False)))
    inner = inner_owner(program, fn, box, owner)
    return cast(list[Value], (yield inlined(program, fn, inside, values, counts, inner)))


def inlined(program: Program, fn: Function, inside: Diagram, values: list[Value], counts: Uses, owner: Owner) -> Task:
    """Writes an inside in place: its inputs are our wires under the same names."""
    results: list[Value] = yield body(program, fn, inside, values, owner, consume=True)
    for value, count in zip(results, counts, strict=True):
        passed(value, count)
    fn.reuse(list({v.slot.name: None for v in results if v.slot is not None and v.slot.count == 0}))
    fn.release()
    return results


def called(
    program: Program, fn: Function, box: Box, values: list[Value], counts: Uses, owner: Owner, module: bool
) -> Task:
    """Writes the call of a frame's module (`module`) or of its function."""
    flags = tuple(value.batched for value in values)
    target = yield program.method(box, flags, module)
    args = [written_out(fn, value) for value in values]
    args += [supply(fn, extra, box, owner) for extra in target.extras]
    if module:
        text = f"{module_of(fn, box, owner)}{target.call}({', '.join(args)})"
    else:
        fn.helpers.add(target.call)
        text = f"{target.call}({', '.join(args)})"
    wires = list(zip(box.cod, target.flags, counts, strict=True))
    return bind_all(fn, text, wires, values, unpack=False)


def module_of(fn: Function, box: Box, owner: Owner) -> str:
    """The module of a box: by its key, or by the path that it has in a body without frames."""
    path = box.param("path")
    if isinstance(path, str):
        return fn.along(path.split("."))
    up, fixed, name = parse_key(box)
    return fn.member(owner, up, name, "_modules", fixed)


def supply(fn: Function, extra: Extra, box: Box, owner: Owner) -> str:
    """What a called function asks for besides its wires."""
    match extra:
        case ("size", str(name)):
            return fn.variable(name)
        case ("like",):
            return fn.like()
        case ("batch",):
            return fn.batch()
        case ("pending",):
            return fn.extra(("pending",), "pending")
        case _:
            _, up, name, table = cast(tuple[str, int, str, str], extra)
            return fn.member(owner, up - 1 if up > 0 else up, name, table, fixed=True)
