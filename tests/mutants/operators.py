"""The catalogue: what can be wrong with a line of code, as edits of its syntax tree.

An operator looks at one node and gives what may stand there instead. Those of `WRAPS` put something round a result.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A node and those round it, outermost first; `field` is where it stands in the innermost of these."""

    node: ast.AST
    above: tuple[ast.AST, ...]
    field: str

    def argument(self) -> tuple[str, int, str] | None:
        """The call that this is an argument of, also within a list or under a minus: the name of the function without
        digits, the position (-1: by keyword), the keyword."""
        inner = self.node
        for outer in reversed(self.above):
            match outer:
                case ast.Call():
                    places = [at for at, arg in enumerate(outer.args) if arg is inner]
                    return (called(outer), places[0], "") if places else None
                case ast.keyword():
                    inner = outer
                    call = self.above[self.above.index(outer) - 1]
                    return (called(call), -1, outer.arg or "") if isinstance(call, ast.Call) else None
                case ast.UnaryOp() | ast.List() | ast.Tuple():
                    inner = outer
                case _:
                    return None
        return None


def called(call: ast.Call) -> str:
    """The last name of what is called, without digits: `conv2d` is `convd`."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return re.sub(r"\d", "", name)
        case _:
            return ""


def expression(text: str) -> ast.expr:
    """The syntax tree of an expression."""
    return ast.parse(text, mode="eval").body


# what decides nothing about the numbers of a result
_KEYWORDS = {"strict", "dtype", "device", "generator", "indexing"}


def nodes(tree: ast.AST, above: tuple[ast.AST, ...] = (), field: str = "") -> Iterator[Node]:
    """Every node that an operator may look at, outermost first: no types, no texts for people, no checks of inputs."""
    match tree:
        case ast.Raise() | ast.Assert() | ast.arguments() | ast.expr_context() | ast.JoinedStr():
            return
        case ast.keyword(arg=name) if name in _KEYWORDS:
            return
        case ast.Expr(value=ast.Constant(value=str())):
            return
        case ast.If(body=[ast.Raise()], orelse=[]):
            return
        case ast.Constant(value=None | str()) if field == "annotation":
            return
    yield Node(tree, above, field)
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_comment", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from nodes(child, (*above, tree), name)


# ------------------------------------------------------------------------------------------------------ operators


def _operator(node: ast.BinOp, other: ast.operator) -> ast.BinOp:
    return ast.BinOp(node.left, other, node.right)


_EXCHANGED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


def sign(at: Node) -> Iterator[ast.AST]:
    """A minus left out."""
    match at.node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand


def term(at: Node) -> Iterator[ast.AST]:
    """A term of a sum, or a factor of a product, left out."""
    match at.node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.BitAnd() | ast.BitOr(), right=right):
            yield left
            yield right
        case ast.BinOp(left=left, op=ast.Div() | ast.Pow() | ast.Mod()):
            yield left


def exchanged(at: Node) -> Iterator[ast.AST]:
    """An operation exchanged with its opposite: + with -, * with /, & with |."""
    match at.node:
        case ast.BinOp(op=op) if type(op) in _EXCHANGED:
            yield _operator(at.node, _EXCHANGED[type(op)]())
        case ast.AugAssign(op=op) if type(op) in _EXCHANGED:
            yield ast.AugAssign(at.node.target, _EXCHANGED[type(op)](), at.node.value)


_COMMUTE = {"_pair_mul", "maximum", "minimum", "max", "min", "logical_and", "logical_or", "print", "isinstance", "type"}


# over several axes at once, in any order
_SUMS = {"sum", "mean", "var", "amax", "amin"}


def swapped(at: Node) -> Iterator[ast.AST]:
    """Two operands or arguments swapped that stand side by side, where their order may matter."""
    match at.node:
        case ast.BinOp(left=left, op=ast.Sub() | ast.Div() | ast.Pow() | ast.Mod() | ast.FloorDiv() | ast.MatMult()):
            yield ast.BinOp(at.node.right, at.node.op, left)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()], comparators=[right]):
            yield ast.Compare(right, at.node.ops, [left])
        case ast.Call(func=func, args=args, keywords=keywords) if called(at.node) not in _COMMUTE:
            for order in _swaps(args):
                yield ast.Call(func, order, keywords)
        case ast.Tuple() | ast.List() if (at.argument() or ("",))[0] in _SUMS:
            return
        case ast.Tuple(elts=parts, ctx=ast.Load()):
            for order in _swaps(parts):
                yield ast.Tuple(order, ast.Load())
        case ast.List(elts=parts, ctx=ast.Load()):
            for order in _swaps(parts):
                yield ast.List(order, ast.Load())


def _swaps(parts: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for first in range(len(parts) - 1):
        one, two = parts[first : first + 2]
        if ast.dump(one) != ast.dump(two) and not any(isinstance(part, ast.Starred) for part in (one, two)):
            yield [*parts[:first], two, one, *parts[first + 2 :]]


# functions that take axes: the positions of those, None for all from there on
_AXES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("sum", "mean", "var", "prod", "amax", "amin", "unbind", "unsqueeze", "narrow", "select"), (0,)),
    **dict.fromkeys(("stack", "cat", "softmax"), (1,)),
    **dict.fromkeys(("flatten", "transpose", "movedim", "size"), (0, 1, 2)),
    "permute": tuple(range(9)), "roll": (1, 2), "split": (2,), "gather": (0,), "range": (9,),
}  # fmt: skip


def _number(at: Node) -> ast.expr | None:
    """A whole number, with its sign."""
    match at.node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())) as found:
            return found
        case ast.Constant(value=int() as value) as found if not isinstance(value, bool):
            inner = at.above[-1] if at.above else None
            return None if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub) else found
        case _:
            return None


def _is_axis(at: Node) -> bool:
    place = at.argument()
    if place is None:
        return False
    name, position, keyword = place
    return keyword in ("dim", "dims", "axis") or position in _AXES.get(name, ())


def _is_offset(at: Node) -> bool:
    if any(isinstance(outer, ast.Subscript) for outer in at.above[-3:]) and at.argument() is None:
        return True
    place = at.argument()
    names = ("narrow", "pad", "roll", "select", "_fill", "_shifted", "range", "_fold_back", "_convolve_each")
    return place is not None and (place[0] in names or place[2] in ("padding", "output_padding", "start"))


def _moved(number: ast.expr, by: int) -> ast.expr:
    return ast.Constant(ast.literal_eval(number) + by)


def axis(at: Node) -> Iterator[ast.AST]:
    """The axis beside the right one."""
    number = _number(at)
    if number is not None and _is_axis(at):
        yield _moved(number, 1)
        yield _moved(number, -1)


def offset(at: Node) -> Iterator[ast.AST]:
    """Off by one in a slice, a shift, a padding, a range."""
    number = _number(at)
    if number is not None and not _is_axis(at) and _is_offset(at):
        yield _moved(number, 1)
        yield _moved(number, -1)


def constant(at: Node) -> Iterator[ast.AST]:
    """Another number, one more or one less, changed by one."""
    number = _number(at)
    if number is not None and not _is_axis(at) and not _is_offset(at):
        yield _moved(number, 1)
        yield _moved(number, -1)
    match at.node:
        case ast.Constant(value=float() as value) if abs(value) >= 0.01:
            yield ast.Constant(value + 1.0)


def epsilon(at: Node) -> Iterator[ast.AST]:
    """A small number ten times as large."""
    match at.node:
        case ast.Constant(value=float() as value) if 0 < abs(value) < 0.01:
            yield ast.Constant(value * 10)


_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq, ast.LtE), ast.NotEq: (ast.Eq,),
}  # fmt: skip


def comparison(at: Node) -> Iterator[ast.AST]:
    """< for <=, and the opposite of a comparison."""
    match at.node:
        case ast.Compare(left=left, ops=[op], comparators=right):
            for other in _COMPARED.get(type(op), ()):
                yield ast.Compare(left, [other()], right)


def truth(at: Node) -> Iterator[ast.AST]:
    """true for false, `and` for `or`, a `not` left out."""
    match at.node:
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            yield operand


_WORDS = {
    "forward": "backward", "backward": "ortho", "ortho": "forward", "circular": "replicate", "reflect": "replicate",
    "replicate": "circular", "constant": "circular", "nearest": "nearest-exact", "linear": "nearest",
    "bilinear": "bicubic", "bicubic": "bilinear", "trilinear": "nearest", "cubic": "linear", "torus": "cube",
    "cube": "torus", "aligned": "cube", "ij": "xy",
}  # fmt: skip


def word(at: Node) -> Iterator[ast.AST]:
    """A mode or a normalisation exchanged with another."""
    match at.node:
        case ast.Constant(value=str() as text) if text in _WORDS:
            yield ast.Constant(_WORDS[text])


_NEIGHBOURS = {
    "sin": "cos", "cos": "sin", "tanh": "sigmoid", "sigmoid": "tanh", "exp": "expm1", "log": "log1p", "sqrt": "abs",
    "abs": "square", "sign": "tanh", "erf": "tanh", "relu": "abs", "gelu": "silu", "silu": "gelu", "softplus": "relu",
    "maximum": "minimum", "minimum": "maximum", "max": "min", "min": "max", "sum": "mean", "mean": "sum",
    "amax": "amin", "amin": "amax", "prod": "sum", "floor": "ceil", "randn": "rand", "rand": "randn",
    "max_pool1d": "avg_pool1d", "max_pool2d": "avg_pool2d", "max_pool3d": "avg_pool3d", "avg_pool1d": "max_pool1d",
    "avg_pool2d": "max_pool2d", "avg_pool3d": "max_pool3d", "layer_norm": "rms_norm", "all": "any", "any": "all",
    "ones_like": "zeros_like", "zeros_like": "ones_like", "logical_and": "logical_or", "remainder": "fmod",
}  # fmt: skip


def neighbour(at: Node) -> Iterator[ast.AST]:
    """A function exchanged with one like it."""
    match at.node:
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args, keywords=keywords) if name in _NEIGHBOURS:
            yield ast.Call(ast.Attribute(owner, _NEIGHBOURS[name], ast.Load()), args, keywords)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _NEIGHBOURS:
            yield ast.Call(ast.Name(_NEIGHBOURS[name], ast.Load()), args, keywords)


_WEIGHT = re.compile(r"w\d*\Z|matrix\Z|table\Z")


def transposed(at: Node) -> Iterator[ast.AST]:
    """The first two axes of a weight exchanged; two axes of an einsum."""
    match at.node:
        case ast.Name(id=name, ctx=ast.Load()) if _WEIGHT.match(name) and at.argument() is not None:
            yield expression(f"{name}.transpose(0, 1)")
        case ast.Constant(value=str() as text) if "->" in text:
            for place in range(len(text) - 1):
                one, two = text[place], text[place + 1]
                if one.isalpha() and two.isalpha():
                    yield ast.Constant(text[:place] + two + one + text[place + 2 :])


# what changes nothing but how a tensor lies in memory, or what cannot be left out
_KEPT = {"contiguous", "range", "len", "tuple", "list", "enumerate", "zip", "int", "expand", "to", "clone", "reversed"}


def skipped(at: Node) -> Iterator[ast.AST]:
    """A function not applied: its argument instead."""
    match at.node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="torch" | "F")), args=[ast.expr() as only, *_]):
            yield only
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name not in _KEPT and not _is_module(owner):
            yield owner
        case ast.Call(func=ast.Name(id=name), args=[ast.expr() as first, *_]) if name.startswith("_") and not (
            isinstance(first, ast.Starred)
        ):
            yield first
        case ast.Subscript(value=value, ctx=ast.Load()) if not (
            isinstance(value, ast.Attribute) and value.attr == "shape"
        ):
            yield value


def _is_module(node: ast.AST) -> bool:
    """`torch.fft`, `torch.linalg`: names of modules."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch"


