"""The entrance of the root module: one comparison of shapes where inputs are as the code wants them, else the long
way."""

from __future__ import annotations

from dataclasses import dataclass

from diagrammar.backends.torch.classes import Program
from diagrammar.backends.torch.names import literal
from diagrammar.backends.torch.printing import size_text, solve, solved_text
from diagrammar.diagram import Diagram
from diagrammar.divisibility import called
from diagrammar.sizes import Poly, Size, denominator, variables
from diagrammar.types import Field, Tensor, Type, shape_of

# a size and what divides it; a size alone has to be whole
Conditions = tuple[Size | tuple[Size, int], ...]


@dataclass(frozen=True)
class Door:
    """Tables, methods and runtime functions of an entrance."""

    tables: list[str]
    methods: list[list[str]]
    helpers: set[str]


def write(
    program: Program, diagram: Diagram, flags: tuple[bool, ...], conditions: Conditions, strict: bool,
    single: bool = False, alike: bool = False,
) -> Door:  # fmt: skip
    """`forward` (the fast way), `_lift` (the long way); `_run` holds the code itself, `_single` that for inputs without
    batch axes, if there is one. `alike`: the code wants one number of samples of all inputs."""
    dom = diagram.dom
    if not dom:
        result = f"_leave(self._run(), {flags!r}, ())" if any(flags) else "self._run()"
        return Door([], [["def forward(self):", f"    return {result}"]], {"_leave"} if any(flags) else set())
    solved = solve([(wire, 0) for wire in dom])
    demands = _demands(conditions)
    facts = program.survey[diagram]
    expand = alike or facts.random or facts.batch
    methods = [
        _fast(program, dom, flags, demands, strict, solved, single),
        _lift(program, dom, flags, demands, expand, solved, single),
    ]
    rows = ", ".join(
        literal((f"input {at + 1}", str(wire), kind_of(wire), len(shape_of(wire)), strict))
        for at, wire in enumerate(dom)
    )
    helpers = {"_arrive", "_check", "_merge", "_leave"} | ({"_divides"} if demands else set())
    return Door([f"_INPUTS = ({rows},)\n"], methods, helpers)


def kind_of(wire: Type) -> str:
    """`R`, `C`, `Bool` or `Tokens`: what dtype a wire has."""
    if isinstance(wire, Tensor):
        return wire.kind
    if isinstance(wire, Field):
        return "C" if wire.kind == "Spectrum" else "R"
    return "Tokens"


def _demands(conditions: Conditions) -> list[tuple[Size, int]]:
    """Conditions as sizes with whole coefficients and what divides them."""
    found: list[tuple[Size, int]] = []
    for item in conditions:
        size, by = item if isinstance(item, tuple) else (item, 1)
        below = denominator(size)
        found.append((size * below, by * below))
    return [(size, by) for size, by in found if by != 1]


def _fast(
    program: Program, dom: tuple[Type, ...], flags: tuple[bool, ...], demands: list[tuple[Size, int]], strict: bool,
    solved: dict[str, tuple[int, int, int, int]], single: bool,
) -> list[str]:  # fmt: skip
    params = [f"v{at}" for at in range(len(dom))]
    lines = [f"def forward(self, {', '.join(params)}):"]
    lines += [f"    s{at} = v{at}.shape" for at in range(len(dom))]
    result = f"self._run({', '.join(params)})"
    if not all(flags):
        result = f"_leave({result}, {flags!r}, (s0[0],))"
    lines += [f"    if {_fits(program, dom, demands, strict, solved, 1)}:", f"        return {result}"]
    if single:
        lines.append(f"    if {_fits(program, dom, demands, strict, solved, 0)}:")
        lines.append(f"        return self._single({', '.join(params)})")
    return [*lines, f"    return self._lift({', '.join(params)})"]


def _fits(
    program: Program, dom: tuple[Type, ...], demands: list[tuple[Size, int]], strict: bool,
    solved: dict[str, tuple[int, int, int, int]], lead: int,
) -> str:  # fmt: skip
    """Whether inputs are as the code wants them, after so many batch axes."""

    def name(variable: str) -> str:
        if variable in program.known:
            return repr(program.known[variable])
        number, axis, offset, factor = solved[variable]
        return solved_text(f"s{number}", axis + lead, offset, factor)

    tests = []
    for at, wire in enumerate(dom):
        tests.append(f"len(s{at}) == {len(shape_of(wire)) + lead}")
    for at, wire in enumerate(dom):
        if at and lead:
            tests.append(f"s{at}[0] == s0[0]")
        for axis, size in enumerate(shape_of(wire)):
            if _known(program, size, solved):
                text = size_text(size, name)
                if text != f"s{at}[{axis + lead}]":
                    tests.append(f"s{at}[{axis + lead}] == {text}")
        tests.append(_dtype_test(f"v{at}", kind_of(wire), strict))
    tests += [f"({size_text(size, name)}) % {by} == 0" for size, by in demands if _known(program, size, solved)]
    return " and ".join(tests)


def _dtype_test(value: str, kind: str, strict: bool) -> str:
    match kind:
        case "Bool":
            return f"{value}.dtype == torch.bool"
        case "Tokens":
            return f"{value}.dtype == torch.int64"
        case _:
            return f"{value}.dtype == self._like.dtype" if strict else f"{value}.is_floating_point()"


def _known(program: Program, size: Size, solved: dict[str, tuple[int, int, int, int]]) -> bool:
    return not isinstance(size, Poly) or all(v in solved or v in program.known for v in variables(size))


def _lift(
    program: Program, dom: tuple[Type, ...], flags: tuple[bool, ...], demands: list[tuple[Size, int]], expand: bool,
    solved: dict[str, tuple[int, int, int, int]], single: bool,
) -> list[str]:  # fmt: skip
    names: dict[str, str] = {}
    lines = ["def _lift(self, *inputs):", "    inputs, tails = _arrive(inputs, _INPUTS, self)"]
    for number, (variable, (at, axis, offset, factor)) in enumerate(solved.items()):
        if variable in program.known:
            continue
        names[variable] = f"n{number}"
        lines.append(f"    n{number} = {solved_text(f'tails[{at}]', axis, offset, factor)}")

    def name(variable: str) -> str:
        return repr(program.known[variable]) if variable in program.known else names[variable]

    for at, wire in enumerate(dom):
        wanted = [size_text(s, name) if _known(program, s, solved) else "None" for s in shape_of(wire)]
        row = ", ".join(wanted) + ("," if len(wanted) == 1 else "")
        lines.append(f"    _check(inputs[{at}], tails[{at}], ({row}), _INPUTS[{at}])")
    for size, by in demands:
        if _known(program, size, solved):
            lines.append(f"    _divides({size_text(size, name)}, {by}, {called(size)!r})")
    if single:
        lines += ["    if all(x.dim() == row[3] for x, row in zip(inputs, _INPUTS, strict=True)):"]
        lines += ["        return self._single(*inputs)"]
    lines.append(f"    inputs, batch = _merge(inputs, _INPUTS, {expand})")
    lines.append(f"    return _leave(self._run(*inputs), {flags!r}, batch)")
    return lines
