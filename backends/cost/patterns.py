"""`rearrange` and `reduce` as reshape, reduce, permute, reshape: views where the strides allow it."""

from __future__ import annotations

from diagrammar.backends.cost.call import Call, is_pair
from diagrammar.backends.cost.tensors import Shape, product
from diagrammar.sizes import Size, over

Groups = list[list[str]]


def _groups(text: str) -> Groups:
    """The axes of one side: each a list of names; `1` is an axis without one."""
    groups: Groups = []
    inner: list[str] | None = None
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            inner = []
        elif word == ")":
            groups.append(inner or [])
            inner = None
        elif inner is not None:
            inner.append(word)
        else:
            groups.append([] if word == "1" else [word])
    return groups


def _spread(groups: Groups, dots: list[str]) -> Groups:
    """With names for `...`."""
    spread: Groups = []
    for group in groups:
        if group == ["..."]:
            spread += [[dot] for dot in dots]
        else:
            spread.append([name for word in group for name in (dots if word == "..." else [word])])
    return spread


def _sizes(c: Call, groups: Groups, shape: tuple[Size, ...]) -> dict[str, Size]:
    given = c.box.param("sizes", ())
    sizes: dict[str, Size] = {}
    for item in given if isinstance(given, tuple) else ():
        if isinstance(item, tuple) and len(item) == 2:
            sizes[str(item[0])] = c.sizes(item[1])[0]
    for group, size in zip(groups, shape, strict=True):
        unknown = [name for name in group if name not in sizes]
        if unknown:
            known = product([sizes[name] for name in group if name in sizes])
            sizes[unknown[0]] = over(size, known)
    return sizes


def rearrange(c: Call, op: str | None) -> Shape:
    """The pattern on a tensor with a batch axis; `op` takes the axes that the right side lacks."""
    left, _, right = c.text("pattern").partition("->")
    wire = c.box.dom[0]
    pair = is_pair(wire)
    shape = c.shape(wire)[:-1] if pair else c.shape(wire)
    groups = _groups(left)
    dots = [f"...{at}" for at in range(len(shape) - sum(group != ["..."] for group in groups))]
    groups, target = _spread(groups, dots), _spread(_groups(right), dots)
    names = [name for group in groups for name in group]
    sizes = _sizes(c, groups, shape)
    x = c.arg()
    tail: list[Size] = [2] if pair else []
    lead = x.sizes[0]
    if any(len(group) != 1 for group in groups):
        x = c.k.reshape(x, lead, *(sizes[name] for name in names), *tail)
    kept = [name for group in target for name in group]
    gone = [at + 1 for at, name in enumerate(names) if name not in kept]
    order = [0, *(names.index(name) + 1 for name in kept if name in names)]
    if gone and op is not None:
        x = _reduced(c, x, op, gone)
        stay = [axis for axis in range(len(names) + 1) if axis not in gone]
        order = [stay.index(axis) for axis in order]
    x = x.permute(*order, *([len(order)] if pair else []))
    if any(name not in names for name in kept):
        # new axes are views of the same numbers
        for at, name in enumerate(kept, 1):
            if name not in names:
                x = x.unsqueeze(at)
        x = x.expand((lead, *(sizes[name] for name in kept), *tail))
    if any(len(group) != 1 for group in target):
        x = c.k.reshape(x, lead, *(product([sizes[name] for name in group]) for group in target), *tail)
    return x


def _reduced(c: Call, x: Shape, op: str, gone: list[int]) -> Shape:
    if op != "prod":
        return c.k.reduce(op, x, gone)
    for axis in sorted(gone, reverse=True):
        x = c.k.reduce(op, x, [axis])
    return x
