"""Modules: files and the standard library as names that are worked out when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from diagrammar import reading
from diagrammar.elaborate import functions, statics
from diagrammar.elaborate.aliases import Alias
from diagrammar.elaborate.body import Body
from diagrammar.elaborate.elaborator import BUDGET, Definition, Elaborator
from diagrammar.elaborate.expressions import static
from diagrammar.elaborate.kinds import written_kind
from diagrammar.elaborate.values import (
    Declared,
    DeclRef,
    Family,
    FreeDim,
    FreeSpace,
    Implicit,
    ModuleRef,
    Recipe,
    Scope,
    Training,
    TypeHead,
)
from diagrammar.errors import DiagramImportError, DiagramNameError, DiagramTypeError, DiagramValueError
from diagrammar.grammar import parse, parse_expression, tree
from diagrammar.source import Source, Span
from diagrammar.types import Space, free_axes

STD = Path(__file__).parent / "std"
# files whose names need no import
PRELUDE = ("primitives", "transposes", "pointwise", "linear", "field", "spectral", "norm", "attention", "derivatives")
_HEADS = {name: TypeHead(name) for name in ("R", "C", "Bool", "Tokens", "Field", "Spectrum", "Weights")}
_RESERVED = frozenset({*_HEADS, "I"})
_MISSING: Any = object()


class Module:
    """A file: what it declares, and what each name of it means."""

    def __init__(self, name: str, source: Source, elaborator: Elaborator) -> None:
        self.name = name
        self.source = source
        self.elaborator = elaborator
        self.doc: str | None = None
        self.declared: dict[str, Declared] = {}
        self.declarations: list[tree.Node] = []
        self.imported: dict[str, tuple[Module, str | None]] = {}
        self.overrides: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        self._working: list[str] = []
        self.scope = Scope(self, source, None, None, Implicit())

    # ------------------------------------------------------------------------------------------------ names

    def names(self) -> list[str]:
        """Every name that the module sees, for hints."""
        return [*self.declared, *self.imported, *std().index, *functions.FUNCTIONS, *statics.CONSTANTS, *_HEADS]

    def find(self, name: str) -> Any:
        """What a name means in this module; KeyError if nothing declares it."""
        known = self._values.get(name, _MISSING)
        if known is not _MISSING:
            return known
        declared = self.own(name)
        if declared is not None:
            result = self._work_out(declared)
        elif name in self.imported:
            module, inner = self.imported[name]
            result = ModuleRef(module) if inner is None else module.find(inner)
        else:
            result = builtin(name, self)
        self._values[name] = result
        return result

    def own(self, name: str) -> Declared | None:
        """The declaration of a name, if it is this module's own."""
        return self.declared.get(name)

    def all_declared(self) -> list[Declared]:
        """What it declares itself, in its order."""
        return list(self.declared.values())

    def law_names(self) -> list[str]:
        """The laws that it declares."""
        return [name for name, each in self.declared.items() if isinstance(each.ast, tree.LawDecl)]

    def _work_out(self, declared: Declared) -> Any:
        name = declared.name
        if name in self._working:
            raise DiagramNameError(f"`{name}` is declared by itself", declared.span(declared.ast))
        self._working.append(name)
        try:
            return self._meaning(declared)
        finally:
            self._working.pop()

    def _meaning(self, declared: Declared) -> Any:
        match declared.ast:
            case tree.DiagramDecl() | tree.BoxDecl():
                return DeclRef(declared)
            case tree.TypeDecl(_, params, _):
                return Family(declared) if params else Alias(declared)
            case tree.Dims():
                return FreeDim(self, declared.name)
            case tree.Param():
                return self._param(declared)
            case tree.Let(_, node):
                return self._let(declared, node)
            case tree.SpaceDecl(_, node):
                return self._space(declared, node)
            case tree.Share(_, node):
                return self._share(declared, node)
            case _:
                kind = type(declared.ast).__name__.removesuffix("Decl").lower()
                raise DiagramTypeError(
                    f"`{declared.name}` is a {kind}, which cannot stand here", declared.span(declared.ast)
                )

    def _static(self, declared: Declared, node: tree.Node) -> Any:
        return static(Body(self.elaborator, declared), node, declared.scope)

    def _param(self, declared: Declared) -> Any:
        ast = declared.ast
        kind = written_kind(declared, ast.kind)
        if declared.name in self.overrides:
            found = _of_kind(kind, self.overrides[declared.name], None, declared.name)
            return _of_list(ast.kind, found, None, declared.name)
        if ast.default is None:
            raise DiagramValueError(
                f"the parameter `{declared.name}` has no value",
                declared.span(ast),
                hint=f"give it: `-p {declared.name}=...`",
            )
        place = declared.span(ast.default)
        return _of_list(
            ast.kind, _of_kind(kind, self._static(declared, ast.default), place, declared.name), place, declared.name
        )

    def _let(self, declared: Declared, node: tree.Node) -> Any:
        found = self._static(declared, node)
        if isinstance(found, Recipe):
            raise DiagramTypeError(
                "`let` names a static value, this is a diagram",
                declared.span(node),
                hint=f"diagram {declared.name} : A -> B = ...",
            )
        return found

    def _space(self, declared: Declared, node: tree.Node) -> Any:
        found = self._static(declared, node)
        if not isinstance(found, Space):
            raise DiagramTypeError(f"a space is wanted, this is {statics.describe(found)}", declared.span(node))
        ((kind, dim, name), *more) = found.base
        if (
            not more
            and found.axes == free_axes(found.base)
            and "(" in name + "("
            and name.split("(")[0] in _CONSTRUCTORS
        ):
            base = ((kind, dim, declared.name),)
            return FreeSpace(self, declared.name, Space(base, free_axes(base)))
        return Alias(declared)

    def _share(self, declared: Declared, node: tree.Node) -> Any:
        found = self._static(declared, node)
        if not isinstance(found, DeclRef) or found.share is not None:
            raise DiagramTypeError("a `share` of a file names one instance of a declared diagram", declared.span(node))
        return DeclRef(found.declared, found.args, None, f"/{declared.name}")


