"""What users hold in their hands: files as modules, and diagrams given to backends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagrammar import modules
from diagrammar.checking import check_declarations
from diagrammar.diagram import Diagram
from diagrammar.divisibility import conditions
from diagrammar.elaborate.elaborator import BUDGET, Elaborator
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.laws import statements
from diagrammar.elaborate.values import Declared, DeclRef
from diagrammar.errors import DiagrammarError, DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.pause import paused
from diagrammar.reading import Limits, read, static_value
from diagrammar.source import Source, Span

if TYPE_CHECKING:
    import torch

    from diagrammar.backends.cost import Cost
    from diagrammar.laws.law import Law
    from diagrammar.outcome import Outcome


class Module:
    """A file that has been read and checked: `m["fno"]` is a diagram of it.

    >>> m = loads("param n : int = 3\\ndiagram f : R[n] -> R[n] = sin >> cos", n=5)
    >>> m["f"].dom, list(m)
    (R[5], ['f'])
    """

    def __init__(self, module: modules.Module) -> None:
        self._module = module

    @property
    def name(self) -> str:
        """The name of the file."""
        return self._module.source.name

    @property
    def doc(self) -> str | None:
        """The string at the start of the file."""
        return self._module.doc

    def __iter__(self) -> Iterator[str]:
        """Names of the diagrams that need no static argument."""
        for name, declared in self._module.declared.items():
            if isinstance(declared.ast, tree.DiagramDecl) and not _needs(declared):
                yield name

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in set(self)

    def __getitem__(self, name: str) -> Diagram:
        """The diagram of this name. Raises DiagramNameError, or what is wrong with the diagram."""
        return self.diagram(name)

    def diagram(self, name: str, **arguments: Any) -> Diagram:
        """A diagram at static arguments: `m.diagram("level", l=0)`."""
        found = self._module.own(name)
        if found is None and name in self._module.imported:
            imported = self._module.find(name)
            found = imported.declared if isinstance(imported, DeclRef) else None
        if found is None or not isinstance(found.ast, tree.DiagramDecl):
            have = ", ".join(self) or "none"
            raise DiagramNameError(f"`{self.name}` has no diagram `{name}`", None, [f"its diagrams: {have}"])
        values = {key: static_value(value) for key, value in arguments.items()}
        return at_arguments(found, values)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the file with their values."""
        return {
            name: self._module.find(name)
            for name, declared in self._module.declared.items()
            if isinstance(declared.ast, tree.Param)
        }

    @property
    def parameter_names(self) -> list[str]:
        """The parameters of the file, whether or not they have a value yet."""
        return [name for name, declared in self._module.declared.items() if isinstance(declared.ast, tree.Param)]

    @property
    def law_names(self) -> list[str]:
        """The laws of the file."""
        return self._module.law_names()

    @property
    def laws(self) -> dict[str, Law]:
        """The laws of the file, by name: tests, loss terms and constraints."""
        from diagrammar.laws.law import Law

        return {law.name: Law(law) for law in statements(self._module)}

    @property
    def declarations(self) -> Mapping[str, Declared]:
        """Everything that the file declares."""
        return self._module.declared


def _needs(declared: Declared) -> list[str]:
    return [info.name for info in parameters(declared) if info.default is None]


def at_arguments(declared: Declared, values: Mapping[str, Any]) -> Diagram:
    """A declared diagram at static arguments; what is not given has its default."""
    from diagrammar.elaborate.body import Body
    from diagrammar.elaborate.typing import evaluate

    span = Span(declared.source, declared.ast.start, declared.ast.end)
    known: dict[str, Any] = {}
    scope = declared.scope.inner()
    for info in parameters(declared):
        if info.name in values:
            known[info.name] = values[info.name]
        elif info.default is not None:
            known[info.name] = evaluate(Body(declared.scope.module.elaborator, declared), info.default, scope)
        else:
            raise DiagramTypeError(
                f"`{declared.name}` needs its parameter `{info.name}`",
                span,
                hint=f'm.diagram("{declared.name}", {info.name}=...)',
            )
        scope.names[info.name] = known[info.name]
    unknown = set(values) - set(known)
    if unknown:
        raise DiagramTypeError(f"`{declared.name}` has no parameter `{min(unknown)}`", span)
    return declared.scope.module.elaborator.definition(declared, known, span).diagram


