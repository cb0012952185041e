"""Recursion without Python's stack: generators that yield the generators they wait for."""

from __future__ import annotations

from collections.abc import Generator
from types import GeneratorType
from typing import Any

Steps = Generator[Any, Any, Any]


def run(steps: Steps) -> Any:
    """Runs steps that yield further steps: nesting costs memory, never Python's stack.

    >>> def depth(n):
    ...     return 0 if n == 0 else 1 + (yield depth(n - 1))
    >>> run(depth(20_000))
    20000
    """
    stack = [steps]
    answer: Any = None
    while True:
        try:
            step = stack[-1].send(answer)
        except StopIteration as stop:
            stack.pop()
            answer = stop.value
            if not stack:
                return answer
        else:
            if type(step) is GeneratorType:
                stack.append(step)
                answer = None
            else:
                answer = step
