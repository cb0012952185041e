"""Everything that `std` declares, as diagrams of many sizes: odd grids, grids of one point, square tensors."""

from __future__ import annotations

from .specimen import SQUARE, Specimen, build, fields, scaled
from .specimens_on_grids import on_grids, spectra

__all__ = ["SPECIMENS", "Specimen", "build"]

FIELD = "Field[X2[3, 4], 2]"


def unary(name: str, *more: str) -> list[Specimen]:
    """A function of one wire, entry by entry."""
    types = ("R", "R[4]", SQUARE, "Field[X2[3, 4], 2]", *more)
    return [(f"u : {kind}", kind, f"{name}(u)") for kind in types]


def binary(written: str, *more: str) -> list[Specimen]:
    """An operation on two wires, on a wire and a number, a scalar, channels."""
    cases = [(f"u : {kind}, v : {kind}", kind, written) for kind in ("R", "R[4]", "R[2, 3]", *more)]
    cases += [
        ("u : R[4]", "R[4]", written.replace("v", "0.3")),
        ("u : R[4]", "R[4]", written.replace("u", "0.3").replace("v", "u")),
    ]
    if written[0] == "u":
        cases.append((f"u : {FIELD}, v : R[2]", FIELD, written))
        cases.append((f"u : R, v : {FIELD}", FIELD, written))
    return cases


def relation(name: str) -> list[Specimen]:
    """A relation of two wires; signs are often equal."""
    return [
        (f"u : {kind}, v : {kind}", truth, f"{name}({a}, {b})")
        for kind, truth in (("R[4]", "Bool[4]"), ("R[9, 9]", "Bool[9, 9]"))
        for a, b in (("u", "v"), ("sign(u)", "sign(v)"))
    ] + [("u : R[4]", "Bool[4]", f"{name}(u, 0)")]


def truths(name: str, count: int) -> list[Specimen]:
    """A function of truth values."""
    words = ["u", "v", "w"][:count]
    return [
        (", ".join(f"{word} : {kind}" for word in words), kind, f"{name}({', '.join(words)})")
        for kind in ("Bool[9]", "Bool[4, 4]", "Bool")
    ]


def _elementwise() -> dict[str, list[Specimen]]:
    complexes = ("C[4]", "Spectrum[X2[3, 4], 2]")
    table = {name: unary(name) for name in ("sign", "erf", "relu", "gelu", "silu", "sigmoid", "softplus")}
    table |= {name: unary(name, *complexes) for name in ("exp", "sin", "cos", "tanh", "sqrt", "log", "abs", "neg")}
    table |= {"add": binary("u + v", *complexes), "sub": binary("u - v", *complexes)}
    table |= {"mul": binary("u * v", *complexes), "div": binary("u / v", *complexes)}
    table["pow"] = [
        ("u : R[4], v : R[4]", "R[4]", "exp(u)^v"),
        ("u : R[4]", "R[4]", "u^2 + u^-1"),
        ("u : R[4]", "R[4]", "2^u"),
    ]
    table |= {"max": binary("max(u, v)"), "min": binary("min(u, v)")}
    table |= {"less": relation("less"), "equal": relation("equal")}
    table["less"].append((f"u : {FIELD}, v : {FIELD}", FIELD, "select(less(u, v), u, v)"))
    table["equal"].append((f"u : {FIELD}, v : {FIELD}", FIELD, "select(equal(sign(u), sign(v)), u, v)"))
    table |= {"both": truths("both", 2), "either": truths("either", 2), "negate": truths("negate", 1)}
    table["select"] = [
        (f"m : {truth}, u : {kind}, v : {kind}", kind, "select(m, u, v)")
        for truth, kind in (
            ("Bool[2, 3, 4]", FIELD),
            ("Bool[4]", "R[4]"),
            ("Bool", "R"),
            ("Bool[2, 3]", "R[2, 3]"),
            ("Bool[3]", "C[3]"),
        )
    ] + [("m : Bool[4], u : R[4]", "R[4]", "select(m, u, 1) + select(m, 2, u) + select(m, 3, 4)")]
    table["softplus"].append(("u : R[9]", "R[9]", "softplus(30 * u)"))
    table["const"] = [
        ("u : R[2, 2]", "R[2, 2]", "u * const[[1, 2], [3, 4.5]]() + const[0.5]()"),
        ("u : R[3]", "R[3]", "u + const[1 .. 3]()"),
        ("", "R", "const[1 / 3]()"),
        ("u : C[2]", "C[2]", "u + 2"),
    ]
    table["broadcast"] = [
        ("a : R", "R[2, 3]", "broadcast(a)"),
        (f"c : R[2], u : {FIELD}", FIELD, "c * u"),
        ("a : R", FIELD, "broadcast(a)"),
        ("c : R[3]", "Field[X1[3], 3]", "broadcast(c)"),
        ("a : R", "C[3]", "broadcast(a)"),
        (f"a : R, c : R[2], u : {FIELD}", FIELD, "a * (c + u)"),
        ("u : R[3]", "R[3]", "(a -> a + u)(const[2]())"),
    ]
    return table


