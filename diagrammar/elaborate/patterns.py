"""The types of boxes whose static arguments decide them: `einsum`, `rearrange`, `concat`, ...

In a pattern a `Field[X, c]` is one channel axis followed by `...`, which stands for all of the grid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from diagrammar.elaborate.body import Body
from diagrammar.elaborate.holes import Mismatch
from diagrammar.elaborate.statics import BadStatic, NeedsConcrete, describe, is_number, show
from diagrammar.sizes import Poly, Size, over, unknowns
from diagrammar.types import Field, Space, Tensor, Type

Given = list[tuple[str | None, Any, Any]]
Params = tuple[tuple[str, Any], ...]
Typed = tuple[Params, list[Type]]
Axis = list[str]

_TOKEN = re.compile(r"\s+|\(|\)|\.\.\.|[^\W\d]\w*'*|\d+")


def _arguments(given: Given, names: Sequence[str], defaults: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments by name: the known ones, and the rest (sizes of axes)."""
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    free = list(names)
    for name, found, _ in given:
        if name is None:
            if not free:
                raise BadStatic("too many arguments in [...]")
            known[free.pop(0)] = found
        elif name in names:
            if name in known:
                raise BadStatic(f"`{name}` is given twice")
            known[name] = found
            free.remove(name)
        else:
            if name in rest:
                raise BadStatic(f"`{name}` is given twice")
            rest[name] = found
    for name in names:
        if name not in known:
            if name not in defaults:
                raise BadStatic(f"its {name} is missing")
            known[name] = defaults[name]
    return known, rest


def _axes(text: str, grouped: bool) -> list[Axis]:
    """`(h d) x ...` as a list of axes, each a list of names."""
    axes: list[Axis] = []
    group: Axis | None = None
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadStatic(f"the pattern has `{text[at]}` in it")
        token = match.group()
        at = match.end()
        if token.isspace():
            continue
        if token == "(":
            if group is not None or not grouped:
                raise BadStatic("a bracket stands in the wrong place of the pattern")
            group = []
        elif token == ")":
            if group is None:
                raise BadStatic("a bracket of the pattern closes nothing")
            axes.append(group)
            group = None
        elif group is not None:
            if token == "...":
                raise BadStatic("`...` stands outside of brackets")
            group.append(token)
        else:
            axes.append([token])
    if group is not None:
        raise BadStatic("a bracket of the pattern is not closed")
    names = [name for axis in axes for name in axis if not name.isdigit()]
    if len(names) != len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadStatic(f"`{twice}` stands twice on one side of a term of the pattern")
    return axes


def _sides(pattern: Any) -> tuple[str, str]:
    if not isinstance(pattern, str):
        raise BadStatic(f"the pattern is a text, this is {describe(pattern)}")
    sides = pattern.split("->")
    if len(sides) != 2:
        raise BadStatic("a pattern has one `->`")
    return sides[0], sides[1]


