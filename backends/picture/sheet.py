"""What stands in a picture of a diagram: a sheet for each body, with a cell for each of its boxes.

A sheet says what is drawn, not where, and each diagram has one, however often it stands somewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from diagrammar.backends.picture.style import MARKED
from diagrammar.box import Value
from diagrammar.diagram import Box, Builder, Diagram, definitions
from diagrammar.forms import Forms
from diagrammar.notation import INFIX, captures, has_diagrams, runs
from diagrammar.spelling import arguments, show_value, type_text, types_text
from diagrammar.tangent import tangents, unwound

_SIGNS = {**INFIX, "std:mul": "×", "std:div": "÷", "std:sub": "−", "std:neg": "−"}

Facts = Callable[[Diagram], Sequence[Sequence[str]]]


@dataclass(frozen=True)
class Cell:
    """One box of a sheet.

    `shape` is `box`, `sign` (an operator in a circle), `number` (a constant), `weight`, `state` or `next`; `title` and
    `detail` its two lines; `times` what a frame says beside its title; `hue` the colour of a shared instance, 0 for
    none; `inside` what opens; `own` whether it is the user's own diagram and not the library's, which stays closed;
    `about` what is said on hovering.
    """

    shape: str
    title: str
    detail: str = ""
    times: str = ""
    hue: int = 0
    dashed: bool = False
    weighted: bool = False
    own: bool = False
    inside: Diagram | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A body: its diagram, a cell for each node of its flat form, and whether the types of its inputs are said in it,
    since the wires outside are others."""

    diagram: Diagram
    cells: tuple[Cell, ...]
    announced: bool


class Sheets:
    """The sheets of a diagram and of all that is inside it, each made when it is asked for."""

    __slots__ = ("_announced", "_facts", "_hues", "_looped", "_made", "_marked", "_spread", "_weighted", "root")

    def __init__(self, root: Diagram, facts: Facts | None = None, marked: Box | None = None) -> None:
        self.root = root
        self._marked = marked
        self._facts = facts
        self._made: dict[int, Sheet] = {}
        self._hues: dict[tuple[str, int], int] = {}
        self._spread: dict[int, Diagram] = {}
        levels = definitions(root)
        self._weighted = _weighted(levels)
        self._looped = {
            id(inside) for level in levels for box in level.boxes if box.key is None for inside in box.insides
        }
        self._announced = {id(root)} | {
            id(inside)
            for level in levels
            for box in level.boxes
            for inside in box.insides
            if box.origin != "repeat" and tuple(inside.dom) != tuple(box.dom)
        }

    def of(self, diagram: Diagram) -> Sheet:
        """The sheet of a body."""
        sheet = self._made.get(id(diagram))
        if sheet is None:
            facts = self._facts(diagram) if self._facts is not None else [()] * len(diagram.flat.nodes)
            boxes = diagram.boxes
            counts = Counter(box.key for box in boxes)
            hues = [self._hue(box, counts[box.key] > 1 or id(diagram) in self._looped) for box in boxes]
            cells = tuple(map(self._cell, boxes, hues, facts))
            sheet = self._made[id(diagram)] = Sheet(diagram, cells, id(diagram) in self._announced)
        return sheet

    def _cell(self, box: Box, hue: int, facts: Iterable[str]) -> Cell:
        about = (*_about(box), *facts)
        match box.origin:
            case "weight" | "state":
                name = (box.key or "").lstrip("~^/")
                return Cell(box.origin, name, type_text(box.cod[0]), about=about)
            case "next":
                return Cell("next", (box.key or "").lstrip("~^/"), about=about)
            case "std:const" if not isinstance(box.param("value"), tuple):
                return Cell("number", _short(box.param("value")), about=about)
            case origin if origin in _SIGNS and len(box.dom) <= 2 and not box.insides and box is not self._marked:
                return Cell("sign", _SIGNS[origin], about=about)
        inside = self._inside(box)
        combinator = box.key is None and inside is not None
        return Cell(
            "box",
            "if training" if box.origin == "training" else box.name,
            "" if combinator else arguments(_plain(_primal(box)))[1:-1],
            times=_times(box),
            hue=hue,
            dashed=combinator or "random" in box.kinds,
            weighted=any(id(one) in self._weighted for one in box.insides),
            own=inside is not None and (combinator or not _primal(box).origin.startswith("std:")),
            inside=inside,
            about=about,
        )

    def _hue(self, box: Box, again: bool) -> int:
        """A colour for a shared instance that stands here more than once, or in a loop, or is of the file."""
        if box is self._marked:
            return MARKED
        key = box.key or ""
        if key[:1] not in ("~", "^", "/") or not box.insides or (key[0] == "~" and not again):
            return 0
        number = self._hues.setdefault((key.lstrip("~^/"), id(box.insides[0])), len(self._hues))
        return number % (MARKED - 1) + 1

    def _inside(self, box: Box) -> Diagram | None:
        """What is drawn inside a box: of several diagrams, one that shows how they come together."""
        if not box.insides:
            return None
        if len(box.insides) == 1:
            return box.insides[0]
        if id(box) not in self._spread:
            spread = {"training": _branches, "unwind": _unwound}.get(box.origin, _steps)
            self._spread[id(box)] = spread(box)
        return self._spread[id(box)]


