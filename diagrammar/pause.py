"""The cyclic garbage collector, off for a while."""

from __future__ import annotations

import gc


class paused:
    """Large texts make many objects that all stay: a collector that walks them again and again makes time quadratic."""

    def __enter__(self) -> None:
        self.was = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        if self.was:
            gc.enable()
