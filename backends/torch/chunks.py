"""Functions of many statements in several pieces: CPython takes 544 MB to compile 100,000 statements in one function
and 40 MB in pieces."""

from __future__ import annotations

import re

from diagrammar.backends.torch.values import Statement

LIMIT = 1000
_NAME = re.compile(r"(?<![.\w])(?:[vwmn]\d+|like|pending)(?!\w)")
_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")


def names_in(statement: Statement) -> set[str]:
    """Every name that a statement mentions; text in quotes is not looked at."""
    found: set[str] = set()
    for line in statement.lines:
        found.update(_NAME.findall(_TEXT.sub("", line) if "'" in line or '"' in line else line))
    return found


def sink(head: list[Statement], body: list[Statement]) -> list[Statement]:
    """The reads of weights moved to just before their first use, in one list with the body."""
    first: dict[str, int] = {}
    for at, statement in enumerate(body):
        for name in names_in(statement):
            first.setdefault(name, at)
    places: dict[int, list[Statement]] = {}
    for statement in reversed(head):
        at = min((first[name] for name in statement.writes if name in first), default=0)
        places.setdefault(at, []).append(statement)
        for name in names_in(statement) - set(statement.writes):
            first[name] = min(first.get(name, at), at)
    result: list[Statement] = []
    for at, statement in enumerate(body):
        result.extend(reversed(places.get(at, [])))
        result.append(statement)
    return result


def pieces(
    name: str, has_self: bool, params: list[str], statements: list[Statement], returned: str
) -> tuple[list[Statement], list[list[str]]]:
    """Statements of which no more than LIMIT are left, and the functions that they call."""
    functions: list[list[str]] = []
    kept = set(_NAME.findall(returned))
    while len(statements) > LIMIT:
        groups = [statements[at : at + LIMIT] for at in range(0, len(statements), LIMIT)]
        statements = _grouped(name, has_self, set(params), groups, kept, functions)
    return statements, functions


def _grouped(
    name: str, has_self: bool, defined: set[str], groups: list[list[Statement]], kept: set[str],
    functions: list[list[str]],
) -> list[Statement]:  # fmt: skip
    reads: list[list[str]] = []
    gone: list[list[str]] = []
    for group in groups:
        local: set[str] = set()
        read: dict[str, None] = {}
        for statement in group:
            for word in sorted(names_in(statement)):
                # what is bound, but not here, comes from before; names of loops are bound nowhere
                if word in defined and word not in local:
                    read[word] = None
            local.update(statement.writes)
            defined.update(statement.writes)
            defined.difference_update(statement.dels)
        reads.append(list(read))
        gone.append([word for word in read if word not in defined])
    result: list[Statement] = []
    wanted = set(kept)
    outs: list[list[str]] = []
    for at in range(len(groups) - 1, -1, -1):
        bound = {word for statement in groups[at] for word in statement.writes}
        out = sorted(bound & wanted)
        wanted = (wanted - set(out)) | set(reads[at])
        outs.append(out)
    outs.reverse()
    for group, read_names, out, dead in zip(groups, reads, outs, gone, strict=True):
        part = f"{name}_{len(functions)}"
        args = (["self"] if has_self else []) + read_names
        lines = [f"def {part}({', '.join(args)}):"]
        lines += [f"    {line}" for statement in group for line in statement.lines]
        lines += [f"    return {', '.join(out)}"]
        functions.append(lines)
        left = f"{', '.join(out)} = " if out else ""
        call = [f"{left}{part}({', '.join(args)})"]
        dels = [word for word in dead if word not in out]
        if dels:
            call.append("del " + ", ".join(dels))
        result.append(Statement(call, tuple(out), tuple(dels)))
    return result
