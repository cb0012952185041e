"""Names and literals in generated code. Every name there is made here: no text of a user is ever read as code."""

from __future__ import annotations

import keyword
import math
import re
from fractions import Fraction

from torch import nn

from diagrammar.errors import BackendError

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
# what a generated class has besides
_OURS = {"source", "parametrizations", "_weights", "_children", "_constants", "_needs_like", "_like", "_run", "_lift"}
_OURS |= {"_plain", "_there", "_back", "_back_weights", "_back_inputs", "_ends", "_single"}
_RESERVED = frozenset(dir(nn.Module())) | _OURS
_NUMBERED = re.compile(r"_(forward|constant)_[0-9]+\Z")


def is_plain(name: str) -> bool:
    """Whether `module.name` is Python and means a member of that name."""
    return bool(_PLAIN.match(name)) and not keyword.iskeyword(name) and name not in _RESERVED


def is_reserved(name: str) -> bool:
    """Whether `nn.Module` (or a generated class) has an attribute of this name, which a member would hide behind.

    Such members are read from the tables of the module; torch's own walk along a path (`get_submodule`,
    `functional_call`) does not find a box of such a name.
    """
    return name in _RESERVED or bool(_NUMBERED.match(name))


def stored(name: str, constrained: bool) -> str:
    """The name under which a member is kept, and so its part of the path: its own.

    Only a constrained weight with a reserved name is kept as `weight_NAME`: `parametrize` needs a free attribute.

    >>> stored("forward", False), stored("forward", True)
    ('forward', 'weight_forward')
    """
    return f"weight_{name}" if constrained and is_reserved(name) else name


def member(owner: str, name: str, table: str) -> str:
    """The expression that reads a member of a module; `table` is `_modules`, `_parameters` or `_buffers`.

    Weights are read by attribute, so that `parametrize` holds. Modules are read from their table: an attribute of a
    module is found by `nn.Module.__getattr__`, in Python, which costs a stack of small blocks 3 %.

    >>> member("self", "W", "_parameters"), member("self", "u'", "_parameters"), member("m", "layer", "_modules")
    ('self.W', 'getattr(self, "u\\'")', "m._modules['layer']")
    """
    if table == "_modules":
        return f"{owner}._modules[{name!r}]"
    if is_plain(name):
        return f"{owner}.{name}"
    if is_reserved(name):
        return f"{owner}.{table}[{name!r}]"
    return f"getattr({owner}, {name!r})"


def class_name(text: str, taken: set[str]) -> str:
    """A class name like what the text calls it: `fno_layer` becomes `FnoLayer`, a second one `FnoLayer2`."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    base = "".join(word[0].upper() + word[1:] for word in words)[:40] or "Box"
    if base[0].isdigit():
        base = "Box" + base
    name, number = base, 1
    while name in taken or keyword.iskeyword(name):
        number += 1
        name = f"{base}{number}"
    taken.add(name)
    return name


def literal(value: object) -> str:
    """A checked value as Python: numbers, truth values, strings, tuples of these.

    >>> literal((1, Fraction(1, 2), "a'b", True)), literal(float("inf"))
    ('(1, 0.5, "a\\'b", True)', 'math.inf')
    """
    match value:
        case int() if not -(2**63) <= value < 2**63:
            # torch takes no whole numbers as large as -1e30 is
            return literal(float(value))
        case bool() | int() | str() | None:
            return repr(value)
        case Fraction():
            return literal(int(value) if value.denominator == 1 else float(value))
        case float():
            if math.isnan(value):
                return "math.nan"
            if math.isinf(value):
                return "math.inf" if value > 0 else "(-math.inf)"
            return repr(value)
        case tuple():
            inner = ", ".join(map(literal, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case _:
            raise BackendError(f"{value!r} has no meaning in torch")
