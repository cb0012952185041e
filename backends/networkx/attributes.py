"""What nodes and edges of a graph carry: texts and whole numbers, so that every format of networkx keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from diagrammar.diagram import Box
from diagrammar.errors import BackendError, DiagramValueError
from diagrammar.plain import facts


def to_text(name: str) -> str:
    """A name as an attribute: itself, or quoted where a format would lose some of it (blanks, control characters)."""
    plain = name.isprintable() and name == name.strip() and name[:1] not in ("", '"')
    return name if plain else json.dumps(name)


def to_json(value: Any) -> str:
    """Plain values as JSON, in letters of any script."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else json.dumps(value, allow_nan=False)


def attributes(box: Box) -> dict[str, Any]:
    """What a box is, apart from its wires and what is inside it.

    >>> attributes(Box("f", (), (), params=(("n", 3),), kinds=frozenset({"linear", "elementwise"})))
    {'name': 'f', 'kinds': 'elementwise linear', 'params': '{"n": 3}'}
    """
    found = facts(box)
    found.pop("insides", None)
    made: dict[str, Any] = {"name": to_text(box.name)}
    for name, value in found.items():
        match name:
            case "kinds":
                made[name] = " ".join(value)
                if made[name].split() != list(value):
                    raise DiagramValueError(f"`{box.name}`: its kinds are not words", box.span)
            case "params":
                made[name] = to_json(dict(value))
                if len(dict(value)) != len(value):
                    raise DiagramValueError(f"`{box.name}`: two static arguments have one name", box.span)
            case _:
                made[name] = to_text(value)
    if box.span is not None:
        made["place"] = to_text(str(box.span))
    return made


class Item:
    """A node or an edge of a graph that is read: what is wrong with it is said here, with its name."""

    __slots__ = ("data", "title")

    def __init__(self, title: str, data: Mapping[str, Any]) -> None:
        self.title = title
        self.data = data

    def wrong(self, why: str) -> NoReturn:
        """Raises the error."""
        raise BackendError(f"networkx: {self.title} {why}")

    def raw(self, name: str, default: str | None = None) -> str:
        """A text as it stands, or its default where it is left out."""
        value = self.data.get(name, default)
        if not isinstance(value, str):
            self.wrong(f"has no `{name}`" if value is None else f"has a `{name}` that is no text")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A name, unquoted."""
        value = self.raw(name, default)
        if value.startswith('"'):
            value = self._json(name, value)
            if not isinstance(value, str):
                self.wrong(f"has a `{name}` that is no text")
        return value

    def count(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.wrong(f"has no `{name}`" if value is None else f"has a `{name}` that is no number")
        return value

    def json(self, name: str, kind: type) -> Any:
        """JSON of one kind, in a text."""
        found = self._json(name, self.raw(name))
        if not isinstance(found, kind):
            self.wrong(f"has a `{name}` that is no {kind.__name__}")
        return found

    def _json(self, name: str, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            self.wrong(f"has a `{name}` that is no JSON")

    def facts(self) -> dict[str, Any]:
        """The facts of a box, as plain values."""
        found: dict[str, Any] = {}
        for name in ("origin", "key"):
            if name in self.data:
                found[name] = self.text(name)
        if "kinds" in self.data:
            found["kinds"] = self.raw("kinds").split()
        if "params" in self.data:
            found["params"] = tuple(self.json("params", dict).items())
        return found
