"""SIGTERM at every moment, and a server or a worker that is stopped for a while."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.server import TOKEN, Client, Server, is_running, small_catalogue, wait_for
from tests.soak import journal
from tests.soak.journal import Hold

pytestmark = pytest.mark.e2e

STOP_SECONDS = 10

CANDIDATE = {"period": 3.0, "duration": 2.0, "depth": 500.0}


class Machine:
    """A server with a light trainer, a workspace and a dataset in it."""

    def __init__(self, server: Server, journal_folder: Path, catalogue: Path) -> None:
        self.server = server
        self.client = Client(server)
        self.journal = journal_folder
        self.catalogue = catalogue
        self.key = self.client.workspace()
        self.dataset = self.client.upload(self.key, catalogue)["id"]
        self.session: int | None = None

    def train(self, **spec: object) -> int:
        """Start the session that must end well in spite of everything."""
        self.session = self.client.train(self.key, self.dataset, **spec)
        return self.session


@pytest.fixture
def machine(
    start_server: Callable[..., Server],
    watched: Callable[..., dict[str, str]],
    journal_folder: Path,
    tmp_path: Path,
) -> Machine:
    """It runs."""
    server = start_server(**watched("light", LIGHT_EPOCH_SECONDS=0.5))
    return Machine(server, journal_folder, small_catalogue(tmp_path))


@contextlib.contextmanager
def idle(machine: Machine) -> Iterator[None]:
    yield


def held_at(stage: str) -> Callable[[Machine], contextlib.AbstractContextManager[None]]:
    @contextlib.contextmanager
    def state(machine: Machine) -> Iterator[None]:
        hold = Hold(machine.journal, stage)
        machine.train(epochs=2)
        wait_for(lambda: hold.is_reached, bool)
        yield
        hold.release()

    return state


@contextlib.contextmanager
def learning(machine: Machine) -> Iterator[None]:
    machine.client.wait(machine.train(epochs=10), lambda session: session["epochs_completed"] >= 2)
    yield


@contextlib.contextmanager
def with_a_stopped_worker(machine: Machine) -> Iterator[None]:
    with learning(machine):
        for worker in machine.server.children():
            os.kill(worker, signal.SIGSTOP)
        yield


@contextlib.contextmanager
def predicting(machine: Machine) -> Iterator[None]:
    machine.client.complete(machine.key, machine.dataset, epochs=1)
    body = {"workspace_key": machine.key, **CANDIDATE}
    machine.client.post("/api/predict", json=body)  # the model is loaded
    hold = Hold(machine.journal, "predicting")

    def predict() -> None:
        with contextlib.suppress(requests.RequestException):
            machine.client.post("/api/predict", None, json=body)

    asking = threading.Thread(target=predict)
    asking.start()
    wait_for(lambda: hold.is_reached, bool)
    yield
    asking.join(STOP_SECONDS)
    assert not asking.is_alive()
    hold.release()


@contextlib.contextmanager
def uploading(machine: Machine) -> Iterator[None]:
    host, _, port = machine.server.address.removeprefix("http://").partition(":")
    head = (
        f"POST /api/training/upload-dataset HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {TOKEN}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + b"period,duration,depth\n" * 100_000)
        wait_for(lambda: unnamed_files(machine.server), bool)
        yield


def unnamed_files(server: Server) -> list[str]:
    """The files without a name that a server has open: the bodies that it receives."""
    found = []
    for descriptor in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(descriptor))
    return [each for each in found if str(server.data_dir) in each and "(deleted)" in each]


STATES = {
    "idle": idle,
    "preparing": held_at("preparing"),
    "learning": learning,
    "evaluating": held_at("evaluating"),
    "saving": held_at("saving"),
    "predicting": predicting,
    "uploading": uploading,
    "with a stopped worker": with_a_stopped_worker,
}


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state, marks=[] if state in ("learning", "predicting") else pytest.mark.long)
        for state in STATES
    ],
)
def test_a_server_ends_within_ten_seconds_in_every_state(machine: Machine, state: str):
    with STATES[state](machine):
        workers = machine.server.children()
        machine.server.stop(signal.SIGTERM, STOP_SECONDS)
        assert machine.server.process.returncode == 0
        assert not [each for each in workers if is_running(each)]
    machine.server.start()
    incoming = machine.server.data_dir / "uploads" / "incoming"
    assert list(incoming.iterdir()) == []
    if machine.session is not None:
        session = machine.client.wait(machine.session)
        assert session["status"] == "completed", session["error"]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("preparing", marks=pytest.mark.long),
        "learning",
        pytest.param("evaluating", marks=pytest.mark.long),
        pytest.param("saving", marks=pytest.mark.long),
    ],
)
def test_so_does_one_that_trains_with_tensorflow(
    stage: str,
    start_server: Callable[..., Server],
    watched: Callable[..., dict[str, str]],
    journal_folder: Path,
    tmp_path: Path,
):
    server = start_server(**watched("real"))
    hold = Hold(journal_folder, stage)
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    session_id = client.train(key, dataset, epochs=1, batch_size=32, test_split=0)
    wait_for(lambda: hold.is_reached, bool, 120)
    workers = server.children()
    server.stop(signal.SIGTERM, STOP_SECONDS)
    assert server.process.returncode == 0
    assert not [each for each in workers if is_running(each)]
    hold.release()
    server.start()
    session = client.wait(session_id)
    assert session["status"] == "completed", session["error"]


@pytest.mark.long
def test_a_server_that_stands_still_for_half_a_minute_ends_no_session(machine: Machine):
    session_id = machine.train(epochs=900)
    machine.client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    workers = machine.server.children()

    def finished() -> int:
        return sum(line.what == "epoch" for line in journal.read(machine.journal)[session_id])

    before = finished()
    machine.server.process.send_signal(signal.SIGSTOP)
    try:  # an epoch takes half a second
        wait_for(finished, lambda epochs: epochs >= before + 60, 120)
    finally:
        machine.server.process.send_signal(signal.SIGCONT)
    machine.client = Client(machine.server)  # an idle connection does not outlive the pause
    caught_up = machine.client.wait(
        session_id, lambda session: session["epochs_completed"] >= before + 60
    )
    assert caught_up["status"] == "training"
    assert set(workers) <= set(machine.server.children())
    machine.client.post(f"/api/training/session/{session_id}/stop")
    session = machine.client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    epochs = [each["epoch"] for each in session["history"]]
    assert epochs == list(range(1, finished() + 1))
    lines = journal.read(machine.journal)[session_id]
    assert [line.what for line in lines].count("started") == 1
