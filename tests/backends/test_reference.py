"""The reference interpreter and the torch backend agree, on everything that `std` declares and on every example."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import diagrammar as dg
from diagrammar import backend
from diagrammar.backends.reference import BACKEND, compile, emit, run
from diagrammar.catalogue import boxes_of, diagrams_of
from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError, DiagramTypeError, DiagramValueError
from diagrammar.types import Tokens, shape_of

from .build import F, R, alone, frame, free, make, prim, repeat, weight
from .specimens import SPECIMENS, build
from .test_std import as_tuple
from .test_std import value as drawn

BATCHES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (2, 3))


def generic(net: torch.nn.Module, seed: int = 3) -> dict[str, Any]:
    """Weights and states drawn anew, none at a value of its initialiser; their values by their paths."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in [*net.named_parameters(), *net.named_buffers()]:
            if name.rpartition(".")[2].startswith("_"):
                continue
            value.copy_(torch.randn(value.shape, generator=draw, dtype=torch.float64) * 0.5)
            if name.endswith("running_var"):
                value.abs_()
    values = {name: value.numpy() for name, value in net.state_dict().items()}
    for name in [name for name in values if name.endswith(".original")]:
        # a constrained weight is given as what it is constrained to
        path = name.replace("parametrizations.", "").removesuffix(".original")
        owner, _, own = path.rpartition(".")
        values[path] = getattr(net.get_submodule(owner), own).detach().numpy()
    return values


def sample(wire: Any, batch: tuple[int, ...]) -> torch.Tensor:
    """A random value of a wire."""
    return drawn(wire, batch).detach()


def agree(diagram: Diagram, batches: tuple[tuple[int, ...], ...] = BATCHES, tolerance: float = 1e-12) -> None:
    """Outputs are those of the compiled module, relative to the largest of each sample."""
    net = make(diagram, dtype=torch.float64).eval()
    weights = generic(net)
    torch.manual_seed(1)
    for batch in batches:
        inputs = [sample(wire, batch) for wire in diagram.dom]
        if len(inputs) > 1 and batch:
            # batch axes broadcast: one input has none of them, another one of size 1
            inputs[-1] = sample(diagram.dom[-1], ())
            inputs[0] = sample(diagram.dom[0], (*batch[:-1], 1)) if len(batch) > 1 else inputs[0]
        with torch.no_grad():
            outputs = as_tuple(net(*inputs))
        found = run(diagram, [x.numpy() for x in inputs], weights)
        assert len(found) == len(outputs)
        for one, other in zip(found, outputs, strict=True):
            wanted = torch.view_as_complex(other.contiguous()).numpy() if np.iscomplexobj(one) else other.numpy()
            assert one.shape == wanted.shape and one.dtype == wanted.dtype
            size = np.nanmax(np.abs(wanted[np.isfinite(wanted)]), initial=0.0)
            np.testing.assert_allclose(one, wanted, rtol=tolerance, atol=tolerance * (1 + size))


# F.gelu, F.softplus and erf of torch are rational approximations, good to a few units of the last place; and every
# entry is compared with the largest one of its wire
@pytest.mark.parametrize("name", SPECIMENS)
def test_the_library(name: str) -> None:
    """What `std` declares means in torch what it means by definition: on every grid, batched and not."""
    # torch warns of the variance of nothing
    batches = tuple(batch for batch in BATCHES if 0 not in batch) if name == "batch_moments" else BATCHES
    for specimen in SPECIMENS[name]:
        try:
            agree(build(specimen), batches)
        except AssertionError as error:
            raise AssertionError(f"{specimen}: {error}") from error


def test_every_declaration_has_specimens() -> None:
    """A box or a diagram that is added to `std` needs specimens, and so is held to its definition."""
    names = {header.split()[1].split("[")[0].split("(")[0] for header, _ in [*boxes_of(), *diagrams_of()]}
    assert names == set(SPECIMENS)


# ------------------------------------------------------------------------------------------------------ examples

