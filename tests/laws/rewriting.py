"""Random rewriting by the axioms, which changes nothing, and changes in one place, which are seen."""

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


def changed(f: Diagram, what: str) -> Diagram | None:
    """A diagram with one thing changed in the box that makes its last output; None where there is no such thing."""
    flat = f.flat
    maker = {wire: number for number, node in enumerate(flat.nodes) for wire in node.outs}
    last = maker.get(flat.outputs[-1]) if flat.outputs else None
    if last is None:
        return None
    build = Builder(f.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    done = False
    for number, node in enumerate(flat.nodes):
        ins, box = [at[wire] for wire in node.ins], node.box
        if number == last:
            match what:
                case "port" if len(ins) > 1 and ins[0] != ins[1] and build.types[ins[0]] == build.types[ins[1]]:
                    ins[:2], done = [ins[1], ins[0]], True
                case "parameter" if not box.insides and box.key is None:
                    box, done = parameter(box, "another", 1), True
                case "name" if not box.insides and box.key is None:
                    box, done = Box(f"{box.name}2", box.dom, box.cod, params=box.params, kinds=box.kinds), True
        at.update(zip(node.outs, build.add(box, ins), strict=True))
    return build.build(at[wire] for wire in flat.outputs) if done else None


def parameter(box: Box, name: str, value: int) -> Box:
    """A box with one static argument more."""
    params = (*box.params, (name, value))
    return Box(box.name, box.dom, box.cod, origin=box.origin, params=params, key=box.key, kinds=box.kinds)
