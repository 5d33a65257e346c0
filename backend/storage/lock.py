"""The lock on the data folder: one server at a time."""

import contextlib
import fcntl
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# `struct flock` of the C library: where the lock begins, how long it is, its type, its owner.
_IS_LINUX = sys.platform == "linux"
_FLOCK = struct.Struct("hhqqi4x" if _IS_LINUX else "qqihh")


class CannotStart(RuntimeError):
    """The server cannot start; the message says why and what to do."""


@contextmanager
def data_folder_lock(data_dir: Path) -> Iterator[None]:
    """Lock the data folder: two servers on one database would train every session twice.

    Raises:
        CannotStart: another process holds the lock, or the folder cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = open(lock_path(data_dir), "a")  # noqa: SIM115 - closed below, with the lock
    except OSError as error:
        raise CannotStart(f"the data folder {data_dir} cannot be written: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(_in_use(data_dir)) from None
        # Whose this second lock is, the system tells; a number in a file may be an old one.
        with contextlib.suppress(OSError):  # some network file systems make one lock of both
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        print(os.getpid(), file=lock, flush=True)  # for people; programs ask `holder`
        yield


def lock_path(data_dir: Path) -> Path:
    """The file that a server locks as long as it runs."""
    return data_dir / "exotrain.lock"


def holder(data_dir: Path) -> int | None:
    """The id of the process that holds the lock on a data folder; None if the system knows none.

    Nothing is locked by asking. Never ask in the server itself: to close the file there would
    give up the lock that is asked for.
    """
    try:
        with open(lock_path(data_dir), "rb") as lock:
            found = fcntl.fcntl(lock, fcntl.F_GETLK, _question())
    except OSError:
        return None
    kind, process_id = _answer(found)
    return process_id if kind != fcntl.F_UNLCK and process_id > 0 else None


def is_held(data_dir: Path) -> bool:
    """Whether some process holds the lock; for a moment this takes it, if nobody does."""
    try:
        with open(lock_path(data_dir), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _in_use(data_dir: Path) -> str:
    process_id = holder(data_dir)
    who = "another exotrain" if process_id is None else f"another exotrain (process {process_id})"
    return (
        f"{who} uses the data folder {data_dir}. Stop it first, or choose another folder with "
        "EXOTRAIN_DATA_DIR."
    )


def _question() -> bytes:
    """Who would be in the way of a lock on the whole file?"""
    if _IS_LINUX:
        return _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    return _FLOCK.pack(0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)


def _answer(found: bytes) -> tuple[int, int]:
    """The type of the lock that is in the way, and the id of its owner."""
    if _IS_LINUX:
        kind, _, _, _, process_id = _FLOCK.unpack(found)
    else:
        _, _, process_id, kind, _ = _FLOCK.unpack(found)
    return kind, process_id
