"""Values: tensors for the wires of a type, weights of a diagram, elements of the groups that act on grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from diagrammar.backends.torch import numbers
from diagrammar.law import Named
from diagrammar.sizes import Poly
from diagrammar.types import Field, Space, Type, shape_of

if TYPE_CHECKING:
    import torch

    from diagrammar.diagram import Diagram

STYLES = ("integers", "constant", "spike", "normal", "normal", "normal")
_SEEDS = st.integers(0, 2**62)


def tensors(wire: Type, *, batch: int | None = None, within: str | None = None, **numbers_of: float) -> Any:
    """Tensors in float64 for a wire at known sizes: small integers, constants, spikes, normal numbers; truth values and
    symbols for wires of these. `batch` puts an axis of this size in front.

    `within` names a set: `"ball"` with `radius=`, `"positive"`, `"simplex"`, `"distinct"`, `"constant"`, `"spikes"`,
    or for fields `"bandlimited"` with `modes=`. Raises ValueError for a free size.

    >>> from hypothesis import find, settings
    >>> from diagrammar.types import Tensor
    >>> found = find(tensors(Tensor("R", (3,))), lambda u: bool((u > 1).any()), settings=settings(database=None))
    >>> found.shape
    torch.Size([3])
    """
    shape = shape_of(wire)
    if any(isinstance(size, Poly) for size in shape):
        raise ValueError(f"the sizes of {wire} are not all known")
    full = (1 if batch is None else batch, *map(int, shape))  # type: ignore[arg-type]  # no Poly, as was checked
    choice = None if within is None else Named(within, tuple(numbers_of.values()))
    double = numbers.double()

    def made(style: str, seed: int) -> torch.Tensor:
        value: torch.Tensor = numbers.draw(wire, full, choice, style, seed, double)
        return value if batch is not None else value[0]

    return st.builds(made, st.sampled_from(STYLES), _SEEDS)


def fields(space: Space, channels: int = 1, *, batch: int | None = None, modes: int | None = None) -> Any:
    """Tensors `[channels, n1, ..]` for fields on a grid of a space; with `modes`, fields whose frequencies along each
    axis are at most that, and below half of the grid.

    >>> from hypothesis import find, settings
    >>> line = Space((("torus", 1, "X"),), (8,))
    >>> find(fields(line, modes=1), lambda u: True, settings=settings(database=None)).shape
    torch.Size([1, 8])
    """
    wire = Field("Field", space, channels)
    if modes is None:
        return tensors(wire, batch=batch)
    return tensors(wire, batch=batch, within="bandlimited", modes=modes)


def weights(diagram: Diagram) -> Any:
    """State dicts in float64 for the module of a diagram: generic numbers, whatever its initialisers say.

    >>> import diagrammar as dg
    >>> from hypothesis import find, settings
    >>> drawn = weights(dg.loads("diagram f : R[3] -> R[2] = linear")["f"])
    >>> sorted(find(drawn, lambda found: True, settings=settings(database=None)))
    ['linear.W', 'linear.c']
    """
    shapes = numbers.shapes_of(diagram)

    def made(style: str, seed: int) -> dict[str, torch.Tensor]:
        return {
            name: numbers.generic(like, is_state, style, seed + k) for k, (name, like, is_state) in enumerate(shapes)
        }

    return st.builds(made, st.sampled_from(("integers", "normal", "normal")), _SEEDS)


def shifts(space: Space | int, *, most: int = 9) -> st.SearchStrategy[tuple[int, ...]]:
    """Translations of a grid by up to `most` points along each axis: the argument of `translate`.

    >>> from hypothesis import find, settings
    >>> find(shifts(2), lambda s: s[1] > 2, settings=settings(database=None))
    (0, 3)
    """
    count = space.dim if isinstance(space, Space) else space
    return st.tuples(*[st.integers(-most, most)] * count)


def permutations(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    """The orders of so many things, as the places that they take.

    >>> from hypothesis import find, settings
    >>> find(permutations(3), lambda p: p[0] == 1, settings=settings(database=None))
    (1, 0, 2)
    """
    return st.permutations(range(count)).map(tuple)
