"""What is read: shapes, places, docstrings, limits."""

from __future__ import annotations

import gc
import time
import tracemalloc
from pathlib import Path

import pytest

from diagrammar.errors import DiagrammarError, DiagramSyntaxError
from diagrammar.grammar import parse, parse_expression, tree
from diagrammar.source import Source

SKETCHES = sorted((Path(__file__).parent / "sketches").glob("*.dg"))


def show(node: object) -> str:
    """An expression with all its brackets, for short ones."""
    match node:
        case tree.Binary(op, left, right):
            return f"({show(left)} {op} {show(right)})"
        case tree.Unary(op, item):
            return f"({op} {show(item)})"
        case tree.Name(name):
            return name
        case tree.Number(text):
            return text
        case tree.String(value):
            return f"'{value}'"
        case tree.Call(function, args):
            return f"{show(function)}({', '.join(map(show, args))})"
        case tree.Index(item, args):
            return f"{show(item)}[{', '.join(map(show, args))}]"
        case tree.Argument(name, value):
            return f"{name}={show(value)}" if name else show(value)
        case tree.Attribute(item, name):
            return f"{show(item)}.{name}"
        case tree.Bundle(items):
            return f"<{', '.join(map(show, items))}>"
        case tree.ListOf(items):
            return f"[{', '.join(map(show, items))}]"
        case tree.Lambda(wires, body):
            return f"({' '.join(map(show, wires))} -> {show(body)})"
        case tree.Port(name, kind):
            return name if kind is None else f"{name}:{show(kind)}"
        case tree.If(condition, then, otherwise):
            return f"(if {show(condition)} {show(then)} {show(otherwise)})"
        case tree.Repeat(count, index, body):
            return f"(repeat {show(count)} {index} {show(body)})"
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a >> b @ c + d * e", "(a >> (b @ (c + (d * e))))"),
        ("a * b + c @ d >> e", "((((a * b) + c) @ d) >> e)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c", "((a / b) * c)"),
        ("a >> b >> c", "((a >> b) >> c)"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-a^2", "(- (a ^ 2))"),
        ("2^-x^2", "(2 ^ (- (x ^ 2)))"),
        ("-a * b", "((- a) * b)"),
        ("a * -b", "(a * (- b))"),
        ("--a", "(- (- a))"),
        ("f(a)[b].c(d)", "f(a)[b].c(d)"),
        ("f[a](b)^2", "(f[a](b) ^ 2)"),
        ("a == b and not c < d or e", "(((a == b) and (not (c < d))) or e)"),
        ("0 .. n - 1", "(0 .. (n - 1))"),
        ("a >> b == c >> d", "((a >> b) == (c >> d))"),
        ("x -> y -> x + y", "(x -> (y -> (x + y)))"),
        ("(x, y) -> x - y", "(x y -> (x - y))"),
        ("(x : A, y : B @ C) -> x", "(x:A y:(B @ C) -> x)"),
        ("(x) -> x", "(x -> x)"),
        ("() -> a", "( -> a)"),
        ("if c then x -> a else b >> d", "(if c (x -> a) (b >> d))"),
        ("if a then if b then c else d else e", "(if a (if b c d) e)"),
        ("repeat n - 1 { f } >> g", "((repeat (n - 1) None f) >> g)"),
        ("repeat n as i { x -> f[i](x) }(u)", "(repeat n i (x -> f[i](x)))(u)"),
        ("f(a, b = c, d,)", "f(a, b=c, d)"),
        ("((a))", "a"),
        ("(a,)", "a"),
        ("(a, b,)", "<a, b>"),
        ("()", "<>"),
        ("f()", "f()"),
        ("[[1, 2], []]", "[[1, 2], []]"),
        ("R[d]^n", "(R[d] ^ n)"),
    ],
)
def test_expressions(text: str, meant: str) -> None:
    """Operators bind as the language says, loosest first: lambda, if, or, and, not, <, .., >>, @, +, *, -, ^."""
    assert show(parse_expression(Source("x", text))) == meant


@pytest.mark.parametrize("path", SKETCHES, ids=lambda path: path.stem)
def test_every_place_is_the_text_of_its_node(path: Path) -> None:
    """Each node lies inside its parent, is not empty, and a name's place is its text."""
    source = Source(path.name, path.read_text(encoding="utf-8"))
    stack: list[tree.Node] = [parse(source)]
    while stack:
        node = stack.pop()
        for slot in type(node).__match_args__:
            parts = getattr(node, slot)
            for part in parts if isinstance(parts, tuple) else (parts,):
                for leaf in part if isinstance(part, tuple) else (part,):
                    if isinstance(leaf, tree.Node):
                        assert node.start <= leaf.start < leaf.end <= node.end, (node, leaf)
                        stack.append(leaf)
        if isinstance(node, tree.Name):
            assert source.text[node.start : node.end].strip("() ") == node.name


