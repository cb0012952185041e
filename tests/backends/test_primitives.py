"""Every primitive of the torch backend against a formula of its own, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from diagrammar.diagram import Box
from diagrammar.types import Tokens, shape_of

from .build import Bool, C, F, R, S, alone, cube, free, make, prim, torus

Tensor = torch.Tensor
BATCHES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (0,), (2, 3))


def inputs(box: Box, batch: tuple[int, ...], positive: bool = False) -> list[Tensor]:
    """Random inputs of a box whose sizes are numbers."""
    made = []
    for wire in box.dom:
        shape = (*batch, *(int(str(size)) for size in shape_of(wire)))
        if isinstance(wire, Tokens):
            made.append(torch.randint(0, int(str(wire.vocab)), shape))
        elif str(wire).startswith("Bool"):
            made.append(torch.rand(shape) > 0.5)
        else:
            x = torch.randn(shape, dtype=torch.float64)
            made.append(x.abs() + 0.1 if positive else x)
    return made


def check(box: Box, formula: Callable[..., Any], positive: bool = False, atol: float = 1e-12) -> None:
    """The compiled box equals the formula applied to each sample."""
    module = make(alone(box), dtype=torch.float64)
    for batch in BATCHES:
        args = inputs(box, batch, positive)
        got = module(*args)
        got = got if isinstance(got, tuple) else (got,)
        flat = [x.reshape(math.prod(batch), *x.shape[len(batch) :]) for x in args]
        samples = [formula(*[x[i] for x in flat]) for i in range(math.prod(batch))]
        samples = [s if isinstance(s, tuple) else (s,) for s in samples]
        for at, result in enumerate(got):
            assert result.shape == (*batch, *(int(str(n)) for n in shape_of(box.cod[at])))
            if samples:
                want = torch.stack([torch.as_tensor(s[at]) for s in samples]).reshape(result.shape)
                assert torch.allclose(result, want, rtol=1e-12, atol=atol), (box, batch)
        # an input that is not contiguous means the same
        if batch == (3,):
            again = module(*[_strided(x) for x in args])
            again = again if isinstance(again, tuple) else (again,)
            assert all(torch.allclose(a, b, rtol=1e-12, atol=atol) for a, b in zip(again, got, strict=True))


def _strided(x: Tensor) -> Tensor:
    return torch.stack((x, x), -1)[..., 0]


BINARY: dict[str, Callable[..., Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "max": torch.maximum,
    "min": torch.minimum, "less": torch.lt, "equal": torch.eq,
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_arithmetic(name: str) -> None:
    """Elementwise boxes of two operands are torch's, on tensors, scalars and fields."""
    for wire in (R(2, 3), R()):
        out = Bool(*wire.sizes) if name in ("less", "equal") else wire
        check(prim(name, [wire, wire], [out]), BINARY[name], positive=name == "pow")


@pytest.mark.parametrize("name", ["neg", "abs", "sign", "exp", "log", "sqrt", "sin", "cos", "tanh", "erf"])
def test_functions(name: str) -> None:
    """Elementwise boxes of one operand are torch's."""
    function = getattr(torch, name)
    for wire in (R(4), F(torus(3, 4), 2)):
        check(prim(name, [wire], [wire]), function, positive=name in ("log", "sqrt"))


def test_truth_values() -> None:
    """`both`, `either`, `negate` and `select` act elementwise."""
    b = Bool(3)
    check(prim("both", [b, b], [b]), torch.logical_and)
    check(prim("either", [b, b], [b]), torch.logical_or)
    check(prim("negate", [b], [b]), torch.logical_not)
    check(prim("select", [b, R(3), R(3)], [R(3)]), torch.where)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow"])
def test_complex_arithmetic(name: str) -> None:
    """Arithmetic of complex wires is complex arithmetic, on pairs."""

    def formula(x: Tensor, y: Tensor) -> Tensor:
        z = BINARY[name](torch.view_as_complex(x.contiguous()), torch.view_as_complex(y.contiguous()))
        return torch.view_as_real(z)

    check(prim(name, [C(3), C(3)], [C(3)]), formula)
    check(prim(name, [S(torus(3, 4), 2)] * 2, [S(torus(3, 4), 2)]), formula)


def test_complex_functions() -> None:
    """Functions of complex wires are complex functions; `abs` is the modulus as a complex number."""
    for name in ("exp", "sin", "neg", "sqrt"):
        function = getattr(torch, name)
        check(
            prim(name, [C(3)], [C(3)]),
            lambda x, f=function: torch.view_as_real(f(torch.view_as_complex(x.contiguous()))),
        )
    check(
        prim("abs", [C(3)], [C(3)]),
        lambda x: torch.stack((torch.hypot(x[..., 0], x[..., 1]), torch.zeros(3, dtype=torch.float64)), -1),
    )


