"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: str | Path, content: str | bytes) -> None:
    """Writes a file whole or not at all: beside its place first, then moved there in one step."""
    import tempfile

    place = Path(path)
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, place)
    except BaseException:
        os.unlink(temporary)
        raise
