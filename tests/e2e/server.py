"""A real server process with a data folder of its own, and a client that talks with it."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import requests

from backend.config import REPOSITORY
from backend.transit.simulation.catalogue import simulate, write_csv

TOKEN = "test_user_123"

ENDED = ("completed", "failed", "cancelled")

# Small enough for a test, large enough for every class to reach every part of the split.
SMALL_ROWS = 240

# Below what the system gives to whoever asks for port 0 and to outgoing connections, which are
# many while tests run side by side.
_PORTS = range(20_000, 30_000)


class Server:
    """`python backend/app.py` on a free port."""

    repository = REPOSITORY

    def __init__(self, data_dir: Path, prefix: Sequence[str] = (), **environment: str) -> None:
        self.data_dir = data_dir
        self._prefix = prefix  # a command that executes the rest of its arguments
        self._environment = environment
        self.start()

    def start(self) -> None:
        """Start, and wait until it says that it is ready."""
        self.log = self.data_dir / "server.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self._prefix, sys.executable, str(self.repository / "backend" / "app.py")],
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("EXOTRAIN_")},
                    "EXOTRAIN_DATA_DIR": str(self.data_dir),
                    "EXOTRAIN_TOKEN": TOKEN,
                    "EXOTRAIN_PORT": "0",
                    # One that waits for a session takes ten seconds of a processor to start.
                    "EXOTRAIN_WARM_WORKERS": "0",
                    **self._environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        ready = re.search(r"ready at (http://\S+)", line)
        assert ready, f"the server said {line!r}; its log:\n{self.log.read_text()}"
        self.address = ready[1]

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 15) -> None:
        """End it with a signal, and wait until it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def children(self) -> list[int]:
        """The process ids of the workers."""
        found: list[int] = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
                found += map(int, (task / "children").read_text().split())
        return found


class Client:
    """One user of a server."""

    def __init__(self, server: Server, token: str = TOKEN) -> None:
        self._server = server
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, expect: int | None = None, **options: Any) -> Any:
        """Send a request; the answer's JSON when `expect` is given and met, else the answer."""
        answer = self._session.request(method, self._server.address + path, timeout=200, **options)
        if expect is None:
            return answer
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        """GET."""
        return self.call("GET", path, expect, **options)

    def post(self, path: str, expect: int | None = 200, **options: Any) -> Any:
        """POST."""
        return self.call("POST", path, expect, **options)

    def workspace(self, name: str = "test") -> str:
        """A new workspace's key."""
        return self.post("/api/workspaces", 201, json={"name": name})["workspace"]["key"]

    def upload(self, key: str, file: Path, expect: int = 201) -> dict[str, Any]:
        """Upload a catalogue; the dataset."""
        with open(file, "rb") as content:
            answer = self.post(
                "/api/training/upload-dataset",
                expect,
                files={"file": content},
                data={"workspace_key": key},
            )
        return answer["dataset"]

    def train(self, key: str, dataset_id: int, **spec: Any) -> int:
        """Start a session; return its id."""
        body = {"workspace_key": key, "dataset_id": dataset_id, **spec}
        return self.post("/api/training/start", 202, json=body)["session"]["id"]

    def session(self, session_id: int) -> dict[str, Any]:
        """The session as it is now."""
        return self.get(f"/api/training/session/{session_id}")["session"]

    def complete(self, key: str, dataset_id: int, **spec: Any) -> dict[str, Any]:
        """Train to the end; the completed session."""
        session = self.wait(self.train(key, dataset_id, **spec))
        assert session["status"] == "completed", session["error"]
        return session

    def wait(
        self,
        session_id: int,
        until: Callable[[dict[str, Any]], bool] = lambda session: session["status"] in ENDED,
        seconds: float = 180,
    ) -> dict[str, Any]:
        """Poll a session until a condition holds; it fails when the session ends before."""
        return wait_for(
            lambda: self.session(session_id),
            lambda session: until(session) or session["status"] in ENDED,
            seconds,
        )


def wait_for(look: Callable[[], Any], until: Callable[[Any], bool], seconds: float = 60) -> Any:
    """Look again and again until what is seen satisfies `until`."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if until(seen):
            return seen
        assert time.monotonic() < deadline, f"not within {seconds} s; last seen: {seen}"
        time.sleep(0.05)


def is_running(process_id: int) -> bool:
    """Whether a process lives; one that has ended and was not waited for does not."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def small_catalogue(folder: Path, rows: int = SMALL_ROWS, seed: int = 5) -> Path:
    """A simulated catalogue that trains in seconds."""
    path = folder / f"small_{rows}_{seed}.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        write_csv(simulate(rows, seed), seed, file)
    return path


def weights_of(model_file: Path) -> list[np.ndarray]:
    """The weights of a saved model, read with plain Keras."""
    import keras

    return keras.saving.load_model(model_file).get_weights()


def free_port() -> int:
    """A port on which nothing listens, for a server that must come back at the same one."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def history_without_times(session: dict) -> list[dict]:
    """Its epochs, without what no two sessions have in common."""
    return [
        {name: value for name, value in each.items() if name != "epoch_seconds"}
        for each in session["history"]
    ]
