"""The standard library as a list: what `diagrammar show std` prints."""

from __future__ import annotations

from diagrammar import modules
from diagrammar.errors import DiagramNameError
from diagrammar.grammar import tree

# the files of the boxes that a backend gives a meaning to; those of `derivatives` are operators on diagrams, and become
# boxes of these
FILES = ("primitives", "transposes")


def _rows(
    kind: type[tree.BoxDecl] | type[tree.DiagramDecl], files: tuple[str, ...] | None = None
) -> list[tuple[str, str]]:
    library = modules.std()
    rows = []
    for name in library.index:
        declared = library.own(name)
        assert declared is not None
        file = declared.source.name.removeprefix("std/").removesuffix(".dg")
        if isinstance(declared.ast, kind) and (files is None or file in files):
            rows.append((_header(declared.source.text, declared.ast), " ".join((declared.ast.doc or "").split())))
    return rows


def _header(text: str, ast: tree.BoxDecl | tree.DiagramDecl) -> str:
    """The text of a declaration up to its body, on one line."""
    # in the library a declaration ends at an empty line
    end = text.find("\n\n", ast.start) if isinstance(ast, tree.BoxDecl) else ast.body.start
    return " ".join(text[ast.start : end if end >= 0 else len(text)].split()).rstrip("={ ")


def boxes_of(*files: str) -> list[tuple[str, str]]:
    """Header and documentation of every box that a backend gives a meaning to, or of those of some files: "primitives",
    and "transposes", which derivatives need besides."""
    return _rows(tree.BoxDecl, files or FILES)


def operators_of() -> list[tuple[str, str]]:
    """Header and documentation of every operator on diagrams: `vjp[f]` and the like."""
    return _rows(tree.BoxDecl, ("derivatives",))


def diagrams_of() -> list[tuple[str, str]]:
    """Header and documentation of every composite diagram."""
    return _rows(tree.DiagramDecl)


def text_of(name: str) -> str:
    """The text of a declaration of the library, with its documentation."""
    library = modules.std()
    declared = library.own(name)
    if declared is None:
        raise DiagramNameError(f"the library has nothing called `{name}`")
    return declared.source.text.rstrip()
