"""The files that hostile texts are made from: every .dg file of the project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import diagrammar as dg

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "examples", Path(dg.__file__).parent / "std", ROOT / "tests" / "grammar" / "sketches")


@cache
def files() -> tuple[tuple[str, bytes], ...]:
    """Examples, library and sketches, by name; the wrong files of the error corpus are left to the mutants."""
    return tuple(
        (f"{folder.name}/{path.name}", path.read_bytes()) for folder in FOLDERS for path in sorted(folder.rglob("*.dg"))
    )


@cache
def wrong_files() -> tuple[tuple[str, bytes], ...]:
    """The files of the error corpus."""
    folder = ROOT / "tests" / "corpus" / "error"
    return tuple((f"error/{path.name}", path.read_bytes()) for path in sorted(folder.glob("*.dg")))


def prefixes() -> int:
    """How many byte prefixes there are, the empty ones and the whole files among them."""
    return sum(len(data) + 1 for _, data in files())


def prefix(index: int) -> bytes:
    """The byte prefix of this number, over all files."""
    for _, data in files():
        if index <= len(data):
            return data[:index]
        index -= len(data) + 1
    raise IndexError(index)
