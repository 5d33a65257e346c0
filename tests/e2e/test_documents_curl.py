"""The examples of the documents, run in order as a reader would run them.

One server with a fresh data folder, one shell a document. A block is expected to answer nothing
but success, unless its first line announces an error: `# answers 404`. Waiting is done by the loops
that the documents themselves show.
"""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from backend.config import REPOSITORY
from tests.documents import README, TRAINING_GUIDE, WORKSPACE_GUIDE, Block, blocks
from tests.e2e.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

# The README first: its examples expect the ids of a fresh data folder.
DOCUMENTS = (README, TRAINING_GUIDE, WORKSPACE_GUIDE)

ADDRESS = "http://localhost:5000"

BLOCK_SECONDS = 240

# Each call tells its status on standard error, whatever the example does with its answer.
_CURL = r"""curl() { command curl -w '%{stderr}\nSTATUS %{http_code} %{url_effective}\n' "$@"; }
"""


class Outcome(NamedTuple):
    """What a block printed, and the status of each of its calls."""

    output: str
    errors: str
    statuses: list[int]


class Shell:
    """One bash that goes on from block to block, as a reader's terminal does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            ["bash", "-u", "-s"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._blocks = 0

    def run(self, text: str) -> Outcome:
        """Run a block; its last command must succeed."""
        self._blocks += 1
        paths = {
            name: self._folder / f"{self._blocks}.{name}" for name in ("sh", "out", "err", "code")
        }
        paths["sh"].write_text(text)
        command = f"source {paths['sh']} >{paths['out']} 2>{paths['err']}; echo $? >{paths['code']}"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        overdue = threading.Timer(BLOCK_SECONDS, self._process.kill)
        overdue.start()
        self._process.stdin.write(f"{command}; echo done\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        overdue.cancel()
        output, errors = paths["out"].read_text(), paths["err"].read_text()
        assert said == "done\n", f"the shell ended in:\n{text}\n{said}{output}{errors}"
        assert paths["code"].read_text() == "0\n", f"{text}\n{output}\n{errors}"
        return Outcome(output, errors, [int(x) for x in re.findall(r"^STATUS (\d+)", errors, re.M)])

    def close(self) -> None:
        """End the shell and what still runs in it."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all documents."""
    server = Server(tmp_path_factory.mktemp("data"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands for the repository's root, so that what the examples write does not stay there."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copy(REPOSITORY / "example_dataset.csv", folder)
    return folder


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_examples_run(document: Path, server: Server, folder: Path):
    shell = Shell(folder)
    calls = 0
    key = ""
    try:
        shell.run(_CURL)
        for block in examples(document):
            text = block.text.replace(ADDRESS, server.address).replace("YOUR_KEY", key)
            if block.language == "python":
                run_python(text, folder)
                continue
            outcome = shell.run(text)
            check(block, outcome, document)
            calls += len(outcome.statuses)
            found = re.search(r'"key":"([^"]+)"', outcome.output)
            key = found[1] if found else key
    finally:
        shell.close()
    assert calls > 0


def examples(document: Path) -> Iterator[Block]:
    """The blocks to run: all of bash and Python but those that install or start something."""
    for block in blocks(document):
        starts_something = re.search(r"\bmake \w", block.text)
        if block.language in ("bash", "python") and not starts_something:
            yield block


def check(block: Block, outcome: Outcome, document: Path) -> None:
    place = f"{document.name}, line {block.line}:\n{block.text}\n{outcome.output}\n{outcome.errors}"
    announced = re.match(r"# answers (\d+)\n", block.text)
    if announced:
        assert outcome.statuses == [int(announced[1])], place
    else:
        assert all(200 <= status < 300 for status in outcome.statuses), place
        assert '"status":"failed"' not in outcome.output, place


def run_python(text: str, folder: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", text],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=BLOCK_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "CONFIRMED" in finished.stdout


def test_every_call_of_the_readme_uses_the_port_of_the_settings():
    for block in examples(README):
        assert set(re.findall(r"http://localhost:\d+", block.text)) == {ADDRESS}
