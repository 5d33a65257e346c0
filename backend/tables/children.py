"""Child processes that do jobs with files of users, a few at a time, each within limits.

`backend.tables.child` is their side; `backend.light_curves.child` and
`backend.light_curves.preparing` are those of light curves.
"""

import json
import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from backend.config import REPOSITORY
from backend.errors import DiskFull, Unavailable
from backend.storage.permissions import FOLDER_MODE
from backend.transit.catalog.errors import CatalogError

# Each may take as much memory as the setting says.
_MOST_AT_ONCE = 2
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = "10"
_CHECK_SECONDS = 0.5

_CRASHES = (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL)

_LONGEST_OUTCOME = 1 << 20
_LOG_BYTES = 2_000

# Of the server's environment the child gets these and no other: no token is among them.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT", "TZ")

log = logging.getLogger(__name__)


class Beyond(Exception):
    """A job needs more than it may have: "memory", "time" or "output"."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class Crashed(Exception):
    """A child was ended by a mistake of its own."""


class Killed(Unavailable):
    """A child was ended from outside, or has ended without a word."""


class TableChildren:
    """Starts the processes, a few at a time.

    Attributes:
        memory_mb, seconds: of each, its address space and its time.
    """

    def __init__(
        self,
        memory_mb: int,
        seconds: int,
        module: str = "backend.tables.child",
        at_once: int = _MOST_AT_ONCE,
    ) -> None:
        """Take the limits of each, the module that is their side, and how many there may be."""
        self.memory_mb, self.seconds = memory_mb, seconds
        self._module = module
        self._room = threading.BoundedSemaphore(at_once)

    def run(
        self,
        job: dict[str, Any],
        check: Callable[[], None] = lambda: None,
        *,
        is_endless: bool = False,
    ) -> dict[str, Any]:
        """Do a job in a child; what it tells if it succeeds.

        Args:
            job: a JSON-able dictionary; see `backend.tables.child`.
            check: is called now and then; what it raises ends the child.
            is_endless: the job has many parts, and `check` sees to the time of each.

        Raises:
            Beyond, Crashed, Killed, CatalogError, NoSpace, Unavailable: it does not.
        """
        if not self._room.acquire(timeout=_PATIENCE_SECONDS):
            raise Unavailable(
                "Other tables are being read: try again in a few seconds.",
                Retry_After=_RETRY_SECONDS,
            )
        try:
            os.makedirs(tempfile.gettempdir(), FOLDER_MODE, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="table-", ignore_cleanup_errors=True) as own:
                seconds = math.inf if is_endless else self.seconds
                exit_code = self._child(job, Path(own), seconds, check)
                outcome = _outcome(Path(own) / "outcome.json")
                if outcome is None:
                    raise self._failure(job, exit_code, Path(own) / "log")
        finally:
            self._room.release()
        if "limit" in outcome:
            raise Beyond(outcome["limit"])
        if "no_space" in outcome:
            raise DiskFull(str(outcome["no_space"]), 0)
        if "error" in outcome:
            raise CatalogError(str(outcome["error"]), tables=outcome.get("tables"))
        return outcome

    def _child(
        self, job: dict[str, Any], own: Path, seconds: float, check: Callable[[], None]
    ) -> int | None:
        """Run one; its exit code, None if it took too long."""
        job = {
            **job,
            "outcome": str(own / "outcome.json"),
            "parent": os.getpid(),
            "memory_mb": self.memory_mb,
            "seconds": self.seconds,
        }
        with open(own / "log", "wb") as output:
            child = subprocess.Popen(
                _command(self._module),
                bufsize=0,  # what cannot be sent is not sent again when the pipe is closed
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=_environment(str(own)),
                cwd=REPOSITORY,
                start_new_session=True,  # the server handles Ctrl-C in the terminal
            )
        assert child.stdin is not None
        with child:
            try:
                line = json.dumps(job).encode() + b"\n"
                while line:
                    line = line[child.stdin.write(line) :]
                return _waited(child, seconds, check)
            except BrokenPipeError:
                child.kill()  # one that cannot be told what to do would wait for ever
                return child.wait()
            finally:
                child.kill()

    def _failure(self, job: dict[str, Any], exit_code: int | None, output: Path) -> Exception:
        """Why a child has told nothing."""
        if exit_code is None or exit_code == -signal.SIGXCPU:
            return Beyond("time")
        said = output.read_bytes()[-_LOG_BYTES:].decode("utf-8", "backslashreplace")
        log.warning("the process for a table (%s) ended with %s: %r", job["kind"], exit_code, said)
        if exit_code in _CRASHES or (job["do"] == "relate" and exit_code == 1):
            return Crashed(f"the child ended with {exit_code}")
        return Killed(
            "The process that reads such tables was killed or could not work: try again in a few "
            "seconds, or export the table as CSV.",
            Retry_After=_RETRY_SECONDS,
        )


def _waited(
    child: subprocess.Popen[bytes], seconds: float, check: Callable[[], None]
) -> int | None:
    """The exit code of a child, None if it takes longer."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return child.wait(min(left, _CHECK_SECONDS))
        check()
    return None


def _command(module: str) -> list[str]:
    # Without -B, the limit on what it writes could cut off a compiled module, for ever.
    return [sys.executable, "-B", "-m", module]


def _outcome(path: Path) -> dict[str, Any] | None:
    """What a child has written, if it is that."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_LONGEST_OUTCOME))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _environment(temporary: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(REPOSITORY), kept.get("PYTHONPATH", "")]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "HOME": temporary,
        "TMPDIR": temporary,
        # Threads and arenas of their own would take address space.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