def test_headers() -> None:
    """Headers: parameters with kinds and defaults, no, one or two lists of wires, both styles of types."""
    text = """\
diagram a[n, f : A -> A, d = n, bias : bool = true] : A -> B = id
diagram b(u : V, v : V)(w : V) -> V = u
diagram c(K : R[2, 2]) : V -> V = id
diagram d() -> V = u
box e[pattern : str]
box f(x : A) -> B is random, batch
"""
    a, b, c, d, e, f = (getattr(item, "header") for item in parse(Source("x", text)).declarations)  # noqa: B009
    assert [parameter.name for parameter in a.params] == ["n", "f", "d", "bias"]
    assert isinstance(a.params[1].kind, tree.Arrow) and show(a.params[2].default) == "n"
    assert show(a.params[3].kind) == "bool" and show(a.params[3].default) == "true"
    assert [[port.name for port in ports] for ports in b.wires] == [["u", "v"], ["w"]] and b.dom is None
    assert len(c.wires) == 1 and show(c.dom) == "V"
    assert d.wires == ((),)
    assert e.cod is None and e.dom is None
    assert show(f.cod) == "B"


def test_statements_of_a_block() -> None:
    """A block holds bindings, weights, states, shares, lets, diagrams, results and returns."""
    text = """\
diagram f(u : V) -> V {
  let n = 2
  "A matrix."
  weight W : R[n, n] = normal(std = 1) where frozen, nonneg
  weight c : R
  '''
  state m : R = 0
  next m = c
  share g = h
  diagram local : V -> V = g
  a, b : V = g(u)
  return a, if n == 2 then b else a
}
diagram e : V -> V { x -> x }
diagram n(u : V) -> I { return }
diagram z : I -> I { }
""".replace("'''", '"""The\nstate."""')
    f, e, n, z = (item.body for item in parse(Source("x", text)).declarations if isinstance(item, tree.DiagramDecl))
    assert isinstance(f, tree.Block)
    kinds = [type(statement).__name__ for statement in f.statements]
    assert kinds == ["Let", "Weight", "Weight", "State", "Next", "Share", "DiagramDecl", "Bind", "Return"]
    _, weight, bare, state, *_, bind, back = f.statements
    assert isinstance(weight, tree.Weight) and isinstance(bare, tree.Weight) and isinstance(state, tree.State)
    assert weight.doc == "A matrix." and [c.name for c in weight.constraints] == ["frozen", "nonneg"]
    assert bare.doc is None and bare.initial is None and state.doc == "The\nstate."
    assert isinstance(bind, tree.Bind) and [show(port) for port in bind.targets] == ["a", "b:V"]
    assert isinstance(back, tree.Return) and len(back.values) == 2
    assert isinstance(e, tree.Block) and isinstance(e.statements[0], tree.Result)
    assert isinstance(n, tree.Block) and repr(n.statements) == "(Return(values=()),)"
    assert isinstance(z, tree.Block) and z.statements == ()


def test_laws_boxes_functors_imports() -> None:
    """The other declarations keep all their parts."""
    text = """\
import std.multigrid (vcycle, w,)
import "./blocks.dg" as blocks
import std.fem
dim n, m
law l[a](u : A) : f(a * u) <= g(u) for a in -3.0 .. 3.0, s in shifts(X) within 1e-4 fails
law k : f >> g == h
box sine[A] : A -> A is elementwise { jvp(x, dx) = cos(x) * dx
  vjp(x, dy) {
    c = cos(x)
    return c * dy
  }
}
functor F[k] { f[m] => g[k]
  Field[X, c] => Field[X, 2 * c] }
functor None { }
"""
    one, two, three, dims, law, other, box, functor, nothing = parse(Source("x", text)).declarations
    assert (
        repr(one)
        == "Import(path='std.multigrid', quoted=False, names=(Name(name='vcycle'), Name(name='w')), alias=None)"
    )
    assert repr(two) == "Import(path='./blocks.dg', quoted=True, names=None, alias='blocks')"
    assert repr(three) == "Import(path='std.fem', quoted=False, names=None, alias=None)"
    assert repr(dims) == "Dims(names=(Name(name='n'), Name(name='m')))"
    assert isinstance(law, tree.LawDecl) and isinstance(other, tree.LawDecl)
    assert law.relation == "<=" and law.fails and [b.name for b in law.bindings] == ["a", "s"]
    assert law.within is not None and show(law.within) == "1e-4" and show(law.bindings[0].values) == "((- 3.0) .. 3.0)"
    assert other.relation == "==" and other.wires == () and other.within is None and not other.fails
    assert isinstance(box, tree.BoxDecl) and [rule.name for rule in box.rules] == ["jvp", "vjp"]
    assert [kind.name for kind in box.kinds] == ["elementwise"] and isinstance(box.rules[1].body, tree.Block)
    assert isinstance(functor, tree.FunctorDecl) and [show(rule.image) for rule in functor.rules] == [
        "g[k]",
        "Field[X, (2 * c)]",
    ]
    assert isinstance(nothing, tree.FunctorDecl) and nothing.rules == ()


