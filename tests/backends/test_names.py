"""Names and strings of a text never reach the generated code as code, and any name is a path."""

from __future__ import annotations

import ast
import copy
import pickle

import pytest
import torch

from diagrammar.diagram import Box, Builder
from diagrammar.errors import BackendError
from diagrammar.source import Source, Span
from diagrammar.types import Space

from .build import F, R, alone, chain, frame, linear, make, prim, repeat, weight

HOSTILE = [
    "forward", "parameters", "training", "self", "T_destination", "class", "lambda", "None", "__init__", "__class__",
    "_parameters", "_modules", "_like", "_weights", "_run", "u'", "u''", "größe", "ﬁ", "x", "v0", "w0", "m0", "like",
    "torch", "F", "state_dict", "source", "a b", '"', "\\", "'); import os; ('", "{x}", "%s", "名前", "_constant_0",
]  # fmt: skip


def owner(weight_name: str, where: tuple[str, ...] = ()) -> Box:
    """A box with one weight of this name."""
    b = Builder([R(3)])
    (w,) = b.add(weight(weight_name, R(3), where=where), [])
    return frame("box", b.build(b.add(prim("mul", [R(3)] * 2, [R(3)]), [0, w])))


@pytest.mark.parametrize("name", HOSTILE)
def test_weights_and_boxes_of_any_name(name: str) -> None:
    """A weight and a box may be called anything; the path is made of their names."""
    inner = Box(name, (R(3),), (R(3),), origin=f"test:{name}", key=name, insides=owner(name).insides)
    module = make(chain(inner))
    assert list(module.state_dict()) == [f"{name}.{name}"]
    x = torch.randn(2, 3)
    want = x * module.state_dict()[f"{name}.{name}"]
    for net in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module)), make(chain(inner), flat=True)):
        assert torch.equal(net(x), want)
    plain = make(chain(owner(name)))
    state = {k: torch.zeros_like(v) for k, v in plain.state_dict().items()}
    assert torch.equal(torch.func.functional_call(plain, state, (x,)), torch.zeros(2, 3))
    state = {k: torch.zeros_like(v) for k, v in module.state_dict().items()}
    module.load_state_dict(state, strict=True)
    assert torch.equal(module(x), torch.zeros(2, 3))
    indexed = make(chain(repeat(2, alone(inner))))
    assert list(indexed.state_dict()) == [f"{name}.{i}.{name}" for i in range(2)]
    assert indexed(x).shape == (2, 3)


@pytest.mark.parametrize("name", HOSTILE)
def test_constrained_weights_of_any_name(name: str) -> None:
    """A constrained weight of a reserved name is kept as `weight_NAME`; any other under its own."""
    module = make(chain(owner(name, ("nonneg",))))
    (key,) = module.state_dict()
    assert key in (f"box.parametrizations.{name}.original", f"box.parametrizations.weight_{name}.original")
    y = module(torch.ones(2, 3))
    assert (y >= 0).all()
    assert torch.equal(pickle.loads(pickle.dumps(module))(torch.ones(2, 3)), y)


def test_strings_are_literals() -> None:
    """Names of spaces, boxes and classes with quotes and newlines make no code."""
    bad = 'X\'; raise SystemExit(1)\n"""\nraise SystemExit(2) #'
    X = Space((("torus", 1, bad),), (4,))
    module = make(alone(frame(bad, chain(Box("sin", (F(X, 1),), (F(X, 1),), origin="std:sin")), key="k")))
    assert module(torch.zeros(1, 4)).shape == (1, 4)
    with pytest.raises(ValueError, match="raise SystemExit"):
        module(torch.zeros(1, 5))
    hidden = make(chain(owner(bad.replace("\n", " "))))
    assert hidden(torch.ones(3)).shape == (3,)
    with pytest.raises(ValueError, match="cannot be the name of a class"):
        make(chain(linear(3, 3)), name="Main: pass\nimport os\nclass X")


def test_generated_names_are_ours() -> None:
    """Every name that generated code binds or reads is one that this package makes."""
    from diagrammar.backends.torch import runtime

    module = make(chain(owner("forward"), linear(3, 3), owner("__import__")))
    own = set(runtime._definitions())
    body = module.source.split("_INPUTS = ")[1]
    tree = ast.parse("_INPUTS = " + body)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    words = "self torch F nn super inputs tails batch len _INPUTS seed dtype device boxes getattr"
    tables = "_weights _children _constants _needs_like __doc__"
    allowed = own | set(words.split()) | set(tables.split())
    rest = {name for name in names - allowed if not (name[0] in "vwmnst" and name[1:].isdigit())}
    assert rest <= {"Box", "Linear"}, rest


def test_errors_have_places() -> None:
    """A box without a meaning is named, at its place in the text."""
    source = Source("f.dg", "diagram f = mystery\n")
    box = Box("mystery", (R(3),), (R(3),), origin="std:mystery", span=Span(source, 12, 19))
    with pytest.raises(BackendError, match="mystery") as caught:
        make(chain(frame("outer", chain(box))))
    assert str(caught.value).startswith("f.dg:1:13: backend error: torch: the box `mystery` has no meaning")


@pytest.mark.parametrize("key", ["a.b", "", "^", "~"])
def test_keys_are_names(key: str) -> None:
    """A key that is no name is refused."""
    b = Builder([])
    with pytest.raises(BackendError, match="is not a name"):
        make(b.build(b.add(weight(key, R(3)), [])))


def test_two_weights_of_one_key() -> None:
    """Two weights of one key are one; if they differ, that is an error."""
    b = Builder([])
    (w,) = b.add(weight("W", R(3)), [])
    (u,) = b.add(weight("W", R(3)), [])
    module = make(b.build(b.add(prim("sub", [R(3)] * 2, [R(3)]), [w, u])))
    assert torch.equal(module(), torch.zeros(3))
    b = Builder([])
    b.add(weight("W", R(3)), [])
    b.add(weight("W", R(4)), [])
    with pytest.raises(BackendError, match="two different weights"):
        make(b.build([]))
