"""What a diagram means, by definition: an interpreter in float64 and complex128, box by box and sample by sample.

It is written to be read and to be right, not to be fast: other backends are held to it. Named diagrams and combinators
are always opened, so that only the primitives of `std` have a meaning here, each by its formula. Of `training` it runs
the second branch. It knows none of the other backends.

>>> from diagrammar.diagram import Box
>>> from diagrammar.types import Tensor
>>> x = Tensor("R", (2,))
>>> run(Box("neg", (x,), (x,), origin="std:neg").diagram(), [[1.0, -2.0]])[0].tolist()
[-1.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagrammar import steps
from diagrammar.backend import Backend
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.errors import BackendError, DiagramTypeError

try:
    import numpy as np

    from diagrammar.backends.reference.interpreter import FRAMES, OTHERS, PRIMITIVES, Run, body, start
    from diagrammar.backends.reference.place import Array, Place
    from diagrammar.backends.reference.samples import Spaces, arrive, as_wire, leave, sizes_of
except ModuleNotFoundError as error:
    raise BackendError(f"reference: {error.name} is not installed", hint='pip install "numpy>=2.0"') from error

__all__ = ["BACKEND", "Interpreted", "compile", "emit", "run"]


def run(
    diagram: Diagram,
    inputs: Sequence[Any] = (),
    weights: Mapping[str, Any] | None = None,
    *,
    batch: tuple[int, ...] | None = None,
    spaces: Spaces | None = None,
    boxes: Mapping[str, Callable[..., Any]] | None = None,
    seed: int = 0,
) -> tuple[Array, ...]:
    """The outputs of a diagram, one array for each wire; complex wires are complex numbers.

    `inputs` are arrays in the order of the wires, with any number of leading batch axes; complex ones may be given as
    pairs along a last axis. `weights` are the values of weights and states by their paths, the keys of the compiled
    module's `state_dict` (of a constrained weight, its own value under its own path). `batch` are batch axes that the
    inputs do not show. `spaces` gives free sizes that no input shows: `{"X": (64, 64), "n": 3}`. `boxes` are functions
    of the arrays of one sample, for boxes that a caller binds. `seed` is that of random boxes, which draw for each
    sample.

    Raises `BackendError` for a box without a meaning and for a weight that is not given, `DiagramTypeError` and
    `DiagramValueError` for inputs that are not of their types.
    """
    dom, cod = diagram.dom, diagram.cod
    if len(inputs) != len(dom):
        raise DiagramTypeError(f"{len(dom)} inputs are wanted, {len(inputs)} are given")
    arrays = [as_wire(value, wire, f"input {at + 1}") for at, (value, wire) in enumerate(zip(inputs, dom, strict=True))]
    sizes = sizes_of(dom, arrays, spaces or {})
    columns, lead, count = arrive(dom, arrays, batch)
    state = Run(sizes, weights or {}, boxes or {}, np.random.default_rng(seed))
    # what IEEE arithmetic gives for 1 / 0 or log(-1) is the value: no warning
    with np.errstate(all="ignore"):
        results = steps.run(body(state, diagram, columns, start(count)))
    place = Place(diagram.frame("diagram"), sizes)
    return tuple(leave(column, lead, place.shape(wire), wire) for column, wire in zip(results, cod, strict=True))


@dataclass(frozen=True)
class Interpreted:
    """A diagram as a function of its inputs, with its weights."""

    diagram: Diagram
    weights: Mapping[str, Any] = field(default_factory=dict)
    spaces: Spaces = field(default_factory=dict)
    boxes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    seed: int = 0

    def __call__(self, *inputs: Any) -> Any:
        """The output, or the tuple of several."""
        options: dict[str, Any] = {"spaces": self.spaces, "boxes": self.boxes, "seed": self.seed}
        results = run(self.diagram, inputs, self.weights, **options)
        return results[0] if len(results) == 1 else results


def compile(
    diagram: Diagram,
    *,
    weights: Mapping[str, Any] | None = None,
    spaces: Spaces | None = None,
    boxes: Mapping[str, Callable[..., Any]] | None = None,
    seed: int = 0,
    conditions: Any = (),
) -> Interpreted:
    """A function from inputs to outputs; sizes are checked when it is called, so that it needs no conditions.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R")
    >>> float(compile(Box("exp", (x,), (x,), origin="std:exp").diagram())(0.0))
    1.0
    """
    for level in definitions(diagram):
        for box in level.boxes:
            if not means(box) and box.name not in (boxes or {}):
                raise BackendError(f"reference: the box `{box.name}` has no meaning", box.span)
    return Interpreted(diagram, weights or {}, spaces or {}, boxes or {}, seed)


def emit(diagram: Diagram, *, conditions: Any = ()) -> str:
    """What is interpreted: the diagram as text. Raises `BackendError` for a box without a meaning."""
    return str(compile(diagram).diagram)


def means(box: Box) -> bool:
    """Whether a box has a meaning: every named diagram, and the primitives of `std`."""
    if box.insides:
        return box.key is not None or box.origin in FRAMES
    return box.origin in PRIMITIVES or box.origin in OTHERS


BACKEND = Backend("reference", compile, emit, means)
