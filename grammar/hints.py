"""Guesses at what was meant by a text that is not in the language."""

from __future__ import annotations

from diagrammar.grammar.lexer import KIND, KINDS, LINE, MARKS, NAME, NUMBER, RESERVED, SOFT, STRING, Tokens

_DECLARATIONS = frozenset(("param", "dim", "let", "space", "type", "box", "diagram", "share", "law", "functor"))
_IN_BLOCKS = frozenset(("weight", "state", "next", "return"))
_FOREIGN = {
    **dict.fromkeys(("def", "fn", "func", "function", "fun", "proc", "model", "module", "layer"), "diagram"),
    **dict.fromkeys(("class", "struct", "operator", "extern"), "box"),
    **dict.fromkeys(("const", "var", "val", "define", "set"), "let"),
    "from": "import",
    "using": "import",
    "use": "import",
    "parameter": "param",
    "typedef": "type",
    "theorem": "law",
    "test": "law",
    "assert": "law",
    "property": "law",
    "dims": "dim",
    "domain": "space",
}


def hint(tokens: Tokens, at: int, allowed: set[int]) -> str | None:
    """What was likely meant where a token does not fit; None where nothing is likely."""
    at_start = _statement_start(tokens, at)
    for guess in (_twice, _reserved, _foreign, _misplaced, _operand):
        found = guess(tokens, at, at_start, allowed)
        if found:
            return found
    return _missing(tokens, at, at_start, allowed)


def _statement_start(tokens: Tokens, at: int) -> int:
    """The first token of the line that a token belongs to."""
    start = at
    boundary = (LINE, KIND["{"])
    while start > 0 and tokens.kinds[start - 1] not in boundary and at - start < 10_000:
        start -= 1
    return start


def _word(tokens: Tokens, at: int) -> str:
    return tokens.words[at] if 0 <= at < len(tokens.words) else ""


def _twice(tokens: Tokens, at: int, start: int, allowed: set[int]) -> str | None:
    """Operators of other languages that are two tokens here."""
    pair = _word(tokens, at - 1) + _word(tokens, at)
    if at == 0 or tokens.starts[at] != tokens.starts[at - 1] + len(tokens.words[at - 1]):
        return None
    if pair == "**":
        return "a power is written `^`"
    if pair == "//":
        return "whole division is written `floor(a / b)`; a comment starts with `#`"
    if pair in ("+=", "-=", "*=", "/=", "@="):
        return "a name is bound once: give the new value a new name, such as `x'`"
    if pair == "=>=" or pair == "===":
        return "equality is written `==`"
    return None


def _reserved(tokens: Tokens, at: int, start: int, allowed: set[int]) -> str | None:
    word = _word(tokens, at)
    if word in RESERVED and NAME in allowed and NUMBER not in allowed:
        return f"`{word}` is a reserved word and names nothing; `{word}_` or `{word}'` may"
    before = _word(tokens, at - 1)
    if tokens.kinds[at] == NAME and word in SOFT and _word(tokens, at + 1) in RESERVED and at == start:
        word = _word(tokens, at + 1)
        return f"`{word}` is a reserved word and names nothing; `{word}_` or `{word}'` may"
    if word in RESERVED and at - 1 == start and before in SOFT:
        return f"`{word}` is a reserved word and names nothing; `{word}_` or `{word}'` may"
    if word in RESERVED and _word(tokens, at + 1) in ("=", ":") and at == start:
        return f"`{word}` is a reserved word and names nothing; `{word}_` or `{word}'` may"
    if word in ("if", "repeat", "not") and NUMBER in allowed:
        return f"as an operand, `{word}` takes brackets: `({word} ...)`"
    return None


def _foreign(tokens: Tokens, at: int, start: int, allowed: set[int]) -> str | None:
    """Words with which other languages start a declaration."""
    word = _word(tokens, start)
    if (
        tokens.kinds[start] == NAME
        and word in _FOREIGN
        and at <= start + 1
        and tokens.kinds[start + 1] in (NAME, STRING)
    ):
        return f"did you mean `{_FOREIGN[word]}`?"
    if tokens.kinds[start] == NAME and at <= start + 1 and tokens.kinds[start + 1] == NAME:
        from difflib import get_close_matches

        close = get_close_matches(word, SOFT, 1, 0.7)
        if close and close[0] != word:
            return f"did you mean `{close[0]}`?"
    return None


