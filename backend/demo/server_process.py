"""The demo's server process: start it, find it by the lock on its data folder, stop it."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from backend.config import REPOSITORY, Settings
from backend.demo.client import Api, DemoFailed

_START_SECONDS = 60
_STOP_SECONDS = 15
_POLL_SECONDS = 0.1


def start(settings: Settings, api: Api) -> None:
    """Start a server in the background and wait until it answers; use one that already runs.

    Raises:
        DemoFailed: it did not start.
    """
    # In this order: a server that is just starting must not find its lock taken.
    if api.is_healthy() and _server_process(settings) is not None:
        print(f"Using the server that is running at {api.address}.")
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)  # the log is kept in it
    environment = {**os.environ, "EXOTRAIN_TOKEN": api.token}
    with open(log_path(settings), "ab") as log:
        server = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "backend" / "app.py")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it keeps running after the demo
        )
    deadline = time.monotonic() + _START_SECONDS
    # The lock is not touched: if the server found it taken, it would end.
    while not (
        api.is_healthy() and _recorded_process(settings) == server.pid and server.poll() is None
    ):
        if server.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed(f"the server did not start:\n{_last_line(log_path(settings))}")
        time.sleep(_POLL_SECONDS)
    print(f"Server started at {api.address}.")


def stop(settings: Settings) -> None:
    """Stop the server of this data folder, and wait until it has ended.

    Raises:
        DemoFailed: it did not stop in time.
    """
    process_id = _server_process(settings)
    if process_id is None:
        print("No exotrain server is running.")
        return
    os.kill(process_id, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _server_process(settings) is not None:
        if time.monotonic() > deadline:
            raise DemoFailed(f"the server (process {process_id}) did not stop; see its log")
        time.sleep(_POLL_SECONDS)
    print("The server has stopped.")


def _server_process(settings: Settings) -> int | None:
    """The id of the process that holds the lock on the data folder, or None.

    For a moment this takes the lock, if nobody holds it.
    """
    path = _lock_path(settings)
    if not path.exists():
        return None
    with open(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _recorded_process(settings)
    return None


def _recorded_process(settings: Settings) -> int | None:
    """The id of the process that was the last to take the lock, read without taking it."""
    path = _lock_path(settings)
    return int(path.read_text().strip() or 0) or None if path.exists() else None


def _lock_path(settings: Settings) -> Path:
    return settings.data_dir / "exotrain.lock"


def log_path(settings: Settings) -> Path:
    """The log of the server in the background."""
    return settings.data_dir / "exotrain.log"


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"see {path}"
