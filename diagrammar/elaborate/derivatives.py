"""Derivatives of primitive boxes as diagrams, from the rules in their bodies.

A linear box gives its `transpose`, one that is linear in each input `transpose[i]`; others give `jvp`, and `vjp` where
it is not the transpose of that, box by box, that reads best. A tangent or a cotangent of a wire is a wire of its own
type; truth values and symbols have none. Cotangents are with respect to the real inner product of what is stored: of
complex wires, of the pairs of real and imaginary parts.
"""

from __future__ import annotations

from typing import Any

from diagrammar.box import Box
from diagrammar.derivative.wiring import lay
from diagrammar.diagram import Builder, Diagram
from diagrammar.elaborate.rules import elaborated
from diagrammar.elaborate.values import Declared
from diagrammar.elaborate.zeros import without_zeros, zero
from diagrammar.errors import DerivativeError
from diagrammar.grammar import tree
from diagrammar.tangent import has_tangent, tangents
from diagrammar.types import Type, Types

# derivatives kept of one declaration
_KEPT = 512


def jvp_rule(box: Box, active: tuple[bool, ...]) -> Diagram:
    """The derivative of a primitive box along tangents, `dom @ tangents of the active inputs -> tangents of cod`.

    `active[i]` says whether input i has a tangent: it has to be False for truth values and symbols. Inputs that the
    derivative does not need are discarded, and nothing is multiplied by the tangents that are not there. Raises
    DerivativeError for a box that declares no derivative.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> print(jvp_rule(Box("sin", (x,), (x,), origin="std:sin"), (True,)).boxes)
    [cos, mul]
    """
    _check(box, active)
    declared = declaration(box)
    return _kept(declared, ("jvp", active), box, lambda: _jvp(declared, box, active))


def vjp_rule(box: Box, active: tuple[bool, ...]) -> Diagram:
    """The transpose of the derivative, `dom @ cotangents of cod -> cotangents of the active inputs`.

    As `jvp_rule` otherwise.

    >>> from diagrammar.types import Tensor
    >>> x = Tensor("R", (2,))
    >>> print(vjp_rule(Box("mul", (x, x), (x,), origin="std:mul"), (True, False)).boxes)
    [mul]
    """
    _check(box, active)
    declared = declaration(box)
    return _kept(declared, ("vjp", active), box, lambda: _vjp(declared, box, active))


def declaration(box: Box) -> Declared:
    """The declaration of a primitive box: in `std`, or in the file that the text of the box comes from. Raises
    DerivativeError where there is none."""
    from diagrammar.modules import std

    origin = box.origin
    found: Any = None
    if origin.startswith("std:"):
        found = std().own(origin[4:])
    elif box.span is not None:
        found = box.span.source.boxes.get(origin)
    if box.insides or found is None or not isinstance(found.ast, tree.BoxDecl):
        raise DerivativeError(
            f"`{box.name}` has no derivative: no box is declared for it",
            box.span,
            hint="a box of a loaded file declares its derivative in its body",
        )
    declared: Declared = found
    return declared


def _check(box: Box, active: tuple[bool, ...]) -> None:
    if len(active) != len(box.dom):
        raise ValueError(f"`{box.name}` has {len(box.dom)} inputs, {len(active)} are said to be active or not")
    for on, wire in zip(active, box.dom, strict=True):
        if on and not has_tangent(wire):
            raise ValueError(f"an input of `{box.name}` of the type {wire} has no tangent")


def _kept(declared: Declared, which: tuple[object, ...], box: Box, make: Any) -> Diagram:
    """What was made before for an equal box; the derivatives of a file's boxes live as long as their declaration."""
    known = declared.derivatives
    key = (*which, box.dom, box.cod, box.params, box.key, box.kinds)
    made: Diagram | None = known.get(key)
    if made is None:
        made = make()
        if len(known) >= _KEPT:
            del known[next(iter(known))]
        known[key] = made
    return made


# ------------------------------------------------------------------------------------------------------- rules


