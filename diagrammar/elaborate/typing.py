"""Type expressions: constructors, families, grids, and headers' ports."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from diagrammar.elaborate import statics
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.holes import BundleHole, Items, ListHole, SpaceHole, is_hole, stacked
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.values import Family, Scope, TypeHead, TypeValue
from diagrammar.errors import BudgetError, DiagramTypeError, DiagramValueError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly, denominator, provably_whole, unknowns, variables
from diagrammar.source import Span
from diagrammar.types import Field, Space, Tensor, Tokens, Type, sizes_of

_LIMIT = 2**62


def size(found: Any, node: tree.Node, scope: Scope) -> Any:
    """A static value where a size is wanted: a positive whole number."""
    if not statics.is_number(found) or isinstance(found, float):
        raise DiagramTypeError(f"a size is wanted, this is {statics.describe(found)}", scope.span(node))
    if isinstance(found, Poly):
        return found
    if Fraction(found).denominator != 1:
        raise DiagramValueError(f"a size must be a whole number, this is {found}", scope.span(node))
    if found < 1:
        raise DiagramValueError(f"a size must be positive, this is {found}", scope.span(node))
    if found > _LIMIT:
        raise DiagramValueError("a size of more than 2^62", scope.span(node))
    return int(found)


def sizes(args: list[Any], node: tree.Node, scope: Scope) -> tuple[Any, ...]:
    """Sizes of a tensor; a list is spliced in."""
    result: list[Any] = []
    for arg in args:
        if isinstance(arg, tuple):
            result.extend(size(each, node, scope) for each in arg)
        elif isinstance(arg, ListHole):
            result.append(arg)
        else:
            result.append(size(arg, node, scope))
    return tuple(result)


def construct(head: str, args: list[Any], node: tree.Index, scope: Scope) -> TypeValue:
    """`R[a, b]`, `Field[X, c]`, ..."""
    if head in ("R", "C", "Bool"):
        return TypeValue((Tensor(head, sizes(args, node, scope)),))
    if len(args) != 2:
        usual = "Tokens[vocab, length]" if head == "Tokens" else f"{head}[X, c]"
        raise DiagramTypeError(f"`{head}` takes two arguments: {usual}", scope.span(node))
    if head == "Tokens":
        vocab, length = sizes(args, node, scope)
        return TypeValue((Tokens(vocab, length),))
    space, channels = args
    if not isinstance(space, Space | SpaceHole):
        raise DiagramTypeError(
            f"a space is wanted, this is {statics.describe(space)}", scope.span(node.args[0]), hint="space X = torus(2)"
        )
    channels = size(channels, node.args[1], scope)
    return TypeValue((Field(head, space, channels),))  # type: ignore[arg-type]  # the space may be a hole


def as_type(found: Any, node: tree.Node, scope: Scope) -> TypeValue:
    """A value where a type is wanted; `R` and `C` alone are scalars."""
    if isinstance(found, TypeValue):
        return found
    if isinstance(found, BundleHole):
        return TypeValue((found,))
    if isinstance(found, TypeHead) and found.name in ("R", "C", "Bool"):
        return TypeValue((Tensor(found.name),))
    hint = None
    if isinstance(found, Family):
        hint = f"`{found.declared.name}` takes arguments in [...]"
    elif isinstance(found, Space):
        hint = "Field[X, 1] is the type of scalar functions on X"
    elif isinstance(found, TypeHead):
        hint = f"`{found.name}` takes arguments in [...]"
    raise DiagramTypeError(f"a type is wanted, this is {statics.describe(found)}", scope.span(node), hint=hint)


def power(items: Items, count: Any) -> Items:
    """`A^n`: n stacked A's, wire by wire."""
    result: list[Any] = []
    for item in items:
        if isinstance(item, BundleHole):
            result.append(BundleHole(item.number, item.name, (count, *item.powers)))
        else:
            result.append(stacked(item, count))
    return tuple(result)


def family(body: Body, item: Family, args: list[Any], node: tree.Index, scope: Scope) -> TypeValue:
    """`Level[l]`: a family of types at its arguments."""
    declared = item.declared
    infos = parameters(declared)
    names: dict[str, Any] = {}
    for arg, found in zip(node.args, args, strict=True):
        if arg.name is None:
            free = [info.name for info in infos if info.name not in names]
            if not free:
                raise DiagramTypeError(
                    f"`{declared.name}` takes {len(infos)} argument{'s' * (len(infos) != 1)}", scope.span(arg)
                )
            names[free[0]] = found
        elif arg.name in names or arg.name not in [info.name for info in infos]:
            raise DiagramTypeError(f"`{declared.name}` has no free parameter `{arg.name}`", scope.span(arg))
        else:
            names[arg.name] = found
    inner = Scope(declared.scope.module, declared.source, declared.scope, None, scope.implicit)
    for info in infos:
        if info.name not in names:
            if info.default is None:
                raise DiagramTypeError(f"`{declared.name}` needs `{info.name}`", scope.span(node))
            names[info.name] = evaluate(body, info.default, inner)
        inner.names[info.name] = names[info.name]
    body.elaborator.enter_type(scope.span(node))
    try:
        return type_of(body, declared.ast.value, inner)
    finally:
        body.elaborator.leave_type()


def gridded(space: Space | SpaceHole, args: list[Any], node: tree.Index, scope: Scope) -> Space | SpaceHole:
    """`X[n, m]`: the space on a grid of these sizes."""
    axes = sizes(args, node, scope)
    if isinstance(space, SpaceHole):
        return SpaceHole(space.number, space.name, 1, axes, space.kinds)
    if len(axes) != space.dim:
        raise DiagramTypeError(
            f"the grid of {space.name} has {space.dim} axes, {len(axes)} sizes are given", scope.span(node)
        )
    return space.on(axes)


def evaluate(body: Body, node: tree.Node, scope: Scope) -> Any:
    """A static expression of a header."""
    from diagrammar.elaborate.expressions import static

    return static(body, node, scope)


def type_of(body: Body, node: tree.Node, scope: Scope) -> TypeValue:
    """A type expression."""
    found = as_type(evaluate(body, node, scope), node, scope)
    label = scope.source.text[node.start : node.end] if isinstance(node, tree.Name | tree.Index) else ""
    return TypeValue(found.items, label)


def check_whole(body: Body, wire: Type, span: Span) -> None:
    """Sizes of a type must be whole; where that depends on free sizes it becomes a condition of the diagram."""
    known = body.unifier.read(wire)
    if isinstance(known, Field) and is_hole(known.space):
        return
    for each in sizes_of(known):
        if isinstance(each, Poly):
            if unknowns(each):
                continue
            # grids that halve or double without end
            if denominator(each) > _LIMIT:
                raise BudgetError("a grid that would have to be divisible by more than 2^62", span)
            if any(abs(factor) > _LIMIT for factor in each.terms.values()):
                raise BudgetError("a grid of more than 2^62 points", span)
            if not provably_whole(each):
                body.unifier.whole(each)
        elif isinstance(each, Fraction) and each.denominator != 1:
            raise DiagramValueError(f"a size must be a whole number, this is {each}", span, [f"in {known}"])
        elif isinstance(each, int) and each < 1:
            raise DiagramValueError(f"a size must be positive, this is {each}", span, [f"in {known}"])


def free_sizes(wire: Type) -> set[str]:
    """Names of free sizes in a type."""
    return set().union(*(variables(each) for each in sizes_of(wire)))
