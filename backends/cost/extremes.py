"""The largest of sizes that may be free: those that no other exceeds for all values of the variables."""

from __future__ import annotations

from fractions import Fraction

from diagrammar.sizes import Poly, Size, greatest, rewrite

# what a free size is taken for where one of two ways has to be chosen: larger than any number of a file
LARGE = 2**40


def large(size: Size) -> Fraction:
    """A size as a number, free ones taken for large."""
    found = rewrite(size, lambda atom: LARGE if atom.kind == "var" else 40 if atom.kind == "log2" else None)
    assert not isinstance(found, Poly), f"{size} has no value"
    return Fraction(found)


def covers(a: Size, b: Size) -> bool:
    """Whether a is at least b wherever free sizes are at least one: each term that b has more of is a part of a product
    that a has more of."""
    gap = a - b
    if not isinstance(gap, Poly):
        return gap >= 0
    more = {m: c for m, c in gap.terms.items() if c > 0}
    for below, missing in sorted(((m, -c) for m, c in gap.terms.items() if c < 0), key=lambda item: -len(item[0])):
        want = dict(below)
        for above in list(more):
            have = dict(above)
            rest = [atom for atom in have if have[atom] > want.get(atom, 0)]
            if all(have.get(atom, 0) >= count for atom, count in want.items()) and all(a.kind == "var" for a in rest):
                used = min(missing, more[above])
                more[above] -= used
                missing -= used
        if missing > 0:
            return False
    return True


class Peak:
    """The largest size that has been reached: candidates of which none covers another."""

    __slots__ = ("sizes",)

    def __init__(self, *sizes: Size) -> None:
        self.sizes: list[Size] = []
        for size in sizes:
            self.reach(size)

    def reach(self, size: Size) -> None:
        """Notes a size."""
        if len(self.sizes) == 1 and not isinstance(size, Poly) and not isinstance(self.sizes[0], Poly):
            if size > self.sizes[0]:
                self.sizes[0] = size
            return
        if any(covers(other, size) for other in self.sizes):
            return
        self.sizes = [other for other in self.sizes if not covers(size, other)]
        self.sizes.append(size)

    def value(self) -> Size:
        """The largest; 0 if none was noted."""
        return greatest(*self.sizes) if self.sizes else 0
