"""Rename tables: how the configuration and the state dict of a reference implementation read in our words.

A table stands beside its example, `examples/NAME.parity.toml`, and is data alone. In patterns over our dotted paths
`{i}` is a number, and `{l*.level}` is `.level` any number of times, l being how often. Templates know `{i}` and
`{i+1}`. In a pattern of tensors that the reference never uses `{last:name}` is the last index of the list that it was
given as `name`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
EXAMPLES = Path(__file__).parents[2] / "examples"


class Inexpressible(Exception):
    """A configuration that the example cannot express."""


@dataclass(frozen=True)
class Rule:
    """`ours` is a pattern over our paths, `theirs` a template; `stack` puts numbered tensors on a first axis, `part`
    = [i, n] takes the i-th of n equal parts of the first axis."""

    ours: str
    theirs: str
    stack: bool = False
    part: tuple[int, int] | None = None


@dataclass(frozen=True)
class System:
    """One reference class and the diagram that is to agree with it."""

    file: Path
    reference: str
    diagram: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    rules: tuple[Rule, ...]
    fixed: Mapping[str, list[Any]] = field(default_factory=dict)
    when: Mapping[str, list[Any]] = field(default_factory=dict)
    dead: tuple[str, ...] = ()


def systems() -> list[System]:
    """Every system that an example speaks of."""
    found = []
    for path in sorted(EXAMPLES.glob("*.parity.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for each in table["system"]:
            rules = tuple(_rule(**rule) for rule in each.pop("rule"))
            lists = {key: tuple(each.pop(key, ())) for key in ("inputs", "outputs", "dead")}
            file = path.with_name(path.name.replace(".parity.toml", ".dg"))
            found.append(System(file=file, rules=rules, **{**each, **lists}))
    return found


def _rule(part: list[int] | None = None, **rest: Any) -> Rule:
    return Rule(**rest, part=None if part is None else (part[0], part[1]))


def find(config: Mapping[str, Any]) -> System | None:
    """The system that a fixture is of; None if we have none of that class."""
    of_class = [system for system in systems() if system.reference == config["reference"]["class"]]
    for system in of_class:
        if all(_plain(config["kwargs"].get(key)) in allowed for key, allowed in system.when.items()):
            return system
    if of_class:
        raise Inexpressible(f"{of_class[0].file.name} has no diagram for {dict(config['kwargs'])}")
    return None


def _plain(value: Any) -> Any:
    """TOML has no null: an absent argument is written "none"."""
    return "none" if value is None else value


def parameters(system: System, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of our file for the arguments of the reference. Raises Inexpressible."""
    spoken = set(system.fixed) | set(system.when)
    for key, allowed in system.fixed.items():
        if key in kwargs and _plain(kwargs[key]) not in allowed:
            raise Inexpressible(f"{system.file.name} cannot express {key} = {kwargs[key]!r}")
    values: dict[str, Any] = {}
    for name, how in system.parameters.items():
        source = how.get("from")
        if source is None:
            values[name] = how["value"]
            continue
        spoken.add(source)
        given = _plain(kwargs.get(source, how.get("default")))
        if given == "none" and "none" in how:
            given = how["none"]
        if isinstance(given, dict):
            given = given[how["entry"]]
        if "values" in how:
            if str(given).lower() not in how["values"]:
                raise Inexpressible(f"{system.file.name} cannot express {source} = {given!r}")
            given = how["values"][str(given).lower()]
        for entry in how.get("at", ()):
            given = given[entry]
        if "for_each" in how and not isinstance(given, list):
            given = [given] * len(kwargs[how["for_each"]])
        values[name] = given
    unknown = set(kwargs) - spoken
    if unknown:
        raise Inexpressible(f"{system.file.name} does not speak of {', '.join(sorted(unknown))}")
    return values


_HOLE = re.compile(r"\{(\w+)(?:\*([^}]*))?\}")
_TERM = re.compile(r"\{(\w+)([+-]\d+)?\}")


def match(pattern: str, path: str) -> dict[str, int] | None:
    """The numbers that a pattern finds in a path."""
    text, at = "", 0
    repeats: dict[str, str] = {}
    for hole in _HOLE.finditer(pattern):
        text += re.escape(pattern[at : hole.start()])
        name, repeated = hole.groups()
        if repeated is None:
            text += rf"(?P<{name}>\d+)"
        else:
            text += rf"(?P<{name}>(?:{re.escape(repeated)})*)"
            repeats[name] = repeated
        at = hole.end()
    found = re.fullmatch(text + re.escape(pattern[at:]), path)
    if found is None:
        return None
    return {
        key: len(value) // len(repeats[key]) if key in repeats else int(value)
        for key, value in found.groupdict().items()
    }


def fill(template: str, numbers: Mapping[str, int]) -> str:
    """A template with numbers filled in."""
    return _TERM.sub(lambda term: str(numbers[term[1]] + int(term[2] or 0)), template)


def is_dead(system: System, key: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether the reference makes a tensor and never uses it."""
    for dead in system.dead:
        pattern = re.sub(r"\{last:(\w+)\}", lambda found: str(len(kwargs[found[1]]) - 1), dead)
        if match(pattern, key) is not None:
            return True
    return False


def theirs(system: System, path: str, state: Mapping[str, Array]) -> list[str]:
    """The keys of the reference that hold one of our weights (several, if they are stacked)."""
    for rule in system.rules:
        numbers = match(rule.ours, path)
        if numbers is None:
            continue
        if not rule.stack:
            return [fill(rule.theirs, numbers)]
        keys: list[str] = []
        while (key := fill(rule.theirs, {**numbers, "n": len(keys)})) in state:
            keys.append(key)
        return keys
    raise Inexpressible(f"no rule of {system.file.name} renames {path}")


def cut(system: System, path: str, tensor: Array) -> Array:
    """What one of our weights is of the tensor of the reference that holds it."""
    for rule in system.rules:
        if match(rule.ours, path) is not None:
            if rule.part is None:
                return tensor
            which, count = rule.part
            return np.split(tensor, count)[which]
    raise Inexpressible(f"no rule of {system.file.name} renames {path}")


def ours(tensors: list[Array], shape: tuple[int, ...]) -> Array:
    """Tensors of the reference in our layout: complex numbers as pairs, axes of size 1 dropped or added."""
    parts = [np.stack([each.real, each.imag], -1) if np.iscomplexobj(each) else each for each in tensors]
    joined = np.stack(parts) if len(parts) > 1 or (len(shape) == 1 and parts[0].ndim == 0) else parts[0]
    if [n for n in joined.shape if n != 1] != [n for n in shape if n != 1]:
        raise Inexpressible(f"shapes differ: {joined.shape} there, {shape} here")
    return joined.reshape(shape)
