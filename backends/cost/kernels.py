"""The calls of torch on tensors without numbers: what each makes, what it keeps for its backward, and the operations of
products that it counts for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diagrammar.backends.cost.extremes import large
from diagrammar.backends.cost.tensors import Memory, Shape, Storage, contiguous, half, product
from diagrammar.sizes import Size

# which operands and results an elementwise call keeps for its backward: "inputs", "results", "both" or none of them
KEEPS = {
    "abs": "inputs", "cos": "inputs", "clamp": "inputs", "erf": "inputs", "exp": "results", "gelu": "inputs",
    "log": "inputs", "max": "inputs", "maximum": "inputs", "min": "inputs", "minimum": "inputs", "pow": "inputs",
    "power": "both", "relu": "results", "rsqrt": "results", "sigmoid": "results", "silu": "inputs", "sin": "inputs",
    "softmax": "results", "softplus": "inputs", "sqrt": "results", "tanh": "results", "vector_norm": "both",
}  # fmt: skip


class Kernels:
    """Calls on a memory."""

    __slots__ = ("memory",)

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    # ------------------------------------------------------------------------------------------------ making

    def new(
        self, sizes: Sequence[Size], grad: bool, item: int | None = None, strides: Sequence[Size] | None = None
    ) -> Shape:
        """A tensor on a storage of its own."""
        item = self.memory.width if item is None else item
        storage = Storage(self.memory, product(sizes) * item)
        return Shape(storage, tuple(sizes), tuple(strides or contiguous(sizes)), item, grad)

    def keep(self, *tensors: Shape) -> None:
        """Holds tensors for the backward."""
        for tensor in tensors:
            self.memory.keep(tensor.storage)

    def copy(self, x: Shape) -> Shape:
        """The entries in the order of the axes."""
        return self.new(x.sizes, x.grad, x.item)

    def contiguous(self, x: Shape) -> Shape:
        """The same, or a copy in the order of the axes."""
        return x if x.is_contiguous() else self.copy(x)

    def reshape(self, x: Shape, *sizes: Size) -> Shape:
        """A view with other sizes, or a copy where there is none."""
        return x.refit(sizes) or self.copy(x).viewed(sizes, contiguous(sizes))

    def flatten(self, x: Shape, start: int, end: int | None = None) -> Shape:
        """Axes from `start` to before `end` as one."""
        stop = len(x.sizes) if end is None else end
        return self.reshape(x, *x.sizes[:start], product(x.sizes[start:stop]), *x.sizes[stop:])

    # ------------------------------------------------------------------------------------------- entry by entry

    def pointwise(self, name: str, *xs: Shape, item: int | None = None, sizes: Sequence[Size] | None = None) -> Shape:
        """A call that works entry by entry; operands are broadcast."""
        sizes = self._broadcast(xs) if sizes is None else tuple(sizes)
        flows = item != 1 and name != "sign" and any(x.grad for x in xs)
        item = max(x.item for x in xs) if item is None else item
        shaped = next((x for x in xs if x.sizes == sizes and self._dense(x)), None)
        made = self.new(sizes, flows, item, shaped.strides if shaped is not None else None)
        if name == "sign":
            made.grad = any(x.grad for x in xs)
        if flows:
            self._keep(name, xs, made)
        return made

    def _keep(self, name: str, xs: Sequence[Shape], made: Shape) -> None:
        if name == "mul" and len(xs) == 2:
            for x, other in ((xs[0], xs[1]), (xs[1], xs[0])):
                if other.grad:
                    self.keep(x)
        elif name == "div" and len(xs) == 2:
            # of a quotient a / b: b, and a where b has a gradient
            self.keep(xs[1], *(xs[:1] if xs[1].grad else ()))
        elif name == "pow" and len(xs) == 2 and xs[1].grad:
            self.keep(*xs, made)
        elif name == "where":
            self.keep(xs[0])
        else:
            kept = KEEPS.get(name, "")
            self.keep(*(xs if kept in ("inputs", "both") else ()), *([made] if kept in ("results", "both") else ()))

    @staticmethod
    def _broadcast(xs: Sequence[Shape]) -> tuple[Size, ...]:
        count = max(len(x.sizes) for x in xs)
        rows = [(1,) * (count - len(x.sizes)) + x.sizes for x in xs]
        return tuple(next((size for size in column if size != 1), 1) for column in zip(*rows, strict=True))

    @staticmethod
    def _dense(x: Shape) -> bool:
        """Whether the entries lie side by side, in whatever order of axes."""
        pairs = sorted(
            ((large(step), step, size) for step, size in zip(x.strides, x.sizes, strict=True) if size != 1),
            key=lambda each: each[0],
        )
        want: Size = 1
        for _, step, size in pairs:
            if step != want:
                return False
            want = want * size
        return True

    # --------------------------------------------------------------------------------------------- moving

    def cat(self, xs: Sequence[Shape], axis: int) -> Shape:
        """Tensors joined along an axis."""
        total: Size = 0
        for x in xs:
            total = total + x.sizes[axis]
        sizes = list(xs[0].sizes)
        sizes[axis] = total
        return self.new(sizes, any(x.grad for x in xs), xs[0].item)

    def stack(self, xs: Sequence[Shape], axis: int) -> Shape:
        """Tensors on a new axis."""
        sizes = list(xs[0].sizes)
        sizes.insert(axis % (len(sizes) + 1), len(xs))
        return self.new(sizes, any(x.grad for x in xs), xs[0].item)

    def pad(self, x: Shape, sizes: Sequence[Size], mode: str = "zeros") -> Shape:
        """Entries added round a tensor."""
        made = self.new(sizes, x.grad, x.item)
        if x.grad and mode in ("reflect", "replicate"):
            self.keep(x)
        return made

    # ------------------------------------------------------------------------------------------- reductions

    def reduce(self, op: str, x: Shape, axes: Sequence[int]) -> Shape:
        """A sum, mean, maximum, minimum or product over axes."""
        sizes = [size for at, size in enumerate(x.sizes) if at not in axes]
        made = self.new(sizes, x.grad, x.item)
        if x.grad and op in ("max", "min", "prod", "var"):
            self.keep(x)
            if op != "var":
                self.keep(made)
        return made

    # --------------------------------------------------------------------------------------------- products

    def bmm(self, a: Shape, b: Shape) -> Shape:
        """Products of matrices, one for each entry of the first axis."""
        count, rows, inner = a.sizes
        made = self.new((count, rows, b.sizes[2]), a.grad or b.grad, a.item)
        self.memory.products = self.memory.products + product(made.sizes) * inner * 2
        if b.grad:
            self.keep(a)
        if a.grad:
            self.keep(b)
        return made

    def mm(self, a: Shape, b: Shape) -> Shape:
        """A product of two matrices."""
        made = self.bmm(a.unsqueeze(0), b.unsqueeze(0))
        return made.select(0)

    def matmul(self, a: Shape, b: Shape) -> Shape:
        """`a @ b`: a matrix on the last axis of a, or matrices side by side."""
        if len(b.sizes) == 2 and self._folds(a, b):
            rows = self.reshape(a, product(a.sizes[:-1]), a.sizes[-1])
            made = self.mm(rows, b)
            sizes = (*a.sizes[:-1], b.sizes[-1])
            return made.viewed(sizes, contiguous(sizes))
        lead = a.sizes[:-2]
        b = b if len(b.sizes) > 2 else b.expand((*lead, *b.sizes))
        left = self.reshape(a, product(lead), *a.sizes[-2:])
        right = self.reshape(b, product(lead), *b.sizes[-2:])
        sizes = (*lead, a.sizes[-2], b.sizes[-1])
        return self.bmm(left, right).viewed(sizes, contiguous(sizes))

    def _folds(self, a: Shape, b: Shape) -> bool:
        """Whether torch makes one matrix of a: for a gradient of b, or where that is a view."""
        if len(a.sizes) < 3 or (b.grad and self.memory.training):
            return True
        return all(a.strides[at] == a.strides[at + 1] * a.sizes[at + 1] for at in range(len(a.sizes) - 2))

    def linear(self, x: Shape, w: Shape) -> Shape:
        """A matrix on the last axis, with a shift or without."""
        return self.matmul(x, w.transpose())

    def convolve(self, x: Shape, w: Shape, sizes: Sequence[Size], transposed: bool) -> Shape:
        """A convolution of a batch, or its transpose, to these sizes."""
        made = self.new(sizes, x.grad or w.grad, x.item)
        grid = product((x.sizes if transposed else made.sizes)[2:])
        self.memory.products = self.memory.products + grid * product(w.sizes) * x.sizes[0] * 2
        if made.grad:
            self.keep(x, w)
        return made

    # ---------------------------------------------------------------------------------------------- the rest

    def masked(self, x: Shape, mask: Shape) -> Shape:
        """A tensor with one number where the mask is true; the mask is kept."""
        made = self.new(x.sizes, x.grad, x.item)
        if x.grad:
            self.keep(mask)
        return made

    def normalise(self, x: Shape, statistics: Sequence[Size], trained: bool) -> Shape:
        """A normalisation that keeps its mean and its scale, of these sizes each."""
        made = self.new(x.sizes, x.grad or trained, x.item)
        both = [self.new(statistics, False, x.item) for _ in range(2)]
        if made.grad:
            self.keep(x, *both)
        return made

    def rfft(self, x: Shape) -> Shape:
        """A real transform over all axes after the second, as pairs."""
        if x.grad:
            self.keep(x)
        sizes = (*x.sizes[:-1], half(x.sizes[-1]), 2)
        return self.new(sizes, x.grad, x.item)

    def complex(self, z: Shape) -> Shape:
        """Pairs as complex numbers, which are a copy."""
        if z.grad:
            self.keep(z)
        return self.new(z.sizes[:-1], z.grad, 2 * z.item)

    def irfft(self, z: Shape, sizes: Sequence[Size]) -> Shape:
        """The inverse of a real transform, of pairs, to a grid of these sizes."""
        joined = self.complex(z)
        return self.new((*z.sizes[:2], *sizes), joined.grad, z.item)


def pairs(x: Shape) -> Shape:
    """Complex numbers as pairs, on the same storage."""
    strides = (*(2 * step for step in x.strides), 1)
    return Shape(x.storage, (*x.sizes, 2), strides, x.item // 2, x.grad)


def whole(size: Size) -> int:
    """A size that has to be known."""
    return math.floor(large(size))
