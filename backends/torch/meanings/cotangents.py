"""Cotangents of boxes that torch has one operation for, and the forwards that leave what these read.

The operands of a cotangent are what `schedule.residuals` says that it reads, then the cotangents of the results; its
results are the cotangents of the active inputs. Those of weights are summed over the batch.
"""

from __future__ import annotations

from collections.abc import Callable

from diagrammar.backends.torch.function import rank
from diagrammar.backends.torch.meanings.call import Call, Meaning, Result, Several, written_out
from diagrammar.backends.torch.meanings.composites import attended, owned
from diagrammar.backends.torch.meanings.fields import padding_of
from diagrammar.backends.torch.meanings.spectra import modes_of
from diagrammar.diagram import Box
from diagrammar.schedule.residuals import weights_of
from diagrammar.types import sizes_of


class Back:
    """A cotangent that is written: `of` is the box that it is of, `active` its inputs that have one."""

    def __init__(self, c: Call) -> None:
        assert c.box.derived is not None
        self.c = c
        self.of: Box = c.box.derived.of
        self.active = c.box.derived.active
        self.names = weights_of(self.of)
        self.first = len(self.of.dom) - len(self.names)
        reads = c.param("reads")
        assert isinstance(reads, tuple)
        self.reads = [int(str(at)) for at in reads]
        self.seed = c.arg(len(self.reads))

    def at(self, place: int) -> str:
        """An input, a result, or what the forward left, by its place among them."""
        found = self.reads.index(place)
        # an operand is given a batch axis where nothing has one, a weight is not
        is_weight = self.first <= place < len(self.of.dom)
        return written_out(self.c.fn, self.c.values[found]) if is_weight else self.c.arg(found)

    def weight(self, name: str) -> str:
        """A weight of the frame."""
        return self.at(self.first + self.names.index(name))

    def left(self, number: int) -> str:
        """What the forward left."""
        return self.at(len(self.of.dom) + len(self.of.cod) + number)

    def mask(self, *names: str) -> tuple[bool, ...]:
        """Whether the operand is active, and each of the weights."""
        return (self.active[0], *(name in self.names and self.active[self._place(name)] for name in names))

    def _place(self, name: str) -> int:
        return self.first + self.names.index(name)

    def results(self, operand: Callable[[], str], **weights: Callable[[], str]) -> Result:
        """The cotangents of what is active, in the order of the inputs."""
        texts = [operand()] if self.active[0] else []
        texts += [weights[name]() for name in self.names if self.active[self._place(name)]]
        self.c.flags = (*(True for _ in texts[: self.active[0]]), *(False for _ in texts[self.active[0] :]))
        return tuple(texts)

    def parts(self, text: str, *names: str) -> Result:
        """The same, of an expression that gives the cotangents of the operand and of these weights as a tuple."""
        made = self.c.local(text)
        found = {name: f"{made}[{at}]" for at, name in enumerate(names, 1)}
        return self.results(lambda: f"{made}[0]", **{name: (lambda t=t: t) for name, t in found.items()})


def _simple(text: str, helper: str = "") -> Meaning:
    """{0}: what is read, {1}: the cotangent of the result."""

    def emit(c: Call) -> Result:
        if helper:
            c.helper(helper)
        return text.format(c.arg(0), c.arg(1))

    return Meaning(emit)


def _linear(c: Call) -> Result:
    back = Back(c)
    dy, several = back.seed, rank(back.of.dom[0]) > 1
    rows = f"{dy}.flatten(0, -2)" if several else dy
    return back.results(
        # `mm` is found faster than `@`, which counts where matrices are small
        lambda: f"{dy} @ {back.weight('W')}" if several else f"torch.mm({dy}, {back.weight('W')})",
        W=lambda: f"torch.mm({rows}.t(), {back.at(0)}{'.flatten(0, -2)' if several else ''})",
        c=lambda: f"{rows}.sum(0)",
    )


def _pointwise(c: Call) -> Result:
    back = Back(c)
    dy = back.seed
    axes = [0, *range(2, rank(back.of.dom[0]) + 1)]
    return back.results(
        lambda: f"{c.helper('_pointwise')}({dy}, {back.weight('W')}.t(), None)",
        W=lambda: f"{c.helper('_pointwise_kernel')}({dy}, {back.at(0)})",
        c=lambda: f"{dy}.sum({axes})",
    )


def _conv(c: Call) -> Result:
    back = Back(c)
    (box,) = (node.box for node in back.of.insides[0].flat.nodes if node.box.origin.startswith("std:convolution"))
    call = Call(c.fn, box, [], c.owner, False)
    kernel, stride, groups = call.whole("kernel", 3), call.whole("stride", 1), call.whole("groups", 1)
    left, right = padding_of(kernel, stride)
    mask = back.mask("W", "c")
    if box.origin == "std:convolution":
        text = f"{stride}, {left}, {right}, {call.text('padding', 'zeros')!r}, {groups}, {mask}"
        text = f"{c.helper('_convolve_back')}({back.seed}, {back.at(0)}, {back.weight('W')}, {text})"
    else:
        text = f"{stride}, {left}, {max(stride - kernel, 0)}, {groups}, {mask}"
        text = f"{c.helper('_transpose_back')}({back.seed}, {back.at(0)}, {back.weight('W')}, {text})"
    return back.parts(text, "W", "c")


