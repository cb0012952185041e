"""What `cost` predicts is what torch counts: products, parameters, the bytes that live and those that are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import diagrammar as dg
from diagrammar.backends.cost import facts
from diagrammar.backends.cost.run import Forward
from diagrammar.diagram import Diagram, share
from diagrammar.divisibility import free_sizes
from diagrammar.sizes import Size, substitute
from diagrammar.types import Tokens, Types, shape_of
from tests.diagram.test_reads_back import STD

from .build import alone, chain, frame, linear, prim
from .measure import forward_peak, kept, products

EXAMPLES = Path(__file__).parents[2] / "examples"
AT = {"n": 9, "X.0": 12, "X.1": 18}
HEAD = "space X = torus(2)\ndim n\n"


def tensors(wires: Types, fixed: Callable[[Size], Size], grad: bool, batch: int = 1) -> list[torch.Tensor]:
    """A batch for each wire."""
    made = []
    for wire in wires:
        shape = (batch, *(int(str(fixed(size))) for size in shape_of(wire)))
        if isinstance(wire, Tokens):
            made.append(torch.randint(0, int(str(wire.vocab)), shape))
        elif str(wire).startswith("Bool"):
            made.append(torch.rand(shape) > 0.4)
        else:
            made.append(torch.rand(shape).requires_grad_(grad))
    return made


def measured(net: Any, inputs: list[torch.Tensor]) -> tuple[int, int, int]:
    """Operations of products, the peak without gradients, and bytes kept for the backward."""

    def call() -> Any:
        return net(*inputs)

    return products(call), forward_peak(call), kept(call)


def predicted(d: Diagram, fixed: Callable[[Size], Size], flows: bool, batch: int = 1) -> tuple[Size, Size, Size]:
    """The same from the diagram; `flows`: gradients flow into the inputs."""
    without, training = (Forward(d, fixed, 4, mode, flows, batch).total for mode in (False, True))
    peak = max(int(str(size)) for size in (0, *without.peak))
    return training.products, peak, training.kept + sum(size for size, is_kept, _ in training.storages if is_kept)


def spaces(name: str, d: Diagram) -> dict[str, Any]:
    """The grids that no input shows."""
    shown = {name for wire in d.dom for size in shape_of(wire) if (name := str(size)) in AT}
    if name in ("irfft", "low") or not d.dom:
        return {"X": (12, 18)}
    unseen: dict[str, Any] = {} if {"X.0", "X.1"} <= shown else {"X": (12, 18)}
    return unseen if "n" in shown else {**unseen, "n": 9}


def of_std(name: str) -> Diagram:
    """A declaration of the library at sample arguments."""
    kind, written = STD[name]
    return dg.loads(f"{HEAD}diagram main : {kind} = {written}\n")["main"]


def scaled(wires: Types) -> Diagram:
    """Every real wire times a weight, so that tensors of the forward arrive behind it."""
    parts = []
    for wire in wires:
        shown = str(wire).replace("X.0, X.1", "grid(X)")
        body = "u" if shown.startswith(("Bool", "Tokens")) else "w * u"
        weight = "weight w : R = ones\n" if body != "u" else ""
        parts.append(dg.loads(f"{HEAD}diagram s(u : {shown}) -> {shown} {{ {weight}return {body} }}")["s"])
    whole = parts[0]
    for part in parts[1:]:
        whole = whole @ part
    return whole


@pytest.mark.parametrize("name", sorted(STD))
def test_the_library(name: str) -> None:
    """Each primitive and each composite of std keeps, makes and multiplies what torch says, byte for byte: on inputs
    that have gradients, and on tensors that the forward itself has made; derivatives in their blocks."""
    d = of_std(name)
    for each in (d, scaled(tuple(d.dom)) >> d) if d.dom else (d,):
        net = dg.compile(each, seed=0, spaces=spaces(name, each), blocks=True)
        for batch in (1, 3) if each.dom else (1,):
            inputs = tensors(tuple(each.dom), lambda size: substitute(size, AT), True, batch)
            assert measured(net, inputs) == predicted(each, lambda size: substitute(size, AT), True, batch)


REAL = (
    "u + v", "u - v", "u * v", "u / v", "u^v", "u^2", "2^u", "1 / u", "u / 3", "3 - u", "2 * u", "max(u, 0)",
    "max(u, v)", "min(0.5, u)", "abs(u) * sign(v)", "select(less(u, v), u, v)", "select(less(u, 0.5), 1, v)",
    "u * sum(v)", "sum(u) / v", "exp(u) * log(v)", "sqrt(sin(u) + cos(v) + 2)", "u[0] * v", "dot(u, v) * u",
    "norm(u) * v",
)  # fmt: skip
COMPLEX = ("u + v", "u * v", "u / v", "2 * u", "u / 2", "-u", "conj(u) * v", "exp(u) + tanh(v)", "u - sqrt(v)")


@pytest.mark.parametrize(("kind", "text"), [*(("R", each) for each in REAL), *(("C", each) for each in COMPLEX)])
def test_arithmetic(kind: str, text: str) -> None:
    """Arithmetic on tensors, scalars and numbers keeps what torch keeps, and no more."""
    wire = f"{kind}[5]"
    body = f"weight a : {wire} = ones\nweight b : {wire} = ones\nu = x + a\nv = y + b\n"
    used = "" if "v" in text else "_v = v\n"
    d = dg.loads(f"diagram f(x : {wire}, y : {wire}) -> {wire} {{\n{body}{used}return {text}\n}}")["f"]
    inputs = tensors(tuple(d.dom), lambda size: size, False)
    assert measured(dg.compile(d, seed=0), inputs) == predicted(d, lambda size: size, False)


PROGRAMS: dict[str, tuple[str, dict[str, int]]] = {
    "repeat": ("diagram f : R[8] -> R[8] = repeat 7 { id + linear }", {}),
    "repeat of one cell that captures": (
        "diagram f(u : R[8]) -> R[8] { share c = linear\nreturn repeat 4 { x -> c(x) * u + tanh(x) }(u) }", {}),
    "values that wait for a step": (
        "diagram f(u : R[8], v : R[8]) -> R[8] {\n"
        "a, b = repeat 6 { (x, y) -> (linear(y), x) }(u, v)\nreturn a * b }", {}),
    "a value that every step hands on": (
        "diagram f(u : R[8], v : R[8]) -> R[8] {\n"
        "a, _b = repeat 3 { (x, y) -> (linear(x) * y, y) }(u, v)\nreturn a }", {}),
    "repeats inside repeats": ("diagram f : R[8] -> R[8] = repeat 3 { tanh >> repeat 4 { linear >> sin } }", {}),
    "fold": (
        "dim n\ndiagram f(x : R[n, 8], s : R[8]) -> R[8] { return fold[(b, a) -> tanh(linear(b)) + a](s, x) }",
        {"n": 9}),
    "scan": (
        "dim n\ndiagram f(x : R[n, 8], s : R[8]) -> R[8] @ R[n, 8] {\n"
        "return scan[(b, a) -> (linear(b) + a, b * linear(a))](s, x) }", {"n": 9}),
    "map": ("dim n\ndiagram f(x : R[n, 8], w : R[8]) -> R[n, 8] { return map[u -> w * linear(u)](x) }", {"n": 9}),
    "tree": ("dim n\ndiagram f : R[n, 8] -> R[8] = tree[(a, b) -> tanh(linear(a)) + b]", {"n": 13}),
    "batch norm": ("space X = torus(2)\ndiagram f : Field[X, 3] -> Field[X, 5] = pointwise >> batch_norm", {"X": 8}),
    "grids": (
        'space X = torus(2)\ndiagram f : Field[X, 3] -> Field[X, 3] = conv[3, padding = "replicate"] >> softplus\n'
        ">> pool[2] >> prolong >> silu >> upsample >> restrict", {"X": 8}),
    "recursion": (
        "diagram t[l : int] : R[8] -> R[8] = if l == 0 then linear else t[l - 1] >> tanh >> t[l - 1]\n"
        "diagram f : R[8] -> R[8] = t[5]", {}),
    "constraints": (
        "diagram f(u : R[8]) -> R[8] { weight w : R[8] = ones where nonneg\nweight v : R[8, 8] = normal where frozen\n"
        'return w * u + exp(einsum["a, b a -> b"](u, v)) / w }', {}),
    "state": ("diagram f(u : R[8]) -> R[8] { state c : R = zeros\nnext c = c + 1\nreturn linear(u) / (1 + c) }", {}),
    "training": ("diagram f(u : R[8]) -> R[8] { return if training then linear(u) + 0.1 * gaussian() else u }", {}),
    "complex": (
        "diagram f(u : C[8]) -> C[8] { weight w : C[8, 8] = normal\n"
        'v = einsum["a, b a -> b"](u, w)\nreturn v * v + conj(v) / exp(v) }', {}),
    "three complex": (
        "diagram f(u : C[8]) -> C[8] { weight w : C[8, 8] = normal\nweight v : C[8] = normal\n"
        'return einsum["a, b a, b -> b"](u, w, v) }', {}),
    "tokens": (
        "dim n\ndiagram f(t : Tokens[50, n]) -> R[n, 6] { return map[layer_norm >> rms_norm](embed(t)) }", {"n": 9}),
    "products": (
        'dim n\ndiagram f(x : R[n, 6]) -> R[6, n] { y = map[linear](x)\nz = einsum["a b, c b -> a c"](y, y)\n'
        'return rearrange["n d -> d n"](einsum["a b, b c -> a c"](softmax(z), y)) }', {"n": 9}),
    "layouts": (
        "dim n\ndiagram f(x : R[n, 6]) -> R[n, 3, 2] { y = map[linear](x)\n"
        'z = rearrange["d n -> n d"](rearrange["n d -> d n"](y))\n'
        'return rearrange["n (h d) -> n d h", h = 2](y * z) }', {"n": 9}),
}  # fmt: skip


def named(d: Diagram, at: dict[str, int]) -> dict[str, int]:
    """Values of the free sizes, by their full names."""
    return {name: at[name] if name in at else at[name.rpartition(".")[0]] for name in free_sizes(d)}


def exact(d: Diagram, at: dict[str, int], batch: int = 1) -> tuple[dg.Diagram, tuple[int, int, int]]:
    """What torch says of a diagram at these sizes, in training without gradients into inputs."""
    values = named(d, at)
    inputs = tensors(tuple(d.dom), lambda size: substitute(size, values), False, batch)
    return d, measured(dg.compile(d, seed=0), inputs)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    """Loops, rows at once, recursion, states and layouts hold memory as the compiled module does."""
    text, at = PROGRAMS[name]
    d, found = exact(dg.loads(text)["f"], at)
    total = dg.cost(d, at=at)
    assert (total.products, total.forward, total.backward) == found


Sizes = tuple[dict[str, int], ...]
CONFIGS: list[tuple[str, str, dict[str, Any], Sizes]] = [
    ("mlp", "mlp", {}, ({},)),
    ("mlp", "deep", {"widths": [5, 6, 7, 8, 3]}, ({},)),
    ("fno", "fno", {}, ({"X": 24}, {"X": 64}, {"X.0": 30, "X.1": 65}, {"X": 12})),
    ("fno", "fno", {"modes": [24, 24], "width": 8}, ({"X": 24}, {"X": 40}, {"X.0": 33, "X.1": 65})),
    ("fno", "fno", {"modes": [16]}, ({"X": 64}, {"X": 127}, {"X": 20})),
    ("fno", "fno", {"modes": [24]}, ({"X": 40}, {"X": 100})),
    ("fno", "fno", {"modes": [4, 6, 8], "width": 6}, ({"X": 16}, {"X": 18})),
    ("fno", "neuraloperator", {}, ({"X": 32}, {"X": 48})),
    ("fno", "neuraloperator", {"padding": 0.25, "outer_skip": "identity", "with_tanh": True}, ({"X": 16}, {"X": 32})),
    ("deeponet", "deeponet", {}, ({"k": 1}, {"k": 50}, {"k": 1000})),
    ("deeponet_vector", "deeponet_vector", {}, ({"k": 5}, {"k": 200})),
    ("deeponet_vector", "deeponet_vector", {"split": "split_both"}, ({"k": 5}, {"k": 200})),
    ("mgno", "mgno", {}, ({"X": 16}, {"X": 64})),
    ("mgno", "mgno", {"padding": "circular", "depth": 3}, ({"X": 16}, {"X": 64})),
    (
        "mgno", "mgno", {"padding": "reflect", "steps": [[1, 1], [2, 2], [3, 0]], "widths": [4, 5, 6]},
        ({"X": 16}, {"X": 64}),
    ),
    # of files whose main diagrams are derivatives the networks that these are of
    ("lpn", "psi", {}, ({},)),
    ("pinn", "u", {}, ({},)),
    ("training_step", "net", {}, ({},)),
    ("deeponet_physics", "operator", {}, ({},)),
    ("unet", "unet", {}, ({"X": 16}, {"X": 64})),
    ("unet", "unet", {"dimension": 1, "padding": "circular", "groups": 2}, ({"X": 16}, {"X": 64})),
    ("unet", "unet", {"dimension": 3, "depth": 2, "activation": "relu"}, ({"X": 8}, {"X": 16})),
    ("transformer", "transformer", {}, ({"n": 1}, {"n": 20}, {"n": 64})),
    ("transformer", "transformer", {"keys": True}, ({"n": 20}, {"n": 33})),
    ("transformer", "transformer", {"pairs": True, "norm_first": True, "final_norm": True}, ({"n": 20}, {"n": 33})),
    ("transformer", "transformer", {"keys": True, "pairs": True, "activation": "gelu"}, ({"n": 20}, {"n": 33})),
    ("looped", "looped", {}, ({"n": 20}, {"n": 64})),
    ("looped", "algoformer", {"steps": 5}, ({"n": 20}, {"n": 64})),
    ("hypernetwork", "hypernetwork", {}, ({"k": 7}, {"k": 500})),
]  # fmt: skip


@pytest.mark.parametrize(("file", "name", "parameters", "sizes"), CONFIGS)
def test_examples(file: str, name: str, parameters: dict[str, Any], sizes: Sizes) -> None:
    """On every example, parameters are those of the module, and products, peak and kept bytes are within 1 % of what
    torch counts, at several sizes; and the polynomials have the same values wherever the grid holds the modes twice."""
    d = dg.load(EXAMPLES / f"{file}.dg", check=False, **parameters)[name]
    symbolic = dg.cost(d)
    assert symbolic.parameters == sum(p.numel() for p in dg.compile(d).parameters())
    modes = parameters.get("modes", [12, 12]) if file == "fno" else []
    for at in sizes:
        _, found = exact(d, at)
        total = symbolic.at(at)
        figures = (total.products, total.forward, total.backward)
        for ours, theirs in zip(figures, found, strict=True):
            assert float(str(ours)) == pytest.approx(theirs, rel=0.01), (at, figures, found)
        if min(at.values(), default=0) >= 2 * max(modes, default=0):
            values = named(d, at)
            known = (symbolic.products, symbolic.forward, symbolic.backward)
            assert tuple(substitute(each, values) for each in known) == figures, at


@pytest.mark.parametrize(("file", "name", "parameters", "sizes"), CONFIGS)
def test_batches(file: str, name: str, parameters: dict[str, Any], sizes: Sizes) -> None:
    """The same holds of a batch of several samples, where more is copied and what is made of weights counts once."""
    d = dg.load(EXAMPLES / f"{file}.dg", check=False, **parameters)[name]
    _, found = exact(d, sizes[0], 3)
    total = dg.cost(d, at=sizes[0], batch=3)
    for ours, theirs in zip((total.products, total.forward, total.backward), found, strict=True):
        assert float(str(ours)) == pytest.approx(theirs, rel=0.01), (total, found)


def test_every_example_is_counted() -> None:
    """Each file of examples/ with diagrams has a configuration above, and every diagram of it can be counted."""
    files = [path for path in sorted(EXAMPLES.glob("*.dg")) if list(dg.load(path))]
    assert {file.stem for file in files} == {file for file, _, _, _ in CONFIGS}
    for file in files:
        module = dg.load(file)
        assert all(dg.cost(module[name]).boxes >= 0 for name in module)


def test_what_is_fused() -> None:
    """Cost and torch know the same frames that one call carries out, and where frames become modules."""
    from diagrammar.backends.torch import body
    from diagrammar.backends.torch.meanings.arithmetic import REAL as entrywise
    from diagrammar.backends.torch.meanings.table import FUSED

    frames = {name for name, (kind, written) in STD.items() if f"std:{name}" in entrywise and of_frame(name)}
    assert {name.removeprefix("std:") for name in FUSED} | frames == facts.FUSED
    assert frames == facts.ENTRYWISE
    assert (facts.SMALL, facts.DEEP) == (body.SMALL, body.DEEP)


def of_frame(name: str) -> bool:
    """Whether the library composes it."""
    return any(node.box.insides for node in of_std(name).flat.nodes if node.box.origin == f"std:{name}")


def test_deep_and_wide() -> None:
    """Nesting and repeating cost neither Python's stack nor time for each step."""
    d = alone(prim("sin", [*chain(linear(3, 3)).dom], [*chain(linear(3, 3)).dom]))
    for number in range(5_000):
        d = alone(frame(f"f{number}", d))
    assert dg.cost(d).flops == 3
    text = "diagram f : R[8] -> R[8] = " + "repeat 10 { " * 15 + "id + linear" + " }" * 15
    found = dg.cost(dg.loads(text, budget=10**17)["f"])
    assert found.parameters == 72 * 10**15
    assert found.forward == 96


