"""What the compiled module does with each diagram inside: which boxes it runs, which frames become modules."""

from __future__ import annotations

from diagrammar.diagram import Box, Diagram, definitions

# frames that are carried out by one call rather than by their inside
ENTRYWISE = frozenset(["relu", "gelu", "silu", "sigmoid", "softplus"])
FUSED = ENTRYWISE | {
    "linear", "pointwise", "conv", "conv_transpose", "fourier", "softmax", "layer_norm", "rms_norm", "group_norm",
    "attend",
}  # fmt: skip
# a weightless inside of at most so many boxes is written in place; modules nest at most so deep
SMALL, DEEP = 12, 60


def name_of(box: Box) -> str:
    """What a box of the library is called there."""
    return box.origin.removeprefix("std:") if box.origin.startswith("std:") else ""


def may_fuse(box: Box) -> bool:
    """Whether a frame may be carried out by one call."""
    return box.key is not None and name_of(box) in FUSED


class Facts:
    """Of one diagram: `live[i]` whether box i is run; `uses[w]` how often wire w is read; `owns` whether it has
    weights, states or modules of its own; `far` how much further out what it refers to is (-1: the root); `boxes` its
    primitive boxes with every frame expanded, `written` its boxes as the module's code has them."""

    __slots__ = ("boxes", "effect", "far", "height", "live", "owns", "trains", "uses", "written")

    def __init__(self) -> None:
        self.live: list[bool] = []
        self.uses: list[int] = []
        self.owns = self.effect = self.trains = False
        self.far: set[int] = set()
        self.boxes = self.written = self.height = 0

    @property
    def heavy(self) -> bool:
        """Whether it is a module."""
        return self.owns or self.effect or self.trains


class Survey:
    """The facts of every diagram inside one, and how often each is mentioned."""

    def __init__(self, root: Diagram) -> None:
        self._facts: dict[int, Facts] = {}
        self.mentions: dict[int, int] = {}
        self.order = definitions(root)
        for diagram in self.order:
            self._facts[id(diagram)] = self._survey(diagram)

    def __getitem__(self, diagram: Diagram) -> Facts:
        return self._facts[id(diagram)]

    def _survey(self, diagram: Diagram) -> Facts:
        facts = Facts()
        for node in diagram.flat.nodes:
            self._add(facts, node.box)
        uses = [0] * len(diagram.flat.types)
        for wire in diagram.flat.outputs:
            uses[wire] += 1
        live = [False] * len(diagram.flat.nodes)
        for at in range(len(live) - 1, -1, -1):
            node = diagram.flat.nodes[at]
            acts = node.box.origin == "next" or any(self[inside].effect for inside in node.box.insides)
            if acts or any(uses[wire] for wire in node.outs):
                live[at] = True
                for wire in node.ins:
                    uses[wire] += 1
        facts.live, facts.uses = live, uses
        return facts

    def _add(self, facts: Facts, box: Box) -> None:
        far = reach(box)
        if not box.insides:
            facts.boxes += box.origin not in ("weight", "state", "next")
            facts.written += 1
            facts.effect = facts.effect or box.origin == "next"
            if far is not None:
                facts.owns = facts.owns or far == 0
                facts.far |= {far} - {0}
            return
        facts.trains = facts.trains or box.origin == "training"
        loop = (box.origin, len(box.insides)) in (("repeat", 1), ("unwind", 2))
        count = box.param("count") if loop else 1
        assert isinstance(count, int)
        for inside in box.insides:
            inner = self[inside]
            self.mentions[id(inside)] = self.mentions.get(id(inside), 0) + 1
            facts.effect = facts.effect or inner.effect
            facts.boxes += inner.boxes * count
            facts.written += 1 if may_fuse(box) else inner.written
            facts.height = max(facts.height, inner.height + (box.key is not None))
            if box.key is None:
                facts.trains = facts.trains or inner.trains
                facts.owns = facts.owns or inner.owns
                facts.far |= inner.far
        if box.key is not None:
            self._frame(facts, far or 0, self[box.insides[0]])

    def _frame(self, facts: Facts, far: int, inner: Facts) -> None:
        if inner.heavy:
            facts.owns = facts.owns or far == 0
            facts.far |= {far} - {0}
        for each in inner.far:
            nearer = each - 1 if each > 0 else each
            facts.owns = facts.owns or nearer == 0
            facts.far |= {nearer} - {0}


def reach(box: Box) -> int | None:
    """How many keyed frames further out the key of a box starts; -1 for the root, None without a key."""
    if box.key is None:
        return None
    if box.key.startswith("/"):
        return -1
    return len(box.key) - len(box.key.lstrip("^"))
