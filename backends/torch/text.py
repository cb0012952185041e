"""The source file: runtime functions that are used, functions of frames, classes, the entrance of the root."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from diagrammar.backends.torch import entrance, reverse, runtime, sharing
from diagrammar.backends.torch.body import body, written
from diagrammar.backends.torch.chunks import LIMIT, pieces, sink
from diagrammar.backends.torch.classes import Made, Method, Program, describe, final
from diagrammar.backends.torch.facts import Pattern
from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.arithmetic import REAL, elementwise
from diagrammar.backends.torch.meanings.call import written_out
from diagrammar.backends.torch.meanings.table import FUSED
from diagrammar.backends.torch.names import class_name, literal
from diagrammar.backends.torch.sharing import OneBody
from diagrammar.backends.torch.values import Owner, Value
from diagrammar.diagram import Box, Diagram
from diagrammar.schedule.plan import Plan
from diagrammar.steps import run

_HEAD = """import hashlib
import itertools
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrize
"""


def write_method(program: Program, box: Box, flags: tuple[bool, ...], module: bool) -> Generator[Any, Any, Method]:
    """Writes the inside of a frame as a method of its class (`module`) or as a function of the file."""
    inside = box.insides[0]
    constants = program.of(box).constants if module else []
    fn = Function(inside.dom, flags, module, program.known, constants)
    owner = Owner("self" if module else "", None)
    results: list[Value] | None = None
    uses = [1] * len(box.cod)
    for value in fn.inputs:
        value.slot.count = 1  # type: ignore[union-attr]  # `Function` gives each input one
    if box.origin in REAL:
        results = [Value(elementwise(fn, box, fn.inputs), box.cod[0], any(flags), None)]
    elif box.origin in FUSED:
        results = written(fn, box, fn.inputs, uses, owner, FUSED[box.origin])
    if results is None:
        results = yield body(program, fn, inside, fn.inputs, owner, consume=True)
    if not module:
        name = f"_f{len(program.functions)}"
        program.functions[name] = []
        program.functions[name] = _function(program, fn, name, name, results, [])
        return Method(name, tuple(value.batched for value in results), tuple(fn.extras))
    made = program.of(box)
    number = len(made.lines)
    name = "forward" if not number else f"_forward_{number}"
    made.lines.append([])
    made.lines[number] = method_text(program, made, fn, name, results)
    return Method("" if not number else f".{name}", tuple(value.batched for value in results), tuple(fn.extras))


def method_text(program: Program, made: Made, fn: Function, name: str, results: list[Value]) -> list[str]:
    """The lines of a method; what it needs is entered into its class."""
    lines = _function(program, fn, name, f"_p{len(program.functions)}", results, _tail(fn))
    made.needs_like = made.needs_like or fn.needs_like
    return lines


def _tail(fn: Function) -> list[str]:
    """States take their next values at the end of the root."""
    if fn.root and ("pending",) in fn.extras:
        return ["for buffer, value in pending:", "    buffer.copy_(value)"]
    return []


def _function(program: Program, fn: Function, name: str, part: str, results: list[Value], tail: list[str]) -> list[str]:
    # without results it gives an empty tuple: nothing at all would be one result
    returned = "return " + (", ".join(written_out(fn, value) for value in results) or "()")
    return _lines(program, fn, name, part, returned, tail)


def _lines(
    program: Program, fn: Function, name: str, part: str, returned: str, tail: list[str], limit: int = LIMIT
) -> list[str]:
    params = fn.params + ([] if fn.root else list(fn.extras.values()))
    start = [] if not fn.root or ("pending",) not in fn.extras else ["pending = []"]
    statements = [*fn.sizes, *fn.top.head, *fn.top.body]
    if len(statements) > limit:
        statements = fn.sizes + sink(fn.top.head, fn.top.body)
        given = params + (["pending"] if start else [])
        statements, parts = pieces(part, fn.has_self, given, statements, returned)
        for number, lines in enumerate(parts):
            program.functions[f"{part}_{number}"] = lines
    program.helpers |= fn.helpers
    lines = [f"def {name}({', '.join((['self'] if fn.has_self else []) + params)}):"]
    lines += [f"    {line}" for line in start]
    lines += [f"    {line}" for statement in statements for line in statement.lines]
    return [*lines, *(f"    {line}" for line in [*tail, returned])]


def _whole(program: Program, fn: Function, name: str, part: str, returned: str) -> list[str]:
    program.root.needs_like = program.root.needs_like or fn.needs_like
    return _lines(program, fn, name, part, returned, _tail(fn), reverse.WHOLE)


# ---------------------------------------------------------------------------------------------------- the file


def source(
    program: Program,
    diagram: Diagram,
    name: str,
    conditions: entrance.Conditions,
    own: Plan | None = None,
    one: OneBody | None = None,
) -> str:
    """The whole file; `own` is a reverse mode of its own, `one` the diagram as one body."""
    program.write = write_method
    root = program.root
    if one is not None:
        results, lines = sharing.methods(program, one, _whole)
        root.lines += lines
    else:
        fn = Function(diagram.dom, (True,) * len(diagram.dom), True, program.known, root.constants, root=True)
        results = run(body(program, fn, diagram, fn.inputs, Owner("self", None)))
        root.lines.append(method_text(program, root, fn, "_plain" if own else "_run", results))
    if own:
        program.helpers |= {"_plainly", "_through"} | ({"_unlike"} if len(diagram.dom) > 1 else set())
        root.lines += reverse.methods(program, own, _whole)
    if not program.flat:
        _own_methods(program)
    flags = tuple(value.batched for value in results)
    strict = any(made.weights or made.needs_like or made.constants for made in program.classes())
    root.needs_like = root.needs_like or (strict and bool(diagram.dom))
    single = one is not None and one.single is not None
    alike = one is not None and not one.batch.lifts
    door = entrance.write(program, diagram, flags, conditions, strict, single, alike)
    root.lines = [*door.methods, *root.lines]
    texts = _classes(program, name)
    functions = ["\n".join(lines) + "\n" for lines in program.functions.values()]
    parts = [
        _HEAD,
        *runtime.texts({"_grow", *door.helpers, *program.helpers}),
        *functions,
        *door.tables,
        *texts,
    ]
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


def _own_methods(program: Program) -> None:
    """A forward for classes whose code was written into their parents' (`linear`), so that they run on their own."""
    for made in program.classes():
        box = made.box
        if box is not None and not made.lines and box.origin in FUSED:
            run(_as_task(program, box))


