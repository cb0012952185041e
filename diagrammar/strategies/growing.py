"""A diagram that grows box by box on the wires that it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.rope import Names
from diagrammar.strategies.room import Room
from diagrammar.strategies.signature import Instance
from diagrammar.types import Types

# of the wires of a type that are used already, this many of the newest are offered again beside the unused ones
AGAIN = 2
# names are tried in steps of this, so that what follows names that fit seldom is not placed more often than others
STRIDE = 37


class Growing:
    """One body: its wires by the numbers of their types, those not used yet apart from the others.

    The steps of a `repeat` are part of the body around it: `around` is that body, and keys are fresh in both. `free`
    says that it may take more inputs, for boxes that fit no wire; `named` that it is inside of a named diagram.
    """

    __slots__ = ("build", "free", "kinds", "named", "names", "room", "shared", "step", "unused", "used")

    def __init__(
        self, room: Room, dom: Types, around: Growing | None = None, *, free: bool = False, named: bool = False
    ) -> None:
        self.room = room
        self.free = free
        self.named = named
        self.step = around is not None
        self.build = Builder(dom)
        self.names: Names = Names(()) if around is None else around.names
        self.shared: dict[int, str] = {} if around is None else around.shared
        # the types of wires, as numbers
        self.kinds: list[int] = []
        self.unused: dict[int, list[int]] = {}
        self.used: dict[int, list[int]] = {}
        self._meet(map(room.signature.number, dom))

    def _meet(self, kinds: Iterable[int]) -> None:
        """The next wires, of these types."""
        for kind in kinds:
            held = self.unused.get(kind)
            if held is None:
                held, self.used[kind] = self.unused.setdefault(kind, []), []
            held.append(len(self.kinds))
            self.kinds.append(kind)

    # ------------------------------------------------------------------------------------------------ boxes

    def place(self, name: int, digits: int) -> None:
        """Places a generator of this name, or of another where it fits no wires; `digits` say which, and where."""
        known = list(self.unused)
        made = self._placed(name, known, digits)
        if made is None and self.free:
            made = self._entering(name, digits)
        count = len(self.room.named)
        stride = STRIDE if count % STRIDE else 1
        for turn in range(count if made is None else 0):
            # which comes next, where it does not fit, is left to chance
            name = (name + (stride if turn else digits)) % count
            made = self._placed(name, known, digits)
            if made is not None:
                break
        if made is not None:
            self.lay(*made)

    def _entering(self, name: int, digits: int) -> tuple[Instance, list[int], int] | None:
        """The first generator of a name that stands on inputs, which are made for it."""
        room = self.room
        for way, kinds in room.entries(name):
            made = room.on(name, way, kinds)
            if made:
                first = len(self.kinds)
                self.build.types.extend(map(room.signature.wire, kinds))
                self._meet(kinds)
                ins = list(range(first, len(self.kinds)))
                self.build.inputs += tuple(ins)
                return made[digits % len(made)], ins, digits // len(made)
        return None

    def _placed(self, name: int, known: Sequence[int], digits: int) -> tuple[Instance, list[int], int] | None:
        """The first generator of a name, from the place that the digits say, that stands on wires that are free."""
        found = self.room.fits(name, known)
        if not found:
            return None
        digits, start = divmod(digits, len(found))
        for turn in range(len(found)):
            way, kinds = found[(start + turn) % len(found)]
            made = self.room.on(name, way, kinds)
            if made and self._allows(made[0], bool(kinds)):
                ins, rest = self.choose(kinds, digits // len(made))
                if ins is not None:
                    return made[digits % len(made)], ins, rest
        return None

    def _allows(self, one: Instance, fed: bool) -> bool:
        """Whether an instance may stand here, as far as a text has a place for it."""
        # a field from nothing, in a named diagram, would be on a grid that no mention tells
        if self.named and not fed and one.on_grid:
            return False
        # a step of a `repeat` owns nothing but by the frames in it
        return not (self.step and one.owns)

    def choose(self, kinds: Sequence[int], digits: int) -> tuple[list[int] | None, int]:
        """Wires of these types; None where there are no more that may be used."""
        ins: list[int] = []
        copies = self.room.options.copies
        for kind in kinds:
            unused, used = self.unused[kind], self.used[kind]
            count = len(unused) + (min(len(used), AGAIN) if copies else 0)
            # without copies a wire stands at one port only
            free = unused if copies else [wire for wire in unused if wire not in ins]
            count -= len(unused) - len(free)
            if not count:
                return None, digits
            digits, at = divmod(digits, count)
            ins.append(free[at] if at < len(free) else used[len(free) - at - 1])
        return ins, digits

    def _take(self, wires: Sequence[int]) -> None:
        """Notes that wires are used."""
        for wire in wires:
            unused = self.unused[self.kinds[wire]]
            if wire in unused:
                unused.remove(wire)
                self.used[self.kinds[wire]].append(wire)

    def lay(self, one: Instance, ins: Sequence[int], digits: int = 0) -> list[int]:
        """Lays an instance on wires; its keys are made fresh, or it is one with others of its kind."""
        outs: list[int] = []
        build = self.build
        if one.shared and self.room.options.shares and digits % 4 == 3:
            outs += build.add(self._share(one), ins)
        else:
            self.names.brought[id(one.diagram)] = one.keys
            self.names.lay(one.diagram, ins, build.types, build.nodes, outs)
        self._take(ins)
        self._meet(one.cod)
        return outs

    def _share(self, one: Instance) -> Box:
        (node,) = one.diagram.flat.nodes
        key = self.shared.get(id(one))
        if key is None:
            key = self.shared[id(one)] = "~" + self.names.fresh("same", "same")
        return node.box.with_(key=key)

    def frame(self, inside: Diagram, ins: Sequence[int]) -> None:
        """Puts a named diagram on wires, under a key of its own."""
        self.add(inside.frame(key=self.names.fresh(inside.name, inside.name)), ins)

    def add(self, box: Box, ins: Sequence[int]) -> None:
        """Puts a box on wires as it is."""
        self.build.add(box, ins)
        self._take(ins)
        self._meet(map(self.room.signature.number, box.cod))

    # ------------------------------------------------------------------------------------------------- ends

    def close(self, digits: int) -> Diagram:
        """The diagram: it ends in the wires that nothing uses, as they come.

        The digits may leave some of them out, have one of the others too, and change their order.
        """
        options = self.room.options
        left = sorted(wire for held in self.unused.values() for wire in held)
        digits, how = divmod(digits, 4)
        if how == 2 and options.discards:
            # a weight that nothing needs has no place in a text
            owned = {wire for node in self.build.nodes if node.box.origin == "weight" for wire in node.outs}
            left = [wire for place, wire in enumerate(left) if digits >> place % 16 & 1 or wire in owned]
        if how == 3 and options.copies and self.kinds:
            left.append(digits % len(self.kinds))
        if options.swaps and len(left) > 1 and how:
            digits, turn = divmod(digits, len(left))
            left = left[turn:] + left[:turn]
            if digits % 2:
                left.reverse()
        return self.build.build(left)

    def ending(self, cod: Types) -> Diagram | None:
        """The diagram that ends in these wires; None where they cannot be made."""
        ends: list[int] = []
        for wanted in map(self.room.signature.number, cod):
            wire = self._end(wanted, ends)
            if wire is None:
                return None
            ends.append(wire)
        return without_idle(self.build.build(ends))[0]

    def _end(self, wanted: int, ends: list[int]) -> int | None:
        copies = self.room.options.copies
        here: list[int] = [*self.unused.get(wanted, ()), *(self.used.get(wanted, ()) if copies else ())]
        fresh: list[int] = [wire for wire in here if wire not in ends]
        if fresh:
            return max(fresh)
        # the newest wire first
        for newest in range(len(self.kinds) - 1, -1, -1):
            kind = self.kinds[newest]
            free = copies or (newest in self.unused[kind] and newest not in ends)
            path = self.room.path(kind, wanted) if free and kind != wanted else None
            if path:
                wires = [newest]
                for one in path:
                    wires = self.lay(one, wires)
                return wires[0]
        if here and copies:
            return here[-1]
        source = self.room.source(wanted)
        return None if source is None or not self._allows(source, False) else self.lay(source, ())[0]


def without_idle(diagram: Diagram, captures: int = 0) -> tuple[Diagram, list[int]]:
    """The diagram without weights, and without captured wires, that nothing uses: a text has no place for them.

    The first `captures` inputs are captured; the numbers of those that stay come with it.
    """
    flat = diagram.flat
    used = {wire for node in flat.nodes for wire in node.ins}.union(flat.outputs)
    kept = [place for place, wire in enumerate(flat.inputs) if place >= captures or wire in used]
    build = Builder([diagram.dom[place] for place in kept])
    at = dict(zip([flat.inputs[place] for place in kept], build.inputs, strict=True))
    for node in flat.nodes:
        if node.box.origin != "weight" or node.outs[0] in used:
            at.update(zip(node.outs, build.add(node.box, [at[wire] for wire in node.ins]), strict=True))
    return build.build(at[wire] for wire in flat.outputs), kept
