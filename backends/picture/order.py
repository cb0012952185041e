"""Which wire and which box stand above which others: the order that makes a drawing without crossings, where one is.

Wires are kept in a list as a plane sweeps over the diagram; a box takes its wires out of the list and puts its own
there. Nothing is ever removed, so that in the end the list orders all that the picture shows, whatever column it stands
in. Two wires cross only where a box, or the end, wants them in another order than the one in which they come. The
branches of a copied wire start in the order in which a walk back from the outputs, port by port, meets them.

It is linear in the boxes and the wires, and a change of the diagram moves nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagrammar.diagram import Flat

END = -1


class Edge:
    """One use of a wire: by the port of a box, or of the end (`END`)."""

    __slots__ = ("node", "port", "wire")

    def __init__(self, wire: int, node: int, port: int) -> None:
        self.wire = wire
        self.node = node
        self.port = port


class Edges:
    """The uses of the wires of a body: those of each wire, those of each box, and the box that makes each wire."""

    __slots__ = ("all", "into", "of_wire", "producer")

    def __init__(self, flat: Flat) -> None:
        self.all: list[Edge] = []
        self.of_wire: list[list[int]] = [[] for _ in flat.types]
        # the edges into each box in the order of its ports; those into the end come last
        self.into: list[list[int]] = []
        self.producer = [END] * len(flat.types)
        for number, node in enumerate(flat.nodes):
            for wire in node.outs:
                self.producer[wire] = number
            self.into.append([self._add(wire, number, port) for port, wire in enumerate(node.ins)])
        self.into.append([self._add(wire, END, port) for port, wire in enumerate(flat.outputs)])

    def _add(self, wire: int, node: int, port: int) -> int:
        self.of_wire[wire].append(len(self.all))
        self.all.append(Edge(wire, node, port))
        return len(self.all) - 1


def visited(edges: Edges) -> list[int]:
    """When a walk back from the outputs, port by port, takes each edge; from what is never used it goes last."""
    when = [0] * len(edges.all)
    seen = [False] * (len(edges.into) - 1)
    count = 0
    for start in (END, *reversed(range(len(seen)))):
        if start != END and seen[start]:
            continue
        stack = edges.into[start][::-1]
        while stack:
            edge = stack.pop()
            when[edge] = count
            count += 1
            node = edges.producer[edges.all[edge].wire]
            if node != END and not seen[node]:
                seen[node] = True
                stack += reversed(edges.into[node])
    return when


def floating(flat: Flat, edges: Edges) -> list[bool]:
    """The boxes that need no input of the body: weights, constants, and what is made of them alone."""
    found: list[bool] = []
    for node in flat.nodes:
        makers = [edges.producer[wire] for wire in node.ins]
        found.append(all(maker != END and found[maker] for maker in makers))
    return found


class _Line:
    """The list: edges by their numbers, then boxes, and a sentinel that is both ends."""

    __slots__ = ("after", "before", "first_box", "sentinel")

    def __init__(self, edges: int, boxes: int) -> None:
        self.first_box = edges
        self.sentinel = edges + boxes
        self.after = [-1] * (self.sentinel + 1)
        self.before = [-1] * (self.sentinel + 1)
        self.after[self.sentinel] = self.before[self.sentinel] = self.sentinel

    def insert(self, entry: int, anchor: int) -> int:
        """Puts an entry after another one; gives it back."""
        follower = self.after[anchor]
        self.after[anchor] = self.before[follower] = entry
        self.before[entry], self.after[entry] = anchor, follower
        return entry

    def __contains__(self, entry: int) -> bool:
        return self.after[entry] != -1


def ordered(flat: Flat, edges: Edges) -> list[int]:
    """All edges and boxes from the top to the bottom: an edge by its number, box k as `len(edges.all) + k`."""
    return _Sweep(flat, edges).run()


class _Sweep:
    """The sweep over a body."""

    __slots__ = ("edges", "flat", "floating", "line", "when")

    def __init__(self, flat: Flat, edges: Edges) -> None:
        self.flat = flat
        self.edges = edges
        self.when = visited(edges)
        self.floating = floating(flat, edges)
        self.line = _Line(len(edges.all), len(flat.nodes))

    def run(self) -> list[int]:
        """The entries in their order."""
        line = self.line
        self._put(self.flat.inputs, line.sentinel)
        for number in range(len(self.flat.nodes)):
            if not self.floating[number]:
                self._fetch(self.edges.into[number])
                into = self.edges.into[number]
                self._box(number, into[-1])
        self._fetch(self.edges.into[END])
        for number in range(len(self.flat.nodes)):
            if line.first_box + number not in line:
                self._box(number, line.before[line.sentinel])
        entries = []
        entry = line.after[line.sentinel]
        while entry != line.sentinel:
            entries.append(entry)
            entry = line.after[entry]
        return entries

    def _put(self, wires: Iterable[int], anchor: int) -> None:
        for wire in wires:
            for edge in sorted(self.edges.of_wire[wire], key=self.when.__getitem__):
                anchor = self.line.insert(edge, anchor)

    def _box(self, number: int, anchor: int) -> None:
        """Puts a box and then its wires after an entry."""
        self._put(self.flat.nodes[number].outs, self.line.insert(self.line.first_box + number, anchor))

    def _fetch(self, into: Sequence[int]) -> None:
        """Puts what floats beside the other inputs of the box that needs it first."""
        line = self.line
        here = next((edge for edge in into if edge in line), line.sentinel)
        anchor = self._above(here) if here != line.sentinel else line.before[here]
        for edge in into:
            if edge not in line:
                self._float(self.edges.producer[self.edges.all[edge].wire], anchor)
            anchor = edge

    def _above(self, edge: int) -> int:
        """The entry above a wire, and above all that the wire comes from, as far as it is the uppermost wire there."""
        line = self.line
        while True:
            above = line.before[edge]
            box = above - line.first_box
            if above == line.sentinel or box < 0 or box != self.edges.producer[self.edges.all[edge].wire]:
                return above
            if not self.edges.into[box]:
                return line.before[above]
            edge = self.edges.into[box][0]

    def _float(self, number: int, anchor: int) -> None:
        """Puts a floating box with all that it needs after an entry, as if it were part of the body before."""
        stack = [(number, 0, anchor)]
        while stack:
            box, port, anchor = stack.pop()
            into = self.edges.into[box]
            while port < len(into) and into[port] in self.line:
                anchor = into[port]
                port += 1
            if port < len(into):
                maker = self.edges.producer[self.edges.all[into[port]].wire]
                stack += [(box, port, anchor), (maker, 0, anchor)]
            else:
                self._box(box, into[-1] if into else anchor)
