"""The conformance suite, run for each backend that the registry finds: ours, and one of a package of its own."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from diagrammar import backend
from diagrammar.backend import Backend
from diagrammar.diagram import Diagram
from diagrammar.divisibility import conditions
from diagrammar.errors import BackendError
from diagrammar.sizes import evaluate
from diagrammar.strategies import signature_of
from diagrammar.strategies.conformance import Algebra, suite
from diagrammar.types import Tensor, Tokens, Types, shape_of

PLUGIN = Path(__file__).parents[1] / "plugin"
OURS = ("cost", "discopy", "networkx", "picture", "torch")


@pytest.fixture(scope="module", autouse=True)
def plugin() -> Iterator[None]:
    """The package of the plugin stands where packages are found."""
    sys.path.insert(0, str(PLUGIN))
    yield
    sys.path.remove(str(PLUGIN))


# ------------------------------------------------------------------------------------------------- algebras


@dataclass(frozen=True)
class Arrow:
    """A function of so many wires: it gives a tuple."""

    wires: int
    run: Callable[..., Any]

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        found = self.run(*values)
        return () if found is None else found if isinstance(found, tuple) else (found,)


def functions(equal: Callable[[Any, Any, Diagram], bool], owned: Callable[[Any], int] | None = None) -> Algebra:
    """The category of functions: `then` is composition, `tensor` cuts the inputs in two."""

    def beside(f: Arrow, g: Arrow) -> Arrow:
        return Arrow(f.wires + g.wires, lambda *values: f(*values[: f.wires]) + g(*values[f.wires :]))

    return Algebra(
        view=lambda image, diagram: Arrow(len(diagram.dom), image),
        then=lambda f, g: Arrow(f.wires, lambda *values: g(*f(*values))),
        tensor=beside,
        identity=lambda wires: Arrow(len(wires), lambda *values: values),
        swap=lambda a, b: Arrow(len(a) + len(b), lambda *values: values[len(a) :] + values[: len(a)]),
        copy=lambda wires: Arrow(len(wires), lambda *values: values * 2),
        equal=equal,
        owned=owned,
    )


def counts(view: Callable[[Any, Diagram], Any], nothing: Any) -> Algebra:
    """The category of one object whose arrows are added."""
    return Algebra(
        view=view,
        then=lambda a, b: a + b,
        tensor=lambda a, b: a + b,
        identity=lambda wires: nothing,
        swap=lambda a, b: nothing,
        copy=lambda wires: nothing,
        equal=lambda a, b, diagram: bool(a == b),
        discards=False,
    )


# odd, even and unequal, and the grids of the signature's types divide as often as a few boxes ask
AT = {"n": 5, "X.0": 8, "X.1": 12}


def tensors(wires: Types) -> list[torch.Tensor]:
    """Values for wires, the same each time."""
    draw = torch.Generator().manual_seed(1)
    found = []
    for wire in wires:
        shape = [int(evaluate(size, AT)) for size in shape_of(wire)]
        if isinstance(wire, Tokens):
            found.append(torch.randint(0, int(evaluate(wire.vocab, AT)), shape, generator=draw))
        elif isinstance(wire, Tensor) and wire.kind == "Bool":
            found.append(torch.rand(shape, generator=draw) < 0.5)
        else:
            found.append(torch.randn(shape, generator=draw, dtype=torch.float64))
    return found


def equal_tensors(f: Arrow, g: Arrow, diagram: Diagram) -> bool:
    """Whether two functions agree; where one is not a number, so is the other."""
    if any(evaluate(size, AT) % by for size, by in conditions(diagram)):
        # not a diagram on these sizes
        return True
    values = tensors(diagram.dom)
    pairs = list(zip(f(*values), g(*values), strict=True))
    return all(a.shape == b.shape and torch.allclose(a, b, 1e-12, 1e-12, equal_nan=True) for a, b in pairs)


def equal_lists(f: Arrow, g: Arrow, diagram: Diagram) -> bool:
    """The same for nested lists."""
    values = [value.tolist() for value in tensors(diagram.dom)]
    return f(*values) == g(*values)


def discopy() -> Algebra:
    """DisCoPy's own composition; images are compared as what they read back to."""
    import diagrammar as dg

    markov = pytest.importorskip("discopy.markov", reason="discopy is not installed")

    def objects(wires: Types) -> Any:
        return markov.Ty(*map(str, wires))

    return Algebra(
        view=lambda image, diagram: image,
        then=lambda f, g: f >> g,
        tensor=lambda f, g: f @ g,
        identity=lambda wires: markov.Diagram.id(objects(wires)),
        swap=lambda a, b: markov.Diagram.swap(objects(a), objects(b)),
        copy=lambda wires: markov.Diagram.copy(objects(wires)),
        equal=lambda a, b, diagram: bool(dg.from_discopy(a) == dg.from_discopy(b)),
    )


