"""The disk that files are on: which it is, what is free, and whether an error says it is full."""

import errno
import os
import resource
import shutil
import tempfile
from pathlib import Path

# No room left; the server's own user may take no more; a file has the largest size that is allowed.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_MEGABYTE = 1 << 20

_PROBE_BYTES = 64 * 1024


def is_full(error: BaseException) -> bool:
    """Whether something was not written because the disk, or what may be taken of it, is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def full_message(error: OSError, folder: Path) -> str:
    """What is full, for people: the disk by its mount point, and how much of it is free.

    Args:
        error: one that `is_full`.
        folder: where it was written to, for an error that names no file.
    """
    named = error.filename
    path = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else folder
    disk = described(path)
    if error.errno == errno.EDQUOT:
        return f"The server's user has used up its quota on the disk {disk}."
    if error.errno == errno.EFBIG:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        largest = "" if limit == resource.RLIM_INFINITY else f", {limit / _MEGABYTE:,.1f} MB"
        return (
            f"A file on the disk {disk} has reached the largest size that the system allows the "
            f"server{largest} (ulimit -f)."
        )
    return f"The server's disk {disk} is full."


def described(path: Path) -> str:
    """The disk that a path is on: `/data (12 MB free)`. The path itself need not exist."""
    mount = mount_point(path)
    try:
        free = f"{shutil.disk_usage(mount).free / _MEGABYTE:,.0f} MB free"
    except OSError:
        free = "which cannot be read"
    return f"{mount} ({free})"


def mount_point(path: Path) -> Path:
    """The mount point of the file system that a path is on."""
    place = path.resolve()
    while place != place.parent and not os.path.ismount(place):
        place = place.parent
    return place


def why_full(file: Path) -> OSError | None:
    """What keeps a file from growing, if it is that the disk is full; else None.

    For SQLite, which says only that it could not write. A little is written beside the file, as far
    from the beginning as its end is.
    """
    try:
        end = max((each.stat().st_size for each in file.parent.glob(f"{file.name}*")), default=0)
        with tempfile.TemporaryFile(dir=file.parent) as probe:
            probe.seek(end)
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
    except OSError as error:
        return error if is_full(error) else None
    return None
