"""What the language means, one fact a test: inference, families, conditions, paths of weights, states, printing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch

import diagrammar as dg

ROOT = Path(__file__).parents[2]


def net(text: str, name: str = "net", **parameters: Any) -> Any:
    """The compiled diagram of a text."""
    return dg.compile(dg.loads(text, **parameters)[name], seed=0)


def keys(text: str, name: str = "net", **parameters: Any) -> list[str]:
    """The paths of the weights of a diagram."""
    return list(net(text, name, **parameters).state_dict())


def shapes(text: str, name: str = "net", **parameters: Any) -> dict[str, tuple[int, ...]]:
    """The weights of a diagram with their sizes."""
    return {key: tuple(value.shape) for key, value in net(text, name, **parameters).state_dict().items()}


def type_of(text: str, name: str = "net", **parameters: Any) -> str:
    """The type of a diagram as it is printed."""
    diagram = dg.loads(text, **parameters)[name]
    return f"{diagram.dom} -> {diagram.cod}"


def refused(text: str, message: str) -> None:
    """A text is refused with this message."""
    with pytest.raises(dg.DiagrammarError) as caught:
        dg.loads(text)
    assert message in caught.value.render()


# ------------------------------------------------------------------------------------ static values and parameters


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("7 / 2 * 2", 7),
        ("(0.1 + 0.2) * 10", 3),
        ("floor(7 / 2) + ceil(7 / 2) * 10", 43),
        ("round(5 / 2) + 10 * round(7 / 2)", 42),
        ("min(3, 4) + 10 * max(3, 4, 5)", 53),
        ("abs(0 - 3) + sqrt(49)", 10),
        ("2^3^2", 512),
        ("len([3, 4, 5] * 2)", 3),
        ("([3, 4, 5] * 2 + 1)[2]", 11),
        ("[[1, 2], [3, 4]][1][0]", 3),
        ("len(1 .. 4)", 4),
        ("if 1 < 2 and not (2 >= 3) then 5 else 6", 5),
        ('if "a" == "b" or 3 != 4 then 5 else 6', 5),
        ("dim(torus(3)) + 1", 4),
        ("len(per_axis(3, cube(2)))", 2),
        ("half([5, 5])[0] + 10 * half([5, 5])[1]", 35),
        ("floor(100 * pi)", 314),
        ("floor(exp(1) * 100) + floor(cos(0) + sin(0) + log(1))", 272),
        ("wires(R @ R[2] @ I)", 2),
        ("count(R[3, 4])", 12),
    ],
)
def test_static_values(value: str, size: int) -> None:
    """Static values are exact, and lists work entry by entry."""
    assert type_of(f"let a = {value}\ndiagram net : R[a] -> R[a] = sin") == f"R[{size}] -> R[{size}]"


def test_parameters_are_overridden() -> None:
    """A keyword argument replaces the default of a parameter; one that is not there is an error."""
    text = "param n : int = 3\nlet m = 2 * n\ndiagram net : R[n] -> R[m] = linear"
    assert type_of(text) == "R[3] -> R[6]"
    assert type_of(text, n=5) == "R[5] -> R[10]"
    with pytest.raises(dg.DiagrammarError, match="q"):
        dg.loads(text, q=3)
    with pytest.raises(dg.DiagrammarError, match="a whole number"):
        dg.loads(text, n=2.5)


def test_edges_and_truth() -> None:
    """`edge` is periodic on a torus only; `truth` and `totals` are types."""
    text = "param p : str = edge(torus(2))\nparam q : str = edge(cube(2))"
    assert dg.loads(text).parameters == {"p": "circular", "q": "zeros"}
    text = "space X = torus(1)\ndiagram net(u : Field[X, 3], v : R[4]) -> totals(Field[X, 3]) @ truth(R[4]) {\n"
    assert type_of(text + "  return mean(u), less(v, 2 * v)\n}") == "Field[X, 3] @ R[4] -> R[3] @ Bool[4]"


def test_lists_have_entries_of_their_kind() -> None:
    """A parameter of kind [int] takes whole numbers alone."""
    with pytest.raises(dg.DiagrammarError):
        dg.loads('param n : [int] = [3, "x"]')


# --------------------------------------------------------------------------------------------------- inference


def test_sizes_are_inferred_from_both_ends() -> None:
    """A size that is not given follows from the wires where the box stands, before and after it."""
    text = "diagram net : R[8] -> R[2] = linear[b = 16] >> gelu >> linear"
    assert shapes(text) == {"linear.W": (16, 8), "linear.c": (16,), "linear_2.W": (2, 16), "linear_2.c": (2,)}


def test_arguments_by_order_and_by_name() -> None:
    """Sizes go by the order of the header or by name."""
    for arguments in ("8, 16", "b = 16", "8, b = 16", "b = 16, a = 8", "8, 16, false", "bias = false, b = 16"):
        assert shapes(f"diagram net : R[8] -> R[16] = linear[{arguments}]")["linear.W"] == (16, 8)


def test_types_spaces_and_diagrams_find_their_parameter() -> None:
    """A type, a space or a diagram goes to a parameter of its kind, wherever that stands."""
    text = "space X = torus(1)\ntype V = Field[X, 2]\n"
    text += "diagram on[n : int, A, f : A -> A, X : space] : A -> A = repeat n { f }\n"
    orders = ("2, V, pointwise, X", "pointwise, X, V, 2", "X, pointwise, 2, V", "f = pointwise, n = 2, X = X, A = V")
    for arguments in orders:
        got = keys(text + f"diagram net : V -> V = on[{arguments}]")
        assert got == [f"on.f.{i}.{w}" for i in range(2) for w in ("W", "c")], arguments


def test_defaults_come_last() -> None:
    """A default holds where nothing else decides, and may speak of another parameter."""
    text = "diagram net : R[8] -> R[8] = linear >> linear[b = 3] >> linear >> linear"
    assert [shape for key, shape in shapes(text).items() if key.endswith("W")] == [(8, 8), (3, 8), (3, 3), (8, 3)]


def test_one_unknown_that_occurs_linearly_is_solved() -> None:
    """An equation between sizes is solved for one unknown with a whole solution, else it is an error."""
    text = "diagram pair[n] : R[2 * n + 1] -> R[n] {\n  weight W : R[n, 2 * n + 1]\n"
    text += '  x -> einsum["a, b a -> b"](x, W)\n}\n'
    assert shapes(text + "diagram net : R[7] -> R[3] = pair") == {"pair.W": (3, 7)}
    refused(text + "diagram net : R[8] -> R[3] = pair", "")


def test_a_header_is_complete() -> None:
    """A name in a header that nothing declares is a spelling error, not a new variable."""
    refused("diagram net : R[n] -> R[n] = sin", "nothing here is called `n`")


def test_grids_are_unified() -> None:
    """A diagram over X is used on another grid of X; two grids do not mix."""
    text = "space X = torus(2)\ndiagram f : Field[X, 1] -> Field[X, 1] = conv[3]\n"
    finer = "Field[2 * X, 1] -> Field[2 * X, 1]"
    assert type_of(text + f"diagram net : {finer} = f") == finer
    refused(text + "diagram net : Field[X, 1] -> Field[2 * X, 1] = f", "grids differ")


def test_spaces_are_told_apart_by_name() -> None:
    """Two spaces of one kind are two."""
    refused("space X = torus(1)\nspace Y = torus(1)\ndiagram net : Field[X, 1] -> Field[Y, 1] = id", "other wires")


# -------------------------------------------------------------------------------------- families and conditions


def test_families() -> None:
    """`Level[l]` is the type at l: a coarser grid, more channels."""
    text = "space X = torus(1)\ntype Level[l] = Field[X / 2^l, 3 * 2^l]\n"
    text += "diagram net : Level[0] -> Level[2] = conv[3, stride = 2, b = 6] >> conv[3, stride = 2]"
    assert type_of(text) == "Field[X, 3] -> Field[X / 4, 12]"
    assert shapes(text)["conv_2.W"] == (12, 6, 3)


def test_optional_wires() -> None:
    """A type that is `I` on one branch is a wire that may be absent."""
    text = """param masked : bool = true
