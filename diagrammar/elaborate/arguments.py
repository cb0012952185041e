"""The static arguments of a mention: given ones find their parameters, the others get holes or defaults."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from diagrammar.elaborate import statics, typing
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.graph import Graph
from diagrammar.elaborate.holes import BundleHole, ListHole, Mismatch, SpaceHole, Waiting
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.values import (
    Declared,
    DeclRef,
    FreeDim,
    Implicit,
    ParamInfo,
    Recipe,
    Scope,
    TypeValue,
    Wire,
    Wires,
)
from diagrammar.errors import DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly, unknowns
from diagrammar.source import Span
from diagrammar.steps import Steps
from diagrammar.types import Space, Type

if TYPE_CHECKING:
    pass


_KIND_NAMES = {"size": "size", "type": "type", "space": "space", "list": "list"}


class Argument:
    """A diagram given as a static argument: its graph, elaborated where the mention stands."""

    __slots__ = ("graph", "outs", "recipe")

    def __init__(self, graph: Graph, outs: tuple[Wire, ...], recipe: Recipe) -> None:
        self.graph = graph
        self.outs = outs
        self.recipe = recipe


class Mention:
    """One mention of a declaration: its parameters, found or still to be found."""

    __slots__ = (
        "cod", "declared", "given", "graph", "implicit", "key", "plain", "scope", "share", "solved", "span", "values",
    )  # fmt: skip

    def __init__(self, declared: Declared, span: Span, key: str, graph: Graph, share: str | None) -> None:
        self.declared = declared
        self.span = span
        self.key = key
        self.graph = graph
        self.share = share
        self.values: dict[str, Any] = {}
        self.implicit = Implicit()
        self.scope = Scope(declared.scope.module, declared.source, declared.scope, None, self.implicit)
        self.scope.names = self.values
        self.cod: tuple[Type, ...] = ()
        # the parameters that the text gives
        self.given: tuple[str, ...] = ()
        # how many of its wires are not captured
        self.plain = 0
        # whether nothing is left to find
        self.solved = False

    def open(self, body: Body, info: ParamInfo) -> bool:
        """Whether a parameter is still unknown."""
        found = self.values.get(info.name)
        unifier = body.unifier
        match found:
            case Poly():
                found = unifier.read_size(found)
                return isinstance(found, Poly) and bool(unknowns(found))
            case SpaceHole():
                return isinstance(unifier.read_space(found), SpaceHole)
            case BundleHole():
                return any(isinstance(item, BundleHole) for item in unifier.read_items((found,)))
            case ListHole():
                return found.number not in unifier.lists
            case _:
                return False

    def default(self, body: Body) -> bool:
        """Gives one open parameter the default of its header; False if there is none to give."""
        for info in parameters(self.declared):
            if info.default is not None and self.open(body, info):
                given = typing.evaluate(body, info.default, self.scope)
                before = self.values[info.name]
                self._fill(body, info, given)
                # a default that waits for an unknown that nothing decides is no step forward
                if self.values[info.name] != before or not self.open(body, info):
                    return True
        return False

    def _fill(self, body: Body, info: ParamInfo, given: Any) -> None:
        hole = self.values[info.name]
        unifier = body.unifier
        if isinstance(hole, Poly):
            try:
                unifier.equal(hole, typing.size(given, info.node, self.scope), info.name)
            except Mismatch as error:
                raise DiagramTypeError(str(error), self.span) from None
            if self.open(body, info):
                # the default waits for another unknown: it may be its own default's turn first
                self.values[info.name] = given
        elif isinstance(hole, SpaceHole):
            unifier.unify_spaces(hole, given)
        elif isinstance(hole, BundleHole):
            unifier.bundles[hole.number] = typing.as_type(given, info.node, self.scope).items
        elif isinstance(hole, ListHole):
            unifier.lists[hole.number] = given

    def close(self, body: Body) -> None:
        """Reports a parameter that nothing decides; a free grid that nothing decides is the space's own."""
        unifier = body.unifier
        for info in parameters(self.declared):
            if self.open(body, info):
                how = f"{self.declared.name}[{info.name} = ...]"
                raise DiagramTypeError(
                    f"nothing decides the {_KIND_NAMES.get(info.kind, 'parameter')} `{info.name}`"
                    f" of `{self.declared.name}`",
                    self.span,
                    hint=f"write it: `{how}`",
                )
        for key, found in list(self.implicit.known.items()):
            if isinstance(found, SpaceHole) and isinstance(unifier.read_space(found), SpaceHole):
                raise DiagramTypeError(
                    f"nothing decides the grid of `{key[1]}` in this mention of `{self.declared.name}`", self.span
                )
            if isinstance(found, Poly) and unknowns(unifier.read_size(found)):
                raise DiagramTypeError(
                    f"nothing decides the size `{key[1]}` in this mention of `{self.declared.name}`", self.span
                )


class Deferred:
    """A default that can be worked out only when other parameters are known."""

    __slots__ = ("info",)

    def __init__(self, info: ParamInfo) -> None:
        self.info = info


