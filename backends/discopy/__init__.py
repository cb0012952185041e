"""DisCoPy: diagrams as `discopy.markov.Diagram`s, and back.

>>> from diagrammar.diagram import Box
>>> from diagrammar.types import Tensor
>>> f = Box("f", (Tensor("R", (8,)),), (Tensor("R", (2,)),))
>>> g = Box("g", f.cod, f.dom)
>>> from_discopy(to_discopy(f >> g)) == f >> g
True
"""

from __future__ import annotations

from typing import Any

from diagrammar.backend import Backend
from diagrammar.errors import BackendError

try:
    from diagrammar.backends.discopy.back import from_discopy
    from diagrammar.backends.discopy.frame import Frame
    from diagrammar.backends.discopy.text import emit
    from diagrammar.backends.discopy.there import to_discopy
except ModuleNotFoundError as error:
    raise BackendError(f"discopy: {error.name} is not installed", hint='pip install "discopy>=1.2.2,<1.3"') from error

__all__ = ["BACKEND", "Frame", "compile", "emit", "from_discopy", "to_discopy"]


def compile(diagram: Any, *, conditions: Any = ()) -> Any:
    """The `discopy.markov.Diagram` of a diagram; sizes are not checked there."""
    return to_discopy(diagram)


# every box goes over: what it means is up to the functor
BACKEND = Backend("discopy", compile, emit, lambda box: True)