type M = if masked then Bool[3] else I
diagram net(u : R[3], m : M) -> R[3] { return if wires(M) == 0 then u else select(m, u, 0) }"""
    assert type_of(text) == "R[3] @ Bool[3] -> R[3]"
    assert type_of(text, masked=False) == "R[3] -> R[3]"


def test_conditions_of_a_cycle() -> None:
    """Coarsening twice asks that four divide each axis, and the module checks it with the caller's numbers."""
    text = "space X = torus(2)\ndiagram net : Field[X, 1] -> Field[X, 1] = down >> down >> up >> up\n"
    text += "diagram down : Field[X, 1] -> Field[X / 2, 1] = conv[3, stride = 2]\n"
    text += "diagram up : Field[X, 1] -> Field[2 * X, 1] = conv_transpose[4, stride = 2]"
    found = dg.conditions(dg.loads(text)["net"])
    assert sorted((str(size), divisor) for size, divisor in found) == [("X.0", 4), ("X.1", 4)]
    module = net(text)
    assert module(torch.zeros(2, 1, 8, 12)).shape == (2, 1, 8, 12)
    with pytest.raises(ValueError, match="divisible by 4"):
        module(torch.zeros(2, 1, 8, 10))


def test_conditions_is_a_function() -> None:
    """`dg.conditions(d)` is the call that the package names."""
    assert dg.conditions(dg.loads("dim n\ndiagram f : R[n] -> R[n] = sin")["f"]) == ()


