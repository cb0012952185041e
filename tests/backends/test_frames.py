"""`repeat`, `map`, `fold`, `scan`, `tree`, `training`, states and shared instances."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import diagrammar as dg
from diagrammar.diagram import Box, Builder, Diagram

from .build import (
    F,
    R,
    alone,
    chain,
    frame,
    free,
    linear,
    make,
    prim,
    renamed,
    repeat,
    set_next,
    state,
    transparent,
    weight,
)  # fmt: skip

BATCHES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (3,), (2, 2))


def tanh_linear(d: int) -> Diagram:
    """x -> tanh(linear(x))."""
    return chain(linear(d, d), prim("tanh", [R(d)], [R(d)]))


def cell() -> Diagram:
    """(s, x) -> tanh(linear(s)) + x."""
    b = Builder([R(3), R(3)])
    (h,) = b.add(linear(3, 3), [0])
    (h,) = b.add(prim("tanh", [R(3)], [R(3)]), [h])
    return b.build(b.add(prim("add", [R(3)] * 2, [R(3)]), [h, 1]))


def test_repeat_has_an_index() -> None:
    """Steps of `repeat` own their weights under the index after the name; nested ones under both."""
    layer = frame("layer", tanh_linear(3))
    module = make(chain(repeat(3, alone(layer))))
    assert list(module.state_dict()) == [f"layer.{i}.linear.{w}" for i in range(3) for w in "Wc"]
    x = torch.randn(2, 3)
    want = x
    for i in range(3):
        want = torch.tanh(torch.nn.functional.linear(want, module.layer[i].linear.W, module.layer[i].linear.c))
    assert torch.allclose(module(x), want, atol=1e-6)
    nested = make(chain(repeat(2, chain(repeat(3, alone(layer))))))
    assert list(nested.state_dict())[-1] == "layer.1.2.linear.c"
    assert nested(x).shape == (2, 3)


def test_repeat_of_weights() -> None:
    """A weight that stands in a `repeat` itself is one for each step."""
    b = Builder([R(3)])
    (w,) = b.add(weight("W", R(3)), [])
    step = b.build(b.add(prim("mul", [R(3)] * 2, [R(3)]), [0, w]))
    module = make(chain(repeat(3, step)))
    assert list(module.state_dict()) == ["W.0", "W.1", "W.2"]
    x = torch.randn(2, 3)
    assert torch.allclose(
        module(x), x * module.state_dict()["W.0"] * module.state_dict()["W.1"] * module.state_dict()["W.2"]
    )
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), module(x))


def test_repeat_of_different_steps() -> None:
    """Steps written out one by one may change the type; indices are those of the steps."""
    steps = [alone(linear(a, o)) for a, o in ((3, 4), (4, 2), (2, 5))]
    module = make(chain(Box("repeat", (R(3),), (R(5),), origin="repeat", params=(("count", 3),), insides=tuple(steps))))
    assert module.state_dict()["linear.1.W"].shape == (2, 4)
    assert module(torch.randn(7, 3)).shape == (7, 5)


def test_repeat_with_captures_and_none() -> None:
    """Captured wires reach every step; no step at all is the identity."""
    b = Builder([R(3), R(3)])
    inside = b.build(b.add(prim("add", [R(3)] * 2, [R(3)]), [0, 1]))
    box = transparent("repeat", (R(3), R(3)), (R(3),), [inside], count=4, captures=1)
    a, x = torch.randn(2, 3), torch.randn(2, 3)
    assert torch.allclose(make(alone(box))(a, x), x + 4 * a, atol=1e-6)
    assert torch.allclose(make(alone(box))(a[0], x), x + 4 * a[0], atol=1e-6)
    none = transparent("repeat", (R(3), R(3)), (R(3),), [inside], count=0, captures=1)
    assert torch.equal(make(alone(none))(a, x), x)


def test_repeat_hands_on() -> None:
    """A wire that every step hands on unchanged, and two that change places, are what they should be."""
    b = Builder([R(3), R(3), R(3)])
    (s,) = b.add(prim("add", [R(3)] * 2, [R(3)]), [0, 2])
    inside = b.build([1, s, 2])
    module = make(alone(transparent("repeat", (R(3),) * 3, (R(3),) * 3, [inside], count=3, captures=0)))
    x, y, k = torch.randn(3, 4, 3)
    want = (x, y, k)
    for _ in range(3):
        want = (want[1], want[0] + want[2], want[2])
    assert all(torch.allclose(p, q, atol=1e-6) for p, q in zip(module(x, y, k), want, strict=True))


def test_repeat_keeps_weights_unbatched() -> None:
    """A state that starts without a batch gets one when it depends on the input."""
    b = Builder([R(3), R(3)])
    inside = b.build(b.add(prim("add", [R(3)] * 2, [R(3)]), [0, 1]))
    o = Builder([R(3)])
    (w,) = o.add(weight("W", R(3)), [])
    box = transparent("repeat", (R(3), R(3)), (R(3),), [inside], count=3, captures=1)
    module = make(o.build(o.add(box, [0, w])))
    x = torch.randn(5, 3)
    assert torch.allclose(module(x), module.W + 3 * x, atol=1e-6)


@pytest.mark.parametrize("batch", BATCHES)
def test_map(batch: tuple[int, ...]) -> None:
    """`map` applies one instance to every row; captured wires, of a batch or not, reach all."""
    b = Builder([R(2), R(3)])
    (h,) = b.add(linear(3, 2), [1])
    inside = b.build(b.add(prim("add", [R(2)] * 2, [R(2)]), [h, 0]))
    box = transparent("std:map", (R(2), R(4, 3)), (R(4, 2),), [inside], captures=1, size=4)
    module = make(alone(box))
    assert list(module.state_dict()) == ["linear.W", "linear.c"]
    k, x = torch.randn(*batch, 2), torch.randn(*batch, 4, 3)
    want = torch.nn.functional.linear(x, module.linear.W, module.linear.c)
    assert torch.allclose(module(k, x), want + k.unsqueeze(-2), atol=1e-6)
    one = torch.randn(2)
    assert torch.allclose(module(one, x), want + one, atol=1e-6)
    if batch == (3,):
        assert torch.allclose(module(k, x[0]), want[0] + k.unsqueeze(-2), atol=1e-6)


def test_map_over_a_grid() -> None:
    """`map` of a function of channels is pointwise on fields, on every grid."""
    X = free(2)
    box = transparent("std:map", (F(X, 3),), (F(X, 2),), [alone(linear(3, 2))], captures=0)
    module = make(alone(box))
    for batch in BATCHES:
        x = torch.randn(*batch, 3, 4, 5)
        want = torch.nn.functional.linear(x.movedim(-3, -1), module.linear.W, module.linear.c).movedim(-1, -3)
        assert torch.allclose(module(x), want, atol=1e-6)


def test_map_of_weights() -> None:
    """Mapped wires that depend on no input have no batch, nor has the result; a sample sees it all the same."""
    o = Builder([R(2)])
    (w,) = o.add(weight("W", R(4, 3)), [])
    (y,) = o.add(transparent("std:map", (R(4, 3),), (R(4, 2),), [alone(linear(3, 2))], captures=0, size=4), [w])
    module = make(o.build([y]))
    want = torch.nn.functional.linear(module.W, module.linear.W, module.linear.c)
    assert torch.allclose(module(torch.zeros(5, 2)), want.expand(5, 4, 2), atol=1e-6)


@pytest.mark.parametrize("batch", BATCHES)
def test_fold_and_scan(batch: tuple[int, ...]) -> None:
    """`fold` runs along the rows; `scan` gives every step."""
    s, x = torch.randn(*batch, 3), torch.randn(*batch, 5, 3)
    fold = make(alone(transparent("std:fold", (R(3), R(5, 3)), (R(3),), [cell()], captures=0, state=1, size=5)))
    b = Builder([R(3), R(3)])
    (h,) = b.add(frame("cell", cell()), [0, 1])
    scan_box = transparent("std:scan", (R(3), R(5, 3)), (R(3), R(5, 3)), [b.build([h, h])], captures=0, state=1, size=5)
    scan = make(alone(scan_box))
    for module, w in ((fold, fold.linear), (scan, scan.cell.linear)):
        state_now, rows = s, []
        for i in range(5):
            state_now = torch.tanh(torch.nn.functional.linear(state_now, w.W, w.c)) + x[..., i, :]
            rows.append(state_now)
        got = module(s, x)
        if module is fold:
            assert torch.allclose(got, state_now, atol=1e-6)
        else:
            assert torch.allclose(got[0], state_now, atol=1e-6)
            assert torch.allclose(got[1], torch.stack(rows, -2), atol=1e-6)
    # a start without a batch axis
    if batch == (3,):
        assert scan(s[0], x)[1].shape == (3, 5, 3)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_tree(n: int) -> None:
    """`tree` combines neighbours, an odd last one is promoted."""

    def combine(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return 2 * a - b

    b = Builder([R(3), R(3)])
    (two,) = b.add(prim("const", [], [R(3)], value=2), [])
    (a,) = b.add(prim("mul", [R(3)] * 2, [R(3)]), [0, two])
    inside = b.build(b.add(prim("sub", [R(3)] * 2, [R(3)]), [a, 1]))
    module = make(alone(transparent("std:tree", (R(n, 3),), (R(3),), [inside], captures=0, size=n)))
    for batch in BATCHES:
        x = torch.randn(*batch, n, 3)
        rows = list(x.unbind(-2))
        while len(rows) > 1:
            pairs = [combine(rows[i], rows[i + 1]) for i in range(0, len(rows) - 1, 2)]
            rows = pairs + ([rows[-1]] if len(rows) % 2 else [])
        assert torch.allclose(module(x), rows[0], atol=1e-5)


def test_training() -> None:
    """`training` takes the first branch in train mode and the second in eval mode; both own their weights."""
    box = transparent("training", (R(3),), (R(3),), [alone(linear(3, 3)), alone(renamed(linear(3, 3), "other"))])
    module = make(chain(frame("block", chain(box))))
    x = torch.randn(2, 3)
    F_linear = torch.nn.functional.linear
    assert torch.allclose(module.train()(x), F_linear(x, module.block.linear.W, module.block.linear.c), atol=1e-6)
    assert torch.allclose(module.eval()(x), F_linear(x, module.block.other.W, module.block.other.c), atol=1e-6)


def counter() -> Diagram:
    """x -> x * m, next m = mean of x over the batch plus m."""
    b = Builder([R(3)])
    (m,) = b.add(state("m", R(3), "ones"), [])
    (y,) = b.add(prim("mul", [R(3)] * 2, [R(3)]), [0, m])
    mean, _ = b.add(prim("batch_moments", [R(3)], [R(3), R(3)]), [0])
    (new,) = b.add(prim("add", [R(3)] * 2, [R(3)]), [mean, m])
    b.add(set_next("m", R(3)), [new])
    return b.build([y])


def test_states() -> None:
    """A state is a buffer: read as before the call, set after it, saved, not trained, constant in derivatives."""
    module = make(chain(frame("norm", counter())))
    assert list(module.state_dict()) == ["norm.m"]
    assert not list(module.parameters())
    x = torch.randn(4, 3, requires_grad=True)
    assert torch.equal(module(x), x)
    expected = 1 + x.mean(0)
    assert torch.allclose(module.norm.m, expected, atol=1e-6)
    y = module(x)
    assert torch.allclose(y, x * expected, atol=1e-6)
    (g,) = torch.autograd.grad(y.sum(), x)
    assert torch.allclose(g, expected.detach().expand(4, 3), atol=1e-6)
    assert not module.norm.m.requires_grad


def test_states_of_a_shared_instance() -> None:
    """All uses of one instance in a call see the state from before it."""
    box = Box("norm", (R(3),), (R(3),), origin="test:norm", key="~norm", insides=(counter(),))
    module = make(chain(box, box))
    module(torch.zeros(2, 3))
    assert torch.equal(module.norm.m, torch.ones(3))
    x = torch.full((2, 3), 2.0)
    assert torch.equal(module(x), x)
    module = make(chain(repeat(3, alone(frame("norm", counter())))))
    module(x)
    assert torch.equal(module.norm[2].m, torch.full((3,), 3.0))


def test_a_state_of_samples_is_refused() -> None:
    """A next value that differs from sample to sample is an error of the call; a call without a batch is none."""
    b = Builder([R(3)])
    (m,) = b.add(state("m", R(3)), [])
    (y,) = b.add(prim("add", [R(3)] * 2, [R(3)]), [0, m])
    b.add(set_next("m", R(3)), [y])
    module = make(b.build([y]))
    module(torch.ones(3))
    assert torch.equal(module.m, torch.ones(3))
    with pytest.raises(ValueError, match="state m"):
        module(torch.ones(2, 3))


def shared(key: str) -> Box:
    """An instance of one linear under this key."""
    return Box("cell", (R(3),), (R(3),), origin="test:cell", key=key, insides=(tanh_linear(3),))


def test_sharing() -> None:
    """One instance, however it is mentioned: in its body, in a repeat, in inner boxes and from the root."""
    inner = frame("inner", alone(shared("^cell")))
    deep = frame("deep", alone(frame("inner", alone(shared("^^cell")))))
    rooted = frame("rooted", alone(frame("inner", alone(shared("/cell")))))
    module = make(chain(shared("~cell"), repeat(2, alone(shared("~cell"))), inner, deep, rooted))
    assert list(module.state_dict()) == ["cell.linear.W", "cell.linear.c"]
    x = torch.randn(2, 3)
    want = x
    for _ in range(6):
        want = torch.tanh(torch.nn.functional.linear(want, module.cell.linear.W, module.cell.linear.c))
    assert torch.allclose(module(x), want, atol=1e-6)
    assert torch.equal(make(chain(inner))(x), make(chain(shared("~cell")))(x))


def test_sharing_survives_copies() -> None:
    """A copy shares within itself and with nothing else."""
    body = chain(linear(3, 3, key="own"), shared("^cell"), shared("^cell"))
    module = make(chain(frame("outer", chain(frame("a", body), frame("b", body), shared("~cell")))))
    x = torch.randn(2, 3)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(x), module(x))
        assert list(other.state_dict()) == list(module.state_dict())
        with torch.no_grad():
            other.outer.cell.linear.W.zero_()
        assert not torch.equal(other(x), module(x))
    assert list(module.state_dict()) == [
        "outer.a.own.W", "outer.a.own.c", "outer.cell.linear.W", "outer.cell.linear.c",
        "outer.b.own.W", "outer.b.own.c",
    ]  # fmt: skip


def test_shared_weights_of_an_outer_box() -> None:
    """A weight may be keyed from an inner box; it is the outer one's."""
    b = Builder([R(3)])
    (w,) = b.add(weight("^K", R(3)), [])
    inner = frame("inner", b.build(b.add(prim("mul", [R(3)] * 2, [R(3)]), [0, w])))
    module = make(chain(frame("outer", chain(inner, inner))))
    assert list(module.state_dict()) == ["outer.K"]
    x = torch.randn(2, 3)
    assert torch.allclose(module(x), x * module.outer.K**2, atol=1e-6)


