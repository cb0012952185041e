"""Random rewriting by the axioms: diagrams that are equal by the way they are made."""

from __future__ import annotations

import random

from diagrammar.diagram import Box, Builder, Copy, Diagram, Discard, Id, Swap


def rewritten(diagram: Diagram, seed: int) -> Diagram:
    """The same diagram by other words: in a frame, between swaps, with copies for nothing, with other keys."""
    draw = random.Random(seed)
    made = renamed(diagram, draw)
    for _ in range(draw.randint(1, 4)):
        dom, cod = made.dom, made.cod
        match draw.randrange(5):
            case 0:
                made = Diagram.of(made.named(draw.choice(["part", "other"])).frame())
            case 1:
                cut = draw.randint(0, len(cod))
                left, right = cod[:cut], cod[cut:]
                made = made >> Swap(left, right) >> Swap(right, left)
            case 2:
                made = made >> Copy(cod) >> Id(cod) @ Discard(cod)
            case 3:
                cut = draw.randint(0, len(dom))
                left, right = dom[:cut], dom[cut:]
                made = Swap(left, right) >> Swap(right, left) >> made
            case _:
                made = Id(()) @ made >> Id(cod)
    return made


def renamed(diagram: Diagram, draw: random.Random) -> Diagram:
    """A diagram whose weights, states and frames have other keys, shares too; those that lead out keep theirs."""
    new: dict[str, str] = {}
    build = Builder(diagram.dom)
    flat = diagram.flat
    if any(node.box.insides and node.box.key is None for node in flat.nodes):
        # what a combinator holds owns keys of this body too
        return diagram
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    for node in flat.nodes:
        box: Box = node.box
        if box.key is not None and box.key[0] not in "^/":
            mark = "~" if box.key[0] == "~" else ""
            box = box.with_(key=new.setdefault(box.key, f"{mark}k{draw.randrange(10**6)}_{len(new)}"))
        at.update(zip(node.outs, build.add(box, [at[wire] for wire in node.ins]), strict=True))
    return build.build(at[wire] for wire in flat.outputs)
