"""A derivative compiles to one body: it computes what its blocks compute, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import diagrammar as dg
from diagrammar.backends import torch as backend
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.schedule import bodies, sharing
from diagrammar.types import Tensor, shape_of
from tests.backends.measure import products
from tests.backends.test_std import as_tuple
from tests.derivative.test_derivatives import CASES
from tests.derivative.test_derivatives import _drawn as drawn

EXAMPLES = Path(__file__).parents[2] / "examples"
Make = Callable[[Diagram], Diagram]

KINDS: dict[str, Make] = {
    "vjp": dg.vjp,
    "jvp": dg.jvp,
    "jvp of vjp": lambda f: dg.jvp(dg.vjp(f)),
    "vjp of open": lambda f: dg.vjp(dg.open(f)),
}
# one for each way in which boxes stand together, beside those of the derivatives
TEXTS = {
    "weights in a scan": "diagram f(a : R[2], x : R[4, 2]) -> R[2] @ R[4, 2] {\n"
    "share cell = linear[2, 2]\nreturn scan[(s, y) -> (tanh(cell(s) + y), s * y)](a, x) }",
    "weights in a map": "diagram f : R[4, 3] -> R[4, 2] = map[linear >> gelu >> linear[b = 2]]",
    "weights in a map over a grid": "space X = torus(1)\n"
    "diagram f : Field[X[5], 2] -> Field[X[5], 3] = map[linear >> tanh >> linear[b = 3]]",
    "a gradient for each row": "diagram g(u : R[3]) -> R = sum(tanh(linear[b = 2](u)))\n"
    "diagram f(w : Weights[g], x : R[4, 3]) -> R[4] {\n"
    "return map[y -> norm(grad[v -> open[g](w)(v)](y))](x) }",
    "a gradient by weights for each row": "diagram g : R[3] -> R = linear[b = 2] >> tanh >> sum\n"
    "diagram squares(a : R[2, 3], b : R[2]) -> R { return sum(a * a) + sum(b * b) }\n"
    "diagram f(w : Weights[g], x : R[4, 3]) -> R {\n"
    'return einsum["n ->"](map[y -> squares(grad[v -> open[g](v)(y)](w))](x)) }',
    "maps in a map": "diagram f(x : R[2, 3, 4], k : R[4]) -> R[2, 3] {\n"
    "return map[y -> map[z -> dot(z, sin(k)) * sum(tanh(k))](y)](x) }",
    "a repeat with weights": "diagram block : R[3] -> R[3] = residual[linear >> tanh]\n"
    "diagram f : R[3] -> R[3] = repeat 3 { block }",
    "one weight in many places": "diagram f : R[3] -> R[3] {\nshare cell = linear\nrepeat 3 { cell >> sin } }",
}
BOTH = {**{name: CASES[name] for name in ("fold", "attention", "norms", "multigrid", "complex")}, **TEXTS}


def nets(diagram: Diagram, **options: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The one body, and the blocks as they are drawn, with the same weights."""
    one = dg.compile(diagram, dtype=torch.float64, **options)
    blocks = dg.compile(diagram, dtype=torch.float64, blocks=True, **options)
    blocks.load_state_dict(one.state_dict())
    return one, blocks


def alike(diagram: Diagram, one: torch.nn.Module, other: torch.nn.Module) -> None:
    """Equal to 1e-10: without batch axes, with several, and where inputs have other numbers of samples."""
    for lead in ((), (2,), (2, 3), None):
        draw = torch.Generator().manual_seed(3)
        inputs = [drawn(wire, draw) for wire in diagram.dom]
        if lead is None:
            inputs = [x if at % 2 else x[:1].squeeze(0) for at, x in enumerate(inputs)]
        else:
            inputs = [x[0].expand((*lead, *x.shape[1:])) + 0 for x in inputs]
        for a, b in zip(as_tuple(one(*inputs)), as_tuple(other(*inputs)), strict=True):
            slack = 1e-10 * (1 + float(b.detach().abs().max()))
            torch.testing.assert_close(a, b, rtol=1e-10, atol=slack)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BOTH)
