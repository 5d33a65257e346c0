"""Whose turn it is to write: one writer at a time, over all threads and processes.

SQLite before 3.51.3 can damage a database in WAL mode when one connection merges the log at the
very moment in which another one writes. No two connections of exotrain ever do: whoever writes or
merges has the turn.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.005


class DatabaseBusy(RuntimeError):
    """No turn to write in time; nothing was changed, and trying again may help."""

    def __init__(self) -> None:
        super().__init__(
            "The database is locked, perhaps by another program. Nothing was changed: try again in "
            "a few seconds."
        )


class Turn:
    """A lock for the threads of this process, and a locked file for the other processes."""

    def __init__(self, path: Path) -> None:
        """`path` is the file; it is never the database's own: closing that one ends its locks."""
        self._path = path
        # SQLite's own waiting polls, and lets anyone overtake.
        self._lock = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def take(self, seconds: float, seconds_outside: Callable[[], float]) -> Iterator[float]:
        """Have the turn; yields how many seconds are left to wait for other programs.

        Args:
            seconds: to wait for the other threads.
            seconds_outside: to wait for other processes, asked for once the threads have ended.

        Raises:
            DatabaseBusy: they took longer.
        """
        if not self._lock.acquire(timeout=seconds):
            raise DatabaseBusy
        try:
            deadline = time.monotonic() + seconds_outside()
            file = self._lock_file(deadline)
            try:
                yield round(max(0.0, deadline - time.monotonic()), 1)
            finally:
                self._unlock_file(file)
        finally:
            self._lock.release()

    def _lock_file(self, deadline: float) -> int:
        if self._file is None:
            # Kept open: a server that has no file descriptor left can still write.
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self._file
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise DatabaseBusy from None
                time.sleep(_POLL_SECONDS)

    def _unlock_file(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_UN)
        except OSError:  # what was committed is no failure; closing it gives up the lock as well
            self._close_file()

    def close(self) -> None:
        """Close the file, unless somebody has the turn; the next turn opens it again."""
        if self._lock.acquire(blocking=False):
            try:
                self._close_file()
            finally:
                self._lock.release()

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
