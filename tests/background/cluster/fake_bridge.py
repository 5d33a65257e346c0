"""A child that stands in for the bridge: it notes what it is told and says what a test wants.

It is run with the path of a script; that has `say`, `heard` and `wait_for_line`.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend import wire
from backend.background import worker_process

_PRELUDE = """
import json, os, pathlib, sys, time

folder = pathlib.Path({folder!r})
with open(folder / "starts", "a") as starts:
    starts.write(f"{{time.monotonic()}} {{os.getpid()}}\\n")
(folder / "environment").write_text(json.dumps(dict(os.environ)))

def say(*lines):
    for line in lines:
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()

def heard(kind=None):
    "The next command of a kind."
    while True:
        line = sys.stdin.readline()
        if not line:
            os._exit(1)
        with open(folder / "heard", "a") as file:
            file.write(line)
        if kind in (None, json.loads(line)["kind"]):
            return json.loads(line)

number = len((folder / "starts").read_text().splitlines())
CLUSTER = {cluster!r}
"""


def node(name: str = "n1", **fields: object) -> wire.Node:
    """A node with one processor that is free."""
    values: dict = {"id": name, "name": name, "cpus": 1.0, "gpus": 0.0, "memory_mb": 4000.0}
    values |= {"cpus_free": 1.0, "gpus_free": 0.0, "memory_mb_free": 4000.0}
    return wire.Node(**values | fields)


def report(event: wire.FromNode, session_id: int = 7, start: int = 4) -> bytes:
    """The line of a session's event."""
    return wire.encode(wire.FromSession(session_id=session_id, start=start, report=event))


class FakeBridge:
    """What the next bridges do, and what they were told.

    Args:
        folder: an empty one.
        set_command: takes the command of a child.
    """

    def __init__(self, folder: Path, set_command: Callable[[list[str]], None]) -> None:
        self.folder = folder
        self._set_command = set_command

    def be(self, script: str) -> None:
        """From now on, bridges run this."""
        cluster = wire.encode(wire.Cluster(nodes=(node(),)))
        prelude = _PRELUDE.format(folder=str(self.folder), cluster=cluster)
        self._set_command([sys.executable, "-S", "-c", prelude + script])

    def starts(self) -> list[float]:
        """When bridges have started, by the monotonic clock."""
        return [float(line.split()[0]) for line in self._lines("starts")]

    def processes(self) -> list[int]:
        """Their process ids."""
        return [int(line.split()[1]) for line in self._lines("starts")]

    def heard(self) -> list[dict]:
        """The commands that they were sent."""
        return [json.loads(line) for line in self._lines("heard")]

    def environment(self) -> dict[str, str]:
        """The variables of the last one."""
        return json.loads((self.folder / "environment").read_text())

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBridge:
    """Stands in for the bridges of this process."""
    folder = tmp_path / "bridge"
    folder.mkdir()

    def set_command(command: list[str]) -> None:
        monkeypatch.setattr(worker_process, "_command", lambda *_arguments: command)

    return FakeBridge(folder, set_command)