def boxes_drawn(graph: Any, diagram: Diagram) -> Counter[str]:
    """The boxes of a graph, by their names; what its ends are is no box."""
    return Counter(node["name"] for _, node in graph.nodes(data=True) if node["role"] == "box")


def algebra(name: str) -> Algebra | None:
    """The category that a backend goes to; None for one whose images do not compose."""
    match name:
        case "torch":
            return functions(equal_tensors, lambda net: len(list(net.parameters())))
        case "plain":
            return functions(equal_lists)
        case "cost":
            return counts(lambda cost, diagram: Costs(cost.parameters, cost.flops), Costs(0, 0))
        case "discopy":
            return discopy()
        case "networkx":
            return counts(boxes_drawn, Counter())
        case _:
            return None


@dataclass(frozen=True)
class Costs:
    """Weights and operations."""

    parameters: Any
    flops: Any

    def __add__(self, other: Costs) -> Costs:
        return Costs(self.parameters + other.parameters, self.flops + other.flops)


def found(name: str) -> Backend:
    """A backend by the registry alone; that of torch in numbers of twice the precision."""
    if name in ("discopy", "networkx"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    made = backend.get(name)
    if name != "torch":
        return made
    return replace(made, compile=lambda diagram, **options: made.compile(diagram, dtype=torch.float64, **options))


STD = signature_of("std")
# what the plugin means, and one box that it does not
FEW = signature_of(
    "add", "sub", "mul", "max", "min", "neg", "abs", "sin", "cos", "tanh", "erf", "exp",
    types=[Tensor("R", (3,)), Tensor("R"), Tensor("R", (2, 3))],
)  # fmt: skip
NAMES = [check.name for check in suite(Backend("", len, str, bool), functions(equal_lists, len))]


@pytest.mark.parametrize("check", NAMES)
@pytest.mark.parametrize("name", sorted({*backend.names(), "plain"}))
def test_conformance(name: str, check: str) -> None:
    """A backend holds to a check of the suite."""
    signature = FEW if name == "plain" else STD
    checks = {each.name: each for each in suite(found(name), algebra(name), signature=signature, examples=12)}
    if check not in checks:
        pytest.skip(f"{name} is not asked this")
    checks[check].run()


def test_the_plugin_is_found_by_the_registry() -> None:
    """A package that announces a backend is all that it takes."""
    assert "plain" in backend.names()
    assert backend.get("plain").name == "plain"
    assert set(backend.names()) >= set(OURS)


def broken(what: str) -> Backend:
    """The backend of the plugin with one thing wrong."""
    plain = backend.get("plain")
    counter = iter(range(10**9))

    def anonymous(diagram: Diagram, **options: Any) -> Any:
        try:
            return plain.compile(diagram, **options)
        except BackendError:
            raise BackendError("something has no meaning") from None

    def backwards(diagram: Diagram, **options: Any) -> Any:
        run = plain.compile(diagram, **options)
        return lambda *values: tuple(reversed(run(*values)))

    def shallow(diagram: Diagram) -> int:
        return 1 + max((shallow(inside) for box in diagram.boxes for inside in box.insides), default=0)

    def recursive(diagram: Diagram, **options: Any) -> Any:
        shallow(diagram)
        return plain.compile(diagram, **options)

    def repeated(diagram: Diagram, **options: Any) -> Any:
        # what a whole does twice its parts do twice each
        run = plain.compile(diagram, **options)
        return lambda *values: tuple([value, len(diagram.boxes)] for value in run(*values))

    return {
        "meanings": replace(plain, means=lambda box: plain.means(box) or box.origin == "std:exp"),
        "refusals": replace(plain, compile=anonymous),
        "text": replace(plain, emit=lambda diagram, **options: f"{plain.emit(diagram)}{next(counter)}"),
        "deep": replace(plain, compile=recursive),
        "wires": replace(plain, compile=backwards),
        "composition": replace(plain, compile=repeated),
    }[what]


FOUND = {
    "meanings": "what it means compiles and is written",
    "refusals": "what it does not mean is named with its place",
    "text": "one diagram has one text",
    "deep": "long and deep diagrams are taken",
    "wires": "identities, swaps and copies are kept",
    "composition": "composition is kept",
}


@pytest.mark.parametrize("what", FOUND)
def test_a_broken_backend_is_found(what: str) -> None:
    """The check that is to find it fails."""
    (check,) = [each for each in suite(broken(what), algebra("plain"), signature=FEW) if each.name == FOUND[what]]
    with pytest.raises((AssertionError, BackendError, RecursionError, TypeError, ValueError, IndexError)):
        check.run()
