"""Levels of a canonical form with equal pure boxes merged; and, if asked, with sums as multisets.

In a cartesian left additive category (Blute, Cockett, Seely, Cartesian differential categories, 2009) the maps into an
object are a commutative monoid. Where that is meant, a tree of `add` is the multiset of its terms without those that
are zero. It is written as one chain, in an order that depends on what the terms compute alone.
"""

from __future__ import annotations

from diagrammar.box import Box
from diagrammar.canonical import NONE, Expansion, Level, label_of
from diagrammar.types import Type


def merged(expansion: Expansion, sums: bool = False) -> list[Level]:
    """The levels with equal pure nodes merged, those inside first; `sums`: also those that add the same in another
    order, or zeros. That compares keys by their names, so it wants an exact expansion.
    """
    images: dict[int, Level] = {}
    forms: dict[object, int] = {}
    form_of: dict[int, int] = {}
    contents: dict[int, int] = {}
    for level in reversed(expansion.levels):
        image = Level(level.dom, level.inputs)
        made = _Nodes(image, _Sums(expansion, image, contents) if sums else None)
        at = list(range(level.inputs)) + [0] * (level.wires - level.inputs)
        effects = set(level.effects)
        for node, label in enumerate(level.labels):
            ins = tuple([at[w] for w in level.ins[node]])
            children = tuple([images[id(child)] for child in level.children.get(node, ())])
            inner = tuple([form_of[id(child)] for child in children])
            what = (label, level.keys[node], ins, inner)
            first = made.put(what, level.outs[node], children, node not in level.impure)
            if node in effects:
                image.effects.append(len(image.labels) - 1)
            for wire in range(level.outs[node]):
                at[level.first[node] + wire] = first + wire
        image.outputs = tuple([at[w] for w in level.outputs])
        made.close()
        images[id(level)] = image
        form_of[id(image)] = forms.setdefault(_exact(image, form_of), len(forms))
    return [images[id(level)] for level in expansion.levels]


def _exact(level: Level, form_of: dict[int, int]) -> object:
    """A level with its keys as they are, for merging what holds it."""
    owner = level.owners()
    order: list[int] = []
    level.reach(owner, bytearray(len(level.labels)), order, [(-1, iter(level.outputs))])
    at = list(range(level.inputs)) + [0] * (level.wires - level.inputs)
    wire = level.inputs
    stream: list[object] = [level.dom]
    for node in order:
        inner = tuple([form_of[id(child)] for child in level.children.get(node, ())])
        stream += (level.labels[node], level.keys[node], inner, *[at[w] for w in level.ins[node]])
        first = level.first[node]
        for out in range(first, first + level.outs[node]):
            at[out] = wire
            wire += 1
    return (*stream, *[at[w] for w in level.outputs])


# a label, a key, the wires that go in, and the forms of what is inside
What = tuple[int, int, tuple[int, ...], tuple[int, ...]]


class _Nodes:
    """The nodes of a level while they are merged."""

    __slots__ = ("known", "level", "sums")

    def __init__(self, level: Level, sums: _Sums | None) -> None:
        self.level = level
        self.sums = sums
        self.known: dict[What, int] = {}

    def put(self, what: What, outs: int, children: tuple[Level, ...], pure: bool) -> int:
        """The first wire of a node, of one that was there before where it is pure."""
        if self.sums is not None:
            terms = self.sums.terms_of(what[0], what[2])
            if terms is not None:
                return self._sum(self.sums, what[0], terms)
        return self._node(what, outs, children, pure)

    def _node(self, what: What, outs: int, children: tuple[Level, ...] = (), pure: bool = True) -> int:
        first = self.known.get(what) if pure else None
        if first is None:
            level = self.level
            first = level.add(what[0], what[1], what[2], outs)
            if children:
                level.children[len(level.labels) - 1] = children
            if pure:
                self.known[what] = first
            else:
                level.impure.add(len(level.labels) - 1)
            if self.sums is not None:
                self.sums.note(what, outs, children)
        return first

    def _sum(self, sums: _Sums, label: int, terms: tuple[int, ...]) -> int:
        """The one chain of these terms; the term, of one alone; zero, of none."""
        zero, add = sums.labels(label)
        if not terms:
            return sums.known(self._node((zero, NONE, (), ()), 1), terms)
        found = terms[0]
        for count, term in enumerate(terms[1:], 2):
            found = sums.known(self._node((add, NONE, (found, term), ()), 1), terms[:count])
        return found

    def close(self) -> None:
        """Says what the level as a whole computes."""
        if self.sums is not None:
            self.sums.close()


class _Sums:
    """Which wires of a level are sums, and of what; and what each wire computes, as a number that orders terms.

    A collision of these numbers leaves two terms in any order: it cannot make different diagrams equal.
    """

    __slots__ = ("_contents", "_expansion", "_level", "_numbers", "_terms")

    def __init__(self, expansion: Expansion, level: Level, contents: dict[int, int]) -> None:
        self._expansion = expansion
        self._level = level
        self._contents = contents
        self._numbers = list(range(level.inputs))
        self._terms: dict[int, tuple[int, ...]] = {}

    def terms_of(self, label: int, ins: tuple[int, ...]) -> tuple[int, ...] | None:
        """The terms of an `add`, or of a zero, in their order; None for any other box."""
        what = self._expansion.labels[label]
        if what[0] == "std:const":
            return () if _is_zero(what) else None
        if what[0] != "std:add" or len({*_types(what, 4), *_types(what, 5)}) != 1:
            return None
        terms = [term for wire in ins for term in self._terms.get(wire, (wire,))]
        return tuple(sorted(terms, key=self._numbers.__getitem__))

    def labels(self, label: int) -> tuple[int, int]:
        """The labels of zeros and of sums of the type that a box of this label gives."""
        (wire,) = _types(self._expansion.labels[label], 5)
        zero = Box("const", (), (wire,), origin="std:const", params=(("value", 0),))
        add = Box("add", (wire, wire), (wire,), origin="std:add", kinds=frozenset({"linear", "elementwise"}))
        return self._expansion.label(label_of(zero)), self._expansion.label(label_of(add))

    def known(self, wire: int, terms: tuple[int, ...]) -> int:
        """Notes the terms of a wire."""
        self._terms[wire] = terms
        return wire

    def note(self, what: What, outs: int, children: tuple[Level, ...]) -> None:
        """Notes what a new node computes."""
        label, key, ins, _ = what
        name = "" if key == NONE else self._expansion.instances.dotted(key)
        inner = tuple([self._contents[id(child)] for child in children])
        number = hash((self._expansion.labels[label], name, inner, tuple([self._numbers[wire] for wire in ins])))
        self._numbers += [hash((number, port)) for port in range(outs)]

    def close(self) -> None:
        """Notes what the level computes."""
        self._contents[id(self._level)] = hash(tuple([self._numbers[wire] for wire in self._level.outputs]))


def _types(label: tuple[object, ...], at: int) -> tuple[Type, ...]:
    found = label[at]
    assert isinstance(found, tuple)
    return found


def _is_zero(label: tuple[object, ...]) -> bool:
    return label[6] == (("value", 0),)
