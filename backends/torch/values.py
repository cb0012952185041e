"""Wires of a function that is being written: which Python name holds a wire, and when that name is free again."""

from __future__ import annotations

from diagrammar.types import Type


class Slot:
    """A local variable and how many reads of it are still to come."""

    __slots__ = ("count", "name")

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count


class Value:
    """A wire: an expression for it, its type, and whether it has the batch axis.

    `shape` says how far it is written out: `full` is a tensor of its type; `thin` one that broadcasts to its type
    (axes of size 1 or none); `number` a literal.
    """

    __slots__ = ("batched", "shape", "slot", "text", "type")

    def __init__(self, text: str, wire: Type, batched: bool, slot: Slot | None, shape: str = "full") -> None:
        self.text = text
        self.type = wire
        self.batched = batched
        self.slot = slot
        self.shape = shape

    def of_type(self, wire: Type) -> Value:
        """The same tensor as a wire of another type."""
        return Value(self.text, wire, self.batched, self.slot, self.shape)


class Statement:
    """Lines of code that run as one: which names they bind and which they delete."""

    __slots__ = ("dels", "lines", "writes")

    def __init__(self, lines: list[str], writes: tuple[str, ...], dels: tuple[str, ...] = ()) -> None:
        self.lines = lines
        self.writes = writes
        self.dels = dels


class Block:
    """Statements in a row: the body of a function or of a loop. `head` holds reads of weights and modules, which come
    first; `cache` knows what has been read."""

    __slots__ = ("body", "cache", "head")

    def __init__(self) -> None:
        self.head: list[Statement] = []
        self.body: list[Statement] = []
        self.cache: dict[object, str] = {}

    def lines(self, margin: str) -> list[str]:
        """The text, indented."""
        rows = [margin + line for statement in self.head for line in statement.lines]
        rows += [margin + line for statement in self.body for line in statement.lines]
        return rows or [margin + "pass"]


class Loop:
    """A `repeat` round what is written: one step of several (`block` is the loop's body, `lists` what it runs over), or
    step `index` written out (no block)."""

    __slots__ = ("block", "index", "lists")

    def __init__(self, block: Block | None, index: int = 0) -> None:
        self.block = block
        self.index = index
        # (what is run over, its member in one step)
        self.lists: list[tuple[str, str]] = []


class Owner:
    """A keyed box whose inside is being written: `local` is the variable that holds its module ("" if it has none),
    `loops` the `repeat`s between it and what is written, `outer` the keyed box round it, as far as it is written in the
    same function."""

    __slots__ = ("local", "loops", "outer")

    def __init__(self, local: str, outer: Owner | None, loops: tuple[Loop, ...] = ()) -> None:
        self.local = local
        self.outer = outer
        self.loops = loops

    def within(self, loop: Loop) -> Owner:
        """The same box, one `repeat` further in."""
        return Owner(self.local, self.outer, (*self.loops, loop))
