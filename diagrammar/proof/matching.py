"""Where an equation fits: patterns with free wires, sizes and spaces, matched with wires of a store.

A pattern is a homomorphism of hypergraphs in the making: its boxes go to equal boxes, its inputs to any wires of their
types. Free sizes are unified exactly, as in inference: one unknown that occurs linearly is solved for.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from diagrammar.box import Bundle, Value
from diagrammar.proof.equation import Base, Equation, Instance, instantiated
from diagrammar.proof.terms import Closed, Store, Term
from diagrammar.sizes import Poly, Size, over, provably_equal, provably_whole, substitute, var, variables
from diagrammar.types import Field, Space, Tensor, Tokens, Type, sizes_of

_MARK = "?"
_COMMUTATIVE = frozenset({"std:add", "std:mul"})
# how many ways to match an equation at one place are looked at
_WAYS = 64


class Rule:
    """A side of an equation as a pattern: one output of it, in the store of what is rewritten."""

    __slots__ = ("equation", "forward", "inputs", "names", "output", "root")

    def __init__(self, equation: Equation, forward: bool, output: int, root: int, inputs: tuple[int, ...]) -> None:
        self.equation = equation
        self.forward = forward
        self.output = output
        self.root = root
        self.inputs = inputs
        self.names = frozenset(_MARK + name for name in equation.sizes)


class Found(NamedTuple):
    """A match: what the inputs of the pattern are, and its sizes and spaces."""

    wires: dict[int, int]
    instance: Instance


def pattern(store: Store, equation: Equation, forward: bool, closed: Closed) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The inputs and the outputs of a side in a store, its free sizes renamed apart from those of other diagrams."""
    apart = {name: var(_MARK + name) for name in equation.sizes}
    side = instantiated(equation.side(forward), apart, {})
    inputs = store.inputs(tuple(side.dom), f"{_MARK}{equation.name}")
    return inputs, store.load(side, inputs, closed=closed)


class _State:
    """A match that is being made: pairs of wires left to compare, and what is known."""

    __slots__ = ("done", "equal", "pairs", "sizes", "spaces", "wires")

    def __init__(self, pairs: list[tuple[int, int]]) -> None:
        self.pairs = pairs
        self.done: set[tuple[int, int]] = set()
        self.wires: dict[int, int] = {}
        self.sizes: dict[str, Size] = {}
        self.spaces: dict[Base, Base] = {}
        self.equal: list[tuple[Size, Size]] = []

    def copy(self) -> _State:
        """The same, to go another way."""
        made = _State(list(self.pairs))
        made.done, made.wires = set(self.done), dict(self.wires)
        made.sizes, made.spaces, made.equal = dict(self.sizes), dict(self.spaces), list(self.equal)
        return made


def matches(store: Store, rule: Rule, wire: int) -> Iterator[Found]:
    """The ways in which a pattern is a wire; sums and products of two are tried in both orders."""
    ways = [_State([(rule.root, wire)])]
    looked = 0
    while ways and looked < _WAYS:
        looked += 1
        state = ways.pop()
        if _complete(store, rule, state, ways) and _settled(rule, state):
            sizes = tuple((name.removeprefix(_MARK), state.sizes[name]) for name in sorted(state.sizes))
            yield Found(state.wires, Instance(sizes, tuple(state.spaces.items())))


def _complete(store: Store, rule: Rule, state: _State, ways: list[_State]) -> bool:
    """Goes through the pairs of a state; other ways are put aside."""
    inputs = set(rule.inputs)
    while state.pairs:
        pair = ours, theirs = state.pairs.pop()
        if pair in state.done:
            continue
        state.done.add(pair)
        if ours in inputs:
            if state.wires.setdefault(ours, theirs) != theirs:
                return False
            if not _same_wire(rule, state, store.types[ours], store.types[theirs]):
                return False
            continue
        near, far = store.owner[ours], store.owner[theirs]
        if ours - near.first != theirs - far.first or not _same_box(store, rule, state, near, far):
            return False
        if near.box.origin in _COMMUTATIVE and near.ins[0] != near.ins[1]:
            other = state.copy()
            other.pairs += zip(near.ins, reversed(far.ins), strict=True)
            ways.append(other)
        state.pairs += zip(near.ins, far.ins, strict=True)
    return True


