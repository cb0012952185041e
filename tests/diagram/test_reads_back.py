"""Law number one: the text of a diagram reads back to the same diagram, with the same paths of weights."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import diagrammar as dg
from diagrammar.elaborate.values import DeclRef
from diagrammar.equality import same
from diagrammar.grammar import tree
from diagrammar.modules import std
from diagrammar.spelling import DEFAULTS, FOLLOWS, show_value
from tests.diagram.signature import random_diagram
from tests.fuzz.messy import messed_up

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.dg"))


def paths(diagram: dg.Diagram) -> list[str] | None:
    """The keys of its `state_dict`; None where there is no module: a box without a meaning, an input without a size."""
    try:
        return list(dg.compile(diagram).state_dict())
    except dg.DiagrammarError:
        return None


def reads_back(diagram: dg.Diagram, name: str) -> None:
    """Holds the law for one diagram."""
    text = str(diagram)
    again = dg.loads(text)[name]
    assert same(again, diagram), f"{text}--- reads back to ---\n{again}"
    assert again == diagram
    assert paths(again) == paths(diagram), text
    assert str(again) == text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_read_back(path: Path) -> None:
    """Every diagram of every example reads back, its name and its paths of weights too."""
    module = dg.load(path)
    for name in module:
        reads_back(module[name], name)


TRICKY = {
    "recursion in the library": """
import std.multigrid (vcycle, smooth)
space X = cube(2)
diagram main : Field[X, 3] -> Field[X, 3] = vcycle[2] >> (u -> smooth(u, u)) >> sub
""",
    "alike": """
diagram main : R[4] -> R[4] = repeat 5 as i { if i < 2 then linear else if i < 3 then linear
    >> gelu else linear >> sin }
diagram all_ : R[4] -> R[4] = repeat 2 as i { if i < 7 then linear >> gelu else id }
diagram held(y : R[4]) -> R[4] { return y >> repeat 2 as i { x -> if i < 7 then linear(x) + y else y * x } }
""",
    "shadow deep": """
diagram two[f : R[8] -> R[8]] : R[8] -> R[8] {
  share c = linear
  share d = gelu >> linear
  c >> f >> residual[c >> f >> residual[f >> d]] >> d
}
diagram main : R[8] -> R[8] {
  share c = linear
  share d = linear[b = 8, bias = false]
  two[c] >> c >> repeat 2 { two[c >> d] >> two[two[d]] }
}
""",
    "shares of shares": """
diagram main : R[8] -> R[8] {
  share other = linear
  share cell = residual[other]
  residual[cell] >> cell >> residual[x -> cell(x)] >> residual[residual[cell]]
}
diagram outer : R[8] -> R[8] = repeat 2 { main }
diagram two[f : R[8] -> R[8]] : R[8] -> R[8] = residual[f] >> residual[x -> f(f(x))]
diagram top : R[8] -> R[8] {
  share c = linear
  two[c] >> two[linear] >> repeat 3 { two[c] >> linear }
}
""",
    "shadow": """
diagram two[f : R[8] -> R[8]] : R[8] -> R[8] {
  share c = linear
  c >> f >> c
}
diagram main : R[8] -> R[8] {
  share c = linear
  two[c] >> c
}
""",
    "std shadow": """
diagram act[f : R[8] -> R[8]] : R[8] -> R[8] = gelu >> f
diagram main : R[8] -> R[8] {
  share gelu = linear
  act[gelu] >> gelu
}
""",
    "share arg": """
diagram two[f : R[8] -> R[8], g : R[8] -> R[8]](x : R[8]) -> R[8] { return f(g(x)) + g(f(x)) }
diagram main : R[8] -> R[8] {
  share a = linear
  share b = a >> gelu >> a
  two[a, b] >> repeat 2 { two[b, a] } >> two[gelu, linear[b = 8]] >> two[x -> a(x) * 2, relu]
}
""",
    "closures": """
diagram main(x : R[8], y : R[8]) -> R[8] {
  return (x >> residual[z -> z * y + linear(z)]) + (x >> repeat 3 { z -> residual[w -> w * z + y](y) * z })
}
""",
    "locals": """
