"""Every operator between all kinds of operands, where any value may stand."""

from __future__ import annotations

from functools import cache
from itertools import product

SIGNS = ("==", "!=", "<", "<=", ">", ">=", "..", "and", "or", ">>", "@", "+", "-", "*", "/", "^")
PREFIXES = ("not ", "-", "- -", "not not ", "", "if true then 1 else ", "z -> ")
OPERANDS = (
    *(
        "sin",
        "1",
        "0",
        "true",
        "x",
        "R",
        "X",
        "[1, 2]",
        '"a"',
        "(y -> y)",
        "()",
        "repeat 2 { sin }",
        "training",
        "I",
        "store { sin }",
    ),
    *("(if training then x else x)", "(sin as q)", "(1 / 0)", "1.5", "n", "gaussian", "residual", "dim(X)"),
)
PLACES = (
    "diagram f : R[2] -> R[2] = {}",
    "diagram f(x : R[2]) -> R[2] = {}",
    "let a = {}",
    "param a : any = {}",
    "space Y = {}",
    "type A = {}",
    "type A = R[{}]",
    "share s = {}",
    "diagram f(x : R[2]) -> R[2] { return if {} then x else x }",
    "diagram f : R[2] -> R[2] = residual[{}]",
    "diagram f(x : R[2]) -> R[2] {\n  let k = {}\n  share s = {}\n  y = {}\n  return s(y)\n}",
    "diagram f : R[2] -> R[2] = repeat 2 as i { {} }",
    "diagram f : R[2] -> R[2] = repeat {} { sin }",
    "diagram f : R[2] -> R[2] = sin >> ({})",
    "diagram f(x : R[2]) -> R[2] = map[{}](x)",
    "diagram f(x : R[2]) -> R[2] = linear[b = {}](x)",
    "diagram f(x : R[2]) -> R[2] = ({})(x)",
    "diagram f(x : R[2]) -> R[2] {\n  weight w : R[2] = {}\n  return x * w\n}",
)


@cache
def _expressions() -> tuple[str, ...]:
    pairs = (f"{left} {sign} {right}" for left, sign, right in product(OPERANDS, SIGNS, OPERANDS))
    return (*pairs, *(prefix + operand for prefix, operand in product(PREFIXES, OPERANDS)))


def count() -> int:
    """How many texts there are."""
    return len(PLACES) * len(_expressions())


def text(number: int) -> str:
    """The text of this number."""
    place, expression = PLACES[number % len(PLACES)], _expressions()[number // len(PLACES)]
    return "dim n\nspace X = torus(1)\n" + place.replace("{}", expression) + "\n"
