"""What boxes are by their declarations: linear in which of their inputs, pointwise, or a renumbering of entries.

`is linear` and `is elementwise` are read off the boxes. Some primitives are linear in some inputs only, or for some
static arguments only, which the language has no word for: these stand in a table here, beside those that only move
entries about. A frame, and a box with an inside, is what its inside makes it.
"""

from __future__ import annotations

from fractions import Fraction

from diagrammar.diagram import Box, definitions
from diagrammar.proof.terms import Body, Store, Term
from diagrammar.types import Field, Tensor, Type

Ports = tuple[int, ...]

# linear in each input alone
_EACH = frozenset({"std:mul", "std:einsum", "std:convolution", "std:convolution_transpose"})
# linear in all inputs together
_TOGETHER = frozenset({"std:rearrange", "std:concat", "std:split", "std:stack", "std:index"})
# linear in all inputs together for these values of a static argument
_FOR = {"std:reduce": ("op", ("sum", "mean")), "std:pool": ("op", ("mean", "sample"))}
# linear in these inputs together
_SOME: dict[str, Ports] = {"std:div": (0,), "std:lookup": (0,), "std:select": (1, 2)}
# each entry of the result is an entry of the input
_MOVING_FOR = {
    "std:pool": ("op", ("sample",)),
    "std:pad": ("mode", ("circular", "reflect", "replicate")),
    "std:resample": ("mode", ("nearest",)),
}
_MOVING = frozenset(
    {"std:rearrange", "std:split", "std:index", "std:sample", "std:field", "std:translate", "std:crop", "std:broadcast"}
)
_LOOPS = frozenset({"repeat", "std:map", "std:fold", "std:scan", "std:tree"})


def is_number(wire: Type) -> bool:
    """Whether a wire carries numbers, so that it has sums and products."""
    return isinstance(wire, Field) or (isinstance(wire, Tensor) and wire.kind in ("R", "C"))


def is_scalar(wire: Type) -> bool:
    """Whether a wire is one real number."""
    return isinstance(wire, Tensor) and wire.kind == "R" and wire.sizes == ()


def constant(box: Box) -> Fraction | None:
    """The rational number that every entry of a `const` is; a decimal is the number that is written."""
    if box.origin != "std:const" or len(box.cod) != 1 or not is_number(box.cod[0]):
        return None
    value = box.param("value")
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Fraction):
        return Fraction(value)
    if isinstance(value, float) and abs(value) < float("inf"):
        return Fraction(repr(value))
    return None


def moves(box: Box) -> bool:
    """Whether a box of one input only moves its entries about: it commutes with whatever acts entry by entry."""
    if len(box.dom) != 1 or not is_number(box.dom[0]) or not all(map(is_number, box.cod)):
        return False
    word, values = _MOVING_FOR.get(box.origin, ("", ()))
    return box.origin in _MOVING or (word != "" and box.param(word) in values)


def every(box: Box) -> bool:
    """All frames stay closed."""
    return box.is_frame


def none(box: Box) -> bool:
    """No frame stays closed."""
    return False


def uniform(box: Box) -> bool:
    """Frames stay closed that act entry by entry, as activations do: of such boxes and numbers, on one type."""
    levels = definitions(box.insides[0]) if box.is_frame and _alike(box) else []
    boxes = [inner for level in levels for inner in level.boxes]
    return bool(boxes) and all(
        _alike(inner)
        and inner.cod == box.cod
        and (
            inner.is_frame
            or constant(inner) is not None
            or ("elementwise" in inner.kinds and inner.key is None and inner.dom != () and not inner.params)
        )
        for inner in boxes
    )


