"""The demo's server process: start it, find it by the lock on its data folder, stop it."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from backend.config import REPOSITORY, Settings
from backend.demo.client import Api, DemoFailed
from backend.storage import lock

_START_SECONDS = 60
_STOP_SECONDS = 15
_POLL_SECONDS = 0.1


def start(settings: Settings, api: Api) -> None:
    """Start a server in the background and wait until it is ready; use one that already runs.

    `api` gets the address that the server says in its log: what answers at the port of the settings
    may be another server, before which this one must yield.

    Raises:
        DemoFailed: it did not start.
    """
    if lock.holder(settings.data_dir) is not None and api.is_healthy():
        print(f"Using the server that is running at {api.address}.")
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)  # the log is kept in it
    environment = {**os.environ, "EXOTRAIN_TOKEN": api.token}
    with open(log_path(settings), "ab") as log:
        before = log.tell()
        server = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "backend" / "app.py")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it keeps running after the demo
        )
    try:
        api.address = _wait_until_ready(server, log_path(settings), before)
    except KeyboardInterrupt:  # nobody could stop it by its lock yet
        server.terminate()
        server.wait()
        raise
    print(f"Server started at {api.address}.")


def stop(settings: Settings) -> None:
    """Stop the server of this data folder, and wait until it has ended.

    The system says which process that is. The id in the lock's file may be an old one, which by
    now is another program's.

    Raises:
        DemoFailed: it did not stop in time, or the system does not say which process it is.
    """
    process_id = lock.holder(settings.data_dir)
    if process_id is None:
        _require_free(settings)
        print("No exotrain server is running.")
        return
    os.kill(process_id, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while lock.holder(settings.data_dir) == process_id:
        if time.monotonic() > deadline:
            raise DemoFailed(f"the server (process {process_id}) did not stop; see its log")
        time.sleep(_POLL_SECONDS)
    print("The server has stopped.")


def demo_token(settings: Settings) -> str:
    """A random token, kept beside the data so that the next demo can use the same server."""
    path = settings.data_dir / "demo.token"
    known = path.read_text().strip() if path.exists() else ""
    if known:  # a disk that was full leaves an empty file
        return known
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(32)
    path.write_text(token)
    return token


def log_path(settings: Settings) -> Path:
    """The log of the server in the background."""
    return settings.data_dir / "exotrain.log"


def _wait_until_ready(server: "subprocess.Popen[bytes]", log: Path, before: int) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while (address := _ready_address(log, before)) is None:
        if server.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed(f"the server did not start:\n{_last_line(log)}")
        time.sleep(_POLL_SECONDS)
    return address


def _require_free(settings: Settings) -> None:
    """Refuse to call a folder free that a server of 0.3.0 or another program has locked."""
    if lock.is_held(settings.data_dir):
        path = lock.lock_path(settings.data_dir)
        raise DemoFailed(
            f"a process holds {path}, and the system does not say which, so nothing was stopped. "
            f"If process {path.read_text().strip() or '?'} is an exotrain of an earlier release, "
            "end it with kill."
        )


def _ready_address(log: Path, before: int) -> str | None:
    """Where the server says that it is ready, in what its log has after `before` bytes."""
    with open(log, "rb") as file:
        file.seek(before)
        said = re.search(rb"^exotrain is ready at (\S+)\n", file.read(), re.MULTILINE)
    return said[1].decode() if said else None


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"see {path}"
