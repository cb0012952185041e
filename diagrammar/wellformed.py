"""Whether a diagram is well-formed, at all levels: anyone may ask, and tests ask after every pass."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.box import lineage
from diagrammar.canonical import label_of
from diagrammar.diagram import Box, Diagram, Flat, definitions
from diagrammar.equality import same
from diagrammar.errors import DiagramNameError, DiagramTypeError, DiagramValueError
from diagrammar.pause import pausing
from diagrammar.sizes import Poly, Size
from diagrammar.types import Field, Tensor, Type, Types, same_type, show


@pausing
def verify(diagram: Diagram) -> None:
    """Checks every level of a diagram: one producer for each wire, before its consumers; types of ports as their boxes
    say, and as what is inside them says; keys on what owns something; one box for each key.

    Raises DiagramTypeError, DiagramNameError or DiagramValueError, at the place of the box.

    >>> from diagrammar.diagram import Box, Builder
    >>> x = Tensor("R", (2,))
    >>> build = Builder((x,))
    >>> verify(build.build(build.add(Box("f", (x,), (x,)), (0,))))
    >>> verify(build.build(build.add(Box("f", (x, x), (x,)), (0,))))
    Traceback (most recent call last):
    diagrammar.errors.DiagramTypeError: type error: `f` has 2 inputs and stands on 1 wire
    """
    for level in definitions(diagram):
        _check_wires(level.flat)
        for node in level.flat.nodes:
            _check_box(node.box)
    _check_keys(diagram)


def _check_wires(flat: Flat) -> None:
    made = [False] * len(flat.types)

    def produce(wires: Sequence[int], box: Box | None) -> None:
        for wire in wires:
            if not 0 <= wire < len(made):
                raise DiagramValueError(f"there is no wire {wire}", box.span if box else None)
            if made[wire]:
                raise DiagramValueError(f"wire {wire} has two producers", box.span if box else None)
            made[wire] = True

    def consume(wires: Sequence[int], box: Box | None) -> None:
        for wire in wires:
            if not (0 <= wire < len(made) and made[wire]):
                what = f"`{box.name}`" if box else "an output"
                raise DiagramValueError(f"{what} needs wire {wire} before it is made", box.span if box else None)

    produce(flat.inputs, None)
    for node in flat.nodes:
        box = node.box
        consume(node.ins, box)
        produce(node.outs, box)
        _check_ports(box, "input", box.dom, [flat.types[w] for w in node.ins])
        _check_ports(box, "output", box.cod, [flat.types[w] for w in node.outs])
    consume(flat.outputs, None)


def _check_ports(box: Box, port: str, wanted: Types, found: Sequence[Type]) -> None:
    if len(wanted) != len(found):
        ports = f"{len(wanted)} {port}{'' if len(wanted) == 1 else 's'}"
        wires = f"{len(found)} wire{'' if len(found) == 1 else 's'}"
        raise DiagramTypeError(f"`{box.name}` has {ports} and stands on {wires}", box.span)
    for number, (a, b) in enumerate(zip(wanted, found, strict=True), 1):
        if a is not b and not same_type(a, b):
            notes = (f"the box has    {a}", f"the wire has   {b}")
            raise DiagramTypeError(f"{port} {number} of `{box.name}` is another wire", box.span, notes)


# ------------------------------------------------------------------------------------------------------- boxes


def _check_box(box: Box) -> None:
    match box.origin:
        case "weight" | "state":
            _need_key(box)
            _check_arity(box, 0, 1)
        case "next":
            _need_key(box)
            _check_arity(box, 1, 0)
        case _ if not box.insides:
            pass
        case _ if box.key is not None:
            _need_key(box)
            _check_insides(box, 1)
            _check_inside(box, box.insides[0], box.dom, box.cod)
        case "repeat":
            _check_repeat(box)
        case "store" | "recompute":
            _check_insides(box, 1)
            _number(box, "captures")
            _check_inside(box, box.insides[0], box.dom, box.cod)
        case "unwind":
            _check_unwind(box)
        case "training":
            _check_insides(box, 2)
            for inside in box.insides:
                _check_inside(box, inside, box.dom, box.cod)
        case "std:map":
            _check_map(box)
        case "std:fold" | "std:scan":
            _check_fold(box)
        case "std:tree":
            _check_insides(box, 1)
            captures = _number(box, "captures")
            one = box.cod
            _check_inside(box, box.insides[0], box.dom[:captures] + one + one, one)
            _check_stacks(box, "input", box.dom[captures:], one)
        case _:
            # a combinator of a room that this one does not know: its levels are checked, how they fit is its own matter
            pass


def _need_key(box: Box) -> None:
    if not box.key or not box.key.lstrip("~^/"):
        raise DiagramNameError(f"`{box.name}` owns something and needs a key", box.span)


def _check_arity(box: Box, inputs: int, outputs: int) -> None:
    if len(box.dom) != inputs or len(box.cod) != outputs:
        raise DiagramTypeError(f"a {box.origin} has {inputs} inputs and {outputs} outputs", box.span)


def _check_insides(box: Box, count: int) -> None:
    if len(box.insides) != count:
        raise DiagramValueError(f"`{box.name}` wants {count} diagrams inside and has {len(box.insides)}", box.span)


def _check_inside(box: Box, inside: Diagram, dom: Types, cod: Types) -> None:
    for side, wanted, found in (("takes", dom, inside.dom), ("gives", cod, inside.cod)):
        if len(wanted) != len(found) or not all(map(same_type, wanted, found)):
            raise DiagramTypeError(
                f"what is inside `{box.name}` {side} other wires",
                box.span,
                (f"outside  {show(wanted)}", f"inside   {show(found)}"),
            )


def _number(box: Box, name: str, default: int = 0) -> int:
    value = box.param(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DiagramValueError(f"`{name}` of `{box.name}` is {value}, not a whole number", box.span)
    return value


def _check_repeat(box: Box) -> None:
    count, captures = _number(box, "count", len(box.insides)), _number(box, "captures")
    if len(box.insides) not in (1, count):
        raise DiagramValueError(f"a repeat of {count} steps has {len(box.insides)} diagrams inside", box.span)
    wires = box.dom[captures:]
    for inside in box.insides if count else ():
        _check_inside(box, inside, box.dom[:captures] + wires, inside.cod)
        wires = inside.cod
        if len(box.insides) == 1 and count > 1:
            _check_inside(box, inside, box.dom[:captures] + wires, wires)
    if len(wires) != len(box.cod) or not all(map(same_type, wires, box.cod)):
        notes = (f"outside  {show(box.cod)}", f"inside   {show(wires)}")
        raise DiagramTypeError("the last step of a repeat gives other wires", box.span, notes)


def _check_unwind(box: Box) -> None:
    """Steps forward, then for each its way back."""
    count, held = _number(box, "count", len(box.insides) // 2), _number(box, "captures")
    half = len(box.insides) // 2
    if len(box.insides) % 2 or half not in (1, count):
        raise DiagramValueError(f"an unwind of {count} steps has {len(box.insides)} diagrams inside", box.span)
    forward = box.insides[:half]
    steps = Box("repeat", box.dom[:held] + tuple(forward[0].dom)[held:], tuple(forward[-1].cod), params=box.params,
                insides=forward, span=box.span)  # fmt: skip
    _check_repeat(steps)
    for ahead, back in zip(forward, box.insides[half:], strict=True):
        _check_inside(box, back, (*ahead.dom, *back.dom[len(ahead.dom) :]), tuple(back.cod))


def _check_map(box: Box) -> None:
    _check_insides(box, 1)
    captures, inside = _number(box, "captures"), box.insides[0]
    _check_inside(box, inside, box.dom[:captures] + inside.dom[captures:], inside.cod)
    _check_stacks(box, "input", box.dom[captures:], inside.dom[captures:])
    _check_stacks(box, "output", box.cod, inside.cod)


def _check_fold(box: Box) -> None:
    _check_insides(box, 1)
    captures, inside = _number(box, "captures"), box.insides[0]
    state = _number(box, "state", len(box.cod))
    kept = captures + state
    _check_inside(box, inside, box.dom[:kept] + inside.dom[kept:], box.cod[:state] + inside.cod[state:])
    if not all(map(same_type, box.dom[captures:kept], box.cod[:state])):
        raise DiagramTypeError(f"`{box.name}` gives back another state", box.span)
    _check_stacks(box, "input", box.dom[kept:], inside.dom[kept:])
    _check_stacks(box, "output", box.cod[state:], inside.cod[state:])


def _check_stacks(box: Box, port: str, outer: Types, inner: Types) -> None:
    """Each wire outside is a stack of the one inside, or a field over a grid of it."""
    if len(outer) != len(inner):
        raise DiagramTypeError(f"`{box.name}` has {len(outer)} stacked {port}s, and {len(inner)} inside", box.span)
    size = box.param("size")
    for whole, one in zip(outer, inner, strict=True):
        if not _is_stack(whole, one, size if isinstance(size, int | Poly) else None):
            notes = (f"outside  {whole}", f"inside   {one}")
            raise DiagramTypeError(f"an {port} of `{box.name}` is no stack of what is inside", box.span, notes)


def _is_stack(whole: Type, one: Type, size: Size | None) -> bool:
    match whole, one:
        case Tensor(), Tensor() if whole.sizes and whole.kind == one.kind:
            count = whole.sizes[0] if size is None else size
            return same_type(whole, Tensor(one.kind, (count, *one.sizes)))
        case Field(), Tensor(kind="R"):
            # a formula may give a number for the one channel of a field
            return same_type(one, Tensor("R", (whole.channels,))) or (not one.sizes and whole.channels == 1)
        case _:
            return same_type(whole, one)


# ------------------------------------------------------------------------------------------------------- keys

Scope = dict[str, Box]


def _check_keys(diagram: Diagram) -> None:
    """One box for each key: keys of a share in a whole body, the others in one step of a `repeat`."""
    body: Scope = {}
    jobs: list[tuple[Diagram, Scope, Scope]] = [(diagram, body, body)]
    scopes: list[Scope] = []  # kept, as they are told apart by `id`
    bodies: set[int] = set()
    seen: set[tuple[int, int]] = set()
    steps: set[tuple[int, int]] = set()
    while jobs:
        level, scope, body = jobs.pop()
        if (id(level), id(scope)) in seen:
            continue
        seen.add((id(level), id(scope)))
        scopes.append(scope)
        for node in level.flat.nodes:
            box = node.box
            if box.key is not None:
                _claim(box, scope, body)
            for inside in box.insides:
                if box.key is not None:
                    # a named frame is a body of its own, the same wherever it stands
                    if id(inside) not in bodies:
                        bodies.add(id(inside))
                        own: Scope = {}
                        jobs.append((inside, own, own))
                elif box.origin not in ("repeat", "unwind"):
                    jobs.append((inside, scope, body))
                elif (id(inside), id(body)) not in steps:
                    steps.add((id(inside), id(body)))
                    jobs.append((inside, {}, body))


def _claim(box: Box, scope: Scope, body: Scope) -> None:
    key = box.key or ""
    *_, origin = lineage(box)
    # the derivative of a box without a key owns nothing: its key only says that it is a frame
    if key[:1] in ("^", "/", "") or origin.key is None:
        return
    name = key.lstrip("~")
    # what sets a state has the key of the state
    slot = f"next {name}" if box.origin == "next" else name
    other = (body if key[0] == "~" else scope).setdefault(slot, box)
    if other is box:
        return
    if other.key != key:
        raise DiagramNameError(f"a share and another box are both called `{name}`", box.span)
    if not _one(other, box):
        notes = (f"one is    {_show(other)}", f"the other {_show(box)}")
        raise DiagramNameError(f"two different boxes have the key `{key}`", box.span, notes)


def _one(a: Box, b: Box) -> bool:
    # a box and its derivatives are one instance: they own the same
    *_, a = lineage(a)
    *_, b = lineage(b)
    return label_of(a) == label_of(b) and all(x is y or same(x, y) for x, y in zip(a.insides, b.insides, strict=True))


def _show(box: Box) -> str:
    return f"{box.origin or box.name} : {show(box.dom)} -> {show(box.cod)}"