EXAMPLES: list[tuple[str, str, dict[str, Any], tuple[dict[str, Any], ...]]] = [
    ("mlp", "mlp", {"inputs": 5, "hidden": 4, "outputs": 3}, ({},)),
    ("mlp", "deep", {"widths": [5, 4, 3, 2]}, ({},)),
    ("fno", "fno", {"width": 3, "modes": [4, 3], "depth": 2}, ({"X": (5, 6)}, {"X": (1, 3)})),
    ("fno", "fno", {"width": 2, "modes": [4], "depth": 2}, ({"X": (7,)}, {"X": (1,)})),
    ("fno", "neuraloperator", {"width": 4, "modes": [4, 3], "depth": 2}, ({"X": (5, 6)},)),
    ("fno", "neuraloperator", {"width": 4, "modes": [3], "padding": 0.25, "with_tanh": True}, ({"X": (8,)},)),
    ("deeponet", "deeponet", {"branch": [5, 4, 6], "trunk": [2, 4, 6]}, ({"k": 3}, {"k": 1})),
    ("deeponet_vector", "deeponet_vector", {"branch": [5, 4, 6], "trunk": [2, 4, 6]}, ({"k": 3},)),
    ("hypernetwork", "hypernetwork", {"branch": [5, 4], "target": [2, 3, 1]}, ({"k": 3}, {"k": 1})),
    ("mgno", "mgno", {"widths": [2, 3], "steps": [[1, 0], [2, 1]], "depth": 2}, ({"X": (4, 6)}, {"X": (4, 4)})),
    ("training_step", "sgd_step", {"widths": [2, 3, 1]}, ({"n": 3},)),
    ("lpn", "both", {"hidden": 3}, ({},)),
    ("pinn", "loss", {"widths": [2, 3, 1]}, ({"n": 2},)),
    ("deeponet_physics", "loss", {"sensors": 3, "width": 2}, ({"n": 2, "k": 3},)),
    ("unet", "unet", {"width": 2, "depth": 2}, ({"X": (4, 8)},)),
    ("unet", "unet", {"width": 2, "depth": 1, "dimension": 1, "padding": "circular"}, ({"X": (2,)}, {"X": (6,)})),
    ("transformer", "transformer", {"width": 4, "heads": 2, "hidden": 5, "pairs": True, "keys": True}, ({"n": 3},)),
    ("transformer", "transformer", {"width": 4, "heads": 1, "hidden": 5, "norm_first": True}, ({"n": 1},)),
    ("looped", "looped", {"width": 4, "heads": 2, "hidden": 5, "steps": 3}, ({"n": 3},)),
    ("looped", "algoformer", {"width": 4, "heads": 2, "hidden": 5, "steps": 2}, ({"n": 2},)),
]  # fmt: skip


def on_grid(diagram: Diagram, spaces: dict[str, Any], batch: tuple[int, ...]) -> list[torch.Tensor]:
    """Random inputs of a diagram at these free sizes."""
    from diagrammar.sizes import evaluate

    known = {name: value for name, value in spaces.items() if isinstance(value, int)}
    for name, value in spaces.items():
        if isinstance(value, tuple):
            known |= {f"{name}.{axis}": size for axis, size in enumerate(value)}
    made = []
    for wire in diagram.dom:
        shape = (*batch, *(int(evaluate(size, known)) for size in shape_of(wire)))
        assert not isinstance(wire, Tokens)
        values = torch.rand(shape) > 0.4 if str(wire).startswith("Bool") else torch.randn(shape, dtype=torch.float64)
        made.append(values)
    return made


def example(file: str) -> Path:
    """The file of an example."""
    return Path(__file__).parents[2] / "examples" / f"{file}.dg"


@pytest.mark.parametrize(("file", "name", "parameters", "grids"), EXAMPLES)
def test_the_examples(file: str, name: str, parameters: dict[str, Any], grids: tuple[dict[str, Any], ...]) -> None:
    """Every example means by definition what its module computes."""
    diagram = dg.load(example(file), check=False, **parameters)[name]
    net = dg.compile(diagram, dtype=torch.float64).eval()
    weights = generic(net)
    torch.manual_seed(2)
    for spaces in grids:
        for batch in ((), (2,)):
            inputs = on_grid(diagram, spaces, batch)
            with torch.no_grad():
                wanted = as_tuple(net(*inputs))
            found = run(diagram, [x.numpy() for x in inputs], weights)
            for one, other in zip(found, wanted, strict=True):
                assert np.isfinite(one).all()
                # through so many layers a rounding of 1e-16 grows to a few 1e-13 of the largest entry
                np.testing.assert_allclose(one, other.numpy(), rtol=1e-12, atol=1e-12 * (1 + np.abs(one).max()))


def test_every_example_is_held_to_it() -> None:
    """An example file that is added needs a row, unless it has laws alone."""
    files = (Path(__file__).parents[2] / "examples").glob("*.dg")
    assert {file for file, *_ in EXAMPLES} == {path.stem for path in files if list(dg.load(path))}


# ------------------------------------------------------------------------------------------- what it is held to


