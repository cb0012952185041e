"""How long equality takes: 10,000 boxes made in another order, and with one deep wire moved, beside DisCoPy 1.2.2."""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Sequence

from diagrammar.diagram import Box, Builder, Diagram
from diagrammar.types import Tensor

# what was measured, ours, the bar, whether it holds
Row = tuple[str, str, str, bool]

X = Tensor("R", (2,))
INPUTS, NEAR = 4, 6


def network(count: int, order: Sequence[int] | None = None, moved: int | None = None) -> Diagram:
    """A net of boxes with inputs near each other, its boxes made in this order; in one of them a wire may be moved."""
    draw = random.Random(7)
    spec = [
        [draw.randrange(max(0, INPUTS + n - NEAR), INPUTS + n) for _ in range(draw.randint(1, 2))] for n in range(count)
    ]
    if moved is not None:
        spec[moved][0] -= 1
    build = Builder((X,) * INPUTS)
    at = {wire: wire for wire in range(INPUTS)}
    for number in order or range(count):
        ins = [at[wire] for wire in spec[number]]
        (at[INPUTS + number],) = build.add(Box(f"f{len(ins)}", (X,) * len(ins), (X,)), ins)
    return build.build(at[wire] for wire in range(INPUTS + count - NEAR, INPUTS + count))


def shuffled(count: int) -> list[int]:
    """Another order in which every box of `network` comes after those that it needs: in blocks, lazily."""
    needs = [node.ins for node in network(count).flat.nodes]
    draw = random.Random(3)
    left = [sum(wire >= INPUTS for wire in set(ins)) for ins in needs]
    users: dict[int, list[int]] = {}
    for number, ins in enumerate(needs):
        for wire in set(ins):
            users.setdefault(wire - INPUTS, []).append(number)
    ready = [number for number in range(count) if not left[number]]
    order = []
    while ready:
        number = ready.pop(draw.randrange(len(ready)))
        order.append(number)
        for user in users.get(number, ()):
            left[user] -= 1
            if not left[user]:
                ready.append(user)
    return order


def needed(diagram: Diagram) -> int:
    """The first box past the middle that the outputs need."""
    wanted = set(diagram.flat.outputs)
    found = 0
    for number, node in reversed(list(enumerate(diagram.flat.nodes))):
        if wanted.intersection(node.outs):
            wanted.update(node.ins)
            found = number if number > len(diagram.flat.nodes) // 2 else found
    return found


def seconds(left: Diagram, right: Diagram, expected: bool) -> float:
    """How long `==` takes where no hash is known: the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        assert (left == right) is expected
        best = min(best, time.perf_counter() - start)
    return best


def discopy(count: int) -> float | None:
    """Seconds for two chains of so many boxes in DisCoPy, with the making of their hypergraphs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from discopy.markov import Box as Theirs
            from discopy.markov import Id, Ty
    except ImportError:
        return None
    x = Ty("x")
    f = Theirs("f", x, x)
    start = time.perf_counter()
    assert Id(x).then(*[f] * count).to_hypergraph() == Id(x).then(*[f] * count).to_hypergraph()
    return time.perf_counter() - start


def main() -> list[Row]:
    """The table."""
    count, bar = 10_000, 0.2
    base = network(count)
    other = network(count, shuffled(count))
    wrong = network(count, shuffled(count), moved=needed(base))
    rows = []
    for what, right, expected in (("equal, made in another order", other, True), ("one deep wire moved", wrong, False)):
        took = seconds(base, right, expected)
        rows.append(
            (f"equality, {count:,} boxes, {what}", f"{1000 * took:.1f} ms", f"< {1000 * bar:.0f} ms", took < bar)
        )
    theirs = discopy(30)
    if theirs is not None:
        chain = Diagram.id((X,)).then(*[Box("f", (X,), (X,))] * 30)
        again = Diagram.id((X,)).then(*[Box("f", (X,), (X,))] * 30)
        took = seconds(chain, again, True)
        rows.append(
            (
                f"equality, chains of 30, DisCoPy {1000 * theirs:.0f} ms",
                f"{1000 * took:.2f} ms",
                "faster",
                took < theirs,
            )
        )
    return rows