def _weighted(levels: Iterable[Diagram]) -> set[int]:
    """The diagrams that own weights, of diagrams listed inside first."""
    found: set[int] = set()
    for level in levels:
        if any(box.origin == "weight" or any(id(one) in found for one in box.insides) for box in level.boxes):
            found.add(id(level))
    return found


def _primal(box: Box) -> Box:
    """What a derivative is of, however often: its arguments are those that a file would give."""
    while box.derived is not None:
        box = box.derived.of
    return box


def _plain(box: Box) -> Box:
    """The box without its arguments that are diagrams, of which no more than a name is known."""
    if not has_diagrams(box):
        return box
    params = tuple(pair for pair in box.params if not has_diagrams(Box("", (), (), params=(pair,))))
    return Box(box.name, box.dom, box.cod, origin=box.origin, params=params)


def _short(value: Value) -> str:
    """A number in a picture: five digits of a double."""
    return f"{value:.5g}" if isinstance(value, float) else show_value(value)


def _times(box: Box) -> str:
    if box.origin in ("repeat", "unwind", "run"):
        count = box.param("count", len(box.insides))
        return f"× {count}" if count != 1 else ""
    return ""


def _about(box: Box) -> Iterable[str]:
    yield f"{box.name}{arguments(box, frugal=False)}"
    yield f"{types_text(box.dom)} -> {types_text(box.cod)}"
    if box.kinds - {"state"}:
        yield "is " + " ".join(sorted(box.kinds - {"state"}))
    if box.key is not None:
        yield f"key {box.key.lstrip('~^/')}" + (", shared" if box.key[:1] in ("~", "^", "/") else "")
    if box.span is not None:
        # a picture is shown to others: the file by its name, not where it lies on a machine
        yield str(box.span).rpartition("/")[2] if box.span.source.name.startswith("/") else str(box.span)


def _steps(box: Box) -> Diagram:
    """The steps of a `repeat` that differ, one after the other; those that are alike, once."""
    held = captures(box)
    made = Builder(box.dom)
    wires = tuple(range(len(box.dom)))
    first = 0
    forms = Forms(True)
    for inside in box.insides:
        forms.of(inside)
    for inside, end in runs(box, forms.numbers):
        name = f"step {first}" if end == first + 1 else f"steps {first} – {end - 1}"
        wires = wires[:held] + made.add(_run(name, inside, end - first), wires)
        first = end
    return made.build(wires[held:])


def _unwound(box: Box) -> Diagram:
    """The steps forward, then their cotangents backward, each at the state that its step began in; those that are
    alike, once."""
    repeat, _ = unwound(box)
    half, held = len(box.insides) // 2, captures(repeat)
    forms = Forms(True)
    for inside in repeat.insides:
        forms.of(inside)
    count = box.param("count", half)
    made = Builder(box.dom)
    wires = tuple(range(len(box.dom)))
    captured, state, seeds = wires[:held], wires[held : len(repeat.dom)], wires[len(repeat.dom) :]
    begun: list[tuple[tuple[int, ...], int, int]] = []
    assert isinstance(count, int)
    first = 0
    for inside, after in runs(repeat, forms.numbers):
        end = after if half > 1 else count
        begun.append((state, first, end))
        # the last step is not taken: nobody asks what it ends in
        taken = end - first - (end == count)
        if taken:
            run = _run(_named("forward", first, first + taken, half), inside, taken)
            state = made.add(run, (*captured, *state))
            # what is shown of steps that are alike is where the last of them begins
            begun[-1] = (state, first, end) if end == count else begun[-1]
        first = end
    sums: tuple[int, ...] = ()
    ends = seeds
    for state, first, end in reversed(begun):
        back = box.insides[half + first % half]
        outs = made.add(_run(_named("backward", first, end, half), back, end - first), (*captured, *state, *ends))
        given = len(outs) - len(tangents(tuple(back.dom)[held : held + len(state)]))
        sums = tuple(_sum(made, *pair) for pair in zip(sums, outs[:given], strict=True)) if sums else outs[:given]
        ends = outs[given:]
    return made.build((*sums, *ends))


def _named(what: str, first: int, end: int, half: int) -> str:
    if half == 1:
        return what
    return f"{what} {first}" if end == first + 1 else f"{what} {first} – {end - 1}"


def _run(name: str, inside: Diagram, times: int) -> Box:
    params = (("count", times),)
    return Box(name, tuple(inside.dom), tuple(inside.cod), origin="run", params=params, insides=(inside,))


def _sum(made: Builder, one: int, other: int) -> int:
    wire = made.types[one]
    return made.add(Box("add", (wire, wire), (wire,), origin="std:add"), (one, other))[0]


def _branches(box: Box) -> Diagram:
    """Both meanings of `training`, and which of them goes on."""
    made = Builder(box.dom)
    wires = tuple(range(len(box.dom)))
    ends = [
        made.add(Box(name, box.dom, box.cod, origin="branch", insides=(inside,)), wires)
        for name, inside in zip(("then", "else"), box.insides, strict=True)
    ]
    return made.build(
        made.add(Box("or", (wire, wire), (wire,), origin="either"), (left, right))[0]
        for wire, left, right in zip(box.cod, *ends, strict=True)
    )
