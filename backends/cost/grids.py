"""Fields on grids: convolutions, pools, edges, interpolation and transposes, as the torch backend has them."""

from __future__ import annotations

from collections.abc import Callable

from diagrammar.backends.cost.call import Call
from diagrammar.backends.cost.tensors import Shape, product
from diagrammar.sizes import Size, over
from diagrammar.types import Field, Type


def periodic_axes(wire: Type) -> list[bool]:
    """For each axis of the grid of a field, whether it is periodic."""
    factors = wire.space.base if isinstance(wire, Field) else ()
    return [kind.startswith("torus") for kind, dim, _ in factors for _ in range(dim)]


def _coordinates(c: Call) -> Shape:
    sizes = c.grid(c.box.cod[0])
    lines = []
    for n, periodic in zip(sizes, periodic_axes(c.box.cod[0]), strict=True):
        # names of the loop live on until they are bound again
        steps = c.k.new((n,), False, 8)
        at = c.k.pointwise("mul", steps if periodic else c.k.pointwise("add", steps))
        at = c.k.pointwise("add", at)
        lines.append(c.k.new((n,), False))
    return c.k.new((len(sizes), *sizes), False)


def _translate(c: Call) -> Shape:
    return c.done(c.k.copy(c.arg()))


def _pad(c: Call) -> Shape:
    sizes = (c.arg().sizes[0], *c.shape(c.box.cod[0]))
    return c.done(c.k.pad(c.arg(), sizes, c.text("mode", "zeros")))


def _crop(c: Call) -> Shape:
    x = c.arg()
    for axis, size in enumerate(c.grid(c.box.cod[0]), 2):
        x = x.narrow(axis, size)
    return c.done(x)


def _resample(c: Call) -> Shape:
    field = c.box.dom[0]
    assert isinstance(field, Field)
    mode = c.text("mode", "linear")
    word, aligned = mode.removeprefix("aligned_"), mode.startswith("aligned")
    periodic = any(periodic_axes(field))
    dim = field.space.dim
    x, target = c.arg(), c.grid(c.box.cod[0])
    own = (word == "linear" and dim <= 3) or (word == "cubic" and dim == 2)
    if (mode == "nearest" and dim <= 3) or (own and (aligned or not periodic)):
        return c.done(c.k.new((*x.sizes[:2], *target), x.grad))
    return c.done(_interpolated(c, x, target, {"nearest": 1, "linear": 2, "cubic": 4}[word]))


def _interpolated(c: Call, x: Shape, target: tuple[Size, ...], taps: int) -> Shape:
    """Axis by axis, by products with matrices of weights, made as doubles from zeros."""
    for axis, m in enumerate(target, 2):
        matrix = _matrix_of(c, m, x.sizes[axis], taps)
        x = c.k.matmul(x.movedim(axis, -1), matrix.transpose()).movedim(-1, axis)
    return x


def _matrix_of(c: Call, m: Size, n: Size, taps: int) -> Shape:
    """The matrix of an interpolation from n points to m."""
    _index, _weight = c.k.new((m, taps), False, 8), c.k.new((m, taps), False, 8)
    matrix = _scattered(c, (m, n))
    return c.k.new(matrix.sizes, False) if c.k.memory.width != 8 else matrix


def _scattered(c: Call, sizes: tuple[Size, ...]) -> Shape:
    _zeros = c.k.new(sizes, False, 8)
    return c.k.new(sizes, False, 8)


def _pool(c: Call) -> Shape:
    x, grid = c.arg(), c.grid(c.box.cod[0])
    size, op = c.whole("size", 2), c.text("op", "max")
    if op == "sample":
        for axis, n in enumerate(grid, 2):
            x = x.every(size, axis, n)
        return c.done(x)
    made = c.k.new((*x.sizes[:2], *grid), x.grad)
    if op == "max":
        # and where each maximum stands, as 64-bit integers
        places = c.k.new(made.sizes, False, 8)
        if x.grad:
            c.k.keep(places)
    if x.grad:
        c.k.keep(x)
    return c.done(made)


def padding_of(kernel: int, stride: int) -> tuple[int, int]:
    """How much a convolution adds on the left and on the right of an axis."""
    added = max(kernel - stride, 0)
    return (added + 1) // 2, added // 2


def convolve(c: Call, x: Shape, w: Shape, bias: bool, each: bool = False) -> Shape:
    """A convolution: with zeros of its own, or of a padded copy. `each`: with a kernel for each sample."""
    kernel, stride = c.whole("kernel", 3), c.whole("stride", 1)
    left, right = padding_of(kernel, stride)
    mode = c.text("padding", "zeros")
    target = (x.sizes[0], w.sizes[0], *c.grid(c.box.cod[0]))
    if (left or right) and (each or not (mode == "zeros" and left == right)):
        x = c.k.pad(x, (*x.sizes[:2], *(n + left + right for n in x.sizes[2:])), mode)
    made = c.k.convolve(x, w, target, False)
    made.grad = made.grad or bias
    return made


