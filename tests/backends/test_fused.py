"""Each frame that has a meaning of its own equals the code of its inside."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from diagrammar.diagram import Box, Builder

from .build import (
    Bool,
    F,
    R,
    alone,
    chain,
    conv,
    cube,
    fourier,
    frame,
    free,
    gelu,
    linear,
    make,
    plain,
    pointwise,
    prim,
    torus,
    weight,
)  # fmt: skip

BATCHES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (3,), (2, 3))


def agree(box: Box, *shape: int, more: tuple[torch.Tensor, ...] = (), atol: float = 1e-12) -> None:
    """Output and all gradients are those of the inside, for every batch."""
    fused = make(alone(box), dtype=torch.float64, seed=3)
    inside = make(alone(plain(box)), dtype=torch.float64, seed=3)
    assert {k: v.shape for k, v in fused.state_dict().items()} == {k: v.shape for k, v in inside.state_dict().items()}
    for batch in BATCHES:
        x = torch.randn(*batch, *shape, dtype=torch.float64, requires_grad=True)
        a, b = fused(x, *more), inside(x, *more)
        assert a.shape == b.shape
        assert torch.allclose(a, b, rtol=1e-12, atol=atol), (box, batch)
        v = torch.randn_like(a)
        ga = torch.autograd.grad((a * v).sum(), [x, *fused.parameters()])
        gb = torch.autograd.grad((b * v).sum(), [x, *inside.parameters()])
        assert all(torch.allclose(p, q, rtol=1e-9, atol=1e-10) for p, q in zip(ga, gb, strict=True)), (box, batch)


@pytest.mark.parametrize("bias", [True, False])
def test_linear(bias: bool) -> None:
    """`linear` is its einsum and sum."""
    agree(linear(5, 3, bias), 5)


def test_linear_is_one_call() -> None:
    """`linear` is written as F.linear in the forward of its parent."""
    run = make(alone(linear(5, 3))).source.split("def _run")[1]
    assert "F.linear(v0, w0, w1)" in run
    assert "einsum" not in run


@pytest.mark.parametrize("shape", [(7,), (4, 6), (3, 4, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_pointwise(shape: tuple[int, ...], bias: bool) -> None:
    """`pointwise` is a matrix on channels."""
    agree(pointwise(free(len(shape)), 2, 3, bias), 2, *shape)


@pytest.mark.parametrize("shape", [(7,), (8,), (5, 8), (8, 7), (1, 1), (4, 5, 6), (70,), (64, 6)])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 9, 40])
def test_fourier(shape: tuple[int, ...], k: int) -> None:
    """`fourier` is cut, mix and spread of the FFT: odd and even grids, grids smaller than modes."""
    agree(fourier(free(len(shape)), 2, 3, (k, *[min(k, 5)] * (len(shape) - 1))), 2, *shape)


def test_fourier_uses_both_ways() -> None:
    """Many modes on a large grid go by FFT, few by matrices, with the same result."""
    from diagrammar.backends.torch.runtime import spectral

    u = torch.randn(2, 3, 70, 66, dtype=torch.float64)
    w = torch.randn(3, 4, 60, 21, 2, dtype=torch.float64)
    a = spectral._fourier_fft(u, w, (60, 40))
    b = spectral._fourier_matrices(u, w, (60, 40))
    assert torch.allclose(a, b, rtol=1e-12, atol=1e-12)


def test_fourier_tables_follow_dtype() -> None:
    """A float64 call leaves nothing behind that a float32 call of the same size would meet."""
    d = alone(fourier(free(1), 2, 2, (3,)))
    double, single = make(d, dtype=torch.float64), make(d)
    x = torch.randn(3, 2, 11)
    before = single(x)
    with torch.inference_mode():
        double(x.double())
    assert single(x).dtype == torch.float32
    assert torch.equal(single(x), before)
    again = double(x.double()).sum()
    again.backward()


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize(
    ("kernel", "stride", "groups", "padding"),
    [(3, 1, 1, "zeros"), (3, 2, 2, "zeros"), (2, 2, 1, "circular"), (4, 2, 1, "circular"), (3, 1, 1, "circular"),
     (1, 1, 1, "zeros"), (1, 2, 1, "zeros"), (3, 1, 1, "reflect"), (4, 1, 1, "replicate")],
)  # fmt: skip
def test_conv(transpose: bool, dim: int, kernel: int, stride: int, groups: int, padding: str) -> None:
    """`conv` and `conv_transpose` take the bias into the convolution."""
    if transpose and padding in ("reflect", "replicate"):
        return
    X = torus(8, 4, 6) if dim == 3 else torus(*(8, 4)[:dim])
    agree(conv(X, 2, 4, kernel, stride, groups, padding, transpose=transpose), 2, *X.axes)  # type: ignore[arg-type]


def test_a_kernel_for_each_sample() -> None:
    """A convolution whose kernel depends on the input convolves each sample with its own."""
    X = torus(6, 4)
    for name, mode in (("convolution", "circular"), ("convolution", "zeros"), ("convolution_transpose", "circular")):
        box = prim(name, [F(X, 2), R(2, 2, 3, 3)], [F(X, 2)], kernel=3, stride=1, groups=1, padding=mode)
        each = make(alone(box))
        u, w = torch.randn(3, 2, 6, 4), torch.randn(3, 2, 2, 3, 3)
        one = torch.stack([each(u[i], w[i]) for i in range(3)])
        assert torch.allclose(each(u, w), one, atol=1e-5)
        assert torch.allclose(each(u, w[0]), torch.stack([each(u[i], w[0]) for i in range(3)]), atol=1e-5)
        assert each(u[:0], w[:0]).shape == (0, 2, 6, 4)


def test_elementwise_composites() -> None:
    """`gelu`, `relu`, `silu`, `sigmoid`, `softplus` equal their definitions."""
    agree(gelu(R(5)), 5)
    agree(gelu(F(cube(3, 4), 2)), 2, 3, 4)
    for name in ("relu", "silu", "sigmoid", "softplus"):
        agree(_activation(name), 5)


def _activation(name: str) -> Box:
    wire = R(5)
    b = Builder([wire])

    def one(origin: str, *wires: int) -> int:
        return b.add(prim(origin, [wire] * len(wires), [wire]), list(wires))[0]

    def number(value: object) -> int:
        return b.add(prim("const", [], [wire], value=value), [])[0]

    if name == "relu":
        y = one("max", 0, number(0))
    elif name == "softplus":
        y = one("log", one("add", number(1), one("exp", 0)))
    else:
        y = one("div", number(1) if name == "sigmoid" else 0, one("add", number(1), one("exp", one("neg", 0))))
    return frame(name, b.build([y]), f"std:{name}")


def _softmax(wire: object, pattern: str, out: object, axis: int) -> Box:
    b = Builder([wire])  # type: ignore[list-item]
    (e,) = b.add(prim("exp", [wire], [wire]), [0])  # type: ignore[list-item]
    (s,) = b.add(prim("reduce", [wire], [out], pattern=pattern, op="sum"), [e])  # type: ignore[list-item]
    back = "a, a b -> a b" if axis else "b, a b -> a b"
    (one,) = b.add(prim("const", [], [out], value=1), [])  # type: ignore[list-item]
    (s,) = b.add(prim("div", [out, out], [out]), [one, s])  # type: ignore[list-item]
    (y,) = b.add(prim("einsum", [out, wire], [wire], pattern=back), [s, e])  # type: ignore[list-item]
    return frame("softmax", b.build([y]), "std:softmax", axis=axis)


def test_softmax() -> None:
    """`softmax` is along its axis, the last by default."""
    agree(_softmax(R(4, 3), "a b -> a", R(4), -1), 4, 3)
    agree(_softmax(R(4, 3), "a b -> b", R(3), 0), 4, 3)


def _norm(name: str) -> Box:
    """x -> (x - mean) / sqrt(var + eps) * scale + shift."""
    wire = R(6)
    b = Builder([wire])

    def one(origin: str, *wires: int) -> int:
        return b.add(prim(origin, [wire] * len(wires), [wire]), list(wires))[0]

    def mean(x: int) -> int:
        (m,) = b.add(prim("reduce", [wire], [R()], pattern="a ->", op="mean"), [x])
        return b.add(prim("broadcast", [R()], [wire]), [m])[0]

    x = 0 if name == "rms_norm" else one("sub", 0, mean(0))
    (eps,) = b.add(prim("const", [], [wire], value=Fraction(1, 1000)), [])
    y = one("div", x, one("sqrt", one("add", mean(one("mul", x, x)), eps)))
    (scale,) = b.add(weight("scale", wire), [])
    y = one("mul", y, scale)
    if name == "layer_norm":
        (shift,) = b.add(weight("shift", wire), [])
        y = one("add", y, shift)
    return frame(name, b.build([y]), f"std:{name}", eps=Fraction(1, 1000))


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_norms(name: str) -> None:
    """`layer_norm` and `rms_norm` over the last axis."""
    agree(_norm(name), 6)


def test_group_norm() -> None:
    """`group_norm` normalises groups of channels over the grid."""
    X = torus(3, 4)
    b = Builder([F(X, 4)])
    (scale,) = b.add(weight("scale", R(4)), [])
    (shift,) = b.add(weight("shift", R(4)), [])
    names = [b.add(prim("broadcast", [R(4)], [F(X, 4)]), [w])[0] for w in (scale, shift)]
    (y,) = b.add(prim("mul", [F(X, 4)] * 2, [F(X, 4)]), [0, names[0]])
    (y,) = b.add(prim("add", [F(X, 4)] * 2, [F(X, 4)]), [y, names[1]])
    box = frame("group_norm", b.build([y]), "std:group_norm", groups=2, eps=Fraction(1, 100))
    module = make(alone(box), dtype=torch.float64)
    x = torch.randn(3, 4, 3, 4, dtype=torch.float64)
    z = x.reshape(3, 2, -1)
    z = (z - z.mean(-1, keepdim=True)) / (z.var(-1, correction=0, keepdim=True) + 0.01).sqrt()
    state = module.state_dict()
    want = z.reshape(x.shape) * state["group_norm.scale"][:, None, None] + state["group_norm.shift"][:, None, None]
    assert torch.allclose(module(x), want, atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_attend(masked: bool) -> None:
    """`attend` is softmax(q k^T / sqrt(d)) v, with and without gradients, and has second derivatives."""
    q, kv, s = R(2, 3, 4), R(2, 5, 4), R(2, 3, 5)
    b = Builder([q, kv, kv] + ([Bool(3, 5)] if masked else []))
    (a,) = b.add(prim("einsum", [q, kv], [s], pattern="h s d, h t d -> h s t"), [0, 1])
    (y,) = b.add(prim("einsum", [s, kv], [q], pattern="h s t, h t d -> h s d"), [a, 2])
    module = make(alone(frame("attend", b.build([y]), "std:attend")))
    x = [torch.randn(7, 2, n, 4, dtype=torch.float64, requires_grad=True) for n in (3, 5, 5)]
    mask = (torch.rand(3, 5) > 0.5) | torch.eye(3, 5, dtype=torch.bool)
    args = [*x, mask] if masked else x
    scores = x[0] @ x[1].transpose(-2, -1) / 2
    want = torch.softmax(scores.masked_fill(~mask, -torch.inf) if masked else scores, -1) @ x[2]
    assert torch.allclose(module(*args), want, atol=1e-12)
    with torch.no_grad():
        assert torch.allclose(module(*args), want, atol=1e-12)
    (g,) = torch.autograd.grad(module(*args).square().sum(), x[0], create_graph=True)
    assert torch.autograd.grad(g.sum(), x[1])[0].abs().sum() > 0


def test_frames_fall_back() -> None:
    """A frame of a known origin whose inside is another one is written by its inside."""
    b = Builder([R(3)])
    (w,) = b.add(weight("W", R(3, 3)), [])
    (y,) = b.add(prim("einsum", [R(3), R(3, 3)], [R(3)], pattern="a, a b -> b"), [0, w])
    module = make(chain(frame("linear", b.build([y]), "std:linear")))
    x = torch.randn(2, 3)
    assert torch.allclose(module(x), x @ module.state_dict()["linear.W"], atol=1e-6)