def load(
    path: str | Path,
    *,
    root: str | Path | None = None,
    budget: int = BUDGET,
    limits: Limits | None = None,
    check: bool = True,
    **parameters: Any,
) -> Module:
    """Reads and checks a `.dg` file; keyword arguments set its parameters.

    `root` is the folder that imports may not leave (the file's own by default), `budget` the number of boxes that a
    diagram may expand to. Raises a DiagrammarError with the place of what is wrong; several at once as Diagnostics.
    """
    limits = limits or Limits()
    file = Path(path)
    if str(path) == "std":
        return Module(modules.std())
    place = Path(root).resolve() if root is not None else file.resolve().parent
    text = read(file, limits.size, shown=str(path))
    loader = modules.Loader(place, Elaborator(budget), limits)
    here = file.resolve()
    loader.opening.append(str(here))
    with paused():
        return _checked(loader.module(file.stem, Source(str(path), text), here.parent), check, parameters)


def loads(
    text: str,
    *,
    name: str = "text.dg",
    budget: int = BUDGET,
    limits: Limits | None = None,
    check: bool = True,
    **parameters: Any,
) -> Module:
    """Reads and checks a text; it may import from the standard library alone."""
    limits = limits or Limits()
    loader = modules.Loader(None, Elaborator(budget), limits)
    with paused():
        return _checked(loader.module(Path(name).stem, Source(name, text), None), check, parameters)


def _checked(module: modules.Module, check: bool, parameters: Mapping[str, Any]) -> Module:
    modules.override(module, parameters)
    if check:
        check_declarations(module)
    return Module(module)


class Report:
    """What a check found: `ok`; the errors of types; the outcome of each law; `failures`, both that are wrong."""

    __slots__ = ("errors", "outcomes")

    def __init__(self, errors: tuple[DiagrammarError, ...], outcomes: tuple[Outcome, ...] = ()) -> None:
        self.errors = errors
        self.outcomes = outcomes

    @property
    def failures(self) -> tuple[DiagrammarError | Outcome, ...]:
        """What is wrong."""
        return (*self.errors, *(each for each in self.outcomes if not each.ok))

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures

    def __str__(self) -> str:
        from diagrammar.outcome import summary

        told = [error.render() for error in self.errors] + [each.report for each in self.outcomes if each.report]
        return "\n\n".join([*told, summary(list(self.outcomes))])


def check(
    module: Module,
    *,
    laws: Sequence[str] | None = None,
    examples: int = 100,
    seed: int = 0,
    boxes: Mapping[str, Any] | None = None,
    weights: Mapping[str, Any] | torch.nn.Module | None = None,
) -> Report:
    """Checks the types of every declaration of a module, then its laws, or those named, with `examples` cases each.

    `boxes` binds boxes without a body, as for `compile`. `weights` are trained ones, for which the laws are to hold: a
    state_dict by the paths of the laws (`fno.lift.W`), or for each name of a diagram its module.

    >>> m = loads("law odd[n](u : R[n]) : sin(-u) == -sin(u)\\nlaw even[n](u : R[n]) : sin(-u) == sin(u)")
    >>> report = check(m, examples=20)
    >>> [(each.law, each.status) for each in report.outcomes]
    [('odd', 'passed'), ('even', 'refuted')]
    """
    try:
        check_declarations(module._module)
    except DiagrammarError as error:
        return Report(getattr(error, "errors", (error,)))
    found = statements(module._module)
    if not found:
        return Report(())
    from diagrammar.laws.judge import Terms
    from diagrammar.laws.runner import chosen, run
    from diagrammar.laws.weights import by_path

    given = None if weights is None else by_path(weights)
    terms = Terms(examples, seed, boxes=boxes, weights=given)
    return Report((), tuple(run(chosen(found, laws, module.name), terms)))


# ---------------------------------------------------------------------------------------------------- backends


