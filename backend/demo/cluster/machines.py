"""Processes that stand for machines: a head, nodes and a server, each with a folder of its own.

Whatever happens, `Machines.stop` leaves none of them, nor any process that they have started.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.config import REPOSITORY
from backend.demo.client import Api, DemoFailed

# What Ray's head, a node with a worker, and a server take on a busy machine.
_START_SECONDS = 180
_STOP_SECONDS = 30
_POLL_SECONDS = 0.2

# The path of a socket has at most 107 bytes, and our part of it with Ray's has 93.
_LONGEST_FOLDER = 14

_NODE_MEMORY = 3_000_000_000
_STORE_MEMORY = 100_000_000

# Ray gives a start up when its processes need more than 15 s, as on a busy machine they may.
_ATTEMPTS = 5
_RAY_RUNS = "Ray runtime started"

# For a port that its agents choose Ray waits 15 s, and gives the start up as well.
_AGENT_PORTS = (
    "dashboard-agent-grpc-port",
    "dashboard-agent-listen-port",
    "metrics-export-port",
    "runtime-env-agent-port",
)

_LAST_LINES = 8


class Machines:
    """A cluster and its server, in a temporary folder.

    Args:
        store_memory: of the object store of each machine, in bytes.
    """

    def __init__(self, store_memory: int = _STORE_MEMORY) -> None:
        self._store_memory = store_memory
        temporary = tempfile.gettempdir()
        short = temporary if len(temporary) <= _LONGEST_FOLDER else "/tmp"
        self.folder = Path(tempfile.mkdtemp(prefix="exotrain-demo-", dir=short))
        self.token = secrets.token_urlsafe(32)
        self._port = _free_port()
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        # Nothing of the user's own settings, and none of another cluster of theirs.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EXOTRAIN_", "RAY_"))}
        self._environment = {
            **kept,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def authentication(self) -> dict[str, str]:
        """The variables with which a program may join the cluster."""
        return {k: v for k, v in self._environment.items() if k.startswith("RAY_AUTH_")}

    @property
    def address(self) -> str:
        """Where the head listens."""
        return f"127.0.0.1:{self._port}"

    def start_head(self) -> None:
        """Start the head, which trains nothing, and wait until it runs.

        Raises:
            DemoFailed: it did not start.
        """
        self._start_ray(
            "head",
            "--head",
            "--node-ip-address=127.0.0.1",
            f"--port={self._port}",
            "--num-cpus=0",
            f"--ray-client-server-port={_free_port()}",  # another cluster may have the usual one
            "--no-monitor",  # it would start machines in a cloud
            "--include-dashboard=false",
            f"--temp-dir={self.folder / 'ray'}",
        )

    def start_node(self, name: str) -> None:
        """Start a node that trains one session at a time, and wait until it runs.

        Raises:
            DemoFailed: it did not start.
        """
        self._start_ray(
            name, f"--address={self.address}", "--num-cpus=1", f"--memory={_NODE_MEMORY}"
        )

    def start_server(self) -> Api:
        """Start a server that trains on the cluster, and wait until it answers.

        Raises:
            DemoFailed: it did not start.
        """
        return self._start_server(
            "server",
            EXOTRAIN_RUNNER="ray",
            EXOTRAIN_RAY_ADDRESS=self.address,
            EXOTRAIN_TRAININGS="auto",
        )

    def start_server_without_cluster(self, trainings: int) -> Api:
        """Start a server that trains as many sessions at once by child processes.

        Raises:
            DemoFailed: it did not start.
        """
        return self._start_server(
            "server without cluster",
            EXOTRAIN_TRAININGS=str(trainings),
            EXOTRAIN_WARM_WORKERS=str(trainings),
            OMP_NUM_THREADS="1",  # as Ray gives a task with one processor
        )

    def wait_for_cpus(self, api: Api, count: int) -> None:
        """Wait until the server may train on so many.

        Raises:
            DemoFailed: they did not come, or a machine ended.
        """

        def has_come() -> bool:
            nodes = api.get("/api/cluster")["nodes"]
            return sum(each["cpus"] for each in nodes if each["refusal"] is None) == count

        self._wait("the nodes", has_come)

    def require_all(self) -> None:
        """Check that every machine that was not killed runs.

        Raises:
            DemoFailed: one has ended.
        """
        for name, process in self._started.items():
            if process.poll() is not None:
                said = "\n".join(self._log(name).strip().splitlines()[-_LAST_LINES:])
                raise DemoFailed(f"the {name} has ended:\n{said}")

    def node_of(self, session_id: int) -> str | None:
        """Which node trains a session, by the checkpoints in its folder; None before the first."""
        for name in self._started:
            found = self._folder_of(name).glob(f"*/work/*/model/checkpoints/{session_id}.*ckpt")
            if any(found):
                return name
        return None

    def kill(self, name: str) -> None:
        """End a machine as a power cut does: all of its processes at once, by SIGKILL."""
        process = self._started.pop(name)
        _kill_all(lambda: _processes({process.pid}, str(self._folder_of(name))))
        process.wait()

    def stop(self) -> None:
        """Kill everything that was started, and wait until it is gone.

        Raises:
            DemoFailed: a process stays.
        """
        leaders = {process.pid for process in self._started.values()}
        _kill_all(lambda: _processes(leaders, str(self.folder)))
        for process in self._started.values():
            process.wait()
        self._started.clear()

    def remove_folder(self) -> None:
        """Delete the data and the logs."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_server(self, name: str, **variables: str) -> Api:
        self._start(
            name,
            [sys.executable, str(REPOSITORY / "backend" / "app.py")],
            EXOTRAIN_DATA_DIR=str(self._folder_of(name) / "data"),
            EXOTRAIN_PORT="0",
            EXOTRAIN_TOKEN=self.token,
            EXOTRAIN_THREADS="1",
            **variables,
        )
        ready = re.compile(r"exotrain is ready at (\S+)")
        self._wait(f"the {name}", lambda: bool(ready.search(self._log(name))))
        found = ready.search(self._log(name))
        assert found is not None
        return Api(found[1], self.token)

    def _start_ray(self, name: str, *arguments: str) -> None:
        ray = str(Path(sys.executable).with_name("ray"))
        shared = (
            f"--object-store-memory={self._store_memory}",
            "--min-worker-port=0",  # any that are free: these machines are one
            "--max-worker-port=0",
            *(f"--{port}={_free_port()}" for port in _AGENT_PORTS),
            "--include-log-monitor=false",
            "--block",
        )
        for attempts_left in reversed(range(_ATTEMPTS)):
            self._start(name, [ray, "start", *arguments, *shared])
            try:
                self._wait(f"the {name}", lambda: _RAY_RUNS in self._log(name))
                return
            except DemoFailed:
                if not attempts_left:
                    raise
                self.kill(name)

    def _start(self, name: str, command: list[str], **variables: str) -> None:
        folder = self._folder_of(name)
        temporary = folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        # By the path of its folder in there, each process of it is found again.
        own = {"EXOTRAIN_NODE_DIR": str(folder), "TMPDIR": str(temporary), **variables}
        with open(self._log_path(name), "wb") as log:
            self._started[name] = subprocess.Popen(
                command,
                env=self._environment | own,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which ends them all
            )

    def _wait(self, what: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            self.require_all()
            if time.monotonic() > deadline:
                raise DemoFailed(f"{what} did not start within {_START_SECONDS} s")
            time.sleep(_POLL_SECONDS)

    def _folder_of(self, name: str) -> Path:
        return self.folder / name.replace(" ", "")

    def _log_path(self, name: str) -> Path:
        return self._folder_of(name).with_suffix(".log")

    def _log(self, name: str) -> str:
        return self._log_path(name).read_text(errors="replace")


def _kill_all(find: Callable[[], list[int]]) -> None:
    """Kill until none is found: what was just started may have started others."""
    deadline = time.monotonic() + _STOP_SECONDS
    while found := find():
        for each in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise DemoFailed(f"processes that do not end: {', '.join(map(str, found))}")
        time.sleep(_POLL_SECONDS)


def _processes(leaders: set[int], folder: str) -> list[int]:
    """What runs in the sessions of these leaders, or with this folder in its environment."""
    return [each for each in _all_processes() if _belongs(each, leaders, folder.encode())]


def _all_processes() -> Iterator[int]:
    return (int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal())


def _belongs(process_id: int, leaders: set[int], folder: bytes) -> bool:
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(errors="replace")
        state, _, _, session = stat.rpartition(")")[2].split()[:4]
        if state == "Z" or process_id == os.getpid():
            return False
        if int(session) in leaders:
            return True
        variables = Path(f"/proc/{process_id}/environ").read_bytes()
    except OSError:  # it has ended, or is somebody else's
        return False
    return folder + b"/" in variables


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
