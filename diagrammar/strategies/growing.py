"""A diagram that grows box by box on the wires that it has."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.rope import Names
from diagrammar.strategies.room import Room
from diagrammar.strategies.signature import Instance
from diagrammar.types import Type, Types

# a wire that is used already is offered again beside the unused ones of its type, this many of the newest
AGAIN = 2


class Growing:
    """One body: its wires by type, those not used yet first, and what of a signature stands on them."""

    __slots__ = ("build", "fits", "fitting", "known", "names", "room", "shared", "unused", "used")

    def __init__(self, room: Room, dom: Types, around: Growing | None = None) -> None:
        self.room = room
        self.build = Builder(dom)
        self.names = Names(()) if around is None else around.names
        self.known: list[Type] = []
        self.unused: dict[Type, list[int]] = {}
        self.used: dict[Type, list[int]] = {}
        self.fits: dict[int, list[tuple[int, Types]]] = {}
        self.fitting: list[int] = []
        self.shared: dict[int, str] = {} if around is None else around.shared
        for number in room.standing(())[0]:
            self._fit(number, ())
        for wire in self.build.inputs:
            self._meet(wire)

    def _fit(self, number: int, types: Types) -> None:
        name = self.room.groups[number]
        found = self.fits.get(name)
        if found is None:
            self.fits[name] = [(number, types)]
            self.fitting.append(name)
        else:
            found.append((number, types))

    def _meet(self, wire: int) -> None:
        """A wire that is there now, and what may stand on it if it is the first of its type."""
        new = self.build.types[wire]
        held = self.unused.get(new)
        if held is not None:
            held.append(wire)
            return
        self.unused[new], self.used[new] = [wire], []
        self.known.append(new)
        for number, types in self.room.met(new, self.known):
            self._fit(number, types)

    # ------------------------------------------------------------------------------------------------ boxes

    def place(self, name: int, digits: int) -> None:
        """Places a generator of this name, or of the next that fits; `digits` say which of them, and on which wires."""
        found = self.fits.get(name)
        made = None if found is None else self._any(found, digits)
        start = name % max(1, len(self.fitting))
        for other in self.fitting[start:] + self.fitting[:start] if made is None else ():
            made = self._any(self.fits[other], digits)
            if made is not None:
                break
        if made is not None:
            self.lay(*made)

    def _any(self, found: list[tuple[int, Types]], digits: int) -> tuple[Instance, list[int], int] | None:
        """The first of these, from the place that the digits say, that is something on wires that may be used."""
        digits, start = divmod(digits, len(found))
        for turn in range(len(found)):
            number, types = found[(start + turn) % len(found)]
            made = self.room.on(number, types)
            if made:
                ins, rest = self.choose(types, digits // len(made))
                if ins is not None:
                    return made[digits % len(made)], ins, rest
        return None

    def choose(self, types: Types, digits: int) -> tuple[list[int] | None, int]:
        """Wires of these types; None where there are no more that may be used."""
        ins: list[int] = []
        copies = self.room.options.copies
        for wire in types:
            unused, used = self.unused.get(wire, ()), self.used.get(wire, ())
            count = len(unused) + (min(len(used), AGAIN) if copies else 0)
            if not count:
                for taken in ins:
                    self._give_back(taken)
                return None, digits
            digits, at = divmod(digits, count)
            chosen = unused[at] if at < len(unused) else used[len(unused) - at - 1]
            ins.append(chosen)
            if not copies:
                self.take(chosen)
        return ins, digits

    def take(self, wire: int) -> None:
        """Notes that a wire is used."""
        of_type = self.build.types[wire]
        if wire in self.unused[of_type]:
            self.unused[of_type].remove(wire)
            self.used[of_type].append(wire)

    def _give_back(self, wire: int) -> None:
        of_type = self.build.types[wire]
        self.used[of_type].remove(wire)
        self.unused[of_type].append(wire)

    def lay(self, one: Instance, ins: Sequence[int], digits: int = 0) -> list[int]:
        """Lays an instance on wires; its keys are made fresh, or it is one with others of its kind."""
        if one.shared and self.room.options.shares and digits % 4 == 3:
            return self.add(self._share(one), ins)
        outs: list[int] = []
        build = self.build
        self.names.brought[id(one.diagram)] = one.keys
        self.names.lay(one.diagram, ins, build.types, build.nodes, outs)
        for wire in ins:
            self.take(wire)
        for wire in outs:
            self._meet(wire)
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

    def add(self, box: Box, ins: Sequence[int]) -> list[int]:
        """Puts a box on wires as it is."""
        outs = self.build.add(box, ins)
        for wire in ins:
            self.take(wire)
        for wire in outs:
            self._meet(wire)
        return list(outs)

    # ------------------------------------------------------------------------------------------------- ends

    def close(self, digits: int) -> Diagram:
        """The diagram: it ends in the wires that nothing uses, as they come.

        The digits may leave some of them out, have one of the others too, and change their order.
        """
        options = self.room.options
        left = sorted(wire for held in self.unused.values() for wire in held)
        digits, how = divmod(digits, 4)
        if how == 2 and options.discards:
            left = [wire for place, wire in enumerate(left) if digits >> place % 16 & 1]
        if how == 3 and options.copies and len(self.build.types):
            left.append(digits % len(self.build.types))
        if options.swaps and len(left) > 1 and how:
            digits, turn = divmod(digits, len(left))
            left = left[turn:] + left[:turn]
            if digits % 2:
                left.reverse()
        return self.build.build(left)

    def ending(self, cod: Types) -> Diagram | None:
        """The diagram that ends in these wires; None where they cannot be made."""
        ends: list[int] = []
        for wanted in cod:
            wire = self._end(wanted, ends)
            if wire is None:
                return None
            ends.append(wire)
        return self.build.build(ends)

    def _end(self, wanted: Type, ends: list[int]) -> int | None:
        copies = self.room.options.copies
        for held in (self.unused.get(wanted, ()), self.used.get(wanted, ()) if copies else ()):
            fresh = [wire for wire in held if wire not in ends]
            if fresh:
                return fresh[-1]
        # the newest wire first
        for wire in range(len(self.build.types) - 1, -1, -1):
            of_type = self.build.types[wire]
            free = copies or (wire in self.unused[of_type] and wire not in ends)
            path = self.room.path(of_type, wanted) if free else None
            if path:
                for one in path:
                    (wire,) = self.lay(one, (wire,))
                return wire
        source = self.room.source(wanted)
        if source is not None:
            return self.lay(source, ())[0]
        return self.used[wanted][-1] if copies and self.used.get(wanted) else None
