"""A scene as TikZ: a file that compiles by itself and can be `\\input` in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from diagrammar.backends.picture.scene import CORNER, Disc, Mark, Primitive, Rect, Scene, Text, Wire
from diagrammar.backends.picture.style import COLOURS, FRAME_OPACITY, HUES
from diagrammar.backends.picture.svg import clean, num

# a pixel; at this scale names are set in 9 points
UNIT = 0.75
_SPECIAL = {
    **{char: "\\" + char for char in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    '"': r"\char34{}",
    "'": r"\ensuremath{'}",
    "×": r"\ensuremath{\times}",
    "÷": r"\ensuremath{\div}",
    "−": r"\ensuremath{-}",
    "–": "--",
    "…": r"\ldots{}",
    "→": r"\ensuremath{\to}",
    "·": r"\ensuremath{\cdot}",
    "∘": r"\ensuremath{\circ}",
}
_NAMES = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi"
    " psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega phi epsilon partial nabla"
)
_GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩϕϵ∂∇", _NAMES.split(), strict=True))
# letters that every LaTeX sets by itself
_PLAIN = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽž")

_HEAD = r"""%% needs: pdflatex, xelatex or lualatex with TikZ. In a paper: \usepackage{tikz}, then \input this file.
\makeatletter
\ifx\@nodocument\relax\else
\documentclass{article}
\usepackage{fix-cm}
\usepackage{tikz}
\usepackage[papersize={%s,%s},margin=0pt]{geometry}
\pagestyle{empty}
\parindent=0pt
\topskip=0pt
\def\dgend{\end{document}}
\begin{document}
\enlargethispage{30pt}
\fi
\makeatother
\providecommand\dgend{}
\ifdefined\dgbox\else\newsavebox\dgbox\fi
%% a text that is never wider than the picture leaves room for
\providecommand\dgtext[4]{\fontsize{#1}{#1}\selectfont\sffamily\color{#2}\sbox\dgbox{#4}%%
  \ifdim\wd\dgbox>#3\resizebox{#3}{\ht\dgbox}{\usebox\dgbox}\else\usebox\dgbox\fi}
%% a letter that the engine may not have
\providecommand\dgletter[2]{\ifdefined\Umathcode#1\else{\tiny U+#2}\fi}"""


def tikz(scene: Scene) -> str:
    """The text of a LaTeX file."""
    return "\n".join(
        [
            f"% {' '.join(clean(scene.title).split())}",
            _HEAD % (_length(scene.width), _length(scene.height)),
            *(f"\\definecolor{{dg{name}}}{{HTML}}{{{pair[0][1:].upper()}}}" for name, pair in COLOURS.items()),
            *_hues(),
            f"\\begin{{tikzpicture}}[x={UNIT}bp,y=-{UNIT}bp,line cap=round,inner sep=0pt,outer sep=0pt]",
            f"\\useasboundingbox (0,0) rectangle ({num(scene.width)},{num(scene.height)});",
            *(line for one in scene.primitives for line in _drawn(one)),
            "\\end{tikzpicture}%",
            "\\dgend",
            "",
        ]
    )


def _hues() -> Iterator[str]:
    for number, hue in enumerate(HUES, 1):
        yield f"\\definecolor{{dgh{number}}}{{HTML}}{{{hue[0][1:].upper()}}}"
        yield f"\\definecolor{{dgf{number}}}{{HTML}}{{{hue[1][1:].upper()}}}"


def _length(pixels: float) -> str:
    return f"{num(pixels * UNIT)}bp"


def _drawn(one: Primitive) -> Iterator[str]:
    match one:
        case Rect():
            yield _rect(one)
        case Disc(kind="dot"):
            yield f"\\fill[dgwire] {_at(one.x, one.y)} circle[radius={_length(one.radius)}];"
        case Disc():
            fill, line = ("dgbox", "dgedge") if one.kind == "sign" else ("dgpage", "dgwire")
            yield f"\\draw[{line},fill={fill},line width=1bp] {_at(one.x, one.y)} circle[radius={_length(one.radius)}];"
        case Mark():
            yield _mark(one)
        case Wire():
            style = f",rounded corners={_length(CORNER)}" if one.corners else ""
            yield f"\\draw[dgwire,line width=1.05bp{style}] {_path(one)};"
        case Text():
            yield _text(one)


def _rect(one: Rect) -> str:
    if one.hue:
        style = f"dgh{one.hue},fill=dgf{one.hue},line width=1.5bp"
    elif one.kind == "frame":
        style = f"dgborder,fill=dgframe,fill opacity={FRAME_OPACITY},line width=0.8bp"
    else:
        style = "dgedge,fill=dgbox,line width=1bp"
    dashed = ",dash pattern=on 3.75bp off 2.25bp" if one.dashed else ""
    corner = _at(one.x + one.width, one.y + one.height)
    return f"\\draw[{style}{dashed},rounded corners={_length(one.radius)}] {_at(one.x, one.y)} rectangle {corner};"


def _mark(one: Mark) -> str:
    x, y, half = one.x, one.y, one.size / 2
    if one.kind == "state":
        return f"\\fill[dgstate] {_at(x, y - half)} rectangle {_at(x - one.size, y + half)};"
    return f"\\fill[dgweight] {_at(x, y)} -- {_at(x - one.size, y - half)} -- {_at(x - one.size, y + half)} -- cycle;"


def _path(wire: Wire) -> str:
    (x, y), *rest = wire.points
    steps = [_at(x, y)]
    for to, down in rest:
        if wire.corners or abs(down - y) < 0.01:
            steps.append(f"-- {_at(to, down)}")
        else:
            steps.append(f".. controls {_at((x + to) / 2, y)} and {_at((x + to) / 2, down)} .. {_at(to, down)}")
        x, y = to, down
    return " ".join(steps)


def _text(one: Text) -> str:
    anchor = {"start": "base west", "middle": "base", "end": "base east"}[one.anchor]
    colour = "dgink" if one.kind in ("name", "sign", "number") else "dgsoft"
    body = f"\\dgtext{{{num(one.size * UNIT)}}}{{{colour}}}{{{_length(one.width)}}}{{{escaped(one.text)}}}"
    return f"\\node[anchor={anchor}] at {_at(one.x, one.y)} {{{body}}};"


def _at(x: float, y: float) -> str:
    return f"({num(x)},{num(y)})"


def escaped(text: str) -> str:
    r"""A text as LaTeX sets it.

    >>> escaped("σ_1 [3 %]")
    '\\ensuremath{\\sigma}\\_1 [3 \\%]'
    """
    return "".join(map(_letter, clean(text)))


def _letter(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char in _GREEK:
        return f"\\ensuremath{{\\{_GREEK[char]}}}"
    if char.isascii() or char in _PLAIN:
        return char
    return f"\\dgletter{{{char}}}{{{ord(char):04X}}}"