def _modes(c: Call, box: Box) -> str:
    low = next(node.box for node in box.insides[0].flat.nodes if node.box.origin == "std:low")
    return repr(modes_of(Call(c.fn, low, [], c.owner, False)))


def _fourier_left(c: Call) -> Result:
    weights = owned(c)
    assert c.box.derived is not None
    bias = c.weight("c") if "c" in weights else "None"
    text = f"{c.arg()}, {c.weight('W')}, {bias}, {_modes(c, c.box.derived.of)}"
    return Several(f"{c.helper('_fourier_left')}({text})")


def _fourier(c: Call) -> Result:
    back = Back(c)
    dy = back.seed
    modes = _modes(c, back.of)
    axes = [0, *range(2, rank(back.of.dom[0]) + 1)]
    w = back.weight("W")
    made = c.local(f"{c.helper('_fourier_seed')}({dy}, {modes})") if any(back.mask("W")) else ""
    sizes = f"{dy}.shape[2:]"
    return back.results(
        lambda: f"{c.helper('_fourier_back')}({made}, {w}, {modes}, {sizes})",
        W=lambda: f"{c.helper('_fourier_kernel')}({made}, {back.left(0)}, {w}, {modes}, {sizes})",
        c=lambda: f"{dy}.sum({axes})",
    )


def _softmax(c: Call) -> Result:
    back = Back(c)
    axis = c.whole("axis", -1) % rank(back.of.dom[0]) + 1
    return f"torch._softmax_backward_data({back.seed}, {back.at(1)}, {axis}, {back.seed}.dtype)"


def _shape(c: Call, box: Box) -> str:
    scale = box.dom[len(box.dom) - len(weights_of(box)) + weights_of(box).index("scale")]
    return f"({', '.join(c.size(size) for size in sizes_of(scale))},)"


def _layer_norm_left(c: Call) -> Result:
    shape = f"({', '.join(c.size(size) for size in sizes_of(owned(c)['scale'].cod[0]))},)"
    args = f"{c.arg()}, {shape}, {c.weight('scale')}, {c.weight('shift')}, {c.number('eps', 1e-5)}"
    return Several(f"torch.native_layer_norm({args})")


def _layer_norm(c: Call) -> Result:
    back = Back(c)
    # the shift is asked for by its shape alone
    scale = back.weight("scale")
    read = f"{back.at(0)}, {_shape(c, back.of)}, {back.left(0)}, {back.left(1)}, {scale}, {scale}"
    text = f"{c.helper('_layer_norm_backward')}({back.seed}, {read}, {back.mask('scale', 'shift')})"
    return back.parts(text, "scale", "shift")


def _group_norm_left(c: Call) -> Result:
    args = f"{c.whole('groups', 1)}, {c.weight('scale')}, {c.weight('shift')}, {c.number('eps', 1e-5)}"
    return Several(f"{c.helper('_group_norm_left')}({c.arg()}, {args})")


def _group_norm(c: Call) -> Result:
    back = Back(c)
    groups = back.of.param("groups", 1)
    read = f"{back.at(0)}, {back.left(0)}, {back.left(1)}, {back.weight('scale')}, {groups}"
    text = f"{c.helper('_group_norm_back')}({back.seed}, {read}, {back.mask('scale', 'shift')})"
    return back.parts(text, "scale", "shift")


def _attend_left(c: Call) -> Result:
    return Several(f"{c.helper('_attend_left')}({', '.join(attended(c, len(c.values) == 4))})")


def _attend(c: Call) -> Result:
    back = Back(c)
    read = [*attended(c, len(back.of.dom) == 4), c.with_batch(len(back.of.dom))]
    made = c.local(f"{c.helper('_attend_back')}({back.seed}, {', '.join(read)})")
    return tuple(f"{made}[{at}]" for at in range(3) if back.active[at])


MEANINGS: dict[str, Meaning] = {
    "vjp:std:relu": _simple("_threshold_backward({1}, {0}, 0)", "_threshold_backward"),
    "vjp:std:tanh": _simple("_tanh_backward({1}, {0})", "_tanh_backward"),
    "vjp:std:sigmoid": _simple("_sigmoid_backward({1}, {0})", "_sigmoid_backward"),
    "vjp:std:gelu": _simple("_gelu_backward({1}, {0})", "_gelu_backward"),
    "vjp:std:silu": _simple("_silu_backward({1}, {0})", "_silu_backward"),
    "vjp:std:softplus": _simple("_softplus_backward({1}, {0}, 1.0, 40.0)", "_softplus_backward"),
    "vjp:std:exp": _simple("{1} * {0}"),
    "vjp:std:sqrt": _simple("{1} / (2.0 * {0})"),
    "vjp:std:linear": Meaning(_linear),
    "vjp:std:pointwise": Meaning(_pointwise),
    "vjp:std:conv": Meaning(_conv),
    "vjp:std:conv_transpose": Meaning(_conv),
    "left:std:fourier": Meaning(_fourier_left),
    "vjp:std:fourier": Meaning(_fourier),
    "vjp:std:softmax": Meaning(_softmax),
    "left:std:layer_norm": Meaning(_layer_norm_left),
    "vjp:std:layer_norm": Meaning(_layer_norm),
    "left:std:group_norm": Meaning(_group_norm_left),
    "vjp:std:group_norm": Meaning(_group_norm),
    "left:std:attend": Meaning(_attend_left),
    "vjp:std:attend": Meaning(_attend),
}
