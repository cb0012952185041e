"""Derivatives of diagrams in Python: what `jvp[f]`, `vjp[f]`, `grad[f]`, ... are in a file."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar import lenses, optics
from diagrammar.derivative import Deriver
from diagrammar.derivative.operators import OPERATORS
from diagrammar.diagram import Diagram
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.errors import DiagramValueError
from diagrammar.lenses import Lens
from diagrammar.optics import Optic
from diagrammar.tangent import has_tangent

Wrt = int | Sequence[int] | None


def jvp(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The tangent of f : A -> B, `A @ TA -> TB`: the derivative at the first wires along the others.

    `wrt` are the wires that it is by, by their numbers: all that can change a little, if none is named. Raises
    DerivativeError for a box without a derivative, at its place.

    >>> import diagrammar as dg
    >>> f = dg.loads("diagram f(u : R[3], v : R[3]) -> R[3] { return sin(u) * v }")["f"]
    >>> jvp(f), jvp(f, wrt=1)
    (<f_jvp : R[3] @ R[3] @ R[3] @ R[3] -> R[3]>, <f_jvp : R[3] @ R[3] @ R[3] -> R[3]>)
    """
    return derivative("jvp", f, wrt)


def vjp(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The cotangent of f : A -> B, `A @ TB -> TA`: the transpose of the derivative, at the first wires.

    It owns the weights of f under f's paths, so the `state_dict` of one loads into the other.

    >>> import diagrammar as dg
    >>> f = dg.loads("diagram f(u : R[3], v : R[3]) -> R[3] { return u * v }")["f"]
    >>> print(vjp(f, wrt=0), end="")
    diagram f_vjp(_x1 : R[3], x2 : R[3], x3 : R[3]) -> R[3] {
      x4 = x2 * x3
      return x4
    }
    """
    return derivative("vjp", f, wrt)


def grad(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The gradient of f : A -> R, `A -> TA`."""
    return derivative("grad", f, wrt)


def jacobian(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The matrix of derivatives of f : R[n] -> R[m], `R[n] -> R[m, n]`."""
    return derivative("jacobian", f, wrt)


def hessian(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The matrix of second derivatives of f : R[n] -> R, `R[n] -> R[n, n]`."""
    return derivative("hessian", f, wrt)


def laplacian(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The sum of the second derivatives along the axes of f : R[n] -> B, `R[n] -> B`."""
    return derivative("laplacian", f, wrt)


def divergence(f: Diagram, wrt: Wrt = None) -> Diagram:
    """The trace of the derivative of f : R[n] -> R[n], `R[n] -> R`."""
    return derivative("divergence", f, wrt)


def lens(f: Diagram) -> Lens:
    """The lens of f : A -> B: `get` is f and `put : A @ TB -> TA` its reverse derivative, by composition of the lenses
    of its boxes, each of which computes again what it needs. See `diagrammar.lenses`.

    Raises DerivativeError for a box that draws or keeps a state.

    >>> import diagrammar as dg
    >>> f = dg.loads("diagram f(u : R[3], v : R[3]) -> R[3] { return sin(u) * v }")["f"]
    >>> lens(f).get, dg.cartesian(lens(f).put) == dg.cartesian(vjp(f))
    (<R[3] @ R[3] -> R[3]>, True)
    """
    return lenses.lens(Deriver(DeclaredRules()), f)


def optic(f: Diagram) -> Optic:
    """The optic of f : A -> B: `forward` gives what is stored and f, `backward` makes cotangents of f's inputs of what
    is stored and cotangents of f's results. See `diagrammar.optics`.

    >>> import diagrammar as dg
    >>> f = dg.loads("diagram f(u : R[3], v : R[3]) -> R[3] { return sin(u) * v }")["f"]
    >>> optic(f).residual, optic(f).vjp() == vjp(f)
    ((R[3], R[3], R[3]), True)
    """
    return optics.optic(Deriver(DeclaredRules()), f)


def derivative(kind: str, f: Diagram, wrt: Wrt = None) -> Diagram:
    """The derivative of a diagram that `kind` names: one of jvp vjp grad jacobian hessian laplacian divergence."""
    made = OPERATORS[kind](Deriver(DeclaredRules()), f, _active(f, wrt))
    return made.named(f"{f.name}_{kind}") if f.name else made


def _active(f: Diagram, wrt: Wrt) -> tuple[bool, ...]:
    wires = tuple(f.dom)
    if wrt is None:
        return tuple(map(has_tangent, wires))
    chosen = {wrt} if isinstance(wrt, int) else set(wrt)
    for at in chosen:
        if not 0 <= at < len(wires):
            raise DiagramValueError(f"a derivative by wire {at} of {len(wires)}")
        if not has_tangent(wires[at]):
            raise DiagramValueError(f"a derivative by wire {at} of type {wires[at]}, which cannot change a little")
    return tuple(at in chosen for at in range(len(wires)))
