"""Elementwise boxes: one expression of torch each. Numbers stay literals, scalars and channels stay views."""

from __future__ import annotations

from diagrammar.backends.torch.function import Function
from diagrammar.backends.torch.meanings.call import is_pair, written_out
from diagrammar.backends.torch.values import Value
from diagrammar.diagram import Box
from diagrammar.errors import BackendError

# {0}, {1}: operands as expressions. Generated operands are names, views, literals: no brackets are needed round them
REAL = {
    "std:add": "{0} + {1}",
    "std:sub": "{0} - {1}",
    "std:mul": "{0} * {1}",
    "std:div": "{0} / {1}",
    "std:pow": "{0} ** {1}",
    "std:max": "torch.maximum({0}, {1})",
    "std:min": "torch.minimum({0}, {1})",
    "std:maximum": "torch.maximum({0}, {1})",
    "std:minimum": "torch.minimum({0}, {1})",
    "std:neg": "-{0}",
    "std:abs": "torch.abs({0})",
    "std:sign": "torch.sign({0})",
    "std:exp": "torch.exp({0})",
    "std:log": "torch.log({0})",
    "std:sqrt": "torch.sqrt({0})",
    "std:sin": "torch.sin({0})",
    "std:cos": "torch.cos({0})",
    "std:tanh": "torch.tanh({0})",
    "std:erf": "torch.erf({0})",
    "std:less": "{0} < {1}",
    "std:equal": "{0} == {1}",
    "std:both": "{0} & {1}",
    "std:either": "{0} | {1}",
    "std:negate": "~{0}",
    "std:select": "torch.where({0}, {1}, {2})",
    "std:relu": "torch.relu({0})",
    "std:gelu": "F.gelu({0})",
    "std:silu": "F.silu({0})",
    "std:sigmoid": "torch.sigmoid({0})",
    # above 40 the sum is the argument itself in float64 too
    "std:softplus": "F.softplus({0}, threshold=40.0)",
}

# with a number as the second operand
_NUMBER = {
    "std:max": "torch.clamp({0}, min={1})",
    "std:min": "torch.clamp({0}, max={1})",
    "std:maximum": "torch.clamp({0}, min={1})",
    "std:minimum": "torch.clamp({0}, max={1})",
}

# complex numbers as pairs: sums are the sums of the pairs, the rest is written on complex views
_PAIRS = {
    "std:add": "{0} + {1}",
    "std:sub": "{0} - {1}",
    "std:neg": "-{0}",
    "std:mul": "_pair_mul({0}, {1})",
    "std:div": "_pair_div({0}, {1})",
}
_VIEWED = {"std:exp", "std:log", "std:sqrt", "std:sin", "std:cos", "std:tanh", "std:pow"}


def elementwise(fn: Function, box: Box, values: list[Value]) -> str:
    """The expression of an elementwise box."""
    origin = box.origin
    if any(map(is_pair, box.dom)):
        return _pairs(fn, box, values)
    shapes = [value.shape for value in values]
    if shapes == ["full"] or shapes == ["full", "full"]:
        return REAL[origin].format(*[value.text for value in values])
    if shapes[-1] == "number" and origin in _NUMBER and shapes[0] == "full":
        return _NUMBER[origin].format(values[0].text, values[1].text)
    if shapes == ["number", "full"] and origin in _NUMBER:
        return _NUMBER[origin].format(values[1].text, values[0].text)
    texts = [value.text for value in values]
    inner = range(1, 3) if origin == "std:select" else range(len(values))
    # one operand has to carry the shape; where torch wants tensors, numbers become tensors
    tensors_only = "torch" in REAL[origin] and origin != "std:select"
    carried = any(shapes[at] == "full" for at in range(len(values)))
    for at in range(len(values)):
        literal = shapes[at] == "number" and (tensors_only or at not in inner)
        if literal or (not carried and at == inner[0]):
            texts[at] = written_out(fn, values[at])
    if origin == "std:select" and shapes[1] == shapes[2] == "number":
        texts[1] = written_out(fn, values[1])
    return REAL[origin].format(*[f"({text})" if text.startswith("-") else text for text in texts])


def _pairs(fn: Function, box: Box, values: list[Value]) -> str:
    origin = box.origin
    if origin in ("std:mul", "std:div") and values[1].shape == "number":
        return REAL[origin].format(written_out(fn, values[0]), values[1].text)
    if origin == "std:mul" and values[0].shape == "number":
        return REAL[origin].format(written_out(fn, values[1]), values[0].text)
    texts = [written_out(fn, value) for value in values]
    if origin == "std:select":
        return f"torch.where({texts[0]}.unsqueeze(-1), {texts[1]}, {texts[2]})"
    if origin in _PAIRS:
        if origin in ("std:mul", "std:div"):
            fn.helper(_PAIRS[origin].split("(")[0])
        return _PAIRS[origin].format(*texts)
    if origin == "std:abs":
        return f"{fn.helper('_pair')}(torch.linalg.vector_norm({texts[0]}, dim=-1))"
    if origin in _VIEWED:
        views = [f"torch.view_as_complex({text}.contiguous())" for text in texts]
        return f"torch.view_as_real({REAL[origin].format(*views)})"
    raise BackendError(f"torch: `{box.name}` has no meaning on complex numbers", box.span)
