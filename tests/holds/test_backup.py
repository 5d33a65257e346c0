"""A backup of a server under traffic, restored and trained on."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from tests.e2e.server import Client, Server, history_without_times, small_catalogue

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

# Long enough for two backups to be made meanwhile, on a busy machine too.
SPEC = {"epochs": 150, "batch_size": 32, "seed": 3, "patience": 151}

CANDIDATE = {"period": 3.5, "duration": 2.5, "depth": 900.0}


def run(data_dir: Path, action: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`make backup` or `make restore`."""
    variable = {"backup": "DEST", "restore": "FROM"}[action]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EXOTRAIN_")}
    return subprocess.run(
        ["make", "--no-print-directory", action, f"{variable}={folder}"],
        cwd=REPOSITORY,
        env={**environment, "EXOTRAIN_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def traffic(server: Server, catalogues: Path) -> Iterator[list[str]]:
    """Uploads, deletions and new workspaces, one after the other, until the end; what failed."""
    is_over, failed = threading.Event(), []

    def work() -> None:
        client = Client(server)
        n = 0
        try:
            while not is_over.is_set():
                key = client.workspace(f"traffic {n}")
                kept = client.upload(key, small_catalogue(catalogues, 60 + n % 20, seed=n))
                gone = client.upload(key, small_catalogue(catalogues, 40 + n % 20, seed=n))
                client.call("DELETE", f"/api/training/dataset/{gone['id']}", 200)
                assert client.get(f"/api/training/dataset/{kept['id']}")
                n += 1
        except Exception as error:
            failed.append(repr(error))

    thread = threading.Thread(target=work)
    thread.start()
    yield failed
    is_over.set()
    thread.join()


def predictions(client: Client, key: str) -> list:
    body = {"workspace_key": key, **CANDIDATE}
    return client.post("/api/predict", 200, json=body)["predictions"]


def test_a_backup_made_under_traffic_is_restored_and_trains_on(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    client.complete(key, dataset["id"], **{**SPEC, "epochs": 2})
    expected = predictions(client, key)
    session_id = client.train(key, dataset["id"], **SPEC)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    with traffic(server, tmp_path) as failed:
        made = [run(server.data_dir, "backup", tmp_path / "backups") for _ in range(2)]
    assert failed == []
    for each in made:
        assert each.returncode == 0, each.stderr
        assert "WARNING" not in each.stdout
    saved = Path(made[0].stdout.splitlines()[-1].rpartition(": ")[2])
    with closing(sqlite3.connect(saved / "exotrain.db")) as connection:
        query = "SELECT status FROM training_sessions WHERE id = ?"
        assert connection.execute(query, [session_id]).fetchone() == ("training",)
    refused = run(server.data_dir, "restore", tmp_path / "backups")
    assert refused.returncode != 0
    assert "another exotrain (process " in refused.stderr
    whole = client.wait(session_id)

    new = tmp_path / "restored"
    restored = run(new, "restore", saved)
    assert restored.returncode == 0, restored.stderr
    second = Server(new)
    try:
        client = Client(second)
        assert predictions(client, key) == expected
        resumed = client.wait(session_id)
        assert resumed["status"] == "completed", resumed["error"]
        assert resumed["training"]["resumed_from_epoch"] >= 2
        assert history_without_times(resumed) == history_without_times(whole)
        for each in client.get("/api/workspaces")["workspaces"]:
            listed = client.get(f"/api/training/datasets?workspace_key={each['key']}")["datasets"]
            for found in listed:
                assert client.get(f"/api/training/dataset/{found['id']}/rows?limit=5")["rows"]
    finally:
        second.stop()


def test_what_a_restore_replaces_is_kept_and_can_be_restored_by_hand(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    client.workspace("before")
    assert run(server.data_dir, "backup", tmp_path / "backups").returncode == 0
    client.workspace("after")
    server.stop(signal.SIGKILL)
    restored = run(server.data_dir, "restore", tmp_path / "backups")
    assert restored.returncode == 0, restored.stderr
    aside = Path(restored.stdout.splitlines()[-1].rpartition(" ")[2].rstrip("."))
    server.start()
    assert [each["name"] for each in Client(server).get("/api/workspaces")["workspaces"]] == [
        "before"
    ]
    server.stop()
    kept = Server(aside)
    try:
        names = [each["name"] for each in Client(kept).get("/api/workspaces")["workspaces"]]
        assert names == ["before", "after"]
    finally:
        kept.stop()


@pytest.mark.parametrize("target", ["backup", "restore"])
def test_make_says_what_it_needs(target: str):
    made = subprocess.run(["make", target], cwd=REPOSITORY, capture_output=True, text=True)
    assert made.returncode != 0
    assert f"make {target} " in made.stdout


def test_a_backup_that_is_interrupted_leaves_nothing(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    client.upload(key, small_catalogue(tmp_path))
    script = (
        "import sys, time\n"
        "from backend.backup import save, __main__\n"
        "real = save.copy_file\n"
        "def slow(*arguments):\n"
        "    print('copying', flush=True)\n"
        "    time.sleep(60)\n"
        "save.copy_file = slow\n"
        "__main__.main(['save', sys.argv[1]])\n"
    )
    destination = tmp_path / "backups"
    environment = {**os.environ, "EXOTRAIN_DATA_DIR": str(server.data_dir)}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(destination)],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while process.stdout.readline() != "copying\n":
            pass
        process.send_signal(signal.SIGTERM)
        assert "Interrupted" in process.stderr.read()
        assert process.wait(20) == 1
    assert list(destination.iterdir()) == []
