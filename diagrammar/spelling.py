"""How types, sizes, static values and static arguments are spelled in `.dg`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from diagrammar.box import Box, Bundle, Value
from diagrammar.sizes import Poly, Size, variables
from diagrammar.types import Field, Space, Tensor, Tokens, Type, Types, free_axes

# static arguments of `std` that the types of the inputs decide
FOLLOWS: dict[str, str] = {
    **dict.fromkeys(("linear", "layer_norm", "rms_norm", "over_group"), "a c d"),
    **dict.fromkeys(("pointwise", "lift", "project", "channel_mlp", "conv", "conv_transpose", "fourier"), "X a"),
    **dict.fromkeys(("soft_gate", "with_coordinates", "restrict", "prolong", "upsample", "integrate"), "X c"),
    **dict.fromkeys(("group_norm", "batch_norm", "sample", "pool", "resample"), "X c"),
    **dict.fromkeys(("translate", "pad", "crop", "rfft", "irfft", "low", "corners", "batch_moments"), "X c"),
    **dict.fromkeys(("convolution", "convolution_transpose"), "X a b"),
    **dict.fromkeys(("as_complex", "as_real", "conj"), "s"),
    "attend": "h n m d M",
    "attention": "n m d M",
    "heads_of": "n d",
    "embed": "vocab n",
    "lookup": "vocab d n",
    "softmax": "s n",
    "field": "c",
    "spread": "c k",
    "from_corners": "q c k",
}
# static arguments of `std` that are these if they are not given; `= a` is the value of another one
_SQUARE: dict[str, Value] = {"b": "= a", "bias": True}
_CONV: dict[str, Value] = {**_SQUARE, "stride": 1, "groups": 1, "padding": "= edge"}
_KERNEL: dict[str, Value] = {"stride": 1, "groups": 1, "padding": "zeros"}
_EPS: dict[str, Value] = {"eps": Fraction(1, 100_000)}
_TWICE: dict[str, Value] = {"k": 2}
_NORM: dict[str, Value] = {"norm": "backward"}
DEFAULTS: dict[str, dict[str, Value]] = {
    **dict.fromkeys(("linear", "pointwise"), _SQUARE),
    **dict.fromkeys(("conv", "conv_transpose"), _CONV),
    **dict.fromkeys(("convolution", "convolution_transpose"), _KERNEL),
    **dict.fromkeys(("layer_norm", "rms_norm", "group_norm"), _EPS),
    **dict.fromkeys(("restrict", "prolong", "upsample"), _TWICE),
    **dict.fromkeys(("rfft", "irfft"), _NORM),
    "batch_norm": {**_EPS, "momentum": Fraction(1, 10)},
    "fourier": {"b": "= a", "bias": False},
    "channel_mlp": {"b": "= a"},
    "project": {"hidden": 128},
    "mlp": {"activation": "gelu", "last": False},
    "pool": {"op": "max"},
    "resample": {"mode": "linear"},
    "pad": {"mode": "zeros"},
    "reduce": {"op": "sum"},
    "concat": {"axis": 0},
    "split": {"axis": 0},
}
# where one of these stands a size must be known, so it is not left to be found later
READERS = frozenset(
    f"std:{name}" for name in ("rearrange", "reduce", "split", "attention", "heads_of", "group_norm", "over_group")
)


# --------------------------------------------------------------------------------------------- types and values


def size_text(size: Size) -> str:
    """A size: free sizes of a grid are entries of `grid(X)`.

    >>> from diagrammar.sizes import var
    >>> size_text(2 * var("X.0") - var("n"))
    '2 * grid(X)[0] - n'
    """
    if not isinstance(size, Poly):
        return _decimal(Fraction(size))
    text = str(size)
    for name in sorted((name for name in variables(size) if "." in name), key=len, reverse=True):
        base, _, axis = name.rpartition(".")
        entry = f"grid({_named(base)})[{axis}]"
        text = re.sub(rf"(?<![\w']){re.escape(name)}(?!\d)", entry, text)
    return text


def _named(name: str) -> str:
    return "interval()" if name == "interval" else name


def space_text(space: Space) -> str:
    """`X`, `X / 2`, `2 * X`, `(X * T)[n, 64]`."""
    name = " * ".join(_named(each) for _, _, each in space.base)
    plain = name if len(space.base) == 1 else f"({name})"
    own = free_axes(space.base)
    if space.axes == own:
        return name
    factor = _factor(space.axes, own)
    if isinstance(factor, int):
        return f"{factor} * {plain}"
    if factor is not None and factor.numerator == 1:
        return f"{plain} / {factor.denominator}"
    return f"{plain}[{', '.join(map(size_text, space.axes))}]"


def _factor(axes: Sequence[Size], own: Sequence[Size]) -> int | Fraction | None:
    """By which number all axes are those of the free grid, if there is one."""
    factors: set[Size] = set()
    for size, axis in zip(axes, own, strict=True):
        if not isinstance(size, Poly):
            return None
        try:
            factors.add(size / axis)
        except ValueError:
            return None
    found = factors.pop() if len(factors) == 1 else None
    return None if isinstance(found, Poly) else found


def type_text(wire: Type) -> str:
    """The type of one wire."""
    match wire:
        case Tensor(kind=kind, sizes=sizes):
            return f"{kind}[{', '.join(map(size_text, sizes))}]" if sizes else kind
        case Tokens():
            return f"Tokens[{size_text(wire.vocab)}, {size_text(wire.length)}]"
        case Field():
            return f"{wire.kind}[{space_text(wire.space)}, {size_text(wire.channels)}]"
        case _:
            return str(wire)


def types_text(types: Types) -> str:
    """`V @ V`, `I`."""
    return " @ ".join(map(type_text, types)) if types else "I"


def show_value(value: Value) -> str:
    """A static value as text that reads back to it.

    >>> show_value((1, Fraction(1, 2), Fraction(1, 3), True, "a"))
    '[1, 0.5, 1 / 3, true, "a"]'
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Fraction() | Poly():
            return size_text(value)
        case float() if value.is_integer() and str(value) != "-0.0":
            return str(int(value))
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return f'"{escaped}"'
        case tuple():
            return f"[{', '.join(map(show_value, value))}]"
        case Space():
            return space_text(value)
        case Bundle():
            return types_text(value.types)
        case _:
            return str(value)


