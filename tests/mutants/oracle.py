"""What tells a mutant from the box that it was: the reference interpreter, on the specimens of the box."""

from __future__ import annotations

import math
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import FrameType
from typing import Any

import numpy as np
import torch

import diagrammar as dg
from diagrammar.backends.reference import run
from diagrammar.backends.reference.place import axes_of
from diagrammar.backends.torch.meanings.arithmetic import REAL
from diagrammar.backends.torch.meanings.table import FUSED
from diagrammar.catalogue import boxes_of, diagrams_of
from diagrammar.diagram import Diagram
from diagrammar.types import Tokens, Type, shape_of
from tests.backends.specimens import SPECIMENS, Specimen, build
from tests.mutants.edits import form_of, of_function, of_line
from tests.mutants.hook import RUNTIME, Emission, Mutant, forget, helpers_in, mutated, recorded, text_of

Tensor = torch.Tensor

# random boxes are compared with themselves, from one seed
RANDOM: dict[str, list[Specimen]] = {
    name: [("u : R[3]", "R[3]", f"u + {name}()"), ("u : Field[X1[4], 2]", "Field[X1[4], 2]", f"u * {name}()")]
    for name in ("gaussian", "uniform")
}
# batch axes of the first input and of the others, and whether gradients are kept
Axes = tuple[int, ...]
WAYS: tuple[tuple[Axes, Axes, bool], ...] = (
    ((3,), (3,), True), ((), (), False), ((), (2,), False), ((2,), (), True), ((2,), (2,), False), ((0,), (0,), True),
)  # fmt: skip
# relative to the largest entry; rounding to float32 changes 1e-8
TOLERANCE = 1e-10
# a loop may have lost its end: so much of the process's own time
SECONDS = 0.5
# so many specimens that show a mutant are looked at
LOOKS = 30
# what fails on so many specimens, and is wrong on none before, is taken to fail on all
ENOUGH = 6


def origins() -> list[str]:
    """The boxes of `std` that the torch backend gives a meaning of its own: all primitives, and composites."""
    names = [header.split()[1].split("[")[0].split("(")[0] for header, _ in (*boxes_of(), *diagrams_of())]
    primitives = len(boxes_of())
    return [f"std:{name}" for at, name in enumerate(names) if at < primitives or f"std:{name}" in {*FUSED, *REAL}]


# inputs, whether gradients are kept, and the results that are right
Case = tuple[list[Tensor], bool, list[Tensor]]


@dataclass(frozen=True, eq=False)
class Subject:
    """A specimen of a box: its diagram, its module, what the box writes in it; `cases` are made when they are asked
    for."""

    origin: str
    diagram: Diagram
    net: Any
    emission: Emission
    forms: frozenset[str]
    helpers: frozenset[str]
    # the functions of the runtime that run in its cases
    called: set[str] = field(default_factory=set)

    @cached_property
    def weights(self) -> dict[str, Tensor]:
        """Weights and states, positive, and none at a value of its initialiser."""
        draw = torch.Generator().manual_seed(11)
        return {
            name: torch.randn(value.shape, generator=draw, dtype=torch.float64).abs() * 0.5 + 0.1
            for name, value in self.net.state_dict().items()
        }

    @cached_property
    def cases(self) -> list[Case]:
        """Inputs of several batches, and what the reference interpreter makes of them."""
        self.net.load_state_dict(self.weights)
        arrays = {name: value.numpy() for name, value in self.weights.items()}
        draw = torch.Generator().manual_seed(12)
        made: list[Case] = []
        for first, rest, keeps in WAYS if len(self.diagram.dom) > 1 else (WAYS[0], WAYS[1], *WAYS[4:]):
            inputs = [_drawn(wire, rest if at else first, draw) for at, wire in enumerate(self.diagram.dom)]
            # torch loads parts of itself when they are first used: not while a mutant runs against the clock
            forget()
            with _noting_calls(self.called), warnings.catch_warnings():
                # of the variance of nothing
                warnings.simplefilter("ignore")
                found = right = _outputs(self.net, inputs, keeps)
            if self.origin.removeprefix("std:") not in RANDOM:
                wanted = run(self.diagram, [x.numpy() for x in inputs], arrays)
                right = [torch.from_numpy(_pairs(each)) for each in wanted]
            if not all(map(_near, found, right)):
                raise AssertionError(f"{self.origin} is wrong before it is mutated: {self.diagram!r}")
            made.append((inputs, keeps, right))
        return made


