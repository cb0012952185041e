"""When two diagrams are equal.

`==` and `hash` are of the Markov form: boxes that nothing needs are dropped (a `next` is always needed), named frames
are transparent, `map scan fold tree repeat training` are compared by their insides; up to a renaming of the keys bound
inside, exactly in those that lead out (`^name`, `/name`). Spans never count. `same` also compares frames, names and
keys; `cartesian` also merges pure boxes with equal static arguments and inputs; `additive` takes sums as multisets too.

A mark, `store { f }` or `recompute { f }`, is compared like a combinator by `==` and `same`: two texts that a reverse
pass runs in two ways are two diagrams. `cartesian` and `additive` are about what is computed, and that is f: they lay
marks open, as all three do with named frames.

Past `BUDGET` boxes, frames laid open, two diagrams are compared frame by frame, exactly in all keys: that never calls
different diagrams equal, but it may miss an equality between diagrams that are framed or named differently. Which of
the two ways is taken depends on each side alone, so `==` stays an equivalence and `hash` agrees with it.
"""

from __future__ import annotations

from diagrammar.canonical import NONE, Expansion, Instances, Label, Level, Stream
from diagrammar.diagram import Diagram, definitions
from diagrammar.forms import Forms
from diagrammar.merging import merged
from diagrammar.pause import pausing

BUDGET = 1_000_000


class Canonical:
    """A canonical form: equal for equal diagrams, and only for them. `size` counts its boxes.

    >>> from diagrammar.diagram import Box, Copy
    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> f = Box("f", (x,), (x,))
    >>> cartesian(f >> Copy(x)) == cartesian(Copy(x) >> f @ f), cartesian(Copy(x) >> f @ f).size
    (True, 1)
    """

    __slots__ = ("labels", "size", "stream", "written")

    def __init__(self, stream: Stream, labels: tuple[Label, ...], written: tuple[object, ...], size: int) -> None:
        self.stream = stream
        self.labels = labels
        self.written = written
        self.size = size

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Canonical)
            and self.stream == other.stream
            and self.labels == other.labels
            and self.written == other.written
        )

    def __hash__(self) -> int:
        return hash((self.stream, self.labels, self.written))


@pausing
def equal(left: Diagram, right: Diagram) -> bool:
    """Whether two diagrams are equal: what `==` means."""
    if left is right:
        return True
    if left._hash is not None and right._hash is not None and left._hash != right._hash:
        return False
    if left.arity != right.arity:
        return False
    near, far = expanded_size(left) <= BUDGET, expanded_size(right) <= BUDGET
    if near and far:
        return markov(left) == markov(right)
    return near == far and _framewise(left, right, False)


@pausing
def hash_of(diagram: Diagram) -> int:
    """A hash that agrees with `==`."""
    if expanded_size(diagram) <= BUDGET:
        return hash(markov(diagram))
    forms = Forms(False)
    return forms.contents[forms.of(diagram)]


@pausing
def same(left: Diagram, right: Diagram) -> bool:
    """Whether two diagrams are equal, and so are their frames, their names and their keys: what they own has the same
    paths.

    A frame is told by its key and its inside: its static arguments and where it was declared do not count. Boxes with a
    key count though nothing needs them.

    >>> from diagrammar.diagram import Box
    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> f = Box("f", (x,), (x,)).diagram()
    >>> f.named("g") >> f == f >> f, same(f.named("g") >> f, f >> f)
    (True, False)
    """
    return left is right or _framewise(left, right, True)


@pausing
def markov(diagram: Diagram) -> Canonical:
    """The canonical form that `==` compares."""
    expansion = Expansion(diagram)
    return _encode(expansion, expansion.levels)


@pausing
def cartesian(diagram: Diagram, exact: bool = False) -> Canonical:
    """The canonical form in which copies are natural: pure boxes with equal static arguments and inputs are merged, and
    so are weights of one key; random boxes and states never are. `exact`: equal keys are one instance in all diagrams,
    so a diagram with other keys has another form.
    """
    expansion = Expansion(diagram, exact, marks=False)
    return _encode(expansion, merged(expansion))


@pausing
def additive(diagram: Diagram) -> Canonical:
    """The cartesian form in which sums are multisets too: their order and their brackets do not count, nor do zeros in
    them. Keys are exact: equal keys are one instance.

    Derivatives are compared in it: a wire that is copied has the sum of the cotangents of its copies, in no order.

    >>> from diagrammar.diagram import Box, Copy, Swap
    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> add, f = Box("add", (x, x), (x,), origin="std:add"), Box("f", (x,), (x,))
    >>> zero = Box("const", (), (x,), origin="std:const", params=(("value", 0),))
    >>> left = Copy(x) @ zero.diagram() >> f.diagram() @ add >> add
    >>> right = Copy(x) >> Diagram.id(x) @ f >> add
    >>> cartesian(left) == cartesian(right), additive(left) == additive(right)
    (False, True)
    """
    expansion = Expansion(diagram, True, marks=False)
    return _encode(expansion, merged(expansion, True))


