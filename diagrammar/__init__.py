"""diagrammar: neural operators as string diagrams in a text file.

* reading: `load`, `loads`, `Module`; `formatted`, a text laid out
* diagrams: `Diagram`, `Box`, `Functor`, `share`, `same`, `verify`
* meanings: `compile` (a `torch.nn.Module`), `emit` (its source), `cost`, `Program` (functions as a category)
* bridges: `to_discopy`, `from_discopy`, `to_networkx`, `from_networkx`
* errors: `DiagrammarError` and its kinds

>>> import diagrammar as dg
>>> m = dg.loads("diagram net : R[8] -> R[2] = linear[b = 16] >> gelu >> linear")
>>> print(m["net"].dom, "->", m["net"].cod)
R[8] -> R[2]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagrammar.api import Module as Module
    from diagrammar.api import check as check
    from diagrammar.api import compile as compile
    from diagrammar.api import cost as cost
    from diagrammar.api import emit as emit
    from diagrammar.api import from_discopy as from_discopy
    from diagrammar.api import from_networkx as from_networkx
    from diagrammar.api import load as load
    from diagrammar.api import loads as loads
    from diagrammar.api import to_discopy as to_discopy
    from diagrammar.api import to_networkx as to_networkx
    from diagrammar.calculus import divergence as divergence
    from diagrammar.calculus import grad as grad
    from diagrammar.calculus import hessian as hessian
    from diagrammar.calculus import jacobian as jacobian
    from diagrammar.calculus import jvp as jvp
    from diagrammar.calculus import laplacian as laplacian
    from diagrammar.calculus import lens as lens
    from diagrammar.calculus import open as open
    from diagrammar.calculus import optic as optic
    from diagrammar.calculus import vjp as vjp
    from diagrammar.calculus import weights as weights
    from diagrammar.diagram import Box as Box
    from diagrammar.diagram import Diagram as Diagram
    from diagrammar.diagram import share as share
    from diagrammar.divisibility import conditions as conditions
    from diagrammar.equality import additive as additive
    from diagrammar.equality import cartesian as cartesian
    from diagrammar.equality import same as same
    from diagrammar.errors import BackendError as BackendError
    from diagrammar.errors import BudgetError as BudgetError
    from diagrammar.errors import DerivativeError as DerivativeError
    from diagrammar.errors import Diagnostics as Diagnostics
    from diagrammar.errors import DiagramImportError as DiagramImportError
    from diagrammar.errors import DiagrammarError as DiagrammarError
    from diagrammar.errors import DiagramNameError as DiagramNameError
    from diagrammar.errors import DiagramSyntaxError as DiagramSyntaxError
    from diagrammar.errors import DiagramTypeError as DiagramTypeError
    from diagrammar.errors import DiagramValueError as DiagramValueError
    from diagrammar.errors import LawError as LawError
    from diagrammar.functor import Functor as Functor
    from diagrammar.grammar.layout import formatted as formatted
    from diagrammar.program import Program as Program
    from diagrammar.wellformed import verify as verify

__version__ = "0.1.0"

# names are looked up when they are used: importing the package reads no framework, and little else
_HOMES = {
    "api": (
        "Module",
        "check",
        "compile",
        "cost",
        "emit",
        "from_discopy",
        "from_networkx",
        "load",
        "loads",
        "to_discopy",
        "to_networkx",
    ),
    "calculus": (
        "divergence",
        "grad",
        "hessian",
        "jacobian",
        "jvp",
        "laplacian",
        "lens",
        "open",
        "optic",
        "vjp",
        "weights",
    ),
    "divisibility": ("conditions",),
    "diagram": ("Box", "Diagram", "share"),
    "equality": ("additive", "cartesian", "same"),
    "errors": (
        "BackendError",
        "BudgetError",
        "DerivativeError",
        "Diagnostics",
        "DiagramImportError",
        "DiagramNameError",
        "DiagramSyntaxError",
        "DiagramTypeError",
        "DiagramValueError",
        "DiagrammarError",
        "LawError",
    ),
    "functor": ("Functor",),
    "program": ("Program",),
    "grammar.layout": ("formatted",),
    "wellformed": ("verify",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'diagrammar' has no attribute {name!r}")
    found = getattr(import_module(f"diagrammar.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