def test_paths_of_weights() -> None:
    """Weights are found by the keys of the state_dict: repeated, shared, nested, at the root."""
    text = """
    diagram layer : R[2] -> R[2] = linear >> repeat 2 { linear >> repeat 2 as i { linear } }
    share tie = linear
    diagram net : R[2] -> R[2] {
      share cell = layer
      weight K : R[2]
      repeat 2 { cell >> tie >> (layer as own) } >> cell >> (x -> x + K) >> tie
    }
    """
    diagram = dg.loads(text)["net"]
    agree(diagram)
    net = make(diagram)
    weights = {name: value.detach().numpy() for name, value in net.named_parameters()}
    assert any(name.count(".") > 4 for name in weights)
    for name in weights:
        with pytest.raises(BackendError, match=name.replace(".", r"\.")):
            run(diagram, [np.zeros(2)], {key: value for key, value in weights.items() if key != name})
    with pytest.raises(BackendError, match=r"'tie\.c' has the shape \(3,\)"):
        run(diagram, [np.zeros(2)], {**weights, "tie.c": np.zeros(3)})


def test_training_is_over() -> None:
    """`training` is its second branch; a state is read, and `next` does not write into what it was given."""
    text = "diagram f(u : R) -> R { state s : R = zeros\nnext s = s + u\nreturn if training then u else s * u }"
    kept = {"s": np.array(3.0)}
    assert run(dg.loads(text)["f"], [2.0], kept)[0] == 6.0
    assert kept["s"] == 3.0


def test_random_boxes_draw_for_each_sample() -> None:
    """With the moments of their distributions, the same for the same seed; a copy is the same draw."""
    for name, mean, deviation in (("gaussian", 0.0, 1.0), ("uniform", 0.5, 12**-0.5)):
        diagram = dg.loads(f"diagram f(u : R[2000]) -> R[2000] @ R[2000] {{ g = {name}()\nreturn u + g, u + g }}")["f"]
        one, two = run(diagram, [np.zeros((3, 2000))], seed=1)
        assert np.array_equal(one, two) and not np.array_equal(one[0], one[1])
        assert abs(one.mean() - mean) < 0.05 and abs(one.std() - deviation) < 0.05
        assert np.array_equal(run(diagram, [np.zeros((3, 2000))], seed=1)[0], one)
        assert not np.array_equal(run(diagram, [np.zeros((3, 2000))], seed=2)[0], one)


def test_boxes_of_a_caller() -> None:
    """A box that nothing means is bound to a function of one sample; unbound, it is an error with its name."""
    diagram = dg.loads("box solve : R[3] -> R[3]\ndiagram f : R[3] -> R[3] = solve >> sin")["f"]
    found = run(diagram, [np.arange(6.0).reshape(2, 3)], boxes={"solve": lambda u: 2 * u.reshape(3)})
    assert np.allclose(found[0], np.sin(2 * np.arange(6.0).reshape(2, 3)))
    with pytest.raises(BackendError, match="`solve` has no meaning"):
        run(diagram, [np.zeros(3)])


def test_batch_axes() -> None:
    """They broadcast; `batch` names those that no input shows; an input without any is in every sample."""
    plus = alone(prim("add", [R(2), R(2)], [R(2)]))
    found = run(plus, [np.zeros((3, 1, 2)), np.arange(8.0).reshape(4, 2)])
    assert found[0].shape == (3, 4, 2) and np.array_equal(found[0][1], np.arange(8.0).reshape(4, 2))
    (constant,) = run(alone(prim("const", [], [R(2)], value=2)), batch=(3,))
    assert np.array_equal(constant, np.full((3, 2), 2.0))
    with pytest.raises(DiagramValueError, match="do not fit together"):
        run(plus, [np.zeros((3, 2)), np.zeros((4, 2))])


def test_complex_wires() -> None:
    """Complex numbers, or pairs of reals, go in; complex numbers come out."""
    conj = dg.loads("diagram f : C[2] -> C[2] = conj")["f"]
    pairs = np.array([[1.0, 2.0], [3.0, -4.0]])
    wanted = np.array([1 - 2j, 3 + 4j])
    assert np.array_equal(run(conj, [pairs])[0], wanted)
    assert np.array_equal(run(conj, [wanted.conj()])[0], wanted)


def test_inputs_of_another_kind() -> None:
    """Another number of inputs, another dtype, another shape, a symbol that is none: errors that say so."""
    plus = alone(prim("add", [R(2), R(2)], [R(2)]))
    with pytest.raises(DiagramTypeError, match="2 inputs are wanted, 1 are given"):
        run(plus, [np.zeros(2)])
    with pytest.raises(DiagramTypeError, match="input 2 : R\\[2\\] cannot be of the dtype bool"):
        run(plus, [np.zeros(2), np.zeros(2, bool)])
    with pytest.raises(DiagramValueError, match="a size is 3, and 2 = 2 is wanted"):
        run(plus, [np.zeros(2), np.zeros(3)])
    table = alone(prim("lookup", [R(7, 2), Tokens(7, 3)], [R(3, 2)]))
    with pytest.raises(DiagramValueError, match="a symbol is outside of"):
        run(table, [np.zeros((7, 2)), np.array([1, 7, 0])])


