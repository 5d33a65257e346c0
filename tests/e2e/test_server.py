"""The server process: what it imports, how much memory it holds, what `make demo` does."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from tests.e2e.server import TOKEN, Client, Server, wait_for
from tests.processes import peak_mb

pytestmark = pytest.mark.e2e

MEMORY_MB = 200


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_server_stays_small_and_free_of_tensorflow_through_a_large_upload(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    catalogue = tmp_path / "large.csv"
    row = "{},12.5,3.5,1200.5,0.31,25.5,5600,0.98,4.41,11.9,{}\n"
    with open(catalogue, "w", encoding="utf-8") as file:
        file.write("star,period,duration,depth,impact,snr,steff,srad,slogg,tmag,label\n")
        file.writelines(row.format(star, star % 3) for star in range(300_000))
    dataset = client.upload(client.workspace(), catalogue)
    assert dataset["num_samples"] == 300_000
    rows = client.get(f"/api/training/dataset/{dataset['id']}/rows?offset=299990&limit=50")
    assert rows["count"] == 10
    assert peak_mb(server.process.pid) < MEMORY_MB
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "pandas" in mapped  # the upload took the way that needs most
    assert "tensorflow" not in mapped
    assert "pyarrow" not in mapped


@pytest.mark.tensorflow
def test_the_demo_trains_shows_the_figures_and_leaves_the_server_running(tmp_path: Path):
    environment = {
        **os.environ,
        "EXOTRAIN_DATA_DIR": str(tmp_path),
        "EXOTRAIN_PORT": "0",
        "EXOTRAIN_TOKEN": TOKEN,
        "EXOTRAIN_WARM_WORKERS": "0",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.demo", *arguments],
            env=environment,
            cwd=REPOSITORY,
            text=True,
            capture_output=True,
            timeout=240,
        )

    shown = run()
    assert shown.returncode == 0, shown.stdout + shown.stderr
    try:
        steps = ("1000 rows accepted", "epoch   1/50", "accuracy", "Model: model/")
        for expected in (*steps, "trained on simulated data", TOKEN):
            assert expected in shown.stdout
    finally:
        stopped = run("--stop")
    assert "has stopped" in stopped.stdout
    again = run("--stop")
    assert "No exotrain server is running" in again.stdout


def test_a_setting_that_cannot_be_used_is_named_before_anything_starts(tmp_path: Path):
    answer = subprocess.run(
        [sys.executable, "app.py"],
        cwd=REPOSITORY / "backend",
        env={**os.environ, "EXOTRAIN_DATA_DIR": str(tmp_path), "EXOTRAIN_TRAININGS": "many"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode != 0
    assert (
        "EXOTRAIN_TRAININGS: expected a whole number from 1 to 64, received 'many'" in answer.stderr
    )
    assert not list(tmp_path.iterdir())


def test_the_token_of_the_first_start_is_shown_once(start_server: Callable[..., Server]):
    server = start_server(EXOTRAIN_TOKEN="")
    assert server.process.stdout is not None
    token = server.process.stdout.readline().rpartition(" ")[2].strip()
    assert Client(server, token).get("/api/workspaces")["workspaces"] == []
    server.stop()
    server.start()
    wait_for(lambda: Client(server, token).get("/api/health")["status"], lambda s: s == "healthy")
    Client(server, token).get("/api/workspaces")


CASES = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", REPOSITORY.parent / "shared" / "data")).parent


@pytest.mark.archive
@pytest.mark.skipif(not (CASES / "cases").is_dir(), reason="NO TABLES OF PEOPLE")
def test_tables_of_archives_are_uploaded_and_their_process_is_gone(
    start_server: Callable[..., Server],
):
    server = start_server()
    client = Client(server)
    workspace = client.workspace()
    before = server.children()
    for name in ("21-ipac.tbl", "21b-votable.xml"):
        dataset = client.upload(workspace, CASES / "cases" / name)
        assert dataset["num_samples"] == 80
        first = client.get(f"/api/training/dataset/{dataset['id']}/rows?limit=1")["rows"][0]
        read = [first[each] for each in ("line", "period", "duration", "depth", "star")]
        assert read == [2, 9.0490974, 3.9284, 6161.24, "10000000"]
    assert server.children() == before
    assert list((server.data_dir / "uploads" / "incoming").iterdir()) == []
