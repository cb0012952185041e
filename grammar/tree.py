"""The syntax tree: plain nodes with offsets, no meaning.

Expressions, types, spaces and static values share one grammar of expressions; what a node means is decided when it
is elaborated. Classes are written out by hand because building forty dataclasses costs 15 ms of every start.
"""

from __future__ import annotations

from diagrammar.grammar.expressions import Argument as Argument
from diagrammar.grammar.expressions import Attribute as Attribute
from diagrammar.grammar.expressions import Binary as Binary
from diagrammar.grammar.expressions import Bundle as Bundle
from diagrammar.grammar.expressions import Call as Call
from diagrammar.grammar.expressions import If as If
from diagrammar.grammar.expressions import Index as Index
from diagrammar.grammar.expressions import Lambda as Lambda
from diagrammar.grammar.expressions import ListOf as ListOf
from diagrammar.grammar.expressions import Mark as Mark
from diagrammar.grammar.expressions import Name as Name
from diagrammar.grammar.expressions import Named as Named
from diagrammar.grammar.expressions import Node as Node
from diagrammar.grammar.expressions import Number as Number
from diagrammar.grammar.expressions import Repeat as Repeat
from diagrammar.grammar.expressions import String as String
from diagrammar.grammar.expressions import Unary as Unary

# --------------------------------------------------------------------------------------------------- headers


class Port(Node):
    """A wire of a header or of a lambda: `u : V`; `type` is None where it is inferred (lambdas only)."""

    __slots__ = ("name", "type")
    __match_args__ = ("name", "type")

    def __init__(self, start: int, end: int, name: str, type: Node | None) -> None:
        self.start, self.end, self.name, self.type = start, end, name, type


class Arrow(Node):
    """`A -> B` as the kind of a static parameter."""

    __slots__ = ("cod", "dom")
    __match_args__ = ("dom", "cod")

    def __init__(self, start: int, end: int, dom: Node, cod: Node) -> None:
        self.start, self.end, self.dom, self.cod = start, end, dom, cod


class Parameter(Node):
    """A static parameter of a header: `a`, `last : bool`, `f : A -> A`, `d = c`, `bias : bool = true`.

    `kind` is an expression (`int`, `[int]`, `type`, `space`, ...) or an `Arrow`.
    """

    __slots__ = ("default", "kind", "name")
    __match_args__ = ("name", "kind", "default")

    def __init__(self, start: int, end: int, name: str, kind: Node | None, default: Node | None) -> None:
        self.start, self.end, self.name, self.kind, self.default = start, end, name, kind, default


class Header(Node):
    """What stands after the name of a diagram or a box: `[params](first)(second) -> cod` or `... : dom -> cod`.

    `wires` holds the lists of named wires (none, one or two); `dom` is None in the `-> cod` style; `cod` is None only
    for a box whose type follows from its static arguments.
    """

    __slots__ = ("cod", "dom", "params", "wires")
    __match_args__ = ("params", "wires", "dom", "cod")

    def __init__(
        self,
        start: int,
        end: int,
        params: tuple[Parameter, ...],
        wires: tuple[tuple[Port, ...], ...],
        dom: Node | None,
        cod: Node | None,
    ) -> None:
        self.start, self.end = start, end
        self.params, self.wires, self.dom, self.cod = params, wires, dom, cod


# ------------------------------------------------------------------------------------------------ statements


class Bind(Node):
    """`a, b = e`, `r : V = e`; the targets are ports."""

    __slots__ = ("targets", "value")
    __match_args__ = ("targets", "value")

    def __init__(self, start: int, end: int, targets: tuple[Port, ...], value: Node) -> None:
        self.start, self.end, self.targets, self.value = start, end, targets, value


class Return(Node):
    """`return a, b`; no values: a diagram into I."""

    __slots__ = ("values",)
    __match_args__ = ("values",)

    def __init__(self, start: int, end: int, values: tuple[Node, ...]) -> None:
        self.start, self.end, self.values = start, end, values


