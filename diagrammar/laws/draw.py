"""Cases of a law as a Hypothesis strategy: every choice is a small one, and the first alternatives are the simplest."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from diagrammar.diagram import Bundle
from diagrammar.elaborate.laws import named
from diagrammar.errors import DiagramTypeError
from diagrammar.law import Choice, Named, OneOf, Range
from diagrammar.laws.sizes import divisor, grid_axes, met, most
from diagrammar.laws.subject import Case, Subject
from diagrammar.sizes import Poly, substitute, var, variables
from diagrammar.strategies import values as values_of
from diagrammar.strategies.sizes import sizes as some_size
from diagrammar.types import Field, Space, Tensor, free_axes, sizes_of

# the spaces that a law over any space is tried on
SPACES = (("torus", 1), ("torus", 2), ("cube", 1), ("cube", 2), ("torus", 3))
_SEED = st.integers(0, 2**62)


@st.composite
def cases(draw: st.DrawFn, subject: Subject) -> Case:
    """Cases of a law: sizes and static values, how the numbers are drawn, and a seed."""
    values: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    law = subject.law
    for name in law.order():
        choice = law.choice(name, values, {})
        if name in law.dims:
            _bind(draw, subject, name, choice, sizes)
        else:
            values[name] = _value(draw, subject, name, choice, values, sizes)
    for name in subject.free_names(values):
        _size(draw, name, subject.free_names(values), (), sizes)
    made, (_, free) = subject.trial(values, sizes)
    if free:
        wanted = dict.fromkeys(name for wire in made.inputs for size in sizes_of(wire) for name in variables(size))
        conditions = made.sides.conditions
        if not met(conditions, {name: sizes[name] for name in sizes}):
            for name in sorted(wanted):
                sizes.pop(name, None)
        for name in sorted(wanted):
            _size(draw, name, list(wanted), conditions, sizes)
        assume(met(conditions, sizes))
    style = draw(st.sampled_from(values_of.STYLES))
    weight_style = draw(st.sampled_from(("integers", "normal", "normal"))) if made.weights else "normal"
    return Case(values, sizes, style, weight_style, draw(_SEED))


def _size(draw: st.DrawFn, name: str, names: Any, conditions: Any, sizes: dict[str, int]) -> None:
    if name not in sizes:
        step = divisor(name, conditions)
        sizes[name] = draw(some_size(most=most(name, grid_axes(names), step), divisor=step))


def _bind(draw: st.DrawFn, subject: Subject, name: str, choice: Choice | None, sizes: dict[str, int]) -> None:
    """A dim, or all axes of the grid of a space, from what `for` says."""
    own = subject.law.dims[name].own()
    names = [each for axis in (own.axes if isinstance(own, Space) else (own,)) for each in sorted(variables(axis))]
    for each in names:
        match choice:
            case Range(low, high, False):
                sizes[each] = draw(st.integers(int(low), int(high)))
            case OneOf(found):
                sizes[each] = int(draw(st.sampled_from(found)))
            case Named("grids", args):
                low, high = (int(end) for end in (args if len(args) == 2 else (1, *args)))
                sizes[each] = draw(st.integers(low, high))
            case _:
                raise DiagramTypeError(f"`{name}` is a size: it is in a range or in a list", subject.law.span)


def _value(
    draw: st.DrawFn,
    subject: Subject,
    name: str,
    choice: Choice | None,
    values: Mapping[str, Any],
    sizes: dict[str, int],
) -> Any:
    """A static value from its set, or from its kind."""
    match choice:
        case None:
            return _of_kind(draw, subject, name)
        case Range(low, high, True):
            return draw(st.floats(float(low), float(high), allow_nan=False, allow_subnormal=False))
        case Range(low, high):
            return draw(st.integers(int(low), int(high)))
        case OneOf(found):
            return named(draw(st.sampled_from(found)), name)
        case Named("shifts", (Space() as space,)):
            return draw(values_of.shifts(space))
        case Named("grids", (Space() as space, *ends)):
            found = named(space, name)
            low, high = (int(end) for end in (ends if len(ends) == 2 else (1, *ends)))
            for axis in found.axes:
                for each in sorted(variables(axis)):
                    sizes[each] = draw(st.integers(low, high))
            return found
        case Named("permutations", (count,)):
            for each in sorted(variables(count)) if isinstance(count, Poly) else ():
                _size(draw, each, [each], (), sizes)
            return draw(values_of.permutations(int(substitute(count, sizes))))  # type: ignore[arg-type]  # now a number
        case Named(word, _):
            raise DiagramTypeError(f"`{word}` is no set of static values", subject.law.span)
    raise AssertionError(choice)


def _of_kind(draw: st.DrawFn, subject: Subject, name: str) -> Any:
    kind = subject.law.kinds[name]
    match kind:
        case "int":
            return draw(st.integers(1, 8))
        case "real":
            return draw(st.floats(-3.0, 3.0, allow_nan=False, allow_subnormal=False))
        case "bool":
            return draw(st.booleans())
        case "space":
            kind, dim = draw(st.sampled_from(SPACES))
            base = ((kind, dim, name),)
            return Space(base, free_axes(base))
        case "type":
            return draw(_types(name))
        case _:
            raise DiagramTypeError(
                f"nothing says which values `{name}` takes", subject.law.span, hint=f"write `for {name} in ...`"
            )


@st.composite
def _types(draw: st.DrawFn, name: str) -> Bundle:
    """A type for a parameter: scalars, vectors, matrices, fields."""
    which = draw(st.integers(0, 3))
    if which == 3:
        kind, dim = draw(st.sampled_from(SPACES[:4]))
        base = ((kind, dim, f"{name}_space"),)
        return Bundle((Field("Field", Space(base, free_axes(base)), var(f"{name}_channels")),))
    return Bundle((Tensor("R", tuple(var(f"{name}_{axis + 1}") for axis in range(which))),))


def plain(value: Any) -> Any:
    """A static value as reports show it."""
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, Space):
        return " * ".join(f"{kind}({dim})" for kind, dim, _ in value.base)
    if isinstance(value, Bundle):
        return " @ ".join(map(str, value.types))
    return list(value) if isinstance(value, tuple) else value
