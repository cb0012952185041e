"""Functions that generated files carry with them, as text: a file runs without diagrammar.

The modules of this folder are ordinary Python, checked like the rest; nothing imports them.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

_FILES = ("weights", "entrance", "batch", "complex_pairs", "fields", "spectral", "cotangents", "optic")
_WORD = re.compile(r"\b_[A-Za-z]\w*|\b[A-Z]\w*")


@cache
def _definitions() -> dict[str, tuple[str, frozenset[str]]]:
    """The text of each top-level definition, and which others it mentions."""
    found: dict[str, str] = {}
    for name in _FILES:
        text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        lines = text.split("\n")
        for item in ast.parse(text).body:
            start = item.lineno
            if isinstance(item, ast.FunctionDef | ast.ClassDef):
                title = item.name
                start = min([start, *(mark.lineno for mark in item.decorator_list)])
            elif isinstance(item, ast.Assign | ast.AnnAssign):
                target = item.targets[0] if isinstance(item, ast.Assign) else item.target
                title = target.id if isinstance(target, ast.Name) else ""
            else:
                continue
            found[title] = "\n".join(lines[start - 1 : item.end_lineno])
    return {
        title: (text, frozenset(word for word in _WORD.findall(text) if word in found and word != title))
        for title, text in found.items()
    }


def texts(names: set[str]) -> list[str]:
    """The text of these definitions and of all that they need, in the order of the files."""
    known = _definitions()
    wanted: set[str] = set()
    stack = [name for name in names if name in known]
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack.extend(known[name][1])
    return [text for title, (text, _) in known.items() if title in wanted]