class _Sizes:
    """What the names of a pattern stand for."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.sizes: dict[str, Size] = {}
        self.grid: Space | tuple[Size, ...] | None = None

    def match(self, axes: list[Axis], wire: Type) -> None:
        """Names the axes of one operand."""
        if isinstance(wire, Field):
            if wire.kind != "Field":
                raise BadStatic("a Spectrum is cut to modes by `low` first")
            if len(axes) != 2 or axes[1] != ["..."]:
                raise BadStatic("a Field is one channel axis followed by `...`")
            self._axis(axes[0], wire.channels)
            self._ellipsis(wire.space)
            return
        if not isinstance(wire, Tensor):
            raise BadStatic(f"{wire} has no axes for a pattern")
        at = [k for k, axis in enumerate(axes) if axis == ["..."]]
        if not at:
            if len(axes) != len(wire.sizes):
                raise BadStatic(f"{len(axes)} axes in the pattern, {len(wire.sizes)} in {wire}")
            spread = 0
        else:
            spread = len(wire.sizes) - (len(axes) - 1)
            if spread < 0:
                raise BadStatic(f"{wire} has too few axes for the pattern")
        sizes = list(wire.sizes)
        for axis in axes:
            if axis == ["..."]:
                self._ellipsis(tuple(sizes[:spread]))
                del sizes[:spread]
            else:
                self._axis(axis, sizes.pop(0))

    def _ellipsis(self, found: Space | tuple[Size, ...]) -> None:
        if self.grid is None:
            self.grid = found
        elif isinstance(self.grid, Space) and isinstance(found, Space):
            self.body.unifier.unify_spaces(self.grid, found)
        elif isinstance(self.grid, tuple) and isinstance(found, tuple):
            if len(self.grid) != len(found):
                raise BadStatic("`...` stands for different numbers of axes")
            for a, b in zip(self.grid, found, strict=True):
                self.body.unifier.equal(a, b, "sizes under `...`")
        else:
            raise BadStatic("`...` stands for a grid in one operand and for axes in another")

    def _axis(self, axis: Axis, size: Size) -> None:
        if len(axis) == 1 and not axis[0].isdigit():
            name = axis[0]
            if name in self.sizes:
                self.body.unifier.equal(self.sizes[name], size, f"sizes of `{name}`")
            else:
                self.sizes[name] = size
            return
        product: Size = 1
        open_: list[str] = []
        for name in axis:
            if name.isdigit():
                product = product * int(name)
            elif name in self.sizes:
                product = product * self.sizes[name]
            else:
                open_.append(name)
        if len(open_) > 1:
            raise BadStatic(
                f"the sizes of {' and '.join(f'`{name}`' for name in open_)} are not known: give all but one"
            )
        if not open_:
            self.body.unifier.equal(product, size, f"sizes of ({' '.join(axis)})")
            return
        try:
            part = over(size, product) if isinstance(size, Poly) or isinstance(product, Poly) else _exact(size, product)
        except ValueError:
            if self.body.elaborator.rigid:
                raise NeedsConcrete from None
            raise BadStatic(f"{size} is not divisible by {product} for all sizes") from None
        if isinstance(part, Poly) and not unknowns(part):
            part = self.body.unifier.whole(part)
        self.sizes[open_[0]] = part

    def of(self, axis: Axis) -> Size:
        """The size of an axis of the result."""
        product: Size = 1
        for name in axis:
            if name.isdigit():
                product = product * int(name)
            elif name not in self.sizes:
                raise BadStatic(f"`{name}` stands only on the right of the pattern")
            else:
                product = product * self.sizes[name]
        return product

    def result(self, axes: list[Axis], kind: str, over_grid: bool = False) -> Type:
        """The type of the result; `over_grid` says whether the grid of a field may be summed over."""
        spread = [k for k, axis in enumerate(axes) if axis == ["..."]]
        if isinstance(self.grid, Space) and (spread or not over_grid):
            if len(axes) != 2 or spread != [1]:
                raise BadStatic(
                    "the grid of a Field is kept: the result is one channel axis followed by `...` "
                    "(`sample`, `integrate` and `mean` leave the field)"
                )
            return Field("Field", self.grid, self.of(axes[0]))
        sizes: list[Size] = []
        for axis in axes:
            if axis == ["..."]:
                if self.grid is None:
                    raise BadStatic("`...` stands only on the right of the pattern")
                sizes.extend(self.grid)  # type: ignore[arg-type]  # the grid of a field was met above
            else:
                sizes.append(self.of(axis))
        return Tensor(kind, tuple(sizes))


def _exact(size: Any, product: Any) -> int:
    if size % product:
        raise Mismatch(f"{size} is not divisible by {product}")
    return int(size // product)


def _einsum(body: Body, given: Given, types: list[Type]) -> Typed:
    known, rest = _arguments(given, ("pattern",), {})
    if rest:
        raise BadStatic(f"there is no argument `{next(iter(rest))}`")
    left, right = _sides(known["pattern"])
    terms = [_axes(term, False) for term in left.split(",")]
    if len(terms) != len(types):
        raise BadStatic(f"{len(terms)} terms in the pattern, {len(types)} wires")
    sizes = _Sizes(body)
    for axes, wire in zip(terms, types, strict=True):
        if any(name.isdigit() for axis in axes for name in axis):
            raise BadStatic("numbers do not stand in a pattern of einsum")
        if isinstance(wire, Tensor) and wire.kind == "Bool":
            raise BadStatic("einsum works on R and C")
        sizes.match(axes, wire)
    kind = "C" if any(isinstance(wire, Tensor) and wire.kind == "C" for wire in types) else "R"
    if kind == "C" and any(isinstance(wire, Field) for wire in types):
        raise BadStatic("a Field is real, and another operand is complex")
    return (("pattern", known["pattern"]),), [sizes.result(_axes(right, False), kind, over_grid=True)]


def _both_sides(pattern: Any, types: list[Type], done: str) -> tuple[list[Axis], list[Axis]]:
    """The axes before and after, of a pattern for one wire."""
    left, right = _sides(pattern)
    sides = _axes(left, True), _axes(right, True)
    if len(types) != 1:
        raise BadStatic(f"one wire is {done}, {len(types)} are given")
    return sides


def _rearrange(body: Body, given: Given, types: list[Type]) -> Typed:
    known, rest = _arguments(given, ("pattern",), {})
    before, after = _both_sides(known["pattern"], types, "rearranged")
    sizes = _Sizes(body)
    _named(sizes, rest, before)
    sizes.match(before, types[0])
    names = {name for axis in before for name in axis if not name.isdigit()}
    if names != {name for axis in after for name in axis if not name.isdigit()}:
        raise BadStatic("both sides of the pattern must have the same names")
    kind = types[0].kind if isinstance(types[0], Tensor) else "R"
    result = sizes.result(after, kind)
    return _with_sizes(known["pattern"], sizes, before + after), [result]


def _named(sizes: _Sizes, rest: dict[str, Any], axes: list[Axis]) -> None:
    names = {name for axis in axes for name in axis}
    listed = rest.pop("sizes", None) if isinstance(rest.get("sizes"), tuple) else None
    rest.update((name, size) for name, size in listed or () if name in names)
    for name, found in rest.items():
        if name not in names:
            raise BadStatic(f"`{name}` does not stand in the pattern")
        if not is_number(found) or (not isinstance(found, int | Poly)):
            raise BadStatic(f"the size of `{name}` is a whole number")
        if isinstance(found, int) and found < 1:
            raise BadStatic(f"the size of `{name}` is positive")
        sizes.sizes[name] = found


def _expand(body: Body, given: Given, types: list[Type]) -> Typed:
    known, rest = _arguments(given, ("pattern",), {})
    before, after = _both_sides(known["pattern"], types, "expanded")
    sizes = _Sizes(body)
    _named(sizes, rest, before + after)
    sizes.match(before, types[0])
    names = {name for axis in after for name in axis if not name.isdigit()}
    gone = [name for axis in before for name in axis if not name.isdigit() and name not in names]
    if gone:
        raise BadStatic(f"`{gone[0]}` stands only on the left of the pattern")
    if any(name.isdigit() and name != "1" for axis in after for name in axis):
        raise BadStatic('a new axis has a name: expand["a -> b a", b = 3]')
    kind = types[0].kind if isinstance(types[0], Tensor) else "R"
    result = sizes.result(after, kind)
    new = [[name, name] for axis in after for name in axis if [name] not in before]
    return _with_sizes(known["pattern"], sizes, before + after + new), [result]


def _with_sizes(pattern: str, sizes: _Sizes, axes: list[Axis]) -> Params:
    grouped = {name for axis in axes if len(axis) > 1 for name in axis if not name.isdigit()}
    return (("pattern", pattern), ("sizes", tuple((name, sizes.sizes[name]) for name in sorted(grouped))))


def _reduce(body: Body, given: Given, types: list[Type]) -> Typed:
    known, rest = _arguments(given, ("pattern", "op"), {"op": "sum"})
    if known["op"] not in ("sum", "mean", "max", "min", "prod"):
        raise BadStatic('the reduction is one of "sum", "mean", "max", "min", "prod"')
    before, after = _both_sides(known["pattern"], types, "reduced")
    kind = types[0].kind if isinstance(types[0], Tensor) else "R"
    if kind == "Bool" or (kind == "C" and known["op"] not in ("sum", "mean")):
        raise BadStatic(f"{types[0]} cannot be reduced")
    sizes = _Sizes(body)
    _named(sizes, rest, before)
    sizes.match(before, types[0])
    result = sizes.result(after, kind)
    params = _with_sizes(known["pattern"], sizes, before + after)
    return (params[0], ("op", known["op"]), params[1]), [result]


def _axis_of(wire: Type, axis: Any) -> tuple[int, Size]:
    """An axis by number (from the end if negative), with its size there."""
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise BadStatic("the axis is a whole number")
    if isinstance(wire, Field):
        if axis != 0 or wire.kind != "Field":
            raise BadStatic("fields are put together along their channels, axis 0")
        return 0, wire.channels
    if not isinstance(wire, Tensor):
        raise BadStatic(f"{wire} has no axes")
    count = len(wire.sizes)
    if not -count <= axis < count:
        raise BadStatic(f"{wire} has no axis {axis}")
    return axis % count, wire.sizes[axis]


def _resized(wire: Type, axis: int, size: Size) -> Type:
    if isinstance(wire, Field):
        return Field(wire.kind, wire.space, size)
    assert isinstance(wire, Tensor)
    return Tensor(wire.kind, (*wire.sizes[:axis], size, *wire.sizes[axis + 1 :]))


def _concat(body: Body, given: Given, types: list[Type]) -> Typed:
    known, rest = _arguments(given, ("axis",), {"axis": 0})
    if rest:
        raise BadStatic(f"there is no argument `{next(iter(rest))}`")
    if not types:
        raise BadStatic("nothing to put together")
    total: Size = 0
    axis, _ = _axis_of(types[0], known["axis"])
    for wire in types:
        where, size = _axis_of(wire, known["axis"])
        if where != axis:
            raise BadStatic("the wires differ in their number of axes")
        body.unifier.unify(_resized(types[0], axis, size), wire)
        total = total + size
    return (("axis", axis),), [_resized(types[0], axis, total)]


def _stack(body: Body, given: Given, types: list[Type]) -> Typed:
    if given:
        raise BadStatic("it takes no arguments in [...]")
    if not types or not isinstance(types[0], Tensor):
        raise BadStatic("tensors of one type are stacked")
    for wire in types[1:]:
        body.unifier.unify(types[0], wire)
    return (), [Tensor(types[0].kind, (len(types), *types[0].sizes))]


def _flip(body: Body, given: Given, types: list[Type]) -> Typed:
    if given:
        raise BadStatic("it takes no arguments in [...]")
    if len(types) != 1 or not isinstance(types[0], Tensor) or not types[0].sizes:
        raise BadStatic("one tensor with an axis is turned round")
    return (), [types[0]]


def _insert(body: Body, given: Given, types: list[Type]) -> Typed:
    known, rest = _arguments(given, ("at", "size"), {})
    if rest:
        raise BadStatic(f"there is no argument `{next(iter(rest))}`")
    at, size = known["at"], known["size"]
    if len(types) != 1:
        raise BadStatic(f"one wire is inserted, {len(types)} are given")
    if not isinstance(at, int) or isinstance(at, bool) or at < 0 or (isinstance(size, int) and at >= size):
        raise BadStatic(f"entry {show(at)} of {show(size)}")
    (wire,) = types
    params = (("at", at), ("size", size))
    if isinstance(wire, Field) and wire.kind == "Field":
        body.unifier.equal(1, wire.channels, "channels")
        return params, [Field("Field", wire.space, size)]
    if not isinstance(wire, Tensor):
        raise BadStatic(f"{wire} is no entry")
    return params, [Tensor(wire.kind, (size, *wire.sizes))]


def _split(body: Body, given: Given, types: list[Type]) -> Typed:
    if len(types) != 1:
        raise BadStatic(f"one wire is split, {len(types)} are given")
    plain = [found for name, found, _ in given if name is None]
    known, rest = _arguments([each for each in given if each[0] is not None], ("axis",), {"axis": 0})
    if rest:
        raise BadStatic(f"there is no argument `{next(iter(rest))}`")
    axis, size = _axis_of(types[0], known["axis"])
    if len(plain) == 1 and isinstance(plain[0], tuple):
        plain = list(plain[0])
    if not plain:
        half = over(size, 2) if isinstance(size, Poly) else _exact(size, 2)
        half = body.unifier.whole(half)
        plain = [half, half]
    total: Size = 0
    for part in plain:
        if not isinstance(part, int | Poly) or isinstance(part, bool) or (isinstance(part, int) and part < 1):
            raise BadStatic("the parts are positive whole numbers")
        total = total + part
    body.unifier.equal(total, size, "the sum of the parts and the size")
    return (("sizes", tuple(plain)), ("axis", axis)), [_resized(types[0], axis, part) for part in plain]


TYPED: dict[str, Callable[[Body, Given, list[Type]], Typed]] = {
    "einsum": _einsum,
    "rearrange": _rearrange,
    "reduce": _reduce,
    "concat": _concat,
    "split": _split,
    "stack": _stack,
    "expand": _expand,
    "insert": _insert,
    "flip": _flip,
}
