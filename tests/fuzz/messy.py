"""The same text in another layout: other blanks, line ends where they may stand, and comments wherever one may."""

from __future__ import annotations

import random
import re

from diagrammar.grammar.lexer import END, JOINING, KINDS, LINE, Tokens, tokenize
from diagrammar.source import Source

GOES_ON = {*JOINING, "not", *(">>", "@", "+", "*", "/", "-", "^", "->", "=", ",", ":", "=>", "=="), "<=", ".."} - {
    "fails"
}
COMES_FROM = {*JOINING, ">>", "@", "*", "/", "+", "->"}
COMMENTS = ("#", "# a note", '# "quoted', "#{ [ (", "# >> sin", '#"""', "#: größe")


def tokens_of(text: str) -> Tokens:
    """The tokens of a text without lexical errors."""
    tokens = tokenize(Source("messy.dg", text))
    assert not tokens.errors, tokens.errors
    return tokens


def messed_up(text: str, seed: int, *, comments: bool = True) -> str:
    """The tokens of a text in a random layout; its own comments are left out."""
    draw = random.Random(seed)
    line_end = draw.choice(["\n", "\n", "\n", "\r\n", "\r"])
    remark = draw.choice([0.0, 0.05, 0.5]) if comments else 0.0
    crowd, split = draw.choice([0.0, 0.5, 1.0]), draw.choice([0.0, 0.05, 0.4])

    def blanks() -> str:
        return draw.choice(["", " ", " ", "  ", "\t", "     "])

    def lines(least: int) -> str:
        made = []
        for _ in range(least + (draw.random() < 0.3) * draw.randint(0, 3)):
            made.append(blanks() + (draw.choice(COMMENTS) if draw.random() < remark else "") + blanks() + line_end)
        return "".join(made) + blanks()

    tokens = tokens_of(text)
    parts = [lines(0)]
    opened: list[str] = []
    before = ""
    for kind, word in zip(tokens.kinds, tokens.words, strict=True):
        if kind == END:
            break
        if kind == LINE:
            before = "\n"
            continue
        inside = bool(opened) and opened[-1] != "{"
        free = inside or before in GOES_ON or word in COMES_FROM or before == "{" or word == "}"
        if before == "\n" or (before and free and draw.random() < split):
            parts.append(lines(1))
        elif before:
            tight = (before in "()[]{}," or word in "()[]{},") and draw.random() < crowd
            parts.append("" if tight else draw.choice([" ", " ", "  ", "\t"]))
        parts.append(word)
        if word in ("(", "[", "{"):
            opened.append(word)
        elif word in (")", "]", "}"):
            opened.pop()
        before = word
    end = draw.choice(["", line_end, lines(1)])
    return "".join(parts) + end


def comments_of(text: str) -> list[tuple[int, str]]:
    """The comments of a text, each with the number of the token (line ends not counted) that it stands after."""
    tokens = tokens_of(text)
    found = []
    end = number = 0
    for kind, start, word in zip(tokens.kinds, tokens.starts, tokens.words, strict=True):
        if kind == LINE:
            continue
        between = text[end : len(text) if kind == END else start]
        found += [(number, match.rstrip(" \t")) for match in re.findall(r"#[^\r\n]*", between)]
        end = start + len(word)
        number += 1
    return found


def same_tokens(one: str, two: str) -> bool:
    """Whether two texts read the same: their tokens, line ends that count among them."""
    first, second = tokens_of(one), tokens_of(two)
    kinds = [[KINDS[kind] for kind in each.kinds] for each in (first, second)]
    return kinds[0] == kinds[1] and first.words == second.words