def _same_box(store: Store, rule: Rule, state: _State, near: Term, far: Term) -> bool:
    a, b = near.box, far.box
    if near.key != far.key or a.is_frame != b.is_frame or len(near.ins) != len(far.ins):
        return False
    if not a.is_frame and ((a.origin, a.kinds, a.name if not a.origin else "") != (
        b.origin, b.kinds, b.name if not b.origin else "") or len(a.params) != len(b.params)):  # fmt: skip
        return False
    if len(a.cod) != len(b.cod) or len(near.bodies) != len(far.bodies):
        return False
    wires = zip((*a.dom, *a.cod), (*b.dom, *b.cod), strict=True)
    if not all(_same_wire(rule, state, x, y) for x, y in wires):
        return False
    if not a.is_frame:
        for (name, x), (other, y) in zip(a.params, b.params, strict=True):
            if name != other or not _same_value(rule, state, x, y):
                return False
    for mine, theirs in zip(near.bodies, far.bodies, strict=True):
        ends, others = store.bodies[mine].outputs, store.bodies[theirs].outputs
        if len(ends) != len(others):
            return False
        state.pairs += zip(ends, others, strict=True)
    return True


def _same_value(rule: Rule, state: _State, ours: Value, theirs: Value) -> bool:
    """Whether static arguments are the same; sizes of the pattern become what they have to be."""
    work: list[tuple[Value, Value]] = [(ours, theirs)]
    while work:
        a, b = work.pop()
        match a, b:
            case (Poly(), int() | Fraction() | Poly()) if not isinstance(b, bool):
                if not _same_size(rule, state, a, b):
                    return False
            case (Space(), Space()):
                if not _same_space(rule, state, a, b):
                    return False
            case (Bundle(), Bundle()) if len(a.types) == len(b.types):
                if not all(_same_wire(rule, state, x, y) for x, y in zip(a.types, b.types, strict=True)):
                    return False
            case (tuple(), tuple()) if len(a) == len(b):
                work += zip(a, b, strict=True)
            case _:
                if type(a) is not type(b) or a != b:
                    return False
    return True


def _same_wire(rule: Rule, state: _State, ours: Type, theirs: Type) -> bool:
    match ours, theirs:
        case (Field(), Field()):
            if ours.kind != theirs.kind or not _same_space(rule, state, ours.space, theirs.space):
                return False
            return _same_size(rule, state, ours.channels, theirs.channels)
        case (Tensor(), Tensor()) if ours.kind != theirs.kind:
            return False
        case (Tensor(), Tensor()) | (Tokens(), Tokens()):
            mine, others = sizes_of(ours), sizes_of(theirs)
            if len(mine) != len(others):
                return False
            return all(_same_size(rule, state, a, b) for a, b in zip(mine, others, strict=True))
        case _:
            return ours == theirs


def _same_space(rule: Rule, state: _State, ours: Space, theirs: Space) -> bool:
    if ours.kinds != theirs.kinds or len(ours.axes) != len(theirs.axes):
        return False
    if state.spaces.setdefault(ours.base, theirs.base) != theirs.base:
        return False
    return all(_same_size(rule, state, a, b) for a, b in zip(ours.axes, theirs.axes, strict=True))


def _same_size(rule: Rule, state: _State, ours: Size, theirs: Size) -> bool:
    """Whether sizes can be the same: one unknown that occurs linearly is solved for, several are left for the end."""
    known = substitute(ours, state.sizes)
    open_names = variables(known) & rule.names
    if not open_names:
        return provably_equal(known, theirs)
    if len(open_names) > 1:
        state.equal.append((ours, theirs))
        return True
    (name,) = open_names
    value = _solved(known, name, theirs)
    if value is None:
        return False
    state.sizes[name] = value
    return True


def _solved(size: Size, name: str, value: Size) -> Size | None:
    """The whole number, or the size, that a name has to be, if it occurs linearly."""
    assert isinstance(size, Poly)
    (monomial,) = var(name).terms
    factor = size.terms.get(monomial, Fraction(0))
    rest = size - factor * var(name)
    if factor == 0 or name in variables(rest):
        return None
    found = over(value - rest, factor)
    return found if provably_whole(found) else None


def _settled(rule: Rule, state: _State) -> bool:
    """Whether what was left for the end holds, and every size is one."""
    waiting = state.equal
    for _ in range(len(waiting) + 1):
        state.equal, again = [], waiting
        if not all(_same_size(rule, state, a, b) for a, b in again):
            return False
        waiting = state.equal
    return not waiting
