"""The kinds of cases: how many there are, what texts each number stands for, and what is asked of a text."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import diagrammar as dg
from tests.fuzz import corpus, operators
from tests.fuzz.judge import judge, kept, laid_out
from tests.fuzz.messy import messed_up
from tests.fuzz.mutants import mutant
from tests.fuzz.programs import program

Text = bytes | str
# how many texts one run of hypothesis makes
RUN = 100


@dataclass(frozen=True)
class Kind:
    """`make(seed, number)` gives texts; `ask` says whether a text was read, and lets everything wrong out."""

    what: str
    count: int
    make: Callable[[int, int], Sequence[Text]]
    ask: Callable[[Text], bool]
    # the least part that must be read
    least: float = 0.0


@cache
def kinds() -> dict[str, Kind]:
    """All of them, by name."""
    return {
        "prefixes": Kind("every byte prefix of a file", corpus.prefixes(), lambda _, n: [corpus.prefix(n)], _text),
        "mutants": Kind("files with slips", 100_000, lambda seed, n: [mutant(seed, n)], _text),
        "grammar": Kind("texts of the grammar", 50, _of_grammar, _text),
        "operators": Kind("operators on operands", operators.count(), lambda _, n: [operators.text(n)], _text),
        "programs": Kind("right programs", 10_000, lambda seed, n: [program(seed * 1_000_003 + n)], _program, 0.95),
        "layouts": Kind("files laid out anew", 2_000, _layout, _layout_kept, 1.0),
    }


def as_bytes(text: Text) -> bytes:
    """A text as it is kept in a file."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _one_in(many: int, text: Text) -> bool:
    return crc32(as_bytes(text)) % many == 0


def _text(text: Text) -> bool:
    return judge(text, thorough=_one_in(7, text))


def _program(text: Text) -> bool:
    """A program is read; one in ten is compiled and run."""
    from tests.fuzz.running import agree

    assert isinstance(text, str)
    read = judge(text, thorough=_one_in(4, text))
    if read and _one_in(10, text):
        module = dg.loads(text)
        for name in module:
            kept(module[name], name)
            agree(module[name])
    return read


def _layout(seed: int, number: int) -> list[str]:
    files = corpus.files()
    text = files[number % len(files)][1].decode("utf-8")
    return [messed_up(text, random.Random(f"{seed}/{number}").getrandbits(32))]


def _layout_kept(text: Text) -> bool:
    assert isinstance(text, str)
    laid_out(text)
    return True


def _of_grammar(seed: int, number: int) -> list[str]:
    """The texts of one run of hypothesis over the grammar."""
    import hypothesis
    from hypothesis import HealthCheck, Phase, settings

    from tests.fuzz.grammar_texts import texts

    made: list[str] = []

    def keep(text: str) -> None:
        made.append(text)

    asked = settings(
        max_examples=RUN, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
    )
    hypothesis.seed(seed * 1_000_003 + number)(asked(hypothesis.given(texts())(keep)))()
    return made
