"""The method of a root module that is a derivative: one body, in which the diagram is computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diagrammar.backends.torch.body import body
from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.call import written_out
from diagrammar.backends.torch.names import stored
from diagrammar.backends.torch.values import Owner, Value
from diagrammar.diagram import Diagram
from diagrammar.schedule.flattened import Weight
from diagrammar.schedule.sharing import Shared, shared
from diagrammar.steps import run

Write = Callable[[Program, Function, str, str, str], list[str]]


@dataclass(frozen=True)
class OneBody:
    """The body for inputs with a batch axis, and for inputs without, where that is less work."""

    batch: Shared
    single: Shared | None


def one_body(diagram: Diagram) -> OneBody | None:
    """The body of a diagram that holds derivatives; None for one that is to stay in its blocks."""
    if not diagram.dom:
        return None
    batch = shared(diagram, True)
    if batch is None:
        return None
    return OneBody(batch, shared(diagram, False) if batch.lifts else None)


def methods(program: Program, one: OneBody, write: Write) -> tuple[list[Value], list[list[str]]]:
    """`_run`, and `_single` where there is one; and the results of the first. `write` makes the text of a function that
    returns something."""
    results, lines = _method(program, one.batch, True, "_run", write)
    if one.single is None:
        return results, [lines]
    return results, [lines, _method(program, one.single, False, "_single", write)[1]]


def _method(
    program: Program, made: Shared, samples: bool, name: str, write: Write
) -> tuple[list[Value], list[str]]:  # fmt: skip
    diagram = made.diagram
    program.survey.add(diagram)
    dom = tuple(diagram.dom)[: made.inputs]
    fn = Function(dom, (samples,) * len(dom), True, program.known, program.root.constants, root=True)
    inputs = [*fn.inputs, *(_weight(fn, weight) for weight in made.weights)]
    results: list[Value] = run(body(program, fn, diagram, inputs, Owner("self", None)))
    text = "return " + (", ".join(written_out(fn, value) for value in results) or "()")
    return results, write(program, fn, name, f"_p{len(program.functions)}", text)


def _weight(fn: Function, weight: Weight) -> Value:
    """A weight by its path, read at the head."""
    *path, last = weight.path.split(".")
    name = stored(last, bool(weight.box.param("where", ())))
    return Value(fn.read(fn.along(path), name, "_parameters", "w"), weight.box.cod[0], False, None)
