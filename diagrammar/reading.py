"""Reading files safely: inside one root, within limits, and never a link, a device or a pipe."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from diagrammar.errors import (
    Diagnostics,
    DiagramImportError,
    DiagrammarError,
    DiagramNameError,
    DiagramSyntaxError,
    DiagramTypeError,
)
from diagrammar.source import Source, Span


class Limits:
    """What reading may cost: nesting of brackets, bytes of a text, imports inside imports."""

    __slots__ = ("imports", "nesting", "size")

    def __init__(self, nesting: int = 100_000, size: int = 10_000_000, imports: int = 100) -> None:
        self.nesting = nesting
        self.size = size
        self.imports = imports


def read(path: Path, limit: int, span: Span | None = None, shown: str = "") -> str:
    """The UTF-8 text of a regular file of at most `limit` bytes. Raises DiagramImportError or DiagramSyntaxError."""
    try:
        # a pipe would block on opening without O_NONBLOCK
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise DiagramImportError(f"cannot read `{path.name}`: {error.strerror}", span) from None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise DiagramImportError(f"`{path.name}` is not a regular file", span)
        if found.st_size > limit:
            raise DiagramImportError(f"`{path.name}` has {found.st_size} bytes, the limit is {limit}", span)
        data = b""
        while len(data) <= limit:
            block = os.read(handle, 1 << 20)
            if not block:
                break
            data += block
    finally:
        os.close(handle)
    return decode(data, shown or path.name)


def decode(data: bytes, name: str) -> str:
    """The text of these bytes in UTF-8. Raises DiagramSyntaxError at the first byte that is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        place = Source(name, good + "�")
        raise DiagramSyntaxError(
            f"the file is not UTF-8: byte {data[error.start]:#04x}", Span(place, len(good), len(good) + 1)
        ) from None


def resolve(text: str, folder: Path | None, root: Path | None, span: Span) -> Path:
    """The file that an import names: inside the root by its canonical path, and not through a link."""
    if folder is None or root is None:
        raise DiagramImportError("a text that is not a file imports from the library alone", span)
    if "\\" in text or "\0" in text or os.path.isabs(text) or (len(text) > 1 and text[1] == ":"):
        raise DiagramImportError("an import is a relative path with `/`", span)
    if not text.endswith(".dg"):
        raise DiagramImportError("an import names a .dg file", span, hint=f'"{text}.dg"')
    plain = Path(os.path.normpath(folder / text))
    if not plain.is_relative_to(root):
        raise DiagramImportError(f"`{text}` leaves the project", span)
    here = plain
    while here != root:
        if here.is_symlink():
            raise DiagramImportError(f"`{text}` goes through a link", span)
        here = here.parent
    if not plain.exists():
        near = difflib.get_close_matches(plain.name, [each.name for each in plain.parent.glob("*.dg")], 1)
        raise DiagramImportError(
            f"there is no file `{text}`", span, hint=f"did you mean `{near[0]}`?" if near else None
        )
    if plain.name not in os.listdir(plain.parent):
        raise DiagramImportError(f"`{text}` is spelled with other capitals than the file", span)
    return plain


def raise_all(errors: Sequence[DiagrammarError]) -> None:
    """Raises what was collected, if anything."""
    flat: list[DiagrammarError] = []
    seen = set()
    for error in errors:
        for each in error.errors if isinstance(error, Diagnostics) else (error,):
            mark = (str(each.span), each.message)
            if mark not in seen:
                seen.add(mark)
                flat.append(each)
    if len(flat) == 1:
        raise flat[0]
    if flat:
        raise Diagnostics(flat)


def unknown_name(name: str, have: Sequence[str], span: Span, path: str) -> NoReturn:
    """A name that a module does not have."""
    near = difflib.get_close_matches(name, have, 1)
    raise DiagramNameError(
        f"`{path}` has nothing called `{name}`", span, hint=f"did you mean `{near[0]}`?" if near else None
    )


def static_value(given: Any) -> Any:
    """A Python value as a static value: lists become tuples, decimals exact."""
    if isinstance(given, bool | str | int | Fraction):
        return given
    if isinstance(given, float):
        # the decimal that was written, not the binary number next to it
        exact = Fraction(repr(given)) if given == given and abs(given) != float("inf") else None
        if exact is None:
            raise DiagramTypeError("a parameter must be a finite number")
        return int(exact) if exact.denominator == 1 else exact
    if isinstance(given, list | tuple):
        return tuple(map(static_value, given))
    return given