@pytest.mark.parametrize(
    ("text", "docs"),
    [
        ('"f"\ndim n', ["f", None]),
        ('"f"\n"d"\ndim n', ["f", "d"]),
        ('dim n\n"d"\nlet x = 3', [None, None, "d"]),
        ('"f"', ["f"]),
        ('"f"\nimport a\n\n"d"\n# c\n\nbox b', ["f", None, "d"]),
    ],
)
def test_docstrings(text: str, docs: list[str | None]) -> None:
    """The first string of a file is the file's; another one belongs to the declaration after it."""
    file = parse(Source("x", text))
    assert [file.doc, *(getattr(item, "doc", None) for item in file.declarations)] == docs


@pytest.mark.parametrize("text", ['dim n\n"d"', 'dim n\n"d"\n"e"\ndim m', 'dim n\n"d"\nimport a'])
def test_a_string_that_documents_nothing_is_an_error(text: str) -> None:
    """A lost docstring is not dropped silently."""
    with pytest.raises(DiagramSyntaxError, match="documents nothing"):
        parse(Source("x", text))


DEEP = {
    "brackets": lambda n: "(" * n + "x" + ")" * n,
    "lists": lambda n: "[" * n + "x" + "]" * n,
    "calls": lambda n: "f(" * n + "x" + ")" * n,
    "powers": lambda n: "x" + "^x" * n,
    "lambdas": lambda n: "x -> " * n + "x",
    "minus": lambda n: "-" * n + "x",
    "not": lambda n: "not " * n + "x",
    "else": lambda n: "if c then a else " * n + "x",
    "repeat": lambda n: "repeat 2 {" * n + "x" + "}" * n,
}


@pytest.mark.heavy
@pytest.mark.parametrize("shape", DEEP)
def test_nesting_of_a_hundred_thousand(shape: str) -> None:
    """Every way to nest expressions is read to the limit and refused past it, without recursion."""
    parse_expression(Source("x", DEEP[shape](100_000)))
    with pytest.raises(DiagramSyntaxError, match="nested more than 100,000 deep"):
        parse_expression(Source("x", DEEP[shape](100_001)))


@pytest.mark.parametrize("shape", DEEP)
def test_the_limit_of_nesting_is_an_argument(shape: str) -> None:
    """`nesting=` counts exactly."""
    parse_expression(Source("x", DEEP[shape](70)), nesting=70)
    with pytest.raises(DiagramSyntaxError, match="nested more than 70 deep"):
        parse_expression(Source("x", DEEP[shape](71)), nesting=70)


@pytest.mark.parametrize("sign", [">>", "@", "+", "*", "and"])
def test_long_chains_are_not_nesting(sign: str) -> None:
    """A chain of 100,000 operands needs no stack."""
    parse_expression(Source("x", "x" + f" {sign} x" * 100_000), nesting=5)


def test_the_limit_of_size() -> None:
    """A text over `size` characters is refused before it is read."""
    with pytest.raises(DiagramSyntaxError, match="the limit is 5"):
        parse(Source("x", "dim nm"), size=5)
    parse(Source("x", "dim n"), size=5)


def statements(count: int) -> Source:
    return Source("x", "diagram f : A -> A {\n" + "".join(f"x{i + 1} = relu(x{i})\n" for i in range(count)) + "x}")


def test_ten_thousand_statements_are_read_in_linear_time() -> None:
    """Quadratic reading would take minutes; how fast it is, the benchmarks measure."""
    source = statements(10_000)
    before = time.perf_counter()
    parse(source)
    assert time.perf_counter() - before < 10


@pytest.mark.heavy
def test_the_tree_of_a_hundred_thousand_statements_is_small() -> None:
    """Under 150 MB, and the collector is left as it was."""
    source = statements(100_000)
    tracemalloc.start()
    kept = parse(source)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.declarations and size < 150e6
    assert gc.isenabled()


def test_the_collector_stays_off_where_it_was() -> None:
    """Reading restores the state of the collector, after an error too."""
    gc.disable()
    try:
        parse(Source("x", "dim n"))
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(DiagrammarError):
        parse(Source("x", "dim"))
    assert gc.isenabled()