def _misplaced(tokens: Tokens, at: int, start: int, allowed: set[int]) -> str | None:
    """Statements in a file, declarations in a block."""
    word, kind = _word(tokens, at), tokens.kinds[at]
    file_level = KIND["law"] in allowed
    if kind == KIND.get(word) and word in _IN_BLOCKS and file_level:
        return f"`{word}` stands in the block of a diagram: `diagram f : A -> B {{ ... }}`"
    if kind == KIND.get(word) and word in _DECLARATIONS and KIND["return"] in allowed:
        return f"`{word}` stands in a file, outside the blocks"
    if file_level and kind == NAME and _word(tokens, at + 1) in ("=", ":", ","):
        return f"in a file, `let {word} = ...` names a static value and `diagram {word} : A -> B = ...` a diagram"
    if file_level and kind == NAME and word == "import":
        return 'a module is imported by its name, a file by its path in quotes: `import "./blocks.dg"`'
    if file_level and kind == NAME and word in SOFT:
        return f"`{word}` wants a name after it, in the same line"
    return None


def _operand(tokens: Tokens, at: int, start: int, allowed: set[int]) -> str | None:
    word, before = _word(tokens, at), _word(tokens, at - 1)
    comparisons = ("==", "!=", "<", "<=", ">", ">=")
    if (
        word in comparisons
        and NUMBER not in allowed
        and any(tokens.words[i] in comparisons for i in range(max(start, at - 200), at))
    ):
        return "comparisons do not chain: write `a < b and b < c`"
    if word == "->" and before == ")":
        return "the wires of a lambda are names, all of them with types or none: `(x : A, y : B) -> e`"
    if word in ("for", "within") and KINDS[tokens.kinds[start]] == "law" and NUMBER not in allowed:
        return "what follows the equation of a law comes in the order `for`, `within`, `fails`"
    if word == "(" and before == ")" and KIND["->"] in allowed and KINDS[tokens.kinds[start]] in ("diagram", "box"):
        return "a header has at most two lists of wires"
    if word == "=>" and KIND["->"] in allowed:
        return "`=>` stands in functors only: an arrow is written `->`"
    if word == "->" and KIND["=>"] in allowed:
        return "the image in a rule of a functor is written after `=>`"
    if word == "=" and KIND["=="] in allowed:
        return _assignment(tokens, at, start)
    if word == "." or (before == "." and tokens.kinds[at] == NUMBER):
        return "a decimal has digits on both sides of the point: `0.5`"
    return None


def _assignment(tokens: Tokens, at: int, start: int) -> str:
    if _word(tokens, start) in ("law", "if") or any(
        tokens.words[i] in ("if", "law") for i in range(max(start, at - 200), at)
    ):
        return "equality is written `==`"
    if KINDS[tokens.kinds[start]] == "name" and _word(tokens, at - 1) == ")":
        name = _word(tokens, start)
        return f"a diagram is declared by `diagram {name}(x : A) -> B = ...`, also in a block"
    return "`=` binds names; equality is written `==`"


def _missing(tokens: Tokens, at: int, start: int, allowed: set[int]) -> str | None:
    """A sign that was left out."""
    opening, before = KINDS[tokens.kinds[start]], _word(tokens, at - 1)
    if KIND[":"] in allowed and opening in ("diagram", "box", "law", "functor", "type"):
        if opening == "law" and (before in (")", "]") or at == start + 2):
            return "a law states its equation after a colon: `law name(u : A) : f(u) == g(u)`"
        if at == start + 2 or before in (")", "]"):
            return "a header says its wires: `name : A -> B` or `name(x : A) -> B`"
        return "a wire in a header says its type: `x : A`"
    if KIND[":"] in allowed and opening in ("weight", "state", "param"):
        return f"a type stands after the name: `{opening} {_word(tokens, start + 1)} : ...`"
    if KIND["->"] in allowed and not {KIND["="], KIND["=="]} & allowed and opening in ("diagram", "box"):
        return "the type of a diagram has two sides: `A -> B`; one without inputs is `I -> B`"
    if KIND["="] in allowed and not {NUMBER, KIND[","]} & allowed:
        return "is a `=` missing?" if tokens.kinds[at] != LINE else None
    if KIND["else"] in allowed and NUMBER not in allowed:
        return "each `if` has an `else`: `if c then a else b`"
    if KIND["*"] in allowed and tokens.kinds[at] in (NAME, NUMBER, STRING):
        return _joined(tokens, at)
    return None


def _joined(tokens: Tokens, at: int) -> str:
    before, word = _word(tokens, at - 1), _word(tokens, at)
    if before in MARKS:
        return f"a mark takes one diagram in braces: `{before} {{ f }}`"
    if tokens.kinds[at - 1] == NUMBER:
        return f"a product is written `{before} * {word}`"
    if tokens.kinds[at] == STRING and tokens.kinds[at - 1] == NAME:
        return f"a string stands in square brackets: `{before}[...]`"
    return "is an operator or a comma missing?"
