"""Draws every example and writes examples/README.md: what each file is, its picture, and its size.

python -m examples.gallery            # writes examples/README.md and docs/pictures/*.svg
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import diagrammar as dg
from diagrammar.writing import write

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "docs" / "pictures"
HEAD = """\
# Examples

Made by `make gallery`. Each file is the architecture; the picture and the numbers are read off it. In a picture,
frames are the file's own diagrams, open where they first stand; small triangles are weights; instances that are shared
have one colour. `diagrammar draw FILE -o out.html` makes a page on which every frame opens.
"""
# of files whose last diagram is a step of an optimiser, large and hardly a picture
SHOWN = {"training_step": "loss", "pinn": "residual", "deeponet_physics": "operator"}


def entries() -> Iterator[tuple[str, str, str]]:
    """The text and the picture of each example, by its name."""
    for path in sorted(HERE.glob("*.dg")):
        module = dg.load(path)
        if not list(module):
            # laws of a box that the caller binds
            continue
        name = SHOWN.get(path.stem, path.stem if path.stem in module else list(module)[-1])
        diagram = module[name]
        weights = dg.cost(diagram).parameters
        lines = [
            f"## [{path.name}]({path.name})",
            "",
            " ".join((module.doc or "").split("\n\n")[0].split()),
            "",
            f"`{name} : {diagram.dom} -> {diagram.cod}`" + (f", {weights:,} weights." if weights else "."),
            "",
            f"![The diagram of {path.name}](../docs/pictures/{path.stem}.svg)",
            "",
        ]
        yield path.stem, "\n".join(lines), diagram.draw(title=name).svg()


def main() -> None:
    """Writes the page and its pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    texts = [HEAD]
    for name, text, picture in entries():
        texts.append(text)
        write(PICTURES / f"{name}.svg", picture)
        print(f"docs/pictures/{name}.svg")
    write(HERE / "README.md", "\n".join(texts))
    print("examples/README.md")


if __name__ == "__main__":
    main()