_CONSTRUCTORS = frozenset({"torus", "cube", "interval", "sphere", "mesh", "points"})


def _of_kind(kind: str, found: Any, span: Span | None, name: str) -> Any:
    """A value for a parameter of a file."""
    if kind == "real" and statics.is_number(found):
        return found
    good = {
        "int": isinstance(found, int) and not isinstance(found, bool),
        "bool": isinstance(found, bool),
        "str": isinstance(found, str),
        "list": isinstance(found, tuple),
        "space": isinstance(found, Space),
        "any": not isinstance(found, Recipe),
        "type": type(found).__name__ == "TypeValue",
    }
    if good.get(kind, False):
        return found
    wanted = {"int": "a whole number", "real": "a number", "bool": "true or false", "str": "a text", "list": "a list"}
    called = f"`{name}`" if name.isidentifier() else name
    wish = wanted.get(kind, "a " + kind)
    raise DiagramTypeError(f"{called} is {wish}, this is {statics.describe(found)}", span)


def _of_list(kind: tree.Node, found: Any, span: Span | None, name: str) -> Any:
    """The entries of a list, of the kind that is written inside of `[...]`."""
    if isinstance(kind, tree.ListOf) and len(kind.items) == 1:
        (inner,) = kind.items
        for each in found:
            if isinstance(inner, tree.ListOf):
                if not isinstance(each, tuple):
                    raise DiagramTypeError(
                        f"`{name}` is a list of lists, this has {statics.describe(each)} in it", span
                    )
                _of_list(inner, each, span, name)
            elif isinstance(inner, tree.Name):
                _of_kind(inner.name, each, span, f"an entry of {name}")
    return found