AXES: dict[str, list[Specimen]] = {
    "einsum": [
        ("u : R[3], W : R[4, 3]", "R[4]", 'einsum["a, b a -> b"](u, W)'),
        (f"u : R[3], W : {SQUARE}", "R[3]", 'einsum["a, b a -> b"](u, W)'),
        (f"u : R[3], W : {SQUARE}", "R[3]", 'einsum["a, a b -> b"](u, W)'),
        (f"u : {SQUARE}, v : {SQUARE}", SQUARE, 'einsum["a b, b c -> a c"](u, v)'),
        ("u : R[2], v : R[3]", "R[2, 3]", 'einsum["a, b -> a b"](u, v)'),
        (f"u : {FIELD}, W : R[2, 2]", FIELD, 'einsum["a ..., b a -> b ..."](u, W)'),
        (f"u : {FIELD}, v : {FIELD}", "R[2, 2]", 'einsum["a ..., b ... -> b a"](u, v)'),
        ("u : R[2, 3, 4], v : R[3]", "R[3]", 'einsum["a ..., b -> b"](u, v)'),
        ("u : R[2, 3, 4]", "R", 'einsum["... ->"](u)'),
        ("u : C[2, 3], v : R[3, 4], w : R[2]", "C[3]", 'einsum["a b, b c, a -> b"](u, v, w)'),
        ("u : R[2, 3], v : R", "R[3, 2]", 'einsum["a b, -> b a"](u, v)'),
        ("u : C[3, 3], v : C[3, 3]", "C[3, 3]", 'einsum["a b, b c -> a c"](u, v)'),
        ("u : C[3, 3], v : R[3, 3]", "C[3, 3]", 'einsum["a b, b c -> a c"](u, v)'),
        ("u : C[3], v : C[3], w : C[3]", "C[3]", 'einsum["a, a, a -> a"](u, v, w)'),
        ("u : C[2, 4], v : C[2, 3, 4]", "C[3, 4]", 'einsum["i ..., i o ... -> o ..."](u, v)'),
        ("u : R[3]", "R[3]", 'einsum["a, b a -> b"](u, const[[1, 2, 3], [4, 5, 6], [7, 8, 10]]())'),
        ("u : R[3]", "R[3]", 'einsum["a, a b -> b"](u, const[[1, 2, 3], [4, 5, 6], [7, 8, 10]]())'),
        (f"u : {FIELD}", FIELD, 'einsum["a ..., b a -> b ..."](u, const[[1, 2], [4, 5]]())'),
        ("u : C[2, 2], v : C[2, 2], w : R[2, 2]", "C[2, 2]", 'einsum["a b, b c, c d -> a d"](u, v, w)'),
    ],
    "rearrange": [
        ("u : R[6, 4]", "R[2, 4, 3]", 'rearrange["(h d) n -> h n d", h = 2](u)'),
        ("u : R[4, 2]", "R[2, 2, 2]", 'rearrange["(a b) c -> c b a", a = 2](u)'),
        ("u : R[2, 2, 2]", "R[2, 4]", 'rearrange["h n d -> n (h d)"](u)'),
        ("u : C[3, 3]", "C[3, 3]", 'rearrange["a b -> b a"](u)'),
        ("u : R[3]", "R[1, 3]", 'rearrange["a -> 1 a"](u)'),
        ("u : Field[X2[3, 3], 4]", "Field[X2[3, 3], 4]", 'rearrange["(a b) ... -> (b a) ...", a = 2](u)'),
        ("u : R[2, 3, 4]", "R[3, 4, 2]", 'rearrange["a ... -> ... a"](u)'),
        ("u : R[1, 1]", "R", 'rearrange["1 1 ->"](u)'),
    ],
    "reduce": [
        (f"u : {kind}", out, f'reduce["{pattern}", "{op}"](u)')
        for op in ("sum", "mean", "max", "min", "prod")
        for kind, out, pattern in (
            ("R[2, 3, 4]", "R[3]", "a b c -> b"),
            ("R[3, 3]", "R[3]", "a b -> a"),
            ("R[2, 3, 4]", "R[4, 2]", "a b c -> c a"),
            (FIELD, "Field[X2[3, 4], 1]", "c ... -> 1 ..."),
            ("R[4]", "R", "a ->"),
        )
    ]
    + [
        (f"u : C[{sizes}]", "C[2]", f'reduce["a b -> a", "{op}"](u)')
        for op in ("sum", "mean")
        for sizes in ("2, 3", "2, 2")
    ]
    + [("u : R[2, 3, 4]", "R[2]", f'reduce["a ... -> a", "{op}"](u)') for op in ("sum", "max", "prod")]
    + [("u : R[6, 2]", "R[2]", 'reduce["(a b) c -> b", "sum", a = 3](u)')],
    "concat": [
        ("u : R[2], v : R[3]", "R[5]", "concat(u, v)"),
        ("u : R[3, 3], v : R[3, 3]", "R[3, 6]", "concat[axis = 1](u, v)"),
        ("u : R[3, 3], v : R[3, 3]", "R[6, 3]", "concat[axis = -2](u, v)"),
        (f"u : {FIELD}, v : {FIELD}", "Field[X2[3, 4], 4]", "concat(u, v)"),
        ("u : C[2], v : C[2]", "C[4]", "concat(u, v)"),
        ("u : R[2]", "R[4]", "concat(u, const[[3, 4]]())"),
        ("u : R[2], v : R[2], w : R[1]", "R[5]", "concat(u, v, w)"),
    ],
    "split": [
        ("u : R[5]", "R[2] @ R[3]", "split[2, 3](u)"),
        ("u : R[4, 3]", "R[2, 3] @ R[2, 3]", "split(u)"),
        ("u : Field[X1[5], 4]", "Field[X1[5], 1] @ Field[X1[5], 3]", "split[1, 3](u)"),
        ("u : C[4]", "C[2] @ C[2]", "split(u)"),
    ],
    "stack": [
        ("u : R[3], v : R[3]", "R[2, 3]", "stack(u, v)"),
        ("u : R[3], v : R[3], w : R[3]", "R[3, 3]", "stack(u, v, w)"),
        ("u : R, v : R", "R[2]", "stack(u, v)"),
        ("u : C[2], v : C[2]", "C[2, 2]", "stack(u, v)"),
    ],
    "expand": [
        ("u : R[3]", "R[2, 3]", 'expand["a -> b a", b = 2](u)'),
        ("u : R[3, 4]", "R[8, 2, 3]", 'expand["a b -> (b c) d a", c = 2, d = 2](u)'),
        ("u : R", "R[3, 3]", 'expand["-> a b", a = 3, b = 3](u)'),
        ("u : C[3]", "C[3, 2]", 'expand["a -> a b", b = 2](u)'),
        ("u : R[6]", "R[2, 5, 1, 3]", 'expand["(a b) -> a c 1 b", a = 2, c = 5](u)'),
        ("u : Field[X2[3, 4], 1]", "Field[X2[3, 4], 3]", 'expand["1 ... -> c ...", c = 3](u)'),
    ],
    "insert": [
        ("u : R[4]", "R[3, 4]", "insert[1, 3](u)"),
        ("u : R", "R[4]", "insert[3, 4](u)"),
        ("u : C[2]", "C[2, 2]", "insert[0, 2](u)"),
        ("u : Field[X1[5], 1]", "Field[X1[5], 3]", "insert[2, 3](u)"),
    ],
    "flip": [
        ("u : R[4]", "R[4]", "flip(u)"),
        ("u : R[3, 3]", "R[3, 3]", "flip(u)"),
        ("u : C[2]", "C[2]", "flip(u)"),
        ("u : Bool[3]", "Bool[3]", "flip(u)"),
    ],
    "index": [
        ("u : R[4, 4]", "R[4]", "u[2]"),
        ("u : R[4]", "R", "u[0]"),
        ("u : Field[X1[5], 3]", "Field[X1[5], 1]", "u[1]"),
        ("u : C[3]", "C", "u[1]"),
    ],
    "sum": [
        (f"u : {kind}", out, "sum(u)")
        for kind, out in (("R[4, 3]", "R"), ("R", "R"), ("C[3]", "C"), (FIELD, "R[2]"), ("Field[X1[1], 2]", "R[2]"))
    ]
    + [("u : Bool[4]", "R", "sum(u)")],
    "lookup": [
        ("table : R[7, 3], t : Tokens[7, 4]", "R[4, 3]", "lookup(table)(t)"),
        ("t : Tokens[3, 4]", "R[4, 2]", "lookup(const[[0.1, 2], [3, 0.4], [5, 0.7]]())(t)"),
        ("table : R[4, 4], t : Tokens[4, 4]", "R[4, 4]", "lookup(table)(t)"),
    ],
    "lookup_transpose": [
        ("t : Tokens[7, 4], y : R[4, 3]", "R[7, 3]", "lookup_transpose(t, y)"),
        ("t : Tokens[3, 9], y : R[9, 3]", "R[3, 3]", "lookup_transpose(t, y)"),
        ("t : Tokens[2, 2]", "R[2, 2]", "lookup_transpose(t, const[[0.1, 2], [3, 0.4]]())"),
    ],
    "as_complex": [("u : R[3, 2]", "C[3]", "as_complex(u)"), ("u : R[2]", "C", "exp(as_complex(u))")],
    "as_real": [("z : C[3]", "R[3, 2]", "as_real(z)"), ("z : C[2]", "R[2, 2]", "sin(as_real(z))")],
    "conj": [(f"z : {kind}", kind, "conj(z)") for kind in ("C[3]", "C[2, 2]", "Spectrum[X2[3, 4], 2]", "R[3]", FIELD)],
    "real_part": [(f"z : {kind}", kind.replace("C", "R"), "real_part(z)") for kind in ("C", "C[3]", "C[2, 2]")],
    "batch_sum": [
        *[(f"u : {kind}", kind, "batch_sum(u)") for kind in ("R", "R[3]", "C[3]", FIELD)],
        ("u : R[3]", "R[3]", "u * batch_sum(const[[1, 2, 3]]())"),
        ("u : R[3]", "R[3]", "u / batch_sum(0 * u + 1) + batch_sum(const[2]())"),
    ],
    "gaussian": [("u : R[3]", "R[3]", "u + 0 * gaussian()")],
    "uniform": [("u : R[3]", "R[3]", "u + 0 * uniform()")],
}


