"""Random diagrams over a small signature, for the tests of this folder."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from diagrammar import strategies
from diagrammar.diagram import Box, Builder, Copy, Diagram, Discard, Id, Swap
from diagrammar.strategies import Signature, fixed
from diagrammar.types import Tensor, Type

X, Y = Tensor("R", (2,)), Tensor("R", (3,))

F = Box("f", (X,), (X,))
G = Box("g", (X, X), (X,))
H = Box("h", (X,), (X, Y))
K = Box("k", (Y,), (X,))
NOISE = Box("noise", (), (X,), origin="std:noise", kinds=frozenset({"random"}))
BOXES = (F, G, H, K)


def weight(key: str = "W", wire: Type = X) -> Box:
    """A weight of this key."""
    params = (("init", "normal"), ("args", (("std", 1),)), ("where", ()))
    return Box("weight", (), (wire,), origin="weight", key=key, params=params)


def state(key: str = "m") -> Box:
    """A buffer of this key."""
    return Box("state", (), (X,), origin="state", key=key, kinds=frozenset({"state"}))


def following(key: str = "m") -> Box:
    """What sets a buffer."""
    return Box("next", (X,), (), origin="next", key=key, kinds=frozenset({"state"}))


def repeat(count: int, *insides: Diagram, captures: int = 0) -> Diagram:
    """A `repeat` of one inside, or of one for each step."""
    dom, cod = tuple(insides[0].dom), tuple(insides[-1].cod)
    params = (("count", count), ("captures", captures))
    return Diagram.of(Box("repeat", dom, cod, origin="repeat", params=params, insides=insides))


def mark(kind: str, inside: Diagram, captures: int = 0) -> Diagram:
    """A diagram in `store { }` or `recompute { }`."""
    params = (("captures", captures),)
    return Diagram.of(Box(kind, inside.dom, inside.cod, origin=kind, params=params, insides=(inside,)))


def random_diagram(seed: int, boxes: int, inputs: int = 3, dead: bool = True) -> Diagram:
    """A diagram of about so many boxes on random wires."""
    draw = random.Random(seed)
    build = Builder((X,) * inputs + (Y,))
    used: set[int] = set()
    for _ in range(boxes):
        box = draw.choice(BOXES)
        ins = []
        for wire in box.dom:
            near = [w for w in range(len(build.types)) if build.types[w] == wire]
            ins.append(draw.choice(near[-6:]))
        used.update(ins)
        build.add(box, ins)
    ends = [w for w in range(len(build.types)) if w not in used or (dead and draw.random() < 0.1)]
    if dead:
        ends = [w for w in ends if draw.random() < 0.7]
    return build.build(ends)


def reordered(diagram: Diagram, seed: int) -> Diagram:
    """The same graph with other numbers: its boxes made anew, in another order."""
    draw = random.Random(seed)
    flat = diagram.flat
    maker = {wire: n for n, node in enumerate(flat.nodes) for wire in node.outs}
    needs = [{maker[w] for w in node.ins if w in maker} for node in flat.nodes]
    build = Builder(diagram.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    waiting = set(range(len(flat.nodes)))
    done: set[int] = set()
    while waiting:
        ready = sorted(n for n in waiting if needs[n] <= done)
        number = draw.choice(ready)
        node = flat.nodes[number]
        at.update(zip(node.outs, build.add(node.box.with_(), [at[w] for w in node.ins]), strict=True))
        waiting.remove(number)
        done.add(number)
    return build.build(at[w] for w in flat.outputs)


def rewired(diagram: Diagram, seed: int) -> Diagram:
    """The same boxes with one wire moved to another place of the same type."""
    draw = random.Random(seed)
    flat = diagram.flat
    number = draw.randrange(len(flat.nodes))
    port = draw.randrange(len(flat.nodes[number].ins)) if flat.nodes[number].ins else 0
    build = Builder(diagram.dom)
    at = dict(zip(flat.inputs, build.inputs, strict=True))
    for n, node in enumerate(flat.nodes):
        ins = [at[w] for w in node.ins]
        if n == number and ins:
            others = [w for w in range(len(build.types)) if build.types[w] == build.types[ins[port]]]
            ins[port] = draw.choice(others)
        at.update(zip(node.outs, build.add(node.box, ins), strict=True))
    return build.build(at[w] for w in flat.outputs)


SIGNATURE = Signature(map(fixed, BOXES), [X, Y])


def diagrams(most: int = 8) -> st.SearchStrategy[Diagram]:
    """Any small diagram over these boxes, some of them dead."""
    return strategies.diagrams(SIGNATURE, boxes=most, inputs=3, weights=False, states=False, frames=False)


Step = tuple[str, int, int]


@st.composite
def programs(draw: st.DrawFn, most: int = 5) -> list[Step]:
    """Steps of a string diagram: what is done at which place."""
    step = st.tuples(st.sampled_from(["f", "g", "h", "k", "swap", "copy"]), st.integers(0, 9), st.just(0))
    return draw(st.lists(step, max_size=most))


def run_program(steps: list[Step]) -> Diagram:
    """The diagram of such steps on X @ X; a step that does not fit is left out."""
    whole = Id((X, X))
    kinds = {"f": F, "g": G, "h": H, "k": K}
    for what, where, _ in steps:
        wires = tuple(whole.cod)
        at = where % max(1, len(wires))
        if what in kinds:
            part, width = kinds[what].diagram(), len(kinds[what].dom)
            if wires[at : at + width] != kinds[what].dom:
                continue
        elif what == "swap":
            if len(wires) < at + 2:
                continue
            part, width = Swap(wires[at], wires[at + 1]), 2
        else:
            part, width = Copy(wires[at : at + 1]), 1
        whole = whole >> Id(wires[:at]) @ part @ Id(wires[at + width :])
    return whole


__all__ = [
    "BOXES", "NOISE", "SIGNATURE", "Discard", "F", "G", "H", "K", "X", "Y", "diagrams", "following", "mark", "programs",
    "random_diagram", "reordered", "repeat", "rewired", "run_program", "state", "weight",
]  # fmt: skip
