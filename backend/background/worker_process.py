"""A worker seen from the server: starting it, talking with it, ending it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.config import REPOSITORY

Message = dict[str, Any]


class WorkerProcess:
    """One child process of `backend.worker`.

    Make it in a thread that lives as long as the server: on Linux a worker is killed when the
    thread that made it ends.
    """

    def __init__(self, data_dir: Path, memory_mb: int | None = None) -> None:
        command = [sys.executable, "-m", "backend.worker", "--data-dir", str(data_dir)]
        command += ["--parent", str(os.getpid()), "--memory-mb", str(memory_mb or 0)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=_environment(),
            cwd=REPOSITORY,
            start_new_session=True,  # Ctrl-C in the terminal is the server's to handle
        )

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def send(self, message: Message) -> None:
        """Write a command; a worker that has died is noticed by who reads its events."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message, allow_nan=False) + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            self.kill()

    def events(self) -> Iterator[Message]:
        """What the worker says, until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):  # a killed worker may leave half a line
                yield json.loads(line)

    def wait(self) -> int:
        """The exit code, negative for a signal."""
        code = self._process.wait()
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


def _environment() -> dict[str, str]:
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "KERAS_BACKEND": "tensorflow",
    }
