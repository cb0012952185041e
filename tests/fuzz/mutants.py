"""Files with a few slips in them, of tokens or of bytes."""

from __future__ import annotations

import random
from functools import cache

from diagrammar.grammar.lexer import KINDS, SOFT, tokenize
from diagrammar.source import Source
from tests.fuzz import corpus

ODD = (
    *("0", "1", "-1", "00", "1e400", "1e-400", "9" * 401, "10^30", "3/2", "0.1", "1 / 0", "2^2^2^9", "10^9", "4300"),
    *("größe", "名前", "e\u0301", "ﬁ", "x'", "_", "__class__", "self", "None", "import", "\u202e", "\ufeff", "\0"),
    *('""', '"""', '"', "'", "\\", "#", "\r", "\r\n", "\t", "\n\n", " ", "\x0c", "\u2028", "\ud800", "😀", "½", "²"),
    *('"->"', '"a b -> "', '"{}"', '"a" * 99', "I", "R", "R[]", "R[0]", "Field[X, 0]", "torus(0)", "id", "copy[0]"),
    *(
        "repeat 0 { id }",
        "repeat 3 as i { id }",
        "store { id }",
        "recompute { sin }",
        "store",
        "x -> x",
        "()",
        "(,)",
        "[]",
        "{}",
        "training",
        "std",
        "std.linear",
    ),
    *("if true then id else id", "not", "or", "fails", "where", "grid(X)", "dim(X)", "map[id]", "fold[add]", "x.y"),
)


@cache
def _pieces() -> tuple[tuple[str, ...], ...]:
    """Each file as its tokens and what stands between them."""
    found = []
    for _, data in (*corpus.files(), *corpus.wrong_files()):
        text = data.decode("utf-8", "replace")
        tokens = tokenize(Source("mutant.dg", text))
        at, parts = 0, []
        for start, word in zip(tokens.starts, tokens.words, strict=True):
            if word and start >= at:
                parts += [text[at:start], word]
                at = start + len(word)
        found.append((*parts, text[at:]))
    return tuple(found)


@cache
def _words() -> tuple[str, ...]:
    """Every token of every file, once, and the words of the language."""
    return tuple(sorted({word for parts in _pieces() for word in parts[1::2]} | set(KINDS[6:])))


def mutant(seed: int, index: int) -> bytes:
    """The mutant of this number."""
    draw = random.Random(f"{seed}/{index}")
    if draw.random() < 0.2:
        return _of_bytes(draw)
    parts = list(draw.choice(_pieces()))
    if draw.random() < 0.1:
        other = draw.choice(_pieces())
        parts[draw.randrange(len(parts)) :] = other[draw.randrange(len(other)) :]
    for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
        _slip(draw, parts)
    return "".join(parts).encode("utf-8", "surrogatepass")


def _slip(draw: random.Random, parts: list[str]) -> None:
    """Changes a text of tokens in one place."""
    if len(parts) < 4:
        parts.append(draw.choice(ODD))
        return
    at = draw.randrange(0, len(parts) // 2) * 2 + 1
    match draw.randrange(10):
        case 0:
            parts[at] = ""
        case 1:
            parts[at] += " " + parts[at]
        case 2:
            other = draw.randrange(0, len(parts) // 2) * 2 + 1
            parts[at], parts[other] = parts[other], parts[at]
        case 3:
            parts[at] = draw.choice(_words())
        case 4:
            parts[at] = draw.choice(ODD)
        case 5:
            parts[at - 1] += draw.choice(ODD)
        case 6 | 7 | 8:
            # another word of its kind: such slips are of meaning more often than of syntax
            alike = [word for word in parts[1::2] if _sort(word) == _sort(parts[at])]
            parts[at] = draw.choice(alike)
        case _:
            end = min(len(parts), at + draw.randrange(1, 40))
            moved = parts[at:end]
            if draw.random() < 0.5:
                del parts[at:end]
            place = draw.randrange(len(parts))
            parts[place:place] = moved


def _sort(word: str) -> str:
    """What kind of token a word is, roughly."""
    if word[:1].isalpha() and word not in SOFT:
        return "name"
    return word if word in "()[]{}" or word in SOFT else "number" if word[:1].isdigit() else word[:1]


def _of_bytes(draw: random.Random) -> bytes:
    data = bytearray(draw.choice((*corpus.files(), *corpus.wrong_files()))[1])
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(4):
            case 0:
                data[at : at + draw.choice([1, 1, 2, 30])] = b""
            case 1:
                data[at:at] = bytes([draw.randrange(256)]) * draw.choice([1, 1, 1, 300])
            case 2:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case _:
                end = at + draw.randrange(1, 60)
                data[at:at] = data[at:end]
    return bytes(data)
