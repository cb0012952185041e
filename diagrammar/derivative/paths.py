"""The weights of a diagram by their paths, in the order in which a module keeps them.

Keys resolve as a backend resolves them: a name is relative to the keyed box around it, `^name` starts one keyed box
further out for each `^`, `/name` at the root, `~name` is not counted by loops.
"""

from __future__ import annotations

from collections.abc import Iterable

from diagrammar.box import Box
from diagrammar.types import Type

# a name with the steps of the loops that count it
Part = tuple[str, tuple[int, ...]]
_END, _ROOT = -1, -1


class Leaf:
    """A weight as one body sees it: `up` keyed boxes further out (-1: at the root) and then along a path.

    `fixed`: no loop counts it. `wire` is its type, `bound` whether it is constrained. Equal ones are one weight.
    """

    __slots__ = ("bound", "fixed", "path", "up", "wire")

    def __init__(self, up: int, fixed: bool, path: int, wire: Type, bound: bool) -> None:
        self.up = up
        self.fixed = fixed
        self.path = path
        self.wire = wire
        self.bound = bound

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaf) and (self.up, self.fixed, self.path) == (other.up, other.fixed, other.path)

    def __hash__(self) -> int:
        return hash((self.up, self.fixed, self.path))

    def at(self, up: int, fixed: bool, path: int) -> Leaf:
        """The same weight seen from elsewhere."""
        return Leaf(up, fixed, path, self.wire, self.bound)


def resolved(key: str) -> tuple[int, bool, str]:
    """How many keyed boxes further out a key starts (-1: at the root), whether loops leave it alone, and its name.

    >>> resolved("layer"), resolved("^^cell"), resolved("/tie")
    ((0, False, 'layer'), (2, True, 'cell'), (-1, True, 'tie'))
    """
    name = key.lstrip("^")
    if len(name) < len(key):
        return len(key) - len(name), True, name
    if key[0] == "/":
        return _ROOT, True, key[1:]
    return 0, key[0] == "~", key.removeprefix("~")


class Paths:
    """Paths as numbers: each is its first part and the path after it, so that long ones share their ends."""

    __slots__ = ("_ids", "_parts")

    def __init__(self) -> None:
        self._ids: dict[tuple[Part, int], int] = {}
        self._parts: list[tuple[Part, int]] = []

    def _path(self, part: Part, rest: int) -> int:
        found = self._ids.get((part, rest))
        if found is None:
            found = self._ids[part, rest] = len(self._parts)
            self._parts.append((part, rest))
        return found

    def parts(self, path: int) -> tuple[Part, int]:
        """The first part of a path, and what follows."""
        return self._parts[path]

    def weight(self, box: Box) -> Leaf:
        """A weight where it stands."""
        up, fixed, name = resolved(box.key or "")
        return Leaf(up, fixed, self._path((name, ()), _END), box.cod[0], bool(box.param("where", ())))

    def inside(self, frame: Box, leaf: Leaf) -> Leaf:
        """A weight that a keyed box sees, as the body around that box sees it."""
        if leaf.up > 0:
            return leaf.at(leaf.up - 1, True, leaf.path)
        if leaf.up == _ROOT:
            return leaf
        up, fixed, name = resolved(frame.key or "")
        return leaf.at(up, fixed, self._path((name, ()), leaf.path))

    def is_one(self, leaf: Leaf) -> bool:
        """Whether a weight is the same in all steps of a loop."""
        return leaf.fixed or leaf.up != 0

    def step(self, leaf: Leaf, number: int) -> Leaf:
        """A weight that a step of a loop sees, as the body around the loop sees it."""
        if self.is_one(leaf):
            return leaf
        (name, index), rest = self._parts[leaf.path]
        return leaf.at(0, False, self._path((name, (number, *index)), rest))

    def at_top(self, leaf: Leaf) -> Leaf:
        """A weight of a whole diagram: its root is where its own paths start."""
        return leaf.at(max(leaf.up, 0), True, leaf.path)

    def dotted(self, leaf: Leaf) -> str:
        """A path as a `state_dict` has it."""
        names: list[str] = []
        path = leaf.path
        while path != _END:
            (name, index), path = self._parts[path]
            names += (name, *map(str, index))
        return "^" * leaf.up + ".".join(names)


def ordered(leaves: Iterable[Leaf], paths: Paths) -> list[Leaf]:
    """The weights in the order of a `state_dict`: those of a module first, the constrained ones among them last, then
    those of its children, each child where it is first met.

    Leaves that start at one place are sorted part by part, with a stack: paths may be long.
    """
    starts: dict[int, list[tuple[Leaf, int]]] = {}
    for leaf in leaves:
        starts.setdefault(leaf.up, []).append((leaf, leaf.path))
    result: list[Leaf] = []
    stack = list(reversed(starts.values()))
    while stack:
        group = stack.pop()
        if len(group) == 1:
            result.append(group[0][0])
            continue
        stack += reversed(_parted(group, paths))
    return result


def _parted(group: list[tuple[Leaf, int]], paths: Paths) -> list[list[tuple[Leaf, int]]]:
    """The members of one module, in groups by the name that their paths go on with."""
    plain: list[list[tuple[Leaf, int]]] = []
    rows: dict[str, dict[tuple[int, ...], list[tuple[Leaf, int]]]] = {}
    children: dict[str, dict[tuple[int, ...], list[tuple[Leaf, int]]]] = {}
    for leaf, path in group:
        if path == _END:
            # one weight that loops count in one place and not in another
            plain.append([(leaf, path)])
            continue
        (name, index), rest = paths.parts(path)
        if rest != _END:
            children.setdefault(name, {}).setdefault(index, []).append((leaf, rest))
        elif index or leaf.bound:
            # the constrained ones are in a module of their own, and so are those of the steps of a loop
            rows.setdefault(name if index else "", {}).setdefault(index, []).append((leaf, rest))
        else:
            plain.append([(leaf, rest)])
    return [*plain, *(part for table in (rows, children) for each in table.values() for part in _nested(each))]


def _nested(found: dict[tuple[int, ...], list[tuple[Leaf, int]]]) -> list[list[tuple[Leaf, int]]]:
    """The steps of one name, those of a step of an outer loop together, each where it is first met."""
    seen: dict[tuple[int, ...], int] = {}
    for index in found:
        for end in range(1, len(index) + 1):
            seen.setdefault(index[:end], len(seen))
    place = {index: [seen[index[:end]] for end in range(1, len(index) + 1)] for index in found}
    return [found[index] for index in sorted(found, key=place.__getitem__)]
