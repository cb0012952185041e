"""`diagrammar check FILE`: the types of files, then their laws."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from diagrammar.commands.arguments import Usage, add_parameters, load, values
from diagrammar.errors import DiagrammarError

if TYPE_CHECKING:
    from diagrammar.api import Module
    from diagrammar.outcome import Outcome


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or std for the standard library")
    parser.add_argument("--types", action="store_true", help="types alone (laws are not run)")
    parser.add_argument("--law", action="append", metavar="LAW", help="this law alone, as often as one likes")
    parser.add_argument("--examples", type=int, default=100, metavar="N", help="cases of each law (100)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the cases (0)")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (one for each core)")
    parser.add_argument("--json", action="store_true", help="the outcomes as JSON")
    parser.add_argument("--proofs", action="store_true", help="print the steps of each proof")
    parser.add_argument("--audit", action="store_true", help="list loose laws, and boxes that no law speaks of")
    parser.add_argument("--no-save", action="store_true", help="keep no failing cases in .diagrammar")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Checks each file, and says of each what is wrong."""
    if options.examples < 1 or options.jobs < 0:
        raise Usage("--examples is to be at least 1, and --jobs not negative")
    from diagrammar.checking import check_declarations

    status = 0
    files: list[tuple[str, Module]] = []
    for path in options.files:
        try:
            module = load(path, options)
            if path == "std":
                # the library is read as it is used; here all of it is
                check_declarations(module._module)
        except DiagrammarError as error:
            print(error.render(), file=sys.stderr)
            status = 1
        else:
            files.append((path, module))
            if options.types or not (options.json or module.law_names):
                count = len(module._module.all_declared())
                print(f"{path}: {count} declaration{'s' * (count != 1)}, types ok")
    if options.types:
        return status
    if options.audit:
        return max(status, *(_audit(path, module) for path, module in files), 0)
    return max(status, _laws(files, options))


def _laws(files: list[tuple[str, Module]], options: argparse.Namespace) -> int:
    work = []
    for path, module in files:
        names = module.law_names
        for name in options.law or ():
            if name not in names and len(files) == 1:
                listed = ", ".join(names) or "none"
                raise Usage(f"{path} has no law `{name}`\n  its laws: {listed}")
        work += [(path, name) for name in names if not options.law or name in options.law]
    if options.law and not work:
        raise Usage(f"no file has a law `{options.law[0]}`")
    if not work:
        if options.json:
            print("[]")
        return 0
    from diagrammar.laws import saved
    from diagrammar.laws.judge import Terms
    from diagrammar.laws.runner import File, run_files

    given = values(options)
    words = " ".join(f"-p {name}={value}" for name, value in given.items())
    terms = Terms(
        options.examples,
        options.seed,
        None if options.no_save else saved.FOLDER,
        "diagrammar check" + (f" {words}" if words else ""),
    )
    progress = _Progress(len(work), options.json)
    asked = [(File(path, given), name) for path, name in work]
    outcomes = run_files(asked, terms, options.jobs or os.cpu_count() or 1, progress.hears)
    progress.ends()
    if options.json:
        print(json.dumps([outcome.row() for outcome in outcomes], indent=1))
    else:
        if options.proofs:
            for outcome in outcomes:
                if outcome.proof:
                    print(f"{outcome.file}:{outcome.line}: `{outcome.law}` is proved\n{outcome.proof}")
        _table(outcomes)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


class _Progress:
    """A line that counts, where a person looks on."""

    def __init__(self, total: int, quiet: bool) -> None:
        self.total, self.count = total, 0
        self.shown = not quiet and sys.stderr.isatty()

    def hears(self, outcome: Outcome) -> None:
        """One law more."""
        self.count += 1
        if self.shown:
            print(f"\r\033[K{self.count}/{self.total} {outcome.law}", end="", file=sys.stderr, flush=True)

    def ends(self) -> None:
        """Takes the line away."""
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _table(outcomes: list[Outcome]) -> None:
    from diagrammar.outcome import summary

    for outcome in outcomes:
        if outcome.report:
            print(outcome.report, end="\n\n")
    width = max(len(outcome.law) for outcome in outcomes)
    file = ""
    for outcome in outcomes:
        if outcome.file != file:
            file = outcome.file
            print(file)
        count = f"{outcome.examples} examples" if outcome.status == "passed" else outcome.note
        print(f"  {outcome.law:{width}}  {outcome.status:17}  {outcome.seconds:6.2f} s  {count}".rstrip())
    print(summary(outcomes))


def _audit(path: str, module: Module) -> int:
    """Lists what laws leave open: tolerances above 1e-3, and diagrams and boxes that no law mentions."""
    from diagrammar.laws.audit import audit

    found = audit(module._module)
    for line in found.lines(path):
        print(line)
    return 0
