"""Files of a folder that others may change at any time: opened without waiting, never a mixture."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backend.tables.child.limits import NotReadable


class NotNow(NotReadable):
    """The file cannot be read now; it may be another time, although it does not change."""


@contextmanager
def opened(path: Path, root: Path) -> Iterator[BinaryIO]:
    """Open a file of a folder for reading.

    Args:
        path: where it was found.
        root: the folder.

    Raises:
        NotNow: it is gone, or the server may not read it; or, at the end, it was changed meanwhile.
        NotReadable: it is no file, or by now a link that leads out of the folder.
    """
    try:
        # Without waiting: a pipe has nothing to say.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotNow("The file is no longer there.") from error
    except OSError as error:
        raise NotNow(f"The server cannot read the file: {error.strerror}.") from error
    before = os.fstat(number)
    if not stat.S_ISREG(before.st_mode):
        os.close(number)
        raise NotReadable("It is no file but a folder, a device or a pipe, which is not read.")
    with os.fdopen(number, "rb") as file:
        _require_inside(path, root, before)
        yield file
        after = os.fstat(number)
        if _state(before) != _state(after):
            raise NotNow("The file was changed while it was read. Bring it in once it is complete.")


def by_number(file: BinaryIO, path: Path) -> Path:
    """A path of an open file that leads to it whatever its name means by now.

    For libraries that open files themselves. Where the system has no such paths: `path`.
    """
    own = Path(f"/proc/self/fd/{file.fileno()}")
    return own if own.exists() else path


def changed(found: os.stat_result) -> int:
    """When a file was changed last, nanoseconds since 1970.

    By its entry: the time of its content can be set, and stays when its mode changes.
    """
    return found.st_ctime_ns


def shown(name: str) -> str:
    """The name of a file for people; its bytes may be no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _require_inside(path: Path, root: Path, found: os.stat_result) -> None:
    """Check that an open file is in the folder, whatever became of the links on the way to it."""
    try:
        there = path.resolve(strict=True)
        is_same = os.path.samestat(there.lstat(), found)
    except OSError as error:
        raise NotNow("The file is no longer there.") from error
    if not there.is_relative_to(root.resolve()):
        raise NotReadable("It is a link that leads out of the folder, which is not followed.")
    if not is_same:
        raise NotNow("The file was changed while it was read. Bring it in once it is complete.")


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
