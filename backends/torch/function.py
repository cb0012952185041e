"""One Python function while it is written: names, statements, what it reads from its module and what its caller passes.

Every name is `v` (wire), `w` (weight), `m` (module), `n` (size) or `t` (inside one statement) and a number.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.backends.torch.names import literal, member
from diagrammar.backends.torch.printing import size_text, solve, solved_text
from diagrammar.backends.torch.values import Block, Loop, Owner, Slot, Statement, Value
from diagrammar.errors import BackendError
from diagrammar.sizes import Size
from diagrammar.types import Tensor, Tokens, Type, Types, shape_of

# what a function may ask of its caller besides its wires:
# ("size", name), ("batch",), ("like",), ("pending",), ("ref", up, name, table)
Extra = tuple[str, ...] | tuple[str, int, str, str]


class Function:
    """A function from wires to wires; `has_self` tells a method of a module from a function of the file."""

    def __init__(
        self,
        dom: Types,
        flags: tuple[bool, ...],
        has_self: bool,
        known: dict[str, int],
        constants: list[str],
        root: bool = False,
    ) -> None:
        self.has_self = has_self
        self.root = root
        self.top = Block()
        self.blocks = [self.top]
        self.sizes: list[Statement] = []
        self.extras: dict[Extra, str] = {}
        self.tail: list[str] = []
        self.helpers: set[str] = set()
        self.constants = constants
        self.needs_like = False
        self.returned = ""
        # how many samples the innermost `map` has; at the bottom, those of the function
        self.batches: list[str] = []
        self._flags = flags
        self._samples = ""
        self._numbers: dict[str, int] = {}
        self._free: list[str] = []
        self._temps: list[str] = []
        self._lines: list[str] = []
        self._known: dict[str, str] = {name: repr(size) for name, size in known.items()}
        self._home: dict[str, Block] = {}
        self._solved = solve([(wire, int(flag)) for wire, flag in zip(dom, flags, strict=True)])
        self.inputs = [
            Value(name, wire, flag, Slot(name, 0))
            for name, wire, flag in zip([self.fresh("v") for _ in dom], dom, flags, strict=True)
        ]
        self.params = [value.text for value in self.inputs]

    # ------------------------------------------------------------------------------------------------ names

    def fresh(self, letter: str) -> str:
        """A name that is not used yet."""
        number = self._numbers.get(letter, 0)
        self._numbers[letter] = number + 1
        return f"{letter}{number}"

    def temp(self) -> str:
        """A name for use inside the statement that is being written."""
        name = self.fresh("t")
        self._temps.append(name)
        return name

    def line(self, text: str) -> None:
        """A line of the statement that is being written, before its result."""
        self._lines.append(text)

    def size(self, value: Size) -> str:
        """A size as an expression over names bound at the head."""
        return repr(value) if type(value) is int else size_text(value, self.variable)

    def variable(self, name: str) -> str:
        """The local that holds a free size."""
        if name not in self._known:
            place = self._solved.get(name)
            if place is None:
                self._known[name] = self.extra(("size", name), "n")
            else:
                number, axis, offset, factor = place
                local = self._known[name] = self.fresh("n")
                text = solved_text(f"{self.params[number]}.shape", axis, offset, factor)
                self.sizes.append(Statement([f"{local} = {text}"], (local,)))
        return self._known[name]

    def extra(self, what: Extra, letter: str) -> str:
        """A name for what the caller passes."""
        if what not in self.extras:
            if self.root:
                if what[0] == "pending":
                    self.extras[what] = "pending"
                    return "pending"
                raise BackendError(_unknown(what))
            self.extras[what] = letter if letter in ("like", "pending") else self.fresh(letter)
        return self.extras[what]

    def batch(self) -> str:
        """How many samples there are where the code is being written."""
        if not self.batches:
            if True in self._flags:
                local = self.fresh("n")
                self.sizes.append(Statement([f"{local} = {self.params[self._flags.index(True)]}.shape[0]"], (local,)))
                self.batches.append(local)
            else:
                self.batches.append("1" if self.root else self.extra(("batch",), "n"))
        return self.batches[-1]

    def samples(self) -> str:
        """How many samples the inputs have; some may stand for all samples of others."""
        if not self._samples:
            given = [name for name, flag in zip(self.params, self._flags, strict=False) if flag]
            self._samples = self.fresh("n")
            text = f"{given[0]}.shape[0]" if len(given) == 1 else f"{self.helper('_batch')}({', '.join(given)})"
            self.sizes.append(Statement([f"{self._samples} = {text}"], (self._samples,)))
        return self._samples

    def like(self) -> str:
        """A tensor of the dtype and on the device of the module."""
        self.needs_like = True
        if not self.has_self:
            return self.extra(("like",), "like")
        if "like" not in self.top.cache:
            self.top.cache["like"] = "like"
            self.top.head.append(Statement(["like = self._like"], ("like",)))
        return "like"

    def constant(self, value: object) -> str:
        """A table of numbers, kept as a buffer that is not saved."""
        text = literal(value)
        if not self.has_self:
            return f"torch.tensor({text}, dtype={self.like()}.dtype, device={self.like()}.device)"
        if text not in self.constants:
            self.constants.append(text)
        return self.read("self", f"_constant_{self.constants.index(text)}", "", "w")

    def helper(self, name: str) -> str:
        """A function of the runtime that the file must hold."""
        self.helpers.add(name)
        return name

    # --------------------------------------------------------------------------------------------- statements

    def value(self, text: str, wire: Type, batched: bool, count: int) -> Value:
        """Binds a wire to a new name by one statement."""
        name = self._free.pop() if self._free else self.fresh("v")
        self.put([*self._lines, f"{name} = {text}"], (name,))
        return Value(name, wire, batched, Slot(name, count))

    def assign(self, text: str, wires: list[tuple[Type, bool, int]], unpack: bool) -> list[Value]:
        """Binds several wires by one statement: to the members of one tuple (`unpack`)."""
        names = [self._free.pop() if self._free else self.fresh("v") for _ in wires]
        left = ", ".join(names) + ("," if len(names) == 1 and unpack else "")
        self.put([*self._lines, f"{left} = {text}" if names else text], tuple(names))
        return [Value(n, w, b, Slot(n, c)) for n, (w, b, c) in zip(names, wires, strict=True)]

    def put(self, lines: list[str], writes: tuple[str, ...]) -> None:
        """Adds a statement; what it named only for itself is deleted at its end."""
        if self._temps:
            lines.append("del " + ", ".join(self._temps))
            self._temps = []
        self._lines = []
        self.blocks[-1].body.append(Statement(lines, writes))

    def done(self, values: list[Value]) -> list[str]:
        """One read less of each: names that are read no more. The caller frees them after the statement."""
        dead: list[str] = []
        for value in values:
            slot = value.slot
            if slot is not None:
                slot.count -= 1
                if slot.count == 0:
                    dead.append(slot.name)
        return dead

    def reuse(self, dead: list[str]) -> None:
        """Names that the next statement may bind again."""
        self._free = dead

    def release(self) -> None:
        """Deletes the names that were offered for reuse and not taken."""
        if self._free:
            statement = self.blocks[-1].body[-1] if self.blocks[-1].body else None
            text = "del " + ", ".join(self._free)
            if statement is None:
                statement = Statement([], ())
                self.blocks[-1].body.append(statement)
            statement.lines.append(text)
            statement.dels += tuple(self._free)
            self._free = []

    # -------------------------------------------------------------------------------------------- the module

    def read(self, local: str, name: str, table: str, letter: str) -> str:
        """A member of a module, read once, at the head of the block that binds the module."""
        block = self._home.get(local, self.top)
        key = (local, name, table)
        if key not in block.cache:
            text = member(local, name, table) if table else f"{local}.{name}"
            block.cache[key] = self.bind(text, block, letter)
        return block.cache[key]

    def along(self, path: Sequence[str]) -> str:
        """The module at the end of a path."""
        local = "self"
        for part in path:
            local = self.read(local, part, "_modules", "m")
        return local

    def bind(self, text: str, block: Block, letter: str) -> str:
        """A name for an expression, bound at the head of a block."""
        name = self.fresh(letter)
        block.head.append(Statement([f"{name} = {text}"], (name,)))
        self._home[name] = block
        return name

    def member(self, owner: Owner, up: int, name: str, table: str, fixed: bool) -> str:
        """The variable that holds a weight (`_parameters`, `_buffers`) or a module (`_modules`) by its key."""
        letter = "m" if table == "_modules" else "w"
        if not fixed:
            return self._indexed(owner.local, owner.loops, name, table, letter)
        here = owner
        if up < 0:
            if not self.root:
                return self.extra(("ref", -1, name, table), letter)
            while here.outer is not None:
                here = here.outer
            return self.read(here.local, name, table, letter)
        while up > 0:
            if here.outer is None:
                return self.extra(("ref", up, name, table), letter)
            here, up = here.outer, up - 1
        return self.read(here.local, name, table, letter)

    def _indexed(self, local: str, loops: tuple[Loop, ...], name: str, table: str, letter: str) -> str:
        if not loops:
            return self.read(local, name, table, letter)
        last = loops[-1]
        outer = self._indexed(local, loops[:-1], name, "_modules", "m")
        block = last.block if last.block is not None else self._home.get(outer, self.top)
        key = (outer, table, last)
        if key not in block.cache:
            if last.block is not None:
                item = self.fresh(letter)
                last.lists.append((outer if letter == "m" else f"{self.helper('_each')}({outer})", item))
                self._home[item] = block
            elif letter == "m":
                item = self.bind(f"{outer}._modules['{last.index}']", block, letter)
            else:
                item = self.bind(f"getattr({outer}, '{last.index}')", block, letter)
            block.cache[key] = item
        return block.cache[key]


def _unknown(what: Extra) -> str:
    if what[0] == "size":
        owner = str(what[1]).split(".")[0]
        return f"the size {what[1]} cannot be read from any input: bind it with spaces={{{owner!r}: ...}}"
    return f"the key {'^' * int(what[1]) if int(what[1]) > 0 else '/'}{what[2]} starts outside the diagram"


def is_real(wire: Type) -> bool:
    """Whether a wire holds real numbers (pairs of them too)."""
    return not isinstance(wire, Tokens) and not (isinstance(wire, Tensor) and wire.kind == "Bool")


def rank(wire: Type) -> int:
    """How many axes one sample has as a tensor."""
    return len(shape_of(wire))