_DEFAULTS = {"stride": 1, "padding": 0, "groups": 1, "output_padding": 0, "align_corners": False}


def dropped(at: Node) -> Iterator[ast.AST]:
    """A bias left out, or an argument left to its default."""
    match at.node:
        case ast.Call(func=func, args=args, keywords=keywords):
            for place, given in enumerate(args):
                if place >= 2 and isinstance(given, ast.Name) and (_WEIGHT.match(given.id) or given.id == "bias"):
                    yield ast.Call(func, [*args[:place], ast.Constant(None), *args[place + 1 :]], keywords)
            for each in keywords:
                is_default = isinstance(each.value, ast.Constant) and each.value.value == _DEFAULTS.get(each.arg or "")
                if each.arg not in _KEYWORDS and not is_default:
                    yield ast.Call(func, args, [other for other in keywords if other is not each])


def condition(at: Node) -> Iterator[ast.AST]:
    """One branch always."""
    match at.node:
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.If(test=test, body=body, orelse=orelse) if not isinstance(test, ast.Constant):
            yield ast.If(ast.Constant(True), body, orelse)
            yield ast.If(ast.Constant(False), body, orelse)


def deleted(at: Node) -> Iterator[ast.AST]:
    """A statement left out that changes a name that is there already."""
    match at.node:
        case ast.AugAssign():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(value)):
                yield ast.Pass()