def test_einsum() -> None:
    """`einsum` contracts by names, over tensors, fields and complex pairs."""
    check(prim("einsum", [R(4), R(3, 4)], [R(3)], pattern="a, b a -> b"), lambda x, w: w @ x)
    check(prim("einsum", [R(3, 4), R(4)], [R(3)], pattern="b a, a -> b"), lambda w, x: w @ x)
    check(prim("einsum", [R(2, 4), R(4, 3)], [R(2, 3)], pattern="n in, in out -> n out"), lambda x, w: x @ w)
    check(prim("einsum", [R(4, 4)], [R()], pattern="i i ->"), torch.trace)
    check(prim("einsum", [R(2), R(3)], [R(2, 3)], pattern="a, b -> a b"), torch.outer)
    X = torus(3, 4)
    check(
        prim("einsum", [F(X, 2), R(5, 2)], [F(X, 5)], pattern="i ..., o i -> o ..."),
        lambda u, w: torch.einsum("ixy,oi->oxy", u, w),
    )
    z = torch.view_as_complex

    def product(x: Tensor, w: Tensor) -> Tensor:
        return torch.view_as_real(torch.einsum("ix,iox->ox", z(x.contiguous()), z(w.contiguous())))

    check(prim("einsum", [C(2, 4), C(2, 3, 4)], [C(3, 4)], pattern="i x, i o x -> o x"), product)
    check(
        prim("einsum", [C(2, 4), R(3, 2)], [C(3, 4)], pattern="i x, o i -> o x"),
        lambda x, w: torch.einsum("ixp,oi->oxp", x, w),
    )
    check(
        prim("einsum", [C(2), C(2), C(2)], [C()], pattern="i, i, i ->"),
        lambda a, b, c: torch.view_as_real((z(a.contiguous()) * z(b.contiguous()) * z(c.contiguous())).sum()),
    )


def test_rearrange_and_reduce() -> None:
    """`rearrange` and `reduce` follow einops patterns."""
    check(
        prim("rearrange", [R(6, 4)], [R(2, 4, 3)], pattern="(h d) n -> h n d", sizes=(("h", 2),)),
        lambda x: x.reshape(2, 3, 4).permute(0, 2, 1),
    )
    check(
        prim("rearrange", [R(2, 4, 3)], [R(4, 6)], pattern="h n d -> n (h d)"),
        lambda x: x.permute(1, 0, 2).reshape(4, 6),
    )
    check(prim("rearrange", [C(2, 3)], [C(3, 2)], pattern="a b -> b a"), lambda x: x.transpose(0, 1))
    check(prim("rearrange", [R(3)], [R(1, 3)], pattern="a -> 1 a"), lambda x: x[None])
    X = torus(3, 4)
    check(prim("rearrange", [F(X, 6)], [F(X, 6)], pattern="(a b) ... -> (b a) ...", sizes=(("a", 2),)),
          lambda x: x.reshape(2, 3, 3, 4).transpose(0, 1).reshape(6, 3, 4))  # fmt: skip
    for op, function in {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}.items():
        check(prim("reduce", [R(2, 3, 4)], [R(3)], pattern="a b c -> b", op=op), lambda x, f=function: f(x, (0, 2)))
    check(prim("reduce", [R(2, 3)], [R(2)], pattern="a b -> a", op="prod"), lambda x: x.prod(1))
    check(prim("reduce", [F(X, 2)], [F(X, 1)], pattern="c ... -> 1 ...", op="sum"), lambda x: x.sum(0, keepdim=True))


def test_joining_and_cutting() -> None:
    """`concat`, `stack`, `split`, `index`, `total`."""
    check(prim("concat", [R(2, 3), R(4, 3)], [R(6, 3)], axis=0), lambda a, b: torch.cat((a, b)))
    check(prim("concat", [R(2, 3), R(2, 1)], [R(2, 4)], axis=-1), lambda a, b: torch.cat((a, b), 1))
    check(prim("concat", [C(2), C(1)], [C(3)], axis=-1), lambda a, b: torch.cat((a, b)))
    check(prim("stack", [R(3), R(3)], [R(2, 3)], axis=0), lambda a, b: torch.stack((a, b)))
    check(prim("split", [R(5, 2)], [R(2, 2), R(3, 2)], sizes=(2, 3), axis=0), lambda x: (x[:2], x[2:]))
    check(prim("index", [R(5, 2)], [R(2)], at=3), lambda x: x[3])
    X = torus(3, 4)
    check(prim("index", [F(X, 3)], [F(X, 1)], at=2), lambda x: x[2:])
    check(prim("sum", [R(5, 2)], [R()]), torch.sum)
    check(prim("sum", [F(X, 3)], [R(3)]), lambda x: x.sum((1, 2)))
    check(prim("sample", [F(X, 3)], [R(3, 3, 4)]), lambda x: x)
    check(prim("as_complex", [R(3, 2)], [C(3)]), lambda x: x)
    check(prim("conj", [C(3)], [C(3)]), lambda x: torch.stack((x[..., 0], -x[..., 1]), -1))
    check(prim("lookup", [R(7, 2), Tokens(7, 5)], [R(5, 2)]), lambda table, t: table[t])


