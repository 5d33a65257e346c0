"""The examples of the documents, run in order as a reader would run them.

One server with a fresh data folder, one shell a document, in a folder that stands for the
repository's root and must hold the same afterwards as before. A block is expected to answer nothing
but success, unless its first line announces an error: `# answers 404`. Waiting is done by the loops
that the documents themselves show. What is folded away runs on a server of its own.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backend.config import REPOSITORY
from tests.documents import (
    ARCHITECTURE,
    README,
    TRAINING_GUIDE,
    WORKSPACE_GUIDE,
    Block,
    blocks,
)
from tests.e2e.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

DOCUMENTS = (README, TRAINING_GUIDE, WORKSPACE_GUIDE, ARCHITECTURE)

ADDRESS = "http://localhost:5000"

BLOCK_SECONDS = 480

# Each call writes its status to standard error, whatever the example does with its answer.
_CURL = r"""curl() { command curl -w '%{stderr}\nSTATUS %{http_code} %{url_effective}\n' "$@"; }
"""


class Outcome(NamedTuple):
    """What a block printed, and the status of each of its calls."""

    output: str
    errors: str
    statuses: list[int]


class Shell:
    """One bash that goes on from block to block, as a reader's terminal does."""

    def __init__(self, folder: Path, notes: Path) -> None:
        """Open it in `folder`; what the test itself writes, and temporary files, go to `notes`."""
        self._notes = notes
        self._process = subprocess.Popen(
            ["bash", "-u", "-s"],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(notes)},
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
            name: self._notes / f"{self._blocks}.{name}" for name in ("sh", "out", "err", "code")
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

    def variables(self) -> dict[str, str]:
        """What a program that is started now finds in its environment."""
        lines = self.run("env -0 | tr '\\n\\0' ' \\n'").output.splitlines()
        return dict(line.split("=", 1) for line in lines)

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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stands for the repository's root."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(REPOSITORY / "example_dataset.csv", folder)
    return folder


@pytest.fixture
def shell(folder: Path, tmp_path: Path) -> Iterator[Shell]:
    """A shell in that folder, whose curl reports the status of each call."""
    notes = tmp_path / "notes"
    notes.mkdir()
    shell = Shell(folder, notes)
    shell.run(_CURL)
    yield shell
    shell.close()


def _slow_ones_marked() -> list[Any]:
    """The guide trains more than a dozen networks: its lines run with the longest tests."""
    marks = {TRAINING_GUIDE: [pytest.mark.slow, pytest.mark.long], ARCHITECTURE: [pytest.mark.slow]}
    return [pytest.param(each, marks=marks.get(each, []), id=each.name) for each in DOCUMENTS]


@pytest.mark.parametrize("document", _slow_ones_marked())
def test_the_examples_run_and_leave_nothing_behind(
    document: Path, server: Server, shell: Shell, folder: Path
):
    before = contents(folder)
    ran = 0
    for block in examples(document):
        text = block.text.replace(ADDRESS, server.address)
        if block.language == "python":
            run_python(text, folder, shell.variables())
        else:
            check(block, shell.run(text), document)
        ran += 1
    assert ran > 0
    assert contents(folder) == before


def test_the_plain_calls_of_the_readme_run_on_a_fresh_data_folder(
    shell: Shell, folder: Path, tmp_path: Path
):
    data = tmp_path / "data"
    data.mkdir()
    server = Server(data)
    before = contents(folder)
    try:
        create, calls = [block for block in blocks(README) if block.is_folded]
        answer = shell.run(create.text.replace(ADDRESS, server.address))
        check(create, answer, README)
        key = re.search(r'"key":"([^"]+)"', answer.output)
        assert key is not None, answer.output
        text = calls.text.replace(ADDRESS, server.address).replace("YOUR_KEY", key[1])
        outcome = shell.run(text)
        check(calls, outcome, README)
        assert outcome.statuses == [201, 202, 200]
    finally:
        server.stop()
    assert contents(folder) == before


@pytest.mark.parametrize("spoilt", ["AUTH='Authorization: Bearer no'", "SESSION=987654"])
@pytest.mark.parametrize("document", [README, TRAINING_GUIDE], ids=lambda path: path.name)
def test_the_loops_that_wait_end_when_the_session_cannot_be_read(
    document: Path, spoilt: str, server: Server, shell: Shell
):
    first, *others = [block.text for block in examples(document) if "curl" in block.text]
    shell.run(first.replace(ADDRESS, server.address))
    shell.run(f"SESSION=1; {spoilt}")
    loop = next((text for text in others if text.startswith("STATE=")), 'wait_for "$SESSION" || :')
    outcome = shell.run(loop)
    assert outcome.statuses == [401 if "AUTH" in spoilt else 404]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def examples(document: Path) -> Iterator[Block]:
    """The blocks to run: all of bash and Python but those that install or start something."""
    for block in blocks(document):
        starts_something = re.search(r"\bmake \w|\bray start\b", block.text)
        is_example = block.language in ("bash", "python") and not block.is_folded
        if is_example and not starts_something:
            yield block


def check(block: Block, outcome: Outcome, document: Path) -> None:
    place = f"{document.name}, line {block.line}:\n{block.text}\n{outcome.output}\n{outcome.errors}"
    announced = re.match(r"# answers (\d+)\n", block.text)
    if announced:
        assert outcome.statuses == [int(announced[1])], place
    else:
        assert all(200 <= status < 300 for status in outcome.statuses), place
        assert '"status":"failed"' not in outcome.output, place


def run_python(text: str, folder: Path, variables: dict[str, str]) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", text],
        cwd=folder,
        env={**variables, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=BLOCK_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    # Most blocks end with predictions; one prints the request that a worker takes.
    expected = '"kind":"rows"' if "wire.encode" in text else "CONFIRMED"
    assert expected in finished.stdout


def test_every_call_of_the_readme_uses_the_port_of_the_settings():
    addresses = {
        found
        for block in blocks(README)
        for found in re.findall(r"http://localhost:\d+", block.text)
    }
    assert addresses == {ADDRESS}
