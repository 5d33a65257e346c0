"""`make demo-curves`, for real: what it says, what is there afterwards, and how it is ended."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from backend.demo.client import Api
from tests.processes import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

MOST_SECONDS = 900

Demo = subprocess.Popen[bytes]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A data folder of its own and any port; the server that is left running is stopped."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EXOTRAIN_")}
    data = tmp_path / "data"
    environment = {**kept, "EXOTRAIN_DATA_DIR": str(data), "EXOTRAIN_PORT": "0"}
    yield environment
    subprocess.run(
        [sys.executable, "-m", "backend.demo", "--stop"],
        env=environment,
        cwd=REPOSITORY,
        check=True,
        timeout=60,
    )


def start(environment: dict[str, str], log: Path, stars: int) -> Demo:
    """Start the demo in a process group of its own, as a terminal does."""
    with open(log, "wb") as file:
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "backend.demo.curves", "--stars", str(stars)],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_said(words: str, demo: Demo, log: Path) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not re.search(words, log.read_text()):
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def found_in(said: str, words: str) -> re.Match[str]:
    found = re.search(words, said)
    assert found is not None, said
    return found


@pytest.mark.long
def test_both_networks_are_compared_on_the_same_rows_and_the_page_stays_open(
    environment: dict[str, str], tmp_path: Path
):
    log = tmp_path / "log"
    demo = start(environment, log, 150)
    assert demo.wait(MOST_SECONDS) == 0, log.read_text()
    said = log.read_text()
    observed = found_in(said, r"(\d+) stars have 90 days of photometry")[1]
    for expected in (
        "150 rows accepted",
        f"{observed} light curves taken, 0 refused",
        f"{observed} of 150 rows have views",
        "Trained transit_cnn_catalogue",
        "Trained light_curve_cnn",
        "These stars are simulated",
    ):
        assert expected in said
    rows = int(found_in(said, r"On the same (\d+) test rows")[1])
    with_curve, hidden, without = (
        int(found_in(said, rf" (\d+) {words} ")[1])
        for words in ("with a curve", "the same rows, curves hidden", "without a curve")
    )
    assert hidden == with_curve
    assert with_curve + without == rows
    interval = r"0\.\d{3} \(0\.\d{3} to [01]\.\d{3}\)"
    for words in ("network: accuracy", "network: AUC, CONFIRMED against FP", "trees: accuracy"):
        found_in(said, rf"{words} +{interval} +{interval}\n")
    found_in(said, r"Accuracy with light curves minus that without: [+-]\d+\.\d points")

    page = found_in(said, r"comparison +(http://\S+)/#/w/(\d+)/studies/(\d+)\n")
    api = Api(page[1], found_in(said, r"token +(\S+)\n")[1])
    study = api.get(f"/api/training/studies/{page[3]}")["study"]
    assert study["workspace_id"] == int(page[2])
    labels = [each["label"] for each in study["grid"]["settings"]]
    assert labels == [None, "with light curves"]
    workspaces = api.get("/api/workspaces")["workspaces"]
    assert [each["id"] for each in workspaces] == [int(page[2])]


@pytest.mark.long
def test_an_interrupted_one_ends_its_server_and_its_study_and_the_next_has_its_own_workspace(
    environment: dict[str, str], tmp_path: Path
):
    log = tmp_path / "log"
    demo = start(environment, log, 150)
    wait_until_said(r"Training transit_cnn_catalogue", demo, log)
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(60) == 1
    said = log.read_text()
    assert said.endswith("The server has stopped.\ndemo: interrupted\n")
    data = Path(environment["EXOTRAIN_DATA_DIR"])
    assert processes_of(data) == {}

    again = start(environment, log, 150)
    wait_until_said(r"Uploaded light-curves.zip", again, log)
    api = Api(
        found_in(log.read_text(), r"Server started at (\S+)\.\n")[1],
        (data / "demo.token").read_text(),
    )
    newest, interrupted = sorted(
        api.get("/api/workspaces")["workspaces"], key=lambda each: -each["id"]
    )
    assert newest["name"] != interrupted["name"]
    path = "/api/training/studies?workspace_key="
    assert [s["status"] for s in api.get(path + interrupted["key"])["studies"]] == ["cancelled"]
    assert api.get(path + newest["key"])["studies"] == []
    again.terminate()
    assert again.wait(60) == 1
    assert processes_of(data) == {}


def test_a_port_that_is_taken_is_said_in_words(environment: dict[str, str], tmp_path: Path):
    log = tmp_path / "log"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        demo = start({**environment, "EXOTRAIN_PORT": port}, log, 150)
        assert demo.wait(120) == 1
    assert re.search(r"\ndemo: the server did not start:\n.*port \d+", log.read_text())
    assert "Traceback" not in log.read_text()
