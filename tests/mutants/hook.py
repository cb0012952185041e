"""The torch backend with one box written wrongly: what writes its lines is wrapped, and put back afterwards.

Everything that a box writes goes through `Function.put`, but for boxes that are another view of a wire, whose
expressions are changed, and for functions of the runtime, of which the box gets copies under other names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

from diagrammar.backends import torch as backend
from diagrammar.backends.torch import body, frames, runtime
from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.arithmetic import REAL
from diagrammar.backends.torch.meanings.call import is_pair
from diagrammar.backends.torch.text import _HEAD
from diagrammar.backends.torch.values import Value
from diagrammar.diagram import Box
from diagrammar.types import Tensor
from tests.mutants.edits import Edit, form_of, of_expression, of_function, of_line

_FRAMES = {"std:map": "_map", "std:fold": "_scan", "std:scan": "_scan", "std:tree": "_tree"}
_MARK = "__wrong"
# the name of the file that the functions of the runtime are in
RUNTIME = "runtime.py of mutants"


@dataclass(frozen=True)
class Mutant:
    """A box of the torch backend with one thing wrong: in a line that it writes in this form, or in a function of the
    runtime that its lines call."""

    origin: str
    place: str
    edit: Edit
    in_runtime: bool = False

    def __str__(self) -> str:
        where = f"in {self.place}" if self.in_runtime else f"in a line of {self.place or 'operators'}"
        return f"{self.origin.removeprefix('std:')}: {self.edit[0]} {self.edit[1]} {where}"


Change = Callable[[str, str, frozenset[str]], str]


@dataclass
class Emission:
    """The lines that a box has written: (line, kind of its wire, operands that are numbers)."""

    lines: dict[tuple[str, str, frozenset[str]], None] = field(default_factory=dict)


def kind_of(box: Box) -> str:
    """R, C or B (truth values): of the first result."""
    if not box.cod:
        return "R"
    if is_pair(box.cod[0]):
        return "C"
    return "B" if isinstance(box.cod[0], Tensor) and box.cod[0].kind == "Bool" else "R"


@contextmanager
def changed(origin: str, line: Change, expression: Change) -> Iterator[None]:
    """While this holds, the lines that boxes of this origin write are changed by `line`; where such a box binds no wire
    of its own, its expressions are changed by `expression`."""
    state: dict[str, Any] = {"box": None, "protected": frozenset()}
    put, leaf, fused = Function.put, body.leaf, body.fused
    line, expression = _unless_right(line), _unless_right(expression)

    def put_changed(self: Function, lines: list[str], writes: tuple[str, ...]) -> None:
        box = state["box"]
        if box is not None:
            kind = kind_of(box)
            # what is indented is the inside of a loop, and written by others
            lines = [
                each if each[:1].isspace() or each.startswith("del ") else line(each, kind, state["protected"])
                for each in lines
            ]
        put(self, lines, writes)

    def leaf_changed(program: Any, fn: Any, box: Box, values: list[Value], counts: Any, owner: Any) -> list[Value]:
        if box.origin != origin:
            return leaf(program, fn, box, values, counts, owner)
        if origin in body._ALIASES:
            made = leaf(program, fn, box, values, counts, owner)
            return [_alias(fn, box, made[0], counts[0], expression)]
        numbers = (
            frozenset(value.text for value in values if value.shape == "number") if origin in REAL else frozenset()
        )
        with _set(state, box=box, protected=numbers):
            return leaf(program, fn, box, values, counts, owner)

    def fused_changed(
        program: Any, fn: Any, box: Box, values: list[Value], counts: Any, owner: Any
    ) -> list[Value] | None:
        if box.origin != origin:
            return fused(program, fn, box, values, counts, owner)
        with _set(state, box=box, protected=frozenset()):
            return fused(program, fn, box, values, counts, owner)

    with ExitStack() as stack:
        stack.enter_context(patch.object(Function, "put", put_changed))
        stack.enter_context(patch.object(body, "leaf", leaf_changed))
        stack.enter_context(patch.object(body, "fused", fused_changed))
        if origin in _FRAMES:
            name = _FRAMES[origin]
            stack.enter_context(patch.object(frames, name, _frame_changed(getattr(frames, name), origin, state)))
        yield


_RIGHT: ContextVar[bool] = ContextVar("_RIGHT", default=False)


@contextmanager
def right() -> Iterator[None]:
    """While this holds, what is compiled is right, though a mutant is in the backend."""
    token = _RIGHT.set(True)
    try:
        yield
    finally:
        _RIGHT.reset(token)


def _unless_right(change: Change) -> Change:
    def changed_or_not(text: str, kind: str, protected: frozenset[str]) -> str:
        return text if _RIGHT.get() else change(text, kind, protected)

    return changed_or_not


@contextmanager
def _set(state: dict[str, Any], **values: Any) -> Iterator[None]:
    before = dict(state)
    state.update(values)
    try:
        yield
    finally:
        state.update(before)


def _frame_changed(original: Callable[..., Any], origin: str, state: dict[str, Any]) -> Callable[..., Any]:
    """A frame writes in steps, and hands over to what is inside it between them."""

    def steps(task: Any, box: Box) -> Any:
        answer: Any = None
        while True:
            try:
                with _set(state, box=box, protected=frozenset()):
                    step = task.send(answer)
            except StopIteration as stop:
                return stop.value
            answer = yield step

    def write(program: Any, fn: Any, box: Box, *rest: Any) -> Any:
        task = original(program, fn, box, *rest)
        return (yield steps(task, box)) if box.origin == origin else (yield task)

    return write


def _alias(fn: Any, box: Box, value: Value, count: int, expression: Change) -> Value:
    """A box without a statement of its own: its expression, changed, is bound to a wire."""
    text = expression(value.text, kind_of(box), frozenset())
    if text == value.text:
        return value
    if value.shape == "number":
        return Value(text, value.type, value.batched, None, "number")
    if value.slot is not None:
        value.slot.count -= count - 1
    made = body.bind(fn, text, value.type, value.batched, count, [value])
    return Value(made.text, made.type, made.batched, made.slot, value.shape)


# ----------------------------------------------------------------------------------------------------- quick files


@cache
def _runtime() -> dict[str, Any]:
    """All functions of the runtime, run once."""
    space: dict[str, Any] = {"__name__": "diagrammar.made.runtime"}
    text = "\n\n".join([_HEAD, *runtime.texts(set(runtime._definitions()))])
    exec(compile(text, RUNTIME, "exec"), space)
    return space


def forget() -> None:
    """Empties what the runtime keeps between calls, so that a call makes it again."""
    _runtime()["_TABLES"].clear()


@contextmanager
def quick() -> Iterator[None]:
    """While this holds, files that are generated leave out the functions of the runtime, all but wrong copies, and find
    them made already: nine tenths of the time of `compile` go into those."""
    space = _runtime()

    def texts(names: set[str]) -> list[str]:
        known = runtime._definitions()
        wanted: set[str] = set()
        stack = [name for name in names if name.endswith(_MARK)]
        while stack:
            name = stack.pop()
            if name not in wanted:
                wanted.add(name)
                stack.extend(known[name][1])
        return [known[name][0] for name in known if name in wanted]

    def load(source: str) -> dict[str, Any]:
        found = dict(space)
        exec(compile(source, "mutant.py", "exec"), found)
        return found

    with patch.object(runtime, "texts", texts), patch.object(backend, "load", load):
        yield


# ------------------------------------------------------------------------------------------------ functions of it


@cache
def _needed(name: str) -> frozenset[str]:
    """A definition of the runtime and all that it mentions, and so on, but for classes."""
    known = runtime._definitions()
    found: set[str] = set()
    stack = [name]
    while stack:
        one = stack.pop()
        # `Tensor` and the classes of constraints stay the ones that all know
        if one in known and one not in found and one.startswith("_"):
            found.add(one)
            stack.extend(known[one][1])
    return frozenset(found)


def helpers_in(line: str) -> frozenset[str]:
    """The definitions of the runtime that a line stands on."""
    known = runtime._definitions()
    return frozenset(
        name
        for node in ast.walk(ast.parse(f"{line}\n    pass" if line.rstrip().endswith(":") else line))
        if isinstance(node, ast.Name) and node.id in known
        for name in _needed(node.id)
    )


def text_of(name: str) -> str:
    """The text of a definition of the runtime."""
    return runtime._definitions()[name][0]


def _copies(mutant: Mutant) -> dict[str, tuple[str, frozenset[str]]]:
    """Copies of all functions that stand on the wrong one, and of what these stand on, under names of their own."""
    known = runtime._definitions()
    over = [name for name in known if mutant.place in _needed(name)]
    names = sorted({each for name in over for each in _needed(name)})
    found = {}
    for name in names:
        text = of_function(known[name][0])[mutant.edit] if name == mutant.place else known[name][0]
        found[name + _MARK] = (
            _renamed(text, names),
            frozenset(each + _MARK for each in known[name][1] if each in names),
        )
    return found


def _renamed(text: str, names: list[str]) -> str:
    return re.sub(rf"(?<![.\w])({'|'.join(names)})\b", rf"\1{_MARK}", text)


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """While this holds, every module that is compiled has the box wrong."""
    if mutant.in_runtime:
        copies = _copies(mutant)
        known = {**runtime._definitions(), **copies}
        names = [name.removesuffix(_MARK) for name in copies]

        def of_copies(line: str, kind: str, protected: frozenset[str]) -> str:
            return _renamed(line, names) if mutant.place in helpers_in(line) else line

        with (
            patch.object(runtime, "_definitions", lambda: known),
            _helpers(names),
            quick(),
            changed(mutant.origin, of_copies, lambda text, kind, protected: text),
        ):
            yield
        return

    def wrong(line: str, kind: str, protected: frozenset[str]) -> str:
        if form_of(line) != mutant.place:
            return line
        return of_line(line, kind, protected).get(mutant.edit, line)

    def wrong_expression(text: str, kind: str, protected: frozenset[str]) -> str:
        if form_of(f"_x = {text}") != mutant.place:
            return text
        return of_expression(text, kind).get(mutant.edit, text)

    with quick(), changed(mutant.origin, wrong, wrong_expression):
        yield


@contextmanager
def _helpers(names: list[str]) -> Iterator[None]:
    """A line that calls a copy asks for it."""
    put = Function.put

    def put_asking(self: Function, lines: list[str], writes: tuple[str, ...]) -> None:
        put(self, lines, writes)
        text = "\n".join(lines)
        if _MARK in text:
            self.helpers.update(name + _MARK for name in names if name + _MARK in text)

    with patch.object(Function, "put", put_asking):
        yield


@contextmanager
def recorded(origin: str) -> Iterator[Emission]:
    """Notes what boxes of this origin write, and changes nothing."""
    emission = Emission()

    def note(line: str, kind: str, protected: frozenset[str]) -> str:
        emission.lines[line, kind, protected] = None
        return line

    def note_expression(text: str, kind: str, protected: frozenset[str]) -> str:
        emission.lines[f"_x = {text}", kind, protected] = None
        return text

    with quick(), changed(origin, note, note_expression):
        yield emission
