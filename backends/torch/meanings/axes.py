"""`rearrange`, `reduce` and `expand`: einops patterns as reshape, permute, reduce, reshape."""

from __future__ import annotations

from fractions import Fraction

from diagrammar.backends.torch.meanings.call import Call, Meaning, Result, is_pair
from diagrammar.sizes import Poly, Size
from diagrammar.types import shape_of

_OPS = {"sum": "sum", "mean": "mean", "max": "amax", "min": "amin", "prod": "prod"}
Groups = list[list[str]]


def _side(c: Call, text: str) -> Groups:
    """The axes of one side: each is a list of names, `(h w)` one axis of two; `1` is an axis of size one."""
    groups: Groups = []
    open_group: list[str] | None = None
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            open_group = []
        elif word == ")":
            if open_group is None:
                raise c.error(f"a bracket too many in {text!r}")
            groups.append(open_group)
            open_group = None
        elif open_group is not None:
            open_group.append(word)
        else:
            groups.append([] if word == "1" else [word])
    return groups


def _spread(c: Call, groups: Groups, axes: int) -> Groups:
    """`...` as so many names."""
    rest = axes - sum(1 for group in groups if group != ["..."])
    dots = [f"...{at}" for at in range(max(rest, 0))]
    result: Groups = []
    for group in groups:
        if group == ["..."]:
            result += [[dot] for dot in dots]
        else:
            result.append([name for word in group for name in (dots if word == "..." else [word])])
    return result


def _sizes(c: Call, groups: Groups, shape: tuple[Size, ...]) -> dict[str, Size]:
    given = c.param("sizes", ())
    sizes: dict[str, Size] = {}
    for item in given if isinstance(given, tuple) else ():
        if isinstance(item, tuple) and len(item) == 2:
            name, size = item
            if isinstance(size, int | Fraction | Poly):
                sizes[str(name)] = size
    for group, whole in zip(groups, shape, strict=True):
        unknown = [name for name in group if name not in sizes]
        known: Size = 1
        for name in group:
            known = known * sizes.get(name, 1)
        if len(unknown) > 1:
            raise c.error(f"the sizes of {' and '.join(unknown)} are not given")
        if unknown:
            # exact: a plain quotient of two whole numbers would be a float
            above: Fraction | Poly = whole if isinstance(whole, Poly) else Fraction(whole)
            sizes[unknown[0]] = whole if known == 1 else above / known
    return sizes


def _rearrange(c: Call) -> Result:
    left, _, right = c.text("pattern").partition("->")
    return _write(c, left, right, None)


def _reduce(c: Call) -> Result:
    left, _, right = c.text("pattern").partition("->")
    op = c.text("op")
    if op not in _OPS:
        raise c.error(f"the operation {op!r}")
    return _write(c, left, right, op)


def _write(c: Call, left: str, right: str, op: str | None) -> Result:
    wire = c.type()
    pair = is_pair(wire)
    shape = shape_of(wire)[:-1] if pair else shape_of(wire)
    groups = _spread(c, _side(c, left), len(shape))
    if len(groups) != len(shape):
        raise c.error(f"the pattern has {len(groups)} axes, {wire} has {len(shape)}")
    names = [name for group in groups for name in group]
    dots = sum(1 for name in names if name.startswith("..."))
    target = _side(c, right)
    plain = sum(1 for group in target if group != ["..."])
    target = _spread(c, target, plain + (dots if any(g == ["..."] for g in target) else 0))
    target = [[n for w in g for n in ([f"...{k}" for k in range(dots)] if w == "..." else [w])] for g in target]
    sizes = _sizes(c, groups, shape)
    kept = [name for group in target for name in group]
    new = [name for name in kept if name not in names]
    if any(name not in sizes for name in new):
        raise c.error("a name on the right that is not on the left")
    text = c.arg()
    batch = f"{text}.shape[0]" if text.isidentifier() else "-1"
    tail = ["2"] if pair else []
    if any(len(group) != 1 for group in groups):
        if batch == "-1":
            text = c.local(text)
            batch = f"{text}.shape[0]"
        text = f"{text}.reshape({', '.join([batch, *(c.size(sizes[name]) for name in names), *tail])})"
    order = [0, *(names.index(name) + 1 for name in kept if name in names)]
    gone = [at + 1 for at, name in enumerate(names) if name not in kept]
    text = _apply(c, text, order, gone, op, pair, len(names))
    if new:
        if batch == "-1":
            batch = f"{c.local(c.arg())}.shape[0]"
        text = f"{text}[{', '.join([':', *('None' if name in new else ':' for name in kept)])}]"
        text = f"{text}.expand({', '.join([batch, *(c.size(sizes[name]) for name in kept), *tail])})"
    if any(len(group) != 1 for group in target):
        merged = []
        for group in target:
            size: Size = 1
            for name in group:
                size = size * sizes[name]
            merged.append(c.size(size))
        if batch == "-1":
            batch = f"{c.local(c.arg())}.shape[0]"
        text = f"{text}.reshape({', '.join([batch, *merged, *tail])})"
    return text


def _apply(c: Call, text: str, order: list[int], gone: list[int], op: str | None, pair: bool, count: int) -> str:
    if gone:
        if op is None:
            raise c.error("an axis is missing on the right")
        if op == "prod":
            for axis in sorted(gone, reverse=True):
                text = f"{text}.prod({axis})"
        else:
            text = f"{text}.{_OPS[op]}({gone if len(gone) > 1 else gone[0]})"
        left = [axis for axis in range(count + 1) if axis not in gone]
        order = [left.index(axis) for axis in order]
    if order != sorted(order):
        text = f"{text}.permute({', '.join(map(str, [*order, len(order)] if pair else order))})"
    return text


MEANINGS: dict[str, Meaning] = {
    "std:rearrange": Meaning(_rearrange),
    "std:reduce": Meaning(_reduce),
    "std:expand": Meaning(_rearrange),
}
