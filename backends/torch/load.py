"""From a source file to classes, and pickles that carry the source: what is unpickled is generated anew."""

from __future__ import annotations

import hashlib
import linecache
import sys
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

from torch import nn

# a piece of at least this many lines is compiled at a time
_PIECE = 2000
# a piece of at most so many characters is kept compiled
_SMALL = 20_000
_KEPT = 16
_loaded: OrderedDict[str, dict[str, Any]] = OrderedDict()


def load(source: str) -> dict[str, Any]:
    """The names that a generated file defines. The text is made by this package, from checked names and literals."""
    key = hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    if key in _loaded:
        _loaded.move_to_end(key)
        return _loaded[key]
    name = f"diagrammar-{key[:12]}.py"
    # a module like others: who compiles a function that calls one of these looks for its names there
    module = ModuleType(f"diagrammar.made.{key[:12]}")
    space = module.__dict__
    space["__file__"] = name
    sys.modules[module.__name__] = module
    for line, text in _pieces(source):
        exec(_code(text, line, name) if len(text) > _SMALL else _known_code(text, line), space)
    # tracebacks show the generated lines
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    for item in list(space.values()):
        if isinstance(item, type) and issubclass(item, nn.Module) and item.__module__ == space["__name__"]:
            _make_picklable(item, source)
    _loaded[key] = space
    while len(_loaded) > _KEPT:
        _, oldest = _loaded.popitem(last=False)
        sys.modules.pop(oldest["__name__"], None)
    return space


def _pieces(source: str) -> Iterator[tuple[int, str]]:
    """The text in pieces of whole definitions, each with the number of lines before it."""
    lines = source.split("\n")
    small = len(lines) <= _PIECE
    start = 0
    for at, line in enumerate(lines):
        if line.startswith(("def ", "class ")) and (small or at - start >= _PIECE):
            yield start, "\n".join(lines[start:at])
            start = at
    yield start, "\n".join(lines[start:])


def _code(text: str, line: int, name: str) -> CodeType:
    # empty lines in front make its line numbers right
    return compile("\n" * line + text, name, "exec", dont_inherit=True)


@lru_cache(maxsize=512)
def _known_code(text: str, line: int) -> CodeType:
    """The code of a definition that stands in many files: those of the runtime, most of all."""
    name = f"diagrammar-{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}-{line}.py"
    linecache.cache[name] = (len(text), None, ["\n"] * line + text.splitlines(True), name)
    return _code(text, line, name)


def _make_picklable(made: type[nn.Module], source: str) -> None:
    name = made.__name__

    def reduce(self: nn.Module) -> tuple[Any, ...]:
        kept = []
        if "parametrizations" in self._modules:
            # torch declares every attribute a tensor or a module: this one is a ModuleDict
            for weight, steps in self.parametrizations.items():  # type: ignore[union-attr,operator]
                for step in steps:
                    if type(step).__module__ != made.__module__:
                        raise TypeError(f"the parametrization of {weight} cannot be pickled: save the state_dict")
                    kept.append((weight, type(step).__name__))
        return revive, (source, name, tuple(kept)), dict(self.__dict__)

    made.__reduce__ = reduce  # type: ignore[assignment,method-assign]  # of this class alone, by its source


def revive(source: str, name: str, kept: tuple[tuple[str, str], ...]) -> nn.Module:
    """An empty module of a generated class; its state follows."""
    space = load(source)
    made = space[name]
    module: nn.Module = made.__new__(made)
    nn.Module.__init__(module)
    if kept:
        import torch
        from torch.nn.utils import parametrize

        for weight in dict.fromkeys(weight for weight, _ in kept):
            # parametrize gives the module a class of its own with a property for each weight
            module._parameters[weight] = nn.Parameter(torch.eye(2))
            parametrize.register_parametrization(module, weight, nn.Identity())
    return module
