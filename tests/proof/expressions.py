"""Random laws: an expression, one that is equal to it by the way it is made, and one that is changed in one place.

Expressions are trees of tuples; they become `.dg` text, so what is tested comes through the reader.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from diagrammar.api import Module, loads

Tree = tuple[object, ...]

HEAD = """
space X = torus(1)
type V = Field[X, 2]
share f = fourier[2]
share g = fourier[2]
share p = pointwise[bias = false]
share q = pointwise
share k = conv[3, bias = false]
diagram mix(u : V, v : V) -> V { return p(u) * v }
diagram twice(u : V) -> V { return repeat 2 { f }(u) }
"""
INPUTS = "(a : R, u : V, v : V)"
LEAVES: tuple[Tree, ...] = (("u",), ("v",))
# functions of one wire that are linear, that act on each entry alone, and others
LINEAR = ("f", "g", "p", "k", "twice", "translate[[1]]", "translate[[-2]]")
POINTWISE = ("sin", "gelu", "tanh")
OTHERS = ("q", "residual[f]", "residual[gelu]")
NUMBERS = ("2", "0.5", "-3", "1")


def tree(draw: random.Random, depth: int) -> Tree:
    """A random expression."""
    if depth == 0 or draw.random() < 0.1:
        return draw.choice(LEAVES)
    way = draw.random()
    if way < 0.45:
        sign = draw.choice(["+", "+", "-", "*", "mix"])
        return (sign, tree(draw, depth - 1), tree(draw, depth - 1))
    if way < 0.8:
        return ("call", draw.choice(LINEAR * 2 + POINTWISE + OTHERS), tree(draw, depth - 1))
    if way < 0.9:
        return ("times", draw.choice([*NUMBERS, "a"]), tree(draw, depth - 1))
    return ("neg", tree(draw, depth - 1))


def text(it: Tree) -> str:
    """The text of an expression."""
    match it:
        case ("call", name, arg):
            return f"{name}({text(arg)})"  # type: ignore[arg-type]  # a tree, by the way it is made
        case ("mix", left, right):
            return f"mix({text(left)}, {text(right)})"  # type: ignore[arg-type]
        case ("times", number, arg):
            return f"({number} * {text(arg)})"  # type: ignore[arg-type]
        case ("neg", arg):
            return f"(-{text(arg)})"  # type: ignore[arg-type]
        case (sign, left, right):
            return f"({text(left)} {sign} {text(right)})"  # type: ignore[arg-type]
        case (name,):
            return str(name)
    raise AssertionError(it)


def places(it: Tree) -> Iterator[tuple[int, ...]]:
    """Where the parts of an expression are."""
    stack: list[tuple[tuple[int, ...], Tree]] = [((), it)]
    while stack:
        place, part = stack.pop()
        yield place
        stack += [((*place, at), child) for at, child in enumerate(part) if isinstance(child, tuple)]


def part(it: Tree, place: tuple[int, ...]) -> Tree:
    """The part at a place."""
    for at in place:
        it = it[at]  # type: ignore[assignment]
    return it


def replaced(it: Tree, place: tuple[int, ...], new: Tree) -> Tree:
    """The expression with another part at a place."""
    for end in range(len(place) - 1, -1, -1):
        whole = part(it, place[:end])
        new = (*whole[: place[end]], new, *whole[place[end] + 1 :])
    return new


Rule = Callable[[Tree], Tree | None]


def _equal(it: Tree) -> Tree | None:
    """What an expression is by an axiom at its root, one of those that fit."""
    match it:
        case ("+" | "*" as sign, x, y):
            return (sign, y, x)
        case ("-", x, y):
            return ("+", x, ("neg", y))
        case ("neg", ("neg", x)):
            return x  # type: ignore[return-value]
        case ("neg", x):
            return ("times", "-1", x)
        case ("times", "2", x):
            return ("+", x, x)
        case ("times", number, ("+", x, y)):
            return ("+", ("times", number, x), ("times", number, y))
        case ("mix", x, ("+", y, z)):
            return ("+", ("mix", x, y), ("mix", x, z))
        case ("mix", x, y):
            return ("*", ("call", "p", x), y)
        case ("call", "residual[f]" | "residual[gelu]", _) | ("u",) | ("v",):
            return ("+", it, ("-", ("u",), ("u",)))
    return None


def _distributed(it: Tree) -> Tree | None:
    """A sum drawn out of a linear box or a product, or a shift drawn in."""
    match it:
        case ("*", ("+" | "-" as sign, x, y), z):
            return (sign, ("*", x, z), ("*", y, z))
        case ("+" | "*" as sign, (other, x, y), z) if other == sign:
            return (sign, x, (sign, y, z))
        case ("call", "translate[[1]]" | "translate[[-2]]" as name, ("call", inner, x)) if inner in POINTWISE:
            return ("call", inner, ("call", name, x))
        case ("call", "translate[[1]]" | "translate[[-2]]" as name, ("*", x, y)):
            return ("*", ("call", name, x), ("call", name, y))
        case ("call", name, ("+" | "-" as sign, x, y)) if name in LINEAR:
            return (sign, ("call", name, x), ("call", name, y))
        case ("call", name, ("times", number, x)) if name in LINEAR:
            return ("times", number, ("call", name, x))
        case ("call", name, ("neg", x)) if name in LINEAR:
            return ("neg", ("call", name, x))
        case ("mix", ("+" | "-" as sign, x, y), z):
            return (sign, ("mix", x, z), ("mix", y, z))
    return None


def equal(draw: random.Random, it: Tree, times: int) -> Tree:
    """The expression with axioms used at random places."""
    for _ in range(times):
        # what can be drawn out is rare, and so it is preferred
        rare = [(place, new) for place in places(it) if (new := _distributed(part(it, place)))]
        ways = [*rare, *((place, new) for place in places(it) if (new := _equal(part(it, place))))]
        place, new = draw.choice(rare if rare and draw.random() < 0.6 else ways)
        it = replaced(it, place, new)
    return it


def _changed(draw: random.Random, it: Tree) -> Tree | None:
    match it:
        case ("call", "f", x):
            return ("call", draw.choice(["g", "k", "q"]), x)
        case ("call", "translate[[1]]", x):
            return ("call", "translate[[2]]", x)
        case ("call", "residual[f]", x):
            return ("call", "f", x)
        case ("call", _, x):
            return ("call", draw.choice(["f", "sin"]), ("call", "p", x))
        case ("mix" | "-" as sign, x, y):
            return (sign, y, x)
        case ("+", x, y):
            return ("-", x, y)
        case ("times", number, x):
            return ("times", draw.choice([one for one in ("2", "7", "a") if one != number]), x)
        case ("neg", x):
            return x  # type: ignore[return-value]
        case ("u",):
            return ("v",)
    return None


def changed(draw: random.Random, it: Tree) -> Tree:
    """The expression changed at one place: another instance, swapped inputs, another number, another sign."""
    ways = [(place, new) for place in places(it) if (new := _changed(draw, part(it, place)))]
    place, new = draw.choice(ways) if ways else ((), ("neg", it))
    return replaced(it, place, new)


def module(pairs: list[tuple[Tree, Tree]]) -> Module:
    """A module with the sides of laws as `l0`, `r0`, `l1`, ..., and with all of them in one as `all`."""
    lines = [HEAD]
    for at, sides in enumerate(pairs):
        for name, side in zip("lr", sides, strict=True):
            # every side takes all inputs
            unused = "".join(f" + 0 * {wire}" for wire in ("a * u", "v"))
            lines.append(f"diagram {name}{at}{INPUTS} -> V {{ return {text(side)}{unused} }}")
    ends = [f"{name}{at}(a, u, v)" for at in range(len(pairs)) for name in "lr"]
    lines.append(f"diagram all{INPUTS} -> {' @ '.join('V' for _ in ends)} {{ return {', '.join(ends)} }}")
    return loads("\n".join(lines), name="pairs.dg")
