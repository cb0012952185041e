"""What a name can mean while a body is elaborated: static values, wires, and recipes for diagrams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from diagrammar.diagram import Box, Diagram
from diagrammar.elaborate.holes import BundleHole, Items, ListHole, SpaceHole
from diagrammar.grammar import tree
from diagrammar.sizes import Poly
from diagrammar.source import Source, Span
from diagrammar.types import Space, Type

if TYPE_CHECKING:
    from diagrammar.elaborate.graph import Graph
    from diagrammar.modules import Module

Number = int | Fraction | float | Poly


class TypeValue:
    """A type: the wires that it stands for; `label` is what the text calls it."""

    __slots__ = ("items", "label")

    def __init__(self, items: Items, label: str = "") -> None:
        self.items = items
        self.label = label


class TypeHead:
    """`R`, `C`, `Bool`, `Tokens`, `Field`, `Spectrum` before their arguments."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Family:
    """`type Level[l] = ...` before its arguments."""

    __slots__ = ("declared",)

    def __init__(self, declared: Declared) -> None:
        self.declared = declared


class StaticFunction:
    """A function of static values: `floor`, `len`, `torus`, `grid`, ..."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function


class ModuleRef:
    """A module under the name after `as`."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        self.module = module


class Training:
    """The static truth value `training`, known only when the module runs."""

    __slots__ = ()


class Wire:
    """A wire of a graph under construction."""

    __slots__ = ("graph", "number")

    def __init__(self, graph: Graph, number: int) -> None:
        self.graph = graph
        self.number = number


