"""Lenses: reverse derivatives that compute again what they need.

A lens from (A, A') to (B, B') is a pair of diagrams, get : A -> B and put : A @ B' -> A'. Of a smooth map f it is
(f, R[f]), and composition is the chain rule: the put of f >> g is g's put at f's get, and then f's put (Cockett et al.,
Reverse derivative categories, 2020; Gavranovic, Space-time tradeoffs of lenses and optics via higher category theory,
2022). Nothing is stored between get and put, so n boxes in a row, composed from the left, are evaluated n(n-1)/2 times
on the way back, and n-1 times if composed from the right. `diagrammar.optics` stores instead.

>>> from diagrammar.types import Tensor
>>> x = Tensor("R")
>>> f, df = Box("f", (x,), (x,)), Box("df", (x, x), (x,))
>>> lens = Lens.of(f, df.diagram())
>>> (lens >> lens >> lens).put.boxes, (lens >> (lens >> lens)).put.boxes
([f, f, df, f, df, df], [f, f, df, df, df])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagrammar.derivative.activity import Activity
from diagrammar.derivative.deriver import Deriver
from diagrammar.derivative.pruning import Ownership, pruned
from diagrammar.derivative.wiring import lay, total, zero
from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.errors import DerivativeError
from diagrammar.functor import Functor
from diagrammar.pause import pausing
from diagrammar.tangent import tangents
from diagrammar.types import Type, Types


@dataclass(frozen=True, slots=True)
class Pair:
    """An object of lenses and of optics: the wires that go forward, and those that come back.

    >>> from diagrammar.types import Tensor
    >>> pair(Tensor("R")) @ pair(Tensor("Bool"))
    Pair(wires=(R, Bool), back=(R,))
    """

    wires: Types
    back: Types

    def __matmul__(self, other: Pair) -> Pair:
        return Pair((*self.wires, *other.wires), (*self.back, *other.back))


def pair(wire: Type) -> Pair:
    """A wire and its cotangent; truth values and symbols have none."""
    return Pair((wire,), tangents((wire,)))


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens: `get : A -> B` and `put : A @ B' -> A'`, between the pairs `dom` = (A, A') and `cod` = (B, B').

    Keys are those that the parts have: what has one key in two lenses is one instance in their composite.
    """

    dom: Pair
    cod: Pair
    get: Diagram
    put: Diagram

    @staticmethod
    def of(box: Box, put: Diagram) -> Lens:
        """The lens of a box, from its reverse derivative."""
        cod = tangents(box.cod)
        return Lens(Pair(box.dom, tuple(put.cod)), Pair(box.cod, cod), Diagram.of(box), put)

    def then(self, other: Lens) -> Lens:
        """This lens and then the other: what the other is put at is computed again."""
        get = Builder(self.dom.wires)
        get_ends = lay(get, other.get, lay(get, self.get, get.inputs))
        put = Builder((*self.dom.wires, *other.cod.back))
        start, seeds = put.inputs[: len(self.dom.wires)], put.inputs[len(self.dom.wires) :]
        cotangents = lay(put, other.put, [*lay(put, self.get, start), *seeds])
        put_ends = lay(put, self.put, [*start, *cotangents])
        return Lens(self.dom, other.cod, get.build(get_ends), put.build(put_ends))

    def tensor(self, other: Lens) -> Lens:
        """The two side by side."""
        dom, cod = self.dom @ other.dom, self.cod @ other.cod
        get, put = Builder(dom.wires), Builder((*dom.wires, *cod.back))
        first, second = parted(get.inputs, len(self.dom.wires))
        get_ends = [*lay(get, self.get, first), *lay(get, other.get, second)]
        forward, backward = parted(put.inputs, len(dom.wires))
        first, second = parted(forward, len(self.dom.wires))
        one, two = parted(backward, len(self.cod.back))
        put_ends = [*lay(put, self.put, [*first, *one]), *lay(put, other.put, [*second, *two])]
        return Lens(dom, cod, get.build(get_ends), put.build(put_ends))

    __rshift__ = then
    __matmul__ = tensor

    @staticmethod
    def id(*objects: Pair) -> Lens:
        """The wires themselves."""
        both = _all(objects)
        return Lens(both, both, Diagram.id(both.wires), Diagram.discard(both.wires) @ Diagram.id(both.back))

    @staticmethod
    def swap(left: Pair, right: Pair) -> Lens:
        """Two objects, crossed."""
        back = Diagram.discard((left @ right).wires) @ Diagram.swap(right.back, left.back)
        return Lens(left @ right, right @ left, Diagram.swap(left.wires, right.wires), back)

    @staticmethod
    def copy(thing: Pair, n: int = 2) -> Lens:
        """An object, n times: its cotangents are summed."""
        build = Builder((*thing.wires, *thing.back * n))
        ends = sums(build, build.inputs[len(thing.wires) :], thing.back)
        many = Pair(thing.wires * n, thing.back * n)
        return Lens(thing, many, Diagram.copy(thing.wires, n), build.build(ends))

    @staticmethod
    def discard(thing: Pair) -> Lens:
        """An object that ends here: its cotangent is zero."""
        return Lens.copy(thing, 0)

    def vjp(self) -> Diagram:
        """The reverse derivative, `A @ B' -> A'`, to be compared with that of the linear pass."""
        build = Builder((*self.dom.wires, *self.cod.back))
        # what owns a weight stays, needed or not
        lay(build, self.get, build.inputs[: len(self.dom.wires)])
        return pruned(build.build(lay(build, self.put, build.inputs)), Ownership())


def _all(objects: Sequence[Pair]) -> Pair:
    both = Pair((), ())
    for each in objects:
        both = both @ each
    return both


def parted(wires: Sequence[int], at: int) -> tuple[Sequence[int], Sequence[int]]:
    """The first of the wires, and the others."""
    return wires[:at], wires[at:]


def sums(build: Builder, cotangents: Sequence[int], back: Types) -> list[int]:
    """The cotangents of a thing that was copied: those of its copies come one after the other."""
    ends = []
    for at, wire in enumerate(back):
        found = total(build, cotangents[at :: len(back)])
        ends.append(zero(build, wire) if found is None else found)
    return ends


@pausing
def lens(deriver: Deriver, diagram: Diagram) -> Lens:
    """The image of a diagram under the functor into lenses: of each of its boxes the reverse derivative, as the linear
    pass has it; named boxes and combinators are single boxes.

    Raises DerivativeError where a box draws or keeps a state: what is computed again would be drawn again.
    """
    _deterministic(diagram)
    active = Activity(deriver, diagram)
    into = Functor(ob=pair, ar=lambda box: Lens.of(box, active.back(box)), cod=Lens)
    found: Lens = into(active.diagram)
    return found


def _deterministic(diagram: Diagram) -> None:
    for level in definitions(diagram):
        for box in level.boxes:
            if box.origin == "next" or not box.kinds.isdisjoint(("random", "state")):
                what = "draws" if "random" in box.kinds else "keeps a state"
                raise DerivativeError(
                    f"`{box.name}` {what}, and a lens computes it again",
                    box.span,
                    hint="an optic stores what comes out of it: dg.optic",
                )
