"""`python -m diagrammar`, `diagrammar` and `dg` are one command."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; gives its exit status."""
    from diagrammar.commands import main as run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