def transpose(c: Call, x: Shape, w: Shape, bias: bool, each: bool = False) -> Shape:
    """The transpose of a convolution; what its padding had added is cut or wrapped round."""
    kernel, stride, groups = c.whole("kernel", 3), c.whole("stride", 1), c.whole("groups", 1)
    left, right = padding_of(kernel, stride)
    mode = c.text("padding", "zeros")
    wrap = mode == "circular"
    target = (x.sizes[0], w.sizes[1] * groups, *c.grid(c.box.cod[0]))
    if mode == "zeros" and left == right and not each:
        made = c.k.convolve(x, w, target, True)
        made.grad = made.grad or bias
        return made
    full = (*target[:2], *(n + left + right for n in target[2:]))
    y = c.k.convolve(x, w, full, True)
    if mode in ("reflect", "replicate"):
        y = folded_back(c, y, target[2:])
        return c.k.pointwise("add", y) if bias else y
    for axis, n in enumerate(target[2:], 2):
        y = _folded(c, y, axis, n, left if wrap else 0, right if wrap else 0)
    return c.k.pointwise("add", y) if bias else y


def _folded(c: Call, x: Shape, axis: int, n: Size, left: int, right: int) -> Shape:
    y = x.narrow(axis, n)
    for beyond in (right, left):
        if beyond:
            y = c.k.pointwise("add", y, c.k.pad(x.narrow(axis, beyond), y.sizes))
    return y


def _convolution(c: Call) -> Shape:
    if not c.values[1].batched:
        return c.done(convolve(c, c.arg(0), c.bare(1), False))
    return c.done(convolve(c, c.arg(0), c.arg(1).select(0), False, each=True))


def _transposed(c: Call) -> Shape:
    if not c.values[1].batched:
        return c.done(transpose(c, c.arg(0), c.bare(1), False))
    return c.done(transpose(c, c.arg(0), c.arg(1).select(0), False, each=True))


def _pad_transpose(c: Call) -> Shape:
    if c.text("mode", "zeros") == "zeros":
        return _crop(c)
    return c.done(folded_back(c, c.arg(), c.grid(c.box.cod[0])))


def folded_back(c: Call, x: Shape, grid: tuple[Size, ...]) -> Shape:
    """Axis by axis, points added to those of a smaller axis."""
    for axis, n in enumerate(grid, 2):
        at = c.k.new((x.sizes[axis],), False, 8)
        if x.grad:
            c.k.keep(at, x)
        x = _added(c, x, (*x.sizes[:axis], n, *x.sizes[axis + 1 :]))
    return x


def _added(c: Call, x: Shape, sizes: tuple[Size, ...]) -> Shape:
    _zeros = c.k.new(sizes, False)
    return c.k.new(sizes, x.grad)


def _resample_transpose(c: Call) -> Shape:
    word = c.text("mode", "linear").removeprefix("aligned_")
    target = c.grid(c.box.cod[0])
    x = c.arg()
    for axis, n in enumerate(target, 2):
        matrix = _matrix_of(c, x.sizes[axis], n, {"nearest": 1, "linear": 2, "cubic": 4}[word])
        x = c.k.matmul(x.movedim(axis, -1), matrix).movedim(-1, axis)
    return c.done(x)


def _unpool(c: Call) -> Shape:
    x, size = c.arg(), c.whole("size", 2)
    for axis, n in enumerate(c.grid(c.box.cod[0]), 2):
        y = x.unsqueeze(axis + 1)
        sizes = (*y.sizes[: axis + 1], size, *y.sizes[axis + 2 :])
        y = y.expand(sizes) if c.text("op", "copy") == "copy" else c.k.pad(y, sizes)
        x = c.k.reshape(y, *x.sizes[:axis], n, *x.sizes[axis + 1 :])
    return c.done(x)


def _correlation(c: Call) -> Shape:
    kernel, stride, groups = c.whole("kernel", 3), c.whole("stride", 1), c.whole("groups", 1)
    left, right = padding_of(kernel, stride)
    u, v = c.arg(0), c.arg(1)
    if left or right:
        u = c.k.pad(u, (*u.sizes[:2], *(n + left + right for n in u.sizes[2:])), c.text("padding", "zeros"))
    batch = c.batch if c.batched else 1
    dim = len(v.sizes[2:])
    share = over(u.sizes[1], groups)
    u = c.k.new((batch * groups, product(v.sizes[2:]), share * kernel**dim), u.grad)
    v = c.k.reshape(v.expand((batch, *v.sizes[1:])), batch * groups, over(v.sizes[1], groups), u.sizes[1])
    made = c.k.bmm(v, u)
    made = c.k.reshape(made, batch, v.sizes[1] * groups, share, *[kernel] * dim)
    return c.done(made)


MEANINGS: dict[str, Callable[[Call], Shape]] = {
    "coordinates": _coordinates,
    "translate": _translate,
    "pad": _pad,
    "crop": _crop,
    "resample": _resample,
    "pool": _pool,
    "convolution": _convolution,
    "convolution_transpose": _transposed,
    "pad_transpose": _pad_transpose,
    "resample_transpose": _resample_transpose,
    "correlation": _correlation,
    "unpool": _unpool,
}
