"""A diagram as a Python file that builds the Markov diagram with DisCoPy alone."""

from __future__ import annotations

import inspect
from typing import Any

from discopy import cat, markov, symmetric

from diagrammar.backends.discopy import frame
from diagrammar.backends.discopy.back import levels
from diagrammar.backends.discopy.there import to_discopy
from diagrammar.diagram import Diagram
from diagrammar.divisibility import Condition, show_conditions


def emit(diagram: Diagram, *, conditions: tuple[Condition, ...] = (), name: str = "diagram") -> str:
    """The source of `to_discopy(diagram)`: a file that imports DisCoPy, and not diagrammar, and defines `diagram`."""
    if not name.isidentifier():
        raise ValueError(f"{name!r} cannot be the name of a diagram")
    needs = [f"# needs {line}" for line in show_conditions(conditions)]
    text = _Text()
    whole = text.diagram(to_discopy(diagram))
    head = [
        inspect.getsource(frame).rstrip(),
        "",
        "",
        "Ty, Layer, Diagram = monoidal.Ty, monoidal.Layer, markov.Diagram",
    ]
    return "\n".join([*head, *needs, *text.lines, f"{name} = {whole}", ""])


class _Text:
    """The lines so far; what is written is called by the text that makes it, a box and a diagram by identity too."""

    __slots__ = ("called", "lines", "names")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, str] = {}
        self.called: dict[int, str] = {}

    def name(self, letter: str, text: str) -> str:
        """The name of what this text makes."""
        found = self.names.get(text)
        if found is None:
            found = self.names[text] = f"{letter}{len(self.names)}"
            self.lines.append(f"{found} = {text}")
        return found

    def type(self, ty: Any) -> str:
        """The name of a type."""
        return self.name("t", f"Ty({', '.join(repr(str(each)) for each in ty.inside)})")

    def box(self, box: Any) -> str:
        """The name of a box."""
        found = self.called.get(id(box))
        if found is None:
            found = self.called[id(box)] = self.name("f", self._made(box))
        return found

    def _made(self, box: Any) -> str:
        if isinstance(box, markov.Copy):
            return f"markov.Copy({self.type(box.dom)}, {len(box.cod)})"
        if isinstance(box, symmetric.Swap):
            return f"markov.Swap({self.type(box.left)}, {self.type(box.right)})"
        dom, cod = self.type(box.dom), self.type(box.cod)
        data = "" if box.data is None else f", data={box.data!r}"
        if isinstance(box, cat.Bubble):
            insides = ", ".join(self.called[id(inside)] for inside in box.args)
            return f"Frame({insides}, dom={dom}, cod={cod}, name={box.name!r}, method={box.method!r}{data})"
        return f"markov.Box({box.name!r}, {dom}, {cod}{data})"

    def diagram(self, root: Any) -> str:
        """The name of a diagram, those inside it being written first."""
        for level in levels(root):
            layers = []
            for left, box, right in level.inside:
                layers.append(f"    Layer({self.type(left)}, {self.box(box)}, {self.type(right)}),")
            inside = "\n".join(["(", *layers, ")"]) if layers else "()"
            text = f"Diagram({inside}, {self.type(level.dom)}, {self.type(level.cod)})"
            self.called[id(level)] = self.name("d", text)
        return self.called[id(root)]