diagram main(x : R[8]) -> R[8] {
  diagram loc : R[8] -> R[8] = linear >> gelu
  diagram loc2(k : R[8]) : R[8] -> R[8] = v -> loc(v) * k + x
  share s = loc
  share t = loc2(x)
  return t(loc2(x)(loc(s(x)))) + s(x) + t(x)
}
""",
    "two lists": """
diagram mix(K : R[8, 8]) : R[8] -> R[8] = v -> einsum["i, o i -> o"](v, K)
diagram main : R[8] -> R[8] {
  weight K : R[8, 8] = orthogonal where orthogonal
  repeat 4 { mix(K) + linear }
}
""",
    "fold2": """
dim n
diagram main(a : R[4], b : R[3], x : R[n, 4], y : R[n, 3]) -> R[4] @ R[3] @ R[n, 4] {
  c, d, e = scan[(s, t, u, v) -> (s + u, t * v, linear(s)), state = 2](a, b, x, y)
  f, g = fold[(s, t, u, v) -> (s + u, t * v), state = 2](c, d, e, y)
  return f, g, e
}
""",
    "tree": """
diagram main : R[8]^5 -> R[8] = map[linear >> relu] >> tree[(x, y) -> 0.5 * x * y + max(y, 0)]
""",
    "fold start": """
diagram main(x : R[7, 3]) -> R[3] @ R[3] { return fold[(b, a) -> linear(a) + b](0, x), fold[(b, a) -> max(a,
    b)](-1e30, x) }
""",
    "states": """
diagram counter(x : R[3]) -> R[3] { state m : R[3] = zeros
 next m = m + x
 return m }
diagram silent(x : R[3]) -> I { state m : R[3]
 next m = x
 return }
diagram main : Field[X, 3] -> Field[X, 3] = batch_norm >> group_norm[3] >> relu
space X = cube(2)
diagram other : R[3] -> R[3] = x -> (counter(x) + counter(x) + counter(counter(x)))
diagram quiet(x : R[3]) -> R[3] { return x, silent(x) }
""",
    "training": """
diagram main(x : R[3]) -> R[3] @ R {
  noise : R[3] = gaussian()
  a, b = if training then (x + noise, 0.5) else (linear(x), sum(x))
  return a * (if training then uniform[A = R[3]]() else x), b
}
""",
    "file share": """
diagram ff : R[8] -> R[8] = linear[b = 16] >> gelu >> linear
share net = ff
share lin = linear[8, 8]
diagram twice : R[8] -> R[8] = net >> net >> residual[net] >> lin
diagram main : R[8] -> R[8] = twice >> net >> residual[lin] >> residual[twice] >> ff
""",
    "recursion": """
diagram deep[k : int] : R[4] -> R[4] = if k == 0 then linear else residual[deep[k - 1]] >> linear
diagram main : R[4] -> R[4] = deep[3] >> deep[1] >> vc
diagram vc : R[4] -> R[4] = gelu
""",
    "indexed": """
diagram step[i : int] : R[4 + i] -> R[5 + i] = linear >> gelu >> linear
diagram main : R[4] -> R[7] = repeat 3 as i { step[i] }
diagram many : R[8] -> R[8] = repeat 4 as i { repeat 2 as j { residual[linear[b = 8]] >> (if i == j then gelu
    >> linear else linear >> id) } >> linear }
diagram i : R[4] -> R[4] = gelu
diagram uses : R[4] -> R[4] = repeat 2 as j { if j == 0 then linear else i >> linear[bias = false]}
""",
    "unicode": """
space Ω = interval(-1, 2.5)
space X' = torus(2)
dim ñ
diagram Größe'(u : Field[Ω, 3], v : Field[X' / 2, 2]) -> Field[Ω, 3] @ Field[2 * X', 2] @ R[ñ] {
  weight α' : R[3] = normal(std = 0.02) where nonneg
  z : R[ñ] = 1
  return α' * u, resample[2 * X'](v) , z * (grid(Ω)[0] / 3)
}
diagram main : Field[Ω, 3] @ Field[X' / 2, 2] -> Field[Ω, 3] @ Field[2 * X', 2] @ R[ñ] = Größe'
""",
    "spaces": """