def test_one_cell_is_kept_for_each_step() -> None:
    """A shared cell has its weights once and keeps what each of its steps needs."""
    cell = share(dg.loads("diagram f : R[8] -> R[8] = linear >> tanh")["f"], "cell")
    once, thrice = dg.cost(cell), dg.cost(cell >> cell >> cell)
    assert (once.parameters, thrice.parameters) == (72, 72)
    assert (once.backward, thrice.backward) == (32, 96)


def test_width_of_numbers() -> None:
    """Bytes follow the width of a number; truth values and tokens keep theirs."""
    d = dg.loads("dim n\ndiagram f(x : R[n, 8], m : Bool[n]) -> R[n, 8] { return attention[2](x, x, x, m) }")["f"]
    single, double = (dg.cost(d, at={"n": 12}, bytes_per_number=width) for width in (4, 8))
    assert double.flops == single.flops
    assert double.forward == 2 * single.forward
    # of the mask its opposite is kept, a byte for each key
    assert double.backward == 2 * single.backward - 12


def test_sizes_are_set_by_name() -> None:
    """`at` takes names of sizes and of spaces; a name that the diagram has not is an error that lists them."""
    d = dg.load(EXAMPLES / "fno.dg")["fno"]
    assert dg.cost(d).at(X=64) == dg.cost(d, at={"X.0": 64, "X.1": 64}) == dg.cost(d).at({"X": 64})
    with pytest.raises(dg.DiagramNameError, match="no free size `Y`") as caught:
        dg.cost(d).at(Y=64)
    assert "X.0, X.1" in str(caught.value.render())
    cycle = dg.load(EXAMPLES / "mgno.dg")["mgno"]
    with pytest.raises(dg.DiagramValueError, match="divisible by 16"):
        dg.cost(cycle).at(X=24)
