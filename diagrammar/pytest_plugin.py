"""The pytest plugin: `pytest examples/fno.dg` runs the laws of a file, one test each; `pytest --dg` those of all `.dg`
files that it meets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--dg`, `--dg-examples`, `--dg-seed`."""
    group = parser.getgroup("diagrammar", "laws of .dg files")
    group.addoption("--dg", action="store_true", help="collect the laws of every .dg file, not of those named alone")
    group.addoption("--dg-examples", type=int, default=100, metavar="N", help="cases of each law (100)")
    group.addoption("--dg-seed", type=int, default=0, metavar="S", help="of the cases (0)")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> DgFile | None:
    """A `.dg` file that is named, or any with `--dg`."""
    if file_path.suffix != ".dg":
        return None
    named = any(file_path == Path(str(word).partition("::")[0]).resolve() for word in parent.config.args)
    if not (named or parent.config.getoption("--dg")):
        return None
    made: DgFile = DgFile.from_parent(parent, path=file_path)
    return made


class DgFile(pytest.File):
    """A `.dg` file: its types are checked when it is collected, and each of its laws is a test."""

    def collect(self) -> Iterator[DgLaw]:
        """One test for each law. Raises the errors of the file."""
        from diagrammar import api
        from diagrammar.elaborate.laws import statements

        module = api.load(self.path)
        for law in statements(module._module):
            yield DgLaw.from_parent(self, name=law.name, law=law)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """An error of the file as the command shows it."""
        from diagrammar.errors import DiagrammarError

        if isinstance(excinfo.value, DiagrammarError):
            return excinfo.value.render()
        return super().repr_failure(excinfo)


class DgLaw(pytest.Item):
    """A law as a test: it passes where the law does what its text says."""

    def __init__(self, *, law: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.law = law

    def runtest(self) -> None:
        """Judges the law. Raises its report."""
        from diagrammar.laws import saved
        from diagrammar.laws.judge import Terms, judge

        config = self.config
        folder = config.rootpath / saved.FOLDER
        terms = Terms(config.getoption("--dg-examples"), config.getoption("--dg-seed"), folder)
        found = judge(self.law, terms)
        if found.status == "skipped":
            pytest.skip(found.note)
        self.add_report_section("call", "law", f"{found.status}, {found.examples} examples")
        if not found.ok:
            raise Refutation(found.report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The smallest case, in place of a traceback."""
        if isinstance(excinfo.value, Refutation):
            return f"Falsifying example: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the law stands."""
        line, _ = self.law.declared.source.place(self.law.ast.start)
        return self.path, line - 1, f"law {self.name}"


class Refutation(AssertionError):
    """What a test of a law fails with."""
