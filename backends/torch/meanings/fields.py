"""Convolutions and pooling."""

from __future__ import annotations

from diagrammar.backends.torch.meanings.call import Call, Meaning, Result
from diagrammar.types import Field

_MODES = {"circular": "circular", "reflect": "reflect", "replicate": "replicate"}


def _dim(c: Call, field: Field) -> int:
    if not 1 <= field.space.dim <= 3:
        raise c.error(f"a convolution over {field.space.dim} axes")
    return field.space.dim


def _numbers(c: Call) -> tuple[int, int, int, str]:
    kernel, stride, groups = c.whole("kernel", 3), c.whole("stride", 1), c.whole("groups", 1)
    padding = c.text("padding", "zeros")
    if kernel < 1 or stride < 1 or groups < 1 or padding not in ("zeros", *_MODES):
        raise c.error(f"kernel = {kernel}, stride = {stride}, groups = {groups}, padding = {padding!r}")
    return kernel, stride, groups, padding


def padding_of(kernel: int, stride: int) -> tuple[int, int]:
    """How much a convolution adds on the left and on the right of an axis: kernel - stride in all.

    >>> padding_of(3, 1), padding_of(3, 2), padding_of(2, 2), padding_of(4, 2)
    ((1, 1), (1, 0), (0, 0), (1, 1))
    """
    if kernel <= stride:
        return 0, 0
    left = (kernel - stride + 1) // 2
    return left, kernel - stride - left


def convolution(c: Call, x: str, weight: str, bias: str) -> str:
    """A convolution of a batch with one kernel."""
    dim = _dim(c, c.field())
    kernel, stride, groups, padding = _numbers(c)
    left, right = padding_of(kernel, stride)
    if kernel == stride == groups == 1:
        return f"F.conv{dim}d({x}, {weight}, {bias})"
    inner = 0
    if padding == "zeros" and left == right:
        inner = left
    elif left or right:
        mode = "" if padding == "zeros" else f", mode={padding!r}"
        x = f"F.pad({x}, {(left, right) * dim!r}{mode})"
    return f"F.conv{dim}d({x}, {weight}, {bias}, stride={stride}, padding={inner}, groups={groups})"


def _convolution(c: Call) -> Result:
    weight = c.bare(1)
    if weight is not None:
        return convolution(c, c.with_batch(0), weight, "None") + ("[0]" if not c.flag(0) else "")
    # a kernel for each sample: samples become groups of one convolution
    kernel, stride, groups, padding = _numbers(c)
    left, right = padding_of(kernel, stride)
    dim = _dim(c, c.field())
    return (
        f"{c.helper('_convolve_each')}({c.with_batch(0)}, {c.arg(1)}, {dim}, {stride}, {groups}, {left}, {right},"
        f" {('constant' if padding == 'zeros' else padding)!r})"
    )


def transposed(c: Call, x: str, weight: str, bias: str) -> str:
    """The transpose of a convolution."""
    dim = _dim(c, c.field())
    kernel, stride, groups, padding = _numbers(c)
    left, right = padding_of(kernel, stride)
    extra = max(stride - kernel, 0)
    if padding == "zeros" and left == right:
        return (
            f"F.conv_transpose{dim}d({x}, {weight}, {bias}, stride={stride}, padding={left}, output_padding={extra},"
            f" groups={groups})"
        )
    full = f"F.conv_transpose{dim}d({x}, {weight}, None, stride={stride}, output_padding={extra}, groups={groups})"
    text = f"{c.helper('_fold_back')}({full}, {dim}, {left}, {right}, {padding!r})"
    return text if bias == "None" else f"{text} + {bias}[{', '.join([':', *['None'] * dim])}]"


def _transposed(c: Call) -> Result:
    weight = c.bare(1)
    if weight is None:
        _, stride, groups, padding = numbers = _numbers(c)
        left, right = padding_of(numbers[0], stride)
        each = (
            f"{c.helper('_transpose_each')}({c.with_batch(0)}, {c.arg(1)}, {_dim(c, c.field())}, {stride}, {groups}, "
        )
        return f"{each}{left}, {right}, {padding!r})"
    return transposed(c, c.with_batch(0), weight, "None") + ("[0]" if not c.flag(0) else "")


def _correlation(c: Call) -> Result:
    kernel, stride, groups, padding = _numbers(c)
    left, right = padding_of(kernel, stride)
    mode = "constant" if padding == "zeros" else padding
    both = c.local(f"{c.helper('_alike')}(({c.with_batch(0)}, {c.with_batch(1)}))")
    return f"{c.helper('_correlate')}(*{both}, {kernel}, {stride}, {groups}, {left}, {right}, {mode!r})"


def _unpool(c: Call) -> Result:
    op = c.text("op", "copy")
    if op not in ("copy", "sample"):
        raise c.error(f"the operation {op!r}")
    return f"{c.helper('_unpool')}({c.arg()}, {c.whole('size', 2)}, {op == 'copy'})"


def _pool(c: Call) -> Result:
    field = c.field()
    dim = _dim(c, field)
    size, op = c.whole("size", 2), c.text("op", "max")
    match op:
        case "max":
            return f"F.max_pool{dim}d({c.arg()}, {size})"
        case "mean":
            return f"F.avg_pool{dim}d({c.arg()}, {size})"
        case "sample":
            return f"{c.arg()}[{', '.join([':', ':', *[f'::{size}'] * dim])}]"
        case _:
            raise c.error(f"the operation {op!r}")


MEANINGS: dict[str, Meaning] = {
    "std:convolution": Meaning(_convolution, lift=False),
    "std:convolution_transpose": Meaning(_transposed, lift=False),
    "std:correlation": Meaning(_correlation),
    "std:pool": Meaning(_pool),
    "std:unpool": Meaning(_unpool),
}