def test_flat_is_the_same() -> None:
    """`flat=True` writes one forward; paths, weights and values stay."""
    d = chain(
        frame("norm", counter()), repeat(3, alone(frame("layer", tanh_linear(3)))), shared("~cell"), shared("~cell")
    )
    a, b = make(d), make(d, flat=True)
    assert list(a.state_dict()) == list(b.state_dict())
    x = torch.randn(4, 3)
    assert torch.equal(a(x), b(x))
    assert b.source.split("_INPUTS")[1].count("def forward") == 1


def test_large_weightless_frames_are_functions() -> None:
    """A frame without weights that occurs twice is one function of the file, at any depth of doubling."""
    inside = chain(*[prim("sin", [R(3)], [R(3)])] * 20)
    for number in range(8):
        inside = chain(frame(f"f{number}", inside), frame(f"f{number}", inside, key="again"))
    module = make(inside)
    assert len(module.source.splitlines()) < 400
    x = torch.randn(2, 3)
    want = x
    for _ in range(20 * 2**8):
        want = torch.sin(want)
    assert torch.allclose(module(x), want, atol=1e-6)


def test_random_in_a_map() -> None:
    """A box that draws inside `map` draws for every row of every sample."""
    b = Builder([R(2)])
    (n,) = b.add(prim("gaussian", [], [R(2)]), [])
    inside = b.build(b.add(prim("add", [R(2)] * 2, [R(2)]), [0, n]))
    module = make(alone(transparent("std:map", (R(4, 2),), (R(4, 2),), [inside], captures=0, size=4)))
    y = module(torch.zeros(3, 4, 2))
    assert len(y.unique()) == 24
    draws = frame("noise", alone(prim("gaussian", [], [R(2)])))
    o = Builder([R(2)])
    (n,) = o.add(draws, [])
    y = make(o.build(o.add(prim("add", [R(2)] * 2, [R(2)]), [0, n])))(torch.zeros(5, 2))
    assert len(y.unique()) == 10


