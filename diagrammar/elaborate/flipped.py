"""Static functions on patterns: those of the transposes of `einsum`, `rearrange`, `reduce` and `expand`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagrammar.elaborate.holes import BundleHole, Waiting
from diagrammar.elaborate.statics import BadStatic
from diagrammar.elaborate.values import TypeValue
from diagrammar.types import Field, Tensor


def _sides(pattern: Any) -> tuple[str, str]:
    if not isinstance(pattern, str) or pattern.count("->") != 1:
        raise BadStatic("a pattern is a text with one `->`")
    left, right = pattern.split("->")
    return left.strip(), right.strip()


def _axes(value: Any, at: int = 0) -> list[Any]:
    """The sizes of the axes of a wire; a complex number is one number."""
    if isinstance(value, BundleHole):
        raise Waiting
    item = value.items[at] if isinstance(value, TypeValue) else None
    match item:
        case Field():
            return [item.channels, *item.space.axes]
        case Tensor():
            return list(item.sizes)
        case _:
            raise Waiting


def _words(side: str) -> list[str]:
    return side.replace("(", " ( ").replace(")", " ) ").split()


def _spelt(pattern: Any, value: Any) -> tuple[list[str], list[str], list[Any]]:
    """The words of both sides, where `...` that the right side lacks has names, and the axes of the wire."""
    left, right = map(_words, _sides(pattern))
    axes = _axes(value)
    if "..." in left and "..." not in right:
        at = left.index("...")
        count = len(axes) - (_width(left) - 1)
        # names that no pattern of a text can have
        left[at : at + 1] = [f"_{k}'" for k in range(count)]
    return left, right, axes


def _width(words: list[str]) -> int:
    """How many axes a side has, `...` being one."""
    inside = count = 0
    for word in words:
        if word == "(":
            inside, count = 1, count + 1
        elif word == ")":
            inside = 0
        else:
            count += 1 - inside
    return count


def flipped(pattern: Any, value: Any = None) -> str:
    """A pattern from right to left. With the type that its left side is of, axes under `...` that the right side lacks
    are named.

    >>> flipped("(a b) c -> c b"), flipped("a ... -> a", TypeValue((Tensor("R", (2, 3, 4)),)))
    ('c b -> (a b) c', "a -> a _0' _1'")
    """
    left, right = map(_words, _sides(pattern)) if value is None else _spelt(pattern, value)[:2]
    return f"{_joined(right)} -> {_joined(left)}".strip()


def _joined(words: list[str]) -> str:
    return " ".join(words).replace("( ", "(").replace(" )", ")")


def measured(pattern: Any, value: Any, sizes: Any) -> tuple[tuple[str, Any], ...]:
    """The sizes of the names on the left side of a pattern, for a wire of this type; `sizes` are those of names in
    brackets.

    >>> measured("(a b) c -> b", TypeValue((Tensor("R", (6, 2)),)), (("a", 3), ("b", 2)))
    (('a', 3), ('b', 2), ('c', 2))
    """
    left, _, axes = _spelt(pattern, value)
    found = dict(sizes)
    inside = False
    for word in left:
        if word in "()":
            inside = word == "("
            # a bracket is one axis
            axes = axes[1:] if inside else axes
        elif word == "...":
            axes = axes[len(axes) - (_width(left[left.index("...") :]) - 1) :]
        elif not inside:
            found[word], *axes = axes
    return tuple((name, size) for name, size in found.items() if not name.isdigit())


# --------------------------------------------------------------------------------------------------- contractions


def _terms(pattern: Any, at: int) -> tuple[list[list[str]], list[str], list[str]]:
    """The result of an einsum and its other terms, the term at `at`, and the names that this term alone has."""
    left, right = _sides(pattern)
    terms = [term.split() for term in left.split(",")]
    own = terms.pop(at)
    others = [right.split(), *terms]
    return others, own, [name for name in own if not any(name in term for term in others)]


def turned(pattern: Any, at: int) -> str:
    """The pattern of the transpose of an einsum in one operand: it takes the result, the other operands and, where the
    operand has axes that nothing else has, ones along these.

    >>> turned("a, b a -> b", 0), turned("a b, b -> b", 0)
    ('b, b a -> a', 'b, b, a -> a b')
    """
    others, own, lone = _terms(pattern, at)
    left = ", ".join(" ".join(term) for term in [*others, *([lone] if lone else [])])
    return f"{left} -> {' '.join(own)}"


def alone(pattern: Any, at: int, value: Any) -> tuple[Any, ...]:
    """The sizes of the axes of one operand of an einsum that nothing else has.

    >>> alone("a b, b -> b", 0, TypeValue((Tensor("R", (2, 3)), Tensor("R", (3,)))))
    (2,)
    """
    _, own, lone = _terms(pattern, at)
    sizes = _axes(value, at)
    rest = len(sizes) - len(own) + 1
    found: list[Any] = []
    for name in own:
        taken, sizes = (sizes[:rest], sizes[rest:]) if name == "..." else (sizes[:1], sizes[1:])
        found += taken if name in lone else []
    return tuple(found)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "flipped": flipped, "measured": measured, "turned": turned, "alone": alone,
}  # fmt: skip
