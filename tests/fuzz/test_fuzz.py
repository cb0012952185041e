"""A part of `make fuzz`, drawn evenly: no text makes the reader fail, and no process that fails goes unseen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from tests.fuzz import cases, workers

# how many numbers of each kind are drawn; the whole is for `make fuzz`
DRAWN = {"prefixes": 300, "mutants": 500, "grammar": 1, "operators": 900, "programs": 60, "layouts": 58}


@pytest.mark.heavy
@pytest.mark.parametrize("name", DRAWN)
def test_texts_are_read_or_refused(name: str) -> None:
    """With an error that has a place in the text; what is read keeps the laws, and the formatter keeps the tokens."""
    kind = cases.kinds()[name]
    step = max(1, kind.count // DRAWN[name])
    verdicts = []
    for number in range(0, step * DRAWN[name], step):
        for text in kind.make(1, number):
            start = time.process_time()
            try:
                verdicts.append(kind.ask(text))
            except Exception as error:
                raise AssertionError(f"{name} {number}: {text!r}") from error
            # the bar is 2 s
            assert time.process_time() - start < 10
    assert sum(verdicts) >= kind.least * len(verdicts) and len(verdicts) >= DRAWN[name]


def test_every_kind_is_drawn() -> None:
    """A new kind of case has its part here."""
    assert set(DRAWN) == set(cases.kinds())


def _hang(text: cases.Text) -> bool:
    while text == b"bad":
        time.sleep(1)
    return True


def _die(text: cases.Text) -> bool:
    if text == b"bad":
        os._exit(9)
    return True


def _grow(text: cases.Text) -> bool:
    return len(text * 10**9 if text == b"bad" else text) < 100


def _fail(text: cases.Text) -> bool:
    assert text != b"bad"
    return True


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (_hang, "the process ended with -9"),
        (_die, "the process ended with 9"),
        (_grow, "MemoryError"),
        (_fail, "AssertionError"),
    ],
)
def test_what_goes_wrong_is_counted(
    ask: Callable[[cases.Text], bool], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that hangs, dies, grows or fails is one failure, with its text; the others are asked all the same."""
    kind = cases.Kind("test", 5, lambda _, number: [b"bad" if number == 2 else b"good"], ask)
    monkeypatch.setattr(cases, "kinds", lambda: {"test": kind})
    monkeypatch.setattr(workers, "HANG", 1.0)
    found = [figures for _, figures in workers.run([("test", 0, 0, 4), ("test", 0, 4, 5)], 2)]
    assert sum(each.texts for each in found) == 5
    assert sum(each.read for each in found) == 4
    ((number, text, said),) = (failure for each in found for failure in each.failures)
    assert (number, text) == (2, b"bad")
    assert why in said