def builtin(name: str, module: Module) -> Any:
    """A name that needs no import."""
    if name in _HEADS:
        return _HEADS[name]
    if name == "I":
        from diagrammar.elaborate.values import TypeValue

        return TypeValue((), "")
    if name == "training":
        return Training()
    library = std()
    if module is not library and name in library.index:
        return library.find(name)
    if name in functions.FUNCTIONS:
        return functions.FUNCTIONS[name]
    return statics.CONSTANTS[name]


# ---------------------------------------------------------------------------------------------- the library

_DECLARATION = re.compile(
    r'^(?:"""(?:[^"\\]|"(?!"")|\\.)*"""\n)?(diagram|box|type|let|space|law)[ \t]+([^\W\d]\w*)', re.MULTILINE
)


class Library(Module):
    """The standard library: indexed by declaration, and only declarations that are used are parsed."""

    def __init__(self) -> None:
        super().__init__("std", Source("std", ""), Elaborator())
        self.index: dict[str, tuple[str, int, int]] = {}
        self._texts: dict[str, str] = {}
        # laws are no names that a file could mean
        self._law_places: dict[str, tuple[str, int, int]] = {}
        for file in PRELUDE:
            text = (STD / f"{file}.dg").read_text(encoding="utf-8")
            self._texts[file] = text
            found = list(_DECLARATION.finditer(text))
            ends = [match.start() for match in found[1:]] + [len(text)]
            for match, end in zip(found, ends, strict=True):
                word, name = match.groups()
                if word == "law":
                    self._law_places[name] = (file, match.start(), end)
                else:
                    self.index[name] = (file, match.start(), end)

    def own(self, name: str) -> Declared | None:
        """A declaration of the library, parsed when it is first asked for."""
        known = self.declared.get(name)
        place = self.index.get(name) or self._law_places.get(name)
        if known is None and place is not None:
            file, start, end = place
            text = self._texts[file]
            source = Source(f"std/{file}.dg", text[start:end], 1 + text.count("\n", 0, start))
            parsed = parse(source)
            ast: Any = parsed.declarations[0]
            ast.doc = ast.doc or parsed.doc
            scope = Scope(self, source, None, None, Implicit())
            known = self.declared[name] = Declared(ast, name, f"std:{name}", scope, source)
        return known

    def all_declared(self) -> list[Declared]:
        """Everything in the library, all of it parsed."""
        found = [self.own(name) for name in (*self.index, *self._law_places)]
        return [each for each in found if each is not None]

    def law_names(self) -> list[str]:
        """The laws of the library."""
        return list(self._law_places)

    def file_of(self, name: str) -> str:
        """The file of the library that declares a name."""
        return self.index[name][0]


@lru_cache(maxsize=1)
def std() -> Library:
    """The standard library."""
    return Library()


# -------------------------------------------------------------------------------------------------- loading