def test_a_stack_is_a_tensor() -> None:
    """`R[3]^5` is `R[5, 3]`."""
    assert type_of("diagram net : R[3]^5 -> R[5, 3] = id") == "R[5, 3] -> R[5, 3]"


# -------------------------------------------------------------------------------------------- paths of weights

V = "type V = R[3]\n"


def test_a_second_mention() -> None:
    """A second and third mention are `_2` and `_3`, in the order of the text."""
    text = V + "diagram net(u : V) -> V { return linear(u) + linear(sin(linear(u))) }"
    assert set(keys(text)) == {f"linear{k}.{w}" for k in ("", "_2", "_3") for w in "Wc"}
    # the text order, not the order of evaluation: the outer one is first in the text
    text = "diagram net : R[3] -> R[5] = (x -> linear[4, 5](linear[3, 4](x)))"
    assert shapes(text)["linear.W"] == (5, 4)


def test_the_index_of_a_repeat() -> None:
    """The step stands after the name of what is mentioned in it."""
    text = V + "diagram layer : V -> V = linear >> gelu\ndiagram net : V -> V = repeat 2 { layer }"
    assert keys(text) == [f"layer.{i}.linear.{w}" for i in range(2) for w in "Wc"]
    text = "diagram net : R[3] -> R[5] = repeat 2 as i { linear[b = 4 + i] }"
    assert shapes(text) == {"linear.0.W": (4, 3), "linear.0.c": (4,), "linear.1.W": (5, 4), "linear.1.c": (5,)}


def test_repeat_zero_is_the_identity() -> None:
    """`repeat 0` has no weights and changes nothing."""
    text = V + "diagram net : V -> V = repeat 0 { linear }"
    assert dg.loads(text)["net"].boxes == []
    module = net(text)
    assert not module.state_dict()
    assert torch.equal(module(torch.arange(3.0)), torch.arange(3.0))


def test_a_share_is_one_instance() -> None:
    """`share` in a block: one set of weights, under its name, however often it is used."""
    text = V + "diagram net : V -> V {\n  share cell = linear\n  cell >> repeat 4 { cell } >> linear\n}"
    assert keys(text) == ["cell.W", "cell.c", "linear.W", "linear.c"]


def test_a_share_of_a_file_is_one_instance() -> None:
    """A `share` of a file is one instance across the diagrams that mention it, at the top of the paths."""
    text = V + "share tie = linear\ndiagram g : V -> V = tie\ndiagram net : V -> V = tie >> sin >> g"
    assert keys(text) == ["tie.W", "tie.c"]


def test_a_diagram_parameter_is_a_recipe() -> None:
    """Each mention of a parameter S is fresh, under `S`; a `share` that is given for it stays one."""
    text = V + "diagram twice[S : V -> V] : V -> V = S >> sin >> S\n"
    assert keys(text + "diagram net : V -> V = twice[linear]") == [
        "twice.S.W", "twice.S.c", "twice.S_2.W", "twice.S_2.c",
    ]  # fmt: skip
    text += "diagram net : V -> V {\n  share cell = linear\n  twice[cell]\n}"
    assert keys(text) == ["cell.W", "cell.c"]