def test_free_sizes() -> None:
    """They are read from the inputs, however they stand there; what no input shows is given by `spaces`."""
    text = "dim n\nspace X = torus(2)\ndiagram f(u : R[2 * n + 1], v : Field[X / 2, n]) -> R[n] = "
    agreeing = dg.loads(text + "mean(v) + 0 * sum(u)")["f"]
    found = run(agreeing, [np.zeros(7), np.ones((3, 2, 5))])
    assert np.array_equal(found[0], np.ones(3))
    with pytest.raises(DiagramValueError, match="is wanted"):
        run(agreeing, [np.zeros(8), np.ones((3, 2, 5))])
    ramp = dg.loads("space X = torus(1)\ndiagram f : I -> Field[X, 1] = coordinates[X]")["f"]
    assert np.array_equal(run(ramp, spaces={"X": (4,)})[0], [[0, 0.25, 0.5, 0.75]])
    with pytest.raises(BackendError, match="bind it with spaces="):
        run(ramp)


def test_a_wrong_shape_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A meaning that gives another shape than the box has is an error, not a result."""
    from diagrammar.backends.reference import interpreter

    monkeypatch.setitem(interpreter.PRIMITIVES, "std:sin", lambda place, u: u[:1])
    with pytest.raises(BackendError, match=r"`sin` gave float64 of shape \(1,\) for R\[2\] of shape \(2,\)"):
        run(alone(prim("sin", [R(2)], [R(2)])), [np.zeros(2)])


def test_fused_meanings_are_not_used() -> None:
    """A frame of `std` is what is inside it, whatever its name says."""
    wrong = frame("gelu", alone(prim("sin", [R(2)], [R(2)])), "std:gelu")
    assert np.allclose(run(alone(wrong), [np.ones(2)])[0], np.sin(np.ones(2)))


def test_depth() -> None:
    """Nesting costs memory, never Python's stack."""
    inside = alone(prim("neg", [R(2)], [R(2)]))
    for _ in range(5000):
        inside = alone(frame("level", inside))
    assert np.array_equal(run(inside, [np.ones(2)])[0], -np.ones(2))


def test_as_a_backend() -> None:
    """It is found by its name, compiles to a function, says what it means, and its text is the diagram's."""
    found = backend.get("reference")
    assert found is BACKEND
    step = alone(repeat(3, alone(prim("sin", [R(2)], [R(2)]))))
    assert np.allclose(found.compile(step)(np.ones(2)), np.sin(np.sin(np.sin(np.ones(2)))))
    owner = alone(frame("f", alone(weight("W", R(2)))))
    assert np.array_equal(compile(owner, weights={"f.W": np.ones(2)})(), np.ones(2))
    assert emit(step) == str(step)
    mystery = Box("mystery", (R(2),), (R(2),), key="m")
    assert [box.name for box in backend.missing(alone(mystery), found)] == ["mystery"]
    for header, _ in boxes_of():
        name = header.split()[1].split("[")[0].split("(")[0]
        inside = () if name not in ("map", "fold", "scan", "tree") else (step,)
        assert found.means(Box(name, (), (), origin=f"std:{name}", insides=inside)), name


def test_it_needs_no_framework() -> None:
    """It runs without torch; without numpy it says what to install."""
    code = "from diagrammar import backend, loads; import sys; import numpy as np\n"
    code += "f = loads('diagram f : R[2] -> R[2] = gelu')['f']\n"
    code += "assert backend.get('reference').compile(f)(np.ones(2)).shape == (2,) and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import sys; sys.modules['numpy'] = None\nfrom diagrammar import backend\nbackend.get('reference')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "reference: numpy is not installed" in done.stderr and 'pip install "numpy>=2.0"' in done.stderr


def test_moments_see_the_batch() -> None:
    """`batch_moments` is over all samples and the grid, inside of `map` too."""
    X = free(1)
    moments = alone(prim("batch_moments", [F(X, 2)], [R(2), R(2)]))
    u = np.random.default_rng(0).standard_normal((4, 2, 5))
    mean, variance = run(moments, [u])
    assert np.allclose(mean, u.mean((0, 2))) and np.allclose(variance, u.var((0, 2))) and mean.shape == (4, 2)
