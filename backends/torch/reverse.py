"""The methods of a root module that has its own backward: the two halves of an optic, and the way into them."""

from __future__ import annotations

from collections.abc import Callable

from diagrammar.backends.torch.body import body
from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.call import written_out
from diagrammar.backends.torch.names import member, stored
from diagrammar.backends.torch.values import Owner, Value
from diagrammar.diagram import Diagram, Flat
from diagrammar.schedule import Flattened
from diagrammar.schedule.plan import Plan
from diagrammar.schedule.reverse import narrowed
from diagrammar.steps import run
from diagrammar.tangent import Mask, has_tangent
from diagrammar.types import shape_of

# a function of which no statement waits for another in a caller: what it lets go is let go
WHOLE = 20_000


Write = Callable[[Program, Function, str, str, str], list[str]]


def methods(program: Program, plan: Plan, write: Write) -> list[list[str]]:
    """`_there`, `_back` and its two parts, and `_run`; `write` makes the text of a function that returns something."""
    flat, optic = plan.flat, plan.optic
    count = len(flat.diagram.dom)
    batched = tuple(at < flat.inputs for at in range(count))
    made, results = _function(program, optic.forward, batched)
    text = "return " + (", ".join(written_out(made, value) for value in results) or "()")
    lines = [write(program, made, "_there", f"_p{len(program.functions)}", text)]
    flags = [value.batched for value in results]
    cod = tuple(flat.diagram.cod)
    seeds = [flags[at] for at, wire in enumerate(cod) if has_tangent(wire)]
    inner = (*batched, *(flags[at] for at in optic.reads), *flags[len(cod) :], *seeds)
    for name, wanted in (
        ("_back", (True,) * count),
        ("_back_weights", tuple(not on for on in batched)),
        ("_back_inputs", batched),
    ):
        lines.append(_backward(program, plan, inner, name, wanted, write))
    ends = tuple(at for at, wire in enumerate(cod) if has_tangent(wire))
    return [*lines, _entry(flat), [f"_ends = ({flat.inputs}, {len(cod)}, {optic.reads!r}, {ends!r})"]]


def _function(program: Program, diagram: Diagram, flags: Mask) -> tuple[Function, list[Value]]:
    program.survey.add(diagram)
    fn = Function(tuple(diagram.dom), flags, True, program.known, program.root.constants, root=True)
    return fn, run(body(program, fn, diagram, fn.inputs, Owner("self", None)))


def _backward(
    program: Program, plan: Plan, flags: Mask, name: str, wanted: Mask, write: Write
) -> list[str]:  # fmt: skip
    """A backward for those inputs that are wanted; it takes its wires out of a list, so that it alone holds them."""
    flat = plan.optic.backward.flat
    given = iter(plan.optic.given)
    outputs = iter(flat.outputs)
    places: list[int | None] = []
    for on, want in zip(plan.joint.active, wanted, strict=True):
        wire = next(outputs) if on and next(given) else None
        places.append(wire if want else None)
    ends = [wire for wire in places if wire is not None]
    diagram = Diagram(Flat(flat.types, flat.inputs, narrowed(flat.nodes, ends), tuple(ends)))
    fn, results = _function(program, diagram, flags)
    found = iter(results)
    texts = []
    for at, wire in enumerate(places):
        texts.append("None" if wire is None else _returned(fn, next(found), at < plan.flat.inputs))
    made = write(program, fn, name, f"_p{len(program.functions)}", f"return ({', '.join(texts)},)")
    head = [f"def {name}(self, wires):", f"    {', '.join(fn.params)}, = wires", "    wires.clear()"]
    return [*head, *made[1:]]


def _returned(fn: Function, value: Value, batched: bool) -> str:
    text = written_out(fn, value)
    if value.batched or not batched:
        return text
    sizes = [fn.batch(), *(fn.size(size) for size in shape_of(value.type))]
    return f"{text}.expand({', '.join(sizes)})"


def _entry(flat: Flattened) -> list[str]:
    """`_run`: the plain forward, or the optic on the weights as they are now."""
    params = [f"v{at}" for at in range(flat.inputs)]
    lines = [f"def _run(self{''.join(f', {name}' for name in params)}):"]
    args = ", ".join(params)
    unlike = f" or _unlike({args})" if len(params) > 1 else ""
    lines += [f"    if _plainly(){unlike}:", f"        return self._plain({args})"]
    known: dict[tuple[str, ...], str] = {(): "self"}
    wires = list(params)
    for number, weight in enumerate(flat.weights):
        *path, last = weight.path.split(".")
        for depth in range(1, len(path) + 1):
            where = tuple(path[:depth])
            if where not in known:
                known[where] = f"m{len(known)}"
                lines.append(f"    {known[where]} = {member(known[where[:-1]], where[-1], '_modules')}")
        name = stored(last, bool(weight.box.param("where", ())))
        lines.append(f"    w{number} = {member(known[tuple(path)], name, '_parameters')}")
        wires.append(f"w{number}")
    return [*lines, f"    return _through(self, ({', '.join(wires)},), {flat.inputs})"]
