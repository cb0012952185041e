"""From the rope that `>>` and `@` build to the flat form: iterative, and linear in the boxes.

Keys are settled here: each mention of a diagram is a fresh instance, so a key that a body has already gets `_2`, `_3`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from diagrammar.box import numbered
from diagrammar.diagram import Box, Diagram, Flat, Node, definitions
from diagrammar.errors import BudgetError
from diagrammar.types import Type

# `d = d >> d` sixty times is a small rope and no diagram that fits a machine
BUDGET = 10_000_000

_MARKS = ("~", "^", "/")


def flatten(diagram: Diagram) -> Flat:
    """The flat form of a rope."""
    if diagram.leaves > BUDGET:
        raise BudgetError(f"a diagram of {diagram.leaves:,} parts is past the budget of {BUDGET:,}")
    types: list[Type] = list(diagram.dom)
    inputs = list(range(len(types)))
    nodes: list[Node] = []
    outputs: list[int] = []
    names = Names(_leaves(diagram))
    # each task reads its inputs from a list at an offset and appends its outputs to a list, so that a long chain of
    # `@` never concatenates
    tasks: list[tuple[Diagram, list[int], int, list[int]]] = [(diagram, inputs, 0, outputs)]
    while tasks:
        part, source, start, target = tasks.pop()
        if part._parts is not None and (not part.name or part is diagram):
            operator, left, right = part._parts
            if operator == ">>":
                middle: list[int] = []
                tasks += ((right, middle, 0, target), (left, source, start, middle))
            else:
                tasks += ((right, source, start + left.arity[0], target), (left, source, start, target))
        elif part.name:
            box = part.frame(key=names.fresh(part.name, part.name))
            first = len(types)
            types.extend(box.cod)
            outs = range(first, len(types))
            nodes.append(Node(box, tuple(source[start : start + part.arity[0]]), tuple(outs)))
            target.extend(outs)
        else:
            names.lay(part, source[start : start + part.arity[0]], types, nodes, target)
    return Flat(types, tuple(inputs), nodes, tuple(outputs))


def _leaves(root: Diagram) -> list[Diagram]:
    """The distinct diagrams that a rope is made of."""
    leaves: list[Diagram] = []
    seen: set[int] = set()
    stack = [root]
    while stack:
        part = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if part._parts is None or (part.name and part is not root):
            leaves.append(part)
        else:
            stack += part._parts[1:]
    return leaves


class Names:
    """The keys of one body: which are taken, and which the diagrams laid into it bring."""

    __slots__ = ("brought", "counts", "taken")

    def __init__(self, leaves: Iterable[Diagram]) -> None:
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}
        self.brought: dict[int, dict[str, str]] = {}
        for leaf in leaves:
            if not leaf.name:
                self.bring(leaf)

    def bring(self, leaf: Diagram) -> None:
        """Notes the keys of an unnamed diagram; a share keeps its name, so no other box may take it."""
        keys = body_keys(leaf)
        self.taken.update(key[1:] for key in keys if key[0] == "~")
        self.brought[id(leaf)] = {key: base for key, base in keys.items() if key[0] not in _MARKS}

    def fresh(self, key: str, base: str) -> str:
        """The key itself, or the first of `base_2`, `base_3`, ... that is not taken."""
        count = self.counts.get(base, 1)
        while key in self.taken:
            count += 1
            key = numbered(base, count)
        self.counts[base] = count
        self.taken.add(key)
        return key

    def lay(
        self, part: Diagram, source: Sequence[int], types: list[Type], nodes: list[Node], target: list[int]
    ) -> None:
        """Lays an unnamed diagram on wires of the body, its keys renamed where they are taken."""
        flat = part.flat
        at = [0] * len(flat.types)
        for wire, outer in zip(flat.inputs, source, strict=True):
            at[wire] = outer
        renamed = self._apart(part)
        for node in flat.nodes:
            box = node.box
            if renamed and (box.key is not None or box.insides):
                box = rekeyed(box, renamed)
            first = len(types)
            types.extend([flat.types[w] for w in node.outs])
            outs = tuple(range(first, len(types)))
            for wire, outer in zip(node.outs, outs, strict=True):
                at[wire] = outer
            nodes.append(Node(box, tuple([at[w] for w in node.ins]), outs))
        target.extend([at[w] for w in flat.outputs])

    def _apart(self, leaf: Diagram) -> dict[str, str]:
        keys = self.brought[id(leaf)]
        if not keys:
            return keys
        renamed = {key: self.fresh(key, base) for key, base in keys.items()}
        return {key: new for key, new in renamed.items() if key != new}


def body_keys(diagram: Diagram) -> dict[str, str]:
    """The keys that a body owns, in the order of its boxes, with the names that they count from: `conv` of `conv_2`."""
    result: dict[str, str] = {}
    seen = {id(diagram)}
    stack = [iter(diagram.flat.nodes)]
    while stack:
        for node in stack[-1]:
            box = node.box
            if box.key is not None:
                if box.key not in result:
                    result[box.key] = _base(box)
            elif box.insides:
                # what is inside a combinator is of this body too
                fresh = [inside for inside in box.insides if id(inside) not in seen]
                seen.update(map(id, fresh))
                stack += [iter(inside.flat.nodes) for inside in reversed(fresh)]
                break
        else:
            stack.pop()
    return result


def _base(box: Box) -> str:
    key = box.key or ""
    if key == box.name:
        return key
    bare = key.rstrip("'")
    stem, mark, count = bare.rpartition("_")
    return stem + key[len(bare) :] if mark and stem and count.isdecimal() else key


def rekeyed(box: Box, renamed: Mapping[str, str]) -> Box:
    """The box with other keys for what the body around it owns."""
    if box.key is not None:
        new = renamed.get(box.key)
        return box if new is None else box.with_(key=new)
    images: dict[int, Diagram] = {}
    for root in box.insides:
        for level in definitions(root, lambda inner: inner.key is None):
            if id(level) not in images:
                images[id(level)] = _rekeyed_level(level, renamed, images)
    insides = tuple(images[id(inside)] for inside in box.insides)
    return box if all(map(_is, insides, box.insides)) else box.with_(insides=insides)


def _rekeyed_level(level: Diagram, renamed: Mapping[str, str], images: Mapping[int, Diagram]) -> Diagram:
    flat = level.flat
    nodes: list[Node] = []
    changed = False
    for node in flat.nodes:
        box = node.box
        if box.key is not None:
            new = renamed.get(box.key)
            box = box if new is None else box.with_(key=new)
        elif box.insides:
            insides = tuple(images[id(inside)] for inside in box.insides)
            box = box if all(map(_is, insides, box.insides)) else box.with_(insides=insides)
        changed |= box is not node.box
        nodes.append(node if box is node.box else Node(box, node.ins, node.outs))
    if not changed:
        return level
    return Diagram(Flat(flat.types, flat.inputs, nodes, flat.outputs), level.name, level.origin)


def _is(a: object, b: object) -> bool:
    return a is b