def _rule(declared: Declared, name: str, at: int | None = None) -> tree.DerivativeRule | None:
    """The rule of this name; for `transpose` of an input, the one that speaks of it."""
    for rule in declared.ast.rules:
        if rule.name != name or (rule.slot is None) != (at is None):
            continue
        if at is None or not rule.slot.isdigit() or int(rule.slot) == at:
            found: tree.DerivativeRule = rule
            return found
    return None


def _is(declared: Declared, word: str) -> bool:
    return any(kind.name == word for kind in declared.ast.kinds)


def multilinear(box: Box) -> bool:
    """Whether a box is linear in each of its inputs, the others given: one with a `transpose[i]` that is not linear."""
    try:
        declared = declaration(box)
    except DerivativeError:
        return False
    return not _is(declared, "linear") and any(rule.slot is not None for rule in declared.ast.rules)


def _nothing(declared: Declared, box: Box) -> DerivativeError:
    return DerivativeError(
        f"`{box.name}` has no derivative: it declares none",
        box.span,
        [f"declared at {declared.span(declared.ast)}"],
        f"give it one in its body: `box {box.name} ... {{ jvp(x, dx) = ... }}`",
    )


def _jvp(declared: Declared, box: Box, active: tuple[bool, ...]) -> Diagram:
    """Of every tangent, and then without those that are zero."""
    above = tangents(box.cod)
    if not above or not any(active):
        return _zeros(box.dom + _active(box.dom, active), above)
    rule = _rule(declared, "jvp")
    if rule is not None:
        whole = elaborated(declared, rule, box)
    elif _is(declared, "linear"):
        whole = _of_linear(box)
    elif multilinear(box):
        whole = _of_multilinear(box)
    else:
        raise _nothing(declared, box)
    return without_zeros(whole, _absent(box, active), range(len(above)), multilinear)


def _vjp(declared: Declared, box: Box, active: tuple[bool, ...]) -> Diagram:
    above = tangents(box.cod)
    if not above or not any(active):
        return _zeros(box.dom + above, _active(box.dom, active))
    wanted = [k for k, wire in enumerate(_differentiable(box.dom)) if active[wire]]
    rule = _rule(declared, "vjp")
    if rule is not None:
        return without_zeros(elaborated(declared, rule, box), (), wanted, multilinear)
    rule = _rule(declared, "transpose")
    if rule is not None and (_is(declared, "linear") or _jvp(declared, box, active).boxes == [box]):
        # linear, or at least with these static arguments
        whole = Diagram.discard(box.dom) @ elaborated(declared, rule, box)
        return without_zeros(whole, (), wanted, multilinear)
    if any(rule.slot is not None for rule in declared.ast.rules):
        return without_zeros(_slots(declared, box, active), (), range(len(wanted)), multilinear)
    if _is(declared, "linear") or _rule(declared, "jvp") is None:
        raise _nothing(declared, box)
    return _transposed(_jvp(declared, box, active), len(box.dom), declared)


def _differentiable(wires: Types) -> list[int]:
    return [k for k, wire in enumerate(wires) if has_tangent(wire)]


def _active(wires: Types, active: tuple[bool, ...]) -> Types:
    return tuple(wire for wire, on in zip(wires, active, strict=True) if on)


def _absent(box: Box, active: tuple[bool, ...]) -> set[int]:
    """The places of the tangents that are not there, among the inputs of a whole `jvp`."""
    return {len(box.dom) + k for k, wire in enumerate(_differentiable(box.dom)) if not active[wire]}


def _zeros(dom: Types, cod: Types) -> Diagram:
    builder = Builder(dom)
    return builder.build([builder.add(zero(wire), ())[0] for wire in cod])


def _of_linear(box: Box) -> Diagram:
    """The box itself on the tangents."""
    return Diagram.discard(box.dom) @ box.diagram()


