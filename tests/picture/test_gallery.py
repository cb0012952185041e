"""The gallery of the examples is the one that `make gallery` writes."""

from __future__ import annotations

from pathlib import Path

import diagrammar as dg
from examples import gallery


def test_the_gallery_is_current() -> None:
    """Its page and its pictures are those that the examples give now."""
    entries = list(gallery.entries())
    page = "\n".join([gallery.HEAD, *(text for _, text, _ in entries)])
    assert Path(gallery.HERE, "README.md").read_text(encoding="utf-8") == page
    stale = [name for name, _, picture in entries if (gallery.PICTURES / f"{name}.svg").read_text("utf-8") != picture]
    assert stale == []


def test_pictures_name_no_folder_of_a_machine(tmp_path: Path) -> None:
    """A picture says in which file a box stands, and not where that file lies."""
    path = tmp_path / "f.dg"
    path.write_text("diagram f : R[2] -> R[3] = linear\n", encoding="utf-8")
    text = dg.load(path)["f"].draw().svg()
    assert "f.dg:1:28" in text and str(tmp_path) not in text