def _decimal(value: Fraction) -> str:
    below, places = value.denominator, 0
    while below % 10 == 0 or below % 5 == 0 or below % 2 == 0:
        below = below // (10 if below % 10 == 0 else 5 if below % 5 == 0 else 2)
        places += 1
    if below != 1 or places > 30:
        return f"{value.numerator} / {value.denominator}"
    if below == 1 and places == 0 and value.numerator % 10**9 == 0 and value:
        head = str(value.numerator).rstrip("0")
        return f"{head}e{len(str(value.numerator)) - len(head)}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return ("-" if value < 0 else "") + whole + (f".{rest}" if rest else "")


# ------------------------------------------------------------------------------------------- static arguments


def arguments(box: Box, frugal: bool = True) -> str:
    """The static arguments of a box: `[3, stride = 2]`, or nothing; those of `std` that follow are left out, and if
    not `frugal` only those that follow from the inputs."""
    if box.derived is not None:
        # a derivative has those of the box that it is of
        return arguments(box.derived.of, frugal)
    name = box.origin.rpartition(":")[2]
    if box.origin.startswith("std:"):
        shown = _PATTERNED[name](box) if name in _PATTERNED else _standard(box, name, frugal)
    else:
        shown = [f"{label} = {show_value(value)}" for label, value in box.params if value is not None]
    return f"[{', '.join(shown)}]" if shown else ""


def _standard(box: Box, name: str, frugal: bool) -> list[str]:
    follows = FOLLOWS.get(name, "").split() if box.dom else []
    defaults = DEFAULTS.get(name, {})
    known = dict(box.params)
    shown: list[str] = []
    # the first of its sort may stand without its name
    first = {True: True, False: True}
    for label, value in box.params:
        if value is None or (isinstance(value, Bundle) and box.dom):
            continue
        sort = isinstance(value, Space)
        if label not in follows and not _given_back(value, defaults.get(label), known, frugal):
            placed = first[sort] and not isinstance(value, Bundle)
            shown.append(show_value(value) if placed else f"{label} = {show_value(value)}")
        first[sort] = first[sort] and isinstance(value, Bundle)
    return shown


def _given_back(value: Value, default: Value, known: dict[str, Value], frugal: bool) -> bool:
    match default:
        case None:
            return False
        case "= a":
            return frugal and value == known.get("a")
        case "= edge":
            space = known.get("X")
            periodic = isinstance(space, Space) and all(kind == "torus" for kind, _ in space.kinds)
            return isinstance(space, Space) and value == ("circular" if periodic else "zeros")
        case str() | bool():
            return type(value) is type(default) and value == default
        case _:
            if isinstance(value, float):
                value = Fraction(repr(value))
            return not isinstance(value, bool | str) and value == default


def _einsum(box: Box) -> list[str]:
    return [show_value(box.param("pattern"))] + [
        f"{label} = {show_value(value)}" for label, value in box.params if label not in ("pattern", "sizes")
    ]


def _reshape(box: Box) -> list[str]:
    pattern = str(box.param("pattern"))
    shown = [show_value(pattern)]
    if box.param("op", "sum") != "sum":
        shown.append(show_value(box.param("op")))
    sizes = box.param("sizes", ())
    assert isinstance(sizes, tuple)
    pairs = [pair for pair in sizes if isinstance(pair, tuple)]
    # of the names in a bracket on the left the last one follows from the others, and those without one are read off
    left = pattern.partition("->")[0]
    groups = [group.split() for group in re.findall(r"\(([^)]*)\)", left)]
    wanted = {name for group in groups for name in group}
    if all(isinstance(pair[1], int) for pair in pairs):
        wanted -= {group[-1] for group in groups if group and not group[-1].isdigit()}
    shown += [f"{pair[0]} = {show_value(pair[1])}" for pair in pairs if pair[0] in wanted]
    return shown


def _along(box: Box) -> list[str]:
    sizes = box.param("sizes", ())
    shown = [show_value(part) for part in sizes] if isinstance(sizes, tuple) else [show_value(sizes)]
    return shown + ([f"axis = {show_value(box.param('axis'))}"] if box.param("axis", 0) != 0 else [])


_PATTERNED: dict[str, Callable[[Box], list[str]]] = {
    "einsum": _einsum,
    "rearrange": _reshape,
    "reduce": _reshape,
    "concat": _along,
    "split": _along,
    "stack": lambda box: [],
    "const": lambda box: [show_value(box.param("value"))],
}
