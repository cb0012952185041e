"""Axes of samples: the rows of a `map` as samples, samples as rows, and wires repeated for more samples.

A level is flat in torch: one batch axis, of all its axes in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.backends.torch.function import rank
from diagrammar.backends.torch.meanings.call import Call, Meaning, Result
from diagrammar.box import Value
from diagrammar.sizes import Poly
from diagrammar.types import shape_of


def _level(value: Value) -> list[tuple[Value, ...]]:
    assert isinstance(value, tuple)
    return [axis[1] for axis in value if isinstance(axis, tuple) and isinstance(axis[1], tuple)]


def _count(c: Call, sizes: tuple[Value, ...]) -> str:
    """How many samples an axis has."""
    if not sizes:
        return c.fn.samples()
    texts = [c.size(size) for size in sizes if isinstance(size, int | Poly)]
    assert len(texts) == len(sizes)
    return texts[0] if len(texts) == 1 else f"({' * '.join(texts)})"


def _product(texts: Sequence[str]) -> str:
    return " * ".join(texts) or "1"


def _rows(c: Call) -> Result:
    """[B, n, ..] becomes [B * n, ..]; over a grid, channels first, [B, c, n, m] becomes [B * n * m, c]."""
    outer = _level(c.param("level"))
    text = c.arg()
    if c.param("grid"):
        axes = rank(c.type()) - 1
        text = f"{text}.movedim({int(bool(outer))}, -1)"
        text += f".flatten(0, {axes - 1 + int(bool(outer))})" if axes + bool(outer) > 1 else ""
        # a formula that ends in a number is a field of one channel
        return text if shape_of(c.out()) else f"{text}.squeeze(-1)"
    return f"{text}.flatten(0, 1)"


def _stacked(c: Call) -> Result:
    """The same backwards."""
    outer = [_count(c, sizes) for sizes in _level(c.param("level"))]
    text = c.arg()
    axis = c.param("axis")
    assert isinstance(axis, tuple) and isinstance(axis[1], tuple)
    sizes = [c.size(size) for size in axis[1] if isinstance(size, int | Poly)]
    c.flags = (bool(outer),)
    lead = [_product(outer)] if outer else []
    if not c.param("grid"):
        return f"{text}.unflatten(0, ({', '.join([*lead, *sizes])}))"
    if not shape_of(c.type()):
        text += ".unsqueeze(-1)"
    if len(lead) + len(sizes) > 1:
        text += f".unflatten(0, ({', '.join([*lead, *sizes])}))"
    return f"{text}.movedim(-1, {len(lead)})"


def _lifted(c: Call) -> Result:
    """A wire with more axes: views, but where the axes are made one."""
    before, after = c.param("before"), c.param("after")
    assert isinstance(before, tuple) and isinstance(after, tuple)
    axes = [_count(c, sizes) for sizes in _level(after)]
    text = c.arg()
    c.flags = (True,)
    tail = ["-1"] * rank(c.type())
    has = [axis in before for axis in after]
    if len(before) > 1:
        own = [count if on else "1" for count, on in zip(axes, has, strict=True)]
        text = f"{text}.unflatten(0, ({', '.join(own)}))"
    elif before != after:
        # of the samples of the inputs there may be one that stands for all
        text = f"{text}[{', '.join(':' if on else 'None' for on in has)}]"
    text = f"{text}.expand({', '.join([*axes, *tail])})"
    return f"{text}.flatten(0, {len(after) - 1})" if len(after) > 1 else text


MEANINGS: dict[str, Meaning] = {
    # what is made for each row has the batch axis, whether its operand has or not
    "rows": Meaning(_rows, lift=False, batched=True),
    "stacked": Meaning(_stacked, lift=False),
    "lifted": Meaning(_lifted, lift=False, batched=True),
}
