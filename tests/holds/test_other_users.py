"""One user against the others, on a real server: locks, waiting predictions, a full disk."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.server import Client, Server

pytestmark = pytest.mark.e2e

LOCKED_SECONDS = 5  # what is promised; the server's own patience is half of it

HOLD_THE_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN " + sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def locked(server: Server, mode: str) -> Iterator[None]:
    """Another process holds the lock of the server's database."""
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(server.data_dir / "exotrain.db"), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.kill()


def timed(call: Callable[..., requests.Response], *arguments: Any, **options: Any) -> Any:
    """The answer, and after how many seconds it came."""
    start = time.monotonic()
    return call(*arguments, **options), time.monotonic() - start


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_lock_held_by_another_program_is_a_503_in_time_and_stops_nobody_else(
    start_server: Callable[..., Server], mode: str
):
    server = start_server(EXOTRAIN_WARM_WORKERS="0")
    client = Client(server)
    key = client.workspace()
    with locked(server, mode), ThreadPoolExecutor(12) as pool:
        writes = [
            pool.submit(timed, Client(server).post, "/api/workspaces", None, json={"name": "late"})
            for _ in range(12)
        ]
        reads = [
            timed(client.get, path, None)
            for path in ["/api/health", "/api/workspaces", f"/api/workspaces/{key}"] * 5
        ]
        answers = [each.result() for each in writes]
    for answer, seconds in answers:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "locked" in answer.json()["detail"]
        assert seconds < LOCKED_SECONDS
    for answer, seconds in reads:
        assert answer.status_code == 200
        assert seconds < 1
    assert client.post("/api/workspaces", 201, json={"name": "after"})["success"]
    assert len(client.get("/api/workspaces")["workspaces"]) == 2
    assert "Traceback" not in Path(server.log).read_text()