def _as_task(program: Program, box: Box) -> Generator[Any, Any, list[Value]]:
    yield program.method(box, (True,) * len(box.dom), True)
    return []


def _classes(program: Program, name: str) -> list[str]:
    """The classes, children first; equal ones once."""
    names: dict[int, str] = {}
    by_text: dict[str, str] = {}
    taken = {name, "F", "nn", "math", "torch"}
    texts: list[str] = []
    for made in _children_first(program):
        is_root = made is program.root
        lines = _class_body(made, names)
        text = "\n".join(lines)
        if not is_root and text in by_text:
            names[id(made)] = by_text[text]
            continue
        own = name if is_root else class_name(made.hint, taken)
        names[id(made)] = by_text[text] = own
        texts.append(f"class {own}(nn.Module):\n{text}\n")
    return texts


def _children_first(program: Program) -> list[Made]:
    done: set[int] = set()
    order: list[Made] = []
    stack: list[tuple[Made, bool]] = [(program.root, False)]
    while stack:
        made, ready = stack.pop()
        if id(made) in done:
            continue
        if ready:
            done.add(id(made))
            order.append(made)
            continue
        stack.append((made, True))
        stack.extend((final(child), False) for child in made.children.values() if isinstance(child, Made))
    return order


def _class_body(made: Made, names: dict[int, str]) -> list[str]:
    title = made.hint if made.box is None else describe(made.hint, made.diagram.dom, made.diagram.cod)
    lines = [f"    __doc__ = {title!r}"]
    weights = [f"({row}, {_pattern(pattern)})" for (_, pattern), row in made.weights.items()]
    lines += _table("_weights", weights)
    children = []
    for (key, pattern), child in made.children.items():
        target = repr(child) if isinstance(child, str) else names[id(final(child))]
        children.append(f"({key!r}, {target}, {_pattern(pattern)})")
    lines += _table("_children", children)
    lines += _table("_constants", made.constants)
    lines.append(f"    _needs_like = {made.needs_like}")
    lines += [
        "",
        "    def __init__(self, *, seed=0, dtype=None, device=None, boxes=None):",
        "        super().__init__()",
        "        _grow(self, seed, dtype, device, boxes or {})",
    ]
    for method in made.lines:
        lines += ["", *(f"    {line}" if line else "" for line in method)]
    return lines


def _table(name: str, rows: list[str]) -> list[str]:
    if not rows:
        return [f"    {name} = ()"]
    return [f"    {name} = (", *(f"        {row}," for row in rows), "    )"]


def _pattern(pattern: Pattern) -> str:
    """A product of ranges as pairs (start, stop)."""
    return literal(tuple((steps.start, steps.stop) for steps in pattern))
