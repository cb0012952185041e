"""Laws that hold, and laws that do not, as `.dg` text: the header of both sides, the left one and the right one."""

from __future__ import annotations

import diagrammar as dg
from diagrammar.diagram import Diagram

HEAD = """
space X = torus(2)
type V = Field[X, 4]
share four = fourier[3]
share vec = linear[4, 4, bias = false]
share bent = linear[4, 4]
share stencil = conv[3, bias = false]
share shifted = conv[3]
share down = conv[3, stride = 2, bias = false]
diagram block : V -> V = pointwise >> gelu
share cell = block
share other = block
diagram mean_of(u : V) -> V { return u - mean(u) }
diagram damped(u : V, v : V) -> V { return four(u) * v }
diagram one_more(u : V) -> V { return shifted(u) + 1 }
share grown = grow
diagram grow(x : R[3, 3]) -> R[3, 3] {
  weight w : R[3, 3] = normal
  return w * x
}
share wider = conv_transpose[4, stride = 2, bias = false]
space S = interval(0, 1)
type E = Field[S[8], 2]
type G = Field[S[6], 2]
diagram second(x : R[3, 4]) -> R[3, 4] {
  a, b = split[1, 3](rearrange["a b -> b a"](x))
  return rearrange["b a -> a b"](concat(b, a))
}
diagram edge : E -> E = pad[[1], [1]] >> crop[[2], [0]]
diagram crop_pad : E -> E = pad[[1], [1], "circular"] >> crop[[2], [0]]
diagram scaled(a : R, s : R[2], x : R[5, 2]) -> R[2] @ R[5, 2] { return a * s, a * x }
"""


def sides(header: str, left: str, right: str) -> tuple[Diagram, Diagram]:
    """Both sides of a law."""
    lines = (f"diagram {name}{header} {{ return {side} }}" for name, side in (("left", left), ("right", right)))
    made = dg.loads("\n".join([HEAD, *lines]), name="law.dg")
    return made["left"], made["right"]


ONE, TWO, THREE = "(u : V) -> V", "(u : V, v : V) -> V", "(a : R, u : V, v : V) -> V"
TWO_R, TWO_C = "(x : R[3, 4], y : R[3, 4]) -> R", "(u : V, v : V) -> R[4]"
ROWS, COARSE = "(x : R[3, 3], y : R[3, 3]) -> R[3]", "(u : V, v : V) -> Field[X / 2, 4]"
VEC = "(a : R, x : R[4], y : R[4]) -> R[4]"

