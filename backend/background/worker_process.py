"""A worker process as the server sees it: start it, exchange messages, end it."""

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Generic, TypeVar

from backend import wire
from backend.background.worker_log import pass_on, print_line
from backend.config import REPOSITORY
from backend.storage.permissions import FOLDER_MODE
from backend.wire.lines import HasJson

# The system may need a moment to free a large process.
_GONE_SECONDS = 10.0
_CLOSING_SECONDS = 2.0

# What a dead worker wrote is read at once, but a process that it started may keep the pipe open.
_LOG_SECONDS = 2

# A manifest, an evaluation or an answer of the predictor takes a few hundred kB at most; a worker
# that writes without line breaks must not fill the server's memory.
_LONGEST_LINE = 1 << 26

# Where proc_pid_stat(5) has the time in user mode, followed by that in the kernel, counted from the
# field after the name.
_USER_TIME = 11


Heard = TypeVar("Heard")


class ChildProcess(Generic[Heard]):
    """One child process that takes commands and sends events, as lines of JSON.

    Make it in a thread that lives as long as the server: on Linux a worker is killed when the
    thread that made it ends.

    Args:
        module: that `python -m` runs.
        arguments: of its command line.
        decode: makes an event of a line.
        environment: variables that it has besides the server's.
        without: variables of the server that it must not have.
        sink: takes the lines that it prints.
    """

    def __init__(
        self,
        module: str,
        arguments: list[str],
        decode: Callable[[bytes], Heard],
        environment: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
        sink: Callable[[bytes], None] = print_line,
    ) -> None:
        # Of its own, so that nothing of a worker that was killed is left.
        os.makedirs(tempfile.gettempdir(), FOLDER_MODE, exist_ok=True)  # it looks superfluous
        self._temporary = tempfile.TemporaryDirectory(prefix="worker-", ignore_cleanup_errors=True)
        self._decode = decode
        inherited = {name: value for name, value in os.environ.items() if name not in without}
        self._process = subprocess.Popen(
            _command(module, arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **inherited,
                "PYTHONPATH": _python_path(),
                "TMPDIR": self._temporary.name,
                **(environment or {}),
            },
            cwd=REPOSITORY,
            start_new_session=True,  # the server handles Ctrl-C in the terminal
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        os.set_blocking(self._input.fileno(), False)
        self._open_pipes = threading.Lock()  # no number of a pipe is used while it is closed
        try:
            child = self._process.pid
            self._log = pass_on(self._process.stderr, f"log of worker {child}", child, sink)
        except (RuntimeError, MemoryError):  # no thread can be started
            with self._process:  # closes the pipes and waits
                self._process.kill()
            raise

    @property
    def id(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.exit_code is None

    @property
    def exit_code(self) -> int | None:
        """How the process has ended, negative for a signal; None: it runs."""
        return self._process.poll()

    @property
    def has_unread(self) -> bool:
        """Whether the reader of its events is behind."""
        with self._open_pipes:
            return not self._output.closed and _is_ready(self._output, select.POLLIN, seconds=0)

    def processor_seconds(self) -> float | None:
        """What the process has used of the processors, by the kernel; None where it cannot say."""
        try:
            stat = Path(f"/proc/{self.id}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        used = stat.rpartition(")")[2].split()[_USER_TIME : _USER_TIME + 2]
        return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")

    def send(self, message: HasJson) -> None:
        """Write a command, however long the worker takes to read it.

        If the worker has died, the reader of its events will notice.
        """
        with contextlib.suppress(BrokenPipeError):
            self._write(wire.encode(message), waits=True)

    def send_at_once(self, message: HasJson) -> bool:
        """Write a command; False: the worker has left earlier ones unread, and gets no other.

        Raises:
            BrokenPipeError: the worker has died, and the reader of its events will notice.
        """
        return self._write(wire.encode(message), waits=False)

    def events(self) -> Iterator[Heard]:
        """Yield the worker's events until it ends.

        Raises:
            Malformed: it sent something else.
        """
        while line := self._output.readline(_LONGEST_LINE):
            if not line.endswith(b"\n"):
                if len(line) == _LONGEST_LINE:
                    raise wire.Malformed(f"Expected lines, received {len(line)} bytes without end")
                return  # a killed worker may leave half a line
            yield self._decode(line)

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait until the process is gone and close its pipes.

        Args:
            seconds: at most; None: long enough for a killed process that is not stuck.

        Returns:
            The exit code, negative for a signal; None if it is still there: a process that waits
            for a device outlives even its kill.
        """
        self.wait_briefly(_GONE_SECONDS if seconds is None else seconds)
        self._log.join(_LOG_SECONDS)
        with self._open_pipes:
            for pipe in (self._input, self._output):
                pipe.close()
        return self.exit_code

    def kill(self) -> None:
        """End the process now, even a stopped one."""
        self._process.kill()

    def wait_briefly(self, seconds: float = _CLOSING_SECONDS) -> None:
        """Wait until a killed process is gone, but not for long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
        self._temporary.cleanup()

    def _write(self, line: bytes, *, waits: bool) -> bool:
        with self._open_pipes:
            if self._input.closed:
                raise BrokenPipeError
            try:
                while line:
                    try:
                        line = line[os.write(self._input.fileno(), line) :]
                    except BlockingIOError:
                        if not waits:
                            return False
                        _is_ready(self._input, select.POLLOUT, seconds=None)
            except BrokenPipeError:
                self.kill()
                raise
            return True


class WorkerProcess(ChildProcess[wire.Event]):
    """One child process of `backend.worker`.

    Args:
        data_dir: where its files are.
        memory_mb: it ends itself above that; None: no limit.
        threads: that TensorFlow uses; None: as many as the server says.
        sink: takes the lines that it prints.
    """

    def __init__(
        self,
        data_dir: Path,
        memory_mb: int | None = None,
        threads: int | None = None,
        sink: Callable[[bytes], None] = print_line,
    ) -> None:
        arguments = ["--data-dir", str(data_dir), "--memory-mb", str(memory_mb or 0)]
        environment = {
            "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
            "KERAS_BACKEND": "tensorflow",
        }
        if threads is not None:
            environment["EXOTRAIN_THREADS"] = str(threads)
        super().__init__("backend.worker", arguments, wire.decode_event, environment, sink=sink)


def _is_ready(pipe: IO[bytes], for_what: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(pipe, for_what)
    return bool(poll.poll(None if seconds is None else 1000 * seconds))


def _command(module: str, arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", module, "--parent", str(os.getpid()), *arguments]


def _python_path() -> str:
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(path for path in paths if path)
