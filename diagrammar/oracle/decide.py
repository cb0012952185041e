"""Whether two diagrams are equal: evaluated at random points, exactly where they are polynomials."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from diagrammar.box import Box
from diagrammar.category import Place, interpret
from diagrammar.diagram import Diagram, definitions
from diagrammar.errors import BackendError, DiagramTypeError
from diagrammar.oracle import fields, functions, loops, tensors
from diagrammar.oracle.call import Call, Wire, is_complex
from diagrammar.oracle.numbers import BITS, PRIMES, Floats, Growth, NoInverse, NotPolynomial, Residues
from diagrammar.sizes import Poly, Size, evaluate, variables
from diagrammar.source import Span
from diagrammar.types import Tensor, Tokens, Type, same_type, shape_of, show, sizes_of

MEANINGS = {**tensors.MEANINGS, **fields.MEANINGS, **functions.MEANINGS, **loops.MEANINGS}
# how far apart, as a part of their size, two floats of one value may be
CLOSE = 1e-9
_TRIES = 200


class Verdict(NamedTuple):
    """What was found out: `equal` is True, False, or None where nothing could be evaluated.

    `exact` says that it was found by exact arithmetic: then what is equal is so but for a chance of `error`, over the
    choice of points and primes, and what is not equal is certainly not. Otherwise `box` is the one that is no
    polynomial, with its place, and the two sides agree, or do not, in float64. `degree` bounds that of the polynomials;
    `points` is how many points both were evaluated at. `sizes` and `witness` (an output, an entry of it, and both
    values there) tell where they differ; `prime` is that of these values.
    """

    equal: bool | None
    exact: bool
    error: float = 1.0
    degree: int = 0
    points: int = 0
    box: Box | None = None
    reason: str = ""
    sizes: Mapping[str, int] | None = None
    witness: tuple[int, tuple[int, ...], Any, Any] | None = None
    prime: int = 0

    @property
    def span(self) -> Span | None:
        """The place of the box that is no polynomial."""
        return None if self.box is None else self.box.span

    def __str__(self) -> str:
        if self.equal is None:
            return f"not decided: {self.reason}"
        what = "equal" if self.equal else "different"
        if not self.exact:
            return f"{what} in float64 at {self.points} points; {self.reason}, so this is no proof"
        if self.equal:
            return f"equal but for a chance of {self.error:.0e}: {self.points} points, degree {self.degree}"
        assert self.witness is not None
        output, entry, left, right = self.witness
        return (
            f"different: output {output + 1} at {entry} is {left} on the left and {right} on the right mod {self.prime}"
        )


def decide(left: Diagram, right: Diagram, *, seed: int = 0, points: int = 3) -> Verdict:
    """Whether two diagrams are equal, for all inputs and weights, at small sizes drawn from the seed.

    Equal keys on both sides are one weight. Free sizes are drawn anew for each point. Raises DiagramTypeError where the
    diagrams are not of one type, BackendError where numpy is not installed.

    >>> import diagrammar as dg
    >>> text = "diagram f(u : R[2], v : R[2]) -> R[2] {{ return {} }}"
    >>> f, g, h = (dg.loads(text.format(e))["f"] for e in ("(u + v)^2", "u^2 + v * (2 * u + v)", "u^2 + v^2"))
    >>> print(decide(f, g))
    equal but for a chance of 1e-53: 3 points, degree 2
    >>> decide(f, h).equal
    False
    """
    for near, far in ((left.dom, right.dom), (left.cod, right.cod)):
        if len(near) != len(far) or not all(map(same_type, near, far)):
            notes = (f"left   {show(tuple(near))}", f"right  {show(tuple(far))}")
            raise DiagramTypeError("the two sides have other wires", None, notes)
    numpy = _numpy()
    draw = random.Random(seed)
    try:
        found = _exactly(numpy, left, right, draw, points)
    except NotPolynomial as error:
        reason, box = str(error.args[0]), error.args[1]
        try:
            found = _roughly(numpy, left, right, draw, points)._replace(box=box, reason=reason)
        except NotPolynomial as unknown:
            return Verdict(None, False, box=unknown.args[1], reason=str(unknown.args[0]))
    bound = _constrained(left, right)
    if found.equal is False and bound is not None:
        # other values than those that were drawn may be the only ones
        return Verdict(
            None, False, box=bound, reason=f"the values of the weight `{bound.key}` are bound by a condition"
        )
    return found


def _numpy() -> Any:
    try:
        return import_module("numpy")
    except ImportError:
        raise BackendError("the oracle needs numpy, which is not installed: pip install numpy") from None


def _exactly(numpy: Any, left: Diagram, right: Diagram, draw: random.Random, points: int) -> Verdict:
    """Both sides modulo primes. Raises NotPolynomial where a box is none."""
    error, degree, done, tries = 1.0, 0, 0, 0
    while done < points:
        system = Residues(numpy, draw)
        sizes = _sizes(left, right, draw)
        try:
            ends = _run(numpy, (left, right), system, sizes, draw)
        except NoInverse:
            tries += 1
            if tries > _TRIES:
                raise NotPolynomial("something divides by zero everywhere", None) from None
            continue
        growth = Growth()
        for port, (a, b) in enumerate(zip(*ends, strict=True)):
            witness = _difference(numpy, a.array, b.array, 0.0)
            if witness is not None:
                return Verdict(False, True, 0.0, sizes=sizes, witness=(port, *witness), prime=system.prime)
            growth = growth.largest(a.growth.plus(b.growth))
        degree = max(degree, growth.degree)
        # a root of the difference, or a prime that divides all its coefficients; none that divides by zero
        room = (1 << BITS) - growth.below
        chance = growth.degree / room + growth.bits / BITS / PRIMES if room > 0 else 1.0
        error *= min(1.0, chance)
        done += 1
    return Verdict(True, True, error, degree, done)


def _roughly(numpy: Any, left: Diagram, right: Diagram, draw: random.Random, points: int) -> Verdict:
    """Both sides in float64."""
    for done in range(points):
        sizes = _sizes(left, right, draw)
        with numpy.errstate(all="ignore"):
            ends = _run(numpy, (left, right), Floats(numpy, draw), sizes, draw)
        for port, (a, b) in enumerate(zip(*ends, strict=True)):
            witness = _difference(numpy, a.array, b.array, CLOSE)
            if witness is not None:
                return Verdict(False, False, points=done + 1, sizes=sizes, witness=(port, *witness))
    return Verdict(True, False, points=points)


def _difference(numpy: Any, left: Any, right: Any, close: float) -> tuple[tuple[int, ...], Any, Any] | None:
    """The first entry at which two arrays differ, with both values; values that are no numbers are alike."""
    scale = 0.0
    if close and left.size:
        scale = float(max(numpy.nanmax(numpy.abs(left), initial=0), numpy.nanmax(numpy.abs(right), initial=0)))
    for at in numpy.ndindex(*left.shape):
        a, b = left[at], right[at]
        if a == b or (a != a and b != b):
            continue
        if not close or not abs(a - b) <= close * scale:
            return at, a, b
    return None


# ------------------------------------------------------------------------------------------------------ evaluation

Owned = Callable[[Box, str], Wire]


def values(
    numpy: Any,
    diagram: Diagram,
    system: Residues | Floats,
    sizes: Mapping[str, int],
    inputs: Sequence[Wire],
    weight: Owned,
) -> tuple[Wire, ...]:
    """The outputs of a diagram; `weight` gives the value of a weight by its path.

    Raises NotPolynomial for a box without a meaning in these numbers, NoInverse where something divides by zero.
    """

    def meaning(box: Box, args: tuple[Wire, ...], place: Place) -> Sequence[Wire]:
        if box.origin == "weight":
            return (weight(box, place.path()),)
        mean = MEANINGS.get(box.origin)
        if mean is None:
            raise NotPolynomial(f"`{box.name}` has no meaning here", box)
        return mean(Call(box, args, place, system, numpy, sizes))

    return interpret(diagram, meaning, inputs)


def _run(
    numpy: Any, sides: Sequence[Diagram], system: Residues | Floats, sizes: Mapping[str, int], draw: random.Random
) -> list[tuple[Wire, ...]]:
    """The outputs of both sides, on the same inputs and weights."""
    known: dict[str, Wire] = {}

    def weight(box: Box, path: str) -> Wire:
        if path not in known:
            known[path] = _random(numpy, box.cod[0], system, sizes, draw, box)
        return known[path]

    inputs = [_random(numpy, wire, system, sizes, draw, None) for wire in sides[0].dom]
    return [values(numpy, side, system, sizes, inputs, weight) for side in sides]


def _random(
    numpy: Any, wire: Type, system: Residues | Floats, sizes: Mapping[str, int], draw: random.Random, box: Box | None
) -> Wire:
    """A random value of a wire."""
    shape = tuple(int(evaluate(size, sizes)) for size in shape_of(wire))
    if isinstance(wire, Tokens) or (isinstance(wire, Tensor) and wire.kind == "Bool"):
        if system.exact:
            raise NotPolynomial(f"a wire of {wire} is no polynomial", box)
        most = int(evaluate(sizes_of(wire)[0], sizes)) if isinstance(wire, Tokens) else 2
        flat = numpy.array([draw.randrange(most) for _ in range(math.prod(shape))], dtype=int).reshape(shape)
        return Wire(flat if isinstance(wire, Tokens) else flat == 1)
    if is_complex(wire):
        if system.exact:
            raise NotPolynomial(f"a wire of {wire} is complex", box)
        pair = system.random(shape)
        return Wire(pair[..., 0] + 1j * pair[..., 1])
    return Wire(system.random(shape), Growth(1, 0, 0.0, 0.0))


def _constrained(*sides: Diagram) -> Box | None:
    """A weight whose values are bound by a condition, if there is one."""
    boxes = (box for side in sides for level in definitions(side) for box in level.boxes)
    return next((box for box in boxes if box.origin == "weight" and box.param("where", ())), None)


def _sizes(left: Diagram, right: Diagram, draw: random.Random) -> dict[str, int]:
    """Small numbers for the free sizes, so that every size is a whole number and none is negative."""
    found: dict[Size, None] = {}
    for side in (left, right):
        for level in definitions(side):
            for wire in level.flat.types:
                found.update(dict.fromkeys(size for size in sizes_of(wire) if isinstance(size, Poly)))
    names = sorted({name for size in found for name in variables(size)})
    for attempt in range(_TRIES):
        most = 3 + attempt // 10
        sizes = {name: draw.randint(1, most) * (1 if attempt % 2 else 2) for name in names}
        values = [evaluate(size, sizes) for size in found]
        if all(value.denominator == 1 and value > 0 for value in values):
            return sizes
    raise NotPolynomial(f"no small numbers fit the sizes {', '.join(names)}", None)
