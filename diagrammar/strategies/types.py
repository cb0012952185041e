"""Types of wires: tensors, truth values, symbols, fields on spaces, and bundles of these."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from diagrammar.box import Ty
from diagrammar.sizes import Size, var
from diagrammar.strategies.sizes import grids, sizes
from diagrammar.types import Field, Space, Tensor, Tokens, Type, free_axes

KINDS = ("R", "C", "Bool", "Tokens", "Field", "Spectrum")


def spaces(
    name: str = "X", *, kinds: Sequence[str] = ("torus", "cube", "interval(0, 1)"), dims: int = 3, most: int = 12
) -> st.SearchStrategy[Space]:
    """Spaces of this name: a torus, a cube of up to `dims` axes, an interval; on their free grids, and on given ones.

    >>> from hypothesis import find, settings
    >>> fresh = settings(database=None)
    >>> find(spaces("Y"), lambda space: space.dim == 2, settings=fresh).kinds
    (('torus', 2),)
    """

    def on(base: tuple[tuple[str, int, str], ...]) -> st.SearchStrategy[Space]:
        free = Space(base, free_axes(base))
        return st.just(free) | grids(free, most=most).map(free.on)

    bases = [((kind, dim, name),) for dim in range(1, dims + 1) for kind in kinds if dim == 1 or "interval" not in kind]
    return st.sampled_from(bases).flatmap(on)


def types(
    kinds: Sequence[str] = KINDS,
    *,
    rank: int = 3,
    most: int = 8,
    free: Sequence[str] = ("n",),
    on: st.SearchStrategy[Space] | None = None,
) -> st.SearchStrategy[Type]:
    """Types of one wire, of these kinds: `R[...]`, `C[...]`, `Bool[...]` with up to `rank` sizes, `Tokens[v, n]`,
    `Field[X, c]` and `Spectrum[X, c]`.

    Sizes go up to `most`, or are one of the `free` ones; `on` gives the spaces. It shrinks to the first kind, `R`.

    >>> from hypothesis import find, settings
    >>> fresh = settings(database=None)
    >>> from diagrammar.types import shape_of
    >>> find(types(["R"], free=()), lambda wire: len(shape_of(wire)) == 2, settings=fresh)
    R[1, 1]
    >>> find(types(["Field"]), lambda wire: wire.channels == 3, settings=fresh)
    Field[X, 3]
    """
    unknown = set(kinds) - set(KINDS)
    if unknown:
        raise ValueError(f"there is no kind of wire {min(unknown)!r}: there are {', '.join(KINDS)}")
    # a weight may not depend on a free size, nor a channel: they stand for numbers of rows, points, symbols
    known = sizes(most=most)
    size: st.SearchStrategy[Size] = known | st.sampled_from([var(each) for each in free]) if free else known
    space = spaces() if on is None else on

    def of_kind(kind: str) -> st.SearchStrategy[Type]:
        match kind:
            case "Tokens":
                return st.builds(Tokens, known, size)
            case "Field" | "Spectrum":
                return st.builds(Field, st.just(kind), space, known)
            case _:
                return st.builds(Tensor, st.just(kind), st.lists(size, max_size=rank).map(tuple))

    return st.one_of([of_kind(kind) for kind in kinds])


def bundles(of: st.SearchStrategy[Type] | None = None, *, most: int = 4) -> st.SearchStrategy[Ty]:
    """Types of up to `most` wires side by side, `I` among them.

    >>> from hypothesis import find, settings
    >>> fresh = settings(database=None)
    >>> find(bundles(), lambda wires: len(wires) == 2, settings=fresh)
    R @ R
    """
    return st.lists(types() if of is None else of, max_size=most).map(lambda wires: Ty(*wires))