def test_arguments_move_no_key() -> None:
    """Operators, parentheses, lambdas, `if`, `map` and static arguments add nothing to a path."""
    text = V + "diagram f : V -> V = linear\ndiagram net : V -> V = "
    bodies = ["f", "2 * f + 1", "(x -> f(x))", "(((f)))", "if 1 == 1 then f else f", "sin >> f", "f >> relu", "f + id"]
    for body in bodies:
        assert keys(text + body) == ["f.linear.W", "f.linear.c"], body
    text = "diagram net(x : R[5, 3]) -> R[5, 3] { return map[linear](x) }"
    assert keys(text) == ["linear.W", "linear.c"]
    assert keys(V + "diagram net : V -> V = linear[3, 3, bias = true]") == keys(V + "diagram net : V -> V = linear")


def test_a_branch_that_is_not_taken_has_no_weights() -> None:
    """Neither its boxes nor its use of a weight of the block are left."""
    text = V + "param b : bool = false\ndiagram net(u : V) -> V {\n  weight c : V\n"
    text += "  return if b then linear(u) + c else u\n}"
    assert keys(text) == []
    assert set(keys(text, b=True)) == {"linear.W", "linear.c", "c"}


def test_as_names_a_mention() -> None:
    """`(f as name)` is f under another key, and is not counted among the others."""
    text = V + "diagram net : V -> V = linear >> (linear as inner) >> linear"
    assert list(dict.fromkeys(key.partition(".")[0] for key in keys(text))) == ["linear", "inner", "linear_2"]


def test_a_weight_is_a_wire() -> None:
    """A weight may be passed on: tied over a repeat, next to what is fresh in each step."""
    text = (
        V
        + """diagram mix(K : R[3, 3]) : V -> V { v -> einsum["i, o i -> o"](v, K) }
diagram net : V -> V {
  weight K : R[3, 3]
  repeat 4 { mix(K) + linear }
}"""
    )
    assert keys(text) == ["K", *(f"linear.{i}.{w}" for i in range(4) for w in "Wc")]


def test_a_diagram_of_a_block_is_fresh() -> None:
    """A `diagram` in a block is fresh at each mention and sees the wires of the block."""
    text = V + "diagram net(u : V) -> V {\n  diagram g : V -> V = linear >> (v -> v + u)\n  return u >> g >> g\n}"
    assert keys(text) == [f"g{k}.linear.{w}" for k in ("", "_2") for w in "Wc"]


def test_recursion_nests_the_paths() -> None:
    """Each level of a recursion has weights of its own size, inside of those before it."""
    text = "diagram down[l : int] : R[2^l] -> R[1] = if l == 0 then id else linear[b = 2^(l - 1)] >> down[l - 1]\n"
    found = shapes(text + "diagram net : R[8] -> R[1] = down[3]")
    assert {key: shape for key, shape in found.items() if key.endswith("W")} == {
        "down.linear.W": (4, 8), "down.down.linear.W": (2, 4), "down.down.down.linear.W": (1, 2),
    }  # fmt: skip


def test_constraints_hold() -> None:
    """A constraint holds after a step of an optimiser."""
    text = (
        V
        + """diagram net(u : V) -> V {
  weight W : R[3, 3] = orthogonal where orthogonal
  weight c : V = ones where nonneg
  return einsum["a, b a -> b"](u, W) + c
}"""
    )
    module = net(text)
    optimiser = torch.optim.SGD(module.parameters(), lr=10.0)
    module(torch.ones(4, 3)).sum().backward()
    optimiser.step()
    assert torch.allclose(module.W @ module.W.T, torch.eye(3), atol=1e-5)
    assert bool((module.c >= 0).all())


# ----------------------------------------------------------------------------------- application, wires, captures


def test_two_lists_of_wires() -> None:
    """`mix(K)` is a diagram, `mix(K)(v)` a wire, `mix` alone takes both lists."""
    mix = V + 'diagram mix(K : R[3, 3])(v : V) -> V { return einsum["a, b a -> b"](v, K) }\n'
    k, v = torch.randn(3, 3), torch.randn(3)
    for end in (
        "diagram net(K : R[3, 3], v : V) -> V { return mix(K)(v) }",
        "diagram net(K : R[3, 3], v : V) -> V { return v >> mix(K) }",
        "diagram net : R[3, 3] @ V -> V = mix",
    ):
        assert torch.allclose(net(mix + end)(k, v), k @ v, atol=1e-6)
    refused(mix + "diagram net(K : R[3, 3], _v : V) -> V { return mix(K) }", "a wire is wanted, this is a diagram")


