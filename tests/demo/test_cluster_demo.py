"""`make demo-cluster`, for real: what it says, and that nothing of it remains."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from tests.processes import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

MOST_SECONDS = 1800


def start(log: Path) -> "subprocess.Popen[bytes]":
    """Start the demo in a process group of its own, as a terminal does."""
    with open(log, "wb") as file:
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "backend.demo.cluster"],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_said(words: str, demo: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not re.search(words, log.read_text()):
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def folder_in(said: str) -> Path:
    found = re.search(r"two nodes \((\S+)\)", said)
    assert found is not None, said
    return Path(found[1])


@pytest.mark.long
def test_it_ends_with_the_same_weights_and_figures_and_leaves_nothing(tmp_path: Path):
    log = tmp_path / "log"
    demo = start(log)
    assert demo.wait(MOST_SECONDS) == 0, log.read_text()
    said = log.read_text()
    assert re.search(r"node 2 is killed \(kill -9\), \d epochs into fold \d", said)
    assert re.search(r"Fold \d resumes on node 1 after \d epochs", said)
    assert re.search(r"node 1: fold \d, epoch \d of 8   node 2: fold \d, epoch \d of 8", said)
    assert re.search(r"weights of fold 4 +(\d+) arrays +\1 arrays   the same", said)
    assert said.endswith(
        "The same weights, bit for bit, and the same figures.\n"
        "Everything that the demo started has ended.\n"
    )
    assert not folder_in(said).exists()
    assert processes_of(folder_in(said)) == {}


def _interrupt(demo: "subprocess.Popen[bytes]") -> None:
    os.killpg(demo.pid, signal.SIGINT)


def _interrupt_twice(demo: "subprocess.Popen[bytes]") -> None:
    _interrupt(demo)
    time.sleep(0.3)
    _interrupt(demo)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        pytest.param(r"Starting a Ray cluster", _interrupt_twice, id="while it starts"),
        pytest.param(r"epoch 1 of 8", _interrupt, id="while it trains", marks=pytest.mark.long),
        pytest.param(
            r"The cluster at",
            lambda demo: demo.terminate(),
            id="terminated",
            marks=pytest.mark.long,
        ),
    ],
)
def test_an_interrupted_one_leaves_nothing(
    words: str, end: Callable[["subprocess.Popen[bytes]"], None], tmp_path: Path
):
    log = tmp_path / "log"
    demo = start(log)
    wait_until_said(words, demo, log)
    end(demo)
    assert demo.wait(60) == 1
    said = log.read_text()
    assert "demo: interrupted" in said
    assert not folder_in(said).exists()
    assert processes_of(folder_in(said)) == {}


@pytest.mark.long
def test_one_whose_head_is_gone_says_so_and_leaves_nothing_but_its_logs(tmp_path: Path):
    log = tmp_path / "log"
    demo = start(log)
    wait_until_said(r"The cluster at", demo, log)
    folder = folder_in(log.read_text())
    for process_id, line in processes_of(folder).items():
        if "ray start --head" in line:
            os.kill(process_id, signal.SIGKILL)
    assert demo.wait(120) == 1
    said = log.read_text()
    assert "demo: the head has ended" in said
    assert f"The logs are in {folder}" in said
    assert (folder / "server.log").exists()
    assert processes_of(folder) == {}
    subprocess.run(["rm", "-r", str(folder)], check=True)
