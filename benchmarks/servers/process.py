"""Servers as processes: how each is started, and how much memory it takes. Linux only."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.servers.toy import THREADS
from benchmarks.servers.wire import Connection
from tests.processes import peak_mb, processor_seconds, resident_mb

REPOSITORY = Path(__file__).resolve().parents[2]

_WSGI = "benchmarks.servers.toy:application"
_ASGI = "benchmarks.servers.toy:asgi"
_UVICORN = (
    f"uvicorn {_ASGI} --port PORT --backlog 2048 --lifespan off --no-access-log --ws none"
    " --log-level error"
)

# Each with 16 threads, one process for the application, a long listen queue and no access log; the
# project's own server has the threads of its lanes.
COMMANDS = {
    "granian": f"granian --interface wsgi --port PORT --workers 1 --blocking-threads {THREADS}"
    f" --backpressure 2048 --backlog 2048 --no-ws --log-level error {_WSGI}",
    "uvicorn h11": f"{_UVICORN} --http h11 --loop asyncio",
    "uvicorn httptools": f"{_UVICORN} --http httptools --loop asyncio",
    "uvicorn h11 uvloop": f"{_UVICORN} --http h11 --loop uvloop",
    "uvicorn httptools uvloop": f"{_UVICORN} --http httptools --loop uvloop",
    "hypercorn": f"hypercorn {_ASGI} --bind 127.0.0.1:PORT --workers 0 --backlog 2048",
    "waitress": f"waitress --listen 127.0.0.1:PORT --threads {THREADS} --backlog 2048"
    f" --connection-limit 2048 {_WSGI}",
    "gunicorn gthread": f"gunicorn --bind 127.0.0.1:PORT --worker-class gthread"
    f" --threads {THREADS} --worker-connections 2048 --backlog 2048 --log-level error {_WSGI}",
    "cheroot": f"cheroot --bind 127.0.0.1:PORT --threads {THREADS}"
    f" --request-queue-size 2048 {_WSGI}",
    "exotrain": "benchmarks.servers.exotrain PORT",
}

# The packages behind a part of a server's name, where it is not the name of the one package.
_PACKAGES = {
    "uvicorn": ["uvicorn", "a2wsgi"],
    "hypercorn": ["hypercorn", "a2wsgi"],
    "gthread": [],
    "exotrain": ["uvicorn", "werkzeug"],
}

_START_SECONDS = 20.0


def missing_packages(name: str) -> list[str]:
    """The packages that this server needs and this Python does not have."""
    packages = [each for part in name.split() for each in _PACKAGES.get(part, [part])]
    return [each for each in packages if importlib.util.find_spec(each) is None]


class Server:
    """One server process, and the processes that it starts itself; a context manager."""

    def __init__(self, name: str) -> None:
        """Start it, and wait for its first answer.

        Raises:
            TimeoutError: none came within 20 s.
        """
        self.port = _free_port()
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[name].replace("PORT", str(self.port)).split()],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not self._answers():
            if time.monotonic() - started > _START_SECONDS:
                self.stop()
                raise TimeoutError(f"{name} did not answer within {_START_SECONDS:.0f} s.")
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - started

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            with Connection(self.port) as connection:
                return connection.ask("/health").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """End it and what it started, whatever they are doing."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def resident_mb(self) -> float:
        """Resident memory of all its processes; pages that they share count for each."""
        return sum(map(resident_mb, self._processes()))

    def processor_seconds(self) -> float:
        """Processor time of all its processes so far, in steps of 10 ms."""
        return sum(map(processor_seconds, self._processes()))

    def forget_peak(self) -> None:
        """Measure `growth_mb` from here."""
        for each in self._processes():
            Path(f"/proc/{each}/clear_refs").write_text("5")
        self._before = self._peak_mb()

    def growth_mb(self) -> float:
        """How far memory rose above where it was at `forget_peak`, at its highest."""
        return self._peak_mb() - self._before

    def _peak_mb(self) -> float:
        return sum(map(peak_mb, self._processes()))

    def _processes(self) -> list[int]:
        found, unseen = [], [self.process.pid]
        while unseen:
            found.append(unseen.pop())
            for task in Path(f"/proc/{found[-1]}/task").iterdir():
                unseen += map(int, (task / "children").read_text().split())
        return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
