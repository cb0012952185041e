"""Programs that are right by the way they are made: parameters, spaces, types, and diagrams of both styles."""

from __future__ import annotations

import random
from dataclasses import dataclass

SIZES = (1, 2, 3, 4, 6, 8)
ENDS = ("sin", "gelu", "tanh", "relu", "id", "x -> x * x", "x -> 0.5 * x - 1", "silu", "x -> -x / 2")


@dataclass(frozen=True)
class Vector:
    """`R[size]`."""

    size: int


@dataclass(frozen=True)
class Rows:
    """`R[n, size]`, where n is free."""

    size: int


@dataclass(frozen=True)
class Grid:
    """`Field[X, channels]`."""

    channels: int


Wire = Vector | Rows | Grid


class Program:
    """A program while it is made; `text` is the whole of it."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.lines: list[str] = []
        self.values: dict[str, int] = {}
        self.types: dict[str, Wire] = {}
        self.made: list[tuple[str, Wire, Wire]] = []
        self.count = 0
        self._declare()
        for _ in range(self.draw.randint(1, 5)):
            self.draw.choice([self._chain, self._chain, self._block, self._family, self._tower, self._expression])()
        if self.draw.random() < 0.3:
            # declarations may stand in any order
            self.draw.shuffle(self.lines)

    @property
    def text(self) -> str:
        """The file."""
        return "\n".join(self.lines) + "\n"

    def name(self, stem: str) -> str:
        """A new name."""
        self.count += 1
        return f"{stem}{self.count}{self.draw.choice(['', '', '_', chr(39), 'ß'])}"

    # ------------------------------------------------------------------------------------------- static values

    def _declare(self) -> None:
        self.lines += ["dim n", f"space X = {self.draw.choice(['torus', 'cube'])}({self.draw.choice([1, 2])})"]
        for _ in range(self.draw.randint(0, 3)):
            name, value = self.name("width"), self.draw.choice(SIZES)
            self.lines.append(f"param {name} : int = {value}")
            self.values[name] = value
        for _ in range(self.draw.randint(0, 2)):
            name, value = self.name("k"), self.draw.choice(SIZES)
            self.lines.append(f"let {name} = {self.size(value)}")
            self.values[name] = value
        for _ in range(self.draw.randint(0, 3)):
            wire = self.wire()
            name = self.name("T")
            self.lines.append(f"type {name} = {self.type(wire)}")
            self.types[name] = wire

    def size(self, value: int) -> str:
        """A number of this value, as text."""
        ways = [str(value)] * 3 + [name for name, known in self.values.items() if known == value] * 2
        ways += [f"{value - known} + {name}" for name, known in self.values.items() if known < value]
        ways += [f"floor({2 * value + 1} / 2)", f"min({value}, {value + 3})", f"len([{', '.join(['0'] * value)}])"]
        if value % 2 == 0:
            ways.append(f"2 * {value // 2}")
        return self.draw.choice(ways)

    def truth(self) -> tuple[str, bool]:
        """A static condition and whether it holds."""
        left, right = self.draw.choice(SIZES), self.draw.choice(SIZES)
        sign = self.draw.choice(["==", "<", "<=", "!="])
        holds = {"==": left == right, "<": left < right, "<=": left <= right, "!=": left != right}[sign]
        return f"{self.size(left)} {sign} {self.size(right)}", holds

    def wire(self) -> Wire:
        """A type."""
        size = self.draw.choice(SIZES)
        ways: list[Wire] = [Vector(size), Vector(size), Rows(size), Grid(size)]
        return self.draw.choice(ways)

    def type(self, wire: Wire) -> str:
        """A type as text."""
        named = [name for name, known in self.types.items() if known == wire]
        if named and self.draw.random() < 0.6:
            return self.draw.choice(named)
        match wire:
            case Vector(size):
                return f"R[{self.size(size)}]"
            case Rows(size):
                return f"R[n, {self.size(size)}]" if self.draw.random() < 0.7 else f"R[{self.size(size)}]^n"
            case Grid(channels):
                return f"Field[X, {self.size(channels)}]"

    # ----------------------------------------------------------------------------------------------- diagrams

    def end(self, wire: Wire, depth: int) -> str:
        """A diagram from a type to itself."""
        made = [name for name, dom, cod in self.made if dom == cod == wire]
        ways = [self.draw.choice(ENDS)] * 4 + made * 2
        if isinstance(wire, Grid):
            ways += ["fourier[1]", "pointwise", "conv[3]", "soft_gate", f"({self._plain()} + pointwise)"]
        elif isinstance(wire, Vector):
            ways += ["linear", "layer_norm", "residual[linear]", f"mlp[[{wire.size}, 3, {wire.size}]]"]
        if depth > 0:
            inner = self.end(wire, depth - 1)
            ways += [
                f"repeat {self.size(self.draw.choice([1, 2, 3]))} {{ {inner} }}",
                f"repeat 2 as i {{ if i == 0 then ({inner}) else {self._plain()} }}",
                f"store {{ {inner} }}", f"recompute {{ {inner} }}",
                f"residual[{inner}]", f"id + ({inner})", f"0.5 * ({inner})",
                f"({inner}) >> ({self.end(wire, depth - 1)})", f"copy >> (id @ ({inner})) >> add",
                f"if {self.truth()[0]} then ({inner}) else {self._plain()}",
            ]  # fmt: skip
        return self.draw.choice(ways)

    def _plain(self) -> str:
        return self.draw.choice(["sin", "gelu", "tanh", "id"])

    def between(self, dom: Wire, cod: Wire, depth: int) -> str:
        """A diagram of a type to another of its kind."""
        if dom == cod and self.draw.random() < 0.6:
            return self.end(dom, depth)
        match dom, cod:
            case Vector(), Vector(size):
                way = f"linear[b = {self.size(size)}]"
            case Rows(size), Rows():
                inner = self.between(Vector(size), Vector(cod.size), depth - 1 if depth else 0)
                return f"map[{inner}]"
            case Grid(), Grid(channels):
                way = f"{self.draw.choice(['pointwise', 'conv[3,', 'fourier[1,'])}"
                way = f"{way}{'' if way.endswith(',') else '['} b = {self.size(channels)}]"
            case _:
                raise AssertionError(f"{dom} to {cod}")
        way = way.replace("[ ", "[")
        if depth > 0:
            return f"({self.end(dom, depth - 1)}) >> {way} >> ({self.end(cod, depth - 1)})"
        return way

    def like(self, wire: Wire) -> Wire:
        """A type of the same kind."""
        return type(wire)(self.draw.choice(SIZES))

    def _chain(self) -> None:
        dom = self.wire()
        cod = self.like(dom)
        name = self.name("chain")
        body = self.between(dom, cod, 2)
        self.lines.append(f"diagram {name} : {self.type(dom)} -> {self.type(cod)} = {body}")
        self.made.append((name, dom, cod))

    def _expression(self) -> None:
        wire = self.wire()
        name = self.name("expression")
        value = self.draw.choice(["u + v", "u * v - v", "(u - v) / 2 + v^2", "u + sin(v)", "max(u, v)", "-u * 3 + v"])
        self.lines.append(
            f"diagram {name}(u : {self.type(wire)}, v : {self.type(wire)}) -> {self.type(wire)} = {value}"
        )

    def _family(self) -> None:
        name = self.name("family")
        a, b = self.draw.choice(SIZES), self.draw.choice(SIZES)
        flag, _ = self.truth()
        self.lines.append(
            f"diagram {name}[a, b = a, deep : int = 2, f : R[a] -> R[a]] : R[a] -> R[b] = "
            f"repeat deep {{ f }} >> (if {flag} and deep > 0 then linear[b = b] else linear >> gelu)"
        )
        used = self.name("use")
        given = self.draw.choice(["", f"deep = {self.draw.choice([0, 1, 3])}, "])
        way = f"{name}[{given}{self.draw.choice(['linear', 'sin >> cos', 'x -> x + 1', 'gelu'])}]"
        self.lines.append(f"diagram {used} : R[{self.size(a)}] -> R[{self.size(b)}] = {way}")
        self.made.append((used, Vector(a), Vector(b)))

    def _tower(self) -> None:
        name = self.name("tower")
        height = self.draw.randint(0, 3)
        inner = self.draw.choice(["linear[b = 2^(l - 1)]", "linear[b = 2^l] >> gelu >> linear[b = 2^(l - 1)]"])
        self.lines.append(f"diagram {name}[l : int] : R[2^l] -> R[1] = if l == 0 then id else {inner} >> {name}[l - 1]")
        used = self.name("use")
        self.lines.append(f"diagram {used} : R[{2**height}] -> R[1] = {name}[{height}]")
        self.made.append((used, Vector(2**height), Vector(1)))

    def _block(self) -> None:
        """A diagram with names for its wires, all of which it uses."""
        name = self.name("block")
        wires = {self.name("u"): self.wire() for _ in range(self.draw.randint(1, 3))}
        header = ", ".join(f"{wire} : {self.type(kind)}" for wire, kind in wires.items())
        known, loose = dict(wires), set(wires)
        body: list[str] = []
        for _ in range(self.draw.randint(1, 6)):
            wire = self.draw.choice(sorted(loose) if loose and self.draw.random() < 0.7 else sorted(known))
            target = self.name("x")
            line, kind, used = self._bind(target, wire, known, body)
            if line:
                body.append(line)
                loose -= used
                known[target] = kind
                loose.add(target)
        ends = sorted(loose)
        self.draw.shuffle(ends)
        cod = " @ ".join(self.type(known[wire]) for wire in ends)
        body.append(f"return {', '.join(ends)}")
        inside = "\n  ".join(body)
        self.lines.append(f"diagram {name}({header}) -> {cod} {{\n  {inside}\n}}")
        if len(wires) == len(ends) == 1:
            self.made.append((name, next(iter(wires.values())), known[ends[0]]))

    def _bind(self, target: str, wire: str, known: dict[str, Wire], body: list[str]) -> tuple[str, Wire, set[str]]:
        """A statement that gives a new wire: its text, the wire's type and the wires used."""
        kind = known[wire]
        alike = sorted(name for name, each in known.items() if each == kind)
        other = self.draw.choice(alike)
        match self.draw.randrange(7):
            case 0 | 1:
                cod = self.like(kind)
                return f"{target} = ({self.between(kind, cod, 1)})({wire})", cod, {wire}
            case 2:
                sign = self.draw.choice(["+", "-", "*"])
                return f"{target} = {wire} {sign} {other}", kind, {wire, other}
            case 3:
                return f"{target} : {self.type(kind)} = {wire} * 2 - 1", kind, {wire}
            case 4 if isinstance(kind, Vector):
                key = self.name("W")
                body.append(f"weight {key} : R[{kind.size}] = {self.draw.choice(['zeros', 'normal(std = 0.1)', '2'])}")
                return f"{target} = {wire} * {key}", kind, {wire}
            case 5:
                cell = self.name("cell")
                body.append(f"share {cell} = {self.end(kind, 1)}")
                return f"{target} = {cell}({cell}({wire}))", kind, {wire}
            case 6 if isinstance(kind, Rows):
                start = [name for name, each in known.items() if each == Vector(kind.size)]
                if start:
                    return f"{target} = fold[(s, x) -> s + 0.5 * x]({start[0]}, {wire})", Vector(kind.size), {
                        start[0], wire,
                    }  # fmt: skip
                return f"{target} = map[x -> x * 2 + 1]({wire})", kind, {wire}
            case _:
                flag, _ = self.truth()
                return f"{target} = if {flag} then {wire} + 1 else sin({wire})", kind, {wire}


def program(seed: int) -> str:
    """The program of this number."""
    return Program(seed).text