def test_broadcast() -> None:
    """`broadcast` repeats a scalar over a type and channels over a field; complex wires take it as their real part."""
    X = torus(3, 4)
    check(prim("broadcast", [R()], [R(2, 3)]), lambda x: x.expand(2, 3))
    check(prim("broadcast", [R(2)], [F(X, 2)]), lambda x: x[:, None, None].expand(2, 3, 4))
    check(prim("broadcast", [R()], [C(2)]), lambda x: torch.stack((x, x * 0)).expand(2, 2))
    check(prim("broadcast", [R()], [R()]), lambda x: x)


def test_const() -> None:
    """`const` fills its type with a number, or holds a table."""
    for value in (2, Fraction(1, 3), -0.5):
        got = make(alone(prim("const", [], [R(2, 3)], value=value)), dtype=torch.float64)()
        assert torch.equal(got, torch.full((2, 3), float(value), dtype=torch.float64))
    table = make(alone(prim("const", [], [R(2, 2)], value=((1, 2), (3, Fraction(1, 2))))), dtype=torch.float64)
    assert torch.equal(table(), torch.tensor([[1, 2], [3, 0.5]], dtype=torch.float64))
    assert not table.state_dict()


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (2, 1), (4, 1), (3, 2), (4, 2), (2, 2), (1, 2)])
def test_convolution_by_hand(kernel: int, stride: int) -> None:
    """A convolution is a sum over shifts from `left` before the point; indices wrap, or zeros lie outside."""
    X, Y = torus(8), torus(8 // stride)
    left = max(kernel - stride + 1, 0) // 2
    for padding in ("circular", "zeros"):

        def formula(u: Tensor, w: Tensor, wrap: bool = padding == "circular") -> Tensor:
            out = torch.zeros(3, 8 // stride, dtype=torch.float64)
            for i in range(8 // stride):
                for j in range(kernel):
                    at = stride * i + j - left
                    if wrap or 0 <= at < 8:
                        out[:, i] += w[:, :, j] @ u[:, at % 8]
            return out

        params: dict[str, Any] = {"kernel": kernel, "stride": stride, "groups": 1, "padding": padding}
        check(prim("convolution", [F(X, 2), R(3, 2, kernel)], [F(Y, 3)], **params), formula)


@pytest.mark.parametrize("padding", ["zeros", "circular"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (4, 2), (2, 2), (1, 2), (5, 1)])
def test_transposes(padding: str, kernel: int, stride: int) -> None:
    """`convolution_transpose` is the transpose of `convolution` with the same numbers: <Ku, v> = <u, K'v>."""
    X, Y = torus(8, 8), torus(8 // stride, 8 // stride)
    params: dict[str, Any] = {"kernel": kernel, "stride": stride, "groups": 1, "padding": padding}
    w = torch.randn(3, 2, kernel, kernel, dtype=torch.float64)
    there = make(alone(prim("convolution", [F(X, 2), R(3, 2, kernel, kernel)], [F(Y, 3)], **params)))
    back = make(alone(prim("convolution_transpose", [F(Y, 3), R(3, 2, kernel, kernel)], [F(X, 2)], **params)))
    u, v = torch.randn(2, 8, 8, dtype=torch.float64), torch.randn(3, 8 // stride, 8 // stride, dtype=torch.float64)
    assert torch.allclose((there(u, w) * v).sum(), (u * back(v, w)).sum(), rtol=1e-12, atol=1e-12)


def test_pool_translate_pad_crop() -> None:
    """Pooling, periodic shifts, padding and cutting."""
    X, Y = torus(6, 4), torus(3, 2)
    check(prim("pool", [F(X, 2)], [F(Y, 2)], size=2, op="mean"), lambda x: x.reshape(2, 3, 2, 2, 2).mean((2, 4)))
    check(prim("pool", [F(X, 2)], [F(Y, 2)], size=2, op="max"), lambda x: x.reshape(2, 3, 2, 2, 2).amax((2, 4)))
    check(prim("pool", [F(X, 2)], [F(Y, 2)], size=2, op="sample"), lambda x: x[:, ::2, ::2])
    check(
        prim("translate", [F(X, 2)], [F(X, 2)], shift=(1, -2)),
        lambda x: torch.as_tensor(np.roll(x.numpy(), (1, -2), (1, 2))),
    )
    Z = torus(9, 7)
    pads = ((0, 0), (1, 2), (2, 1))
    for mode, word in {"zeros": "constant", "circular": "wrap", "reflect": "reflect", "replicate": "edge"}.items():
        check(
            prim("pad", [F(X, 2)], [F(Z, 2)], before=(1, 2), after=(2, 1), mode=mode),
            lambda x, w=word: torch.as_tensor(np.pad(x.numpy(), pads, mode=w)),
        )
    check(prim("crop", [F(Z, 2)], [F(X, 2)], before=(1, 2), after=(2, 1)), lambda x: x[:, 1:-2, 2:-1])


def test_coordinates() -> None:
    """Grid points are i / n on a torus and cell centres elsewhere, scaled to the bounds."""
    got = make(alone(prim("coordinates", [], [F(torus(4, 2), 2)], X=torus(4, 2))), dtype=torch.float64)()
    assert torch.allclose(got[0, :, 0], torch.arange(4, dtype=torch.float64) / 4)
    got = make(alone(prim("coordinates", [], [F(cube(4), 1)], X=cube(4))), dtype=torch.float64)()
    assert torch.allclose(got[0], (torch.arange(4, dtype=torch.float64) + 0.5) / 4)
    X = type(cube(4))((("interval(-1, 3)", 1, "J"),), (4,))
    got = make(alone(prim("coordinates", [], [F(X, 1)], X=X)), dtype=torch.float64)()
    assert torch.allclose(got[0], torch.tensor([-0.5, 0.5, 1.5, 2.5], dtype=torch.float64))


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic", "aligned_linear", "aligned_cubic"])
def test_resample_on_a_cube(mode: str) -> None:
    """On a cube `resample` is torch's interpolation, in any dimension."""
    names = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}
    word = mode.removeprefix("aligned_")
    extra = {} if word == "nearest" else {"align_corners": mode != word}
    X, Y = cube(5, 6), cube(8, 3)

    def formula(x: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(x[None], size=(8, 3), mode=names[word], **extra)[0]

    check(prim("resample", [F(X, 2)], [F(Y, 2)], mode=mode), formula)
    # one axis: the other one is constant, so the two-dimensional formula serves
    line = make(alone(prim("resample", [F(cube(5), 2)], [F(cube(8), 2)], mode=mode)))
    x = torch.randn(2, 5, dtype=torch.float64)
    wide = torch.nn.functional.interpolate(
        x[None, :, :, None].expand(1, 2, 5, 4), size=(8, 4), mode=names[word], **extra
    )
    assert torch.allclose(line(x), wide[0, :, :, 0], atol=1e-12)


def test_resample_on_a_torus() -> None:
    """On a torus `resample` is periodic: a finer grid keeps the old points and shifting commutes with it."""
    X, Y = torus(6), torus(12)
    for mode in ("linear", "cubic"):
        fine = make(alone(prim("resample", [F(X, 1)], [F(Y, 1)], mode=mode)))
        x = torch.randn(1, 6, dtype=torch.float64)
        assert torch.allclose(fine(x)[:, ::2], x, atol=1e-12)
        assert torch.allclose(fine(x.roll(1, 1)), fine(x).roll(2, 1), atol=1e-12)
    assert torch.allclose(
        make(alone(prim("resample", [F(X, 1)], [F(Y, 1)], mode="linear")))(x)[:, 11], (x[:, 5] + x[:, 0]) / 2
    )


def test_random() -> None:
    """Random boxes draw for each sample, with the caller's generator state."""
    from diagrammar.diagram import Builder

    for name, mean in (("gaussian", 0.0), ("uniform", 0.5)):
        b = Builder([R(1000)])
        (n,) = b.add(prim(name, [], [R(1000)]), [])
        (y,) = b.add(prim("add", [R(1000)] * 2, [R(1000)]), [0, n])
        module = make(b.build([y]))
        torch.manual_seed(1)
        got = module(torch.zeros(3, 1000))
        assert not torch.equal(got[0], got[1])
        assert abs(got.mean().item() - mean) < 0.1
        torch.manual_seed(1)
        assert torch.equal(got, module(torch.zeros(3, 1000)))


def test_batch_moments() -> None:
    """`batch_moments` sees the batch: mean and biased variance over samples and grid."""
    from diagrammar.diagram import Builder

    X = free(2)
    b = Builder([F(X, 2)])
    mean, variance = b.add(prim("batch_moments", [F(X, 2)], [R(2), R(2)]), [0])
    module = make(b.build([mean, variance]))
    x = torch.randn(5, 2, 3, 4)
    m, v = module(x)
    assert m.shape == v.shape == (5, 2)
    assert torch.allclose(m[0], x.mean((0, 2, 3)), atol=1e-6)
    assert torch.allclose(v[3], x.var((0, 2, 3), correction=0), atol=1e-6)
