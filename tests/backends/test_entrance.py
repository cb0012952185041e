"""The way in: batch axes, free sizes, and errors that name the wire, its type and what was met."""

from __future__ import annotations

import pytest
import torch

from diagrammar.diagram import Builder
from diagrammar.errors import BackendError
from diagrammar.sizes import var
from diagrammar.types import Tokens

from .build import Bool, C, F, R, alone, chain, free, linear, make, pointwise, prim, weight


def test_batch_axes() -> None:
    """Any number of leading axes, none too, come back in front of the outputs."""
    module = make(chain(linear(3, 4)))
    x = torch.randn(2, 5, 6, 3)
    want = torch.nn.functional.linear(x, module.linear.W, module.linear.c)
    assert torch.allclose(module(x), want, atol=1e-6)
    assert torch.allclose(module(x[0, 0, 0]), want[0, 0, 0], atol=1e-6)
    assert module(x[:0]).shape == (0, 5, 6, 4)
    assert module(x[:, :0]).shape == (2, 0, 6, 4)


def test_inputs_of_different_batch_axes() -> None:
    """Inputs broadcast: one without a batch belongs to every sample."""
    module = make(alone(prim("add", [R(3), R(3)], [R(3)])))
    a, b = torch.randn(4, 2, 3), torch.randn(3)
    assert torch.equal(module(a, b), a + b)
    assert torch.equal(module(b, a), a + b)
    assert torch.equal(module(a, a[0]), a + a[0])
    assert torch.equal(module(a[:, :1], a[:1]), a[:, :1] + a[:1])
    joined = make(alone(prim("concat", [R(3), R(3)], [R(6)], axis=0)))
    assert joined(a, b).shape == (4, 2, 6)
    for other in (torch.randn(5, 2, 3), torch.randn(3, 3)):
        with pytest.raises(ValueError, match="batch axes do not fit"):
            module(a, other)
    with pytest.raises(ValueError, match="batch axes do not fit"):
        module(a[0], torch.randn(5, 3))


def test_outputs_that_depend_on_no_input() -> None:
    """They are seen by every sample."""
    b = Builder([R(3)])
    (w,) = b.add(weight("W", R(2)), [])
    module = make(b.build([0, w]))
    assert module(torch.zeros(5, 4, 3))[1].shape == (5, 4, 2)
    assert module(torch.zeros(5, 3))[1].shape == (5, 2)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((5, 2, 8, 8), r"input 1 : Field\[X, 1\] has shape \(5, 2, 8, 8\): axis -3 is 2, 1 is wanted"),
     ((8, 8), r"input 1 : Field\[X, 1\] has shape \(8, 8\): 3 axes"),
     ((8, 8, 1), "axis -3 is 8, 1 is wanted")],
)  # fmt: skip
def test_shapes(shape: tuple[int, ...], message: str) -> None:
    """A wrong shape is named with its input, the declared type and the axis."""
    with pytest.raises(ValueError, match=message):
        make(chain(pointwise(free(2), 1, 3)))(torch.randn(shape))


def test_free_sizes_agree() -> None:
    """Inputs over one space are on one grid; sizes are found where they stand plainly or linearly."""
    X = free(1)
    module = make(alone(prim("add", [F(X, 1)] * 2, [F(X, 1)])))
    with pytest.raises(ValueError, match=r"input 2 .* axis -1 is 7, 6 is wanted"):
        module(torch.randn(2, 1, 6), torch.randn(2, 1, 7))
    n = var("n")
    module = make(alone(prim("add", [R(2 * n)] * 2, [R(2 * n)])))
    assert module(torch.zeros(4), torch.zeros(4)).shape == (4,)
    with pytest.raises(ValueError, match="axis -1 is 5, 4 is wanted"):
        module(torch.zeros(5), torch.zeros(5))


def test_conditions() -> None:
    """Conditions on sizes are checked with the caller's numbers."""
    X = free(1)
    n = X.axes[0]
    d = alone(prim("sin", [F(X, 1)], [F(X, 1)]))
    for conditions in (((n, 4),), (n / 4,)):
        module = make(d, conditions=conditions)
        assert module(torch.zeros(2, 1, 8)).shape == (2, 1, 8)
        with pytest.raises(ValueError, match="divisible by 4; here it is 6"):
            module(torch.zeros(2, 1, 6))


def test_dtypes() -> None:
    """A wrong dtype is an error that says what the module has; tokens are integers, masks truth values."""
    module = make(chain(linear(3, 4)))
    with pytest.raises(TypeError, match=r"input 1 : R\[3\] has dtype torch.float64, the module has torch.float32"):
        module(torch.zeros(2, 3, dtype=torch.float64))
    with pytest.raises(TypeError, match="real numbers are wanted"):
        module(torch.zeros(2, 3, dtype=torch.int64))
    lookup = make(alone(prim("lookup", [R(5, 2), Tokens(5, 3)], [R(3, 2)])))
    table = torch.randn(5, 2)
    assert lookup(table, torch.zeros(7, 3, dtype=torch.int32)).shape == (7, 3, 2)
    with pytest.raises(TypeError, match="integers are wanted"):
        lookup(table, torch.zeros(7, 3))
    mask = make(alone(prim("negate", [Bool(3)], [Bool(3)])))
    with pytest.raises(TypeError, match=r"torch\.bool is wanted"):
        mask(torch.zeros(3))


def test_complex_inputs() -> None:
    """A complex wire is a real pair; a complex tensor is taken too."""
    module = make(alone(prim("conj", [C(3)], [C(3)])))
    z = torch.randn(2, 3, dtype=torch.complex64)
    assert torch.equal(module(z), torch.view_as_real(z.conj().resolve_conj()))
    assert torch.equal(module(torch.view_as_real(z)), module(z))


def test_autocast() -> None:
    """Under autocast inputs of the lower precision are welcome."""
    module = make(chain(linear(3, 4), linear(4, 4, key="second")))
    with torch.autocast("cpu", torch.bfloat16):
        assert module(module.linear(torch.randn(2, 3))[:, :3].contiguous()).dtype == torch.bfloat16


def test_spaces() -> None:
    """A size that no input shows is bound by `spaces`; without it, that is an error of compiling."""
    X = free(2)
    d = alone(prim("coordinates", [], [F(X, 2)], X=X))
    assert make(d, spaces={"X": (4, 5)})().shape == (2, 4, 5)
    with pytest.raises(BackendError, match=r"X\.0 cannot be read from any input"):
        make(d)
    bound = make(alone(prim("sin", [F(X, 1)], [F(X, 1)])), spaces={"X": (4, 5)})
    with pytest.raises(ValueError, match="axis -1 is 6, 5 is wanted"):
        bound(torch.zeros(1, 4, 6))
