"""Terms as expressions, to read."""

from __future__ import annotations

from collections.abc import Mapping

from diagrammar.box import Box
from diagrammar.proof.terms import Store
from diagrammar.spelling import show_value

# what is longer inside a larger expression is left out
_LONGEST = 60
# how strongly `+ -`, `* /`, unary `-` and `^` bind; names and calls bind most
_SIGNS = {"std:add": (" + ", 1), "std:sub": (" - ", 1), "std:mul": (" * ", 2), "std:div": (" / ", 2)}
_POWER, _NAME = 4, 5


def expression(store: Store, wire: int, names: Mapping[int, str]) -> str:
    """A wire as an expression: inputs by their names, numbers and scalars as they are written, the rest as calls."""
    shown: dict[int, tuple[str, int]] = {}
    for one in store.below((wire,), tuple(names)):
        text, strength = (names[one], _NAME) if one in names else _call(store, one, shown)
        if len(text) > _LONGEST and one != wire:
            text, strength = "(...)", _NAME
        shown[one] = text, strength
    return shown[wire][0]


def _call(store: Store, wire: int, shown: Mapping[int, tuple[str, int]]) -> tuple[str, int]:
    term = store.owner[wire]
    box = term.box
    args = [shown[w] for w in term.ins]

    def operand(at: int, least: int) -> str:
        text, strength = args[at]
        return text if strength >= least else f"({text})"

    match box.origin:
        case "std:const":
            text = show_value(box.param("value"))
            return text, 3 if text.startswith("-") else 2 if "/" in text else _NAME
        case "std:broadcast":
            return args[0]
        case "std:neg":
            return f"-{operand(0, 3)}", 3
        case "std:pow":
            return f"{operand(0, _NAME)}^{operand(1, _NAME)}", _POWER
        case "std:mul" if args[0][0] == "-1":
            return f"-{operand(1, 3)}", 2
        case "std:add" if args[1][0].startswith("-") and args[1][1] > 1:
            return f"{operand(0, 1)} - {args[1][0][1:]}", 1
        case origin if origin in _SIGNS:
            sign, strength = _SIGNS[origin]
            return f"{operand(0, strength)}{sign}{operand(1, strength + 1)}", strength
    text = _name(box)
    if args or box.origin != "weight":
        text += f"({', '.join(text for text, _ in args)})"
    return text + (f".{wire - term.first}" if len(box.cod) > 1 else ""), _NAME


def _name(box: Box) -> str:
    """What a box is called: the name of what owns something, else that of the box with what is given to it."""
    if box.origin == "weight":
        return (box.key or box.name).lstrip("~^/")
    if box.insides or box.key is not None:
        return box.name
    given = [show_value(value) for name, value in box.params if name in ("pattern", "shift", "modes", "at", "value")]
    return f"{box.name}[{', '.join(given)}]" if given else box.name