BATCH = """
space X = cube(2)
diagram rows(u : R[2, 3]) -> R[2, 3] { return map[a -> batch_sum(a)](u) }
diagram held(x : R[3], u : R[2]) -> R[2, 3] { return map[a -> batch_sum(x) * a](u) }
diagram grid(u : Field[X, 3], x : R[3]) -> Field[X, 3] { return map[a -> a - batch_sum(a) + x](u) }
diagram formula(u : Field[X, 3]) -> Field[X, 1] { return map[a -> sum(batch_sum(a))](u) }
diagram halves(u : R[4]) -> R { return tree[(a, b) -> a + batch_sum(b)](u) }
"""


def test_what_sees_the_batch_in_a_map() -> None:
    """A box inside a `map` that sees the batch sees the samples of one entry, not all entries; in a `tree` it is
    refused."""
    module = dg.loads(BATCH)
    u, x = torch.randn(2, 2, 3), torch.randn(2, 3)
    entries = torch.randn(2, 3, 4, 5)
    total = entries.sum(0)
    cases = {
        "rows": ((u,), u.sum(0).expand(2, 2, 3)),
        "held": ((x, u[:, :, 0]), x.sum(0) * u[:, :, :1]),
        "grid": ((entries, x), entries - total + x[:, :, None, None]),
        "formula": ((entries,), total.sum(0).expand(2, 1, 4, 5)),
    }
    for name, (inputs, wanted) in cases.items():
        found = dg.compile(module[name])(*inputs)
        torch.testing.assert_close(found.expand_as(wanted), wanted, rtol=1e-5, atol=1e-5)
    with pytest.raises(dg.BackendError, match="all samples"):
        dg.compile(module["halves"])


