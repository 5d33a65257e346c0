"""A worker process as the server sees it: start it, exchange messages, end it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from backend import wire
from backend.background.worker_log import pass_on
from backend.config import REPOSITORY


class WorkerProcess:
    """One child process of `backend.worker`.

    Make it in a thread that lives as long as the server: on Linux a worker is killed when the
    thread that made it ends.
    """

    def __init__(self, data_dir: Path, memory_mb: int | None = None) -> None:
        self._process = subprocess.Popen(
            _command(data_dir, memory_mb),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            cwd=REPOSITORY,
            start_new_session=True,  # the server handles Ctrl-C in the terminal
        )
        assert self._process.stderr is not None
        try:
            self._log = pass_on(self._process.stderr, name=f"log of worker {self._process.pid}")
        except RuntimeError:  # no thread can be started
            with self._process:  # closes the pipes and waits
                self._process.kill()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def send(self, message: wire.Command) -> None:
        """Write a command; if the worker has died, the reader of its events will notice."""
        assert self._process.stdin is not None
        line = wire.encode(message)
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):  # ValueError: the pipe was closed by `wait`
            self.kill()

    def events(self) -> Iterator[wire.Event]:
        """Yield the worker's events until it ends.

        Raises:
            Malformed: it sent something else.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith(b"\n"):
                return  # a killed worker may leave half a line
            yield wire.decode_event(line)

    def wait(self) -> int:
        """The exit code, negative for a signal."""
        code = self._process.wait()
        self._log.join(_LOG_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        return code

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()

    def wait_briefly(self) -> None:
        """Wait until a killed process is gone, but not for long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GONE_SECONDS)


# The system may need a moment to free a large process.
_GONE_SECONDS = 2

# What a dead worker wrote is read at once, but a process that it started may keep the pipe open.
_LOG_SECONDS = 2


def _command(data_dir: Path, memory_mb: int | None) -> list[str]:
    command = [sys.executable, "-m", "backend.worker", "--data-dir", str(data_dir)]
    return [*command, "--parent", str(os.getpid()), "--memory-mb", str(memory_mb or 0)]


def _environment() -> dict[str, str]:
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "KERAS_BACKEND": "tensorflow",
    }
