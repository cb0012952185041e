"""Tensors: einsum, joining and cutting, sums, tables, random numbers."""

from __future__ import annotations

from diagrammar.backends.torch.function import rank
from diagrammar.backends.torch.meanings.call import Call, Meaning, Result, Several, is_pair
from diagrammar.types import Field, Tensor, Type, shape_of

_LETTERS = "abcdefghijklmnopqrstuvwxyABCDEFGHIJKLMNOPQRSTUVWXY"


def _einsum(c: Call) -> Result:
    pattern = c.text("pattern")
    left, _, right = pattern.partition("->")
    terms = [term.split() for term in left.split(",")]
    out = right.split()
    if len(terms) != len(c.values):
        raise c.error(f"the pattern {pattern!r} has {len(terms)} operands, {len(c.values)} are given")
    letters: dict[str, str] = {}
    for name in [name for term in [*terms, out] for name in term]:
        if name != "..." and name not in letters:
            if len(letters) >= 50:
                raise c.error("an einsum of more than 50 names")
            # z and Z are the batch and the pair axis
            letters[name] = _LETTERS[len(letters)]
    # axes that `...` stands for are summed where the result has none
    letters["..."] = "..." if "..." in out or "..." not in left else _dots(c, terms, letters)
    words = ["".join(letters[name] for name in term) for term in terms]
    result = "".join(letters[name] for name in out)
    total = c.param("batch") == "sum"
    special = None if total else _matrix(c, words, result)
    if special is not None:
        return special
    marks = [("z" if c.flag(at) else "") + word for at, word in enumerate(words)]
    lead = "z" if not total and any(c.flag(at) for at in range(len(words))) else ""
    c.flags = (not total,)
    pairs = [at for at, wire in enumerate(c.box.dom) if is_pair(wire)]
    args = [c.arg(at) for at in range(len(words))]
    if len(pairs) <= 1:
        marks = [mark + "Z" if at in pairs else mark for at, mark in enumerate(marks)]
        equation = f"{','.join(marks)}->{lead}{result}{'Z' if pairs else ''}"
        return f"torch.einsum({equation!r}, {', '.join(args)})"
    return _complex(c, marks, lead + result, pairs, args)


def _dots(c: Call, terms: list[list[str]], letters: dict[str, str]) -> str:
    """Letters of their own for the axes of `...`."""
    at = next(at for at, term in enumerate(terms) if "..." in term)
    count = rank(c.type(at)) - int(is_pair(c.type(at))) - (len(terms[at]) - 1)
    free = [letter for letter in _LETTERS if letter not in letters.values()]
    if count > len(free):
        raise c.error("an einsum of more than 50 names")
    return "".join(free[:count])


def _matrix(c: Call, words: list[str], result: str) -> str | None:
    """A matrix on the last axis: `F.linear`."""
    if len(words) != 2 or any(map(is_pair, c.box.dom)):
        return None
    for x, w in ((0, 1), (1, 0)):
        matrix = words[w]
        if not c.flag(x) or c.flag(w) or len(matrix) != 2 or "." in matrix or matrix[0] == matrix[1]:
            continue
        word = words[x]
        if isinstance(c.type(x), Field) and word == matrix[1] + "..." and result == matrix[0] + "...":
            return f"{c.helper('_pointwise')}({c.arg(x)}, {c.arg(w)}, None)"
        if "." in word or len(set(word)) != len(word):
            continue
        for first, last in ((0, 1), (1, 0)):
            if word and word[-1] == matrix[last] and result == word[:-1] + matrix[first] and matrix[first] not in word:
                table = c.arg(w) if first == 0 else f"{c.arg(w)}.t()"
                return f"F.linear({c.arg(x)}, {table})"
    return None


def _complex(c: Call, marks: list[str], result: str, pairs: list[int], args: list[str]) -> str:
    """Products of complex operands: two in real arithmetic, more as complex tensors."""
    equation = f"{','.join(marks)}->{result}"
    if len(pairs) > 2:
        view = c.helper("_view")
        full = [
            f"{view}({a})" if at in pairs else f"{a}.to({view}({args[pairs[0]]}).dtype)" for at, a in enumerate(args)
        ]
        return f"torch.view_as_real(torch.einsum({equation!r}, {', '.join(full)}).resolve_conj())"
    first, second = (c.local(args[at]) for at in pairs)

    def product(i: int, j: int) -> str:
        parts = {pairs[0]: f"{first}[..., {i}]", pairs[1]: f"{second}[..., {j}]"}
        return f"torch.einsum({equation!r}, {', '.join(parts.get(at, text) for at, text in enumerate(args))})"

    real = f"{product(0, 0)} - {product(1, 1)}"
    imaginary = f"{product(0, 1)} + {product(1, 0)}"
    return f"torch.stack(({real}, {imaginary}), -1)"


