"""A Ray cluster on this machine, of processes that a test can stop and kill one node at a time."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.server import free_port, is_running, wait_for

NO_RAY = "NO RAY: pip install -r requirements-cluster.txt"

# By it every process of a node is found, whoever its parent is.
MARK = "CLUSTER_NODE"

_OBJECT_STORE_BYTES = 100_000_000

# A node that is stopped is found dead within 15 seconds, but not one that is only slow; a process
# that has lost the head ends within 10.
QUICK_TO_FIND = {
    "RAY_health_check_initial_delay_ms": "2000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "4000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
}

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "PYTHONWARNINGS": "",
}

_ATTEMPTS = 3

_AGENTS = (
    "metrics-export",
    "dashboard-agent-grpc",
    "dashboard-agent-listen",
    "runtime-env-agent",
)

# Two busy cores: a head takes 5 to 20 seconds, so does a node.
_START_SECONDS = 90.0
_GONE_SECONDS = 20.0


def require_ray() -> None:
    """Skip, loudly, where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip(NO_RAY)


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        name: of this cluster's own; nobody else's processes have its mark.
        folder: EXOTRAIN_NODE_DIR and TMPDIR are in it.
        process: `ray start --block`.
    """

    name: str
    folder: Path
    process: subprocess.Popen

    @property
    def files(self) -> Path:
        """Where its sessions leave files."""
        return self.folder / "node"

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "ray.log").read_text(errors="replace")


class RayCluster:
    """A head without processors, and the nodes that a test adds; with token authentication.

    Use it as a context manager: at its end no process of it runs, whatever has happened.

    Args:
        environment: variables of the head, of every node, and of servers (`server_environment`).
        head_store_bytes: the size of the head's object store.
    """

    def __init__(
        self, environment: Mapping[str, str] = {}, head_store_bytes: int = _OBJECT_STORE_BYTES
    ) -> None:
        require_ray()
        self._head_store_bytes = head_store_bytes
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        # Short: sockets lie in it, and their paths must not be longer than 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="rf", dir="/tmp"))
        self.environment = {
            **QUICK_TO_FIND,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(24),
            **environment,
        }
        self.nodes: list[Node] = []
        self.head: Node | None = None
        self._count = 0

    def __enter__(self) -> "RayCluster":
        try:
            self.start_head()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def server_environment(self) -> dict[str, str]:
        """The variables of a server that trains here."""
        return {
            **self.environment,
            "EXOTRAIN_RUNNER": "ray",
            "EXOTRAIN_RAY_ADDRESS": self.address,
            "EXOTRAIN_THREADS": "1",
            "EXOTRAIN_TRAININGS": "auto",
        }

    def start_head(self) -> Node:
        """Start the head, at the same port each time."""
        arguments = ["--head", "--node-ip-address=127.0.0.1", f"--port={self.port}"]
        arguments += ["--num-cpus=0", "--include-dashboard=false", "--no-monitor"]
        arguments += [f"--ray-client-server-port={free_port()}"]
        arguments += [f"--temp-dir={self.folder}/{self._count}"]
        self.head = self._start("head", [*arguments, _store(self._head_store_bytes)], {})
        return self.head

    def add_node(
        self,
        cpus: int = 1,
        memory_mb: int = 4000,
        object_store_bytes: int = _OBJECT_STORE_BYTES,
        **environment: str,
    ) -> Node:
        """Start a node; it has joined on return.

        Args:
            cpus, memory_mb, object_store_bytes: that it says it has.
            environment: variables of its own.
        """
        arguments = [f"--address={self.address}", f"--num-cpus={cpus}"]
        arguments += [f"--memory={memory_mb * 1_000_000}", _store(object_store_bytes)]
        node = self._start("node", arguments, environment)
        self.nodes.append(node)
        return node

    def kill(self, node: Node) -> None:
        """kill -9 of a node with everything that it has started, and wait until it is gone."""
        # Stopped first: what is killed one by one would report the end of the others, or start new
        # ones.
        stopped = self.signal(node, signal.SIGSTOP)
        for process in stopped:
            _send(process, signal.SIGKILL)
        node.process.wait(_GONE_SECONDS)
        wait_for(lambda: any(map(is_running, stopped)), lambda left: not left, _GONE_SECONDS)
        assert not processes_of(node.name)
        if node in self.nodes:
            self.nodes.remove(node)

    def kill_head(self) -> None:
        """kill -9 of the head with everything that it has started."""
        assert self.head is not None
        self.kill(self.head)
        self.head = None

    def signal(self, node: Node, number: signal.Signals) -> set[int]:
        """Send a signal to every process of a node, those that start meanwhile too: SIGSTOP or
        SIGCONT; which they were."""
        sent: set[int] = set()
        while new := processes_of(node.name).keys() - sent:
            for process in new:
                _send(process, number)
            sent |= new
        return sent

    def close(self) -> None:
        """Kill every process, and delete the folders."""
        for node in [*self.nodes, *([self.head] if self.head else [])]:
            self.kill(node)
        self.nodes, self.head = [], None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, kind: str, arguments: list[str], environment: dict[str, str]) -> Node:
        for attempt in range(_ATTEMPTS):
            node = self._spawn(kind, arguments, environment)
            try:
                _prefer(node, -7)
                wait_for(partial(self._is_up, node), bool, _START_SECONDS)
                _prefer(node, 0)
                return node
            except BaseException as error:
                self.kill(node)
                # Ray gives up after 30 seconds, and a port may have been taken meanwhile.
                if not isinstance(error, AssertionError) or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _spawn(self, kind: str, arguments: list[str], environment: dict[str, str]) -> Node:
        self._count += 1
        name = f"{self.folder.name}-{kind}-{self._count}"
        folder = self.folder / f"{kind}{self._count}"
        (folder / "tmp").mkdir(parents=True)
        own = {k: v for k, v in os.environ.items() if not k.startswith(("EXOTRAIN_", "RAY_"))}
        with open(folder / "ray.log", "ab") as log:
            process = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("ray")),
                    "start",
                    *arguments,
                    # For agents whose ports it does not know Ray waits 15 seconds, which are not
                    # enough on a busy machine.
                    *(f"--{agent}-port={free_port()}" for agent in _AGENTS),
                    "--min-worker-port=0",
                    "--max-worker-port=0",
                    "--include-log-monitor=false",
                    "--disable-usage-stats",
                    "--block",
                ],
                env={
                    **own,
                    **_QUIET,
                    **self.environment,
                    MARK: name,
                    "TMPDIR": str(folder / "tmp"),
                    "EXOTRAIN_NODE_DIR": str(folder / "node"),
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Node(name, folder, process)

    def _is_up(self, node: Node) -> bool:
        assert node.process.poll() is None, f"{node.name} has ended:\n{node.log}"
        return "Ray runtime started" in node.log and _answers(self.port)


def _store(size: int) -> str:
    return f"--object-store-memory={size}"


def processes_of(name: str) -> dict[int, str]:
    """The processes of a node that live, by id, with their command."""
    wanted = f"{MARK}={name}".encode()
    found: dict[int, str] = {}
    children: dict[int, list[tuple[int, str]]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it has ended, or it is another user's
            number = int(folder.name)
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            if state == "Z":
                continue
            children.setdefault(int(parent), []).append((number, command))
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found[number] = command
    # Ray's own give themselves names, and their environment goes with it.
    unseen = list(found)
    while unseen:
        for number, command in children.get(unseen.pop(), []):
            if number not in found:
                found[number] = command
                unseen.append(number)
    return found


def _send(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _prefer(node: Node, nice: int) -> None:
    """Let a node's processes go before others, as far as this user may.

    Linux shares the processors among sessions of processes, and a node is one: beside many others
    Ray's own agents take longer to start than the 15 seconds after which it gives up.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{node.process.pid}/autogroup").write_text(str(nice))


def _answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """A cluster of a head and two nodes, until Ctrl-C: `python -m tests.cluster.ray_cluster`."""
    with RayCluster() as cluster:
        for _ in range(2):
            cluster.add_node()
        for name, value in cluster.server_environment.items():
            print(f"export {name}={value}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    main()
