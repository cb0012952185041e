"""The conformance suite of backends: what any backend has to hold to, as checks that a test runner collects."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from diagrammar.backend import Backend, missing
from diagrammar.diagram import Box, Copy, Diagram, Discard, Id, Swap, definitions, share
from diagrammar.divisibility import conditions
from diagrammar.errors import BackendError
from diagrammar.source import Source, Span
from diagrammar.strategies.diagrams import diagrams
from diagrammar.strategies.room import Options, room_of
from diagrammar.strategies.signature import Signature, signature_of
from diagrammar.types import Tensor, Types
from diagrammar.wellformed import verify

_R = Tensor("R", (3,))
# names that are words of Python or of a framework, that differ in case or in signs alone, that hold other scripts
_NAMES = ("class", "self", "torch", "None", "x1", "X1", "x1_2", "λ", "f'", "forward", "Main", "_", "lambda")
_NORMAL = (("init", "normal"), ("args", (("std", 1), ("mean", 0))), ("where", ()))
# more than Python recurses into
_MANY = 1_200
# what fails is shrunk, and not explained: each try compiles
_PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


@dataclass(frozen=True)
class Check:
    """One check of a suite: `run()` returns, or raises what is wrong."""

    name: str
    run: Callable[[], None]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Algebra:
    """The category that a backend goes to, where functoriality is asked: what its objects compose to.

    `view(image, diagram)` is the arrow that an image is; `then` and `tensor` compose arrows, `identity`, `swap` and
    `copy` are those of given wires; `equal(a, b, diagram)` says whether two arrows of that diagram are one. Where
    images are only counted, costs say, an arrow is a number: `then` and `tensor` are sums, and wires are 0. `owned`
    counts the weights that an image has, where it has any. Without `discards` the laws are asked of diagrams in which
    all that is made is used: costs leave out what is not.
    """

    view: Callable[[Any, Diagram], Any]

    then: Callable[[Any, Any], Any]
    tensor: Callable[[Any, Any], Any]
    identity: Callable[[Types], Any]
    swap: Callable[[Types, Types], Any]
    copy: Callable[[Types], Any]
    equal: Callable[[Any, Any, Diagram], bool]
    owned: Callable[[Any], int] | None = None
    discards: bool = True


def suite(
    backend: Backend,
    algebra: Algebra | None = None,
    *,
    signature: Signature | None = None,
    examples: int = 30,
) -> Iterator[Check]:
    """The checks of a backend, on `examples` random diagrams each, over the library or a signature of one's own.

    Every box that it means compiles and is written; a box that it does not mean is a BackendError that names the box
    and its place; the same diagram gives the same text; names never collide; long and deep diagrams are taken. With an
    `algebra`: composites, side by side, identities, swaps and copies are kept, frames change nothing, and two mentions
    of one instance own what one does.

    >>> from diagrammar.backend import get
    >>> for check in suite(get("cost"), examples=3):
    ...     check.run()
    """
    signature = signature_of("std") if signature is None else signature
    test = _Test(backend, algebra, signature, examples)
    yield Check("what it means compiles and is written", test.meanings)
    yield Check("what it does not mean is named with its place", test.refusals)
    yield Check("one diagram has one text", test.one_text)
    yield Check("names never collide", test.names)
    yield Check("long and deep diagrams are taken", test.long_and_deep)
    if algebra is not None:
        yield Check("composition is kept", test.composition)
        yield Check("side by side is kept", test.side_by_side)
        yield Check("identities, swaps and copies are kept", test.wiring)
        yield Check("frames change nothing", test.frames)
        if algebra.owned is not None:
            yield Check("one instance owns what one does", test.sharing)


@dataclass(frozen=True)
class _Test:
    """A backend under test."""

    backend: Backend
    algebra: Algebra | None
    signature: Signature
    examples: int

    # ------------------------------------------------------------------------------------------------ images

    def knows(self, diagram: Diagram) -> bool:
        """Whether the backend means every box."""
        return next(missing(diagram, self.backend), None) is None

    def arrow(self, diagram: Diagram) -> Any:
        """The arrow that a diagram becomes."""
        return self.law().view(self.backend.compile(diagram), diagram)

    def image(self, diagram: Diagram) -> Any:
        """The same of a diagram that was drawn; one that the backend refuses is left out."""
        assume(self.knows(diagram))
        try:
            return self.arrow(diagram)
        except BackendError:
            # sizes and kinds of numbers that it has no meaning at; that these are named is a check of its own
            assume(False)

    def law(self) -> Algebra:
        """The algebra, which is there."""
        assert self.algebra is not None
        return self.algebra

    def drawn(self, run: Callable[[Any], None], strategy: st.SearchStrategy[Any]) -> None:
        """Runs a check on drawn values."""
        each = settings(
            max_examples=self.examples,
            deadline=None,
            database=None,
            phases=_PHASES,
            suppress_health_check=list(HealthCheck),
        )
        each(given(strategy)(run))()

    def plain(self, dom: Types | None = None) -> st.SearchStrategy[Diagram]:
        """Diagrams that own nothing and draw nothing: their images are functions of their inputs."""
        every = self.law().discards
        return diagrams(
            self.signature, dom=dom, boxes=6, inputs=2, weights=False, random=False, states=False, shares=False,
            discards=every, frames=every,
        )  # fmt: skip

    def samples(self) -> Iterator[Diagram]:
        """Each generator on the first of the signature's types that it fits."""
        room = room_of(self.signature, Options())
        for name in range(len(room.named)):
            for way, types in room.entries(name):
                made = room.on(name, way, types)
                if made:
                    yield made[0].diagram
                    break

    def step(self) -> Diagram:
        """A box that the backend means, from one wire to a wire of the same type."""
        for sample in self.samples():
            if len(sample.dom) == 1 and sample.dom == sample.cod and self.knows(sample):
                return sample
        raise AssertionError(f"{self.backend.name}: it means no box from a type to itself")

    # ------------------------------------------------------------------------------------------------ checks

    def meanings(self) -> None:
        """Boxes one by one, then diagrams of several."""
        meant = [sample for sample in self.samples() if self.knows(sample)]
        assert meant, f"{self.backend.name}: it means no box of the signature"
        for sample in meant:
            self.takes(sample, strict=all(box.is_frame or not box.insides for box in _boxes(sample)))

        def check(diagram: Diagram) -> None:
            assume(self.knows(diagram))
            self.takes(diagram, strict=False)

        self.drawn(check, diagrams(self.signature, boxes=8))

    def takes(self, diagram: Diagram, strict: bool) -> None:
        """Compiles and writes a diagram whose boxes are meant.

        Where it holds combinators, or boxes at sizes of their own, it may be refused still, with a place.
        """
        try:
            self.backend.compile(diagram)
            assert isinstance(self.backend.emit(diagram, conditions=conditions(diagram)), str)
        except BackendError as error:
            if strict:
                raise
            assert error.span is not None, f"an error without a place: {error}"

    def refusals(self) -> None:
        """A box that nobody declared, alone, among others and in a frame."""
        span = Span(Source("here.dg", "x >> mystery"), 5, 12)
        box = Box("mystery", (_R,), (_R,), origin="here:mystery", key="mystery", span=span)
        inside = Diagram.of(box).named("part")
        for diagram in (Diagram.of(box), Copy(_R) >> box @ Id(_R), inside >> inside):
            if self.backend.means(box):
                self.backend.compile(diagram)
                continue
            try:
                self.backend.compile(diagram)
            except BackendError as error:
                assert "mystery" in error.message, f"the error does not name the box: {error}"
                assert error.span == span, f"the error does not say where the box is: {error}"
            else:
                raise AssertionError(f"{self.backend.name}: a box that it does not mean is compiled")

    def one_text(self) -> None:
        """Text by text, from diagrams that were made twice."""

        def check(diagram: Diagram) -> None:
            assume(self.knows(diagram))
            try:
                first = self.backend.emit(diagram)
            except BackendError:
                assume(False)
            again = pickle.loads(pickle.dumps(diagram))
            assert self.backend.emit(again) == first

        self.drawn(check, diagrams(self.signature, boxes=8))

    def names(self) -> None:
        """Frames, and what they own, under words of Python, in two cases, and with signs of other scripts."""
        step = self.step()
        owner = Box("weight", (), tuple(step.dom), origin="weight", params=_NORMAL, key="w")
        whole = Id(step.dom)
        plain = Id(step.dom)
        for name in _NAMES:
            inside = step
            if self.backend.means(owner):
                inside = owner.with_(key=name) @ step >> Discard(step.dom) @ Id(step.dom)
            whole = whole >> inside.named(name).frame(key=name)
            plain = plain >> inside
        verify(whole)
        made = self.backend.compile(whole)
        assert isinstance(self.backend.emit(whole), str)
        if self.algebra is not None:
            assert self.algebra.equal(self.algebra.view(made, whole), self.arrow(plain), plain)
            if self.algebra.owned is not None and self.backend.means(owner):
                assert self.algebra.owned(made) == len(_NAMES), "two names are one"

    def long_and_deep(self) -> None:
        """More than Python would recurse into."""
        step = self.step()
        deep = step
        for _ in range(_MANY):
            deep = Diagram.of(deep.named("level").frame())
        for diagram in (Id(step.dom).then(*[step] * _MANY), deep):
            self.backend.compile(diagram)
            assert isinstance(self.backend.emit(diagram), str)

    def composition(self) -> None:
        """The image of `f >> g` is that of f, then that of g."""

        def check(pair: tuple[Diagram, Diagram]) -> None:
            f, g = pair
            law = self.law()
            assert law.equal(self.image(f >> g), law.then(self.image(f), self.image(g)), f >> g), f"{f}{g}"

        pairs = self.plain().flatmap(lambda f: st.tuples(st.just(f), self.plain(tuple(f.cod))))
        self.drawn(check, pairs)

    def side_by_side(self) -> None:
        """The image of `f @ g` is those of f and g side by side."""

        def check(pair: tuple[Diagram, Diagram]) -> None:
            f, g = pair
            law = self.law()
            assert law.equal(self.image(f @ g), law.tensor(self.image(f), self.image(g)), f @ g), f"{f}{g}"

        self.drawn(check, st.tuples(self.plain(), self.plain()))

    def wiring(self) -> None:
        """Wires without boxes are wires in the image."""
        law = self.law()
        wires = self.step().dom
        pairs = [
            (Id(wires), law.identity(wires)),
            (Id(wires @ wires), law.identity(wires @ wires)),
            (Swap(wires, wires), law.swap(wires, wires)),
            (Copy(wires), law.copy(wires)),
        ]
        for diagram, image in pairs:
            assert law.equal(self.arrow(diagram), image, diagram), diagram

    def frames(self) -> None:
        """A named diagram means what is inside it."""

        def check(diagram: Diagram) -> None:
            framed = Diagram.of(diagram.named("part").frame())
            assert self.law().equal(self.image(framed), self.image(diagram), diagram), str(diagram)

        self.drawn(check, self.plain())

    def sharing(self) -> None:
        """Two mentions own twice what one does; two mentions of a share own what one does."""
        owned = self.law().owned
        assert owned is not None
        wires = self.step().dom
        weight = Box("weight", (), tuple(wires), origin="weight", params=_NORMAL, key="w")
        assert self.backend.means(weight), "what has no weights owns none: leave `owned` out"
        part = (weight @ self.step() >> Swap(wires, wires)).named("part")
        both = Discard(wires) @ Id(wires)
        one = owned(self.backend.compile(part >> both))
        two = owned(self.backend.compile(part >> both >> part >> both))
        shared = share(part, "same")
        assert (two, owned(self.backend.compile(shared >> both >> shared >> both))) == (2 * one, one)


def _boxes(diagram: Diagram) -> Iterator[Box]:
    """The boxes of all levels."""
    return (node.box for level in definitions(diagram) for node in level.flat.nodes)
