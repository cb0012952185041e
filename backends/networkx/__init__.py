"""networkx: diagrams as graphs, and back; the text of one is node-link JSON or GraphML.

>>> from diagrammar.diagram import Box
>>> from diagrammar.types import Tensor
>>> f = Box("f", (Tensor("R", (8,)),), (Tensor("R", (2,)),)).diagram()
>>> from_networkx(to_networkx(f)) == f
True
"""

from __future__ import annotations

from typing import Any

from diagrammar.backend import Backend
from diagrammar.errors import BackendError

try:
    from diagrammar.backends.networkx.back import from_networkx
    from diagrammar.backends.networkx.text import emit
    from diagrammar.backends.networkx.there import to_networkx
except ModuleNotFoundError as error:
    raise BackendError(f"networkx: {error.name} is not installed", hint='pip install "networkx>=3.4"') from error

__all__ = ["BACKEND", "compile", "emit", "from_networkx", "to_networkx"]


def compile(diagram: Any, *, conditions: Any = (), **options: Any) -> Any:
    """The graph of a diagram; sizes are not checked there."""
    return to_networkx(diagram, **options)


# every box is a node
BACKEND = Backend("networkx", compile, emit, lambda box: True)
