"""Signatures: generators, the types that inputs are drawn from, and what each generator is on which wires."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Union

from diagrammar import modules
from diagrammar.diagram import Box, Diagram, definitions
from diagrammar.errors import DiagramNameError
from diagrammar.rope import body_keys
from diagrammar.sizes import Poly, Size, denominator, var, variables
from diagrammar.strategies.generators import Generator, fixed
from diagrammar.strategies.mentions import WRITTEN, Palette, declared, ends_of, written
from diagrammar.types import Field, Space, Tensor, Tokens, Type, Types, free_axes, sizes_of

if TYPE_CHECKING:
    from diagrammar import api

Source = Union[str, "api.Module", modules.Module, Box, Diagram, Generator]

_TORUS = Space((("torus", 2, "X"),), free_axes((("torus", 2, "X"),)))
_LINE = Space((("interval(0, 1)", 1, "J"),), (5,))
# what inputs are drawn from where boxes have any types: sizes that differ, one of them free, and a kernel
TYPES: Types = (
    *(Tensor("R", sizes) for sizes in ((3,), (), (2,), (2, 3), (3, 2), (var("n"), 3), (1, 3, 2))),
    *(Field("Field", _TORUS, c) for c in (2, 3)),
    Field("Field", _LINE, 2),
    Tensor("Bool", (3,)),
    Tensor("C", (2,)),
    Tokens(3, 4),
    Tensor("R", (2, 2, 1, 1)),
)
# mentions that are wiring: these are drawn as wires
_WIRING = frozenset({"id", "copy", "swap", "discard"})


class Instance:
    """A generator on wires of given types: a diagram to lay there, and what is known of it. `cod` are the numbers of
    its outputs' types."""

    __slots__ = ("cod", "diagram", "keys", "on_grid", "owns", "random", "shared", "stateful", "weights")

    def __init__(self, diagram: Diagram, cod: tuple[int, ...]) -> None:
        self.diagram = diagram
        self.cod = cod
        self.keys = {key: base for key, base in body_keys(diagram).items() if key[0] not in "^~/"}
        boxes = [node.box for level in definitions(diagram) for node in level.flat.nodes]
        self.random = any("random" in box.kinds for box in boxes)
        self.stateful = any("state" in box.kinds for box in boxes)
        self.weights = any(box.origin == "weight" for box in boxes)
        self.on_grid = any(isinstance(wire, Field) for wire in diagram.cod)
        self.owns = any(box.origin in ("weight", "state") for box in diagram.boxes)
        only = diagram.flat.nodes[0] if len(diagram.flat.nodes) == 1 else None
        # a frame that stands alone may be one instance of several
        self.shared = (
            only is not None
            and only.box.is_frame
            and (only.ins, only.outs) == (diagram.flat.inputs, diagram.flat.outputs)
        )


class Signature:
    """Generators with the types that inputs are drawn from; `+` is the union.

    What a generator is on which wires is worked out once and kept, so a signature is made once and drawn from often.
    `largest` bounds the entries of the wires that boxes may make, free sizes left out.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> sig = Signature([fixed(Box("f", (x,), (x,))), fixed(Box("g", (x, x), (x,)))], [x])
    >>> [generator.name for generator in sig.generators], sig.types
    (['f', 'g'], (R[2],))
    """

    __slots__ = ("_known", "_met", "_numbers", "generators", "largest", "types")

    def __init__(self, generators: Iterable[Generator], types: Iterable[Type], *, largest: int = 12) -> None:
        self.generators = tuple(generators)
        self.types: Types = tuple(dict.fromkeys(types))
        self.largest = largest
        self._known: dict[tuple[Generator, Types], tuple[Instance, ...]] = {}
        # types that were met, by number: their hashes are those of polynomials
        self._met: list[Type] = []
        self._numbers: dict[Type, int] = {}

    def __add__(self, other: Signature) -> Signature:
        largest = max(self.largest, other.largest)
        return Signature(self.generators + other.generators, self.types + other.types, largest=largest)

    def number(self, wire: Type) -> int:
        """The number of a type; it means nothing but that type."""
        found = self._numbers.get(wire)
        if found is None:
            found = self._numbers[wire] = len(self._met)
            self._met.append(wire)
        return found

    def wire(self, number: int) -> Type:
        """The type of a number."""
        return self._met[number]

    def instance(self, one: Diagram | Box) -> Instance:
        """A diagram to be laid somewhere."""
        diagram = one if isinstance(one, Diagram) else Diagram.of(one)
        if diagram.name:
            diagram = Diagram.of(diagram.frame())
        return Instance(diagram, tuple(map(self.number, diagram.cod)))

    def on(self, generator: Generator, types: Types) -> tuple[Instance, ...]:
        """What a generator is on wires of these types: diagrams with boxes, whose outputs are admitted."""
        found = self._known.get((generator, types))
        if found is None:
            made = map(self.instance, generator.at(types)) if generator.admits(types) else ()
            good = (one for one in made if one.diagram.flat.nodes and all(map(self.admits, one.diagram.cod)))
            found = self._known[generator, types] = tuple(good)
        return found

    def admits(self, wire: Type) -> bool:
        """Whether a wire of this type may be made: of few entries, on a grid neither too coarse nor too fine."""
        sizes = sizes_of(wire)
        if isinstance(wire, Tensor) and len(sizes) > 3:
            return False
        # a header that has a grid in the sizes of a tensor alone does not say on which space it is
        if not isinstance(wire, Field) and any("." in name for size in sizes for name in variables(size)):
            return False
        return all(map(_is_near, sizes)) and math.prod(n for n in sizes if isinstance(n, int)) <= self.largest