def test_it_computes_what_its_blocks_compute(name: str, kind: str) -> None:
    """One body and blocks give the same numbers, and own the same weights."""
    diagram = KINDS[kind](dg.loads(BOTH[name])["f"])
    one, blocks = nets(diagram)
    assert one.source != blocks.source
    alike(diagram, one, blocks)


def example(name: str, which: str, **params: Any) -> Diagram:
    """A diagram of an example."""
    return dg.load(EXAMPLES / name, **params)[which]


BENT = """
diagram g : R[3] -> R = linear[b = 2] >> tanh >> sum
diagram f(w : Weights[g], x : R[4, 3]) -> R[4, 2, 3] @ R[4, 2] {
  a, b = map[y -> grad[v -> open[g](v)(y)](w)](x)
  return tanh(a), tanh(b)
}
"""
OF_EXAMPLES: dict[str, Callable[[], Diagram]] = {
    "sgd": lambda: example("training_step.dg", "sgd_step", widths=[2, 3, 1]),
    "adam": lambda: example("training_step.dg", "adam_step", widths=[2, 3, 1]),
    "a physical loss": lambda: example("pinn.dg", "step", widths=[2, 3, 1]),
    "a function and its gradient": lambda: example("lpn.dg", "both", hidden=4),
    "a gradient for each row": lambda: dg.loads(TEXTS["a gradient by weights for each row"])["f"],
    "a bend of the gradient of each row": lambda: dg.loads(BENT)["f"],
    "hessian": lambda: dg.hessian(example("lpn.dg", "psi", hidden=4)),
}