def test_a_condition_reaches_every_layer() -> None:
    """`repeat 2 { block(t) }`: one wire t for layers of fresh weights."""
    text = """diagram block(t : R[2])(u : R[3]) -> R[3] { return u + linear[b = 3](t) }
diagram net(t : R[2], u : R[3]) -> R[3] { return repeat 2 { block(t) }(u) }"""
    module = net(text)
    assert [key for key in module.state_dict() if key.endswith("W")] == ["block.0.linear.W", "block.1.linear.W"]
    t, u, state = torch.randn(2), torch.randn(3), module.state_dict()
    want = u + sum(state[f"block.{i}.linear.W"] @ t + state[f"block.{i}.linear.c"] for i in range(2))
    assert torch.allclose(module(t, u), want, atol=1e-6)


def test_arguments_may_capture_wires() -> None:
    """A diagram in `[...]` may mention wires and weights in scope."""
    text = "diagram net(x : R[5, 3], t : R[3]) -> R[5, 3] {\n  weight w : R[3] = constant(2)\n"
    text += "  return map[u -> u * t + w](x)\n}"
    x, t = torch.randn(5, 3), torch.randn(3)
    assert torch.allclose(net(text)(x, t), x * t + 2)


def test_an_application_gives_all_wires() -> None:
    """Fewer wires than a diagram takes is an error whose hint is a lambda."""
    refused(V + "diagram two(u : V, v : V) -> V = u + v\ndiagram net(u : V) -> V { return two(u) }", "takes 2 wires")


def test_bundles_are_flat() -> None:
    """A name may hold several wires; arguments are laid side by side."""
    text = (
        V
        + """type S = V @ V
diagram both(u : V) -> S { return sin(u), cos(u) }
diagram three(u : V, v : V, w : V) -> V = u + 2 * v + 3 * w
diagram net(u : V) -> V {
  s : S = both(u)
  a, b = s
  return three(s, a * b)
}"""
    )
    u = torch.randn(3)
    want = torch.sin(u) + 2 * torch.cos(u) + 3 * torch.sin(u) * torch.cos(u)
    assert torch.allclose(net(text)(u), want, atol=1e-6)


def test_a_wire_used_twice_is_one() -> None:
    """What is computed once and used twice is one box in the diagram."""
    diagram = dg.loads("diagram net(u : R) -> R {\n  v = exp(u)\n  return v * v\n}")["net"]
    assert [box.name for box in diagram.boxes] == ["exp", "mul"]


def test_unused_wires() -> None:
    """A wire that no text mentions is an error; a name with `_` discards; a branch not taken is a mention."""
    refused("diagram net(u : R, v : R) -> R = u", "the wire `v` is never used")
    refused("diagram net(u : R) -> R {\n  w = sin(u)\n  return u\n}", "the wire `w` is never used")
    assert type_of("diagram net(u : R, _v : R) -> R = u") == "R @ R -> R"
    assert type_of("diagram net(u : R, v : R) -> R { return if 1 == 2 then v else u }") == "R @ R -> R"


def test_pointwise_arithmetic_of_diagrams() -> None:
    """`f + g` is `copy >> (f @ g) >> add`, and numbers stand for constants."""
    a = dg.loads(V + "diagram net : V -> V = sin + cos")["net"]
    b = dg.loads(V + "diagram net : V -> V = copy >> (sin @ cos) >> add")["net"]
    assert dg.same(a, b) and not dg.same(a, dg.loads(V + "diagram net : V -> V = cos + sin")["net"])
    assert torch.allclose(net(V + "diagram net : V -> V = 2 * sin - 1 / 2")(torch.zeros(3)), torch.full((3,), -0.5))


def test_precedence() -> None:
    """`^` before unary minus, `*` before `+`, `+` before `@`, `@` before `>>`."""
    x = torch.tensor(3.0)
    assert float(net("diagram net(x : R) -> R = -x^2 + 2 * x")(x)) == -3.0
    assert float(net("diagram net(x : R) -> R = x - 1 - 1")(x)) == 1.0
    got = net("diagram net : R -> R = copy >> sin + 1 @ cos >> add")(x)
    assert torch.allclose(got, torch.sin(x) + 1 + torch.cos(x))


def test_channels_and_scalars_broadcast() -> None:
    """R[c] with Field[X, c] is per channel, a scalar goes everywhere, and nothing else broadcasts."""
    text = "space X = torus(2)\ndiagram net(u : Field[X, 2], c : R[2], s : R) -> Field[X, 2] { return c * u + s }"
    u, c, s = torch.randn(2, 4, 5), torch.randn(2), torch.randn(())
    assert torch.allclose(net(text)(u, c, s), c[:, None, None] * u + s)
    refused("diagram net(u : R[3, 4], v : R[4]) -> R[3, 4] { return u + v }", "takes two wires of one type")