@contextmanager
def _noting_calls(names: set[str]) -> Iterator[None]:
    """Notes the functions of the runtime that are called."""

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename == RUNTIME:
            names.add(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


@cache
def subjects(origin: str) -> tuple[Subject, ...]:
    """The specimens of a box in which it writes anything."""
    name = origin.removeprefix("std:")
    found = [_subject(origin, build(specimen)) for specimen in RANDOM.get(name) or SPECIMENS[name]]
    # square ones first: there an axis taken for another one goes unseen by the shapes
    return tuple(sorted((each for each in found if each.emission.lines), key=lambda each: not _square(each.diagram)))


def _square(diagram: Diagram) -> bool:
    shapes = [axes_of(wire)[-2:] for wire in (*diagram.dom, *diagram.cod)]
    return all(len({str(size) for size in shape}) == 1 for shape in shapes if len(shape) == 2)


def _subject(origin: str, diagram: Diagram) -> Subject:
    with recorded(origin) as emission:
        net = dg.compile(diagram, dtype=torch.float64).eval()
    lines = [line for line, _, _ in emission.lines]
    helpers: frozenset[str] = frozenset().union(*map(helpers_in, lines))
    return Subject(origin, diagram, net, emission, frozenset(map(form_of, lines)), helpers)


def _pairs(value: Any) -> Any:
    return np.array(np.stack((value.real, value.imag), -1) if np.iscomplexobj(value) else value, order="C")


def _drawn(wire: Type, batch: tuple[int, ...], draw: torch.Generator) -> Tensor:
    shape = (*batch, *(int(str(size)) for size in shape_of(wire)))
    if isinstance(wire, Tokens):
        return torch.randint(0, int(str(wire.vocab)), shape, generator=draw)
    if str(wire).startswith("Bool"):
        return torch.rand(shape, generator=draw) > 0.4
    return torch.randn(shape, generator=draw, dtype=torch.float64)


def _outputs(net: Any, inputs: list[Tensor], keeps: bool) -> list[Tensor]:
    torch.manual_seed(5)
    with torch.set_grad_enabled(keeps):
        found = net(*inputs)
    return [each.detach() for each in (found if isinstance(found, tuple) else (found,))]


# ------------------------------------------------------------------------------------------------------- mutants


def mutants(origin: str, found: Sequence[Subject]) -> dict[Mutant, tuple[str, str]]:
    """Every mutant of a box, with a line, or a function, as it is and as it becomes."""
    made: dict[Mutant, tuple[str, str]] = {}
    helpers: dict[str, None] = {}
    for subject in found:
        for line, kind, protected in subject.emission.lines:
            for edit, text in of_line(line, kind, protected).items():
                made.setdefault(Mutant(origin, form_of(line), edit), (line, text))
        helpers |= dict.fromkeys(sorted(subject.helpers))
    for name in helpers:
        if text_of(name).startswith("def "):
            for edit, text in of_function(text_of(name)).items():
                made[Mutant(origin, name, edit, True)] = (text_of(name), text)
    return made


# ------------------------------------------------------------------------------------------------------ verdicts


def judge(mutant: Mutant, found: Sequence[Subject]) -> str:
    """`different` where a result is wrong; `stillborn` where it fails, has another shape or does not end, wherever it
    shows; `equivalent` where nothing tells it from what is right."""
    broken = 0
    looked = _looked_at(mutant, found)
    with mutated(mutant):
        for subject in looked:
            verdict = _verdict(subject)
            if verdict in ("different", "endless"):
                return "different" if verdict == "different" else "stillborn"
            broken += verdict == "stillborn"
            if broken == ENOUGH:
                break
    return "stillborn" if broken else "equivalent"


def _looked_at(mutant: Mutant, found: Sequence[Subject]) -> list[Subject]:
    showing = [subject for subject in found if _shows(mutant, subject)]
    # evenly among them, the first and the last too
    step = max(1, -(-len(showing) // LOOKS))
    return sorted({*showing[::step], *showing[-1:]}, key=found.index)


@dataclass(frozen=True)
class Difference:
    """The largest difference that a mutant makes, relative to the largest number of a result, on which specimen, and on
    how many of those that were looked at it makes any."""

    most: float
    at: str
    wrong: int
    of: int


def difference(mutant: Mutant, found: Sequence[Subject]) -> Difference:
    """What a mutant that is `different` differs by."""
    looked = _looked_at(mutant, found)
    with mutated(mutant):
        sizes = [(_size(subject), str(subject.diagram.dom) + " -> " + str(subject.diagram.cod)) for subject in looked]
    most, at = max(sizes, key=lambda each: each[0])
    return Difference(most, at, sum(size > TOLERANCE for size, _ in sizes), len(looked))


def _size(subject: Subject) -> float:
    """The largest relative difference in any case of a specimen; infinite where it fails."""
    most = 0.0
    try:
        with time_limit(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = dg.compile(subject.diagram, dtype=torch.float64).eval()
            net.load_state_dict(subject.weights)
            for inputs, keeps, right in subject.cases:
                for one, other in zip(_outputs(net, inputs, keeps), right, strict=True):
                    if other.numel():
                        apart = float((one.double() - other.double()).abs().max())
                        most = max(most, apart / max(float(other.double().abs().max()), 1e-300))
    except (Exception, Late):
        return math.inf
    return most


def _shows(mutant: Mutant, subject: Subject) -> bool:
    if mutant.in_runtime:
        return mutant.place in subject.helpers and bool(subject.cases) and mutant.place in subject.called
    return mutant.place in subject.forms and any(
        mutant.edit in of_line(*row) for row in subject.emission.lines if form_of(row[0]) == mutant.place
    )


def _verdict(subject: Subject) -> str:
    cases = subject.cases
    try:
        with time_limit(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = dg.compile(subject.diagram, dtype=torch.float64).eval()
            if net.source == subject.net.source:
                return "equivalent"
            net.load_state_dict(subject.weights)
            for inputs, keeps, right in cases:
                outputs = _outputs(net, inputs, keeps)
                pairs = list(zip(outputs, right, strict=True))
                if any(one.shape != other.shape or one.dtype != other.dtype for one, other in pairs):
                    return "stillborn"
                if not all(_near(one, other) for one, other in pairs):
                    return "different"
    except Late:
        return "endless"
    except Exception:
        return "stillborn"
    return "equivalent"


def _near(one: Tensor, right: Tensor) -> bool:
    if one.shape != right.shape or not right.is_floating_point():
        return torch.equal(one, right)
    finite = right[torch.isfinite(right)]
    size = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(one, right, rtol=TOLERANCE, atol=TOLERANCE * (1 + size), equal_nan=True)


class Late(BaseException):
    """A run that does not end."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises Late after so many seconds of the process's own time."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Late

    before = signal.signal(signal.SIGPROF, late)
    # and again: what runs when memory is collected swallows what is raised
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
