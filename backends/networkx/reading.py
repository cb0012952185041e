"""The nodes and the edges of a graph that is read: what each is, in which body it lies, from where its wires come."""

from __future__ import annotations

from typing import Any

from diagrammar.backends.networkx.attributes import Item
from diagrammar.errors import BackendError, DiagramValueError
from diagrammar.typename import read_types
from diagrammar.types import Type, Types, same_type, show

# a frame and the number of the diagram inside it; the whole is inside no frame
Place = tuple[str, int]
WHOLE: Place = ("", 0)
# a node and one of its outputs; None and one of the inputs of the body
Port = tuple["Node | None", int]


class Node(Item):
    """A box or a frame: its place in the graph, its wires, and from where each of its inputs comes."""

    __slots__ = ("cod", "dom", "name", "number", "place", "sources")

    def __init__(self, name: str, number: int, data: Any) -> None:
        super().__init__(f"the node `{name}`", data)
        self.name = name
        self.number = number
        self.place = (self.text("parent"), self.count("inside")) if "parent" in data else WHOLE
        self.dom: Types = ()
        self.cod: Types = ()
        self.sources: list[Port | None] = []


class Body:
    """A diagram inside a frame, or the whole: its ends, its nodes, and from where each of its outputs comes."""

    __slots__ = ("cod", "dom", "frame", "name", "nodes", "origin", "sources", "title")

    def __init__(self, title: str, frame: str, ends: tuple[Types, Types], name: str, origin: str) -> None:
        self.title = title
        self.frame = frame
        self.dom, self.cod = ends
        self.name = name
        self.origin = origin
        self.nodes: list[Node] = []
        self.sources: list[Port | None] = [None] * len(self.cod)


