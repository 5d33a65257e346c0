"""What the child may take, and what it may not do at all."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MAX_ROWS = 10_000_000
MAX_COLUMNS = 1_000
MAX_TABLES = 1_000

_NICE = 5
_PR_SET_PDEATHSIG = 1

# A VOTable may say that its data are at an address, a spreadsheet may link to another file.
_FORBIDDEN = (
    "socket.",
    "urllib.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "ftplib.",
)


class NotReadable(Exception):
    """The file cannot be used; the message says what was found and what to do.

    `tables` are the names of its tables, where one of them must be named.
    """

    def __init__(self, message: str, tables: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.tables = list(tables)


def begin() -> dict[str, Any]:
    """Take the job from standard input, and live within its limits from here on."""
    job: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    end_with_parent(job["parent"])
    os.nice(_NICE)
    set_limits(job["memory_mb"], job["seconds"], job["output_bytes"])
    forbid_connections()
    warnings.simplefilter("ignore")
    return job


def end(job: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Say what came of the job, and leave; whatever threads libraries have left."""
    Path(job["outcome"]).write_text(json.dumps(outcome), encoding="ascii")
    os._exit(0)


def set_limits(memory_mb: int, seconds: int, output_bytes: int) -> None:
    """Limit address space, time of the processor and the size of files that are written."""
    _set(resource.RLIMIT_AS, memory_mb << 20)
    _set(resource.RLIMIT_CPU, seconds)
    _set(resource.RLIMIT_FSIZE, output_bytes)
    _set(resource.RLIMIT_CORE, 0)


def more_time(seconds: int) -> None:
    """Let the next part of a job have so much time of the processor, whatever was used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1)


def forbid_connections() -> None:
    """Let nothing that a file says open a connection or start a program."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise NotReadable(
                "The file refers to data elsewhere (another file or an address), which is not "
                "followed. Put the data into the file itself."
            )

    sys.addaudithook(hook)


def end_with_parent(parent: int) -> None:
    """End this process when the server ends: by its standard input, on Linux by the kernel too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    threading.Thread(target=_wait_for_end_of_input, name="parent", daemon=True).start()


def _wait_for_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _set(what: int, limit: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS has no limit of the address space
        resource.setrlimit(what, (limit, hard))


def check_size(rows: int, columns: int) -> None:
    """Check a table's size before it is read.

    Raises:
        NotReadable: it has too many rows or columns.
    """
    if rows > MAX_ROWS:
        raise NotReadable(f"The table has {rows:,} rows; at most {MAX_ROWS:,} are allowed.")
    if columns > MAX_COLUMNS:
        raise NotReadable(
            f"The table has {columns:,} columns; at most {MAX_COLUMNS:,} are allowed."
        )
