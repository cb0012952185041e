"""The unifier: first-order unification of types; an equation between sizes is solved when one unknown is left and it
occurs linearly with a whole solution, else it waits. What still waits at the end must be provable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from diagrammar.elaborate.holes import (
    Arity,
    BundleHole,
    Item,
    Items,
    ListHole,
    Mismatch,
    SpaceHole,
    SpaceProduct,
    Waiting,
    WireHole,
    plain,
    show_kinds,
    stacked,
    stacked_all,
)
from diagrammar.errors import DiagrammarError, DiagramTypeError
from diagrammar.sizes import (
    Atom,
    Poly,
    Size,
    denominator,
    is_zero,
    over,
    provably_whole,
    rewrite,
    substitute,
    unknown,
    unknowns,
    variables,
    whole,
)
from diagrammar.source import Span
from diagrammar.types import Field, Space, Tensor, Tokens, Type


class Unifier:
    """The unknowns of one body, what is known of them, and the conditions met on the way."""

    def __init__(self) -> None:
        self.sizes: dict[int, Size] = {}
        self.spaces: dict[int, Space] = {}
        self.wires: dict[int, Type] = {}
        self.bundles: dict[int, Items] = {}
        self.lists: dict[int, tuple[Size, ...]] = {}
        self.waiting: list[tuple[Size, Size, DiagrammarError]] = []
        # (p, k) stands for "k divides p"
        self.conditions: dict[tuple[Size, int], None] = {}
        self.labels: dict[int, str] = {}
        self.literals: list[WireHole] = []
        # where the wires stand that are unified now, for equations that wait
        self.here: Span | None = None
        self._next = 0

    def number(self) -> int:
        """A number no unknown has yet."""
        self._next += 1
        return self._next

    def size(self, name: str) -> Poly:
        """A fresh unknown size."""
        number = self.number()
        self.labels[number] = name
        return unknown(number)

    def literal(self) -> WireHole:
        """The type of a number that stands for a wire: a scalar, if nothing says more."""
        hole = WireHole(self.number(), "number")
        self.literals.append(hole)
        return hole

    def settle_literals(self) -> None:
        """Numbers of which nothing says more are scalars."""
        for hole in self.literals:
            if isinstance(self.read(hole), WireHole):
                self.unify(hole, Tensor("R"))

    # ------------------------------------------------------------------------------------------- reading off

    def known(self, value: Any) -> Any:
        """A static value with its unknown, if that has been found."""
        match value:
            case Poly():
                return self.read_size(value)
            case SpaceHole():
                return self.read_space(value)
            case ListHole():
                found = self.lists.get(value.number)
                return value if found is None else tuple(map(self.read_size, found))
            case _:
                return value

    def read_size(self, size: Size) -> Size:
        """The size with every known unknown replaced."""
        while isinstance(size, Poly) and any(number in self.sizes for number in unknowns(size)):
            size = whole(rewrite(size, self._image))
        return size

    def _image(self, atom: Atom) -> Size | None:
        return self.sizes.get(int(str(atom.args[0]))) if atom.kind == "unknown" else None

    def read_space(self, space: Space | SpaceHole) -> Space | SpaceHole:
        """The space, where it is known."""
        if isinstance(space, SpaceProduct):
            parts = tuple(map(self.read_space, space.parts))
            known = [part for part in parts if isinstance(part, Space)]
            if len(known) < len(parts):
                return SpaceProduct(parts)
            return Space(
                tuple(factor for part in known for factor in part.base),
                tuple(axis for part in known for axis in part.axes),
            )
        if isinstance(space, SpaceHole):
            found = self.spaces.get(space.number)
            if found is None:
                return space
            if space.axes is not None:
                return self.read_space(found.on(space.axes))
            if space.scale != 1:
                found = found.on(whole(axis * space.scale) for axis in found.axes)
            return self.read_space(found)
        if any(isinstance(axis, Poly) for axis in space.axes):
            return space.on(map(self.read_size, space.axes))
        return space

    def read(self, wire: Type) -> Type:
        """The type of a wire with everything known filled in."""
        while isinstance(wire, WireHole):
            found = self.wires.get(wire.number)
            if found is None:
                return wire
            wire = found
        match wire:
            case Tensor():
                if all(isinstance(size, int) for size in wire.sizes):
                    return wire
                return Tensor(wire.kind, tuple(self._spliced(wire.sizes)))
            case Tokens():
                return Tokens(self.read_size(wire.vocab), self.read_size(wire.length))
            case Field():
                space, channels = self.read_space(wire.space), self.read_size(wire.channels)
                return Field(wire.kind, space, channels)  # type: ignore[arg-type]  # the space may be a hole
        return wire

    def _spliced(self, sizes: Sequence[Size | ListHole]) -> Iterator[Size]:
        for size in sizes:
            if isinstance(size, ListHole):
                found = self.lists.get(size.number)
                if found is None:
                    yield size  # type: ignore[misc]  # a hole stays in its place until it is filled
                else:
                    yield from map(self.read_size, found)
            else:
                yield self.read_size(size)

    def read_items(self, items: Items) -> Items:
        """Ports with every known bundle spliced in."""
        if not any(isinstance(item, BundleHole) for item in items):
            return items
        result: list[Item] = []
        for item in items:
            if isinstance(item, BundleHole):
                found = self.bundles.get(item.number)
                if found is None:
                    result.append(item)
                else:
                    inner = self.read_items(found)
                    for size in reversed(item.powers):
                        inner = tuple(stacked(self.solid(each), size) for each in inner)
                    result.extend(inner)
            else:
                result.append(item)
        return tuple(result)

    def solid(self, item: Item) -> Type:
        """A bundle that nothing says more about is one wire."""
        if isinstance(item, BundleHole):
            wire = WireHole(self.number(), item.name)
            self.bundles[item.number] = (wire,)
            return stacked_all(wire, item.powers)
        return item

    def wires_of(self, items: Items) -> tuple[Type, ...]:
        """Ports as wires, each of one type."""
        return tuple(self.solid(item) for item in self.read_items(items))

    # -------------------------------------------------------------------------------------------- unification

    def ports(self, want: Items, have: Sequence[Type]) -> None:
        """Unifies the ports of a header with the wires that stand there. Raises Mismatch, also for a wrong number."""
        want = self.read_items(want)
        holes = [k for k, item in enumerate(want) if isinstance(item, BundleHole)]
        if not holes:
            if len(want) != len(have):
                raise Arity(len(want), len(have))
            for left, right in zip(want, have, strict=True):
                self.unify(left, right)  # type: ignore[arg-type]  # no bundles here
            return
        known = len(want) - len(holes)
        spare = len(have) - known
        # the same hole may stand several times: `add : A @ A -> A` on four wires has an A of two
        first = want[holes[0]]
        assert isinstance(first, BundleHole)
        alike = [k for k in holes if want[k].number == first.number]  # type: ignore[union-attr]  # holes are bundles
        if spare < 0:
            raise Arity(len(want), len(have))
        if len(alike) == len(holes):
            share, left_over = divmod(spare, len(alike))
            if left_over:
                raise Arity(len(want), len(have))
        elif spare >= len(holes):
            share = 1
        else:
            raise Arity(len(want), len(have))
        start = holes[0]
        for left, right in zip(want[:start], have[:start], strict=True):
            self.unify(left, right)  # type: ignore[arg-type]  # no bundles here
        part = have[start : start + share]
        self.bundles[first.number] = tuple(self.unstacked_all(wire, first.powers) for wire in part)
        self.ports(want[start + 1 :], have[start + share :])

    def unify(self, want: Type, have: Type) -> None:
        """Makes two types of one wire equal, or raises Mismatch."""
        if want is have:
            return
        want, have = self.read(want), self.read(have)
        if want == have:
            return
        if isinstance(want, WireHole):
            self.wires[want.number] = have
        elif isinstance(have, WireHole):
            self.wires[have.number] = want
        elif isinstance(want, Tensor) and isinstance(have, Tensor) and want.kind == have.kind:
            self._tensors(want, have)
        elif isinstance(want, Tokens) and isinstance(have, Tokens):
            self.equal(want.vocab, have.vocab, "vocabularies")
            self.equal(want.length, have.length, "lengths")
        elif isinstance(want, Field) and isinstance(have, Field) and want.kind == have.kind:
            self.unify_spaces(want.space, have.space)
            self.equal(want.channels, have.channels, "channels")
        else:
            raise Mismatch("")

    def _tensors(self, want: Tensor, have: Tensor) -> None:
        left, right = list(want.sizes), list(have.sizes)
        if any(isinstance(size, ListHole) for size in right):
            left, right = right, left
        splices = [k for k, size in enumerate(left) if isinstance(size, ListHole)]
        if splices:
            k = splices[0]
            count = len(right) - (len(left) - 1)
            if len(splices) > 1 or count < 0:
                raise Mismatch(f"axes differ: {len(have.sizes)} and {len(want.sizes)}")
            hole = left[k]
            assert isinstance(hole, ListHole)
            self.lists[hole.number] = tuple(right[k : k + count])
            left[k : k + 1] = right[k : k + count]
        if len(left) != len(right):
            raise Mismatch(f"axes differ: {len(have.sizes)} and {len(want.sizes)}")
        for axis, (a, b) in enumerate(zip(left, right, strict=True)):
            self.equal(a, b, f"sizes of axis {axis}" if len(left) > 1 else "sizes")

    def unify_spaces(self, want: Space | SpaceHole, have: Space | SpaceHole) -> None:
        """Makes two spaces, grids included, equal."""
        want, have = self.read_space(want), self.read_space(have)
        if isinstance(want, SpaceHole) and isinstance(have, SpaceHole):
            if want.number != have.number or want.scale != have.scale:
                raise Waiting
            return
        if isinstance(have, SpaceHole):
            want, have = have, want
        assert isinstance(have, Space)
        if isinstance(want, SpaceProduct):
            self._fill_product(want, have)
            return
        if isinstance(want, SpaceHole):
            self._fill_space(want, have)
            return
        if want.base != have.base:
            raise Mismatch(f"spaces differ: {have.name} and {want.name}")
        try:
            for a, b in zip(want.axes, have.axes, strict=True):
                self.equal(a, b, "grids")
        except Mismatch:
            raise Mismatch(f"grids differ: {have} and {want}") from None

    def _fill_product(self, want: SpaceProduct, have: Space) -> None:
        """Each factor takes as many factors, and their axes, as its kinds say."""
        factors, axes = list(have.base), list(have.axes)
        for part in want.parts:
            count = len(part.kinds or ())
            if count > len(factors):
                raise Mismatch(f"spaces differ: {have.name} and {want.name}")
            base, factors = factors[:count], factors[count:]
            dim = sum(each for _, each, _ in base)
            self.unify_spaces(part, Space(tuple(base), tuple(axes[:dim])))
            axes = axes[dim:]
        if factors:
            raise Mismatch(f"spaces differ: {have.name} and {want.name}")

    def _fill_space(self, want: SpaceHole, have: Space) -> None:
        if want.kinds is not None and want.kinds != have.kinds:
            raise Mismatch(
                f"spaces differ: {want.name} is {show_kinds(want.kinds)}, {have.name} is {show_kinds(have.kinds)}"
            )
        if want.axes is not None:
            if len(want.axes) != len(have.axes):
                raise Mismatch(f"dimensions differ: {len(want.axes)} and {len(have.axes)}")
            for a, b in zip(want.axes, have.axes, strict=True):
                self.equal(a, b, "grids")
            self.spaces[want.number] = have
            return
        axes = [over(axis, want.scale) for axis in have.axes]
        if any(isinstance(axis, Fraction) for axis in axes):
            raise Mismatch(f"grids differ: {have} is not {want.scale} times a grid")
        self.spaces[want.number] = have.on(map(self.whole, axes))

    def equal(self, a: Size, b: Size, what: str) -> None:
        """Makes the wanted size and the one that stands there equal: solves, proves, or lets the equation wait."""
        if isinstance(a, ListHole) or isinstance(b, ListHole):
            raise Waiting
        a, b = self.read_size(a), self.read_size(b)
        if a == b:
            return
        verdict = self.solve(a, b)
        if verdict is False:
            raise Mismatch(f"{what} differ: {b} and {a}")
        if verdict is None:
            self.waiting.append(
                (a, b, DiagramTypeError(f"{what} differ: {self.describe(b)} and {self.describe(a)}", self.here))
            )

    def solve(self, a: Size, b: Size) -> bool | None:
        """True: now equal; False: not provably equal; None: must wait."""
        difference = a - b
        if not isinstance(difference, Poly):
            return difference == 0
        open_ = unknowns(difference)
        if not open_:
            return is_zero(difference) or self._zero_under_conditions(difference)
        if len(open_) > 1:
            return self._joined(difference, open_)
        (number,) = open_
        found = _linear(difference, number)
        if found is None:
            return None
        if not isinstance(found, Poly) and (Fraction(found).denominator != 1 or found < 0):
            return False
        self.sizes[number] = self.whole(found)
        return True

    def _joined(self, difference: Poly, open_: set[int]) -> bool | None:
        """Two unknowns that are equal become one."""
        if len(open_) == 2:
            older, newer = sorted(open_)
            if difference in (unknown(older) - unknown(newer), unknown(newer) - unknown(older)):
                self.sizes[newer] = unknown(older)
                return True
        return None

    def _zero_under_conditions(self, difference: Poly) -> bool:
        at: dict[str, Size] = {}
        names = variables(difference)
        for size, divisor in self.conditions:
            name = plain(size)
            if name in names:
                at[name] = size * divisor
        return bool(at) and is_zero(substitute(difference, at))

    def whole(self, size: Size) -> Size:
        """The size, with the condition noted under which it is a whole number."""
        size = whole(size)
        if isinstance(size, Poly) and not unknowns(size) and not provably_whole(size):
            divisor = denominator(size)
            self.conditions[(size * divisor, divisor)] = None
        return size

    def settle(self) -> None:
        """Tries the waiting equations again until nothing moves; raises the error of one that is false."""
        moved = True
        while moved and self.waiting:
            moved = False
            waiting, self.waiting = self.waiting, []
            for a, b, error in waiting:
                a, b = self.read_size(a), self.read_size(b)
                verdict = self.solve(a, b)
                if verdict is None:
                    self.waiting.append((a, b, error))
                elif verdict is False:
                    raise error
                else:
                    moved = True

    def unstacked_all(self, wire: Type, powers: tuple[Size, ...]) -> Type:
        """What is stacked in a wire, axis by axis."""
        for size in powers:
            wire = self.unstacked(wire, size)
        return wire

    def unstacked(self, wire: Type, size: Size) -> Type:
        """What is stacked in a wire: `R[d]` for `R[n, d]`; unifies n with the given size."""
        wire = self.read(wire)
        if isinstance(wire, Tensor) and wire.sizes:
            self.equal(size, wire.sizes[0], "numbers of stacked wires")
            return Tensor(wire.kind, wire.sizes[1:])
        if isinstance(wire, WireHole):
            raise Waiting
        raise Mismatch(f"{wire} is not a stack of wires")

    def describe(self, size: Size) -> str:
        """A size as text, its unknowns by the names of their parameters."""
        text = str(size)
        for number in unknowns(size):
            text = text.replace("?", self.labels.get(number, "?"), 1)
        return text


def _linear(difference: Poly, number: int) -> Size | None:
    """The solution of `difference == 0` for an unknown that occurs once, linearly."""
    rest: Size = 0
    slope: Fraction | None = None
    for monomial, coefficient in difference.terms.items():
        if any(number in unknowns(Poly({((atom, 1),): Fraction(1)})) for atom, _ in monomial):
            if slope is not None or len(monomial) != 1 or monomial[0][1] != 1 or monomial[0][0].kind != "unknown":
                return None
            slope = coefficient
        else:
            rest = rest + Poly({monomial: coefficient}) if monomial else rest + whole(coefficient)
    if slope is None:
        return None
    return whole(rest * (Fraction(-1) / slope))
