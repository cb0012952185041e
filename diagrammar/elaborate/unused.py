"""A wire that no branch of the text mentions is an error, unless its name starts with `_`."""

from __future__ import annotations

from diagrammar.elaborate.values import Declared
from diagrammar.errors import Diagnostics, DiagrammarError, DiagramTypeError
from diagrammar.grammar import tree


def check_used(declared: Declared) -> None:
    """Reports every wire of a declaration that its text never uses; once, and after errors that say more."""
    if declared.used:
        return
    declared.used = True
    bound: list[tuple[str, tree.Node]] = []
    used: set[str] = set()
    header = declared.ast.header
    for ports in header.wires:
        bound += [(port.name, port) for port in ports]
    stack: list[tree.Node] = [declared.ast.body]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name):
            used.add(node.name)
            continue
        if isinstance(node, tree.Lambda):
            bound += [(port.name, port) for port in node.wires]
        elif isinstance(node, tree.Bind):
            bound += [(port.name, port) for port in node.targets]
        elif isinstance(node, tree.Weight | tree.State):
            bound.append((node.name, node))
        elif isinstance(node, tree.Next):
            # a state is used by the `next` that sets it
            used.add(node.name)
        elif isinstance(node, tree.DiagramDecl):
            bound += [(port.name, port) for ports in node.header.wires for port in ports]
        _children(node, stack)
    errors: list[DiagrammarError] = [
        DiagramTypeError(
            f"the wire `{name}` is never used", declared.span(node), hint=f"a wire to discard is called `_{name}`"
        )
        for name, node in bound
        if name not in used and not name.startswith("_")
    ]
    errors.sort(key=lambda error: error.span.start if error.span else 0)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Diagnostics(errors)


def _children(node: tree.Node, stack: list[tree.Node]) -> None:
    for name in node.__match_args__:
        value = getattr(node, name)
        if isinstance(value, tree.Node):
            stack.append(value)
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, tree.Node):
                    stack.append(item)
                elif isinstance(item, tuple):
                    stack.extend(each for each in item if isinstance(each, tree.Node))