def _of_multilinear(box: Box) -> Diagram:
    """The sum, over the inputs, of the box with the tangent in the place of the input."""
    count = len(box.dom)
    builder = Builder(box.dom * 2)
    total: tuple[int, ...] = ()
    for k in range(count):
        new = builder.add(box, (*range(k), count + k, *range(k + 1, count)))
        total = tuple(_sum(builder, a, b) for a, b in zip(total, new, strict=True)) if total else new
    return builder.build(total)


def _sum(builder: Builder, a: int, b: int) -> int:
    wire = builder.types[a]
    kinds = frozenset({"linear", "elementwise"})
    return builder.add(Box("add", (wire, wire), (wire,), origin="std:add", kinds=kinds), (a, b))[0]


def _slots(declared: Declared, box: Box, active: tuple[bool, ...]) -> Diagram:
    """`transpose[i]` of every active input, side by side."""
    above = tangents(box.cod)
    builder = Builder(box.dom + above)
    cotangents = list(range(len(box.dom), len(box.dom) + len(above)))
    outs: list[int] = []
    for k, on in enumerate(active):
        if not on:
            continue
        rule = _rule(declared, "transpose", k)
        if rule is None:
            raise _nothing(declared, box)
        part = elaborated(declared, rule, box, k)
        others = [] if _is(declared, "linear") else [j for j in range(len(box.dom)) if j != k]
        outs += lay(builder, part, others + cotangents)
    return builder.build(outs)


# --------------------------------------------------------------------------------------------------- transposes


def _transposed(diagram: Diagram, given: int, declared: Declared) -> Diagram:
    """The transpose of a diagram that is linear in its inputs after the first `given`, these given.

    `given @ B -> C` gives `given @ C -> B`: boxes are taken from the last to the first, each by the transpose of its
    own derivative. Raises DerivativeError where the diagram is not linear.
    """
    flat = diagram.flat
    builder = Builder((*diagram.dom, *diagram.cod))
    place = dict(zip(flat.inputs, builder.inputs, strict=False))
    moving = set(flat.inputs[given:])
    for node in flat.nodes:
        place.update(zip(node.outs, builder.add(node.box, [place[wire] for wire in node.ins]), strict=True))
        if not moving.isdisjoint(node.ins):
            moving.update(node.outs)
    back: dict[int, int] = {}
    for wire, cotangent in zip(flat.outputs, builder.inputs[len(flat.inputs) :], strict=True):
        _give(builder, back, wire, cotangent)
    for node in reversed(flat.nodes):
        if moving.isdisjoint(node.ins):
            continue
        on = tuple(wire in moving for wire in node.ins)
        above = [_taken(builder, back, wire, flat.types[wire]) for wire in node.outs if has_tangent(flat.types[wire])]
        outs = lay(builder, vjp_rule(node.box, on), [*(place[wire] for wire in node.ins), *above])
        for wire, cotangent in zip([wire for wire in node.ins if wire in moving], outs, strict=True):
            _give(builder, back, wire, cotangent)
    whole = builder.build([_taken(builder, back, wire, flat.types[wire]) for wire in flat.inputs[given:]])
    found = without_zeros(whole, (), range(len(flat.inputs) - given), multilinear)
    used = {wire for node in found.flat.nodes for wire in node.ins}.union(found.flat.outputs)
    if not used.isdisjoint(found.flat.inputs[given : len(flat.inputs)]):
        raise DerivativeError(
            f"the `jvp` of `{declared.name}` is not linear in its tangents", declared.span(declared.ast)
        )
    return without_zeros(found, range(given, len(flat.inputs)), range(len(flat.inputs) - given), multilinear)


def _give(builder: Builder, back: dict[int, int], wire: int, cotangent: int) -> None:
    """Adds to the cotangent of a wire."""
    back[wire] = _sum(builder, back[wire], cotangent) if wire in back else cotangent


def _taken(builder: Builder, back: dict[int, int], wire: int, kind: Type) -> int:
    """The cotangent of a wire, zero where nothing gave one."""
    return back[wire] if wire in back else builder.add(zero(kind), ())[0]