def instantiate(body: Body, ref: DeclRef, node: tree.Node, scope: Scope, graph: Graph, key: str) -> Steps:
    """A mention with its static arguments given, and holes for those that inference is to find."""
    declared = ref.declared
    mention = Mention(declared, scope.span(node), key, graph, ref.share)
    unifier = body.unifier

    def implicit(found: Any) -> Any:
        if isinstance(found, FreeDim):
            return unifier.size(found.name)
        return SpaceHole(unifier.number(), found.name, kinds=found.space.kinds)

    mention.implicit.make = implicit
    infos = parameters(declared)
    for arg, where in ref.args:
        given = yield from _argument(body, arg, where)
        _give(body, mention, infos, arg, given, where)
    mention.given = tuple(mention.values)
    # holes first: a default may speak of any other parameter
    missing = [info for info in infos if info.name not in mention.values]
    for info in missing:
        hole = hole_of(body, info)
        if hole is not None:
            mention.values[info.name] = hole
    for info in missing:
        if info.name not in mention.values:
            mention.values[info.name] = _default(body, mention, info)
    return mention


def _argument(body: Body, arg: tree.Argument, where: Scope) -> Steps:
    from diagrammar.elaborate.expressions import value

    given = yield value(body, arg.value, where, None)
    if isinstance(given, Wires):
        raise DiagramTypeError(
            "a static argument is wanted in [...], this is a wire", where.span(arg), hint="wires are given in (...)"
        )
    return given


def _give(
    body: Body, mention: Mention, infos: tuple[ParamInfo, ...], arg: tree.Argument, given: Any, where: Scope
) -> None:
    name = mention.declared.name
    if arg.name is not None:
        chosen = next((info for info in infos if info.name == arg.name), None)
        if chosen is None:
            near = difflib.get_close_matches(arg.name, [info.name for info in infos], 1)
            raise DiagramTypeError(
                f"`{name}` has no parameter `{arg.name}`",
                where.span(arg),
                [f"its parameters: {_listed(infos)}"],
                f"did you mean `{near[0]}`?" if near else None,
            )
        if chosen.name in mention.values:
            raise DiagramTypeError(f"`{arg.name}` is given twice", where.span(arg))
    else:
        group = _group(given)
        free = [info for info in infos if info.name not in mention.values and _GROUPS.get(info.kind, "size") == group]
        if not free:
            raise DiagramTypeError(
                f"`{name}` takes no further {_GROUP_NAMES[group]} in [...]",
                where.span(arg),
                [f"its parameters: {_listed(infos)}"],
            )
        chosen = free[0]
    mention.values[chosen.name] = _checked(body, chosen, given, arg, where)


def _listed(infos: tuple[ParamInfo, ...]) -> str:
    """Parameters by name; those that take their own kind of argument say so."""
    kinds = {"type": " (a type)", "space": " (a space)", "diagram": " (a diagram)"}
    return ", ".join(info.name + kinds.get(info.kind, "") for info in infos) or "none"


_GROUPS = {"type": "type", "space": "space", "diagram": "diagram"}


_GROUP_NAMES = {"type": "types", "space": "spaces", "diagram": "diagrams", "size": "arguments"}


def _group(given: Any) -> str:
    if isinstance(given, Recipe):
        return "diagram"
    if isinstance(given, Space | SpaceHole):
        return "space"
    if isinstance(given, TypeValue | BundleHole) or type(given).__name__ == "TypeHead":
        return "type"
    return "size"


def _checked(body: Body, info: ParamInfo, given: Any, arg: tree.Node, where: Scope) -> Any:
    """A static argument of the kind that its parameter wants."""
    node = arg.value if isinstance(arg, tree.Argument) else arg
    match info.kind:
        case "type":
            return typing.as_type(given, node, where)
        case "space" if isinstance(given, Space | SpaceHole):
            return given
        case "diagram" if isinstance(given, Recipe):
            return given
        case "size":
            if isinstance(given, tuple | ListHole):
                return given
            if statics.is_number(given) and not isinstance(given, float):
                return given
        case "list" if isinstance(given, tuple | ListHole):
            return given
        case "bool" if isinstance(given, bool):
            return given
        case "str" if isinstance(given, str):
            return given
        case "int" if (isinstance(given, int) and not isinstance(given, bool)) or isinstance(given, Poly):
            return given
        case "real" if statics.is_number(given):
            return given
        case "any" if not isinstance(given, Recipe):
            return given
    wanted = {"size": "a size", "int": "a whole number", "real": "a number", "bool": "true or false", "str": "a text"}
    raise DiagramTypeError(
        f"`{info.name}` is {wanted.get(info.kind, 'a ' + info.kind)}, this is {statics.describe(given)}",
        where.span(arg),
    )


def hole_of(body: Body, info: ParamInfo) -> Any:
    """A hole for a parameter that is inferred; None for the others."""
    unifier = body.unifier
    match info.kind:
        case "size":
            return unifier.size(info.name)
        case "type":
            return BundleHole(unifier.number(), info.name)
        case "space":
            return SpaceHole(unifier.number(), info.name)
        case "list" if info.default is None:
            return ListHole(unifier.number(), info.name)
        case _:
            return None


def _default(body: Body, mention: Mention, info: ParamInfo) -> Any:
    if info.default is None:
        raise DiagramTypeError(
            f"`{mention.declared.name}` needs its parameter `{info.name}`",
            mention.span,
            hint=f"write `{mention.declared.name}[{info.name} = ...]`",
        )
    try:
        return _checked(body, info, typing.evaluate(body, info.default, mention.scope), info.node, mention.scope)
    except Waiting:
        return Deferred(info)