def expanded_size(diagram: Diagram) -> int:
    """How many boxes there are with all that is inside them."""
    sizes: dict[int, int] = {}
    levels = definitions(diagram)
    for level in levels:
        nodes = level.flat.nodes
        inner = sum(sizes[id(inside)] for node in nodes if node.box.insides for inside in node.box.insides)
        sizes[id(level)] = len(nodes) + inner
    return sizes[id(diagram)]


# ------------------------------------------------------------------------------------------------ the stream of numbers


def _encode(expansion: Expansion, levels: list[Level]) -> Canonical:
    labels: dict[int, int] = {}
    met = _Keys(expansion.instances)
    keys = met.numbers
    stream: list[int] = []
    hashes: dict[int, list[int]] = {}
    queue = [levels[0]]
    size = 0
    for level in queue:
        order = _ordered(level, keys, expansion, levels, hashes)
        size += len(order)
        stream += (labels.setdefault(level.dom, len(labels)), len(order))
        at = list(range(level.inputs)) + [0] * (level.wires - level.inputs)
        wire = level.inputs
        for node in order:
            key = level.keys[node]
            number = keys.get(key)
            if number is None:
                number = met.new(key)
            label = level.labels[node]
            stream += (labels.setdefault(label, len(labels)), number)
            stream += [at[w] for w in level.ins[node]]
            first = level.first[node]
            for out in range(first, first + level.outs[node]):
                at[out] = wire
                wire += 1
            if node in level.children:
                queue += level.children[node]
        stream.append(len(level.outputs))
        stream += [at[w] for w in level.outputs]
    return Canonical(tuple(stream), tuple([expansion.labels[n] for n in labels]), tuple(met.written), size)


class _Keys:
    """The numbers of instances, in the order in which they are met: what is bound inside has no other name.

    `written` says of each which loops count it, and the names of its path where that leads out of the diagram.
    """

    __slots__ = ("_indices", "instances", "numbers", "written")

    def __init__(self, instances: Instances) -> None:
        self.instances = instances
        self.numbers: dict[int, int] = {NONE: 0}
        self._indices: dict[int, int] = {NONE: 0}
        self.written: list[object] = []

    def new(self, key: int) -> int:
        """The number of an instance that was not met before."""
        number = self.numbers[key] = len(self.numbers)
        instances = self.instances
        if instances.free[key]:
            names = [instances.names[one] for one in instances.path(key)]
            self.written.append(tuple([(name, self._index(index)) for name, index in names]))
        else:
            self.written.append(self._index(instances.index_of(key)))
        return number

    def _index(self, index: int) -> int:
        fresh = []
        while index not in self._indices:
            fresh.append(index)
            index = self.instances.indices[index][0]
        for one in reversed(fresh):
            outer, step = self.instances.indices[one]
            self.written.append((self._indices[outer], step))
            self._indices[one] = len(self._indices)
            index = one
        return self._indices[index]


def _ordered(
    level: Level, keys: dict[int, int], expansion: Expansion, levels: list[Level], hashes: dict[int, list[int]]
) -> list[int]:
    """The nodes that the outputs need, then those that the effects need: the effects on states that the outputs read
    come first, in the order of the reading, the others by what they compute.
    """
    owner = level.owners()
    seen = bytearray(len(level.labels))
    order: list[int] = []
    level.reach(owner, seen, order, [(-1, iter(level.outputs))])
    waiting = [node for node in level.effects if not seen[node]]
    if len(waiting) > 1:
        if not hashes:
            _hash_nodes(expansion, levels, hashes)
        met: dict[int, int] = {}
        for node in order:
            met.setdefault(level.keys[node], len(met))
        known = hashes[id(level)]
        last = len(keys) + len(met)

        def rank(node: int) -> tuple[int, int, str]:
            key = level.keys[node]
            if key == NONE:
                return last, known[node], ""
            before = keys.get(key, last) if key not in met else len(keys) + met[key]
            return before, known[node], expansion.instances.names[key][0]

        waiting.sort(key=rank)
    for node in waiting:
        if not seen[node]:
            seen[node] = 1
            level.reach(owner, seen, order, [(node, iter(level.ins[node]))])
    return order


def _hash_nodes(expansion: Expansion, levels: list[Level], hashes: dict[int, list[int]]) -> None:
    """What each node computes, as a number: it only orders effects, so a collision cannot make diagrams equal."""
    ends: dict[int, int] = {}
    labels = [hash(label) for label in expansion.labels]
    for level in reversed(levels):
        wires = list(range(level.inputs))
        known: list[int] = []
        for node, ins in enumerate(level.ins):
            inner = tuple([ends[id(child)] for child in level.children.get(node, ())])
            number = hash((labels[level.labels[node]], inner, tuple([wires[w] for w in ins])))
            known.append(number)
            wires += [hash((number, port)) for port in range(level.outs[node])]
        hashes[id(level)] = known
        outputs = tuple([wires[w] for w in level.outputs])
        ends[id(level)] = hash((outputs, tuple(sorted(known[node] for node in level.effects))))


def _framewise(left: Diagram, right: Diagram, full: bool) -> bool:
    forms = Forms(full)
    return forms.of(left) == forms.of(right)
