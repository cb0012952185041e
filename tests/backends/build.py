"""Diagrams built by hand, as the elaborator would hand them over."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.sizes import Poly, Size, floor, var
from diagrammar.types import Field, Space, Tensor, Type, Types


def make(diagram: Diagram, **options: Any) -> Any:
    """The compiled module; its members are not typed."""
    from diagrammar.backends.torch import compile as compile_torch

    return compile_torch(diagram, **options)


def R(*sizes: Size) -> Tensor:
    """A real tensor type."""
    return Tensor("R", sizes)


def C(*sizes: Size) -> Tensor:
    """A complex tensor type."""
    return Tensor("C", sizes)


def Bool(*sizes: Size) -> Tensor:
    """A tensor type of truth values."""
    return Tensor("Bool", sizes)


def torus(*axes: Size, name: str = "X") -> Space:
    """A torus; its grid is free without sizes given."""
    dim = len(axes)
    return Space((("torus", dim, name),), axes)


def cube(*axes: Size, name: str = "X") -> Space:
    """A cube."""
    return Space((("cube", len(axes), name),), axes)


def free(dim: int, kind: str = "torus", name: str = "X") -> Space:
    """A space whose grid is free."""
    return Space(((kind, dim, name),), tuple(var(f"{name}.{axis}") for axis in range(dim)))


def F(space: Space, channels: Size) -> Field:
    """A field type."""
    return Field("Field", space, channels)


def S(space: Space, channels: Size) -> Field:
    """A spectrum type."""
    return Field("Spectrum", space, channels)


def prim(name: str, dom: Sequence[Type], cod: Sequence[Type], **params: Any) -> Box:
    """A primitive of the standard library."""
    kinds = frozenset({"random"}) if name in ("gaussian", "uniform") else frozenset[str]()
    return Box(name, tuple(dom), tuple(cod), origin=f"std:{name}", params=tuple(params.items()), kinds=kinds)


def alone(box: Box) -> Diagram:
    """The diagram of one box."""
    b = Builder(box.dom)
    return b.build(b.add(box, b.inputs))


def weight(name: str, wire: Type, init: str = "normal", where: Any = (), **args: Any) -> Box:
    """A weight."""
    if init == "normal" and not args:
        args = {"std": Fraction(1, 2)}
    params = (("init", init), ("args", tuple(args.items())), ("where", where))
    return Box("weight", (), (wire,), origin="weight", key=name, params=params)


def state(name: str, wire: Type, init: str = "zeros", **args: Any) -> Box:
    """A state."""
    params = (("init", init), ("args", tuple(args.items())))
    return Box("state", (), (wire,), origin="state", key=name, params=params, kinds=frozenset({"state"}))


def set_next(name: str, wire: Type) -> Box:
    """The box that sets a state."""
    return Box("next", (wire,), (), origin="next", key=name, kinds=frozenset({"state"}))


def frame(name: str, inside: Diagram, origin: str = "", key: str | None = None, **params: Any) -> Box:
    """A named frame."""
    return Box(
        name, inside.dom, inside.cod, origin=origin or f"test:{name}", key=key or name, insides=(inside,),
        params=tuple(params.items()),
    )  # fmt: skip


def transparent(origin: str, dom: Types, cod: Types, insides: Sequence[Diagram], **params: Any) -> Box:
    """A frame that adds no name."""
    return Box(origin.split(":")[-1], dom, cod, origin=origin, insides=tuple(insides), params=tuple(params.items()))


def repeat(count: int, *insides: Diagram, captures: int = 0) -> Box:
    """A repeat of one inside, or of one for each step."""
    dom = insides[0].dom
    return transparent("repeat", dom, insides[-1].cod, insides, count=count, captures=captures)


def chain(*boxes: Box) -> Diagram:
    """Boxes of one wire, one after the other."""
    b = Builder(boxes[0].dom)
    wires: tuple[int, ...] = b.inputs
    for box in boxes:
        wires = b.add(box, wires)
    return b.build(wires)


def renamed(box: Box, key: str) -> Box:
    """The same frame under another key."""
    return Box(
        box.name, box.dom, box.cod, origin=box.origin, params=box.params, key=key, kinds=box.kinds,
        insides=box.insides,
    )  # fmt: skip


def plain(box: Box) -> Box:
    """The same frame without a meaning of its own."""
    return Box(
        box.name, box.dom, box.cod, origin=f"test:{box.name}", params=box.params, key=box.key, kinds=box.kinds,
        insides=box.insides,
    )  # fmt: skip


# --------------------------------------------------------------------------------------------- std composites


def with_bias(b: Builder, wire: int, out: Type, bias: bool) -> int:
    """Adds a weight `c` for each channel (the last axis of a tensor)."""
    if not bias:
        return wire
    channels = out.channels if isinstance(out, Field) else out.sizes[-1]  # type: ignore[union-attr]
    (c,) = b.add(weight("c", R(channels)), [])
    if isinstance(out, Field):
        (c,) = b.add(prim("broadcast", [R(channels)], [out]), [c])
    (y,) = b.add(prim("add", [out, out], [out]), [wire, c])
    return y


def linear(a: int, o: int, bias: bool = True, key: str = "linear") -> Box:
    """`linear[a, b]`."""
    b = Builder([R(a)])
    (w,) = b.add(weight("W", R(o, a)), [])
    (y,) = b.add(prim("einsum", [R(a), R(o, a)], [R(o)], pattern="a, b a -> b"), [0, w])
    return frame("linear", b.build([with_bias(b, y, R(o), bias)]), "std:linear", key)


def pointwise(space: Space, a: int, o: int, bias: bool = True, key: str = "pointwise") -> Box:
    """`pointwise[a, b]`."""
    b = Builder([F(space, a)])
    (w,) = b.add(weight("W", R(o, a)), [])
    (y,) = b.add(prim("einsum", [F(space, a), R(o, a)], [F(space, o)], pattern="i ..., o i -> o ..."), [0, w])
    return frame("pointwise", b.build([with_bias(b, y, F(space, o), bias)]), "std:pointwise", key)


def conv(
    space: Space, a: int, o: int, kernel: int = 3, stride: int = 1, groups: int = 1, padding: str = "zeros",
    bias: bool = True, transpose: bool = False, key: str = "conv",
) -> Box:  # fmt: skip
    """`conv` and `conv_transpose`."""
    axes = tuple(n * stride if transpose else n / Fraction(stride) for n in space.axes)
    out = F(space.on(int(n) if not isinstance(n, Poly) else n for n in axes), o)
    shape = (a, o // groups) if transpose else (o, a // groups)
    name = "convolution_transpose" if transpose else "convolution"
    b = Builder([F(space, a)])
    kernels = R(*shape, *[kernel] * space.dim)
    (w,) = b.add(weight("W", kernels), [])
    params = {"kernel": kernel, "stride": stride, "groups": groups, "padding": padding}
    (y,) = b.add(prim(name, [F(space, a), kernels], [out], **params), [0, w])
    origin = "std:conv_transpose" if transpose else "std:conv"
    return frame(origin[4:], b.build([with_bias(b, y, out, bias)]), origin, key)


def fourier(space: Space, a: int, o: int, modes: tuple[int, ...], bias: bool = True, key: str = "fourier") -> Box:
    """`fourier[modes]`."""
    kept = (*modes[:-1], floor(Fraction(modes[-1], 2)) + 1)
    table = C(a, o, *kept)
    b = Builder([F(space, a)])
    (z,) = b.add(prim("rfft", [F(space, a)], [S(space, a)], norm="forward"), [0])
    (z,) = b.add(prim("low", [S(space, a)], [C(a, *kept)], modes=modes), [z])
    (w,) = b.add(weight("W", table), [])
    (z,) = b.add(prim("einsum", [C(a, *kept), table], [C(o, *kept)], pattern="i ..., i o ... -> o ..."), [z, w])
    (z,) = b.add(prim("spread", [C(o, *kept)], [S(space, o)], modes=modes), [z])
    (y,) = b.add(prim("irfft", [S(space, o)], [F(space, o)], norm="forward"), [z])
    return frame("fourier", b.build([with_bias(b, y, F(space, o), bias)]), "std:fourier", key)


def gelu(wire: Type, key: str = "gelu") -> Box:
    """`gelu` from `erf`."""
    b = Builder([wire])
    (s,) = b.add(prim("const", [], [wire], value=0.5**0.5), [])
    (z,) = b.add(prim("mul", [wire, wire], [wire]), [0, s])
    (e,) = b.add(prim("erf", [wire], [wire]), [z])
    (one,) = b.add(prim("const", [], [wire], value=1), [])
    (e,) = b.add(prim("add", [wire, wire], [wire]), [e, one])
    (half,) = b.add(prim("const", [], [wire], value=Fraction(1, 2)), [])
    (h,) = b.add(prim("mul", [wire, wire], [wire]), [0, half])
    (y,) = b.add(prim("mul", [wire, wire], [wire]), [h, e])
    return frame("gelu", b.build([y]), "std:gelu", key)