class Weight(Node):
    """`weight W : R[n] = zeros where frozen, nonneg`."""

    __slots__ = ("constraints", "doc", "initial", "name", "type")
    __match_args__ = ("name", "type", "initial", "constraints")

    def __init__(
        self,
        start: int,
        end: int,
        name: str,
        type: Node,
        initial: Node | None,
        constraints: tuple[Name, ...],
        doc: str | None = None,
    ) -> None:
        self.start, self.end, self.name, self.type = start, end, name, type
        self.initial, self.constraints, self.doc = initial, constraints, doc


class State(Node):
    """`state m : R[c] = zeros`."""

    __slots__ = ("doc", "initial", "name", "type")
    __match_args__ = ("name", "type", "initial")

    def __init__(
        self, start: int, end: int, name: str, type: Node, initial: Node | None, doc: str | None = None
    ) -> None:
        self.start, self.end, self.name, self.type, self.initial, self.doc = start, end, name, type, initial, doc


class Next(Node):
    """`next m = e`."""

    __slots__ = ("name", "value")
    __match_args__ = ("name", "value")

    def __init__(self, start: int, end: int, name: str, value: Node) -> None:
        self.start, self.end, self.name, self.value = start, end, name, value


class Result(Node):
    """An expression that stands alone as the last statement of a block: the diagram that the block is."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, start: int, end: int, value: Node) -> None:
        self.start, self.end, self.value = start, end, value


class Block(Node):
    """`{ statements }`."""

    __slots__ = ("statements",)
    __match_args__ = ("statements",)

    def __init__(self, start: int, end: int, statements: tuple[Node, ...]) -> None:
        self.start, self.end, self.statements = start, end, statements


# ---------------------------------------------------------------------------------------------- declarations


class Declaration(Node):
    """A named thing of a file; `doc` is the string before it."""

    __slots__ = ("doc", "name")

    name: str
    doc: str | None


class Import(Node):
    """`import std.multigrid (vcycle)`, `import "./blocks.dg" as blocks`.

    `path` is the dotted name or the text of the string, `quoted` says which; `names` lists what is imported by name
    (None: the module itself), `alias` is the name after `as`.
    """

    __slots__ = ("alias", "names", "path", "quoted")
    __match_args__ = ("path", "quoted", "names", "alias")

    def __init__(
        self, start: int, end: int, path: str, quoted: bool, names: tuple[Name, ...] | None, alias: str | None
    ) -> None:
        self.start, self.end = start, end
        self.path, self.quoted, self.names, self.alias = path, quoted, names, alias


class Param(Declaration):
    """`param width : int = 32`."""

    __slots__ = ("default", "kind")
    __match_args__ = ("name", "kind", "default")

    def __init__(self, start: int, end: int, name: str, kind: Node, default: Node | None) -> None:
        self.start, self.end, self.name, self.kind, self.default, self.doc = start, end, name, kind, default, None


class Dims(Node):
    """`dim n, m`."""

    __slots__ = ("doc", "names")
    __match_args__ = ("names",)

    def __init__(self, start: int, end: int, names: tuple[Name, ...], doc: str | None = None) -> None:
        self.start, self.end, self.names, self.doc = start, end, names, doc


class Let(Declaration):
    """`let c = width * 2^l`, in a file or in a block."""

    __slots__ = ("value",)
    __match_args__ = ("name", "value")

    def __init__(self, start: int, end: int, name: str, value: Node) -> None:
        self.start, self.end, self.name, self.value, self.doc = start, end, name, value, None


class SpaceDecl(Declaration):
    """`space X = torus(2)`."""

    __slots__ = ("value",)
    __match_args__ = ("name", "value")

    def __init__(self, start: int, end: int, name: str, value: Node) -> None:
        self.start, self.end, self.name, self.value, self.doc = start, end, name, value, None


class TypeDecl(Declaration):
    """`type Level[l] = Field[X / 2^l, width * 2^l]`."""

    __slots__ = ("params", "value")
    __match_args__ = ("name", "params", "value")

    def __init__(self, start: int, end: int, name: str, params: tuple[Parameter, ...], value: Node) -> None:
        self.start, self.end, self.name, self.params, self.value, self.doc = start, end, name, params, value, None


class BoxDecl(Declaration):
    """`box sine[A] : A -> A is elementwise { jvp(x, dx) = cos(x) * dx }`.

    `kinds` are the words after `is`; `rules` the derivatives in the body.
    """

    __slots__ = ("header", "kinds", "rules")
    __match_args__ = ("name", "header", "kinds", "rules")

    def __init__(
        self,
        start: int,
        end: int,
        name: str,
        header: Header,
        kinds: tuple[Name, ...],
        rules: tuple[DerivativeRule, ...],
    ) -> None:
        self.start, self.end, self.name, self.header = start, end, name, header
        self.kinds, self.rules, self.doc = kinds, rules, None


class DerivativeRule(Node):
    """`jvp(x, dx) = cos(x) * dx` or `transpose(y) = e` inside the body of a box; the body may be a block.

    `slot` is what stands in `transpose[0](u, dy)` or `transpose[i](u, dy)`: the number of an input, or a name for it.
    """

    __slots__ = ("body", "name", "slot", "wires")
    __match_args__ = ("name", "slot", "wires", "body")

    def __init__(self, start: int, end: int, name: str, slot: str | None, wires: tuple[Port, ...], body: Node) -> None:
        self.start, self.end, self.name, self.slot, self.wires, self.body = start, end, name, slot, wires, body


class DiagramDecl(Declaration):
    """`diagram name[params](wires) -> B = e`, `... : A -> B { ... }`; `body` is a Block or an expression."""

    __slots__ = ("body", "header")
    __match_args__ = ("name", "header", "body")

    def __init__(self, start: int, end: int, name: str, header: Header, body: Node) -> None:
        self.start, self.end, self.name, self.header, self.body, self.doc = start, end, name, header, body, None


class Share(Declaration):
    """`share cell = layer`."""

    __slots__ = ("value",)
    __match_args__ = ("name", "value")

    def __init__(self, start: int, end: int, name: str, value: Node) -> None:
        self.start, self.end, self.name, self.value, self.doc = start, end, name, value, None


class Rule(Node):
    """`fourier[m] => vcycle[levels]`."""

    __slots__ = ("image", "pattern")
    __match_args__ = ("pattern", "image")

    def __init__(self, start: int, end: int, pattern: Node, image: Node) -> None:
        self.start, self.end, self.pattern, self.image = start, end, pattern, image


class FunctorDecl(Declaration):
    """`functor Multigrid[levels] { fourier[m] => vcycle[levels] }`."""

    __slots__ = ("params", "rules")
    __match_args__ = ("name", "params", "rules")

    def __init__(self, start: int, end: int, name: str, params: tuple[Parameter, ...], rules: tuple[Rule, ...]) -> None:
        self.start, self.end, self.name, self.params, self.rules, self.doc = start, end, name, params, rules, None


class Binding(Node):
    """`a in -3.0 .. 3.0` after `for`."""

    __slots__ = ("name", "values")
    __match_args__ = ("name", "values")

    def __init__(self, start: int, end: int, name: str, values: Node) -> None:
        self.start, self.end, self.name, self.values = start, end, name, values


class LawDecl(Declaration):
    """`law shift(u : A) : f(g(u)) == g(f(u)) for s in shifts(X) within 1e-4 fails`; `relation`: `==`, `<=` or `>=`."""

    __slots__ = ("bindings", "fails", "left", "params", "relation", "right", "wires", "within")
    __match_args__ = ("name", "params", "wires", "relation", "left", "right", "bindings", "within", "fails")

    def __init__(
        self,
        start: int,
        end: int,
        name: str,
        params: tuple[Parameter, ...],
        wires: tuple[Port, ...],
        relation: str,
        left: Node,
        right: Node,
        bindings: tuple[Binding, ...],
        within: Node | None,
        fails: bool,
    ) -> None:
        self.start, self.end, self.name, self.params, self.wires = start, end, name, params, wires
        self.relation, self.left, self.right = relation, left, right
        self.bindings, self.within, self.fails, self.doc = bindings, within, fails, None


class File(Node):
    """A file: its docstring and its declarations, in order."""

    __slots__ = ("declarations", "doc")
    __match_args__ = ("doc", "declarations")

    def __init__(self, start: int, end: int, doc: str | None, declarations: tuple[Node, ...]) -> None:
        self.start, self.end, self.doc, self.declarations = start, end, doc, declarations
