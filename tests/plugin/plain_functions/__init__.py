"""A backend that means diagrams as Python functions on nested lists of floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from diagrammar.backend import Backend
from diagrammar.category import Place, interpret
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError
from diagrammar.types import Tensor

FUNCTIONS: dict[str, Callable[..., float]] = {
    "std:add": lambda a, b: a + b,
    "std:sub": lambda a, b: a - b,
    "std:mul": lambda a, b: a * b,
    "std:max": max,
    "std:min": min,
    "std:neg": lambda a: -a,
    "std:abs": abs,
    "std:sin": math.sin,
    "std:cos": math.cos,
    "std:tanh": math.tanh,
    "std:erf": math.erf,
}


def means(box: Box) -> bool:
    """Whether a box works entry by entry, on real numbers."""
    return box.origin in FUNCTIONS and all(isinstance(wire, Tensor) and wire.kind == "R" for wire in box.dom)


def apply(function: Callable[..., float], *values: Any) -> Any:
    """A function on every entry of nested lists."""
    if isinstance(values[0], list):
        return [apply(function, *entries) for entries in zip(*values, strict=True)]
    return function(*values)


def compile(diagram: Diagram) -> Callable[..., tuple[Any, ...]]:
    """The function of a diagram: lists in, a tuple of lists out."""
    written(diagram)

    def meaning(box: Box, args: tuple[Any, ...], place: Place) -> list[Any]:
        return [apply(FUNCTIONS[box.origin], *args)]

    return lambda *values: interpret(diagram, meaning, values)


def emit(diagram: Diagram, conditions: Any = ()) -> str:
    """The steps of a diagram, a line each."""
    return written(diagram)


def written(diagram: Diagram) -> str:
    """The steps as text; BackendError at a box without a meaning."""
    lines: list[str] = []

    def meaning(box: Box, args: tuple[Any, ...], place: Place) -> list[str]:
        if not means(box):
            raise BackendError(f"plain: `{box.name}` has no meaning", box.span)
        lines.append(f"y{len(lines)} = {box.origin[4:]}({', '.join(args)})")
        return [f"y{len(lines) - 1}"]

    outs = interpret(diagram, meaning, [f"x{number}" for number in range(len(diagram.dom))])
    return "\n".join([*lines, f"return {', '.join(outs)}", ""])


BACKEND = Backend("plain", compile, emit, means)