def backwards(at: Node) -> Iterator[ast.AST]:
    """A loop from its end, or without its last step."""
    match at.node:
        case ast.For(target=target, iter=over, body=body):
            yield ast.For(target, expression(f"reversed(list({ast.unparse(over)}))"), body, [])
            yield ast.For(target, expression(f"list({ast.unparse(over)})[:-1]"), body, [])


OPERATORS: dict[str, Callable[[Node], Iterator[ast.AST]]] = {
    each.__name__: each
    for each in (
        sign, term, exchanged, swapped, axis, offset, constant, epsilon, comparison, truth, word, neighbour, transposed,
        skipped, dropped, condition, deleted, backwards,
    )
}  # fmt: skip

# round a result {0}; for which kinds of wires: real, complex pairs, truth values
WRAPS: dict[str, tuple[str, str]] = {
    "scaled": ("({0}) * 1.01", "RC"),
    "negative": ("-({0})", "RC"),
    "opposite": ("~({0})", "B"),
    "rounded": ("({0}).float().double()", "RC"),
    # of one sample alone nothing changes
    "leaked": ("(lambda _x: _x + 1e-3 * (_x.roll(1, 0) - _x))({0})", "RC"),
    "averaged": ("(lambda _x: _x + 1e-3 * (_x.mean(0, keepdim=True) - _x))({0})", "RC"),
    "mixed": ("(lambda _x: _x | _x.roll(1, 0))({0})", "B"),
    "real": ("({0}) * torch.tensor([1.0, 0.0], dtype=torch.float64)", "C"),
    "conjugate": ("({0}) * torch.tensor([1.0, -1.0], dtype=torch.float64)", "C"),
    "crossed": ("(lambda _x: _x.transpose(-1, -2))({0})", "R"),
}
NAMES = (*OPERATORS, *WRAPS)