class Wires:
    """Wires side by side, in an expression."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Wire, ...]) -> None:
        self.items = items


class ParamInfo:
    """A static parameter of a header; `kind` is one of size type space int real bool str list diagram any."""

    __slots__ = ("arrow", "default", "kind", "name", "node")

    def __init__(
        self, name: str, kind: str, default: tree.Node | None, arrow: tree.Arrow | None, node: tree.Parameter
    ) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.arrow = arrow
        self.node = node


class Declared:
    """A declaration with the place that it came from; `scope` is what its text sees."""

    __slots__ = ("ast", "derivatives", "keys", "name", "origin", "params", "scope", "source", "used")

    def __init__(self, ast: Any, name: str, origin: str, scope: Scope, source: Source) -> None:
        self.ast = ast
        self.name = name
        self.origin = origin
        self.scope = scope
        self.source = source
        self.params: tuple[ParamInfo, ...] | None = None
        self.keys: dict[int, str] | None = None
        # whether its unused wires have been looked for
        self.used = False
        # of a box: the diagrams of its derivatives that were asked for, by instance
        self.derivatives: dict[Any, Diagram] = {}

    def span(self, node: tree.Node) -> Span:
        """A node of its text as a place."""
        return Span(self.source, node.start, node.end)


class Recipe:
    """A diagram that is still to be mentioned."""

    __slots__ = ()


class DeclRef(Recipe):
    """A declared diagram or box, with the static arguments given so far.

    `wires` are the wires of its first list, where it has two and they were given; `share` is the name at the root of a
    `share` of a file.
    """

    __slots__ = ("args", "declared", "share", "wires")

    def __init__(
        self,
        declared: Declared,
        args: tuple[tuple[tree.Argument, Scope], ...] = (),
        wires: Wires | None = None,
        share: str | None = None,
    ) -> None:
        self.declared = declared
        self.args = args
        self.wires = wires
        self.share = share


class Closure(Recipe):
    """An expression that is a diagram, where it stands. Of a mark round a mention, `recompute { f }`, `of` is what that
    mentions: a mark adds no frame to it."""

    __slots__ = ("node", "of", "scope")

    def __init__(self, node: tree.Node, scope: Scope, of: Recipe | None = None) -> None:
        self.node = node
        self.scope = scope
        self.of = of


class LocalRef(Recipe):
    """A `diagram` inside a block; it sees the wires of the block."""

    __slots__ = ("declared", "wires")

    def __init__(self, declared: Declared, wires: Wires | None = None) -> None:
        self.declared = declared
        self.wires = wires


class Shared(Recipe):
    """A `share` name of a block: one instance, whose types its first use decides.

    `level` counts the keyed boxes round the block; the rest is filled in at the first use.
    """

    __slots__ = ("cod", "dom", "level", "mention", "name", "recipe")

    def __init__(self, name: str, recipe: Recipe, level: int) -> None:
        self.name = name
        self.recipe = recipe
        self.level = level
        self.mention: Any = None
        self.dom: Items = ()
        self.cod: Items = ()


class Resolved(Recipe):
    """A diagram given as a static argument, as the callee sees it: its inside is made. `marks` are those round it, from
    the outermost: a mention of it stands in them.

    `captured` are the types of the wires that it takes first; `wires` these wires in the callee's own graph; `key` is
    fixed where the argument was a `share` name.
    """

    __slots__ = ("box", "captured", "cod", "count", "dom", "inside", "key", "marks", "origin", "params", "wires")

    def __init__(
        self,
        inside: Diagram | None,
        captured: tuple[Type, ...],
        dom: tuple[Type, ...],
        cod: tuple[Type, ...],
        origin: str,
        params: tuple[tuple[str, Any], ...],
        key: str | None,
        count: int,
    ) -> None:
        self.inside = inside
        self.captured = captured
        self.dom = dom
        self.cod = cod
        self.origin = origin
        self.params = params
        self.key = key
        self.count = count
        self.wires: tuple[Wire, ...] = ()
        # a primitive needs no frame: it is put where it is mentioned
        self.box: Box | None = None
        self.marks: tuple[str, ...] = ()

    def identity(self) -> tuple[Any, ...]:
        """Two arguments with one identity make one definition."""
        what = id(self.inside or self.box)
        return (what, self.captured, self.dom, self.cod, self.origin, self.params, self.key, self.marks)


def bare(recipe: Recipe) -> bool:
    """Whether a recipe is a mention, with or without marks round it: what it mentions needs no frame of its own."""
    return not isinstance(recipe, Closure) or recipe.of is not None


def framed(recipe: Recipe) -> bool:
    """Whether a recipe, given or shared under a name, gets a frame of that name round its boxes."""
    while isinstance(recipe, Closure) and recipe.of is not None:
        recipe = recipe.of
    return isinstance(recipe, Closure) or (
        isinstance(recipe, DeclRef) and not isinstance(recipe.declared.ast, tree.DiagramDecl)
    )


class Scope:
    """The names that a place of the text sees: its own, then those of the place around it, then those of the module.

    `implicit` holds what the free dims and spaces of modules are in this instance.
    """

    __slots__ = ("implicit", "module", "names", "parent", "source")

    def __init__(
        self,
        module: Module,
        source: Source,
        parent: Scope | None = None,
        names: Mapping[str, Any] | None = None,
        implicit: Implicit | None = None,
    ) -> None:
        self.module = module
        self.source = source
        self.parent = parent
        self.names: dict[str, Any] = dict(names) if names else {}
        self.implicit: Implicit | None = implicit if implicit is not None else (parent.implicit if parent else None)

    def inner(self, names: Mapping[str, Any] | None = None) -> Scope:
        """A scope inside this one."""
        return Scope(self.module, self.source, self, names)

    def find(self, name: str) -> Any:
        """What a name means here; KeyError if nothing declares it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        if self.implicit is not None:
            return self.implicit.find(self.module, name)
        return self.module.find(name)

    def visible(self) -> list[str]:
        """All names, for hints."""
        names: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            names.extend(scope.names)
            scope = scope.parent
        return names + self.module.names()

    def span(self, node: tree.Node) -> Span:
        """A node of this text as a place."""
        return Span(self.source, node.start, node.end)


class Implicit:
    """The free dims and spaces of the modules in one instance of a declaration.

    `make` says what a dim or space is that has not been met; what it returns is kept.
    """

    __slots__ = ("known", "make")

    def __init__(self, make: Callable[[Any], Any] | None = None) -> None:
        self.known: dict[tuple[int, str], Any] = {}
        self.make = make

    def find(self, module: Module, name: str) -> Any:
        """The meaning of a name of a module in this instance."""
        from diagrammar.elaborate.aliases import Alias

        found = module.find(name)
        if isinstance(found, FreeDim | FreeSpace):
            key = (id(found.module), found.name)
            if key in self.known:
                return self.known[key]
            if self.make is None:
                return found.own()
            self.known[key] = made = self.make(found)
            return made
        if isinstance(found, Alias):
            return found.at(self)
        return found


class FreeDim:
    """A `dim` of a module."""

    __slots__ = ("module", "name")

    def __init__(self, module: Module, name: str) -> None:
        self.module = module
        self.name = name

    def own(self) -> Poly:
        """The free size itself."""
        from diagrammar.sizes import var

        return var(self.name)


class FreeSpace:
    """A `space` of a module, on its free grid."""

    __slots__ = ("module", "name", "space")

    def __init__(self, module: Module, name: str, space: Space) -> None:
        self.module = module
        self.name = name
        self.space = space

    def own(self) -> Space:
        """The space on its own free grid."""
        return self.space


StaticHole = SpaceHole | BundleHole | ListHole
