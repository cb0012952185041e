"""Derivatives of diagrams in Python, and weights as wires: what `jvp[f]`, `vjp[f]`, `open[f]`, ... are in a file."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar import lenses, optics
from diagrammar.derivative import Deriver
from diagrammar.derivative.opening import Opener
from diagrammar.derivative.operators import OPERATORS
from diagrammar.diagram import Diagram
from diagrammar.elaborate.differentiation import DeclaredRules
from diagrammar.errors import DiagramValueError
from diagrammar.lenses import Lens
from diagrammar.optics import Optic
from diagrammar.tangent import has_tangent
from diagrammar.types import Type

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


def open(f: Diagram) -> Diagram:
    """The diagram with its trainable weights as wires: f : A -> B as `Weights[f] @ A -> B`.

    They come in the order of f's `state_dict`; `weights` says which they are. A constrained weight enters as the value
    that it is constrained to; frozen ones and states stay inside. The result computes what f does.

    >>> import diagrammar as dg
    >>> f = dg.loads("diagram f : R[3] -> R[2] = linear >> sin")["f"]
    >>> print(open(f), end="")
    diagram f_open : R[2, 3] @ R[2] @ R[3] -> R[2] = open[linear[b = 2]] >> sin
    >>> vjp(open(f), wrt=[0, 1])
    <f_open_vjp : R[2, 3] @ R[2] @ R[3] @ R[2] -> R[2, 3] @ R[2]>
    """
    made, _ = Opener().open(f)
    return made.named(f"{f.name}_open") if f.name else made


def weights(f: Diagram) -> dict[str, Type]:
    """The types of a diagram's trainable weights by their paths, in the order of its `state_dict`: `Weights[f]`.

    >>> import diagrammar as dg
    >>> weights(dg.loads("diagram f : R[3] -> R[2] = linear >> sin")["f"])
    {'linear.W': R[2, 3], 'linear.c': R[2]}
    """
    return dict(Opener().open(f)[1])


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