class Kinds:
    """What the terms of a store are; each is looked at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._linear: dict[tuple[int, Ports], bool] = {}
        self._groups: dict[int, tuple[Ports, ...]] = {}
        self._pointwise: dict[int, bool] = {}

    # ------------------------------------------------------------------------------------------------ linear

    def groups(self, term: Term) -> tuple[Ports, ...]:
        """The sets of inputs in which a box is linear, all of a set together."""
        found = self._groups.get(term.first)
        if found is None:
            self._settle(term)
            found = self._groups[term.first]
        return found

    def _settle(self, term: Term) -> None:
        """What a term is, after the terms inside it."""
        stack = [term]
        while stack:
            last = stack[-1]
            if last.first in self._groups:
                stack.pop()
                continue
            deeper = [
                inner
                for number in last.bodies
                for inner in self._inside(self.store.bodies[number])
                if inner.first not in self._groups
            ]
            if deeper:
                stack += deeper
            else:
                dom = last.box.dom
                self._groups[last.first] = tuple(
                    group for group in self._of(last) if all(is_number(dom[port]) for port in group)
                )
                self._pointwise[last.first] = self._is_pointwise(last)
                stack.pop()

    def _inside(self, body: Body) -> list[Term]:
        owner = self.store.owner
        return [term for wire in self.store.below(body.outputs) if (term := owner[wire]).first == wire]

    def _of(self, term: Term) -> tuple[Ports, ...]:
        box = term.box
        if not all(map(is_number, box.cod)):
            return ()
        every = tuple(range(len(box.dom)))
        if box.is_frame:
            if self.linear(term.bodies[0], every):
                return (every,)
            return tuple((port,) for port in every if self.linear(term.bodies[0], (port,)))
        if box.origin in _LOOPS and box.key is None and term.bodies:
            captures = box.param("captures", 0)
            assert isinstance(captures, int)
            moving = every[captures:]
            inner = [(body, tuple(range(captures, len(self.store.bodies[body].inputs)))) for body in term.bodies]
            return (moving,) if moving and all(self.linear(body, ports) for body, ports in inner) else ()
        if box.insides or not every:
            return ()
        if box.origin in _EACH:
            return tuple((port,) for port in every)
        if box.origin in _SOME:
            return (_SOME[box.origin],)
        word, values = _FOR.get(box.origin, ("", ()))
        if "linear" in box.kinds or box.origin in _TOGETHER or (word and box.param(word) in values):
            return (every,)
        return ()

    def linear(self, number: int, ports: Ports) -> bool:
        """Whether all outputs of a body are linear in these inputs together, the others held fixed."""
        found = self._linear.get((number, ports))
        if found is None:
            found = self._linear[number, ports] = self._is_linear(self.store.bodies[number], ports)
        return found

    def _is_linear(self, body: Body, ports: Ports) -> bool:
        store = self.store
        moving = {body.inputs[port] for port in ports}
        if not all(is_number(store.types[wire]) for wire in moving):
            return False
        # of each wire: fixed, zero, or linear; what is neither ends the search only if an output needs it
        is_: dict[int, str] = {}
        for wire in store.below(body.outputs):
            term = store.owner[wire]
            if wire in moving:
                is_[wire] = "linear"
            elif all(is_[w] in ("fixed", "zero") for w in term.ins):
                is_[wire] = "zero" if constant(term.box) == 0 else "fixed"
            else:
                lines = {port for port, w in enumerate(term.ins) if is_[w] == "linear"}
                free = {port for port, w in enumerate(term.ins) if is_[w] == "zero"}
                fits = len(lines) > 0 and any(
                    lines <= set(group) and set(group) <= lines | free for group in self._groups.get(term.first, ())
                )
                is_[wire] = "linear" if fits and not any(is_[w] == "other" for w in term.ins) else "other"
        return all(is_[wire] in ("linear", "zero") for wire in body.outputs)

    # --------------------------------------------------------------------------------------------- pointwise

    def pointwise(self, term: Term) -> bool:
        """Whether a box acts on each entry alone, on all in the same way."""
        self.groups(term)
        return self._pointwise[term.first]

    def _is_pointwise(self, term: Term) -> bool:
        box = term.box
        # what owns something may do another thing to each entry
        if not box.dom or term.owns or not _alike(box):
            return False
        if not box.insides:
            return "elementwise" in box.kinds and not box.params
        # a frame of such boxes and of numbers
        return box.is_frame and all(
            inner.box.origin == "proof:input" or constant(inner.box) is not None or self._pointwise[inner.first]
            for inner in self._inside(self.store.bodies[term.bodies[0]])
        )


def _alike(box: Box) -> bool:
    """Whether all wires of a box, one of them its output, have one type of numbers."""
    return len(box.cod) == 1 and is_number(box.cod[0]) and all(wire == box.cod[0] for wire in box.dom)
