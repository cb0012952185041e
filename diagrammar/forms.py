"""Diagrams compared frame by frame: each definition once, however often it is used, exactly in its keys."""

from __future__ import annotations

from collections.abc import Iterable

from diagrammar.canonical import NONE, Level, label_of
from diagrammar.diagram import Box, Diagram, definitions


class Forms:
    """Diagrams as numbers, equal for equal ones: each definition once, however often it is used.

    `contents` are hashes that do not depend on what was numbered before.
    """

    __slots__ = ("contents", "effects", "full", "ids", "numbers")

    def __init__(self, full: bool) -> None:
        self.full = full
        self.ids: dict[object, int] = {}
        self.contents: list[int] = []
        self.numbers: dict[int, int] = {}
        self.effects: set[int] = set()

    def number(self, what: object, content: int) -> int:
        """The number of a label or of a form."""
        found = self.ids.get(what)
        if found is None:
            found = self.ids[what] = len(self.contents)
            self.contents.append(content)
        return found

    def of(self, diagram: Diagram) -> int:
        """The number of a diagram."""
        levels = definitions(diagram)
        labels: dict[tuple[int, bool], int] = {}
        looped = _looped(levels)
        for one in levels:
            self.numbers[id(one)] = self._form(one, labels, id(one) in looped)
        return self.numbers[id(diagram)]

    def _label(self, box: Box, labels: dict[tuple[int, bool], int], looped: bool) -> int:
        found = labels.get((id(box), looped))
        if found is None:
            inner = tuple([self.numbers[id(inside)] for inside in box.insides])
            key = box.key
            if self.full and key is not None and key[0] == "~" and not looped:
                # outside of loops a share is a box like any other: its path is the same
                key = key[1:]
            label = (label_of(box, self.full), key)
            content = hash((label, tuple([self.contents[n] for n in inner])))
            found = labels[id(box), looped] = self.number((label, inner), content)
        return found

    def _form(self, diagram: Diagram, labels: dict[tuple[int, bool], int], looped: bool) -> int:
        flat = diagram.flat
        dom = tuple(diagram.dom)
        level = Level(self.number(("dom", dom), hash(dom)), len(dom))
        at = [0] * len(flat.types)
        for number, wire in enumerate(flat.inputs):
            at[wire] = number
        for node in flat.nodes:
            box = node.box
            first = level.add(self._label(box, labels, looped), NONE, tuple([at[w] for w in node.ins]), len(node.outs))
            for wire in node.outs:
                at[wire] = first
                first += 1
            effect = box.origin == "next" or any(id(inside) in self.effects for inside in box.insides)
            if effect:
                self.effects.add(id(diagram))
            if effect or (self.full and box.key is not None):
                level.effects.append(len(level.labels) - 1)
        level.outputs = tuple([at[w] for w in flat.outputs])
        return self._stream(level)

    def _stream(self, level: Level) -> int:
        owner = level.owners()
        seen = bytearray(len(level.labels))
        order: list[int] = []
        level.reach(owner, seen, order, [(-1, iter(level.outputs))])
        waiting = [node for node in level.effects if not seen[node]]
        waiting.sort(key=lambda node: self.contents[level.labels[node]])
        for node in waiting:
            if not seen[node]:
                seen[node] = 1
                level.reach(owner, seen, order, [(node, iter(level.ins[node]))])
        at = list(range(level.inputs)) + [0] * (level.wires - level.inputs)
        wire = level.inputs
        stream = [level.dom]
        contents = [self.contents[level.dom]]
        for node in order:
            ins = [at[w] for w in level.ins[node]]
            stream += (level.labels[node], *ins)
            contents += (self.contents[level.labels[node]], *ins)
            for out in range(level.first[node], level.first[node] + level.outs[node]):
                at[out] = wire
                wire += 1
        ends = [at[w] for w in level.outputs]
        return self.number((*stream, *ends), hash((*contents, *ends)))


def _looped(levels: Iterable[Diagram]) -> set[int]:
    """The levels whose boxes a `repeat` counts, of diagrams listed inside first."""
    result: set[int] = set()
    for level in reversed(list(levels)):
        for node in level.flat.nodes:
            box = node.box
            if box.key is None and (box.origin in ("repeat", "unwind") or id(level) in result):
                result.update(map(id, box.insides))
    return result
