"""Well-typed random diagrams over a signature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hypothesis import reject
from hypothesis import strategies as st

from diagrammar.box import MARKS
from diagrammar.diagram import Box, Diagram, bundle
from diagrammar.strategies.growing import Growing, without_idle
from diagrammar.strategies.room import FRAME, NOTHING, Options, Room, room_of
from diagrammar.strategies.signature import Signature
from diagrammar.types import Type, Types

# A box is three bytes: which it is, and digits that say on which wires. Hypothesis draws bytes evenly, but not large
# numbers.
_BOX = st.binary(min_size=3, max_size=3)
_DIGITS = st.binary(min_size=2, max_size=2)
# frames nest in the calls of Python
_DEEPEST = 20
# boxes of a frame, and steps of a `repeat`
_INSIDE, _STEPS = 4, 3
_MARKS = sorted(MARKS)


@dataclass(frozen=True)
class _Counts:
    """How many boxes are drawn, how many inputs, and how deep frames stand."""

    least: int
    boxes: int
    inputs: int
    depth: int


def diagrams(
    signature: Signature,
    *,
    dom: Type | Types | st.SearchStrategy[Types] | None = None,
    cod: Type | Types | None = None,
    boxes: int = 20,
    least: int = 0,
    inputs: int = 4,
    depth: int = 2,
    copies: bool = True,
    discards: bool = True,
    swaps: bool = True,
    weights: bool = True,
    shares: bool = True,
    random: bool = True,
    states: bool = True,
    frames: bool = True,
) -> st.SearchStrategy[Diagram]:
    """Well-typed diagrams of up to `boxes` boxes over a signature; it shrinks to few boxes on few wires.

    Each box is put on wires that are there and fit it, so every diagram passes `verify`; at least `least` are tried, of
    which one stays out only where nothing fits. `dom` are the inputs, or a strategy of them; else up to `inputs` wires
    of the signature's own types, and more for boxes that fit no wire that is there. With `cod` the diagram ends in
    these wires: the newest of their types, or else what one or two boxes of one input make of a wire that is there, or
    else a box without inputs; where there is none of these the draw is rejected.

    `copies`: a wire may be used twice; `discards`: wires may be left out of the outputs; `swaps`: outputs come in any
    order. `weights` adds weight boxes, and without it what owns weights stays out; `shares` lets two frames be one
    instance; `random` and `states` leave in boxes that draw, and that keep something; `frames` adds named diagrams,
    `repeat` and marks, up to `depth` inside each other.

    Raises ValueError where `cod` is given and nothing may be discarded, and for frames deeper than 20.

    >>> from hypothesis import find, settings
    >>> fresh = settings(database=None, max_examples=2000)
    >>> from diagrammar.strategies import signature_of
    >>> has_gelu = lambda d: any(box.name == "gelu" for box in d.boxes)
    >>> find(diagrams(signature_of("std")), has_gelu, settings=fresh).boxes
    [gelu]
    """
    if cod is not None and not discards:
        raise ValueError("a diagram that ends in given wires discards others: `cod` wants `discards`")
    if depth > _DEEPEST:
        raise ValueError(f"frames are drawn up to {_DEEPEST} inside each other, not {depth}")
    room = room_of(signature, Options(copies, discards, swaps, weights, shares, random, states, frames))
    starts = dom if dom is None or isinstance(dom, st.SearchStrategy) else st.just(bundle(dom))
    counts = _Counts(min(least, boxes), boxes, inputs if signature.types else 0, depth if frames else 0)
    return _diagrams(room, starts, None if cod is None else bundle(cod), counts)


@lru_cache(maxsize=64)
def _bytes(count: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=count, max_size=count)


@lru_cache(maxsize=4096)
def _from(least: int, most: int) -> st.SearchStrategy[int]:
    """One of these numbers; strategies are dear to make."""
    return st.integers(least, most)


@st.composite
def _diagrams(
    draw: st.DrawFn, room: Room, starts: st.SearchStrategy[Types] | None, ends: Types | None, counts: _Counts
) -> Diagram:
    free = starts is None
    dom = _inputs(draw(_bytes(2 * counts.inputs)), room.signature.types) if starts is None else draw(starts)
    growing = Growing(room, dom, free=free)
    _grow(draw, growing, draw(_from(counts.least, counts.boxes)), counts.least, counts.depth)
    made = growing.close(int.from_bytes(draw(_DIGITS))) if ends is None else growing.ending(ends)
    if made is None:
        reject()
    return made


def _inputs(drawn: bytes, types: Types) -> Types:
    """Two bytes for each input: with half of their values there is none."""
    chosen = [(high << 8 | low) * 2 * len(types) >> 16 for high, low in zip(drawn[::2], drawn[1::2], strict=True)]
    return tuple([types[at - len(types)] for at in chosen if at >= len(types)])


def _grow(draw: st.DrawFn, growing: Growing, boxes: int, least: int, depth: int) -> None:
    """Tries so many boxes.

    A box that is not there is zeros, so any box is dropped without a change in the others; only the first
    `least` have to be there.
    """
    choices = growing.room.choices
    for place in range(boxes):
        drawn = int.from_bytes(draw(_BOX))
        # the first of the bits say which box it is, the others where: twelve each
        first = int(place < least)
        choice = choices[first + ((drawn >> 12) * (len(choices) - first) >> 12)]
        digits = drawn & 0xFFF
        if choice >= 0:
            growing.place(choice, digits)
        elif choice != NOTHING and depth > 0:
            _frame(draw, growing, digits, depth - 1, choice == FRAME)


def _frame(draw: st.DrawFn, growing: Growing, digits: int, depth: int, named: bool) -> None:
    """A named diagram of a few boxes on one or two wires, or one from a wire to itself that is repeated, or marked."""
    here = list(growing.unused)
    if not here:
        return
    kinds: list[int] = []
    for _ in range(1 + digits % 2):
        digits, at = divmod(digits // 2, len(here))
        kinds.append(here[at])
    ins, digits = growing.choose(kinds, digits)
    if ins is None:
        return
    dom = tuple(map(growing.room.signature.wire, kinds))
    # the steps of a `repeat` and the inside of a mark are of the body around it, a named diagram is a body of its own
    inner = Growing(growing.room, dom, None if named else growing, named=named or growing.named)
    _grow(draw, inner, draw(_from(1, _INSIDE)), 1, depth)
    if not inner.build.nodes:
        return
    if named:
        growing.frame(inner.close(0).named("part"), ins)
        return
    # the first wire is captured where there are two
    captures = len(dom) - 1
    cod = dom[captures:]
    step = inner.ending(cod)
    if step is not None and step.flat.nodes:
        step, kept = without_idle(step, captures)
        held = ("captures", len(kept) - 1)
        starts = tuple([dom[place] for place in kept])
        way = digits % (_STEPS + len(_MARKS))
        if way < _STEPS:
            count = ("count", 1 + way)
            box = Box("repeat", starts, cod, origin="repeat", params=(count, held), insides=(step,))
        else:
            kind = _MARKS[way - _STEPS]
            box = Box(kind, starts, cod, origin=kind, params=(held,), insides=(step,))
        growing.add(box, [ins[place] for place in kept])