space X = torus(2)
space S = sphere(2)
space M = mesh(3)
space P = points(2)
space J = interval()
space C1 = cube(1)
space Q = X * J
dim n
diagram main(a : Field[S, 1], b : Field[M, 2], c : Field[P, 1], d : Field[J, 1], e : Field[Q, 2],
    f : Field[Q / 2, 2], g : Field[2 * Q, 1], h : Field[X[n, 5], 1], k : Field[J * X[n, n + 1], 3]) ->
  Field[S, 1] @ Field[M, 2] @ Field[P, 1] @ Field[J,1] @ Field[Q,2] @ Field[Q / 2, 2] @ Field[2 * Q, 1]
    @ Field[X[n, 5], 1] @ Field[J * X[n, n+1], 3] {
  return gelu(a), gelu(b), relu(c), sin(d), gelu(e), gelu(f), gelu(g), gelu(h), gelu(k) }
diagram anon : Field[torus(2), 3] @ Field[interval(0, 1), 2] @ Field[cube(1) / 2, 2] -> Field[torus(2), 3]
    @ Field[interval(0, 1), 2] @ Field[cube(1) / 2, 2] = (fourier[8] >> gelu) @ pointwise @ conv[3]
diagram anon2 : Field[interval(), 3] @ Field[2 * mesh(3), 1] -> Field[interval(), 3] @ Field[2 * mesh(3),
    1] = gelu @ gelu
diagram flat(u : R[grid(X)]) -> R[2 * grid(X)] = concat[axis = 1](concat(u, u), concat(u, u))
diagram padded(v : Field[X, 2]) -> Field[X, 2] {
  let more = round(grid(X) / 4)
  return v >> pad[more, more, "circular"] >> pointwise >> crop[more, more]
}
diagram sized(v : Field[X, 2]) -> Field[X, 2] { return v * (grid(X)[0] * grid(X)[1]) - 1 / 3 }
""",
    "consts": """
diagram main(x : R[3], s : R) -> R[3] @ R[3] @ Bool[3] @ R[2, 2] @ R {
  a = 1
  b : R[3] = 2.5
  c = const[[1, 2, 3]]
  y : R[3] = broadcast(s)
  return -x * a + b ^ 2 - (-1) * x, x / (1 / 3) + c * s + y * y, less(x, c), const[[1, 2], [3, 4.5]], -s ^ 2 + -3
}
diagram logic(x : R[3], m : Bool[3]) -> R[3] { return select(either(both(m, less(x, 0.5)), negate(equal(x,
    x))), max(x, 0), min(x, abs(x))) }
diagram inexpr : R[3, 4] -> R[3, 4] = map[x -> select(less(x, 0.5), x, -1e30) + x[2] * 3 - (x[0] - x[1])]
diagram only : R[4] -> R[4] = repeat 3 { x -> gelu(x) * 2 + (x[0] + x[1]) }
diagram zero : R[4] -> R[4] = repeat 3 { x -> x + 0 * x }
""",
    "axes": """
dim n
diagram main : R[n, 3] -> R[2, n] = x -> (rearrange["n c -> c n"] >> split[1, 2] >> (id @ discard)) (x)
    >> (y -> concat(y, y))
diagram halves(x : R[n, 8]) -> R[n, 4] @ R[n, 4] @ R[2, n, 8] { a, b = split[axis = 1](x)
 return a, b, stack(x, x) }
diagram more(x : R[12, 6]) -> R[3, 24] @ R[6] @ R[3] @ R[4, 3, 6] { return rearrange["(a b) c -> a (b c)",
    a = 3](x), reduce["a b -> b", "mean"](x), reduce["(a c) b -> c", "max", a = 4](x),
    rearrange["(a b) c -> a b c", a = 4](x) }
diagram lin(x : R[12]) -> R[3, 4] { return linear(linear(x)) >> rearrange["(a b) -> a b", b = 4] }
diagram rows(x : R[n, 4], m : Bool[n, n]) -> R[n, 4] { return attention[2](x, x, x, m) + attention[2](x, x, x) }
diagram words(x : Tokens[100, n]) -> R[n, 6] { return embed(x) >> map[layer_norm >> rms_norm[eps = 0.001]] }
""",
    "user boxes": """
