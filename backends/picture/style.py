"""The colours of a picture, light and dark, by what a primitive is."""

from __future__ import annotations

# name: (light, dark); the fills of frames are see-through, so that what lies deeper is darker
COLOURS = {
    "page": ("#ffffff", "#0f1419"),
    "ink": ("#1f2933", "#dfe5ec"),
    "wire": ("#3d4f63", "#9fb3c8"),
    "box": ("#ffffff", "#1b232c"),
    "edge": ("#3d4f63", "#8597aa"),
    "frame": ("#6b7f95", "#8fa6bf"),
    "border": ("#b4c0cc", "#46566a"),
    "soft": ("#5c6b7a", "#94a3b3"),
    "weight": ("#0b7285", "#4dc4d8"),
    "state": ("#9c4f00", "#f0a050"),
}
FRAME_OPACITY = 0.09
# shared instances: edge and fill, light then dark
HUES = (
    ("#b3540c", "#fdeee0", "#f0a060", "#3a2818"),
    ("#6741b5", "#f1ebfc", "#b79cf2", "#2b2440"),
    ("#2b7a2b", "#e8f5e6", "#83cf83", "#1c3320"),
    ("#b02a5b", "#fde9f0", "#f08fb4", "#3d1f2c"),
    ("#1c64b8", "#e5f0fc", "#7db4f2", "#182c42"),
    ("#7a6a00", "#f8f4d8", "#d8c64a", "#333014"),
    # and the last for a box that is pointed out
    ("#c92a2a", "#ffecec", "#ff8787", "#451a1a"),
)
MARKED = len(HUES)
FONT = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', 'DejaVu Sans', sans-serif"


def stylesheet(theme: str = "auto") -> str:
    """CSS for the classes of a scene. `theme` is `light` or `dark`, or `auto`, what the reader's screen prefers, or
    `page`, that or what the page is told."""
    light, dark = (_variables(mode) for mode in (0, 1))
    if theme == "page":
        head = f":root, [data-theme=light] {{{light}}}\n[data-theme=dark] {{{dark}}}\n"
        head += f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme]) {{{dark}}} }}"
    elif theme == "auto":
        head = f":root {{{light}}}\n@media (prefers-color-scheme: dark) {{ :root {{{dark}}} }}"
    else:
        head = f":root {{{dark if theme == 'dark' else light}}}"
    return "\n".join([head, _RULES, *_hues()])


def _variables(mode: int) -> str:
    named = [f"--{name}: {pair[mode]}" for name, pair in COLOURS.items()]
    hues = [f"--h{n}: {hue[2 * mode]}; --f{n}: {hue[2 * mode + 1]}" for n, hue in enumerate(HUES, 1)]
    return "; ".join(named + hues)


def _hues() -> list[str]:
    return [f".h{n} {{ stroke: var(--h{n}); fill: var(--f{n}); stroke-width: 2 }}" for n in range(1, len(HUES) + 1)]


_RULES = f"""\
text {{ font-family: {FONT}; fill: var(--ink) }}
.page {{ fill: var(--page) }}
.wire {{ fill: none; stroke: var(--wire); stroke-width: 1.4; stroke-linecap: round }}
.box, .sign {{ fill: var(--box); stroke: var(--edge); stroke-width: 1.3 }}
.frame {{ fill: var(--frame); fill-opacity: {FRAME_OPACITY}; stroke: var(--border); stroke-width: 1.1 }}
.dashed {{ stroke-dasharray: 5 3 }}
.dot {{ fill: var(--wire) }}
.stub, .port {{ fill: var(--page); stroke: var(--wire); stroke-width: 1.3 }}
.weight {{ fill: var(--weight) }}
.state {{ fill: var(--state) }}
text.title, text.type, text.detail {{ fill: var(--soft) }}
text.sign {{ stroke: none; fill: var(--ink) }}"""
