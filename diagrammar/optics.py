"""Optics: reverse derivatives that store what they need.

An optic from (A, A') to (B, B') with residual M is a pair of diagrams, forward : A -> M @ B and
backward : M @ B' -> A'. Residuals are put side by side by composition, so each box is evaluated once; between forward
and backward all of M is kept. With M = A and copies an optic is a lens of `diagrammar.lenses`, and the two are equal as
cartesian diagrams (Riley, Categories of optics, 2018; Gavranovic, Space-time tradeoffs of lenses and optics via higher
category theory, 2022).

>>> from diagrammar.types import Tensor
>>> x = Tensor("R")
>>> f, df = Box("f", (x,), (x,)), Box("df", (x, x), (x,))
>>> optic = Optic.of(f, df.diagram())
>>> (optic >> optic).forward, (optic >> optic).residual, (optic >> optic >> optic).vjp().boxes
(<R -> R @ R @ R>, (R, R), [f, f, df, df, df])
"""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.derivative.activity import Activity
from diagrammar.derivative.deriver import STORED, Deriver
from diagrammar.derivative.draws import Draws
from diagrammar.derivative.marks import opened
from diagrammar.derivative.pruning import Ownership, pruned
from diagrammar.derivative.wiring import lay
from diagrammar.diagram import Box, Builder, Diagram, Flat
from diagrammar.functor import Functor
from diagrammar.lenses import Lens, Pair, pair, parted
from diagrammar.pause import pausing
from diagrammar.tangent import tangents
from diagrammar.types import Types


@dataclass(frozen=True, slots=True)
class Optic:
    """An optic: `forward : A -> M @ B` and `backward : M @ B' -> A'`, between the pairs `dom` = (A, A') and
    `cod` = (B, B'); `residual` is M.

    Keys are those that the parts have: what has one key in two optics is one instance in their composite.
    """

    dom: Pair
    cod: Pair
    residual: Types
    forward: Diagram
    backward: Diagram

    @staticmethod
    def of(box: Box, back: Diagram) -> Optic:
        """The optic of a box, from its reverse derivative: of its inputs those are stored that this reads."""
        flat, count = back.flat, len(box.dom)
        read = {wire for node in flat.nodes for wire in node.ins}.union(flat.outputs)
        stored = [at for at in range(count) if flat.inputs[at] in read]
        build = Builder(box.dom)
        forward = build.build([*(build.inputs[at] for at in stored), *build.add(box, build.inputs)])
        inputs = (*(flat.inputs[at] for at in stored), *flat.inputs[count:])
        rest = Builder(flat.types[wire] for wire in inputs)
        backward = rest.build(lay(rest, Diagram(Flat(flat.types, inputs, flat.nodes, flat.outputs)), rest.inputs))
        residual = tuple(box.dom[at] for at in stored)
        dom, cod = Pair(box.dom, tuple(back.cod)), Pair(box.cod, tangents(box.cod))
        return Optic(dom, cod, residual, forward, backward)

    @staticmethod
    def _of(lens: Lens) -> Optic:
        """Wiring, which has nothing to store."""
        flat, count = lens.put.flat, len(lens.dom.wires)
        rest = Builder(lens.cod.back)
        put = Diagram(Flat(flat.types, flat.inputs[count:], flat.nodes, flat.outputs))
        return Optic(lens.dom, lens.cod, (), lens.get, rest.build(lay(rest, put, rest.inputs)))

    def then(self, other: Optic) -> Optic:
        """This optic and then the other: both residuals are kept."""
        forward = Builder(self.dom.wires)
        mine, middle = parted(lay(forward, self.forward, forward.inputs), len(self.residual))
        ends = lay(forward, other.forward, middle)
        residual = (*self.residual, *other.residual)
        backward = Builder((*residual, *other.cod.back))
        first, rest = parted(backward.inputs, len(self.residual))
        back = lay(backward, self.backward, [*first, *lay(backward, other.backward, rest)])
        return Optic(self.dom, other.cod, residual, forward.build([*mine, *ends]), backward.build(back))

    def tensor(self, other: Optic) -> Optic:
        """The two side by side."""
        dom, cod = self.dom @ other.dom, self.cod @ other.cod
        residual = (*self.residual, *other.residual)
        forward = Builder(dom.wires)
        first, second = parted(forward.inputs, len(self.dom.wires))
        mine, one = parted(lay(forward, self.forward, first), len(self.residual))
        theirs, two = parted(lay(forward, other.forward, second), len(other.residual))
        backward = Builder((*residual, *cod.back))
        stored, seeds = parted(backward.inputs, len(residual))
        first, second = parted(stored, len(self.residual))
        left, right = parted(seeds, len(self.cod.back))
        back = [*lay(backward, self.backward, [*first, *left]), *lay(backward, other.backward, [*second, *right])]
        return Optic(dom, cod, residual, forward.build([*mine, *theirs, *one, *two]), backward.build(back))

    __rshift__ = then
    __matmul__ = tensor

    @staticmethod
    def id(*objects: Pair) -> Optic:
        """The wires themselves."""
        return Optic._of(Lens.id(*objects))

    @staticmethod
    def swap(left: Pair, right: Pair) -> Optic:
        """Two objects, crossed."""
        return Optic._of(Lens.swap(left, right))

    @staticmethod
    def copy(thing: Pair, n: int = 2) -> Optic:
        """An object, n times: its cotangents are summed."""
        return Optic._of(Lens.copy(thing, n))

    @staticmethod
    def discard(thing: Pair) -> Optic:
        """An object that ends here: its cotangent is zero."""
        return Optic.copy(thing, 0)

    def vjp(self) -> Diagram:
        """The reverse derivative, `A @ B' -> A'`: forward, and backward with what that stored."""
        build = Builder((*self.dom.wires, *self.cod.back))
        start, seeds = parted(build.inputs, len(self.dom.wires))
        stored, _ = parted(lay(build, self.forward, start), len(self.residual))
        return pruned(build.build(lay(build, self.backward, [*stored, *seeds])), Ownership())


@pausing
def optic(deriver: Deriver, diagram: Diagram) -> Optic:
    """The image of a diagram under the functor into optics: of each of its boxes the reverse derivative, as the linear
    pass has it; named boxes, combinators and `recompute { f }` are single boxes. What boxes draw is stored like the
    rest, and what is inside `store { f }`."""
    active = Activity(deriver, opened(Draws().opened(diagram), STORED))
    into = Functor(ob=pair, ar=lambda box: Optic.of(box, active.back(box)), cod=Optic)
    found: Optic = into(active.diagram)
    return found
