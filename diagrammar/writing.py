"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def write(path: str | Path, content: str | bytes) -> None:
    """Writes a file whole or not at all: beside its place first, then moved there in one step.

    A file that is there keeps its permissions; through a link its target is written. Raises an OSError that names the
    path given; then the old file is as it was, and nothing is left beside it. Folders, devices, pipes and files that
    may not be written are refused.
    """
    try:
        _replace(os.path.realpath(path), content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        # the user knows the file, not the one beside it
        raise OSError(error.errno, error.strerror, str(path)) from None


def _replace(place: str, content: bytes) -> None:
    old = _kept(place)
    temporary = os.path.join(os.path.dirname(place), f".diagrammar-{os.urandom(8).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with open(handle, "wb") as file:
            if old is not None and os.name == "posix":
                with suppress(PermissionError):
                    os.fchown(handle, old.st_uid, old.st_gid)
                os.fchmod(handle, stat.S_IMODE(old.st_mode))
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.replace(temporary, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _kept(place: str) -> os.stat_result | None:
    """The file that is to be replaced, if there is one and it may be."""
    try:
        old = os.stat(place)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file")
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return old
