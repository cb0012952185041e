"""`pytest tests/parity --fixtures DIR` runs the parity tests on the fixtures in DIR."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """pytest has a `--fixtures` of its own, which lists functions; with a folder of .npz files after it, it is ours."""
    config.option.fixture_folder = Path(__file__).parent / "parity" / "data"
    if config.option.showfixtures:
        folders = [arg for arg in config.args if Path(arg).is_dir() and any(Path(arg).glob("*.npz"))]
        if folders:
            config.option.showfixtures = False
            config.args = [arg for arg in config.args if arg not in folders]
            config.option.fixture_folder = Path(folders[-1])
