"""Copies files: hashed on the way, on disk when it returns, counted."""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from backend.backup.manifest import BackupFailed, Entry
from backend.storage.atomic import sha256_of, sync

Say = Callable[[str], None]

_CHUNK = 1 << 20
_SECONDS_BETWEEN_LINES = 2.0


class Progress:
    """Says how far it is, every few seconds."""

    def __init__(self, files: int, size: int, say: Say) -> None:
        self._files, self._size, self._say = files, size, say
        self._done = self._bytes = 0
        self._said_at = time.monotonic()

    def add(self, size: int) -> None:
        """One more file is done."""
        self._done += 1
        self._bytes += size
        if time.monotonic() - self._said_at >= _SECONDS_BETWEEN_LINES:
            self._said_at = time.monotonic()
            self._say(
                f"{self._done:,} of {self._files:,} files, {in_words(self._bytes)} of "
                f"{in_words(self._size)}"
            )


def copy_file(source: Path, target: Path, path: str) -> Entry:
    """Copy a file.

    Args:
        source: what to copy; it may be replaced meanwhile, but not changed.
        target: a path where nothing is yet.
        path: how the entry is called.

    Raises:
        FileNotFoundError: the source is not there.
    """
    digest, size = hashlib.sha256(), 0
    with open(source, "rb") as reader:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as writer:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                writer.write(chunk)
            writer.flush()
            os.fsync(writer.fileno())
    return Entry(path, digest.hexdigest(), size)


def link_file(source: Path, earlier: Path, target: Path, path: str) -> Entry | None:
    """Share the file of an earlier backup, if it has the content of the source.

    Both are read: a copy that was damaged on the disk since is not handed on.
    """
    size = source.stat().st_size
    if not earlier.is_file() or earlier.stat().st_size != size:
        return None
    sha256 = sha256_of(source)
    if sha256_of(earlier) != sha256:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # not every file system has links
        os.link(earlier, target)
        return Entry(path, sha256, size)
    return None


def require_space(folder: Path, size: int) -> None:
    """Check that so many bytes are free.

    Raises:
        BackupFailed: they are not.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        raise BackupFailed(
            f"expected {in_words(size)} of free disk space for {folder}, found {in_words(free)}."
        )


def sync_folders(top: Path) -> None:
    """Wait until the names of all files below a folder are on disk."""
    for folder, _, _ in os.walk(top):
        sync(Path(folder))


def remove(folder: Path, say: Say) -> None:
    """Delete a folder that is not needed any more; what cannot be deleted is said."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        say(
            f"WARNING: {folder} could not be deleted; it is no backup, and the next try deletes it."
        )


def timed_path(folder: Path, prefix: str) -> Path:
    """A path that is free: the time, and a number if there are two in a second."""
    name = f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    path, number = folder / name, 2
    while path.exists():
        path, number = folder / f"{name}-{number}", number + 1
    return path


def in_words(size: int) -> str:
    """A size for people."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
