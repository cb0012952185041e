"""Lenses, optics and the linear pass are three realisations of one reverse derivative."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, note, settings

import diagrammar as dg
from diagrammar.category import Place, interpret
from diagrammar.derivative.marks import unmarked
from diagrammar.diagram import Box, Copy, Diagram, Discard, Flat, Id, Swap, definitions
from diagrammar.lenses import Lens, pair
from diagrammar.optics import Optic
from diagrammar.sizes import substitute
from diagrammar.strategies import Signature, diagrams, signature_of
from diagrammar.tangent import has_tangent
from diagrammar.types import Tensor, Type, shape_of
from tests.derivative.boxes import TOTAL, WIRES
from tests.derivative.test_derivatives import _drawn, _net, _resampled, _several, movable

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.dg"))
WHOLE = signature_of("std", types=WIRES)
# a power of spectra has no derivative: it asks where both are zero, and a spectrum has no truth values
STD = Signature([each for each in WHOLE.generators if each.name != "pow"], WHOLE.types)

some = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
every = diagrams(STD, boxes=8, random=False, states=False)
# a share keeps its name, so diagrams that are put together have none of the same names
apart = diagrams(STD, boxes=5, random=False, states=False, shares=False)


def differentiable(diagram: Diagram) -> bool:
    """Whether something in it can change a little, and changes something."""
    return any(map(has_tangent, diagram.dom)) and any(map(has_tangent, diagram.cod))


# ------------------------------------------------------------------------------------------- the same diagram


@settings(some, max_examples=150)
@given(every)
def test_of_random_diagrams(diagram: Diagram) -> None:
    """Lenses, optics and the linear pass give one diagram, sums being multisets; the first two also in their order, but
    for the zeros that come out of a mark for wires that its inside does not read."""
    note(str(diagram))
    lens, optic, back = dg.lens(diagram).vjp(), dg.optic(diagram).vjp(), dg.vjp(diagram)
    for each in (lens, optic):
        dg.verify(each)
    plain = unmarked(diagram)
    assert dg.cartesian(dg.lens(plain).vjp()) == dg.cartesian(dg.optic(plain).vjp())
    assert dg.additive(lens) == dg.additive(optic) == dg.additive(back)


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_of_examples(path: Path) -> None:
    """So they do of every diagram of the examples, and of every diagram inside one, frames as they are."""
    module = dg.load(path, check=False)
    for name in module:
        for diagram in definitions(module[name]):
            back = dg.additive(dg.vjp(diagram))
            assert dg.additive(dg.lens(diagram).vjp()) == back, diagram
            assert dg.additive(dg.optic(diagram).vjp()) == back, diagram


def test_the_order_of_sums_is_all_that_differs() -> None:
    """The linear pass adds the cotangents of a wire as they come, a functor where it is copied."""
    text = "diagram f(u : R, v : R) -> R @ R @ R @ R {\n  a = u + v\n  b = u + v\n  return sin(u), sin(v), a, b\n}"
    diagram = dg.loads(text)["f"]
    lens, back = dg.lens(diagram).vjp(), dg.vjp(diagram)
    assert dg.cartesian(lens) != dg.cartesian(back)
    assert dg.additive(lens) == dg.additive(back)


def test_what_adds_something_else_is_another_diagram() -> None:
    """A sum with another term, with a term twice, or of other wires is not the same; nor is a box of other sums."""
    wires = "u : R[3], v : R[3], w : R[3]"
    head = f"diagram f({wires}) -> R[3]"
    several = (
        "u + v + w",
        "u + v + v + w",
        "v + u + u + w",
        "u + v + 0 * w",
        "sin(u + v) + w",
        "sin(u + w) + v",
        "sin(u) + v + w",
    )
    forms = [dg.additive(dg.loads(f"{head} {{ return {each} }}")["f"]) for each in several]
    assert len(set(forms)) == len(several)
    assert forms[0] == dg.additive(dg.loads(f"{head} {{ return w + (v + (0 + u)) }}")["f"])


# ------------------------------------------------------------------------------------------------ the same numbers


def agree(diagram: Diagram, inputs: list[torch.Tensor], draw: torch.Generator) -> None:
    """All three realisations give the cotangents that torch.func gives."""
    net = _net(diagram)
    on, function = movable(diagram, net, inputs)
    made: Any = torch.func.vjp(function, *(inputs[at] for at in on))
    outputs, pull = made
    cotangents = tuple(torch.randn(out.shape, generator=draw, dtype=torch.float64) for out in outputs)
    right = pull(cotangents)
    for back in (dg.lens(diagram).vjp(), dg.optic(diagram).vjp(), dg.vjp(diagram)):
        found = _several(_net(back, net)(*inputs, *cotangents))
        for one, other in zip(found, right, strict=True):
            slack = 1e-10 * (1 + float(other.detach().abs().max()))
            torch.testing.assert_close(one.expand_as(other), other, rtol=1e-10, atol=slack)


@some
@given(diagrams(TOTAL, boxes=8, random=False, states=False))
def test_numbers_of_random_diagrams(diagram: Diagram) -> None:
    """Of random diagrams of total boxes, the numbers are those of torch.func, and the weights those of f."""
    note(str(diagram))
    if not differentiable(diagram) or _resampled(diagram):
        return
    draw = torch.Generator().manual_seed(3)
    inputs = [_drawn(wire, draw) for wire in diagram.dom]
    try:
        net = _net(diagram)
    except dg.BackendError:
        # torch does not mean every box on complex numbers
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _several(net(*inputs))
    if all(bool(torch.isfinite(value).all()) for value in found if value.is_floating_point()):
        agree(diagram, inputs, draw)


# small: what is compared does not depend on the width
SMALL: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "deeponet": ({"branch": [6, 5, 4], "trunk": [2, 5, 4], "activation": "tanh"}, {"k": 3}),
    "deeponet_physics": ({"sensors": 3, "width": 2}, {"n": 2, "k": 2}),
    "deeponet_vector": ({"branch": [6, 5, 4], "trunk": [2, 5, 4], "trunk_activation": "gelu"}, {"k": 3}),
    "fno": ({"modes": [3, 2], "width": 4, "depth": 2}, {"X.0": 7, "X.1": 6}),
    "hypernetwork": ({"branch": [6, 5, 4], "target": [2, 3, 1]}, {"k": 3}),
    "looped": ({"width": 4, "heads": 2, "hidden": 5, "steps": 3}, {"n": 5}),
    "lpn": ({"hidden": 3}, {}),
    "mgno": ({"widths": [3, 3], "steps": [[1, 0], [1, 1]], "depth": 2}, {"X.0": 8, "X.1": 8}),
    "mlp": ({"inputs": 4, "hidden": 3, "outputs": 2, "widths": [4, 3, 2]}, {"n": 3}),
    "pinn": ({"widths": [2, 2, 1]}, {"n": 2}),
    "training_step": ({"widths": [2, 3, 1]}, {"n": 3}),
    "transformer": ({"width": 4, "heads": 2, "hidden": 5, "activation": "gelu"}, {"n": 5}),
    "unet": ({"width": 4, "depth": 2}, {"X.0": 8, "X.1": 8}),
}


# among their wires are second moments, and a number of steps
ADAM = ("deeponet_physics", "pinn", "training_step")


@pytest.mark.parametrize("name", SMALL)
def test_numbers_of_examples(name: str) -> None:
    """Of every diagram of the examples the numbers of all three are those of torch.func."""
    parameters, sizes = SMALL[name]
    (path,) = (path for path in EXAMPLES if path.stem == name)
    module = dg.load(path, check=False, **parameters)
    draw = torch.Generator().manual_seed(4)
    for each in module:
        if differentiable(module[each]):
            values = [drawn(wire, sizes, draw) for wire in module[each].dom]
            agree(module[each], [value.abs() + 0.1 for value in values] if name in ADAM else values, draw)


def drawn(wire: Type, sizes: dict[str, int], draw: torch.Generator) -> torch.Tensor:
    """A batch of two for a wire, its free sizes chosen."""
    shape = (2, *(int(str(substitute(size, sizes))) for size in shape_of(wire)))
    if isinstance(wire, Tensor) and wire.kind == "Bool":
        return torch.rand(shape, generator=draw) > 0.3
    return torch.randn(shape, generator=draw, dtype=torch.float64) * 0.7


def test_every_example_is_small_here() -> None:
    """Each file of examples/ that has diagrams stands in the table."""
    assert {path.stem for path in EXAMPLES if list(dg.load(path, check=False))} == set(SMALL)


# --------------------------------------------------------------------------------------------------------- functors


def forms(arrow: Lens | Optic) -> tuple[object, ...]:
    """What two lenses, or two optics, are compared by: get and put; of optics, whose residuals are up to isomorphism,
    what forward and backward are together."""
    if isinstance(arrow, Optic):
        count = len(arrow.residual)
        whole = arrow.forward.flat
        ahead = Diagram(Flat(whole.types, whole.inputs, whole.nodes, whole.outputs[count:]))
        return arrow.dom, arrow.cod, dg.additive(ahead), dg.additive(arrow.vjp())
    return arrow.dom, arrow.cod, dg.additive(arrow.get), dg.additive(arrow.put)


FUNCTORS: list[tuple[Any, Any]] = [(dg.lens, Lens), (dg.optic, Optic)]


@settings(some, max_examples=25)
@given(apart, apart)
def test_both_are_functors(f: Diagram, g: Diagram) -> None:
    """Composites go to composites, what is side by side to what is side by side, wires to wires."""
    g = renamed(g)
    for functor, category in FUNCTORS:
        image = forms(functor(f @ Id(g.dom) >> Id(f.cod) @ g))
        first, then = functor(f) @ functor(Id(g.dom)), functor(Id(f.cod)) @ functor(g)
        assert forms(first >> then) == image == forms(functor(f) @ functor(g))
        wires = category.id(*map(pair, f.cod))
        assert forms(functor(Id(f.cod))) == forms(wires)
        assert forms(functor(f) >> wires) == forms(functor(f))


def renamed(diagram: Diagram) -> Diagram:
    """The diagram in a frame of its own, so that its keys are not those of another one."""
    return dg.share(diagram.named("other"), "other")


def test_wiring_goes_to_its_dual() -> None:
    """A copy goes to a sum, a discard to zero, a swap to the swap back."""
    x, y = Tensor("R", (2,)), Tensor("R", (3,))
    for functor, category in FUNCTORS:
        for wiring, image in (
            (Copy(x, 3), category.copy(pair(x), 3)),
            (Discard(x), category.discard(pair(x))),
            (Swap(x, y), category.swap(pair(x), pair(y))),
        ):
            assert image.vjp() == dg.vjp(wiring)
            assert forms(functor(wiring)) == forms(image)
    assert [box.name for box in dg.lens(Discard(x)).put.boxes] == ["const"]


def test_only_what_is_read_is_stored() -> None:
    """A sum stores nothing, a product its factors."""
    x = Tensor("R", (3,))
    for text, stored in (("u + v", ()), ("u * v", (x, x))):
        diagram = dg.loads(f"diagram f(u : R[3], v : R[3]) -> R[3] {{ return {text} }}")["f"]
        assert dg.optic(diagram).residual == stored


def test_truth_values_have_no_cotangent() -> None:
    """They go forward, are stored, and nothing comes back."""
    diagram = dg.loads("diagram f(m : Bool[3], u : R[3]) -> R[3] { return select(m, sin(u), u) }")["f"]
    lens, optic = dg.lens(diagram), dg.optic(diagram)
    assert lens.dom.back == optic.dom.back == (Tensor("R", (3,)),)
    assert Tensor("Bool", (3,)) in optic.residual


def test_what_draws_is_stored() -> None:
    """A lens would draw again, so there is none; an optic keeps what was drawn."""
    diagram = dg.loads("diagram f(u : R[3]) -> R[3] { return u * gaussian[R[3]]() }")["f"]
    with pytest.raises(dg.DerivativeError, match="`gaussian` draws, and a lens computes it again") as caught:
        dg.lens(diagram)
    assert caught.value.span is not None
    optic = dg.optic(diagram)
    assert optic.vjp() == dg.vjp(diagram)
    u, dv = torch.randn(2, 4, 3, dtype=torch.float64)
    torch.manual_seed(0)
    stored = _several(_net(optic.forward)(u))
    held, out = stored[:-1], stored[-1]
    torch.testing.assert_close(_several(_net(optic.backward)(*held, dv))[0], dv * out / u, rtol=1e-12, atol=0)


def test_what_draws_inside_a_named_box_is_stored() -> None:
    """The box is laid open, as it is by the linear pass, so that it draws once."""
    text = "diagram noisy(u : R[3]) -> R[3] { return u * gaussian[R[3]]() }\n"
    text += "diagram f : R[3] -> R[3] = sin >> noisy >> sin"
    diagram = dg.loads(text)["f"]
    with pytest.raises(dg.DerivativeError, match="`gaussian` draws"):
        dg.lens(diagram)
    assert dg.additive(dg.optic(diagram).vjp()) == dg.additive(dg.vjp(diagram))
    assert sum(box.name == "gaussian" for box in dg.optic(diagram).vjp().boxes) == 1


# ---------------------------------------------------------------------------------------------------------- counts

PAGE = Path(__file__).parents[2] / "docs" / "derivatives.md"


def evaluated(back: Diagram) -> int:
    """How often f is evaluated when a diagram is run."""
    counts: Counter[str] = Counter()

    def meaning(box: Box, args: tuple[Any, ...], place: Place) -> list[float]:
        counts[box.name] += 1
        return [sum(args)]

    interpret(back, meaning, [1.0] * len(back.dom))
    return counts["f"]


# the rows of the table on the page: boxes, lenses from the left, lenses from the right, optics
ROWS = [tuple(map(int, row)) for row in re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE.read_text(), re.M)]


@pytest.mark.parametrize(("n", "lefts", "rights", "stored"), ROWS)
def test_evaluations_on_the_way_back(n: int, lefts: int, rights: int, stored: int) -> None:
    """Of a chain of n boxes, as on the page: n(n-1)/2 for lenses composed from the left, n-1 from the right, n-1 for
    optics; what the last box gives is not needed."""
    x = Tensor("R")
    f, df = Box("f", (x,), (x,)), Box("df", (x, x), (x,)).diagram()
    lens, optic = [Lens.of(f, df)] * n, [Optic.of(f, df)] * n
    left = reduce(Lens.then, lens)
    right = reduce(lambda after, before: before.then(after), lens)
    assert evaluated(left.vjp()) == n * (n - 1) // 2 == lefts
    assert evaluated(right.vjp()) == n - 1 == rights
    assert evaluated(reduce(Optic.then, optic).vjp()) == n - 1 == stored
    assert dg.cartesian(left.vjp()) == dg.cartesian(right.vjp()) == dg.cartesian(reduce(Optic.then, optic).vjp())
    assert len(reduce(Optic.then, optic).residual) == n
