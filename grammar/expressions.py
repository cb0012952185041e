"""Nodes of expressions: plain data with offsets. Types, spaces and static values are written as expressions too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagrammar.grammar.tree import Port


class Node:
    """A part of the text: offsets `start` (included) to `end` (excluded)."""

    __slots__ = ("end", "start")
    __match_args__: tuple[str, ...] = ()

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({inside})"


# ------------------------------------------------------------------------------------------------- expressions


class Name(Node):
    """`u`; also `R`, `I`, `pi`, `training`, `true`."""

    __slots__ = ("name",)
    __match_args__ = ("name",)

    def __init__(self, start: int, end: int, name: str) -> None:
        self.start, self.end, self.name = start, end, name


class Number(Node):
    """`12`, `0.01`, `1e-5`: the text of it, since decimals are exact rationals."""

    __slots__ = ("text",)
    __match_args__ = ("text",)

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start, self.end, self.text = start, end, text


class String(Node):
    """`"forward"`: `value` is unescaped."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, start: int, end: int, value: str) -> None:
        self.start, self.end, self.value = start, end, value


class ListOf(Node):
    """`[1, 2, 3]`."""

    __slots__ = ("items",)
    __match_args__ = ("items",)

    def __init__(self, start: int, end: int, items: tuple[Node, ...]) -> None:
        self.start, self.end, self.items = start, end, items


class Bundle(Node):
    """`(a, b)` and `()`: wires side by side. A parenthesised single expression is that expression itself."""

    __slots__ = ("items",)
    __match_args__ = ("items",)

    def __init__(self, start: int, end: int, items: tuple[Node, ...]) -> None:
        self.start, self.end, self.items = start, end, items


class Binary(Node):
    """`left op right`; `op` is one of `>> @ + - * / ^ == != < <= > >= and or ..`; offsets of the operator are kept."""

    __slots__ = ("at", "left", "op", "right")
    __match_args__ = ("op", "left", "right")

    def __init__(self, start: int, end: int, op: str, left: Node, right: Node, at: int) -> None:
        self.start, self.end, self.op, self.left, self.right, self.at = start, end, op, left, right, at


class Unary(Node):
    """`-e` and `not e`."""

    __slots__ = ("item", "op")
    __match_args__ = ("op", "item")

    def __init__(self, start: int, end: int, op: str, item: Node) -> None:
        self.start, self.end, self.op, self.item = start, end, op, item


class Call(Node):
    """`f(a, b)`, also `normal(std = 0.1)`, `torus(2)`, `copy()`."""

    __slots__ = ("args", "function")
    __match_args__ = ("function", "args")

    def __init__(self, start: int, end: int, function: Node, args: tuple[Argument, ...]) -> None:
        self.start, self.end, self.function, self.args = start, end, function, args


class Index(Node):
    """`f[a, b = c]`: static arguments, sizes, or an index; which one is decided by what `item` is."""

    __slots__ = ("args", "item")
    __match_args__ = ("item", "args")

    def __init__(self, start: int, end: int, item: Node, args: tuple[Argument, ...]) -> None:
        self.start, self.end, self.item, self.args = start, end, item, args


class Argument(Node):
    """`e` or `name = e`."""

    __slots__ = ("name", "value")
    __match_args__ = ("name", "value")

    def __init__(self, start: int, end: int, name: str | None, value: Node) -> None:
        self.start, self.end, self.name, self.value = start, end, name, value


class Attribute(Node):
    """`mo.multionet`."""

    __slots__ = ("item", "name")
    __match_args__ = ("item", "name")

    def __init__(self, start: int, end: int, item: Node, name: str) -> None:
        self.start, self.end, self.item, self.name = start, end, item, name


class Named(Node):
    """`(f as name)`: a mention of f under another name."""

    __slots__ = ("name", "value")
    __match_args__ = ("value", "name")

    def __init__(self, start: int, end: int, value: Node, name: str) -> None:
        self.start, self.end, self.value, self.name = start, end, value, name


class Lambda(Node):
    """`x -> e`, `(x : A, y : B) -> e`."""

    __slots__ = ("body", "wires")
    __match_args__ = ("wires", "body")

    def __init__(self, start: int, end: int, wires: tuple[Port, ...], body: Node) -> None:
        self.start, self.end, self.wires, self.body = start, end, wires, body


class If(Node):
    """`if c then a else b`."""

    __slots__ = ("condition", "otherwise", "then")
    __match_args__ = ("condition", "then", "otherwise")

    def __init__(self, start: int, end: int, condition: Node, then: Node, otherwise: Node) -> None:
        self.start, self.end = start, end
        self.condition, self.then, self.otherwise = condition, then, otherwise


class Repeat(Node):
    """`repeat n { f }`, `repeat n as i { f[i] }`."""

    __slots__ = ("body", "count", "index")
    __match_args__ = ("count", "index", "body")

    def __init__(self, start: int, end: int, count: Node, index: str | None, body: Node) -> None:
        self.start, self.end, self.count, self.index, self.body = start, end, count, index, body


class Mark(Node):
    """`store { f }`, `recompute { f }`: f, and what a reverse pass keeps of it. `kind` is the word."""

    __slots__ = ("body", "kind")
    __match_args__ = ("kind", "body")

    def __init__(self, start: int, end: int, kind: str, body: Node) -> None:
        self.start, self.end, self.kind, self.body = start, end, kind, body
