"""Failing cases on disk: written when a law is refuted, tried first the next time, taken away when it holds again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from diagrammar.backends.torch.numbers import from_lists, to_lists
from diagrammar.diagram import Bundle
from diagrammar.laws.subject import Case
from diagrammar.types import Field, Space, Tensor, free_axes
from diagrammar.writing import write

FOLDER = Path(".diagrammar")
# of a larger case its seed is kept
NUMBERS = 4096


def place(folder: Path, file: str, law: str) -> Path:
    """The file of the case of a law."""
    stem = re.sub(r"\W+", "_", Path(file).stem)
    return folder / "refuted" / f"{stem}.{law}.json"


def save(path: Path, case: Case) -> None:
    """Writes a case, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.parent.parent / ".gitignore"
    if not ignore.exists():
        write(ignore, "*\n")
    write(path, json.dumps(plain(case), indent=1) + "\n")


def load(path: Path) -> Case | None:
    """The case in a file; None where there is none, or one that this release does not read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        data = json.loads(path.read_text(encoding="utf-8"))
        return Case(
            {name: _read(value) for name, value in data["values"].items()},
            {name: int(value) for name, value in data["sizes"].items()},
            str(data["style"]),
            str(data["weight_style"]),
            int(data["seed"]),
            None if data["inputs"] is None else tuple(map(from_lists, data["inputs"])),
            None if data["weights"] is None else {name: from_lists(each) for name, each in data["weights"].items()},
        )
    return None


def plain(case: Case) -> dict[str, Any]:
    """A case as plain data."""
    inputs, weights = case.inputs, case.weights
    total = sum(each.numel() for each in (*(inputs or ()), *(weights or {}).values()))
    if total > NUMBERS:
        inputs = weights = None
    return {
        "values": {name: _plain(value) for name, value in case.values.items()},
        "sizes": dict(case.sizes),
        "style": case.style,
        "weight_style": case.weight_style,
        "seed": case.seed,
        "inputs": None if inputs is None else [to_lists(each) for each in inputs],
        "weights": None if weights is None else {name: to_lists(each) for name, each in weights.items()},
    }


def _plain(value: Any) -> Any:
    match value:
        case Space():
            return {"space": [list(factor) for factor in value.base]}
        case Bundle():
            return {"type": [_plain(wire) for wire in value.types]}
        case Tensor():
            return {"tensor": [value.kind, *value.sizes]}
        case Field():
            return {"field": [value.kind, _plain(value.space), value.channels]}
        case Fraction():
            return {"fraction": [value.numerator, value.denominator]}
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_read, value))
    if not isinstance(value, Mapping):
        return value
    ((word, data),) = value.items()
    match word:
        case "space":
            base = tuple((str(kind), int(dim), str(name)) for kind, dim, name in data)
            return Space(base, free_axes(base))
        case "type":
            return Bundle(tuple(map(_read, data)))
        case "tensor":
            return Tensor(data[0], tuple(data[1:]))
        case "field":
            return Field(data[0], _read(data[1]), data[2])
        case "fraction":
            return Fraction(*data)
        case _:
            raise ValueError(word)