def test_entries_of_a_wire() -> None:
    """`w[i]` is the i-th entry along the first axis, channel i of a field."""
    x = torch.randn(3, 4)
    assert torch.equal(net("diagram net(u : R[3, 4]) -> R[4] { return u[0] + u[2] }")(x), x[0] + x[2])


# ---------------------------------------------------------------------------------------------- combinators


def test_a_formula_becomes_a_field() -> None:
    """`tabulate` has the values of a formula at the points of the grid."""
    text = "space X = torus(1)\ndiagram net(u : Field[X, 1]) -> Field[X, 1] {\n"
    text += "  return u + tabulate[x -> sin(2 * pi * x)]()\n}"
    points = torch.arange(8) / 8
    assert torch.allclose(net(text)(torch.zeros(1, 8)), torch.sin(2 * torch.pi * points)[None], atol=1e-6)


def test_combinators() -> None:
    """fold from the left, scan with every step, tree over neighbours with an odd one promoted."""
    x, s = torch.randn(5, 3), torch.randn(3)
    step = "(s, x) -> 0.5 * s - x"
    text = f"dim k\ndiagram net(s : R[3], x : R[k, 3]) -> R[3] {{ return fold[{step}](s, x) }}"
    want, all_ = s, []
    for each in x:
        want = 0.5 * want - each
        all_.append(want)
    assert torch.allclose(net(text)(s, x), want, atol=1e-5)
    text = "dim k\ndiagram step(s : R[3], x : R[3]) -> R[3] @ R[3] {\n  z = 0.5 * s - x\n  return z, z\n}\n"
    text += "diagram net(s : R[3], x : R[k, 3]) -> R[3] @ R[k, 3] { return scan[step](s, x) }"
    last, each_step = net(text)(s, x)
    assert torch.allclose(last, want, atol=1e-5) and torch.allclose(each_step, torch.stack(all_), atol=1e-5)
    got = net("diagram net(x : R[5, 3]) -> R[3] { return tree[(a, b) -> a - 2 * b](x) }")(x)
    a, b = x[0] - 2 * x[1], x[2] - 2 * x[3]
    assert torch.allclose(got, (a - 2 * b) - 2 * x[4], atol=1e-5)


def test_map_at_each_point_of_a_field() -> None:
    """`map[f]` of f : R[a] -> R[b] is Field[X, a] -> Field[X, b] at each point."""
    module = net("space X = torus(1)\ndiagram net : Field[X, 2] -> Field[X, 4] = map[linear]")
    x, state = torch.randn(2, 7), module.state_dict()
    want = torch.einsum("an,ba->bn", x, state["linear.W"]) + state["linear.c"][:, None]
    assert torch.allclose(module(x), want, atol=1e-6)


# -------------------------------------------------------------------------------------- budget, states, training


def test_the_budget_is_an_argument() -> None:
    """An expansion past the budget is refused, at once; a larger budget lets it through."""
    text = "diagram net : R -> R = repeat 50 as i { repeat 50 as j { sin } }"
    with pytest.raises(dg.BudgetError):
        dg.loads(text, budget=1000)
    assert len(dg.loads(text, budget=10_000)["net"].dom) == 1
    start = time.perf_counter()
    with pytest.raises(dg.BudgetError):
        dg.loads("diagram net : R -> R = repeat 10^9 { sin }")
    assert time.perf_counter() - start < 1


def test_states() -> None:
    """A state keeps its value between calls, is saved, and is no parameter."""
    module = net("diagram net(u : R[3]) -> R[3] {\n  state m : R[3] = zeros\n  next m = m + u\n  return m\n}")
    u = torch.ones(3)
    assert [float(module(u)[0]) for _ in range(3)] == [0.0, 1.0, 2.0]
    assert list(module.state_dict()) == ["m"] and not list(module.parameters())


def test_training_chooses_between_wires() -> None:
    """Both branches of `if training` are compiled; .train() and .eval() choose."""
    module = net("diagram net(u : R[3]) -> R[3] { return if training then 2 * u else u }")
    u = torch.ones(3)
    assert torch.equal(module.train()(u), 2 * u) and torch.equal(module.eval()(u), u)


