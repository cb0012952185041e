"""The check of a file: every declaration, at its instances and once for all its parameters."""

from __future__ import annotations

import difflib
from typing import Any

from diagrammar import modules
from diagrammar.diagram import Box, Bundle
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.laws import Statement, named
from diagrammar.elaborate.rules import elaborated
from diagrammar.elaborate.statics import NeedsConcrete
from diagrammar.elaborate.typing import evaluate, type_of
from diagrammar.elaborate.unused import check_used
from diagrammar.elaborate.values import Declared, ParamInfo, Resolved, TypeValue
from diagrammar.errors import BudgetError, DiagrammarError, DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree
from diagrammar.law import Choice, Named, OneOf, Range, Sides
from diagrammar.reading import raise_all
from diagrammar.sizes import Poly, var
from diagrammar.source import Span
from diagrammar.types import Rigid, Space, Tensor, free_axes

# a space parameter stands for any of these; a declaration is wrong if it is wrong for all of them
_SPACES = (("torus", 2), ("cube", 2), ("torus", 1), ("cube", 1), ("torus", 3))


class _CannotTell(Exception):
    """A parameter has no symbolic value, so the declaration is checked at its instances alone."""


def check_declarations(module: modules.Module) -> None:
    """Checks everything that a module declares; raises all independent errors at once."""
    errors: list[DiagrammarError] = []
    for declared in module.all_declared():
        try:
            _check(module, declared)
        except NeedsConcrete:
            pass
        except DiagrammarError as error:
            errors.append(error)
            if isinstance(error, BudgetError):
                break
    raise_all(errors)


def _check(module: modules.Module, declared: Declared) -> None:
    match declared.ast:
        case tree.DiagramDecl():
            if parameters(declared):
                _check_generic(module, declared)
            else:
                module.elaborator.definition(declared, {}, _place(declared))
        case tree.BoxDecl():
            if not declared.ast.header.cod and not isinstance(module, modules.Library):
                raise DiagramTypeError(
                    "a box of a file has a type", _place(declared), hint=f"box {declared.name} : A -> B"
                )
            _check_kinds(declared)
            _check_header(module, declared)
            _check_rules(module, declared)
        case tree.TypeDecl(_, params, _) if params:
            parameters(declared)
        case tree.TypeDecl():
            type_of(Body(module.elaborator, declared), declared.ast.value, declared.scope)
        case tree.LawDecl():
            check_law(Statement(declared))
        case tree.Param() | tree.Let() | tree.SpaceDecl() | tree.Share():
            module.find(declared.name)
        case _:
            pass


# what the free sizes of a law are where its types have to be checked at numbers
_EXAMPLE = 16


def check_law(law: Statement) -> Sides:
    """The two sides of a law, which have one type: for all free sizes at once, else at one choice of them."""
    error: DiagrammarError | None = None
    for fixed in (False, True):
        for real_wires in (True, False) if law.scalars(True) else (True,):
            try:
                return _check_sides(law, fixed, real_wires)
            except DiagrammarError as wrong:
                error = error or wrong
    assert error is not None
    raise error


def _check_sides(law: Statement, fixed: bool, real_wires: bool) -> Sides:
    values: dict[str, Any] = dict.fromkeys(law.sizes, 2) if fixed else {}
    for name in law.order():
        if name not in law.dims:
            found = _example(law, name, law.choice(name, values, {}))
            values[name] = _fixed(found) if fixed else found
    grids = {key: _fixed(each.own()) for key, each in law.free(values).items()} if fixed else {}
    for name in (*law.dims, *law.wires):
        law.choice(name, values, grids)
    law.tolerance(values, grids)
    scalars = law.scalars(real_wires)
    return law.sides({name: value for name, value in values.items() if name not in scalars}, grids, real_wires)


def _fixed(value: Any) -> Any:
    if isinstance(value, Space):
        return value.on((_EXAMPLE,) * value.dim)
    return _EXAMPLE if isinstance(value, Poly) else value


def _example(law: Statement, name: str, choice: Choice | None) -> Any:
    """A value of a static name."""
    match choice:
        case Range(low, _, _):
            return low
        case OneOf(values):
            return named(values[0], name)
        case Named("shifts", (Space() as space,)):
            return (1,) * space.dim
        case Named("grids", (Space() as space, *_)):
            return named(space, name)
        case Named("permutations", (count,)):
            return tuple(range(_fixed(count)))
    match law.kinds[name]:
        case "int":
            return 2
        case "real":
            return 1
        case "bool":
            return True
        case "space":
            base = (("torus", 2, name),)
            return Space(base, free_axes(base))
        case "type":
            return Bundle((Tensor("R", (2,)),))
        case _:
            raise DiagramTypeError(
                f"nothing says which values `{name}` takes", law.span, hint=f"write `for {name} in ...`"
            )


def _place(declared: Declared) -> Span:
    ast = declared.ast
    line_end = declared.source.text.find("\n", ast.start)
    return Span(declared.source, ast.start, ast.end if line_end < 0 else min(ast.end, line_end))


_KINDS = ("pure", "linear", "elementwise", "random", "batch")


