"""The flat category of programs: an arrow is a list of functions, each on some of the wires side by side.

As a target of functors it has no depth: what a chain of 100,000 boxes becomes runs in one loop, one step a box.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagrammar.errors import DiagramTypeError

# a function, the first wire that it takes, how many it takes and gives
Step = tuple[Callable[..., Any], int, tuple[int, int]]


class Program:
    """A function from `dom` wires to `cod` wires: it takes that many values, and gives one, or a tuple of several.

    An arrow in DisCoPy's protocol, and in that of `dg.Functor`: `cod=Program` there, `cod=Category(int, Program)` in
    DisCoPy. Objects are numbers of wires; a type counts as one. Composition is in constant time.

    >>> add = Program(lambda x, y: x + y, 2, 1)
    >>> (Program.copy(1) >> add)(3), (Program.copy(1) @ 1 >> Program.id(1) @ add)(1, 2)
    (6, (1, 3))
    """

    __slots__ = ("_parts", "_steps", "cod", "dom")

    def __init__(self, function: Callable[..., Any], dom: int, cod: int) -> None:
        self.dom = dom
        self.cod = cod
        self._steps: list[Step] | None = [(function, 0, (dom, cod))]
        self._parts: tuple[Program, int, Program] | None = None

    @classmethod
    def _made(cls, dom: int, cod: int, parts: tuple[Program, int, Program] | None = None) -> Program:
        made = cls.__new__(cls)
        made.dom, made.cod = dom, cod
        made._steps = None if parts else []
        made._parts = parts
        return made

    @classmethod
    def id(cls, wires: Any = 0) -> Program:
        """So many wires."""
        return cls._made(_count(wires), _count(wires))

    @classmethod
    def swap(cls, left: Any, right: Any) -> Program:
        """Two bundles of wires, crossed."""
        first, total = _count(left), _count(left) + _count(right)
        return cls(lambda *wires: wires[first:] + wires[:first], total, total)

    braid = swap

    @classmethod
    def copy(cls, wires: Any, n: int = 2) -> Program:
        """A bundle of wires, n times."""
        count = _count(wires)
        return cls(lambda *values: _one(values * n), count, count * n)

    @classmethod
    def discard(cls, wires: Any) -> Program:
        """A bundle of wires that ends here."""
        return cls.copy(wires, 0)

    def then(self, *others: Program) -> Program:
        """First this one, then the others. Raises DiagramTypeError where they have other numbers of wires."""
        result = self
        for other in others:
            if result.cod != other.dom:
                raise DiagramTypeError(f"{result.cod} wires meet {other.dom}")
            result = Program._made(result.dom, other.cod, (result, 0, other))
        return result

    def tensor(self, *others: Program | int) -> Program:
        """This one and the others, side by side; a number stands for so many wires."""
        result = self
        for each in others:
            other = Program.id(each) if isinstance(each, int) else each
            result = Program._made(result.dom + other.dom, result.cod + other.cod, (result, result.cod, other))
        return result

    def __rshift__(self, other: Program) -> Program:
        return self.then(other)

    def __matmul__(self, other: Program | int) -> Program:
        return self.tensor(other)

    def __rmatmul__(self, wires: int) -> Program:
        return Program.id(wires).tensor(self)

    @property
    def steps(self) -> list[Step]:
        """Its functions in their order, each with the first wire that it takes, how many it takes and gives."""
        if self._steps is None:
            made: list[Step] = []
            stack = [(self, 0)]
            while stack:
                part, shift = stack.pop()
                if part._parts is None or part._steps is not None:
                    made.extend((function, shift + at, counts) for function, at, counts in part._steps or ())
                else:
                    first, beside, second = part._parts
                    stack += ((second, shift + beside), (first, shift))
            self._steps, self._parts = made, None
        return self._steps

    def __call__(self, *inputs: Any) -> Any:
        """Runs it."""
        if len(inputs) != self.dom:
            raise DiagramTypeError(f"{self.dom} wires, and {len(inputs)} values")
        values = list(inputs)
        for function, at, (takes, gives) in self.steps:
            given = function(*values[at : at + takes])
            # a value may be a tuple itself, where it is the only one
            several = given if gives > 1 else (given,) if gives else ()
            if len(several) != gives:
                raise DiagramTypeError(f"a function of {gives} wires gives {len(several)} values")
            values[at : at + takes] = several
        return _one(tuple(values))

    def __repr__(self) -> str:
        return f"<program {self.dom} -> {self.cod}>"


def _one(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else values


def _count(wires: Any) -> int:
    if isinstance(wires, int):
        return wires
    return len(wires) if isinstance(wires, tuple) else 1
