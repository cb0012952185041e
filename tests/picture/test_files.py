"""The files of pictures: SVG, TikZ, PNG and the page, each checked by a program that reads it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest

import diagrammar as dg
from diagrammar.backends.picture import picture
from diagrammar.backends.picture.scene import Disc, Rect, Scene, Text
from diagrammar.backends.picture.tikz import escaped
from diagrammar.diagram import Diagram
from tests.picture.test_scenes import EXAMPLES, PROGRAMS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LATEX = shutil.which("pdflatex")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SVG = "{http://www.w3.org/2000/svg}"
NASTY = """
box größe : R -> R
box 漢字[s : str] : R -> R
diagram main : R -> R = größe >> 漢字["</script><script>alert(1)</script>&<>'\\\\%$#_{}~^ \\n"] >> sin
"""


def main_of(path: Path) -> Diagram:
    """The diagram that is called like its file, or the last one."""
    module = dg.load(path)
    return module[path.stem if path.stem in module else list(module)[-1]]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_svg_is_xml_with_every_text(theme: str) -> None:
    """It parses, holds what the scene holds, and names no other file."""
    scene = picture(dg.loads(NASTY)["main"]).scene
    text = picture(dg.loads(NASTY)["main"]).svg(theme)
    root = ET.fromstring(text)
    found = [one.text for one in root.iter(f"{SVG}text")]
    assert found == [one.text for one in scene.primitives if isinstance(one, Text)]
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + sum(isinstance(one, Rect) for one in scene.primitives)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_control_characters_do_not_break_the_files() -> None:
    """A name may hold what XML and LaTeX cannot."""
    from diagrammar.diagram import Box
    from diagrammar.types import Tensor

    odd = picture(Diagram.of(Box("a\x00\x1b\ud800\ufffe", (Tensor("R"),), (Tensor("R"),))))
    ET.fromstring(odd.svg())
    assert "\x00" not in odd.tikz() + odd.html()


def test_notebooks_show_it() -> None:
    """A diagram and its picture are SVG there."""
    diagram = dg.loads("diagram main : R[3] -> R[2] = linear")["main"]
    assert diagram._repr_svg_() == diagram.draw()._repr_svg_() == diagram.draw().svg()


def test_png_is_drawn(tmp_path: Path) -> None:
    """With twice as many pixels as the scene; the same picture is the same file; the dark one is dark."""
    import numpy as np
    from matplotlib.image import imread

    pytest.importorskip("matplotlib", reason="draws PNG files")
    drawn = dg.loads("diagram main : R[3] -> R[2] = linear")["main"].draw(tmp_path / "a.png")
    dg.loads("diagram main : R[3] -> R[2] = linear")["main"].draw(tmp_path / "b.png", theme="dark")
    light, dark = imread(tmp_path / "a.png"), imread(tmp_path / "b.png")
    assert abs(light.shape[1] - 2 * drawn.scene.width) <= 2
    assert drawn.png() == drawn.png() == (tmp_path / "a.png").read_bytes()
    assert np.median(light[..., :3]) > 0.9 > 0.3 > np.median(dark[..., :3])


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """With the list of those there are, and no file."""
    with pytest.raises(dg.BackendError, match=r"no format '\.jpg'"):
        dg.loads("diagram main : R -> R = sin")["main"].draw(tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------------- LaTeX


@pytest.mark.parametrize("char", list("#$%&_{}\\~^<>|\"'×αΩ∂漢é"))
def test_latex_specials_are_escaped(char: str) -> None:
    """None of them stands as it is where LaTeX would read it."""
    made = escaped(f"a{char}b")
    assert made.startswith("a") and made.endswith("b")
    assert char not in '#$%&_{}~^<>|"' or made != f"a{char}b"


def opened(pdf: bytes) -> bytes:
    """A PDF file with its compressed parts laid open."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(stream))
    return b"\n".join(parts)