@pytest.mark.parametrize("name", OF_EXAMPLES)
def test_examples_compute_what_their_blocks_compute(name: str) -> None:
    """Training steps, losses of equations, Hessians: the same numbers."""
    diagram = OF_EXAMPLES[name]()
    draw = torch.Generator().manual_seed(3)
    one, blocks = nets(diagram)
    shapes = [[size if isinstance(size, int) else 5 for size in shape_of(wire)] for wire in diagram.dom]
    inputs = [torch.rand(shape, generator=draw, dtype=torch.float64) for shape in shapes]
    for lead in ((), (2,)):
        given = [x.expand((*lead, *x.shape)) for x in inputs]
        for a, b in zip(as_tuple(one(*given)), as_tuple(blocks(*given)), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def counted(diagram: Diagram, samples: bool = True) -> Counter[str]:
    """The boxes of the body, by what they are."""
    from diagrammar.derivative.unwinding import written_out

    made = sharing.shared(written_out(diagram), samples)
    assert made is not None
    return Counter(box.origin for box in made.diagram.boxes)


def test_a_layer_and_its_cotangent() -> None:
    """Each operation of a layer stands once forward and once back; what the last one gives is not needed."""
    found = counted(dg.vjp(example("fno.dg", "layer", width=4, modes=[3, 3])))
    forward = {"std:fourier": 1, "std:pointwise": 1, "std:add": 2}
    assert found == {**forward, "vjp:std:gelu": 1, "vjp:std:fourier": 1, "vjp:std:pointwise": 1}


def transforms(call: Callable[[], Any]) -> Counter[str]:
    """The Fourier transforms that torch is asked for."""
    from torch.utils._python_dispatch import TorchDispatchMode

    found: Counter[str] = Counter()

    class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = str(func).split(".")[1]
            if name.startswith("_fft"):
                found[name] += 1
            return func(*args, **(kwargs or {}))

    with Counting():  # type: ignore[no-untyped-call]  # torch leaves it untyped
        call()
    return found


def test_transforms_of_a_cotangent() -> None:
    """As many Fourier transforms as three layers need, two for each and two for its transpose; the blocks take more."""
    text = "space X = torus(2)\ntype V = Field[X, 2]\n"
    text += "diagram layer : V -> V = rfft >> low[[3, 3]] >> spread[X] >> irfft >> gelu\n"
    f = dg.loads(f"{text}diagram f : V -> V = layer >> layer >> layer")["f"]
    one, blocks = (dg.compile(dg.vjp(f), blocks=each) for each in (False, True))
    x = torch.randn(2, 2, 40, 40)
    assert sum(transforms(lambda: one(x, x)).values()) == 12
    assert sum(transforms(lambda: blocks(x, x)).values()) == 16


def test_products_of_a_training_step() -> None:
    """A step multiplies as often as torch's own forward and backward, whatever the network's depth."""
    m = dg.load(EXAMPLES / "training_step.dg", widths=[3, 8, 8, 2])
    net = dg.compile(m["net"])
    weights = [each.detach() for each in net.parameters()]
    x, y = torch.randn(5, 3), torch.randn(5, 2)
    step = dg.compile(m["sgd_step"])
    ours = products(lambda: step(*weights, *weights, x, y))
    theirs = products(lambda: ((net(x) - y) ** 2).mean().backward())
    assert ours == theirs


def test_without_batch_axes_a_weight_is_one_for_all_rows() -> None:
    """Called without batch axes a step has code of its own, in which the gradient of a weight is one operation."""
    m = dg.load(EXAMPLES / "training_step.dg", widths=[3, 8, 8, 2])
    assert counted(m["sgd_step"], samples=False)["vjp:std:linear"] == 3
    assert counted(m["sgd_step"])["vjp:std:linear"] == 0
    step = dg.compile(m["sgd_step"])
    weights = [each.detach() for each in dg.compile(m["net"]).parameters()]
    setattr(step, "_run", pytest.fail)  # noqa: B010  # a method of one module alone
    x, y = torch.randn(5, 3), torch.randn(5, 2)
    assert [each.shape for each in step(*weights, *weights, x, y)] == [each.shape for each in 2 * weights]


def test_products_of_a_cotangent() -> None:
    """Of blocks in blocks: as many as torch's own forward and backward, less what the last block gives."""
    text = "diagram block : R[4] -> R[4] = residual[linear >> tanh >> linear]\n"
    text += "diagram outer : R[4] -> R[4] = block >> block\n"
    f = dg.loads(f"{text}diagram f : R[4] -> R[4] = repeat 3 {{ outer }}")["f"]
    net, back = dg.compile(f), dg.compile(dg.vjp(f))
    x = torch.randn(5, 4)
    once = 2 * 5 * 4 * 4
    assert products(lambda: back(x, x)) == (12 + 12 - 1) * once
    assert products(lambda: dg.compile(dg.vjp(f), blocks=True)(x, x)) > (12 + 12) * once
    assert products(lambda: net(x)) == 12 * once


def test_what_is_the_same_for_all_axes_is_computed_once() -> None:
    """A Laplacian computes the function once, and only its tangents along each axis."""
    f = dg.loads("diagram f : R[3] -> R[1] = linear[b = 5] >> tanh >> linear[b = 1]")["f"]
    assert counted(dg.laplacian(f))["std:tanh"] == 1
    x = torch.randn(7, 3)
    # the first product for 7 samples and for 3 axes, which are the same for all samples; the last one after the sum
    assert products(lambda: dg.compile(dg.laplacian(f))(x)) == 2 * 3 * 5 * (7 + 3) + 2 * 5 * 7


# ------------------------------------------------------------------------------------------------- what is not merged

X = Tensor("R", (3,))


def body_of(boxes: int, make: Callable[[int], Box]) -> Diagram:
    """Some boxes on one wire, and their sum."""
    build = Builder([X])
    ends = [build.add(make(at), build.inputs)[0] for at in range(boxes)]
    total = ends[0]
    for end in ends[1:]:
        (total,) = build.add(Box("add", (X, X), (X,), origin="std:add"), [total, end])
    return build.build([total])


def marked(origin: str) -> Box:
    """A sine inside a frame without a name."""
    return Box(origin, (X,), (X,), origin=origin, insides=(Box("sin", (X,), (X,), origin="std:sin").diagram(),))


def test_a_recompute_is_a_barrier() -> None:
    """What is in a `recompute` is not merged with what is outside, nor with what is in another one."""
    plain = Box("sin", (X,), (X,), origin="std:sin")
    assert counted(body_of(3, lambda at: plain))["std:sin"] == 1
    assert counted(body_of(3, lambda at: marked("recompute")))["std:sin"] == 3
    assert counted(body_of(3, lambda at: plain if at else marked("recompute")))["std:sin"] == 2
    assert counted(body_of(3, lambda at: plain if at else marked("store")))["std:sin"] == 1


def test_a_recompute_inside_merges_with_itself() -> None:
    """Inside one `recompute`, also in blocks and steps there, equal boxes are one."""
    sine = Box("sin", (X,), (X,), origin="std:sin")
    block = body_of(2, lambda at: sine).named("block")
    inner = body_of(2, lambda at: block.frame(key=f"block_{at}"))
    marks = [Box("recompute", (X,), (X,), origin="recompute", insides=(inner,)) for _ in range(2)]
    assert counted(body_of(2, lambda at: marks[at]))["std:sin"] == 2


def test_a_recompute_of_a_diagram_that_is_met_again() -> None:
    """A block that holds a mark, met twice as one instance, computes what is in the mark once."""
    block = marked("recompute").diagram().named("block")
    frame = block.frame(key="~block")
    assert counted(body_of(2, lambda at: frame))["std:sin"] == 1
    others = [block.frame(key=f"block_{at}") for at in range(2)]
    assert counted(body_of(2, lambda at: others[at]))["std:sin"] == 2


def test_what_draws_is_not_merged() -> None:
    """Two boxes that draw are two draws, in one body too."""
    draw = Box("gaussian", (), (X,), origin="std:gaussian", kinds=frozenset({"random"}))
    build = Builder([X])
    total = build.inputs[0]
    for _ in range(2):
        (total,) = build.add(Box("add", (X, X), (X,), origin="std:add"), [total, *build.add(draw, ())])
    assert counted(build.build([total]))["std:gaussian"] == 2


def test_what_draws_in_a_recompute_is_not_merged() -> None:
    """A mark that is met again draws again."""
    draw = Box("gaussian", (), (X,), origin="std:gaussian", kinds=frozenset({"random"}))
    build = Builder([X])
    ends = build.add(Box("add", (X, X), (X,), origin="std:add"), [*build.inputs, *build.add(draw, ())])
    mark = Box("recompute", (X,), (X,), origin="recompute", insides=(build.build(ends),))
    frame = mark.diagram().named("block").frame(key="~block")
    assert counted(body_of(2, lambda at: frame))["std:gaussian"] == 2


BOUND = """
space X = torus(1)
box mine[A] : A -> A { vjp(x, dy) = 2 * dy }
diagram layer : R[3] -> R[3] = linear >> mine >> tanh
diagram f : R[3] -> R[3] = layer >> layer
"""


def test_what_is_bound_is_not_merged() -> None:
    """A box that the caller binds is called as often as it stands in the diagram and in its derivatives."""
    calls = [0, 0]

    def binding(which: int) -> Callable[[torch.Tensor], torch.Tensor]:
        def double(x: torch.Tensor) -> torch.Tensor:
            calls[which] += 1
            return 2 * x

        return double

    f = dg.vjp(dg.loads(BOUND)["f"])
    one = dg.compile(f, boxes={"mine": binding(0)}, dtype=torch.float64)
    blocks = dg.compile(f, boxes={"mine": binding(1)}, blocks=True, dtype=torch.float64)
    blocks.load_state_dict(one.state_dict())
    x = torch.randn(2, 3, dtype=torch.float64)
    torch.testing.assert_close(one(x, x), blocks(x, x), rtol=1e-10, atol=1e-10)
    assert calls[0] == calls[1] > 2


STATES = """
space X = torus(1)
type V = Field[X, 3]
diagram layer : V -> V = pointwise >> batch_norm >> gelu
diagram f : V -> V = repeat 2 { layer } >> layer
"""


def test_what_sets_a_state_is_not_left_out() -> None:
    """A module whose result nobody reads is called for the state that it sets."""
    text = "diagram g(u : V, du : V) -> V {\n_v = layer(u)\nreturn vjp[f](u, du) }"
    one, blocks = nets(dg.loads(STATES + text)["g"])
    x = torch.randn(4, 3, 7, dtype=torch.float64)
    torch.testing.assert_close(one(x, x), blocks(x, x), rtol=1e-10, atol=1e-10)
    found = one.state_dict()["layer.batch_norm.running_mean"]
    assert float(found.abs().max()) > 0
    torch.testing.assert_close(found, blocks.state_dict()["layer.batch_norm.running_mean"], rtol=0, atol=0)


@pytest.mark.parametrize("flat", [False, True])
def test_states_are_set_as_before(flat: bool) -> None:
    """Modules with states are called by their paths: the same numbers and the same states, in training and after."""
    one, blocks = nets(dg.vjp(dg.loads(STATES)["f"]), flat=flat)
    for mode in (True, False):
        one.train(mode)
        blocks.train(mode)
        x = torch.randn(4, 3, 7, dtype=torch.float64)
        torch.testing.assert_close(one(x, x), blocks(x, x), rtol=1e-10, atol=1e-10)
    ends = blocks.state_dict()
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, ends[name], rtol=0, atol=0)
    assert "_gelu_backward" in one.source and float(one.state_dict()["layer_2.batch_norm.running_mean"].abs().max()) > 0  # type: ignore[operator]  # a string


