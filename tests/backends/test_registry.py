"""The registry of backends."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint

import pytest

from diagrammar import backend
from diagrammar.errors import BackendError

from .build import R, chain, frame, prim


def test_ours_are_found() -> None:
    """torch and cost are there in a plain checkout."""
    assert {"torch", "cost"} <= set(backend.names())
    assert backend.get("torch").name == "torch"
    assert backend.get("cost").compile(chain(prim("sin", [R(3)], [R(3)]))).flops == 3


def test_loading_is_lazy() -> None:
    """Naming the backends imports none of them."""
    code = "import sys; from diagrammar import backend; backend.names(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def _announce(monkeypatch: pytest.MonkeyPatch, *places: EntryPoint) -> None:
    def entry_points(group: str) -> Iterable[EntryPoint]:
        assert group == backend.GROUP
        return places

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


def test_clashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages that announce one name are both named, one of them ours or not."""
    _announce(monkeypatch, EntryPoint("torch", "other:BACKEND", backend.GROUP))
    with pytest.raises(BackendError, match="diagrammar"):
        backend.get("torch")
    _announce(monkeypatch, EntryPoint("torch", "diagrammar.backends.torch:BACKEND", backend.GROUP))
    assert backend.get("torch").name == "torch"


def test_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name, a module that is not there, an object that is no backend."""
    with pytest.raises(BackendError, match="no backend 'pytorch'"):
        backend.get("pytorch")
    _announce(
        monkeypatch, EntryPoint("a", "no_such_module_x:B", backend.GROUP), EntryPoint("b", "math:pi", backend.GROUP)
    )
    with pytest.raises(BackendError, match="cannot be loaded"):
        backend.get("a")
    with pytest.raises(BackendError, match="is a float"):
        backend.get("b")


def test_missing_meanings() -> None:
    """What a backend cannot mean is listed before it is asked."""
    d = chain(frame("f", chain(prim("sin", [R(3)], [R(3)]), prim("mystery", [R(3)], [R(3)]))))
    assert [box.name for box in backend.missing(d, backend.get("torch"))] == ["mystery"]