def _check_kinds(declared: Declared) -> None:
    for word in declared.ast.kinds:
        if word.name not in _KINDS:
            near = difflib.get_close_matches(word.name, _KINDS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"a box is {', '.join(_KINDS)}"
            raise DiagramNameError(f"`{word.name}` is not a kind of box", declared.span(word), hint=hint)


def _check_header(module: modules.Module, declared: Declared) -> None:
    body = Body(module.elaborator, declared)
    try:
        values = _symbolic(module, declared, _SPACES[0])
    except _CannotTell:
        return
    scope = declared.scope.inner({name: _seen(value) for name, value in values.items()})
    header = declared.ast.header
    for node in (header.dom, header.cod, *(port.type for ports in header.wires for port in ports)):
        if node is not None:
            type_of(body, node, scope)


_RULES = ("jvp", "vjp", "transpose")


def _check_rules(module: modules.Module, declared: Declared) -> None:
    """The derivatives in the body of a box: their names, and what they say for all types at once."""
    seen: set[tuple[str, str | None]] = set()
    for rule in declared.ast.rules:
        start = Span(declared.source, rule.start, rule.start + len(rule.name))
        if rule.name not in _RULES:
            near = difflib.get_close_matches(rule.name, _RULES, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"a box gives {', '.join(_RULES)}"
            raise DiagramNameError(f"`{rule.name}` is not a rule of a derivative", start, hint=hint)
        if rule.slot is not None and rule.name != "transpose":
            raise DiagramTypeError(f"`{rule.name}` is of all inputs, not of one", start, hint="write `transpose[0]`")
        if (rule.name, rule.slot) in seen:
            raise DiagramNameError(f"`{rule.name}` stands twice", start)
        seen.add((rule.name, rule.slot))
    if declared.ast.rules and declared.ast.header.cod is not None:
        _check_at_all_types(module, declared)


def _check_at_all_types(module: modules.Module, declared: Declared) -> None:
    try:
        values = _symbolic(module, declared, _SPACES[0])
        module.elaborator.rigid = {info.name for info in parameters(declared)}
        box = _own_box(module, declared, values)
        for rule in declared.ast.rules:
            named = rule.slot is not None and not rule.slot.isdigit()
            places = range(len(box.dom)) if named else (None if rule.slot is None else int(rule.slot),)
            for at in places:
                if at is not None and at >= len(box.dom):
                    raise DiagramTypeError(f"`{declared.name}` has no input {at}", declared.span(rule))
                elaborated(declared, rule, box, at)
    except (_CannotTell, NeedsConcrete):
        # what depends on the types is checked where the box stands
        return
    finally:
        module.elaborator.rigid = set()


def _own_box(module: modules.Module, declared: Declared, values: dict[str, Any]) -> Box:
    """A box at symbolic values of its parameters."""
    body = Body(module.elaborator, declared)
    scope = declared.scope.inner({name: _seen(value) for name, value in values.items()})
    header = declared.ast.header
    nodes = [port.type for ports in header.wires for port in ports] + ([header.dom] if header.dom is not None else [])
    dom = tuple(wire for node in nodes for wire in type_of(body, node, scope).items)
    cod = type_of(body, header.cod, scope).items
    params = tuple((name, value) for name, value in values.items() if not isinstance(value, Bundle))
    return Box(declared.name, dom, cod, origin=declared.origin, params=params)  # type: ignore[arg-type]  # all is rigid


def _seen(value: Any) -> Any:
    return TypeValue(value.types) if isinstance(value, Bundle) else value


def _check_generic(module: modules.Module, declared: Declared) -> None:
    """Once, for all values of the parameters at the same time."""
    first: DiagrammarError | None = None
    has_space = any(info.kind == "space" for info in parameters(declared))
    for kind in _SPACES if has_space else _SPACES[:1]:
        try:
            values = _symbolic(module, declared, kind)
            module.elaborator.rigid = {info.name for info in parameters(declared)}
            module.elaborator.definition(declared, values, _place(declared))
            return
        except (_CannotTell, NeedsConcrete):
            check_used(declared)
            return
        except BudgetError:
            raise
        except DiagrammarError as error:
            first = first or error
        finally:
            module.elaborator.rigid = set()
    if first is not None:
        raise first


def _symbolic(module: modules.Module, declared: Declared, space: tuple[str, int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    scope = declared.scope.inner()
    # the wires of a diagram may speak of parameters that come after it
    infos = parameters(declared)
    for info in sorted(infos, key=lambda info: info.kind == "diagram"):
        values[info.name] = found = _rigid(module, declared, info, space, scope)
        scope.names[info.name] = _seen(found)
    return {info.name: values[info.name] for info in infos}


def _rigid(module: modules.Module, declared: Declared, info: ParamInfo, space: tuple[str, int], scope: Any) -> Any:
    body = Body(module.elaborator, declared)
    match info.kind:
        case "size":
            return var(info.name)
        case "type":
            return Bundle((Rigid(info.name),))
        case "space":
            base = ((space[0], space[1], info.name),)
            return Space(base, free_axes(base))
        case "diagram":
            assert info.arrow is not None
            dom = type_of(body, info.arrow.dom, scope).items
            cod = type_of(body, info.arrow.cod, scope).items
            box = Box(info.name, dom, cod, key=info.name)  # type: ignore[arg-type]  # no holes: all is rigid
            made = Resolved(None, (), dom, cod, "", (), None, 1)  # type: ignore[arg-type]  # as above
            made.box = box
            return made
        case "int" if info.default is None:
            return var(info.name)
    if info.default is None:
        raise _CannotTell
    return evaluate(body, info.default, scope)
