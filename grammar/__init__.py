"""The language: text to tree.

* `parse` reads a file, `parse_expression` one expression; both raise the errors of `diagrammar.errors`.
* `tree` is what they make: plain nodes with offsets.
"""

from __future__ import annotations

from diagrammar.grammar import tree
from diagrammar.grammar.parser import parse, parse_expression

__all__ = ["parse", "parse_expression", "tree"]