space X = torus(1)
box op[k : int, eps : real = 1e-3] : R[3] -> R[3] is linear
box noise : I -> R[3] is random
box sink : R[3] -> I
diagram main(x : R[3]) -> R[3] { return (op[2] >> op[2] >> gelu)(x) + noise() + (op[2] as other)(x) , sink(x)}
""",
    "wires as names": """
diagram x1 : R[3] -> R[3] = linear
diagram main : R[3] -> R[3] = x1 >> (x2 -> x1(x2) + x2) >> y
diagram y(x3 : R[3]) -> R[3] { weight x : R[3]
 return x * x1(x3) }
diagram z : R[3] -> R[3] = main >> x1
""",
    "own std": """
diagram gelu : R[3] -> R[3] = relu >> linear
diagram linear : R[3] -> R[3] = mlp[[3, 4, 3]]
diagram main : R[3] -> R[3] = gelu >> linear >> mlp[[3, 5, 3], "gelu", last = true]
diagram mlp2 : R[3] -> R[3] = mlp[[3, 5, 3], "tanh"]
""",
    "as": """
diagram f : R[3] -> R[3] = linear
diagram main : R[3] -> R[3] {
  diagram loc : R[3] -> R[3] = linear >> linear
  (f as g) >> (linear as f) >> (loc as linear) >> f >> linear >> (loc as linear_2) >> residual[(f as h) >> h2]
}
diagram h2 : R[3] -> R[3] = (linear as weird') >> repeat 2 { (linear as other) }
""",
    "primes": """
diagram tower'[l : int] : R[2^l] -> R[1] = if l == 0 then id else linear[b = 2^(l - 1)] >> tower'[l - 1]
diagram main : R[8] -> R[1] = tower'[3]
diagram f' : R[3] -> R[3] = linear
diagram g : R[3] -> R[3] {
  share cell' = f'
  (f' as f_2') >> f' >> cell' >> (f' as cell) >> cell' >> f'
}
diagram nested : R[3] -> R[3] = repeat 2 as i { if i == 0 then f' >> f' else g >> g }
""",
    "noted": """
dim k
diagram half[n](x : R[n]) -> R[n] { return gelu(mean(x) * x) >> (y -> sum(y) + x) }
diagram main(x : R[k]) -> R[k] = half(x)
""",
    "spectral": """
space X = torus(2)
diagram main(u : Field[X, 4]) -> Field[2 * X, 4] @ Field[X, 4] {
  s = rfft(u)
  t = low[[3, 3]](s)
  w = einsum["c x y -> c x y"](conj(t))
  q = as_complex(as_real(w))
  z = corners[[2, 2]](s)
  return irfft(spread[2 * X](q)), irfft[norm = "ortho"](from_corners[X](z))
}
diagram field_ops(u : Field[X, 4]) -> Field[X, 6] { return concat(field[X](sample(u)), coordinates[X]()) }
diagram up : Field[X, 3] -> Field[2 * X, 3] = upsample >> translate[[1, 2]]
diagram pools : Field[X, 3] -> Field[X / 4, 6] = pool[2] >> pool[2, "mean"] >> lift[6] >> soft_gate
diagram convs : Field[X, 4] -> Field[X, 2] = conv[3, stride = 2, b = 8, padding = "reflect"]
  >> conv_transpose[4, stride = 2, bias = false, groups = 2] >> project[2] >> conv[5, groups = 2]
diagram noisy(u : Field[X, 1]) -> Field[X, 1] { w : Field[X, 1] = gaussian()
 return u[0] + w * 0.1 + integrate(u) }
""",
}


@pytest.mark.parametrize("text", TRICKY.values(), ids=TRICKY)
def test_tricky_programs_read_back(text: str) -> None:
    """Every diagram of these programs reads back."""
    module = dg.loads(text)
    for name in module:
        reads_back(module[name], name)


# what each declaration of std is tried on: its type, and how it is written
U = "Field[X, 4] -> Field[X, 4]"
STD = {
    **{name: ("R[3] -> R[3]", name) for name in ("id", "relu", "gelu", "sigmoid", "silu", "softplus", "softmax")},
    **{name: ("R[2, 3] -> R[2, 3]", name) for name in ("neg", "abs", "sign", "exp", "log", "sqrt", "sin", "cos")},
    **{name: (U, name) for name in ("tanh", "erf", "soft_gate", "batch_norm")},
    **{name: ("R[3] @ R[3] -> R[3]", name) for name in ("add", "sub", "mul", "div", "pow", "max", "min")},
    **{name: ("R[3] @ R[3] -> Bool[3]", name) for name in ("less", "equal")},
    **{name: ("Bool[3] @ Bool[3] -> Bool[3]", name) for name in ("both", "either")},
    **{name: ("R[n, 3] -> R", name) for name in ("sum", "mean", "norm")},
    **{name: ("R[3] -> R[3]", name) for name in ("layer_norm", "rms_norm")},
    "copy": ("R[3] -> R[3] @ R[3] @ R[3]", "copy[3]"),
    "tabulate": ("I -> Field[X, 1]", "tabulate[x -> sin(3 * x[0]), X = X]"),
    "discard": ("R[3] -> I", "discard"),
    "swap": ("R[3] @ R -> R @ R[3]", "swap"),
    "activate": ("R[3] -> R[3]", 'activate["sin"]'),
    "dot": ("R[3] @ R[3] -> R", "dot"),
    "select": ("Bool[3] @ R[3] @ R[3] -> R[3]", "select"),
    "negate": ("Bool[3] -> Bool[3]", "negate"),
    "const": ("I -> R[2, 2]", "const[[1, 2], [3, 0.5]]"),
    "gaussian": ("I -> R[3]", "gaussian"),
    "uniform": ("I -> Field[X, 3]", "uniform"),
    "einsum": ("R[3] @ R[2, 3] -> R[2]", 'einsum["a, b a -> b"]'),
    "rearrange": ("R[12, n] -> R[3, n, 4]", 'rearrange["(a b) c -> a c b", a = 3]'),
    "reduce": ("R[12, n] -> R[3]", 'reduce["(a b) c -> a", "prod", b = 4]'),
    "broadcast": ("R -> R[3]", "broadcast"),
    "concat": ("R[3, 4] @ R[3, n] -> R[3, n + 4]", "concat[axis = 1]"),
    "split": ("R[3, n] -> R[1, n] @ R[2, n]", "split[1, 2]"),
    "stack": ("R[3] @ R[3] -> R[2, 3]", "stack"),
    "index": ("R[3, n] -> R[n]", "x -> x[2]"),
    "sample": ("Field[X, 4] -> R[4, grid(X)]", "sample"),
    "field": ("R[4, grid(X)] -> Field[X, 4]", "field"),
    "coordinates": ("I -> Field[X / 2, 2]", "coordinates[X / 2]"),
    "convolution": ("Field[X, 4] @ R[6, 2, 3, 3] -> Field[X, 6]", 'convolution[3, groups = 2, padding = "circular"]'),
    "convolution_transpose": ("Field[X, 4] @ R[4, 6, 4, 4] -> Field[2 * X, 6]", "convolution_transpose[4, stride = 2]"),
    "pool": ("Field[X, 4] -> Field[X / 2, 4]", 'pool[2, "mean"]'),
    "resample": ("Field[X, 4] -> Field[X[32, n], 4]", 'resample[mode = "cubic"]'),
    "translate": (U, "translate[[1, 2]]"),
    "pad": ("Field[X, 4] -> Field[X[grid(X) + 3], 4]", "pad[[1, 2], [2, 1]]"),
    "crop": ("Field[X[n + 5, n + 6], 4] -> Field[X[n, n + 1], 4]", "crop[[2, 2], [3, 3]]"),
    "rfft": ("Field[X, 4] -> Spectrum[X, 4]", 'rfft["ortho"]'),
    "irfft": ("Spectrum[X, 4] -> Field[X, 4]", "irfft"),
    "low": ("Spectrum[X, 4] -> C[4, 3, 2]", "low[[3, 2]]"),
    "spread": ("C[4, 3, 2] -> Spectrum[X / 2, 4]", "spread"),
    "corners": ("Spectrum[X, 4] -> C[2, 4, 3, 3]", "corners[[3, 3]]"),
    "from_corners": ("C[2, 4, 3, 3] -> Spectrum[X, 4]", "from_corners"),
    "as_complex": ("R[3, n, 2] -> C[3, n]", "as_complex"),
    "as_real": ("C[3, n] -> R[3, n, 2]", "as_real"),
    "conj": ("C[3, n] -> C[3, n]", "conj"),
    "lookup": ("R[100, 6] @ Tokens[100, n] -> R[n, 6]", "(t, x) -> sin(lookup(t)(x))"),
    "expand": ("R[3, n] -> R[n, 2, 3]", 'expand["a b -> b c a", c = 2]'),
    "insert": ("R[n] -> R[3, n]", "insert[1, 3]"),
    "correlation": ("Field[X, 4] @ Field[X, 6] -> R[6, 2, 3, 3]", 'correlation[3, groups = 2, padding = "circular"]'),
    "unpool": ("Field[X, 4] -> Field[2 * X, 4]", "unpool[2]"),
    "resample_transpose": ("Field[X[32, n], 4] -> Field[X, 4]", 'resample_transpose[X, "cubic"]'),
    "pad_transpose": (
        "Field[X[n + 5, n + 6], 4] -> Field[X[n, n + 1], 4]",
        'pad_transpose[[2, 2], [3, 3], "circular"]',
    ),
    "scale_pairs": ("Spectrum[X, 4] -> Spectrum[X, 4]", "scale_pairs[1 / 2]"),
    "real_part": ("C[3, n] -> R[3, n]", "real_part"),
    "lookup_transpose": ("Tokens[100, n] @ R[n, 6] -> R[100, 6]", "(t, y) -> sin(lookup_transpose(t, y))"),
    "batch_sum": ("Field[X, 4] -> Field[X, 4]", "batch_sum"),
    "batch_moments": ("Field[X, 4] -> R[4] @ R[4]", "batch_moments"),
    "map": ("R[n, 3] -> R[n, 2]", "map[linear]"),
    "fold": ("R[3] @ R[n, 3] -> R[3]", "fold[(b, a) -> linear(b) + a]"),
    "scan": ("R[3] @ R[n, 3] -> R[3] @ R[n, 3]", "scan[(b, a) -> (linear(b) + a, b * a)]"),
    "tree": ("R[n, 3] -> R[3]", "tree[(b, a) -> linear(b) + a]"),
    "flip": ("R[n, 3] -> R[n, 3]", "flip"),
    "jvp": ("R[3] @ R[3] -> R[2]", "jvp[linear >> sin]"),
    "vjp": ("R[3] @ R[3] -> R[3]", "vjp[repeat 3 { linear >> sin }]"),
    "grad": ("R[3] -> R[3]", "grad[linear >> sin >> sum]"),
    "jacobian": ("R[3] -> R[2, 3]", "jacobian[linear >> sin]"),
    "hessian": ("R[3] -> R[3, 3]", "hessian[linear >> sin >> sum]"),
    "laplacian": ("R[3] -> R", "laplacian[linear >> sin >> sum]"),
    "divergence": ("R[3] -> R", "divergence[linear >> sin]"),
    "open": ("R[3, 3] @ R[3] @ R[3] -> R[3]", "open[linear >> sin]"),
    "linear": ("R[3] -> R[2]", "linear[bias = false]"),
    "mlp": ("R[3] -> R[2]", 'mlp[[3, 5, 2], "tanh"]'),
    "opened": ("R[3] -> R[3]", "opened[linear]"),
    "residual": ("R[3] -> R[3]", "residual[linear]"),
    "pointwise": ("Field[X, 4] -> Field[X, 2]", "pointwise"),
    "lift": ("Field[X, 4] -> Field[X, 8]", "lift"),
    "project": ("Field[X, 4] -> Field[X, 1]", "project[hidden = 16]"),
    "channel_mlp": (U, "channel_mlp[6]"),
    "with_coordinates": ("Field[X, 4] -> Field[X, 6]", "with_coordinates"),
    "conv": ("Field[X, 4] -> Field[X / 2, 6]", 'conv[3, stride = 2, padding = "zeros"]'),
    "conv_transpose": ("Field[X, 4] -> Field[2 * X, 6]", "conv_transpose[4, stride = 2, bias = false]"),
    "restrict": ("Field[X, 4] -> Field[X / 3, 4]", "restrict[3]"),
    "prolong": ("Field[X, 4] -> Field[2 * X, 4]", "prolong"),
    "upsample": ("Field[X, 4] -> Field[3 * X, 4]", "upsample[3]"),
    "integrate": ("Field[X, 4] -> R[4]", "integrate"),
    "group_norm": (U, "group_norm[2, eps = 0.001]"),
    "over_group": ("R[4] -> R[4]", "over_group[2]"),
    "attend": ("R[2, n, 3] @ R[2, 5, 3] @ R[2, 5, 3] @ Bool[n, 5] -> R[2, n, 3]", "attend"),
    "where_seen": ("Bool[5] @ R[n, 5] -> R[n, 5]", "where_seen"),
    "attention": ("R[n, 8] -> R[n, 8]", "x -> attention[2](x, x, x)"),
    "heads_of": ("R[n, 8] -> R[2, n, 4]", "heads_of[2]"),
    "embed": ("Tokens[100, n] -> R[n, 6]", "embed"),
    "fourier": ("Field[X, 4] -> Field[X, 6]", "fourier[[5, 4], bias = true]"),
}


def test_the_library_is_tried_whole() -> None:
    """Each diagram and each box of std has a sample."""
    assert {name for name in std().index if isinstance(std().find(name), DeclRef)} == set(STD)


@pytest.mark.parametrize("name", sorted(STD))
def test_the_library_reads_back(name: str) -> None:
    """What std declares reads back at sample arguments."""
    kind, written = STD[name]
    text = f"space X = torus(2)\ndim n\ndiagram main : {kind} = {written}\n"
    reads_back(dg.loads(text)["main"], "main")


def declared(name: str) -> tree.Header:
    """The header of a declaration of std."""
    found = std().find(name)
    assert isinstance(found, DeclRef)
    header = found.declared.ast.header
    assert isinstance(header, tree.Header)
    return header


def words(node: object) -> set[str]:
    """The names that stand in a piece of a file as sizes of their own."""
    match node:
        case tree.Name(name):
            return {name}
        case tree.Index(_, args):
            return {word for arg in args for word in words(arg.value)}
        case tree.Binary("@" | "/", left, right):
            return words(left) | words(right)
        case _:
            return set()


def test_what_the_inputs_decide_is_so_in_the_headers() -> None:
    """A static argument that is left out since the inputs decide it stands in the type of an input."""
    for name, params in FOLLOWS.items():
        if name not in std().index:
            continue
        header = declared(name)
        nodes = [port.type for ports in header.wires for port in ports] + [header.dom]
        found = {word for node in nodes for word in words(node)}
        missing = {p for p in params.split() if p in {each.name for each in header.params}} - found
        assert not missing, (name, missing)


def test_defaults_are_those_of_the_headers() -> None:
    """A static argument that is left out since it is the default is that in its header."""
    for name, values in DEFAULTS.items():
        header = None if name == "split" else declared(name)
        for label, value in values.items():
            if header is None:
                continue
            (param,) = [param for param in header.params if param.name == label]
            match param.default:
                case tree.Name(text):
                    shown = {"true": "true", "false": "false"}.get(text, f"= {text}")
                case tree.Number(text):
                    shown = text
                case tree.String(text):
                    shown = show_value(text)
                case tree.Call(tree.Name(text), _):
                    shown = f"= {text}"
                case other:
                    raise AssertionError(f"{name}: {other}")
            wanted = value if isinstance(value, str) and value.startswith("= ") else show_value(value)
            assert dg_number(shown) == dg_number(wanted), (name, label)


def dg_number(text: str) -> object:
    """A number as such, whatever way it is written."""
    try:
        return float(text)
    except ValueError:
        return text


# ----------------------------------------------------------------------------------------- programs of any shape

ATOMS = ("gelu", "linear", "linear[b = 4, bias = false]", "mlp[[4, 3, 4]]", "layer_norm", "net", "ff", "sin")
PRELUDE = """\
diagram ff : R[4] -> R[4] = linear[b = 5] >> gelu >> linear
share net = ff
diagram both_[f : R[4] -> R[4], g : R[4] -> R[4]](x : R[4]) -> R[4] {
  share a = linear
  weight w : R[4] = ones
  return f(a(x)) * w + g(f(x))
}
diagram twice[f : R[4] -> R[4]] : R[4] -> R[4] = residual[f] >> f
"""


class Programs:
    """Draws diagrams R[4] -> R[4] as text."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.fresh = count(1)

    def piece(self, depth: int, names: tuple[str, ...]) -> str:
        """One diagram, of these names among others."""
        kinds = ["atom", "name"] if depth == 0 else ["name", "atom", *range(13)]
        kind = self.draw(st.sampled_from(kinds))
        if kind == "atom" or (kind == "name" and not names):
            return self.draw(st.sampled_from(ATOMS))
        if kind == "name":
            return self.draw(st.sampled_from(names))
        f, g = self.piece(depth - 1, names), self.piece(depth - 1, names)
        n, k = next(self.fresh), self.draw(st.integers(1, 3))
        x, y = f"x{n}", f"y{n}"
        return [
            f"({f} >> {g})",
            f"({f} + {g})",
            f"residual[{f}]",
            f"both_[{f}, {g}]",
            f"twice[{f}]",
            f"repeat {k} {{ {f} }}",
            f"repeat {k + 1} as i{n} {{ if i{n} == {k - 1} then {f} else {g} }}",
            f"({x} -> ({x} >> {f}) * {x} - 0.5)",
            f"({x} -> stack({x}, {x}) >> map[{f}] >> tree[({y}, z{n}) -> ({y} >> {g}) + z{n} * {x}])",
            f"({x} -> fold[(b{n}, a{n}) -> (a{n} >> {f}) + b{n}]({x}, stack({x}, {x})))",
            f"(linear as k{n})",
            f"store {{ {f} }}",
            f"recompute {{ {x} -> ({x} >> {f}) + {x} }}",
        ][int(kind)]

    def program(self) -> str:
        """A file: a diagram with shares, diagrams of its own and a weight, used somehow."""
        lines: list[str] = []
        names: tuple[str, ...] = ()
        for name in self.draw(st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, max_size=3)):
            word = self.draw(st.sampled_from(["share {} =", "diagram {} : R[4] -> R[4] ="]))
            lines.append(f"  {word.format(name)} {self.piece(1, names)}")
            names += (name,)
        used = " >> ".join(names) or "id"
        return PRELUDE + "diagram main : R[4] -> R[4] {{\n{}\n}}\n".format(
            "\n".join([*lines, f"  {self.piece(2, names)} >> {used} >> {self.piece(1, names)}"])
        )


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A small program, well typed."""
    return Programs(draw).program()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_programs_read_back(text: str) -> None:
    """Every small program reads back: shares in shares, arguments, loops and closures, with all their paths."""
    reads_back(dg.loads(text)["main"], "main")


LAID_OUT = {
    **{path.stem: path for path in EXAMPLES},
    **TRICKY,
    **{
        name: f"space X = torus(2)\ndim n\ndiagram main : {kind} = {written}\n" for name, (kind, written) in STD.items()
    },
}


@pytest.mark.parametrize("case", LAID_OUT)
def test_what_is_printed_is_laid_out(case: str) -> None:
    """The text of a diagram is as the formatter leaves it, save that it breaks no block on one line; laid out it is
    the same diagram.
    """
    given = LAID_OUT[case]
    module = dg.load(given) if isinstance(given, Path) else dg.loads(str(given))
    for name in module:
        text = str(module[name])
        assert dg.formatted(text, width=10**6) == text
        again = dg.formatted(text)
        if again != text:
            assert max(map(len, text.splitlines())) > 120
            assert same(dg.loads(again)[name], module[name])


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_random_diagrams_are_laid_out(seed: int) -> None:
    """`parse(format(d))` is `same` as d, for diagrams over a small signature too."""
    diagram = random_diagram(seed, 1 + seed % 25)
    text = str(diagram)
    assert dg.formatted(text) == text
    # any other layout comes back to the same diagram
    (name,) = dg.loads(text)
    assert same(dg.loads(dg.formatted(messed_up(text, seed)))[name], dg.loads(text)[name])
