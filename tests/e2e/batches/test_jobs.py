"""A catalogue that is predicted in the background by a real server: a kill and a stop."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

BATCHES = "/api/predict/batches"

SPEC = {"epochs": 1, "batch_size": 64, "test_split": 0}


def post(client: Client, key: str, file: Path) -> int:
    with open(file, "rb") as content:
        answer = client.post(BATCHES, 202, files={"file": content}, data={"workspace_key": key})
    return answer["batch"]["id"]


def state(client: Client, batch_id: int) -> dict[str, Any]:
    return client.get(f"{BATCHES}/{batch_id}")["batch"]


def wait_until(client: Client, batch_id: int, until: Callable[[dict], bool]) -> dict[str, Any]:
    return wait_for(lambda: state(client, batch_id), until, 240)


def result(client: Client, batch_id: int) -> bytes:
    return client.call("GET", f"{BATCHES}/{batch_id}/result").content


def test_a_batch_whose_server_is_killed_goes_on_and_ends_with_the_same_bytes(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    client.complete(key, client.upload(key, small_catalogue(tmp_path))["id"], **SPEC)
    catalogue = small_catalogue(tmp_path, rows=10_000)
    whole = post(client, key, catalogue)
    assert wait_until(client, whole, has_ended)["status"] == "completed"
    batch_id = post(client, key, catalogue)
    seen = wait_until(client, batch_id, lambda batch: batch["rows_done"] > 0)
    assert seen["status"] == "running"
    server.stop(signal.SIGKILL)
    server.start()
    client = Client(server)
    resumed = wait_until(client, batch_id, has_ended)
    assert resumed["status"] == "completed", resumed["error"]
    assert resumed["rows_done"] == 10_000
    assert result(client, batch_id) == result(client, whole)
    stopped = post(client, key, catalogue)
    wait_until(client, stopped, lambda batch: batch["status"] == "running")
    server.stop(seconds=10)
    assert server.process.returncode == 0


def has_ended(batch: dict[str, Any]) -> bool:
    return batch["status"] not in ("pending", "running")
