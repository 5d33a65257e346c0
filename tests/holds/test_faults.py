"""A call of the system that fails, hangs or kills the process in a real server and its workers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.config import REPOSITORY
from backend.storage.atomic import sha256_of
from backend.storage.layout import BESIDE_MODEL
from tests.e2e.server import Client, Server, small_catalogue, wait_for
from tests.faults.plan import Faults, environment
from tests.faults.state import files_in

pytestmark = pytest.mark.e2e

# Left to `make test-long`: further cases of a test that `make test-all` runs.
LONG = pytest.mark.long

CANDIDATE = {"period": 3.5, "duration": 2.5, "depth": 900}

# What the promise of a start that ends "within seconds" allows here, on a machine that is busy.
START_SECONDS = 60


@dataclass
class Bench:
    """A server whose processes meet faults, and a workspace with a dataset in it."""

    server: Server
    client: Client
    faults: Faults
    key: str
    dataset: int

    def names(self) -> set[str]:
        """The names of the files in the folder of the workspace's models."""
        folder = self.server.data_dir / "model"
        return {path.name for path in folder.rglob("*") if path.is_file()}

    def models(self) -> list[dict[str, Any]]:
        return self.client.get(f"/api/models?workspace_key={self.key}")["models"]

    def restart(self) -> None:
        """Start the server again, which must have been killed; without faults."""
        assert self.server.process.wait(60) == -signal.SIGKILL
        self.faults.clear()
        self.server.start()


