"""What came of a law: data that commands, the pytest plugin and reports share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# anything else holds, does what the text says, or was left out
WRONG = frozenset({"refuted", "raised", "not refuted"})


@dataclass(frozen=True)
class Outcome:
    """What came of one law.

    `status` is proved, passed, refuted, raised (a side did), refuted as stated (under `fails`), not refuted (under
    `fails`), or skipped. `defect` is the largest relative difference of the case in `case`; `report` is what a reader
    is told, with the place of the law; `proof` its derivation where it is proved; `replay` the command that tries the
    case again.
    """

    file: str
    law: str
    line: int
    status: str
    examples: int = 0
    seconds: float = 0.0
    note: str = ""
    report: str = ""
    proof: str = ""
    replay: str = ""
    defect: float | None = None
    tolerance: float | None = None
    case: dict[str, Any] | None = None
    pictures: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.status not in WRONG

    def row(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {**asdict(self), "ok": self.ok}


def summary(outcomes: list[Outcome]) -> str:
    """`5 laws: 1 proved, 3 tested, 1 refuted as stated`."""
    count = dict.fromkeys(("proved", "passed", "refuted as stated", *sorted(WRONG), "skipped"), 0)
    for each in outcomes:
        count[each.status] += 1
    count["tested"] = count.pop("passed")
    order = ("proved", "tested", "refuted as stated", *sorted(WRONG), "skipped")
    parts = [f"{count[name]} {name}" for name in order if count[name]]
    return f"{len(outcomes)} law{'s' * (len(outcomes) != 1)}" + (f": {', '.join(parts)}" if parts else "")