LOOPS = """
diagram again(x : R[2]) -> R[2] = repeat 3 { batch_sum >> sin }(x)
diagram only(x : R[2]) -> R[2] { return repeat 3 { _s -> batch_sum(x) }(x) }
diagram folded(x : R[2], w : R[3]) -> R[2] { return fold[(s, u) -> batch_sum(s) * u](x, w) }
diagram listed(x : R[2], w : R[3]) -> R[3, 2] {
  _last, states = scan[(s, u) -> (batch_sum(s) * u, s)](x, w)
  return states
}
diagram beside(x : R[2], y : R[2]) -> R[2] { return batch_sum(x) + y }
"""


def test_what_sees_the_batch_in_a_loop() -> None:
    """A step that sees the batch gives what all samples share, and the next step finds as many samples as before; a
    sample that is given beside others stands for all of them."""
    module = dg.loads(LOOPS)
    x, w = torch.randn(4, 2, dtype=torch.float64), torch.randn(4, 3, dtype=torch.float64)

    def total(value: torch.Tensor) -> torch.Tensor:
        return value.sum(0, keepdim=True).expand(4, 2)

    again, state, states = x, x, []
    for step in range(3):
        again = total(again).sin()
        states.append(state)
        state = total(state) * w[:, step : step + 1]
    cases = {
        "again": ((x,), again),
        "only": ((x,), total(x)),
        "folded": ((x, w), state),
        "listed": ((x, w), torch.stack(states, 1)),
        "beside": ((x[0], x), 4 * x[0] + x),
    }
    for name, (inputs, wanted) in cases.items():
        found = dg.compile(module[name], dtype=torch.float64)(*inputs)
        torch.testing.assert_close(found, wanted, rtol=1e-14, atol=1e-14)


def test_a_scan_whose_rows_nobody_reads() -> None:
    """The rows that a scan makes are deleted once, where nothing reads them."""
    import diagrammar as dg

    text = """
diagram main(x : R[3], y : R[2, 3]) -> R[3] {
  a, _rows = scan[(b, a) -> (b + a, sin(b))](x, y)
  return a
}
"""
    x, y = torch.ones(3), torch.ones(2, 3)
    assert torch.equal(make(dg.loads(text)["main"])(x, y), torch.full((3,), 3.0))


def test_a_diagram_without_outputs() -> None:
    """It gives an empty tuple, with samples and without."""
    module = make(Diagram.discard(R(2)))
    assert module(torch.zeros(2)) == () == module(torch.zeros(4, 2))
