"""Write files atomically, and hash them."""

import contextlib
import errno
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

# A temporary file of `replacing`.
PARTIAL = re.compile(r"\..+\.[0-9a-f]{8}\.partial")

# What could not be written, where others say that they cannot sync.
_LOST = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a temporary file beside `path`, then rename it to `path`; durable on return.

    Raises:
        OSError: for example, the disk is full. Nothing is left behind; an old file is unchanged.
    """
    with replacing(path) as partial, open(partial, "wb") as file:
        write(file)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; at the end, the file written there replaces `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_of(path)
    try:
        yield partial
        put_in_place(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def partial_of(path: Path) -> Path:
    """A new name beside `path`, of a file that the next start deletes if it is still there."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")


def remove_partials(path: Path) -> None:
    """Delete the temporary files of processes that were killed while they wrote `path`."""
    remove_partials_of([path])


def remove_partials_of(paths: Iterable[Path]) -> None:
    """As `remove_partials` of many files, with one look into each folder."""
    names: dict[Path, set[str]] = {}
    for path in paths:
        names.setdefault(path.parent, set()).add(path.name)
    for folder, of_folder in names.items():
        for partial in folder.glob(".*.partial"):
            if PARTIAL.fullmatch(partial.name) and _target_of(partial.name) in of_folder:
                partial.unlink(missing_ok=True)


def _target_of(partial: str) -> str:
    """The name of the file that was to be written."""
    return partial[1:].rsplit(".", 2)[0]


def put_in_place(source: Path, target: Path) -> None:
    """Rename a finished file so that a power cut leaves either the whole file or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(source)
    os.replace(source, target)
    with contextlib.suppress(OSError):  # it has its name: nobody is to undo or repeat that
        sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's entries, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot sync a folder.
        if error.errno in _LOST or not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal, read in pieces."""
    with open(path, "rb") as file:
        return sha256_of_open(file)


def sha256_of_open(file: BufferedReader) -> str:
    """The SHA-256 of what an open file holds from here to its end."""
    return hashlib.file_digest(file, "sha256").hexdigest()
