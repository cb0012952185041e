"""The gallery of the examples is the one that `make gallery` writes."""

from __future__ import annotations

from pathlib import Path

from examples import gallery


def test_the_gallery_is_current() -> None:
    """Its page and its pictures are those that the examples give now."""
    entries = list(gallery.entries())
    page = "\n".join([gallery.HEAD, *(text for _, text, _ in entries)])
    assert Path(gallery.HERE, "README.md").read_text(encoding="utf-8") == page
    stale = [name for name, _, picture in entries if (gallery.PICTURES / f"{name}.svg").read_text("utf-8") != picture]
    assert stale == []