def bench_in(folder: Path, **settings: str) -> Bench:
    faults = Faults(folder / "faults")
    data_dir = folder / "data"
    data_dir.mkdir()
    server = Server(data_dir, **environment(faults), **settings)
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(folder))
    return Bench(server, client, faults, key, dataset["id"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One server for the tests that it survives."""
    bench = bench_in(tmp_path_factory.mktemp("shared"))
    yield bench
    bench.server.stop()


@pytest.fixture
def bench(shared: Bench) -> Iterator[Bench]:
    """That server; after the test nothing fails any more."""
    yield shared
    shared.faults.clear()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Bench]:
    """A server of the test's own, which may be killed."""
    bench = bench_in(tmp_path)
    yield bench
    bench.faults.clear()
    bench.server.stop()


def is_whole(bench: Bench, session: dict[str, Any], epochs: int) -> None:
    """A completed session with every epoch once and one model, whose file is what was saved."""
    assert session["status"] == "completed", session["error"]
    assert [each["epoch"] for each in session["history"]] == list(range(1, epochs + 1))
    (model,) = (each for each in bench.models() if each["session_id"] == session["id"])
    assert sha256_of(bench.server.data_dir / model["path"]) == model["sha256"]
    answer = bench.client.post(
        "/api/predict", 200, json={"workspace_key": bench.key, "model_id": model["id"], **CANDIDATE}
    )
    assert answer["model_id"] == model["id"]


def has_nothing_else(bench: Bench) -> None:
    """No file lies among the models but those of the models."""
    expected = {"exoplanet_model.keras"} if bench.models() else set()
    for model in bench.models():
        stem = Path(model["path"]).name.removesuffix(".keras")
        expected |= {f"{stem}{suffix}" for suffix in (".keras", *BESIDE_MODEL)}
    wait_for(bench.names, lambda names: names == expected)


# Places in a worker at which it is killed, the checkpoint and the model being written.
KILLS = [
    pytest.param("rename", "*/checkpoints/*.ckpt", {"first": 2}, id="before a checkpoint"),
    pytest.param(
        "rename",
        "*/checkpoints/*.ckpt",
        {"first": 2, "after": True},
        id="after a checkpoint",
        marks=LONG,
    ),
    pytest.param("rename", "*.test.npy", {}, id="before the test rows", marks=LONG),
    pytest.param("rename", "*/model/*.json", {}, id="before the manifest", marks=LONG),
    pytest.param("rename", "*/model/*.keras", {}, id="before the model", marks=LONG),
    pytest.param("rename", "*/model/*.keras", {"after": True}, id="after the model", marks=LONG),
    pytest.param("pipe", '*"event":"saved"*', {}, id="before it says that it saved", marks=LONG),
    pytest.param(
        "pipe", '*"event":"saved"*', {"after": True}, id="after it said that it saved", marks=LONG
    ),
]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("call", "what", "more"), KILLS)
def test_a_worker_killed_while_it_writes_is_replaced_and_leaves_nothing(
    bench: Bench, call: str, what: str, more: dict[str, Any]
):
    fault = bench.faults.add(call, what, "kill", process="worker", **more)
    session = bench.client.wait(bench.client.train(bench.key, bench.dataset, epochs=3))
    assert fault.effects == 1
    is_whole(bench, session, epochs=3)
    has_nothing_else(bench)


# Files that a worker writes when the disk is full.
FULL = [
    pytest.param("write", "*/checkpoints/*", id="checkpoint", marks=LONG),
    pytest.param("fsync", "*/checkpoints/*", id="sync of the checkpoint", marks=LONG),
    pytest.param("write", "*/.*.test.npy.*", id="test rows", marks=LONG),
    pytest.param("write", "*/.*.json.*", id="manifest", marks=LONG),
    pytest.param("write", "*/model/*/.*.keras.*", id="model", marks=LONG),
    pytest.param("fsync", "*/model/*/.*.keras.*", id="sync of the model", marks=LONG),
    pytest.param("rename", "*/model/*/*.keras", id="name of the model"),
    pytest.param("write", "*/model.keras", id="temporary file of Keras", marks=LONG),
]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("call", "what"), FULL)
def test_a_disk_that_is_full_for_a_worker_fails_its_session_in_words_and_leaves_nothing(
    bench: Bench, call: str, what: str
):
    fault = bench.faults.add(call, what, "ENOSPC", process="worker", times=None)
    before = bench.models()
    session = bench.client.wait(bench.client.train(bench.key, bench.dataset, epochs=2))
    assert fault.effects > 0
    assert session["status"] == "failed"
    assert session["error"]["reason"] == "disk_full"
    assert "full" in session["error"]["message"]
    assert bench.models() == before
    bench.faults.clear()
    retried = bench.client.post(f"/api/training/session/{session['id']}/retry", 202)["session"]
    is_whole(bench, bench.client.wait(retried["id"]), epochs=2)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("commands", marks=LONG),
        pytest.param("heartbeat", marks=LONG),
        pytest.param("batches_0", marks=LONG),
        pytest.param("curves_0", marks=LONG),
        "baselines",
    ],
)
def test_a_thread_that_a_worker_cannot_start_ends_nothing_but_its_session(bench: Bench, name: str):
    fault = bench.faults.add("thread", name, "none", process="worker")
    session = bench.client.wait(bench.client.train(bench.key, bench.dataset, epochs=1))
    assert fault.effects == 1
    if name in ("commands", "heartbeat"):  # it died without a word
        is_whole(bench, session, epochs=1)
        return
    assert session["status"] == "failed"
    assert "thread" in session["error"]["message"]
    is_whole(bench, bench.client.complete(bench.key, bench.dataset, epochs=1), epochs=1)


@pytest.mark.tensorflow
def test_a_prediction_that_has_no_room_for_its_model_says_so_and_the_next_one_works(bench: Bench):
    bench.client.complete(bench.key, bench.dataset, epochs=1)
    newest = bench.models()[0]
    body = {"workspace_key": bench.key, "model_id": newest["id"], **CANDIDATE}
    fault = bench.faults.add(
        "write", "*/model.keras", "ENOSPC", process="worker", caller="*_deserialise", times=None
    )
    answer = bench.client.post("/api/predict", None, json=body)
    assert fault.effects > 0
    assert answer.status_code in (503, 507), answer.text
    bench.faults.clear()
    assert bench.client.post("/api/predict", 200, json=body)["model_id"] == newest["id"]


def test_an_upload_whose_disk_hangs_makes_nobody_else_wait(bench: Bench, tmp_path: Path):
    fault = bench.faults.add("fsync", "*/uploads/*", "hang", caller="*datasets.upload.store")
    file = small_catalogue(tmp_path, seed=7)
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(Client(bench.server).upload, bench.key, file)
        wait_for(lambda: fault.effects, bool)
        assert bench.client.get("/api/health")["status"]
        assert bench.client.post("/api/workspaces", 201, json={"name": "meanwhile"})["success"]
        fault.release()
        assert upload.result()["num_samples"] > 0