@pytest.mark.parametrize("sizes", [(8, 4, 6, 5), (2, 4, 3, 3)])
def test_batch_norm_is_that_of_torch(sizes: tuple[int, ...]) -> None:
    """batch_norm agrees with torch.nn.BatchNorm2d in training, where it updates, and in evaluation.

    Its running variance is of biased variances, as in the paper; torch's is of unbiased ones.
    """
    torch.manual_seed(0)
    ours = net("space X = torus(2)\ndiagram net : Field[X, 4] -> Field[X, 4] = batch_norm").double()
    theirs: Any = torch.nn.BatchNorm2d(4).double()
    count = sizes[0] * sizes[2] * sizes[3]
    steps = 3
    for _ in range(steps):
        x = torch.randn(sizes, dtype=torch.float64) * 2 + 1
        assert torch.allclose(ours.train()(x), theirs.train()(x), atol=1e-12)
    state = {key: value.clone() for key, value in ours.state_dict().items()}
    assert torch.allclose(state["batch_norm.running_mean"], theirs.running_mean)
    rest = 0.9**steps
    unbiased = rest + (state["batch_norm.running_var"] - rest) * count / (count - 1)
    assert torch.allclose(unbiased, theirs.running_var)
    x = torch.randn(sizes, dtype=torch.float64)
    with torch.no_grad():
        theirs.running_var.copy_(state["batch_norm.running_var"])
    assert torch.allclose(ours.eval()(x), theirs.eval()(x), atol=1e-12)
    assert all(torch.equal(value, state[key]) for key, value in ours.state_dict().items())


def test_random_boxes_draw_once() -> None:
    """A copy of a draw is the same draw; two boxes are two."""
    text = "diagram net(u : R[3]) -> R[3] @ R[3] {\n  g : R[3] = gaussian()\n  h : R[3] = gaussian()\n"
    module = net(text + "  return u + g - g, u + g - h\n}")
    a, b = module(torch.zeros(3))
    assert torch.equal(a, torch.zeros(3)) and bool((b != 0).all())


# -------------------------------------------------------------------------------------------------- printing


EXAMPLES = [(path, name) for path in sorted((ROOT / "examples").glob("*.dg")) for name in dg.load(path)]


@pytest.mark.parametrize(("path", "name"), EXAMPLES, ids=[f"{path.stem}-{name}" for path, name in EXAMPLES])
def test_what_is_printed_reads_back(path: Path, name: str) -> None:
    """The text of a diagram is a file in which a diagram of its name is the same."""
    diagram = dg.load(path)[name]
    again = dg.loads(str(diagram))
    assert dg.same(again[diagram.name or name], diagram)


@pytest.mark.parametrize(
    "text",
    [
        "diagram net(u : R[3], v : R[3]) -> R[3] @ R[3] {\n  w = exp(u)\n  return w * w, v\n}",
        "diagram net : R[3] -> R[3] {\n  share cell = linear\n  cell >> repeat 2 { cell >> linear }\n}",
        "diagram net(u : R[3]) -> R[3] {\n  state m : R[3] = zeros\n  next m = m + u\n  return m\n}",
        "diagram net(u : R[3]) -> R[3] { return if training then linear(u) else u }",
        "diagram net(x : R[5, 3], t : R[3]) -> R[5, 3] { return map[u -> u * t](x) }",
        "space X = cube(2)\ntype V = Field[X, 2]\n"
        "diagram net : V -> V = conv[3, stride = 2] >> conv_transpose[4, stride = 2]",
        "dim n\ndiagram net(u : R[n], v : R[n]) -> R[floor(n / 2) + ceil(n / 2)] = u - v",
        "diagram net : R[3] -> R[3] = (linear as inner) >> linear",
        "diagram net(u : R[3]) -> R[3] {\n  weight W : R[3, 3] = orthogonal where orthogonal\n"
        '  weight c : R[3] = normal(std = 0.5) where nonneg\n  return einsum["a, b a -> b"](u, W) + c\n}',
    ],
)
def test_printing_and_reading(text: str) -> None:
    """What is printed is the same diagram, with the same paths of weights."""
    diagram = dg.loads(text)["net"]
    again = dg.loads(str(diagram))["net"]
    assert dg.same(again, diagram)
    assert list(dg.compile(again).state_dict()) == list(dg.compile(diagram).state_dict())
