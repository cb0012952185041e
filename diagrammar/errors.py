"""Every error that diagrammar raises: its place is data, its carets are drawn here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from diagrammar.source import Span


class DiagrammarError(Exception):
    """An error with a place in a source text.

    `message` says what is wrong, `span` where, `notes` are lines of detail (both types written out),
    `hint` says what is likely meant.
    """

    kind = "error"

    def __init__(
        self, message: str, span: Span | None = None, notes: Sequence[str] = (), hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.notes = tuple(notes)
        self.hint = hint

    def __str__(self) -> str:
        return self.render()

    def __reduce__(self) -> tuple[type[DiagrammarError], tuple[object, ...]]:
        return type(self), (self.message, self.span, self.notes, self.hint)

    def render(self) -> str:
        """The whole report: place, source line, carets, notes, hint."""
        if self.span is None:
            lines = [f"{self.kind}: {self.message}"]
        else:
            lines = [f"{self.span}: {self.kind}: {self.message}", *_carets(self.span)]
        lines += [f"   {note}" for note in self.notes]
        if self.hint:
            lines.append(f"   hint: {self.hint}")
        return "\n".join(lines)


def moved(error: DiagrammarError, span: Span, where: str) -> DiagrammarError:
    """The same error at another place, where the user can mend it; says where it arose."""
    note = f"inside {where}, at {error.span}" if error.span is not None else f"inside {where}"
    return type(error)(error.message, span, (*error.notes, note), error.hint)


class DiagramSyntaxError(DiagrammarError, SyntaxError):
    """The text is not in the language."""

    kind = "syntax error"
    # SyntaxError.__str__ would add its own place
    __str__ = DiagrammarError.__str__


class DiagramTypeError(DiagrammarError, TypeError):
    """Wires do not fit."""

    kind = "type error"


class DiagramNameError(DiagrammarError, NameError):
    """A name that nothing declares, or that is declared twice."""

    kind = "name error"


class DiagramValueError(DiagrammarError, ValueError):
    """A static value is out of its range."""

    kind = "value error"


class DiagramImportError(DiagrammarError, ImportError):
    """A module that may not or cannot be read."""

    kind = "import error"

    __str__ = DiagrammarError.__str__


class BudgetError(DiagrammarError, RecursionError):
    """An expansion past its budget, refused before it is spent."""

    kind = "budget error"


class BackendError(DiagrammarError, NotImplementedError):
    """A backend cannot mean a box."""

    kind = "backend error"


class DerivativeError(DiagrammarError, NotImplementedError):
    """A box without a derivative, where one is asked for."""

    kind = "derivative error"


class LawError(DiagrammarError, AssertionError):
    """A law does not do what the text says of it."""

    kind = "law"


class Diagnostics(DiagrammarError):
    """Several independent errors of one reading."""

    def __init__(self, errors: Sequence[DiagrammarError]) -> None:
        first = errors[0]
        super().__init__(first.message, first.span, first.notes, first.hint)
        self.errors = tuple(errors)

    def render(self) -> str:
        """All reports, in the order of the text."""
        return "\n\n".join(error.render() for error in self.errors)

    def __reduce__(self) -> tuple[type[Diagnostics], tuple[object, ...]]:
        return Diagnostics, (self.errors,)


# a line longer than this is shown around its span only: a 10 MB line is a legal input
_WIDTH = 160


def _carets(span: Span) -> list[str]:
    number, column = span.source.place(span.start)
    line = span.source.line(number)
    length = max(1, min(span.end - span.start, len(line) - column + 1))
    if len(line) > _WIDTH:
        left = max(0, column - 1 - _WIDTH // 3)
        line = ("…" if left else "") + line[left : left + _WIDTH] + "…"
        column -= left - (1 if left else 0)
        length = max(1, min(length, len(line) - column + 1))
    shown = "".join(char if char.isprintable() or char == "\t" else "�" for char in line)
    # a tab before the caret stays a tab, so that the two lines align in any viewer
    pad = "".join("\t" if char == "\t" else " " for char in shown[: column - 1])
    margin = f"   {number} | "
    return [margin + shown, " " * (len(margin) - 2) + "| " + pad + "^" * length]
