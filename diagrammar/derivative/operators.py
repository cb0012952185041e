"""Gradients, Hessians, Jacobians, Laplacians and divergences: tangents along the axes, and cotangents of one number.

Each is of one wire: the active one. The others are held.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from diagrammar.derivative.deriver import Deriver
from diagrammar.derivative.stacks import rearranged, summed
from diagrammar.derivative.wiring import lay, put
from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.errors import DerivativeError
from diagrammar.tangent import Mask
from diagrammar.types import Tensor, Type, show

_SCALAR = Tensor("R")


def jvp(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """D[f] : A @ TA -> TB."""
    return deriver.jvp(f, active)


def vjp(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """R[f] : A @ TB -> TA."""
    return deriver.vjp(f, active)


def grad(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """The cotangents at one, for a diagram that ends in a number."""
    _need(f, (_SCALAR,), "a gradient is of a diagram that ends in a number, R")
    build = Builder(f.dom)
    (one,) = build.add(Box("const", (), (_SCALAR,), origin="std:const", params=(("value", 1),)), ())
    return build.build(lay(build, deriver.vjp(f, active), [*build.inputs, one]))


def jacobian(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """Tangents along the axes, as the columns of a matrix."""
    return _columns(f, deriver.jvp(f, active), active)


def hessian(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """The Jacobian of the gradient."""
    slope = grad(deriver, f, active)
    return _columns(slope, deriver.jvp(slope, active), active)


def laplacian(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """The second tangents along the axes, summed: D[D[f](-, e)](u, e) over the axes e."""
    first = deriver.jvp(f, active)
    second = deriver.jvp(first, (*active, False))
    build = Builder(first.dom)
    *_, e = build.inputs
    along = build.build(lay(build, second, [*build.inputs, e]))
    return _sum_along(f, along, active)


def divergence(deriver: Deriver, f: Diagram, active: Mask) -> Diagram:
    """The components along each axis of the tangent along it, summed."""
    _, wire = _one(f, active)
    _need(f, (wire,), "a divergence is of a diagram that ends in vectors like those it is taken by")
    tangent = deriver.jvp(f, active)
    build = Builder(tangent.dom)
    *_, e = build.inputs
    (end,) = lay(build, tangent, build.inputs)
    names = _letters(wire)
    pattern = f"{' '.join(names)}, {' '.join(names)} ->"
    box = Box("einsum", (wire, wire), (_SCALAR,), origin="std:einsum", params=(("pattern", pattern),))
    return _sum_along(f, build.build(build.add(box, [end, e])), active)


OPERATORS: dict[str, Callable[[Deriver, Diagram, Mask], Diagram]] = {
    each.__name__: each for each in (jvp, vjp, grad, jacobian, hessian, laplacian, divergence)
}


def _need(f: Diagram, cod: tuple[Type, ...], what: str) -> None:
    if tuple(f.cod) != cod:
        raise DerivativeError(f"{what}; this one ends in {show(tuple(f.cod))}")


def _one(f: Diagram, active: Mask) -> tuple[int, Tensor]:
    """The wire that derivatives along axes are taken by."""
    found = [at for at, on in enumerate(active) if on]
    wires = tuple(f.dom)
    if len(found) != 1:
        raise DerivativeError(f"derivatives along axes are by one wire, here are {len(found)}: choose with `wrt`")
    wire = wires[found[0]]
    if not isinstance(wire, Tensor) or wire.kind != "R":
        raise DerivativeError(f"derivatives along axes are by real numbers, this wire is {wire}")
    if not all(isinstance(size, int) for size in wire.sizes):
        raise DerivativeError(f"derivatives along axes need to know how many there are, this wire is {wire}")
    return found[0], wire


def _letters(wire: Tensor) -> list[str]:
    return [f"a{at}" for at in range(len(wire.sizes))]


def _axes(build: Builder, wire: Tensor) -> tuple[int, int]:
    """The unit vectors of a wire as a stack, and how many there are."""
    count = prod(size for size in wire.sizes if isinstance(size, int))
    rows = tuple(tuple(int(row == column) for column in range(count)) for row in range(count))
    what = Tensor("R", (count, count))
    (stack,) = build.add(Box("const", (), (what,), origin="std:const", params=(("value", rows),)), ())
    if len(wire.sizes) == 1:
        return stack, count
    names = _letters(wire)
    pattern = f"n ({' '.join(names)}) -> n {' '.join(names)}" if names else "n 1 -> n"
    cod = Tensor("R", (count, *wire.sizes))
    return rearranged(build, stack, pattern, ["n", *names], cod.sizes, cod), count


def _mapped(build: Builder, along: Diagram, wire: Tensor, what: Type) -> int:
    """What a diagram of the inputs and an axis gives, for each axis: a stack."""
    if not isinstance(what, Tensor):
        raise DerivativeError(f"derivatives along axes are of tensors, this diagram ends in {what}")
    stack, count = _axes(build, wire)
    held = len(along.dom) - 1
    dom = (*tuple(along.dom)[:held], build.types[stack])
    cod = (Tensor(what.kind, (count, *what.sizes)),)
    box = Box("map", dom, cod, origin="std:map", params=(("captures", held), ("size", count)), insides=(along,))
    return put(build, box, [*build.inputs, stack])[0]


def _columns(f: Diagram, tangent: Diagram, active: Mask) -> Diagram:
    _, wire = _one(f, active)
    if len(f.cod) != 1:
        raise DerivativeError(f"a matrix of derivatives is of one wire, this diagram ends in {show(tuple(f.cod))}")
    (what,) = tuple(f.cod)
    build = Builder(f.dom)
    if not wire.sizes:
        (one,) = build.add(Box("const", (), (_SCALAR,), origin="std:const", params=(("value", 1),)), ())
        return build.build(lay(build, tangent, [*build.inputs, one]))
    stack = _mapped(build, tangent, wire, what)
    assert isinstance(what, Tensor)
    first, last = _letters(wire), [f"b{at}" for at in range(len(what.sizes))]
    flat = f"({' '.join(first)})" if len(first) > 1 else first[0]
    pattern = f"{flat} {' '.join(last)} -> {' '.join((*last, *first))}"
    cod = Tensor(what.kind, (*what.sizes, *wire.sizes))
    return build.build([rearranged(build, stack, pattern, [*first, *last], (*wire.sizes, *what.sizes), cod)])


def _sum_along(f: Diagram, along: Diagram, active: Mask) -> Diagram:
    _, wire = _one(f, active)
    (what,) = tuple(along.cod)
    build = Builder(f.dom)
    if not wire.sizes:
        (one,) = build.add(Box("const", (), (_SCALAR,), origin="std:const", params=(("value", 1),)), ())
        return build.build(lay(build, along, [*build.inputs, one]))
    return build.build([summed(build, _mapped(build, along, wire, what), what)])
