"""A disk that fails: while the file EIO_FILE exists, syncing what it names is an I/O error.

The file's text is a part of the paths that fail. What SQLite syncs in C is not reached.
"""

import errno
import os

_FILE = os.environ["EIO_FILE"]

_fsync = os.fsync


def _failing(descriptor: int) -> None:
    try:
        with open(_FILE, encoding="utf-8") as file:
            part = file.read()
    except FileNotFoundError:
        return _fsync(descriptor)
    if part in os.readlink(f"/proc/self/fd/{descriptor}"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    return _fsync(descriptor)


os.fsync = _failing  # type: ignore[assignment]