class Loader:
    """Reads a file and what it imports, inside one root folder."""

    def __init__(self, root: Path | None, elaborator: Elaborator, limits: reading.Limits) -> None:
        self.root = root
        self.elaborator = elaborator
        self.limits = limits
        self.modules: dict[str, Module] = {}
        self.opening: list[str] = []

    def module(self, name: str, source: Source, folder: Path | None) -> Module:
        """A module from its text."""
        made = Module(name, source, self.elaborator)
        parsed = parse(source, nesting=self.limits.nesting, size=self.limits.size)
        made.doc = parsed.doc
        made.declarations = list(parsed.declarations)
        errors: list[Any] = []
        for node in parsed.declarations:
            try:
                self._declare(made, node, folder)
            except (DiagramNameError, DiagramImportError) as error:
                errors.append(error)
        reading.raise_all(errors)
        return made

    def _declare(self, module: Module, node: tree.Node, folder: Path | None) -> None:
        if isinstance(node, tree.Import):
            self._import(module, node, folder)
            return
        names: list[tuple[str, tree.Node]]
        if isinstance(node, tree.Dims):
            names = [(each.name, each) for each in node.names]
        else:
            assert isinstance(node, tree.Declaration)
            names = [(node.name, node)]
        for name, place in names:
            span = Span(module.source, place.start, place.end)
            if name in _RESERVED:
                raise DiagramNameError(f"`{name}` is a reserved name", span)
            if name in module.declared or name in module.imported:
                raise DiagramNameError(f"`{name}` is declared twice", span)
            module.declared[name] = Declared(node, name, f"{module.name}:{name}", module.scope, module.source)

    def _import(self, module: Module, node: tree.Import, folder: Path | None) -> None:
        span = Span(module.source, node.start, node.end)
        found = self._open(node, folder, span)
        if node.names is None and node.alias is None and found is std():
            # its names need no import; the module's own name would hide one of them
            return
        if node.names is None:
            alias = node.alias or re.split(r"[./]", node.path.removesuffix(".dg"))[-1]
            self._bind(module, alias, (found, None), span)
            return
        for name in node.names:
            here = Span(module.source, name.start, name.end)
            if found.own(name.name) is None:
                reading.unknown_name(name.name, [*found.declared, *getattr(found, "index", ())], here, node.path)
            self._bind(module, name.name, (found, name.name), here)

    def _bind(self, module: Module, name: str, found: tuple[Module, str | None], span: Span) -> None:
        if name in module.declared or name in module.imported:
            raise DiagramNameError(f"`{name}` is declared twice", span)
        module.imported[name] = found

    def _open(self, node: tree.Import, folder: Path | None, span: Span) -> Module:
        if not node.quoted:
            first, _, rest = node.path.partition(".")
            if first != "std":
                raise DiagramImportError(
                    "a module of the library is std.NAME, a file is written in quotes",
                    span,
                    hint=f'import "./{first}.dg"',
                )
            return self.library(rest, span)
        path = reading.resolve(node.path, folder, self.root, span)
        return self.file(path, span)

    def library(self, name: str, span: Span | None) -> Module:
        """A module of the standard library."""
        if name in ("", *PRELUDE):
            return std()
        path = STD / f"{name}.dg"
        if not re.fullmatch(r"\w+", name) or not path.is_file():
            have = sorted(each.stem for each in STD.glob("*.dg"))
            raise DiagramImportError(f"the library has no module std.{name}", span, [f"its modules: {', '.join(have)}"])
        key = f"std.{name}"
        if key not in self.modules:
            source = Source(f"std/{name}.dg", path.read_text(encoding="utf-8"))
            self.modules[key] = self.module(key, source, None)
        return self.modules[key]

    def file(self, path: Path, span: Span | None) -> Module:
        """A file, read once."""
        key = str(path)
        if key in self.opening:
            raise DiagramImportError(f"`{path.name}` imports itself", span)
        if key not in self.modules:
            if len(self.opening) > self.limits.imports:
                raise DiagramImportError(f"imports nested deeper than {self.limits.imports}", span)
            text = reading.read(path, self.limits.size, span)
            self.opening.append(key)
            try:
                shown = path.name if self.root is None else str(path.relative_to(self.root))
                self.modules[key] = self.module(path.stem, Source(shown, text), path.parent)
            finally:
                self.opening.pop()
        return self.modules[key]


def override(module: Module, values: Mapping[str, Any]) -> None:
    """Sets parameters of a file; texts that come from a command line are read as expressions."""
    for name, given in values.items():
        declared = module.own(name)
        if declared is None or not isinstance(declared.ast, tree.Param):
            have = [key for key, each in module.declared.items() if isinstance(each.ast, tree.Param)]
            raise DiagramNameError(
                f"`{module.source.name}` has no parameter `{name}`",
                None,
                [f"its parameters: {', '.join(have) or 'none'}"],
            )
        kind = written_kind(declared, declared.ast.kind)
        if isinstance(given, str) and kind != "str":
            source = Source(f"-p {name}", given)
            scope = Scope(module, source, None, None, Implicit())
            given = static(Body(module.elaborator, None), parse_expression(source), scope)
        module.overrides[name] = reading.static_value(given)


__all__ = ["BUDGET", "Definition", "Library", "Loader", "Module", "builtin", "override", "std"]
