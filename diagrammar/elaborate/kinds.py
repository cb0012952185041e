"""The kind of a bare parameter (type, space or size), read from its use in the header."""

from __future__ import annotations

from typing import Any

from diagrammar.elaborate.values import Declared, Family, ParamInfo
from diagrammar.errors import DiagramNameError, DiagramTypeError
from diagrammar.grammar import tree

KINDS = frozenset({"int", "real", "bool", "str", "type", "space", "diagram", "any"})


def parameters(declared: Declared) -> tuple[ParamInfo, ...]:
    """The parameters of a declaration with their kinds; worked out once."""
    if declared.params is None:
        ast = declared.ast
        params = ast.params if isinstance(ast, tree.TypeDecl | tree.LawDecl | tree.FunctorDecl) else ast.header.params
        # what a family says of itself while it is read
        declared.params = tuple(ParamInfo(param.name, "size", param.default, None, param) for param in params)
        try:
            declared.params = _parameters(declared, params)
        except BaseException:
            declared.params = None
            raise
    return declared.params


def _parameters(declared: Declared, params: tuple[tree.Parameter, ...]) -> tuple[ParamInfo, ...]:
    uses: dict[str, str] = {}
    if any(param.kind is None for param in params):
        _Uses(declared, {param.name for param in params}, uses).walk(_type_nodes(declared.ast))
    result = []
    seen: set[str] = set()
    for param in params:
        if param.name in seen:
            raise DiagramNameError(f"`{param.name}` is declared twice in this header", declared.span(param))
        seen.add(param.name)
        arrow = param.kind if isinstance(param.kind, tree.Arrow) else None
        if arrow is not None:
            kind = "diagram"
        elif param.kind is not None:
            kind = written_kind(declared, param.kind)
        else:
            kind = uses.get(param.name, "any")
        result.append(ParamInfo(param.name, kind, param.default, arrow, param))
    return tuple(result)


def written_kind(declared: Declared, node: tree.Node) -> str:
    """A kind as it is written: `int`, `[int]`, `space`, ..."""
    if isinstance(node, tree.ListOf):
        return "list"
    if isinstance(node, tree.Name) and node.name in KINDS:
        return node.name
    raise DiagramTypeError(
        "this is not the kind of a static value",
        declared.span(node),
        hint="kinds are int, real, bool, str, type, space, any, [int], [[int]] and A -> B",
    )


def _type_nodes(ast: Any) -> list[tuple[tree.Node, str]]:
    if isinstance(ast, tree.TypeDecl):
        return [(ast.value, "type")]
    if isinstance(ast, tree.LawDecl):
        return [(port.type, "type") for port in ast.wires if port.type is not None]
    header = ast.header
    nodes: list[tuple[tree.Node, str]] = []
    for param in header.params:
        if isinstance(param.kind, tree.Arrow):
            nodes += [(param.kind.dom, "type"), (param.kind.cod, "type")]
    nodes += [(port.type, "type") for ports in header.wires for port in ports if port.type is not None]
    nodes += [(node, "type") for node in (header.dom, header.cod) if node is not None]
    return nodes


class _Uses:
    """Walks type expressions and notes in which role each name stands."""

    def __init__(self, declared: Declared, names: set[str], found: dict[str, str]) -> None:
        self.declared = declared
        self.names = names
        self.found = found

    def walk(self, stack: list[tuple[tree.Node, str]]) -> None:
        stack.reverse()
        while stack:
            node, role = stack.pop()
            match node:
                case tree.Name(name):
                    # a name that is a type, a space or a size in one place is that everywhere
                    if name in self.names and self.found.get(name, "size") == "size":
                        self.found[name] = role
                case tree.Index():
                    stack += reversed(self._index(node, role))
                case tree.Binary():
                    stack += reversed(self._binary(node, role))
                case tree.Unary(_, item):
                    stack.append((item, role))
                case tree.If(_, then, otherwise):
                    stack += [(otherwise, role), (then, role)]
                case tree.Call(function, args):
                    of = {"grid": "space", "dim": "space", "edge": "space"}
                    of |= dict.fromkeys(("truth", "totals", "count"), "type")
                    name = function.name if isinstance(function, tree.Name) else ""
                    stack += [(arg.value, of.get(name, "size")) for arg in reversed(args)]
                case _:
                    pass

    def _index(self, node: tree.Index, role: str) -> list[tuple[tree.Node, str]]:
        head = node.item.name if isinstance(node.item, tree.Name) else ""
        if head in ("Field", "Spectrum"):
            roles = ["space", "size"]
        elif head in ("R", "C", "Bool", "Tokens"):
            roles = []
        elif role == "space":
            return [(node.item, "space"), *((arg.value, "size") for arg in node.args)]
        else:
            return self._family(node)
        return [(arg.value, roles[k] if k < len(roles) else "size") for k, arg in enumerate(node.args)]

    def _family(self, node: tree.Index) -> list[tuple[tree.Node, str]]:
        if not isinstance(node.item, tree.Name):
            return [(arg.value, "size") for arg in node.args]
        try:
            found = self.declared.scope.find(node.item.name)
        except KeyError:
            return []
        if not isinstance(found, Family):
            return [(node.item, "space"), *((arg.value, "size") for arg in node.args)]
        kinds = [param.kind for param in parameters(found.declared)]
        return [(arg.value, kinds[k] if k < len(kinds) else "size") for k, arg in enumerate(node.args)]

    def _binary(self, node: tree.Binary, role: str) -> list[tuple[tree.Node, str]]:
        if role == "type":
            return [(node.left, "type"), (node.right, "size" if node.op == "^" else "type")]
        if role == "space" and node.op == "/":
            return [(node.left, "space"), (node.right, "size")]
        if role == "space" and node.op == "*" and self._is_space(node.right):
            return [(node.left, "space" if self._is_space(node.left) else "size"), (node.right, "space")]
        return [(node.left, role if role != "space" else "space"), (node.right, role)]

    def _is_space(self, node: tree.Node) -> bool:
        """Whether a factor of `k * X` or `X * T` is a space: indexed, or not a number or a power."""
        if isinstance(node, tree.Number) or (isinstance(node, tree.Binary) and node.op in "^+-"):
            return False
        return not (isinstance(node, tree.Name) and node.name in self.names and self.found.get(node.name) == "size")