def test_a_move_that_hangs_while_the_database_is_held_is_a_503_for_writers(
    bench: Bench, tmp_path: Path
):
    fault = bench.faults.add("rename", "*/uploads/*.npy", "hang")
    file = small_catalogue(tmp_path, seed=8)
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(Client(bench.server).upload, bench.key, file)
        wait_for(lambda: fault.effects, bool)
        assert bench.client.get("/api/workspaces")["count"] > 0
        answer = bench.client.post("/api/workspaces", None, json={"name": "late"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        fault.release()
        assert upload.result()["num_samples"] > 0
    names = [each["name"] for each in bench.client.get("/api/workspaces")["workspaces"]]
    assert "late" not in names


UPLOAD_KILLS = [
    pytest.param("write", "*/uploads/incoming/*", {}, id="while it arrives"),
    pytest.param("rename", "*/uploads/*.csv", {"after": True}, id="the first file in place"),
    pytest.param("rename", "*/uploads/*.jsonl", {"after": True}, id="all files in place"),
    pytest.param("sql", "INSERT INTO datasets*", {"after": True}, id="before the commit"),
    pytest.param(
        "sql",
        "COMMIT",
        {"after": True, "caller": "*datasets.upload._record"},
        id="after the commit",
    ),
]


@pytest.mark.parametrize(("call", "what", "more"), UPLOAD_KILLS)
def test_a_server_killed_in_an_upload_has_all_of_it_or_nothing(
    own: Bench, tmp_path: Path, call: str, what: str, more: dict[str, Any]
):
    file = small_catalogue(tmp_path, seed=9)
    before = files_in(own.server.data_dir / "uploads")
    own.faults.add(call, what, "kill", **more)
    with open(file, "rb") as content, pytest.raises(requests.ConnectionError):
        own.client.post(
            "/api/training/upload-dataset",
            None,
            files={"file": content},
            data={"workspace_key": own.key},
        )
    own.restart()
    listed = own.client.get(f"/api/training/datasets?workspace_key={own.key}")
    has_row = listed["count"] == 2
    assert has_row == (call == "sql" and what == "COMMIT")
    found = files_in(own.server.data_dir / "uploads")
    assert (found == before) != has_row
    assert len(found) == (6 if has_row else 3)
    own.client.upload(own.key, file, 200 if has_row else 201)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_server_killed_while_it_deletes_a_dataset_for_good_deletes_the_rest_after_its_start(
    own: Bench, tmp_path: Path, number: int
):
    before = files_in(own.server.data_dir / "uploads")
    extra = own.client.upload(own.key, small_catalogue(tmp_path, seed=9))
    own.client.call("DELETE", f"/api/training/dataset/{extra['id']}", 200)
    (entry,) = own.client.get(f"/api/bin?workspace_key={own.key}")["entries"]
    own.faults.add("unlink", "*/uploads/*", "kill", first=number)
    with pytest.raises(requests.ConnectionError):
        own.client.call("DELETE", f"/api/bin/{entry['id']}")
    own.restart()
    assert own.client.get(f"/api/training/dataset/{extra['id']}", None).status_code == 404
    assert own.client.get(f"/api/bin?workspace_key={own.key}")["entries"] == []
    uploads = own.server.data_dir / "uploads"
    wait_for(lambda: files_in(uploads), lambda found: found == before)


SAVE_KILLS = [
    pytest.param("sql", "INSERT INTO models*", {}, id="before the row", marks=LONG),
    pytest.param("rename", "*/exoplanet_model.keras", {}, id="before the copy", marks=LONG),
    pytest.param("rename", "*/exoplanet_model.keras", {"after": True}, id="before the commit"),
    pytest.param("unlink", "*/checkpoints/*", {}, id="before the checkpoint goes", marks=LONG),
]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("call", "what", "more"), SAVE_KILLS)
def test_a_server_killed_while_it_records_a_model_has_it_once_after_the_next_start(
    own: Bench, call: str, what: str, more: dict[str, Any]
):
    own.faults.add(call, what, "kill", **more)
    session_id = own.client.train(own.key, own.dataset, epochs=2)
    own.server.process.wait(180)
    own.restart()
    session = own.client.wait(session_id)
    is_whole(own, session, epochs=2)
    has_nothing_else(own)
    (model,) = own.models()
    copy = own.server.data_dir / "model" / "1" / "exoplanet_model.keras"
    assert sha256_of(copy) == model["sha256"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("after", [pytest.param(False, marks=LONG), True])
def test_a_server_killed_while_it_promotes_has_one_current_model_after_the_next_start(
    own: Bench, after: bool
):
    for _ in range(2):
        own.client.complete(own.key, own.dataset, epochs=1)
    newest, current = own.models()
    own.faults.add("rename", "*/exoplanet_model.keras", "kill", after=after)
    with pytest.raises(requests.ConnectionError):
        own.client.post(f"/api/models/{newest['id']}/promote")
    own.restart()
    assert [each["is_current"] for each in own.models()] == [False, True]
    copy = own.server.data_dir / "model" / "1" / "exoplanet_model.keras"
    assert sha256_of(copy) == current["sha256"]


def start_and_end(folder: Path, faults: Faults, **settings: str) -> tuple[int, str]:
    """The exit code and the log of a server that ends by itself."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "backend" / "app.py")],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("EXOTRAIN_")},
            **environment(faults),
            "EXOTRAIN_DATA_DIR": str(folder),
            "EXOTRAIN_PORT": "0",
            **settings,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    return done.returncode, done.stderr


START = [
    pytest.param("open", "*/exotrain.lock", "EACCES", id="open the lock"),
    pytest.param("write", "*/exotrain.lock", "ENOSPC", id="write the lock", marks=LONG),
    pytest.param("mkdir", "*/uploads", "ENOSPC", id="make the folders"),
    pytest.param("open", "*/exotrain.db", "ENOSPC", id="make the database", marks=LONG),
    pytest.param("sql", "*CREATE TABLE*", "disk I/O error", id="make the tables"),
    pytest.param("sql", "COMMIT", "database or disk is full", id="commit the tables", marks=LONG),
    pytest.param("thread", "http", "none", id="thread of the HTTP server"),
    pytest.param("thread", "supervisor", "none", id="thread of the supervisor"),
    pytest.param("thread", "predictor", "none", id="thread of the predictor", marks=LONG),
    pytest.param("thread", "wrong tokens", "none", id="thread of the reports", marks=LONG),
]


@pytest.mark.parametrize(("call", "what", "effect"), START)
def test_a_start_that_fails_ends_the_process_in_words(
    tmp_path: Path, call: str, what: str, effect: str
):
    faults = Faults(tmp_path / "faults")
    fault = faults.add(call, what, effect, times=None)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    code, log = start_and_end(data_dir, faults)
    assert fault.effects > 0
    assert code == 1
    assert "exotrain cannot start" in log.rstrip("\n").split("\n")[-1], log
    faults.clear()
    server = Server(data_dir)
    assert Client(server).get("/api/health")["status"] == "healthy"
    server.stop()


def test_a_log_of_requests_for_which_there_is_no_thread_ends_the_start_in_words(tmp_path: Path):
    faults = Faults(tmp_path / "faults")
    fault = faults.add("thread", "access log", "none", times=None)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    code, log = start_and_end(data_dir, faults, EXOTRAIN_LOG="json")
    assert (fault.effects > 0, code) == (True, 1)
    last = json.loads(log.rstrip("\n").split("\n")[-1])
    assert (last["level"], last["message"][:21]) == ("CRITICAL", "exotrain cannot start")


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path):
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    to_full_disk = ["sh", "-c", 'exec "$@" 2>/dev/full', "sh"]
    server = Server(data_dir, to_full_disk)
    client = Client(server)
    assert Client(server, "wrong").get("/api/me", None).status_code == 401
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    assert client.complete(key, dataset["id"], epochs=1)["model_id"]
    assert json.loads(client.get("/api/health", None).text)["status"] == "healthy"
    server.stop()
