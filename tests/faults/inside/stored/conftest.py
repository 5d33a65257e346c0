"""A data folder, and the commands that back it up and restore it."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.backup.__main__ import main
from tests.backup.folders import fill

Command = Callable[[str, Path], str]


@pytest.fixture
def data_dir(services, api, key) -> Path:
    """With something of each kind in it."""
    fill(services, api, key)
    return services.settings.data_dir


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    """Where the backups are; not there yet."""
    return tmp_path / "backups"


@pytest.fixture
def command(data_dir: Path, monkeypatch) -> Iterator[Command]:
    """`make backup` and `make restore`, in this process; the line of the error, "" without one."""

    def run(action: str, folder: Path) -> str:
        try:
            main([action, str(folder)])
        except SystemExit as ended:
            return str(ended.code)
        return ""

    monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(data_dir))
    mask = os.umask(0o022)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield run
    os.umask(mask)
    for each, handler in handlers.items():
        signal.signal(each, handler)
