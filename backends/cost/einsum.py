"""`einsum` as torch carries it out: pairs of operands from the left, each by one product of matrices."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.backends.cost.kernels import Kernels
from diagrammar.backends.cost.tensors import Shape, product
from diagrammar.sizes import Size

Names = tuple[str, ...]


def einsum(k: Kernels, terms: Sequence[Names], out: Names, xs: Sequence[Shape]) -> Shape:
    """The contraction of operands whose axes have these names."""
    every = list(dict.fromkeys([*out, *(name for term in terms for name in term)]))
    wide = [_spread(x, term, every) for x, term in zip(xs, terms, strict=True)]
    counts = {name: sum(1 for x in wide if x.sizes[at] != 1) for at, name in enumerate(every)}
    summed = [at for at, name in enumerate(every) if name not in out]
    x = wide[0]
    if len(wide) == 1:
        x = k.reduce("sum", x, ()) if summed and all(x.sizes[at] == 1 for at in summed) else x
        return _drop(k.reduce("sum", x, summed), every, out, ()) if summed else _drop(x, every, out, summed)
    for y in wide[1:]:
        both: list[int] = []
        left: list[int] = []
        right: list[int] = []
        for at in summed:
            name = every[at]
            if x.sizes[at] != 1 and y.sizes[at] != 1:
                counts[name] -= 1
                if counts[name] == 1:
                    both.append(at)
                    counts[name] = 0
            elif counts[name] == 1:
                (left if x.sizes[at] != 1 else right).append(at)
                counts[name] = 0 if (x if x.sizes[at] != 1 else y).sizes[at] != 1 else 1
        x, y = _sum(k, x, left), _sum(k, y, right)
        x = _pair(k, x, y, both) if both else k.pointwise("mul", x, y)
    return _drop(x, every, out, summed)


def _spread(x: Shape, term: Names, every: Sequence[str]) -> Shape:
    """The operand with all names as axes, those that it lacks of size one."""
    sizes: list[Size] = []
    strides: list[Size] = []
    for name in every:
        # a name that stands twice is the diagonal
        places = [at for at, other in enumerate(term) if other == name]
        step: Size = 0
        for at in places:
            step = step + x.strides[at]
        sizes.append(x.sizes[places[0]] if places else 1)
        strides.append(step)
    return x.viewed(sizes, strides)


def _sum(k: Kernels, x: Shape, axes: Sequence[int]) -> Shape:
    if not axes:
        return x
    made = k.reduce("sum", x, axes)
    for at in sorted(axes):
        made = made.unsqueeze(at)
    return made


def _drop(x: Shape, every: Sequence[str], out: Names, summed: Sequence[int]) -> Shape:
    """Without the axes that are summed over; those of the result stand first, in its order."""
    for at in sorted(summed, reverse=True):
        x = x.select(at)
    return x


def _pair(k: Kernels, x: Shape, y: Shape, summed: Sequence[int]) -> Shape:
    """A product of matrices: axes of both that stay, of the left alone, summed, of the right alone."""
    shared, left, right = [], [], []
    for at in range(len(x.sizes)):
        if at in summed:
            continue
        if x.sizes[at] != 1 and y.sizes[at] != 1:
            shared.append(at)
        elif x.sizes[at] != 1:
            left.append(at)
        else:
            right.append(at)

    def size(source: Shape, axes: Sequence[int]) -> Size:
        return product([source.sizes[at] for at in axes])

    a = x.permute(*shared, *left, *summed, *right)
    b = y.permute(*shared, *summed, *right, *left)
    a = k.reshape(a, size(x, shared), size(x, left), size(x, summed))
    b = k.reshape(b, size(x, shared), size(x, summed), size(y, right))
    made = k.bmm(a, b)
    order = [*shared, *left, *summed, *right]
    sizes = [x.sizes[at] for at in [*shared, *left]] + [1] * len(summed) + [y.sizes[at] for at in right]
    viewed = made.refit(sizes)
    assert viewed is not None
    return viewed.permute(*(order.index(at) for at in range(len(order))))
