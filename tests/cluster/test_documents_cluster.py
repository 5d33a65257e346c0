"""The README's commands to a cluster of two nodes, run as they stand there, on one machine."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from backend.demo.client import Api
from tests.documents import README, blocks
from tests.e2e.server import TOKEN, free_port
from tests.processes import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

MOST_SECONDS = 300
ATTEMPTS = 6

STEPS = ("make install-cluster", "ray start --head", "ray start --address", "EXOTRAIN_RUNNER=ray")


def commands() -> list[str]:
    """The four blocks, in their order."""
    texts = [block.text for block in blocks(README) if block.language == "bash"]
    found = [text for step in STEPS for text in texts if step in text]
    assert [text for text in texts if text in found] == found
    assert len(found) == len(STEPS)
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of everything that is started; none of it remains. Ray's sockets need a short path."""
    folder = Path(tempfile.mkdtemp(prefix="rd", dir="/tmp"))
    yield folder
    kill_all(folder)
    shutil.rmtree(folder)


def kill_all(folder: Path) -> None:
    while left := processes_of(folder):
        for process_id in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        time.sleep(0.2)


def run(text: str, folder: Path, **variables: str) -> "subprocess.Popen[bytes]":
    """Run a block in a shell of its own, as on a machine of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EXOTRAIN_", "RAY_"))}
    own = {"HOME": str(folder), "RAY_TMPDIR": str(folder / "r")}
    with open(folder / "log", "ab") as log:
        return subprocess.Popen(
            ["bash", "-eu", "-c", text],
            cwd=REPOSITORY,
            env=kept | own | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def finish(text: str, folder: Path, **variables: str) -> None:
    """Run a block to its end.

    Ray gives a start up when its processes need more than 15 s, as on a busy machine they may.
    """
    for _ in range(ATTEMPTS):
        if run(text, folder, **variables).wait(MOST_SECONDS) == 0:
            return
        if "--head" in text:
            kill_all(folder)  # half of one stays
    raise AssertionError((folder / "log").read_text())


def said(pattern: str, folder: Path, server: "subprocess.Popen[bytes]") -> str:
    """What the log says, once it does."""
    deadline = time.monotonic() + MOST_SECONDS
    while not (found := re.findall(pattern, (folder / "log").read_text())):
        assert server.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.5)
    return str(found[-1])


@pytest.mark.long
def test_the_four_commands_make_a_cluster_of_two_nodes_on_which_a_session_trains(folder: Path):
    port = free_port()

    def as_here(text: str) -> str:
        text = text.replace("make install-cluster", "make --dry-run install-cluster")
        text = text.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        text = text.replace("make run", f"{sys.executable} backend/app.py")
        return text.replace("192.168.1.10", "127.0.0.1").replace("6379", str(port))

    install, head, node, serve = map(as_here, commands())
    finish(install, folder)
    assert len((folder / ".ray" / "auth_token").read_text()) == 64
    finish(head, folder)
    for number in (1, 2):
        finish(node, folder, EXOTRAIN_NODE_DIR=str(folder / f"node{number}"))
    server = run(
        serve,
        folder,
        EXOTRAIN_DATA_DIR=str(folder / "data"),
        EXOTRAIN_PORT="0",
        EXOTRAIN_TOKEN=TOKEN,
    )
    api = Api(said(r"exotrain is ready at (\S+)", folder, server), TOKEN)
    said(r"the cluster has (3 usable nodes of 3)", folder, server)
    key = api.post("/api/workspaces", name="cluster")["workspace"]["key"]
    example = REPOSITORY / "example_dataset.csv"
    dataset = api.upload("/api/training/upload-dataset", example, workspace_key=key)["dataset"]
    started = api.post("/api/training/start", workspace_key=key, dataset_id=dataset["id"], epochs=2)
    path = f"/api/training/session/{started['session']['id']}"
    deadline = time.monotonic() + MOST_SECONDS
    while (session := api.get(path)["session"])["status"] in ("pending", "training"):
        assert time.monotonic() < deadline, session
        time.sleep(0.5)
    assert session["status"] == "completed", session["error"]
    assert session["epochs_completed"] == 2
    used = [each for each in (1, 2) if any((folder / f"node{each}").glob("*/cache/*"))]
    assert len(used) == 1  # the table went to the node that trained


def test_everything_of_the_cluster_has_its_token_on():
    for text in commands()[1:]:
        assert text.startswith("export RAY_AUTH_MODE=token "), text
