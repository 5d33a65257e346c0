"""The lock on the data folder: one server at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        lock = open(data_dir / "exotrain.lock", "a")  # noqa: SIM115 - closed below, with the lock
    except OSError as error:
        raise CannotStart(f"the data folder {data_dir} cannot be written: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another exotrain uses the data folder {data_dir}. Stop it first, or choose "
                "another folder with EXOTRAIN_DATA_DIR."
            ) from None
        lock.truncate(0)
        print(os.getpid(), file=lock, flush=True)  # for `make stop`
        yield