class Reader:
    """A graph: its boxes and frames by name, the bodies by place, and the frames that ends are ends of."""

    __slots__ = ("bodies", "ends", "frames", "nodes", "roles", "types")

    def __init__(self, graph: Any) -> None:
        self.nodes: dict[str, Node] = {}
        self.bodies: dict[Place, Body] = {}
        self.ends: dict[str, str] = {}
        # how many diagrams each frame has inside; which node is the input, which the output
        self.frames: dict[str, int] = {}
        self.roles: dict[str, str] = {}
        self.types: dict[str, Types] = {}
        whole: dict[str, Types] = {}
        for number, (name, data) in enumerate(graph.nodes(data=True)):
            self._node(Node(str(name), number, data), whole)
        for role in ("input", "output"):
            if role not in whole:
                raise BackendError(f"networkx: no node has the role `{role}`")
        called = Item("the graph", graph.graph)
        ends = (whole["input"], whole["output"])
        self.bodies[WHOLE] = Body("the graph", "", ends, called.text("name", ""), called.text("origin", ""))
        for node in self.nodes.values():
            if node.place not in self.bodies:
                node.wrong(f"is in a frame that is not there: {node.place[1]} of `{node.place[0]}`")
            self.bodies[node.place].nodes.append(node)
        for end, frame in self.ends.items():
            if frame not in self.frames:
                raise BackendError(f"networkx: the node `{end}` is the end of `{frame}`, which is no frame")
        for source, target, data in graph.edges(data=True):
            self._edge(str(source), str(target), Item(f"the edge from `{source}` to `{target}`", data))

    def _types(self, item: Item, name: str) -> Types:
        text = item.raw(name)
        found = self.types.get(text)
        if found is None:
            try:
                found = self.types[text] = read_types(text)
            except DiagramValueError as error:
                item.wrong(f"has a `{name}` that is no type: {error.message}")
        return found

    def _node(self, node: Node, whole: dict[str, Types]) -> None:
        role = node.raw("role")
        match role:
            case "input" | "output":
                if role in whole:
                    node.wrong(f"is a second {role}")
                whole[role] = self._types(node, "cod" if role == "input" else "dom")
            case "end":
                self.ends[node.name] = node.text("frame")
                return
            case "box" | "frame":
                node.dom, node.cod = self._types(node, "dom"), self._types(node, "cod")
                node.sources = [None] * len(node.dom)
                self.nodes[node.name] = node
                if role == "frame":
                    self._frame(node)
                return
            case _:
                node.wrong(f"has the role `{role[:40]}`: there are input, output, box, frame, end")
        self.roles[node.name] = role

    def _frame(self, node: Node) -> None:
        given = node.json("bodies", list)
        self.frames[node.name] = len(given)
        for number, each in enumerate(given):
            if not isinstance(each, dict):
                node.wrong("has `bodies` that are no objects")
            body = Node(node.name, number, each | {"parent": node.name, "inside": number})
            ends = (self._types(body, "dom"), self._types(body, "cod"))
            called = [each.get(word) for word in ("name", "origin")]
            if not all(isinstance(word, str) for word in called):
                node.wrong("has `bodies` without their names")
            title = f"the diagram {number} inside `{node.name}`"
            self.bodies[node.name, number] = Body(title, node.name, ends, *map(str, called))

    def _edge(self, source: str, target: str, edge: Item) -> None:
        inside = edge.count("inside", 0)
        start, port, types = self._start(source, inside, edge)
        goal, slots, wanted = self._goal(target, inside, edge)
        if start != goal:
            edge.wrong("crosses a frame")
        out, into = edge.count("source_port"), edge.count("target_port")
        for number, ends, which in ((out, types, "source"), (into, wanted, "target")):
            if number >= len(ends):
                edge.wrong(f"is on port {number} of its {which}, which has {len(ends)}")
        for end in (types[out], wanted[into]):
            if not same_type(end, self._type(edge)):
                edge.wrong(f"is a wire {edge.raw('type')} on a port {show((end,))}")
        if slots[into] is not None:
            edge.wrong(f"is the second wire to port {into}")
        slots[into] = (port, out)

    def _type(self, edge: Item) -> Type:
        found = self._types(edge, "type")
        if len(found) != 1:
            edge.wrong(f"has {len(found)} types")
        return found[0]

    def _start(self, name: str, inside: int, edge: Item) -> tuple[Place, Node | None, Types]:
        """Where a wire starts: the body that it lies in, what gives it, and the types of what that gives."""
        if self.roles.get(name) == "input":
            return WHOLE, None, self.bodies[WHOLE].dom
        if name in self.frames:
            if (name, inside) not in self.bodies:
                edge.wrong(f"starts in the diagram {inside} inside its frame, and there are {self.frames[name]}")
            return (name, inside), None, self.bodies[name, inside].dom
        node = self.nodes.get(self.ends.get(name, name))
        if node is None:
            edge.wrong("starts at an output")
        return node.place, node, node.cod

    def _goal(self, name: str, inside: int, edge: Item) -> tuple[Place, list[Port | None], Types]:
        """Where a wire ends: the body that it lies in, the ports there, and their types."""
        if self.roles.get(name) == "output":
            body = self.bodies[WHOLE]
            return WHOLE, body.sources, body.cod
        if name in self.ends:
            place = (self.ends[name], inside)
            if place not in self.bodies:
                edge.wrong(f"ends in the diagram {inside} inside a frame that has {self.frames[place[0]]}")
            return place, self.bodies[place].sources, self.bodies[place].cod
        node = self.nodes.get(name)
        if node is None:
            edge.wrong("ends at an input")
        return node.place, node.sources, node.dom

    def order(self) -> list[Body]:
        """The bodies, each before those inside its frames. Raises BackendError where frames lie inside each other."""
        found = [self.bodies[WHOLE]]
        for body in found:
            for node in body.nodes:
                found += [self.bodies[node.name, number] for number in range(self.frames.get(node.name, 0))]
        if len(found) < len(self.bodies):
            seen = {id(body) for body in found}
            lost = next(body for body in self.bodies.values() if id(body) not in seen)
            raise BackendError(f"networkx: {lost.title} lies inside itself")
        return found
