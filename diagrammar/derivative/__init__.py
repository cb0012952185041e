"""Derivatives of diagrams, as diagrams.

`Deriver` takes a diagram to its tangent (`jvp`) and to its cotangent (`vjp`), level by level: a box becomes what its
declaration says, a named diagram the named derivative of it, a `repeat` a `repeat`.
"""

from diagrammar.derivative.deriver import Deriver, Rules
from diagrammar.tangent import has_tangent, tangents

__all__ = ["Deriver", "Rules", "has_tangent", "tangents"]