@pytest.mark.skipif(LATEX is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("path", [None, *EXAMPLES], ids=lambda path: path.stem if path else "nasty")
def test_tikz_compiles_on_a_page_of_its_size(tmp_path: Path, path: Path | None) -> None:
    """One page, as large as the picture; by itself."""
    drawn = picture(main_of(path) if path else dg.loads(NASTY)["main"])
    (tmp_path / "a.tex").write_text(drawn.tikz(), encoding="utf-8")
    assert LATEX is not None
    words = [LATEX, "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-1500:]
    assert "(1 page" in done.stdout
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)", opened((tmp_path / "a.pdf").read_bytes()))
    assert box is not None
    assert float(box[1]) == pytest.approx(0.75 * drawn.scene.width, abs=0.1)
    assert float(box[2]) == pytest.approx(0.75 * drawn.scene.height, abs=0.1)


@pytest.mark.skipif(LATEX is None, reason="pdflatex is not installed")
def test_tikz_can_be_input(tmp_path: Path) -> None:
    """In a paper that uses TikZ."""
    (tmp_path / "net.tex").write_text(picture(dg.loads(NASTY)["main"]).tikz(), encoding="utf-8")
    head = r"\documentclass{article}\usepackage{fix-cm}\usepackage{tikz}"
    paper = head + r"\begin{document}A \resizebox{5cm}{!}{\input{net}} B\end{document}"
    (tmp_path / "paper.tex").write_text(paper, encoding="utf-8")
    assert LATEX is not None
    words = [LATEX, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0 and "(1 page" in done.stdout, done.stdout[-1500:]


# -------------------------------------------------------------------------------------------------------- page

READ = """
<script>
const found = {};
const keys = ["x", "y", "width", "height", "cx", "cy", "r"];
const shapes = () => [...document.querySelectorAll("#picture rect, #picture circle")].map((one) =>
  [one.classList[0], ...keys.filter((key) => one.hasAttribute(key)).map((key) => Number(one.getAttribute(key)))]);
found.first = shapes();
document.getElementById("less").click();
found.closed = shapes();
for (let level = 1; level <= 3; level++) { document.getElementById("more").click(); found["open" + level] = shapes(); }
document.getElementById("less").click();
const one = document.querySelector(".opens");
if (one) { one.toggle(); found.toggled = document.querySelectorAll(".frame").length; }
const result = document.createElement("pre");
result.id = "result";
result.textContent = JSON.stringify(found);
document.body.appendChild(result);
</script>
"""


def rendered(page: str, folder: Path) -> dict[str, list[list[object]]]:
    """What a browser makes of a page: its shapes at first, closed, and opened level by level."""
    (folder / "page.html").write_text(page.replace("</body>", READ + "</body>"), encoding="utf-8")
    assert CHROMIUM is not None
    words = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", (folder / "page.html").as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    text = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.S)
    assert text is not None, done.stderr[-1500:]
    found: dict[str, list[list[object]]] = json.loads(text[1].replace("&amp;", "&"))
    return found


def shapes(scene: Scene) -> list[list[object]]:
    """The boxes and discs of a scene, as the page lists them."""
    found: list[list[object]] = []
    for one in scene.primitives:
        if isinstance(one, Rect):
            found.append([one.kind, one.x, one.y, one.width, one.height])
        elif isinstance(one, Disc):
            found.append([one.kind, one.x, one.y, one.radius])
    return found


def close(page: list[list[object]], scene: Scene) -> bool:
    """Whether a page shows the boxes and discs of a scene, each within a fiftieth of a pixel."""

    def ordered(shapes: list[list[object]]) -> list[list[object]]:
        return sorted([kind, *[round(float(str(value)) * 10) / 10 for value in rest]] for kind, *rest in shapes)

    mine, other = ordered(page), ordered(shapes(scene))
    return len(mine) == len(other) and all(
        a[0] == b[0] and all(abs(float(str(v)) - float(str(w))) < 0.15 for v, w in zip(a[1:], b[1:], strict=True))
        for a, b in zip(mine, other, strict=True)
    )


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("name", [*(path.stem for path in EXAMPLES), "combinators", "discards", "nasty"])
def test_the_page_shows_what_the_picture_shows(tmp_path: Path, name: str) -> None:
    """In a browser: as it opens, closed, and opened level by level it stands where the picture of that depth stands."""
    paths = {path.stem: path for path in EXAMPLES}
    main = main_of(paths[name]) if name in paths else dg.loads({**PROGRAMS, "nasty": NASTY}[name])["main"]
    found = rendered(picture(main).html(), tmp_path)
    assert close(found["first"], picture(main).scene)
    assert close(found["closed"], picture(main, depth=0).scene)
    for level in (1, 2, 3):
        scene = picture(main, depth=level).scene
        if sum(isinstance(one, Rect) for one in scene.primitives) < 300:
            assert close(found[f"open{level}"], scene), level
    assert "toggled" not in found or found["toggled"] == 1  # type: ignore[comparison-overlap]  # a number there


def test_the_page_needs_nothing_else() -> None:
    """One file without addresses; text of the diagram cannot leave its place."""
    page = picture(dg.loads(NASTY)["main"]).html()
    assert set(re.findall(r"https?://[^\"' ]*", page)) == {"http://www.w3.org/2000/svg"}
    assert page.count("</script>") == 2
    assert "alert(1)</script>" not in page