def test_a_frame_that_sees_the_batch_and_owns_nothing() -> None:
    """It has no module that could be called: it stays closed, in place."""
    text = "space X = torus(1)\ntype V = Field[X, 3]\n"
    text += "diagram f(u : V) -> V {\nm, v = batch_moments(sin(u))\nreturn u * m + v * sin(u) }"
    one, blocks = nets(dg.vjp(dg.loads(text)["f"]))
    x = torch.randn(4, 3, 7, dtype=torch.float64)
    torch.testing.assert_close(one(x, x), blocks(x, x), rtol=1e-10, atol=1e-10)


# ------------------------------------------------------------------------------------------------------- the module


def test_what_is_no_derivative_is_as_before() -> None:
    """Without derivatives there is nothing to share: the source is the same."""
    for name, which in (("fno.dg", "fno"), ("unet.dg", "unet"), ("training_step.dg", "loss")):
        diagram = example(name, which)
        assert backend.emit(diagram) == backend.emit(diagram, blocks=True)


def test_what_is_too_long_stays_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound on boxes the blocks are called, as they are drawn."""
    f = dg.vjp(dg.loads(TEXTS["a repeat with weights"])["f"])
    assert backend.emit(f) != backend.emit(f, blocks=True)
    for bound in ("BOXES", "LOOKED"):
        with monkeypatch.context() as patch:
            patch.setattr(bodies, bound, 10)
            assert backend.emit(f) == backend.emit(f, blocks=True)


def test_it_is_plain_torch() -> None:
    """No automatic differentiation in the source, which is a file of its own; weights by the paths of the diagram."""
    f = example("fno.dg", "fno", width=3, modes=[2, 2], depth=2)
    back = dg.compile(dg.vjp(f), seed=1, dtype=torch.float64)
    text = backend.emit(dg.vjp(f))
    assert "autograd" not in text and "torch.func" not in text and "diagrammar" not in text
    names: dict[str, Any] = {}
    exec(compile(text, "emitted.py", "exec"), names)
    again = names["Main"](seed=1, dtype=torch.float64)
    again.load_state_dict(dg.compile(f, dtype=torch.float64).state_dict())
    back.load_state_dict(again.state_dict())
    x = torch.randn(2, 1, 7, 8, dtype=torch.float64)
    torch.testing.assert_close(again(x, x), back(x, x), rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_transforms_of_torch() -> None:
    """vmap, compile and export see straight code."""
    f = dg.loads(TEXTS["a repeat with weights"])["f"]
    back = dg.compile(dg.vjp(f), dtype=torch.float64)
    x, dy = torch.randn(2, 4, 3, dtype=torch.float64)
    wanted = back(x, dy)
    funcs: Any = torch.func
    torch.compiler.reset()
    compiled = torch.compile(back, fullgraph=True, backend="aot_eager")
    exported = torch.export.export(back, (x, dy), strict=False).module()
    for found in (funcs.vmap(back)(x, dy), compiled(x, dy), exported(x, dy)):
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
    # its own derivatives are those of its boxes
    y = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(back(y, dy).sum(), y)
    (right,) = as_tuple(dg.compile(dg.vjp(dg.vjp(f)), dtype=torch.float64)(x, dy, torch.ones_like(x))[:1])
    assert right.shape == found.shape
    torch.compiler.reset()
