"""The kinds of cases: how many there are, how each is made from its number, and what is asked of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.fuzz import corpus
from tests.fuzz.judge import judge, kept
from tests.fuzz.messy import messed_up
from tests.fuzz.mutants import mutant
from tests.fuzz.programs import program

Verdict = bool  # whether the text was read
# how many texts one run of hypothesis makes
RUN = 100


@dataclass(frozen=True)
class Kind:
    """A kind of case: `make(seed, number)` is the text, `ask(text, number)` says whether it was read."""

    what: str
    count: int
    make: Callable[[int, int], bytes | str]
    ask: Callable[[bytes | str, int], Verdict]
    # the least part that must be read
    least: float = 0.0


def _sometimes(every: int) -> Callable[[bytes | str, int], Verdict]:
    return lambda text, number: judge(text, thorough=number % every == 0)


def _run(text: bytes | str, number: int) -> Verdict:
    """A program is read; one in ten is compiled and run."""
    import diagrammar as dg
    from tests.fuzz.running import agree

    assert isinstance(text, str)
    read = judge(text, thorough=number % 4 == 0)
    if read and number % 10 == 0:
        module = dg.loads(text)
        for name in module:
            kept(module[name], name)
            agree(module[name])
    return read


def _layout(seed: int, number: int) -> str:
    files = corpus.files()
    return messed_up(files[number % len(files)][1].decode("utf-8"), random.Random(f"{seed}/{number}").getrandbits(32))


def _always(text: bytes | str, number: int) -> Verdict:
    from tests.fuzz.judge import laid_out

    assert isinstance(text, str)
    laid_out(text)
    return True


def kinds() -> dict[str, Kind]:
    """All of them, by name; texts of the grammar are made in runs, see `grammar_texts`."""
    return {
        "prefixes": Kind("every byte prefix", corpus.prefixes(), lambda _, n: corpus.prefix(n), _sometimes(7)),
        "mutants": Kind("mutants of tokens and bytes", 100_000, mutant, _sometimes(7)),
        "programs": Kind("generated programs", 10_000, lambda seed, n: program(seed * 1_000_003 + n), _run, 0.95),
        "layouts": Kind("other layouts of the files", 2_000, _layout, _always, 1.0),
    }


def of_grammar(seed: int, run: int, count: int = RUN) -> Iterator[str]:
    """The texts of one run over the grammar."""
    import hypothesis
    from hypothesis import HealthCheck, Phase, settings

    from tests.fuzz.grammar_texts import texts

    made: list[str] = []

    def keep(text: str) -> None:
        made.append(text)

    asked = settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    hypothesis.seed(seed * 1_000_003 + run)(asked(hypothesis.given(texts())(keep)))()
    yield from made