def _axis(c: Call, wire: Type, default: int = 0) -> int:
    """The axis of a sample that `axis` names, counted from the left."""
    axes = rank(wire) - (1 if is_pair(wire) else 0)
    axis = c.whole("axis", default)
    if not -axes <= axis < max(axes, 1):
        raise c.error(f"axis {axis} of {wire}")
    return axis % max(axes, 1)


def _alike(c: Call) -> str:
    """All operands with one batch axis of one size, or all without."""
    flags = [c.flag(at) for at in range(len(c.values))]
    if not any(flags):
        return ", ".join(c.arg(at) for at in range(len(flags)))
    args = ", ".join(c.with_batch(at) for at in range(len(flags)))
    return f"*{c.helper('_alike')}(({args},))" if len(flags) > 1 else args


def _concat(c: Call) -> Result:
    if not c.values:
        raise c.error("nothing to join")
    axis = _axis(c, c.type()) + int(c.batched or c.lifted)
    return f"torch.cat(({_alike(c)},), {axis})"


def _stack(c: Call) -> Result:
    if not c.values:
        raise c.error("nothing to join")
    axis = c.whole("axis", 0)
    return f"torch.stack(({_alike(c)},), {axis % (rank(c.type()) + 1) + int(c.batched or c.lifted)})"


def _split(c: Call) -> Result:
    axis = _axis(c, c.type())
    sizes = [c.size(shape_of(wire)[axis]) for wire in c.box.cod]
    return Several(f"torch.split({c.arg()}, [{', '.join(sizes)}], {axis + 1})")


def _index(c: Call) -> Result:
    at = c.param("at")
    where = c.size(at) if not isinstance(at, str | tuple | None) else None  # type: ignore[arg-type]  # the parameter is a size
    if where is None:
        raise c.error("`at` is to be a whole number")
    if isinstance(c.type(), Field):
        return f"{c.arg()}.narrow(1, {where}, 1)"
    return f"{c.arg()}.select(1, {where})"


def _insert(c: Call) -> Result:
    field = isinstance(c.type(), Field)
    at, size = c.whole("at", 0), c.size(c.sizes("size", 1)[0])
    text = c.arg() if field else f"{c.arg()}.unsqueeze(1)"
    after = str(int(size) - 1 - at) if size.isdigit() else f"{size} - {1 + at}"
    return f"{c.helper('_fill')}({text}, 1, {at}, {after})"


def _flip(c: Call) -> Result:
    return f"{c.arg()}.flip(1)"


def _total(c: Call) -> Result:
    wire = c.type()
    pair = int(is_pair(wire))
    axes = list(range(2 if isinstance(wire, Field) else 1, rank(wire) + 1 - pair))
    # how many are true is a number like others
    x = f"{c.arg()}.to({c.like()}.dtype)" if isinstance(wire, Tensor) and wire.kind == "Bool" else c.arg()
    return f"{x}.sum({axes})" if axes else x


def _lookup(c: Call) -> Result:
    table = c.bare(0)
    if table is not None:
        return f"F.embedding({c.arg(1)}, {table})"
    # a table for each sample
    index = c.local(f"{c.with_batch(1)}.unsqueeze(-1)")
    both = c.local(f"{c.helper('_alike')}(({c.with_batch(0)}, {index}))")
    width = c.size(shape_of(c.type(0))[-1])
    return f"{both}[0].gather(1, {both}[1].expand(-1, -1, {width}))"


def _lookup_transpose(c: Call) -> Result:
    rows = c.size(shape_of(c.out())[0])
    both = c.local(f"{c.helper('_alike')}(({c.with_batch(0)}, {c.with_batch(1)}))")
    return f"{c.helper('_added_rows')}({both}[0], {both}[1], {rows})"


def _batch_sum(c: Call) -> Result:
    if c.values[0].batched:
        return f"{c.arg()}.sum(0)"
    return f"{c.arg()} * {c.fn.batch()}"


def _moments(c: Call) -> Result:
    wire = c.type()
    axes = [0, *range(2, rank(wire) + 1)] if isinstance(wire, Field) else [0]
    x = c.arg()
    return f"{x}.mean({axes})", f"{x}.var({axes}, correction=0)"


def _conj(c: Call) -> Result:
    return f"{c.helper('_pair_conj')}({c.arg()})" if is_pair(c.type()) else c.arg()


MEANINGS: dict[str, Meaning] = {
    "std:einsum": Meaning(_einsum, lift=False),
    "std:concat": Meaning(_concat, lift=False),
    "std:stack": Meaning(_stack, lift=False),
    "std:split": Meaning(_split),
    "std:index": Meaning(_index),
    "std:sum": Meaning(_total),
    "std:insert": Meaning(_insert),
    "std:flip": Meaning(_flip),
    "std:lookup_transpose": Meaning(_lookup_transpose),
    "std:batch_sum": Meaning(_batch_sum, lift=False, batched=False),
    "std:lookup": Meaning(_lookup),
    "std:batch_moments": Meaning(_moments, batched=False),
    "std:conj": Meaning(_conj, lift=False),
}
