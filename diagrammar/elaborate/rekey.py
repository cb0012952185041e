"""Keys that point out of a diagram, when the diagram is put deeper."""

from __future__ import annotations

from diagrammar.diagram import Diagram, Flat, Node
from diagrammar.steps import Steps, run


def deeper(diagram: Diagram, levels: int) -> Diagram:
    """The diagram with every key that points out of it pointing as many keyed boxes further out."""
    result: Diagram = run(_deeper(diagram, levels, 0, {}))
    return result


def _deeper(diagram: Diagram, levels: int, depth: int, done: dict[tuple[int, int], Diagram]) -> Steps:
    known = done.get((id(diagram), depth))
    if known is not None:
        return known
    nodes = []
    moved = False
    for node in diagram.flat.nodes:
        box = node.box
        key = box.key
        ups = len(key) - len(key.lstrip("^")) if key is not None else 0
        inner = depth if key is None else depth + 1
        made = []
        for inside in box.insides:
            made.append((yield _deeper(inside, levels, inner, done)))
        insides = tuple(made)
        changed = any(a is not b for a, b in zip(insides, box.insides, strict=True))
        if ups > depth and key is not None:
            key, changed = "^" * levels + key, True
        if changed:
            moved = True
            box = box.with_(key=key, insides=insides)
            node = Node(box, node.ins, node.outs)
        nodes.append(node)
    flat = diagram.flat
    result = Diagram(Flat(flat.types, flat.inputs, nodes, flat.outputs)) if moved else diagram
    done[(id(diagram), depth)] = result
    return result
