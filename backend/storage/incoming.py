"""Receive an upload: enforce the limits, count and hash it, never hold all of it in memory."""

import hashlib
import io
import logging
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from backend.errors import DiskFull, TooLarge
from backend.storage.disk import mount_point

MEGABYTE = 1 << 20

# Kept free for the database, the log and the checkpoints.
RESERVED_BYTES = 64 * MEGABYTE

_SPACE_CHECK_BYTES = 8 * MEGABYTE

_BUFFER_BYTES = MEGABYTE

log = logging.getLogger(__name__)


class IncomingFile:
    """The file that an upload is written to; counts and hashes what is written."""

    def __init__(self, path: Path, limit: int, variable: str = "EXOTRAIN_MAX_UPLOAD_MB") -> None:
        """Create it.

        Args:
            path: of the file.
            limit: in bytes.
            variable: by which the administrator sets that.
        """
        self.path = path
        self.size = 0
        self._limit = limit
        self._variable = variable
        self._hash = hashlib.sha256()
        self._next_check = _SPACE_CHECK_BYTES
        self._file = open(path, "x+b")  # noqa: SIM115 - `discard` closes it when the request ends

    @property
    def sha256(self) -> str:
        """The hash of what has been written so far, hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Write the next piece.

        Raises:
            TooLarge: the file is larger than the server accepts.
            DiskFull: the disk is nearly full.
        """
        self.size += len(data)
        if self.size > self._limit:
            raise too_large(self._limit, "a file", self._variable)
        if self.size > self._next_check:
            self._next_check += _SPACE_CHECK_BYTES
            require_space(self.path.parent, _SPACE_CHECK_BYTES)
        self._hash.update(data)
        return self._file.write(data)

    def discard(self) -> None:
        """Close and delete the file; it stays if it has already been moved into place."""
        try:
            self._file.close()
        except OSError as error:  # a full disk does not take what is still in the buffer
            log.warning("an upload is given up: %s", error)
        self.path.unlink(missing_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def open_growing(path: Path) -> BinaryIO:
    """Create a file whose size is known only at the end.

    Writing to it raises DiskFull before the disk is full, not only when it is.
    """
    return io.BufferedWriter(_Growing(path, "xb"), _BUFFER_BYTES)


class _Growing(io.FileIO):
    """Checks before each of the buffer's writes that the reserve remains free."""

    def write(self, data: Any) -> int:
        require_space(Path(str(self.name)).parent, memoryview(data).nbytes)
        return super().write(data)


def require_space(folder: Path, size: int) -> None:
    """Check that the disk has room for `size` more bytes and the reserve.

    Raises:
        DiskFull: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < size + RESERVED_BYTES:
        raise DiskFull(
            f"Expected {(size + RESERVED_BYTES) / MEGABYTE:,.0f} MB of free disk space on "
            f"{mount_point(folder)}, found {free / MEGABYTE:,.0f} MB. Delete what you do not need, "
            "also from the bin, or ask the administrator.",
            size + RESERVED_BYTES - free,
        )


def too_large(limit: int, what: str, variable: str = "EXOTRAIN_MAX_UPLOAD_MB") -> TooLarge:
    """The error for more than `limit` bytes, which the administrator sets by `variable`."""
    return TooLarge(
        f"Expected {what} of at most {limit / MEGABYTE:,.0f} MB ({limit:,} bytes), received more. "
        f"The administrator can raise {variable}."
    )
