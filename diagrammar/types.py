"""Types of wires, and the spaces that fields live on. All are per sample: batch axes are implicit.

A type of the text may hold several wires (`V @ V`), so it is a tuple of the types of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from diagrammar.sizes import Size, provably_equal


class Space:
    """A space on a grid: `base` says which space it is, `axes` are the sizes of its grid.

    `base` is a tuple of factors `(kind, dimension, name)`, one for a plain space and several for a product; the name
    is what the text calls it. Bounds of an interval are part of its kind (`interval(0, 1)`).
    """

    __slots__ = ("axes", "base")

    def __init__(self, base: tuple[tuple[str, int, str], ...], axes: tuple[Size, ...]) -> None:
        self.base = base
        self.axes = axes

    @property
    def dim(self) -> int:
        """How many axes a field on it has (one, for the degrees of freedom of a mesh)."""
        return len(self.axes)

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]:
        """What it is, apart from its names: `(("torus", 2),)`."""
        return tuple((kind, dim) for kind, dim, _ in self.base)

    @property
    def name(self) -> str:
        """What the text calls it."""
        return " * ".join(name for _, _, name in self.base)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Space) and self.base == other.base and self.axes == other.axes)

    def __hash__(self) -> int:
        return hash((self.base, self.axes))

    def __reduce__(self) -> tuple[type[Space], tuple[object, ...]]:
        return Space, (self.base, self.axes)

    def on(self, axes: Iterable[Size]) -> Space:
        """The same space on a grid of these sizes."""
        return Space(self.base, tuple(axes))

    def __repr__(self) -> str:
        return show_space(self)


class Tensor:
    """`R[a, b]`, `C[a, b]`, `Bool[n]`: `kind` is the first word. A complex tensor is stored with a last axis of 2."""

    __slots__ = ("kind", "sizes")

    def __init__(self, kind: str, sizes: tuple[Size, ...] = ()) -> None:
        self.kind = kind
        self.sizes = sizes

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Tensor) and self.kind == other.kind and self.sizes == other.sizes)

    def __hash__(self) -> int:
        return hash((self.kind, self.sizes))

    def __reduce__(self) -> tuple[type[Tensor], tuple[object, ...]]:
        return Tensor, (self.kind, self.sizes)

    def __repr__(self) -> str:
        return f"{self.kind}[{', '.join(map(str, self.sizes))}]" if self.sizes else self.kind


class Tokens:
    """`Tokens[vocab, length]`: a sequence of integers below `vocab`."""

    __slots__ = ("length", "vocab")

    def __init__(self, vocab: Size, length: Size) -> None:
        self.vocab = vocab
        self.length = length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokens) and (self.vocab, self.length) == (other.vocab, other.length)

    def __hash__(self) -> int:
        return hash((self.vocab, self.length))

    def __reduce__(self) -> tuple[type[Tokens], tuple[object, ...]]:
        return Tokens, (self.vocab, self.length)

    def __repr__(self) -> str:
        return f"Tokens[{self.vocab}, {self.length}]"


class Field:
    """`Field[X, c]`, functions from X to R^c, a tensor `[c, n1, .., nd]`; `Spectrum[X, c]`, their Fourier coefficients,
    a complex tensor `[c, n1, .., floor(nd / 2) + 1]`. `kind` is the first word."""

    __slots__ = ("channels", "kind", "space")

    def __init__(self, kind: str, space: Space, channels: Size) -> None:
        self.kind = kind
        self.space = space
        self.channels = channels

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Field)
            and self.kind == other.kind
            and self.channels == other.channels
            and self.space == other.space
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.space, self.channels))

    def __reduce__(self) -> tuple[type[Field], tuple[object, ...]]:
        return Field, (self.kind, self.space, self.channels)

    def __repr__(self) -> str:
        return f"{self.kind}[{self.space}, {self.channels}]"


class Rigid:
    """A type parameter while its declaration is checked for every type at once."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rigid) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[type[Rigid], tuple[str]]:
        return Rigid, (self.name,)

    def __repr__(self) -> str:
        return self.name


Type = Tensor | Tokens | Field | Rigid
Types = tuple[Type, ...]


def sizes_of(wire: Type) -> tuple[Size, ...]:
    """Every size that a type mentions, in order."""
    match wire:
        case Tensor():
            return wire.sizes
        case Tokens():
            return (wire.vocab, wire.length)
        case Field():
            return (wire.channels, *wire.space.axes)
        case _:
            return ()


def map_sizes(wire: Type, image: Callable[[Size], Size]) -> Type:
    """The type with each size replaced by its image."""
    match wire:
        case Tensor():
            return Tensor(wire.kind, tuple(map(image, wire.sizes)))
        case Tokens():
            return Tokens(image(wire.vocab), image(wire.length))
        case Field():
            return Field(wire.kind, wire.space.on(map(image, wire.space.axes)), image(wire.channels))
        case _:
            return wire


def same_type(a: Type, b: Type) -> bool:
    """Whether two types are provably the same for every value of their free sizes."""
    if a is b or a == b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor | Field) and isinstance(b, Tensor | Field) and a.kind != b.kind:
        return False
    if isinstance(a, Field) and isinstance(b, Field) and a.space.base != b.space.base:
        return False
    left, right = sizes_of(a), sizes_of(b)
    return len(left) == len(right) and not isinstance(a, Rigid) and all(map(provably_equal, left, right))


def shape_of(wire: Type) -> tuple[Size, ...]:
    """The shape of one sample as a real tensor (complex ones with their last axis of 2; tokens are integers)."""
    from diagrammar.sizes import floor, over

    match wire:
        case Tensor(kind="C"):
            return (*wire.sizes, 2)
        case Tensor():
            return wire.sizes
        case Tokens():
            return (wire.length,)
        case Field(kind="Spectrum"):
            return (wire.channels, *wire.space.axes[:-1], floor(over(wire.space.axes[-1], 2)) + 1, 2)
        case Field():
            return (wire.channels, *wire.space.axes)
        case _:
            raise TypeError(f"the type parameter {wire} has no shape")


def show(types: Types) -> str:
    """`V @ V`, `I`: a type as text that reads back (spaces by their names)."""
    return " @ ".join(map(str, types)) if types else "I"


def show_space(space: Space) -> str:
    """`X`, `X / 2`, `2 * X`, `X[n, 64]`."""
    own = free_axes(space.base)
    if space.axes == own:
        return space.name
    ratios = set()
    for size, axis in zip(space.axes, own, strict=True):
        if isinstance(size, int):
            break
        try:
            ratios.add(size / axis)
        except (ValueError, ZeroDivisionError):
            break
    else:
        if len(ratios) == 1:
            (ratio,) = ratios
            if isinstance(ratio, int):
                return f"{ratio} * {space.name}"
            if not hasattr(ratio, "terms") and ratio.numerator == 1:
                return f"{space.name} / {ratio.denominator}"
    name = space.name if len(space.base) == 1 else f"({space.name})"
    return f"{name}[{', '.join(map(str, space.axes))}]"


def free_axes(base: tuple[tuple[str, int, str], ...]) -> tuple[Size, ...]:
    """The grid sizes of a space whose grid is free: variables named after it, `X.0`, `X.1`."""
    from diagrammar.sizes import var

    return tuple(var(f"{name}.{axis}") for _, dim, name in base for axis in range(dim))