STEP = "(s : R[3], x : R[3]) -> tanh(s) + 2 * x"
COMBINATORS: dict[str, list[Specimen]] = {
    "map": [
        (f"u : {FIELD}", "Field[X2[3, 4], 1]", "map[(x : R[2]) -> dot(x, x)](u)"),
        (f"u : {FIELD}", "Field[X2[3, 4], 3]", "map[linear](u)"),
        ("u : R[4, 3]", "R[4, 2]", "map[linear](u)"),
        ("u : R[4, 3], t : R[3]", "R[4, 3]", "map[x -> t * x + sin(x)](u)"),
        ("u : R[4, 3], v : R[4, 3]", "R[4, 3]", "map[(x, y) -> x - 2 * y](u, v)"),
        ("u : R[3, 3]", "R[3, 3]", "map[softmax](u)"),
        ("u : R[3, 3]", "R[3, 3]", "map[(x : R[3]) -> x + const[[0.1, 0.2, 3]]()](u)"),
        ("u : R[2, 2]", "R[2, 2]", "map[(x : R[2], y : R[2]) -> x - y](u, const[[0.1, 2], [0.3, 5]]())"),
    ],
    "fold": [
        ("a : R[3], u : R[4, 3]", "R[3]", f"fold[{STEP}](a, u)"),
        ("a : R[3], u : R[1, 3]", "R[3]", f"fold[{STEP}](a, u)"),
        ("a : R[3], u : R[4, 3], t : R[3]", "R[3]", "fold[(s, x) -> t * s - x](a, u)"),
        ("u : R[4, 3]", "R[3]", f"fold[{STEP}](const[[0.1, 0.2, 3]](), u)"),
    ],
    "scan": [
        ("a : R[3], u : R[4, 3]", "R[3] @ R[4, 3]", "scan[(s : R[3], x : R[3]) -> copy(s * x)](a, u)"),
        ("a : R[3], u : R[3, 3]", "R[3] @ R[3, 3]", "scan[(s : R[3], x : R[3]) -> (tanh(s) + x, s - x)](a, u)"),
        ("u : R[3, 3]", "R[3] @ R[3, 3]", "scan[(s : R[3], x : R[3]) -> (sin(s) + x, s)](const[[0.1, 0.2, 3]](), u)"),
    ],
    "tree": [
        *[(f"u : R[{n}, 2]", "R[2]", "tree[(a : R[2], b : R[2]) -> 2 * a - sin(b)](u)") for n in (1, 2, 5, 8)],
        ("u : R[3, 2], t : R[2]", "R[2]", "tree[(a, b) -> t * a - b](u)"),
        ("u : R[6, 2], t : R[2]", "R[2]", "tree[(a, b) -> t * a - b](u)"),
    ],
    "copy": [("u : R[3]", "R[3] @ R[3] @ R[3]", "copy[3](u)")],
    "discard": [("u : R[3], v : R[2]", "R[2]", "(discard @ id)(u, v)")],
    "swap": [("u : R[3], v : R", "R @ R[3]", "swap(u, v)")],
    "id": [("u : R[3]", "R[3]", "id(u)")],
    "opened": [("u : R[3]", "R[4]", "opened[linear[b = 4]](u)"), ("u : R[2, 3]", "R[2, 3]", "opened[softmax](u)")],
    "residual": [("u : R[3]", "R[3]", "residual[f = linear](u)")],
    "activate": [
        ("u : R[3]", "R[3]", f'activate["{name}"](u)')
        for name in ("gelu", "relu", "silu", "tanh", "sigmoid", "softplus", "sin", "id")
    ],
}


