"""Stopping, killing and starting again: nothing is lost, nothing is left behind."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backend.config import IDLE_WORKER_MB
from tests.e2e.conftest import RUNNERS_IN_TURN
from tests.e2e.server import (
    Client,
    Server,
    history_without_times,
    is_running,
    small_catalogue,
    wait_for,
    weights_of,
)

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

SPEC = {"epochs": 5, "batch_size": 32, "seed": 3, "patience": 6}

STOP_SECONDS = 10


@pytest.mark.parametrize("runner", RUNNERS_IN_TURN)
def test_a_killed_session_is_resumed_and_ends_with_the_same_weights(
    runner: str,
    start_server: Callable[..., Server],
    runner_environment: Callable[[str], dict[str, str]],
    tmp_path: Path,
):
    server = start_server(**runner_environment(runner))
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    whole = client.complete(key, dataset["id"], **SPEC)
    session_id = client.train(key, dataset["id"], **SPEC)
    seen = client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    assert seen["status"] == "training"
    kill_and_start_again(server)
    client = Client(server)
    resumed = client.wait(session_id)
    assert resumed["status"] == "completed", resumed["error"]
    assert [each["epoch"] for each in resumed["history"]] == [1, 2, 3, 4, 5]
    assert resumed["training"]["resumed_from_epoch"] >= 1
    assert history_without_times(resumed) == history_without_times(whole)
    first, second = (weights_of(server.data_dir / each["model_path"]) for each in (whole, resumed))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    wait_for(lambda: list(server.data_dir.glob("model/checkpoints/*")), lambda files: not files)


def kill_and_start_again(server: Server) -> None:
    workers = server.children()
    server.stop(signal.SIGKILL)
    wait_for(lambda: [each for each in workers if is_running(each)], lambda left: not left, 15)
    server.start()


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_server_stopped_during_a_session_ends_soon_and_leaves_no_process(
    how: signal.Signals, start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(
        key, dataset["id"], **{**SPEC, "epochs": 500, "patience": 500, "test_split": 0}
    )
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    workers = server.children()
    assert workers
    server.stop(how, STOP_SECONDS)
    assert server.process.returncode == 0
    assert not [each for each in workers if is_running(each)]


def test_three_restarts_without_an_epoch_end_the_session(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(key, dataset["id"], **SPEC)
    for _ in range(3):
        wait_for(server.children, bool)  # its worker: after a start the row alone says nothing
        server.stop(signal.SIGKILL)
        server.start()
    session = Client(server).wait(session_id)
    assert session["status"] == "failed"
    assert session["error"]["reason"] == "interrupted"


@pytest.mark.slow
def test_a_killed_worker_fails_its_session_and_the_server_goes_on(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(
        key, dataset["id"], **{**SPEC, "epochs": 500, "patience": 500, "test_split": 0}
    )
    client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    kill_workers(server)
    resumed = client.wait(session_id, lambda session: session["training"]["resumed_from_epoch"])
    assert resumed["status"] == "training", resumed["error"]
    kill_workers(server)
    session = client.wait(session_id)
    assert session["status"] == "failed"
    assert session["error"]["reason"] == "crashed"
    assert "killed from outside (signal 9)" in session["error"]["message"]
    assert "started again from its last finished epoch" in session["error"]["message"]
    assert client.get("/api/health")["status"] == "healthy"


def kill_workers(server: Server) -> None:
    for worker in server.children():
        os.kill(worker, signal.SIGKILL)


@pytest.mark.parametrize("runner", RUNNERS_IN_TURN)
def test_a_session_above_its_memory_limit_is_ended(
    runner: str,
    start_server: Callable[..., Server],
    runner_environment: Callable[[str], dict[str, str]],
    tmp_path: Path,
):
    server = start_server(
        **runner_environment(runner),
        EXOTRAIN_TRAINING_MEMORY_MB=str(IDLE_WORKER_MB),
    )
    client = Client(server)
    key = client.workspace()
    # Batches of this size take some 400 MB beyond what an idle worker holds.
    dataset = client.upload(key, small_catalogue(tmp_path, rows=6000))
    session = client.wait(client.train(key, dataset["id"], **{**SPEC, "batch_size": 4096}))
    assert session["status"] == "failed"
    assert session["error"]["reason"] == "out_of_memory"
    said = f"more than the {IDLE_WORKER_MB} MB that EXOTRAIN_TRAINING_MEMORY_MB allows"
    assert said in session["error"]["message"]


@pytest.mark.slow
def test_the_predictor_is_started_again_when_it_dies(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    client.complete(key, dataset["id"], **{**SPEC, "epochs": 1, "test_split": 0})
    body = {"workspace_key": key, "period": 3.0, "duration": 2.0, "depth": 500.0}
    before = client.post("/api/predict", json=body)["predictions"]
    for worker in server.children():
        os.kill(worker, signal.SIGKILL)
    assert client.post("/api/predict", json=body)["predictions"] == before


def test_a_second_server_on_the_same_data_folder_or_port_says_why_it_cannot_start(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    port = server.address.rpartition(":")[2]
    named = rf"another exotrain \(process {server.process.pid}\) uses the data folder"
    with pytest.raises(AssertionError, match=named):
        Server(server.data_dir)
    with pytest.raises(AssertionError, match="EXOTRAIN_PORT"):
        Server(tmp_path, EXOTRAIN_PORT=port)
