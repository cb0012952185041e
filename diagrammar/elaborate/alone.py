"""An expression on wires of given types, outside of any declaration: what a mention becomes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from diagrammar.diagram import Diagram
from diagrammar.elaborate import naming
from diagrammar.elaborate.application import Site, apply
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.finish import finish
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.statics import NeedsConcrete
from diagrammar.elaborate.values import Implicit, Scope, TypeValue
from diagrammar.errors import DiagramValueError
from diagrammar.grammar import parse_expression
from diagrammar.source import Source, Span
from diagrammar.steps import Steps, run
from diagrammar.types import Space, Type, Types

if TYPE_CHECKING:
    from diagrammar.modules import Module


def applied(module: Module, text: str, dom: Types, names: Mapping[str, Type | Space] | None = None) -> Diagram:
    """The diagram of an expression of a module (`linear[b = 4]`, `sin >> cos`) on wires of these types.

    `names` are types and spaces that the expression may speak of. Keys are those that the mention has in a body of its
    own. Raises a DiagrammarError where the expression does not fit the wires.

    >>> from diagrammar.modules import std
    >>> from diagrammar.types import Tensor
    >>> applied(std(), "linear[b = 4] >> sin", (Tensor("R", (3,)),))
    <R[3] -> R[4]>
    """
    elaborator = module.elaborator
    source = Source("mention", text)
    span = Span(source, 0, len(text))
    elaborator.begin()
    try:
        made: Diagram = run(_steps(module, source, span, dom, names or {}))
    except NeedsConcrete as error:
        elaborator.forget()
        raise DiagramValueError("a static value is wanted here, and this depends on a free size", error.span) from None
    except BaseException:
        elaborator.forget()
        raise
    return made


def _steps(module: Module, source: Source, span: Span, dom: Types, names: Mapping[str, Type | Space]) -> Steps:
    node = parse_expression(source)
    known = {name: one if isinstance(one, Space) else TypeValue((one,), name) for name, one in names.items()}
    scope = Scope(module, source, None, known, Implicit())
    body = Body(module.elaborator, None)
    body.keys = naming.keys(node, scope)
    graph = Graph(None, 0, module.elaborator.budget)
    ins = tuple(graph.input(wire) for wire in dom)
    outs = yield apply(body, node, ins, scope, graph, Site("call", span))
    numbers = tuple(map(graph.bring, outs))
    body.finish()
    return (yield finish(body, graph, numbers))
