"""Costs: parameters, operations, bytes, exact and symbolic."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from diagrammar.backends.cost import cost, table
from diagrammar.diagram import Box, Diagram
from diagrammar.sizes import evaluate, var
from diagrammar.types import sizes_of

from .build import (
    C,
    F,
    R,
    S,
    alone,
    chain,
    conv,
    fourier,
    frame,
    free,
    linear,
    make,
    pointwise,
    prim,
    repeat,
    torus,
    transparent,
    weight,
)  # fmt: skip
from .test_frames import shared


def parameters(d: Diagram) -> int:
    """Parameters of the compiled module."""
    return sum(p.numel() for p in make(d).parameters())


@pytest.mark.parametrize("count", [1, 3])
def test_parameters(count: int) -> None:
    """Parameters are those of the compiled module, complex ones twice, through repeats and sharing."""
    X = free(2)
    for d in (
        chain(repeat(count, alone(frame("layer", chain(linear(3, 3)))))),
        chain(fourier(X, 2, 3, (3, 4)), pointwise(X, 3, 2)),
        chain(repeat(count, chain(repeat(2, alone(linear(3, 3)))))),
        chain(*[shared("~cell")] * count, repeat(count, alone(shared("~cell")))),
        chain(frame("a", chain(shared("^cell"))), frame("b", chain(frame("c", chain(shared("^^cell")), key="c")))),
        chain(frame("a", chain(shared("/cell"))), linear(3, 3)),
    ):
        assert cost(d).parameters == parameters(d)
    steps = [alone(linear(a, o)) for a, o in ((3, 4), (4, 2))]
    d = chain(Box("repeat", (R(3),), (R(2),), origin="repeat", params=(("count", 2),), insides=tuple(steps)))
    assert cost(d).parameters == parameters(d) == 26


def counted(d: Diagram, x: torch.Tensor) -> int:
    """Operations that torch counts."""
    module = make(d)
    with FlopCounterMode(display=False) as counter:
        module(x)
    return int(counter.get_total_flops())


def test_flops_agree_with_torch() -> None:
    """Products of matrices and convolutions cost what torch's counter says."""
    assert (
        cost(chain(linear(5, 7, bias=False))).flops == counted(chain(linear(5, 7, bias=False)), torch.randn(1, 5)) == 70
    )
    X = torus(8, 4)
    for box in (
        pointwise(X, 3, 5, bias=False), conv(X, 2, 4, 3, bias=False), conv(X, 2, 4, 3, 2, 2, bias=False),
        conv(X, 2, 4, 4, 2, transpose=True, bias=False), conv(X, 4, 2, 2, 2, transpose=True, bias=False),
    ):  # fmt: skip
        channels = int(str(sizes_of(box.dom[0])[0]))
        assert cost(chain(box)).flops == counted(chain(box), torch.randn(1, channels, 8, 4))
    product = alone(prim("einsum", [R(2, 3), R(3, 4)], [R(2, 4)], pattern="a b, b c -> a c"))
    assert cost(product).flops == 48


def test_flops_of_other_boxes() -> None:
    """Elementwise boxes are one operation a number, complex products six and, summed, eight; moves cost nothing."""
    assert cost(alone(prim("sin", [R(3, 4)], [R(3, 4)]))).flops == 12
    assert cost(alone(prim("mul", [C(5), C(5)], [C(5)]))).flops == 30
    mix = prim("einsum", [C(2, 4), C(2, 3, 4)], [C(3, 4)], pattern="i x, i o x -> o x")
    assert cost(alone(mix)).flops == 2 * 3 * 4 * 8
    assert cost(alone(prim("concat", [R(3), R(3)], [R(6)], axis=0))).flops == 0
    X = torus(8, 6)
    fft = prim("rfft", [F(X, 2)], [S(X, 2)], norm="forward")
    assert cost(alone(fft)).flops == Fraction(5, 2) * 2 * 48 * (3 + 3)


def test_symbolic() -> None:
    """Costs are polynomials in the free sizes; with numbers they are those of the fixed grid."""
    X, n = free(1), var("X.0")
    d = chain(pointwise(X, 2, 3))
    assert cost(d).flops == 15 * n
    assert cost(d).forward == 12 * n
    layer = chain(fourier(X, 2, 2, (3,)))
    fixed = chain(fourier(torus(16), 2, 2, (3,)))
    assert cost(layer).at(X=16).flops == cost(fixed).flops == evaluate(cost(layer).flops, {"X.0": 16})
    assert cost(chain(repeat(5, alone(linear(3, 3))))).flops == 5 * cost(chain(linear(3, 3))).flops


def test_combinators_multiply() -> None:
    """`map`, `fold`, `scan` and `tree` cost their inside so many times, in time that does not grow with it."""
    inside = alone(prim("add", [R(3), R(3)], [R(3)]))
    for origin, dom, times in (
        ("std:fold", (R(3), R(7, 3)), 7), ("std:tree", (R(7, 3),), 6),
    ):  # fmt: skip
        box = transparent(origin, dom, (R(3),), [inside], captures=0, state=1 if origin == "std:fold" else 0)
        assert cost(alone(box)).flops == 3 * times
    X = free(2)
    box = transparent("std:map", (F(X, 3),), (F(X, 3),), [alone(prim("sin", [R(3)], [R(3)]))], captures=0)
    assert cost(alone(box)).flops == 3 * var("X.0") * var("X.1")
    d = alone(linear(3, 3))
    for number in range(60):
        d = chain(frame(f"f{number}", d), frame(f"f{number}", d, key="again"))
    assert cost(d).flops == 2**60 * 21
    assert cost(d).parameters == 2**60 * 12


def test_unknown_boxes_are_named() -> None:
    """A box whose operations are not known is named, not guessed."""
    d = chain(Box("mine", (R(3),), (R(3),), origin="test:mine", key="mine"))
    assert cost(d).unknown == ("mine",)
    assert table(d).endswith("not counted: mine")


def test_table() -> None:
    """The table is aligned text with a row for each box and the totals."""
    text = table(chain(linear(3, 4), prim("sin", [R(4)], [R(4)])), depth=1)
    assert text.splitlines() == [
        "box     wires  boxes  weights  FLOPs  forward bytes  backward bytes",
        "linear  R[4]       2       16     28           16 B            16 B",
        "sin     R[4]       1        0      4           16 B               0",
        "total   R[4]       3       16     32           32 B            16 B",
        "",
        "24 FLOPs are products of matrices and convolutions",
    ]


def test_no_framework() -> None:
    """Counting imports neither torch nor numpy."""
    code = "import sys, diagrammar.backends.cost; assert not {'torch', 'numpy', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_weights_are_counted_once() -> None:
    """A weight mentioned twice under one key is one."""
    from diagrammar.diagram import Builder

    b = Builder([])
    (w,) = b.add(weight("W", C(3)), [])
    (u,) = b.add(weight("W", C(3)), [])
    assert cost(b.build([w, u])).parameters == 6


def test_a_loop_in_which_nothing_moves() -> None:
    """A `repeat` whose steps hand on what they were given costs nothing, though it holds boxes."""
    import diagrammar as dg

    loop = dg.loads("diagram main : R[3] -> R[3] = repeat 3 { y -> sin(y) >> (_z -> y) }")["main"]
    assert dg.cost(loop).flops == 0