TRUE = {
    "fourier is linear": (THREE, "four(a * u + v)", "a * four(u) + four(v)"),
    "a matrix is linear": (VEC, "vec(a * x + y)", "a * vec(x) + vec(y)"),
    "a convolution is linear": (THREE, "stencil(a * u - v)", "a * stencil(u) - stencil(v)"),
    "einsum is linear on the left": (
        "(x : R[4], y : R[4], W : R[3, 4]) -> R[3]",
        'einsum["a, b a -> b"](x + y, W)',
        'einsum["a, b a -> b"](x, W) + einsum["a, b a -> b"](y, W)',
    ),
    "einsum is linear on the right": (
        "(x : R[4], W : R[3, 4], M : R[3, 4]) -> R[3]",
        'einsum["a, b a -> b"](x, W - 2 * M)',
        'einsum["a, b a -> b"](x, W) - 2 * einsum["a, b a -> b"](x, M)',
    ),
    "einsum is linear in both": (
        "(x : R[4], W : R[3, 4]) -> R[3]",
        'einsum["a, b a -> b"](2 * x, 3 * W)',
        '6 * einsum["a, b a -> b"](x, W)',
    ),
    "a matrix of a number is a number of the matrix": ("(a : R, x : R[4]) -> R[4]", "vec(x * a)", "a * vec(x)"),
    "a residual is a sum": (ONE, "residual[cell](u)", "u + cell(u)"),
    "linear boxes compose": (TWO, "four(stencil(u + v))", "four(stencil(u)) + four(stencil(v))"),
    "a composite is linear": (THREE, "mean_of(a * u + v)", "a * mean_of(u) + mean_of(v)"),
    "bilinear in the first": (TWO, "damped(u + u, v)", "2 * damped(u, v)"),
    "a difference of affine maps": (TWO, "shifted(u) - shifted(v)", "one_more(u) - one_more(v)"),
    "a loop of linear boxes": (TWO, "repeat 3 { four }(u + v)", "repeat 3 { four }(u) + repeat 3 { four }(v)"),
    "a shared loop laid out": (ONE, "repeat 3 { cell }(u)", "cell(cell(cell(u)))"),
    "marks are what they hold": (TWO, "recompute { four }(u + store { id }(v))", "store { four }(u) + four(v)"),
    "map of a linear box": (
        "(x : R[5, 4], y : R[5, 4]) -> R[5, 4]", "map[vec](x + y)", "map[vec](x) + map[vec](y)",
    ),
    "a fold of sums": (
        "(a : R, x : R[5, 4]) -> R[4]",
        "fold[(s, x) -> s + 0.5 * x](0 * x[0], a * x)",
        "a * fold[(s, x) -> s + 0.5 * x](0 * x[0], x)",
    ),
    "a shift commutes with an activation": (ONE, "translate[[1, 0]](gelu(u))", "gelu(translate[[1, 0]](u))"),
    "a shift commutes with a product": (
        TWO, "translate[[1, 0]](u * sin(v))", "translate[[1, 0]](u) * sin(translate[[1, 0]](v))",
    ),
    "axes permuted and an activation": (
        "(x : R[3, 4]) -> R[4, 3]", 'rearrange["a b -> b a"](gelu(x))', 'gelu(rearrange["a b -> b a"](x))',
    ),
    "an entry of a product": ("(x : R[3, 4]) -> R[4]", "(x * sin(x))[1]", "x[1] * sin(x[1])"),
    "concat is linear": (
        "(x : R[2], y : R[3]) -> R[5]", "concat(2 * x, 2 * y)", "concat(x, y) + concat(x, y)",
    ),
    "a square": (TWO, "(u + v)^2", "u^2 + 2 * u * v + v * v"),
    "a quotient": (TWO, "(u + v) / 4 - v / 4", "0.25 * u + 0 * v"),
    "a quotient by a wire": (TWO, "(u + v * v) / v", "u / v + v * (v / v)"),
    "a box on a sum with what it makes": (
        ONE, "translate[[1, 0]](u + translate[[1, 0]](u))",
        "translate[[1, 0]](u) + translate[[1, 0]](translate[[1, 0]](u))",
    ),
    "a shift of a product with a shift": (
        ONE, "translate[[1, 0]](sin(u) * translate[[1, 0]](sin(u)))",
        "sin(translate[[1, 0]](u)) * sin(translate[[1, 0]](translate[[1, 0]](u)))",
    ),
    "zero goes to zero": (ONE, "four(u - u)", "0 * u"),
    "the sum of all": (TWO_R, "sum(2 * x - y)", "2 * sum(x) - sum(y)"),
    "the mean of a field": (TWO_C, "mean(u + v)", "mean(u) + mean(v)"),
    "a sum over an axis": (
        ROWS, 'reduce["a b -> a", "sum"](2 * x + y)', '2 * reduce["a b -> a", "sum"](x) + reduce["a b -> a", "sum"](y)',
    ),
    "a mean over an axis": (
        ROWS, 'reduce["a b -> b", "mean"](x - y)', 'reduce["a b -> b", "mean"](x) - reduce["a b -> b", "mean"](y)',
    ),
    "halves": ("(x : R[3, 4], y : R[3, 4]) -> R[3, 4]", "second(x + y)", "second(x) + second(y)"),
    "a stack": ("(x : R[3], y : R[3]) -> R[2, 3]", "stack(2 * x, 2 * y)", "2 * stack(x, y)"),
    "blocks by their means": (COARSE, 'pool[2, "mean"](u - v)', 'pool[2, "mean"](u) - pool[2, "mean"](v)'),
    "blocks by their first points": (COARSE, "restrict(u * v)", "restrict(u) * restrict(v)"),
    "a kernel's transpose": (
        "(u : V, v : V) -> Field[2 * X, 4]", "wider(u + v)", "wider(u) + wider(v)",
    ),
    "a finer grid": ("(u : V, v : V) -> Field[2 * X, 4]", "prolong(u - v)", "prolong(u) - prolong(v)"),
    "trigonometric interpolation": (
        "(u : V, v : V) -> Field[2 * X, 4]", "upsample(u - v)", "upsample(u) - upsample(v)",
    ),
    "a table": (
        "(t : R[5, 2], s : R[5, 2], x : Tokens[5, 3]) -> R[3, 2]",
        "lookup(2 * t + s)(x)", "2 * lookup(t)(x) + lookup(s)(x)",
    ),
    "a choice": (
        "(m : Bool[4], x : R[4], y : R[4]) -> R[4]", "select(m, 2 * x, 2 * y)", "select(m, x, y) + select(m, x, y)",
    ),
    "points added": ("(u : E, v : E) -> E", "edge(u + v)", "edge(u) + edge(v)"),
    "points taken away and a product": ("(u : E, v : E) -> E", "crop_pad(u * v)", "crop_pad(u) * crop_pad(v)"),
    "the values of a field": (
        "(u : G, v : G) -> R[2, 6]", "sample(sin(u) + v)", "sin(sample(u)) + sample(v)",
    ),
    "numbers spread over a grid": (
        "(x : R[4], u : V) -> V", "(x + x) * u", "2 * x * u",
    ),
    "an activation of numbers spread over a grid": (
        "(x : R[4], u : V) -> V", "sin(x + 0 * u) * u", "sin(x) * u",
    ),
    "a scan of sums": (
        "(a : R, s : R[2], x : R[5, 2]) -> R[2] @ R[5, 2]",
        "scan[(s, x) -> (s + x, s)](a * s, a * x)",
        "scaled(a, scan[(s, x) -> (s + x, s)](s, x))",
    ),
    "a tree of sums": ("(x : R[5, 2], y : R[5, 2]) -> R[2]", "tree[add](x + y)", "tree[add](x) + tree[add](y)"),
}  # fmt: skip
FALSE = {
    "gelu is additive": (TWO, "gelu(u + v)", "gelu(u) + gelu(v)"),
    "an affine map is linear": (VEC, "bent(a * x + y)", "a * bent(x) + bent(y)"),
    "a convolution with a bias is linear": (TWO, "shifted(u + v)", "shifted(u) + shifted(v)"),
    "two instances are one": (ONE, "cell(u)", "other(u)"),
    "another parameter": (ONE, "translate[[1, 0]](u)", "translate[[0, 1]](u)"),
    "axes permuted and a softmax": (
        "(x : R[3, 3]) -> R[3, 3]", 'rearrange["a b -> b a"](softmax(x))', 'softmax(rearrange["a b -> b a"](x))',
    ),
    "axes permuted and a weight": (
        "(x : R[3, 3]) -> R[3, 3]", 'rearrange["a b -> b a"](grown(x))', 'grown(rearrange["a b -> b a"](x))',
    ),
    "a product is linear in both at once": (TWO, "(u + v) * (u + v)", "u * u + v * v"),
    "a square is linear": ("(a : R, u : V) -> V", "(a * u)^2", "a * u^2"),
    "a difference commutes": (TWO, "u - v", "v - u"),
    "a scalar leaves sin": ("(a : R, u : V) -> V", "sin(a * u)", "a * sin(u)"),
    "a sum leaves max": (TWO, "max(u, v) + u", "max(u + u, v)"),
    "the maximum of a pool is linear": (
        "(u : V, v : V) -> Field[X / 2, 4]", "pool[2](u + v)", "pool[2](u) + pool[2](v)",
    ),
    "a quotient is linear below": (TWO, "u / (v + v)", "u / v + u / v"),
    "a mark holds something else": (ONE, "recompute { sin }(u)", "recompute { cos }(u)"),
    "the loop is one shorter": (ONE, "repeat 3 { cell }(u)", "cell(cell(u))"),
    "instances of a loop are one": (ONE, "repeat 2 { pointwise }(u)", "repeat 2 { cell }(u)"),
    "a fold with a constant is linear": (
        "(x : R[5, 4]) -> R[4]",
        "fold[(s, x) -> s + x + 1](0 * x[0], 2 * x)",
        "2 * fold[(s, x) -> s + x + 1](0 * x[0], x)",
    ),
    "the largest is linear": (
        "(x : R[3, 4]) -> R[3]", 'reduce["a b -> a", "max"](-x)', '-reduce["a b -> a", "max"](x)',
    ),
}  # fmt: skip
# they hold, and the axioms do not say so
BEYOND = {
    "a quotient where it is defined": (ONE, "u / u", "0 * u + 1"),
    "a shift and a convolution": (ONE, "translate[[1, 0]](four(u))", "four(translate[[1, 0]](u))"),
    "a function that is odd": (ONE, "sin(-u)", "-sin(u)"),
}
# of those that hold: what is no polynomial in them, or no real number
ROUGH = {
    "fourier is linear": "a wire of C[4, 4, 3, 2] is complex",
    "linear boxes compose": "a wire of C[4, 4, 3, 2] is complex",
    "bilinear in the first": "a wire of C[4, 4, 3, 2] is complex",
    "a loop of linear boxes": "a wire of C[4, 4, 3, 2] is complex",
    "zero goes to zero": "a wire of C[4, 4, 3, 2] is complex",
    "a shift and a convolution": "a wire of C[4, 4, 3, 2] is complex",
    "trigonometric interpolation": "`rfft` is no polynomial",
    "a residual is a sum": "`erf` is no polynomial",
    "a shared loop laid out": "`erf` is no polynomial",
    "a shift commutes with an activation": "`erf` is no polynomial",
    "axes permuted and an activation": "`erf` is no polynomial",
    "a shift commutes with a product": "`sin` is no polynomial",
    "an entry of a product": "`sin` is no polynomial",
    "the values of a field": "`sin` is no polynomial",
    "an activation of numbers spread over a grid": "`sin` is no polynomial",
    "a function that is odd": "`sin` is no polynomial",
    "a shift of a product with a shift": "`sin` is no polynomial",
    "a table": "a wire of Tokens[5, 3] is no polynomial",
    "a choice": "a wire of Bool[4] is no polynomial",
}
