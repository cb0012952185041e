"""What a backend is, and where backends are found: entry points of the group `diagrammar.backends`, ours included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagrammar.diagram import Box, Diagram
from diagrammar.errors import BackendError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "diagrammar.backends"

# what a plain checkout has, which no entry point announces
_BUILT_IN = {
    "torch": "diagrammar.backends.torch:BACKEND",
    "cost": "diagrammar.backends.cost:BACKEND",
    "picture": "diagrammar.backends.picture:BACKEND",
    "discopy": "diagrammar.backends.discopy:BACKEND",
    "networkx": "diagrammar.backends.networkx:BACKEND",
    "reference": "diagrammar.backends.reference:BACKEND",
}


@dataclass(frozen=True)
class Backend:
    """A backend: `compile(diagram, **options)` makes its object, `emit(diagram, conditions=..., **options)` its text,
    `means(box)` says whether it has a meaning for a box. For a box without one `compile` raises `BackendError`, which
    names the box and its place."""

    name: str
    compile: Callable[..., Any]
    emit: Callable[..., str]
    means: Callable[[Box], bool]


def missing(diagram: Diagram, backend: Backend) -> Iterator[Box]:
    """The boxes of a diagram, and of the diagrams inside it, that a backend has no meaning for."""
    seen: set[int] = set()
    stack = [diagram]
    while stack:
        inside = stack.pop()
        if id(inside) in seen:
            continue
        seen.add(id(inside))
        for node in inside.flat.nodes:
            stack.extend(node.box.insides)
            if not node.box.insides and not backend.means(node.box):
                yield node.box


def names() -> list[str]:
    """The backends that can be asked for, without loading any.

    >>> "torch" in names()
    True
    """
    return sorted({*_BUILT_IN, *_announced()})


def get(name: str) -> Backend:
    """The backend of this name, loaded now.

    Raises `BackendError` if there is none, if two packages announce the name, or if what is announced is no backend.

    >>> get("cost").name
    'cost'
    """
    places = _announced().get(name, [])
    if len({place.value for place in places}) > 1:
        owners = " and ".join(sorted({_distribution(place) for place in places}))
        raise BackendError(f"the backend {name!r} is announced by {owners}: uninstall one of them")
    target = places[0].value if places else _BUILT_IN.get(name)
    if target is None:
        raise BackendError(f"there is no backend {name!r}", hint=f"there are {', '.join(names())}")
    return _load(name, target)


def _load(name: str, target: str) -> Backend:
    from importlib import import_module

    module, _, attribute = target.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise BackendError(f"the backend {name!r} ({target}) cannot be loaded: {error}") from error
    if not isinstance(found, Backend):
        raise BackendError(f"the backend {name!r} ({target}) is a {type(found).__name__}, not a Backend")
    return found


def _announced() -> dict[str, list[EntryPoint]]:
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for place in entry_points(group=GROUP):
        found.setdefault(place.name, []).append(place)
    # ours, announced or not, takes part in clashes
    for name, target in _BUILT_IN.items():
        if name in found and all(place.value != target for place in found[name]):
            from importlib.metadata import EntryPoint as Made

            found[name].append(Made(name, target, GROUP))
    return found


def _distribution(place: EntryPoint) -> str:
    dist = place.dist
    return f"{dist.name} {dist.version}" if dist is not None else "diagrammar"
