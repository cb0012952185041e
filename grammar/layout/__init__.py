"""The formatter: one layout for every text, with its comments, and without a change to what is read."""

from __future__ import annotations

from diagrammar.grammar.layout.formatting import formatted

__all__ = ["formatted"]
