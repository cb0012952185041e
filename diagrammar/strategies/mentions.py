"""Generators from declarations: a header at the types of the wires at hand, with static arguments that it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product

from diagrammar import modules
from diagrammar.diagram import Diagram
from diagrammar.elaborate.aliases import Alias
from diagrammar.elaborate.alone import applied
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.kinds import parameters
from diagrammar.elaborate.typing import type_of
from diagrammar.elaborate.values import Declared, Implicit, ParamInfo, TypeValue
from diagrammar.errors import DiagrammarError
from diagrammar.grammar import tree
from diagrammar.sizes import Poly
from diagrammar.strategies.generators import Generator, Port, anything, unrelated
from diagrammar.types import Field, Space, Tensor, Tokens, Type, Types, sizes_of

# how many ways to choose the static arguments of one mention are tried
WAYS = 24

# what is tried for a static argument of a kind, where the wires at hand do not decide it
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "size": ("2", "3"),
    "int": ("1", "2", "3"),
    "real": ("0.5", "2"),
    "bool": ("false", "true"),
    "list": ("[1]", "[2, 1]", "[1, 2, 1]"),
    "diagram": ("sin", "linear", "linear[b = 2]", "gelu", "add", "x -> x * x"),
}

# mentions of the library whose arguments no header tells, with the number of their inputs
WRITTEN: Mapping[str, tuple[tuple[int, str], ...]] = {
    "attend": ((3, "attend"), (4, "attend")),
    "attention": ((1, "x -> attention[1](x, x, x)"), (3, "attention[2]"), (4, "attention[1]")),
    "activate": ((1, 'activate["tanh"]'), (1, 'activate["silu"]')),
    "channel_mlp": ((1, "channel_mlp[3]"),),
    "concat": ((2, "concat"), (2, "concat[axis = 1]"), (3, "concat")),
    "const": tuple((0, f"const[{value}]") for value in ("0.5", "[1, 2, 3]", "[[1, 2], [3, 0.25]]")),
    "conv": ((1, "conv[3]"), (1, "conv[3, b = 2]"), (1, 'conv[3, padding = "circular", bias = false]')),
    "conv_transpose": ((1, "conv_transpose[4, stride = 2]"),),
    "convolution": ((2, "convolution[1]"), (2, "convolution[3]")),
    "convolution_transpose": ((2, "convolution_transpose[1]"),),
    "crop": ((1, "crop[[1], [1]]"), (1, "crop[[1, 0], [1, 1]]")),
    "einsum": (
        (1, 'einsum["a a -> a"]'), (1, 'einsum["a b -> b"]'), (2, 'einsum["a, a -> "]'), (2, 'einsum["a, b -> a b"]'),
        (2, 'einsum["a b, b -> a"]'), (2, 'einsum["a b, b c -> a c"]'), (2, 'einsum["a ..., b a -> b ..."]'),
        (3, 'einsum["a, a b, b -> "]'),
    ),
    "expand": ((1, 'expand["a -> b a", b = 2]'), (1, 'expand["-> a", a = 3]'), (1, 'expand["a b -> a (c b)", c = 2]')),
    "flip": ((1, "flip"),),
    "fold": ((2, "fold[(b, a) -> linear(b) + a]"), (2, "fold[(b, a) -> b * a + 1]")),
    "fourier": ((1, "fourier[1]"), (1, "fourier[2, b = 2]"), (1, "fourier[2, bias = true]")),
    "group_norm": ((1, "group_norm[1]"), (1, "group_norm[2]")),
    "index": ((1, "x -> x[0]"), (1, "x -> x[1]")),
    "insert": ((1, "insert[0, 2]"), (1, "insert[2, 3]")),
    "map": ((1, "map[sin]"), (1, "map[linear]"), (1, "map[linear[b = 2]]"), (2, "map[(x, y) -> x + y]")),
    "mlp": ((1, "mlp[[3, 2, 3]]"), (1, 'mlp[[3, 4, 2], "tanh"]'), (1, 'mlp[[2, 2], last = true]')),
    "over_group": ((1, "over_group[1]"), (1, "over_group[2]")),
    "pad": ((1, "pad[[1], [0]]"), (1, "pad[[1, 0], [1, 1]]")),
    "pool": ((1, "pool[2]"), (1, 'pool[2, "mean"]'), (1, 'pool[2, "sample"]')),
    "project": ((1, "project[1, hidden = 2]"), (1, "project[2, hidden = 3]")),
    "rearrange": (
        (1, 'rearrange["a b -> b a"]'), (1, 'rearrange["a b -> (a b)"]'), (1, 'rearrange["(a b) -> a b", a = 2]'),
        (1, 'rearrange["a -> 1 a"]'), (1, 'rearrange["(a b) c -> a c b", a = 2]'),
    ),
    "reduce": (
        (1, 'reduce["a -> "]'), (1, 'reduce["a b -> b", "max"]'), (1, 'reduce["a b -> a", "mean"]'),
        (1, 'reduce["a ... -> ..."]'), (1, 'reduce["a b -> a", "prod"]'),
    ),
    "scan": ((2, "scan[(b, a) -> (linear(b) + a, b * a)]"), (2, "scan[(b, a) -> (b + a, sin(b))]")),
    "split": ((1, "split"), (1, "split[1, 2]"), (1, "split[1, 1]")),
    "stack": ((2, "stack"), (3, "stack")),
    "tabulate": ((0, "tabulate[x -> sin(3 * x[0]), X = X0, c = 1]"),),
    "tree": ((1, "tree[add]"), (1, "tree[(b, a) -> linear(b) + a]")),
}  # fmt: skip


class Palette:
    """Types and spaces that static arguments are drawn from, under names that a mention can speak of."""

    __slots__ = ("names", "spaces", "types")

    def __init__(self, types: Sequence[Type]) -> None:
        # what no input decides may not be on a free grid: a mention of a diagram would not tell which
        types = [wire for wire in types if not any(isinstance(size, Poly) for size in sizes_of(wire))]
        spaces = list(dict.fromkeys(wire.space for wire in types if isinstance(wire, Field)))
        named: dict[str, Type | Space] = {f"T{k}": wire for k, wire in enumerate(types)}
        self.types = tuple(named)
        self.spaces = tuple(f"X{k}" for k in range(len(spaces)))
        self.names = {**named, **dict(zip(self.spaces, spaces, strict=True))}

    def choices(self, info: ParamInfo) -> tuple[str, ...]:
        """Texts for a static argument."""
        match info.kind:
            case "type":
                return self.types
            case "space":
                return self.spaces
            case _:
                return _ARGUMENTS.get(info.kind, ())


def declared(module: modules.Module, name: str, palette: Palette) -> list[Generator]:
    """The generators of a declaration: one for each mention of it that is tried."""
    found = module.own(name)
    if found is None or not isinstance(found.ast, tree.DiagramDecl | tree.BoxDecl):
        return []
    if module is modules.std() and name in WRITTEN:
        return [written(module, name, text, count, palette) for count, text in WRITTEN[name]]
    ports = ports_of(found)
    if ports is None:
        return []
    texts = islice(_mentions(found, ports, palette), WAYS)
    return [_generator(module, name, text, ports, palette) for text in texts]


def ends_of(module: modules.Module, name: str) -> Types | None:
    """The types of the wires of a declaration without static arguments; None for one that has some."""
    found = module.own(name)
    if found is None or not isinstance(found.ast, tree.DiagramDecl | tree.BoxDecl):
        return ()
    if parameters(found):
        return None
    header = found.ast.header
    nodes = [port.type for ports in header.wires for port in ports] + [header.dom, header.cod]
    items = [type_of(Body(module.elaborator, found), node, found.scope).items for node in nodes if node is not None]
    return tuple(wire for each in items for wire in each if isinstance(wire, Tensor | Field | Tokens))


def written(module: modules.Module, name: str, text: str, count: int, palette: Palette) -> Generator:
    """The generator of a mention on so many wires."""
    found = module.own(name)
    ports = None if found is None else ports_of(found)
    # a mention may leave the last wires of a header out: a mask that is none
    ports = (None,) * count if not ports or len(ports) < count else ports[:count]
    return _generator(module, name, text, ports, palette)


def _generator(
    module: modules.Module, name: str, text: str, ports: tuple[tree.Node | None, ...], palette: Palette
) -> Generator:
    found = module.own(name)
    kinds = {info.name: info.kind for info in parameters(found)} if found is not None else {}
    asks = relation(name, text) if module is modules.std() else unrelated

    def at(types: Types) -> list[Diagram]:
        try:
            return [applied(module, text, types, palette.names)]
        except DiagrammarError:
            # this mention does not fit these wires
            return []

    def relate(types: Types) -> bool:
        return _agree(ports, types, kinds) and asks(types)

    return Generator(name, tuple(_port(node, kinds) for node in ports), at, relate)


# ----------------------------------------------------------------------------------------------------- headers


def ports_of(found: Declared) -> tuple[tree.Node | None, ...] | None:
    """The types of the inputs as the header has them, None for one that it does not tell; None if it has no type."""
    header = found.ast.header
    nodes: list[tree.Node] = [port.type for ports in header.wires for port in ports if port.type is not None]
    if header.dom is not None:
        nodes.append(header.dom)
    elif not header.wires:
        return None
    result: list[tree.Node | None] = []
    for node in nodes:
        for part in _beside(node):
            if isinstance(part, tree.Name) and part.name == "I":
                continue
            result += [part] * _width(found, part)
    return tuple(result)


def _beside(node: tree.Node) -> list[tree.Node]:
    """The operands of `A @ B @ C`."""
    parts: list[tree.Node] = []
    while isinstance(node, tree.Binary) and node.op == "@":
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _width(found: Declared, node: tree.Node) -> int:
    """How many wires a name stands for; one, for anything that is not a name of the file."""
    if not isinstance(node, tree.Name) or node.name in {info.name for info in parameters(found)}:
        return 1
    meant = found.scope.find(node.name)
    if isinstance(meant, Alias):
        meant = meant.at(Implicit())
    return len(meant.items) if isinstance(meant, TypeValue) else 1


def _mentions(found: Declared, ports: tuple[tree.Node | None, ...], palette: Palette) -> Iterator[str]:
    """The mentions of a declaration: every static argument that no input decides is given."""
    decided = {name for port in ports if port is not None for name in _names(port)}
    choices: list[list[str]] = []
    for info in parameters(found):
        given = [f"{info.name} = {text}" for text in palette.choices(info)]
        if info.name in decided and info.kind in ("size", "type", "space", "list", "any"):
            continue
        if info.default is not None:
            # the default first, then others where a kind has any
            given = ["", *given] if info.kind in ("size", "bool") else [""]
        if not given:
            return
        choices.append(given)
    for combination in product(*choices):
        arguments = ", ".join(text for text in combination if text)
        yield f"{found.name}[{arguments}]" if arguments else found.name


def _names(node: tree.Node) -> Iterator[str]:
    """The names that unification solves for: those that stand for a whole type, space or size of a port."""
    match node:
        case tree.Name(name):
            yield name
        case tree.Index(_, args):
            for arg in args:
                yield from _names(arg.value)
        case tree.Binary("/" | "*" | "^", left, right):
            yield from _names(left)
            yield from _names(right)
        case _:
            return


def _port(node: tree.Node | None, kinds: Mapping[str, str]) -> Port:
    """Which types can stand at a port, as far as its head tells."""
    match node:
        case tree.Index(tree.Name("Field" | "Spectrum" as kind), _):
            return lambda wire: isinstance(wire, Field) and wire.kind == kind
        case tree.Index(tree.Name("R" | "C" | "Bool" as kind), args):
            # only a name of a size, and a number, is surely one axis
            sure = all(_is_size(arg.value, kinds) for arg in args)
            rank = len(args)
            return lambda wire: isinstance(wire, Tensor) and wire.kind == kind and (not sure or len(wire.sizes) == rank)
        case tree.Call(tree.Name("truth"), _):
            return lambda wire: isinstance(wire, Tensor) and wire.kind == "Bool"
        case tree.Index(tree.Name("Tokens"), _):
            return lambda wire: isinstance(wire, Tokens)
        case _:
            return anything


# activations are of real numbers, and so are powers and comparisons
_REAL = frozenset({"pow", "less", "equal", "relu", "gelu", "sigmoid", "silu", "softplus", "activate", "residual"})


def relation(name: str, text: str) -> Callable[[Types], bool]:
    """What a mention of the library whose header tells nothing asks of the types of its first wires."""
    pattern = re.search(r'"([^"]*)->', text)
    if name in ("einsum", "rearrange", "reduce", "expand") and pattern is not None:
        operands = [re.findall(r"\([^)]*\)|\S+", operand) for operand in pattern[1].split(",")]
        return lambda types: all(map(_has_axes, types, operands))
    if name in ("concat", "stack"):
        return lambda types: all(type(wire) is type(types[0]) and _rank(wire) == _rank(types[0]) for wire in types)
    if name == "flip":
        return lambda types: isinstance(types[0], Tensor) and bool(types[0].sizes)
    if name in ("fold", "scan"):
        return _is_state_and_stack
    if name in ("both", "either", "negate"):
        return lambda types: all(isinstance(wire, Tensor) and wire.kind == "Bool" for wire in types)
    if name in _REAL:
        return lambda types: not any(isinstance(wire, Tensor) and wire.kind == "C" for wire in types)
    if name in ("translate", "pad", "crop"):
        # one number for each axis of the grid
        axes = len(re.split(",", text[text.rindex("[") :]))
        return lambda types: isinstance(types[0], Field) and types[0].space.dim == axes
    if name == "resample":
        # what is given is an interval: another space has no points in it
        return lambda types: isinstance(types[0], Field) and types[0].space.dim == 1
    if name == "spread":
        return lambda types: isinstance(types[0], Tensor) and len(types[0].sizes) == 2
    if name == "broadcast":
        return lambda types: isinstance(types[0], Tensor) and types[0].kind == "R" and not types[0].sizes
    if name in ("map", "tree"):
        return lambda types: isinstance(types[0], Tensor | Field) and all(wire == types[0] for wire in types)
    return unrelated


def _is_state_and_stack(types: Types) -> bool:
    """Whether the second wire is a stack of the first."""
    if not all(isinstance(wire, Tensor) and wire.kind == "R" for wire in types):
        return False
    return len(types) < 2 or sizes_of(types[1])[1:] == sizes_of(types[0])


def _has_axes(wire: Type, axes: Sequence[str]) -> bool:
    if isinstance(wire, Field):
        return len(axes) == 2 and axes[1] == "..."
    return isinstance(wire, Tensor) and wire.kind != "Bool" and ("..." in axes or len(axes) == len(wire.sizes))


def _rank(wire: Type) -> object:
    return (wire.kind, len(wire.sizes)) if isinstance(wire, Tensor) else type(wire)


def _is_size(node: tree.Node, kinds: Mapping[str, str]) -> bool:
    return isinstance(node, tree.Number) or (isinstance(node, tree.Name) and kinds.get(node.name) == "size")


def _agree(ports: tuple[tree.Node | None, ...], types: Types, kinds: Mapping[str, str]) -> bool:
    """Whether parameters that stand alone at several ports, as types, spaces or sizes, are one there."""
    known: dict[str, object] = {}
    for port, wire in zip(ports, types, strict=False):
        given: Sequence[object]
        match port:
            case tree.Name(name):
                names, given = [name if kinds.get(name) == "type" else ""], [wire]
            case tree.Index(_, args):
                names = [_alone(arg.value, kinds) for arg in args]
                given = (wire.space, wire.channels) if isinstance(wire, Field) else sizes_of(wire)
            case _:
                continue
        # a list of sizes is several axes: what comes after it is not told by its place
        for name, value in zip(names, given, strict=False) if len(names) == len(given) else ():
            if name and known.setdefault(name, value) != value:
                return False
    return True


def _alone(node: tree.Node, kinds: Mapping[str, str]) -> str:
    """The name of a space or a size that stands alone; "" for anything else."""
    return node.name if isinstance(node, tree.Name) and kinds.get(node.name) in ("space", "size") else ""
