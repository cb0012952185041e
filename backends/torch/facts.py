"""What is known of a diagram before a line of code is written: which boxes live, what it owns, how deep it is.

Everything is computed once for each `Diagram` object, inner ones first, with an explicit stack: nesting is bounded by
memory alone.
"""

from __future__ import annotations

from collections.abc import Callable

from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError

# origins of frames that add no name to a path
REPEAT, TRAINING = "repeat", "training"
OWNED = ("weight", "state", "next")

Pattern = tuple[range, ...]


class Entry:
    """Something with a key: `box` under `name`, `up` keyed boxes further out (-1: at the root), once for each index of
    `pattern` (empty: no index)."""

    __slots__ = ("box", "name", "pattern", "up")

    def __init__(self, name: str, up: int, pattern: Pattern, box: Box) -> None:
        self.name = name
        self.up = up
        self.pattern = pattern
        self.box = box


class Facts:
    """Of one diagram: `live[i]` whether node i is needed; `uses[w]` how often live nodes and outputs read wire w;
    `entries` what it owns or refers to; `boxes` its size when inlined; `height` how deep its modules nest;
    `effect` whether it sets a state; `trains` whether it asks for the mode; `batch` whether a box sees all samples."""

    __slots__ = ("batch", "boxes", "effect", "entries", "heavy", "height", "live", "random", "trains", "uses")

    def __init__(self) -> None:
        self.live: list[bool] = []
        self.uses: list[int] = []
        self.entries: list[Entry] = []
        self.boxes = 0
        self.height = 0
        self.effect = False
        self.trains = False
        self.random = False
        self.batch = False
        self.heavy = False


def parse_key(box: Box) -> tuple[int, bool, str]:
    """How many keyed boxes further out a key starts (-1: the root), whether repeat indices apply, and its name."""
    key = box.key or ""
    if key.startswith("/"):
        up, fixed, name = -1, True, key[1:]
    elif key.startswith("^"):
        name = key.lstrip("^")
        up, fixed = len(key) - len(name), True
    elif key.startswith("~"):
        up, fixed, name = 0, True, key[1:]
    else:
        up, fixed, name = 0, False, key
    if not name or "." in name:
        raise BackendError(f"the key {key!r} of `{box.name}` is not a name", box.span)
    return up, fixed, name


def first_step(box: Box) -> int:
    """The number of the first step of a `repeat`: one that stands for steps of another says which."""
    first = box.param("first", 0)
    assert isinstance(first, int)
    return first


class Survey:
    """The facts of every diagram inside one diagram. `fused` says which frames have a meaning of their own."""

    def __init__(self, root: Diagram, fused: Callable[[Box], bool]) -> None:
        self._fused = fused
        self._facts: dict[int, Facts] = {}
        self._kept: list[Diagram] = []
        self.mentions: dict[int, int] = {}
        self.add(root)

    def add(self, root: Diagram) -> None:
        """Surveys one more diagram."""
        stack = [(root, False)]
        while stack:
            diagram, ready = stack.pop()
            if ready:
                self._facts[id(diagram)] = self._survey(diagram)
                continue
            if id(diagram) in self._facts:
                continue
            # a diagram met twice on the way down is surveyed twice only if it is on the stack twice
            self._kept.append(diagram)
            stack.append((diagram, True))
            for node in diagram.flat.nodes:
                for inside in node.box.insides:
                    if id(inside) not in self._facts:
                        stack.append((inside, False))

    def __getitem__(self, diagram: Diagram) -> Facts:
        return self._facts[id(diagram)]

    def _survey(self, diagram: Diagram) -> Facts:
        if id(diagram) in self._facts:
            return self._facts[id(diagram)]
        facts = Facts()
        for node in diagram.flat.nodes:
            self._enter(facts, node.box)
        self._liveness(facts, diagram)
        facts.heavy = facts.trains or facts.effect or any(entry.up == 0 for entry in facts.entries)
        return facts

    def _enter(self, facts: Facts, box: Box) -> None:
        if not box.insides:
            facts.boxes += 1
            if box.key is not None:
                up, _, name = parse_key(box)
                facts.entries.append(Entry(name, up, (), box))
            facts.effect = facts.effect or box.origin == "next"
            facts.random = facts.random or "random" in box.kinds or box.origin in ("std:gaussian", "std:uniform")
            facts.batch = facts.batch or "batch" in box.kinds
            return
        if box.origin == TRAINING:
            facts.trains = True
        steps = box.insides
        for number, inside in enumerate(steps):
            inner = self._facts[id(inside)]
            self.mentions[id(inside)] = self.mentions.get(id(inside), 0) + 1
            facts.effect = facts.effect or inner.effect
            facts.random = facts.random or inner.random
            facts.batch = facts.batch or inner.batch
            facts.boxes += 1 if self._fused(box) else inner.boxes
            facts.height = max(facts.height, inner.height + (1 if box.key is not None else 0))
            if box.key is None:
                facts.trains = facts.trains or inner.trains
                self._lift(facts, box, number, inner)
        if box.key is not None:
            self._frame(facts, box, self._facts[id(steps[0])])

    def _lift(self, facts: Facts, box: Box, number: int, inner: Facts) -> None:
        """What the inside of a transparent frame owns is owned by the body round it, with an index under `repeat`."""
        step: Pattern = ()
        if box.origin == REPEAT:
            count = box.param("count")
            assert isinstance(count, int)
            first = number + first_step(box)
            step = (range(count),) if len(box.insides) == 1 and count != 1 else (range(first, first + 1),)
        for entry in inner.entries:
            indexed = entry.up == 0 and entry.box.key is not None and entry.box.key[0] not in "~^/"
            facts.entries.append(Entry(entry.name, entry.up, step + entry.pattern, entry.box) if indexed else entry)

    def _frame(self, facts: Facts, box: Box, inner: Facts) -> None:
        up, _, name = parse_key(box)
        if inner.heavy:
            facts.entries.append(Entry(name, up, (), box))
        for entry in inner.entries:
            if entry.up == -1:
                facts.entries.append(entry)
            elif entry.up > 0:
                # a reference out of the inside: one keyed box nearer to what it means. It is fixed from there on
                facts.entries.append(Entry(entry.name, entry.up - 1, (), _fixed(entry.box)))

    def _liveness(self, facts: Facts, diagram: Diagram) -> None:
        flat = diagram.flat
        uses = [0] * len(flat.types)
        for wire in flat.outputs:
            uses[wire] += 1
        live = [False] * len(flat.nodes)
        for at in range(len(flat.nodes) - 1, -1, -1):
            node = flat.nodes[at]
            box = node.box
            if any(uses[wire] for wire in node.outs) or box.origin == "next" or self._acts(box):
                live[at] = True
                for wire in node.ins:
                    uses[wire] += 1
        facts.live, facts.uses = live, uses

    def _acts(self, box: Box) -> bool:
        return any(self._facts[id(inside)].effect for inside in box.insides)


def _fixed(box: Box) -> Box:
    """The box with a key that no repeat index applies to."""
    _, _, name = parse_key(box)
    if box.key == "~" + name:
        return box
    return Box(
        box.name, box.dom, box.cod, origin=box.origin, params=box.params, key="~" + name, kinds=box.kinds,
        insides=box.insides, span=box.span,
    )  # fmt: skip