def compile(
    diagram: Diagram,
    *,
    memory: str | int | None = None,
    at: Mapping[str, int] | None = None,
    batch: int = 1,
    **options: Any,
) -> torch.nn.Module:
    """A `torch.nn.Module` of a diagram.

    `memory` says what a training step keeps of the forward. None leaves it to torch's reverse mode; "store" and
    "recompute" write a backward that keeps what it reads, or starts from the inputs again; a number is the most bytes
    that may live at once in a step, for a batch of `batch` samples at the free sizes `at`, and the backward computes
    again what it has to. See docs/memory.md.

    Options: `seed` of the weights, `dtype`, `device`, `boxes` (meanings of boxes without a body, by name), `spaces`
    (free sizes that no input shows), `flat` (one `forward`), `blocks` (derivatives in blocks, as they are drawn, not as
    one body that computes nothing twice). Inputs are tensors in the order of the wires, with any number of leading
    batch axes.

    >>> import torch
    >>> net = compile(loads("diagram f : R[3] -> R[2] = linear")["f"], seed=0)
    >>> net(torch.zeros(5, 3)).shape, list(net.state_dict())
    (torch.Size([5, 2]), ['linear.W', 'linear.c'])
    """
    from diagrammar.backends import torch as backend

    with paused():
        if isinstance(memory, int):
            from diagrammar.planning import planned

            width = backend.width(options.get("dtype"))
            options["memory"] = planned(diagram, memory, at=at, batch=batch, bytes_per_number=width)
        else:
            options["memory"] = memory
        return backend.compile(diagram, conditions=conditions(diagram), **options)


def emit(diagram: Diagram, **options: Any) -> str:
    """The source of the same module as a file that imports torch and not diagrammar."""
    from diagrammar.backends import torch as backend

    with paused():
        return backend.emit(diagram, conditions=conditions(diagram), **options)


def emit_with(backend: str, diagram: Diagram) -> str:
    """What a backend, by name, writes for a diagram."""
    from diagrammar.backend import get

    return get(backend).emit(diagram, conditions=conditions(diagram))


def cost(diagram: Diagram, *, at: Mapping[str, int] | None = None, bytes_per_number: int = 4, batch: int = 1) -> Cost:
    """Weights, FLOPs and activation bytes of a diagram for a batch, as polynomials in its free sizes.

    `at`, or the method `at` of the result, gives values to them: `n` for a size, `X` for all axes of the grid of X,
    `X.0` for one. Raises DiagramNameError for a name that the diagram has no size of.

    >>> found = cost(loads("dim n\\ndiagram f : R[n, 3] -> R[n, 2] = map[linear]")["f"])
    >>> found.parameters, found.flops, found.forward, found.at(n=64).flops
    (8, 14 * n, 8 * n, 896)
    """
    from diagrammar.backends import cost as backend

    with paused():
        return backend.cost(diagram, at=at, bytes_per_number=bytes_per_number, batch=batch)


# ---------------------------------------------------------------------------------------------------- bridges


def to_discopy(diagram: Diagram) -> Any:
    """The `discopy.markov.Diagram` of a diagram: boxes with plain data, frames as bubbles.

    >>> print(to_discopy(loads("diagram f : R[3] -> R[2] = sin >> linear")["f"]))
    sin >> linear
    """
    from diagrammar.backends import discopy as backend

    return backend.to_discopy(diagram)


def from_discopy(diagram: Any, name: str = "") -> Diagram:
    """The diagram of a `discopy.markov.Diagram`, also of one written by hand; it is called `name`.

    Raises BackendError with the name of a box that has no place here: a merge, a trace, a sum, a dagger.
    """
    from diagrammar.backends import discopy as backend

    return backend.from_discopy(diagram, name)


def to_networkx(diagram: Diagram, *, budget: int = 1_000_000) -> Any:
    """The `networkx.MultiDiGraph` of a diagram: a node for each box, an edge for each wire, frames opened in place.

    Raises BudgetError where the frames open to more than `budget` boxes.
    """
    from diagrammar.backends import networkx as backend

    return backend.to_networkx(diagram, budget=budget)


def from_networkx(graph: Any) -> Diagram:
    """The diagram of such a graph, also after JSON or GraphML. Raises BackendError for a graph that is none."""
    from diagrammar.backends import networkx as backend

    return backend.from_networkx(graph)