HEADS = "q : R[2, 3, 4], k : R[2, 5, 4], v : R[2, 5, 4]"
ALIKE = "q : R[2, 3, 3], k : R[2, 3, 3], v : R[2, 3, 3]"
COMPOSITES: dict[str, list[Specimen]] = {
    "softmax": [(f"u : {kind}", kind, "softmax(u)") for kind in ("R[5]", "R[3, 3]", "R[2, 2, 2]", "R[1]")],
    "mean": [(f"u : {kind}", out, "mean(u)") for kind, out in (("R[4, 3]", "R"), (FIELD, "R[2]"), ("C[3]", "C"))],
    "dot": [
        (f"u : {kind}, v : {kind}", out, "dot(u, v)") for kind, out in (("R[4]", "R"), ("C[3]", "C"), (FIELD, "R[2]"))
    ],
    "norm": [("u : R[4]", "R", "norm(u)"), (f"u : {FIELD}", "R[2]", "norm(u)")],
    "linear": [
        ("u : R[3]", "R[2]", "linear(u)"),
        ("u : R[3]", "R[3]", "linear(u)"),
        ("u : R[3]", "R[3]", "linear[bias = false](u)"),
        ("u : R[1]", "R[1]", "linear(u)"),
        ("u : R[4, 3]", "R[4, 3]", "map[linear](u)"),
    ],
    "mlp": [
        ("u : R[3]", "R[2]", "mlp[[3, 4, 2]](u)"),
        ("u : R[3]", "R[2]", 'mlp[[3, 4, 4, 2], "tanh", last = true](u)'),
    ],
    "pointwise": [
        (f"u : {f}", f, f"pointwise[bias = {bias}](u)") for bias in ("true", "false") for f, _, _ in fields("X")
    ]
    + [(f"u : {FIELD}", "Field[X2[3, 4], 3]", "pointwise(u)")],
    "lift": [(f"u : {FIELD}", "Field[X2[3, 4], 5]", "lift[5](u)")],
    "project": [(f"u : {FIELD}", "Field[X2[3, 4], 3]", "project[3, 4](u)")],
    "channel_mlp": [(f"u : {FIELD}", "Field[X2[3, 4], 3]", "channel_mlp[5](u)")],
    "soft_gate": [(f"u : {FIELD}", FIELD, "soft_gate(u)")],
    "with_coordinates": [
        (f"u : {f}", f"Field[{s}[{g}], {2 + int(s[1])}]", "with_coordinates(u)") for f, s, g in fields()
    ],
    "restrict": [(f"u : {scaled(s, g, 2)}", scaled(s, g), "restrict(u)") for _, s, g in fields()],
    "prolong": [(f"u : {f}", scaled(s, g, 3), "prolong[3](u)") for f, s, g in fields()],
    "integrate": [(f"u : {FIELD}", "R[2]", "integrate(u)")],
    "tabulate": [("u : Field[X2[3, 4], 1]", "Field[X2[3, 4], 1]", "u + tabulate[x -> sin(3 * x[0]) * x[1]]()")],
    "layer_norm": [
        (f"u : {kind}", kind, f"layer_norm{eps}(0.1 * u)") for kind in ("R[5]", "R[3]") for eps in ("", "[eps = 0.1]")
    ],
    "rms_norm": [
        (f"u : {kind}", kind, f"rms_norm{eps}(0.1 * u)") for kind in ("R[5]", "R[1]") for eps in ("", "[eps = 0.1]")
    ],
    "group_norm": [
        (f"u : Field[{grid}, 6]", f"Field[{grid}, 6]", f"group_norm[{n}](0.1 * u)")
        for grid in ("X1[5]", "X2[3, 4]", "X3[2, 3, 2]")
        for n in (1, 2, 3, 6)
    ]
    + [("u : Field[X1[5], 6]", "Field[X1[5], 6]", "group_norm[2, eps = 0.1](u)")],
    "over_group": [("u : R[6]", "R[6]", "over_group[2](u)"), ("u : R[4]", "R[4]", "over_group[4](u)")],
    "batch_norm": [(f"u : {f}", f, "batch_norm(u)") for f, _, _ in fields("X")],
    "attend": [
        (HEADS, "R[2, 3, 4]", "attend(q, k, v)"),
        (ALIKE, "R[2, 3, 3]", "attend(q, k, v)"),
        (f"{HEADS}, mask : Bool[3, 5]", "R[2, 3, 4]", "attend(q, k, v, mask)"),
        (f"{HEADS}, mask : Bool[5]", "R[2, 3, 4]", "attend(q, k, v, mask)"),
        (f"{ALIKE}, mask : Bool[3, 3]", "R[2, 3, 3]", "attend(q, k, v, mask)"),
        (f"{ALIKE}, mask : Bool[3]", "R[2, 3, 3]", "attend(q, k, v, mask)"),
    ],
    "where_seen": [
        ("m : Bool[5], s : R[3, 5]", "R[3, 5]", "where_seen(m, s)"),
        ("m : Bool[3, 3], s : R[3, 3]", "R[3, 3]", "where_seen(m, s)"),
    ],
    "attention": [
        ("u : R[4, 6]", "R[4, 6]", "attention[2](u, u, u)"),
        ("u : R[4, 6], m : Bool[4, 4]", "R[4, 6]", "attention[3](u, u, u, m)"),
    ],
    "heads_of": [("u : R[5, 6]", "R[2, 5, 3]", "heads_of[2](u)")],
    "embed": [("t : Tokens[7, 4]", "R[4, 3]", "embed(t)")],
}


SPECIMENS: dict[str, list[Specimen]] = {
    **_elementwise(),
    **AXES,
    **on_grids(),
    **spectra(),
    **COMBINATORS,
    **COMPOSITES,
}