def _is_near(size: Size) -> bool:
    """Whether a size is a number, or a free one that is not far from itself: grids grow and shrink by two."""
    if not isinstance(size, Poly):
        return True
    far = (abs(coefficient) > (2 if monomial else 1) for monomial, coefficient in size.terms.items())
    return denominator(size) <= 2 and not any(far)


def signature_of(*sources: Source, types: Iterable[Type] | None = None, largest: int = 12) -> Signature:
    """The signature of all boxes and diagrams that are declared in modules, or of those that are named.

    A source is `"std"`, the standard library; a module that was loaded; a mention of the library (`"sin"`,
    `"linear[b = 4]"`); a `Box`, a `Diagram` or a `Generator`. Headers are instantiated at the types of wires as they
    are drawn. `types` are those of the inputs: the ends of what is declared, and a few of each kind for polymorphic
    ones, unless given.

    >>> import diagrammar as dg
    >>> m = dg.loads("diagram f : R[4] -> R[2] = linear\\nbox g : R[2] @ R[2] -> R[4]")
    >>> sig = signature_of(m, "tanh")
    >>> [generator.name for generator in sig.generators], sig.types[:2]
    (['f', 'g', 'tanh'], (R[4], R[2]))
    """
    found = _inputs(sources) if types is None else tuple(types)
    palette = Palette(found)
    generators: list[Generator] = []
    for source in sources:
        generators += _generators(source, palette)
    return Signature(generators, found, largest=largest)


def _generators(source: Source, palette: Palette) -> Iterator[Generator]:
    match source:
        case "std":
            library = modules.std()
            for name in library.index:
                if name not in _WIRING:
                    yield from declared(library, name, palette)
        case str():
            yield from _mentioned(source, palette)
        case Generator():
            yield source
        case Box() | Diagram():
            yield fixed(source)
        case _:
            module = _module(source)
            for name in module.declared:
                yield from declared(module, name, palette)


def _module(source: Any) -> modules.Module:
    module = source if isinstance(source, modules.Module) else source._module
    assert isinstance(module, modules.Module)
    return module


def _mentioned(text: str, palette: Palette) -> list[Generator]:
    """The generators of a mention of the library."""
    library = modules.std()
    name = text.partition("[")[0].strip()
    if name not in library.index:
        raise DiagramNameError(f"the library declares no `{name}`")
    found = declared(library, name, palette)
    if name == text.strip():
        return found
    counts = {len(generator.ports) for generator in found} or {count for count, _ in WRITTEN.get(name, ())}
    return [written(library, name, text, count, palette) for count in sorted(counts)]


def _inputs(sources: Sequence[Source]) -> Types:
    """The types that inputs are drawn from: the ends of what has fixed ends, then those for what has none."""
    ends: list[Type] = []
    polymorphic = False
    for source in sources:
        match source:
            case Box() | Diagram():
                ends += (*source.dom, *source.cod)
            case str() | Generator():
                polymorphic = True
            case _:
                module = _module(source)
                for name in module.declared:
                    found = ends_of(module, name)
                    ends += found or ()
                    polymorphic |= found is None
    return tuple(dict.fromkeys([*ends, *(TYPES if polymorphic or not ends else ())]))
